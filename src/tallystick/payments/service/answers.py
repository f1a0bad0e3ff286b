"""Records written as the door's answers."""

from tallystick.kernel.instants import render
from tallystick.kernel.money import to_digits
from tallystick.payments.api import (
    File,
    FileStatus,
    Payment,
    PaymentCounts,
    StatedReason,
    Transition,
)
from tallystick.payments.model.reasons import NAMES, Reason
from tallystick.payments.model.records import EventRecord, FileRecord, PaymentRecord, reason_of
from tallystick.payments.model.reporting import status_of
from tallystick.payments.model.status_report import GroupStatus

_STATUS: dict[GroupStatus, FileStatus] = {
    GroupStatus.ACCEPTED: "ACCP",
    GroupStatus.SETTLED: "ACSC",
    GroupStatus.PARTLY_ACCEPTED: "PART",
    GroupStatus.REJECTED: "RJCT",
}


def status(record: FileRecord) -> FileStatus:
    """The status of a file."""
    return _STATUS[status_of(record)]


def counts(record: FileRecord) -> PaymentCounts:
    """How many payments stand where."""
    return PaymentCounts(
        total=record.total,
        accepted=record.accepted,
        settled=record.settled,
        rejected=record.rejected,
    )


def file(record: FileRecord) -> File:
    """A file."""
    return File(
        file_id=record.file_id,
        message=record.message,
        message_id=record.message_id,
        status=status(record),
        payments=counts(record),
        received_at=render(record.received_at),
        finished_at=None if record.finished_at is None else render(record.finished_at),
        initiating_party=record.initiating_party,
        reason=stated(reason_of(record)),
    )


def payment(record: PaymentRecord) -> Payment:
    """A payment."""
    return Payment(
        payment_id=record.payment_id,
        file_id=record.file_id,
        payment_information_id=record.payment_information_id,
        rail=record.rail,
        state=record.state,
        end_to_end_id=record.end_to_end_id,
        instructed_amount=record.instructed_amount,
        currency=record.currency,
        received_at=render(record.received_at),
        amount=None if record.amount is None else to_digits(record.amount),
        instruction_id=record.instruction_id,
        uetr=record.uetr,
        debtor_name=record.debtor_name,
        debtor_iban=record.debtor_iban,
        creditor_name=record.creditor_name,
        creditor_iban=record.creditor_iban,
        remittance=record.remittance,
        reason=stated(reason_of(record)),
        decided_at=None if record.decided_at is None else render(record.decided_at),
    )


def transition(record: EventRecord) -> Transition:
    """A move of a payment."""
    return Transition(
        number=record.number,
        recorded_at=render(record.recorded_at),
        actor=record.actor,
        event=record.event,
        state_before=record.state_before,
        state_after=record.state_after,
        reason_code=record.reason_code,
    )


def stated(reason: Reason | None) -> StatedReason | None:
    """A reason with its name."""
    if reason is None:
        return None
    return StatedReason(code=reason.code, name=NAMES[reason.code], text=reason.text)

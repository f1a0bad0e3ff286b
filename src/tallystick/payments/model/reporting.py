"""A status report from what is kept of a file, so that it can be written again at any time."""

from collections.abc import Iterable, Sequence

from tallystick.kernel import ids
from tallystick.payments.model.records import BlockRecord, FileRecord, PaymentRecord, reason_of
from tallystick.payments.model.states import State
from tallystick.payments.model.status_report import (
    BlockReport,
    GroupStatus,
    StatusReport,
    TransactionReport,
    TransactionStatus,
    overall,
)

_STATUS = {
    State.ACCEPTED: TransactionStatus.ACCEPTED,
    State.SETTLED: TransactionStatus.SETTLED,
    State.REJECTED: TransactionStatus.REJECTED,
}


def report_of(
    file: FileRecord, *, blocks: Sequence[BlockRecord], payments: Iterable[PaymentRecord]
) -> StatusReport:
    """Compose the report. Payments come in their order; what was rejected whole has nothing below it."""
    by_block: dict[int, list[PaymentRecord]] = {block.position: [] for block in blocks}
    for payment in payments:
        by_block[payment.block].append(payment)
    reported = [_block(block, by_block[block.position]) for block in blocks]
    return StatusReport(
        message_id=message_id_of(file),
        created_at=file.finished_at or file.received_at,
        original_message=file.message,
        original_message_id=file.message_id,
        original_created_at=file.original_created_at,
        original_transaction_count=file.stated_count,
        original_control_sum=file.stated_sum,
        status=status_of(file),
        reason=reason_of(file),
        blocks=() if file.reason_code else tuple(reported),
    )


def status_of(file: FileRecord) -> GroupStatus:
    """The status of a file, from its counts."""
    counts = {
        TransactionStatus.ACCEPTED: file.accepted,
        TransactionStatus.SETTLED: file.settled,
        TransactionStatus.REJECTED: file.rejected,
    }
    return overall([status for status, count in counts.items() if count])


def message_id_of(file: FileRecord) -> str:
    """The message id of a report: the final one's, or of an interim one with how many payments are decided."""
    if file.accepted == 0:
        return file.report_id
    return f"{file.report_id}-{ids.base32(file.total - file.accepted, width=4)}"


def _block(block: BlockRecord, payments: Sequence[PaymentRecord]) -> BlockReport:
    transactions = tuple(_transaction(payment) for payment in payments)
    return BlockReport(
        payment_information_id=block.payment_information_id,
        transaction_count=block.stated_count,
        control_sum=block.stated_sum,
        status=overall([transaction.status for transaction in transactions]),
        reason=reason_of(block),
        transactions=() if block.reason_code else transactions,
    )


def _transaction(payment: PaymentRecord) -> TransactionReport:
    return TransactionReport(
        instruction_id=payment.instruction_id,
        end_to_end_id=payment.end_to_end_id,
        uetr=payment.uetr,
        status=_STATUS[payment.state],
        reason=reason_of(payment),
        reference=payment.payment_id,
    )

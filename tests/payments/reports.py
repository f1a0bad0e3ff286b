"""Reports as the platform makes them: from what is kept of a screened file, and what the books then said."""

from collections.abc import Collection, Mapping

import msgspec

from tallystick.payments.model import intake
from tallystick.payments.model.reasons import Reason
from tallystick.payments.model.records import FileRecord, NewFile, PaymentRecord
from tallystick.payments.model.reporting import report_of
from tallystick.payments.model.screening import Screening
from tallystick.payments.model.states import State
from tallystick.payments.model.status_report import StatusReport

RECEIVED_AT = 1_772_357_400_000_000


def report_on(
    screened: Screening,
    *,
    settled: Collection[str] = (),
    refused: Mapping[str, Reason] | None = None,
) -> StatusReport:
    """Report on a file whose payments are ``pay_1`` and so on; the books settled and refused those that are named."""
    names = [f"pay_{number}" for number in range(1, intake.transfer_count(screened.initiation) + 1)]
    payments = [
        _moved(payment, settled, refused or {})
        for payment in intake.new_payments(screened, held={}, file_id="file_1", payment_ids=names)
    ]
    file = intake.new_file(
        screened, content=b"", fingerprint=b"", file_id="file_1", report_id="rep_1"
    )
    return report_of(_kept(file, payments), blocks=intake.new_blocks(screened), payments=payments)


def _moved(
    payment: PaymentRecord, settled: Collection[str], refused: Mapping[str, Reason]
) -> PaymentRecord:
    if payment.payment_id in settled:
        return msgspec.structs.replace(payment, state=State.SETTLED)
    if reason := refused.get(payment.payment_id):
        return msgspec.structs.replace(
            payment, state=State.REJECTED, reason_code=reason.code, reason_text=reason.text
        )
    return payment


def _kept(file: NewFile, payments: list[PaymentRecord]) -> FileRecord:
    states = [payment.state for payment in payments]
    fields = msgspec.structs.asdict(file)
    del fields["sha256"], fields["debtors"]
    return FileRecord(
        **fields,
        total=len(states),
        accepted=states.count(State.ACCEPTED),
        settled=states.count(State.SETTLED),
        rejected=states.count(State.REJECTED),
        received_at=RECEIVED_AT,
        finished_at=None if State.ACCEPTED in states else RECEIVED_AT,
    )

"""What the record is told of payments: each file and each move of a payment, by ids of ours; all else is sealed."""

import msgspec

from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import DONE, Deed
from tallystick.kernel.instants import Instant
from tallystick.kernel.tags import Tag
from tallystick.payments.model.records import NewFile, PaymentRecord
from tallystick.payments.model.states import Event, State


def file(*, caller: Caller, file: NewFile, at: Instant, payments: int) -> Deed:
    """What is recorded of a file that is kept."""
    return Deed(
        tag=Tag.PAYMENTS_FILE_SUBMIT,
        caller=caller,
        on=file.file_id,
        at=at,
        outcome=DONE if file.reason_code is None else file.reason_code,
        content={"message": file.message, "payments": payments},
        texts={
            "sha256": file.sha256.hex(),
            "fingerprint": file.fingerprint.hex(),
            "message_id": file.message_id,
        },
    )


def move(
    *,
    caller: Caller,
    payment_id: str,
    number: int,
    at: Instant,
    event: Event | str,
    before: State | str,
    after: State | str,
    reason_code: str | None,
    payment: PaymentRecord | None = None,
) -> Deed:
    """What is recorded of one move. ``payment`` is what was received, if that is the move: it is sealed."""
    return Deed(
        tag=Tag.PAYMENTS_PAYMENT_DECIDE,
        caller=caller,
        on=payment_id,
        at=at,
        outcome=reason_code or DONE,
        content={
            "number": number,
            "event": str(event),
            "state_before": str(before),
            "state_after": str(after),
        },
        texts=None if payment is None else _texts(payment),
    )


def _texts(payment: PaymentRecord) -> dict[str, str]:
    told = msgspec.structs.asdict(payment)
    # What moves on later, or is the move itself, is no part of what was received.
    for name in ("state", "reason_code", "reason_text", "received_at", "decided_at"):
        del told[name]
    return {name: str(value) for name, value in told.items() if value is not None}

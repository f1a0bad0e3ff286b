"""What became of an initiation: the content of a customer payment status report (pain.002)."""

from collections.abc import Collection
from enum import StrEnum

import msgspec

from tallystick.kernel.instants import Instant
from tallystick.payments.model.reasons import Reason


class TransactionStatus(StrEnum):
    """Of one transfer, from least to most advanced. All are in the closed list of .03 too."""

    REJECTED = "RJCT"
    PENDING = "PDNG"
    ACCEPTED_TECHNICALLY = "ACTC"
    ACCEPTED = "ACCP"
    IN_PROCESS = "ACSP"
    SETTLED = "ACSC"


class GroupStatus(StrEnum):
    """Of a message or a block: the transfers' own, or ``RCVD`` (nothing known), or ``PART``."""

    RECEIVED = "RCVD"
    PARTLY_ACCEPTED = "PART"
    REJECTED = "RJCT"
    PENDING = "PDNG"
    ACCEPTED_TECHNICALLY = "ACTC"
    ACCEPTED = "ACCP"
    IN_PROCESS = "ACSP"
    SETTLED = "ACSC"


_ADVANCE = tuple(TransactionStatus)


class TransactionReport(msgspec.Struct, frozen=True, kw_only=True):
    """One transfer: the payer's ids, what became of it and why; ``reference`` is our id of it."""

    instruction_id: str | None
    end_to_end_id: str
    uetr: str | None
    status: TransactionStatus
    reason: Reason | None = None
    reference: str | None = None


class BlockReport(msgspec.Struct, frozen=True, kw_only=True):
    """One block. ``transactions`` is empty when it was rejected whole."""

    payment_information_id: str
    transaction_count: str | None
    control_sum: str | None
    status: GroupStatus
    reason: Reason | None = None
    transactions: tuple[TransactionReport, ...] = ()


class StatusReport(msgspec.Struct, frozen=True, kw_only=True):
    """The whole report. ``original_…`` echoes the initiation; ``message_id`` is ours."""

    message_id: str
    created_at: Instant
    original_message: str
    original_message_id: str
    original_created_at: str
    original_transaction_count: str
    original_control_sum: str | None
    status: GroupStatus
    reason: Reason | None = None
    blocks: tuple[BlockReport, ...] = ()


def overall(statuses: Collection[str]) -> GroupStatus:
    """Sum statuses up: the common one, or ``PART`` when only some were accepted.

    Otherwise the least advanced; ``RCVD`` for none.
    """
    found = set(statuses)
    if not found:
        return GroupStatus.RECEIVED
    if len(found) == 1:
        return GroupStatus(found.pop())
    if found & {GroupStatus.REJECTED, GroupStatus.PENDING, GroupStatus.PARTLY_ACCEPTED}:
        return GroupStatus.PARTLY_ACCEPTED
    return GroupStatus(next(status for status in _ADVANCE if status in found))

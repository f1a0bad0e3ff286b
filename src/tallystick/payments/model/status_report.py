"""What became of an initiation: the content of a customer payment status report (pain.002)."""

from collections.abc import Collection, Mapping
from enum import StrEnum

import msgspec

from tallystick.kernel.instants import Instant
from tallystick.payments.model.initiation import CreditTransfer
from tallystick.payments.model.reasons import Reason
from tallystick.payments.model.screening import ScreenedBlock, ScreenedTransfer, Screening


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


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What the books said to a transfer that was accepted; ``reference`` is our id of it."""

    status: TransactionStatus
    reason: Reason | None = None
    reference: str | None = None


class TransactionReport(msgspec.Struct, frozen=True, kw_only=True):
    """One transfer: the payer's ids, what became of it and why."""

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


def compose(
    screening: Screening,
    *,
    outcomes: Mapping[tuple[int, int], Outcome],
    message_id: str,
    created_at: Instant,
) -> StatusReport:
    """Put a screening and the outcomes of its accepted transfers together.

    Outcomes are keyed by the positions of block and transfer. An accepted transfer without one is
    reported as accepted (``ACCP``), not as settled.
    """
    initiation = screening.initiation
    blocks = tuple(_block(screened, outcomes=outcomes) for screened in screening.blocks)
    rejected = GroupStatus.REJECTED
    return StatusReport(
        message_id=message_id,
        created_at=created_at,
        original_message=initiation.message,
        original_message_id=initiation.message_id,
        original_created_at=initiation.created_at,
        original_transaction_count=initiation.transaction_count,
        original_control_sum=initiation.control_sum,
        status=rejected if screening.reason else overall([block.status for block in blocks]),
        reason=screening.reason,
        blocks=blocks,
    )


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


def _block(screened: ScreenedBlock, *, outcomes: Mapping[tuple[int, int], Outcome]) -> BlockReport:
    block = screened.block
    transactions = tuple(
        _transaction(one, outcome=outcomes.get((block.position, one.transfer.position)))
        for one in screened.transfers
    )
    statuses = [transaction.status for transaction in transactions]
    return BlockReport(
        payment_information_id=block.payment_information_id,
        transaction_count=block.transaction_count,
        control_sum=block.control_sum,
        status=GroupStatus.REJECTED if screened.reason else overall(statuses),
        reason=screened.reason,
        transactions=transactions,
    )


def _transaction(screened: ScreenedTransfer, *, outcome: Outcome | None) -> TransactionReport:
    if screened.reason:
        outcome = Outcome(status=TransactionStatus.REJECTED, reason=screened.reason)
    return _reported(
        screened.transfer, outcome=outcome or Outcome(status=TransactionStatus.ACCEPTED)
    )


def _reported(transfer: CreditTransfer, *, outcome: Outcome) -> TransactionReport:
    return TransactionReport(
        instruction_id=transfer.instruction_id,
        end_to_end_id=transfer.end_to_end_id,
        uetr=transfer.uetr,
        status=outcome.status,
        reason=outcome.reason,
        reference=outcome.reference,
    )

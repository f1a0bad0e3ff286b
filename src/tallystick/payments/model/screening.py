"""What can be refused before the books are asked: counts, sums, dates, accounts and amounts."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from enum import StrEnum

import msgspec
from schwifty import IBAN

from tallystick.kernel.money import minor_of
from tallystick.payments.model.initiation import Block, CreditTransfer, Initiation
from tallystick.payments.model.reasons import Reason

# DecimalNumber of ISO 20022 has at most 17 digits after the point, an amount 5.
CONTROL_SUM_DIGITS = 17


class Condition(StrEnum):
    """Whether an account takes part."""

    OPEN = "open"
    FROZEN = "frozen"
    CLOSED = "closed"


class AccountFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What must be known of an account of ours; ``exponent`` is the digits of its minor unit."""

    currency: str
    exponent: int
    condition: Condition


class ScreenedTransfer(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer with its amount in minor units, or with the reason why it is rejected."""

    transfer: CreditTransfer
    amount_minor: int = 0
    reason: Reason | None = None


class ScreenedBlock(msgspec.Struct, frozen=True, kw_only=True):
    """A block. With a reason it is rejected whole and ``transfers`` is empty."""

    block: Block
    reason: Reason | None = None
    transfers: tuple[ScreenedTransfer, ...] = ()


class Screening(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict. With a reason the whole message is rejected and ``blocks`` is empty."""

    initiation: Initiation
    reason: Reason | None = None
    blocks: tuple[ScreenedBlock, ...] = ()

    def accepted(self) -> Iterator[tuple[Block, ScreenedTransfer]]:
        """Give the transfers the books may be asked for, in the order of the message."""
        for screened in self.blocks:
            for transfer in screened.transfers:
                if transfer.reason is None:
                    yield screened.block, transfer


def check(
    initiation: Initiation, *, own_accounts: Mapping[str, AccountFacts], today: date
) -> Screening:
    """Screen a message against the accounts of the tenant, keyed by IBAN in capitals.

    The first reason in a fixed order counts, from the message over its blocks to the transfers. A
    day of execution that has passed means today; a later day is rejected, because nothing is
    scheduled here.
    """
    if reason := _message_reason(initiation):
        return Screening(initiation=initiation, reason=reason)
    blocks: list[ScreenedBlock] = []
    seen: set[str] = set()
    for block in initiation.blocks:
        reason = _repeated_block(block, seen=seen) or _block_reason(
            block, own_accounts=own_accounts, today=today
        )
        seen.add(block.payment_information_id)
        transfers = () if reason else _transfers(block, own_accounts=own_accounts)
        blocks.append(ScreenedBlock(block=block, reason=reason, transfers=transfers))
    return Screening(initiation=initiation, blocks=tuple(blocks))


def control_sum_of(transfers: Iterable[CreditTransfer]) -> int:
    """Add amounts irrespective of their currencies, exactly, in units of 10 to the power of -17."""
    return sum(minor_of(transfer.amount, exponent=CONTROL_SUM_DIGITS) for transfer in transfers)


# ── The message ──────────────────────────────────────────────────────────────────────────────────


def _message_reason(initiation: Initiation) -> Reason | None:
    transfers = [transfer for block in initiation.blocks for transfer in block.transactions]
    if int(initiation.transaction_count) != len(transfers):
        stated = initiation.transaction_count
        text = f"NbOfTxs of the message is {stated}, but {len(transfers)} came"
        return Reason("AM19", text)
    if not _is_control_sum(initiation.control_sum, transfers):
        return Reason("AM16", f"CtrlSum of the message is {initiation.control_sum}, not the sum")
    return None


def _is_control_sum(stated: str | None, transfers: Iterable[CreditTransfer]) -> bool:
    if stated is None:
        return True
    # The schema allows a negative sum; amounts have no sign.
    if stated.startswith("-"):
        return False
    return minor_of(stated, exponent=CONTROL_SUM_DIGITS) == control_sum_of(transfers)


# ── A block ──────────────────────────────────────────────────────────────────────────────────────


def _repeated_block(block: Block, *, seen: set[str]) -> Reason | None:
    if block.payment_information_id in seen:
        return Reason("DU02", "PmtInfId stands on an earlier block of this message")
    return None


def _block_reason(
    block: Block, *, own_accounts: Mapping[str, AccountFacts], today: date
) -> Reason | None:
    return (
        _block_numbers(block)
        or _method(block)
        or _execution_date(block, today=today)
        or _debtor(block, own_accounts=own_accounts)
    )


def _block_numbers(block: Block) -> Reason | None:
    stated, came = block.transaction_count, len(block.transactions)
    if stated is not None and int(stated) != came:
        return Reason("AM20", f"NbOfTxs of the block is {stated}, but {came} came")
    if not _is_control_sum(block.control_sum, block.transactions):
        return Reason("AM17", f"CtrlSum of the block is {block.control_sum}, not the sum")
    return None


def _method(block: Block) -> Reason | None:
    if block.method != "TRF":
        return Reason("AG03", f"PmtMtd {block.method} is not supported, only TRF (credit transfer)")
    return None


def _execution_date(block: Block, *, today: date) -> Reason | None:
    try:
        day = date.fromisoformat(block.requested_execution_date)
    except ValueError:
        return Reason("DT01", "ReqdExctnDt is not a day of the calendar from 0001 to 9999")
    if day > today:
        text = f"ReqdExctnDt {day} is after today, {today}: send it then, with a new MsgId"
        return Reason("DT04", text)
    return None


def _debtor(block: Block, *, own_accounts: Mapping[str, AccountFacts]) -> Reason | None:
    if block.debtor_iban is None:
        return Reason("AC02", "DbtrAcct is not given as an IBAN")
    if not is_iban(block.debtor_iban):
        return Reason("AC02", "The IBAN of DbtrAcct has wrong check digits or a wrong length")
    facts = own_accounts.get(block.debtor_iban.upper())
    if facts is None:
        return Reason("AC02", "DbtrAcct is not an account held here")
    if facts.condition is Condition.CLOSED:
        return Reason("AC04", "DbtrAcct is closed")
    if facts.condition is Condition.FROZEN:
        return Reason("AC06", "DbtrAcct is frozen")
    if block.currency not in (None, facts.currency):
        return Reason("AC10", f"DbtrAcct is held in {facts.currency}, not in {block.currency}")
    return None


# ── A transfer ───────────────────────────────────────────────────────────────────────────────────


def _transfers(
    block: Block, *, own_accounts: Mapping[str, AccountFacts]
) -> tuple[ScreenedTransfer, ...]:
    debtor = own_accounts[(block.debtor_iban or "").upper()]
    seen: set[tuple[object, ...]] = set()
    screened: list[ScreenedTransfer] = []
    for transfer in block.transactions:
        one = _amount(transfer, debtor=debtor)
        reason = (
            one.reason
            or _creditor(transfer, debtor_iban=block.debtor_iban, own_accounts=own_accounts)
            or _repeated(one, seen=seen)
        )
        screened.append(msgspec.structs.replace(one, reason=reason))
    return tuple(screened)


def _amount(transfer: CreditTransfer, *, debtor: AccountFacts) -> ScreenedTransfer:
    def rejected(code: str, text: str) -> ScreenedTransfer:
        return ScreenedTransfer(transfer=transfer, reason=Reason(code, text))

    if transfer.is_equivalent_amount:
        return rejected("CH17", "EqvtAmt is not supported: instruct the amount in InstdAmt")
    if transfer.currency != debtor.currency:
        text = f"The amount is in {transfer.currency}, DbtrAcct is held in {debtor.currency}"
        return rejected("AM03", text)
    try:
        minor = minor_of(transfer.amount, exponent=debtor.exponent)
    except ValueError:
        text = f"{transfer.currency} has {debtor.exponent} digits after the point, not more"
        return rejected("CH20", text)
    if minor == 0:
        return rejected("AM01", "The amount is zero")
    return ScreenedTransfer(transfer=transfer, amount_minor=minor)


def _creditor(
    transfer: CreditTransfer, *, debtor_iban: str | None, own_accounts: Mapping[str, AccountFacts]
) -> Reason | None:
    if transfer.creditor_iban is None:
        return _creditor_without_iban(transfer)
    if not is_iban(transfer.creditor_iban):
        return Reason("AC03", "The IBAN of CdtrAcct has wrong check digits or a wrong length")
    iban = transfer.creditor_iban.upper()
    facts = own_accounts.get(iban)
    if facts is None:
        # The account may well exist elsewhere, so its number is not wrong: we have no rail there.
        return Reason("AG03", "CdtrAcct is not held here; transfers to other banks are not made")
    if iban == (debtor_iban or "").upper():
        return Reason("AG01", "DbtrAcct and CdtrAcct are the same account")
    return _creditor_condition(transfer, facts=facts)


def _creditor_without_iban(transfer: CreditTransfer) -> Reason:
    if transfer.creditor_account_other is None:
        return Reason("AC03", "CdtrAcct is missing")
    return Reason("AG03", "CdtrAcct is not given as an IBAN, so it is not held here")


def _creditor_condition(transfer: CreditTransfer, *, facts: AccountFacts) -> Reason | None:
    if facts.condition is Condition.CLOSED:
        return Reason("AC07", "CdtrAcct is closed")
    if facts.condition is Condition.FROZEN:
        return Reason("AC06", "CdtrAcct is frozen")
    stated = transfer.creditor_account_currency
    if stated not in (None, facts.currency):
        return Reason("AC11", f"CdtrAcct is held in {facts.currency}, not in {stated}")
    if transfer.currency != facts.currency:
        text = f"The amount is in {transfer.currency}, CdtrAcct is held in {facts.currency}"
        return Reason("AM03", text)
    return None


def _repeated(screened: ScreenedTransfer, *, seen: set[tuple[object, ...]]) -> Reason | None:
    # The same EndToEndId twice is a payer's habit; the same instruction twice is a mistake.
    transfer = screened.transfer
    if transfer.instruction_id is None:
        return None
    key = (
        transfer.instruction_id,
        transfer.end_to_end_id,
        screened.amount_minor,
        (transfer.creditor_iban or "").upper(),
    )
    if key in seen:
        return Reason("AM05", "The same InstrId with the same content stands earlier in this block")
    seen.add(key)
    return None


def is_iban(text: str) -> bool:
    """Tell whether an IBAN has the length and form of its country and right check digits."""
    return bool(IBAN(text, allow_invalid=True).is_valid)

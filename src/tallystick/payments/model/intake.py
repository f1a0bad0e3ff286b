"""A screened message turned into what is kept of it: its file, its blocks, and a payment for each transfer."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b, sha256

import msgspec

from tallystick.kernel import ids
from tallystick.payments.model import book_rail
from tallystick.payments.model.initiation import Block, CreditTransfer, Initiation
from tallystick.payments.model.reasons import Reason
from tallystick.payments.model.records import BlockRecord, NewFile, PaymentRecord
from tallystick.payments.model.screening import (
    AccountFacts,
    Condition,
    ScreenedBlock,
    ScreenedTransfer,
    Screening,
)
from tallystick.payments.model.states import NEXT, Event, State
from tallystick.wallets.api import HeldAccount

REMITTANCE_MAX = 500

Held = Mapping[str, HeldAccount]
"""Accounts of the tenant by IBAN in capitals."""


def ibans_of(initiation: Initiation) -> list[str]:
    """Every IBAN of a message in capitals, each once, sorted."""
    found = {block.debtor_iban for block in initiation.blocks}
    found |= {one.creditor_iban for block in initiation.blocks for one in block.transactions}
    return sorted({iban.upper() for iban in found if iban})


def facts_of(held: Held) -> dict[str, AccountFacts]:
    """What screening must know of the accounts."""
    return {
        iban: AccountFacts(
            currency=account.asset,
            exponent=account.exponent,
            condition=Condition(account.status.value),
        )
        for iban, account in held.items()
    }


def debtors_of(initiation: Initiation) -> tuple[str, ...]:
    """The accounts that a message's id is used for, each once, sorted."""
    return tuple(sorted({_debtor(block) for block in initiation.blocks}))


def digest_of(content: bytes) -> bytes:
    """What tells whether the same bytes came before."""
    return sha256(content).digest()


def fingerprint_of(initiation: Initiation) -> bytes:
    """What tells whether the same instructions came before, however they were written."""
    return blake2b(msgspec.json.encode(initiation), digest_size=32).digest()


def payment_ids(count: int, *, now_ms: int, entropy: bytes) -> list[str]:
    """Make ids that sort in the order of the file, side by side."""
    # The topmost bit stays free, so that counting on from the number never overflows into the time.
    first = int.from_bytes(entropy[: ids.ENTROPY_BYTES], "big") >> 1
    return [
        ids.make("pay", now_ms=now_ms, entropy=(first + place).to_bytes(ids.ENTROPY_BYTES, "big"))
        for place in range(count)
    ]


def new_file(
    screening: Screening, *, content: bytes, fingerprint: bytes, file_id: str, report_id: str
) -> NewFile:
    """What is kept of the message itself."""
    initiation = screening.initiation
    return NewFile(
        file_id=file_id,
        report_id=report_id,
        sha256=digest_of(content),
        fingerprint=fingerprint,
        message=initiation.message,
        message_id=initiation.message_id,
        initiating_party=initiation.initiating_party,
        original_created_at=initiation.created_at,
        stated_count=initiation.transaction_count,
        stated_sum=initiation.control_sum,
        reason_code=_code(screening.reason),
        reason_text=_text(screening.reason),
        debtors=debtors_of(initiation),
    )


def new_blocks(screening: Screening) -> list[BlockRecord]:
    """What is kept of each block; in a message that was rejected each has the reason of the message."""
    return [
        BlockRecord(
            position=screened.block.position,
            payment_information_id=screened.block.payment_information_id,
            stated_count=screened.block.transaction_count,
            stated_sum=screened.block.control_sum,
            reason_code=_code(screened.reason),
            reason_text=_text(screened.reason),
        )
        for screened in _blocks(screening)
    ]


def new_payments(
    screening: Screening, *, held: Held, file_id: str, payment_ids: Sequence[str]
) -> list[PaymentRecord]:
    """A payment for each transfer that came: accepted, or rejected for its own reason or that of what it stood in."""
    pairs = each(screening)
    return [
        _payment(block.block, screened, held=held, file_id=file_id, payment_id=payment_id)
        for (block, screened), payment_id in zip(pairs, payment_ids, strict=True)
    ]


def each(screening: Screening) -> list[tuple[ScreenedBlock, ScreenedTransfer]]:
    """Every transfer that came with the block it stood in, in the order of the message."""
    return [(block, one) for block in _blocks(screening) for one in _transfers(block)]


def transfer_count(initiation: Initiation) -> int:
    """How many transfers came."""
    return sum(len(block.transactions) for block in initiation.blocks)


def _debtor(block: Block) -> str:
    return (block.debtor_iban or block.debtor_account_other or "").upper()


def _blocks(screening: Screening) -> Iterable[ScreenedBlock]:
    if screening.reason is None:
        return screening.blocks
    return (
        ScreenedBlock(block=block, reason=screening.reason) for block in screening.initiation.blocks
    )


def _transfers(screened: ScreenedBlock) -> Iterator[ScreenedTransfer]:
    if screened.reason is None:
        yield from screened.transfers
        return
    for transfer in screened.block.transactions:
        yield ScreenedTransfer(transfer=transfer, reason=screened.reason)


def _payment(
    block: Block, screened: ScreenedTransfer, *, held: Held, file_id: str, payment_id: str
) -> PaymentRecord:
    transfer, is_accepted = screened.transfer, screened.reason is None
    debtor = held.get((block.debtor_iban or "").upper())
    creditor = held.get((transfer.creditor_iban or "").upper())
    return PaymentRecord(
        payment_id=payment_id,
        file_id=file_id,
        block=block.position,
        payment_information_id=block.payment_information_id,
        rail=book_rail.NAME,
        state=NEXT[State.RECEIVED, Event.ACCEPT if is_accepted else Event.REJECT],
        end_to_end_id=transfer.end_to_end_id,
        instruction_id=transfer.instruction_id,
        uetr=transfer.uetr,
        instructed_amount=transfer.amount,
        currency=transfer.currency,
        amount=screened.amount_minor or None,
        # Who pays is told by the name the account is held under, not by the one that the payer wrote.
        debtor_name=debtor.holder_name if debtor else block.debtor_name,
        debtor_iban=debtor.iban if debtor else block.debtor_iban,
        creditor_name=transfer.creditor_name,
        creditor_iban=creditor.iban if creditor else transfer.creditor_iban,
        remittance=remittance_of(transfer),
        ledger=debtor.ledger if debtor and is_accepted else None,
        debit_address=debtor.address if debtor else None,
        credit_address=creditor.address if creditor and is_accepted else None,
        reason_code=_code(screened.reason),
        reason_text=_text(screened.reason),
    )


def remittance_of(transfer: CreditTransfer) -> str | None:
    """What a transfer is for, in one line."""
    lines = (*transfer.remittance_unstructured, transfer.structured_reference or "")
    given = " ".join(part.strip() for part in lines)
    return given.strip()[:REMITTANCE_MAX] or None


def _code(reason: Reason | None) -> str | None:
    return None if reason is None else reason.code


def _text(reason: Reason | None) -> str | None:
    return None if reason is None else reason.text

"""Rows and outcomes written as the door's answers."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from tallystick.kernel.instants import render
from tallystick.kernel.money import to_digits
from tallystick.kernel.patterns import any_fits
from tallystick.ledger.api import (
    Account,
    AccountBalances,
    Entry,
    Metadata,
    PostedPosting,
    Refusal,
    Side,
    Status,
    Transaction,
    TransactionNotFound,
    TransactionOf,
    Verdict,
)
from tallystick.ledger.model.accounts import balances
from tallystick.ledger.model.outcomes import Outcome
from tallystick.ledger.model.sentences import sentence
from tallystick.ledger.service.turns import Known
from tallystick.ledger.store.reading import Patterns
from tallystick.ledger.store.states import counters_of

Addresses = Mapping[int, tuple[str, str]]
_TELL_BALANCES: Final = frozenset({"short", "over"})


def verdict_of_outcome(outcome: Outcome, *, ledger: str, sees: Patterns = None) -> Verdict:
    """The verdict of an act that was decided now, with the balances of accounts that may be seen."""
    if outcome.refusal is not None:
        fields = _seen_fields(outcome.fields, sees)
        return refused(outcome.act.id, outcome.refusal, fields, replayed=False)
    after = [
        AccountBalances(
            address=account.address,
            asset=account.asset,
            balances=balances(counters, credit_normal=account.credit_normal),
        )
        for account, counters in outcome.after
        if sees is None or any_fits(sees, account.address)
    ]
    transaction = transaction_of_outcome(outcome, ledger=ledger)
    return Verdict(id=outcome.act.id, transaction=transaction, balances=tuple(after))


def verdict_of_known(
    known: Known, found: Mapping[str, Transaction], *, sees: Patterns = None
) -> Verdict:
    """The verdict of an act that was decided before; ``found`` has the transactions that were done."""
    if known.refusal is not None:
        fields = _seen_fields(known.fields, sees)
        return refused(known.id, known.refusal, fields, replayed=known.is_replay)
    return Verdict(id=known.id, transaction=found[known.id], replayed=True)


def _seen_fields(fields: Mapping[str, str], sees: Patterns) -> Mapping[str, str]:
    """The fields of a refusal, without by how much it was too little or too much where the balance may not be seen."""
    if sees is None or any_fits(sees, fields.get("address", "")):
        return fields
    return {name: text for name, text in fields.items() if name not in _TELL_BALANCES}


def no_transaction(message: TransactionOf) -> TransactionNotFound:
    """What is answered where there is no such transaction."""
    return TransactionNotFound(f"there is no transaction {message.id[:64]!r} in {message.ledger!r}")


def refused(act_id: str, code: str, fields: Mapping[str, str], *, replayed: bool) -> Verdict:
    """The verdict of an act that was refused, now or before."""
    refusal = Refusal(code=str(code), detail=sentence(code), fields=dict(fields))
    return Verdict(id=act_id, refusal=refusal, replayed=replayed)


def transaction_of_outcome(outcome: Outcome, *, ledger: str) -> Transaction:
    """The transaction that an act has just become."""
    act = outcome.act
    is_hold = act.kind == "hold"
    recorded_at = render(outcome.recorded_at)
    return Transaction(
        id=act.id,
        ledger=ledger,
        kind=act.kind,
        recorded_at=recorded_at,
        effective_at=recorded_at if act.effective_at is None else render(outcome.effective_at),
        postings=tuple(
            [
                PostedPosting(
                    debit=debit.address,
                    credit=credit.address,
                    amount=to_digits(amount),
                    asset=debit.asset,
                )
                for _, debit, credit, amount in outcome.booked()
            ]
        ),
        target=act.target,
        expires_at=None if act.expires_at is None else render(act.expires_at),
        reference=act.reference,
        metadata=act.metadata,
        state="held" if is_hold else None,
        remaining=tuple(to_digits(step[3]) for step in outcome.steps) if is_hold else None,
    )


def transaction_of_row(row: Any, addresses: Addresses, *, ledger: str) -> Transaction:
    """The transaction of a row."""
    sides = [addresses[number] for number in row["account_ids"]]
    expires_at = row["expires_at"]
    return Transaction(
        id=row["id"],
        ledger=ledger,
        kind=row["kind"],
        recorded_at=render(row["recorded_at"]),
        effective_at=render(row["effective_at"]),
        postings=tuple(
            PostedPosting(
                debit=sides[2 * position][0],
                credit=sides[2 * position + 1][0],
                amount=to_digits(amount),
                asset=sides[2 * position][1],
            )
            for position, amount in enumerate(row["amounts"])
        ),
        target=row["target"],
        expires_at=None if expires_at is None else render(expires_at),
        reference=row["reference"],
        metadata=_metadata(row["metadata"]),
        state=row["state"],
        remaining=_digits(row["remaining"]),
        reversed=_digits(row["reversed"]),
    )


def _metadata(text: str | None) -> Metadata | None:
    return None if text is None else msgspec.json.decode(text, type=Metadata)


def _digits(numbers: Sequence[int] | None) -> tuple[int | str, ...] | None:
    return None if numbers is None else tuple(to_digits(number) for number in numbers)


def account_of_row(row: Any, *, ledger: str, replayed: bool = False) -> Account:
    """The account of a row with its balance."""
    least, most = row["min_available"], row["max_available"]
    return Account(
        ledger=ledger,
        address=row["address"],
        asset=row["asset"],
        exponent=row["exponent"],
        normal_side=Side(row["normal_side"]),
        status=Status(row["status"]),
        opened_at=render(row["opened_at"]),
        balances=balances(counters_of(row), credit_normal=row["normal_side"] == Side.CREDIT),
        min_available=None if least is None else to_digits(least),
        max_available=None if most is None else to_digits(most),
        metadata=_metadata(row["metadata"]),
        replayed=replayed,
    )


def entry_of_row(row: Any, addresses: Addresses, *, credit_normal: bool) -> Entry:
    """The entry of a row, its balance seen from the account's normal side."""
    net = row["credits"] - row["debits"]
    return Entry(
        transaction=row["id"],
        kind=row["kind"],
        side=Side.DEBIT if row["is_debit"] else Side.CREDIT,
        amount=to_digits(row["amount"]),
        balance=to_digits(net if credit_normal else -net),
        counterparty=addresses[counterparty_id(row)][0],
        recorded_at=render(row["recorded_at"]),
        effective_at=render(row["effective_at"]),
        reference=row["reference"],
        metadata=_metadata(row["metadata"]),
    )


def counterparty_id(row: Any) -> int:
    """The account on the other side of an entry's posting: lines stand in pairs, debit first."""
    return row["account_ids"][row["line"] ^ 1]

"""Writing a decided batch: its rows are made right after deciding, and sent when its turn comes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tallystick.kernel.instants import EARLIEST
from tallystick.ledger.model.accounts import AccountState
from tallystick.ledger.model.outcomes import Outcome, Target
from tallystick.ledger.store.states import Key, Stale, json_of
from tallystick.runtime.database import Connection
from tallystick.runtime.sql import queries, statement

_SQL = queries("ledger")
_WRITE = statement("ledger", "write")
# A batch whose numbers all fit in 63 bits travels as bigint, which is half the work of numeric.
_WRITE_SMALL = _WRITE.replace("::numeric[]", "::bigint[]").replace(
    "given.amounts::bigint[]", "given.amounts::numeric[]"
)
_DISPLACE = statement("ledger", "displace")
_SMALL_MAX = 2**63 - 1
_ENTRY_COLUMNS = 10

Columns = list[list[Any]]


@dataclass(slots=True)
class Batch:
    """A decided batch as columns. It holds copies: accounts may move on while it waits for its turn."""

    sql: str
    rows: Columns
    balances: int
    displaced: Columns
    holds: Columns
    settled: Columns
    reversals: Columns
    rested_on: Columns


def prepare(outcomes: Sequence[Outcome], rested_on: Iterable[AccountState]) -> Batch:
    """Make the rows of a decided batch, and count each touched account one version further.

    ``rested_on`` are the accounts that refusals rest on: they must still be as they were.
    """
    moved = {account.account_id: account for one in outcomes for account, _ in one.after}
    accounts = list(moved.values())
    unmoved = [account for account in rested_on if account.account_id not in moved]
    is_small = all(max(account.counters) <= _SMALL_MAX for account in accounts)
    lines = [line for outcome in outcomes for line in outcome.lines]
    rows = _columns([_transaction_row(outcome) for outcome in outcomes], 13)
    rows += _columns(lines, _ENTRY_COLUMNS) + _balance_columns(accounts)
    for account in accounts:
        account.version += 1
    changed = {
        one.target.recorded_at: one.target for one in outcomes if one.target and one.target.changed
    }
    return Batch(
        sql=_WRITE_SMALL if is_small else _WRITE,
        rows=rows,
        balances=len(accounts),
        displaced=_columns([_displaced_row(line) for line in lines if line[5] == 2], 6),
        holds=_columns([_hold_row(one) for one in outcomes if _is_new_hold(one)], 3),
        settled=_columns([_settled_row(one) for one in changed.values() if one.kind == "hold"], 3),
        reversals=_columns(
            [_reversal_row(one) for one in changed.values() if one.kind != "hold"], 2
        ),
        rested_on=_columns([(account.account_id, account.version) for account in unmoved], 2),
    )


async def write(connection: Connection, key: Key, batch: Batch) -> None:
    """Write a batch. Raises Stale when an account or hold moved on since it was read."""
    if batch.rested_on[0]:
        unchanged = await connection.fetchval(_SQL["unchanged"], *key, *batch.rested_on)
        if unchanged != len(batch.rested_on[0]):
            raise Stale
    if await connection.fetchval(batch.sql, *key, *batch.rows) != batch.balances:
        raise Stale
    if batch.holds[0]:
        await connection.execute(_SQL["hold"], *key, *batch.holds)
    if batch.settled[0]:
        settled = await connection.fetch(_SQL["settle_holds"], *key, *batch.settled)
        if len(settled) != len(batch.settled[0]):
            raise Stale
    if batch.reversals[0]:
        await connection.execute(_SQL["note_reversals"], *key, *batch.reversals)
    if batch.displaced[0]:
        await connection.execute(_DISPLACE, *key, *batch.displaced)


def _columns(rows: Sequence[Sequence[Any]], count: int) -> Columns:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(count)]


def _transaction_row(outcome: Outcome) -> tuple[Any, ...]:
    act, booked = outcome.act, outcome.booked()
    if len(booked) == 1:
        _, debit, credit, amount = booked[0]
        account_ids, amounts = f"{{{debit.account_id},{credit.account_id}}}", f"{{{amount}}}"
    else:
        account_ids = _array(side.account_id for step in booked for side in step[1:3])
        amounts = _array(amount for _, _, _, amount in booked)
    return (
        outcome.recorded_at,
        outcome.effective_at,
        act.id,
        act.kind,
        act.fingerprint,
        account_ids,
        amounts,
        None if outcome.target is None else outcome.target.recorded_at,
        act.expires_at,
        act.reference,
        None if act.metadata is None else json_of(act.metadata),
        outcome.refusal,
        json_of(outcome.fields) if outcome.fields else None,
    )


def _balance_columns(accounts: Sequence[AccountState]) -> Columns:
    return [
        [account.account_id for account in accounts],
        [account.version for account in accounts],
        [account.recorded_at for account in accounts],
        [account.displaced for account in accounts],
        *([account.counters[index] for account in accounts] for index in range(6)),
    ]


def _displaced_row(line: Sequence[Any]) -> tuple[Any, ...]:
    account_id, recorded_at, effective_at, layer, _, _, is_debit, amount, _, _ = line
    return (account_id, layer, recorded_at, effective_at - EARLIEST, is_debit, amount)


def _is_new_hold(outcome: Outcome) -> bool:
    return outcome.act.kind == "hold" and outcome.refusal is None


def _hold_row(outcome: Outcome) -> tuple[Any, ...]:
    amounts = _array(amount for _, _, _, amount in outcome.steps)
    return (outcome.recorded_at, outcome.act.expires_at, amounts)


def _settled_row(target: Target) -> tuple[Any, ...]:
    return (target.recorded_at, target.state, _array(target.rest))


def _reversal_row(target: Target) -> tuple[Any, ...]:
    gone = (amount - rest for amount, rest in zip(target.amounts, target.rest, strict=True))
    return (target.recorded_at, _array(gone))


def _array(numbers: Iterable[int]) -> str:
    return "{" + ",".join(map(str, numbers)) + "}"

"""Writing a decided batch: its columns are made right after deciding, and sent when its turn comes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tallystick.kernel.instants import EARLIEST
from tallystick.ledger.model.accounts import AccountState
from tallystick.ledger.model.caps import Caps
from tallystick.ledger.model.outcomes import Outcome, Target
from tallystick.ledger.store import counting, recording
from tallystick.ledger.store.states import Key, Stale, json_of
from tallystick.runtime import record
from tallystick.runtime.database import Connection
from tallystick.runtime.sql import queries, statement

_SQL = queries("ledger")
_WRITE = statement("ledger", "write")
# A batch whose numbers all fit in 63 bits travels as bigint, which costs the database less than numeric.
_WRITE_SMALL = _WRITE.replace("::text::numeric[]", "::text::bigint[]")
_DISPLACE = statement("ledger", "displace")
_SMALL_MAX = 2**63 - 1

Columns = list[Any]


@dataclass(slots=True)
class Batch:
    """A decided batch as columns. It holds copies: accounts may move on while it waits for its turn."""

    sql: str
    columns: Columns
    balances: int
    displaced: Columns
    noted: Columns
    holds: Columns
    settled: Columns
    reversals: Columns
    more_reversals: Columns
    rested_on: Columns
    leaves: Columns
    caps: counting.Counted | None = None


def prepare(
    outcomes: Sequence[Outcome],
    rested_on: Iterable[AccountState],
    *,
    key: Key,
    caps: Caps | None = None,
) -> Batch:
    """Make the columns of a decided batch, and count each touched account one version further.

    ``rested_on`` are the accounts that refusals rest on: they must still be as they were. ``caps`` are those that its
    acts were decided under.
    """
    # The last act to touch an account gives the balance its time; acts count from 1, as arrays of SQL do.
    moved: dict[int, tuple[AccountState, int]] = {}
    for act, outcome in enumerate(outcomes, 1):
        for account, _ in outcome.after:
            moved[account.account_id] = (account, act)
    # In order of their numbers, so that two writers lock them in one order and never each other out.
    moved = dict(sorted(moved.items()))
    accounts = [account for account, _ in moved.values()]
    unmoved = [account for account in rested_on if account.account_id not in moved]
    is_small = all(max(account.counters) <= _SMALL_MAX for account in accounts)
    booked = [_booked_arrays(outcome) for outcome in outcomes]
    columns = _transaction_columns(outcomes, booked)
    columns += _step_columns(outcomes)
    columns += _balance_columns(accounts, [act for _, act in moved.values()])
    for account in accounts:
        account.version += 1
    changed = {
        one.target.recorded_at: one.target for one in outcomes if one.target and one.target.changed
    }
    undone = [target for target in changed.values() if target.kind != "hold"]
    return Batch(
        sql=_WRITE_SMALL if is_small else _WRITE,
        columns=columns,
        balances=len(accounts),
        displaced=_turned(_displaced_rows(outcomes)),
        noted=_turned(_noted_rows(outcomes)),
        holds=_turned([_hold_row(one) for one in outcomes if _is_new_hold(one)]),
        settled=_turned([_settled_row(one) for one in changed.values() if one.kind == "hold"]),
        reversals=_turned([_reversal_row(one) for one in undone if one.reversed is None]),
        more_reversals=_turned([_reversal_row(one) for one in undone if one.reversed is not None]),
        rested_on=_turned([(account.account_id, account.version) for account in unmoved]),
        leaves=recording.leaves_of(outcomes, booked, key),
        caps=None if caps is None else counting.prepare(outcomes, caps),
    )


async def write(connection: Connection, key: Key, batch: Batch) -> None:
    """Write a batch. Raises Stale when an account or hold moved on since it was read."""
    if batch.rested_on:
        unchanged = await connection.fetchval(_SQL["unchanged"], *key, *batch.rested_on)
        if unchanged != len(batch.rested_on[0]):
            raise Stale
    if await connection.fetchval(batch.sql, *key, *batch.columns) != batch.balances:
        raise Stale
    if batch.noted:
        await connection.execute(_SQL["note_metadata"], *key, *batch.noted)
    if batch.holds:
        await connection.execute(_SQL["hold"], *key, *batch.holds)
    if batch.reversals:
        await connection.execute(_SQL["note_reversals"], *key, *batch.reversals)
    for name, columns in (("settle_holds", batch.settled), ("reverse_more", batch.more_reversals)):
        if columns and len(await connection.fetch(_SQL[name], *key, *columns)) != len(columns[0]):
            raise Stale
    if batch.caps is not None:
        await counting.write(connection, key, batch.caps)
    if batch.displaced:
        await connection.execute(_DISPLACE, *key, *batch.displaced)
    await record.write_columns(
        connection, context=recording.CONTEXT, tenant_id=key[0], columns=batch.leaves
    )


def _turned(rows: Sequence[Sequence[Any]]) -> Columns:
    """Rows as columns; no rows as no columns."""
    return [list(column) for column in zip(*rows, strict=True)]


def _array(numbers: Iterable[int]) -> str:
    return "{" + ",".join(map(repr, numbers)) + "}"


def _numbers(column: Sequence[int]) -> str | None:
    return _array(column) if any(column) else None


def _given(column: list[Any]) -> list[Any] | None:
    return None if column.count(None) == len(column) else column


def _transaction_columns(outcomes: Sequence[Outcome], booked: Sequence[tuple[str, str]]) -> Columns:
    acts = [outcome.act for outcome in outcomes]
    return [
        [outcome.recorded_at for outcome in outcomes],
        _given([act.effective_at for act in acts]),
        [act.id for act in acts],
        None if all(act.kind == "post" for act in acts) else [act.kind for act in acts],
        [act.fingerprint for act in acts],
        [account_ids for account_ids, _ in booked],
        [amounts for _, amounts in booked],
        _given([one.target.recorded_at if one.target else None for one in outcomes]),
        _given([act.expires_at for act in acts]),
        _given([act.reference for act in acts]),
        _given([json_of(act.metadata) if act.metadata else None for act in acts]),
        _given([outcome.refusal for outcome in outcomes]),
        _given([json_of(outcome.fields) if outcome.fields else None for outcome in outcomes]),
    ]


def _booked_arrays(outcome: Outcome) -> tuple[str, str]:
    """The accounts and the amounts of what an act booked, as literals of arrays."""
    if len(outcome.lines) == 1:
        line = outcome.lines[0]
        return f"{{{line[0]},{line[1]}}}", f"{{{line[4]}}}"
    booked = outcome.booked()
    return (
        _array(side.account_id for step in booked for side in step[1:3]),
        _array(step[3] for step in booked),
    )


def _step_columns(outcomes: Sequence[Outcome]) -> Columns:
    rows = [(act, *line) for act, outcome in enumerate(outcomes, 1) for line in outcome.lines]
    if not rows:
        return [None] * 10
    return [_numbers(column) for column in zip(*rows, strict=True)]


def _balance_columns(accounts: Sequence[AccountState], acts: Sequence[int]) -> Columns:
    counters = (
        zip(*[account.counters for account in accounts], strict=True) if accounts else [()] * 6
    )
    return [
        _numbers([account.account_id for account in accounts]),
        _numbers(acts),
        _numbers([account.version for account in accounts]),
        *(_numbers(column) for column in counters),
    ]


def _displaced_rows(outcomes: Sequence[Outcome]) -> list[tuple[Any, ...]]:
    return [
        (
            side,
            line[2],
            one.recorded_at,
            one.effective_at,
            one.effective_at - EARLIEST,
            is_debit,
            line[4],
        )
        for one in outcomes
        if one.effective_at != one.recorded_at
        for line in one.lines
        for side, is_debit in ((line[0], True), (line[1], False))
    ]


def _noted_rows(outcomes: Sequence[Outcome]) -> list[tuple[Any, ...]]:
    return [
        (outcome.recorded_at, json_of(outcome.act.metadata))
        for outcome in outcomes
        if outcome.act.metadata and outcome.refusal is None
    ]


def _is_new_hold(outcome: Outcome) -> bool:
    return outcome.act.kind == "hold" and outcome.refusal is None


def _hold_row(outcome: Outcome) -> tuple[Any, ...]:
    amounts = _array(amount for _, _, _, amount in outcome.steps)
    return (outcome.recorded_at, outcome.act.expires_at, amounts, bool(outcome.uses))


def _settled_row(target: Target) -> tuple[Any, ...]:
    return (target.recorded_at, target.state, _array(target.rest))


def _reversal_row(target: Target) -> tuple[Any, ...]:
    gone = (amount - rest for amount, rest in zip(target.amounts, target.rest, strict=True))
    return (target.recorded_at, _array(target.reversed or ()), _array(gone))

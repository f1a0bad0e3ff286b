"""What deciding needs from the tables, and the tables' answers to what was decided."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from tallystick.kernel.instants import EARLIEST
from tallystick.ledger.model.accounts import AccountState
from tallystick.ledger.model.deciding import Outcome, Target
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

Key = tuple[int, int]
"""Tenant and ledger."""


class Stale(Exception):
    """Somebody else wrote to an account, an id or a hold since it was read; read again and decide again."""


async def known(
    connection: Connection, key: Key, ids: Sequence[str]
) -> tuple[int, Mapping[str, Any]]:
    """Read the database's clock, and which of these ids it knows already."""
    rows = await connection.fetch(_SQL["known"], *key, ids)
    return rows[0]["now"], {row["id"]: row for row in rows if row["id"] is not None}


async def states_by_address(
    connection: Connection, key: Key, addresses: Sequence[str]
) -> list[AccountState]:
    """Read accounts by address; the missing are absent."""
    return [
        _state(row) for row in await connection.fetch(_SQL["states_by_address"], *key, addresses)
    ]


async def states_by_id(
    connection: Connection, key: Key, account_ids: Sequence[int]
) -> list[AccountState]:
    """Read accounts by number."""
    return [_state(row) for row in await connection.fetch(_SQL["states_by_id"], *key, account_ids)]


async def target_rows(connection: Connection, key: Key, ids: Sequence[str]) -> Sequence[Any]:
    """Read what acts name as their targets, locking holds so that nobody settles them meanwhile."""
    await connection.fetch(_SQL["lock_holds"], *key, ids)
    return await connection.fetch(_SQL["targets"], *key, ids)


def target_of(row: Any, accounts: Mapping[int, AccountState]) -> Target:
    """Make a target of its row, with the accounts of its postings."""
    done = row["reversed"] or [0] * len(row["amounts"])
    rest = [amount - gone for amount, gone in zip(row["amounts"], done, strict=True)]
    return Target(
        id=row["id"],
        kind=row["kind"],
        recorded_at=row["recorded_at"],
        refused=row["refusal"] is not None,
        accounts=[accounts[account_id] for account_id in row["account_ids"]],
        amounts=row["amounts"],
        rest=rest if row["remaining"] is None else list(row["remaining"]),
        state=row["state"],
        expires_at=row["expires_at"],
    )


def _state(row: Any) -> AccountState:
    return AccountState(
        account_id=row["account_id"],
        address=row["address"],
        asset=row["asset"],
        normal_side=row["normal_side"],
        status=row["status"],
        min_available=row["min_available"],
        max_available=row["max_available"],
        version=row["version"],
        recorded_at=row["recorded_at"],
        displaced=row["displaced"],
        counters=counters_of(row),
    )


def counters_of(row: Any) -> list[int]:
    """The six counters of a row, in the order the laws keep them."""
    return [
        row["debits_posted"],
        row["credits_posted"],
        row["debits_pending"],
        row["credits_pending"],
        row["debits_released"],
        row["credits_released"],
    ]


async def demand_unchanged(
    connection: Connection, key: Key, accounts: Sequence[tuple[AccountState, int]]
) -> None:
    """Raise Stale unless each account is still at its version: a refusal must not rest on old news."""
    ids = [account.account_id for account, _ in accounts]
    versions = [version for _, version in accounts]
    if await connection.fetchval(_SQL["unchanged"], *key, ids, versions) != len(ids):
        raise Stale


async def write(connection: Connection, key: Key, outcomes: Sequence[Outcome]) -> None:
    """Write decided acts. Raises Stale when an account moved on since it was read."""
    columns = [*_transaction_columns(outcomes), *_entry_columns(outcomes)]
    moved = _moved(outcomes)
    columns += _balance_columns(moved)
    sql = _WRITE_SMALL if _is_small(moved) else _WRITE
    if await connection.fetchval(sql, *key, *columns) != len(moved):
        raise Stale
    await _write_holds(connection, key, outcomes)
    await _write_displaced(connection, key, outcomes)
    for account in moved:
        account.version += 1


def _is_small(moved: Iterable[AccountState]) -> bool:
    # An entry's running counters never exceed the account's, and its amount never exceeds those.
    return all(max(account.counters) <= _SMALL_MAX for account in moved)


def _moved(outcomes: Sequence[Outcome]) -> list[AccountState]:
    touched = {
        account.account_id: account for outcome in outcomes for account, _ in outcome.touched
    }
    return list(touched.values())


def _array(numbers: Iterable[int]) -> str:
    return "{" + ",".join(map(str, numbers)) + "}"


def _transaction_columns(outcomes: Sequence[Outcome]) -> list[list[Any]]:
    rows = [_transaction_row(outcome) for outcome in outcomes]
    return [list(column) for column in zip(*rows, strict=True)]


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


def _entry_columns(outcomes: Sequence[Outcome]) -> list[list[Any]]:
    rows = [
        (
            account.account_id,
            outcome.recorded_at,
            outcome.effective_at,
            layer,
            line,
            displaced,
            is_debit,
            amount,
            debits,
            credits,
        )
        for outcome in outcomes
        for account, layer, line, is_debit, amount, debits, credits, displaced in outcome.lines
    ]
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(10)]


def _balance_columns(moved: Sequence[AccountState]) -> list[list[Any]]:
    return [
        [account.account_id for account in moved],
        [account.version for account in moved],
        [account.recorded_at for account in moved],
        [account.displaced for account in moved],
        *([account.counters[index] for account in moved] for index in range(6)),
    ]


async def _write_holds(connection: Connection, key: Key, outcomes: Sequence[Outcome]) -> None:
    made = [outcome for outcome in outcomes if outcome.act.kind == "hold" and not outcome.refusal]
    if made:
        await connection.execute(
            _SQL["hold"],
            *key,
            [outcome.recorded_at for outcome in made],
            [outcome.act.expires_at for outcome in made],
            [_array(amount for _, _, _, amount in outcome.steps) for outcome in made],
        )
    changed = {
        outcome.target.recorded_at: outcome.target
        for outcome in outcomes
        if outcome.target is not None and outcome.target.changed
    }
    await _settle_holds(connection, key, [one for one in changed.values() if one.kind == "hold"])
    reversed_targets = [one for one in changed.values() if one.kind != "hold"]
    if reversed_targets:
        await connection.execute(
            _SQL["note_reversals"],
            *key,
            [target.recorded_at for target in reversed_targets],
            [_array(_gone(target)) for target in reversed_targets],
        )


def _gone(target: Target) -> Iterable[int]:
    return (amount - rest for amount, rest in zip(target.amounts, target.rest, strict=True))


async def _settle_holds(connection: Connection, key: Key, targets: Sequence[Target]) -> None:
    if not targets:
        return
    settled = await connection.fetch(
        _SQL["settle_holds"],
        *key,
        [target.recorded_at for target in targets],
        [target.state for target in targets],
        [_array(target.rest) for target in targets],
    )
    if len(settled) != len(targets):
        raise Stale


async def _write_displaced(connection: Connection, key: Key, outcomes: Sequence[Outcome]) -> None:
    rows = [
        (
            account.account_id,
            layer,
            outcome.recorded_at,
            outcome.effective_at - EARLIEST,
            is_debit,
            amount,
        )
        for outcome in outcomes
        for account, layer, _, is_debit, amount, _, _, displaced in outcome.lines
        if displaced == 2
    ]
    if rows:
        await connection.execute(_DISPLACE, *key, *map(list, zip(*rows, strict=True)))


def mapping_of(text: str | None) -> dict[str, str]:
    """Read a jsonb column that holds a mapping, or nothing."""
    return {} if text is None else msgspec.json.decode(text, type=dict[str, str])


def json_of(value: Mapping[str, Any]) -> str:
    """Write a mapping for a jsonb column."""
    return msgspec.json.encode(value).decode()

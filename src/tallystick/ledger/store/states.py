"""What deciding needs from the tables, and the tables' answers to what was decided."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tallystick.ledger.model.accounts import AccountState
from tallystick.ledger.model.outcomes import CapKey, Target
from tallystick.runtime.database import Connection
from tallystick.runtime.sql import queries

_SQL = queries("ledger")

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


async def await_writers(connection: Connection, key: Key) -> None:
    """Wait for everybody who is writing to a ledger, and keep newcomers waiting until the transaction ends.

    Whoever comes later reads a later clock.
    """
    await connection.execute(_SQL["await_writers"], key[1])


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


def target_of(
    row: Any, accounts: Mapping[int, AccountState], caps: Sequence[CapKey] = ()
) -> Target:
    """Make a target of its row, with the accounts of its postings and the caps that counted it."""
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
        reversed=row["reversed"],
        caps=caps,
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


def mapping_of(text: str | None) -> dict[str, str]:
    """Read a jsonb column that holds a mapping, or nothing."""
    return {} if text is None else msgspec.json.decode(text, type=dict[str, str])


def json_of(value: Mapping[str, Any]) -> str:
    """Write a mapping for a jsonb column."""
    return msgspec.json.encode(value).decode()


def json_if_any(value: Mapping[str, Any] | None) -> str | None:
    """Write a mapping for a jsonb column that may be null."""
    return None if value is None else json_of(value)

"""What the books say was done, as the record was told it: for comparing the two, over the operators' database."""

from collections.abc import AsyncGenerator
from typing import Any

import msgspec

from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import Deed
from tallystick.kernel.instants import Instant
from tallystick.kernel.tags import Tag
from tallystick.ledger.store import recording
from tallystick.runtime import record
from tallystick.runtime.database import Connection
from tallystick.runtime.sql import queries

TAGS = frozenset(
    {
        Tag.LEDGER_LEDGER_OPEN,
        *recording.ACCOUNT_TAGS.values(),
        *map(Tag, recording.TAGS.values()),
    }
)
ROWS_AT_ONCE_MAX = 5_000
_SQL = queries("ledger", "recorded")

_Acts = AsyncGenerator[list[tuple[Deed, bool]], None]


async def ledgers(
    connection: Connection, *, tenant_id: int, since: Instant, until: Instant
) -> _Acts:
    """Read the ledgers that were opened."""
    cursor = await connection.cursor(_SQL["ledgers"], tenant_id, since, until)
    while rows := await cursor.fetch(ROWS_AT_ONCE_MAX):
        yield [
            (
                recording.ledger_deed(
                    row["ledger_id"],
                    name=row["name"],
                    at=row["opened_at"],
                    caller=record.SOMEBODY,
                ),
                True,
            )
            for row in rows
        ]


async def account_events(
    connection: Connection, *, tenant_id: int, since: Instant, until: Instant
) -> _Acts:
    """Read what happened to accounts besides postings."""
    cursor = await connection.cursor(_SQL["account_events"], tenant_id, since, until)
    while rows := await cursor.fetch(ROWS_AT_ONCE_MAX):
        yield [(_account_deed(row, tenant_id), True) for row in rows]


def _account_deed(row: Any, tenant_id: int) -> Deed:
    opened = None
    if row["address"] is not None:
        opened = recording.Opened(
            address=row["address"],
            asset=row["asset"],
            exponent=row["exponent"],
            normal_side=row["normal_side"],
            metadata=_read(row["metadata"]),
        )
    return recording.account_deed(
        (tenant_id, row["ledger_id"]),
        row["account_id"],
        event=row["event"],
        at=row["recorded_at"],
        caller=Caller(tenant_id=tenant_id, actor=row["actor"]),
        content=_read(row["content"]),
        opened=opened,
    )


async def transactions(
    connection: Connection, *, tenant_id: int, since: Instant, until: Instant
) -> _Acts:
    """Read every act, refused ones too."""
    cursor = await connection.cursor(_SQL["transactions"], tenant_id, since, until)
    while rows := await cursor.fetch(ROWS_AT_ONCE_MAX):
        yield [(_transaction_deed(row, tenant_id), True) for row in rows]


def _transaction_deed(row: Any, tenant_id: int) -> Deed:
    read = dict(row)
    for name in ("metadata", "refusal_fields"):
        read[name] = _read(read[name])
    return recording.deed_of_row(read, (tenant_id, read["ledger_id"]))


async def accounts_unlike_events(
    connection: Connection, *, tenant_id: int
) -> AsyncGenerator[list[tuple[str, Instant, str, str]], None]:
    """Read the accounts whose limits or state are not those of their last events."""
    cursor = await connection.cursor(_SQL["accounts_unlike_events"], tenant_id)
    while rows := await cursor.fetch(ROWS_AT_ONCE_MAX):
        yield [
            (
                f"ledger:{row['ledger_id']}:account:{row['account_id']}",
                row["opened_at"],
                row["expected"],
                row["found"],
            )
            for row in rows
        ]


def _read(column: str | None) -> Any:
    """Read a column of JSON."""
    return None if column is None else msgspec.json.decode(column)

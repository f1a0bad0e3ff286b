"""What is read to compare the record with the tables; each connection is an operator's, in one snapshot."""

from functools import cache
from typing import Any, NamedTuple

from tallystick.audit.store.writing import CONTEXT
from tallystick.kernel.instants import Instant
from tallystick.runtime.database import Connection
from tallystick.runtime.record import Place
from tallystick.runtime.sql import queries

ROWS_AT_ONCE_MAX = 5_000


class LoggedSegment(NamedTuple):
    """A segment as it is compared with the tables of its context."""

    first_index: int
    length: int
    context: str
    leaf_number: int
    leaf_start: int
    first_at: Instant
    last_at: Instant
    entries: bytes
    hashes: bytes


class Published(NamedTuple):
    """The last published checkpoint of a tree."""

    size: int
    root: bytes
    note: bytes


class BareLeaf(NamedTuple):
    """A leaf that has no entry in the tree; skipped is one that waits for none any more."""

    number: int
    first_at: Instant
    last_at: Instant
    is_skipped: bool


@cache
def _sql(context: str) -> dict[str, str]:
    return {
        name: text.replace("{schema}", context)
        for name, text in queries(CONTEXT, "comparing").items()
    }


async def began(connection: Connection, *, context: str) -> Instant | None:
    """Since when acts in a context have entries; None for a context that has no part of the record here."""
    return await connection.fetchval(_sql(context)["began"], context)


async def segments(
    connection: Connection, *, tenant_id: int, after: int, most: int
) -> list[LoggedSegment]:
    """A page of a tree's segments, in the order of their entries."""
    rows = await connection.fetch(_sql(CONTEXT)["segments"], tenant_id, after, most)
    return [LoggedSegment(*row) for row in rows]


async def published(connection: Connection, *, tenant_id: int) -> Published | None:
    """The last checkpoint of a tree that was published."""
    row = await connection.fetchrow(_sql(CONTEXT)["published"], tenant_id)
    return None if row is None else Published(*row)


async def trees(connection: Connection, *, after: int, most: int) -> list[int]:
    """The tenants that have a tree, in order."""
    rows = await connection.fetch(_sql(CONTEXT)["trees"], after, most)
    return [row["tenant_id"] for row in rows]


async def leaves_without_entries(
    connection: Connection, kept: Connection, *, context: str, tenant_id: int
) -> list[BareLeaf]:
    """The leaves of a tenant that no segment came from, by number; ``kept`` is where the context keeps them.

    They wait, or what came after them has its place already and they were skipped.
    """
    bare: list[Any] = []
    placed: Place = (-1, -1)
    cursor = await kept.cursor(_sql(context)["leaves"], tenant_id)
    while rows := await cursor.fetch(ROWS_AT_ONCE_MAX):
        numbers = [row["number"] for row in rows]
        found = await connection.fetch(_sql(context)["placed_leaves"], tenant_id, context, numbers)
        known = {row["number"] for row in found}
        bare += [row for row in rows if row["number"] not in known]
        there = [(row["xid"], row["number"]) for row in rows if row["number"] in known]
        placed = max([placed, *there])
    return [
        BareLeaf(
            row["number"],
            row["first_at"],
            row["last_at"],
            row["is_to_come"] or (row["xid"], row["number"]) < placed,
        )
        for row in bare
    ]

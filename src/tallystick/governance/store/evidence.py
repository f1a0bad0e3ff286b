"""What was done, what was seen live, and what is owed."""

import json
from collections.abc import AsyncGenerator, Sequence
from typing import Final

import msgspec

from tallystick.governance.store import CONTEXT, SQL
from tallystick.governance.store.rows import EventRow, ObligationRow
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import Deed
from tallystick.kernel.instants import Instant
from tallystick.kernel.tags import Tag
from tallystick.runtime import record
from tallystick.runtime.database import Connection
from tallystick.runtime.sql import queries

_RECORDED: Final = queries(CONTEXT, "recorded")
_ROWS_AT_ONCE_MAX: Final = 5_000
_OWING_MAX: Final = 1_000
# Reads have no table of their own: the record alone has them.
RECORDED_TAGS: Final = frozenset(
    tag for tag in Tag if tag.startswith(f"{CONTEXT}.") and not tag.endswith(".read")
)


async def note(connection: Connection, *, tenant_id: int, estate: str, deed: Deed) -> None:
    """Write down what the transaction does, for our lists and for the record: both are committed, or neither."""
    await connection.execute(
        SQL["insert_event"],
        tenant_id,
        deed.at,
        deed.caller.actor,
        deed.tag.value,
        deed.on,
        estate,
        deed.outcome,
        msgspec.json.encode(deed.content or {}).decode(),
        bool(deed.texts),
    )
    await record.write_deeds(connection, context=CONTEXT, tenant_id=tenant_id, deeds=(deed,))


async def events(
    connection: Connection, *, tenant_id: int, after: int, limit: int, estate: str | None
) -> list[EventRow]:
    """Read a page of what was done, oldest first."""
    rows = await connection.fetch(SQL["events"], tenant_id, after, limit, estate)
    return [EventRow(**{**dict(row), "content": json.loads(row["content"])}) for row in rows]


async def insert_report(
    connection: Connection,
    *,
    tenant_id: int,
    report_id: str,
    estate: str,
    observed_at: Instant,
    at: Instant,
    by: str,
    digest: bytes,
    content: bytes,
) -> None:
    """Write what was found live."""
    arguments = (report_id, estate, observed_at, at, by, digest, content)
    await connection.execute(SQL["insert_report"], tenant_id, *arguments)


async def insert_obligations(
    connection: Connection, *, tenant_id: int, obligations: Sequence[ObligationRow]
) -> None:
    """Write what one plan owes."""
    if not obligations:
        return
    first = obligations[0]
    await connection.execute(
        SQL["insert_obligations"],
        tenant_id,
        first.plan_id,
        first.hash,
        first.estate,
        [one.obligation_id for one in obligations],
        [one.control for one in obligations],
        [one.subject for one in obligations],
        [one.due_at for one in obligations],
    )


async def drop_obligations(
    connection: Connection, *, tenant_id: int, plan_id: str, at: Instant
) -> None:
    """Let what a plan owes go, since it will not be applied."""
    await connection.execute(SQL["drop_obligations"], tenant_id, plan_id, at)


async def end_obligations(
    connection: Connection,
    *,
    tenant_id: int,
    estate: str,
    at: Instant,
    report_id: str,
    endings: Sequence[tuple[str, str, str]],
    observed_at: Instant,
    apart: Sequence[str],
) -> list[str]:
    """End what ``endings`` (control, subject, how) answer, of plans that were applied before; answers how.

    Only what the plans of ``apart`` owe is met or let go; all of it is broken.
    """
    columns = [list(column) for column in zip(*endings, strict=True)] or [[], [], []]
    rows = await connection.fetch(
        SQL["end_obligations"], tenant_id, estate, at, report_id, *columns, observed_at, apart
    )
    return [row["ending"] for row in rows]


async def owing(
    connection: Connection, *, tenant_id: int, estate: str
) -> list[tuple[str, str, str]]:
    """Read the plans of an estate that something is owed of, each with its author and with who applied it."""
    rows = await connection.fetch(SQL["owing"], tenant_id, estate, _OWING_MAX)
    return [(row["plan_id"], row["author"], row["begun_by"]) for row in rows]


async def overdue(connection: Connection, *, tenant_id: int, estate: str, at: Instant) -> int:
    """Count what was not seen in time, or was seen broken."""
    return await connection.fetchval(SQL["overdue"], tenant_id, estate, at)


async def obligations(
    connection: Connection,
    *,
    tenant_id: int,
    after: str,
    limit: int,
    estate: str | None,
    status: str | None,
    at: Instant,
) -> list[ObligationRow]:
    """Read a page of obligations, in the order of their ids."""
    arguments = (tenant_id, after, limit, estate, status, at)
    rows = await connection.fetch(SQL["obligations"], *arguments)
    return [ObligationRow(**dict(row)) for row in rows]


async def miss_obligations(
    connection: Connection, *, tenant_id: int, at: Instant
) -> list[tuple[str, str, str]]:
    """Mark the obligations that are overdue, once; answers obligations, estates and controls."""
    rows = await connection.fetch(SQL["miss_obligations"], tenant_id, at)
    return [(row["obligation_id"], row["estate"], row["control"]) for row in rows]


async def late_tenants(connection: Connection, *, at: Instant, most: int) -> list[int]:
    """The tenants for whom something was not done in time; the connection has no tenant."""
    return [row["tenant_id"] for row in await connection.fetch(SQL["late_tenants"], at, most)]


async def recorded(
    connection: Connection, *, tenant_id: int, since: Instant, until: Instant
) -> AsyncGenerator[list[tuple[Deed, bool]], None]:
    """Read all that was done as the record was told it; sealed texts are not read. The connection is an operator's."""
    cursor = await connection.cursor(_RECORDED["events"], tenant_id, since, until)
    while rows := await cursor.fetch(_ROWS_AT_ONCE_MAX):
        yield [
            (
                Deed(
                    tag=Tag(row["tag"]),
                    caller=Caller(tenant_id=0, actor=row["actor"]),
                    on=row["done_on"],
                    at=row["recorded_at"],
                    outcome=row["outcome"],
                    content=json.loads(row["content"]),
                ),
                not row["is_sealing"],
            )
            for row in rows
        ]

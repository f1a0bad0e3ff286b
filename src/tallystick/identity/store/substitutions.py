"""Substitutes and switches as rows."""

from typing import Any

import asyncpg
import msgspec

from tallystick.identity.api import TenantNotFound
from tallystick.identity.api.substitutions import CONTEXTS, SUBSTITUTES_MAX, ReportCopies, Unlike
from tallystick.identity.model import deeds_of_substitutions as deeds
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import Instant
from tallystick.runtime import record
from tallystick.runtime.database import Connection
from tallystick.runtime.sql import queries

CONTEXT = "identity"
_SQL = queries(CONTEXT, "substitutions")
_kept = msgspec.json.Decoder(tuple[Unlike, ...]).decode


class SubstituteRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of ``identity.substitute``."""

    context: str
    substitute: str
    version: str
    tried_at: Instant
    broken: tuple[str, ...]


class SwitchRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of ``identity.substitution``."""

    context: str
    number: int
    mode: str
    substitute: str | None
    version: str | None
    share: int | None
    set_by: str
    set_at: Instant


class ShadowRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of ``identity.shadow``; ``differences`` are the newest, newest first."""

    compared: int = 0
    different: int = 0
    lost: int = 0
    skipped: int = 0
    differences: tuple[Unlike, ...] = ()


async def hold(connection: Connection, *, tenant_id: int) -> None:
    """Let nobody else switch the tenant (or, of none, try substitutes) until the transaction ends."""
    await connection.execute(_SQL["hold"], tenant_id)


async def substitutes(connection: Connection) -> list[SubstituteRow]:
    """Read the substitutes that are known."""
    rows = await connection.fetch(_SQL["substitutes"], SUBSTITUTES_MAX)
    return [_substitute(row) for row in rows]


async def substitute(connection: Connection, *, context: str, name: str) -> SubstituteRow | None:
    """Read the version of a substitute that was tried last."""
    row = await connection.fetchrow(_SQL["substitute"], context, name)
    return _substitute(row) if row else None


async def remember_trial(connection: Connection, *, row: SubstituteRow, caller: Caller) -> None:
    """Remember how a version of a substitute was tried."""
    await connection.execute(_SQL["try"], *msgspec.structs.astuple(row))
    told = deeds.trial(
        context=row.context,
        substitute=row.substitute,
        version=row.version,
        broken=len(row.broken),
        at=row.tried_at,
        caller=caller,
    )
    await record.write_deeds(connection, context=CONTEXT, tenant_id=caller.tenant_id, deeds=(told,))


async def standings(connection: Connection, *, tenant_id: int) -> dict[str, SwitchRow]:
    """Read the last switch of each context that was ever switched."""
    rows = await connection.fetch(_SQL["standings"], tenant_id, list(CONTEXTS))
    return {row["context"]: SwitchRow(**dict(row)) for row in rows}


async def switch(
    connection: Connection,
    *,
    tenant_id: int,
    row: SwitchRow,
    before: str,
    after: str,
    caller: Caller,
) -> None:
    """Write a switch, from one version to another, with its entry. Raises TenantNotFound."""
    try:
        await connection.execute(_SQL["switch"], tenant_id, *msgspec.structs.astuple(row))
    except asyncpg.ForeignKeyViolationError:
        raise TenantNotFound("There is no such tenant.") from None
    told = deeds.switch(
        context=row.context,
        number=row.number,
        mode=row.mode,
        before=before,
        after=after,
        substitute=row.substitute,
        share=row.share,
        at=row.set_at,
        caller=caller,
    )
    await record.write_deeds(connection, context=CONTEXT, tenant_id=tenant_id, deeds=(told,))


async def last_shadow(
    connection: Connection, *, tenant_id: int, context: str
) -> tuple[int, str, str] | None:
    """Read number, substitute and version of the last trial in shadow."""
    row = await connection.fetchrow(_SQL["last_shadow"], tenant_id, context)
    return tuple(row) if row else None


async def shadow(connection: Connection, *, tenant_id: int, context: str, number: int) -> ShadowRow:
    """Read what came of the copies of a trial; nothing yet is nothing."""
    row: Any = await connection.fetchrow(_SQL["shadow"], tenant_id, context, number)
    if row is None:
        return ShadowRow()
    fields: dict[str, Any] = dict(row) | {"differences": _kept(row["differences"])}
    return ShadowRow(**fields)


async def add_shadow(
    connection: Connection, *, tenant_id: int, seen: ReportCopies, most: int
) -> None:
    """Add what came of copies of a trial, and keep the newest differences; of no trial nothing is kept."""
    key = (tenant_id, seen.context, seen.number)
    await connection.execute(_SQL["insert_shadow"], *key)
    known = await connection.fetchval(_SQL["hold_shadow"], *key)
    if known is None:
        return
    newest = (*reversed(seen.differences), *_kept(known))[:most]
    counts = (seen.compared, seen.different, seen.lost, seen.skipped)
    kept = msgspec.json.encode(newest).decode()
    await connection.execute(_SQL["add_shadow"], *key, *counts, kept)


def _substitute(row: asyncpg.Record) -> SubstituteRow:
    fields: dict[str, Any] = dict(row) | {"broken": tuple(row["broken"])}
    return SubstituteRow(**fields)

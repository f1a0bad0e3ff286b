"""Providers as rows, and the logins by which they name people."""

from typing import Any

import asyncpg
import msgspec

from tallystick.identity.api import TenantNotFound
from tallystick.identity.api.providers import PROVIDERS_MAX, IssuerTaken, ProviderSet
from tallystick.identity.model import deeds_of_people as deeds
from tallystick.kernel import instants
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import Instant
from tallystick.runtime import record
from tallystick.runtime.database import Connection
from tallystick.runtime.sql import queries

CONTEXT = "identity"
_SQL = queries(CONTEXT, "sessions")
_TAKEN = frozenset({"provider_issuer_is_set_once", "provider_audience_is_taken"})


class ProviderRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of ``identity.provider`` that is in force."""

    provider: str
    number: int
    kind: str
    issuer: str
    client: str
    audience: str | None
    sign_in_url: str | None
    answer_url: str | None
    certificates: tuple[str, ...]
    algorithms: tuple[str, ...]
    redirects: tuple[str, ...]
    trusts_mfa: bool
    mfa_contexts: tuple[str, ...]
    set_by: str
    set_at: Instant


async def set_provider(
    connection: Connection, *, tenant_id: int, row: ProviderRow, caller: Caller
) -> ProviderRow:
    """Put a provider in the place of the one of its name, and number it. Raises IssuerTaken, TenantNotFound."""
    await hold(connection, tenant_id=tenant_id)
    await connection.fetchval(_SQL["end_provider"], tenant_id, row.provider, row.set_at)
    last = await connection.fetchval(_SQL["last_provider"], tenant_id, row.provider)
    row = msgspec.structs.replace(row, number=last + 1)
    try:
        await connection.execute(_SQL["insert_provider"], tenant_id, *msgspec.structs.astuple(row))
    except asyncpg.UniqueViolationError as error:
        if error.as_dict().get("constraint_name") not in _TAKEN:
            raise
        raise IssuerTaken(
            "This issuer speaks for people here already, or this audience is taken with it: name another.",
            {"issuer": row.issuer},
        ) from None
    except asyncpg.ForeignKeyViolationError:
        raise TenantNotFound("There is no such tenant.") from None
    told = deeds.provider(
        row.provider,
        number=row.number,
        kind=row.kind,
        issuer=row.issuer,
        client=row.client,
        at=row.set_at,
        caller=caller,
    )
    await record.write_deeds(connection, context=CONTEXT, tenant_id=tenant_id, deeds=(told,))
    return row


async def hold(connection: Connection, *, tenant_id: int) -> None:
    """Let nobody else change providers of the tenant until the transaction ends."""
    await connection.execute(_SQL["hold_tenant"], tenant_id)


async def end_provider(
    connection: Connection, *, tenant_id: int, provider: str, now: Instant, caller: Caller
) -> bool:
    """End a provider; answers whether there was one."""
    if await connection.fetchval(_SQL["end_provider"], tenant_id, provider, now) is None:
        return False
    told = deeds.end_of_provider(provider, at=now, caller=caller)
    await record.write_deeds(connection, context=CONTEXT, tenant_id=tenant_id, deeds=(told,))
    return True


async def providers(connection: Connection, *, tenant_id: int) -> list[ProviderRow]:
    """Read the providers in force, by name."""
    return [
        _row(row) for row in await connection.fetch(_SQL["providers"], tenant_id, PROVIDERS_MAX)
    ]


async def provider(connection: Connection, *, tenant_id: int, provider: str) -> ProviderRow | None:
    """Read the provider of a name that is in force."""
    row = await connection.fetchrow(_SQL["provider"], tenant_id, provider)
    return _row(row) if row else None


async def find_provider(
    connection: Connection, *, issuer: str, audiences: list[str]
) -> tuple[int, str] | None:
    """Find whose access tokens have this issuer and one of these audiences; None also when two tenants' have."""
    rows = await connection.fetch(_SQL["find_provider"], issuer, audiences)
    return (rows[0]["tenant_id"], rows[0]["provider"]) if len(rows) == 1 else None


async def bind_login(
    connection: Connection,
    *,
    tenant_id: int,
    issuer: str,
    subject: str,
    person_id: str,
    now: Instant,
) -> bool:
    """Let a provider's name for somebody mean this person; answers False when it means somebody already."""
    made = await connection.fetchval(_SQL["bind_login"], tenant_id, issuer, subject, person_id, now)
    return made is not None


async def person_of_login(
    connection: Connection, *, tenant_id: int, issuer: str, subject: str
) -> tuple[str, str] | None:
    """Find the person, with its status, whom a provider calls so."""
    row = await connection.fetchrow(_SQL["person_of_login"], tenant_id, issuer, subject)
    return (row["person_id"], row["status"]) if row else None


def shown(row: ProviderRow) -> ProviderSet:
    """A provider as its tenant sees it."""
    fields: dict[str, Any] = msgspec.structs.asdict(row) | {"set_at": instants.render(row.set_at)}
    del fields["number"]
    return ProviderSet(**fields)


def _row(row: asyncpg.Record) -> ProviderRow:
    lists = ("certificates", "algorithms", "redirects", "mfa_contexts")
    fields: dict[str, Any] = dict(row) | {name: tuple(row[name]) for name in lists}
    return ProviderRow(**fields)

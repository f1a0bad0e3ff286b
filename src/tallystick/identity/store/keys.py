"""Tenants and keys as rows; the only room of identity that speaks SQL."""

from collections.abc import AsyncGenerator, Sequence

import asyncpg

from tallystick.identity.api import ApiKey, Tenant, TenantNotFound
from tallystick.identity.model import deeds
from tallystick.identity.store.makers import Maker
from tallystick.kernel import ids, instants
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import Deed
from tallystick.kernel.instants import Instant
from tallystick.kernel.tags import Tag
from tallystick.runtime import record
from tallystick.runtime.database import Connection
from tallystick.runtime.sql import queries

CONTEXT = "identity"
RECORDED_TAGS = frozenset(
    {Tag.IDENTITY_TENANT_CREATE, Tag.IDENTITY_KEY_CREATE, Tag.IDENTITY_KEY_REVOKE}
)
ROWS_AT_ONCE_MAX = 5_000
_SQL = queries(CONTEXT)
_RECORDED = queries(CONTEXT, "recorded")

_Acts = AsyncGenerator[list[tuple[Deed, bool]], None]


async def insert_tenant(
    connection: Connection, *, tenant_id: int, name: str, now: Instant, caller: Caller
) -> None:
    """Write a tenant; the transaction's tenant is the new one, and so is the log it is told to."""
    await connection.execute(_SQL["insert_tenant"], tenant_id, name, now)
    await _tell(connection, tenant_id, deeds.tenant(tenant_id, name=name, at=now, caller=caller))


async def tenant_name(connection: Connection, *, tenant_id: int) -> str | None:
    """Read a tenant's name."""
    return await connection.fetchval(_SQL["tenant"], tenant_id)


async def tenants(connection: Connection, *, after: int, limit: int) -> list[Tenant]:
    """Read the tenants whose number is above ``after``, in order; the connection is an operator's."""
    rows = await connection.fetch(_SQL["tenants"], after, limit)
    return [
        Tenant(
            tenant=ids.tenant_name(row["tenant_id"]),
            name=row["name"],
            created_at=instants.render(row["created_at"]),
        )
        for row in rows
    ]


async def insert_key(
    connection: Connection,
    *,
    tenant_id: int,
    key_id: str,
    hashed: bytes,
    label: str,
    roles: Sequence[str],
    expires_at: Instant,
    maker: Maker,
    inherits: bool,
    now: Instant,
    caller: Caller,
) -> None:
    """Write a key. Raises TenantNotFound."""
    try:
        await connection.execute(
            _SQL["insert_key"], tenant_id, key_id, hashed, label, now, list(roles), expires_at,
            maker.made_by, maker.made_with, inherits,
        )  # fmt: skip
    except asyncpg.ForeignKeyViolationError as error:
        if error.as_dict().get("constraint_name") != TenantNotFound.code:
            raise
        raise TenantNotFound("There is no such tenant.") from None
    made = deeds.key(
        key_id,
        hashed=hashed,
        label=label,
        roles=roles,
        expires_at=expires_at,
        made_by=maker.made_by,
        made_with=maker.made_with,
        inherits=inherits,
        at=now,
        caller=caller,
    )
    await _tell(connection, tenant_id, made)


async def revoke_key(
    connection: Connection, *, tenant_id: int, key_id: str, now: Instant, caller: Caller
) -> None:
    """End a key, unless it has ended or does not exist."""
    if await connection.fetchval(_SQL["revoke_key"], tenant_id, key_id, now) is not None:
        await _tell(connection, tenant_id, deeds.end_of_key(key_id, at=now, caller=caller))


async def _tell(connection: Connection, tenant_id: int, deed: Deed) -> None:
    await record.write_deeds(connection, context=CONTEXT, tenant_id=tenant_id, deeds=(deed,))


async def key(connection: Connection, *, tenant_id: int, key_id: str) -> ApiKey | None:
    """Read a key."""
    row = await connection.fetchrow(_SQL["key"], tenant_id, key_id)
    return _key(row) if row else None


async def keys(connection: Connection, *, tenant_id: int, after: str, limit: int) -> list[ApiKey]:
    """Read the keys whose id is above ``after``, in order."""
    return [_key(row) for row in await connection.fetch(_SQL["keys"], tenant_id, after, limit)]


async def find_key(
    connection: Connection, *, hashed: bytes, now: Instant
) -> tuple[Caller, Instant | None] | None:
    """Find whose key in force has this hash, and when it expires; the one read that needs no tenant."""
    row = await connection.fetchrow(_SQL["find_key"], hashed, now)
    if row is None:
        return None
    return Caller(tenant_id=row["tenant_id"], actor=row["key_id"]), row["expires_at"]


async def own_roles(
    connection: Connection, *, tenant_id: int, roles: Sequence[str]
) -> frozenset[str]:
    """Read which of these roles the tenant made itself."""
    rows = await connection.fetch(_SQL["own_roles"], tenant_id, list(roles))
    return frozenset(row["role"] for row in rows)


async def use_key(connection: Connection, *, tenant_id: int, key_id: str, now: Instant) -> None:
    """Write down that a key was used."""
    await connection.execute(_SQL["use_key"], tenant_id, key_id, now)


def _key(row: asyncpg.Record) -> ApiKey:
    return ApiKey(
        key_id=row["key_id"],
        label=row["label"],
        created_at=instants.render(row["created_at"]),
        roles=tuple(row["roles"]),
        expires_at=_time(row["expires_at"]),
        used_at=_time(row["used_at"]),
        revoked_at=_time(row["revoked_at"]),
    )


def _time(instant: Instant | None) -> str | None:
    return None if instant is None else instants.render(instant)


async def recorded_tenant(
    connection: Connection, *, tenant_id: int, since: Instant, until: Instant
) -> _Acts:
    """Read the making of a tenant as the record was told it; the connection is an operator's."""
    cursor = await connection.cursor(_RECORDED["tenants"], tenant_id, since, until)
    while rows := await cursor.fetch(ROWS_AT_ONCE_MAX):
        yield [
            (
                deeds.tenant(
                    row["tenant_id"],
                    name=row["name"],
                    at=row["created_at"],
                    caller=record.SOMEBODY,
                ),
                True,
            )
            for row in rows
        ]


async def recorded_keys(
    connection: Connection, *, tenant_id: int, since: Instant, until: Instant
) -> _Acts:
    """Read the making of keys as the record was told it; the connection is an operator's."""
    cursor = await connection.cursor(_RECORDED["keys"], tenant_id, since, until)
    while rows := await cursor.fetch(ROWS_AT_ONCE_MAX):
        yield [
            (
                deeds.key(
                    row["key_id"],
                    hashed=row["hash"],
                    label=row["label"],
                    roles=row["roles"],
                    expires_at=row["expires_at"],
                    made_by=row["made_by"],
                    made_with=row["made_with"],
                    inherits=row["inherits"],
                    at=row["created_at"],
                    caller=record.SOMEBODY,
                ),
                True,
            )
            for row in rows
        ]


async def recorded_revocations(
    connection: Connection, *, tenant_id: int, since: Instant, until: Instant
) -> _Acts:
    """Read the ends of keys as the record was told them; the connection is an operator's."""
    cursor = await connection.cursor(_RECORDED["revocations"], tenant_id, since, until)
    while rows := await cursor.fetch(ROWS_AT_ONCE_MAX):
        yield [
            (
                deeds.end_of_key(row["key_id"], at=row["revoked_at"], caller=record.SOMEBODY),
                True,
            )
            for row in rows
        ]

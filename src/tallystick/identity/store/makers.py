"""Who made a key or a client: it is in force as long as they are, and holds of theirs what they still hold."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import asyncpg

from tallystick.kernel.instants import Instant
from tallystick.runtime.database import Connection
from tallystick.runtime.sql import queries

_SQL = queries("identity", "makers")
PERSON, KEY, CLIENT = "per_", "key_", "cli_"
LINE_MAX: Final = 3
"""So many keys may have made each other: one of a person's or a client's, one of that key's, one of that one's."""

Held = Mapping[str, Instant | None]
"""Roles, and until when they are held: None without an end."""


class Holding(NamedTuple):
    """What a key or client has: whether it is in force, and its roles."""

    is_active: bool
    roles: Held


class Maker(NamedTuple):
    """Whoever makes a key: who is behind them, the key or client they are, and until when at most the new one lasts.

    ``keys`` counts those that made each other up to here; ``roles`` is None for who is no person, key or client.
    """

    made_by: str | None
    made_with: str | None
    until: Instant | None
    keys: int
    roles: Held | None


async def key(
    connection: Connection, *, tenant_id: int, key_id: str, now: Instant
) -> Holding | None:
    """How a key stands now, None when the tenant has no such key."""
    line = await _line(connection, tenant_id=tenant_id, key_id=key_id)
    if not line:
        return None
    is_active = all(_is_in_force(link, now) for link in line)
    beyond = line[-1]["made_with"]
    if beyond is not None:
        # A client; another key would make the line longer than any is.
        made = await client(connection, tenant_id=tenant_id, client_id=beyond)
        is_active = is_active and bool(made)
    is_active = is_active and await _is_there(
        connection, tenant_id=tenant_id, made_by=line[0]["made_by"]
    )
    return Holding(is_active, await _held(connection, tenant_id=tenant_id, line=line, now=now))


async def client(connection: Connection, *, tenant_id: int, client_id: str) -> bool | None:
    """Whether a client is in force, and whoever registered it is there; None when the tenant has no such client."""
    row = await connection.fetchrow(_SQL["client"], tenant_id, client_id)
    if row is None:
        return None
    return row["ended_at"] is None and await _is_there(
        connection, tenant_id=tenant_id, made_by=row["made_by"]
    )


async def maker(connection: Connection, *, tenant_id: int, actor: str, now: Instant) -> Maker:
    """Read what a key that this actor makes comes from."""
    if actor.startswith(KEY):
        line = await _line(connection, tenant_id=tenant_id, key_id=actor)
        made_by = line[0]["made_by"] if line else None
        ends = [link["expires_at"] for link in line if link["expires_at"] is not None]
        held = await _held(connection, tenant_id=tenant_id, line=line, now=now)
        return Maker(made_by, actor, min(ends, default=None), len(line), held)
    if actor.startswith((PERSON, CLIENT)):
        held = await _given(connection, tenant_id=tenant_id, holder=actor, now=now)
        if actor.startswith(PERSON):
            return Maker(actor, None, None, 0, held)
        row = await connection.fetchrow(_SQL["client"], tenant_id, actor)
        return Maker(row["made_by"] if row else None, actor, None, 0, held)
    return Maker(actor, None, None, 0, None)


async def people_behind(
    connection: Connection, *, tenant_id: int, holders: Sequence[str]
) -> frozenset[str]:
    """Who made these, of them that are keys and clients."""
    rows = await connection.fetch(_SQL["made_by"], tenant_id, list(holders))
    return frozenset(row["made_by"] for row in rows)


async def _line(connection: Connection, *, tenant_id: int, key_id: str) -> list[asyncpg.Record]:
    """A key, the key that made it, and so on; at most as many as may be."""
    line: list[asyncpg.Record] = []
    asked: str | None = key_id
    while asked is not None and asked.startswith(KEY) and len(line) < LINE_MAX:
        row = await connection.fetchrow(_SQL["key"], tenant_id, asked)
        if row is None:
            break
        line.append(row)
        asked = row["made_with"]
    return line


async def _held(
    connection: Connection, *, tenant_id: int, line: Sequence[asyncpg.Record], now: Instant
) -> Held:
    """What the first key of a line holds: what it was given, and of what is its maker's what that one still holds."""
    held: Held = {}
    if line and line[-1]["inherits"]:
        top = line[-1]["made_with"] or line[-1]["made_by"] or ""
        held = await _given(connection, tenant_id=tenant_id, holder=top, now=now)
    for link in reversed(line):
        own: dict[str, Instant | None] = dict.fromkeys(link["roles"])
        if link["inherits"]:
            own = {role: held[role] for role in own if role in held}
        given = await _given(connection, tenant_id=tenant_id, holder=link["key_id"], now=now)
        held = own | {
            role: _later(own[role], until) if role in own else until
            for role, until in given.items()
        }
    return held


async def _given(connection: Connection, *, tenant_id: int, holder: str, now: Instant) -> Held:
    rows = await connection.fetch(_SQL["held"], tenant_id, holder, now)
    return {row["role"]: row["until_at"] for row in rows}


async def _is_there(connection: Connection, *, tenant_id: int, made_by: str | None) -> bool:
    """Whether a person who made something is active; whoever is no person is not asked about."""
    if made_by is None or not made_by.startswith(PERSON):
        return True
    return await connection.fetchval(_SQL["person"], tenant_id, made_by) == "active"


def _is_in_force(link: Any, now: Instant) -> bool:
    return link["revoked_at"] is None and (link["expires_at"] is None or now < link["expires_at"])


def _later(one: Instant | None, other: Instant | None) -> Instant | None:
    return None if one is None or other is None else max(one, other)

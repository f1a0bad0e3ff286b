"""Clients and consents as the record was told of them, read from their tables to be compared with it."""

from collections.abc import AsyncGenerator
from typing import Any

from tallystick.identity.model import deeds_of_clients as deeds
from tallystick.identity.store.clients import CONTEXT, Registered, made
from tallystick.kernel.entries import Deed
from tallystick.kernel.instants import Instant
from tallystick.kernel.tags import Tag
from tallystick.runtime import record
from tallystick.runtime.database import Connection
from tallystick.runtime.sql import queries

ROWS_AT_ONCE_MAX = 5_000
_SQL = queries(CONTEXT, "recorded")
_STEPS = {
    "ask": Tag.IDENTITY_CONSENT_ASK,
    "give": Tag.IDENTITY_CONSENT_GIVE,
    "refuse": Tag.IDENTITY_CONSENT_REFUSE,
    "end": Tag.IDENTITY_CONSENT_END,
}
TAGS = frozenset({Tag.IDENTITY_CLIENT_CREATE, Tag.IDENTITY_CLIENT_END, *_STEPS.values()})

_Acts = AsyncGenerator[list[tuple[Deed, bool]], None]


async def clients(
    connection: Connection, *, tenant_id: int, since: Instant, until: Instant
) -> _Acts:
    """Read the making of clients; the connection is an operator's."""
    cursor = await connection.cursor(_SQL["clients"], tenant_id, since, until)
    while rows := await cursor.fetch(ROWS_AT_ONCE_MAX):
        yield [(_made(row), True) for row in rows]


async def ends_of_clients(
    connection: Connection, *, tenant_id: int, since: Instant, until: Instant
) -> _Acts:
    """Read the ends of clients; the connection is an operator's."""
    cursor = await connection.cursor(_SQL["ends_of_clients"], tenant_id, since, until)
    while rows := await cursor.fetch(ROWS_AT_ONCE_MAX):
        yield [
            (
                deeds.end_of_client(row["client_id"], at=row["ended_at"], caller=record.SOMEBODY),
                True,
            )
            for row in rows
        ]


async def consents_asked(
    connection: Connection, *, tenant_id: int, since: Instant, until: Instant
) -> _Acts:
    """Read what third parties asked for; the connection is an operator's."""
    cursor = await connection.cursor(_SQL["consents_asked"], tenant_id, since, until)
    while rows := await cursor.fetch(ROWS_AT_ONCE_MAX):
        yield [(_step(row), True) for row in rows]


async def consents_decided(
    connection: Connection, *, tenant_id: int, since: Instant, until: Instant
) -> _Acts:
    """Read what people answered; the connection is an operator's."""
    cursor = await connection.cursor(_SQL["consents_decided"], tenant_id, since, until)
    while rows := await cursor.fetch(ROWS_AT_ONCE_MAX):
        yield [(_step(row), True) for row in rows]


async def consents_ended(
    connection: Connection, *, tenant_id: int, since: Instant, until: Instant
) -> _Acts:
    """Read which consents ended; the connection is an operator's."""
    cursor = await connection.cursor(_SQL["consents_ended"], tenant_id, since, until)
    while rows := await cursor.fetch(ROWS_AT_ONCE_MAX):
        yield [(_step(row), True) for row in rows]


SOURCES = (clients, ends_of_clients, consents_asked, consents_decided, consents_ended)


def _made(row: Any) -> Deed:
    texts = {"redirect_uris": tuple(row["redirect_uris"]), "scope": tuple(row["scope"])}
    found: Any = {name: row[name] for name in Registered._fields} | texts
    client = Registered(**found)
    return made(client, name=row["name"], at=row["created_at"], caller=record.SOMEBODY)


def _step(row: Any) -> Deed:
    return deeds.consent(
        _STEPS[row["step"]],
        row["consent_id"],
        client_id=row["client_id"],
        scope=list(row["scope"]),
        at=row["at"],
        caller=record.SOMEBODY,
    )

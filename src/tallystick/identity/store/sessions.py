"""Sign-ins under way and sessions, as rows."""

from typing import Any, NamedTuple

import asyncpg

from tallystick.identity.api.sessions import Session
from tallystick.identity.model import deeds_of_people as deeds
from tallystick.kernel import instants
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import Instant
from tallystick.runtime import record
from tallystick.runtime.database import Connection
from tallystick.runtime.sql import queries

CONTEXT = "identity"
FORGOTTEN_AT_ONCE_MAX = 1_000
_SQL = queries(CONTEXT, "sessions")


class SignInRow(NamedTuple):
    """A sign-in that was under way; ``subject`` is there when SAML has answered."""

    provider: str
    number: int
    redirect: str
    expires_at: Instant
    code_hash: bytes | None
    subject: str | None
    methods: tuple[str, ...]
    mfa_at: Instant | None


class Waiting(NamedTuple):
    """A sign-in that waits for the provider's answer, as it is found by its state."""

    hash: bytes
    provider: str
    number: int
    redirect: str
    expires_at: Instant
    code_hash: bytes | None


class SessionRow(NamedTuple):
    """A session to be opened."""

    session_id: str
    person_id: str
    hash: bytes
    issuer: str
    methods: tuple[str, ...]
    device: str
    device_known: bool
    network: str
    country: str
    started_at: Instant
    expires_at: Instant
    mfa_at: Instant | None


class Found(NamedTuple):
    """A session as it is found by its hash, with the status of its person."""

    session_id: str
    person_id: str
    started_at: Instant
    expires_at: Instant
    ended_at: Instant | None
    seen_at: Instant | None
    status: str


async def insert_sign_in(
    connection: Connection,
    *,
    tenant_id: int,
    hashed: bytes,
    state_hash: bytes,
    provider: str,
    number: int,
    redirect: str,
    now: Instant,
    until: Instant,
) -> None:
    """Write down that a sign-in is under way, and forget what has passed, at most 1,000 at once."""
    await connection.execute(_SQL["forget_sign_ins"], tenant_id, now, FORGOTTEN_AT_ONCE_MAX)
    await connection.execute(
        _SQL["insert_sign_in"],
        tenant_id,
        hashed,
        state_hash,
        provider,
        number,
        redirect,
        now,
        until,
    )


async def spend_sign_in(
    connection: Connection, *, tenant_id: int, hashed: bytes
) -> SignInRow | None:
    """Take a sign-in away, so that nobody finishes it twice."""
    row = await connection.fetchrow(_SQL["spend_sign_in"], tenant_id, hashed)
    if row is None:
        return None
    fields: dict[str, Any] = dict(row) | {"methods": tuple(row["methods"])}
    return SignInRow(**fields)


async def waiting_sign_in(
    connection: Connection, *, tenant_id: int, state_hash: bytes
) -> Waiting | None:
    """Find what waits for an answer with this state."""
    row = await connection.fetchrow(_SQL["sign_in_by_state"], tenant_id, state_hash)
    return Waiting(**dict(row)) if row else None


async def answer_sign_in(
    connection: Connection,
    *,
    tenant_id: int,
    hashed: bytes,
    code_hash: bytes,
    subject: str,
    methods: tuple[str, ...],
    mfa_at: Instant | None,
) -> bool:
    """Keep who signed in for whoever began; answers False when that was answered before."""
    done = await connection.fetchval(
        _SQL["answer_sign_in"], tenant_id, hashed, code_hash, subject, list(methods), mfa_at
    )
    return done is not None


async def is_device_known(
    connection: Connection, *, tenant_id: int, person_id: str, device: str
) -> bool:
    """Whether the person proved a second factor in a session on this device before."""
    return bool(device) and bool(
        await connection.fetchval(_SQL["device_proven"], tenant_id, person_id, device)
    )


async def insert_session(
    connection: Connection, *, tenant_id: int, row: SessionRow, caller: Caller
) -> bool:
    """Open a session and tell the record; answers False when one with this hash is there. ``caller`` is the person."""
    if not await connection.fetchval(_SQL["insert_session"], tenant_id, *row):
        return False
    told = deeds.sign_in(
        row.session_id,
        mfa=row.mfa_at is not None,
        device_known=row.device_known,
        issuer=row.issuer,
        at=row.started_at,
        caller=caller,
    )
    await record.write_deeds(connection, context=CONTEXT, tenant_id=tenant_id, deeds=(told,))
    return True


async def find_session(connection: Connection, *, hashed: bytes) -> int | None:
    """Find the tenant of a session that was not ended; a read that needs no tenant."""
    row = await connection.fetchrow(_SQL["find_session"], hashed)
    return row["tenant_id"] if row else None


async def open_session(connection: Connection, *, tenant_id: int, hashed: bytes) -> Found | None:
    """Read a session by its hash, whether it has ended or not."""
    row = await connection.fetchrow(_SQL["open_session"], tenant_id, hashed)
    return Found(**dict(row)) if row else None


async def see_session(
    connection: Connection, *, tenant_id: int, session_id: str, now: Instant
) -> None:
    """Write down that a session is in use."""
    await connection.execute(_SQL["see_session"], tenant_id, session_id, now)


async def sessions(
    connection: Connection, *, caller: Caller, after: str, limit: int
) -> list[Session]:
    """Read the sessions of whoever asks whose id is below ``after``, the newest first."""
    rows = await connection.fetch(_SQL["sessions"], caller.tenant_id, caller.actor, after, limit)
    return [_session(row, current=caller.session) for row in rows]


async def end_session(
    connection: Connection, *, caller: Caller, session_id: str, now: Instant
) -> int | None:
    """End one session of whoever asks: how many were ended, None when there is no such."""
    owner = (caller.tenant_id, caller.actor, session_id)
    if not await connection.fetchval(_SQL["session_is_theirs"], *owner):
        return None
    rows = await connection.fetch(_SQL["end_session"], *owner, now)
    return await _tell_ends(connection, rows, caller=caller, now=now)


async def end_sessions(connection: Connection, *, caller: Caller, now: Instant) -> int:
    """End all sessions of whoever asks that are open: how many there were."""
    rows = await connection.fetch(_SQL["end_sessions"], caller.tenant_id, caller.actor, now)
    return await _tell_ends(connection, rows, caller=caller, now=now)


async def _tell_ends(
    connection: Connection, rows: list[asyncpg.Record], *, caller: Caller, now: Instant
) -> int:
    told = deeds.ends_of_sessions([row["session_id"] for row in rows], at=now, caller=caller)
    if told:
        await record.write_deeds(
            connection, context=CONTEXT, tenant_id=caller.tenant_id, deeds=told
        )
    return len(told)


def _session(row: asyncpg.Record, *, current: str) -> Session:
    times = {
        name: None if row[name] is None else instants.render(row[name])
        for name in ("seen_at", "mfa_at", "ended_at")
    }
    return Session(
        session_id=row["session_id"],
        started_at=instants.render(row["started_at"]),
        expires_at=instants.render(row["expires_at"]),
        issuer=row["issuer"],
        methods=tuple(row["methods"]),
        network=row["network"],
        country=row["country"],
        device_known=row["device_known"],
        current=row["session_id"] == current,
        **times,
    )

"""Second factors, challenges and what sessions have proven, as rows. Every write holds the person until it commits."""

from typing import Any

import msgspec

from tallystick.kernel.instants import Instant
from tallystick.runtime.database import Connection
from tallystick.runtime.sql import queries

_SQL = queries("identity", "factors")


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A session that has neither ended nor expired, and what was proven in it."""

    session_id: str
    started_at: Instant
    expires_at: Instant
    mfa_at: Instant | None
    stepped_up_at: Instant | None


class FactorRow(msgspec.Struct, frozen=True, kw_only=True):
    """A second factor: a sealed secret under the named key, or a passkey's public key (COSE) and counter."""

    factor_id: str
    person_id: str
    kind: str
    label: str
    created_at: Instant
    confirmed_at: Instant | None = None
    ended_at: Instant | None = None
    secret: bytes | None = None
    key_name: str | None = None
    credential_id: bytes | None = None
    public_key: bytes | None = None
    sign_count: int | None = None


class ChallengeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A challenge that was just spent: what it was for, the SHA-256 of it, and the chance in it."""

    subject: str
    hash: bytes
    nonce: bytes | None


async def hold_person(connection: Connection, *, tenant_id: int, person_id: str) -> str | None:
    """Hold a person, so that what is decided about their factors is decided once; answers the name, None if unknown."""
    row = await connection.fetchrow(_SQL["hold_person"], tenant_id, person_id)
    return None if row is None else row["name"]


async def session(
    connection: Connection, *, tenant_id: int, session_id: str, person_id: str, now: Instant
) -> SessionRow | None:
    """Read a session of a person, unless it has ended or expired."""
    row = await connection.fetchrow(_SQL["session"], tenant_id, session_id, person_id, now)
    return None if row is None else msgspec.convert(dict(row), SessionRow)


async def prove(
    connection: Connection, *, tenant_id: int, session_id: str, method: str, now: Instant
) -> SessionRow:
    """Write that a factor was proven in a session; when one was first is kept."""
    row = await connection.fetchrow(_SQL["prove"], tenant_id, session_id, now, method)
    return msgspec.convert(dict(row), SessionRow)


async def end_sessions(
    connection: Connection, *, tenant_id: int, person_id: str, now: Instant
) -> int:
    """End every session of a person; answers how many ended."""
    return len(await connection.fetch(_SQL["end_sessions"], tenant_id, person_id, now))


async def factors(connection: Connection, *, tenant_id: int, person_id: str) -> list[FactorRow]:
    """Read the factors of a person that have not ended, oldest first; those that wait for a first code too."""
    rows = await connection.fetch(_SQL["factors"], tenant_id, person_id)
    return [msgspec.convert(dict(row), FactorRow) for row in rows]


async def of_credential(
    connection: Connection, *, tenant_id: int, credential_id: bytes
) -> FactorRow | None:
    """Find the factor of a passkey, also one that has ended."""
    row = await connection.fetchrow(_SQL["of_credential"], tenant_id, credential_id)
    return None if row is None else msgspec.convert(dict(row), FactorRow)


async def insert(connection: Connection, *, tenant_id: int, factor: FactorRow) -> bool:
    """Write a factor; False when its passkey is known already."""
    return (
        await connection.fetchval(
            _SQL["insert"], tenant_id, factor.factor_id, factor.person_id, factor.kind,
            factor.label, factor.created_at, factor.confirmed_at, factor.secret, factor.key_name,
            factor.credential_id, factor.public_key, factor.sign_count,
        )
    ) is not None  # fmt: skip


async def confirm(connection: Connection, *, tenant_id: int, factor_id: str, now: Instant) -> None:
    """Write that a first code was right."""
    await connection.execute(_SQL["confirm"], tenant_id, factor_id, now)


async def reseal(
    connection: Connection, *, tenant_id: int, factor_id: str, sealed: bytes, key_name: str
) -> None:
    """Keep a secret under another key."""
    await connection.execute(_SQL["reseal"], tenant_id, factor_id, sealed, key_name)


async def count_signature(
    connection: Connection, *, tenant_id: int, factor_id: str, sign_count: int
) -> None:
    """Keep how often a passkey has signed."""
    await connection.execute(_SQL["count_signature"], tenant_id, factor_id, sign_count)


async def end(connection: Connection, *, tenant_id: int, factor_id: str, now: Instant) -> None:
    """End a factor; a secret goes with it, a public key stays for what it signed."""
    await connection.execute(_SQL["end"], tenant_id, factor_id, now)


async def fail(
    connection: Connection, *, tenant_id: int, person_id: str, failure_id: str, now: Instant
) -> None:
    """Count a wrong code."""
    await connection.execute(_SQL["insert_failure"], tenant_id, person_id, failure_id, now)


async def failures(
    connection: Connection, *, tenant_id: int, person_id: str, since: Instant
) -> tuple[int, Instant]:
    """How many wrong codes there were after ``since``, and when the last was, 0 without any."""
    row: Any = await connection.fetchrow(_SQL["failures"], tenant_id, person_id, since)
    return row["failures"], row["last_at"] or 0


async def forget_failures(
    connection: Connection, *, tenant_id: int, person_id: str, until: Instant
) -> None:
    """Forget wrong codes up to ``until``."""
    await connection.execute(_SQL["forget_failures"], tenant_id, person_id, until)


async def insert_challenge(
    connection: Connection,
    *,
    tenant_id: int,
    challenge_id: str,
    person_id: str,
    session_id: str,
    purpose: str,
    subject: str,
    hashed: bytes,
    nonce: bytes | None,
    now: Instant,
    until: Instant,
) -> None:
    """Write a challenge by its hash, and forget those of this person that are too old."""
    await connection.execute(_SQL["forget_challenges"], tenant_id, person_id, now)
    await connection.execute(
        _SQL["insert_challenge"], tenant_id, challenge_id, person_id, session_id, purpose, subject,
        hashed, nonce, now, until,
    )  # fmt: skip


async def count_challenges(connection: Connection, *, tenant_id: int, person_id: str) -> int:
    """How many challenges of a person are kept."""
    return await connection.fetchval(_SQL["count_challenges"], tenant_id, person_id)


async def spend_challenge(
    connection: Connection,
    *,
    tenant_id: int,
    challenge_id: str,
    person_id: str,
    session_id: str,
    purpose: str,
    now: Instant,
) -> ChallengeRow | None:
    """Spend a challenge; None when it is not this session's and purpose's, was spent, or is too old."""
    row = await connection.fetchrow(
        _SQL["spend_challenge"], tenant_id, challenge_id, person_id, session_id, purpose, now
    )
    return None if row is None else msgspec.convert(dict(row), ChallengeRow)

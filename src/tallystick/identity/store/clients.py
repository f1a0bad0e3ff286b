"""Clients, consents and tokens as rows, and what the record is told of them."""

import json
from hashlib import sha256
from typing import Any, NamedTuple

import asyncpg

from tallystick.identity.api import TenantNotFound
from tallystick.identity.api.clients import Client, Consent
from tallystick.identity.model import deeds_of_clients as deeds
from tallystick.identity.model.access_tokens import AccessToken
from tallystick.identity.model.grants import Wanted
from tallystick.kernel import instants
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import Deed
from tallystick.kernel.instants import Instant
from tallystick.kernel.tags import Tag
from tallystick.runtime import record
from tallystick.runtime.database import Connection
from tallystick.runtime.sql import queries

CONTEXT = "identity"
_SQL = queries(CONTEXT, "clients")


class Registered(NamedTuple):
    """A client as it is proven: its keys as text or its certificate, and what it may ask for."""

    tenant_id: int
    client_id: str
    key_set: str | None
    certificate_thumbprint: bytes | None
    certificate_subject: str | None
    redirect_uris: tuple[str, ...]
    scope: tuple[str, ...]
    made_by: str | None = None


class Asked(NamedTuple):
    """A consent as the token endpoint needs it."""

    consent_id: str
    client_id: str
    secret_hash: bytes
    redirect_uri: str
    scope: tuple[str, ...]
    state: str | None
    code_challenge: str
    dpop_thumbprint: str | None
    expires_at: Instant
    person_id: str | None
    session_id: str | None
    code_hash: bytes | None
    decided_at: Instant | None
    redeemed_at: Instant | None
    ended_at: Instant | None


async def insert_client(
    connection: Connection, *, client: Registered, name: str, now: Instant, caller: Caller
) -> None:
    """Write a client and its entry. Raises TenantNotFound."""
    try:
        await connection.execute(
            _SQL["insert_client"],
            client.tenant_id,
            client.client_id,
            name,
            client.key_set,
            client.certificate_thumbprint,
            client.certificate_subject,
            list(client.redirect_uris),
            list(client.scope),
            now,
            client.made_by,
        )
    except asyncpg.ForeignKeyViolationError as error:
        if error.as_dict().get("constraint_name") != TenantNotFound.code:
            raise
        raise TenantNotFound("There is no such tenant.") from None
    await _tell(connection, client.tenant_id, made(client, name=name, at=now, caller=caller))


def made(client: Registered, *, name: str, at: Instant, caller: Caller) -> Deed:
    """What the record is told of a client that is made."""
    thumbprint, subject = client.certificate_thumbprint, client.certificate_subject
    return deeds.client(
        client.client_id,
        name=name,
        proof=thumbprint or (client.key_set or subject or "").encode(),
        redirects=list(client.redirect_uris),
        scope=list(client.scope),
        made_by=client.made_by,
        at=at,
        caller=caller,
    )


async def end_client(
    connection: Connection, *, tenant_id: int, client_id: str, now: Instant, caller: Caller
) -> None:
    """End a client, unless it has ended or does not exist."""
    if await connection.fetchval(_SQL["end_client"], tenant_id, client_id, now) is not None:
        await _tell(connection, tenant_id, deeds.end_of_client(client_id, at=now, caller=caller))


async def client(connection: Connection, *, tenant_id: int, client_id: str) -> Client | None:
    """Read a client."""
    row = await connection.fetchrow(_SQL["client"], tenant_id, client_id)
    return _client(row) if row else None


async def clients(
    connection: Connection, *, tenant_id: int, after: str, limit: int
) -> list[Client]:
    """Read the clients whose id is above ``after``, in order."""
    rows = await connection.fetch(_SQL["clients"], tenant_id, after, limit)
    return [_client(row) for row in rows]


async def find_client(connection: Connection, *, client_id: str) -> int | None:
    """Find whose client this is, if it has not ended; it needs no tenant."""
    return await connection.fetchval(_SQL["find_client"], client_id)


async def registered(
    connection: Connection, *, tenant_id: int, client_id: str
) -> Registered | None:
    """Read how a client that is in force is proven."""
    row = await connection.fetchrow(_SQL["client"], tenant_id, client_id)
    if row is None or row["ended_at"] is not None:
        return None
    return Registered(
        tenant_id=tenant_id,
        client_id=client_id,
        key_set=row["key_set"],
        certificate_thumbprint=row["certificate_thumbprint"],
        certificate_subject=row["certificate_subject"],
        redirect_uris=tuple(row["redirect_uris"]),
        scope=tuple(row["scope"]),
    )


async def is_in_force(connection: Connection, *, token: AccessToken, now: Instant) -> bool:
    """Whether the client of a token, and the consent it is for, have not ended."""
    tenant_id = token.tenant_id
    found = await connection.fetchval(_SQL["client_is_in_force"], tenant_id, token.client_id)
    if found and token.session != token.token_id:
        found = await connection.fetchval(
            _SQL["session_is_in_force"], tenant_id, token.session, now
        )
    return bool(found)


async def insert_consent(
    connection: Connection,
    *,
    client: Registered,
    consent_id: str,
    hashed: bytes,
    wanted: Wanted,
    now: Instant,
    caller: Caller,
) -> None:
    """Write what a third party will ask a person for, and its entry."""
    await connection.execute(
        _SQL["insert_consent"],
        client.tenant_id,
        consent_id,
        client.client_id,
        hashed,
        wanted.redirect_uri,
        list(wanted.scope),
        wanted.state,
        wanted.code_challenge,
        wanted.dpop_thumbprint,
        now,
        wanted.expires_at,
    )
    deed = deeds.consent(
        Tag.IDENTITY_CONSENT_ASK,
        consent_id,
        client_id=client.client_id,
        scope=list(wanted.scope),
        at=now,
        caller=caller,
    )
    await _tell(connection, client.tenant_id, deed)


async def asked(connection: Connection, *, tenant_id: int, consent_id: str) -> Asked | None:
    """Read a consent as the token endpoint needs it."""
    row = await connection.fetchrow(_SQL["consent"], tenant_id, consent_id)
    if row is None:
        return None
    found: Any = {name: row[name] for name in Asked._fields}
    return Asked(**found | {"scope": tuple(row["scope"])})


async def consent(
    connection: Connection, *, tenant_id: int, consent_id: str, person_id: str
) -> Consent | None:
    """Read a consent that waits for anybody, or is this person's."""
    row = await connection.fetchrow(_SQL["consent"], tenant_id, consent_id)
    return _consent(row) if row and row["person_id"] in (None, person_id) else None


async def consents(
    connection: Connection, *, tenant_id: int, person_id: str, after: str, limit: int
) -> list[Consent]:
    """Read what a person was asked and answered, in order."""
    rows = await connection.fetch(_SQL["consents"], tenant_id, person_id, after, limit)
    return [_consent(row) for row in rows]


async def decide_consent(
    connection: Connection, *, asked: Asked, code_hash: bytes | None, now: Instant, caller: Caller
) -> bool:
    """Write what the caller said to a request, with its entry; False when it was answered or is over. None is no."""
    done = await connection.fetchval(
        _SQL["decide_consent"],
        caller.tenant_id,
        asked.consent_id,
        caller.actor,
        caller.session,
        code_hash,
        now,
    )
    if done is None:
        return False
    tag = Tag.IDENTITY_CONSENT_GIVE if code_hash is not None else Tag.IDENTITY_CONSENT_REFUSE
    await _tell_consent(connection, tag, asked, now=now, caller=caller)
    return True


async def redeem(
    connection: Connection, *, asked: Asked, token: AccessToken, code_hash: bytes, since: Instant
) -> bool:
    """Take up a code that was given after ``since``: its consent becomes a session. False when it cannot be."""
    now = token.issued_at_s * instants.SECOND
    taken = await connection.fetchval(
        _SQL["redeem_consent"],
        token.tenant_id,
        asked.consent_id,
        token.client_id,
        code_hash,
        now,
        since,
    )
    if taken is None:
        return False
    opened = await connection.fetchval(
        _SQL["open_consent_session"],
        token.tenant_id,
        asked.consent_id,
        asked.session_id,
        # Nothing has this hash: what opens the session is the token alone.
        sha256(b"consent:" + code_hash).digest(),
        token.client_id,
        now,
        token.expires_at_s * instants.SECOND,
    )
    return opened is not None


async def end_consent(
    connection: Connection, *, asked: Asked, now: Instant, caller: Caller
) -> None:
    """End a consent and its session, unless it has ended."""
    tenant_id, consent_id = caller.tenant_id, asked.consent_id
    if await connection.fetchval(_SQL["end_consent"], tenant_id, consent_id, now) is not None:
        await connection.execute(_SQL["end_consent_session"], tenant_id, consent_id, now)
        await _tell_consent(connection, Tag.IDENTITY_CONSENT_END, asked, now=now, caller=caller)


async def may_forget(connection: Connection, *, tenant_id: int) -> bool:
    """Whether nobody else is forgetting what is past of this tenant, until the open transaction ends."""
    return await connection.fetchval(_SQL["may_forget"], tenant_id)


async def commit_lazily(connection: Connection) -> None:
    """Let the open transaction commit without waiting for the disk: it only remembers a proof for a minute or two."""
    await connection.execute(_SQL["commit_lazily"])


async def tell_token(
    connection: Connection, *, token: AccessToken, now: Instant, caller: Caller
) -> None:
    """Write the entry of a token that is given, in the transaction that spends what it was asked with."""
    await _tell(connection, token.tenant_id, deeds.token(token, at=now, caller=caller))


async def _tell_consent(
    connection: Connection, tag: Tag, asked: Asked, *, now: Instant, caller: Caller
) -> None:
    deed = deeds.consent(
        tag,
        asked.consent_id,
        client_id=asked.client_id,
        scope=list(asked.scope),
        at=now,
        caller=caller,
    )
    await _tell(connection, caller.tenant_id, deed)


async def _tell(connection: Connection, tenant_id: int, deed: Deed) -> None:
    await record.write_deeds(connection, context=CONTEXT, tenant_id=tenant_id, deeds=(deed,))


def _client(row: Any) -> Client:
    thumbprint = row["certificate_thumbprint"]
    if row["key_set"] is not None:
        proven_by = "private_key_jwt"
    else:
        proven_by = "tls_client_auth" if thumbprint is None else "self_signed_tls_client_auth"
    return Client(
        client_id=row["client_id"],
        name=row["name"],
        proven_by=proven_by,
        created_at=instants.render(row["created_at"]),
        key_set=None if row["key_set"] is None else json.loads(row["key_set"]),
        certificate_thumbprint=None if thumbprint is None else thumbprint.hex(),
        certificate_subject=row["certificate_subject"],
        redirect_uris=tuple(row["redirect_uris"]),
        scope=tuple(row["scope"]),
        ended_at=_time(row["ended_at"]),
    )


def _consent(row: Any) -> Consent:
    return Consent(
        consent_id=row["consent_id"],
        client_id=row["client_id"],
        client=row["name"],
        scope=tuple(row["scope"]),
        asked_at=instants.render(row["asked_at"]),
        expires_at=instants.render(row["expires_at"]),
        decided_at=_time(row["decided_at"]),
        allowed=None if row["decided_at"] is None else row["code_hash"] is not None,
        redeemed_at=_time(row["redeemed_at"]),
        ended_at=_time(row["ended_at"]),
    )


def _time(instant: Instant | None) -> str | None:
    return None if instant is None else instants.render(instant)

"""Sessions made real: the proof of who asks, found sessions remembered for five seconds, and their ends."""

from typing import NoReturn

from tallystick.identity.adapters.oidc import OidcIssuers
from tallystick.identity.api.sessions import (
    AccessTokenNotAccepted,
    EndSession,
    EndSessions,
    ListSessions,
    PersonNotKnown,
    ProveAccessToken,
    ProveSession,
    SessionNotAccepted,
    SessionNotFound,
    SessionPage,
    SessionsEnded,
)
from tallystick.identity.model import keys as key_rules
from tallystick.identity.model import session_texts
from tallystick.identity.model.jws import BadToken, Jws, parse_jws
from tallystick.identity.model.tokens_of_people import Proven, check_access_token, claimed
from tallystick.identity.service.keys import FoundKeys
from tallystick.identity.service.opening import as_tenant, open_session, person_of
from tallystick.identity.service.sign_ins import trust_of
from tallystick.identity.store import providers as provider_store
from tallystick.identity.store import sessions as store
from tallystick.identity.store.sessions import Found
from tallystick.kernel import instants
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import Instant
from tallystick.kernel.problems import Problem
from tallystick.kernel.tags import Tag
from tallystick.runtime.clock import Clock, Mint
from tallystick.runtime.database import Database
from tallystick.runtime.record import Pen

# A session that rests so long has ended; that it is in use is written down once a minute.
IDLE: Instant = 1_800 * instants.SECOND
SEEN_EVERY: Instant = 60 * instants.SECOND
TOKEN_LASTS: Instant = instants.DAY
_SESSION_ID_MAX = 64
_NO_SESSION = "The session is not in force: sign in again, with `tallystick login` or your program."
_NOT_TAKEN = "Send an access token of your provider that is for this service and in force."
_NOT_KNOWN = (
    "You are not known here: ask those who look after people in your organisation to add you."
)


class SessionsService:
    """The door of sessions, over the database of role ``tallystick_identity``."""

    def __init__(
        self, *, database: Database, mint: Mint, clock: Clock, issuers: OidcIssuers, pen: Pen
    ) -> None:
        self._database = database
        self._mint = mint
        self._clock = clock
        self._issuers = issuers
        self._pen = pen
        self._found = FoundKeys(clock)

    async def prove(self, *, caller: Caller, message: ProveSession) -> Caller:
        """Prove whose session it is. Raises SessionNotAccepted."""
        hashed = session_texts.hash_of(message.session)
        proven = self._found.get(hashed)
        if proven is None:
            asked_at = self._clock.now()
            found = await self._open(message.session, hashed, asked_at)
            if found is None:
                await self._refuse(caller, SessionNotAccepted(_NO_SESSION), message)
            proven, until = found
            self._found.put(hashed, proven, asked_at=asked_at, expires_at=until)
        return _asking_as(proven, caller)

    async def _open(self, text: str, hashed: bytes, now: Instant) -> tuple[Caller, Instant] | None:
        if not session_texts.is_session(text):
            return None
        async with self._database.without_tenant(read_only=True) as connection:
            tenant_id = await store.find_session(connection, hashed=hashed)
        if tenant_id is None:
            return None
        async with self._database.transaction(tenant_id=tenant_id) as connection:
            found = await store.open_session(connection, tenant_id=tenant_id, hashed=hashed)
            if found is None or not _is_open(found, now) or _rests(found, now):
                return None
            if now - (found.seen_at or found.started_at) >= SEEN_EVERY:
                await store.see_session(
                    connection, tenant_id=tenant_id, session_id=found.session_id, now=now
                )
        proven = Caller(tenant_id=tenant_id, actor=found.person_id, session=found.session_id)
        return proven, found.expires_at

    async def prove_token(self, *, caller: Caller, message: ProveAccessToken) -> Caller:
        """Prove whose access token it is. Raises AccessTokenNotAccepted, PersonNotKnown, ProviderOutOfReach."""
        hashed = session_texts.hash_of(message.token)
        known = self._found.get(hashed)
        if known is not None:
            return _asking_as(known, caller)
        asked_at = self._clock.now()
        try:
            tenant_id, proven = await self._checked(parse_jws(message.token))
        except BadToken:
            await self._refuse(caller, AccessTokenNotAccepted(_NOT_TAKEN), message)
        found = await self._session_of(as_tenant(caller, tenant_id), proven, hashed, message)
        if found is None:
            await self._refuse(caller, PersonNotKnown(_NOT_KNOWN), message)
        if not _is_open(found, self._clock.now()):
            await self._refuse(caller, AccessTokenNotAccepted(_NOT_TAKEN), message)
        person = Caller(tenant_id=tenant_id, actor=found.person_id, session=found.session_id)
        self._found.put(hashed, person, asked_at=asked_at, expires_at=found.expires_at)
        return _asking_as(person, caller)

    async def _checked(self, jws: Jws) -> tuple[int, Proven]:
        """Find whose token it says it is, and believe it when that tenant's provider signed it."""
        issuer, audiences = claimed(jws)
        async with self._database.without_tenant(read_only=True) as connection:
            found = await provider_store.find_provider(
                connection, issuer=issuer, audiences=audiences
            )
        if found is None:
            raise BadToken("no tenant takes tokens of this issuer for this audience")
        tenant_id, name = found
        async with self._database.transaction(tenant_id=tenant_id, read_only=True) as connection:
            row = await provider_store.provider(connection, tenant_id=tenant_id, provider=name)
        if row is None or row.audience is None:
            raise BadToken("the provider was changed meanwhile")
        return tenant_id, check_access_token(
            jws,
            keys=await self._issuers.keys(row.issuer, kid=jws.header.get("kid")),
            trust=trust_of(row),
            audience=row.audience,
            now=self._clock.now(),
        )

    async def _session_of(
        self, caller: Caller, proven: Proven, hashed: bytes, message: ProveAccessToken
    ) -> Found | None:
        """The session that a token stands for, opened when it comes the first time; None for nobody we know."""
        tenant_id, now = caller.tenant_id, self._clock.now()
        async with self._database.transaction(tenant_id=tenant_id) as connection:
            found = await store.open_session(connection, tenant_id=tenant_id, hashed=hashed)
            if found is not None:
                return found
            person_id = await person_of(connection, caller=caller, proven=proven)
            if person_id is not None:
                await open_session(
                    connection,
                    caller=caller,
                    person_id=person_id,
                    proven=proven,
                    session_id=self._mint.id("ses"),
                    hashed=hashed,
                    device=message.device,
                    country=message.country,
                    now=now,
                    until=min(proven.until, now + TOKEN_LASTS),
                )
            # Read back, since another process may have been first.
            return await store.open_session(connection, tenant_id=tenant_id, hashed=hashed)

    async def _refuse(self, caller: Caller, problem: Problem, message: object) -> NoReturn:
        # Of no tenant: those who show nothing of a tenant do not write into its record.
        await self._pen.refuse(
            caller=caller, tag=Tag.IDENTITY_PERSON_SIGN_IN, problem=problem, message=message
        )
        raise problem

    async def sessions(self, *, caller: Caller, message: ListSessions) -> SessionPage:
        """List one's own sessions. Raises Malformed."""
        limit = key_rules.checked_limit(message.limit)
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            found = await store.sessions(
                connection, caller=caller, after=message.after or "", limit=limit + 1
            )
        more = len(found) > limit
        return SessionPage(
            items=tuple(found[:limit]), after=found[limit - 1].session_id if more else None
        )

    async def end(self, *, caller: Caller, message: EndSession) -> SessionsEnded:
        """End one. Raises SessionNotFound."""
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            ended = await store.end_session(
                connection, caller=caller, session_id=message.session_id, now=self._clock.now()
            )
        if ended is None:
            raise SessionNotFound(
                "You have no such session.", {"session_id": message.session_id[:_SESSION_ID_MAX]}
            )
        self._found.forget(caller.tenant_id, caller.actor)
        return SessionsEnded(ended=ended)

    async def end_all(self, *, caller: Caller, message: EndSessions) -> SessionsEnded:
        """End all."""
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            ended = await store.end_sessions(connection, caller=caller, now=self._clock.now())
        self._found.forget(caller.tenant_id, caller.actor)
        return SessionsEnded(ended=ended)


def _is_open(found: Found, now: Instant) -> bool:
    return found.ended_at is None and now < found.expires_at and found.status == "active"


def _rests(found: Found, now: Instant) -> bool:
    return now - (found.seen_at or found.started_at) >= IDLE


def _asking_as(proven: Caller, asking: Caller) -> Caller:
    """The one who was proven, with where the asking came from."""
    return as_tenant(asking, proven.tenant_id, actor=proven.actor, session=proven.session)

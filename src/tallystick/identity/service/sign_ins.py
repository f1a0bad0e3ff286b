"""Signing in made real: a question to the tenant's provider, its answer checked, and a session."""

import asyncio
from hmac import compare_digest

from tallystick.identity.adapters.oidc import CodeRefused, OidcIssuers
from tallystick.identity.api.providers import ProviderNotFound
from tallystick.identity.api.sessions import (
    AskWays,
    FinishSignIn,
    PersonNotKnown,
    SamlAnswer,
    SamlTaken,
    SignedIn,
    SignInNotAccepted,
    SignInStarted,
    SignInWays,
    StartSignIn,
    Way,
)
from tallystick.identity.model import saml, session_texts
from tallystick.identity.model.addresses import asking, is_redirect
from tallystick.identity.model.jws import BadToken, encoded, parse_jws
from tallystick.identity.model.saml import BadAnswer, SamlTrust
from tallystick.identity.model.tokens_of_people import (
    Proven,
    Trust,
    algorithms_of,
    check_id_token,
)
from tallystick.identity.service.opening import (
    SESSION_LASTS,
    UNDER_WAY,
    as_tenant,
    demand_device,
    open_session,
    person_of,
    tenant_of,
)
from tallystick.identity.service.passkey_sign_ins import (
    NOT_ACCEPTED,
    NOT_KNOWN,
    NotTaken,
    PasskeySignIns,
    signed_in,
)
from tallystick.identity.service.proofs import Proofs
from tallystick.identity.store import once
from tallystick.identity.store import providers as provider_store
from tallystick.identity.store import sessions as store
from tallystick.identity.store.providers import ProviderRow
from tallystick.identity.store.sessions import SignInRow
from tallystick.kernel import instants
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import Instant
from tallystick.kernel.problems import malformed
from tallystick.runtime.clock import Clock, Mint
from tallystick.runtime.database import Database
from tallystick.runtime.record import Pen


class SignInService(PasskeySignIns):
    """The door of signing in, over the database of role ``tallystick_identity``."""

    def __init__(
        self,
        *,
        database: Database,
        mint: Mint,
        clock: Clock,
        issuers: OidcIssuers,
        pen: Pen,
        proofs: Proofs,
    ) -> None:
        super().__init__(database=database, mint=mint, clock=clock, pen=pen, proofs=proofs)
        self._issuers = issuers

    async def ways(self, *, caller: Caller, message: AskWays) -> SignInWays:
        """Say by which providers people come in. Raises Malformed."""
        tenant_id = tenant_of(message.tenant)
        async with self._database.transaction(tenant_id=tenant_id, read_only=True) as connection:
            found = await provider_store.providers(connection, tenant_id=tenant_id)
        return SignInWays(
            providers=tuple(Way(provider=row.provider, kind=row.kind) for row in found)
        )

    async def start(self, *, caller: Caller, message: StartSignIn) -> SignInStarted:
        """Begin. Raises Malformed, ProviderNotFound, ProviderOutOfReach."""
        tenant_id = tenant_of(message.tenant)
        row = await self._chosen(tenant_id, message.provider)
        if not is_redirect(message.redirect, known=row.redirects):
            raise malformed(
                "redirect", "an http address on 127.0.0.1, or one that the provider's row lists"
            )
        flow = session_texts.flow_text(self._mint.secret(session_texts.SECRET_BYTES))
        now = self._clock.now()
        url = await self._question(row, flow, message.redirect, now)
        state = session_texts.state_of(flow)
        async with self._database.transaction(tenant_id=tenant_id) as connection:
            await store.insert_sign_in(
                connection,
                tenant_id=tenant_id,
                hashed=session_texts.hash_of(flow),
                state_hash=session_texts.hash_of(state),
                provider=row.provider,
                number=row.number,
                redirect=message.redirect,
                now=now,
                until=now + UNDER_WAY,
            )
        return SignInStarted(flow=flow, url=url, expires_at=instants.render(now + UNDER_WAY))

    async def _chosen(self, tenant_id: int, name: str | None) -> ProviderRow:
        async with self._database.transaction(tenant_id=tenant_id, read_only=True) as connection:
            if name is not None:
                row = await provider_store.provider(connection, tenant_id=tenant_id, provider=name)
                found = [row] if row else []
            else:
                found = await provider_store.providers(connection, tenant_id=tenant_id)
        if len(found) != 1:
            raise ProviderNotFound(
                "Name a provider of the tenant: `provider` chooses one of several."
            )
        return found[0]

    async def _question(self, row: ProviderRow, flow: str, redirect: str, now: Instant) -> str:
        state = session_texts.state_of(flow)
        if row.kind == "saml":
            return saml.question(
                sign_in_url=row.sign_in_url or "",
                answer_url=row.answer_url or "",
                us=row.client,
                request_id=session_texts.request_id_of(state),
                state=state,
                at=now,
            )
        endpoints = await self._issuers.endpoints(row.issuer)
        wanted = {
            "response_type": "code",
            "client_id": row.client,
            "redirect_uri": redirect,
            "scope": "openid",
            "state": state,
            "nonce": session_texts.nonce_of(flow),
            "code_challenge": session_texts.challenge_of(flow),
            "code_challenge_method": "S256",
        }
        contexts = {"acr_values": " ".join(row.mfa_contexts)} if row.mfa_contexts else {}
        return asking(endpoints.authorization, wanted | contexts)

    async def take_saml(self, *, caller: Caller, message: SamlAnswer) -> SamlTaken:
        """Check an answer of SAML and keep what it says for whoever began. Raises SignInNotAccepted."""
        tenant_id = tenant_of(message.tenant)
        try:
            response, state = saml.read_form(message.form)
        except BadAnswer:
            response, state = "", ""
        state_hash = session_texts.hash_of(state)
        async with self._database.transaction(tenant_id=tenant_id, read_only=True) as connection:
            waiting = await store.waiting_sign_in(
                connection, tenant_id=tenant_id, state_hash=state_hash
            )
            row = waiting and await provider_store.provider(
                connection, tenant_id=tenant_id, provider=waiting.provider
            )
        now = self._clock.now()
        if waiting is None or now >= waiting.expires_at:
            problem = SignInNotAccepted(NOT_ACCEPTED)
            await self._refuse_unknown(caller, problem, message)
            raise problem
        asking_as = as_tenant(caller, tenant_id)
        try:
            if row is None or row.number != waiting.number or row.kind != "saml":
                raise NotTaken("the provider was changed meanwhile")
            request_id = session_texts.request_id_of(state)
            answered = await asyncio.to_thread(
                saml.check_response,
                response,
                trust=_saml_trust(row),
                request_id=request_id,
                now=now,
            )
            code = encoded(self._mint.secret(session_texts.SECRET_BYTES))
            await self._keep_answer(tenant_id, waiting.hash, code, row, answered)
        except (BadAnswer, NotTaken) as error:
            raise await self._refused(asking_as, SignInNotAccepted(NOT_ACCEPTED), error) from None
        return SamlTaken(url=asking(waiting.redirect, {"code": code, "state": state}))

    async def _keep_answer(
        self, tenant_id: int, hashed: bytes, code: str, row: ProviderRow, answered: saml.Answered
    ) -> None:
        proven = answered.proven
        async with self._database.transaction(tenant_id=tenant_id) as connection:
            is_first = await once.spend(
                connection,
                tenant_id=tenant_id,
                kind="saml",
                value=f"{row.issuer} {answered.assertion_id}",
                until=proven.until,
            )
            if not is_first:
                raise NotTaken("the assertion was shown before")
            kept = await store.answer_sign_in(
                connection,
                tenant_id=tenant_id,
                hashed=hashed,
                code_hash=session_texts.hash_of(code),
                subject=proven.subject,
                methods=proven.methods,
                mfa_at=proven.mfa_at,
            )
            if not kept:
                raise NotTaken("the sign-in was answered before")

    async def finish(self, *, caller: Caller, message: FinishSignIn) -> SignedIn:
        """Finish, and open a session. Raises SignInNotAccepted, PersonNotKnown, ProviderOutOfReach."""
        tenant_id = tenant_of(message.tenant)
        demand_device(message.device)
        begun = None
        if session_texts.is_flow(message.flow):
            # Gone whatever follows: neither flow nor code is tried a second time.
            async with self._database.transaction(tenant_id=tenant_id) as connection:
                begun = await store.spend_sign_in(
                    connection, tenant_id=tenant_id, hashed=session_texts.hash_of(message.flow)
                )
        if begun is None:
            problem = SignInNotAccepted(NOT_ACCEPTED)
            await self._refuse_unknown(caller, problem, message)
            raise problem
        asking_as = as_tenant(caller, tenant_id)
        try:
            proven = await self._proven(tenant_id, begun, message)
        except (BadToken, CodeRefused, NotTaken) as error:
            raise await self._refused(asking_as, SignInNotAccepted(NOT_ACCEPTED), error) from None
        return await self._open(asking_as, proven, message)

    async def _proven(self, tenant_id: int, begun: SignInRow, message: FinishSignIn) -> Proven:
        now = self._clock.now()
        if now >= begun.expires_at:
            raise NotTaken("the sign-in took too long")
        if not compare_digest(
            session_texts.state_of(message.flow).encode(), message.state.encode()
        ):
            raise NotTaken("the state is not that of this sign-in")
        async with self._database.transaction(tenant_id=tenant_id, read_only=True) as connection:
            row = await provider_store.provider(
                connection, tenant_id=tenant_id, provider=begun.provider
            )
        if row is None or row.number != begun.number:
            raise NotTaken("the provider was changed meanwhile")
        if row.kind == "saml":
            return _answered(row, begun, message.code, now)
        endpoints = await self._issuers.endpoints(row.issuer)
        # RFC 9207, section 2.4: an answer that another provider made is known by its name.
        named = message.issuer
        if named != row.issuer and (named is not None or endpoints.names_itself):
            raise NotTaken("the answer is of another issuer")
        tokens = await self._issuers.exchange(
            row.issuer,
            client=row.client,
            code=message.code,
            redirect=begun.redirect,
            verifier=session_texts.verifier_of(message.flow),
        )
        jws = parse_jws(tokens.id_token)
        return check_id_token(
            jws,
            keys=await self._issuers.keys(row.issuer, kid=jws.header.get("kid")),
            trust=trust_of(row),
            nonce=session_texts.nonce_of(message.flow),
            access_token=tokens.access_token,
            now=self._clock.now(),
        )

    async def _open(self, caller: Caller, proven: Proven, message: FinishSignIn) -> SignedIn:
        session_id = self._mint.id("ses")
        text = session_texts.session_text(
            session_id=session_id, secret=self._mint.secret(session_texts.SECRET_BYTES)
        )
        now = self._clock.now()
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            person_id = await person_of(connection, caller=caller, proven=proven)
            row = (
                None
                if person_id is None
                else await open_session(
                    connection,
                    caller=caller,
                    person_id=person_id,
                    proven=proven,
                    session_id=session_id,
                    hashed=session_texts.hash_of(text),
                    device=message.device or "",
                    country=message.country,
                    now=now,
                    until=now + SESSION_LASTS,
                )
            )
        if row is None:
            raise await self._refused(
                caller, PersonNotKnown(NOT_KNOWN), NotTaken("no active person has this login")
            )
        return signed_in(text, row)


def trust_of(row: ProviderRow) -> Trust:
    """What is taken from a provider of OpenID Connect."""
    return Trust(
        issuer=row.issuer,
        client=row.client,
        algorithms=algorithms_of(row.algorithms),
        trusts_mfa=row.trusts_mfa,
        mfa_contexts=frozenset(row.mfa_contexts),
    )


def _saml_trust(row: ProviderRow) -> SamlTrust:
    return SamlTrust(
        issuer=row.issuer,
        audience=row.client,
        answer_url=row.answer_url or "",
        certificates=row.certificates,
        trusts_mfa=row.trusts_mfa,
        mfa_contexts=frozenset(row.mfa_contexts),
    )


def _answered(row: ProviderRow, begun: SignInRow, code: str, now: Instant) -> Proven:
    """What SAML said, for whoever brings the code that was sent to where it began."""
    if begun.code_hash is None or begun.subject is None:
        raise NotTaken("the provider has not answered")
    if not compare_digest(begun.code_hash, session_texts.hash_of(code)):
        raise NotTaken("the code is not that of this sign-in")
    return Proven(
        issuer=row.issuer,
        subject=begun.subject,
        methods=begun.methods,
        mfa_at=begun.mfa_at,
        until=now + SESSION_LASTS,
    )

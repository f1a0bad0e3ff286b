"""The token endpoint made real, by the FAPI 2.0 Security Profile, and the requests that third parties push."""

from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from typing import Any

from tallystick.identity.api.tokens import (
    AUTHORIZE_PATH,
    KEYS_PATH,
    PUSH_PATH,
    TOKEN_PATH,
    ClientNotProven,
    Describe,
    LookAtRequest,
    OAuthRequest,
    Pushed,
    ShowToken,
    Token,
    TokenNotAccepted,
    TokenNotGiven,
    Waiting,
)
from tallystick.identity.model import access_tokens, dpop, grants, jws
from tallystick.identity.model.access_tokens import AccessToken
from tallystick.identity.model.client_assertion import confirmation
from tallystick.identity.model.grants import BadGrant
from tallystick.identity.model.jws import BadToken
from tallystick.identity.service.client_proofs import (
    Certificates,
    ClientProofs,
    Network,
    Spend,
    sentence,
)
from tallystick.identity.service.token_proofs import BEARER, DPOP, SigningKeys, TokenProofs
from tallystick.identity.store import clients as store
from tallystick.identity.store.clients import Registered
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import SECOND, Instant
from tallystick.kernel.problems import Problem, malformed
from tallystick.kernel.tags import Tag
from tallystick.runtime.clock import Clock, Mint
from tallystick.runtime.database import Database
from tallystick.runtime.record import Pen

_UNBOUND = "Send a proof of possession in the header DPoP, or show a certificate."


class TokensService:
    """The door of tokens, over the database of role ``tallystick_identity``.

    ``issuer`` is the address that clients know (RFC 8414); ``keys`` answers the keys that sign tokens, the last signs;
    ``bundles`` are what a scope may name. Certificates are believed from peers in ``proxies`` alone.
    """

    def __init__(
        self,
        *,
        database: Database,
        mint: Mint,
        clock: Clock,
        issuer: str,
        keys: SigningKeys,
        bundles: Collection[str],
        proxies: Sequence[Network] = (),
    ) -> None:
        self._database, self._mint, self._clock = database, mint, clock
        self._issuer, self._keys, self._bundles = issuer, keys, frozenset(bundles)
        self._pen = Pen(database=database, context=store.CONTEXT, clock=clock)
        self._certificates = Certificates(proxies)
        self._clients = ClientProofs(
            database=database, issuer=issuer, certificates=self._certificates
        )
        self._tokens = TokenProofs(
            database=database,
            clock=clock,
            issuer=issuer,
            keys=keys,
            certificates=self._certificates,
            proofs=self._clients,
        )

    async def give(self, *, caller: Caller, message: OAuthRequest) -> Token:
        """Give an access token. Raises ClientNotProven, TokenNotGiven, Malformed."""
        asking = [caller]
        try:
            return await self._give(asking, message)
        except (Problem, BadGrant) as error:
            raise await self._noted(
                asking[-1], Tag.IDENTITY_TOKEN_ISSUE, _problem(error), message
            ) from None

    async def push(self, *, caller: Caller, message: OAuthRequest) -> Pushed:
        """Take what a third party will ask a person for. Raises ClientNotProven, TokenNotGiven, Malformed."""
        asking = [caller]
        try:
            return await self._push(asking, message)
        except (Problem, BadGrant) as error:
            raise await self._noted(
                asking[-1], Tag.IDENTITY_CONSENT_ASK, _problem(error), message
            ) from None

    async def look(self, *, caller: Caller, message: LookAtRequest) -> Waiting:
        """Tell where a pushed request is answered. Raises TokenNotGiven."""
        uri = message.request_uri
        found = grants.read_secret(uri.removeprefix(grants.REQUEST_URI))
        tenant_id, asked = None, None
        if found is not None and uri.startswith(grants.REQUEST_URI):
            async with self._database.without_tenant(read_only=True) as connection:
                tenant_id = await store.find_client(connection, client_id=message.client_id)
        if found is not None and tenant_id is not None:
            async with self._database.transaction(
                tenant_id=tenant_id, read_only=True
            ) as connection:
                asked = await store.asked(connection, tenant_id=tenant_id, consent_id=found[0])
        if (
            asked is None
            or found is None
            or (asked.secret_hash, asked.client_id) != (found[1], message.client_id)
            or asked.decided_at is not None
            or asked.expires_at <= self._clock.now()
        ):
            raise _refusal("invalid_request", "There is no such request, or its time is over.")
        return Waiting(
            consent=f"/v1/consents/{asked.consent_id}",
            client_id=asked.client_id,
            scope=asked.scope,
        )

    async def prove(self, *, caller: Caller, message: ShowToken) -> Caller:
        """Prove who acts with an access token. Raises TokenNotAccepted."""
        try:
            token = await self._tokens.prove(message)
        except TokenNotAccepted as problem:
            await self._pen.refuse(
                caller=caller, tag=Tag.IDENTITY_CALLER_SIGN_IN, problem=problem, message=message
            )
            raise
        return Caller(
            tenant_id=token.tenant_id,
            actor=token.actor,
            session=token.session,
            scope=token.scope,
            request=caller.request,
            origin=caller.origin,
        )

    async def metadata(self, *, caller: Caller, message: Describe) -> dict[str, Any]:
        """The metadata of RFC 8414."""
        own, certificates = self._issuer, self._certificates.are_taken
        methods = ["private_key_jwt"]
        if certificates:
            methods += ["tls_client_auth", "self_signed_tls_client_auth"]
        algorithms = sorted(jws.FAPI_ALGORITHMS)
        return {
            "issuer": own,
            "authorization_endpoint": own + AUTHORIZE_PATH,
            "token_endpoint": own + TOKEN_PATH,
            "pushed_authorization_request_endpoint": own + PUSH_PATH,
            "require_pushed_authorization_requests": True,
            "jwks_uri": own + KEYS_PATH,
            "scopes_supported": sorted(self._bundles),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "client_credentials"],
            "token_endpoint_auth_methods_supported": methods,
            "token_endpoint_auth_signing_alg_values_supported": algorithms,
            "dpop_signing_alg_values_supported": algorithms,
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "tls_client_certificate_bound_access_tokens": certificates,
        }

    async def keys(self, *, caller: Caller, message: Describe) -> dict[str, Any]:
        """The public keys that access tokens are signed with."""
        named = {"alg": access_tokens.ALGORITHM, "use": "sig"}
        return {
            "keys": [
                one.public.key.as_dict(private=False) | named | {"kid": one.public.kid}
                for one in self._keys()
            ]
        }

    async def _give(self, asking: list[Caller], message: OAuthRequest) -> Token:
        now = self._clock.now()
        form = grants.read_form(message.body)
        proven = await self._clients.prove(message, form, now)
        client = proven.client
        asking.append(_client_asking(client, asking[0]))
        grant = grants.needed(form, "grant_type")
        if grant not in ("client_credentials", "authorization_code"):
            raise BadGrant("unsupported_grant_type", "client_credentials or authorization_code")
        if (grant == "authorization_code") != bool(client.redirect_uris):
            raise BadGrant("unauthorized_client", "machines act for themselves, third parties not")
        proof = _proof(message, url=self._issuer + TOKEN_PATH, now=now)
        if proof is None and proven.certificate is None:
            raise BadGrant("invalid_request", _UNBOUND)
        spends = proven.spends
        if proof is not None:
            spends += (("dpop", proof.once, proof.until),)
        token_id, now_s = self._mint.id("tok"), now // SECOND
        token = AccessToken(
            token_id=token_id,
            tenant_id=client.tenant_id,
            client_id=client.client_id,
            actor=client.client_id,
            session=token_id,
            scope=None,
            issued_at_s=now_s,
            expires_at_s=now_s + access_tokens.TOKEN_SECONDS,
            key_thumbprint=proof.thumbprint if proof is not None else None,
            certificate_thumbprint=confirmation(proven.certificate) if proof is None else None,
        )
        if grant == "client_credentials":
            scope = grants.read_scope(form.get("scope"), known=self._bundles, allowed=client.scope)
            token = token._replace(scope=scope)
            async with self._database.transaction(tenant_id=client.tenant_id) as connection:
                await self._clients.spend(connection, client.tenant_id, spends, now)
                await store.tell_token(connection, token=token, now=now, caller=asking[-1])
        else:
            token = await self._redeemed(asking[-1], token, form, spends, now)
        return self._written(token)

    async def _redeemed(
        self,
        caller: Caller,
        token: AccessToken,
        form: Mapping[str, str],
        spends: Sequence[Spend],
        now: Instant,
    ) -> AccessToken:
        """Take up the code of a form for a token, and answer the token as it became. Raises BadGrant."""
        found = grants.read_secret(grants.needed(form, "code"))
        verifier, redirect = grants.needed(form, "code_verifier"), form.get("redirect_uri")
        refusal = BadGrant("invalid_grant", "the code is not one of this client that is in force")
        if found is None:
            raise refusal
        async with self._database.transaction(
            tenant_id=token.tenant_id, read_only=True
        ) as connection:
            asked = await store.asked(connection, tenant_id=token.tenant_id, consent_id=found[0])
        if asked is None or (asked.client_id, asked.code_hash) != (token.client_id, found[1]):
            raise refusal
        assert asked.person_id is not None
        if not grants.verifies(verifier, challenge=asked.code_challenge):
            raise BadGrant("invalid_grant", "code_verifier is not that of the challenge")
        if redirect != asked.redirect_uri:
            raise BadGrant("invalid_grant", "redirect_uri is not the one that was asked with")
        if asked.dpop_thumbprint not in (None, token.key_thumbprint):
            raise BadGrant("invalid_dpop_proof", "the code is bound to another key")
        token = token._replace(actor=asked.person_id, session=asked.consent_id, scope=asked.scope)
        since = now - grants.CODE_SECONDS * SECOND
        try:
            async with self._database.transaction(tenant_id=token.tenant_id) as connection:
                await self._clients.spend(connection, token.tenant_id, spends, now)
                if not await store.redeem(
                    connection, asked=asked, token=token, code_hash=found[1], since=since
                ):
                    raise refusal
                await store.tell_token(connection, token=token, now=now, caller=caller)
        except BadGrant:
            await self._end_if_taken(caller, asked.consent_id, now)
            raise
        return token

    async def _end_if_taken(self, caller: Caller, consent_id: str, now: Instant) -> None:
        """End a consent whose code came a second time: one of the two was not the client (RFC 6749, section 4.1.2)."""
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            asked = await store.asked(connection, tenant_id=caller.tenant_id, consent_id=consent_id)
            if asked is not None and asked.redeemed_at is not None:
                await store.end_consent(connection, asked=asked, now=now, caller=caller)

    async def _push(self, asking: list[Caller], message: OAuthRequest) -> Pushed:
        now = self._clock.now()
        form = grants.read_form(message.body)
        proven = await self._clients.prove(message, form, now)
        client = proven.client
        asking.append(_client_asking(client, asking[0]))
        if not client.redirect_uris:
            raise BadGrant("unauthorized_client", "only third parties ask people")
        proof = _proof(message, url=self._issuer + PUSH_PATH, now=now)
        scope = grants.read_scope(form.get("scope"), known=self._bundles, allowed=client.scope)
        wanted = grants.read_wanted(
            form,
            redirects=client.redirect_uris,
            scope=scope or (),
            proof=proof.thumbprint if proof is not None else None,
            now=now,
        )
        spends = proven.spends
        if proof is not None:
            spends += (("dpop", proof.once, proof.until),)
        consent_id = self._mint.id("con")
        text = grants.secret_text(consent_id, self._mint.secret(grants.SECRET_BYTES))
        async with self._database.transaction(tenant_id=client.tenant_id) as connection:
            await self._clients.spend(connection, client.tenant_id, spends, now)
            await store.insert_consent(
                connection,
                client=client,
                consent_id=consent_id,
                hashed=sha256(text.encode()).digest(),
                wanted=wanted,
                now=now,
                caller=asking[-1],
            )
        return Pushed(request_uri=grants.REQUEST_URI + text, expires_in=grants.REQUEST_SECONDS)

    def _written(self, token: AccessToken) -> Token:
        key = self._keys()[-1]
        claims = access_tokens.claims_of(token, issuer=self._issuer)
        return Token(
            access_token=access_tokens.sign(claims, kid=key.public.kid or "", private=key.private),
            token_type=BEARER if token.key_thumbprint is None else DPOP,
            expires_in=token.expires_at_s - token.issued_at_s,
            scope=None if token.scope is None else " ".join(token.scope),
        )

    async def _noted(
        self, caller: Caller, tag: Tag, problem: Problem, message: OAuthRequest
    ) -> Problem:
        await self._pen.refuse(caller=caller, tag=tag, problem=problem, message=message)
        return problem


def _client_asking(client: Registered, asking: Caller) -> Caller:
    return Caller(
        tenant_id=client.tenant_id,
        actor=client.client_id,
        request=asking.request,
        origin=asking.origin,
    )


def _proof(message: OAuthRequest, *, url: str, now: Instant) -> dpop.Proof | None:
    if not message.proof:
        return None
    try:
        return dpop.read_proof(message.proof, method="POST", url=url, now=now)
    except BadToken as error:
        raise BadGrant("invalid_dpop_proof", str(error)) from None


def _problem(error: Problem | BadGrant) -> Problem:
    if isinstance(error, Problem):
        return error
    reason = str(error)
    if error.error == "invalid_request":
        return malformed("body", reason)
    if error.error == "invalid_client":
        return ClientNotProven(sentence(reason))
    return _refusal(error.error, sentence(reason))


def _refusal(error: str, detail: str) -> TokenNotGiven:
    return TokenNotGiven(detail, {"error": error})

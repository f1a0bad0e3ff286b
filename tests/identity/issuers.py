"""An issuer of OpenID Connect made of answers, and a house in which its people sign in."""

import hashlib
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tallystick.identity.adapters.oidc import OidcIssuers
from tallystick.identity.api import CreateTenant, Identity
from tallystick.identity.api.providers import Providers, SetOidcProvider
from tallystick.identity.api.sessions import (
    FinishSignIn,
    Sessions,
    SignedIn,
    SignIn,
    SignInStarted,
    StartSignIn,
)
from tallystick.identity.model import totp
from tallystick.identity.model.jws import encoded
from tallystick.identity.model.passkeys import Party
from tallystick.identity.service.keys import IdentityService
from tallystick.identity.service.proofs import Proofs
from tallystick.identity.service.providers import ProvidersService
from tallystick.identity.service.sessions import SessionsService
from tallystick.identity.service.sign_ins import SignInService
from tallystick.identity.store import providers as provider_store
from tallystick.kernel import ids
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import SECOND
from tallystick.runtime.clock import Mint, SystemClock
from tallystick.runtime.database import Database
from tallystick.runtime.doors import near
from tallystick.runtime.record import Pen
from tests.identity.signing import Signer

CLIENT = "tallystick-of-bakery"
AUDIENCE = "https://api.bakery.example"
REDIRECT = "http://127.0.0.1:45454/callback"
EDGE = Caller(tenant_id=0, actor="edge", request="req_1", origin="203.0.113.7 their-id")
DEVICE = "device-of-chance-0001"


class Timepiece:
    """A clock that is moved by hand, from now."""

    def __init__(self) -> None:
        self.ahead = 0

    def now(self) -> int:
        return SystemClock().now() + self.ahead * SECOND

    @property
    def second(self) -> int:
        return self.now() // SECOND


class Issuer:
    """What an issuer would answer, and what it was asked; ``changes`` bend the ID token, ``published`` the rest."""

    def __init__(self, clock: Timepiece, name: str, *, algorithm: str = "ES256") -> None:
        self.clock, self.name = clock, name
        self.signer = Signer(algorithm, kid="k1")
        self.keys = [self.signer.jwk]
        self.asked: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.subject = "alice"
        self.nonce = ""
        self.changes: dict[str, Any] = {}
        self.published: dict[str, Any] = {}
        self.answer: tuple[int, bytes, dict[str, str]] | None = None
        self.token: str | None = None
        self.with_access_token = True

    def serve(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(path)
        if self.answer is not None:
            status, body, headers = self.answer
            return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))
        if path.endswith("/.well-known/openid-configuration"):
            return httpx.Response(200, stream=_body(self.discovery()))
        if path.endswith("/jwks"):
            return httpx.Response(200, stream=_body({"keys": self.keys}))
        self.forms.append({key: one[0] for key, one in parse_qs(request.content.decode()).items()})
        access = {"access_token": "opaque-access-token"} if self.with_access_token else {}
        return httpx.Response(
            200, stream=_body({"id_token": self.id_token(), "expires_in": 9} | access)
        )

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.name,
            "authorization_endpoint": f"{self.name}/authorize?tenant=7",
            "token_endpoint": f"{self.name}/token",
            "jwks_uri": f"{self.name}/jwks",
        } | self.published

    def claims(self) -> dict[str, Any]:
        second = self.clock.second
        return {
            "iss": self.name,
            "sub": self.subject,
            "aud": CLIENT,
            "exp": second + 300,
            "iat": second,
            "nonce": self.nonce,
        }

    def id_token(self) -> str:
        if self.token is not None:
            return self.token
        claims = {key: one for key, one in (self.claims() | self.changes).items() if one is not ...}
        return self.signer.token(claims, typ="JWT")

    def access_token(self, *, typ: str | None = "at+jwt", **changes: Any) -> str:
        second = self.clock.second
        claims = {
            "iss": self.name, "sub": self.subject, "aud": AUDIENCE, "client_id": "their-app",
            "exp": second + 300, "iat": second, "jti": "j1",
        } | changes  # fmt: skip
        return self.signer.token(
            {key: one for key, one in claims.items() if one is not ...}, typ=typ
        )


def _body(value: Any) -> httpx.ByteStream:
    return httpx.ByteStream(json.dumps(value).encode())


def at_hash(token: str, kind: Any = hashlib.sha256) -> str:
    """The hash of an access token that an ID token carries."""
    digest = kind(token.encode()).digest()
    return encoded(digest[: len(digest) // 2])


class House:
    """A tenant with a provider, and the doors of signing in over one database."""

    allows_loopback = False

    def __init__(self, database: Database) -> None:
        self.database, self.clock = database, Timepiece()
        self.mint = Mint(self.clock)
        self.issuer = Issuer(self.clock, f"https://login.example/{self.mint.id('iss')}")
        self.caller = EDGE
        self.others: dict[str, Issuer] = {}
        self.alice = ""
        self.open_process()

    def open_process(self) -> None:
        """Stand the doors as another process would: with nothing remembered."""
        self.issuers = self.new_issuers()
        pen = Pen(database=self.database, context="identity", clock=self.clock)
        shared: Any = {
            "database": self.database, "mint": self.mint, "clock": self.clock, "issuers": self.issuers,
            "pen": pen,
        }  # fmt: skip
        ring = totp.KeyRing([bytes(32)])
        party = Party("localhost", ("http://localhost:8480",))
        proofs = Proofs(mint=self.mint, ring=lambda: ring, party=party)
        self.identity: Identity = near(
            Identity, IdentityService(database=self.database, mint=self.mint, clock=self.clock)
        )
        self.sign_in: SignIn = near(SignIn, SignInService(**shared, proofs=proofs), wire=True)
        self.sessions: Sessions = near(Sessions, SessionsService(**shared), wire=True)
        providers = ProvidersService(
            database=self.database, clock=self.clock, allows_loopback=self.allows_loopback
        )
        self.providers: Providers = near(Providers, providers, wire=True)

    def new_issuers(self) -> OidcIssuers:
        """What asks issuers: here those of the house."""
        transport = httpx.MockTransport(self._serve)
        return OidcIssuers(
            clock=self.clock, allows_loopback=self.allows_loopback, transport=transport
        )

    def _serve(self, request: httpx.Request) -> httpx.Response:
        for issuer in (self.issuer, *self.others.values()):
            if str(request.url).startswith(issuer.name):
                return issuer.serve(request)
        raise AssertionError(f"nobody should be asked at {request.url}")

    async def found(self, **changes: Any) -> None:
        """Make the tenant and its provider."""
        tenant = await self.identity.create_tenant(
            caller=Caller(tenant_id=0, actor="operator"), message=CreateTenant(name="Bakery")
        )
        self.tenant = tenant.tenant
        self.tenant_id = ids.tenant_id_of(tenant.tenant)
        self.operator = Caller(tenant_id=self.tenant_id, actor="operator")
        await self.set_provider(**changes)

    async def set_provider(self, **changes: Any) -> None:
        """Set the provider of the house."""
        fields: dict[str, Any] = {
            "provider": "main", "issuer": self.issuer.name, "client_id": CLIENT,
            "audience": AUDIENCE, "trusts_mfa": True, "mfa_contexts": ("urn:mfa",),
        } | changes  # fmt: skip
        await self.providers.set_oidc(caller=self.operator, message=SetOidcProvider(**fields))

    async def person(
        self, subject: str = "alice", *, issuer: str = "", status: str = "active"
    ) -> str:
        """Make a person whom the issuer calls so."""
        person_id, now = self.mint.id("per"), self.clock.now()
        async with self.database.transaction(tenant_id=self.tenant_id) as connection:
            await connection.execute(
                "INSERT INTO identity.person (tenant_id, person_id, name, status, risk, created_at) "
                "VALUES ($1, $2, 'Alice', $3, 0, $4)",
                self.tenant_id, person_id, status, now,
            )  # fmt: skip
            assert await provider_store.bind_login(
                connection,
                tenant_id=self.tenant_id,
                issuer=issuer or self.issuer.name,
                subject=subject,
                person_id=person_id,
                now=now,
            )
        return person_id

    async def start(self, **changes: Any) -> tuple[SignInStarted, dict[str, str]]:
        """Begin, and read what the address asks; the issuer learns the nonce, as it would."""
        fields = {"tenant": self.tenant, "redirect": REDIRECT} | changes
        begun = await self.sign_in.start(caller=self.caller, message=StartSignIn(**fields))
        asked = {key: one[0] for key, one in parse_qs(urlsplit(begun.url).query).items()}
        self.issuer.nonce = asked.get("nonce", "")
        return begun, asked

    async def finish(self, begun: SignInStarted, asked: dict[str, str], **changes: Any) -> SignedIn:
        """Finish as the client would."""
        fields: dict[str, Any] = {
            "tenant": self.tenant, "flow": begun.flow, "code": "code-1", "state": asked["state"],
            "device": DEVICE, "country": "NL",
        } | changes  # fmt: skip
        return await self.sign_in.finish(caller=self.caller, message=FinishSignIn(**fields))

    async def signed_in(self, **changes: Any) -> SignedIn:
        """Sign in from beginning to end."""
        begun, asked = await self.start()
        return await self.finish(begun, asked, **changes)

    async def rows(self, query: str, *arguments: Any) -> list[Any]:
        """Ask the database as the tenant."""
        async with self.database.transaction(tenant_id=self.tenant_id) as connection:
            return await connection.fetch(query, *arguments)

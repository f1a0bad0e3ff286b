"""A house of machines: doors of clients and tokens on a real database, and clients that ask right or wrong."""

import hashlib
import secrets
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_network
from typing import Any, Protocol

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tallystick.identity.adapters.token_keys import TokenKeys
from tallystick.identity.api import CreateTenant, Identity
from tallystick.identity.api.clients import Clients
from tallystick.identity.api.tokens import TokenNotAccepted, Tokens
from tallystick.identity.http import clients as http
from tallystick.identity.http import keys as keys_http
from tallystick.identity.http.proving import Prover, authenticator
from tallystick.identity.model.access_tokens import is_of
from tallystick.identity.model.client_assertion import ASSERTION_TYPE
from tallystick.identity.model.jws import encoded
from tallystick.identity.service.clients import ClientsService
from tallystick.identity.service.keys import IdentityService
from tallystick.identity.service.tokens import TokensService
from tallystick.kernel import ids
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import SECOND
from tallystick.runtime.clock import Mint
from tallystick.runtime.doors import near
from tallystick.runtime.edge import build_app
from tallystick.runtime.record import Pen
from tests.identity.signing import Signer

ISSUER = "https://bank.example"
BUNDLES = frozenset({"read_books", "read_wallets", "pay"})
REDIRECT = "https://app.example/back?kept=1"
OPERATOR = Caller(tenant_id=0, actor="operator")


class SecondsClock(Protocol):
    """A clock that tells seconds too."""

    def now(self) -> int:
        """The present, in microseconds."""
        ...

    @property
    def seconds(self) -> int:
        """The present in seconds."""
        ...


class HandClock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.at = 1_800_000_000 * SECOND

    def now(self) -> int:
        """The present as it was set."""
        return self.at

    @property
    def seconds(self) -> int:
        """The present in seconds."""
        return self.at // SECOND

    def pass_s(self, seconds: float) -> None:
        """Let time pass."""
        self.at += int(seconds * SECOND)


class Machine:
    """A client of ours: its keys, and what it sends."""

    def __init__(self, house: "House", signer: Signer, proof_signer: Signer | None = None) -> None:
        self.house, self.signer = house, signer
        self.proof_signer = proof_signer or Signer("ES256")
        self.client_id = ""

    def assertion(self, *, by: Signer | None = None, header: Any = None, **claims: Any) -> str:
        """An assertion of this client; what is given overrides, and None leaves out."""
        now = self.house.clock.seconds
        usual = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": ISSUER,
            "jti": secrets.token_hex(8),
            "iat": now,
            "exp": now + 60,
        }
        return (by or self.signer).token(_without_none(usual | claims), **(header or {}))

    def proof(
        self,
        method: str = "POST",
        path: str = "/oauth/token",
        *,
        token: str | None = None,
        by: Signer | None = None,
        header: Any = None,
        **claims: Any,
    ) -> str:
        """A proof of possession; what is given overrides, and None leaves out."""
        signer = by or self.proof_signer
        usual = {
            "htm": method,
            "htu": ISSUER + path,
            "iat": self.house.clock.seconds,
            "jti": secrets.token_hex(8),
        }
        if token is not None:
            usual["ath"] = encoded(hashlib.sha256(token.encode()).digest())
        headers = {"typ": "dpop+jwt", "jwk": signer.jwk} | (header or {})
        return signer.token(_without_none(usual | claims), **_without_none(headers))

    def form(self, **fields: Any) -> dict[str, str]:
        """A form of the token endpoint; what is given overrides, and None leaves out."""
        usual = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": fields.get("client_assertion") or self.assertion(),
        }
        return _without_none(usual | fields)

    async def ask(
        self, path: str = "/oauth/token", *, headers: Mapping[str, str] | None = None, **fields: Any
    ) -> httpx.Response:
        """Ask an endpoint, with a proof of DPoP unless ``headers`` say otherwise."""
        sent = {"dpop": self.proof(path=path)} if headers is None else headers
        return await self.house.client.post(path, data=self.form(**fields), headers=sent)

    async def token(self, **fields: Any) -> str:
        """An access token."""
        answer = await self.ask(**fields)
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]

    async def show(
        self, token: str, *, proof: str | None = None, scheme: str = "DPoP", **headers: str
    ) -> httpx.Response:
        """Ask who one is, with a token."""
        sent = {"authorization": f"{scheme} {token}"} | headers
        if proof is None:
            proof = self.proof("GET", "/v1/whoami", token=token)
        if proof:
            sent["dpop"] = proof
        return await self.house.client.get("/v1/whoami", headers=sent)

    def pushed(self, verifier: str, **fields: Any) -> dict[str, Any]:
        """The fields of a pushed request."""
        usual = {
            "grant_type": None,
            "response_type": "code",
            "redirect_uri": REDIRECT,
            "scope": "read_wallets",
            "state": "their-state",
            "code_challenge": encoded(hashlib.sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        return usual | fields


class House:
    """One tenant, its doors, and a client of HTTP for them."""

    def __init__(self, *, database: Any, clock: SecondsClock, keys_path: Any, proxies: Any) -> None:
        self.clock, self.database = clock, database
        mint = Mint(clock)
        ground: dict[str, Any] = {"database": database, "mint": mint, "clock": clock}
        named: dict[str, Any] = {"issuer": ISSUER, "bundles": BUNDLES}
        pen = Pen(database=database, context="identity", clock=clock)
        self.keys = TokenKeys(keys_path, now=clock.now)
        self.identity = near(Identity, IdentityService(**ground), wire=True)
        self.clients = near(Clients, ClientsService(**ground, **named), refusals=pen, wire=True)
        service = TokensService(**ground, **named, keys=self.keys.all, proxies=proxies)
        self.tokens = near(Tokens, service, refusals=pen, wire=True)
        self.caller = Caller(tenant_id=0, actor="test")
        self.people = Prover(takes=lambda text: text.startswith("Person "), prove=self._person)
        app = build_app(
            routes=[
                *keys_http.routes(self.identity),
                *http.client_routes(self.clients),
                *http.consent_routes(self.clients),
                *http.oauth_routes(self.tokens),
            ],
            authenticate=authenticator(
                self.people,
                http.prover(self.tokens, is_ours=partial(is_of, issuer=ISSUER)),
                keys_http.prover(self.identity),
            ),
            title="Machines",
            version="1",
            problems=(TokenNotAccepted,),
        )
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app, client=("127.0.0.1", 1)), base_url=ISSUER
        )

    async def _person(self, shown: Any, asking: Caller) -> Caller:
        _, person, session = shown.authorization.split(" ")
        return Caller(tenant_id=self.caller.tenant_id, actor=person, session=session)

    async def settle(self) -> None:
        """Make the tenant."""
        made = await self.identity.create_tenant(
            caller=OPERATOR, message=CreateTenant(name="Bakery")
        )
        self.caller = Caller(tenant_id=ids.tenant_id_of(made.tenant), actor="test")

    async def machine(self, *, algorithm: str = "ES256", **fields: Any) -> Machine:
        """Register a client, with keys of its own unless something else is given."""
        machine = Machine(self, Signer(algorithm, kid="one"))
        usual = {"name": "billing", "key_set": {"keys": [machine.signer.jwk]}}
        answer = await self.create(usual | fields)
        assert answer.status_code == 201, answer.text
        machine.client_id = answer.json()["client_id"]
        return machine

    async def third_party(self, **fields: Any) -> Machine:
        """Register a third party."""
        usual: dict[str, Any] = {"redirect_uris": [REDIRECT], "scope": ["pay", "read_wallets"]}
        return await self.machine(**(usual | fields))

    async def create(self, body: Any) -> httpx.Response:
        """Ask to register a client, as somebody who may."""
        headers = {"authorization": "Person test x"}
        return await self.client.post("/v1/clients", json=_without_none(body), headers=headers)

    async def person(self) -> tuple[str, str]:
        """A person who is signed in: its id, and its session's."""
        mint, now = Mint(self.clock), self.clock.now()
        person, session = mint.id("per"), mint.id("ses")
        async with self.database.transaction(tenant_id=self.caller.tenant_id) as connection:
            await connection.execute(
                "INSERT INTO identity.person (tenant_id, person_id, name, status, risk, created_at)"
                " VALUES ($1, $2, 'Ada', 'active', 0, $3)",
                self.caller.tenant_id,
                person,
                now,
            )
            await connection.execute(
                "INSERT INTO identity.session (tenant_id, session_id, person_id, hash, issuer,"
                " methods, device, device_known, network, country, started_at, expires_at, mfa_at)"
                " VALUES ($1, $2, $3, $4, 'us', '{pwd,otp}', 'd', true, '127.0.0.1', 'DE',"
                " $5, $6, $5)",
                self.caller.tenant_id,
                session,
                person,
                secrets.token_bytes(32),
                now,
                now + 3_600 * SECOND,
            )
        return person, session

    async def as_person(
        self, method: str, path: str, who: tuple[str, str], **sent: Any
    ) -> httpx.Response:
        """Ask as a person in a session."""
        headers = {"authorization": f"Person {who[0]} {who[1]}"}
        return await self.client.request(method, path, headers=headers, **sent)


def certificate(clock: HandClock, *, name: str = "billing", padding: int = 0) -> bytes:
    """A certificate (DER) of a client, self-signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.COMMON_NAME, name),
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Bakery"),
        ]
    )
    at = datetime.fromtimestamp(clock.seconds, UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=1))
    )
    if padding:
        stuffed = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"x" * padding)
        made = made.add_extension(stuffed, critical=False)
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def header_of(certificate: bytes) -> str:
    """A certificate as a proxy hands it over (RFC 9440)."""
    return f":{b64encode(certificate).decode()}:"


LOOPBACK = (ip_network("127.0.0.0/8"),)


def _without_none(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}

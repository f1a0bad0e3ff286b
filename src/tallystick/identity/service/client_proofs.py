"""How clients prove themselves to the endpoints of OAuth, and what may be shown once of that."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import NamedTuple

from tallystick.identity.api.tokens import ClientNotProven, OAuthRequest
from tallystick.identity.model import client_assertion, jws
from tallystick.identity.model.client_assertion import Certificate
from tallystick.identity.model.grants import BadGrant
from tallystick.identity.model.jws import BadToken, PublicKey
from tallystick.identity.store import clients as store
from tallystick.identity.store import once
from tallystick.identity.store.clients import Registered
from tallystick.kernel.instants import SECOND, Instant
from tallystick.runtime.database import Connection, Database

# What is too old to be shown again is forgotten so often, tenant by tenant.
FORGET_EVERY: Instant = 60 * SECOND
_TENANTS_MAX = 10_000
_KEY_SETS_MAX = 1_000
_NOT_PROVEN = "No key or certificate of a client in force proved the request."
_BY_KEY = "Send a client_assertion (private_key_jwt), or show the client's certificate."

Network = IPv4Network | IPv6Network
Spend = tuple[str, str, Instant]
"""What may be shown once: its kind, itself, and until when that is remembered."""


class Proven(NamedTuple):
    """A client that proved itself: what that is spent as, and the certificate that was shown."""

    client: Registered
    spends: tuple[Spend, ...]
    certificate: Certificate | None


@lru_cache(_KEY_SETS_MAX)
def _keys_of(key_set: str) -> tuple[PublicKey, ...]:
    return jws.read_key_set(key_set)


class Certificates:
    """The certificates of clients as proxies hand them over (RFC 9440), believed from peers in ``proxies`` alone."""

    def __init__(self, proxies: Sequence[Network]) -> None:
        self._proxies = tuple(proxies)

    @property
    def are_taken(self) -> bool:
        """Whether anybody may hand one over."""
        return bool(self._proxies)

    def read(self, header: str, *, peer: str, now: Instant) -> Certificate | None:
        """Read the certificate of a header; None from anybody who is not trusted. Raises BadToken."""
        if not header or not _is_within(peer, self._proxies):
            return None
        return client_assertion.read_certificate_header(header, now=now)


class ClientProofs:
    """Proves clients, over the database of role ``tallystick_identity``."""

    def __init__(self, *, database: Database, issuer: str, certificates: Certificates) -> None:
        self._database, self._issuer, self._certificates = database, issuer, certificates
        self._forgot: dict[int, Instant] = {}

    async def prove(self, message: OAuthRequest, form: Mapping[str, str], now: Instant) -> Proven:
        """Answer the client that proved itself. Raises ClientNotProven; until it is known why is not told."""
        if message.authorization or "client_secret" in form:
            raise ClientNotProven(_BY_KEY)
        try:
            certificate = self._certificates.read(message.certificate, peer=message.peer, now=now)
            if "client_assertion" in form or "client_assertion_type" in form:
                return await self._prove_by_assertion(form, certificate, now)
        except BadToken as error:
            raise ClientNotProven(sentence(str(error))) from None
        if certificate is None:
            raise ClientNotProven(_BY_KEY)
        client = await self._client(form.get("client_id", ""))
        if client is None or not _is_of_client(certificate, client):
            raise ClientNotProven(_NOT_PROVEN)
        return Proven(client, (), certificate)

    async def _prove_by_assertion(
        self, form: Mapping[str, str], certificate: Certificate | None, now: Instant
    ) -> Proven:
        if form.get("client_assertion_type") != client_assertion.ASSERTION_TYPE:
            raise BadToken(f"client_assertion_type is {client_assertion.ASSERTION_TYPE}")
        found, client_id = client_assertion.read_claimed(form.get("client_assertion", ""))
        client = await self._client(client_id)
        known = _keys_of(client.key_set) if client is not None and client.key_set else ()
        # Of a client that there is not, no key signed it: the answer is the same.
        assertion = client_assertion.check_assertion(
            found, keys=known, client_id=client_id, issuer=self._issuer, now=now
        )
        assert client is not None
        if form.get("client_id", client_id) != client_id:
            raise BadToken("client_id is not that of the assertion")
        return Proven(client, (("assertion", assertion.once, assertion.until),), certificate)

    async def _client(self, client_id: str) -> Registered | None:
        if not client_assertion.is_client_id(client_id):
            return None
        async with self._database.without_tenant(read_only=True) as connection:
            tenant_id = await store.find_client(connection, client_id=client_id)
        if tenant_id is None:
            return None
        async with self._database.transaction(tenant_id=tenant_id, read_only=True) as connection:
            return await store.registered(connection, tenant_id=tenant_id, client_id=client_id)

    async def spend(
        self,
        connection: Connection,
        tenant_id: int,
        spends: Sequence[Spend],
        now: Instant,
    ) -> None:
        """Spend what may be shown once. Raises BadGrant, and nothing of the transaction is kept."""
        for kind, value, until in spends:
            if not await once.spend(
                connection, tenant_id=tenant_id, kind=kind, value=value, until=until
            ):
                if kind == "dpop":
                    raise BadGrant("invalid_dpop_proof", "the proof was shown before (jti)")
                raise BadGrant("invalid_client", "the assertion was shown before (jti)")
        if not 0 <= now - self._forgot.get(tenant_id, 0) < FORGET_EVERY:
            if len(self._forgot) >= _TENANTS_MAX:
                self._forgot.clear()
            self._forgot[tenant_id] = now
            if await store.may_forget(connection, tenant_id=tenant_id):
                await once.forget(connection, tenant_id=tenant_id, now=now)


def _is_of_client(certificate: Certificate, client: Registered) -> bool:
    if client.certificate_thumbprint is not None:
        return certificate.thumbprint == client.certificate_thumbprint
    return certificate.subject == client.certificate_subject


def _is_within(peer: str, networks: Sequence[Network]) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    return any(address in network for network in networks)


def sentence(reason: str) -> str:
    """A reason as a sentence."""
    return f"{reason[:1].upper()}{reason[1:]}."

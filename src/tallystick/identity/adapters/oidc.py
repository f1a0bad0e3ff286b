"""Providers of OpenID Connect over the network: what they publish of themselves, and codes turned into tokens.

Every question has a bound in time and size, follows no redirect, and goes to https, or to loopback where that is
allowed. What is published is remembered; a key that is not known is looked for again at most once a minute. Nobody is
asked while a transaction is open.
"""

import asyncio
import ssl
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import httpx
import structlog

from tallystick.identity.api.sessions import ProviderOutOfReach
from tallystick.identity.model.addresses import is_address
from tallystick.identity.model.jws import (
    PUBLISHED_BYTES_MAX,
    TOKEN_BYTES_MAX,
    BadToken,
    PublicKey,
    read_object,
    usable_keys,
)
from tallystick.kernel.instants import SECOND, Instant
from tallystick.runtime.clock import Clock
from tallystick.runtime.database import open_transaction_role
from tallystick.runtime.doors import TransactionOpen

ANSWER_WAIT_S = 5
QUESTION_S_MAX = 10
REMEMBERED_MAX = 1_000
# What is published is read again after so long; while the provider does not answer, the old is used for longer.
FRESH: Instant = 600 * SECOND
STALE: Instant = 3_600 * SECOND
# So long after it was asked, it is not asked again for a key that was not there, or after it did not answer.
AGAIN: Instant = 60 * SECOND
AFTER_FAILURE: Instant = 5 * SECOND
_DISCOVERY = "/.well-known/openid-configuration"
_AWAY = "The provider does not answer as it must: try again in a while."

_log: Any = structlog.get_logger("tallystick.identity")


class CodeRefused(Exception):
    """The provider gave no tokens for the code."""


class Endpoints(NamedTuple):
    """Where a provider is asked what. ``names_itself`` when its answers carry ``iss`` (RFC 9207)."""

    authorization: str
    token: str
    keys: str
    names_itself: bool


class Tokens(NamedTuple):
    """What a code was exchanged for."""

    id_token: str
    access_token: str | None


class _Known:
    """What is remembered of one issuer."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.endpoints: Endpoints | None = None
        self.keys: tuple[PublicKey, ...] = ()
        self.read_at: Instant | None = None
        self.failed_at: Instant | None = None


class OidcIssuers:
    """Every issuer that tenants name, as this process has asked them."""

    def __init__(
        self,
        *,
        clock: Clock,
        allows_loopback: bool,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._clock = clock
        self._allows_loopback = allows_loopback
        self._transport = transport
        self._known: dict[str, _Known] = {}

    async def endpoints(self, issuer: str) -> Endpoints:
        """Where the issuer is asked (OpenID Connect Discovery 1.0, section 4). Raises ProviderOutOfReach."""
        known = await self._read(
            issuer, wants=lambda known: known.endpoints is not None, after=FRESH
        )
        assert known.endpoints is not None
        return known.endpoints

    async def keys(self, issuer: str, *, kid: Any) -> tuple[PublicKey, ...]:
        """The issuer's keys, read again when none is called ``kid``. Raises ProviderOutOfReach."""
        known = await self._read(
            issuer,
            wants=lambda known: kid is None or any(key.kid in (kid, None) for key in known.keys),
            after=FRESH,
        )
        return known.keys

    async def exchange(
        self, issuer: str, *, client: str, code: str, redirect: str, verifier: str
    ) -> Tokens:
        """Turn a code into tokens (RFC 6749, section 4.1.3; RFC 7636). Raises CodeRefused, ProviderOutOfReach."""
        where = (await self.endpoints(issuer)).token
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect,
            "client_id": client,
            "code_verifier": verifier,
        }
        try:
            status, answer = await self._ask("POST", where, form=form)
            given = read_object(answer)
        except (httpx.HTTPError, TimeoutError, BadToken, _TooLarge) as error:
            raise self._away(issuer, error) from None
        if status >= 500:
            raise self._away(issuer, status)
        id_token, access_token = given.get("id_token"), given.get("access_token")
        if status != 200 or not isinstance(id_token, str) or len(id_token) > TOKEN_BYTES_MAX:
            raise CodeRefused
        return Tokens(id_token, access_token if isinstance(access_token, str) else None)

    async def _read(self, issuer: str, *, wants: Any, after: Instant) -> _Known:
        known = self._known_of(issuer)
        if self._is_fresh(known, wants, after):
            return known
        async with known.lock:
            # Whoever waited here finds what the one before has read.
            if self._is_fresh(known, wants, after):
                return known
            now = self._clock.now()
            if known.failed_at is not None and 0 <= now - known.failed_at < AFTER_FAILURE:
                return self._old(known, now)
            try:
                known.endpoints, known.keys = await self._published(issuer)
            except (httpx.HTTPError, TimeoutError, BadToken, _TooLarge) as error:
                known.failed_at = now
                self._away(issuer, error)
                return self._old(known, now)
            known.read_at, known.failed_at = now, None
            return known

    def _is_fresh(self, known: _Known, wants: Any, after: Instant) -> bool:
        if known.read_at is None:
            return False
        age = self._clock.now() - known.read_at
        # A clock that was set back must not prolong anything.
        return 0 <= age < (after if wants(known) else AGAIN)

    def _old(self, known: _Known, now: Instant) -> _Known:
        """What was read before, while that may still be used. Raises ProviderOutOfReach."""
        if known.read_at is None or not 0 <= now - known.read_at < STALE:
            raise ProviderOutOfReach(_AWAY)
        return known

    def _known_of(self, issuer: str) -> _Known:
        known = self._known.get(issuer)
        if known is None:
            if len(self._known) >= REMEMBERED_MAX:
                del self._known[next(iter(self._known))]
            known = self._known[issuer] = _Known()
        return known

    async def _published(self, issuer: str) -> tuple[Endpoints, tuple[PublicKey, ...]]:
        found = await self._object(issuer.rstrip("/") + _DISCOVERY)
        # OpenID Connect Discovery 1.0, section 4.3: to the letter, or somebody speaks for another.
        if found.get("issuer") != issuer:
            raise BadToken("the issuer publishes another name for itself")
        endpoints = Endpoints(
            authorization=self._address(found, "authorization_endpoint"),
            token=self._address(found, "token_endpoint"),
            keys=self._address(found, "jwks_uri"),
            names_itself=found.get("authorization_response_iss_parameter_supported") is True,
        )
        status, text = await self._ask("GET", endpoints.keys)
        if status != 200:
            raise BadToken("the keys are not there")
        return endpoints, usable_keys(text)

    def _address(self, found: Mapping[str, Any], name: str) -> str:
        address = found.get(name)
        if not isinstance(address, str) or not is_address(
            address, allows_loopback=self._allows_loopback
        ):
            raise BadToken(f"{name} is no address that may be asked")
        return address

    async def _object(self, url: str) -> dict[str, Any]:
        status, text = await self._ask("GET", url)
        if status != 200:
            raise BadToken("what an issuer publishes is not there")
        return read_object(text)

    async def _ask(
        self, method: str, url: str, *, form: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        role = open_transaction_role()
        if role is not None:
            raise TransactionOpen(f"a provider was asked inside a transaction of {role}")
        if not is_address(url, allows_loopback=self._allows_loopback):
            raise BadToken("it is no address that may be asked")
        # Uncompressed, so that the bound is on what is held in memory.
        headers = {"accept": "application/json", "accept-encoding": "identity"}
        async with (
            asyncio.timeout(QUESTION_S_MAX),
            httpx.AsyncClient(
                timeout=ANSWER_WAIT_S,
                follow_redirects=False,
                transport=self._transport,
                verify=_trusted(),
            ) as client,
            client.stream(method, url, data=form, headers=headers) as answer,
        ):
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise _TooLarge
            parts, size = [], 0
            async for part in answer.aiter_raw():
                parts.append(part)
                size += len(part)
                if size > PUBLISHED_BYTES_MAX:
                    raise _TooLarge
            return answer.status_code, b"".join(parts)

    def _away(self, issuer: str, reason: object) -> ProviderOutOfReach:
        _log.warning("provider_out_of_reach", issuer=issuer, reason=repr(reason)[:200])
        return ProviderOutOfReach(_AWAY)


class _TooLarge(Exception):
    """The answer is larger than any that is read."""


@cache
def _trusted() -> ssl.SSLContext:
    # Reading the roots takes longer than most answers.
    context = httpx.create_ssl_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context

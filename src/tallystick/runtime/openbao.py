"""Who this process is to OpenBao: a token that a file has, or one that it logs in for with its service account's token.

The methods `kubernetes` and `jwt` log in alike, with a role and a JWT of the process that the cluster keeps fresh.
https://openbao.org/api-docs/auth/kubernetes/, https://openbao.org/api-docs/auth/jwt/
"""

import asyncio
import re
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import msgspec

from tallystick.kernel.hosts import is_loopback

TIMEOUT_S: Final = 5
TRIES_MAX: Final = 3
RETRY_MS: Final = 5_000
TOKEN_BYTES_MAX: Final = 16_384
SERVICE_ACCOUNT: Final = "/var/run/secrets/kubernetes.io/serviceaccount/token"
_METHOD: Final = re.compile(r"[a-z0-9][a-z0-9_/-]{0,99}")
_AGAIN: Final = (429, 500, 502, 503, 504)
# Of a token or lease that is given less than nine tenths of its first time, the end is near.
_TENTHS_MIN: Final = 9


class BaoRefused(ConnectionError):
    """OpenBao does not do it, or we have no token; the message never says what was sent or came back.

    `status` is that of the answer, 0 without one; `is_down` when the same may do later.
    """

    def __init__(self, message: str, *, status: int = 0, is_down: bool = False) -> None:
        super().__init__(message)
        self.status, self.is_down = status, is_down


@dataclass(frozen=True, kw_only=True)
class Access:
    """Which OpenBao, and who we are to it: a file of our token, or a role and the file of the JWT that it wants."""

    address: str
    token_file: str = ""
    role: str = ""
    method: str = "kubernetes"
    jwt_file: str = SERVICE_ACCOUNT
    ca: str = ""

    def demand_usable(self, setting: str, *, by_file: str, by_role: str) -> None:
        """Raise ValueError unless it says one way, once; `by_file` and `by_role` are what they are set by."""
        if bool(self.token_file) == bool(self.role):
            raise ValueError(
                f"{setting} needs {by_file}, a file with our token, or {by_role}, the role that the service account "
                "logs in for, and not both"
            )
        if not _METHOD.fullmatch(self.method):
            raise ValueError(
                f"{setting}: the way to log in is such as kubernetes, not {self.method!r}"
            )

    @property
    def where_to_look(self) -> str:
        """Where to look when we are refused."""
        if self.role:
            return f"the role {self.role} of auth/{self.method}, {self.jwt_file} and the role's policies"
        return f"the token in {self.token_file} and its policy"


def access_of(given: Mapping[str, str], *, setting: str) -> Access:
    """Read the settings of OpenBao. Raises ValueError; ``setting`` needs them."""
    address = given.get("TALLYSTICK_OPENBAO_ADDRESS", "").rstrip("/")
    parts = urlsplit(address)
    if parts.scheme != "https" and not (
        parts.scheme == "http" and is_loopback(parts.hostname or "")
    ):
        raise ValueError(
            f"{setting} needs TALLYSTICK_OPENBAO_ADDRESS, such as https://bao.internal:8200, and http on this machine "
            f"alone, not {address!r}"
        )
    access = Access(
        address=address,
        token_file=given.get("TALLYSTICK_OPENBAO_TOKEN_FILE", ""),
        role=given.get("TALLYSTICK_OPENBAO_ROLE", ""),
        method=given.get("TALLYSTICK_OPENBAO_METHOD", "") or "kubernetes",
        jwt_file=given.get("TALLYSTICK_OPENBAO_JWT_FILE", "") or SERVICE_ACCOUNT,
        ca=given.get("TALLYSTICK_OPENBAO_CA", ""),
    )
    access.demand_usable(
        setting, by_file="TALLYSTICK_OPENBAO_TOKEN_FILE", by_role="TALLYSTICK_OPENBAO_ROLE"
    )
    return access


class _Auth(msgspec.Struct, frozen=True, kw_only=True):
    client_token: str
    lease_duration: int
    renewable: bool = False

    def __repr__(self) -> str:
        return f"_Auth({self.lease_duration})"


class _Given(msgspec.Struct, frozen=True, kw_only=True):
    auth: _Auth | None = None


class BaoToken:
    """Our token: read anew from its file, or logged in for, renewed at two thirds of its life, and then another.

    However many ask, one renews. Where that fails the token is used until its end, and it is tried again meanwhile.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._turn = asyncio.Lock()
        self._auth: _Auth | None = None
        self._due_ns = self._ends_ns = 0
        self._client = client_of(access.address, ca=access.ca) if access.role else None

    @property
    def due_ms(self) -> int | None:
        """In how many milliseconds it is to be renewed; None for a file, which somebody else keeps fresh."""
        if self._client is None:
            return None
        return max(self._due_ns - time.monotonic_ns(), 0) // 1_000_000

    async def get(self) -> str:
        """The token to send now. Raises BaoRefused."""
        if self._client is None:
            return await asyncio.to_thread(read_token, self._access.token_file)
        async with self._turn:
            if self._auth is None or time.monotonic_ns() >= self._due_ns:
                self._auth = await self._renewed(self._client)
            return self._auth.client_token

    def forget(self) -> None:
        """Log in anew when next asked: this one is not let in any more."""
        self._auth = None

    async def close(self) -> None:
        """Give back a token that was logged in for, and what was leased with it; one of a file is not ours to end."""
        if self._client is None:
            return
        if self._auth:
            url = f"{self._access.address}/v1/auth/token/revoke-self"
            # What is not given back in time ends by itself.
            with suppress(BaoRefused, TimeoutError):
                async with asyncio.timeout(TIMEOUT_S):
                    await ask(self._client, "POST", url, token=self._auth.client_token)
            self._auth = None
        await self._client.aclose()

    async def _renewed(self, client: httpx.AsyncClient) -> _Auth:
        before, now_ns = self._auth, time.monotonic_ns()
        try:
            given = await self._prolonged(client) or await self._logged_in(client)
        except BaoRefused:
            if before is None or now_ns >= self._ends_ns:
                raise
            self._due_ns = min(now_ns + RETRY_MS * 1_000_000, self._ends_ns)
            return before
        self._due_ns = now_ns + two_thirds_ms(given.lease_duration) * 1_000_000
        self._ends_ns = now_ns + given.lease_duration * 1_000_000_000
        return given

    async def _prolonged(self, client: httpx.AsyncClient) -> _Auth | None:
        """The same token for as long again; None when it may not live so much longer."""
        before = self._auth
        if before is None or not before.renewable:
            return None
        with suppress(BaoRefused):
            body = {"increment": before.lease_duration}
            given = await self._asked(client, "auth/token/renew-self", body, before.client_token)
            if is_as_long(given.lease_duration, before.lease_duration):
                return msgspec.structs.replace(given, lease_duration=before.lease_duration)
        return None

    async def _logged_in(self, client: httpx.AsyncClient) -> _Auth:
        jwt = await asyncio.to_thread(read_token, self._access.jwt_file)
        body = {"role": self._access.role, "jwt": jwt}
        return await self._asked(client, f"auth/{self._access.method}/login", body, "")

    async def _asked(
        self, client: httpx.AsyncClient, path: str, body: Mapping[str, Any], token: str
    ) -> _Auth:
        at = self._access
        try:
            content = await ask(client, "POST", f"{at.address}/v1/{path}", body=body, token=token)
            given = msgspec.json.decode(content, type=_Given).auth
        except msgspec.MsgspecError:
            given = None
        except BaoRefused as error:
            raise BaoRefused(
                f"OpenBao at {at.address} does not let us log in: it {error}; look at {at.where_to_look}",
                status=error.status,
                is_down=error.is_down,
            ) from None
        if given is None or not given.client_token or given.lease_duration < 1:
            raise BaoRefused(f"OpenBao at {at.address} gives no token that ends at {path}")
        return given


async def ask(
    client: httpx.AsyncClient, method: str, url: str, *, body: Any = None, token: str = ""
) -> bytes:
    """Ask OpenBao what may be asked twice, three times at most. Raises BaoRefused."""
    said, status = "was not asked", 0
    for _ in range(TRIES_MAX):
        headers = {"x-vault-token": token} if token else {}
        try:
            answer = await client.request(method, url, json=body, headers=headers)
        except httpx.RequestError as error:
            said, status = f"is down ({type(error).__name__})", 0
            continue
        status = answer.status_code
        if status < 400:
            return answer.content
        said = f"refuses ({status})"
        if status not in _AGAIN:
            break
    raise BaoRefused(said, status=status, is_down=status in (0, *_AGAIN))


def client_of(address: str, *, ca: str, timeout_s: int = TIMEOUT_S) -> httpx.AsyncClient:
    """What speaks to an address: over TLS with the authorities of the file ``ca``, or with those of the system."""
    return httpx.AsyncClient(
        timeout=timeout_s,
        # In the clear there is nothing to verify, and reading all authorities takes its time.
        verify=ssl.create_default_context(cafile=ca) if ca else address.startswith("https:"),
    )


def two_thirds_ms(duration_s: int) -> int:
    """When to renew what lives so many seconds."""
    return duration_s * 2_000 // 3


def is_as_long(given_s: int, before_s: int) -> bool:
    """Whether what was renewed was given nearly the time it had; else its longest life is near."""
    return given_s * 10 >= before_s * _TENTHS_MIN


def read_token(path: str) -> str:
    """Give what a file has, less the space around it: a line of ASCII. Raises BaoRefused."""
    try:
        found = Path(path).read_bytes()[:TOKEN_BYTES_MAX].decode("ascii").strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise BaoRefused(f"no token can be read from {path}: {reason}") from None
    if not (found and found.isprintable()):
        raise BaoRefused(f"no token can be read from {path}: it has none in it")
    return found

"""Speaking to a secret manager over HTTP: bounded in time and tries, and never saying what was sent or came back."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple

import httpx
import msgspec

from tallystick.governance.adapters.tokens import NoIdentity, Tokens
from tallystick.governance.adapters.tries import AGAIN, passes, patience
from tallystick.governance.model.homes import HomeDenied, HomeDown, HomeRefused
from tallystick.kernel.hosts import is_loopback
from tallystick.runtime.openbao import Access, BaoRefused, BaoToken, client_of, read_token

TIMEOUT_S: Final = 10
TRIES_MAX: Final = 3
BODY_MAX: Final = 1_048_576
pause = asyncio.sleep

Token = Callable[[], Awaitable[str]]


class Reply(NamedTuple):
    """What came back: the status, the JSON of the body, or None, and what `Retry-After` says."""

    status: int
    body: Any
    retry_after: str | None = None

    def __repr__(self) -> str:
        return f"Reply({self.status})"


class Rest:
    """One secret manager's address, and how we say who we are."""

    def __init__(
        self,
        *,
        home: str,
        address: str,
        token: Token,
        header: str = "authorization",
        scheme: str = "Bearer ",
        ca: str = "",
        bao: BaoToken | None = None,
    ) -> None:
        """`bao` is where the token is from that ends with this. Raises ValueError for http beyond this machine."""
        self._bao = bao
        self.home, self._token, self._header, self._scheme = home, token, header, scheme
        self._address = address.rstrip("/")
        url = httpx.URL(self._address)
        if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.host)):
            raise ValueError(
                f"{home} is spoken to over https, or on this machine, not at {address!r}"
            )
        self._client = client_of(self._address, ca=ca, timeout_s=TIMEOUT_S)

    async def close(self) -> None:
        """Close what is open."""
        if self._bao:
            await self._bao.close()
        await self._client.aclose()

    async def ask(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        is_denial: Callable[[Any], bool] = lambda _: True,
    ) -> Reply:
        """Ask, again when it does not answer or cannot now. Raises HomeDown, HomeDenied.

        What is not GET is asked again only if it surely was not done. `is_denial` looks into a 403.
        """
        said, wait = "it was not asked", 0
        for tried in range(1, TRIES_MAX + 1):
            if wait:
                await pause(wait)
            wait = patience(None, tried)
            try:
                reply = await self._once(method, path, body, query)
            except httpx.RequestError as error:
                said = f"{type(error).__name__} at {self._address}"
                if method == "GET" or isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
                    continue
                break
            if reply.status not in AGAIN:
                return self._admitted(reply, is_denial)
            said = f"it answers {reply.status} at {self._address}"
            if not passes(reply.status, may_twice=method == "GET"):
                break
            wait = patience(reply.retry_after, tried)
        raise HomeDown(f"{self.home} is down: {said}. What was done stays; run the same again")

    async def _once(self, method: str, path: str, body: Any, query: Any) -> Reply:
        answer = await self._client.request(
            method,
            f"{self._address}/{path}",
            content=None if body is None else msgspec.json.encode(body),
            params=query,
            headers={
                self._header: self._scheme + await self._token(),
                "content-type": "application/json",
            },
        )
        if len(answer.content) > BODY_MAX:
            raise HomeRefused(f"{self.home} at {self._address} answers with over {BODY_MAX} bytes")
        try:
            found = msgspec.json.decode(answer.content or b"null")
        except msgspec.DecodeError:
            if answer.is_success:
                raise HomeRefused(f"{self.home} at {self._address} answers no JSON") from None
            found = None
        return Reply(answer.status_code, found, answer.headers.get("retry-after"))

    def _admitted(self, reply: Reply, is_denial: Callable[[Any], bool]) -> Reply:
        if reply.status == 401 or (reply.status == 403 and is_denial(reply.body)):
            if self._bao:
                self._bao.forget()
            raise HomeDenied(
                f"{self.home} at {self._address} does not let our token do this ({reply.status}): "
                "look at where it is from, its end and its policy"
            )
        return reply

    def refused(self, reply: Reply, what: str) -> HomeRefused:
        """What to raise for an answer that nobody expected."""
        return HomeRefused(f"{self.home} at {self._address} refuses to {what} ({reply.status})")


def token_of_file(path: str, *, home: str) -> Token:
    """Read the token anew for each request, since an agent replaces it. It raises HomeDenied."""

    async def token() -> str:
        try:
            return await asyncio.to_thread(read_token, path)
        except BaoRefused as error:
            raise HomeDenied(f"{home}: {error}") from None

    return token


def rest_of_openbao(access: Access) -> Rest:
    """OpenBao by our token there, which raises HomeDown, HomeDenied. Raises ValueError for an address in the clear."""
    bao = BaoToken(access)

    async def token() -> str:
        try:
            return await bao.get()
        except BaoRefused as error:
            if error.is_down:
                raise HomeDown(f"{error}. What was done stays; run the same again") from None
            raise HomeDenied(str(error)) from None

    return Rest(
        home="openbao",
        address=access.address,
        token=token,
        header="x-vault-token",
        scheme="",
        ca=access.ca,
        bao=bao,
    )


def token_of_process(tokens: Tokens, *, scope: str) -> Token:
    """Give the token of the process's own identity for a scope. It raises HomeDenied."""

    async def token() -> str:
        try:
            return tokens.held(scope) or await asyncio.to_thread(tokens.get, scope)
        except NoIdentity as error:
            raise HomeDenied(str(error)) from None

    return token

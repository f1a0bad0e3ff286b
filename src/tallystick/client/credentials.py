"""Credentials: a key as text, or what is asked before each attempt and answers the headers to show."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Mapping

AHEAD_MS = 30_000

Headers = Mapping[str, str]
Show = Callable[[str, str], Headers]
"""Answers what to show, given the method and the URL: DPoP (RFC 9449) signs both."""
AsyncShow = Callable[[str, str], Awaitable[Headers]]
Fetched = tuple[str, int]
"""A token and how many seconds it is good for."""


def now_ms() -> int:
    """The time that only goes forward, in milliseconds."""
    return time.monotonic_ns() // 1_000_000


def bearer(text: str) -> Headers:
    """A key, a session or a token, as it is shown."""
    return {"authorization": f"Bearer {text}"}


class Renewed:
    """A token that is fetched when it is first needed, and again half a minute before it ends.

    ``fetch`` answers a token and how many seconds it is good for. Threads share one.
    """

    def __init__(
        self, fetch: Callable[[], Fetched], *, clock_ms: Callable[[], int] = now_ms
    ) -> None:
        self._fetch, self._now_ms = fetch, clock_ms
        self._headers: Headers = {}
        self._until_ms = 0
        self._lock = threading.Lock()

    def __call__(self, method: str, url: str) -> Headers:
        """What to show now."""
        with self._lock:
            if not self._headers or self._now_ms() >= self._until_ms:
                token, seconds = self._fetch()
                self._headers = bearer(token)
                self._until_ms = self._now_ms() + seconds * 1_000 - AHEAD_MS
            return self._headers


class AsyncRenewed:
    """The same, where ``fetch`` is awaited."""

    def __init__(
        self, fetch: Callable[[], Awaitable[Fetched]], *, clock_ms: Callable[[], int] = now_ms
    ) -> None:
        self._fetch, self._now_ms = fetch, clock_ms
        self._headers: Headers = {}
        self._until_ms = 0
        self._lock = asyncio.Lock()

    async def __call__(self, method: str, url: str) -> Headers:
        """What to show now."""
        async with self._lock:
            if not self._headers or self._now_ms() >= self._until_ms:
                token, seconds = await self._fetch()
                self._headers = bearer(token)
                self._until_ms = self._now_ms() + seconds * 1_000 - AHEAD_MS
            return self._headers

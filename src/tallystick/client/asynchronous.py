"""The client for programs that do other things meanwhile."""

import asyncio
import secrets
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Self

import httpx

from tallystick.client.calls import Answer, Call
from tallystick.client.connecting import (
    ANSWER_BYTES_MAX,
    connections,
    origin_of,
    time_limit,
)
from tallystick.client.courses import Course, Patience, Pause
from tallystick.client.credentials import AsyncShow, bearer, now_ms
from tallystick.client.generated.async_groups import AsyncGroups
from tallystick.client.keys import new_key as chosen_by_chance
from tallystick.client.paging import PAGES_MAX, Walk


class AsyncClient(AsyncGroups):
    """The platform at a URL, asked as the holder of a credential.

    Close it, or use it in an ``async with``; tasks of one loop share it. ``credential`` is a key, or what is awaited
    for the headers to show, given a method and a URL (``AsyncRenewed`` keeps a token); '' shows none. ``patience`` says
    how long and how often a call is tried, where its ``within_ms`` does not: a read, and a write under its id or its
    ``idempotency_key``, which ``new_key`` makes. ``tls`` is made by ``trust``. The rest is for tests.

    Every call raises the Problem it was refused with, AnswerLost when none came, AnswerNotUnderstood for one that is
    not the platform's. Whatever ends a write, being cancelled too, has its ``key``.
    Raises AddressNotAccepted, ValueError.
    """

    def __init__(
        self,
        url: str,
        *,
        credential: str | AsyncShow = "",
        patience: Patience | None = None,
        tls: ssl.SSLContext | None = None,
        new_key: Callable[[], str] = chosen_by_chance,
        clock_ms: Callable[[], int] = now_ms,
        sleep_ms: Callable[[int], Awaitable[None]] | None = None,
        chance: Callable[[int], int] = secrets.randbelow,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._origin = origin_of(url)
        self._credential, self._patience = credential, patience or Patience()
        self._now_ms, self._sleep_ms, self._chance = clock_ms, sleep_ms or _sleep_ms, chance
        self._http = httpx.AsyncClient(transport=transport, **connections(tls))
        super().__init__(self.ask, self.walk, new_key)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def ask(self, call: Call[Answer]) -> Answer:
        """Ask, again where that is safe and can help, within the patience of this client."""
        course = Course(call, patience=self._patience, now_ms=self._now_ms, chance=self._chance)
        try:
            return await self._run(call, course)
        except BaseException as error:
            course.left(error)
            raise

    async def _run(self, call: Call[Answer], course: Course[Answer]) -> Answer:
        for _ in range(self._patience.attempts_max):
            try:
                outcome = course.answered(*await self._attempt(call, course))
            except httpx.RequestError as error:
                outcome = course.lost(error)
            if not isinstance(outcome, Pause):
                return outcome
            await self._sleep_ms(outcome.ms)
        raise AssertionError("the last attempt ends the course")

    async def walk(
        self, call: Call[Any], items: Callable[[Any], tuple[Any, ...]], most: int
    ) -> AsyncIterator[Any]:
        """Every item of a list, page by page. Raises ListTooLong for more than ``most``."""
        walk = Walk(call, most=most)
        for _ in range(PAGES_MAX):
            page = await self.ask(call)
            for item in walk.give(items(page)):
                yield item
            if page.after is None:
                return
            call = walk.after(page.after)

    async def _attempt(
        self, call: Call[Any], course: Course[Any]
    ) -> tuple[int, Mapping[str, str], bytes]:
        attempt_ms = course.begin()
        attempt_s = attempt_ms / 1_000
        try:
            async with asyncio.timeout(attempt_s):
                return await self._send(call, course, attempt_ms)
        except TimeoutError as error:
            raise httpx.ReadTimeout("the answer took too long to come") from error

    async def _send(
        self, call: Call[Any], course: Course[Any], attempt_ms: int
    ) -> tuple[int, Mapping[str, str], bytes]:
        asking = call.asking()
        ends_ms = self._now_ms() + attempt_ms
        url = self._origin + asking.target
        shown = {} if call.public else await self._shown(asking.method, url)
        async with self._http.stream(
            asking.method,
            url,
            headers={**asking.headers, **shown},
            content=asking.content,
            timeout=time_limit(attempt_ms),
        ) as answer:
            parts, size = list[bytes](), 0
            async for part in answer.aiter_bytes():
                size += len(part)
                if size > ANSWER_BYTES_MAX:
                    raise course.too_large(answer.status_code)
                if self._now_ms() > ends_ms:
                    raise httpx.ReadTimeout("the answer took too long to come")
                parts.append(part)
            return answer.status_code, answer.headers, b"".join(parts)

    async def _shown(self, method: str, url: str) -> Mapping[str, str]:
        if isinstance(self._credential, str):
            return bearer(self._credential) if self._credential else {}
        return await self._credential(method, url)


async def _sleep_ms(ms: int) -> None:
    pause_s = ms / 1_000
    await asyncio.sleep(pause_s)

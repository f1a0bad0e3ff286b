"""The client that waits for each answer."""

import secrets
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
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
from tallystick.client.credentials import Show, bearer, now_ms
from tallystick.client.generated.groups import Groups
from tallystick.client.keys import new_key as chosen_by_chance
from tallystick.client.paging import PAGES_MAX, Walk


class Client(Groups):
    """The platform at a URL, asked as the holder of a credential.

    Close it, or use it in a ``with``; threads share one. ``credential`` is a key, or what answers the headers to
    show, given a method and a URL (``Renewed`` keeps a token); '' shows none. ``patience`` says how long and how often
    a call is tried, where its ``within_ms`` does not: a read, and a write under its id or its ``idempotency_key``,
    which ``new_key`` makes. ``tls`` is
    made by ``trust``. The rest is for tests.

    Every call raises the Problem it was refused with, AnswerLost when none came, AnswerNotUnderstood for one that is
    not the platform's. Whatever ends a write, KeyboardInterrupt too, has its ``key``.
    Raises AddressNotAccepted, ValueError.
    """

    def __init__(
        self,
        url: str,
        *,
        credential: str | Show = "",
        patience: Patience | None = None,
        tls: ssl.SSLContext | None = None,
        new_key: Callable[[], str] = chosen_by_chance,
        clock_ms: Callable[[], int] = now_ms,
        sleep_ms: Callable[[int], None] | None = None,
        chance: Callable[[int], int] = secrets.randbelow,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._origin = origin_of(url)
        self._credential, self._patience = credential, patience or Patience()
        self._now_ms, self._sleep_ms, self._chance = clock_ms, sleep_ms or _sleep_ms, chance
        self._http = httpx.Client(transport=transport, **connections(tls))
        super().__init__(self.ask, self.walk, new_key)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ask(self, call: Call[Answer]) -> Answer:
        """Ask, again where that is safe and can help, within the patience of this client."""
        course = Course(call, patience=self._patience, now_ms=self._now_ms, chance=self._chance)
        try:
            return self._run(call, course)
        except BaseException as error:
            course.left(error)
            raise

    def _run(self, call: Call[Answer], course: Course[Answer]) -> Answer:
        for _ in range(self._patience.attempts_max):
            try:
                outcome = course.answered(*self._send(call, course))
            except httpx.RequestError as error:
                outcome = course.lost(error)
            if not isinstance(outcome, Pause):
                return outcome
            self._sleep_ms(outcome.ms)
        raise AssertionError("the last attempt ends the course")

    def walk(
        self, call: Call[Any], items: Callable[[Any], tuple[Any, ...]], most: int
    ) -> Iterator[Any]:
        """Every item of a list, page by page. Raises ListTooLong for more than ``most``."""
        walk = Walk(call, most=most)
        for _ in range(PAGES_MAX):
            page = self.ask(call)
            yield from walk.give(items(page))
            if page.after is None:
                return
            call = walk.after(page.after)

    def _send(self, call: Call[Any], course: Course[Any]) -> tuple[int, Mapping[str, str], bytes]:
        asking, attempt_ms = call.asking(), course.begin()
        ends_ms = self._now_ms() + attempt_ms
        url = self._origin + asking.target
        shown = {} if call.public else self._shown(asking.method, url)
        with self._http.stream(
            asking.method,
            url,
            headers={**asking.headers, **shown},
            content=asking.content,
            timeout=time_limit(attempt_ms),
        ) as answer:
            parts, size = list[bytes](), 0
            for part in answer.iter_bytes():
                size += len(part)
                if size > ANSWER_BYTES_MAX:
                    raise course.too_large(answer.status_code)
                if self._now_ms() > ends_ms:
                    raise httpx.ReadTimeout("the answer took too long to come")
                parts.append(part)
            return answer.status_code, answer.headers, b"".join(parts)

    def _shown(self, method: str, url: str) -> Mapping[str, str]:
        if isinstance(self._credential, str):
            return bearer(self._credential) if self._credential else {}
        return self._credential(method, url)


def _sleep_ms(ms: int) -> None:
    pause_s = ms / 1_000
    time.sleep(pause_s)

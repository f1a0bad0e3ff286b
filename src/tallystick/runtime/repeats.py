"""Writes done once per ``Idempotency-Key`` (draft-ietf-httpapi-idempotency-key-header): kept answers, given again.

Only what was done is kept. A refusal lets the key go, so that it may be used again once its reason is mended. So does
an outcome that nobody knows, where doing it twice does no more than once; else the key says so until it expires. A
secret is never kept: whoever asks again is told that it was shown once.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from hashlib import sha256
from typing import Any, NamedTuple, Protocol

from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import Kind, Problem
from tallystick.runtime.refusals import (
    AnswerNotKept,
    KeyUsedForOther,
    RequestInFlight,
)

KEPT_HOURS = 24
ANSWER_BYTES_MAX = 256 * 1024
LOST_AFTER_S = 180
_REPLAYED = (b"idempotent-replayed", b"true")
# Of an answer's headers those that are about what was done; the others are every answer's.
_KEPT = (b"content-type", b"location")
_UNKNOWN = {Kind.UNAVAILABLE}
_NOT_KEPT = (
    "This was asked before, and its answer is not kept: it held a secret, was too large, or was lost on the way. "
    "GET /v1/acts tells whether it was done; take a new Idempotency-Key to do it once more."
)

Headers = list[tuple[bytes, bytes]]
Answer = tuple[int, Headers, bytes]


class Kept(NamedTuple):
    """An answer as it is kept: a status, a few headers, the body."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Begun(NamedTuple):
    """What is known of a key when a request comes with it.

    ``is_new`` when it is this request's from now on. Else ``fingerprint`` is that of the request which has it, and
    ``kept`` its answer; none while it is under way, or where none is kept. ``is_over`` when it ended or was lost.
    """

    is_new: bool
    fingerprint: bytes = b""
    is_over: bool = False
    kept: Kept | None = None


class Answers(Protocol):
    """Somebody who keeps answers for 24 hours, by tenant, actor and key."""

    async def begin(self, *, caller: Caller, key: str, fingerprint: bytes, for_good: bool) -> Begun:
        """Take a key for a request, or tell who has it.

        What has not ended after three minutes was lost: such a key is taken over, unless it was taken ``for_good``.
        """
        ...

    async def keep(self, *, caller: Caller, key: str, answer: Kept | None) -> None:
        """Keep the answer of a request that was done; with None, only that it was."""
        ...

    async def let_go(self, *, caller: Caller, key: str) -> None:
        """Let a key be used again."""
        ...


def fingerprint(scope: Mapping[str, Any], headers: Mapping[bytes, bytes], body: bytes) -> bytes:
    """What makes two requests the same: method, path, query, media types and body."""
    path = scope.get("raw_path") or scope["path"].encode()
    parts = (
        scope["method"].encode(), path, scope["query_string"],
        headers.get(b"content-type", b""), headers.get(b"accept", b""), body,
    )  # fmt: skip
    return sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()


async def once(
    answers: Answers,
    *,
    caller: Caller,
    key: str,
    of: bytes,
    may_repeat: bool,
    shows_secret: bool,
    do: Callable[[], Awaitable[Answer]],
) -> Answer:
    """Do a write, or give the answer of when it was done. ``of`` is the request's fingerprint.

    ``may_repeat`` when doing it twice does no more than doing it once; then a key whose outcome was lost is free again.
    Raises KeyUsedForOther, RequestInFlight, AnswerNotKept.
    """
    begun = await answers.begin(caller=caller, key=key, fingerprint=of, for_good=not may_repeat)
    if not begun.is_new:
        return _again(begun, of)
    try:
        status, headers, content = await do()
    except BaseException as error:
        # After weather, a defect or an end from outside nobody knows whether it was done.
        is_known = isinstance(error, Problem) and error.kind not in _UNKNOWN
        with suppress(Exception):
            if is_known or may_repeat:
                await answers.let_go(caller=caller, key=key)
            else:
                await answers.keep(caller=caller, key=key, answer=None)
        raise
    kept = None
    if not shows_secret and len(content) <= ANSWER_BYTES_MAX:
        told = {one.decode(): text.decode("latin-1") for one, text in headers if one in _KEPT}
        kept = Kept(status, told, content)
    # The write is done, whatever becomes of its answer here.
    with suppress(Exception):
        await answers.keep(caller=caller, key=key, answer=kept)
    return status, headers, content


def _again(begun: Begun, of: bytes) -> Answer:
    if begun.fingerprint != of:
        raise KeyUsedForOther(
            "This Idempotency-Key was sent with another request: take a new key for a new request.",
            {"Idempotency-Key": "used for another request"},
        )
    if not begun.is_over:
        raise RequestInFlight("The same request is being done: ask again for its answer.")
    if begun.kept is None:
        raise AnswerNotKept(_NOT_KEPT)
    told = [(name.encode(), text.encode("latin-1")) for name, text in begun.kept.headers.items()]
    return begun.kept.status, [*told, _REPLAYED], begun.kept.content

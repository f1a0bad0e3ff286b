"""The course of a call: what becomes of each attempt, and whether and when there is another. No I/O, clock or dice."""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Generic, NamedTuple

import httpx
import msgspec

from tallystick.client.calls import PROBLEM_JSON, Answer, Call
from tallystick.kernel.answers import reader
from tallystick.kernel.fields import told
from tallystick.kernel.problems import Kind, Problem, Retry, travelled
from tallystick.kernel.refusals import RequestTookTooLong

RETRY_AFTER_DIGITS_MAX = 6
# What a proxy in front says of itself, and what is the same as nothing heard.
_WEATHER = {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
# Nothing had been sent when these happened.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
# What we would have sent is wrong, and stays so.
_OURS = (httpx.LocalProtocolError, httpx.UnsupportedProtocol)
_CAUSES_MAX = 10


class AnswerLost(ConnectionError):
    """No answer came, and nobody knows whether it was done.

    ``key`` is the ``idempotency_key`` it was done under, '' for none: asked again with it, it is done once.
    """

    def __init__(self, text: str, *, key: str) -> None:
        super().__init__(text)
        self.key = key


class AnswerNotUnderstood(ValueError):
    """What answered does not answer as the platform does. ``status`` is its status, ``key`` as of AnswerLost."""

    def __init__(self, text: str, *, status: int, key: str) -> None:
        super().__init__(text)
        self.status = status
        self.key = key


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How long a call is tried: attempts and milliseconds in all, and for one; the pauses between, each twice the last.

    A pause is shortened by chance to no less than half of what is said here, and is no less than the server asks for.
    """

    attempts_max: int = 6
    total_ms: int = 60_000
    attempt_ms: int = 30_000
    first_pause_ms: int = 100
    pause_ms_max: int = 5_000

    def __post_init__(self) -> None:
        if self.attempts_max < 1 or min(self.total_ms, self.attempt_ms, self.first_pause_ms) < 1:
            raise ValueError("there is at least one attempt, and a millisecond for each thing")


class Pause(NamedTuple):
    """There is to be another attempt, after this."""

    ms: int


class _Refusal(msgspec.Struct, frozen=True):
    """A problem as RFC 9457 writes it: what of it is acted on."""

    code: str
    detail: str
    retry: str = Retry.NEVER
    instance: str = ""
    fields: Annotated[dict[str, str], told("What it was about, by name.")] = {}


_refusal = msgspec.json.Decoder(_Refusal).decode


class Course(Generic[Answer]):
    """One call, from its first attempt to its end. ``chance`` answers a number under the given one."""

    def __init__(
        self,
        call: Call[Answer],
        *,
        patience: Patience,
        now_ms: Callable[[], int],
        chance: Callable[[int], int],
    ) -> None:
        self._call, self._patience = call, patience
        self._now_ms, self._chance = now_ms, chance
        self._ends_ms = now_ms() + (call.within_ms or patience.total_ms)
        self._attempts = 0

    def begin(self) -> int:
        """Begin an attempt: answers how many milliseconds it has."""
        self._attempts += 1
        return max(1, min(self._patience.attempt_ms, self._ends_ms - self._now_ms()))

    def lost(self, error: Exception) -> Pause:
        """No answer came to an attempt. Raises AnswerLost where there is not to be another."""
        is_safe = self._call.is_repeatable or isinstance(error, _NOT_SENT)
        if is_safe and not isinstance(error, _OURS) and not _is_of_tls(error):
            pause = self._pause(0)
            if pause is not None:
                return pause
        raise self._lost(str(error) or type(error).__name__) from error

    def answered(self, status: int, headers: Mapping[str, str], content: bytes) -> Answer | Pause:
        """An answer came. Raises the Problem it is, AnswerLost, AnswerNotUnderstood."""
        if status < HTTPStatus.MULTIPLE_CHOICES:
            return self._read(status, content)
        if not headers.get("content-type", "").startswith(PROBLEM_JSON):
            if status not in _WEATHER:
                raise self._strange(status, "with no problem")
            return self._again(headers) or self._give_up(self._lost(f"status {status}"))
        problem = self._problem(status, headers, content)
        # What asks for the same request again asks a person for something first, unless its answer was lost on the way.
        if problem.retry is Retry.LATER or isinstance(problem, RequestTookTooLong):
            return self._again(headers) or self._give_up(problem)
        raise problem

    def left(self, error: BaseException) -> None:
        """The call ends with whatever this is: it carries the key as ``key`` and as a note, as AnswerLost does."""
        if self._call.key and not hasattr(error, "key"):
            error.__dict__["key"] = self._call.key
            error.add_note(f"idempotency_key: {self._call.key}")

    def too_large(self, status: int) -> AnswerNotUnderstood:
        """The answer has more bytes than one may have."""
        return self._strange(status, "it is too large")

    def _again(self, headers: Mapping[str, str]) -> Pause | None:
        if not self._call.is_repeatable:
            return None
        asked = headers.get("retry-after", "")
        is_number = asked.isascii() and asked.isdecimal() and len(asked) <= RETRY_AFTER_DIGITS_MAX
        return self._pause(int(asked) * 1_000 if is_number else 0)

    def _pause(self, least_ms: int) -> Pause | None:
        patience = self._patience
        if self._attempts >= patience.attempts_max:
            return None
        most = min(patience.pause_ms_max, patience.first_pause_ms << (self._attempts - 1))
        pause = max(least_ms, most - self._chance(most // 2 + 1))
        return Pause(pause) if self._now_ms() + pause < self._ends_ms else None

    def _give_up(self, error: Exception) -> Any:
        raise error

    def _read(self, status: int, content: bytes) -> Any:
        kind: Any = self._call.answer
        if kind is bytes:
            return kind(content)
        try:
            return reader(kind)(content)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise self._strange(status, str(error)) from None

    def _problem(self, status: int, headers: Mapping[str, str], content: bytes) -> Problem:
        try:
            told_ = _refusal(content)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise self._strange(status, str(error)) from None
        is_ours = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        problem = travelled(
            told_.code, told_.detail, told_.fields,
            retry=told_.retry,
            is_replayed=headers.get("idempotent-replayed") == "true",
            otherwise=Kind.UNAVAILABLE if is_ours else Kind.UNPROCESSABLE,
            closed=self._call.refused,
        )  # fmt: skip
        if told_.instance:
            problem.add_note(told_.instance)
        return problem

    def _lost(self, because: str) -> AnswerLost:
        call = self._call
        return AnswerLost(f"no answer to {call.method} {call.path} ({because})", key=call.key)

    def _strange(self, status: int, because: str) -> AnswerNotUnderstood:
        call = self._call
        return AnswerNotUnderstood(
            f"{call.method} {call.path} was answered with {status}, which cannot be read ({because})",
            status=status,
            key=call.key,
        )


def _is_of_tls(error: BaseException | None) -> bool:
    for _ in range(_CAUSES_MAX):
        if error is None or isinstance(error, ssl.SSLError):
            break
        error = error.__cause__ or error.__context__
    return isinstance(error, ssl.SSLError)

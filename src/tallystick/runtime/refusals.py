"""Refusals on the wire: every problem as RFC 9457 ``application/problem+json``, one status per kind."""

import asyncio
import re
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import quote

import asyncpg
import msgspec

from tallystick.kernel.fields import told
from tallystick.kernel.problems import Kind, Malformed, Problem, Retry
from tallystick.kernel.refusals import (
    AnswerNotKept,
    AnswerTypeNotAcceptable,
    BodyTooLarge,
    BodyTooSlow,
    HeadersTooLarge,
    InternalError,
    KeyMissing,
    KeyUsedForOther,
    MediaTypeNotSupported,
    MethodNotAllowed,
    NotReady,
    PathNotFound,
    PathTooLong,
    RequestInFlight,
    RequestTookTooLong,
    TemporarilyUnavailable,
    TooManyRequests,
)
from tallystick.runtime.routes import REPLAYED

PROBLEM_JSON = "application/problem+json"
PROBLEMS_PATH = "/docs/problems"
RETRY_AFTER_S = 1

STATUS_BY_KIND: Mapping[Kind, int] = {
    Kind.MALFORMED: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.TOO_LARGE: 413,
    Kind.UNSUPPORTED: 415,
    Kind.UNPROCESSABLE: 422,
    Kind.UNAVAILABLE: 503,
}


# What HTTP itself has a number for and no kind of ours describes.
_STATUS_BY_CODE: Mapping[str, int] = {
    MethodNotAllowed.code: 405,
    AnswerTypeNotAcceptable.code: 406,
    BodyTooSlow.code: 408,
    InternalError.code: 500,
    PathTooLong.code: 414,
    HeadersTooLarge.code: 431,
    TooManyRequests.code: 429,
}

ALWAYS: tuple[type[Problem], ...] = (
    AnswerTypeNotAcceptable,
    PathTooLong,
    HeadersTooLarge,
    TooManyRequests,
    RequestTookTooLong,
    TemporarilyUnavailable,
    InternalError,
)
"""What any route may answer."""
WITH_BODY: tuple[type[Problem], ...] = (MediaTypeNotSupported, BodyTooLarge, BodyTooSlow)
"""What a route with a body may answer besides."""
OF_WRITES: tuple[type[Problem], ...] = (KeyUsedForOther, RequestInFlight, AnswerNotKept)
"""What a write whose answers are kept by ``Idempotency-Key`` may answer besides."""
OF_THE_EDGE: tuple[type[Problem], ...] = (
    Malformed,
    PathNotFound,
    MethodNotAllowed,
    NotReady,
    *ALWAYS,
    *WITH_BODY,
    *OF_WRITES,
    KeyMissing,
)
"""Every problem the edge itself raises."""

# Weather: the database is away, restarting, full or interrupted the statement. Repeating can help.
_WEATHER = (
    OSError,
    TimeoutError,
    asyncio.TimeoutError,
    asyncpg.InterfaceError,
    # A killed server takes its leave of an idle connection, and asyncpg takes that for half an answer.
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
)


class ProblemDocument(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"kind": "type"}
):
    """A problem as RFC 9457 writes it, with our code, whether repeating helps, and what was wrong."""

    kind: Annotated[str, told("Where the problem is explained, relative to this server.")]
    title: Annotated[str, told("The code as a sentence.")]
    status: Annotated[int, told("The status of this answer.")]
    detail: Annotated[str, told("What was wrong this time.")]
    code: Annotated[str, told("What to act on: it never changes its meaning.")]
    retry: Retry
    instance: Annotated[str, told("This request, as the log has it.")]
    fields: Annotated[dict[str, str], told("What it was about, by name.")] = {}


def status_of(problem: Problem | type[Problem]) -> int:
    """The HTTP status a problem is answered with."""
    return _STATUS_BY_CODE.get(problem.code) or STATUS_BY_KIND[problem.kind]


def title_of(code: str) -> str:
    """The code as a sentence: ``ledger_not_found`` is "Ledger not found"."""
    words = code.replace("_", " ").capitalize()
    return re.sub(r"\b(api|iban|xml)\b", lambda word: word[0].upper(), words, flags=re.IGNORECASE)


def problem_of(error: BaseException) -> Problem:
    """The problem an exception is answered as; nothing of an unexpected one leaks."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, _WEATHER):
        return TemporarilyUnavailable(
            "Something this depends on is out of reach; repeat the same request."
        )
    return InternalError(
        "Something went wrong on our side; the request id in `instance` finds it in the log."
    )


def document_of(problem: Problem, *, request_id: str) -> ProblemDocument:
    """A problem as a document."""
    return ProblemDocument(
        kind=f"{PROBLEMS_PATH}#{problem.code}",
        title=title_of(problem.code),
        status=status_of(problem),
        detail=problem.detail,
        code=problem.code,
        retry=problem.retry,
        instance=f"urn:tallystick:request:{quote(request_id, safe='')}",
        fields=problem.fields,
    )


def headers_of(problem: Problem) -> dict[str, str]:
    """The headers a problem brings along."""
    headers = {"content-type": PROBLEM_JSON}
    if problem.retry == Retry.LATER:
        headers["retry-after"] = str(RETRY_AFTER_S)
    if problem.kind == Kind.UNAUTHENTICATED:
        headers["www-authenticate"] = "Bearer"
    if problem.replayed:
        headers.update(REPLAYED)
    headers.update(getattr(problem, "headers", {}))
    if isinstance(problem, MethodNotAllowed):
        headers["allow"] = problem.fields.get("allow", "")
    return headers

"""The edge toolkit: routes in, an ASGI application out. Knows no context.

Every answer carries a request id and the same strict headers; every refusal is a problem (RFC 9457). Every
route that is not public proves its caller before a byte of the body is read.
"""

import asyncio
import gc
import itertools
import secrets
import time
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import structlog

from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import Kind, Problem
from tallystick.runtime import reading, repeats, tracing
from tallystick.runtime.deadlines import Deadlines, Task
from tallystick.runtime.draining import CLOSE
from tallystick.runtime.public_routes import Check, public_routes
from tallystick.runtime.refusals import (
    BodyTooSlow,
    InternalError,
    KeyMissing,
    MethodNotAllowed,
    RequestTookTooLong,
    TemporarilyUnavailable,
    document_of,
    headers_of,
    problem_of,
    status_of,
)
from tallystick.runtime.routes import JSON, NOBODY, XML, Asked, Pages, Reply, Route, Shown
from tallystick.runtime.serving import Answer, Found, Manners, Served, answered, finder, with_own
from tallystick.runtime.strictness import Origins, strict_headers
from tallystick.runtime.tries import Tries

__all__ = [
    "JSON", "NOBODY", "XML", "Asked", "Authenticate", "Manners", "Reply", "Route", "Shown", "build_app",
]  # fmt: skip

Authenticate = Callable[[Shown, Caller], Awaitable[Caller]]
Hook = Callable[[], Awaitable[None]]
Send = Callable[[Any], Awaitable[None]]

COLLECT_AFTER = (50_000, 20, 20)

_CONTENT_LENGTH, _REQUEST_ID = b"content-length", b"x-request-id"

_log: Any = structlog.get_logger("tallystick.edge")
_encode = msgspec.json.Encoder().encode
_NEEDS_KEY = (
    "Give this an id of its own, or send Idempotency-Key: sent again, it is then done once."
)


def settle_memory() -> None:
    """Take what was built at the start out of the collector's sight, and let it look less often.

    With Python's own thresholds it walks every module again and again while hundreds of requests are under
    way: at 256 connections that took a quarter of the throughput. Requests leave no cycles behind.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def build_app(
    *,
    routes: Iterable[Route],
    authenticate: Authenticate,
    title: str,
    version: str,
    ready: Check | None = None,
    problems: tuple[type[Problem], ...] = (),
    glossary: Mapping[str, str] | None = None,
    on_start: Sequence[Hook] = (),
    on_stop: Sequence[Hook] = (),
    manners: Manners | None = None,
) -> Callable[..., Awaitable[None]]:
    """Build the ASGI application of these routes, with health, ``/openapi.json`` and ``/docs`` beside them.

    ``authenticate`` is given what the request shows and who asks, and answers the caller or raises one of
    ``problems``. ``ready`` raises when the process cannot serve. ``glossary`` explains codes that no
    class carries. ``manners`` are limits, kept answers, origins and time. Raises ValueError for a route given twice.
    """
    own, manners = list(routes), manners or Manners()
    public = public_routes(
        routes=own,
        title=title,
        version=version,
        ready=ready,
        draining=manners.draining,
        problems=problems,
        glossary=glossary or {},
    )
    return _App(
        find=finder([*own, *public], manners),
        authenticate=authenticate,
        on_start=on_start,
        on_stop=on_stop,
        manners=manners,
    )


async def _live(
    receive: reading.Receive, send: Send, *, on_start: Sequence[Hook], on_stop: Sequence[Hook]
) -> None:
    """Run the hooks when the server starts and stops."""
    for moment, hooks in (("startup", on_start), ("shutdown", on_stop)):
        await receive()
        try:
            for hook in hooks:
                await hook()
        except Exception as error:
            await send({"type": f"lifespan.{moment}.failed", "message": traceback.format_exc()})
            raise SystemExit(1) from error
        settle_memory()
        await send({"type": f"lifespan.{moment}.complete"})


class _App:
    """The application: one coroutine a request, since each layer more costs every request."""

    def __init__(
        self,
        *,
        find: Callable[[Mapping[str, Any]], Found],
        authenticate: Authenticate,
        on_start: Sequence[Hook],
        on_stop: Sequence[Hook],
        manners: Manners,
    ) -> None:
        self._limits, self._answers = manners.limits, manners.answers
        self._proxies, self._pages = manners.proxies or None, manners.pages
        self._draining, self._measures = manners.draining, manners.measures
        self._unfound = manners.measures.group("/nothing")
        self._origins, self._deadlines = (
            Origins(manners.origins),
            Deadlines(manners.request_s, hurried_s=reading.BODY_WAIT_S, tells=True),
        )
        self._strict = strict_headers(is_tls=manners.is_tls)
        self._strict_page = strict_headers(is_tls=manners.is_tls, is_page=True)
        self._find, self._authenticate, self._tries = find, authenticate, Tries()
        self._on_start, self._on_stop = on_start, on_stop

    async def __call__(
        self, scope: Mapping[str, Any], receive: reading.Receive, send: Send
    ) -> None:
        """Answer one scope of ASGI: a request, the life of the process, or a WebSocket, which is closed."""
        if scope["type"] != "http":
            await self._answer_other(scope["type"], receive, send)
            return
        served, began_ns = None, time.monotonic_ns()
        headers = dict(scope["headers"])
        if len(headers) != len(scope["headers"]):
            headers = reading.joined(scope["headers"])
        if self._proxies is not None:
            scope, headers = self._proxies.seen_through(scope, headers)
        request_id = _request_id(headers)
        asked_for = request_id.decode("ascii")
        traced = tracing.begin(asked_for, headers)
        task = self._deadlines.enter()
        try:
            reading.check_sizes(scope, headers)
            served, path = self._find(scope)
            shown = Shown(
                authorization=headers.get(b"authorization", b"").decode("latin-1"),
                scope=scope,
                headers=headers,
            )
            status, fields, content = await self._do(
                served, path, shown, receive, request_id=asked_for, task=task
            )
        except reading.Gone:
            status, fields, content = 400, list(self._strict), b""
        except asyncio.CancelledError:
            if not self._deadlines.was_late(task):
                raise
            problem = self._too_late(task)
            status, fields, content = self._refused(problem, served, scope, headers, request_id)
        except Exception as error:
            status, fields, content = self._refused(error, served, scope, headers, request_id)
        finally:
            self._deadlines.leave(task)
        fields = [*fields, (_REQUEST_ID, request_id)]
        if traced is not None:
            trace = tracing.trace_of(asked_for, traced)
            fields.append((b"traceresponse", trace.render()))
        if self._origins:
            fields += self._origins.shown_to(headers)
        if self._draining is not None and self._draining.ends_connection(scope):
            fields.append(CLOSE)
        if scope["method"] == "HEAD":
            # What the answer to GET would carry; the server counts what it sends by itself.
            fields.append((_CONTENT_LENGTH, b"%d" % len(content)))
            content = b""
        group, now_ns = served.group if served else self._unfound, time.monotonic_ns()
        group.note(status, now_ns - began_ns, now_ns)
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": content})

    async def _do(
        self,
        served: Served,
        path: dict[str, str],
        shown: Shown,
        receive: reading.Receive,
        *,
        request_id: str,
        task: Task,
    ) -> Answer:
        """Prove who asks, read what is asked, have it done."""
        scope, headers = shown.scope, shown.headers
        caller, proof = _asking(scope, headers, request_id), None
        if served.pages is not None:
            served.pages.demand_own(shown)
        if served.prove is not None:
            proof = await self._prove_process(served.prove, shown)
        elif not served.is_public:
            prove = self._authenticate if served.pages is None else served.pages.prove
            caller = await self._prove(prove, shown, caller)
        elif self._limits is not None and served.is_counted:
            await self._limits.spend_of(_address(scope))
        query, key, wanted = served.check(scope, headers)
        raw, body = b"", None
        if served.read is not None:
            most = served.body_bytes_max
            declared = reading.declared_length(headers, most)
            self._deadlines.hurry(task)
            raw = await reading.read_body(receive, declared, most)
            self._deadlines.calm(task)
            body = served.read(raw)
            if key is None and served.needs_key is not None and served.needs_key(body):
                raise KeyMissing(_NEEDS_KEY, {"Idempotency-Key": "missing"})
        asked = Asked(
            caller=caller,
            path=path,
            query=query,
            body=body,
            idempotency_key=key,
            request_id=request_id,
            media=wanted,
            shown=shown if served.shows else None,
            proof=proof,
        )
        if key is not None and served.keeps:
            of = repeats.fingerprint(scope, headers, raw)
            return await self._once(served, asked, key, of)
        return answered(await served.handle(asked), served)

    async def _prove(self, prove: Authenticate, shown: Shown, asking: Caller) -> Caller:
        """Prove the caller, and count the request: against its budgets, or its address's where nobody is proven."""
        limits = self._limits
        if limits is None:
            return await prove(shown, asking)
        limits.demand_open(_address(shown.scope))
        try:
            caller = await prove(shown, asking)
        except Problem as problem:
            if problem.kind == Kind.UNAUTHENTICATED:
                await limits.spend_of(_address(shown.scope))
            raise
        waiting = limits.spend(caller)
        if waiting is not None:
            await waiting
        return caller

    async def _prove_process(self, prove: Callable[[Shown], Any], shown: Shown) -> Any:
        """What another process proves of itself; who proves nothing draws on its address's budget."""
        limits = self._limits
        if limits is not None:
            limits.demand_open(_address(shown.scope))
        try:
            return prove(shown)
        except Problem:
            if limits is not None:
                await limits.spend_of(_address(shown.scope))
            raise

    async def _once(self, served: Served, asked: Asked, key: str, of: bytes) -> Answer:
        """Do a write once per key, and give its answer again."""
        assert self._answers is not None, "asked only where answers are kept"

        async def do() -> Answer:
            return answered(await served.handle(asked), served)

        self._measures.keys_in_flight += 1
        try:
            status, fields, content = await repeats.once(
                self._answers,
                caller=asked.caller,
                key=key,
                of=of,
                may_repeat=served.may_repeat,
                shows_secret=served.route.shows_secret,
                do=do,
            )
        finally:
            self._measures.keys_in_flight -= 1
        return status, list((dict(self._strict) | dict(fields)).items()), content

    def _refused(
        self,
        error: Exception,
        served: Served | None,
        scope: Mapping[str, Any],
        headers: Mapping[bytes, bytes],
        request_id: bytes,
    ) -> Answer:
        if isinstance(error, MethodNotAllowed) and scope["method"] == "OPTIONS":
            told = self._origins.preflight(headers, error.fields["allow"].split(", "))
            if told is not None:
                return 204, [*self._strict, *told], b""
        problem = problem_of(error)
        self._measures.refused(problem.code)
        self._log_refusal(error, problem, served, request_id)
        pages = self._pages_for(served, headers)
        if pages is not None:
            shown = Shown(authorization="", scope=scope, headers=headers)
            reply = pages.refused(problem, shown, request_id.decode("ascii"))
            own = {"content-type": reply.media or "", **(reply.headers or {})}
            return reply.status or status_of(problem), with_own(self._strict_page, own), reply.value
        content = _encode(document_of(problem, request_id=request_id.decode("ascii")))
        return status_of(problem), with_own(self._strict, headers_of(problem)), content

    def _pages_for(self, served: Served | None, headers: Mapping[bytes, bytes]) -> Pages | None:
        """Who says a refusal as a page: the route's own, or where there is none, whoever has pages for a browser."""
        if served is not None:
            return served.pages
        wants_page = b"text/html" in headers.get(b"accept", b"")
        return self._pages if wants_page else None

    def _log_refusal(
        self, error: Exception, problem: Problem, served: Served | None, request_id: bytes
    ) -> None:
        asked_for = request_id.decode("ascii")
        # Logs name the route, not the path: some paths carry an IBAN.
        route = served.route.path if served else None
        if isinstance(problem, InternalError):
            # As text: a renderer of tracebacks that shows local variables would show keys and amounts.
            where = "".join(traceback.format_exception(error))
            _log.error("request_failed", request_id=asked_for, route=route, traceback=where)
        elif isinstance(problem, TemporarilyUnavailable):
            weather = repr(error)[:500]
            _log.warning("request_met_weather", request_id=asked_for, route=route, weather=weather)
        else:
            self._tries.note(problem, route=route, request_id=asked_for)

    def _too_late(self, task: Task) -> Problem:
        if self._deadlines.is_hurried(task):
            seconds = self._deadlines.hurried_seconds
            return BodyTooSlow(f"The body did not arrive within {seconds:g} seconds.")
        return RequestTookTooLong(f"It was not done within {self._deadlines.seconds:g} s.")

    async def _answer_other(self, kind: str, receive: reading.Receive, send: Send) -> None:
        if kind == "lifespan":
            await _live(receive, send, on_start=self._on_start, on_stop=self._on_stop)
        else:
            await send({"type": "websocket.close", "code": 1000})


def _asking(scope: Mapping[str, Any], headers: Mapping[bytes, bytes], request_id: str) -> Caller:
    """Whoever asks, before it is known who that is: where from, under which id.

    An id of theirs may be anything, so the record gets one of ours, and theirs beside the address.
    """
    origin = _address(scope)
    if _REQUEST_ID in headers:
        origin, request_id = f"{origin} {request_id}", _next_request_id().decode("ascii")
    return Caller(tenant_id=0, actor="edge", request=request_id, origin=origin)


def _address(scope: Mapping[str, Any]) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def _request_ids() -> Callable[[], bytes]:
    """Number requests after a word of chance per process: unique enough for a log, and nearly free."""
    word, numbers = f"req_{secrets.token_hex(6)}_".encode(), itertools.count(1)
    return lambda: b"%b%x" % (word, next(numbers))


_next_request_id = _request_ids()


def _request_id(headers: Mapping[bytes, bytes]) -> bytes:
    given = headers.get(_REQUEST_ID)
    return given if given is not None and reading.is_request_id(given) else _next_request_id()

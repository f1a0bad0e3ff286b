"""The edge toolkit: routes in, an ASGI application out. Knows no context.

Every answer carries a request id and the same strict headers; every refusal is a problem (RFC 9457). Every
route that is not public proves its caller before a byte of the body is read.
"""

import gc
import itertools
import secrets
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import structlog
from falcon.routing import CompiledRouter

from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import Malformed, Problem
from tallystick.runtime import reading
from tallystick.runtime.public_routes import Check, public_routes
from tallystick.runtime.refusals import (
    InternalError,
    MethodNotAllowed,
    PathNotFound,
    TemporarilyUnavailable,
    document_of,
    headers_of,
    problem_of,
    status_of,
)
from tallystick.runtime.routes import JSON, NOBODY, XML, Asked, Reply, Route, Shown

__all__ = ["JSON", "NOBODY", "XML", "Asked", "Authenticate", "Reply", "Route", "Shown", "build_app"]

Authenticate = Callable[[Shown, Caller], Awaitable[Caller]]
Hook = Callable[[], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
Send = Callable[[Any], Awaitable[None]]

COLLECT_AFTER = (50_000, 20, 20)

_CONTENT_TYPE, _CONTENT_LENGTH, _REQUEST_ID = b"content-type", b"content-length", b"x-request-id"
_STRICT = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)

_log: Any = structlog.get_logger("tallystick.edge")
_encode = msgspec.json.Encoder().encode
_deadlines = reading.Deadlines()
_NOT_KEYED = "This route takes no Idempotency-Key: see its page for how a repetition is known."


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
) -> Callable[..., Awaitable[None]]:
    """Build the ASGI application of these routes, with health, ``/openapi.json`` and ``/docs`` beside them.

    ``authenticate`` is given what the request shows and who asks, and answers the caller or raises one of
    ``problems``. ``ready`` raises when the process cannot serve. ``glossary`` explains codes that no
    class carries. Raises ValueError for a route given twice.
    """
    own = list(routes)
    public = public_routes(
        routes=own,
        title=title,
        version=version,
        ready=ready,
        problems=problems,
        glossary=glossary or {},
    )
    return _App(
        find=_finder([*own, *public]), authenticate=authenticate, on_start=on_start, on_stop=on_stop
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


class _Served:
    """A route made ready: what of it stays the same is worked out once."""

    def __init__(self, route: Route) -> None:
        self.route = route
        self.handle, self.is_public, self.status = route.handle, route.public, route.status
        self.read = _body_reader(route)
        self.headers = [(_CONTENT_TYPE, route.answer_media.encode()), *_STRICT]
        self._media, self._query, self._is_xml = route.every_media, route.query, route.body is bytes
        # Reading and replacing are safe to repeat as they are, and do not ask for a key.
        self._key_is_taken = route.keyed if route.method == "POST" else None

    def check(
        self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes]
    ) -> tuple[Any, str | None, str]:
        """Check all that comes before the body: answer the query, the idempotency key and the media type wanted."""
        wanted = self._media[0]
        if b"accept" in headers:
            wanted = reading.media_for(headers[b"accept"], media=self._media)
        text, query, key = scope["query_string"], None, None
        if text or self._query:
            query = reading.read_query(text, self._query)
        if b"idempotency-key" in headers and self._key_is_taken is not None:
            if not self._key_is_taken:
                raise Malformed(_NOT_KEYED, {"Idempotency-Key": "not taken"})
            key = reading.idempotency_key(headers[b"idempotency-key"])
        if self.read is not None:
            reading.check_media(headers, is_xml=self._is_xml)
        else:
            reading.check_no_body(headers)
        return query, key, wanted


def _body_reader(route: Route) -> Callable[[bytes], Any] | None:
    if route.body is None or route.body is bytes:
        return None if route.body is None else bytes
    return reading.json_reader(route.body)


class _Methods:
    """What stands at one path: its routes by method."""

    def __init__(self) -> None:
        self.by_name: dict[str, _Served] = {}

    def add(self, route: Route) -> None:
        if route.method in self.by_name:
            raise ValueError(f"{route.method} {route.path} is given twice")
        self.by_name[route.method] = _Served(route)
        if route.method == "GET":
            self.by_name["HEAD"] = self.by_name["GET"]


Found = tuple[_Served, dict[str, str]]


def _finder(routes: Iterable[Route]) -> Callable[[Mapping[str, Any]], Found]:
    """Make what finds the route of a request and the fields of its path; it raises PathNotFound, MethodNotAllowed."""
    paths: dict[str, _Methods] = {}
    for route in routes:
        paths.setdefault(route.path, _Methods()).add(route)
    router = CompiledRouter()
    for path, methods in paths.items():
        takes_rest = any(served.route.takes_rest for served in methods.by_name.values())
        router.add_route(path[:-1] + ":path}" if takes_rest else path, methods)

    def find(scope: Mapping[str, Any]) -> Found:
        path, raw_path = scope["path"], scope.get("raw_path") or b""
        if b"%" in raw_path:
            # As it was sent, so that an encoded slash stays part of a name; each name is decoded by itself.
            path = raw_path.partition(b"?")[0].decode("latin-1")
        # The router takes "//v1" for "/v1"; a rule for paths that stands before us would not.
        found: Any = None if path.startswith("//") else router.find(path)
        if found is None:
            raise PathNotFound("There is nothing at this path.")
        served = found[0].by_name.get(scope["method"])
        if served is None:
            allowed = ", ".join(sorted(found[0].by_name))
            raise MethodNotAllowed(f"This path has {allowed}.", {"allow": allowed})
        return served, reading.decoded_path(found[2]) if found[2] else found[2]

    return find


class _App:
    """The application: one coroutine a request, since each layer more costs every request."""

    def __init__(
        self,
        *,
        find: Callable[[Mapping[str, Any]], Found],
        authenticate: Authenticate,
        on_start: Sequence[Hook],
        on_stop: Sequence[Hook],
    ) -> None:
        self._find, self._authenticate = find, authenticate
        self._on_start, self._on_stop = on_start, on_stop

    async def __call__(self, scope: dict[str, Any], receive: reading.Receive, send: Send) -> None:
        """Answer one scope of ASGI: a request, the life of the process, or a WebSocket, which is closed."""
        if scope["type"] != "http":
            await self._answer_other(scope["type"], receive, send)
            return
        served = None
        headers = dict(scope["headers"])
        if len(headers) != len(scope["headers"]):
            headers = reading.joined(scope["headers"])
        request_id = _request_id(headers)
        asked_for = request_id.decode("ascii")
        try:
            served, path = self._find(scope)
            caller = NOBODY
            if not served.is_public:
                shown = Shown(
                    authorization=headers.get(b"authorization", b"").decode("latin-1"),
                    scope=scope,
                    headers=headers,
                )
                caller = await self._authenticate(shown, _asking(scope, headers, asked_for))
            query, key, wanted = served.check(scope, headers)
            body = None
            if served.read is not None:
                declared = reading.declared_length(headers)
                body = served.read(await _deadlines.read(receive, declared))
            asked = Asked(
                caller=caller,
                path=path,
                query=query,
                body=body,
                idempotency_key=key,
                request_id=asked_for,
                media=wanted,
            )
            answer = await served.handle(asked)
            if isinstance(answer, Reply):
                status, fields, content = _replied(answer, served)
            else:
                status, fields = served.status, served.headers
                content = b"" if answer is None else _encode(answer)
        except reading.Gone:
            status, fields, content = 400, list(_STRICT), b""
        except Exception as error:
            status, fields, content = _refused(error, served, request_id)
        fields = [*fields, (_REQUEST_ID, request_id)]
        if scope["method"] == "HEAD":
            # What the answer to GET would carry; the server counts what it sends by itself.
            fields.append((_CONTENT_LENGTH, b"%d" % len(content)))
            content = b""
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": content})

    async def _answer_other(self, kind: str, receive: reading.Receive, send: Send) -> None:
        if kind == "lifespan":
            await _live(receive, send, on_start=self._on_start, on_stop=self._on_stop)
        else:
            await send({"type": "websocket.close", "code": 1000})


def _asking(scope: Mapping[str, Any], headers: Mapping[bytes, bytes], request_id: str) -> Caller:
    """Whoever asks, before it is known who that is: where from, under which id.

    An id of theirs may be anything, so the record gets one of ours, and theirs beside the address.
    """
    client = scope.get("client")
    origin = client[0] if client else ""
    if _REQUEST_ID in headers:
        origin, request_id = f"{origin} {request_id}", _next_request_id().decode("ascii")
    return Caller(tenant_id=0, actor="edge", request=request_id, origin=origin)


def _replied(reply: Reply, served: _Served) -> tuple[int, Headers, bytes]:
    is_ready = reply.media is not None or reply.value is None
    content = (reply.value or b"") if is_ready else _encode(reply.value)
    own = {"content-type": reply.media} if reply.media else {}
    return (
        reply.status or served.status,
        _with(served.headers, own | dict(reply.headers or {})),
        content,
    )


def _with(headers: Iterable[tuple[bytes, bytes]], own: Mapping[str, str]) -> Headers:
    """These headers, with some replaced or added."""
    given = {name.lower().encode(): value.encode("latin-1") for name, value in own.items()}
    return list((dict(headers) | given).items())


def _request_ids() -> Callable[[], bytes]:
    """Number requests after a word of chance per process: unique enough for a log, and nearly free."""
    word, numbers = f"req_{secrets.token_hex(6)}_".encode(), itertools.count(1)
    return lambda: b"%b%x" % (word, next(numbers))


_next_request_id = _request_ids()


def _request_id(headers: Mapping[bytes, bytes]) -> bytes:
    given = headers.get(_REQUEST_ID)
    return given if given is not None and reading.is_request_id(given) else _next_request_id()


def _refused(
    error: Exception, served: _Served | None, request_id: bytes
) -> tuple[int, Headers, bytes]:
    problem, asked_for = problem_of(error), request_id.decode("ascii")
    # Logs name the route, not the path: some paths carry an IBAN.
    route = served.route.path if served else None
    if isinstance(problem, InternalError):
        # As text: a renderer of tracebacks that shows local variables would show keys and amounts.
        where = "".join(traceback.format_exception(error))
        _log.error("request_failed", request_id=asked_for, route=route, traceback=where)
    elif isinstance(problem, TemporarilyUnavailable):
        _log.warning("request_met_weather", request_id=asked_for, route=route, weather=repr(error)[:500])  # fmt: skip
    content = _encode(document_of(problem, request_id=asked_for))
    return status_of(problem), _with(_STRICT, headers_of(problem)), content

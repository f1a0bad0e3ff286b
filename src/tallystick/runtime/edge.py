"""The edge toolkit: routes in, a Falcon application out. Knows no context.

Every answer carries a request id and the same strict headers; every refusal is a problem (RFC 9457). Every
route that is not public proves its caller before a byte of the body is read.
"""

import functools
import gc
import itertools
import secrets
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

import falcon
import falcon.asgi
import msgspec
import structlog

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
from tallystick.runtime.routes import JSON, NOBODY, XML, Asked, Reply, Route

__all__ = ["JSON", "NOBODY", "XML", "Asked", "Authenticate", "Reply", "Route", "build_app"]

Authenticate = Callable[[str], Awaitable[Caller]]
Hook = Callable[[], Awaitable[None]]

API_POLICY = "default-src 'none'; frame-ancestors 'none'"

COLLECT_AFTER = (50_000, 20, 20)

_log: Any = structlog.get_logger("tallystick.edge")
_encode = msgspec.json.Encoder().encode
# What Falcon is handed as the first event of every request: the real one stays unread until the caller
# is proven.
_NOT_KEYED = "This route takes no Idempotency-Key: see its page for how a repetition is known."
_NOTHING_YET = {"type": "http.request", "body": b"", "more_body": True}
_RECEIVE = "tallystick.receive"
_deadlines = reading.Deadlines()


class _Request(falcon.asgi.Request):
    """Falcon's request, with its header table within reach: one look-up instead of a decoded copy."""

    @property
    def raw_headers(self) -> dict[bytes, bytes]:
        return self._asgi_headers


class _Response(falcon.asgi.Response):
    """Falcon's response, filled in one go."""

    def put(self, *, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.status = status
        self._headers = headers
        self.data = body

    async def render_body(self) -> bytes | None:
        return self.data


class _Lifespan:
    """Falcon calls these two once each; there is no middleware in the path of a request."""

    def __init__(self, on_start: Sequence[Hook], on_stop: Sequence[Hook]) -> None:
        self._on_start, self._on_stop = on_start, on_stop

    async def process_startup(self, scope: Any, event: Any) -> None:
        for hook in self._on_start:
            await hook()
        settle_memory()

    async def process_shutdown(self, scope: Any, event: Any) -> None:
        for hook in self._on_stop:
            await hook()


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

    ``authenticate`` is given the ``Authorization`` header ('' when absent) and answers the caller or raises one
    of ``problems``. ``ready`` raises when the process cannot serve. ``glossary`` explains codes that no class
    carries. Raises ValueError for a route given twice.
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
    app = falcon.asgi.App(
        request_type=_Request, response_type=_Response, middleware=[_Lifespan(on_start, on_stop)]
    )
    refused: Any = _refuse_what_falcon_refuses
    for kind in (falcon.HTTPError, falcon.HTTPStatus, Exception):
        app.add_error_handler(kind, refused)
    for path, resource in _resources([*own, *public], authenticate).items():
        app.add_route(path, resource)
    return _unhurried(app)


def _unhurried(app: Any) -> Callable[..., Awaitable[None]]:
    async def serve(scope: dict[str, Any], receive: reading.Receive, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        scope[_RECEIVE] = receive
        if not scope["query_string"].isascii():
            # Falcon would decode it and fall; with nothing in it our own reading refuses the rest.
            scope["query_string"] = b"%ff"
        raw_path = scope.get("raw_path") or b""
        if b"%" in raw_path:
            # Routed as it was sent, so that an encoded slash stays part of a name; each name is decoded later.
            scope["path"] = raw_path.partition(b"?")[0].decode("latin-1")
        await app(scope, _first_event, send)

    return serve


async def _first_event() -> dict[str, Any]:
    return _NOTHING_YET


def _resources(routes: list[Route], authenticate: Authenticate) -> dict[str, Any]:
    resources: dict[str, Any] = {}
    for route in routes:
        resource = resources.setdefault(route.path, type("Resource", (), {})())
        name = f"on_{route.method.lower()}"
        if hasattr(resource, name):
            raise ValueError(f"{route.method} {route.path} is given twice")
        setattr(resource, name, _responder(route, authenticate))
        if route.method == "GET":
            resource.on_head = getattr(resource, name)
    for resource in resources.values():
        allowed = ", ".join(sorted(name[3:].upper() for name in vars(resource)))
        resource.on_options = _refuser(allowed)
    return resources


def _refuser(allowed: str) -> Callable[..., Awaitable[None]]:
    async def respond(req: _Request, resp: _Response, **_: str) -> None:
        _refuse(
            MethodNotAllowed(f"This path has {allowed}.", {"allow": allowed}),
            req,
            resp,
            _request_id(req.raw_headers),
        )

    return respond


def _responder(route: Route, authenticate: Authenticate) -> Callable[..., Awaitable[None]]:
    handle, media, status, is_public = route.handle, route.answer_media, route.status, route.public
    check, read = _checker(route), _body_reader(route)

    async def respond(req: _Request, resp: _Response, **path: str) -> None:
        headers = req.raw_headers
        request_id = _request_id(headers)
        try:
            caller = NOBODY
            if not is_public:
                caller = await authenticate(headers.get(b"authorization", b"").decode("latin-1"))
            if path:
                path = reading.decoded_path(path)
            query, key, wanted = check(req, headers, path)
            body = None
            if read is not None:
                declared = reading.declared_length(headers)
                body = read(await _deadlines.read(req.scope[_RECEIVE], declared))
            asked = Asked(
                caller=caller,
                path=path,
                query=query,
                body=body,
                idempotency_key=key,
                request_id=request_id,
                media=wanted,
            )
            answer = await handle(asked)
            if isinstance(answer, Reply):
                _reply(answer, resp, route=route, request_id=request_id)
            else:
                encoded = b"" if answer is None else _encode(answer)
                resp.put(status=status, body=encoded, headers=_headers(request_id, media))
        except reading.Gone:
            resp.put(status=400, body=b"", headers={})
        except Exception as error:
            _refuse(error, req, resp, request_id)

    return respond


def _checker(
    route: Route,
) -> Callable[[_Request, dict[bytes, bytes], dict[str, str]], tuple[Any, str | None, str]]:
    """Make the check of all that comes before the body; it answers the query, the idempotency key and the media type
    of the answer."""
    media, query_kind, has_body, is_xml = (
        route.every_media, route.query, route.body is not None, route.body is bytes
    )  # fmt: skip

    # Reading and replacing are safe to repeat as they are, and do not ask for a key.
    is_keyed = route.keyed if route.method == "POST" else None

    def check(
        req: _Request, headers: dict[bytes, bytes], path: dict[str, str]
    ) -> tuple[Any, str | None, str]:
        wanted = media[0]
        if b"accept" in headers:
            wanted = reading.media_for(headers[b"accept"], media=media)
        text = req.scope["query_string"]
        query = reading.read_query(text, query_kind) if text or query_kind else None
        key = None
        if b"idempotency-key" in headers and is_keyed is not None:
            if not is_keyed:
                raise Malformed(_NOT_KEYED, {"Idempotency-Key": "not taken"})
            key = reading.idempotency_key(_only(req, headers[b"idempotency-key"]))
        if has_body:
            reading.check_media(headers, is_xml=is_xml)
        else:
            reading.check_no_body(headers)
        return query, key, wanted

    return check


def _body_reader(route: Route) -> Callable[[bytes], Any] | None:
    if route.body is None or route.body is bytes:
        return None if route.body is None else bytes
    return functools.partial(reading.read_json, decoder=msgspec.json.Decoder(route.body))


def _only(req: _Request, key: bytes) -> bytes:
    # Falcon joins a repeated header with a comma, and a comma is a lawful part of an id.
    if b"," in key and sum(name == b"idempotency-key" for name, _ in req.scope["headers"]) > 1:
        raise Malformed("The header Idempotency-Key comes twice.", {"Idempotency-Key": "twice"})
    return key


def _reply(reply: Reply, resp: _Response, *, route: Route, request_id: str) -> None:
    headers = _headers(request_id, reply.media or route.answer_media)
    headers.update({name.lower(): value for name, value in (reply.headers or {}).items()})
    is_ready = reply.media is not None or reply.value is None
    body = (reply.value or b"") if is_ready else _encode(reply.value)
    resp.put(status=reply.status or route.status, body=body, headers=headers)


def _headers(request_id: str, media: str) -> dict[str, str]:
    return {
        "content-type": media,
        "x-request-id": request_id,
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "content-security-policy": API_POLICY,
    }


def _request_ids() -> Callable[[], str]:
    """Number requests after a word of chance per process: unique enough for a log, and nearly free."""
    word, numbers = f"req_{secrets.token_hex(6)}_", itertools.count(1)
    return lambda: f"{word}{next(numbers):x}"


_next_request_id = _request_ids()


def _request_id(headers: Mapping[bytes, bytes]) -> str:
    given = headers.get(b"x-request-id")
    if given is not None and reading.is_request_id(given):
        return given.decode("ascii")
    return _next_request_id()


def _refuse(error: Exception, req: _Request, resp: _Response, request_id: str) -> None:
    problem = problem_of(error)
    # Logs name the route, not the path: some paths carry an IBAN.
    if isinstance(problem, InternalError):
        # As text: a renderer of tracebacks that shows local variables would show keys and amounts.
        where = "".join(traceback.format_exception(error))
        _log.error("request_failed", request_id=request_id, route=req.uri_template, traceback=where)
    elif isinstance(problem, TemporarilyUnavailable):
        _log.warning(
            "request_met_weather",
            request_id=request_id,
            route=req.uri_template,
            weather=repr(error)[:500],
        )
    body = _encode(document_of(problem, request_id=request_id))
    headers = _headers(request_id, JSON) | headers_of(problem)
    resp.put(status=status_of(problem), body=body, headers=headers)


async def _refuse_what_falcon_refuses(
    req: _Request, resp: _Response, error: Exception, params: Any, ws: Any = None
) -> None:
    """Falcon itself refuses unknown paths, methods and shapes; they become problems like all others."""
    problem: Exception = error
    if isinstance(error, falcon.HTTPMethodNotAllowed):
        headers: Any = error.headers or {}
        allowed = (
            str(dict(headers).get("Allow", "")).replace(", OPTIONS", "").replace("OPTIONS, ", "")
        )
        problem = MethodNotAllowed(f"This path has {allowed}.", {"allow": allowed})
    elif isinstance(error, falcon.HTTPNotFound):
        problem = PathNotFound("There is nothing at this path.")
    elif isinstance(error, falcon.HTTPError):
        problem = Malformed("This is not a request we can read.")
    _refuse(problem, req, resp, _request_id(req.raw_headers))

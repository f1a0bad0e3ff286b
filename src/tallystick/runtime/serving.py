"""Routes made ready to be found and served: what of them stays the same is worked out once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from falcon.routing import CompiledRouter

from tallystick.kernel.problems import Malformed
from tallystick.runtime import reading, repeats
from tallystick.runtime.draining import Draining
from tallystick.runtime.limits import Limiter
from tallystick.runtime.measures import Measures
from tallystick.runtime.proxies import Proxies
from tallystick.runtime.public_routes import HEALTH_PATHS
from tallystick.runtime.refusals import MethodNotAllowed, PathNotFound
from tallystick.runtime.routes import Pages, Reply, Route
from tallystick.runtime.strictness import Headers, strict_headers

Answer = tuple[int, Headers, bytes]

_NOT_KEYED = "Nothing here keeps answers by Idempotency-Key, and this route has another way to know a repetition."
# By RFC 9110, section 9.2.2, to do these twice is to do them once.
_IDEMPOTENT = {"GET", "PUT", "DELETE"}

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, kw_only=True)
class Manners:
    """How requests are met besides their routes.

    Without ``limits`` nothing is counted, without ``answers`` no answer is kept. ``origins`` are those whose pages may
    use the API. A request has ``request_s`` seconds in all. ``proxies`` are ours in front. ``pages`` tell a browser
    what is wrong where there is no route. ``measures`` count what comes, and how long it takes.
    """

    limits: Limiter | None = None
    answers: repeats.Answers | None = None
    origins: Sequence[str] = ()
    is_tls: bool = False
    request_s: float = 120
    proxies: Proxies | None = None
    draining: Draining | None = None
    pages: Pages | None = None
    measures: Measures = field(default_factory=Measures)


class Served:
    """A route made ready: what of it stays the same is worked out once."""

    def __init__(self, route: Route, manners: Manners) -> None:
        self.route = route
        self.handle, self.is_public, self.status = route.handle, route.public, route.status
        self.read, self.prove, self.pages = _body_reader(route), route.prove, route.pages
        self.shows = route.public or route.pages is not None
        self.body_bytes_max = route.body_bytes_max or reading.BODY_BYTES_MAX
        self.headers = [
            (b"content-type", route.answer_media.encode()),
            *strict_headers(
                is_tls=manners.is_tls, is_page=any("html" in one for one in route.every_media)
            ),
        ]
        self._media, self._query = route.every_media, route.query
        self._is_xml, self._is_form = route.body is bytes, route.form
        self._takes_files = route.files
        is_write = route.method != "GET" and not route.public and route.prove is None
        self._looks_for_key = is_write and (route.method == "POST" or manners.answers is not None)
        self.keeps = is_write and not route.keyed and manners.answers is not None
        self._refuses_key = not (route.keyed or self.keeps)
        self.needs_key = route.needs_key
        self.may_repeat = route.method in _IDEMPOTENT or route.replays
        self.is_counted = route.path not in HEALTH_PATHS
        self.group = manners.measures.group(route.path)

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
        if b"idempotency-key" in headers and self._looks_for_key:
            if self._refuses_key:
                raise Malformed(_NOT_KEYED, {"Idempotency-Key": "not taken"})
            key = reading.idempotency_key(headers[b"idempotency-key"])
        if self.read is not None:
            reading.check_media(
                headers, is_xml=self._is_xml, is_form=self._is_form, takes_files=self._takes_files
            )
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
        self.by_name: dict[str, Served] = {}

    def add(self, route: Route, manners: Manners) -> None:
        if route.method in self.by_name:
            raise ValueError(f"{route.method} {route.path} is given twice")
        self.by_name[route.method] = Served(route, manners)
        if route.method == "GET":
            self.by_name["HEAD"] = self.by_name["GET"]


Found = tuple[Served, dict[str, str]]


def finder(routes: Iterable[Route], manners: Manners) -> Callable[[Mapping[str, Any]], Found]:
    """Make what finds the route of a request and the fields of its path; it raises PathNotFound, MethodNotAllowed."""
    paths: dict[str, _Methods] = {}
    for route in routes:
        paths.setdefault(route.path, _Methods()).add(route, manners)
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


def answered(answer: Any, served: Served) -> Answer:
    if not isinstance(answer, Reply):
        return served.status, served.headers, b"" if answer is None else _encode(answer)
    reply = answer
    is_ready = reply.media is not None or reply.value is None
    content = (reply.value or b"") if is_ready else _encode(reply.value)
    own = {"content-type": reply.media} if reply.media else {}
    headers = with_own(served.headers, own | dict(reply.headers or {}))
    headers += [(b"set-cookie", cookie.encode("latin-1")) for cookie in reply.cookies]
    return reply.status or served.status, headers, content


def with_own(headers: Iterable[tuple[bytes, bytes]], own: Mapping[str, str]) -> Headers:
    """These headers, with some replaced or added."""
    given = {name.lower().encode(): value.encode("latin-1") for name, value in own.items()}
    return list((dict(headers) | given).items())

"""Routes: what a context hands the edge. One value says how a request looks and how it is answered."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import Problem

JSON = "application/json"
XML = "application/xml"
# What is answered as XML says in its header too how it is written (RFC 7303, section 3).
XML_IN_UTF_8 = f"{XML}; charset=utf-8"
FORM = "application/x-www-form-urlencoded"
REPLAYED: Mapping[str, str] = {"idempotent-replayed": "true"}
"""The header of an answer that was given before: nothing was done again."""
NOBODY = Caller(tenant_id=0, actor="nobody")
"""The caller of a public route: no tenant has the number 0."""


class Asked(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A request, proven and read: who asks, the fields of the path, the query, the body, the caller's key.

    ``media`` is what the caller accepts of the media types the route answers, the first of them if it does not say.
    ``shown`` is all the request shows, where the route is public or a page: whoever proves callers has looked at the
    rest.
    ``proof`` is what the route's own ``prove`` answered.
    """

    caller: Caller
    path: Mapping[str, str]
    query: Any = None
    body: Any = None
    idempotency_key: str | None = None
    request_id: str = ""
    media: str = JSON
    shown: "Shown | None" = None
    proof: Any = None


class Shown(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a request shows of whoever sends it: the ``Authorization`` header, '' when absent, and all the rest."""

    authorization: str
    scope: Mapping[str, Any]
    headers: Mapping[bytes, bytes]


class Pages(Protocol):
    """Whoever serves pages to browsers: it knows who asks by a cookie, and says refusals as pages."""

    def demand_own(self, shown: Shown) -> None:
        """Raise the problem that keeps out what a page of another site makes a browser send."""
        ...

    async def prove(self, shown: Shown, asking: Caller) -> Caller:
        """Prove who asks. Raises the problem that says how to."""
        ...

    def refused(self, problem: Problem, shown: Shown, request_id: str) -> "Reply":
        """The page that says a problem."""
        ...


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that differs from what its route says.

    With ``media`` the value is ``bytes`` and goes out as it is; else it is encoded as JSON. ``cookies`` are values of
    ``Set-Cookie``, each in a header of its own (RFC 6265, section 3).
    """

    value: Any = None
    status: int | None = None
    headers: Mapping[str, str] | None = None
    media: str | None = None
    cookies: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Route:
    """One method on one path.

    ``handle`` answers a value of ``answer``, or a ``Reply``. ``body`` and ``query`` are types for msgspec that
    forbid unknown fields; ``body=bytes`` takes XML unread, or with ``form`` what an HTML form sends. In a query
    ``name[key]=value`` fills a mapping.
    A route that can also answer ``other_media`` looks at ``Asked.media`` and says which in its ``Reply``; ``answer``
    is then the type of what it answers as JSON. A route that ``replays`` answers a repetition with 200 and the first
    answer again; a ``keyed`` one takes the caller's id from the header ``Idempotency-Key`` itself, where for any other
    write the edge keeps the answer under it. ``needs_key`` tells of a body whether it has no id of its own and may not
    come without that header. The answer of one that ``shows_secret`` is never kept. A ``public`` route asks for no key,
    and its caller is somebody of tenant 0, from where the request came. The last field of the path of one that
    ``takes_rest`` is all that is left of it, slashes included. A route with a ``refusal`` speaks another protocol, and
    refuses with that type as JSON, 400 or 401, once it has begun to read.

    A route with ``prove`` is for other processes of ours. That is given all a request shows, before a byte of the body
    is read, and answers what it proves, or raises. Such a route is in no document and draws on no budget. Its body may
    have ``body_bytes_max`` bytes; None is what any other has.

    A route with ``pages`` is for people in browsers: those prove who asks, and say refusals. It is in no document. With
    ``form`` it takes a form, with ``files`` also one with files in it (``multipart/form-data``, RFC 7578).
    """

    method: str
    path: str
    summary: str
    handle: Callable[[Asked], Awaitable[Any]]
    answer: Any = None
    answer_media: str = JSON
    other_media: tuple[str, ...] = ()
    body: Any = None
    query: Any = None
    status: int = 200
    problems: tuple[type[Problem], ...] = ()
    replays: bool = False
    keyed: bool = False
    needs_key: Callable[[Any], bool] | None = None
    shows_secret: bool = False
    public: bool = False
    takes_rest: bool = False
    form: bool = False
    refusal: Any = None
    prove: Callable[["Shown"], Any] | None = None
    body_bytes_max: int | None = None
    pages: Pages | None = None
    files: bool = False

    @property
    def every_media(self) -> tuple[str, ...]:
        """The media types of the answer, the usual one first."""
        return (self.answer_media, *self.other_media)

    def __post_init__(self) -> None:
        for kind in (self.body, self.query):
            if _accepts_unknown_fields(kind):
                raise ValueError(
                    f"{self.method} {self.path}: {kind.__name__} must forbid unknown fields"
                )


def _accepts_unknown_fields(kind: Any) -> bool:
    is_struct = isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    return is_struct and not kind.__struct_config__.forbid_unknown_fields

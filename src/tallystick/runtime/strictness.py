"""The headers of every answer, and who may read one from a page of another origin: nobody, unless configured."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

Headers = list[tuple[bytes, bytes]]
Pairs = tuple[tuple[bytes, bytes], ...]

# A browser may ask again after ten minutes.
PREFLIGHT_S: Final = 600
_TAKEN: Final = (
    b"authorization, content-type, dpop, idempotency-key, traceparent, tracestate, x-request-id"
)
_SHOWN: Final = (
    b"idempotent-replayed, location, ratelimit, ratelimit-policy, retry-after, traceresponse, "
    b"www-authenticate, x-request-id"
)
_STRICT: Final = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
# What says something to a browser of a page only; each header costs every other answer as much as routing it.
_OF_PAGES: Final = (
    (b"x-frame-options", b"DENY"),
    # Nothing to other sites; with "no-referrer" a browser would also hide from us which site a form is of.
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-embedder-policy", b"require-corp"),
)
# Two years, as browsers' own lists ask for it (RFC 6797).
_HSTS: Final = ((b"strict-transport-security", b"max-age=63072000; includeSubDomains"),)


def strict_headers(*, is_tls: bool, is_page: bool = False) -> Pairs:
    """The headers of every answer, and those of pages; over TLS a browser is told never to come without it."""
    return (*_STRICT, *(_OF_PAGES if is_page else ()), *(_HSTS if is_tls else ()))


class Origins:
    """Origins whose pages may use the API (Fetch standard, CORS protocol). No cookie is ever one's proof here."""

    def __init__(self, allowed: Collection[str]) -> None:
        self._allowed = frozenset(origin.encode() for origin in allowed)

    def __bool__(self) -> bool:
        return bool(self._allowed)

    def shown_to(self, headers: Mapping[bytes, bytes]) -> Pairs:
        """The headers that let a page read this answer; whichever origin asks, caches must not mix answers up."""
        origin = headers.get(b"origin")
        if origin not in self._allowed or origin is None:
            return ((b"vary", b"origin"),)
        return (
            (b"vary", b"origin"),
            (b"access-control-allow-origin", origin),
            (b"access-control-expose-headers", _SHOWN),
        )

    def preflight(self, headers: Mapping[bytes, bytes], methods: Iterable[str]) -> Headers | None:
        """The answer to a browser that asks before it sends; None when it is no such question, or not allowed one."""
        if headers.get(b"origin") not in self._allowed:
            return None
        if b"access-control-request-method" not in headers:
            return None
        return [
            (b"access-control-allow-methods", ", ".join(sorted(methods)).encode()),
            (b"access-control-allow-headers", _TAKEN),
            (b"access-control-max-age", b"%d" % PREFLIGHT_S),
        ]

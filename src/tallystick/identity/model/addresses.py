"""Addresses that a sign-in goes to: which may be, and how a question is put on one."""

import re
from collections.abc import Mapping
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

ADDRESS_MAX = 500
_ADDRESS = re.compile(rf"[!-~]{{1,{ADDRESS_MAX}}}")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
# RFC 8252, section 7.3: the literal address; the name "localhost" may be looked up elsewhere.
_LOOPBACK_LITERAL = frozenset({"127.0.0.1", "::1"})


def is_address(text: str, *, allows_loopback: bool) -> bool:
    """Tell whether a text is the address of a provider: https, with a host, and no name, password or fragment.

    Plain http is for loopback alone, and only with ``allows_loopback``, as in development.
    """
    parts = _split(text)
    if parts is None:
        return False
    if parts.hostname in _LOOPBACK:
        return allows_loopback and parts.scheme in ("http", "https")
    return parts.scheme == "https"


def is_redirect(text: str, *, known: tuple[str, ...]) -> bool:
    """Tell whether a code may be sent to an address: one of those the provider's row lists, to the letter, or loopback.

    RFC 8252, section 7.3: a program on the person's own machine listens on loopback, at whatever port is free.
    """
    if text in known:
        return True
    parts = _split(text)
    return (
        parts is not None
        and parts.scheme == "http"
        and parts.hostname in _LOOPBACK_LITERAL
        and not parts.query
    )


def is_loopback_host(host: str) -> bool:
    """Tell whether a ``Host`` header (RFC 9110, section 7.2) names loopback."""
    parts = _split(f"http://{host}/")
    return parts is not None and parts.hostname in _LOOPBACK


def asking(address: str, question: Mapping[str, str]) -> str:
    """Put a question on an address, beside what it asks already (RFC 6749, section 3.1)."""
    parts = urlsplit(address)
    pairs = [*parse_qsl(parts.query, keep_blank_values=True), *question.items()]
    return urlunsplit(parts._replace(query=urlencode(pairs)))


def asked(address: str) -> dict[str, str]:
    """What an address asks; of a name that comes twice, nothing. Raises ValueError for more than 20 names."""
    return form_fields(urlsplit(address).query.encode())


def form_fields(body: bytes, *, most: int = 20) -> dict[str, str]:
    """Read what an HTML form sends. A name that comes twice is left out. Raises ValueError for what is none."""
    pairs = parse_qsl(
        body.decode("ascii"), keep_blank_values=True, max_num_fields=most, errors="strict"
    )
    names = [name for name, _ in pairs]
    return {name: value for name, value in pairs if names.count(name) == 1}


def _split(text: str) -> SplitResult | None:
    if not _ADDRESS.fullmatch(text) or "\\" in text:
        return None
    try:
        parts = urlsplit(text)
        # Reading a port raises for one that is none.
        usable = parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        return None
    is_plain = parts.username is None and parts.password is None and "#" not in text
    return parts if usable and is_plain else None

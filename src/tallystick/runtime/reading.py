"""Reading a request strictly: sizes, media types, JSON without doubles, queries without strangers."""

import functools
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from tallystick.kernel import ids
from tallystick.kernel.problems import Malformed, malformed
from tallystick.runtime.refusals import (
    AnswerTypeNotAcceptable,
    BodyTooLarge,
    HeadersTooLarge,
    MediaTypeNotSupported,
    PathTooLong,
)

BODY_BYTES_MAX = 8 * 1024 * 1024
BODY_WAIT_S = 30
QUERY_FIELDS_MAX = 64
QUERY_BYTES_MAX = 8_192
PATH_FIELD_MAX = 512
PATH_BYTES_MAX = 4_096
HEADERS_MAX = 100
HEADER_BYTES_MAX = 32_768
REQUEST_ID_MAX = 64
# So much of what a caller sent is said back, of a name and of a reason with a value in it.
NAMED_MAX = 64
REASON_MAX = 200

Headers = Mapping[bytes, bytes]
Receive = Callable[[], Awaitable[Any]]

_MEDIA_JSON = frozenset({"application/json"})
_MEDIA_XML = frozenset({"application/xml", "text/xml"})
_MEDIA_FORM = frozenset({"application/x-www-form-urlencoded"})
_MEDIA_FILES = frozenset({"multipart/form-data"})
_REQUEST_ID = re.compile(rb"[!-~]{1,%d}" % REQUEST_ID_MAX)
_AT = re.compile(r"(.*) - at `(?:key in )?\$?\.?(.*)`", re.DOTALL)
_NAMED = re.compile(
    r"Object (contains unknown|missing required|contains twice the) field `(.*)`", re.DOTALL
)
_NAMED_REASONS = {
    "contains unknown": "there is no such field",
    "missing required": "this field is required",
    "contains twice the": "it comes twice",
}
_ESCAPED = re.compile(r'\\(["\\])')
_BARE_QUOTE = re.compile(r'(?<!\\)(?:\\\\)*"')
# U+0000 after an even number of backslashes: no text of PostgreSQL can hold it.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
# msgspec alone would take 1.0 and 1e0 for 1.
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_NO_WEIGHT = re.compile(r"q\s*=\s*0(\.0*)?\s*(;|$)")
# A key may have brackets of its own: the first opens it and the last closes it.
_MEMBER = re.compile(r"([^\[\]]+)\[(.+)\]", re.DOTALL)


def joined(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """The headers of a request that gives one more than once: its values joined by comma and space (RFC 9110, 5.2).

    A header that is read as one value is then refused by its own reading: none of them has a space after a comma.
    """
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        found[name] = found[name] + b", " + value if name in found else value
    return found


class Gone(Exception):
    """The client went away before its body had arrived."""


def is_request_id(text: bytes) -> bool:
    """Tell whether a caller's request id can be taken over: 1 to 64 printable ASCII characters, no space."""
    return _REQUEST_ID.fullmatch(text) is not None


def media_for(accept: bytes, *, media: Sequence[str]) -> str:
    """Choose the first of ``media`` that the header names, else the first of a range it names.

    Weights are not weighed, but what weighs nothing is not named. Raises AnswerTypeNotAcceptable when the header
    excludes them all.
    """
    if accept in (b"*/*", b""):
        return media[0]
    named = [part.partition(";") for part in accept.decode("latin-1").lower().split(",")]
    accepted = [one.strip() for one, _, weight in named if not _NO_WEIGHT.search(weight)]
    for range_of in (_itself, _family, _anything):
        for one in media:
            if range_of(one) in accepted:
                return one
    # Whoever takes refusals alone still gets its answer.
    if "application/problem+json" in accepted:
        return media[0]
    raise AnswerTypeNotAcceptable(
        f"This route answers {' or '.join(map(_itself, media))} only.",
        {"accept": ", ".join(accepted)[:200]},
    )


def _itself(media: str) -> str:
    return media.partition(";")[0]


def _family(media: str) -> str:
    return media.partition("/")[0] + "/*"


def _anything(_: str) -> str:
    return "*/*"


def check_no_body(headers: Headers) -> None:
    """Raise Malformed when a body comes with a request that takes none."""
    if headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers:
        raise Malformed("This route takes no body.")


def decoded_path(path: dict[str, str]) -> dict[str, str]:
    """Decode the fields of a path. Raises Malformed for what is not UTF-8, or nothing can be named by."""
    for name, value in path.items():
        if "%" in value:
            try:
                path = path | {name: unquote(value, errors="strict")}
            except UnicodeDecodeError:
                raise malformed(name, "a name in the path is UTF-8, percent-encoded") from None
        if len(path[name]) > PATH_FIELD_MAX or "\0" in path[name]:
            raise malformed(name, "a name in the path is short and has no U+0000")
    return path


def idempotency_key(text: bytes) -> str:
    """Read ``Idempotency-Key``, bare or as the quoted string of the IETF draft. Raises Malformed."""
    key = text.decode("latin-1").strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        inside = key[1:-1]
        key = "" if _BARE_QUOTE.search(inside) else _ESCAPED.sub(r"\1", inside)
    if not ids.is_caller_id(key):
        raise malformed(
            "Idempotency-Key", "an id is 1 to 64 printable ASCII characters without space"
        )
    return key


def check_media(
    headers: Headers, *, is_xml: bool, is_form: bool = False, takes_files: bool = False
) -> None:
    """Raise MediaTypeNotSupported unless the body comes as JSON in UTF-8 (or XML, or a form), not compressed."""
    given = headers.get(b"content-type", b"")
    if headers.get(b"transfer-encoding", b"chunked").lower() != b"chunked":
        raise MediaTypeNotSupported(
            "Send the body uncompressed.", {"transfer-encoding": "not chunked alone"}
        )
    if given == b"application/json" and not is_xml and b"content-encoding" not in headers:
        return
    media, *parameters = (part.strip().lower() for part in given.decode("latin-1").split(";"))
    accepted = _MEDIA_FORM if is_form else _MEDIA_XML if is_xml else _MEDIA_JSON
    if takes_files:
        accepted |= _MEDIA_FILES
    if media not in accepted:
        raise MediaTypeNotSupported(
            f"This route reads {' or '.join(sorted(accepted))}.", {"content-type": media[:100]}
        )
    named = [part[8:].strip('"') for part in parameters if part.startswith("charset=")]
    charset = named[0] if named else "utf-8"
    # An XML file names its encoding itself, so the header's word about it is not needed.
    if charset not in ("utf-8", "utf8") and not is_xml:
        raise MediaTypeNotSupported("JSON is UTF-8.", {"charset": charset[:100]})
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise MediaTypeNotSupported(
            "Send the body uncompressed.", {"content-encoding": "not identity"}
        )


async def read_body(receive: Receive, declared: int | None, most: int = BODY_BYTES_MAX) -> bytes:
    """Read a whole body of ``most`` bytes. Raises BodyTooLarge, and Gone when the client left."""
    event = await receive()
    body: bytes = event.get("body", b"")
    # The server learns that nothing follows only by looking again; where all that was announced is
    # here, we do not wait for that.
    if len(body) == declared and event["type"] == "http.request":
        return body
    return await _collect_rest(event, receive, declared, most)


def check_sizes(scope: Mapping[str, Any], headers: Headers) -> None:
    """Raise PathTooLong or HeadersTooLarge for a request whose head is larger than any of ours."""
    if len(scope.get("raw_path") or b"") > PATH_BYTES_MAX:
        raise PathTooLong(f"A path has at most {PATH_BYTES_MAX} bytes.")
    given: Sequence[tuple[bytes, bytes]] = scope["headers"]
    # Most requests have a dozen headers of less than a few hundred bytes together.
    if len(given) > HEADERS_MAX or sum(map(len, headers.values())) > HEADER_BYTES_MAX:
        raise HeadersTooLarge(
            f"A request has at most {HEADERS_MAX} headers with {HEADER_BYTES_MAX} bytes of values.",
            {"limit": str(HEADERS_MAX), "bytes_limit": str(HEADER_BYTES_MAX)},
        )


def declared_length(headers: Headers, most: int = BODY_BYTES_MAX) -> int | None:
    """What a body says of its length, None when it says nothing. Raises Malformed, BodyTooLarge."""
    declared = headers.get(b"content-length")
    if declared is None:
        return None
    if not declared.isdigit():
        raise malformed("Content-Length", "it is not a number")
    if len(declared) > 12 or int(declared) > most:
        raise _too_large(most)
    return int(declared)


async def _collect_rest(event: Any, receive: Receive, declared: int | None, most: int) -> bytes:
    parts, size = [event.get("body", b"")], len(event.get("body", b""))
    while event.get("more_body") and size <= most and size != declared:
        event = await receive()
        if event.get("body"):
            parts.append(event["body"])
            size += len(parts[-1])
    if event["type"] == "http.disconnect":
        raise Gone
    if size > most:
        raise _too_large(most)
    if declared not in (None, size):
        raise malformed("Content-Length", "the body has another length")
    return b"".join(parts)


def _too_large(most: int) -> BodyTooLarge:
    return BodyTooLarge(f"A body has at most {most} bytes.", {"limit": str(most)})


def json_reader(kind: Any) -> Callable[[bytes], Any]:
    """Make what decodes a body into ``kind``; it raises Malformed, naming the place."""
    decode = msgspec.json.Decoder(kind).decode

    def read(body: bytes) -> Any:
        try:
            value = decode(body)
            _scan(str(body, "utf-8").lstrip(), 0)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise _malformed(error) from None
        if b"\\u0000" in body and _NUL.search(body):
            raise Malformed("Text has no U+0000.")
        return value

    return read


def _each_name_once(pairs: list[tuple[str, Any]]) -> None:
    # Called for every object. msgspec keeps the last of two values silently, and two readers of one
    # signed request must never see two amounts.
    if len(dict(pairs)) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"Object contains twice the field `{twice}`")


# The scanner itself: what surrounds it in ``decode`` has been checked by msgspec already.
_scan: Callable[[str, int], Any] = json.JSONDecoder(object_pairs_hook=_each_name_once).scan_once  # pyright: ignore[reportAttributeAccessIssue]


@functools.cache
def _whole_numbers(kind: Any) -> tuple[str, ...]:
    fields = msgspec.structs.fields(kind)
    # What is annotated keeps its bare type as its origin.
    return tuple(
        field.encode_name
        for field in fields
        if getattr(field.type, "__origin__", field.type) is int
    )


def read_query(query: bytes, kind: Any) -> Any:
    """Read a query string into ``kind`` (None: there must be none). Raises Malformed."""
    fields = _query_fields(query) if query else {}
    if kind is None:
        if fields:
            raise malformed(next(iter(fields))[:NAMED_MAX], "this route takes no query")
        return None
    try:
        for name in _whole_numbers(kind):
            if not _WHOLE.fullmatch(str(fields.get(name, "0"))):
                raise malformed(name, "it is a whole number")
        return msgspec.convert(fields, kind, strict=False)
    except (msgspec.MsgspecError, ValueError) as error:
        raise _malformed(error) from None


def _query_fields(query: bytes) -> dict[str, Any]:
    if len(query) > QUERY_BYTES_MAX:
        raise Malformed(f"A query has at most {QUERY_BYTES_MAX} bytes.")
    try:
        pairs = parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=QUERY_FIELDS_MAX,
        )
    except ValueError as error:
        raise Malformed(
            f"The query cannot be read: it is name=value, at most {QUERY_FIELDS_MAX} times, joined by &, in UTF-8."
        ) from error
    fields: dict[str, Any] = {}
    for name, value in pairs:
        member = _MEMBER.fullmatch(name)
        place = fields.setdefault(member[1], {}) if member else fields
        key = member[2] if member else name
        if not isinstance(place, dict) or key in place:
            raise malformed(name[:NAMED_MAX], "it comes twice")
        if "\0" in name or "\0" in value:
            raise malformed(name[:NAMED_MAX], "text has no U+0000")
        place[key] = value
    return fields


def _malformed(error: Exception) -> Malformed:
    if isinstance(error, RecursionError):
        return Malformed("The body is nested too deeply.")
    if isinstance(error, UnicodeDecodeError):
        return Malformed("The body is not UTF-8.")
    found = _AT.fullmatch(str(error))
    reason, place = (found[1], found[2]) if found else (str(error), "")
    named = _NAMED.fullmatch(reason)
    if named:
        # The place is the field itself, whether it is there or not.
        reason, name = _NAMED_REASONS[named[1]], named[2][:NAMED_MAX]
        place = f"{place}.{name}" if place else name
    reason = reason[:REASON_MAX]
    return malformed(place, reason[:1].lower() + reason[1:]) if place else Malformed(f"{reason}.")

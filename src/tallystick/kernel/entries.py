"""Entries of the record: canonical JSON (RFC 8785) of who did what, on what, when, from where, and how it ended.

An entry never holds personal data. Its ``content`` has opaque ids, numbers and words of closed lists; texts that people
chose (names, references, ids of their own, network addresses) are in it only as ``sealed``: a commitment that opens
with a salt and the texts, and says nothing without them.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final, cast

import msgspec

from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import Instant, render
from tallystick.kernel.messages import Message
from tallystick.kernel.tags import Tag

VERSION: Final = 1
SALT_BYTES: Final = 16
ENTRY_BYTES_MAX: Final = 65_535
DONE: Final = "done"
ASKED: Final = "asked"
"""Of an act that somebody else is asked to do: what became of it, the next entry of the same request says."""
_SAFE_INTEGER_MAX: Final = 2**53 - 1

Content = Mapping[str, Any]

_encode = msgspec.json.Encoder().encode


class Deed(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something that was done, or refused, before it is written as an entry.

    ``on`` is an opaque id: ours, or numbers of ours joined by colons. ``texts`` are what people chose; they are sealed.
    """

    tag: Tag
    caller: Caller
    on: str
    at: Instant
    outcome: str = DONE
    content: Content | None = None
    texts: Content | None = None


class Recorded(Message, frozen=True, kw_only=True):
    """Where an act is found in the record: what its entry says it was done on, and when (RFC 3339)."""

    on: str
    at: str


class Entry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An entry as it is read back. The fields stand in the order of their names, as RFC 8785 wants them."""

    at: str
    by: str
    content: dict[str, Any] | None = None
    decision: str | None = None
    from_: str = msgspec.field(name="from")
    on: str
    outcome: str
    sealed: str | None = None
    tag: str
    v: int
    via: str | None = None


def canonical(value: Any) -> bytes:
    """Write a value of dicts, lists, strings, integers, booleans and None as RFC 8785 does.

    Raises ValueError for a float and for an integer that other readers would round (write it as a string).
    """
    if isinstance(value, str):
        return _encode(value)
    if isinstance(value, Mapping):
        pairs = sorted(cast("Mapping[str, Any]", value).items(), key=_utf_16)
        written = [_encode(name) + b":" + canonical(one) for name, one in pairs]
        return b"{" + b",".join(written) + b"}"
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return b"[" + b",".join(map(canonical, cast("Sequence[Any]", value))) + b"]"
    if value is None or isinstance(value, bool):
        return _encode(value)
    if isinstance(value, int) and abs(value) <= _SAFE_INTEGER_MAX:
        return _encode(value)
    raise ValueError(f"{value!r} has no canonical form here")


def _utf_16(pair: tuple[str, Any]) -> bytes:
    # The order of names in RFC 8785, section 3.2.3, is not that of their code points.
    return pair[0].encode("utf-16-be", "surrogatepass")


def seal(salt: bytes, texts: Content) -> str:
    """Commit to texts: hexadecimal SHA-256 of a salt of 16 bytes and the canonical texts."""
    return sha256(salt + canonical(texts)).hexdigest()


def sealed_texts(deed: Deed) -> dict[str, Any]:
    """What the seal of a deed commits to: its texts, and where it came from."""
    texts = dict(deed.texts) if deed.texts else {}
    if deed.caller.origin:
        texts["from"] = deed.caller.origin
    return texts


def compose(
    *,
    at: Instant,
    caller: Caller,
    content: str,
    on: str,
    outcome: str,
    sealed: str,
    tag: str,
) -> bytes:
    """Put an entry together from parts: ``content`` is canonical JSON or empty, ``sealed`` hexadecimal or empty.

    ``on``, ``outcome`` and ``tag`` are words of ours that need no escaping.
    """
    told = f',"content":{content}' if content else ""
    shut = f',"sealed":"{sealed}"' if sealed else ""
    return (
        f'{{"at":"{render(at)}","by":{_text(caller.actor)}{told}{decided(caller)}'
        f',"from":{_text(caller.request)},"on":"{on}","outcome":"{outcome}"{shut},"tag":"{tag}"'
        f',"v":{VERSION}{behalf(caller)}}}'
    ).encode()


def decided(caller: Caller) -> str:
    """The part of an entry that names the decision which let the act in; empty when none did."""
    return f',"decision":"{caller.decision}"' if caller.decision else ""


def behalf(caller: Caller) -> str:
    """The part of an entry that names the context which asked on the actor's behalf; empty when none did."""
    return f',"via":"{caller.via}"' if caller.via else ""


def _text(text: str) -> str:
    return _encode(text).decode()


def write(deed: Deed, *, salt: bytes) -> bytes:
    """Write a deed as an entry. Raises ValueError for one that is too long; large contents go in by their hash."""
    texts = sealed_texts(deed)
    written = compose(
        at=deed.at,
        caller=deed.caller,
        content=canonical(deed.content).decode() if deed.content else "",
        on=deed.on,
        outcome=deed.outcome,
        sealed=seal(salt, texts) if texts else "",
        tag=deed.tag,
    )
    if len(written) > ENTRY_BYTES_MAX:
        raise ValueError(f"an entry has at most {ENTRY_BYTES_MAX} bytes, not {len(written)}")
    return written


_decoder = msgspec.json.Decoder(Entry)


def read(entry: bytes) -> Entry:
    """Read an entry. Raises ValueError for what is none."""
    try:
        return _decoder.decode(entry)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise ValueError(f"not an entry of the record: {error}") from None

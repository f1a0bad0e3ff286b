"""A note: a text that ends in a newline, a blank line, and the lines of its signatures."""

from dataclasses import dataclass

from tallystick.audit.model.notes.forms import (
    BadNote,
    from_base64,
    has_control_characters,
    is_key_name,
    to_base64,
)

SIGNATURES_MAX = 64
NOTE_BYTES_MAX = 512 * 1024

_DASH = "\u2014 "
_ID_BYTES = 4


@dataclass(frozen=True, slots=True)
class Signature:
    """What one key put under a text; ``content`` is all after the key's id. It proves nothing until it is verified."""

    name: str
    key_id: int
    content: bytes

    def __post_init__(self) -> None:
        if not is_key_name(self.name):
            raise BadNote(f"{self.name[:80]!r} is not the name of a key")
        if not 0 <= self.key_id < 2 ** (8 * _ID_BYTES) or not self.content:
            raise BadNote(f"the signature of {self.name} has no id of 32 bits, or no content")


@dataclass(frozen=True, slots=True)
class Note:
    """A text and the signatures under it, none of them verified yet. The text ends in a newline."""

    text: str
    signatures: tuple[Signature, ...]

    def __post_init__(self) -> None:
        if not self.text.endswith("\n") or has_control_characters(self.text):
            raise BadNote("the text does not end in a newline, or has control characters")
        if not 1 <= len(self.signatures) <= SIGNATURES_MAX:
            raise BadNote(f"there are {len(self.signatures)} signatures, not 1 to {SIGNATURES_MAX}")


def parse_note(content: bytes) -> Note:
    """Read a note of at most 512 KiB and 64 signatures. Raises BadNote."""
    if len(content) > NOTE_BYTES_MAX:
        raise BadNote(f"the note has {len(content)} bytes, over {NOTE_BYTES_MAX}")
    # The text may have blank lines too: the last one separates.
    before, separator, after = content.rpartition(b"\n\n")
    if not separator:
        raise BadNote("no blank line separates the text from its signatures")
    return Note(text=f"{_decoded(before)}\n", signatures=parse_signature_lines(after))


def render_note(note: Note) -> bytes:
    """Write a note as ``parse_note`` reads it."""
    return f"{note.text}\n{''.join(map(render_signature, note.signatures))}".encode()


def parse_signature_lines(content: bytes) -> tuple[Signature, ...]:
    """Read 1 to 64 lines of signatures, as they stand under a note or come from a witness. Raises BadNote."""
    if len(content) > NOTE_BYTES_MAX:
        raise BadNote(f"the signatures have {len(content)} bytes, over {NOTE_BYTES_MAX}")
    # Not splitlines(), which also ends a line at characters that a name may have.
    *lines, last = _decoded(content).split("\n")
    if last or not lines:
        raise BadNote("the last signature does not end in a newline")
    if len(lines) > SIGNATURES_MAX:
        raise BadNote(f"there are {len(lines)} signatures, over {SIGNATURES_MAX}")
    return tuple(_parse_line(line) for line in lines)


def render_signature(signature: Signature) -> str:
    """Write the line of a signature, its newline included."""
    content = signature.key_id.to_bytes(_ID_BYTES, "big") + signature.content
    return f"{_DASH}{signature.name} {to_base64(content)}\n"


def _parse_line(line: str) -> Signature:
    name, space, spelled = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise BadNote(f"{line[:80]!r} is not the line of a signature")
    content = from_base64(spelled)
    key_id, rest = content[:_ID_BYTES], content[_ID_BYTES:]
    if not rest:
        raise BadNote(f"{line[:80]!r} has no signature after the id of its key")
    return Signature(name=name, key_id=int.from_bytes(key_id, "big"), content=rest)


def _decoded(content: bytes) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise BadNote("the note is not UTF-8") from None
    if has_control_characters(text):
        raise BadNote("the note has control characters")
    return text

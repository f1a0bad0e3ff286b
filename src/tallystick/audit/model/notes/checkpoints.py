"""A checkpoint: what a log says it is at one size, as the text of a note."""

from dataclasses import dataclass

from tallystick.audit.model.notes.forms import (
    NUMBER_MAX,
    BadNote,
    decimal_of,
    from_base64,
    has_control_characters,
    to_base64,
)

_ROOT_BYTES = 32


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The root of the tree of a log at one size. ``extensions`` are lines that only the log understands.

    Raises BadNote for what no checkpoint can say.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for line in (self.origin, *self.extensions):
            if not line or "\n" in line or has_control_characters(line):
                raise BadNote(f"{line[:80]!r} is not a line of a checkpoint")
        if not 0 <= self.size <= NUMBER_MAX:
            raise BadNote(f"a tree cannot have the size {self.size}")
        if len(self.root) != _ROOT_BYTES:
            raise BadNote(f"a root has {_ROOT_BYTES} bytes, not {len(self.root)}")


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a note: origin, size, root, then extensions. Raises BadNote."""
    *lines, last = text.split("\n")
    if last or len(lines) < 3:
        raise BadNote("a checkpoint has at least three lines, each with its newline")
    origin, size, root, *extensions = lines
    return Checkpoint(
        origin=origin,
        size=decimal_of(size),
        root=from_base64(root),
        extensions=tuple(extensions),
    )


def render_checkpoint(checkpoint: Checkpoint) -> str:
    """Write a checkpoint as ``parse_checkpoint`` reads it."""
    lines = (
        checkpoint.origin,
        str(checkpoint.size),
        to_base64(checkpoint.root),
        *checkpoint.extensions,
    )
    return "".join(f"{line}\n" for line in lines)

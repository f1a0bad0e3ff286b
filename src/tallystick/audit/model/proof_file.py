"""Proofs of C2SP tlog-proof: all that shows, offline, that an entry stands in a log at its place."""

from dataclasses import dataclass

from tallystick.audit.model.notes import (
    NOTE_BYTES_MAX,
    decimal_of,
    from_base64,
    parse_checkpoint,
    parse_note,
    to_base64,
)

# A tree of 2^63 leaves is so deep.
HASHES_MAX = 63
EXTRA_BYTES_MAX = 64 * 1024

_HEADER = "c2sp.org/tlog-proof@v1"
_HASH_BYTES = 32
_PROOF_BYTES_MAX = NOTE_BYTES_MAX + 2 * EXTRA_BYTES_MAX


@dataclass(frozen=True, slots=True)
class LogProof:
    """Where an entry is, the hashes from its sibling up to the root's child, and the signed checkpoint as it was given.

    ``extra`` belongs to the application and is not signed by anybody. Raises ValueError for a checkpoint that is none,
    or that is too small for the index; whether the proof proves anything is not looked at.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def __post_init__(self) -> None:
        size = parse_checkpoint(parse_note(self.checkpoint).text).size
        if not 0 <= self.index < size:
            raise ValueError(f"a log of {size} entries has none at {self.index}")
        if len(self.hashes) > HASHES_MAX:
            raise ValueError(f"a proof has at most {HASHES_MAX} hashes, not {len(self.hashes)}")
        if any(len(one) != _HASH_BYTES for one in self.hashes):
            raise ValueError(f"a hash has {_HASH_BYTES} bytes")
        if self.extra is not None and len(self.extra) > EXTRA_BYTES_MAX:
            raise ValueError(f"the extra data have at most {EXTRA_BYTES_MAX} bytes")


def parse_proof(content: bytes) -> LogProof:
    """Read a proof. Raises ValueError."""
    if len(content) > _PROOF_BYTES_MAX:
        raise ValueError(f"a proof has at most {_PROOF_BYTES_MAX} bytes")
    # The first blank line: the checkpoint has one of its own.
    before, separator, checkpoint = content.partition(b"\n\n")
    if not separator:
        raise ValueError("no blank line stands before the checkpoint")
    header, *lines = before.decode("utf-8").split("\n")
    if header != _HEADER or not lines:
        raise ValueError(f"a proof begins with {_HEADER} and an index")
    extra = None
    if lines[0].startswith("extra "):
        extra = from_base64(lines.pop(0).removeprefix("extra "))
    if not lines or not lines[0].startswith("index "):
        raise ValueError("the index is missing")
    index, *hashes = lines
    return LogProof(
        index=decimal_of(index.removeprefix("index ")),
        hashes=tuple(from_base64(line) for line in hashes[: HASHES_MAX + 1]),
        checkpoint=checkpoint,
        extra=extra,
    )


def render_proof(proof: LogProof) -> bytes:
    """Write a proof as ``parse_proof`` reads it."""
    extra = [] if proof.extra is None else [f"extra {to_base64(proof.extra)}"]
    lines = [_HEADER, *extra, f"index {proof.index}", *map(to_base64, proof.hashes), "", ""]
    return "\n".join(lines).encode() + proof.checkpoint

"""What a witness is asked, and when it must not sign: the add-checkpoint call of C2SP tlog-witness."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from tallystick.audit.model.merkle import EMPTY_ROOT, verify_consistency
from tallystick.audit.model.notes import (
    BadNote,
    Checkpoint,
    Note,
    VerifierKey,
    decimal_of,
    from_base64,
    parse_checkpoint,
    parse_note,
    signed_by,
    to_base64,
)

PROOF_LINES_MAX = 63
# Room for a proof and for a checkpoint with a dozen signatures of ML-DSA-44.
REQUEST_BYTES_MAX = 64 * 1024
SIZE_TYPE = "text/x.tlog.size"
TEXT_TYPE = "text/plain; charset=utf-8"
LOGS_MAX = 10_000
# Of the message that ML-DSA-44 signs: what is remembered must be signable too.
ORIGIN_BYTES_MAX = 255

_HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A log shows its checkpoint, and a proof that it grew out of the tree of size ``old``."""

    old: int
    proof: tuple[bytes, ...]
    note: Note
    checkpoint: Checkpoint
    content: bytes


@dataclass(frozen=True, slots=True)
class Seen:
    """The last tree of a log that a witness signed."""

    size: int
    root: bytes


NEVER = Seen(size=0, root=EMPTY_ROOT)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over HTTP."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class WatchedLogs:
    """The keys that a witness trusts: for an origin, and for every origin under a prefix.

    An origin that is listed itself is trusted by those keys alone, whatever its prefix says; of two prefixes, the
    longer one counts.
    """

    origins: Mapping[str, tuple[VerifierKey, ...]]
    prefixes: Mapping[str, tuple[VerifierKey, ...]]

    def keys_of(self, origin: str) -> tuple[VerifierKey, ...]:
        """Give the keys for an origin; none when it is not watched."""
        if origin in self.origins:
            return self.origins[origin]
        parts = origin.split("/")
        for end in range(len(parts) - 1, 0, -1):
            keys = self.prefixes.get("/".join(parts[:end]))
            if keys:
                return _under(origin, keys)
        return ()


def parse_watched_logs(text: str) -> WatchedLogs:
    """Read which logs are watched. Raises ValueError, which names the line.

    A line is one key of a log, ``<origin>+<id>+<key>``; a log with two keys has two lines. The line ``prefix <key>``
    stands for every log whose origin is the name of the key, a slash and more, each signing with that same public
    key under its own origin: so one line watches all tenants of an installation, those to come too. Lines that are
    blank or begin with # are ignored.
    """
    origins: dict[str, tuple[VerifierKey, ...]] = {}
    prefixes: dict[str, tuple[VerifierKey, ...]] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if number > LOGS_MAX:
            raise ValueError(f"line {number} of the logs: there may be {LOGS_MAX}")
        is_prefix = words[0] == "prefix"
        try:
            (spelled,) = words[1:] if is_prefix else words
            key = VerifierKey.parse(spelled)
        except ValueError as error:
            raise ValueError(f"line {number} of the logs is no key of a log ({error})") from None
        into = prefixes if is_prefix else origins
        into[key.name] = (*into.get(key.name, ()), key)
    return WatchedLogs(origins=MappingProxyType(origins), prefixes=MappingProxyType(prefixes))


def parse_request(body: bytes) -> AddCheckpoint:
    """Read the body of a request. Raises BadNote."""
    before, separator, content = body.partition(b"\n\n")
    if not separator or not before.isascii():
        raise BadNote("no blank line stands before the checkpoint")
    first, *lines = before.decode("ascii").split("\n")
    if not first.startswith("old "):
        raise BadNote("the first line is not: old <size>")
    if len(lines) > PROOF_LINES_MAX:
        raise BadNote(f"a proof has at most {PROOF_LINES_MAX} lines")
    proof = tuple(from_base64(line) for line in lines)
    if any(len(one) != _HASH_BYTES for one in proof):
        raise BadNote(f"a hash of the proof has not {_HASH_BYTES} bytes")
    note = parse_note(content)
    checkpoint = parse_checkpoint(note.text)
    if len(checkpoint.origin.encode()) > ORIGIN_BYTES_MAX:
        raise BadNote(f"an origin of over {ORIGIN_BYTES_MAX} bytes cannot be cosigned")
    return AddCheckpoint(
        old=decimal_of(first.removeprefix("old ")),
        proof=proof,
        note=note,
        checkpoint=checkpoint,
        content=content,
    )


def render_request(*, old: int, proof: Sequence[bytes], note: bytes) -> bytes:
    """Write the body of a request as ``parse_request`` reads it."""
    lines = [f"old {old}", *map(to_base64, proof), "", ""]
    return "\n".join(lines).encode() + note


def refusal_of(
    request: AddCheckpoint, *, keys: Sequence[VerifierKey], seen: Seen | None
) -> Answer | None:
    """Say why a witness must not sign, in the order of the specification, or None when it may.

    ``keys`` are those trusted for the origin, ``seen`` what was signed last for it. None is a promise for as long as
    ``seen`` is what was signed last.
    """
    checkpoint, known = request.checkpoint, seen or NEVER
    if not keys:
        return refused(404, f"the log {checkpoint.origin} is not watched here")
    if not _is_signed(request.note, keys):
        return refused(403, f"no trusted key of {checkpoint.origin} signed this, or one did not")
    if request.old > checkpoint.size:
        return refused(400, "the old size is above the size of the checkpoint")
    if request.old != known.size:
        return conflict(known.size)
    if request.old == checkpoint.size:
        if request.proof:
            return refused(422, "a tree that did not grow has no proof")
        return conflict(known.size) if checkpoint.root != known.root else None
    # Every tree begins with the empty one, and the specification wants no proof of it.
    is_consistent = not request.proof if request.old == 0 else _is_proven(request, known)
    return None if is_consistent else refused(422, "the proof does not lead from the old tree here")


def refused(status: int, reason: str) -> Answer:
    """Answer with a reason for people."""
    return Answer(status=status, content_type=TEXT_TYPE, body=f"{reason}\n".encode())


def conflict(size: int) -> Answer:
    """Answer with the size of the tree that was signed last."""
    return Answer(status=409, content_type=SIZE_TYPE, body=f"{size}\n".encode())


def _is_signed(note: Note, keys: Sequence[VerifierKey]) -> bool:
    try:
        # All of them: one broken signature of a trusted key spoils the note, whatever stands beside it.
        found = [signed_by(note, key) for key in keys]
    except BadNote:
        return False
    return any(one is not None for one in found)


def _is_proven(request: AddCheckpoint, known: Seen) -> bool:
    return verify_consistency(
        old=known.size,
        new=request.checkpoint.size,
        old_root=known.root,
        new_root=request.checkpoint.root,
        proof=request.proof,
    )


def _under(origin: str, keys: Sequence[VerifierKey]) -> tuple[VerifierKey, ...]:
    try:
        return tuple(
            VerifierKey(name=origin, algorithm=key.algorithm, public_key=key.public_key)
            for key in keys
        )
    except BadNote:
        # An origin may hold what the name of a key may not; then nobody can sign for it.
        return ()

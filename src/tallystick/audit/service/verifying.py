"""What an auditor runs: a record is read in full, rebuilt, and held against keys from outside of it."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from tallystick.audit.adapters.sources import Source
from tallystick.audit.model.merkle import HASH_BYTES, leaf_hashes
from tallystick.audit.model.notes import (
    BadNote,
    Checkpoint,
    Note,
    VerifierKey,
    parse_checkpoint,
    parse_note,
    signed_by,
    to_base64,
)
from tallystick.audit.model.policy import Policy, satisfied_by
from tallystick.audit.model.tiles import WIDTH, Tile, hashes_in, path_of, unpack
from tallystick.audit.model.verifying import (
    FailureCode,
    Findings,
    Mark,
    Rebuild,
    Verdict,
    entries_under,
    first_malformed,
    judge_marks,
    place_of,
    reading_order,
)

CHECKPOINT: Final = "checkpoint"
CHECKPOINTS: Final = "checkpoints"
MANIFEST: Final = "manifest.json"
KEPT: Final = "the checkpoint you kept"
# A year of one every five minutes; a record with more is verified against the newest of them.
OLDER_CHECKPOINTS_MAX = 105_120

Progress = Callable[[int, int], None]


def verify(
    source: Source,
    *,
    trusted: Sequence[VerifierKey],
    policy: Policy | None = None,
    last_checkpoint: bytes | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """Read a whole record and say whether every entry is what the log signed, and if not, what does not fit and where.

    ``trusted`` are keys of the log that came from anywhere but the record; one that has its origin as a name must have
    signed. ``policy`` names the witnesses that must have seen the checkpoint. ``last_checkpoint`` is the one that was
    kept from the last time: the record must continue it. ``progress`` hears how many entries are done, and of how many.
    Raises ValueError without a key, and Unreadable.
    """
    if not trusted:
        raise ValueError("a record cannot vouch for its own key: give the key of the log")
    findings = Findings()
    signed = _Signed(trusted, findings)
    head = signed.read(source.read(CHECKPOINT), CHECKPOINT)
    if head is None:
        return Verdict(failures=findings.in_order())
    note, checkpoint = head
    if policy and not satisfied_by(policy, note):
        findings.note(FailureCode.NOT_PUBLISHED, CHECKPOINT, expected=policy.quorum)
    marks = [Mark(CHECKPOINT, checkpoint.size, checkpoint.root)]
    marks += signed.older(source, checkpoint)
    if last_checkpoint is not None:
        marks += signed.continued(last_checkpoint, KEPT, checkpoint)
    first = _first_of(source, checkpoint.size, findings)
    rebuild = Rebuild(size=checkpoint.size, marks=[mark.size for mark in marks], findings=findings)
    reading = _Reading(source, rebuild, findings, first)
    if reading.run(checkpoint.size, progress):
        rebuild.finish(checkpoint.root)
        judge_marks(marks, rebuild.roots, findings)
    return Verdict(
        origin=checkpoint.origin,
        size=checkpoint.size,
        root=to_base64(checkpoint.root),
        first=reading.unread,
        checkpoints=len(marks) - 1,
        failures=findings.in_order(),
        unlisted=findings.unlisted,
    )


class _Signed:
    """Checkpoints, read only where a trusted key signed them."""

    def __init__(self, trusted: Sequence[VerifierKey], findings: Findings) -> None:
        self._trusted = trusted
        self._findings = findings

    def read(self, content: bytes | None, place: str) -> tuple[Note, Checkpoint] | None:
        """Give a checkpoint with its note, or None, with the reason among the findings."""
        complain = self._findings.note
        if content is None:
            complain(FailureCode.CHECKPOINT_MISSING, place)
            return None
        try:
            note = parse_note(content)
            checkpoint = parse_checkpoint(note.text)
        except BadNote as error:
            complain(FailureCode.CHECKPOINT_MALFORMED, place, found=str(error))
            return None
        keys = [key for key in self._trusted if key.name == checkpoint.origin]
        if not keys:
            names = ", ".join(sorted({key.name for key in self._trusted}))
            complain(FailureCode.WRONG_ORIGIN, place, expected=names, found=checkpoint.origin)
            return None
        try:
            # All of them: one signature that does not verify spoils the note, whoever else signed.
            signatures = [signed_by(note, key) for key in keys]
        except BadNote as error:
            complain(FailureCode.SIGNATURE_WRONG, place, found=str(error))
            return None
        if any(signatures):
            return note, checkpoint
        ids = ", ".join(f"{key.name} {key.id:08x}" for key in keys)
        signers = ", ".join(f"{one.name} {one.key_id:08x}" for one in note.signatures)
        complain(FailureCode.SIGNATURE_MISSING, place, expected=ids, found=signers)
        return None

    def older(self, source: Source, head: Checkpoint) -> list[Mark]:
        """Give the marks of the older checkpoints that the record keeps."""
        marks: list[Mark] = []
        sizes = sorted(int(name) for name in source.names(CHECKPOINTS) if _is_size(name))
        for size in sizes[-OLDER_CHECKPOINTS_MAX:]:
            place = f"{CHECKPOINTS}/{size}"
            marks += self.continued(source.read(place), place, head, named=size)
        return marks

    def continued(
        self, content: bytes | None, place: str, head: Checkpoint, *, named: int | None = None
    ) -> list[Mark]:
        """Give the mark of a checkpoint that the newest one must continue, none where it does not even reach it."""
        read = self.read(content, place)
        if read is None:
            return []
        _, checkpoint = read
        if checkpoint.origin != head.origin:
            self._findings.note(
                FailureCode.WRONG_ORIGIN, place, expected=head.origin, found=checkpoint.origin
            )
        elif named is not None and checkpoint.size != named:
            self._findings.note(
                FailureCode.CHECKPOINT_MALFORMED,
                place,
                expected=f"size {named}",
                found=f"size {checkpoint.size}",
            )
        elif checkpoint.size > head.size:
            self._findings.note(
                FailureCode.TAIL_CUT_OFF,
                place,
                expected=f"size {checkpoint.size}",
                found=f"size {head.size}",
            )
        else:
            return [Mark(place, checkpoint.size, checkpoint.root)]
        return []


def _is_size(name: str) -> bool:
    return name.isascii() and name.isdigit() and len(name) < 20 and name == str(int(name))


class _Manifest(msgspec.Struct):
    first: int = 0


def _first_of(source: Source, size: int, findings: Findings) -> int:
    """Give the first entry that the record has, by its manifest; 0 without one."""
    content = source.read(MANIFEST)
    if content is None:
        return 0
    try:
        first = msgspec.json.decode(content, type=_Manifest).first
        if 0 <= first <= size:
            return first
        found = f"first {first} of {size}"
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        found = str(error)
    findings.note(FailureCode.MANIFEST_MALFORMED, MANIFEST, found=found)
    return 0


class _Reading:
    """The bundles and tiles of a record, read in order and given to the rebuild."""

    def __init__(self, source: Source, rebuild: Rebuild, findings: Findings, first: int) -> None:
        self._source = source
        self._rebuild = rebuild
        self._findings = findings
        self._first = first
        self.unread = 0

    def run(self, size: int, progress: Progress | None) -> bool:
        """Read everything; False where entries and their hashes are missing, so that no tree can be rebuilt."""
        order = reading_order(size)
        paths = (path_of(tile, width=width) for tile, width in reading_order(size))
        stored: bytes | None = None
        for (tile, width), content in zip(order, self._source.read_all(paths), strict=True):
            if tile.level > 0:
                self._rebuild.stand_under(tile, self._tile(tile, width, content))
                continue
            reached: list[bytes] = []
            if tile.level == 0:
                stored = self._tile(tile, width, content)
                continue
            # Whatever is there is read: what says where the record begins is signed by nobody.
            if content is None and tile.index < self._first // WIDTH:
                self.unread = (tile.index + 1) * WIDTH
            else:
                reached = self._bundle(tile, width, content)
            if len(reached) < width:
                if stored is None:
                    return False
                # Where entries are missing their hashes stand in, so that the rest is still verified.
                reached += hashes_in(stored)[len(reached) :]
            self._rebuild.grow(tile.index, reached=reached, stored=stored)
            if progress:
                progress(tile.index * WIDTH + width, size)
        return True

    def _tile(self, tile: Tile, width: int, content: bytes | None) -> bytes | None:
        """Give the hashes of a tile, or None, with the reason among the findings."""
        content, of = self._or_full(tile, width, content)
        if content is None:
            self._miss(FailureCode.TILE_MISSING, tile, width)
        elif len(content) != of * HASH_BYTES:
            found = f"{len(content)} bytes"
            self._miss(FailureCode.TILE_MALFORMED, tile, width, f"{of * HASH_BYTES} bytes", found)
        else:
            return content[: width * HASH_BYTES]
        return None

    def _bundle(self, tile: Tile, width: int, content: bytes | None) -> list[bytes]:
        """Give the leaf hashes of the entries that a bundle has; what it lacks is among the findings."""
        content, of = self._or_full(tile, width, content)
        if content is None:
            self._miss(FailureCode.BUNDLE_MISSING, tile, width)
            return []
        try:
            entries = unpack(content)
        except ValueError as error:
            self._miss(FailureCode.BUNDLE_MALFORMED, tile, width, found=str(error))
            return []
        if len(entries) != of:
            found = f"{len(entries)} entries"
            self._miss(FailureCode.BUNDLE_MALFORMED, tile, width, f"{of} entries", found)
        del entries[width:]
        malformed = first_malformed(entries)
        if malformed is not None:
            at = tile.index * WIDTH + malformed
            self._findings.note(FailureCode.ENTRY_MALFORMED, place_of(at, at + 1), (at, at + 1))
        return leaf_hashes(entries)

    def _or_full(self, tile: Tile, width: int, content: bytes | None) -> tuple[bytes | None, int]:
        """Give the content and its width. Once a tile is full, the narrower one of before may be gone."""
        if content is not None or width == WIDTH:
            return content, width
        return self._source.read(path_of(tile)), WIDTH

    def _miss(
        self, code: FailureCode, tile: Tile, width: int, expected: str = "", found: str = ""
    ) -> None:
        self._findings.note(
            code, path_of(tile, width=width), entries_under(tile, width=width), expected, found
        )

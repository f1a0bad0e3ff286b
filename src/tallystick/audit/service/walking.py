"""Walking a tree from its first entry to its last: whether it is whole, and what its entries and their leaves say.

No hash covers the columns beside the entries, so nothing is taken from those: who owns the tables can change them.
"""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

from tallystick.audit.model import tiles
from tallystick.audit.model.comparing import DifferenceCode, Tally, told_apart
from tallystick.audit.model.merkle import Frontier, leaf_hashes
from tallystick.audit.model.notes import BadNote, parse_checkpoint, parse_note
from tallystick.audit.model.tiles import WIDTH
from tallystick.audit.store import comparing
from tallystick.audit.store.comparing import LoggedSegment, Published
from tallystick.audit.store.writing import CONTEXT, TreeRow
from tallystick.kernel import entries
from tallystick.kernel.entries import Entry
from tallystick.kernel.instants import EARLIEST, Instant, parse
from tallystick.runtime import record
from tallystick.runtime.database import Connection

# So many segments of at most 256 entries are looked at at once.
SEGMENTS_MAX: Final = 64

_Secret = tuple[bytes, str]


class Seen(NamedTuple):
    """An entry on the way, and of which context it tells."""

    context: str
    written: bytes
    entry: Entry
    at: Instant
    secret: _Secret | None


class _Read(NamedTuple):
    """A segment and what its entries are; of one that cannot be read, none."""

    segment: LoggedSegment
    context: str
    written: Sequence[bytes]
    told: Sequence["_Told"]


class _Told(NamedTuple):
    """An entry that could be read, and which one of its segment it is."""

    offset: int
    written: bytes
    entry: Entry
    at: Instant


class Walk:
    """One walk over a tenant's tree, noting what is wrong with it."""

    def __init__(
        self,
        connection: Connection,
        *,
        tree: TreeRow,
        published: Published | None,
        contexts: Mapping[str, Connection],
        tally: Tally,
    ) -> None:
        """``contexts`` has where each keeps its leaves."""
        self._connection = connection
        self._tree = tree
        self._published = published
        self._contexts = contexts
        self._tally = tally
        self._last, self._place = -1, 0
        self._edge: Frontier | None = Frontier()
        self._named: set[tuple[DifferenceCode, str, int]] = set()
        self._due: tuple[str, int, int] | None = None
        self.is_done = False
        self.unpublished_since: Instant | None = None

    @property
    def done(self) -> int:
        """How many entries were walked over."""
        return self._place

    async def more(self) -> list[Seen]:
        """Walk on; answers the entries of the next segments."""
        segments = await comparing.segments(
            self._connection,
            tenant_id=self._tree.tenant_id,
            after=self._last,
            most=SEGMENTS_MAX,
        )
        self.is_done = len(segments) < SEGMENTS_MAX
        if segments:
            self._last = segments[-1].first_index
        read = [self._read(segment) for segment in segments]
        found: list[Seen] = []
        leaves: dict[tuple[str, int], bytes] = {}
        secrets: dict[tuple[str, int], Sequence[_Secret]] = {}
        for context in {one.context for one in read}.intersection(self._contexts):
            where = self._contexts[context]
            numbers = {one.segment.leaf_number for one in read if one.context == context}
            place = {"context": context, "tenant_id": self._tree.tenant_id}
            kept = await record.kept_leaves(where, numbers=numbers, **place)
            leaves |= {(context, number): leaf for number, leaf in kept.items()}
            opened = await _secrets(where, numbers, place)
            secrets |= {(context, number): one for number, one in opened.items()}
        for one in read:
            key = (one.context, one.segment.leaf_number)
            if one.context in self._contexts:
                self._compare_leaf(one, leaves.get(key))
                found += self._seen(one, secrets.get(key, ()))
        if self.is_done:
            self._end()
        return found

    def _read(self, segment: LoggedSegment) -> _Read:
        if segment.first_index != self._place:
            self._damaged(segment, f"entry {self._place}", f"entry {segment.first_index}")
            self._edge = None
        self._place = segment.first_index + segment.length
        try:
            written = tiles.unpack(segment.entries)
        except ValueError as error:
            self._damaged(segment, f"{segment.length} entries", str(error))
            written = []
        hashes = leaf_hashes(written)
        if len(written) != segment.length or b"".join(hashes) != segment.hashes:
            self._damaged(segment, "the entries that were hashed", f"{len(written)} others")
        self._grow(hashes)
        told: list[_Told] = []
        for offset, one in enumerate(written):
            try:
                entry = entries.read(one)
                told.append(_Told(offset, one, entry, parse(entry.at)))
            except ValueError as error:
                code = DifferenceCode.ENTRY_WITHOUT_ACT
                self._note(code, segment.context, segment, str(error), "")
        context = self._demand_columns(segment, told)
        self._see_unpublished(segment, told)
        return _Read(segment, context, written, told)

    def _demand_columns(self, segment: LoggedSegment, told: Sequence[_Told]) -> str:
        """Hold what stands beside the entries against them; answers of which context they tell."""
        contexts = {one.entry.tag.partition(".")[0] for one in told} or {segment.context}
        if contexts != {segment.context}:
            self._damaged(segment, ", ".join(sorted(contexts)), segment.context)
        elif segment.context not in self._contexts:
            self._damaged(segment, "a context", segment.context)
        times = [one.at for one in told]
        if times and not segment.first_at <= min(times) <= max(times) <= segment.last_at:
            self._damaged(segment, "the times of its entries", "others")
        return min(contexts)

    def _see_unpublished(self, segment: LoggedSegment, told: Sequence[_Told]) -> None:
        covered = self._published.size if self._published else 0
        if self.unpublished_since is None and self._place > covered and told:
            at = max(0, min(covered - segment.first_index, len(told) - 1))
            self.unpublished_since = told[at].at

    def _grow(self, hashes: Sequence[bytes]) -> None:
        """Build the tree anew, and hold it against the checkpoint on the way."""
        if self._edge is None:
            return
        before = (self._published.size if self._published else 0) - self._edge.size
        if self._published is not None and 0 < before <= len(hashes):
            self._edge.append(hashes[:before])
            if self._edge.root() != self._published.root:
                self._log_damaged(
                    f"the root {self._published.root.hex()} of {self._published.size}",
                    self._edge.root().hex(),
                )
            hashes = hashes[before:]
        self._edge.append(hashes)

    def _end(self) -> None:
        if self._place != self._tree.size:
            self._log_damaged(f"{self._tree.size} entries", f"{self._place} entries")
        elif self._due is not None:
            self._log_damaged(f"the rest of {self._due[0]}:leaf:{self._due[1]}", "nothing")
        size = self._published.size if self._published else 0
        if size != self._tree.published_size or size > self._place:
            self._log_damaged(
                f"a checkpoint of {self._tree.published_size}", f"a checkpoint of {size}"
            )
        if self._published is None:
            return
        try:
            checkpoint = parse_checkpoint(parse_note(self._published.note).text)
        except BadNote as error:
            self._log_damaged(f"a checkpoint of {size}", str(error))
            return
        if (checkpoint.size, checkpoint.root) != (size, self._published.root):
            self._log_damaged(
                f"the root {checkpoint.root.hex()} of {checkpoint.size}",
                f"the root {self._published.root.hex()} of {size}",
            )

    def _seen(self, one: _Read, kept: Sequence[_Secret]) -> list[Seen]:
        own = dict(enumerate(islice(kept, one.segment.leaf_start, None)))
        if any(told.entry.sealed is not None and told.offset not in own for told in one.told):
            self._note(DifferenceCode.SECRET_IS_MISSING, one.context, one.segment)
        return [
            Seen(
                told.entry.tag.partition(".")[0],
                told.written,
                told.entry,
                told.at,
                own.get(told.offset),
            )
            for told in one.told
        ]

    def _compare_leaf(self, one: _Read, leaf: bytes | None) -> None:
        segment, due, self._due = one.segment, self._due, None
        place = (one.context, segment.leaf_number, segment.leaf_start)
        if due is not None and due != place:
            self._damaged(segment, f"the rest of {due[0]}:leaf:{due[1]}", f"leaf {place[1]}")
        if leaf is None:
            code = DifferenceCode.LEAF_IS_MISSING
            self._note(code, one.context, segment, f"{segment.length} entries", "")
            return
        # Where a tile ends here, the leaf may go on in the next segment.
        goes_on = (segment.first_index + segment.length) % WIDTH == 0
        if segment.leaf_start == 0 and leaf == segment.entries:
            return
        try:
            if due is None and segment.leaf_start:
                pair = ("the leaf from its first entry on", f"from entry {segment.leaf_start} on")
            else:
                pair = told_apart(one.written, leaf, segment.leaf_start, goes_on=goes_on)
            end = segment.leaf_start + len(one.written)
            if goes_on and len(tiles.unpack(leaf)) > end:
                self._due = (one.context, segment.leaf_number, end)
        except ValueError as error:
            pair = (f"{segment.length} entries", str(error))
        if pair is not None:
            code = DifferenceCode.LEAF_DIFFERS_FROM_RECORD
            self._note(code, one.context, segment, *pair)

    def _damaged(self, segment: LoggedSegment, expected: str, found: str) -> None:
        self._note(DifferenceCode.LOG_IS_DAMAGED, segment.context, segment, expected, found)

    def _log_damaged(self, expected: str, found: str) -> None:
        subject = (f"{CONTEXT}:log", EARLIEST)
        self._tally.note(DifferenceCode.LOG_IS_DAMAGED, CONTEXT, subject, expected, found)

    def _note(
        self,
        code: DifferenceCode,
        context: str,
        segment: LoggedSegment,
        expected: str = "",
        found: str = "",
    ) -> None:
        # A leaf over the end of a tile has two segments, one after the other, and each is named once.
        key = (code, context, segment.leaf_number)
        if key in self._named:
            return
        self._named = {one for one in self._named if one[2] == segment.leaf_number} | {key}
        subject = (f"{context}:leaf:{segment.leaf_number}", segment.last_at)
        self._tally.note(code, context, subject, expected, found)


async def _secrets(
    connection: Connection, numbers: set[int], place: dict[str, Any]
) -> dict[int, Any]:
    try:
        return await record.kept_secrets(connection, numbers=numbers, **place)
    except ValueError:
        # One of them is none any more, which is as if it were gone.
        found: dict[int, Any] = {}
        for number in numbers:
            try:
                found |= await record.kept_secrets(connection, numbers=[number], **place)
            except ValueError:
                continue
        return found

"""Comparing the record with the tables, both ways: no act without its entry, no entry without its act."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from itertools import islice
from typing import Any, Final, NamedTuple, Protocol

from tallystick.audit.model import tiles
from tallystick.audit.model.comparing import (
    Act,
    Comparison,
    DifferenceCode,
    Logged,
    Matching,
    Tally,
    told_apart,
)
from tallystick.audit.model.tiles import WIDTH
from tallystick.audit.store import comparing, reading, writing
from tallystick.audit.store.reading import LoggedSegment
from tallystick.kernel import entries
from tallystick.kernel.instants import LATEST, SECOND, Instant, parse
from tallystick.kernel.tags import Tag
from tallystick.runtime import record
from tallystick.runtime.database import Connection, Database
from tallystick.runtime.record import BEGINNING

# What was done in this time may be on its way into the record.
SETTLE_S: Final = 60
# So many segments of at most 256 entries are looked at at once.
SEGMENTS_MAX: Final = 64
_EVERYTHING: Final = 2 * LATEST

Progress = Callable[[int, int], None]
_Secrets = Mapping[int, Sequence[tuple[bytes, str]]]


class Source(Protocol):
    """A table that tells of acts."""

    def __call__(
        self, connection: Connection, *, tenant_id: int, since: Instant, until: Instant
    ) -> AsyncGenerator[Sequence[Act], None]:
        """Read what it says was done from ``since`` on and before ``until``, in parts, in the order of time."""
        ...


class Reader(NamedTuple):
    """How acts are read from a context's tables: the tags of their entries, and the tables.

    Entries with other tags tell of nothing that is in a table, and neither do refusals on the context itself.
    """

    tags: frozenset[Tag]
    sources: Sequence[Source]


async def compare(
    database: Database,
    *,
    tenant_id: int,
    readers: Mapping[str, Reader],
    until: Instant | None = None,
    settle_s: int = SETTLE_S,
    progress: Progress | None = None,
) -> Comparison:
    """Compare a tenant's log with the tables of the contexts that ``readers`` read, over the operators' database.

    Everything is read in one snapshot, up to ``until``, up to ``settle_s`` before now, and up to the first entry that
    still waits for its place, whichever is first: the answer says up to when. ``progress`` hears how many entries are
    done, and of how many.
    """
    tally = Tally()
    async with database.transaction(tenant_id=tenant_id, read_only=True) as connection:
        begun = [
            (context, await comparing.began(connection, context=context, tenant_id=tenant_id))
            for context in readers
        ]
        since = {context: at for context, at in begun if at is not None}
        bound = await writing.clock(connection) - settle_s * SECOND
        if until is not None:
            bound = min(bound, until)
        bound = await _sequenced(connection, tenant_id, since, bound)
        tree = await reading.tree(connection, tenant_id=tenant_id)
        hear = _Hearing(progress, tree.size)
        for context, first in since.items():
            stretch = _Stretch(connection, tenant_id, context, first, bound)
            await _compare_context(stretch, readers[context], tally, hear)
    return tally.comparison(since=since, until=bound)


async def _sequenced(
    connection: Connection, tenant_id: int, contexts: Mapping[str, Instant], bound: Instant
) -> Instant:
    """Up to when the record has everything: an act before the first leaf that waits is in none of them."""
    places = await writing.places(connection)
    for context in contexts:
        first = await comparing.waits_since(
            connection,
            context=context,
            tenant_id=tenant_id,
            after=places.get(context, BEGINNING),
        )
        bound = bound if first is None else min(bound, first)
    return bound


class _Hearing:
    """Tells how far it is, if anybody wants to hear it."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0

    def tell(self, more: int) -> None:
        self._done += more
        if self._progress is not None:
            self._progress(min(self._done, self._total), self._total)


class _Stretch(NamedTuple):
    """What is compared of one context."""

    connection: Connection
    tenant_id: int
    context: str
    since: Instant
    until: Instant


async def _compare_context(stretch: _Stretch, reader: Reader, tally: Tally, hear: _Hearing) -> None:
    matching = Matching(context=stretch.context, tally=tally)
    log = _Log(stretch, reader.tags, tally)
    async with AsyncExitStack() as stack:
        tables = [
            await stack.enter_async_context(
                aclosing(
                    source(
                        stretch.connection,
                        tenant_id=stretch.tenant_id,
                        since=stretch.since,
                        until=stretch.until,
                    )
                )
            )
            for source in reader.sources
        ]
        # Whoever is furthest behind reads on, so that neither side has much to remember of the other.
        reached = [stretch.since] * len(tables)
        while min(reached, default=_EVERYTHING) < _EVERYTHING or log.reached < _EVERYTHING:
            behind = min(reached, default=_EVERYTHING)
            if log.reached <= behind:
                matching.take_entries(await log.more(hear))
            else:
                table = reached.index(behind)
                acts: Sequence[Act] = await anext(tables[table], None) or ()
                matching.take_acts(acts)
                reached[table] = acts[-1][0].at if acts else _EVERYTHING
            matching.settle(acts_until=min(reached, default=_EVERYTHING), entries_until=log.reached)


class _Log:
    """The entries of a context in the order of their leaves, each leaf held against the one that the context keeps."""

    def __init__(self, stretch: _Stretch, tags: frozenset[Tag], tally: Tally) -> None:
        self._stretch = stretch
        self._tags = tags
        self._tally = tally
        self._after = (stretch.since, -1)
        self._named = 0
        self.reached = stretch.since

    async def more(self, hear: _Hearing) -> list[Logged]:
        """Read on; answers the entries that tell of acts."""
        stretch = self._stretch
        segments = await reading.segments_of_context(
            stretch.connection,
            tenant_id=stretch.tenant_id,
            context=stretch.context,
            after=self._after,
            until=stretch.until,
            most=SEGMENTS_MAX,
        )
        numbers = {segment.leaf_number for segment in segments}
        leaves = await record.kept_leaves(
            stretch.connection,
            context=stretch.context,
            tenant_id=stretch.tenant_id,
            numbers=numbers,
        )
        secrets = await self._secrets(numbers)
        found: list[Logged] = []
        for segment in segments:
            hear.tell(segment.length)
            found += self._look_at(segment, leaves.get(segment.leaf_number), secrets)
        self.reached = _EVERYTHING
        if len(segments) == SEGMENTS_MAX:
            self.reached = segments[-1].last_at
            self._after = (self.reached, segments[-1].first_index)
        return found

    async def _secrets(self, numbers: set[int]) -> _Secrets:
        place = {"context": self._stretch.context, "tenant_id": self._stretch.tenant_id}
        try:
            return await record.kept_secrets(self._stretch.connection, numbers=numbers, **place)
        except ValueError:
            # One of them is none any more, which is as if it were gone.
            found: dict[int, Any] = {}
            for number in numbers:
                try:
                    found |= await record.kept_secrets(
                        self._stretch.connection, numbers=[number], **place
                    )
                except ValueError:
                    continue
            return found

    def _look_at(
        self, segment: LoggedSegment, leaf: bytes | None, secrets: _Secrets
    ) -> list[Logged]:
        try:
            logged = tiles.unpack(segment.entries)
        except ValueError as error:
            self._note_leaf(DifferenceCode.LEAF_DIFFERS_FROM_RECORD, segment, str(error), "")
            return []
        self._compare_leaf(segment, logged, leaf)
        kept = secrets.get(segment.leaf_number, ())
        own = islice(kept, segment.leaf_start, segment.leaf_start + len(logged))
        sealed = [*own, *[None] * len(logged)]
        return [
            told
            for entry, secret in zip(logged, sealed, strict=False)
            if (told := self._telling(entry, secret)) is not None
        ]

    def _telling(self, entry: bytes, secret: tuple[bytes, str] | None) -> Logged | None:
        """Read an entry; None when it tells of nothing that is in a table, or not of this time."""
        try:
            read = entries.read(entry)
            at = parse(read.at)
        except ValueError as error:
            self._tally.note(
                DifferenceCode.ENTRY_WITHOUT_ACT,
                self._stretch.context,
                ("unreadable", self.reached),
                expected=str(error),
            )
            return None
        if read.tag not in self._tags or read.on == self._stretch.context:
            return None
        if not self._stretch.since <= at < self._stretch.until:
            return None
        return Logged(entry, read, at, secret)

    def _compare_leaf(
        self, segment: LoggedSegment, logged: Sequence[bytes], leaf: bytes | None
    ) -> None:
        if leaf is None:
            self._note_leaf(DifferenceCode.LEAF_IS_MISSING, segment, _count(segment.length), "")
        elif segment.leaf_start or leaf != segment.entries:
            # Where a tile ends here, the leaf goes on in the next segment.
            goes_on = (segment.first_index + segment.length) % WIDTH == 0
            try:
                pair = told_apart(logged, leaf, segment.leaf_start, goes_on=goes_on)
            except ValueError as error:
                pair = (_count(segment.length), str(error))
            if pair is not None:
                self._note_leaf(DifferenceCode.LEAF_DIFFERS_FROM_RECORD, segment, *pair)

    def _note_leaf(
        self, code: DifferenceCode, segment: LoggedSegment, expected: str, found: str
    ) -> None:
        # A leaf over the end of a tile has two segments, one after the other.
        if segment.leaf_number == self._named:
            return
        self._named = segment.leaf_number
        on = f"{self._stretch.context}:leaf:{segment.leaf_number}"
        subject = (on, segment.last_at)
        self._tally.note(code, self._stretch.context, subject, expected, found)


def _count(length: int) -> str:
    return f"{length} entries"

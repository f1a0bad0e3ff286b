"""Comparing the record with the tables, both ways: no act without its entry, no entry without its act."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from functools import partial
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

from tallystick.audit.model import tiles
from tallystick.audit.model.comparing import (
    Act,
    Comparison,
    DifferenceCode,
    Logged,
    Matching,
    Tally,
    told,
)
from tallystick.audit.model.places import PLATFORM
from tallystick.audit.service.walking import SEGMENTS_MAX, Seen, Walk
from tallystick.audit.store import comparing, reading, writing
from tallystick.kernel import entries
from tallystick.kernel.instants import EARLIEST, SECOND, Instant, parse
from tallystick.kernel.tags import Tag
from tallystick.runtime.database import Connection, Database

# What was done in this time may be on its way into the record.
SETTLE_S: Final = 60
# Whatever waits for its place, or for a checkpoint, so much longer than that has been kept from it.
LATE_S: Final = 60
# A row that is further ahead of the database's clock than this was not written by ours.
AHEAD_S: Final = 60
# What PostgreSQL calls -infinity and infinity, as its clock counts.
_ALWAYS: Final = -(2**63) + 946_684_800 * SECOND
_NEVER: Final = 2**63 - 1 + 946_684_800 * SECOND
_EVERYTHING: Final = _NEVER + 1
_TREES_MAX: Final = 1_000

Progress = Callable[[int, int], None]


class Source(Protocol):
    """A table that tells of acts."""

    def __call__(
        self, connection: Connection, *, tenant_id: int, since: Instant, until: Instant
    ) -> AsyncGenerator[Sequence[Act], None]:
        """Read what it says was done from ``since`` up to ``until``, both included, in parts, in the order of time."""
        ...


class States(Protocol):
    """A table that says how things stand after all acts."""

    def __call__(
        self, connection: Connection, *, tenant_id: int
    ) -> AsyncGenerator[Sequence[tuple[str, Instant, str, str]], None]:
        """Read, in parts, what does not stand as its last act left it: which, since when, as it should be, as it is."""
        ...


class Reader(NamedTuple):
    """How acts are read from a context's tables: the tags of their entries, and the tables.

    Entries with other tags tell of nothing that is in a table, and neither do refusals on the context itself.
    """

    tags: frozenset[Tag]
    sources: Sequence[Source]
    states: Sequence[States] = ()


async def compare(
    database: Database,
    *,
    tenant_id: int,
    readers: Mapping[str, Reader],
    until: Instant | None = None,
    settle_s: int = SETTLE_S,
    progress: Progress | None = None,
    has_tenant: bool = True,
    own: Mapping[str, Database] = MappingProxyType({}),
) -> Comparison:
    """Compare a tenant's log with the tables of the contexts that ``readers`` read, over the operators' database.

    ``own`` has the databases of contexts that are not in the log's. Each database is read in one snapshot, the log's
    first, up to ``until``, up to ``settle_s`` before now, and up to the first entry that still waits for its place,
    whichever is first: the answer says up to when, and names what waits too long.
    Without ``has_tenant`` nobody knows whose log it is, and that is named.
    ``progress`` hears how many entries are done, and of how many.
    """
    tally = Tally()
    if not has_tenant:
        subject = (f"{writing.CONTEXT}:log", EARLIEST)
        tally.note(DifferenceCode.LOG_WITHOUT_TENANT, writing.CONTEXT, subject)
    async with AsyncExitStack() as stack:
        begin = partial(_begun, stack, tenant_id)
        connection = await begin(database)
        # Its snapshot is taken here: what has its place in it is in the tables of those that come after.
        now = await writing.clock(connection)
        others = {one: await begin(one) for one in set(own.values())}
        where = {name: others[own[name]] if name in own else connection for name in readers}
        since = await _since(connection, tenant_id, where)
        late, ahead = now - (settle_s + LATE_S) * SECOND, now + AHEAD_S * SECOND
        bound = now - settle_s * SECOND
        if until is not None:
            bound = min(bound, until)
        bound = await _sequenced(
            connection,
            tenant_id=tenant_id,
            contexts={name: where[name] for name in since},
            bound=bound,
            late=late,
            tally=tally,
        )
        tree = await reading.tree(connection, tenant_id=tenant_id)
        walk = Walk(
            connection,
            tree=tree,
            published=await comparing.published(connection, tenant_id=tenant_id),
            contexts={name: where[name] for name in since},
            tally=tally,
        )
        async with AsyncExitStack() as tables:
            sides = [
                await _side(
                    tables, _Stretch(where[name], tenant_id, name, first, bound), reader, tally
                )
                for name, reader in readers.items()
                if (first := since.get(name)) is not None
            ]
            await _match(walk, sides, _Hearing(progress, tree.size))
        if walk.unpublished_since is not None and walk.unpublished_since < late:
            subject = (f"{writing.CONTEXT}:checkpoint", walk.unpublished_since)
            tally.note(DifferenceCode.RECORD_IS_BEHIND, writing.CONTEXT, subject)
        for side in sides:
            side.name_later_entries(ahead)
            await side.name_later_acts(ahead)
            await side.name_states()
    return tally.comparison(since=since, until=bound)


async def _begun(stack: AsyncExitStack, tenant_id: int, database: Database) -> Connection:
    return await stack.enter_async_context(
        database.transaction(tenant_id=tenant_id, read_only=True)
    )


async def trees(database: Database) -> list[int]:
    """The tenants that have a log, in order, over the operators' database."""
    found: list[int] = []
    async with database.transaction(tenant_id=PLATFORM, read_only=True) as connection:
        while more := await comparing.trees(
            connection, after=found[-1] if found else -1, most=_TREES_MAX
        ):
            found += more
    return found


async def _since(
    connection: Connection, tenant_id: int, where: Mapping[str, Connection]
) -> dict[str, Instant]:
    """Since when acts must have entries: always, for a tenant whose log tells how it was made, and for the platform.

    An older one has entries since its contexts got their parts of the record. Whoever moves that time on moves it no
    further than to the tenant's first entry.
    """
    first = _NEVER
    is_whole = tenant_id == PLATFORM
    for segment in await comparing.segments(
        connection, tenant_id=tenant_id, after=-1, most=SEGMENTS_MAX
    ):
        try:
            read = [entries.read(one) for one in tiles.unpack(segment.entries)]
            first = min([first, *(parse(one.at) for one in read)])
        except ValueError:
            # It is named when the whole tree is walked.
            continue
        is_whole |= any(one.tag == Tag.IDENTITY_TENANT_CREATE for one in read)
    found: dict[str, Instant] = {}
    for context, kept in where.items():
        began = await comparing.began(kept, context=context)
        if began is not None:
            found[context] = _ALWAYS if is_whole else min(began, first)
    return found


async def _sequenced(
    connection: Connection,
    *,
    tenant_id: int,
    contexts: Mapping[str, Connection],
    bound: Instant,
    late: Instant,
    tally: Tally,
) -> Instant:
    """Up to when the record has everything: an act before the first leaf that waits is in none of them."""
    for context, kept in contexts.items():
        waiting: comparing.BareLeaf | None = None
        for leaf in await comparing.leaves_without_entries(
            connection, kept, context=context, tenant_id=tenant_id
        ):
            if leaf.is_skipped:
                subject = (f"{context}:leaf:{leaf.number}", leaf.last_at)
                tally.note(DifferenceCode.LEAF_WITHOUT_ENTRIES, context, subject)
            elif waiting is None or leaf.first_at < waiting.first_at:
                waiting = leaf
        if waiting is None:
            continue
        bound = max(EARLIEST, min(bound, waiting.first_at))
        if waiting.first_at < late:
            subject = (f"{context}:leaf:{waiting.number}", waiting.first_at)
            tally.note(DifferenceCode.RECORD_IS_BEHIND, context, subject)
    return bound


class _Hearing:
    """Tells how far it is, if anybody wants to hear it."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._total = total

    def tell(self, done: int) -> None:
        if self._progress is not None:
            self._progress(min(done, self._total), self._total)


class _Stretch(NamedTuple):
    """What is compared of one context."""

    connection: Connection
    tenant_id: int
    context: str
    since: Instant
    until: Instant


async def _match(walk: Walk, sides: Sequence["_Side"], hear: _Hearing) -> None:
    """Hold entries and acts against each other, reading on where the tables are behind the log."""
    by_context = {side.stretch.context: side for side in sides}
    while True:
        behind = next((side for side in sides if side.is_behind()), None)
        if behind is not None:
            await behind.read_on()
            continue
        if walk.is_done:
            break
        for seen in await walk.more():
            side = by_context.get(seen.context)
            if side is not None:
                side.take(seen)
        hear.tell(walk.done)
        for side in sides:
            side.walked(is_done=walk.is_done)
    for side in sides:
        side.matching.settle(acts_until=_EVERYTHING, is_last=True)


async def _side(stack: AsyncExitStack, stretch: _Stretch, reader: Reader, tally: Tally) -> "_Side":
    tables = [
        await stack.enter_async_context(
            aclosing(
                source(
                    stretch.connection,
                    tenant_id=stretch.tenant_id,
                    since=stretch.since,
                    until=stretch.until - 1,
                )
            )
        )
        for source in reader.sources
    ]
    return _Side(stretch, reader, tables, tally)


class _Side:
    """The tables of a context, and those entries of the log that tell of them."""

    def __init__(
        self,
        stretch: _Stretch,
        reader: Reader,
        tables: Sequence[AsyncGenerator[Sequence[Act], None]],
        tally: Tally,
    ) -> None:
        self.stretch = stretch
        self.matching = Matching(context=stretch.context, tally=tally)
        self._reader = reader
        self._tally = tally
        self._tables = tables
        self._reached = [_ALWAYS] * len(tables)
        self._logged = _ALWAYS
        self._waiting: list[Logged] = []
        self._later: list[Logged] = []

    def take(self, seen: Seen) -> None:
        """Take an entry of this context; those that tell of nothing that is in a table say only how far the log is."""
        logged = Logged(seen.written, seen.entry, seen.at, seen.secret)
        if seen.at >= self.stretch.until:
            self._later.append(logged)
            return
        self._logged = seen.at
        is_act = seen.entry.tag in self._reader.tags and seen.entry.on != self.stretch.context
        if is_act and seen.at >= self.stretch.since:
            self._waiting.append(logged)

    def walked(self, *, is_done: bool) -> None:
        """Match what was taken."""
        self.matching.take_entries(self._waiting)
        self._waiting = []
        if is_done:
            self._logged = _EVERYTHING
        self._settle()

    def is_behind(self) -> bool:
        """Whether a table of this has not been read as far as the log."""
        return min(self._reached, default=_EVERYTHING) < self._logged

    async def read_on(self) -> None:
        """Read on in the table that is furthest behind."""
        table = self._reached.index(min(self._reached))
        acts: Sequence[Act] = await anext(self._tables[table], None) or ()
        self.matching.take_acts(acts)
        self._reached[table] = acts[-1][0].at if acts else _EVERYTHING
        self._settle()

    def _settle(self) -> None:
        self.matching.settle(acts_until=min(self._reached, default=_EVERYTHING))

    def name_later_entries(self, ahead: Instant) -> None:
        """Name entries of a time that has not come."""
        for logged in self._later:
            if logged.at > ahead:
                self._note(logged.entry.on, logged.at, expected=logged.written.decode())

    async def name_states(self) -> None:
        """Name what does not stand as its last act left it."""
        code = DifferenceCode.STATE_DIFFERS_FROM_ACTS
        for states in self._reader.states:
            async for found in states(self.stretch.connection, tenant_id=self.stretch.tenant_id):
                for on, at, *pair in found:
                    self._tally.note(code, self.stretch.context, (on, at), *pair)

    async def name_later_acts(self, ahead: Instant) -> None:
        """Name rows of a time that has not come."""
        for source in self._reader.sources:
            async for acts in source(
                self.stretch.connection,
                tenant_id=self.stretch.tenant_id,
                since=ahead,
                until=_NEVER,
            ):
                for deed, _ in acts:
                    self._note(deed.on, deed.at, found=told(deed))

    def _note(self, on: str, at: Instant, expected: str = "", found: str = "") -> None:
        code = DifferenceCode.ACT_IN_THE_FUTURE
        self._tally.note(code, self.stretch.context, (on, at), expected, found)

"""Following what contexts commit: in the database of the log, and in those of contexts that have one of their own."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from heapq import merge
from types import MappingProxyType
from typing import NamedTuple

from tallystick.audit.model.places import Followed
from tallystick.audit.store import writing
from tallystick.audit.store.writing import Taken
from tallystick.kernel.instants import Instant
from tallystick.runtime import record
from tallystick.runtime.database import Connection, Database
from tallystick.runtime.record import BEGINNING, Leaf, Place

# So many leaves of a context at once, each of up to 256 entries.
LEAVES_MAX = 128
_ALL_IN_ONE: Mapping[str, Database] = MappingProxyType({})


class WrongCluster(ValueError):
    """The transactions that were followed so far were those of another PostgreSQL."""


class Found(NamedTuple):
    """Leaves by tenant in the order they get their places, how far contexts are then, and whether there are more."""

    waiting: dict[int, list[Followed]]
    moved: dict[str, Place]
    is_behind: bool


class _Leaf(NamedTuple):
    context: str
    leaf: Leaf


class Following:
    """What reads the leaves of contexts. ``own`` has the databases of those that are not in the log's."""

    def __init__(
        self, *, contexts: Sequence[str], own: Mapping[str, Database] = _ALL_IN_ONE
    ) -> None:
        self._contexts, self._own = contexts, own
        self._clusters: dict[str, int | None] = {}

    def cluster_of(self, context: str) -> int | None:
        """Whose transactions those of a context are, where it has a database of its own; else None."""
        return self._clusters.get(context)

    @asynccontextmanager
    async def _kept(self, connection: Connection, context: str) -> AsyncIterator[Connection]:
        """Where a context keeps its leaves; ``connection`` is to the log."""
        if context not in self._own:
            yield connection
            return
        async with self._own[context].without_tenant(read_only=True) as own:
            yield own

    async def follow(self, connection: Connection, places: Mapping[str, Place]) -> Found:
        """Read the next leaves of every context after these places."""
        found: dict[Database | None, list[_Leaf]] = {}
        moved: dict[str, Place] = {}
        is_behind = False
        for context in self._contexts:
            after = places.get(context, BEGINNING)
            async with self._kept(connection, context) as kept:
                leaves = await record.follow(kept, context=context, after=after, most=LEAVES_MAX)
            found.setdefault(self._own.get(context), []).extend(
                _Leaf(context, leaf) for leaf in leaves
            )
            is_behind |= len(leaves) == LEAVES_MAX
            if leaves:
                moved[context] = (leaves[-1].xid, leaves[-1].number)
        waiting: dict[int, list[Followed]] = {}
        # What came from several contexts is read in the order of their transactions, as far as one round sees it;
        # between databases, which number theirs each for itself, by the clock.
        in_order = (sorted(leaves, key=_xid) for leaves in found.values())
        for context, leaf in merge(*in_order, key=_last_at):
            waiting.setdefault(leaf.tenant_id, []).append(
                Followed(
                    context, leaf.number, leaf.length, leaf.first_at, leaf.last_at, leaf.entries
                )
            )
        return Found(waiting, moved, is_behind)

    async def oldest(
        self, connection: Connection, places: Mapping[str, Place]
    ) -> list[Instant | None]:
        """When the oldest leaf after these places was written, of each context; None where none waits."""
        oldest: list[Instant | None] = []
        for context in self._contexts:
            after = places.get(context, BEGINNING)
            async with self._kept(connection, context) as kept:
                oldest.append(await record.waiting_since(kept, context=context, after=after))
        return oldest

    async def adopted(
        self,
        connection: Connection,
        taken: Taken,
        places: Mapping[str, Place],
        *,
        adopts: bool,
    ) -> list[dict[str, str]]:
        """Refuse to follow transactions by numbers that are not their cluster's: some would never be seen.

        Answers what is followed in another cluster than before from now on, since somebody said it may be.
        """
        cluster, next_xid = await _numbered_by(connection)
        known = await writing.clusters(connection)
        changed: dict[str, tuple[int, int]] = {}
        for context in self._contexts:
            one, its_next = cluster, next_xid
            if context in self._own:
                async with self._kept(connection, context) as kept:
                    one, its_next = await _numbered_by(kept)
                self._clusters[context] = one
            if context not in places:
                continue
            if places[context][0] >= its_next:
                raise WrongCluster(_NUMBERED_ANEW)
            before = known.get(context) or taken.cluster
            if before not in (None, one):
                changed[context] = (before, one)
        if taken.cluster not in (None, cluster):
            changed["audit"] = (taken.cluster, cluster)
        if changed and not adopts:
            raise WrongCluster(_MOVED)
        if taken.cluster != cluster:
            await writing.bind_lease(connection, epoch=taken.epoch, cluster=cluster)
        return [
            {"cluster_before": str(before), "cluster": str(now)}
            for before, now in dict.fromkeys(changed.values())
        ]


async def _numbered_by(connection: Connection) -> tuple[int, int]:
    return await writing.cluster(connection), await writing.next_xid(connection)


def _xid(one: _Leaf) -> int:
    return one.leaf.xid


def _last_at(one: _Leaf) -> Instant:
    return one.leaf.last_at


_NUMBERED_ANEW = (
    "this database came from another PostgreSQL by a dump, and its transactions are numbered anew: move the "
    "counter on with pg_resetwal (docs/operating/record.md, Restoring), then `tallystick sequence --adopt`"
)
_MOVED = (
    "this database is in another PostgreSQL than the one whose transactions were followed: when it was moved "
    "as docs/operating/record.md says under Restoring, run `tallystick sequence --adopt` once"
)

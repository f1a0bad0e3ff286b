"""The sequencer: it follows what was committed and gives every entry its place. Many may run; one at a time writes.

The fence stands in the database: each transaction that writes first holds the lease's row under the epoch in which it
was taken. Whoever slept while another took over finds another epoch there, and has written nothing.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from typing import Any

import structlog

from tallystick.audit.model.bounds import LAG_MAX_US, SKEW_MAX_US
from tallystick.audit.model.merkle import HASH_BYTES, Frontier, Subtree, frontier_ranges
from tallystick.audit.model.places import (
    PLATFORM,
    Acted,
    Refused,
    Segment,
    placed,
    tree_name,
)
from tallystick.audit.service.following import Following, WrongCluster
from tallystick.audit.service.publishing import Publisher
from tallystick.audit.store import reading, writing
from tallystick.audit.store.reading import Damaged
from tallystick.audit.store.writing import Fenced, TreeRow
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import SECOND, Instant
from tallystick.kernel.tags import Tag
from tallystick.runtime.clock import Clock
from tallystick.runtime.database import Connection, Database
from tallystick.runtime.record import Pen, Place

# A turn every second; whoever did not come back for three seconds is replaced.
PAUSE_S = 1.0
UNRENEWED_S = 3.0
# So many times, or for so long, before checkpoints are signed.
ROUNDS_MAX = 64
ROUNDS_S = 1.0
EDGES_REMEMBERED_MAX = ASIDE_REMEMBERED_MAX = 10_000
# A leaf may say that it is from before all times, and the lag is still to be written down.
LAG_SAID_MAX_US = 2**53 - 1
CLOCK_CHECKED_EVERY, CLOCK_CHECKED_OFF_EVERY = 3_600 * SECOND, 60 * SECOND

JOB = Caller(tenant_id=PLATFORM, actor="job:sequencer")
_log: Any = structlog.get_logger("tallystick.record")


class Sequencer:
    """Writes the trees, over the database of role ``tallystick_sequencer``, for as long as it has the lease."""

    def __init__(
        self,
        *,
        database: Database,
        following: Following,
        publisher: Publisher,
        pen: Pen,
        clock: Clock,
        holder: str,
        unrenewed_s: float = UNRENEWED_S,
        adopts: bool = False,
        beat: Callable[[bool], None] | None = None,
    ) -> None:
        """``beat`` is told after every turn whether the record is kept: by this one, or by another that was seen."""
        self._database = database
        self._following = following
        self._publisher = publisher
        self._pen = pen
        self._clock = clock
        self._holder = holder
        self._unrenewed_s = unrenewed_s
        self._adopts = adopts
        self._beat = beat
        self._epoch: int | None = None
        self._places: dict[str, Place] = {}
        self._edges: dict[int, Frontier] = {}
        self._clock_checked: Instant | None = None
        self._is_behind = False
        self._aside: set[tuple[int, str, int]] = set()

    @property
    def has_lease(self) -> bool:
        """Whether it is the one that writes, as far as it knows."""
        return self._epoch is not None

    async def run(self, stopping: asyncio.Event) -> None:
        """Take the lease when it is free, take turns while it is ours, and give it up in the end.

        Raises WrongCluster; any other failure is logged and tried again after a pause.
        """
        try:
            while not stopping.is_set():
                is_kept = await self._try_turn()
                if self._beat is not None:
                    self._beat(is_kept)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stopping.wait(), 0 if self._is_behind else PAUSE_S)
            await self.give_up()
        finally:
            await self._publisher.stop()

    async def _try_turn(self) -> bool:
        """Take a turn, or see that another does; answers whether the record was kept."""
        try:
            if await self.try_lease():
                await self.turn()
            return True
        except WrongCluster:
            raise
        except Fenced:
            _log.warning("lease_lost", holder=self._holder, epoch=self._epoch)
            self._forget()
        except Exception as error:
            _log.warning("turn_failed", holder=self._holder, error=repr(error)[:500])
            # What was read or half done may be what failed, so it is read again.
            self._forget()
        return False

    async def try_lease(self) -> bool:
        """Have the lease, or take it when nobody renews it. Raises WrongCluster."""
        if self._epoch is not None:
            return True
        async with self._database.without_tenant() as connection:
            taken = await writing.take_lease(
                connection, holder=self._holder, unrenewed_s=self._unrenewed_s
            )
            if taken is None:
                return False
            places = await writing.places(connection)
            adopted = await self._following.adopted(connection, taken, places, adopts=self._adopts)
        self._forget()
        self._epoch, self._places = taken.epoch, places
        await self._publisher.begin(epoch=taken.epoch)
        _log.info("lease_taken", holder=self._holder, epoch=taken.epoch)
        for content in adopted:
            await self._pen.note(
                caller=JOB, tag=Tag.AUDIT_RECORD_ADOPT, on="audit:cluster", content=content
            )
        return True

    async def give_up(self) -> None:
        """Let the next one in at once, or after a while where the database is out of reach."""
        epoch = self._epoch
        self._forget()
        # What is still being shown would renew what is given up.
        await self._publisher.stop()
        if epoch is None:
            return
        try:
            async with self._database.without_tenant() as connection:
                await writing.give_up_lease(connection, epoch=epoch)
        except Exception as error:
            _log.warning("lease_not_given_up", holder=self._holder, error=repr(error)[:500])

    def _forget(self) -> None:
        self._epoch, self._places, self._is_behind = None, {}, False
        self._edges.clear()

    async def turn(self) -> int:
        """Give places to what waits, for about a second, then sign and publish what grew; answers how many entries.

        Raises Fenced when somebody else has the lease.
        """
        await self._measure()
        total, until = 0, asyncio.get_running_loop().time() + ROUNDS_S
        for _ in range(ROUNDS_MAX):
            total += await self.round()
            if not self._is_behind or asyncio.get_running_loop().time() > until:
                break
        await self._publisher.sign(epoch=self._held(), edges=self._edge)
        await self._publisher.publish(epoch=self._held())
        return total

    def _held(self) -> int:
        if self._epoch is None:
            raise Fenced
        return self._epoch

    async def round(self) -> int:
        """Give places to the next leaves of every context, in one transaction; answers how many entries they had."""
        epoch = self._held()
        async with self._database.without_tenant() as connection:
            await writing.commit_lazily(connection)
            # Read first: while much is on its way here, no row is locked.
            waiting, moved, self._is_behind = await self._following.follow(connection, self._places)
            if not waiting:
                return 0
            edges = {
                tenant_id: (await self._edge(connection, tenant_id)).copy() for tenant_id in waiting
            }
            segments: list[Segment] = []
            subtrees: list[tuple[int, Subtree]] = []
            refused: list[Refused] = []
            acted: list[Acted] = []
            for tenant_id, leaves in waiting.items():
                done = placed(tenant_id, leaves, edges[tenant_id])
                segments += done.segments
                refused += done.refused
                acted += done.acted
                # Over rows that do not fit, none would be right; who repairs the rows computes them.
                if not self._publisher.is_damaged(tenant_id):
                    subtrees += [(tenant_id, subtree) for subtree in done.subtrees]
            for one in refused:
                await self._set_aside(one)
            # The hinge: from here on this is the one that writes, or nothing is written.
            await writing.hold_lease(connection, epoch=epoch)
            sizes = {one.tenant_id: edges[one.tenant_id].size for one in segments}
            await writing.grow(
                connection, sizes=sizes, segments=segments, subtrees=subtrees, acted=acted
            )
            await writing.move_places(connection, moved, cluster_of=self._following.cluster_of)
        self._places |= moved
        self._edges |= edges
        return sum(segment.length for segment in segments)

    async def _set_aside(self, one: Refused) -> None:
        """Pass over a leaf that is none, so that it holds up no other, and say so where all can read it."""
        tree, leaf = tree_name(one.tenant_id), one.leaf
        who = (one.tenant_id, leaf.context, leaf.number)
        if who in self._aside:
            return
        digest = sha256(leaf.entries).hexdigest()
        _log.error(
            "leaf_set_aside",
            tree=tree,
            context=leaf.context,
            leaf=leaf.number,
            sha256=digest,
            why=one.why[:300],
        )
        # Before the place moves on: a crash between the two leaves it twice, and never not at all.
        content = {"context": leaf.context, "leaf": str(leaf.number), "sha256": digest}
        await self._pen.note(
            caller=JOB, tag=Tag.AUDIT_LEAF_REFUSE, on=f"audit:log:{tree}", content=content
        )
        if len(self._aside) >= ASIDE_REMEMBERED_MAX:
            self._aside.clear()
        self._aside.add(who)

    async def _edge(self, connection: Connection, tenant_id: int) -> Frontier:
        """The growing edge of a tree, from memory or read again and held against its last checkpoint."""
        edge = self._edges.get(tenant_id)
        if edge is None:
            if len(self._edges) >= EDGES_REMEMBERED_MAX:
                self._edges.clear()
            tree = await reading.tree(connection, tenant_id=tenant_id)
            await self._publisher.look_at(connection, tree)
            edge = await self._read_edge(connection, tree)
            self._edges[tenant_id] = edge
        return edge

    async def _read_edge(self, connection: Connection, tree: TreeRow) -> Frontier:
        ranges = frontier_ranges(tree.size)
        try:
            hashes = await reading.hashes(
                connection, tenant_id=tree.tenant_id, ranges=ranges, size=tree.size
            )
        except Damaged as error:
            # Its entries still get their places, and nothing over them is signed or kept.
            self._publisher.call_out(tree, str(error))
            hashes = [bytes(HASH_BYTES)] * len(ranges)
        return Frontier(tree.size, hashes)

    async def _measure(self) -> None:
        """See how far behind the record is, and how far this clock is from the database's; call out when too far."""
        async with self._database.without_tenant() as connection:
            await writing.commit_lazily(connection)
            before = self._clock.now()
            now = await writing.clock(connection)
            middle = (before + self._clock.now()) // 2
            oldest = await self._following.oldest(connection, self._places)
            skew_us = now - middle
            lag_us = max([0, *(now - at for at in oldest if at is not None)])
            lag_us = min(lag_us, LAG_SAID_MAX_US)
            await writing.hold_lease(connection, epoch=self._held(), lag_us=lag_us, skew_us=skew_us)
        if lag_us > LAG_MAX_US:
            _log.error("record_lags", lag_us=lag_us, most_us=LAG_MAX_US)
        is_off = abs(skew_us) > SKEW_MAX_US
        if is_off:
            _log.error("clock_is_off", skew_us=skew_us, most_us=SKEW_MAX_US)
        every = CLOCK_CHECKED_OFF_EVERY if is_off else CLOCK_CHECKED_EVERY
        # By the database's clock, which does not jump with the one that is in doubt.
        if self._clock_checked is None or not 0 <= now - self._clock_checked < every:
            content = {"skew_us": skew_us, "most_us": SKEW_MAX_US, "is_off": is_off}
            await self._pen.note(
                caller=JOB, tag=Tag.AUDIT_CLOCK_CHECK, on="audit:clock", content=content
            )
            self._clock_checked = now

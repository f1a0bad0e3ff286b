"""The writer of one ledger: what queued while the last batch committed is the next batch."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from tallystick.kernel.instants import Instant
from tallystick.kernel.patterns import is_address
from tallystick.ledger.api import LedgerBusy
from tallystick.ledger.model.accounts import AccountState
from tallystick.ledger.model.acts import Act
from tallystick.ledger.model.caps import Caps, keys_of
from tallystick.ledger.model.deciding import Decider
from tallystick.ledger.model.outcomes import CapKey, Outcome, Target
from tallystick.ledger.service.memory import Memory, rested_on
from tallystick.ledger.service.turns import Decided, Turn, units
from tallystick.ledger.store import counting, states, writing
from tallystick.ledger.store.weather import is_passing
from tallystick.runtime.database import Connection, Database

QUEUED_ITEMS_MAX = 65_520
_NEVER_ENOUGH = QUEUED_ITEMS_MAX + 1
ATTEMPTS_MAX = 3
CACHED_ACCOUNTS_MAX = 50_000
WRITTEN_WITHIN_S = 30


@dataclass(slots=True)
class _Job:
    acts: Sequence[Act]
    done: asyncio.Future[list[Decided]]

    def answer(self, decided: list[Decided]) -> None:
        """Give the answer, unless whoever asked has gone away."""
        if not self.done.done():
            self.done.set_result(decided)

    def fail(self, error: Exception) -> None:
        """Give the failure, unless whoever asked has gone away."""
        if not self.done.done():
            self.done.set_exception(error)


class _Batch:
    """Jobs that are decided and written together. ``is_decided`` is set once the next batch may be decided."""

    def __init__(self, jobs: Sequence[_Job], after: "_Batch | None") -> None:
        self.jobs = jobs
        self.after = after
        self.acts = [act for job in jobs for act in job.acts]
        self.ids = {act.id for act in self.acts}
        self.is_decided = asyncio.Event()
        self.is_answered = False
        self.written: asyncio.Task[bool] | None = None

    @property
    def is_over(self) -> bool:
        """Whether its first attempt ended, well or not."""
        return self.written is not None and self.written.done()

    @property
    def has_caps(self) -> bool:
        """Whether somebody who asks may move only so much. The acts of a job are all of one caller."""
        return any(job.acts[0].caller.caps for job in self.jobs)

    def may_overlap(self, ahead: "_Batch") -> bool:
        """Whether it asks the database for nothing that the batch ahead of it is just writing."""
        return all(act.target is None for act in self.acts) and self.ids.isdisjoint(ahead.ids)

    def answer(self, decided: list[Decided]) -> None:
        """Answer every job its part."""
        position = 0
        for job in self.jobs:
            job.answer(decided[position : position + len(job.acts)])
            position += len(job.acts)

    def fail(self, error: BaseException) -> None:
        """Fail every job; what passes by itself, or ends the process, as a busy ledger."""
        self.is_answered = True
        if is_passing(error) or not isinstance(error, Exception):
            error = LedgerBusy("the ledger could not write this now; send the same request again")
        for job in self.jobs:
            job.fail(error)


class _Named(NamedTuple):
    """What the acts of a batch name besides accounts, locked: rows of targets, the caps that counted each hold among
    them by its time, and the counters of every cap it may touch, None when there are none."""

    rows: Sequence[Any]
    caps_of_holds: Mapping[Instant, Sequence[CapKey]]
    caps: Caps | None


class Writer:
    """Decides and writes the acts of one ledger, batch after batch, for as long as any wait.

    Accounts stay in memory between batches. That is a cache and no more: every balance is written under the
    condition that it still is at the version it was decided on, in the transaction that changes it.

    While one batch is being written the next is decided, on the balances that the first will leave; it waits
    for the first to be committed before it writes. So the database and this process work at the same time. A second
    batch is begun when as many wait as are being written: then both are worth it. When the first fails, the second
    is void too: memory is forgotten, and both are done again, one after the other.
    """

    def __init__(self, *, database: Database, key: states.Key, batch_items_max: int) -> None:
        self._database = database
        self._key = key
        self._batch_items_max = batch_items_max
        self._memory = Memory()
        self._last: Instant = 0
        self._queue: deque[_Job] = deque()
        self._queued = 0
        self._running: asyncio.Task[None] | None = None
        self._woken: asyncio.Future[None] | None = None
        self._enough = _NEVER_ENOUGH

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits and nothing is being written."""
        return self._running is None

    @property
    def queued(self) -> int:
        """How many acts wait to be written."""
        return self._queued

    async def submit(self, acts: Sequence[Act]) -> list[Decided]:
        """Decide and write acts in order; answers after the commit. Raises LedgerBusy when too many wait."""
        if self._queued + len(acts) > QUEUED_ITEMS_MAX:
            raise LedgerBusy(f"{self._queued} acts wait already; at most {QUEUED_ITEMS_MAX} may")
        job = _Job(acts, asyncio.get_running_loop().create_future())
        self._queue.append(job)
        self._queued += len(acts)
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        elif self._queued >= self._enough:
            self._wake()
        # Whoever asked may go away; the act is carried out all the same.
        return await job.done

    def forget(self, address: str) -> None:
        """Drop what is remembered of an account that was changed by other means than an act."""
        self._memory.forget(address)

    async def _run(self) -> None:
        ahead: _Batch | None = None
        try:
            while self._queue or ahead is not None:
                if ahead is not None and not ahead.is_over and self._queued < len(ahead.acts):
                    await self._enough_or_over(ahead)
                if ahead is not None and ahead.is_over:
                    await self._finish(ahead)
                    ahead = None
                if self._queue:
                    ahead = await self._begin(ahead)
        finally:
            self._running = None

    async def _begin(self, ahead: _Batch | None) -> _Batch | None:
        """Begin a batch; answers it once it is decided and the one ahead is over, or None when both are over."""
        batch = _Batch(self._next_jobs(), ahead)
        if ahead is not None and not batch.may_overlap(ahead):
            await self._finish(ahead)
            ahead = batch.after = None
        batch.written = asyncio.create_task(self._first_attempt(batch))
        await batch.is_decided.wait()
        if ahead is None or ahead.written is None or await ahead.written:
            return batch
        # The one ahead failed, and this one was decided on what it would have left.
        await batch.written
        await self._finish(ahead)
        await self._finish(batch)
        return None

    async def _finish(self, batch: _Batch) -> None:
        """Wait for a batch; when its first attempt failed, try again with nothing else under way, here or elsewhere."""
        if batch.written is not None and await batch.written:
            return
        batch.after = None
        for _ in range(ATTEMPTS_MAX - 1):
            if not batch.is_answered:
                await self._attempt(batch, exclusively=True)
        if not batch.is_answered:
            batch.fail(states.Stale())

    async def _first_attempt(self, batch: _Batch) -> bool:
        try:
            return await self._attempt(batch, exclusively=False)
        finally:
            batch.is_decided.set()

    async def _attempt(self, batch: _Batch, *, exclusively: bool) -> bool:
        """Decide and write a batch in one transaction, and answer its jobs. Answers whether it was written.

        After a failure that passes by itself the jobs stay unanswered. ``exclusively`` lets no other process write to
        the ledger meanwhile, so that whoever lost a race does not lose the next one too.
        """
        try:
            async with self._database.transaction(tenant_id=self._key[0]) as connection:
                if exclusively:
                    await states.await_writers(connection, self._key)
                decided = await self._transact(connection, batch)
        except BaseException as error:
            # What was decided on balances that were never committed is void.
            self._memory = Memory()
            if not is_passing(error):
                batch.fail(error)
            if not isinstance(error, Exception):
                raise
            return False
        batch.after = None  # else each batch would keep all before it in memory
        batch.is_answered = True
        # The next batch hears of the commit before those who asked do, and sends what it waited with: the
        # database works while they are answered and ask for more.
        asyncio.get_running_loop().call_soon(batch.answer, decided)
        return True

    async def _enough_or_over(self, ahead: _Batch) -> None:
        assert ahead.written is not None
        self._woken, self._enough = asyncio.get_running_loop().create_future(), len(ahead.acts)
        ahead.written.add_done_callback(self._wake)
        await self._woken
        self._enough = _NEVER_ENOUGH

    def _wake(self, _: object = None) -> None:
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)

    def _next_jobs(self) -> list[_Job]:
        jobs = [self._queue.popleft()]
        size = len(jobs[0].acts)
        while self._queue and size + len(self._queue[0].acts) <= self._batch_items_max:
            jobs.append(self._queue.popleft())
            size += len(jobs[-1].acts)
        self._queued -= size
        return jobs

    async def _transact(self, connection: Connection, batch: _Batch) -> list[Decided]:
        loop = asyncio.get_running_loop()
        write_until = loop.time() + WRITTEN_WITHIN_S
        now, rows = await states.known(connection, self._key, [act.id for act in batch.acts])
        fresh = [act for act in batch.acts if act.id not in rows] if rows else batch.acts
        named = await self._named(connection, batch, fresh)
        memory, targets = await self._load(connection, fresh, named, is_alone=batch.after is None)
        decided, outcomes = self._decide(batch, rows, memory, targets, now=now, caps=named.caps)
        rested = rested_on(outcomes, memory)
        prepared = writing.prepare(outcomes, rested, key=self._key, caps=named.caps)
        batch.is_decided.set()
        ahead = batch.after.written if batch.after is not None else None
        if (ahead is not None and not await ahead) or loop.time() > write_until:
            raise states.Stale
        if outcomes:
            await writing.write(connection, self._key, prepared)
        return decided

    async def _named(self, connection: Connection, batch: _Batch, acts: Sequence[Act]) -> _Named:
        """Lock what the acts name: holds, then caps, before any account is read."""
        targets = list({act.target for act in acts if act.target is not None})
        rows = await states.target_rows(connection, self._key, targets) if targets else ()
        capped = [row["recorded_at"] for row in rows if row["is_capped"]]
        if not (capped or batch.has_caps):
            return _Named(rows, {}, None)
        of_holds = await counting.caps_of_holds(connection, self._key, capped)
        keys = keys_of(acts).union(*of_holds.values())
        # A batch that was begun before this one and counts under the same caps is waited for here.
        return _Named(rows, of_holds, await counting.lock(connection, self._key[0], keys))

    async def _load(
        self, connection: Connection, acts: Sequence[Act], named: _Named, *, is_alone: bool
    ) -> tuple[Memory, dict[str, Target]]:
        """Bring every account the acts touch into memory; answers it, and the targets they name."""
        if is_alone and len(self._memory.by_id) > CACHED_ACCOUNTS_MAX:
            self._memory = Memory()
        memory = self._memory
        wanted = {address for act in acts for move in act.moves for address in move[:2]}
        missing = [
            address
            for address in wanted
            if address not in memory.by_address and is_address(address)
        ]
        if missing:
            found = await states.states_by_address(connection, self._key, missing)
            self._keep(memory, found)
            missing = [address for address in missing if address not in memory.by_address]
        targets = await self._targets(connection, named, memory)
        absent = set(missing)
        if any(a not in memory.by_address and a not in absent and is_address(a) for a in wanted):
            raise states.Stale  # it was forgotten while we read
        return memory, targets

    async def _targets(
        self, connection: Connection, named: _Named, memory: Memory
    ) -> dict[str, Target]:
        numbers = {number for row in named.rows for number in row["account_ids"]}
        missing = numbers - memory.by_id.keys()
        if missing:
            self._keep(memory, await states.states_by_id(connection, self._key, list(missing)))
        if numbers - memory.by_id.keys():
            raise states.Stale  # one was forgotten while we read
        return {
            row["id"]: states.target_of(
                row, memory.by_id, named.caps_of_holds.get(row["recorded_at"], ())
            )
            for row in named.rows
        }

    def _keep(self, memory: Memory, found: Sequence[AccountState]) -> None:
        memory.keep(found)
        self._last = max([self._last, *(account.recorded_at for account in found)])

    def _decide(
        self,
        batch: _Batch,
        rows: Mapping[str, Any],
        memory: Memory,
        targets: dict[str, Target],
        *,
        now: Instant,
        caps: Caps | None,
    ) -> tuple[list[Decided], list[Outcome]]:
        named = {act.target for act in batch.acts if act.target is not None}
        decider = Decider(
            accounts=memory.by_address, targets=targets, named=named, now=now, caps=caps
        )
        # Time never stands still nor goes back in a ledger, whatever the clock of the database does.
        turn = Turn(decider, rows, max(now, self._last + 1))
        for job in batch.jobs:
            for unit in units(job.acts):
                if len(unit) == 1:
                    turn.take(unit[0])
                else:
                    turn.take_together(unit)
        self._last = turn.next_at - 1
        return turn.decided, turn.outcomes

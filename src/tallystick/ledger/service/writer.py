"""The writer of one ledger: what queued while the last batch committed is the next batch."""

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from tallystick.kernel.instants import Instant
from tallystick.ledger.api import LedgerBusy, RefusalCode
from tallystick.ledger.model.accounts import AccountState
from tallystick.ledger.model.acts import Act, difference, is_address
from tallystick.ledger.model.deciding import Decider
from tallystick.ledger.model.outcomes import Outcome, Target, outcome_of
from tallystick.ledger.store import states, writing
from tallystick.ledger.store.weather import is_passing
from tallystick.runtime.database import Connection, Database

QUEUED_ITEMS_MAX = 65_520
ATTEMPTS_MAX = 6
CACHED_ACCOUNTS_MAX = 50_000
# Fewer than these are quicker written at once than in two halves.
HALVED_ITEMS_MIN = 32


@dataclass(slots=True)
class Known:
    """An act whose id was decided before: as the same act (a replay), or as another (then refused)."""

    id: str
    refusal: str | None
    fields: Mapping[str, str]
    is_replay: bool


Decided = Outcome | Known


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
    """Jobs that are decided and written together. ``decided`` is set once the next batch may be decided."""

    def __init__(self, jobs: Sequence[_Job]) -> None:
        self.jobs = jobs
        self.acts = [act for job in jobs for act in job.acts]
        self.ids = {act.id for act in self.acts}
        self.decided = asyncio.Event()
        self.after: asyncio.Task[None] | None = None
        self.task: asyncio.Task[None] | None = None

    @property
    def is_written(self) -> bool:
        """Whether it is over, one way or the other."""
        return self.task is not None and self.task.done()


class Writer:
    """Decides and writes the acts of one ledger, batch after batch, for as long as any wait.

    Accounts stay in memory between batches. That is a cache and no more: every balance is written under the
    condition that it still is at the version it was decided on, in the transaction that changes it.
    While one batch is being written the next is decided, on the balances that the first will leave; it waits
    for the first to be committed before it writes, and starts over if that failed. So the database and this process
    work at the same time. A second batch is begun when as many wait as are being written: then both are worth it.
    """

    def __init__(self, *, database: Database, key: states.Key, batch_items_max: int) -> None:
        self._database = database
        self._key = key
        self._batch_items_max = batch_items_max
        self._accounts: dict[str, AccountState] = {}
        self._generation = 0
        self._last: Instant = 0
        self._queue: deque[_Job] = deque()
        self._queued = 0
        self._running: asyncio.Task[None] | None = None
        self._woken: asyncio.Future[None] | None = None
        self._enough = QUEUED_ITEMS_MAX + 1

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits and nothing is being written."""
        return self._running is None

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
        self._accounts.pop(address, None)

    async def _run(self) -> None:
        ahead: _Batch | None = None
        try:
            while self._queue or ahead is not None:
                if ahead is not None and not ahead.is_written and self._queued < len(ahead.acts):
                    await self._enough_or_written(ahead)
                if ahead is not None and ahead.is_written:
                    ahead = None
                if self._queue:
                    ahead = await self._begin(ahead)
        finally:
            self._running = None

    async def _begin(self, ahead: _Batch | None) -> _Batch:
        """Begin a batch and answer it once it is decided and the one ahead of it is written."""
        batch = _Batch(self._next_jobs(is_alone=ahead is None))
        if ahead is not None and ahead.task is not None:
            batch.after = ahead.task
            if not _may_overlap(batch, ahead):
                await ahead.task
        batch.task = asyncio.create_task(self._serve(batch))
        await batch.decided.wait()
        if batch.after is not None:
            await batch.after
        return batch

    async def _enough_or_written(self, ahead: _Batch) -> None:
        assert ahead.task is not None
        self._woken, self._enough = asyncio.get_running_loop().create_future(), len(ahead.acts)
        ahead.task.add_done_callback(self._wake)
        await self._woken
        self._enough = QUEUED_ITEMS_MAX + 1

    def _wake(self, _: object = None) -> None:
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)

    def _next_jobs(self, *, is_alone: bool) -> list[_Job]:
        """Take what waits; of many when nothing is being written, only half, so that the other half overlaps."""
        most = self._batch_items_max
        if is_alone and self._queued >= HALVED_ITEMS_MIN:
            most = min(most, self._queued // 2)
        jobs = [self._queue.popleft()]
        size = len(jobs[0].acts)
        while self._queue and size + len(self._queue[0].acts) <= most:
            jobs.append(self._queue.popleft())
            size += len(jobs[-1].acts)
        self._queued -= size
        return jobs

    async def _serve(self, batch: _Batch) -> None:
        try:
            decided = await self._decide_and_write(batch)
        except BaseException as error:
            stopped = LedgerBusy("the ledger is stopping; send the same request again")
            for job in batch.jobs:
                job.fail(error if isinstance(error, Exception) else stopped)
            if not isinstance(error, Exception):
                raise
            return
        finally:
            batch.decided.set()
        position = 0
        for job in batch.jobs:
            job.answer(decided[position : position + len(job.acts)])
            position += len(job.acts)

    async def _decide_and_write(self, batch: _Batch) -> list[Decided]:
        for attempt in range(ATTEMPTS_MAX):
            try:
                async with self._database.transaction(tenant_id=self._key[0]) as connection:
                    return await self._transact(connection, batch)
            except BaseException as error:
                self._start_over()
                if attempt == ATTEMPTS_MAX - 1 or not is_passing(error):
                    raise
            if batch.after is not None:
                await batch.after
        raise AssertionError("the last attempt returns or raises")

    def _start_over(self) -> None:
        """Forget every account: what was decided on balances that were never committed is void."""
        self._accounts = {}
        self._generation += 1

    async def _transact(self, connection: Connection, batch: _Batch) -> list[Decided]:
        now, rows = await states.known(connection, self._key, [act.id for act in batch.acts])
        fresh = [act for act in batch.acts if act.id not in rows]
        targets = await self._load(connection, fresh)
        generation = self._generation
        decided, outcomes = self._decide(batch.acts, rows, targets, now)
        prepared = writing.prepare(outcomes, self._rested_on(outcomes))
        batch.decided.set()
        if batch.after is not None:
            await batch.after
        if generation != self._generation:
            raise states.Stale
        if outcomes:
            await writing.write(connection, self._key, prepared)
        return decided

    async def _load(self, connection: Connection, acts: Sequence[Act]) -> dict[str, Target]:
        """Bring every account the acts touch into memory; answer the targets they name."""
        accounts = self._accounts
        if len(accounts) > CACHED_ACCOUNTS_MAX:
            self._accounts = accounts = {}
        wanted = {address for act in acts for move in act.moves for address in move[:2]}
        missing = [address for address in wanted if address not in accounts and is_address(address)]
        if missing:
            self._remember(await states.states_by_address(connection, self._key, missing))
        named = list({act.target for act in acts if act.target is not None})
        if not named:
            return {}
        rows = await states.target_rows(connection, self._key, named)
        return await self._targets(connection, rows)

    async def _targets(self, connection: Connection, rows: Sequence[Any]) -> dict[str, Target]:
        by_id = {account.account_id: account for account in self._accounts.values()}
        missing = {number for row in rows for number in row["account_ids"]} - by_id.keys()
        if missing:
            self._remember(await states.states_by_id(connection, self._key, list(missing)))
            by_id = {account.account_id: account for account in self._accounts.values()}
        return {row["id"]: states.target_of(row, by_id) for row in rows}

    def _remember(self, found: Iterable[AccountState]) -> None:
        for account in found:
            self._accounts[account.address] = account
            self._last = max(self._last, account.recorded_at)

    def _decide(
        self,
        acts: Sequence[Act],
        rows: Mapping[str, Any],
        targets: dict[str, Target],
        now: Instant,
    ) -> tuple[list[Decided], list[Outcome]]:
        named = {act.target for act in acts if act.target is not None}
        decider = Decider(accounts=self._accounts, targets=targets, named=named, now=now)
        decided: list[Decided] = []
        outcomes: list[Outcome] = []
        seen: dict[str, Outcome] = {}
        # Time never stands still nor goes back in a ledger, whatever the clock of the database does.
        next_at = max(now, self._last + 1)
        for unit in _units(acts):
            repeated = [_repeated(act, rows.get(act.id), seen.get(act.id)) for act in unit]
            fresh = [act for act, known in zip(unit, repeated, strict=True) if known is None]
            failed = next((known for known in repeated if known and known.refusal), None)
            if failed is not None:
                made = [_linked(act, failed, next_at + n) for n, act in enumerate(fresh)]
            else:
                made = decider.decide(fresh, first_recorded_at=next_at) if fresh else []
            next_at += len(made)
            outcomes += made
            seen.update((outcome.act.id, outcome) for outcome in made)
            made_in_turn = iter(made)
            decided += [known or next(made_in_turn) for known in repeated]
        self._last = next_at - 1
        return decided, outcomes

    def _rested_on(self, outcomes: Sequence[Outcome]) -> list[AccountState]:
        """A refusal is remembered for good, so the accounts it rests on must still be as they were."""
        refused = [outcome for outcome in outcomes if outcome.refusal]
        found = {account.account_id: account for one in refused for account in self._consulted(one)}
        return list(found.values())

    def _consulted(self, outcome: Outcome) -> list[AccountState]:
        addresses = (address for move in outcome.act.moves for address in move[:2])
        named = [self._accounts[address] for address in addresses if address in self._accounts]
        return named + list(outcome.target.accounts if outcome.target else ())


def _may_overlap(batch: _Batch, ahead: _Batch) -> bool:
    """Tell whether a batch asks the database for nothing that the one ahead of it is just writing."""
    return all(act.target is None for act in batch.acts) and batch.ids.isdisjoint(ahead.ids)


def _units(acts: Sequence[Act]) -> Iterable[list[Act]]:
    """Acts that stand or fall together: each alone, or neighbours of one group."""
    if all(act.group is None for act in acts):
        return ([act] for act in acts)
    return _grouped(acts)


def _grouped(acts: Sequence[Act]) -> Iterable[list[Act]]:
    for group, members in groupby(acts, key=lambda act: act.group):
        if group is None:
            yield from ([act] for act in members)
        else:
            yield list(members)


def _repeated(act: Act, row: Any, seen: Outcome | None) -> Known | None:
    if seen is not None:
        refusal, fields, mark = seen.refusal, seen.fields, seen.act.fingerprint
    elif row is not None:
        refusal, mark = row["refusal"], row["fingerprint"]
        fields = states.mapping_of(row["refusal_fields"])
    else:
        return None
    code = difference(mark, act.fingerprint)
    if code is not None:
        return Known(act.id, code, {}, is_replay=False)
    return Known(act.id, refusal, fields, is_replay=True)


def _linked(act: Act, failed: Known, recorded_at: Instant) -> Outcome:
    outcome = outcome_of(act, recorded_at)
    outcome.refuse(RefusalCode.LINKED_ITEM_FAILED, {"failed": failed.id})
    return outcome

"""What happens without being asked: each job names its action, and is let in like anybody else."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Final, NamedTuple

from tallystick.kernel.actions import NO_FACTS, Action
from tallystick.kernel.callers import Caller
from tallystick.runtime.doors import Guard
from tallystick.runtime.jobs import every
from tallystick.runtime.measures import Measures

_STOP_WAIT_S: Final = 10
# Jobs walk all tenants, so what lets them in is of the platform's own.
_PLATFORM: Final = 0


class Job(NamedTuple):
    """Work that comes again ``pause_s`` after it ended; it answers how much it did."""

    name: str
    pause_s: float
    action: Action
    work: Callable[[], Awaitable[int]]


class Jobs:
    """The jobs of a process, from their start to their end."""

    def __init__(self, jobs: Iterable[Job], *, guard: Guard) -> None:
        self._jobs = tuple(jobs)
        self._guard = guard
        self._stopping = asyncio.Event()
        self._running: list[asyncio.Task[None]] = []
        self._done: dict[str, int] = {}

    def watched_by(self, measures: Measures) -> None:
        """Let how much each job did in its last turn be read as ``job_`` and its name."""
        for job in self._jobs:
            measures.gauge(f"job_{job.name}", partial(self._done.get, job.name, 0))

    def start(self) -> None:
        """Start all of them."""
        self._stopping.clear()
        self._running = [
            asyncio.create_task(
                every(job.pause_s, self._let_in(job), name=job.name, stopping=self._stopping)
            )
            for job in self._jobs
        ]

    async def stop(self) -> None:
        """Let what is being done end, for ten seconds at most."""
        self._stopping.set()
        if not self._running:
            return
        _, late = await asyncio.wait(self._running, timeout=_STOP_WAIT_S)
        for job in late:
            job.cancel()
            with suppress(asyncio.CancelledError):
                await job

    def _let_in(self, job: Job) -> Callable[[], Awaitable[int]]:
        caller = Caller(tenant_id=_PLATFORM, actor=f"job:{job.name}")

        async def work() -> int:
            await self._guard.admit(
                caller, wanted=(job.action,), actions=(job.action,), facts=NO_FACTS, message=None
            )
            self._done[job.name] = done = await job.work()
            return done

        return work

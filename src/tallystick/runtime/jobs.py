"""Jobs: work that comes again after a pause, until the process stops."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import structlog

from tallystick.kernel.callers import Caller

_log: Any = structlog.get_logger("tallystick.jobs")


async def every(
    pause_s: float, work: Callable[[], Awaitable[int]], *, name: str, stopping: asyncio.Event
) -> None:
    """Do ``work`` again and again, ``pause_s`` apart, until ``stopping`` is set.

    ``work`` answers how much it did. A failure is logged and tried again after the pause.
    """
    while not stopping.is_set():
        try:
            done = await work()
            if done:
                _log.info("job_done", job=name, count=done)
        except Exception as error:
            _log.warning("job_failed", job=name, error=repr(error)[:500])
        try:
            await asyncio.wait_for(stopping.wait(), pause_s)
        except TimeoutError:
            continue


async def finish_each(
    waiting: Iterable[tuple[Caller, str]],
    finish: Callable[[Caller, str], Awaitable[int]],
    *,
    kind: str,
) -> int:
    """Finish one after the other what a crash left; answers the sum of what ``finish`` answered.

    One that cannot be finished now is logged by its kind and id, and holds up no other.
    """
    done = 0
    for caller, identifier in waiting:
        try:
            done += await finish(caller, identifier)
        except Exception as error:
            _log.warning(
                "not_finished",
                kind=kind,
                id=identifier,
                tenant_id=caller.tenant_id,
                error=repr(error)[:500],
            )
    return done

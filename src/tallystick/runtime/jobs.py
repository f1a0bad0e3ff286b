"""Jobs: work that comes again after a pause, until the process stops."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

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

"""Deadlines of many tasks, watched by one timer for all: a timer each would cost a tenth of a request."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

SWEEP_EVERY_S = 5

Task = asyncio.Task[Any]

_until_ns: ContextVar[int | None] = ContextVar("tallystick_deadline", default=None)


def time_left_ms() -> int | None:
    """The milliseconds until the deadline of whatever this is done for, negative after it; None when it has none."""
    until = _until_ns.get()
    return None if until is None else (until - time.monotonic_ns()) // 1_000_000


@contextmanager
def due_in(milliseconds: int) -> Iterator[None]:
    """Let all that is asked of others meanwhile be done within so many milliseconds."""
    token = _until_ns.set(time.monotonic_ns() + milliseconds * 1_000_000)
    try:
        yield
    finally:
        _until_ns.reset(token)


class Deadlines:
    """Cancels tasks that stay too long between ``enter`` and ``leave``: up to five seconds later than they should.

    Between ``hurry`` and ``calm`` a task has ``hurried_s`` seconds from its beginning, not all of its time. One that
    ``tells`` is also what ``time_left`` answers in the task.
    """

    def __init__(
        self, within_s: float, *, hurried_s: float | None = None, tells: bool = False
    ) -> None:
        self.seconds, self._tells = within_s, tells
        self.hurried_seconds = within_s if hurried_s is None else min(hurried_s, within_s)
        self._nanoseconds = int(within_s * 1_000_000_000)
        # A task in a hurry counts as begun so much earlier.
        self._earlier = int((within_s - self.hurried_seconds) * 1_000_000_000)
        self._hurried: set[Task] = set()
        self._started: dict[Task, int] = {}
        self._late: set[Task] = set()
        self._armed_in: asyncio.AbstractEventLoop | None = None

    def enter(self) -> Task:
        """Start the time of the task that calls; answers it, for the other two."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        if task is None:
            raise AssertionError("only a task has a deadline")
        self._started[task] = started = time.monotonic_ns()
        if self._tells:
            _until_ns.set(started + self._nanoseconds)
        if self._armed_in is not loop:
            self._arm(loop)
        return task

    def hurry(self, task: Task) -> None:
        """Give a task less time, until it is calmed."""
        self._started[task] -= self._earlier
        self._hurried.add(task)

    def calm(self, task: Task) -> None:
        """Give a task all its time again."""
        self._hurried.discard(task)
        self._started[task] += self._earlier

    def is_hurried(self, task: Task) -> bool:
        """Tell whether a task was hurried and not calmed."""
        return task in self._hurried

    def leave(self, task: Task) -> None:
        """End the time of a task."""
        del self._started[task]
        if self._hurried:
            self._hurried.discard(task)
        if self._tells:
            _until_ns.set(None)
        if self._late:
            self._late.discard(task)

    def was_late(self, task: Task) -> bool:
        """Tell whether the cancellation that the task has just met was ours, and take it back if so.

        Asked before ``leave``. When somebody else cancelled it too, that stands.
        """
        return task in self._late and task.uncancel() == 0

    def _arm(self, loop: asyncio.AbstractEventLoop) -> None:
        self._armed_in = loop
        loop.call_later(min(SWEEP_EVERY_S, self.hurried_seconds), self._sweep, loop)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        self._armed_in = None
        until = time.monotonic_ns() - self._nanoseconds
        for task, started in self._started.items():
            if started < until and task not in self._late:
                self._late.add(task)
                task.cancel()
        if self._started:
            self._arm(loop)

"""Copies of calls that a substitute in shadow is sent: how many at once, how long each, and what came of them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from tallystick.runtime import deadlines
from tallystick.runtime.clock import Clock

COPIES_MAX: Final = 32
"""So many copies of calls are under way at once; those beyond are not sent, and counted."""
COPY_S: Final = 10
DIFFERENCES_MAX: Final = 100
WATCHED_MAX: Final = 1_000
WHOLE: Final = 100


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What differed in one call: the outcomes, and where the answers are unlike; never what they say."""

    at: str
    method: str
    request: str
    ours: str
    theirs: str
    fields: tuple[str, ...] = ()


class Watched(msgspec.Struct, kw_only=True):
    """What was seen of one standing since it was told last."""

    compared: int = 0
    different: int = 0
    lost: int = 0
    skipped: int = 0
    differences: list[Difference] = msgspec.field(default_factory=list[Difference])


class Watch:
    """Copies of calls: so many at once, so long each, and what came of them until it is taken."""

    def __init__(self, *, clock: Clock) -> None:
        self.clock = clock
        self._under_way: set[asyncio.Task[None]] = set()
        self._seen: dict[tuple[int, str, int], Watched] = {}
        self._due: dict[tuple[int, str, int], int] = {}

    def is_due(self, key: tuple[int, str, int], share: int) -> bool:
        """Whether the next call is one of the share that is copied: evenly, and without dice."""
        if len(self._due) >= WATCHED_MAX and key not in self._due:
            self._due.clear()
        due = self._due.get(key, 0) + share
        self._due[key] = due % WHOLE
        return due >= WHOLE

    def send(self, key: tuple[int, str, int], copy: Callable[[], Awaitable[None]]) -> None:
        """Send a copy, off the path of whoever asked; beyond the bound it is counted and not sent."""
        if len(self._under_way) >= COPIES_MAX:
            self.seen(key).skipped += 1
            return
        task = asyncio.get_running_loop().create_task(_within(COPY_S, copy))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def seen(self, key: tuple[int, str, int]) -> Watched:
        """What was seen of a standing (tenant, context, number), to be added to."""
        if key not in self._seen and len(self._seen) >= WATCHED_MAX:
            return Watched()
        return self._seen.setdefault(key, Watched())

    def take(self) -> dict[tuple[int, str, int], Watched]:
        """Take what was seen since it was taken last."""
        taken, self._seen = self._seen, {}
        return taken

    async def settle(self) -> None:
        """Wait for what is under way, as long as a copy may take."""
        if self._under_way:
            await asyncio.wait(set(self._under_way), timeout=COPY_S)


async def _within(seconds: int, copy: Callable[[], Awaitable[None]]) -> None:
    with deadlines.due_in(seconds * 1_000):
        await copy()

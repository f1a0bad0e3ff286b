"""Circuits: a process that does not answer is left alone for a while, so that nobody waits for it in vain."""

from typing import Any, Final

import structlog

from tallystick.kernel.instants import SECOND, Instant
from tallystick.runtime.clock import Clock

FAILURES: Final = 5
"""So many calls in a row are lost before a circuit opens."""
PAUSE: Final[Instant] = SECOND // 2
PAUSE_MAX: Final[Instant] = 5 * SECOND

_log: Any = structlog.get_logger("tallystick.far")


class Circuit:
    """Whether a process is asked: closed, it is; open, it is not; after a pause one call tries whether it is back.

    The pause begins with half a second, and doubles up to five with each try that is lost.
    """

    def __init__(self, *, target: str, clock: Clock) -> None:
        self._target, self._clock = target, clock
        self._lost = 0
        self._opened_at: Instant | None = None
        self._pause = PAUSE
        self._is_tried = False

    @property
    def is_open(self) -> bool:
        """Whether calls are refused without being sent, but for one that tries."""
        return self._opened_at is not None

    def enter(self) -> bool:
        """Whether a call may be sent now; whoever may says afterwards what came of it."""
        if self._opened_at is None:
            return True
        # A clock that was set back must not prolong anything.
        if self._is_tried or 0 <= self._clock.now() - self._opened_at < self._pause:
            return False
        self._is_tried = True
        return True

    def answered(self) -> None:
        """The process answered, whatever it said."""
        if self._opened_at is not None:
            _log.info("circuit_closed", target=self._target)
        self._lost, self._opened_at, self._pause, self._is_tried = 0, None, PAUSE, False

    def lost(self) -> None:
        """The process did not answer."""
        self._lost += 1
        if self._opened_at is not None:
            if self._is_tried:
                self._opened_at, self._is_tried = self._clock.now(), False
                self._pause = min(2 * self._pause, PAUSE_MAX)
        elif self._lost >= FAILURES:
            self._opened_at = self._clock.now()
            _log.warning("circuit_opened", target=self._target, lost=self._lost)

    def left(self) -> None:
        """Nothing is known of a call: whoever asked went away, or had too little time."""
        self._is_tried = False

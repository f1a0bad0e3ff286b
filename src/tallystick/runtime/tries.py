"""What is tried at the edge and refused, in the log: the first of its kind at once, then a line a minute with how many.

A line names the route and the code, and one request among them; never a path, a value or an address. So a flood of
refusals is seen and does not become a flood of lines.
"""

import time
from collections.abc import Callable
from typing import Any

import structlog

from tallystick.kernel.problems import Kind, Problem
from tallystick.runtime.refusals import TooManyRequests

LINE_EVERY_S = 60
_LINE_EVERY_NS = LINE_EVERY_S * 1_000_000_000
KINDS_MAX = 4_096
# What a request is refused for before anything is decided about the business of it.
_AT_THE_EDGE = frozenset(
    {Kind.MALFORMED, Kind.UNAUTHENTICATED, Kind.FORBIDDEN, Kind.TOO_LARGE, Kind.UNSUPPORTED}
)

_log: Any = structlog.get_logger("tallystick.edge")


class Tries:
    """Refusals of one process by route and code: how many since the last line, and when that was."""

    def __init__(self, *, now: Callable[[], int] = time.monotonic_ns) -> None:
        """``now`` tells nanoseconds that only go forward."""
        self._now = now
        self._kinds: dict[tuple[str | None, str], tuple[int, int]] = {}

    def note(self, problem: Problem, *, route: str | None, request_id: str) -> None:
        """Count a refusal, and write a line when it is the first of its kind for a minute."""
        if problem.kind not in _AT_THE_EDGE and not isinstance(problem, TooManyRequests):
            return
        kind, now = (route, problem.code), self._now()
        written, count = self._kinds.get(kind, (None, 0))
        if written is not None and now - written < _LINE_EVERY_NS:
            self._kinds[kind] = (written, count + 1)
            return
        if len(self._kinds) >= KINDS_MAX:
            self._kinds.clear()
        self._kinds[kind] = (now, 0)
        _log.info(
            "requests_refused",
            route=route,
            code=problem.code,
            count=count + 1,
            request_id=request_id,
        )

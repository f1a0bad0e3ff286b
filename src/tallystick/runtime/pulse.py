"""How a process without a port says that it lives: after each turn it writes when it took one, and when one was good.

Times are of the machine's monotonic clock, which all of its processes share and nobody sets. Little is imported, since
a probe reads it every few seconds.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

# A turn is a second or two, and after a pause of one comes the next. Longer than this, and it hangs.
TURN_MAX_NS: Final = 60 * 1_000_000_000
# So long the work may have been done by nobody before whoever asks is told; as `nobody_sequences` says it, too.
GOOD_MAX_NS: Final = 10 * 1_000_000_000
_SIZE_MAX: Final = 100


class Pulse:
    """A file with two numbers: nanoseconds of the last turn, and of the last good one (0 before there was any)."""

    def __init__(self, path: Path, *, now: Callable[[], int] = time.monotonic_ns) -> None:
        """Begin with no turn: what a process before this one wrote is not its pulse. Raises OSError."""
        self._path, self._now, self._good = path, now, 0
        path.unlink(missing_ok=True)

    def beat(self, is_good: bool) -> None:
        """Write that a turn was taken. Where nothing can be written, whoever asks hears that nobody lives."""
        turned = self._now()
        if is_good:
            self._good = turned
        beside = self._path.with_name(f"{self._path.name}.new")
        try:
            beside.write_text(f"{turned} {self._good}\n")
            os.replace(beside, self._path)
        except OSError:
            # A full disk ends no process that works; its probe will say so.
            return


def failing(path: Path, *, is_good_asked: bool, now: int) -> str:
    """What is wrong with a pulse at a time of the monotonic clock, in nanoseconds; empty where nothing is.

    Without ``is_good_asked`` it is enough that turns are taken, whatever comes of them.
    """
    try:
        with path.open("rb") as file:
            turned, good = map(int, file.read(_SIZE_MAX).split())
    except (OSError, ValueError):
        return f"no turn was taken yet: {path} has no pulse"
    asked, most = (good, GOOD_MAX_NS) if is_good_asked else (turned, TURN_MAX_NS)
    if not asked:
        return "no turn was good yet"
    if not 0 <= now - asked <= most:
        return (
            f"the last {'good ' * is_good_asked}turn is older than {most // 1_000_000_000} seconds"
        )
    return ""

"""The processes of one server, recognised through `/proc`."""

import contextlib
import hashlib
import os
import re
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tallystick.runtime.embedded.errors import EmbeddedPostgresError
from tallystick.runtime.embedded.waiting import FAMILY_WAIT_S, eventually

Step = tuple[signal.Signals, float]
"""A signal, and how many seconds it has to take effect."""


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A live server, as its `postmaster.pid` describes it."""

    pid: int
    port: int
    socket_folder: Path
    status: str


class Family:
    """A postmaster and its children, told from all others by a mark in their titles."""

    def __init__(self, *, data: Path, uid: int) -> None:
        self._data = data
        self._uid = uid
        # PostgreSQL shows this in the title of each of its processes, which is how we know ours.
        self.mark = f"tallystick-{hashlib.sha256(bytes(data)).hexdigest()[:16]}"

    def postmaster(self) -> Postmaster | None:
        """Give the live server of our data. The pid file alone proves nothing: it outlives it."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
            pid, port = int(lines[0]), int(lines[3])
            found = Postmaster(pid, port, Path(lines[4]), lines[7].strip())
        except (OSError, IndexError, ValueError):
            return None  # absent, or still being written
        return found if self._includes(Path(f"/proc/{found.pid}")) else None

    def pids(self) -> list[int]:
        """List the live processes of our server, also those whose postmaster is dead."""
        return [int(path.name) for path in Path("/proc").glob("[0-9]*") if self._includes(path)]

    def _includes(self, process: Path) -> bool:
        try:
            # Not the `cwd` or `exe` link: root inside a container may not read those of others.
            owner, command = process.stat().st_uid, (process / "cmdline").read_bytes()
        except OSError:
            return False
        is_server = re.match(rb"([^\0]*/)?postgres[:\0]", command)
        has_mark = self.mark.encode() in command or bytes(self._data) in command.split(b"\0")
        return owner == self._uid and bool(is_server) and has_mark

    def end_postmaster(self, pid: int, steps: Iterable[Step]) -> None:
        """Send one signal after the other until the postmaster is gone, at last SIGKILL."""
        for sent, timeout_s in steps:
            _send(pid, sent)
            if eventually(lambda: self.postmaster() is None, timeout_s=timeout_s):
                return
        _send(pid, signal.SIGKILL)

    def await_end(self) -> None:
        """Wait till no process is left, and with it no claim on the shared memory of the data."""
        if self._ends():
            return
        # A backend deep in a computation does not notice that its postmaster died.
        for pid in self.pids():
            _send(pid, signal.SIGKILL)
        if not self._ends():
            raise EmbeddedPostgresError(f"These will not end, end them by hand: {self.pids()}")

    def _ends(self) -> bool:
        return eventually(lambda: not self.pids(), timeout_s=FAMILY_WAIT_S)


def _send(pid: int, sent: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, sent)

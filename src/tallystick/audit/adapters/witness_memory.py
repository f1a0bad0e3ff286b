"""What a witness has signed, in an SQLite file that outlives it and that several processes may share."""

import sqlite3
import threading
from pathlib import Path
from typing import Any

from tallystick.audit.model.witnessing import Seen
from tallystick.runtime.sql import queries

# Another process holds the file for one statement; who waits longer than this is not waiting for that.
WAIT_S = 5.0


class WitnessMemoryUnavailable(OSError):
    """The file cannot be read or written now; nothing was remembered."""


class WitnessMemory:
    """The last tree of each log that was signed. Its answers are on the disk when they are given.

    The file must never be brought back from a backup: a witness that forgets what it signed may sign a fork.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, or make it. Raises WitnessMemoryUnavailable."""
        self._statements = queries("audit", "witness")
        self._lock = threading.Lock()
        try:
            self._connection = sqlite3.connect(
                path, timeout=WAIT_S, isolation_level=None, check_same_thread=False
            )
            # With a write-ahead log, FULL means that a commit is on the disk when it returns; with SQLite's
            # usual journal it would not be, since a power cut may bring the journal back.
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.executescript(self._statements["open"])
        except sqlite3.Error as error:
            raise WitnessMemoryUnavailable(f"{path} is no memory of a witness: {error}") from error

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def seen(self, origin: str) -> Seen | None:
        """Give the last tree of a log, or None when none was signed. Raises WitnessMemoryUnavailable."""
        rows = self._run("seen", {"origin": origin})
        return Seen(size=rows[0][0], root=rows[0][1]) if rows else None

    def advance(
        self, *, origin: str, seen: Seen | None, to: Seen, checkpoint: bytes, now_s: int
    ) -> int | None:
        """Remember a tree as the last one, if ``seen`` still is: one step that nobody can come between.

        Answers the time to sign with, or None when somebody else was faster and nothing is changed. The times of one
        log never go back, whatever the clock does, so they keep the order of its trees. Raises
        WitnessMemoryUnavailable.
        """
        values: dict[str, Any] = {
            "origin": origin,
            "size": to.size,
            "root": to.root,
            "checkpoint": checkpoint,
            "now_s": now_s,
        }
        if seen is not None:
            values |= {"seen_size": seen.size, "seen_root": seen.root}
        rows = self._run("begin" if seen is None else "advance", values)
        return rows[0][0] if rows else None

    def _run(self, name: str, values: dict[str, Any]) -> list[Any]:
        try:
            with self._lock:
                # The statement commits when its last row was fetched, or raises here.
                return self._connection.execute(self._statements[name], values).fetchall()
        except sqlite3.Error as error:
            raise WitnessMemoryUnavailable(str(error)) from error

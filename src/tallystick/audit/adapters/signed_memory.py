"""What a sequencer has signed, in an SQLite file beside its keys: the owner of the database cannot make it forget."""

import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tallystick.audit.model.witnessing import Seen
from tallystick.runtime.sql import queries

# Another process holds the file for one transaction; who waits longer than this is not waiting for that.
WAIT_S = 5.0


class SignedMemoryUnavailable(OSError):
    """The file cannot be read or written now; nothing was remembered."""


class Advance(NamedTuple):
    """A log that is about to be signed: the last tree that was signed of it, if any, and the next."""

    origin: str
    seen: Seen | None
    to: Seen


class SignedMemory:
    """The last tree of each log that was signed. Its answers are on the disk when they are given.

    Several processes of one machine may share the file. It must never be brought back from a backup.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, or make it. Raises SignedMemoryUnavailable."""
        self._statements = queries("audit", "signed")
        self._lock = threading.Lock()
        try:
            self._connection = sqlite3.connect(
                path, timeout=WAIT_S, isolation_level=None, check_same_thread=False
            )
            # With a write-ahead log, FULL means that a commit is on the disk when it returns.
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.executescript(self._statements["open"])
        except sqlite3.Error as error:
            raise SignedMemoryUnavailable(f"{path} is no memory of a sequencer: {error}") from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def seen(self, origin: str) -> Seen | None:
        """Give the last tree of a log, or None when none was signed. Raises SignedMemoryUnavailable."""
        try:
            with self._lock:
                rows = self._rows("seen", {"origin": origin})
        except sqlite3.Error as error:
            raise SignedMemoryUnavailable(str(error)) from error
        return Seen(size=rows[0][0], root=rows[0][1]) if rows else None

    def advance(self, advances: Sequence[Advance]) -> bool:
        """Remember trees as the last ones, all of them or none, in one step that nobody can come between.

        False, and nothing is changed, when the last one of any is not the one that was seen. Raises
        SignedMemoryUnavailable.
        """
        try:
            with self._lock:
                self._connection.execute("BEGIN IMMEDIATE")
                is_done = False
                try:
                    is_done = all(self._advanced(one) for one in advances)
                finally:
                    self._connection.execute("COMMIT" if is_done else "ROLLBACK")
        except sqlite3.Error as error:
            raise SignedMemoryUnavailable(str(error)) from error
        return is_done

    def _advanced(self, one: Advance) -> bool:
        values: dict[str, Any] = {"origin": one.origin, "size": one.to.size, "root": one.to.root}
        if one.seen is not None:
            values |= {"seen_size": one.seen.size, "seen_root": one.seen.root}
        return bool(self._rows("begin" if one.seen is None else "advance", values))

    def _rows(self, name: str, values: dict[str, Any]) -> list[Any]:
        return self._connection.execute(self._statements[name], values).fetchall()

"""The local store: a cloud that is one JSON file, so that plans can be applied with no cloud at all.

Several provider processes write it at once, so each change holds a lock beside the file and the file is replaced whole.
What it says of an object is an echo of what was asked; it never counts as live.
"""

import fcntl
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tallystick.governance.adapters.private import write_private
from tallystick.governance.adapters.provider.naming import Namer
from tallystick.governance.adapters.provider.targets import TargetRefused, Values


class LocalStore:
    """Objects by type and id, in a file; without a path, in memory."""

    name = "store"

    def __init__(self, *, path: str | None, namer: Namer):
        """Open the store; the file is made by the first change."""
        self._path = Path(path) if path else None
        self._namer = namer
        self._mutex = threading.Lock()
        self._memory: dict[str, dict[str, Values]] = {}

    def create(self, kind: str, values: Values) -> Values:
        """Keep an object, with an id and names as the cloud would give them."""
        with self._changing() as objects:
            held = objects.setdefault(kind, {})
            made = self._namer.named(kind, values, taken=held)
            held[made["id"]] = made
        return made

    def read(self, kind: str, values: Values) -> Values | None:
        """Give an object as it was kept."""
        return self._objects().get(kind, {}).get(values["id"])

    def update(self, kind: str, prior: Values, values: Values) -> Values:
        """Keep an object's new values under its id."""
        with self._changing() as objects:
            made = {**values, "id": prior["id"]}
            objects.setdefault(kind, {})[prior["id"]] = made
        return made

    def delete(self, kind: str, values: Values) -> None:
        """Forget an object."""
        with self._changing() as objects:
            objects.get(kind, {}).pop(values["id"], None)

    def list(self, kind: str) -> list[Values]:
        """Give all objects of a type."""
        return [*self._objects().get(kind, {}).values()]

    def _objects(self) -> dict[str, dict[str, Values]]:
        if self._path is None:
            return self._memory
        try:
            return json.loads(self._path.read_text())["objects"]
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError) as error:
            raise TargetRefused(
                f"The local store {self._path} is damaged ({error}); nothing was changed. "
                "Bring it back from a copy, or move it away to begin with an empty cloud."
            ) from error

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Any]]:
        with self._mutex:
            if self._path is None:
                yield self._memory
                return
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._path.with_suffix(".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                objects = self._objects()
                yield objects
                kept = json.dumps({"format": 1, "objects": objects}, indent=1, sort_keys=True)
                write_private(self._path, kept.encode())

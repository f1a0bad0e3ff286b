"""A state in a file of this machine, for tests and for `--local`: locked, never older, never of another estate."""

import json
import os
from pathlib import Path
from typing import Any

from tallystick.governance.adapters.terraform.statekeeper import StateLocked, StateRefused


class FileStates:
    """One estate's state in a folder: `state.json`, and `lock.json` while somebody holds it."""

    def __init__(self, folder: Path):
        """Keep the state here; the folder is made by the first write."""
        self._state = folder / "state.json"
        self._lock = folder / "lock.json"

    def read(self) -> bytes | None:
        """Give the state; None before the first."""
        return self._kept()[0]

    def write(self, state: bytes, *, lock: str | None) -> None:
        """Keep a newer state of the same lineage, under the lock that is held."""
        held = self._holder()
        if held is None or held.get("ID") != lock:
            raise StateRefused(
                "The state is written only under its lock, and this run does not hold it. Plan anew."
            )
        new, old = _parsed(state, "The new state"), self._kept()[1]
        if old and new["lineage"] != old["lineage"]:
            raise StateRefused(
                "This state is of another estate: its lineage is not the kept one's. Nothing was changed."
            )
        if old and new["serial"] < old["serial"]:
            raise StateRefused(
                "A newer state is kept already: somebody else has written since. Plan anew."
            )
        self._replace(self._state, state)

    def lock(self, info: dict[str, Any]) -> None:
        """Take the lock."""
        self._lock.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self._lock.open("x") as file:
                json.dump({**info, "Pid": os.getpid()}, file)
        except FileExistsError:
            held = self._holder() or {}
            raise StateLocked(_held(held), holder=held) from None

    def unlock(self, info: dict[str, Any]) -> None:
        """Give the lock back."""
        held = self._holder()
        if held and info.get("ID") not in (None, held.get("ID")):
            raise StateLocked(_held(held), holder=held)
        self._lock.unlink(missing_ok=True)

    def free(self, *, lock: str) -> None:
        """Take away the lock that a dead process left; one that lives keeps it."""
        held = self._holder()
        if held is None or held.get("ID") != lock:
            raise StateRefused(f"No lock {lock} is held here.")
        if _alive(held.get("Pid")):
            raise StateLocked(_held(held), holder=held)
        self._lock.unlink(missing_ok=True)

    def _kept(self) -> tuple[bytes | None, dict[str, Any] | None]:
        try:
            state = self._state.read_bytes()
        except FileNotFoundError:
            return None, None
        return state, _parsed(state, f"The state in {self._state}")

    def _holder(self) -> dict[str, Any] | None:
        try:
            return json.loads(self._lock.read_text())
        except FileNotFoundError:
            return None
        except ValueError:
            return {}

    def _replace(self, path: Path, body: bytes) -> None:
        new = path.with_suffix(".new")
        new.write_bytes(body)
        os.replace(new, path)


def _parsed(state: bytes, subject: str) -> dict[str, Any]:
    try:
        parsed = json.loads(state)
        return {"lineage": parsed["lineage"], "serial": parsed["serial"]}
    except (ValueError, KeyError, TypeError):
        raise StateRefused(
            f"{subject} is cut short or is no state of Terraform's. Nothing was changed; bring it back from a copy."
        ) from None


def _held(held: dict[str, Any]) -> str:
    who = f"{held.get('Who', 'somebody')} since {held.get('Created', 'some time')} for {held.get('Operation', 'a run')}"
    if _alive(held.get("Pid")):
        return f"The state is locked by {who}. Wait for the end of that run."
    return (
        f"The state is locked by {who}, and that process is dead. Look at what it has done with a plan of "
        f"--refresh-only, then free the lock: --free-lock {held.get('ID', '')}"
    )


def _alive(pid: Any) -> bool:
    if not isinstance(pid, int):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

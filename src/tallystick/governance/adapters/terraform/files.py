"""A state in a file of this machine, for tests and for `--local`: locked, never older, never of another estate."""

import json
import os
from pathlib import Path
from typing import Any, Final

from tallystick.governance.adapters.private import write_private
from tallystick.governance.adapters.terraform.statekeeper import StateLocked, StateRefused
from tallystick.governance.api import StateIsOfAnotherEstate, StateNotReadable
from tallystick.governance.model import kept_state

DAMAGED: Final = "damaged"  # what a lock is called that cannot be read


class FileStates:
    """One estate's state in a folder: `state.json`, `lock.json` while somebody holds it, `estate` says whose it is."""

    def __init__(self, folder: Path, *, estate: str | None = None):
        """Keep the state here, of this estate and no other; the folder is made by the first write."""
        self._state = folder / "state.json"
        self._lock = folder / "lock.json"
        self._marker = folder / "estate"
        self._estate = estate

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
        new, old = self._parsed(state, "The new state"), self._kept()[1]
        if old and new["lineage"] != old["lineage"]:
            raise StateRefused(
                "This state is of another estate: its lineage is not the kept one's. Nothing was changed."
            )
        if old and new["serial"] < old["serial"]:
            raise StateRefused(
                "A newer state is kept already: somebody else has written since. Plan anew."
            )
        if self._estate and not self._marker.exists():
            write_private(self._marker, self._estate.encode())
        write_private(self._state, state)

    def lock(self, info: dict[str, Any]) -> None:
        """Take the lock."""
        self._lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        whole = self._lock.with_suffix(f".{os.getpid()}")
        write_private(whole, json.dumps({**info, "Pid": os.getpid()}).encode())
        try:
            os.link(whole, self._lock)  # whole or not at all, and never over another's
        except FileExistsError:
            held = self._holder() or {}
            raise StateLocked(_held(held), holder=held) from None
        finally:
            whole.unlink(missing_ok=True)

    def unlock(self, info: dict[str, Any]) -> None:
        """Give the lock back."""
        held = self._holder()
        if held and info.get("ID") not in (None, held.get("ID")):
            raise StateLocked(_held(held), holder=held)
        self._lock.unlink(missing_ok=True)

    def free(self, *, lock: str) -> None:
        """Take away the lock that a dead process left, or one that is `damaged`; one that lives keeps it."""
        held = self._holder()
        if held is None or held.get("ID", DAMAGED) != lock:
            raise StateRefused(f"No lock {lock} is held here.")
        if _alive(held.get("Pid")):
            raise StateLocked(_held(held), holder=held)
        self._lock.unlink(missing_ok=True)

    def _kept(self) -> tuple[bytes | None, dict[str, Any] | None]:
        try:
            state = self._state.read_bytes()
        except FileNotFoundError:
            return None, None
        return state, self._parsed(state, f"The state in {self._state}")

    def _holder(self) -> dict[str, Any] | None:
        try:
            held = json.loads(self._lock.read_text())
        except FileNotFoundError:
            return None
        except ValueError:
            return {}
        return held if isinstance(held, dict) else {}

    def _parsed(self, state: bytes, subject: str) -> dict[str, Any]:
        if self._estate is None:
            return _told(state, subject)
        marked = self._marker.read_text().strip() if self._marker.exists() else self._estate
        if marked != self._estate:
            raise StateRefused(_strange(f"{self._marker.parent} keeps the state of {marked}"))
        try:
            whole = kept_state.read_state(state, estate=self._estate)
        except StateIsOfAnotherEstate as problem:
            raise StateRefused(_strange(f"{subject}: {problem.detail}")) from None
        except StateNotReadable as problem:
            raise StateRefused(f"{subject} is not kept: {problem.detail}. {_NOTHING}") from None
        return {"lineage": whole.lineage, "serial": whole.serial}


_NOTHING: Final = "It is cut short, or is no state of Terraform's: nothing was changed; bring it back from a copy."


def _strange(what: str) -> str:
    return f"{what}, which is another estate. Nothing was changed: name a folder of its own by --local."


def _told(state: bytes, subject: str) -> dict[str, Any]:
    try:
        parsed = json.loads(state)
        return {"lineage": parsed["lineage"], "serial": parsed["serial"]}
    except (ValueError, KeyError, TypeError):
        raise StateRefused(
            f"{subject} is cut short or is no state of Terraform's. Nothing was changed; bring it back from a copy."
        ) from None


def _held(held: dict[str, Any]) -> str:
    if "ID" not in held:
        return (
            "The state is locked, and the lock is damaged, so that nobody can tell by whom. When no run is going on, "
            f"free it: --free-lock {DAMAGED}"
        )
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

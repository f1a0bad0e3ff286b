"""States of estates behind the platform's door, for the keeper that Terraform asks."""

import base64
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Final

import msgspec

from tallystick.governance.adapters.terraform.statekeeper import StateLocked, StateRefused
from tallystick.governance.adapters.terraform.stopping import Stop
from tallystick.kernel.instants import SECOND, parse
from tallystick.runtime.client import Answer, NothingAnswers, path_of, request

# A lease lasts 15 minutes at a time, four hours in all. It counts as lost before its end, so that there is time for
# Terraform to write its state under it, and longer than one request takes.
EXTEND_S: Final = 300
AGAIN_S: Final = 30
MARGIN_S: Final = 150
_TROUBLE: Final = frozenset({408, 429, 500, 502, 503, 504})


class DoorStates:
    """One estate's state at the door: to read, and to write under the lease of an apply alone."""

    def __init__(self, *, url: str, key: str, estate: str, token: str | None = None):
        """Ask the platform at `url` as the holder of `key`; `token` is an apply's lease."""
        self._url, self._key, self._estate = url, key, estate
        self._token = token
        self.serial: int | None = None
        self._lock: dict[str, Any] = {}

    def read(self) -> bytes | None:
        """Give the state; None before the first."""
        answer = self._ask("POST", "state/read", {"token": self._token} if self._token else {})
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        return base64.b64decode(self._good(answer)["content"])

    def write(self, state: bytes, *, lock: str | None) -> None:
        """Keep the next state, under the lease."""
        content = base64.b64encode(state).decode()
        body = {"token": self._leased(), "content": content} | ({"lock": lock} if lock else {})
        self.serial = self._good(self._ask("PUT", "state", body))["serial"]

    def lock(self, info: dict[str, Any]) -> None:
        """Lock the state for this apply."""
        self._good(self._ask("POST", "lock", {"token": self._leased(), "lock": info["ID"]}), info)
        self._lock = info

    def unlock(self, info: dict[str, Any]) -> None:
        """Give the lock back."""
        lock = info.get("ID") or self._lock.get("ID")
        if lock:
            self._good(self._ask("POST", "unlock", {"token": self._leased(), "lock": lock}), info)

    def lend(self, token: str) -> None:
        """Read and write under this lease from now on."""
        self._token = token

    @contextmanager
    def extended(
        self, lent: Mapping[str, Any], *, stop: Stop, since_s: float, every_s: float = EXTEND_S
    ) -> Iterator[None]:
        """Keep an apply's lease for the length of a block; ask for the end of the apply when it is lost.

        `lent` is the apply as it was begun, and `since_s` the monotonic time of just before. The lease is lost when the
        door says so, and when its end comes near without a word.
        """
        done = threading.Event()

        def ends_s(apply: Mapping[str, Any]) -> Any:
            # Counted from the beginning by our own clock: that of the platform may be another.
            length = (parse(apply["until"]) - parse(lent["began_at"])) // SECOND
            return since_s + length - MARGIN_S

        def extend() -> None:
            until_s, wait_s = ends_s(lent), every_s
            # Nothing may end this thread without a word: an apply would go on while somebody else could begin.
            try:
                while not done.wait(max(min(wait_s, until_s - time.monotonic()), 0)):
                    if time.monotonic() >= until_s:
                        return stop.ask("the lease was not extended before its end")
                    kept = self._extended(lent["apply"])
                    until_s = ends_s(kept) if kept else until_s
                    wait_s = every_s if kept else min(every_s, AGAIN_S)
            except StateRefused as refusal:
                stop.ask(f"the lease is lost ({refusal})")
            except Exception as error:
                stop.ask(f"the lease cannot be extended ({type(error).__name__}: {error})")
            return None

        thread = threading.Thread(target=extend, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _extended(self, apply: str) -> dict[str, Any] | None:
        """Extend once; None when the door does not answer or has trouble, which is no word on the lease."""
        body = json.dumps({"token": self._leased()}).encode()
        path = path_of("cloud", "applies", apply, "extend")
        try:
            answer = request("POST", self._url + path, key=self._key, body=body)
        except NothingAnswers:
            return None
        return None if answer.status in _TROUBLE else self._good(answer)

    def _leased(self) -> str:
        if self._token is None:
            raise StateRefused(
                f"The state of {self._estate} is written by `tallystick cloud apply` alone: hand in a plan, have it "
                "approved, and apply that."
            )
        return self._token

    def _ask(self, method: str, what: str, body: dict[str, Any]) -> Answer:
        path = path_of("cloud", "estates", self._estate) + f"/{what}"
        try:
            return request(method, self._url + path, key=self._key, body=json.dumps(body).encode())
        except NothingAnswers as error:
            raise StateRefused(
                f"The platform at {self._url} does not answer ({error}). Nothing was kept."
            ) from None

    def _good(self, answer: Answer, holder: dict[str, Any] | None = None) -> dict[str, Any]:
        if answer.is_good:
            return answer.json()
        try:
            problem = answer.json()
        except msgspec.DecodeError:
            problem = {}
        words = (
            f"{problem.get('code', answer.status)}: {problem.get('detail', 'the platform refuses')}"
        )
        if problem.get("code") == "state_is_locked":
            raise StateLocked(words, holder=holder or {})
        raise StateRefused(words)

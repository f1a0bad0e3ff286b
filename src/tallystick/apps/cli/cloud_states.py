"""States of estates behind the platform's door, for the keeper that Terraform asks."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import Any

import msgspec

from tallystick.governance.adapters.terraform.statekeeper import StateLocked, StateRefused
from tallystick.runtime.client import Answer, NothingAnswers, path_of, request

# A lease lasts 15 minutes at a time, four hours in all.
EXTEND_S, EXTENSIONS_MAX = 300, 48


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

    @contextmanager
    def extended(self, apply: str) -> Iterator[None]:
        """Keep an apply's lease for the length of a block, for as long as the door lets it."""
        done = threading.Event()

        def extend() -> None:
            for _ in range(EXTENSIONS_MAX):
                if done.wait(EXTEND_S):
                    return
                body = json.dumps({"token": self._token}).encode()
                with suppress(
                    NothingAnswers
                ):  # the next one may answer; without any, the lease ends by itself
                    request(
                        "POST",
                        f"{self._url}/v1/cloud/applies/{apply}/extend",
                        key=self._key,
                        body=body,
                    )

        thread = threading.Thread(target=extend, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

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

"""Keep Terraform's state by its own protocol for it, at an address that only this machine and this run know.

Terraform's http backend reads by GET, writes by POST, and takes and gives back a lock by LOCK and UNLOCK. The keeper
listens on loopback with a password of its own for one run, and passes each of it to a `States`: the platform's door,
or a file. Source: developer.hashicorp.com/terraform/language/backend/http.
"""

import base64
import contextlib
import hmac
import json
import secrets
import socket
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Protocol
from urllib.parse import parse_qs, urlsplit

from tallystick.governance.api import STATE_BYTES_MAX

LENGTH_DIGITS: Final = 12
USER: Final = "tallystick"
BIGGEST: Final = (
    STATE_BYTES_MAX  # as the door has it, so that nothing is taken here and refused there
)


class StateRefused(Exception):
    """The state is not given or not taken; the message says why and what to do next."""


class StateLocked(StateRefused):
    """Somebody holds the lock; `holder` is their lock as Terraform wrote it."""

    def __init__(self, message: str, *, holder: dict[str, Any]):
        """Say it in words, and whose lock it is."""
        super().__init__(message)
        self.holder = holder


class States(Protocol):
    """Where the state of one estate is kept."""

    def read(self) -> bytes | None:
        """Give the state; None before the first.

        Raises:
            StateRefused: it may not be read, or is damaged.
        """
        ...

    def write(self, state: bytes, *, lock: str | None) -> None:
        """Keep a new state, written under this lock.

        Raises:
            StateRefused: the lock is not held, the state is of another estate, or is older than what is kept.
        """
        ...

    def lock(self, info: dict[str, Any]) -> None:
        """Take the lock; `info` is Terraform's: ID, Operation, Who, Created.

        Raises:
            StateLocked: somebody holds it.
        """
        ...

    def unlock(self, info: dict[str, Any]) -> None:
        """Give the lock back; one that is not held is no error.

        Raises:
            StateLocked: it is somebody else's.
        """
        ...


class Keeper:
    """A running keeper: `environ` is what Terraform needs to find it, `refusals` what it was refused."""

    def __init__(self, states: States):
        """Listen on a port of loopback that is free; nobody is served before `serving` is entered."""
        self.states = states
        self.refusals: list[str] = []
        self.password = secrets.token_urlsafe(32)
        keeper = self

        class Handler(_Handler):
            serves = keeper

        self._server = _Server(("127.0.0.1", 0), Handler)

    @property
    def environ(self) -> dict[str, str]:
        """Give the settings of Terraform's http backend."""
        address = f"http://127.0.0.1:{self._server.server_port}/state"
        return {
            "TF_HTTP_ADDRESS": address,
            "TF_HTTP_LOCK_ADDRESS": address,
            "TF_HTTP_UNLOCK_ADDRESS": address,
            "TF_HTTP_USERNAME": USER,
            "TF_HTTP_PASSWORD": self.password,
            "TF_HTTP_RETRY_MAX": "0",
        }

    def serve(self) -> None:
        """Serve until `close`."""
        self._server.serve_forever()

    def close(self) -> None:
        """Stop serving, and free the port."""
        ending = threading.Thread(target=self._server.shutdown)
        ending.start()
        with contextlib.suppress(
            OSError
        ):  # the server looks up when somebody calls, not only twice a second
            socket.create_connection(("127.0.0.1", self._server.server_port), 1).close()
        ending.join()
        self._server.server_close()


@contextlib.contextmanager
def keeping(states: States) -> Iterator[Keeper]:
    """Keep a state for the length of a block."""
    keeper = Keeper(states)
    thread = threading.Thread(target=keeper.serve, daemon=True)
    thread.start()
    try:
        yield keeper
    finally:
        keeper.close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing when Terraform hangs up: it says itself what it did not get."""


class _Handler(BaseHTTPRequestHandler):
    serves: Keeper
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._guarded(self._read)

    def do_POST(self) -> None:
        self._guarded(self._write)

    def do_LOCK(self) -> None:
        self._guarded(
            lambda body: self._answer(HTTPStatus.OK, self.serves.states.lock(json.loads(body)))
        )

    def do_UNLOCK(self) -> None:
        self._guarded(
            lambda body: self._answer(
                HTTPStatus.OK, self.serves.states.unlock(json.loads(body or b"{}"))
            )
        )

    def _read(self, _: bytes) -> None:
        state = self.serves.states.read()
        self._answer(HTTPStatus.NO_CONTENT if state is None else HTTPStatus.OK, state)

    def _write(self, body: bytes) -> None:
        lock = parse_qs(urlsplit(self.path).query).get("ID", [None])[0]
        self._answer(HTTPStatus.OK, self.serves.states.write(body, lock=lock))

    def _guarded(self, act: Any) -> None:
        wanted = base64.b64encode(f"{USER}:{self.serves.password}".encode()).decode()
        if not hmac.compare_digest(
            (self.headers.get("Authorization") or "").encode(), f"Basic {wanted}".encode()
        ):
            self.close_connection = True  # what else they send is not read
            self._answer(HTTPStatus.UNAUTHORIZED, None)
            return
        said = self.headers.get("Content-Length") or "0"
        if not (said.isascii() and said.isdigit() and len(said) <= LENGTH_DIGITS):
            self.close_connection = True
            self._refused(HTTPStatus.BAD_REQUEST, "This says no length that a body can have.")
            return
        length = int(said)
        if length > BIGGEST:
            self.close_connection = True
            self._refused(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"A state of {length} bytes is larger than the {BIGGEST} that are kept: split the estate.",
            )
            return
        body = self.rfile.read(length)
        try:
            act(body)
        except StateLocked as refusal:
            self.serves.refusals.append(str(refusal))
            self._answer(HTTPStatus.LOCKED, json.dumps(refusal.holder).encode())
        except StateRefused as refusal:
            self._refused(HTTPStatus.CONFLICT, str(refusal))
        except ValueError:
            self._refused(HTTPStatus.BAD_REQUEST, "This is no JSON.")

    def _refused(self, status: HTTPStatus, words: str) -> None:
        self.serves.refusals.append(words)
        self._answer(status, words.encode())

    def _answer(self, status: HTTPStatus, body: bytes | None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what matters is in `refusals`."""

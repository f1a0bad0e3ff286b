"""What the tormentor strikes: a real server process and a real PostgreSQL, both ended by SIGKILL and started again."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

from tallystick.runtime.embedded import EmbeddedPostgres
from tests.ports import free_port

READY_WAIT_S = 30
POLL_S = 0.01
SERVER, DATABASE = "server", "database"
_SERVE = (
    "import os, sys; from tallystick.apps.serve import serve;"
    " serve(database_url=os.environ['TALLYSTICK_DATABASE_URL'], host='127.0.0.1', port=int(sys.argv[1]))"
)


class Ground:
    """One server process on one embedded PostgreSQL with its own, durable settings."""

    def __init__(self, *, home: Path) -> None:
        self._postgres = EmbeddedPostgres(home=home / "postgres")
        self._log = home / "server.log"
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.database_url = ""

    @property
    def url(self) -> str:
        """Where the server answers."""
        return f"http://127.0.0.1:{self._port}"

    def start_database(self) -> str:
        """Start PostgreSQL, or find it running; answers its URL, which stays the same."""
        url = self._postgres.start()
        assert self.database_url in ("", url), "PostgreSQL came back at another address"
        self.database_url = url
        return url

    def start(self) -> None:
        """Start what does not run, and return when the server says that it is ready."""
        self.start_database()
        if self._process is None or self._process.poll() is not None:
            self._launch()
        self._await_ready()

    def kill(self, hits: frozenset[str]) -> None:
        """End the server's processes, or the postmaster, or both, as a power cut would."""
        if SERVER in hits:
            self._kill_server()
        if DATABASE in hits:
            self._postgres.kill()

    def end(self) -> None:
        """End both for good."""
        self._kill_server()
        self._postgres.stop()

    def log_size(self) -> int:
        """How long the server's log is now."""
        return self._log.stat().st_size if self._log.exists() else 0

    def logged_since(self, position: int) -> str:
        """What the server logged since then."""
        with open(self._log, "rb") as log:
            log.seek(position)
            return log.read().decode(errors="replace")

    def _launch(self) -> None:
        environment = os.environ | {
            "TALLYSTICK_DATABASE_URL": self.database_url,
            "TALLYSTICK_LOG_LEVEL": "warning",
        }
        with open(self._log, "ab") as log:
            # A session of its own, so that its processes can be killed together, and Ctrl-C is ours alone.
            self._process = subprocess.Popen(
                [sys.executable, "-c", _SERVE, str(self._port)],
                env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def _await_ready(self) -> None:
        assert self._process is not None
        give_up_at = time.monotonic() + READY_WAIT_S
        with httpx.Client(timeout=READY_WAIT_S) as client:
            while time.monotonic() < give_up_at:
                if self._process.poll() is not None:
                    raise RuntimeError(
                        f"the server ended by itself:\n{self.logged_since(0)[-4_000:]}"
                    )
                with contextlib.suppress(httpx.TransportError):
                    if client.get(f"{self.url}/readyz").status_code == 200:
                        return
                time.sleep(POLL_S)
        raise TimeoutError(f"the server was not ready after {READY_WAIT_S} s")

    def _kill_server(self) -> None:
        if self._process is None:
            return
        # Granian serves in a child of the process we started: both are in the session we made.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(READY_WAIT_S)
        self._process = None
        give_up_at = time.monotonic() + READY_WAIT_S
        while _answers(self._port):
            assert time.monotonic() < give_up_at, (
                "something else answers on the port of the killed server"
            )
            time.sleep(POLL_S)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0

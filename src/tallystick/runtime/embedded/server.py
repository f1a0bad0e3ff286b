"""The server: started or adopted, and ended."""

import contextlib
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tallystick.runtime.embedded import files, ports
from tallystick.runtime.embedded.cluster import Cluster
from tallystick.runtime.embedded.errors import EmbeddedPostgresError
from tallystick.runtime.embedded.family import Family, Step
from tallystick.runtime.embedded.home import Home
from tallystick.runtime.embedded.waiting import (
    FAMILY_WAIT_S,
    FAST_STOP_WAIT_S,
    IMMEDIATE_STOP_WAIT_S,
    READY_WAIT_S,
    eventually,
)
from tallystick.runtime.embedded.wheel import Process, Programs


class EmbeddedPostgres:
    """A private PostgreSQL server on 127.0.0.1, kept in `home`, outside of any git checkout.

    `port` None means the port used last time, or a free one. `settings` replace PostgreSQL settings
    of ours from the next launch on; a server that is already running is adopted as it is. Leaving
    the `with` block stops the server, whoever launched it. With `end_with_us` a server that we launch
    is stopped by the kernel when our main thread, which has to launch it, is killed. Everything here,
    the constructor too, raises `EmbeddedPostgresError` and nothing else.
    """

    def __init__(
        self,
        *,
        home: Path,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        end_with_us: bool = False,
    ) -> None:
        self._place = Home(home)
        self._home = self._place.path
        self._family = Family(data=self._place.data, uid=self._place.account.uid)
        self._programs = Programs(
            home=self._home, account=self._place.account, end_with_us=end_with_us
        )
        self._cluster = Cluster(home=self._place, programs=self._programs, settings=settings or {})
        self._port_asked = port
        self._port: int | None = None
        self._process: Process | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Give the URL of database `tallystick` for its owner, the role `tallystick`."""
        return self._url(role="tallystick", database="tallystick")

    @property
    def admin_url(self) -> str:
        """Give the URL of database `postgres` for the superuser `postgres`."""
        return self._url(role="postgres", database="postgres")

    def _url(self, *, role: str, database: str) -> str:
        if self._port is None:
            raise EmbeddedPostgresError("The server has no address yet: call start() first.")
        password = self._cluster.password(role)
        return f"postgresql://{role}:{password}@127.0.0.1:{self._port}/{database}"

    @property
    def pid(self) -> int | None:
        """Give the process id of the running postmaster, or None when there is none."""
        running = self._family.postmaster()
        return running.pid if running else None

    def is_running(self) -> bool:
        """Say whether a postmaster runs on our data, launched by us or by a previous owner."""
        return self.pid is not None

    def start(self) -> str:
        """Launch the server, or adopt the one that runs, and give `url` once it is ready.

        The first start initialises the cluster. A server that is not ready within 30 s is left
        running, as it may be recovering from a crash: the next start waits for it again.
        """
        with self._place.held():
            # Of those that run, one that is stopping or dying goes, one that recovers gets ready.
            if not self.is_running() or not self._await_ready():
                self._launch()
            if self._port_asked not in (None, self._port):
                raise EmbeddedPostgresError(
                    f"The server in {self._home} already runs on port {self._port}: "
                    f"stop it first, or do not ask for port {self._port_asked}."
                )
            return self.url

    def stop(self) -> None:
        """End the server: in order within 20 s, else at once within 10 s, else by SIGKILL."""
        self._end((signal.SIGINT, FAST_STOP_WAIT_S), (signal.SIGQUIT, IMMEDIATE_STOP_WAIT_S))

    def kill(self) -> None:
        """Kill the postmaster as a crash would, and wait until `start` can work again."""
        self._end()

    def _end(self, *steps: Step) -> None:
        if not self._home.exists():
            return
        with self._place.held():
            running = self._family.postmaster()
            if running:
                self._family.end_postmaster(running.pid, steps)
            self._await_family_end()
            if running:
                self._place.remove_short_socket_folder(running.socket_folder)

    def _await_family_end(self) -> None:
        self._family.await_end()
        if self._process:
            self._process.wait(timeout=FAMILY_WAIT_S)  # reaps it

    def _launch(self) -> None:
        self._await_family_end()
        data = self._place.data
        # The number in its lock files may belong to a stranger by now (in a container it does at
        # every boot) or to a zombie that nobody reaps, and PostgreSQL would refuse to start beside
        # that. No family, no server: they are stale.
        (data / "postmaster.pid").unlink(missing_ok=True)
        shutil.rmtree(self._home / "run", ignore_errors=True)
        if not (data / "PG_VERSION").exists():
            self._cluster.initialise()
        port = self._cluster.choose_port(self._port_asked)
        self._cluster.write_settings(port=port, mark=self._family.mark)
        with open(self._home / "startup.log", "wb", opener=files.private) as log:
            self._process = self._programs.launch("postgres", "-D", str(data), output=log)
        if not self._await_ready():
            raise EmbeddedPostgresError(
                "PostgreSQL ended while starting: mend what its log names, then start again.\n"
                + self._last_words()
            )

    def _await_ready(self) -> bool:
        """Wait for the server to be ready, and say whether it is; it can also have ended."""
        if not eventually(self._is_settled, timeout_s=READY_WAIT_S):
            raise EmbeddedPostgresError(
                f"PostgreSQL is not ready after {READY_WAIT_S:.0f} s and was left running, as it "
                f"may be recovering: start again to wait longer.\n{self._last_words()}"
            )
        running = self._family.postmaster()
        self._port = running.port if running else None
        return running is not None

    def _is_settled(self) -> bool:
        running = self._family.postmaster()
        if running is None:
            return self._process is None or self._process.poll() is not None
        return running.status == "ready" and ports.answers(running.port)

    def _last_words(self) -> str:
        logs = sorted((self._home / "log").glob("*.log"), key=lambda path: path.stat().st_mtime)
        words: list[str] = []
        for path in (self._home / "startup.log", *logs[-1:]):
            # The server's account owns the log folder and could link us to another's file.
            with contextlib.suppress(OSError), open(path, "rb", opener=files.private) as log:
                words += [f"-- {path}", files.tail(log)]
        return "\n".join(words)

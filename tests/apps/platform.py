"""A platform of its own for tests from the outside: `tallystick up` as a process, its commands, its database."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import asyncpg
import httpx

from tallystick.apps import cli
from tests.loops import to_end

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = (sys.executable, "-c", "from tallystick.apps.cli import main; main()")
READY_WAIT_S = 60
STOP_WAIT_S = 30
SCHEMAS = ("identity", "ledger", "wallets", "payments")
# The record grows with whoever signs in and whatever is refused; what it has of that is tested elsewhere.
OF_THE_RECORD = ("leaf", "leaf_secret")
# Counted against and forgotten by the minute, whoever asks.
OF_THE_EDGE = ("budget",)


class Said(NamedTuple):
    """What a command answered."""

    code: int
    out: str
    err: str


def environment(home: Path, **settings: str) -> dict[str, str]:
    """The environment of a machine that knows nothing but its home and these settings."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("TALLYSTICK_")}
    # Windows of eighty columns cut tables: nothing that matters may be lost in one.
    fixed = {"PYTHONPATH": str(ROOT / "src"), "COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb"}
    # Nobody sends traffic elsewhere here, so nobody waits for that.
    fixed |= {"TALLYSTICK_DRAIN_SECONDS": "0"}
    return kept | fixed | {"TALLYSTICK_HOME": str(home)} | settings


def run(*arguments: str, env: Mapping[str, str], timeout_s: float = 60) -> Said:
    """Run the program as a process of its own, to its end."""
    done = subprocess.run(
        [*PROGRAM, *arguments],
        env=dict(env),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


class Reached:
    """A running platform as it is reached: by its commands, and by whoever has a key."""

    def __init__(self, *, url: str, env: Mapping[str, str]) -> None:
        self.url, self.env = url, dict(env)
        self.home = Path(env["TALLYSTICK_HOME"])

    @property
    def known(self) -> dict[str, str]:
        """The demonstration as this home remembers it."""
        return json.loads((self.home / "demonstration.json").read_text())

    def database_url(self) -> str:
        """The database that has people and keys, as a login that may take on every role."""
        raise NotImplementedError

    def client(self, key: str | None = None) -> httpx.Client:
        """A client that holds a key; the demonstration's unless another is given ('' is none)."""
        key = self.known["key"] if key is None else key
        headers = {"authorization": f"Bearer {key}"} if key else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)

    def command(self, *arguments: str, **settings: str) -> Said:
        """Run a command in this process, which starts a hundred times faster than a process of its own."""
        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, self.env | settings, clear=True),
            mock.patch.object(sys, "argv", ["tallystick", *arguments]),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                cli.main()
                code = 0
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else 0
        return Said(code, out.getvalue(), err.getvalue())


class Running(Reached):
    """`tallystick up` (or `serve`) as a process, from its first answer to its end."""

    def __init__(self, *arguments: str, env: Mapping[str, str], log: Path) -> None:
        super().__init__(url=f"http://127.0.0.1:{env['TALLYSTICK_PORT']}", env=env)
        self._log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [*PROGRAM, *arguments],
                env=self.env,
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_WAIT_S
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.said
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/readyz").status_code == 200:
                    return
            time.sleep(0.05)
        self.stop(signal.SIGKILL)
        raise AssertionError(f"it did not become ready:\n{self.said}")

    @property
    def said(self) -> str:
        """Everything it printed until now."""
        return self._log.read_text()

    def stop(self, with_signal: signal.Signals = signal.SIGINT) -> int:
        """Ask it to end; answers its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        return self.process.wait(STOP_WAIT_S)

    def database_url(self, *, role: str = "tallystick", database: str = "tallystick") -> str:
        """The embedded server, as one of its two logins."""
        password = (self.home / "secrets" / role).read_text()
        port = (self.home / "port").read_text()
        return f"postgresql://{role}:{password}@127.0.0.1:{port}/{database}"

    def rows(self, sql: str, *arguments: Any) -> list[dict[str, Any]]:
        """Ask the database as its superuser, whom no policy stops."""
        return self._as_superuser(lambda connection: connection.fetch(sql, *arguments))

    def execute(self, script: str) -> None:
        """Run a script as the superuser."""
        self._as_superuser(lambda connection: connection.execute(script))

    def _as_superuser(self, work: Callable[[Any], Awaitable[Any]]) -> Any:
        async def ask() -> Any:
            connection = await asyncpg.connect(self.database_url(role="postgres"))
            try:
                found = await work(connection)
                return [dict(row) for row in found] if isinstance(found, list) else found
            finally:
                await connection.close()

        return to_end(ask())

    def row_counts(self) -> dict[str, int]:
        """How many rows every table has, of whatever tenant."""
        tables = self.rows(
            "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables "
            "WHERE schemaname = ANY ($1) AND tablename <> ALL ($2) ORDER BY 1",
            list(SCHEMAS),
            [*OF_THE_RECORD, *OF_THE_EDGE],
        )
        assert len(tables) > 12
        counts = (
            f"SELECT '{row['name']}' AS name, count(*) AS n FROM {row['name']}" for row in tables
        )
        return {row["name"]: row["n"] for row in self.rows(" UNION ALL ".join(counts))}

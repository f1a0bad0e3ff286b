"""The cluster: its data made once, its passwords, and the settings of each launch."""

import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from tallystick.runtime.embedded import files, ports
from tallystick.runtime.embedded.errors import EmbeddedPostgresError
from tallystick.runtime.embedded.home import Home
from tallystick.runtime.embedded.wheel import Programs

ROLES = ("postgres", "tallystick")

_SHARED_BUFFERS_MB_LEAST, _SHARED_BUFFERS_MB_MOST = 256, 4_096


def _shared_buffers_mb() -> int:
    """A quarter of the machine's memory, as PostgreSQL advises, within bounds; it is taken up only as it is used."""
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    return min(max(memory_mb // 4, _SHARED_BUFFERS_MB_LEAST), _SHARED_BUFFERS_MB_MOST)


_SETTINGS = {
    "max_connections": "100",
    "shared_buffers": f"{_shared_buffers_mb()}MB",
    "huge_pages": "off",
    "jit": "off",
    "wal_level": "replica",
    "fsync": "on",
    "synchronous_commit": "on",
    # After a checkpoint the first change of each page logs all of it, so checkpoints are far apart.
    "min_wal_size": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
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


class Cluster:
    """The data of one server and what belongs to them."""

    def __init__(self, *, home: Home, programs: Programs, settings: Mapping[str, str]) -> None:
        self._home = home.path
        self._place = home
        self._programs = programs
        self._settings = _SETTINGS | dict(settings)

    def password(self, role: str) -> str:
        """Give the password of a role, which only our account can read."""
        try:
            return (self._home / "secrets" / role).read_text()
        except OSError as error:
            raise EmbeddedPostgresError(
                f"The password of {role} cannot be read, restore it from a backup: {error}"
            ) from error

    def initialise(self) -> None:
        """Make the cluster aside and move it into place once complete; a crash leaves no half."""
        self._make_passwords()
        shutil.rmtree(self._home / "initialising", ignore_errors=True)
        staging = self._place.server_folder("initialising")
        data, password = staging / "data", staging / "password"
        # A copy that goes with the staging folder: the server's account cannot look into `secrets`.
        files.replace(password, self.password("postgres"), mode=0o600, owner=self._place.account)
        auth = ("--auth=scram-sha-256", f"--pwfile={password}")
        layout = ("--encoding=UTF8", "--locale=C", "--data-checksums")
        sync = "--no-sync" if self._settings["fsync"] == "off" else "--sync-method=fsync"
        self._programs.run("initdb", "-D", str(data), "-U", "postgres", *auth, *layout, sync)
        self._create_owner(data=data)
        files.append(data / "postgresql.conf", "\ninclude '../tallystick.conf'\n")
        # From here on the cluster exists.
        data.rename(self._place.data)
        files.sync_folder(self._home)
        shutil.rmtree(staging)

    def _make_passwords(self) -> None:
        folder = self._home / "secrets"
        folder.mkdir(mode=0o700, exist_ok=True)
        for path in (folder / role for role in ROLES):
            # Kept if there, since the data may only be unmounted and would need them again.
            if not path.exists():
                files.replace(path, secrets.token_hex(32), mode=0o600)

    def _create_owner(self, *, data: Path) -> None:
        # No more rights than a managed database gives. One statement a line, as --single wants it.
        statements = (
            "CREATE ROLE tallystick LOGIN NOSUPERUSER NOBYPASSRLS CREATEROLE CREATEDB "
            f"PASSWORD '{self.password('tallystick')}'\n"
            "CREATE DATABASE tallystick OWNER tallystick\n"
        )
        # A failing statement must end it, and must not be printed: the password is in it.
        stop_silently = ("--exit_on_error=on", "--log_min_error_statement=panic")
        options = ("-D", str(data), f"--fsync={self._settings['fsync']}", *stop_silently)
        self._programs.run("postgres", "--single", *options, "postgres", text=statements)

    def choose_port(self, asked: int | None) -> int:
        """Choose and keep a port: the one asked for, else the one used last, else a free one."""
        kept = self._home / "port"
        port = asked or (int(kept.read_text()) if kept.exists() else 0)
        if asked and not ports.is_free(port):
            raise EmbeddedPostgresError(f"Port {port} is taken: choose another, or leave it out.")
        if not port or not ports.is_free(port):
            port = ports.free_port()
        files.replace(kept, str(port), mode=0o644)
        return port

    def write_settings(self, *, port: int, mark: str) -> None:
        """Write the settings of a launch. Raises when a caller set one of those that keep it private."""
        ours = {
            "cluster_name": mark,
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": str(self._place.socket_folder()),
            "log_directory": str(self._place.server_folder("log")),
        }
        if taken := ours.keys() & self._settings:
            raise EmbeddedPostgresError(f"Not for a caller to set: {', '.join(sorted(taken))}.")
        lines = ["# Written at every launch: change it through EmbeddedPostgres(settings=...).\n"]
        settings = self._settings | ours
        lines += [f"{name} = '{_quoted(value)}'\n" for name, value in settings.items()]
        files.replace(self._home / "tallystick.conf", "".join(lines), mode=0o644)


def _quoted(value: str) -> str:
    if "\n" in value:
        raise EmbeddedPostgresError("A PostgreSQL setting is one line.")
    return value.replace("\\", "\\\\").replace("'", "''")

"""The folder that holds it all: where it is, whose each part of it is, and who may change it now."""

import contextlib
import fcntl
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tallystick.runtime.embedded import files
from tallystick.runtime.embedded.account import account_for
from tallystick.runtime.embedded.errors import EmbeddedPostgresError
from tallystick.runtime.embedded.waiting import LOCK_WAIT_S, eventually

# Linux holds a socket path in 108 bytes, the last of which is the terminating zero.
SOCKET_PATH_BYTES_MAX = 107

# For the sockets of a home whose own path is too long; mkdtemp adds the part nobody can guess.
_SHORT = Path("/tmp/tallystick-sockets-")  # noqa: S108


def default_home() -> Path:
    """Give the folder to live in: TALLYSTICK_HOME, or the usual place for this user's data."""
    if chosen := os.environ.get("TALLYSTICK_HOME"):
        return Path(chosen)
    if os.geteuid() == 0:
        return Path("/var/lib/tallystick")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "tallystick"


class Home:
    """The home of one server. Refuses to be inside a git checkout."""

    def __init__(self, chosen: Path) -> None:
        home = _outside_checkout(chosen.expanduser().resolve())
        self.path = home
        self.data = home / "data"
        self.account = account_for(data=self.data)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Let one process at a time start or end the server; make every error one of ours."""
        try:
            self._prepare()
            with open(self._lock, "wb", opener=files.private) as lock:
                if not eventually(lambda: _locked(lock), timeout_s=LOCK_WAIT_S):
                    raise EmbeddedPostgresError(
                        f"Another process held {lock.name} for {LOCK_WAIT_S:.0f} s: find it with "
                        f"`fuser {lock.name}` and look what keeps it."
                    )
                yield
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            raise EmbeddedPostgresError(f"Cannot manage {self.path}: {error}") from error

    def _prepare(self) -> None:
        # The server's account may pass through root's folder to its own, and list nothing.
        mode = 0o711 if self.account.switched else 0o700
        self.path.mkdir(parents=True, exist_ok=True)
        is_ours = self._lock.exists() or not any(self.path.iterdir())
        found = self.path.stat()
        if found.st_uid != os.geteuid() or not (is_ours or stat.S_IMODE(found.st_mode) == mode):
            raise EmbeddedPostgresError(
                f"{self.path} holds other things or is another's: choose an empty folder."
            )
        self.path.chmod(mode)

    @property
    def _lock(self) -> Path:
        home = self.path
        return home / "lock"

    def server_folder(self, name: str) -> Path:
        """Give a folder of the home to the server's account, made if it is not there."""
        folder = self.path / name
        folder.mkdir(mode=0o700, exist_ok=True)
        return self._give(folder)

    def _give(self, folder: Path) -> Path:
        # Only for folders whose parent is not the account's, where it could swap them for links.
        folder.chmod(0o700)
        os.chown(folder, self.account.uid, self.account.gid)
        return folder

    def socket_folder(self) -> Path:
        """Give the folder of the server's socket: in the home, or where paths are shorter."""
        if len(bytes(self.path / "run" / ".s.PGSQL.65535")) <= SOCKET_PATH_BYTES_MAX:
            return self.server_folder("run")
        return self._give(Path(tempfile.mkdtemp(prefix=_SHORT.name, dir=_SHORT.parent)))

    def remove_short_socket_folder(self, folder: Path) -> None:
        """Remove what `socket_folder` made outside of the home, and nothing else."""
        # The server's account can write what it likes there: root deletes only what it made itself.
        if folder.parent == _SHORT.parent and folder.name.startswith(_SHORT.name):
            with contextlib.suppress(OSError):
                if folder.lstat().st_uid == self.account.uid:
                    shutil.rmtree(folder)


def _outside_checkout(home: Path) -> Path:
    for folder in (home, *home.parents):
        if (folder / ".git").exists():
            raise EmbeddedPostgresError(
                f"{home} is inside the git checkout {folder}, where money and passwords do not "
                "belong: set TALLYSTICK_HOME to a folder outside of it."
            )
    return home


def _locked(file: IO[bytes]) -> bool:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False

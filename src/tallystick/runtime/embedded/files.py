"""Files that nobody else can read, write or swap for a link, and that a crash leaves whole."""

import os
from pathlib import Path
from typing import IO

from tallystick.runtime.embedded.account import Account

TAIL_BYTES_MAX = 4_096


def private(path: str, flags: int) -> int:
    """Open a file for its owner alone, following no link; an opener for `open`."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def replace(path: Path, text: str, *, mode: int, owner: Account | None = None) -> None:
    """Replace a file for good: also after a crash it holds the old text or the new, never half."""
    half = path.with_name(path.name + ".half")
    with open(half, "w", opener=private) as file:
        os.fchmod(file.fileno(), mode)
        if owner:
            os.fchown(file.fileno(), owner.uid, owner.gid)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    half.rename(path)
    sync_folder(path.parent)


def append(path: Path, text: str) -> None:
    """Add to the end of a file, and wait until that is on the disk."""
    with open(path, "a", opener=private) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(descriptor)
    os.close(descriptor)


def tail(file: IO[bytes]) -> str:
    """Give the last 4 KiB of an open file."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - TAIL_BYTES_MAX))
    return file.read().decode(errors="replace").strip()

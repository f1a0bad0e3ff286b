"""Folders that one process holds at a time."""

import fcntl
import os
from pathlib import Path


def hold(folder: Path) -> int:
    """Hold a folder: the folder itself, so that what holds it is no file in it.

    Gives the descriptor whose closing lets go of it; the kernel lets go with the process, however that ends. Raises
    BlockingIOError when another holds it, and OSError when there is no such folder.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor

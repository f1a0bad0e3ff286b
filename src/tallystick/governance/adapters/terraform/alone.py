"""One command at a time in a work folder: each replaces the copy of the code there, and leaves its planfile."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tallystick.governance.adapters.terraform.refusing import RunRefused
from tallystick.runtime.holding import hold


@contextmanager
def alone(work: Path) -> Iterator[None]:
    """Hold a work folder, which is made where there is none, until the end; a process that dies lets go of it.

    Raises:
        RunRefused: another command works there.
    """
    work.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = hold(work)
    except BlockingIOError:
        raise RunRefused(
            f"Another command works in {work}: wait for its end, or name another folder by --work."
        ) from None
    try:
        yield
    finally:
        os.close(descriptor)

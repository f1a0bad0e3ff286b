"""Write what has secrets in it: whole or not at all, and for nobody else to read."""

import os
from pathlib import Path


def write_private(path: Path, content: bytes) -> None:
    """Put a file of mode 0600 in the place of whatever is there; its folder is made for us alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    os.replace(new, path)

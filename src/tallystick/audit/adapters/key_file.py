"""Private keys in a file that its owner alone may read: one line a key, ``<name>+<algorithm in hex>+<base64>``."""

import os
import re
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path

from tallystick.audit.model.notes import (
    SIGNERS,
    Signer,
    VerifierKey,
    from_base64,
    to_base64,
)

_PRIVATE_BYTES = 32
_FILE_BYTES_MAX = 64 * 1024
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_ALGORITHM = re.compile(r"[0-9a-f]{2}")


class KeyFileRefused(ValueError):
    """The file of keys is not one, or others than its owner may read it."""


def make_keys(path: Path, *, name: str, algorithms: Sequence[int]) -> list[VerifierKey]:
    """Draw a new key for each algorithm and write them to a new file, on the disk before this returns.

    Raises FileExistsError when the file is there, whatever is in it, and BadNote for a name that no key can have.
    """
    private = [(one, secrets.token_bytes(_PRIVATE_BYTES)) for one in algorithms]
    keys = [SIGNERS[algorithm](name, content).key for algorithm, content in private]
    lines = [f"{name}+{algorithm:02x}+{to_base64(content)}\n" for algorithm, content in private]
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write("".join(lines).encode())
        file.flush()
        os.fsync(file.fileno())
    _sync_folder(path.parent)
    return keys


def read_signers(path: Path, *, name: str | None = None) -> list[Signer]:
    """Read the keys of a file; with a ``name`` they sign under it and not under their own.

    Raises KeyFileRefused, and OSError where the file cannot be read.
    """
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_mode & _OTHERS:
            raise KeyFileRefused(f"others may read {path}: let its mode be 0600")
        content = file.read(_FILE_BYTES_MAX + 1)
    if len(content) > _FILE_BYTES_MAX:
        raise KeyFileRefused(f"{path} is too long for a file of keys")
    *lines, last = content.decode("utf-8", errors="replace").split("\n")
    if last or not lines:
        # As a crash leaves it while the file is made; nobody was told of its keys yet.
        raise KeyFileRefused(f"{path} does not end where a key ends: it was not written whole")
    return [_signer(line, path, number, name) for number, line in enumerate(lines, start=1)]


def _signer(line: str, path: Path, number: int, name: str | None) -> Signer:
    own, _, rest = line.partition("+")
    algorithm, _, spelled = rest.partition("+")
    # No error tells what stands there: it is a secret, or half of one.
    refusal = KeyFileRefused(f"line {number} of {path} is no private key")
    if not _ALGORITHM.fullmatch(algorithm) or int(algorithm, 16) not in SIGNERS:
        raise refusal
    try:
        private = from_base64(spelled)
    except ValueError:
        raise refusal from None
    if len(private) != _PRIVATE_BYTES:
        raise refusal
    return SIGNERS[int(algorithm, 16)](own if name is None else name, private)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

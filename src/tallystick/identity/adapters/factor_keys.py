"""The keys that secrets of second factors are sealed under: in a file that its owner alone may read, or told directly.

One key a line, 64 hexadecimal digits; the first seals, all open. To rotate, put a new one on top: each secret comes
under it when it is used next.
"""

import os
import re
import secrets
import stat
from pathlib import Path

from tallystick.identity.model.totp import KEY_BYTES, KeyRing

_FILE_BYTES_MAX = 4_096
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_KEY = re.compile(rf"[0-9a-fA-F]{{{2 * KEY_BYTES}}}")


class FactorKeysRefused(ValueError):
    """There are no keys for second factors, or they are none, or others than their owner may read them."""


def read_ring(told: str, *, home: Path | None) -> KeyRing:
    """Read the keys that are ``told``: one in hexadecimal, or the path of a file of them.

    With nothing told they are in ``factor-keys`` of the home, made there when it has none; without a home they are
    refused, since what is sealed under keys that are lost opens for nobody. Raises FactorKeysRefused, OSError.
    """
    if _KEY.fullmatch(told):
        return KeyRing([bytes.fromhex(told)])
    if told:
        return _read(Path(told))
    if home is None:
        raise FactorKeysRefused(
            "set TALLYSTICK_FACTOR_KEYS to a file of keys (`openssl rand -hex 32` makes one): "
            "second factors are sealed under them, and only a development machine makes its own"
        )
    path = home / "factor-keys"
    if not path.exists():
        _make(path)
    return _read(path)


def _make(path: Path) -> None:
    """Write a new key to a new file, whole or not at all: two processes that begin at once take one of both."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(f"{secrets.token_hex(KEY_BYTES)}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()


def _read(path: Path) -> KeyRing:
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_mode & _OTHERS:
            raise FactorKeysRefused(f"others may read {path}: let its mode be 0600")
        content = file.read(_FILE_BYTES_MAX + 1)
    lines = content.decode("utf-8", errors="replace").split()
    # No error tells what stands there.
    if len(content) > _FILE_BYTES_MAX or not lines or not all(map(_KEY.fullmatch, lines)):
        raise FactorKeysRefused(f"{path} is no file of keys: one a line, 64 hexadecimal digits")
    return KeyRing([bytes.fromhex(line) for line in lines])

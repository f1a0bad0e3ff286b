"""The keys that access tokens are signed with: a file of PEM that its owner alone may read. The last key signs.

A key is added at the end, for example with ``openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256``, and one
is removed five minutes after another took its place. Whoever reads the file sees a change within five seconds.
"""

import os
import stat
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey

from tallystick.identity.model import jws
from tallystick.identity.model.jws import PublicKey
from tallystick.kernel.instants import SECOND, Instant

KEYS_MAX = 10
READ_AGAIN: Instant = 5 * SECOND
_FILE_BYTES_MAX = 64 * 1024
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_END = "-----END PRIVATE KEY-----\n"


class TokenKeysRefused(ValueError):
    """The file of keys is not one, or others than its owner may read it."""


class TokenKey(NamedTuple):
    """A key that signs tokens: its public part with its thumbprint for a name, and the private one of joserfc."""

    public: PublicKey
    private: Any


def make_token_key(path: Path) -> None:
    """Draw a key and write it to a new file, on the disk before this returns. Raises FileExistsError."""
    private = ec.generate_private_key(ec.SECP256R1())
    text = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    # For its owner alone, under a name that nobody else has.
    descriptor, half = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        # Whole or not at all, and never over another's: two processes that start at once agree on one.
        os.link(half, path)
    finally:
        Path(half).unlink()


def read_token_keys(path: Path) -> tuple[TokenKey, ...]:
    """Read 1 to 10 keys of P-256, in their order. Raises TokenKeysRefused, OSError; none quotes what stands there."""
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_mode & _OTHERS:
            raise TokenKeysRefused(f"others may read {path}: let its mode be 0600")
        content = file.read(_FILE_BYTES_MAX + 1)
    if len(content) > _FILE_BYTES_MAX:
        raise TokenKeysRefused(f"{path} is too long for a file of keys")
    parts = content.decode("ascii", errors="replace").replace("\r\n", "\n").split(_END)
    if parts[-1].strip() or not 2 <= len(parts) <= KEYS_MAX + 1:
        raise TokenKeysRefused(
            f"{path} is 1 to {KEYS_MAX} private keys in PEM (PKCS #8), each whole"
        )
    return tuple(_key(part + _END, path, place) for place, part in enumerate(parts[:-1], start=1))


def _key(text: str, path: Path, place: int) -> TokenKey:
    refusal = TokenKeysRefused(f"key {place} of {path} is no private key of P-256")
    try:
        found = serialization.load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError):
        raise refusal from None
    if not isinstance(found, ec.EllipticCurvePrivateKey) or found.curve.name != "secp256r1":
        raise refusal
    private = ECKey.import_key(text)
    public = jws.read_key(private.as_dict(private=False) | {"alg": "ES256"})
    return TokenKey(public=public._replace(kid=public.thumbprint), private=private)


class TokenKeys:
    """The keys of a file as they are now: made when there is none, read again when they change."""

    def __init__(self, path: Path, *, now: Callable[[], Instant]) -> None:
        self._path, self._now = path, now
        self._keys: tuple[TokenKey, ...] = ()
        self._changed: tuple[int, int] = (0, 0)
        self._asked_at: Instant | None = None

    def all(self) -> Sequence[TokenKey]:
        """The keys, the one that signs last. Raises TokenKeysRefused, OSError."""
        now = self._now()
        if self._asked_at is not None and 0 <= now - self._asked_at < READ_AGAIN:
            return self._keys
        if not self._path.exists():
            with suppress(FileExistsError):
                make_token_key(self._path)
        status = self._path.stat()
        changed = (status.st_mtime_ns, status.st_ino)
        if changed != self._changed:
            self._keys, self._changed = read_token_keys(self._path), changed
        self._asked_at = now
        return self._keys

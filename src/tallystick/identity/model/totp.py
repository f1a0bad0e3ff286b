"""Codes by time (RFC 6238, on RFC 4226): six digits, thirty seconds, SHA-1 as every app has it.

A secret is sealed with AES-256-GCM under a key from outside the database. The key's name, the tenant, the person and
the factor are bound to it as associated data, so a row that was moved elsewhere opens for nobody.
"""

import base64
import hmac
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from tallystick.kernel.entries import canonical
from tallystick.kernel.instants import SECOND, Instant

SECRET_BYTES: Final = 20  # RFC 4226, section 4, R6: at least 128 bits, 160 recommended
DIGITS: Final = 6
STEP_S: Final = 30
# RFC 6238, section 5.2: one step for what the network and the person take, one for a clock that is ahead.
WINDOW: Final = 1
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
KEYS_MAX: Final = 20


class SecretUnreadable(ValueError):
    """A sealed secret does not open: its key is missing, or the row is not the one it was sealed for."""


class KeyRing:
    """The keys that secrets are sealed under, by name; the first seals, all open. A key's name is told by its bytes."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not 1 <= len(keys) <= KEYS_MAX or any(len(key) != KEY_BYTES for key in keys):
            raise ValueError(f"there are 1 to {KEYS_MAX} keys of {KEY_BYTES} bytes each")
        self._keys = {name_of(key): AESGCM(key) for key in keys}
        self._marks = [hmac.digest(key, b"tallystick mark", "sha256") for key in keys]
        self.first = name_of(keys[0])

    def seal(self, secret: bytes, *, nonce: bytes, place: Mapping[str, str]) -> tuple[bytes, str]:
        """Seal a secret for one place; answers what is kept, and the key's name. ``nonce`` is 12 bytes of chance."""
        sealed = self._keys[self.first].encrypt(nonce, secret, _bound(self.first, place))
        return nonce + sealed, self.first

    def mark(self, content: bytes) -> bytes:
        """What only whoever has the first key can write beside this content: 32 bytes (RFC 2104, of SHA-256)."""
        return hmac.digest(self._marks[0], content, "sha256")

    def is_mark(self, mark: bytes, content: bytes) -> bool:
        """Whether that was written beside this content, under any of the keys."""
        made = [hmac.digest(key, content, "sha256") for key in self._marks]
        return any(hmac.compare_digest(one, mark) for one in made)

    def open(self, sealed: bytes, *, key_name: str, place: Mapping[str, str]) -> bytes:
        """Open what was sealed for this place under the named key and no other. Raises SecretUnreadable."""
        key = self._keys.get(key_name)
        if key is None:
            raise SecretUnreadable(f"the key {key_name} is not among TALLYSTICK_FACTOR_KEYS")
        try:
            nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
            return key.decrypt(nonce, rest, _bound(key_name, place))
        except InvalidTag:
            raise SecretUnreadable(f"a secret under the key {key_name} does not open") from None


def name_of(key: bytes) -> str:
    """The name of a key: sixteen hexadecimal digits that say nothing about it."""
    return sha256(b"tallystick factor key" + key).hexdigest()[:16]


def _bound(key_name: str, place: Mapping[str, str]) -> bytes:
    return canonical({**place, "key": key_name})


def code_of(secret: bytes, step: int) -> str:
    """The code of a step: six digits."""
    # The name is the standard's; a hash that collides does no harm within an HMAC.
    return _totp(secret).generate(step * STEP_S).decode()


def step_of(now: Instant) -> int:
    """The step an instant falls into, counted from 1970."""
    return now // (STEP_S * SECOND)


def matching_step(secret: bytes, code: str, now: Instant) -> int | None:
    """The step whose code this is, of the one that is now and one to each side; None for a wrong code."""
    found = None
    for step in range(step_of(now) - WINDOW, step_of(now) + WINDOW + 1):
        # All are compared, so that the time it takes tells nothing.
        if hmac.compare_digest(code_of(secret, step), code) and found is None:
            found = step
    return found


def is_code(text: str) -> bool:
    """Whether a text has the shape of a code."""
    return len(text) == DIGITS and text.isascii() and text.isdecimal()


def spelled(secret: bytes) -> str:
    """A secret as apps take it when it is typed: base 32 without padding."""
    return base64.b32encode(secret).decode().rstrip("=")


def uri(secret: bytes, *, account: str, issuer: str) -> str:
    """A secret as apps take it from a picture: ``otpauth://totp/…``."""
    return _totp(secret).get_provisioning_uri(account, issuer)


def _totp(secret: bytes) -> TOTP:
    return TOTP(secret, DIGITS, SHA1(), STEP_S)  # noqa: S303

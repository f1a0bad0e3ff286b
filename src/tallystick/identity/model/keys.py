"""Keys as text: who they are for, the secret, and a checksum that catches a typo without a look-up."""

import hashlib
import re
import zlib

from tallystick.identity.api import NAME_MAX
from tallystick.kernel import ids
from tallystick.kernel.fields import PAGE_MAX
from tallystick.kernel.problems import malformed

SECRET_BYTES = 32
_SECRET_DIGITS = 52  # 260 bits hold 256
_CHECK_DIGITS = 7  # 35 bits hold a CRC-32
_TEXT = re.compile(
    rf"tally_([0-9a-hjkmnp-tv-z]{{26}})_[0-9a-hjkmnp-tv-z]{{{_SECRET_DIGITS + _CHECK_DIGITS}}}"
)


def key_text(*, key_id: str, secret: bytes) -> str:
    """Write a key: ``tally_``, its id without the kind, ``_``, the secret and the checksum."""
    digits = ids.base32(int.from_bytes(secret, "big"), width=_SECRET_DIGITS)
    unchecked = f"tally_{key_id.partition('_')[2]}_{digits}"
    return unchecked + _checksum(unchecked)


def is_key(text: str) -> bool:
    """Tell whether a text has the shape of a key and its checksum. It says nothing about who knows it."""
    return _TEXT.fullmatch(text) is not None and text[-_CHECK_DIGITS:] == _checksum(
        text[:-_CHECK_DIGITS]
    )


def hash_of(text: str) -> bytes:
    """What is kept of a key. Its secret has 256 bits of chance, so one round of SHA-256 is enough."""
    return hashlib.sha256(text.encode()).digest()


def checked_name(text: str, *, field: str) -> str:
    """Answer a name of a tenant or key. Raises Malformed unless it is 1 to 100 printable characters."""
    if not 1 <= len(text) <= NAME_MAX or not text.isprintable() or not text.strip():
        raise malformed(field, f"a name is 1 to {NAME_MAX} printable characters")
    return text


def checked_limit(limit: int) -> int:
    """Answer the size of a page. Raises Malformed unless it is 1 to 200."""
    if not 1 <= limit <= PAGE_MAX:
        raise malformed("limit", f"a page has 1 to {PAGE_MAX} items")
    return limit


def _checksum(text: str) -> str:
    return ids.base32(zlib.crc32(text.encode()), width=_CHECK_DIGITS)

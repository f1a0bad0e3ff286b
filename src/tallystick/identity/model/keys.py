"""Keys as text: who they are for, the secret, and a checksum that catches a typo without a look-up."""

import hashlib
import re
import zlib
from collections.abc import Sequence

from tallystick.identity.api import NAME_MAX
from tallystick.kernel import ids, instants
from tallystick.kernel.fields import PAGE_MAX
from tallystick.kernel.instants import Instant
from tallystick.kernel.problems import malformed

SECRET_BYTES = 32
MACHINE = "machine"
ROLES_MAX = 20
LIFE_MAX: Instant = 366 * instants.DAY
_ROLE = re.compile(r"[a-z][a-z0-9_]{0,49}")
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


def checked_roles(roles: Sequence[str]) -> tuple[str, ...]:
    """Answer the roles that are asked for a new key. Raises Malformed."""
    if not 1 <= len(roles) <= ROLES_MAX or len(set(roles)) != len(roles):
        raise malformed("roles", f"a key has 1 to {ROLES_MAX} roles, each once")
    for place, role in enumerate(roles):
        if not _ROLE.fullmatch(role):
            raise malformed(f"roles[{place}]", "a role is a word, such as bookkeeper")
    return tuple(roles)


def checked_expiry(text: str | None, *, now: Instant, until: Instant | None = None) -> Instant:
    """Answer when a new key ends: in a year when nothing is asked for, and never later. Raises Malformed.

    ``until`` is when what it is made with ends, the maker's key or roles: no later than that.
    """
    latest = now + LIFE_MAX if until is None else min(until, now + LIFE_MAX)
    if text is None:
        return latest
    try:
        expires_at = instants.parse(text)
    except ValueError as error:
        raise malformed("expires_at", str(error)) from None
    if not now < expires_at <= latest:
        raise malformed(
            "expires_at",
            "a key ends within a year, not before it began, not after its maker's key and roles",
        )
    return expires_at


def checked_limit(limit: int) -> int:
    """Answer the size of a page. Raises Malformed unless it is 1 to 200."""
    if not 1 <= limit <= PAGE_MAX:
        raise malformed("limit", f"a page has 1 to {PAGE_MAX} items")
    return limit


def _checksum(text: str) -> str:
    return ids.base32(zlib.crc32(text.encode()), width=_CHECK_DIGITS)

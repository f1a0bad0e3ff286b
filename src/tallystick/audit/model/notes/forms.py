"""How notes spell bytes, numbers and names: one value has one spelling, so what is parsed renders to the same bytes."""

import base64
import binascii
import re

# Sizes and times are counted in 64 bits and stay positive where those are signed.
NUMBER_MAX = 2**63 - 1

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


class BadNote(ValueError):
    """A note, a key or a checkpoint is malformed, or a signature under it does not verify."""


def to_base64(content: bytes) -> str:
    """Spell bytes in the standard alphabet, padded."""
    return base64.b64encode(content).decode("ascii")


def from_base64(text: str) -> bytes:
    """Read what ``to_base64`` spells and nothing else. Raises BadNote."""
    try:
        content = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise BadNote(f"{text[:80]!r} is not base64") from None
    # The decoder ignores the last bits of a group that is not full: many texts for one value.
    if to_base64(content) != text:
        raise BadNote(f"{text[:80]!r} is not the base64 that spells its bytes")
    return content


def decimal_of(text: str) -> int:
    """Read a whole number up to 2^63 - 1, in ASCII digits without leading zeroes. Raises BadNote."""
    if not _DECIMAL.fullmatch(text) or int(text) > NUMBER_MAX:
        raise BadNote(f"{text[:80]!r} is not a decimal number from 0 to 2^63 - 1")
    return int(text)


def is_key_name(name: str) -> bool:
    """Say whether a key may have this name: not empty, without spaces of any script, plus or control characters."""
    return bool(name) and not any(
        character.isspace() or character == "+" or character < " " for character in name
    )


def has_control_characters(text: str) -> bool:
    """Say whether an ASCII control character other than newline is in a text."""
    return any(character < " " and character != "\n" for character in text)

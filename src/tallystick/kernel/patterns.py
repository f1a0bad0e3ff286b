"""Patterns of addresses: which accounts are meant, seen or covered; one grammar for lists, grants and guards.

An address is segments of ``A-Z a-z 0-9 - _ .`` joined by colons. In a pattern an empty segment stands for any one
(``customers::main``), and a last ``...`` for any number of further ones, also none (``bank:...`` fits ``bank`` too).
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from tallystick.kernel.problems import malformed

ADDRESS_MAX: Final = 200
PATTERNS_MAX: Final = 50
SEGMENT: Final = "[A-Za-z0-9_.-]"
ANY_FURTHER: Final = "..."

_ADDRESS = re.compile(rf"{SEGMENT}+(?::{SEGMENT}+)*")
_PATTERN = re.compile(rf"(?:{SEGMENT}*:)*(?:{SEGMENT}*|\.\.\.)")
_BEGINNING = re.compile(rf"(?:{SEGMENT}|:){{0,{ADDRESS_MAX}}}")
# Sorts after every character an address may have.
_AFTER_ALL = "\x7f"


class Range(NamedTuple):
    """Where the addresses of a pattern lie: from ``first`` to before ``beyond``, those that match ``expression``.

    An ``expression`` (regular, of PostgreSQL and Python alike) of None takes all of them.
    """

    first: str
    beyond: str
    expression: str | None


EVERYTHING: Final = Range("", _AFTER_ALL, None)


def is_address(text: str) -> bool:
    """Tell whether a text can be an account's address at all."""
    return len(text) <= ADDRESS_MAX and _ADDRESS.fullmatch(text) is not None


def is_pattern(text: str) -> bool:
    """Tell a pattern of addresses from one address: it has an empty segment, or ``...`` last."""
    segments = text.split(":")
    return "" in segments or segments[-1] == ANY_FURTHER


def checked_pattern(text: str, field: str = "pattern") -> str:
    """Read an address or a pattern of addresses, at most 200 characters. Raises Malformed, naming the field."""
    if len(text) > ADDRESS_MAX or not _PATTERN.fullmatch(text):
        raise malformed(
            field,
            "an address pattern is segments joined by colons, an empty one for any, '...' last for any further",
        )
    return text


def fits(pattern: str, address: str) -> bool:
    """Tell whether one address is among those of a pattern. What is no address fits none."""
    wanted, is_open = _segments(pattern)
    found = address.split(":")
    return is_address(address) and _covers(wanted, is_open=is_open, found=found)


def any_fits(patterns: Iterable[str], address: str) -> bool:
    """Tell whether an address is among those of at least one pattern."""
    return any(fits(pattern, address) for pattern in patterns)


def covers(pattern: str, asked: str) -> bool:
    """Tell whether all that is asked for, an address or itself a pattern, is among the addresses of a pattern.

    The answer errs to no only for an address whose last segment is ``...``: it is taken for a pattern.
    """
    wanted, is_open = _segments(pattern)
    found, asks_further = _segments(asked)
    return (is_open or not asks_further) and _covers(wanted, is_open=is_open, found=found)


def _segments(pattern: str) -> tuple[list[str], bool]:
    """The segments of a pattern, and whether any number of further ones may follow."""
    segments = pattern.split(":")
    is_open = segments[-1] == ANY_FURTHER
    return (segments[:-1] if is_open else segments), is_open


def _covers(wanted: Sequence[str], *, is_open: bool, found: Sequence[str]) -> bool:
    if len(found) < len(wanted) or (len(found) > len(wanted) and not is_open):
        return False
    return all(one in ("", other) for one, other in zip(wanted, found, strict=False))


def range_of(pattern: str | None, field: str = "address") -> Range:
    """Turn a pattern into the range its addresses lie in and the expression they match; None is everything.

    Raises Malformed, naming the field.
    """
    if pattern is None:
        return EVERYTHING
    segments, is_open = _segments(checked_pattern(pattern, field))
    literal: list[str] = []
    for segment in segments:
        if not segment:
            break
        literal.append(segment)
    prefix = ":".join(literal)
    body = ":".join(re.escape(segment) if segment else f"{SEGMENT}+" for segment in segments)
    tail = f"(:{SEGMENT}+)*" if is_open and segments else ""
    expression = f"^{body}{tail}$" if segments else None
    return Range(prefix, prefix + _AFTER_ALL, expression)


def range_from(beginning: str | None, field: str = "begins") -> tuple[str, str]:
    """Where addresses, or ids made of one segment, lie that begin so: the first, and before what.

    None is everything. Raises Malformed, naming the field.
    """
    if beginning is not None and not _BEGINNING.fullmatch(beginning):
        raise malformed(field, "it has at most 200 of A-Z a-z 0-9 - _ . and colons")
    return beginning or "", (beginning or "") + _AFTER_ALL


def widest(patterns: Iterable[str]) -> list[str]:
    """The patterns that no other of them covers."""
    kept: list[str] = []
    for pattern in patterns:
        if not any(covers(one, pattern) for one in kept):
            kept = [one for one in kept if not covers(pattern, one)] + [pattern]
    return kept


def ranges_of(
    patterns: Sequence[str] | None,
) -> tuple[list[str], list[str], list[str | None]]:
    """Turn what may be seen into columns for a query: first addresses, first texts beyond, expressions.

    None is everything, no pattern nothing. Raises Malformed for more than 50 of which none covers another.
    """
    ranges = [EVERYTHING]
    if patterns is not None:
        asked = widest(patterns)
        if len(asked) > PATTERNS_MAX:
            raise malformed("patterns", f"there are at most {PATTERNS_MAX} of them")
        ranges = [range_of(pattern, "pattern") for pattern in asked]
    return (
        [one.first for one in ranges],
        [one.beyond for one in ranges],
        [one.expression for one in ranges],
    )

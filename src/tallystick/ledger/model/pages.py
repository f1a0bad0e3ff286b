"""Cursors, bounds and patterns of the lists: what a caller may ask, turned into values to compare with."""

import re

from tallystick.kernel.fields import PAGE_MAX
from tallystick.kernel.instants import EARLIEST, LATEST, Instant, parse
from tallystick.kernel.problems import malformed
from tallystick.ledger.api import ADDRESS_MAX
from tallystick.ledger.model.acts import is_address, optional_moment

# A list of transactions merges the newest of each account; more of them would cost more than a page is worth.

_SEGMENT = "[A-Za-z0-9_.-]+"
_PATTERN = re.compile(r"(?:[A-Za-z0-9_.-]*:)*(?:[A-Za-z0-9_.-]*|\.\.\.)")
# Sorts after every character an address may have.
_AFTER_ALL = "\x7f"


def page_limit(limit: int) -> int:
    """Check a page's size: 1 to 200. Raises Malformed."""
    if not 1 <= limit <= PAGE_MAX:
        raise malformed("limit", f"a page has 1 to {PAGE_MAX} items")
    return limit


def bounds(since: str | None, until: str | None) -> tuple[Instant, Instant]:
    """Read [since, until); absent means all of time. Raises Malformed."""
    start, end = optional_moment(since, "since"), optional_moment(until, "until")
    return (EARLIEST if start is None else start, LATEST if end is None else end)


def entry_cursor(text: str | None, *, oldest_first: bool) -> tuple[Instant, int]:
    """Read the cursor of an entry page: a time and a line. Raises Malformed."""
    if text is None:
        return (EARLIEST, -1) if oldest_first else (LATEST, 0)
    time, _, line = text.partition("~")
    if not re.fullmatch(r"[0-9]{1,4}", line):
        raise malformed("after", "a cursor is taken from the page before as it is")
    return cursor_time(time), int(line)


def address_cursor(text: str | None) -> str:
    """Read the cursor of a page of accounts: an address. Raises Malformed."""
    if text is not None and not is_address(text):
        raise malformed("after", "a cursor is taken from the page before as it is")
    return text or ""


def cursor_time(text: str) -> Instant:
    """Read the cursor of a page in order of time. Raises Malformed."""
    try:
        return parse(text)
    except ValueError:
        raise malformed("after", "a cursor is taken from the page before as it is") from None


def is_pattern(address: str) -> bool:
    """Tell a pattern of addresses from one address: it has an empty segment, or ``...`` last."""
    segments = address.split(":")
    return "" in segments or segments[-1] == "..."


def address_range(pattern: str | None, field: str = "address") -> tuple[str, str, str | None]:
    """Turn an address pattern into the range it can lie in and an expression it must match.

    Answers (first address, first text after the range, expression or None).
    ``customers::main`` is any one segment in the middle; a last ``...`` is any number of further ones.
    Raises Malformed.
    """
    if pattern is None:
        return "", _AFTER_ALL, None
    if len(pattern) > ADDRESS_MAX or not _PATTERN.fullmatch(pattern):
        raise malformed(
            field,
            "an address pattern is segments joined by colons, an empty one for any, '...' last for any further",
        )
    segments = pattern.split(":")
    is_open = segments[-1] == "..."
    if is_open:
        segments.pop()
    literal: list[str] = []
    for segment in segments:
        if not segment:
            break
        literal.append(segment)
    prefix = ":".join(literal)
    body = ":".join(re.escape(segment) if segment else _SEGMENT for segment in segments)
    tail = f"(:{_SEGMENT})*" if is_open and segments else ""
    expression = f"^{body}{tail}$" if segments else None
    return prefix, prefix + _AFTER_ALL, expression

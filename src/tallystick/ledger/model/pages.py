"""Cursors and bounds of the lists: what a caller may ask, turned into values to compare with."""

import re

from tallystick.kernel.fields import PAGE_MAX
from tallystick.kernel.instants import EARLIEST, LATEST, Instant, parse
from tallystick.kernel.patterns import is_address
from tallystick.kernel.problems import malformed
from tallystick.ledger.model.acts import optional_moment


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

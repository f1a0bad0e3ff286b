"""Instants: whole microseconds since 1970-01-01T00:00:00Z, the resolution of PostgreSQL's clock."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

Instant = int

SECOND = 1_000_000
DAY = 86_400 * SECOND

# Section 5.6, with at most the six digits of a second that PostgreSQL keeps.
_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Wide enough for every contract alive and every archive worth importing; narrow enough that the
# number of top-level nodes of the as-of index stays below thirty.
EARLIEST: Instant = -2_208_988_800 * SECOND  # 1900-01-01
LATEST: Instant = 7_258_118_400 * SECOND  # 2200-01-01


def parse(text: str) -> Instant:
    """Read an RFC 3339 timestamp with its offset (``2026-03-01T09:30:00Z``).

    Raises ValueError without an offset, with more than microseconds, or outside 1900 to 2200.
    """
    if not _RFC_3339.fullmatch(text):
        raise ValueError(
            "a timestamp is RFC 3339 with its offset, for example 2026-03-01T09:30:00Z"
        )
    moment = datetime.fromisoformat(text.upper())
    instant = (moment - _EPOCH) // timedelta(microseconds=1)
    if not EARLIEST <= instant < LATEST:
        raise ValueError("a timestamp lies between 1900 and 2200")
    return instant


def render(instant: Instant) -> str:
    """Write an instant as RFC 3339 in UTC, always with six digits."""
    return f"{_whole_second(instant // SECOND)}.{instant % SECOND:06d}Z"


# Neighbours in a batch or a page share their second.
@lru_cache(maxsize=1_024)
def _whole_second(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")


def day_start(day: date) -> Instant:
    """The first instant of a UTC day."""
    return (day.toordinal() - _EPOCH.toordinal()) * DAY


def day_of(instant: Instant) -> date:
    """The UTC day an instant falls on."""
    return date.fromordinal(_EPOCH.toordinal() + instant // DAY)

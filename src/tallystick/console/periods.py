"""Days and times as a reader fills them in, on the clock of their zone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tallystick.kernel import instants
from tallystick.kernel.instants import Instant
from tallystick.kernel.problems import malformed

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST = date(1900, 1, 2)
LAST = date(2199, 12, 30)


def day_of(text: str, place: str) -> date | None:
    """Read a day such as ``2026-03-01``, None for ''. Raises Malformed, naming the place."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or len(text) != 10 or not FIRST <= day <= LAST:
        raise malformed(place, "a day is written 2026-03-01, and lies between 1900 and 2200")
    return day


def moment_of(text: str, zone: ZoneInfo, place: str) -> Instant | None:
    """Read a day and time such as ``2026-03-01T09:30``, None for ''. Raises Malformed, naming the place."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None or not FIRST <= moment.date() <= LAST:
        raise malformed(place, "a time is written 2026-03-01T09:30, between 1900 and 2200")
    return _instant(moment.replace(tzinfo=zone))


def begins(day: date, zone: ZoneInfo) -> Instant:
    """The first instant of a day in a zone."""
    return _instant(datetime(day.year, day.month, day.day, tzinfo=zone))


def ends(day: date, zone: ZoneInfo) -> Instant:
    """The last instant of a day in a zone."""
    return begins(day + timedelta(days=1), zone) - 1


def today(now: Instant, zone: ZoneInfo) -> date:
    """The day it is in a zone."""
    return (_EPOCH + timedelta(microseconds=now)).astimezone(zone).date()


def spread(first: date, last: date, most: int) -> list[date]:
    """At most ``most`` days, at least two, at equal distances from the first to the last; both are among them."""
    days = (last - first).days
    steps = min(days, most - 1)
    return [first + timedelta(days=number * days // max(steps, 1)) for number in range(steps + 1)]


def rendered(at: Instant | None) -> str | None:
    """An instant as doors take it; None stays none."""
    return None if at is None else instants.render(at)


def _instant(moment: datetime) -> Instant:
    return (moment - _EPOCH) // timedelta(microseconds=1)

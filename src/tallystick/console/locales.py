"""How figures and times are written for a reader: by locale, from integers and instants."""

import functools
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import get_decimal_symbol, get_group_symbol

from tallystick.kernel.instants import Instant
from tallystick.kernel.money import exponent_of

DEFAULT: Final = "en-GB"
ZONE_DEFAULT: Final = "UTC"
# As many figures as a balance can have, and then some.
DIGITS_MAX: Final = 80
_NAMES_MAX = 20
_WEIGHT = re.compile(r"([01])(?:\.([0-9]{0,3}))?", re.ASCII)
# However wide a space is, and whether a line breaks at it: NARROW NO-BREAK SPACE is what French groups by.
_SPACES = re.compile(r"[\s\u00a0\u2007\u2009\u202f]")
# What sets groups apart in Switzerland, as it is printed and as it is typed.
_APOSTROPHES = ("\u2019", "'")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@functools.lru_cache(256)
def locale_of(accepted: str) -> Locale:
    """The locale that an ``Accept-Language`` header (RFC 9110, section 12.5.4) asks for first and we know."""
    for name in _by_weight(accepted):
        try:
            return Locale.parse(name, sep="-")
        except (ValueError, UnknownLocaleError):
            continue
    return Locale.parse(DEFAULT, sep="-")


def _by_weight(accepted: str) -> Iterable[str]:
    weighed: list[tuple[int, str]] = []
    for part in accepted.split(",")[:_NAMES_MAX]:
        name, _, weight = part.strip().partition(";q=")
        # A weight has three places at most, so its digits sort as they stand (RFC 9110, section 12.4.2).
        found = _WEIGHT.fullmatch(weight.strip() or "1")
        if found and name.strip() not in ("", "*"):
            weighed.append((-int(found[1] + (found[2] or "").ljust(3, "0")), name.strip()))
    return (name for _, name in sorted(weighed, key=lambda one: one[0]))


@functools.lru_cache(256)
def zone_of(name: str) -> ZoneInfo:
    """The time zone of a name of IANA, UTC for any other."""
    try:
        return ZoneInfo(name) if name else ZoneInfo(ZONE_DEFAULT)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(ZONE_DEFAULT)


def figures(minor: int, exponent: int, locale: Locale) -> str:
    """An amount in minor units as decimal figures with ``exponent`` places, grouped as the locale does.

    A minus sign is U+2212, as wide as a figure. Nothing is rounded, however many figures there are.
    """
    marks = _marks(locale)
    digits = str(abs(minor)).rjust(exponent + 1, "0")
    split = len(digits) - exponent
    sign = "\N{MINUS SIGN}" if minor < 0 else ""
    point = marks.point if exponent else ""
    return f"{sign}{_grouped(digits[:split], marks)}{point}{digits[split:]}"


class _Marks(NamedTuple):
    """How a locale sets figures apart: its point, what stands between groups, how many are in the last and others."""

    point: str
    group: str
    last: int
    others: int


@functools.lru_cache(256)
def _marks(locale: Locale) -> _Marks:
    # Babel looks these up anew each time, and a page has hundreds of figures.
    return _Marks(
        get_decimal_symbol(locale), get_group_symbol(locale), *locale.decimal_formats[None].grouping
    )


def _grouped(digits: str, marks: _Marks) -> str:
    if marks.last == marks.others == 3:
        return f"{int(digits):,}".replace(",", marks.group)
    parts = [digits[-marks.last :]]
    rest = digits[: -marks.last]
    for end in range(len(rest), 0, -marks.others):
        parts.append(rest[max(0, end - marks.others) : end])
    return marks.group.join(reversed(parts))


def minor_of(typed: str, exponent: int, locale: Locale) -> int:
    """Read an amount as a person of that locale types it, into minor units. Raises ValueError for what is none.

    It is more than nothing and has at most ``exponent`` places. Groups may be set apart as the locale does, or by
    spaces; where a point, a comma or a space could be either, it is refused: "12 50" is no amount.
    """
    marks, plain = _marks(locale), _SPACES.sub(" ", typed.strip())
    found = _typed(marks).fullmatch(plain) if len(plain) <= DIGITS_MAX else None
    if found is None:
        raise ValueError("it is no amount")
    places = found["places"] or ""
    if len(places) > exponent:
        raise ValueError("it has too many places")
    whole_part = "".join(one for one in found["whole"] if one.isdigit())
    minor = int(whole_part + places.ljust(exponent, "0"))
    if minor <= 0:
        raise ValueError("it is nothing")
    return minor


@functools.lru_cache(64)
def _typed(marks: _Marks) -> re.Pattern[str]:
    """What is typed, once every space in it is a plain one: one mark sets all groups apart, or none does."""
    ways = ["[0-9]+", _groups(" ", 3, 3)]
    group = _SPACES.sub(" ", marks.group)
    for one in _APOSTROPHES if group in _APOSTROPHES else (group,):
        ways.append(_groups(one, marks.last, marks.others))
    return re.compile(
        rf"(?P<whole>{'|'.join(ways)})(?:{re.escape(marks.point)}(?P<places>[0-9]+))?"
    )


def _groups(mark: str, last: int, others: int) -> str:
    mark = re.escape(mark)
    return rf"[0-9]{{1,{others}}}(?:{mark}[0-9]{{{others}}})*{mark}[0-9]{{{last}}}"


def places_of(asset: str) -> int:
    """The places that amounts of a currency are written and typed with; none of what ISO 4217 does not know."""
    try:
        return exponent_of(asset)
    except ValueError:
        return 0


def whole(number: int, locale: Locale) -> str:
    """A whole number, grouped as the locale does."""
    return figures(number, 0, locale)


def moment(at: Instant, locale: Locale, zone: ZoneInfo) -> str:
    """A day and time of day, to the minute."""
    return format_datetime(_civil(at, zone), "d MMM y, HH:mm", locale=locale)


def moment_exact(at: Instant, locale: Locale, zone: ZoneInfo) -> str:
    """A day and time of day to the second, with the name of the zone."""
    return format_datetime(_civil(at, zone), "d MMM y, HH:mm:ss z", locale=locale)


def day(at: Instant | date, locale: Locale, zone: ZoneInfo) -> str:
    """A day."""
    value = _civil(at, zone).date() if isinstance(at, int) else at
    return format_date(value, "d MMM y", locale=locale)


def _civil(at: Instant, zone: ZoneInfo) -> datetime:
    return (_EPOCH + timedelta(microseconds=at)).astimezone(zone)

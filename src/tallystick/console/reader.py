"""The reader of a page: the language, locale and time zone that the browser asks for, and figures written so."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from babel import Locale

from tallystick.console import cookies, locales
from tallystick.console.texts import LANGUAGES, text
from tallystick.kernel import instants
from tallystick.kernel.instants import Instant
from tallystick.kernel.money import Digits, to_int


@dataclass(frozen=True)
class Reader:
    """Whom a page is written for; every way to write a figure, a time or a text, as templates ask for it."""

    locale: Locale
    zone: ZoneInfo
    language: str

    def text(self, key: str, **values: object) -> str:
        """A text in the reader's language."""
        return text(self.language, key, values)

    def figures(self, minor: Digits, exponent: int) -> str:
        """An amount in minor units, as the locale writes it, without its currency."""
        return locales.figures(to_int(minor), exponent, self.locale)

    def minor(self, typed: str, exponent: int) -> int:
        """An amount that the reader typed, in minor units. Raises ValueError for what is none."""
        return locales.minor_of(typed, exponent, self.locale)

    def whole(self, number: int) -> str:
        """A whole number."""
        return locales.whole(number, self.locale)

    def moment(self, at: str | Instant | None) -> str:
        """A day and time of day, to the minute; '' for none."""
        return "" if at is None else locales.moment(_instant(at), self.locale, self.zone)

    def exact(self, at: str | Instant | None) -> str:
        """A day and time of day to the second, with its zone; '' for none."""
        return "" if at is None else locales.moment_exact(_instant(at), self.locale, self.zone)

    def day(self, at: str | Instant | date | None) -> str:
        """A day; '' for none."""
        if at is None or isinstance(at, date):
            return "" if at is None else locales.day(at, self.locale, self.zone)
        return locales.day(_instant(at), self.locale, self.zone)


def reader_of(headers: Mapping[bytes, bytes]) -> Reader:
    """Whom a request asks a page for."""
    accepted = headers.get(b"accept-language", b"").decode("latin-1")[:200]
    zone = cookies.read(headers).get(cookies.ZONE, "").replace("%2F", "/")[:64]
    return _reader(accepted, zone)


@functools.lru_cache(256)
def _reader(accepted: str, zone: str) -> Reader:
    locale = locales.locale_of(accepted)
    language = locale.language if locale.language in LANGUAGES else LANGUAGES[0]
    return Reader(locale, locales.zone_of(zone), language)


def _instant(at: str | Instant) -> Instant:
    return instants.parse(at) if isinstance(at, str) else at

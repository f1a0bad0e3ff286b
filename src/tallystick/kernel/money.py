"""Money is whole minor units. This module owns the number; nobody else does decimal arithmetic."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

AMOUNT_DIGITS_MAX = 38
AMOUNT_MAX = 10**AMOUNT_DIGITS_MAX - 1
# The largest whole number every JSON reader keeps exact (RFC 8259 section 6).
JSON_EXACT_MAX = 2**53 - 1

Digits = int | str
"""A whole number on the wire: a JSON number up to 2**53 - 1, a string of digits above."""

_DIGITS = re.compile(r"-?(0|[1-9][0-9]{0,59})")
_DECIMAL = re.compile(r"([0-9]+)(?:\.([0-9]+))?|\.([0-9]+)")
# ISO 4217 list one, by minor digits. Metals and other units of account have none there and are not in it; the Bulgarian
# lev has left the list, and is still in old files.
_CURRENCIES: Mapping[int, str] = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE
        CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD
        HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP
        MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD
        SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS
        VED VES WST XAD XCD XCG YER ZAR ZMW ZWG
    """,
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_EXPONENTS: Mapping[str, int] = {
    code: exponent for exponent, codes in _CURRENCIES.items() for code in codes.split()
}


def to_int(digits: Digits) -> int:
    """Read a wire number. Raises ValueError for anything but plain digits with an optional sign."""
    if isinstance(digits, int):
        return digits
    if not _DIGITS.fullmatch(digits):
        raise ValueError(f"{digits[:80]!r} is not a whole number")
    return int(digits)


def to_digits(number: int) -> Digits:
    """Write a number for the wire, exact for every reader."""
    return number if -JSON_EXACT_MAX <= number <= JSON_EXACT_MAX else str(number)


def exponent_of(currency: str) -> int:
    """The number of minor digits ISO 4217 gives a currency (EUR 2, JPY 0, BHD 3). Raises ValueError for others."""
    exponent = _EXPONENTS.get(currency)
    if exponent is None:
        raise ValueError(
            f"{currency[:16]!r} is no currency of ISO 4217, so its digits must be told"
        )
    return exponent


def fits_iso(asset: str, exponent: int) -> bool:
    """Whether an asset may have so many minor digits: a currency of ISO 4217 has those it is given, others any."""
    return _EXPONENTS.get(asset, exponent) == exponent


def minor_of(text: str, *, exponent: int) -> int:
    """Read a decimal such as ``510.24`` into minor units, exactly.

    Raises ValueError when it is no plain decimal, has more digits than the currency, or is over 38 digits.
    """
    match = _DECIMAL.fullmatch(text)
    if not match:
        raise ValueError(f"{text[:80]!r} is not a decimal amount")
    fraction = (match[2] or match[3] or "").rstrip("0")
    if len(fraction) > exponent:
        raise ValueError(f"{text[:80]!r} has more than {exponent} digits after the point")
    minor = int((match[1] or "0") + fraction.ljust(exponent, "0"))
    if minor > AMOUNT_MAX:
        raise ValueError(f"{text[:80]!r} has more than {AMOUNT_DIGITS_MAX} digits")
    return minor


def decimal_of(minor: int, *, exponent: int) -> str:
    """Write minor units as a decimal with the currency's digits: 51024 with exponent 2 is ``510.24``."""
    sign, digits = ("-" if minor < 0 else ""), str(abs(minor)).rjust(exponent + 1, "0")
    if exponent == 0:
        return sign + digits
    return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}"


def amount_words(minor: int, asset: str) -> str:
    """An amount for people: ``7000 minor units of EUR (70.00 EUR by ISO 4217)``.

    Minor units come first, since a ledger may give an asset other digits; others than currencies have them alone.
    """
    said = f"{minor} minor units of {asset}"
    if asset not in _EXPONENTS:
        return said
    return f"{said} ({decimal_of(minor, exponent=_EXPONENTS[asset])} {asset} by ISO 4217)"


def figures_of(minor: int, asset: str) -> str:
    """An amount in a sentence: ``50,000.00 EUR``, by the digits ISO 4217 gives a currency.

    What is no currency has the digits that its ledger gives it, which is not known here: ``7000 minor units of SHARE``.
    """
    if asset not in _EXPONENTS:
        return f"{minor} minor units of {asset}"
    whole, point, rest = decimal_of(minor, exponent=_EXPONENTS[asset]).partition(".")
    return f"{int(whole):,}{point}{rest} {asset}"


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of one currency in its minor units. Never mixes currencies, never rounds."""

    minor: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up")
        return other.minor

    def split(self, weights: Sequence[int]) -> list["Money"]:
        """Split by whole weights, losing nothing: largest remainder first, then the earlier part.

        Raises ValueError for no weights, a negative one, or a sum of zero.
        """
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise ValueError("weights are whole, not negative, and not all zero")
        sign = -1 if self.minor < 0 else 1
        shares = [divmod(abs(self.minor) * weight, total) for weight in weights]
        left = abs(self.minor) - sum(share for share, _ in shares)
        by_remainder = sorted(range(len(shares)), key=lambda part: (-shares[part][1], part))
        lucky = set(by_remainder[:left])
        return [
            Money(sign * (share + (part in lucky)), self.currency)
            for part, (share, _) in enumerate(shares)
        ]

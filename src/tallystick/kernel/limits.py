"""Limits of an available balance, as a message gives them."""

from typing import NamedTuple

from tallystick.kernel.money import AMOUNT_DIGITS_MAX, AMOUNT_MAX, Digits, to_int
from tallystick.kernel.problems import malformed


class Limits(NamedTuple):
    """The least and the most that may be available; None is without."""

    least: int | None
    most: int | None


def limits_of(least: Digits | None, most: Digits | None, *, within: str = "") -> Limits:
    """Read both limits of the message, or of the place of it that they are ``within``.

    Raises Malformed when one is no whole number of 38 digits, or they cross.
    """
    low, high = _limit(least, f"{within}min_available"), _limit(most, f"{within}max_available")
    if low is not None and high is not None and low > high:
        raise malformed(f"{within}min_available", "the minimum must not be above the maximum")
    return Limits(low, high)


def _limit(digits: Digits | None, field: str) -> int | None:
    if digits is None:
        return None
    try:
        number = to_int(digits)
    except ValueError as error:
        raise malformed(field, str(error)) from None
    if abs(number) > AMOUNT_MAX:
        raise malformed(field, f"a limit has at most {AMOUNT_DIGITS_MAX} digits")
    return number

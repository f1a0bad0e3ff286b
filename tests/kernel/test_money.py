"""Money: whole minor units in, the same whole minor units out."""

import pycountry
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.kernel.money import (
    AMOUNT_DIGITS_MAX,
    AMOUNT_MAX,
    JSON_EXACT_MAX,
    Money,
    amount_words,
    decimal_of,
    exponent_of,
    figures_of,
    minor_of,
    to_digits,
    to_int,
)

minors = st.integers(-AMOUNT_MAX, AMOUNT_MAX)
weights = st.lists(st.integers(0, 10**12), min_size=1, max_size=20).filter(any)


@given(minors, weights)
def test_a_split_loses_nothing(minor: int, shares: list[int]) -> None:
    parts = Money(minor, "EUR").split(shares)
    assert len(parts) == len(shares)
    assert sum(part.minor for part in parts) == minor
    assert {part.currency for part in parts} == {"EUR"}


@given(minors, weights)
def test_no_part_is_a_whole_unit_away_from_its_share(minor: int, shares: list[int]) -> None:
    total = sum(shares)
    for part, weight in zip(Money(minor, "EUR").split(shares), shares, strict=True):
        assert abs(part.minor * total - minor * weight) < total
        assert weight or part.minor == 0


@given(minors, weights)
def test_a_split_of_a_debt_mirrors_the_split_of_a_claim(minor: int, shares: list[int]) -> None:
    mirrored = [-part for part in Money(-minor, "EUR").split(shares)]
    assert Money(minor, "EUR").split(shares) == mirrored


def test_what_is_left_goes_to_the_largest_remainder_then_to_the_earlier() -> None:
    assert [part.minor for part in Money(100, "EUR").split([1, 1, 1])] == [34, 33, 33]
    assert [part.minor for part in Money(101, "EUR").split([1, 1, 1])] == [34, 34, 33]
    assert [part.minor for part in Money(10, "EUR").split([1, 2, 4])] == [1, 3, 6]
    assert [part.minor for part in Money(1, "EUR").split([0, 0, 5])] == [0, 0, 1]


@pytest.mark.parametrize("shares", [[], [0], [0, 0], [2, -1], [-1]])
def test_weights_that_divide_nothing_are_refused(shares: list[int]) -> None:
    with pytest.raises(ValueError):
        Money(100, "EUR").split(shares)


@given(minors, minors)
def test_adding_and_taking_away_are_each_other_backwards(first: int, second: int) -> None:
    one, other = Money(first, "EUR"), Money(second, "EUR")
    assert one + other - other == one
    assert one - one == Money(0, "EUR")
    mirrored = -one
    assert -mirrored == one


def test_two_currencies_do_not_add_up() -> None:
    with pytest.raises(ValueError):
        _ = Money(1, "EUR") + Money(1, "USD")
    with pytest.raises(ValueError):
        _ = Money(1, "EUR") - Money(1, "USD")


@given(st.integers(0, AMOUNT_MAX), st.integers(0, 18))
def test_a_decimal_is_read_back_as_it_was_written(minor: int, exponent: int) -> None:
    assert minor_of(decimal_of(minor, exponent=exponent), exponent=exponent) == minor


@given(st.integers(-AMOUNT_MAX, -1), st.integers(0, 18))
def test_a_negative_decimal_is_the_positive_one_with_a_sign(minor: int, exponent: int) -> None:
    assert decimal_of(minor, exponent=exponent) == "-" + decimal_of(-minor, exponent=exponent)


@pytest.mark.parametrize(
    ("text", "exponent", "minor"),
    [
        ("510.24", 2, 51024), ("510.2", 2, 51020), ("510", 2, 51000), ("510.2400", 2, 51024),
        ("0.001", 3, 1), (".5", 2, 50), ("007", 0, 7), ("0", 0, 0), ("0.00", 2, 0),
        ("9" * 38, 0, AMOUNT_MAX), ("9" * 36 + ".99", 2, AMOUNT_MAX),
    ],
)  # fmt: skip
def test_a_decimal_is_read_exactly(text: str, exponent: int, minor: int) -> None:
    assert minor_of(text, exponent=exponent) == minor


@pytest.mark.parametrize(
    ("text", "exponent"),
    [
        ("1.005", 2), ("1.5", 0), ("1" + "0" * 38, 0), ("9" * 37 + ".00", 2), ("1" * 5_000, 0), ("-1", 2),
        ("+1", 2), ("1e3", 2), ("1,00", 2), ("1.", 2), ("", 2), (".", 2), (" 1", 2), ("1\n", 2),
        ("\u0661", 2), ("NaN", 2), ("0x1", 2), ("1_0", 2), ("1.2.3", 2),
    ],
)  # fmt: skip
def test_what_is_no_plain_decimal_of_the_currency_is_refused(text: str, exponent: int) -> None:
    with pytest.raises(ValueError):
        minor_of(text, exponent=exponent)


@pytest.mark.parametrize(
    ("currency", "exponent"),
    [("EUR", 2), ("USD", 2), ("JPY", 0), ("ISK", 0), ("BHD", 3), ("KWD", 3), ("CLF", 4)],
)
def test_a_currency_has_the_minor_digits_of_iso_4217(currency: str, exponent: int) -> None:
    assert exponent_of(currency) == exponent


def test_every_currency_of_iso_4217_has_its_digits_and_no_metal_or_coin_does() -> None:
    # Bonds, metals, rights to draw, codes for tests: their minor unit is "N.A.".
    without = set("XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA".split()) | {"X" * 3}
    listed = {currency.alpha_3 for currency in pycountry.currencies} - without  # type: ignore[attr-defined]
    assert len(listed) > 150
    assert all(0 <= exponent_of(currency) <= 4 for currency in listed)
    for other in (*without, "BTC", "eur", "", "EURO"):
        with pytest.raises(ValueError, match="no currency of ISO 4217"):
            exponent_of(other)


@given(st.integers(-(10**58), 10**58))
def test_a_number_survives_the_wire(number: int) -> None:
    digits = to_digits(number)
    assert to_int(digits) == number
    assert isinstance(digits, int) == (abs(number) <= JSON_EXACT_MAX)


@pytest.mark.parametrize("number", [JSON_EXACT_MAX, -JSON_EXACT_MAX])
def test_a_number_is_a_string_from_2_to_the_53(number: int) -> None:
    beyond = number + (1 if number > 0 else -1)
    assert to_digits(number) == number
    assert to_digits(beyond) == str(beyond)


@pytest.mark.parametrize(
    "digits", ["", "-", "01", "+1", "1.0", "1e3", " 1", "1\n", "\u0661", "1_0", "1" * 61]
)
def test_what_is_no_plain_whole_number_is_refused(digits: str) -> None:
    with pytest.raises(ValueError):
        to_int(digits)


def test_an_amount_has_at_most_38_digits() -> None:
    assert len(str(AMOUNT_MAX)) == AMOUNT_DIGITS_MAX == 38
    assert len(str(AMOUNT_MAX + 1)) == 39


def test_an_amount_is_told_to_people_with_the_digits_of_its_currency() -> None:
    assert amount_words(7000, "EUR") == "7000 minor units of EUR (70.00 EUR by ISO 4217)"
    assert amount_words(7000, "JPY") == "7000 minor units of JPY (7000 JPY by ISO 4217)"
    assert amount_words(5, "BHD") == "5 minor units of BHD (0.005 BHD by ISO 4217)"
    assert amount_words(7000, "POINTS") == "7000 minor units of POINTS"


@pytest.mark.parametrize(
    ("minor", "asset", "said"),
    [
        (5_000_000, "EUR", "50,000.00 EUR"),
        (7, "EUR", "0.07 EUR"),
        (1_500_000, "JPY", "1,500,000 JPY"),
        (1_234, "BHD", "1.234 BHD"),
        (7_000, "SHARE", "7000 minor units of SHARE"),
        (10**38 - 1, "EUR", "999,999,999,999,999,999,999,999,999,999,999,999.99 EUR"),
    ],
)
def test_figures_of_a_sentence_have_their_decimals(minor: int, asset: str, said: str):
    assert figures_of(minor, asset) == said

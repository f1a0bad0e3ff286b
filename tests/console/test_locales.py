"""Figures and times as a reader's locale writes them, and amounts as it types them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.console.locales import DEFAULT, figures, locale_of, minor_of, moment, zone_of

LOCALES = ("en-GB", "de-DE", "fr-FR", "de-CH", "en-IN", "es-ES", "sv-SE", "pl-PL", "pt-PT", "nl-NL")


@pytest.mark.parametrize(
    ("locale", "written"),
    [
        ("en-GB", "\N{MINUS SIGN}1,234,567.89"),
        ("de-DE", "\N{MINUS SIGN}1.234.567,89"),
        ("de-CH", "\N{MINUS SIGN}1'234'567.89"),
        ("en-IN", "\N{MINUS SIGN}12,34,567.89"),
    ],
)
def test_an_amount_is_written_as_its_reader_groups_figures(locale, written):
    assert (
        figures(-123456789, 2, locale_of(locale)).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
        == written
    )


def test_all_figures_of_the_largest_balance_are_written():
    text = figures(10**58 - 1, 18, locale_of("en-GB"))
    assert text.count("9") == 58


def test_an_asset_without_minor_units_has_no_point():
    assert figures(1234, 0, locale_of("en-GB")) == "1,234"


@given(
    st.sampled_from(LOCALES),
    st.integers(min_value=1, max_value=10**38 - 1),
    st.sampled_from([0, 2, 3, 4, 8, 18]),
)
def test_what_is_written_is_read_as_the_same_amount(locale, minor, exponent):
    known = locale_of(locale)
    assert minor_of(figures(minor, exponent, known), exponent, known) == minor


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "0",
        "0.00",
        "-1",
        "1e3",
        "1,5",
        "1.234,5",
        "1..2",
        "1.2.3",
        "1,23,4.00",
        "\N{ARABIC-INDIC DIGIT ONE}",
        "0x1f",
        "1.234",
        ".5",
        "9" * 90,
        "12 50",
        "1 2345",
        "12\u202f50",
        "1  000",
        "1 000,000",
        "1,000 000",
        "1 000 .50",
        "12,34,567",
        " ",
    ],
)
def test_what_could_be_read_two_ways_or_is_no_amount_is_refused(typed):
    with pytest.raises(ValueError):
        minor_of(typed, 2, locale_of("en-GB"))


@pytest.mark.parametrize("space", [" ", "\u00a0", "\u2009", "\u202f"])
@pytest.mark.parametrize("locale", LOCALES)
def test_spaces_set_groups_of_three_apart_and_nothing_else(locale: str, space: str) -> None:
    known = locale_of(locale)
    point = figures(1, 1, known)[1]
    assert minor_of(f"1{space}234{space}567{point}89", 2, known) == 1_234_567_89
    assert minor_of(f" 12{space}500 ", 2, known) == 12_500_00
    for typed in (f"12{space}50", f"1{space}00", f"1{space}2345", f"12{space}50{point}00"):
        with pytest.raises(ValueError):
            minor_of(typed, 2, known)


@pytest.mark.parametrize(
    ("locale", "typed", "minor"),
    [
        ("de-DE", "1.234,50", 1_234_50),
        ("fr-FR", "1\u202f234,50", 1_234_50),
        ("de-CH", "1'234.50", 1_234_50),
        ("de-CH", "1\u2019234.50", 1_234_50),
        ("en-IN", "1,23,456.70", 1_23_456_70),
        ("pl-PL", "12\u00a0345,67", 12_345_67),
    ],
)
def test_an_amount_is_read_as_its_locale_groups_it(locale: str, typed: str, minor: int) -> None:
    assert minor_of(typed, 2, locale_of(locale)) == minor


@pytest.mark.parametrize(
    ("accepted", "name"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de_AT"),
        ("xx-YY, fr;q=0.5, it;q=0.7", "it"),
        ("*", DEFAULT.replace("-", "_")),
        ("", DEFAULT.replace("-", "_")),
        ("../../etc/passwd", DEFAULT.replace("-", "_")),
        (";q=,,,q=x;q=9e999", DEFAULT.replace("-", "_")),
    ],
)
def test_the_locale_is_the_first_that_is_asked_for_and_known(accepted, name):
    assert str(locale_of(accepted)) == name


def test_times_are_on_the_readers_clock():
    at = int(datetime(2026, 7, 1, 22, 30, tzinfo=UTC).timestamp()) * 1_000_000
    assert moment(at, locale_of("en-GB"), zone_of("Europe/Zurich")) == "2 Jul 2026, 00:30"
    assert moment(at, locale_of("en-GB"), zone_of("../../etc/passwd")) == "1 Jul 2026, 22:30"

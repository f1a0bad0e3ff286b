"""Instants: microseconds since 1970 inside, RFC 3339 outside, and nothing lost between."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.kernel import instants
from tallystick.kernel.instants import DAY, EARLIEST, LATEST, SECOND

times = st.integers(EARLIEST, LATEST - 1)


@given(times)
def test_an_instant_is_read_back_as_it_was_written(instant: int) -> None:
    assert instants.parse(instants.render(instant)) == instant


@given(times, times)
def test_written_instants_sort_as_themselves(one: int, other: int) -> None:
    assert (one < other) == (instants.render(one) < instants.render(other))


@given(times, st.integers(-23 * 60, 23 * 60))
def test_an_offset_names_the_same_instant(instant: int, minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant)
    assert instants.parse(moment.astimezone(zone).isoformat()) == instant


@given(times)
def test_a_day_starts_at_or_before_each_of_its_instants(instant: int) -> None:
    day = instants.day_of(instant)
    assert instants.day_start(day) <= instant < instants.day_start(day) + DAY


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_the_start_of_a_day_is_on_that_day(day: date) -> None:
    start = instants.day_start(day)
    assert instants.day_of(start) == day
    assert instants.day_of(start - 1) == day - timedelta(days=1)
    assert instants.render(start) == f"{day.isoformat()}T00:00:00.000000Z"


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T00:00:00.5Z", SECOND // 2),
        ("1970-01-01T00:00:00-00:00", 0),
        ("1900-01-01T00:00:00Z", EARLIEST),
        ("2199-12-31T23:59:59.999999Z", LATEST - 1),
    ],
)
def test_a_timestamp_is_read_exactly(text: str, instant: int) -> None:
    assert instants.parse(text) == instant


@pytest.mark.parametrize(
    "text",
    [
        "", "now", "1970-01-01", "1970-01-01T00:00:00", "1970-01-01 00:00:00Z", "00:00:00Z",
        "1970-01-01T00:00:00.1234567Z", "1970-02-30T00:00:00Z", "1970-01-01T25:00:00Z",
        "1899-12-31T23:59:59.999999Z", "2200-01-01T00:00:00Z", "2200-01-01T00:59:00+00:58",
        "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1970-01-01T00:00:00+24:00",
        "1970-01-01T00:00:00Z ", "1970-01-01T00:00:00\u0661Z",
    ],
)  # fmt: skip
def test_what_is_no_timestamp_with_an_offset_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        instants.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "1970-01-01T00:00:00,1234567Z", "1970-01-01T00:00:00,5Z", "19700101T000000Z", "1970-W01-4T00:00:00Z",
        "1970-01-01T00Z", "1970-01-01T00:00Z", "1970-01-01T00:00:00+00", "1970-01-01T00:00:00+0100",
        "1970-01-01T00:00:00+00:00:00.000001", "1970-01-01T00:00:00\x00Z",
    ],
)  # fmt: skip
def test_what_iso_8601_allows_beyond_rfc_3339_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        instants.parse(text)

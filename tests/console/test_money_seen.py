"""What the pages of accounts are made of: charts in whole numbers, days of a zone, parts that may be away."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.console import periods
from tallystick.console.asking import Part, part
from tallystick.console.charts import HEIGHT, drawn
from tallystick.kernel import instants
from tallystick.kernel.problems import Kind, Malformed, Problem

BERLIN = ZoneInfo("Europe/Berlin")


def test_a_chart_is_steps_from_end_to_end() -> None:
    chart = drawn([[0, 50, 50, 100]])
    assert chart.paths == ("M0 232V120H333H666V8H1000",)
    assert chart.area == "M0 232V120H333H666V8H1000V232H0Z"
    assert (chart.highest, chart.lowest, chart.zero) == (100, 0, 232)


def test_a_chart_of_debt_hangs_from_nothing() -> None:
    chart = drawn([[-100, 0], [-50, -50]])
    assert (chart.highest, chart.lowest, chart.zero) == (0, -100, 8)
    assert chart.paths == ("M0 232V8H1000", "M0 120H1000")


def test_one_value_and_no_money_at_all_are_lines() -> None:
    assert drawn([[7]]).paths == ("M0 8H1000",)
    assert drawn([[0, 0]]).paths == ("M0 8H1000",)


@given(
    st.lists(
        st.lists(st.integers(-(10**40), 10**40), min_size=3, max_size=3), min_size=1, max_size=2
    )
)
def test_a_chart_stays_within_its_drawing(series: list[list[int]]) -> None:
    chart = drawn(series)
    for path in chart.paths:
        words = path.replace("H", " H").replace("V", " V").split()
        heights = [int(word[1:]) for word in words if word[0] == "V"] + [int(words[1])]
        assert all(0 <= height <= HEIGHT for height in heights)
        assert words[-1] == "H1000"


def test_days_begin_and_end_on_the_clock_of_the_zone() -> None:
    day = date(2026, 3, 29)
    assert instants.render(periods.begins(day, BERLIN)) == "2026-03-28T23:00:00.000000Z"
    assert instants.render(periods.ends(day, BERLIN)) == "2026-03-29T21:59:59.999999Z"
    moment = periods.moment_of("2026-07-01T09:30", BERLIN, "known")
    assert periods.rendered(moment) == "2026-07-01T07:30:00.000000Z"
    assert periods.today(instants.parse("2026-03-31T22:30:00Z"), BERLIN) == date(2026, 4, 1)
    assert periods.day_of("", "since") is periods.moment_of("", BERLIN, "known") is None


@pytest.mark.parametrize(
    "text", ["x", "20260301", "2026-13-01", "1899-01-01", "2300-01-01", "2026-03-01T00:00"]
)
def test_what_is_no_day_names_its_field(text: str) -> None:
    with pytest.raises(Malformed) as refused:
        periods.day_of(text, "since")
    assert list(refused.value.fields) == ["since"]


@pytest.mark.parametrize("text", ["x", "09:30", "2026-03-01T09:30:00Z", "1800-01-01T00:00"])
def test_what_is_no_time_names_its_field(text: str) -> None:
    with pytest.raises(Malformed) as refused:
        periods.moment_of(text, BERLIN, "known")
    assert list(refused.value.fields) == ["known"]


@given(st.integers(0, 40_000), st.integers(2, 40))
def test_points_of_a_chart_are_bounded_and_reach_both_ends(days: int, most: int) -> None:
    first = date(1950, 1, 1)
    last = date.fromordinal(first.toordinal() + days)
    found = periods.spread(first, last, most)
    assert len(found) <= most
    assert (found[0], found[-1]) == (first, last)
    assert found == sorted(set(found))


class _Kinds(Problem):
    def __init__(self, kind: Kind) -> None:
        super().__init__("told")
        self.kind = kind


async def _asked(kind: Kind | None) -> int:
    if kind is not None:
        raise _Kinds(kind)
    return 3


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (None, Part(3)),
        (Kind.UNAVAILABLE, Part(away=True)),
        (Kind.FORBIDDEN, Part()),
        (Kind.NOT_FOUND, Part()),
    ],
)
async def test_a_part_is_there_or_away_or_left_out(kind: Kind | None, found: Part[int]) -> None:
    assert await part(_asked(kind)) == found


@pytest.mark.parametrize("kind", [Kind.MALFORMED, Kind.UNAUTHENTICATED, Kind.CONFLICT])
async def test_any_other_refusal_of_a_part_is_that_of_the_page(kind: Kind) -> None:
    with pytest.raises(_Kinds):
        await part(_asked(kind))

"""What the edge counts: quantiles of integers within an eighth, the last minutes alone, and bounds on all of it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.runtime.measures import (
    BUCKETS,
    CODES_MAX,
    GROUPS_MAX,
    MINUTE_NS,
    MINUTES,
    Group,
    Measures,
    bucket_of,
    group_of,
    most_of,
)


@given(st.integers(0, 2**36 - 1))
def test_a_bucket_holds_its_time_within_an_eighth(value: int) -> None:
    most = most_of(bucket_of(value))
    assert value <= most <= value + value // 8


@given(st.integers(0, 2**70), st.integers(0, 2**70))
def test_buckets_are_in_the_order_of_times(one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert 0 <= bucket_of(low) <= bucket_of(high) < BUCKETS


def test_half_and_ninety_nine_of_a_hundred() -> None:
    group = Group("x")
    for number in range(1, 101):
        group.note(200, number * 1_000_000, 0)
    told = group.told(0)
    assert told.requests == 100
    assert 50_000 <= told.p50_us <= 56_250
    assert 99_000 <= told.p99_us <= 111_375


def test_minutes_that_are_over_are_forgotten_and_totals_are_not() -> None:
    group = Group("x")
    group.note(200, 1_000_000, 0)
    group.note(503, 9_000_000, MINUTE_NS)
    assert group.told(MINUTE_NS * (MINUTES - 1))[1:3] == (2, 1)
    assert group.told(MINUTE_NS * MINUTES)[1:3] == (1, 1)
    assert group.told(MINUTE_NS * (MINUTES + 1)) == ("x", 0, 0, 0, 0)
    group.note(200, 1_000_000, MINUTE_NS * 1_000_000)
    assert group.told(MINUTE_NS * 1_000_000).requests == 1
    assert (group.requests, group.failures) == (3, 1)


def test_groups_and_codes_are_bounded() -> None:
    measures = Measures(now=lambda: 0)
    for number in range(GROUPS_MAX + 20):
        measures.group(f"/v1/thing{number}").note(200, 1, 0)
    assert len(measures.groups()) <= GROUPS_MAX + 1
    assert measures.groups()[0][:2] == ("others", 20)
    for number in range(CODES_MAX + 20):
        measures.refused(f"code_{number}")
    assert len(measures.refusals()) == CODES_MAX


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "overview"),
        ("/v1/ledgers/{ledger}/transactions", "v1/ledgers"),
        ("/people/{person}/roles", "people"),
        ("/static/0123/console.css", "static"),
    ],
)
def test_routes_are_grouped_by_what_their_path_begins_with(path: str, name: str) -> None:
    assert group_of(path) == name


def test_prometheus_reads_it() -> None:
    measures = Measures(now=lambda: 0)
    measures.group("/v1/payments/{payment}").note(500, 3_000_000, 0)
    measures.refused("not_allowed")
    measures.gauge("writer_queue", lambda: 7)
    text = measures.text()
    sample = re.compile(r'[a-z_]+(\{[a-z]+="[^"\n]*"(,[a-z]+="[^"\n]*")*\})? [0-9]+')
    for line in text.splitlines():
        assert line.startswith("# TYPE tallystick_") or sample.fullmatch(line), line
    assert 'tallystick_requests_total{group="v1/payments"} 1' in text
    assert 'tallystick_failures_total{group="v1/payments"} 1' in text
    assert 'tallystick_refusals_total{code="not_allowed"} 1' in text
    assert "tallystick_writer_queue 7" in text

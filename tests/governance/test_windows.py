"""When changes are applied: windows, freezes, and rules that are read strictly."""

from pathlib import Path

import pytest

from tallystick.governance.api import WindowClosed
from tallystick.governance.model.rules import RulesRefused, read_rules
from tallystick.kernel.instants import DAY, parse
from tests.governance.clouds import HOUR, TUESDAY

POLICIES = Path(__file__).resolve().parents[2] / "policies"
GATES, WINDOWS, WAIVERS = (
    (POLICIES / f"{name}.toml").read_text() for name in ("gates", "windows", "waivers")
)


@pytest.fixture
async def plan(house):
    """A plan for production that only the time can stop."""
    made = await house.promoted("production")
    await house.approve(made)
    return made


@pytest.mark.parametrize(
    ("later", "is_open"),
    [
        (-3 * HOUR - 1, False), (-3 * HOUR, True), (0, True), (5 * HOUR - 1, True), (5 * HOUR, False),
    ],
    ids=["before seven", "at seven", "at ten", "before three", "at three"],
)  # fmt: skip
async def test_production_is_changed_in_its_window(house, plan, later, is_open):
    house.time.at += later
    assert ("window_closed" in (await house.plan(plan)).refusals) is not is_open
    if not is_open:
        await house.left(lambda: house.begin(plan), WindowClosed)
    else:
        await house.begin(plan)


async def test_nothing_is_changed_on_a_friday(house):
    house.time.at = parse("2026-12-04T10:00:00Z")
    plan = await house.promoted("production")
    await house.approve(plan)
    await house.left(lambda: house.begin(plan), WindowClosed)


async def test_a_freeze_says_why_and_until_when(house):
    house.time.at = TUESDAY + 21 * DAY
    plan = await house.promoted("production")
    await house.approve(plan)
    refused = await house.left(lambda: house.begin(plan), WindowClosed)
    assert refused.fields == {"freeze": "year-end", "until": "2026-12-31T10:00:00.000000Z"}


async def test_staging_has_no_window(house):
    house.time.at = parse("2026-12-06T03:00:00Z")
    await house.apply("development-aws")
    await house.apply("staging-aws")


def test_the_platforms_own_rules_are_read():
    rules = read_rules(gates=GATES, windows=WINDOWS, waivers=WAIVERS)
    assert rules.approvals == {"development": 0, "staging": 1, "production": 1}
    assert [gate.id for gate in rules.gates_of("production")] == [
        "nothing-critical-fails", "nothing-fails",
    ]  # fmt: skip
    assert rules.is_open("production", TUESDAY)
    assert not rules.is_open("production", TUESDAY + 12 * HOUR)
    assert rules.freeze_of("production", parse("2026-12-24T12:00:00Z"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("production = 1", "production = -1"),
        ("production = 1", ""),
        ("hours_max = 24", "hours_max = 0"),
        ('severities = ["critical"]', 'severities = ["grave"]'),
        ('outcomes = ["fail"]', "outcomes = []"),
        ('title = "nowhere', 'titel = "nowhere'),
        ("[plan]", "[plans]"),
        ("[approvals]", "[approvals"),
    ],
)
def test_a_slip_of_the_pen_in_the_gates_is_refused(before, after):
    assert before in GATES
    with pytest.raises(RulesRefused):
        read_rules(gates=GATES.replace(before, after), windows=WINDOWS, waivers=WAIVERS)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"mon"', '"monday"'),
        ('"07:00"', '"seven"'),
        ("2026-12-18T00:00:00Z", "2026-12-18T00:00:00"),
        ('environments = ["production"]', 'environments = ["prod"]'),
    ],
)
def test_a_slip_of_the_pen_in_the_windows_is_refused(before, after):
    assert before in WINDOWS
    with pytest.raises(RulesRefused):
        read_rules(gates=GATES, windows=WINDOWS.replace(before, after), waivers=WAIVERS)

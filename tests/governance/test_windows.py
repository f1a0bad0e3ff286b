"""When changes are applied: windows, freezes, and rules that are read strictly."""

from pathlib import Path

import pytest

from tallystick.governance.api import ExtendApply, LeaseNotAccepted, WindowClosed
from tallystick.governance.model.deciding import LEAD
from tallystick.governance.model.rules import Freeze, RulesRefused, read_rules
from tallystick.governance.service.applying import LEASE
from tallystick.kernel.instants import DAY, parse
from tests.governance.clouds import HOUR, MINUTE, TUESDAY, House, Written

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
        (-3 * HOUR - 1, False), (-3 * HOUR, True), (0, True), (5 * HOUR - LEASE, True),
        (5 * HOUR - LEASE + 1, False), (5 * HOUR, False),
    ],
    ids=["before seven", "at seven", "at ten", "a lease before three", "later", "at three"],
)  # fmt: skip
async def test_production_is_changed_in_its_window(house, plan, later, is_open):
    house.time.at += later
    assert ("window_closed" in (await house.plan(plan)).refusals) is not is_open
    if not is_open:
        await house.left(lambda: house.begin(plan), WindowClosed)
    else:
        await house.begin(plan)


async def extended(house, lent):
    message = ExtendApply(apply=lent.apply.apply, token=lent.token)
    return await house.door.extend_apply(caller=house.runner(lent), message=message)


async def test_a_lease_is_not_extended_past_its_window(house, plan):
    house.time.at += 4 * HOUR + 40 * MINUTE
    lent = await house.begin(plan)
    house.time.at += 10 * MINUTE
    assert (await extended(house, lent)).until == "2026-12-01T15:00:00.000000Z"
    refused = await house.left(lambda: extended(house, lent), WindowClosed)
    assert refused.fields == {"until": "2026-12-01T15:00:00.000000Z"}
    await house.write(lent, 1)
    house.time.at += 10 * MINUTE + 1
    await house.left(lambda: house.write(lent, 2), LeaseNotAccepted)


async def test_a_lease_is_not_extended_into_a_freeze(database_for, caller):
    freeze = Freeze(
        id="soon", environments=("development",), begins=TUESDAY + 20 * MINUTE,
        ends=TUESDAY + DAY, reason="soon",
    )  # fmt: skip
    house = House(
        database=await database_for("governance"), caller=caller, policies=Written(freezes=(freeze,))
    )  # fmt: skip
    lent = await house.begin(await house.submit("development-aws"))
    house.time.at += 10 * MINUTE
    assert (await extended(house, lent)).until == "2026-12-01T10:20:00.000000Z"
    later = await house.submit("development-aws", other=True)
    assert "window_closed" in (await house.plan(later)).refusals


async def test_under_a_broken_glass_a_lease_is_extended_past_its_window(house, plan):
    house.time.at += 5 * HOUR
    glass = await house.broken("production-aws")
    lent = await house.begin(plan, glass=glass, caller=house.operator)
    house.time.at += 10 * MINUTE
    assert (await extended(house, lent)).until == "2026-12-01T15:25:00.000000Z"


def test_an_apply_begins_a_whole_lease_before_its_window_ends():
    assert LEAD == LEASE


def test_windows_that_touch_are_one():
    evening = '[[window]]\nenvironments = ["production"]\ndays = ["tue"]\nopens = "15:00"\ncloses = "24:00"\n'
    night = '[[window]]\nenvironments = ["production"]\ndays = ["wed"]\nopens = "00:00"\ncloses = "02:00"\n'
    rules = read_rules(gates=GATES, windows=WINDOWS + evening + night, waivers=WAIVERS)
    assert rules.open_until("production", TUESDAY) == TUESDAY + 16 * HOUR
    assert rules.open_until("production", TUESDAY - 10 * HOUR) == TUESDAY - 10 * HOUR
    assert rules.open_until("development", TUESDAY) is None


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
        ("production = 1", "production = 0"),
        ("\nproduction = [", "\nprod = ["),
        ('"gcp"]\n\n# Else', "3]\n\n# Else"),
        ('own = ["development"]', 'own = ["production"]'),
        ('environments = ["development", "staging", "production"]', 'environments = ["staging"]'),
    ],
)
def test_a_slip_of_the_pen_in_the_gates_is_refused(before, after):
    assert before in GATES
    if "environments" in before:
        # Of the two gates that production has, both must go.
        after += "\n" + GATES.split(before)[1].replace(', "production"]', "]")
        before += GATES.split(before)[1]
    with pytest.raises(RulesRefused):
        read_rules(gates=GATES.replace(before, after), windows=WINDOWS, waivers=WAIVERS)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"mon"', '"monday"'),
        ('"07:00"', '"seven"'),
        ('"07:00"', '"7:00"'),
        ('"07:00"', '"07:60"'),
        ('"07:00"', '"15:00"'),
        ('"15:00"', '"02:00"'),
        ('"15:00"', '"24:01"'),
        ("2027-01-04T00:00:00Z", "2026-12-18T00:00:00Z"),
        ("2026-12-18T00:00:00Z", "2026-12-18T00:00:00"),
        ('environments = ["production"]', 'environments = ["prod"]'),
    ],
)
def test_a_slip_of_the_pen_in_the_windows_is_refused(before, after):
    assert before in WINDOWS
    with pytest.raises(RulesRefused):
        read_rules(gates=GATES, windows=WINDOWS.replace(before, after), waivers=WAIVERS)

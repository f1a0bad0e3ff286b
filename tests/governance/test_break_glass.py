"""Breaking the glass: time-boxed, on record, ringing, and looked at by somebody else afterwards."""

import pytest
from structlog.testing import capture_logs

from tallystick.governance import jobs
from tallystick.governance.api import (
    ApplyIsRunning,
    BreakerMayNotReview,
    BreakGlass,
    EstateOf,
    Glass,
    GlassIsReviewed,
    GlassNeedsReview,
    GlassNotFound,
    GlassNotOpen,
    ListGlasses,
    Opinion,
    ReviewGlass,
)
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import DAY
from tallystick.kernel.problems import Malformed
from tests.governance.clouds import MINUTE, House

PRODUCTION = "production-aws"


async def reviewed(house: House, glass: Glass, *, by: Caller | None = None) -> Glass:
    message = ReviewGlass(
        break_glass=glass.break_glass, opinion=Opinion.JUSTIFIED, reason="the database was down"
    )
    return await house.door.review_glass(caller=by or house.approver, message=message)


async def test_a_broken_glass_passes_over_rules_and_says_which(house):
    plan = await house.submit(PRODUCTION, bad=False)
    house.time.at += 12 * 60 * MINUTE
    house.repository.at = None
    glass = await house.broken(PRODUCTION)
    lent = await house.begin(plan, glass=glass, caller=house.operator)
    assert lent.apply.passed_over == (
        "plan_not_approved", "not_applied_before", "head_not_known", "gate_failed", "window_closed",
    )  # fmt: skip
    assert (await house.plan(plan)).apply == lent.apply


async def test_it_is_open_for_its_minutes_and_its_estate_alone(house):
    plan = await house.submit(PRODUCTION)
    other = await house.broken("staging-aws")
    await house.left(lambda: house.begin(plan, glass=other, caller=house.operator), GlassNotOpen)
    glass = await house.broken(PRODUCTION, minutes=5)
    house.time.at += 5 * MINUTE + 1
    await house.left(lambda: house.begin(plan, glass=glass, caller=house.operator), GlassNotOpen)


async def test_one_that_is_not_there_opens_nothing(house):
    plan = await house.submit(PRODUCTION)
    made = await house.broken(PRODUCTION)
    gone = Glass(
        **{name: getattr(made, name) for name in ("estate", "reason", "by", "at", "until")},
        break_glass="brk_none", review_by=made.review_by,
    )  # fmt: skip
    await house.left(lambda: house.begin(plan, glass=gone, caller=house.operator), GlassNotFound)


@pytest.mark.parametrize("minutes", [0, 241, -5])
async def test_it_lasts_four_hours_at_most(house, minutes):
    await house.left(lambda: house.broken(PRODUCTION, minutes=minutes), Malformed)


async def test_a_reason_is_needed(house):
    message = BreakGlass(estate=PRODUCTION, reason="", minutes=5)
    await house.left(
        lambda: house.door.break_glass(caller=house.operator, message=message), Malformed
    )


async def test_it_rings_and_is_shown_until_somebody_else_has_looked(house):
    with capture_logs() as heard:
        glass = await house.broken(PRODUCTION)
    (rung,) = [one for one in heard if one["event"] == "glass_broken"]
    assert (rung["log_level"], rung["estate"]) == ("error", PRODUCTION)
    assert "the database is down" not in str(heard)
    for count in (1, 0):
        standing = await house.door.estate(caller=house.author, message=EstateOf(estate=PRODUCTION))
        page = await house.door.glasses(
            caller=house.author, message=ListGlasses(unreviewed=True, estate=PRODUCTION)
        )
        assert len(standing.glasses) == len(page.items) == count
        if count:
            done = await reviewed(house, glass)
            assert (done.reviewed_by, done.opinion) == ("per_anna", Opinion.JUSTIFIED)
    assert (await house.tags())[-2:] == ["glass.break", "glass.review"]


async def test_whoever_broke_it_does_not_review_it(house):
    glass = await house.broken(PRODUCTION)
    await house.left(lambda: reviewed(house, glass, by=house.operator), BreakerMayNotReview)


async def test_it_is_reviewed_once(house):
    glass = await house.broken(PRODUCTION)
    await reviewed(house, glass)
    await house.left(lambda: reviewed(house, glass), GlassIsReviewed)


async def test_unreviewed_for_a_day_it_stops_every_apply_and_rings_once(house):
    glass = await house.broken("development-aws")
    house.time.at += DAY + 1
    plan = await house.submit("development-aws")
    await house.left(lambda: house.begin(plan), GlassNeedsReview)
    await house.left(lambda: house.broken("development-aws"), GlassNeedsReview)
    with capture_logs() as heard:
        await jobs.note_overdue(house.service)
        await jobs.note_overdue(house.service)
    rung = [one for one in heard if one.get("on") == f"break_glass:{glass.break_glass}"]
    assert len(rung) == 1
    assert (await house.tags()).count("glass.miss") == 1
    await reviewed(house, glass)
    await house.begin(plan)


async def test_a_lease_that_ended_is_let_go_by_the_job(house):
    lent = await house.begin(await house.submit("development-aws"))
    await jobs.note_overdue(house.service)
    assert "apply.lose" not in await house.tags()
    house.time.at += 16 * MINUTE
    await jobs.note_overdue(house.service)
    standing = await house.door.estate(
        caller=house.author, message=EstateOf(estate="development-aws")
    )
    assert standing.running is None
    assert (await house.tags())[-1] == "apply.lose"
    assert lent.apply.status.value == "running"


@pytest.mark.parametrize("maker", ["per_anna", "per_carla"])
async def test_whoever_is_behind_the_breaker_does_not_review_it(database_for, caller, maker):
    """Neither who made the breaker's key, nor another key of that person."""

    async def behind(_, holder):
        return (maker,) if holder in ("per_boris", "per_anna") and holder != maker else ()

    house = House(database=await database_for("governance"), caller=caller, behind=behind)
    glass = await house.broken(PRODUCTION)
    await house.left(lambda: reviewed(house, glass), BreakerMayNotReview)


async def test_its_review_closes_it(house):
    plan = await house.submit(PRODUCTION)
    glass = await house.broken(PRODUCTION)
    await reviewed(house, glass)
    await house.left(lambda: house.begin(plan, glass=glass, caller=house.operator), GlassNotOpen)


async def test_it_is_reviewed_after_what_was_done_under_it(house):
    glass = await house.broken(PRODUCTION)
    plan = await house.submit(PRODUCTION)
    lent = await house.begin(plan, glass=glass, caller=house.operator)
    await house.left(lambda: reviewed(house, glass), ApplyIsRunning)
    await house.finish(lent)
    await reviewed(house, glass)


async def test_nobody_but_who_broke_it_applies_under_it(house):
    plan = await house.submit(PRODUCTION)
    glass = await house.broken(PRODUCTION)
    await house.left(lambda: house.begin(plan, glass=glass), GlassNotOpen)


async def test_no_second_one_is_broken_before_the_first_was_reviewed(house):
    glass = await house.broken(PRODUCTION)
    house.time.at += 4 * 60 * MINUTE
    await house.left(lambda: house.broken(PRODUCTION), GlassNeedsReview)
    await reviewed(house, glass)
    await house.broken(PRODUCTION)

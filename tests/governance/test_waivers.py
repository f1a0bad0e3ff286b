"""Waivers: of one control on one subject, for a while; expired and useless ones forgive nothing."""

from dataclasses import replace

import pytest

from tallystick.governance.api import (
    ControlNotKnown,
    GateFailed,
    ListWaivers,
    VerdictsOf,
    Waive,
    Waiver,
    WaiverNotFound,
    WaiverOf,
)
from tallystick.governance.model.judging import Waiver as Declared
from tallystick.kernel.instants import DAY, render
from tallystick.kernel.problems import Malformed
from tests.governance.clouds import CONTROL, TUESDAY, House, Written

STAGING = "staging-aws"


async def waived(house: House, **words: str) -> Waiver:
    told = {
        "estate": STAGING, "control": CONTROL, "subject": "aws_s3_bucket.bad", "reason": "it moves next week",
        "until": render(house.time.at + 7 * DAY),
    }  # fmt: skip
    return await house.door.waive(caller=house.operator, message=Waive(**told | words))


async def test_what_is_waived_counts_as_waived_and_never_as_passed(house):
    await house.apply("development-aws", bad=False)
    waiver = await waived(house)
    plan = await house.submit(STAGING, bad=False)
    assert plan.counts == {"waived": 1}
    (one,) = (
        await house.door.verdicts(caller=house.author, message=VerdictsOf(plan=plan.plan))
    ).items
    assert (one.outcome.value, one.waiver) == ("waived", waiver.waiver)
    await house.approve(plan)
    await house.begin(plan)


async def test_an_expired_waiver_forgives_nothing(house):
    await house.apply("development-aws", bad=False)
    await waived(house)
    house.time.at += 7 * DAY
    plan = await house.submit(STAGING, bad=False)
    assert plan.counts == {"fail": 1}
    await house.approve(plan)
    await house.left(lambda: house.begin(plan), GateFailed)


@pytest.mark.parametrize("how", ["it expires", "it is ended"])
async def test_a_waiver_that_ends_after_the_approval_stops_the_apply(house, how):
    await house.apply("development-aws", bad=False)
    waiver = await waived(house, until=render(TUESDAY + 3_600_000_000))
    plan = await house.submit(STAGING, bad=False)
    await house.approve(plan)
    assert (await house.plan(plan)).refusals == ()
    if how == "it expires":
        house.time.at += 3_600_000_000
    else:
        message = WaiverOf(waiver=waiver.waiver)
        await house.door.end_waiver(caller=house.approver, message=message)
    await house.left(lambda: house.begin(plan), GateFailed)


async def test_a_waiver_that_was_ended_forgives_nothing(house):
    waiver = await waived(house)
    for _ in range(2):
        ended = await house.door.end_waiver(
            caller=house.approver, message=WaiverOf(waiver=waiver.waiver)
        )
        assert ended.ended_at == render(TUESDAY)
    assert (await house.submit(STAGING, bad=False)).counts == {"fail": 1}
    assert (await house.tags()).count("waiver.end") == 1


async def test_a_waiver_of_another_subject_or_estate_forgives_nothing(house):
    await waived(house, estate="production-aws")
    assert (await house.submit(STAGING, bad=False)).counts == {"fail": 1}


async def test_a_waiver_that_has_no_effect_fails_the_plan(house):
    await house.apply("development-aws")
    await waived(house, subject="aws_s3_bucket.good")
    plan = await house.submit(STAGING, good=True)
    (fault, _) = (
        await house.door.verdicts(caller=house.author, message=VerdictsOf(plan=plan.plan))
    ).items
    assert (fault.control, fault.outcome.value) == ("waivers", "fail")
    assert "no effect" in fault.reasons[0]
    await house.approve(plan)
    await house.left(lambda: house.begin(plan), GateFailed)


async def test_a_declared_waiver_ends_on_its_day(database_for, caller):
    declared = Declared(
        control=CONTROL, subject="aws_s3_bucket.bad", environment="staging", owner="a", second="b",
        reason="it moves", ends=TUESDAY + DAY,
    )  # fmt: skip
    house = House(
        database=await database_for("governance"), caller=caller, policies=Written(waivers=(declared,))
    )  # fmt: skip
    assert (await house.submit(STAGING, bad=False)).counts == {"waived": 1}
    house.time.at += DAY
    plan = await house.submit(STAGING, bad=False)
    assert plan.counts == {"fail": 1}
    page = await house.door.verdicts(caller=house.author, message=VerdictsOf(plan=plan.plan))
    assert {one.control for one in page.items} == {"waivers", CONTROL}


@pytest.mark.parametrize("now", [(), "sooner"], ids=["removed", "sooner"])
async def test_a_declared_waiver_that_is_taken_back_after_the_approval_stops_the_apply(
    database_for, caller, now
):
    declared = Declared(
        control=CONTROL, subject="aws_s3_bucket.bad", environment="staging", owner="a", second="b",
        reason="it moves", ends=TUESDAY + 2 * DAY,
    )  # fmt: skip
    source = Written(waivers=(declared,))
    house = House(database=await database_for("governance"), caller=caller, policies=source)
    await house.apply("development-aws", bad=False)
    plan = await house.submit(STAGING, bad=False)
    await house.approve(plan)
    assert (await house.plan(plan)).refusals == ()
    source.change(waivers=() if now == () else (replace(declared, ends=TUESDAY),))
    assert (await house.plan(plan)).refusals == ("gate_failed",)
    await house.left(lambda: house.begin(plan), GateFailed)


@pytest.mark.parametrize(
    "until",
    ["2026-12-01T10:00:00Z", "2027-03-02T00:00:00Z", "tomorrow"],
    ids=["now", "late", "bad"],
)
async def test_it_ends_within_ninety_days(house, until):
    refused = await house.left(lambda: waived(house, until=until), Malformed)
    assert list(refused.fields) == ["until"]


async def test_only_controls_that_there_are_are_waived(house):
    await house.left(lambda: waived(house, control="aws-nothing"), ControlNotKnown)


async def test_a_waiver_that_is_not_there_does_not_end(house):
    with pytest.raises(WaiverNotFound):
        await house.door.end_waiver(caller=house.approver, message=WaiverOf(waiver="wvr_none"))


async def test_waivers_are_listed_newest_first(house):
    made = [await waived(house, reason=f"reason {number}") for number in range(3)]
    page = await house.door.waivers(caller=house.author, message=ListWaivers(limit=2))
    assert [one.reason for one in page.items] == ["reason 2", "reason 1"]
    rest = await house.door.waivers(
        caller=house.author, message=ListWaivers(after=page.after, estate=STAGING)
    )
    assert [one.waiver for one in rest.items] == [made[0].waiver]

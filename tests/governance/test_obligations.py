"""What a plan cannot know is owed: met or broken by what is live, and overdue it stops the next apply."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from tallystick.governance import jobs
from tallystick.governance.adapters.rules import PolicyFolder
from tallystick.governance.api import (
    Difference,
    EstateOf,
    ListEvidence,
    ListObligations,
    LiveReport,
    LiveVerdict,
    ObligationOverdue,
    ObligationStatus,
    Obliged,
    Outcome,
    RecordSecretStep,
    SubmitReport,
    Waive,
)
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import DAY, render
from tallystick.kernel.problems import Malformed
from tests.governance.clouds import CONTROL, HOUR, MINUTE, House, Written

ESTATE, STAGING = "development-aws", "staging-aws"
SUBJECT = "aws_s3_bucket.later"


async def owed(house: House, **words: Any) -> list[Obliged]:
    page = await house.door.obligations(caller=house.author, message=ListObligations(**words))
    return list(page.items)


async def seen(
    house: House,
    outcome: Outcome,
    *,
    target: str = "moto",
    caller: Caller | None = None,
    **words: Any,
) -> LiveReport:
    verdict = LiveVerdict(control=CONTROL, subject=SUBJECT, outcome=outcome, target=target)
    told = {"estate": ESTATE, "observed_at": render(house.time.at), "verdicts": (verdict,)}
    message = SubmitReport(**told | words)
    return await house.door.submit_report(caller=caller or house.author, message=message)


async def test_the_entry_of_a_report_says_by_which_rules_and_how_far_was_looked(house):
    told = {
        "since": render(house.time.at - MINUTE), "rules": "a" * 64, "commit": "b" * 40, "unseen": 2, "alarms": 1,
    }  # fmt: skip
    await seen(house, Outcome.PASS, **told)
    page = await house.door.evidence(caller=house.author, message=ListEvidence(limit=200))
    entry = page.items[-1]
    assert {name: entry.content[name] for name in told} == told


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("since", "2999-01-01T00:00:00.000000Z"),
        ("rules", "no digest"),
        ("commit", "main"),
        ("unseen", -1),
        ("alarms", -1),
    ],
)
async def test_a_report_that_says_it_wrongly_is_refused(house, field, value):
    with pytest.raises(Malformed, match=field):
        await seen(house, Outcome.PASS, **{field: value})


@pytest.fixture
async def plan(house):
    """A plan that could not know everything, applied a minute ago."""
    made = await house.apply(ESTATE, later=None)
    house.time.at += MINUTE
    return made


async def test_what_is_unknown_is_owed_by_the_hash_of_the_plan(house, plan):
    (one,) = await owed(house)
    assert (one.control, one.subject, one.plan, one.hash) == (
        CONTROL, SUBJECT, plan.plan, plan.hash,
    )  # fmt: skip
    assert one.status is ObligationStatus.OPEN
    assert one.due_at == "2026-12-01T12:00:00.000000Z"


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Outcome.PASS, ObligationStatus.MET),
        (Outcome.FAIL, ObligationStatus.BROKEN),
        (Outcome.NOT_APPLICABLE, ObligationStatus.OPEN),
        (Outcome.UNKNOWN, ObligationStatus.OPEN),
    ],
)
async def test_what_is_seen_live_answers_it(house, plan, outcome, status):
    report = await seen(house, outcome)
    (one,) = await owed(house)
    assert one.status is status
    assert one.report == (report.report if status is not ObligationStatus.OPEN else None)
    assert (report.met, report.broken) == (
        int(status is ObligationStatus.MET), int(status is ObligationStatus.BROKEN),
    )  # fmt: skip


async def test_the_local_store_is_not_live(house, plan):
    for target in ("store", "Store", "", "local", "my laptop", "plan"):
        await seen(house, Outcome.PASS, target=target)
    assert [one.status for one in await owed(house)] == [ObligationStatus.OPEN]


async def test_what_stands_for_a_cloud_is_not_live_in_production(house):
    plan = await house.promoted("production", later=None)
    await house.approve(plan)
    lent = await house.begin(plan)
    await house.finish(lent)
    house.time.at += MINUTE
    words = {"estate": "production-aws", "caller": house.approver}
    assert (await seen(house, Outcome.PASS, target="moto", **words)).met == 0
    assert (await seen(house, Outcome.PASS, target="aws", **words)).met == 1


async def test_what_was_seen_to_fail_stops_the_next_apply_until_a_later_pass(house, plan):
    await seen(house, Outcome.FAIL)
    second = await house.submit(ESTATE, more=True)
    refused = await house.left(lambda: house.begin(second), ObligationOverdue)
    assert refused.fields == {"count": "1"}
    standing = await house.door.estate(caller=house.author, message=EstateOf(estate=ESTATE))
    assert standing.overdue == 1
    before = render(house.time.at - 1)
    await seen(house, Outcome.PASS, observed_at=before)
    assert [one.status for one in await owed(house)] == [ObligationStatus.BROKEN]
    house.time.at += MINUTE
    await seen(house, Outcome.PASS)
    assert [one.status for one in await owed(house)] == [ObligationStatus.MET]
    await house.begin(second)


async def test_what_was_seen_to_fail_and_is_waived_stops_nothing(house, plan):
    await seen(house, Outcome.FAIL)
    message = Waive(
        estate=ESTATE, control=CONTROL, subject=SUBJECT, reason="no trail yet",
        until=render(house.time.at + DAY),
    )  # fmt: skip
    second = await house.submit(ESTATE, later=None)
    await house.door.waive(caller=house.operator, message=message)
    await house.begin(second)


async def test_what_does_not_apply_is_let_go_once_a_newer_plan_has_removed_it(house, plan):
    await house.apply(ESTATE, other=True)
    await seen(house, Outcome.NOT_APPLICABLE, observed_at=render(house.time.at))
    assert [one.status for one in await owed(house)] == [ObligationStatus.DROPPED]


async def test_what_does_not_apply_is_owed_while_the_newest_plan_has_it(house, plan):
    await house.apply(ESTATE, other=True, later=True)
    await seen(house, Outcome.NOT_APPLICABLE)
    assert [one.status for one in await owed(house)] == [ObligationStatus.OPEN]


async def owing_in_staging(house: House, **words: Any) -> None:
    await house.apply(ESTATE, good=True)
    plan = await house.submit(STAGING, later=None, **words)
    await house.approve(plan)
    await house.finish(await house.begin(plan))
    house.time.at += MINUTE


async def test_whoever_made_or_applied_a_plan_does_not_meet_what_it_owes(house):
    await owing_in_staging(house, caller=house.operator)
    for caller in (house.operator, house.author):
        assert (await seen(house, Outcome.PASS, estate=STAGING, caller=caller)).met == 0
    assert (await seen(house, Outcome.PASS, estate=STAGING, caller=house.approver)).met == 1


async def test_whoever_made_a_plan_may_well_say_that_it_fails(house):
    await owing_in_staging(house)
    assert (await seen(house, Outcome.FAIL, estate=STAGING)).broken == 1


@pytest.mark.parametrize("behind", [("key_runner", "per_anna"), ("per_anna", "key_runner")])
async def test_nor_does_whoever_is_behind_them(database_for, caller, behind):
    async def made(_, key):
        return behind[1:] if key == behind[0] else ()

    house = House(database=await database_for("governance"), caller=caller, behind=made)
    await house.apply(ESTATE, good=True, approver=house.operator)
    plan = await house.submit(STAGING, later=None)
    await house.approve(plan, caller=house.operator)
    await house.finish(await house.begin(plan))
    assert (await seen(house, Outcome.PASS, estate=STAGING, caller=house.approver)).met == 0
    assert (await seen(house, Outcome.PASS, estate=STAGING, caller=house.operator)).met == 1


async def test_the_worst_that_was_seen_counts(house, plan):
    verdicts = tuple(
        LiveVerdict(control=CONTROL, subject=SUBJECT, outcome=outcome, target="moto")
        for outcome in (Outcome.PASS, Outcome.FAIL, Outcome.PASS)
    )
    await seen(house, Outcome.PASS, verdicts=verdicts)
    assert [one.status for one in await owed(house)] == [ObligationStatus.BROKEN]


async def test_what_was_seen_before_the_apply_answers_nothing(house):
    plan = await house.submit(ESTATE, later=None)
    await seen(house, Outcome.PASS)
    lent = await house.begin(plan)
    house.time.at += MINUTE
    before = render(house.time.at - 1)
    await house.finish(lent)
    await seen(house, Outcome.PASS, observed_at=before)
    assert [one.status for one in await owed(house)] == [ObligationStatus.OPEN]
    await seen(house, Outcome.PASS)
    assert [one.status for one in await owed(house)] == [ObligationStatus.MET]


async def test_an_overdue_obligation_stops_the_next_apply_until_it_is_seen(house, plan):
    house.time.at += 2 * HOUR
    second = await house.submit(ESTATE, more=True)
    refused = await house.left(lambda: house.begin(second), ObligationOverdue)
    assert refused.fields == {"count": "1"}
    assert [one.status for one in await owed(house, status=ObligationStatus.OVERDUE)]
    await seen(house, Outcome.PASS)
    await house.begin(second)


async def test_an_overdue_obligation_that_is_waived_stops_nothing(house, plan):
    house.time.at += 2 * HOUR
    second = await house.submit(ESTATE, later=None)
    message = Waive(
        estate=ESTATE, control=CONTROL, subject=SUBJECT, reason="no trail yet",
        until=render(house.time.at + DAY),
    )  # fmt: skip
    await house.door.waive(caller=house.operator, message=message)
    await house.begin(second)


async def test_overdue_is_noted_once_and_rings(house, plan):
    house.time.at += 2 * HOUR
    with capture_logs() as heard:
        await jobs.note_overdue(house.service)
        await jobs.note_overdue(house.service)
    (one,) = await owed(house)
    rung = [each for each in heard if each.get("on") == f"obligation:{one.obligation}"]
    assert [each["log_level"] for each in rung] == ["error"]
    assert (await house.tags()).count("obligation.miss") == 1


async def test_a_plan_that_is_never_applied_owes_nothing(house):
    await house.submit(ESTATE, later=None)
    await house.submit(ESTATE, good=True)
    assert [one.status for one in await owed(house)] == [ObligationStatus.DROPPED]


async def test_obligations_come_in_pages_and_by_status(house):
    await house.submit(ESTATE, one=None, two=None, three=None)
    first = await house.door.obligations(
        caller=house.author, message=ListObligations(limit=2, status=ObligationStatus.OPEN)
    )
    rest = await owed(house, after=first.after)
    assert len({one.subject for one in (*first.items, *rest)}) == 3
    assert await owed(house, status=ObligationStatus.MET) == []


@pytest.mark.parametrize("late", [-1, HOUR + 1], ids=["of the future", "of long ago"])
async def test_a_report_is_of_the_last_hour(house, plan, late):
    observed = render(house.time.at - late)
    await house.left(lambda: seen(house, Outcome.PASS, observed_at=observed), Malformed)


async def test_a_difference_brings_a_digest_and_nothing_else(house, plan):
    drift = Difference(subject="x", kind="changed", sort="unexplained", digest="no digest")
    await house.left(lambda: seen(house, Outcome.PASS, differences=(drift,)), Malformed)


async def test_steps_of_a_secret_are_evidence_of_digests(house):
    step = RecordSecretStep(
        secret="production/ledger", home="openbao", step="proven_dead", version=3, digest="0" * 64
    )
    await house.door.record_secret_step(caller=house.author, message=step)
    (one,) = (await house.door.evidence(caller=house.author, message=ListEvidence())).items
    assert (one.tag, one.on) == ("governance.secret.record", "governance:secret:production/ledger")
    assert one.content["digest"] == "0" * 64


@pytest.mark.parametrize(
    "words",
    [
        {"digest": "hunter2"}, {"step": "It is hunter2"}, {"secret": "../x y"}, {"version": -1},
        {"step": "done_well"}, {"secret": "production/nonsense"}, {"secret": "ledger"}, {"secret": "qa/ledger"},
    ],
)  # fmt: skip
async def test_what_may_be_a_secret_itself_or_is_none_of_the_list_is_refused(house, words):
    told = {"secret": "staging/ledger", "home": "openbao", "step": "made", "version": 1}
    await house.left(
        lambda: house.door.record_secret_step(
            caller=house.author, message=RecordSecretStep(**told | words)
        ),
        Malformed,
    )


async def test_a_platform_without_a_list_takes_any_name(database_for, caller):
    house = House(
        database=await database_for("governance"), caller=caller, policies=Written(secrets=None)
    )
    step = RecordSecretStep(secret="ledger", home="openbao", step="made", version=1)
    await house.door.record_secret_step(caller=house.author, message=step)


def test_the_platforms_own_list_is_read():
    assert "deployment-key" in (PolicyFolder().read().secrets or ())

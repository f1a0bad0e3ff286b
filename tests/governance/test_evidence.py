"""Every step is an entry of the record: the record verifies, and says the same as the tables."""

from hashlib import sha256

import pytest

from tallystick.apps.comparing import compare
from tallystick.apps.compose import operator_database
from tallystick.audit.model import tiles
from tallystick.governance import jobs
from tallystick.governance.api import (
    ExtendApply,
    ForceUnlock,
    HandInState,
    ListEvidence,
    LiveVerdict,
    LockState,
    Opinion,
    Outcome,
    PlanNotApproved,
    PlanOf,
    ReadState,
    RecordSecretStep,
    RestoreState,
    ReviewGlass,
    SubmitReport,
    UnlockState,
    VerdictsOf,
    Waive,
    WaiverOf,
)
from tallystick.kernel import entries
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import canonical
from tallystick.kernel.instants import DAY, render
from tallystick.kernel.tags import Tag
from tallystick.runtime.clock import Mint, SystemClock
from tests.audit.sequencing import audited, housed
from tests.governance.clouds import CONTROL, MINUTE, House, state_json

DEVELOPMENT = "development-aws"


async def live(house: House) -> None:
    """Do everything that leaves an entry, most of it a week ago."""
    door, author, anna, boris = house.door, house.author, house.approver, house.operator
    house.time.at = SystemClock().now() - 7 * DAY
    gone = await house.submit(DEVELOPMENT)
    await house.approve(gone)
    await door.withdraw(caller=anna, message=PlanOf(plan=gone.plan))
    await door.document(caller=anna, message=PlanOf(plan=gone.plan))
    lent = await house.begin(await house.submit(DEVELOPMENT, later=None))
    held = {"estate": DEVELOPMENT, "token": lent.token, "lock": "one"}
    await door.lock_state(caller=author, message=LockState(**held))
    await house.write(lent, 1, lock="one")
    await door.unlock_state(caller=author, message=UnlockState(**held))
    again = ExtendApply(apply=lent.apply.apply, token=lent.token)
    await door.extend_apply(caller=author, message=again)
    await house.finish(lent, serial=1)
    await door.read_state(caller=author, message=ReadState(estate=DEVELOPMENT))
    verdict = LiveVerdict(control=CONTROL, subject="other", outcome=Outcome.PASS, target="moto")
    await door.submit_report(
        caller=author,
        message=SubmitReport(
            estate=DEVELOPMENT, observed_at=render(house.time.at), verdicts=(verdict,)
        ),
    )
    waiver = await door.waive(
        caller=boris,
        message=Waive(
            estate="staging-aws", control=CONTROL, subject="x", reason="soon",
            until=render(house.time.at + DAY),
        ),
    )  # fmt: skip
    await door.end_waiver(caller=anna, message=WaiverOf(waiver=waiver.waiver))
    step = RecordSecretStep(
        secret="production/ledger", home="openbao", step="made", version=1, digest="0" * 64
    )
    await door.record_secret_step(caller=author, message=step)
    unapproved = await house.submit("staging-aws")
    with pytest.raises(PlanNotApproved):
        await house.begin(unapproved)
    for estate in ("development-gcp", "development-azure"):
        await house.begin(await house.submit(estate))
    glass = await house.broken("staging-gcp")
    house.time.at += 6 * DAY
    freeing = ForceUnlock(estate="development-gcp", reason="gone")
    await door.force_unlock(caller=boris, message=freeing)
    await jobs.note_overdue(house.service)
    left = state_json("development-gcp", 1)
    handed = HandInState(estate="development-gcp", content=left, reason="gone")
    await door.hand_in_state(caller=boris, message=handed)
    again = await house.begin(await house.submit("development-gcp", other=True))
    await house.finish(again)
    back = RestoreState(estate="development-gcp", serial=1, reason="gone")
    await door.restore_state(caller=boris, message=back)
    review = ReviewGlass(break_glass=glass.break_glass, opinion=Opinion.JUSTIFIED, reason="so")
    await door.review_glass(caller=anna, message=review)
    house.time.at += MINUTE


@pytest.fixture
async def told(make_database):
    """A house whose whole life is in the record."""
    async with housed(make_database) as record:
        caller = Caller(tenant_id=Mint(SystemClock()).tenant_id(), actor="test")
        house = House(
            database=await record.database("governance"), caller=caller,
            lends_to=lambda _: False,
        )  # fmt: skip
        await live(house)
        await record.sequenced()
        yield house, record


async def test_every_step_is_an_entry_that_verifies_and_says_what_the_tables_say(told):
    house, record = told
    done = set(await house.tags())
    expected = {tag.removeprefix("governance.") for tag in Tag if tag.startswith("governance.")}
    assert expected - done == {"plan.read", "state.read"}
    found = await audited(record)
    rows = await record.rows("SELECT entries FROM governance.leaf")
    kept = [entries.read(one) for row in rows for one in tiles.unpack(row["entries"])]
    # Beside them the record has what it notes of itself.
    assert found.entries >= len(kept) > len(done)
    assert {"governance.plan.read", "governance.state.read"} <= {one.tag for one in kept}
    page = await house.door.evidence(caller=house.author, message=ListEvidence(limit=200))
    by_place = {(one.tag, one.on, one.at): one for one in kept}
    for one in page.items:
        entry = by_place[one.tag, one.on, one.at]
        assert (entry.by, entry.outcome, entry.content or {}) == (one.by, one.outcome, one.content)
    refused = [one for one in kept if one.outcome == "plan_not_approved"]
    assert [(one.tag, one.on) for one in refused] == [("governance.apply.begin", "governance")]


async def test_the_record_compared_with_the_tables_has_no_difference(told):
    house, record = told
    operator = operator_database(record.url)
    await operator.start()
    try:
        found = await compare(operator, tenant_id=house.author.tenant_id, settle_s=0)
    finally:
        await operator.stop()
    # The tenant itself was never made here, and that is all there is to say.
    assert {one.code.value for one in found.differences} <= {"log_without_tenant"}
    assert found.acts > 20


async def test_no_secret_and_no_word_that_people_chose_is_in_an_entry(told):
    _, record = told
    rows = await record.rows("SELECT entries FROM governance.leaf")
    kept = b"".join(row["entries"] for row in rows)
    for word in (b"the database is down", b"soon", b"gone", b"lineage", b"resource_changes"):
        assert word not in kept


async def test_the_verdicts_of_a_plan_are_those_that_the_entry_has_the_digest_of(house):
    plan = await house.submit(DEVELOPMENT, bad=False, good=True)
    page = await house.door.verdicts(caller=house.author, message=VerdictsOf(plan=plan.plan))
    told = [[one.control, one.subject, one.outcome.value, *one.reasons] for one in page.items]
    (entry,) = (await house.door.evidence(caller=house.author, message=ListEvidence())).items
    assert entry.content["verdicts_digest"] == sha256(canonical(told)).hexdigest()

"""Plans at the door: kept, judged, approved by somebody else, voided by the next."""

import json

import pytest

from tallystick.governance.api import (
    AuthorMayNotApprove,
    ListPlans,
    PlanHashDiffers,
    PlanNotFound,
    PlanNotOpen,
    PlanNotReadable,
    PlanOf,
    PlanStatus,
    SubmitPlan,
    VerdictsOf,
)
from tallystick.governance.model.plan_hash import plan_hash
from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import Malformed
from tests.governance.clouds import CONTROL, FIRST, MINUTE, SECOND_COMMIT, House, plan_json

STAGING = "staging-aws"


async def test_a_plan_is_kept_and_judged_by_the_platforms_own_policies(house):
    plan = await house.submit(STAGING, good=True, bad=False, later=None)
    assert plan.counts == {"pass": 1, "fail": 1, "unknown": 1}
    assert (plan.author, plan.status) == ("key_runner", PlanStatus.SUBMITTED)
    page = await house.door.verdicts(caller=house.author, message=VerdictsOf(plan=plan.plan))
    told = [(one.control, one.subject.rpartition(".")[2], one.outcome.value) for one in page.items]
    assert told == [
        (CONTROL, "bad", "fail"), (CONTROL, "later", "unknown"), (CONTROL, "good", "pass"),
    ]  # fmt: skip
    assert page.items[0].reasons == ("the bucket is open",)


async def test_verdicts_come_in_pages(house):
    plan = await house.submit(STAGING, **{f"b{number}": True for number in range(5)})
    seen, after = [], None
    for _ in range(3):
        page = await house.door.verdicts(
            caller=house.author, message=VerdictsOf(plan=plan.plan, limit=2, after=after)
        )
        seen += [one.subject for one in page.items]
        after = page.after
    assert after is None
    assert len(set(seen)) == 5


async def test_the_same_plan_again_is_the_same_plan(house):
    first = await house.submit(STAGING)
    await house.approve(first)
    again = await house.submit(STAGING)
    assert (again.plan, again.replayed) == (first.plan, True)
    assert [one.by for one in again.approvals] == ["per_anna"]
    house.time.at += 15 * MINUTE
    later = await house.submit(STAGING)
    assert (later.plan == first.plan, later.approvals) == (False, ())


async def test_a_newer_plan_voids_what_was_approved(house):
    first = await house.submit(STAGING, later=None)
    await house.approve(first)
    second = await house.submit(STAGING, good=True)
    assert (await house.plan(first)).status is PlanStatus.SUPERSEDED
    assert (await house.plan(second)).approvals == ()
    refused = await house.left(lambda: house.begin(first), PlanNotOpen)
    assert refused.fields["status"] == "superseded"


async def test_the_author_does_not_approve(house):
    plan = await house.submit(STAGING)
    await house.left(lambda: house.approve(plan, caller=house.author), AuthorMayNotApprove)


async def test_the_database_itself_refuses_the_authors_approval(house):
    plan = await house.submit(STAGING)
    with pytest.raises(Exception, match="author_may_not_approve"):
        async with house.database.transaction(tenant_id=house.author.tenant_id) as connection:
            await connection.execute(
                "INSERT INTO governance.approval SELECT tenant_id, plan_id, author, author, hash, now() "
                "FROM governance.plan WHERE plan_id = $1",
                plan.plan,
            )


async def test_an_approval_is_of_the_hash_that_was_read(house):
    plan = await house.submit(STAGING)
    other = plan_hash(plan=plan_json("staging", bad=False), estate=STAGING, commit=FIRST)
    await house.left(lambda: house.approve(plan, hash=other), PlanHashDiffers)


async def test_whoever_reads_a_plan_reads_what_was_handed_in(house):
    plan = await house.submit(STAGING, bad=False)
    read = await house.door.document(caller=house.approver, message=PlanOf(plan=plan.plan))
    assert json.loads(read.content) == json.loads(plan_json("staging", bad=False))
    assert read.hash == plan.hash == plan_hash(plan=read.content, estate=STAGING, commit=FIRST)


async def test_neither_the_former_state_nor_what_is_sensitive_is_in_what_is_read(house):
    said = json.loads(plan_json("staging", bad=False))
    secret = "hunter2"
    said["prior_state"] = {"format_version": "1.0", "values": {"outputs": {"x": {"value": secret}}}}
    said["resource_changes"][0]["change"] |= {
        "before": {"password": secret, "tags": ["a", secret], "open": "told"},
        "before_sensitive": {"password": True, "tags": [False, True]},
        "after_sensitive": {"keys": [{"secret": True}]},
    }
    said["resource_changes"][0]["change"]["after"] |= {"keys": [{"secret": secret, "name": "k"}]}
    said["resource_drift"] = [{
        **said["resource_changes"][0],
        "change": {
            "actions": ["update"], "before": secret, "before_sensitive": True,
            "after": secret, "after_sensitive": True,
        },
    }]  # fmt: skip
    said["output_changes"] = {
        "x": {"actions": ["create"], "before": None, "after": secret, "after_sensitive": True}
    }
    said["variables"] |= {"password": {"value": secret}}
    said["configuration"]["root_module"] = {"variables": {"password": {"sensitive": True}}}
    said["planned_values"] = {
        "outputs": {"x": {"sensitive": True, "value": secret}},
        "root_module": {"child_modules": [{"resources": [{
            "address": "a", "values": {"password": secret}, "sensitive_values": {"password": True},
        }]}]},
    }  # fmt: skip
    plan = json.dumps(said).encode()
    message = SubmitPlan(
        estate=STAGING, commit=FIRST, base=FIRST, plan=plan, planfile=b"x", tool="terraform"
    )
    kept = await house.door.submit_plan(caller=house.author, message=message)
    read = await house.door.document(caller=house.approver, message=PlanOf(plan=kept.plan))
    assert secret.encode() not in read.content
    shown = json.loads(read.content)
    assert "prior_state" not in shown
    before = shown["resource_changes"][0]["change"]["before"]
    assert before == {"password": "(sensitive)", "tags": ["a", "(sensitive)"], "open": "told"}
    assert read.hash == plan_hash(plan=plan, estate=STAGING, commit=FIRST)
    assert read.changes


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b'{"x": {"number": "0.5"}}', b'{"x": 0.5}'),
        (b'{"x": "0.5"}', b'{"x": 0.5}'),
        (b'{"x": "1152921504606846976"}', b'{"x": 1152921504606846976}'),
    ],
)
def test_a_number_and_a_text_of_it_do_not_hash_alike(one, other):
    first, second = (plan_hash(plan=plan, estate=STAGING, commit=FIRST) for plan in (one, other))
    assert first != second


@pytest.mark.parametrize("plan", [b'{"x": 1, "x": 2}', b'{"\\u0000number": "1"}', b'{"x": NaN}'])
def test_what_two_readers_could_read_in_two_ways_has_no_hash(plan):
    with pytest.raises(ValueError, match=r"twice|no plan has|no number"):
        plan_hash(plan=plan, estate=STAGING, commit=FIRST)


def test_the_hash_forgets_when_a_plan_was_made_and_nothing_else():
    said = json.loads(plan_json("staging"))
    first = plan_hash(plan=json.dumps(said).encode(), estate=STAGING, commit=FIRST)
    later = json.dumps(said | {"timestamp": "2027-01-01T00:00:00Z"}).encode()
    assert plan_hash(plan=later, estate=STAGING, commit=FIRST) == first
    assert plan_hash(plan=later, estate="production-aws", commit=FIRST) != first
    assert plan_hash(plan=later, estate=STAGING, commit=SECOND_COMMIT) != first
    for change in ({"share": 0.5}, {"share": 0.25}, {"share": 2**60}, {"share": 2**60 + 1}):
        changed = plan_hash(plan=json.dumps(said | change).encode(), estate=STAGING, commit=FIRST)
        assert changed != first
        first = changed


async def test_an_approval_can_be_taken_back_and_the_plan_too(house):
    plan = await house.submit(STAGING)
    await house.approve(plan)
    taken = await house.door.withdraw(caller=house.approver, message=PlanOf(plan=plan.plan))
    assert taken.approvals == ()
    assert "plan_not_approved" in (await house.plan(plan)).refusals
    assert [one.by for one in (await house.approve(plan)).approvals] == ["per_anna"]
    gone = await house.door.withdraw(caller=house.author, message=PlanOf(plan=plan.plan))
    assert gone.status is PlanStatus.WITHDRAWN
    await house.left(lambda: house.approve(plan), PlanNotOpen)


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        plan_json("staging")[:-40],
        b'{"format_version": "9.0", "resource_changes": []}',
        plan_json("staging").replace(b"hashicorp/aws", b"stranger/aws"),
        plan_json("production"),
        b"[" * 10_000,
    ],
    ids=[
        "no JSON",
        "cut short",
        "another version",
        "a stranger's provider",
        "another estate",
        "deep",
    ],
)
async def test_what_is_no_plan_of_this_estate_is_refused(house, content):
    message = SubmitPlan(
        estate=STAGING, commit=FIRST, base=FIRST, plan=content, planfile=b"x", tool="terraform"
    )
    refused = await house.left(
        lambda: house.door.submit_plan(caller=house.author, message=message), PlanNotReadable
    )
    assert refused.detail


@pytest.mark.parametrize(
    ("field", "value"),
    [("estate", "qa-aws"), ("commit", "HEAD"), ("base", ""), ("planfile", b""), ("tool", "")],
)
async def test_bad_words_are_refused_before_anything_is_read(house, field, value):
    told = {
        "estate": STAGING, "commit": FIRST, "base": FIRST, "plan": plan_json("staging"), "planfile": b"x",
        "tool": "terraform",
    }  # fmt: skip
    refused = await house.left(
        lambda: house.door.submit_plan(
            caller=house.author, message=SubmitPlan(**told | {field: value})
        ),
        Malformed,
    )
    assert list(refused.fields) == [field]


async def test_plans_come_newest_first_in_pages_and_only_ones_own(house, mint):
    plans = [await house.submit(STAGING, commit=letter * 40) for letter in "abc"]
    page = await house.door.plans(caller=house.author, message=ListPlans(limit=2))
    assert [one.plan for one in page.items] == [plans[2].plan, plans[1].plan]
    rest = await house.door.plans(caller=house.author, message=ListPlans(after=page.after))
    assert [one.plan for one in rest.items] == [plans[0].plan]
    waiting = ListPlans(estate=STAGING, status=PlanStatus.SUBMITTED)
    (one,) = (await house.door.plans(caller=house.author, message=waiting)).items
    assert one.plan == plans[2].plan
    stranger = Caller(tenant_id=mint.tenant_id(), actor="stranger")
    assert (await house.door.plans(caller=stranger, message=ListPlans())).items == ()
    with pytest.raises(PlanNotFound):
        await house.door.plan(caller=stranger, message=PlanOf(plan=plans[0].plan))


@pytest.mark.parametrize("alias", ["per_anna", "key_of_the_author", "key_second"])
async def test_the_author_by_another_name_does_not_approve(database_for, caller, alias):
    """Whoever made the author's key, a key that the author made, and a second key of the same person."""
    line = {
        "key_runner": ("per_anna",), "key_second": ("per_anna",), "key_of_the_author": ("key_runner",),
    }  # fmt: skip

    async def behind(_, holder):
        return line.get(holder, ())

    house = House(database=await database_for("governance"), caller=caller, behind=behind)
    plan = await house.submit(STAGING)
    other = Caller(tenant_id=caller.tenant_id, actor=alias)
    await house.left(lambda: house.approve(plan, caller=other), AuthorMayNotApprove)
    await house.approve(plan, caller=house.operator)

"""One person under many names has one voice, a token serves who it was lent to, and a plan's doubts are read."""

import json

import pytest

from tallystick.governance.api import (
    CredentialsNotAvailable,
    LeaseNotAccepted,
    ListObligations,
    PlanNotApproved,
    PlanStatus,
    SubmitPlan,
    VerdictsOf,
    WriteState,
)
from tallystick.governance.model.lending import CredentialsAway
from tallystick.governance.service.cases import people_agreed
from tallystick.kernel.callers import Caller
from tests.governance.clouds import FIRST, House, Written, plan_json, state_json

DEVELOPMENT, STAGING = "development-aws", "staging-aws"


@pytest.mark.parametrize(
    ("approvers", "people"),
    [
        (("per_anna",), 1),
        (("per_anna", "per_boris"), 2),
        (("per_anna", "key_anna"), 1),
        (("key_anna", "key_boris"), 2),
        (("key_anna", "per_boris", "key_both"), 1),
        (("per_carla", "key_runner"), 0),
        (("per_nobody_asked_of",), 0),
    ],
)
def test_people_are_counted_and_not_their_names(approvers, people):
    line = {
        "key_runner": ("per_carla",), "per_carla": (), "per_anna": (), "per_boris": (),
        "key_anna": ("per_anna",), "key_boris": ("per_boris",), "key_both": ("per_anna", "per_boris"),
    }  # fmt: skip
    voices = {name: frozenset({name, *behind}) for name, behind in line.items()}
    assert people_agreed(approvers, author="key_runner", voices=voices) == people


async def test_two_keys_of_one_person_are_one_approval(database_for, caller):
    async def behind(_, holder):
        return ("per_anna",) if holder in ("key_one", "key_two") else ()

    wanted = {"development": 0, "staging": 2, "production": 2}
    house = House(
        database=await database_for("governance"), caller=caller, behind=behind,
        policies=Written(approvals=wanted),
    )  # fmt: skip
    await house.apply(DEVELOPMENT)
    plan = await house.submit(STAGING)
    for name in ("key_one", "key_two"):
        await house.approve(plan, caller=Caller(tenant_id=caller.tenant_id, actor=name))
    refused = await house.left(lambda: house.begin(plan), PlanNotApproved)
    assert "1 of 2 people" in str(refused)
    await house.approve(plan, caller=house.operator)
    await house.begin(plan)


async def test_an_approval_does_not_outlive_what_identity_tells_of_its_giver(database_for, caller):
    """It is asked again when the apply begins: by then the approver is known to be behind the author."""
    line: dict[str, tuple[str, ...]] = {}

    async def behind(_, holder):
        return line.get(holder, ())

    house = House(database=await database_for("governance"), caller=caller, behind=behind)
    await house.apply(DEVELOPMENT)
    plan = await house.submit(STAGING)
    await house.approve(plan)
    line["key_runner"] = (house.approver.actor,)
    assert (await house.plan(plan)).refusals == ("plan_not_approved",)
    await house.left(lambda: house.begin(plan), PlanNotApproved)


async def test_a_token_serves_nobody_but_whom_it_was_lent_to(house):
    lent = await house.begin(await house.submit(DEVELOPMENT))
    message = WriteState(
        estate=DEVELOPMENT, token=lent.token, content=state_json(DEVELOPMENT, 1), lock=None
    )
    await house.left(
        lambda: house.door.write_state(caller=house.operator, message=message), LeaseNotAccepted
    )
    await house.finish(lent)


class _SlowHome:
    """Lends nothing, and before it says so a newer plan of the estate comes."""

    house: House

    async def lend(self, **_):
        await self.house.submit(DEVELOPMENT, other=True)
        raise CredentialsAway("they are away")

    async def take_back(self, *_, **__):
        return None


async def test_what_was_never_applied_and_is_superseded_owes_nothing(database_for, caller):
    home = _SlowHome()
    home.house = House(database=await database_for("governance"), caller=caller, credentials=home)
    plan = await home.house.submit(DEVELOPMENT, later=None)
    with pytest.raises(CredentialsNotAvailable):
        await home.house.begin(plan)
    assert (await home.house.plan(plan)).status is PlanStatus.SUPERSEDED
    owed = await home.house.door.obligations(caller=home.house.author, message=ListObligations())
    assert [(one.plan, one.status.value) for one in owed.items] == [(plan.plan, "dropped")]


async def test_what_the_tool_does_not_tell_of_its_plan_is_read_with_the_verdicts(house):
    said = json.loads(plan_json("development"))
    del said["complete"]
    said["configuration"]["root_module"] = {
        "resources": [{"mode": "managed", "type": "aws_s3_bucket", "name": "left_out"}]
    }
    plan = await house.door.submit_plan(
        caller=house.author,
        message=SubmitPlan(
            estate=DEVELOPMENT, commit=FIRST, base=FIRST, planfile=b"planfile", tool="tofu 1.10.0",
            plan=json.dumps(said).encode(),
        ),
    )  # fmt: skip
    page = await house.door.verdicts(caller=house.author, message=VerdictsOf(plan=plan.plan))
    (doubt, _) = page.items
    assert (doubt.control, doubt.outcome.value, doubt.severity) == ("plan", "unknown", "medium")
    assert "it has nothing of aws_s3_bucket.left_out" in doubt.reasons[0]
    owed = await house.door.obligations(caller=house.author, message=ListObligations())
    assert owed.items == ()

"""A plan is read in words as well as in JSON, by whoever is to agree to it."""

import json

from tallystick.governance.api import PlanOf, SubmitPlan
from tests.governance.clouds import FIRST, plan_json


def _with_a_database_gone() -> bytes:
    plan = json.loads(plan_json("staging", good=True))
    plan["resource_changes"].append(
        {
            "address": "aws_db_instance.books",
            "mode": "managed",
            "type": "aws_db_instance",
            "name": "books",
            "provider_name": "registry.terraform.io/hashicorp/aws",
            "change": {
                "actions": ["delete"],
                "before": {"identifier": "books", "password": "hunter2"},
                "before_sensitive": {"password": True},
                "after": None,
            },
        }
    )
    return json.dumps(plan).encode()


async def test_what_is_lost_comes_first_and_nothing_secret_is_told(house):
    message = SubmitPlan(
        estate="staging-aws", commit=FIRST, base=FIRST, planfile=b"planfile",
        tool="terraform 1.15.5", plan=_with_a_database_gone(),
    )  # fmt: skip
    plan = await house.door.submit_plan(caller=house.author, message=message)
    read = await house.door.document(caller=house.approver, message=PlanOf(plan=plan.plan))
    assert [(one.verb, one.address, bool(one.loses)) for one in read.changes] == [
        ("destroyed", "aws_db_instance.books", True),
        ("created", "aws_s3_bucket.good", False),
    ]
    assert all(one.why and one.noun for one in read.changes)
    assert "hunter2" not in repr(read.changes)
    created = read.changes[1]
    assert {one.path: one.after for one in created.differences}["bucket"] == "good"

"""What an approval is bound to says the same of the same plan, however Terraform happens to write it."""

import json

import pytest

from tallystick.governance.model.plan_hash import plan_hash

LOOKED = [
    {"resource": "aws_vpc.this", "attribute": ["id"]},
    {"resource": "aws_kms_key.one", "attribute": ["arn"]},
]


def hashed(plan: object) -> str:
    """Hash a plan of one estate."""
    return plan_hash(plan=json.dumps(plan).encode(), estate="staging-aws", commit="0" * 40)


def test_the_order_in_which_terraform_looked_is_no_difference() -> None:
    assert hashed({"relevant_attributes": LOOKED}) == hashed({"relevant_attributes": LOOKED[::-1]})


@pytest.mark.parametrize(
    "other",
    [
        {"relevant_attributes": LOOKED[:1]},
        {"relevant_attributes": []},
        {},
        {"relevant_attributes": LOOKED, "resource_changes": [1]},
    ],
)
def test_what_it_looked_at_is_one(other: object) -> None:
    assert hashed(other) != hashed({"relevant_attributes": LOOKED})


def test_the_order_of_what_is_done_is_a_difference() -> None:
    assert hashed({"resource_changes": [1, 2]}) != hashed({"resource_changes": [2, 1]})

"""A plan of a cloud on a platform, for pages to show: a program hands it in, as one does in a pipeline."""

import base64
import json
from typing import Any

from tests.browser.house import House

COMMIT = "4c5f0f3a9d6be1d7a1f0a3c9d8e7b6a5f4e3d2c1"
AWS = "registry.terraform.io/hashicorp/aws"


def _change(
    address: str, actions: list[str], before: Any, after: Any, **more: Any
) -> dict[str, Any]:
    kind, _, name = address.rpartition(".")[0].rpartition(".")[2], "", address.rpartition(".")[2]
    return {
        "address": address, "mode": "managed", "type": kind, "name": name, "provider_name": AWS,
        "change": {"actions": actions, "before": before, "after": after, **more},
    }  # fmt: skip


def plan_of(environment: str) -> dict[str, Any]:
    """A plan that makes a key, opens a port, and puts another database in the place of one."""
    tags = {"service": "database", "environment": environment, "owner": "platform-team"}
    database = {
        "identifier": "books",
        "instance_class": "db.r8g.large",
        "multi_az": True,
        "tags": tags,
    }
    return {
        "format_version": "1.2",
        "terraform_version": "1.15.5",
        "variables": {"environment": {"value": environment}},
        "configuration": {"provider_config": {}},
        "resource_changes": [
            _change(
                "module.database.aws_db_instance.books", ["delete", "create"], database,
                {**database, "instance_class": "db.r8g.xlarge", "storage_encrypted": True},
                replace_paths=[["storage_encrypted"]], after_unknown={"arn": True, "kms_key_id": True},
            ),
            _change(
                "module.keys.aws_kms_key.record", ["create"], None,
                {"enable_key_rotation": True, "deletion_window_in_days": 30, "tags": tags},
                after_unknown={"arn": True, "policy": True},
            ),
            _change(
                "module.network.aws_security_group.services", ["update"],
                {"name": "services", "description": "the services", "tags": {}},
                {"name": "services", "description": "the services", "tags": tags},
            ),
        ],
    }  # fmt: skip


def handed_in(house: House, environment: str = "staging") -> str:
    """Hand a plan in by the key of the demonstration; answers its id."""
    body = {
        "estate": f"{environment}-aws", "commit": COMMIT, "base": COMMIT, "tool": "terraform 1.15.5",
        "providers": {AWS: "6.25.0"}, "planfile": base64.b64encode(b"a planfile").decode(),
        "plan": base64.b64encode(json.dumps(plan_of(environment)).encode()).decode(),
    }  # fmt: skip
    with house.running.client() as client:
        answer = client.post("/v1/cloud/plans", json=body)
        assert answer.is_success, answer.text
        return answer.json()["plan"]

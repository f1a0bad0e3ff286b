"""Who did it, by the clouds' own words: what a cloud vouches for, and never the name that somebody gave themselves."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tallystick.governance.adapters.live.aws import trails as aws
from tallystick.governance.adapters.live.azure import trails as azure
from tallystick.governance.adapters.live.gcp import trails as gcp
from tallystick.governance.model.drift.values import Event, Window
from tests.governance.drifting import rules

ACCOUNT = "123456789012"
ROLES = f"arn:aws:iam::{ACCOUNT}:role"
SESSIONS = f"arn:aws:sts::{ACCOUNT}:assumed-role"
AT = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


def _session(role: str, name: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "AssumedRole",
        "arn": f"{SESSIONS}/{role.rpartition('/')[2]}/{name}",
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": f"{ROLES}/{role}"}},
        **more,
    }


def _on_aws(identity: dict[str, Any], username: str = "") -> Event:
    record = json.dumps({"userIdentity": identity})
    return aws.event(
        {
            "EventName": "ModifyDBInstance",
            "EventTime": AT,
            "Username": username,
            "CloudTrailEvent": record,
        }
    )


SSO = "aws-reserved/sso.amazonaws.com/eu-central-1/AWSReservedSSO_Admin_0123"
SCALING = "aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
IDENTITIES = [
    ("a user", {"type": "IAMUser", "arn": "arn:user", "userName": "u"}, "arn:user", "", False),
    ("a role", _session("Dev", "mallory"), f"{ROLES}/Dev", "mallory", False),
    ("a service's name", _session("Dev", "rds.amazonaws.com"), f"{ROLES}/Dev",
     "rds.amazonaws.com", False),
    ("through a service", _session("Dev", "m", invokedBy="rds.amazonaws.com"), f"{ROLES}/Dev", "m",
     False),
    ("Identity Center", _session(SSO, "alice"), f"{SESSIONS}/AWSReservedSSO_Admin_0123/alice", "",
     False),
    ("a path that looks alike", _session(f"x/:role/{SCALING}", "m"), f"{ROLES}/x/:role/{SCALING}",
     "m", False),
    ("a linked role", _session(SCALING, "AutoScaling"), "autoscaling.amazonaws.com", "", True),
    ("a service", {"type": "AWSService", "invokedBy": "rds.amazonaws.com"}, "rds.amazonaws.com", "",
     True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("identity", "who", "alias", "is_service"),
    [one[1:] for one in IDENTITIES],
    ids=[one[0] for one in IDENTITIES],
)
def test_aws_vouches_for_arns_and_services_and_for_no_name_of_a_session(
    identity: dict[str, Any], who: str, alias: str, is_service: bool
) -> None:
    event = _on_aws(identity, username=alias)
    assert (event.who, event.alias, event.is_service) == (who, alias, is_service)


@pytest.mark.parametrize(
    "name", ["rds.amazonaws.com", "my-autoscaler", "AWSServiceRoleForAutoScaling"]
)
def test_nobody_forges_an_explanation_or_a_broken_glass_by_a_session(name: str) -> None:
    event = _on_aws(_session("Dev", name), username=name)
    naming = [each for each in rules() if each.services]
    assert naming, "rules that name services"
    assert not any(each.lets(event=event, at=event.at) for each in naming if not each.until)
    approved = next(each for each in naming if each.part == "approved")
    assert not approved.lets(event=event, at=event.at)
    assert approved.lets(
        event=_on_aws({"type": "AWSService", "invokedBy": "rds.amazonaws.com"}), at=event.at
    )
    glass = Window(who=name, opened=event.at - 1, closes=event.at + 1, reason="the disk is full")
    assert not glass.covers(event)


ROBOT = "service-1@container-engine-robot.iam.gserviceaccount.com"


@pytest.mark.parametrize(
    ("told", "alias", "is_service"),
    [
        ({"principalEmail": "m@example.com"}, "", False),
        ({"principalEmail": "my-autoscaler@ours.iam.gserviceaccount.com"}, "", False),
        ({"principalEmail": "service-1@ours.iam.gserviceaccount.com"}, "", False),
        ({"principalEmail": ROBOT}, "", True),
        (
            {
                "principalEmail": ROBOT,
                "serviceAccountDelegationInfo": [
                    {"firstPartyPrincipal": {"principalEmail": "m@example.com"}}
                ],
            },
            "m@example.com",
            False,
        ),
    ],
)
def test_google_vouches_for_its_agents_that_nobody_acts_as(
    told: dict[str, Any], alias: str, is_service: bool
) -> None:
    entry = {
        "timestamp": "2026-05-04T03:02:01Z",
        "protoPayload": {"authenticationInfo": told, "methodName": "SetNodePoolSize"},
    }
    event = gcp.event(entry, "ours")
    assert (event.who, event.alias, event.is_service) == (
        told["principalEmail"],
        alias,
        is_service,
    )
    rule = next(
        each for each in rules() if each.part == "autoscaler" and each.type.startswith("google_")
    )
    assert rule.lets(event=event, at=event.at) == is_service


AKS = "7319c514-987d-4e9b-ac3d-d38c4f427f4c"


@pytest.mark.parametrize(
    ("caller", "claims", "is_service"),
    [
        ("myAKS-autoscaler@example.com", {}, False),
        (AKS, {}, False),
        ("m@example.com", {"idtyp": "user", "appid": AKS}, False),
        ("an object", {"idtyp": "app", "appid": "another"}, False),
        ("an object", {"idtyp": "app", "appid": AKS}, True),
    ],
)
def test_azure_vouches_for_the_ids_of_microsofts_applications(
    caller: str, claims: dict[str, Any], is_service: bool
) -> None:
    event = azure.event(
        {"eventTimestamp": "2026-05-04T03:02:01Z", "caller": caller, "claims": claims}
    )
    assert event.is_service == is_service
    rule = next(
        each for each in rules() if each.part == "autoscaler" and each.type.startswith("azurerm_")
    )
    assert rule.lets(event=event, at=event.at) == is_service

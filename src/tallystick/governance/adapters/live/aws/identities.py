"""Roles and policies of IAM: who may do what."""

import json
from collections.abc import Iterable
from typing import Any, Final

from tallystick.governance.adapters.live.aws.ground import (
    Aws,
    Kind,
    Values,
    from_pairs,
    given,
    pairs,
    tags_seen,
    tags_to_write,
)


def _text(document: Any) -> str:
    """Give a policy as text: boto3 has read it already."""
    return document if isinstance(document, str) else json.dumps(document)


def _make_role(aws: Aws, values: Values) -> Values:
    made = aws.client("iam").create_role(
        RoleName=values["name"],
        AssumeRolePolicyDocument=values["assume_role_policy"],
        Tags=pairs(tags_to_write(values)),
        **given(
            Path=values.get("path"),
            Description=values.get("description"),
            MaxSessionDuration=values.get("max_session_duration"),
            PermissionsBoundary=values.get("permissions_boundary"),
        ),
    )["Role"]
    return {"id": made["RoleName"]}


def _see_role(aws: Aws, values: Values) -> Values | None:
    iam, name = aws.client("iam"), values["id"]
    role = iam.get_role(RoleName=name)["Role"]
    return {
        "id": name,
        "name": name,
        "arn": role["Arn"],
        "unique_id": role["RoleId"],
        "path": role["Path"],
        "description": role.get("Description"),
        "max_session_duration": role.get("MaxSessionDuration", 3600),
        "assume_role_policy": _text(role["AssumeRolePolicyDocument"]),
        "permissions_boundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        **tags_seen(values, from_pairs(role.get("Tags"))),
    }


def _change_role(aws: Aws, prior: Values, values: Values) -> None:
    iam, name = aws.client("iam"), values["id"]
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=values["assume_role_policy"])
    iam.update_role(
        RoleName=name,
        Description=values.get("description") or "",
        MaxSessionDuration=values.get("max_session_duration") or 3600,
    )
    boundary = values.get("permissions_boundary")
    if boundary:
        iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=boundary)
    elif prior.get("permissions_boundary"):
        iam.delete_role_permissions_boundary(RoleName=name)
    iam.tag_role(RoleName=name, Tags=pairs(tags_to_write(values, prior)))


def _all_roles(aws: Aws) -> Iterable[Values]:
    for each in aws.pages("iam", "list_roles", "Roles"):
        if not each["Path"].startswith("/aws-service-role/"):
            yield {"id": each["RoleName"]}


def _make_policy(aws: Aws, values: Values) -> Values:
    made = aws.client("iam").create_policy(
        PolicyName=values["name"],
        PolicyDocument=values["policy"],
        Tags=pairs(tags_to_write(values)),
        **given(Path=values.get("path"), Description=values.get("description")),
    )["Policy"]
    return {"id": made["Arn"]}


def _see_policy(aws: Aws, values: Values) -> Values | None:
    iam, arn = aws.client("iam"), values["id"]
    policy = iam.get_policy(PolicyArn=arn)["Policy"]
    version = iam.get_policy_version(PolicyArn=arn, VersionId=policy["DefaultVersionId"])
    return {
        "id": arn,
        "arn": arn,
        "name": policy["PolicyName"],
        "policy_id": policy["PolicyId"],
        "path": policy["Path"],
        "description": policy.get("Description"),
        "policy": _text(version["PolicyVersion"]["Document"]),
        **tags_seen(values, from_pairs(policy.get("Tags"))),
    }


def _change_policy(aws: Aws, _prior: Values, values: Values) -> None:
    """Put a new version first; AWS keeps five, so the oldest one that does not count goes before."""
    iam, arn = aws.client("iam"), values["id"]
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    old = sorted(
        (each["CreateDate"], each["VersionId"]) for each in versions if not each["IsDefaultVersion"]
    )
    if len(versions) >= 5:
        iam.delete_policy_version(PolicyArn=arn, VersionId=old[0][1])
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=values["policy"], SetAsDefault=True)


def _drop_policy(aws: Aws, values: Values) -> None:
    iam, arn = aws.client("iam"), values["id"]
    for each in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
        if not each["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=arn, VersionId=each["VersionId"])
    iam.delete_policy(PolicyArn=arn)


def _all_policies(aws: Aws) -> Iterable[Values]:
    listed = aws.pages("iam", "list_policies", "Policies", Scope="Local")
    return ({"id": each["Arn"]} for each in listed)


def _put_role_policy(aws: Aws, values: Values) -> Values:
    aws.client("iam").put_role_policy(
        RoleName=values["role"], PolicyName=values["name"], PolicyDocument=values["policy"]
    )
    return {"id": f"{values['role']}:{values['name']}"}


def _see_role_policy(aws: Aws, values: Values) -> Values | None:
    role, name = values["id"].split(":", 1)
    seen = aws.client("iam").get_role_policy(RoleName=role, PolicyName=name)
    return {
        "id": values["id"],
        "role": role,
        "name": name,
        "policy": _text(seen["PolicyDocument"]),
    }


def _drop_role_policy(aws: Aws, values: Values) -> None:
    role, name = values["id"].split(":", 1)
    aws.client("iam").delete_role_policy(RoleName=role, PolicyName=name)


def _all_role_policies(aws: Aws) -> Iterable[Values]:
    for role in _all_roles(aws):
        for name in aws.pages("iam", "list_role_policies", "PolicyNames", RoleName=role["id"]):
            yield {"id": f"{role['id']}:{name}"}


def _attach(aws: Aws, values: Values) -> Values:
    role, arn = values["role"], values["policy_arn"]
    aws.client("iam").attach_role_policy(RoleName=role, PolicyArn=arn)
    return {"id": f"{role}/{arn}"}


def _attached(aws: Aws, role: str) -> list[str]:
    listed = aws.pages("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=role)
    return [each["PolicyArn"] for each in listed]


def _see_attachment(aws: Aws, values: Values) -> Values | None:
    role, arn = values["id"].split("/", 1)
    if arn not in _attached(aws, role):
        return None
    return {"id": values["id"], "role": role, "policy_arn": arn}


def _detach(aws: Aws, values: Values) -> None:
    role, arn = values["id"].split("/", 1)
    aws.client("iam").detach_role_policy(RoleName=role, PolicyArn=arn)


def _all_attachments(aws: Aws) -> Iterable[Values]:
    for role in _all_roles(aws):
        for arn in _attached(aws, role["id"]):
            yield {"id": f"{role['id']}/{arn}"}


def _see_user(aws: Aws, values: Values) -> Values | None:
    user = aws.client("iam").get_user(UserName=values["id"])["User"]
    return {
        "id": user["UserName"],
        "name": user["UserName"],
        "arn": user["Arn"],
        "unique_id": user["UserId"],
        "path": user["Path"],
        **tags_seen(values, from_pairs(user.get("Tags"))),
    }


def _make_user(aws: Aws, values: Values) -> Values:
    aws.client("iam").create_user(
        UserName=values["name"],
        Tags=pairs(tags_to_write(values)),
        **given(Path=values.get("path"), PermissionsBoundary=values.get("permissions_boundary")),
    )
    return {"id": values["name"]}


def _all_users(aws: Aws) -> Iterable[Values]:
    return ({"id": each["UserName"]} for each in aws.pages("iam", "list_users", "Users"))


KINDS: Final[dict[str, Kind]] = {
    "aws_iam_role": Kind(
        make=_make_role,
        see=_see_role,
        change=_change_role,
        drop=lambda aws, values: aws.client("iam").delete_role(RoleName=values["id"]),
        all=_all_roles,
        defaults={"path": "/", "max_session_duration": 3600},
    ),
    "aws_iam_policy": Kind(
        make=_make_policy,
        see=_see_policy,
        change=_change_policy,
        drop=_drop_policy,
        all=_all_policies,
        defaults={"path": "/"},
    ),
    "aws_iam_role_policy": Kind(
        make=_put_role_policy,
        see=_see_role_policy,
        change=lambda aws, _prior, values: _put_role_policy(aws, values),
        drop=_drop_role_policy,
        all=_all_role_policies,
    ),
    "aws_iam_role_policy_attachment": Kind(
        make=_attach, see=_see_attachment, drop=_detach, all=_all_attachments
    ),
    "aws_iam_user": Kind(
        make=_make_user,
        see=_see_user,
        drop=lambda aws, values: aws.client("iam").delete_user(UserName=values["id"]),
        all=_all_users,
        defaults={"path": "/"},
    ),
}

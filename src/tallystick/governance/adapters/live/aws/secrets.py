"""Secrets of Secrets Manager and how they are rotated; their values are never read here."""

from collections.abc import Iterable
from typing import Final

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
from tallystick.governance.adapters.live.aws.shapes import One, Shape, from_api, to_api


def _make(aws: Aws, values: Values) -> Values:
    client = aws.client("secretsmanager")
    made = client.create_secret(
        Name=values["name"],
        Tags=pairs(tags_to_write(values)),
        **given(Description=values.get("description"), KmsKeyId=values.get("kms_key_id")),
    )["ARN"]
    if values.get("policy"):
        client.put_resource_policy(SecretId=made, ResourcePolicy=values["policy"])
    return {"id": made}


def _see(aws: Aws, values: Values) -> Values | None:
    client = aws.client("secretsmanager")
    seen = client.describe_secret(SecretId=values["id"])
    if seen.get("DeletedDate"):
        return None
    policy = client.get_resource_policy(SecretId=values["id"]).get("ResourcePolicy")
    return {
        "id": seen["ARN"],
        "arn": seen["ARN"],
        "name": seen["Name"],
        "description": seen.get("Description"),
        "kms_key_id": seen.get("KmsKeyId"),
        "policy": policy,
        **tags_seen(values, from_pairs(seen.get("Tags"))),
    }


def _change(aws: Aws, prior: Values, values: Values) -> None:
    client, secret = aws.client("secretsmanager"), values["id"]
    client.update_secret(
        SecretId=secret,
        Description=values.get("description") or "",
        **given(KmsKeyId=values.get("kms_key_id")),
    )
    if values.get("policy"):
        client.put_resource_policy(SecretId=secret, ResourcePolicy=values["policy"])
    elif prior.get("policy"):
        client.delete_resource_policy(SecretId=secret)
    tags = tags_to_write(values, prior)
    gone = [name for name in prior.get("tags_all") or {} if name not in tags]
    if gone:
        client.untag_resource(SecretId=secret, TagKeys=gone)
    if tags:
        client.tag_resource(SecretId=secret, Tags=pairs(tags))


def _drop(aws: Aws, values: Values) -> None:
    days = values.get("recovery_window_in_days")
    window = (
        {"ForceDeleteWithoutRecovery": True} if days == 0 else {"RecoveryWindowInDays": days or 30}
    )
    aws.client("secretsmanager").delete_secret(SecretId=values["id"], **window)


def _all(aws: Aws) -> Iterable[Values]:
    """Give all but those that a service of AWS keeps for itself, as RDS does a database's password."""
    for each in aws.pages("secretsmanager", "list_secrets", "SecretList"):
        if not each.get("OwningService"):
            yield {"id": each["ARN"]}


_RULES: Final[Shape] = {
    "rotation_rules": One(
        "RotationRules",
        {
            "automatically_after_days": "AutomaticallyAfterDays",
            "duration": "Duration",
            "schedule_expression": "ScheduleExpression",
        },
    )
}


def _rotate(aws: Aws, values: Values) -> Values:
    aws.client("secretsmanager").rotate_secret(
        SecretId=values["secret_id"],
        RotateImmediately=values.get("rotate_immediately") is not False,
        **given(RotationLambdaARN=values.get("rotation_lambda_arn")),
        **to_api(_RULES, values),
    )
    return {"id": values["secret_id"]}


def _see_rotation(aws: Aws, values: Values) -> Values | None:
    seen = aws.client("secretsmanager").describe_secret(SecretId=values["id"])
    if not seen.get("RotationEnabled"):
        return None
    return {
        "id": values["id"],
        "secret_id": values["id"],
        "rotation_enabled": True,
        "rotation_lambda_arn": seen.get("RotationLambdaARN"),
        **from_api(_RULES, seen),
    }


KINDS: Final[dict[str, Kind]] = {
    "aws_secretsmanager_secret": Kind(make=_make, see=_see, change=_change, drop=_drop, all=_all),
    "aws_secretsmanager_secret_rotation": Kind(
        make=_rotate,
        see=_see_rotation,
        change=lambda aws, _prior, values: _rotate(aws, values),
        drop=lambda aws, values: aws.client("secretsmanager").cancel_rotate_secret(
            SecretId=values["id"]
        ),
        all=_all,
    ),
}

"""Keys of KMS and their names."""

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


def _make_key(aws: Aws, values: Values) -> Values:
    kms = aws.client("kms")
    made = kms.create_key(
        Tags=pairs(tags_to_write(values), key="TagKey", value="TagValue"),
        **given(
            Description=values.get("description"),
            KeyUsage=values.get("key_usage"),
            KeySpec=values.get("customer_master_key_spec"),
            Policy=values.get("policy"),
            MultiRegion=values.get("multi_region"),
        ),
    )["KeyMetadata"]
    identity = {"id": made["KeyId"], "key_id": made["KeyId"], "arn": made["Arn"]}
    _rotate(kms, {**values, **identity})
    if values.get("is_enabled") is False:
        kms.disable_key(KeyId=made["KeyId"])
    return identity


def _rotate(kms: Any, values: Values) -> None:
    if values.get("enable_key_rotation"):
        days = given(RotationPeriodInDays=values.get("rotation_period_in_days"))
        kms.enable_key_rotation(KeyId=values["id"], **days)
    else:
        kms.disable_key_rotation(KeyId=values["id"])


def _see_key(aws: Aws, values: Values) -> Values | None:
    kms, key = aws.client("kms"), values["id"]
    seen = kms.describe_key(KeyId=key)["KeyMetadata"]
    if seen["KeyState"] in ("PendingDeletion", "PendingReplicaDeletion"):
        return None
    rotation = kms.get_key_rotation_status(KeyId=key)
    policy = kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
    tags = from_pairs(kms.list_resource_tags(KeyId=key)["Tags"], key="TagKey", value="TagValue")
    return {
        "id": seen["KeyId"],
        "key_id": seen["KeyId"],
        "arn": seen["Arn"],
        "description": seen.get("Description"),
        "key_usage": seen.get("KeyUsage"),
        "customer_master_key_spec": seen.get("KeySpec"),
        "is_enabled": seen["Enabled"],
        "enable_key_rotation": rotation["KeyRotationEnabled"],
        **given(rotation_period_in_days=rotation.get("RotationPeriodInDays")),
        "multi_region": seen.get("MultiRegion", False),
        "policy": None if values.get("policy") is None and _is_first(policy) else policy,
        **tags_seen(values, tags),
    }


def _is_first(policy: str) -> bool:
    """Tell whether this is the policy that KMS gives a key made without one."""
    return '"Enable IAM User Permissions"' in policy and policy.count('"Effect"') == 1


def _change_key(aws: Aws, prior: Values, values: Values) -> None:
    kms, key = aws.client("kms"), values["id"]
    if values.get("description") != prior.get("description"):
        kms.update_key_description(KeyId=key, Description=values.get("description") or "")
    if values.get("is_enabled") is False:
        kms.disable_key(KeyId=key)
    elif prior.get("is_enabled") is False:
        kms.enable_key(KeyId=key)
    if values.get("policy") and values["policy"] != prior.get("policy"):
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=values["policy"])
    _rotate(kms, values)
    tags = tags_to_write(values, prior)
    gone = [name for name in prior.get("tags_all") or {} if name not in tags]
    kms.tag_resource(KeyId=key, Tags=pairs(tags, key="TagKey", value="TagValue"))
    if gone:
        kms.untag_resource(KeyId=key, TagKeys=gone)


def _drop_key(aws: Aws, values: Values) -> None:
    days = values.get("deletion_window_in_days") or 30
    aws.client("kms").schedule_key_deletion(KeyId=values["id"], PendingWindowInDays=days)


def _all_keys(aws: Aws) -> Iterable[Values]:
    kms = aws.client("kms")
    for each in aws.pages("kms", "list_keys", "Keys"):
        if kms.describe_key(KeyId=each["KeyId"])["KeyMetadata"]["KeyManager"] == "CUSTOMER":
            yield {"id": each["KeyId"]}


def _make_alias(aws: Aws, values: Values) -> Values:
    aws.client("kms").create_alias(AliasName=values["name"], TargetKeyId=values["target_key_id"])
    return {"id": values["name"]}


def _see_alias(aws: Aws, values: Values) -> Values | None:
    for each in aws.pages("kms", "list_aliases", "Aliases"):
        if each["AliasName"] == values["id"]:
            key = each["TargetKeyId"]
            arn = aws.client("kms").describe_key(KeyId=key)["KeyMetadata"]["Arn"]
            written = values.get("target_key_id")
            return {
                "id": each["AliasName"],
                "name": each["AliasName"],
                "arn": each["AliasArn"],
                "target_key_id": written if written in (key, arn) else key,
                "target_key_arn": arn,
            }
    return None


def _change_alias(aws: Aws, _prior: Values, values: Values) -> None:
    aws.client("kms").update_alias(AliasName=values["name"], TargetKeyId=values["target_key_id"])


def _all_aliases(aws: Aws) -> Iterable[Values]:
    for each in aws.pages("kms", "list_aliases", "Aliases"):
        if "TargetKeyId" in each and not each["AliasName"].startswith("alias/aws/"):
            yield {"id": each["AliasName"]}


KINDS: Final[dict[str, Kind]] = {
    "aws_kms_key": Kind(
        make=_make_key,
        see=_see_key,
        change=_change_key,
        drop=_drop_key,
        all=_all_keys,
        defaults={
            "key_usage": "ENCRYPT_DECRYPT",
            "customer_master_key_spec": "SYMMETRIC_DEFAULT",
            "is_enabled": True,
            "enable_key_rotation": False,
            "rotation_period_in_days": 365,
            "multi_region": False,
        },
    ),
    "aws_kms_alias": Kind(
        make=_make_alias,
        see=_see_alias,
        change=_change_alias,
        drop=lambda aws, values: aws.client("kms").delete_alias(AliasName=values["id"]),
        all=_all_aliases,
    ),
}

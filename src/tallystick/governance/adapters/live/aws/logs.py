"""What is written down: trails of CloudTrail, log groups of CloudWatch."""

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

_TRAIL: Final = {
    "s3_bucket_name": "S3BucketName",
    "s3_key_prefix": "S3KeyPrefix",
    "sns_topic_name": "SnsTopicName",
    "include_global_service_events": "IncludeGlobalServiceEvents",
    "is_multi_region_trail": "IsMultiRegionTrail",
    "enable_log_file_validation": "EnableLogFileValidation",
    "cloud_watch_logs_group_arn": "CloudWatchLogsLogGroupArn",
    "cloud_watch_logs_role_arn": "CloudWatchLogsRoleArn",
    "kms_key_id": "KmsKeyId",
    "is_organization_trail": "IsOrganizationTrail",
}


def _trail_body(values: Values) -> Values:
    return given(**{member: values.get(name) for name, member in _TRAIL.items()})


def _make_trail(aws: Aws, values: Values) -> Values:
    client = aws.client("cloudtrail")
    tags = pairs(tags_to_write(values))
    made = client.create_trail(Name=values["name"], TagsList=tags, **_trail_body(values))
    if values.get("enable_logging") is not False:
        client.start_logging(Name=values["name"])
    return {"id": made["TrailARN"]}


def _see_trail(aws: Aws, values: Values) -> Values | None:
    client = aws.client("cloudtrail")
    trail = client.get_trail(Name=values["id"])["Trail"]
    tags = client.list_tags(ResourceIdList=[trail["TrailARN"]])["ResourceTagList"]
    told = {name: trail.get(member) for name, member in _TRAIL.items()}
    return {
        **told,
        "enable_log_file_validation": trail.get("LogFileValidationEnabled", False),
        "id": trail["TrailARN"],
        "arn": trail["TrailARN"],
        "name": trail["Name"],
        "home_region": trail.get("HomeRegion"),
        "enable_logging": client.get_trail_status(Name=trail["TrailARN"])["IsLogging"],
        **tags_seen(values, from_pairs(tags[0]["TagsList"] if tags else ())),
    }


def _change_trail(aws: Aws, prior: Values, values: Values) -> None:
    client, name = aws.client("cloudtrail"), values["name"]
    client.update_trail(Name=name, **_trail_body(values))
    if values.get("enable_logging") is False:
        client.stop_logging(Name=name)
    else:
        client.start_logging(Name=name)
    tags = tags_to_write(values, prior)
    if tags:
        client.add_tags(ResourceId=values["id"], TagsList=pairs(tags))


def _all_trails(aws: Aws) -> Iterable[Values]:
    trails = aws.client("cloudtrail").describe_trails(includeShadowTrails=False)["trailList"]
    return ({"id": each["TrailARN"]} for each in trails)


def _make_group(aws: Aws, values: Values) -> Values:
    client, name = aws.client("logs"), values["name"]
    client.create_log_group(
        logGroupName=name,
        tags=tags_to_write(values),
        **given(kmsKeyId=values.get("kms_key_id"), logGroupClass=values.get("log_group_class")),
    )
    _keep(client, name, values)
    return {"id": name}


def _keep(client: Any, name: str, values: Values) -> None:
    if values.get("retention_in_days"):
        client.put_retention_policy(logGroupName=name, retentionInDays=values["retention_in_days"])
    else:
        client.delete_retention_policy(logGroupName=name)


def _see_group(aws: Aws, values: Values) -> Values | None:
    client, name = aws.client("logs"), values["id"]
    listed = client.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    for each in listed:
        if each["logGroupName"] == name:
            arn = each["arn"].removesuffix(":*")
            tags = client.list_tags_log_group(logGroupName=name)["tags"]
            return {
                "id": name,
                "name": name,
                "arn": arn,
                "kms_key_id": each.get("kmsKeyId"),
                "retention_in_days": each.get("retentionInDays", 0),
                "log_group_class": each.get("logGroupClass") or "STANDARD",
                **tags_seen(values, tags),
            }
    return None


def _change_group(aws: Aws, prior: Values, values: Values) -> None:
    client, name = aws.client("logs"), values["id"]
    _keep(client, name, values)
    key = values.get("kms_key_id")
    if key and key != prior.get("kms_key_id"):
        client.associate_kms_key(logGroupName=name, kmsKeyId=key)
    elif prior.get("kms_key_id") and not key:
        client.disassociate_kms_key(logGroupName=name)
    tags = tags_to_write(values, prior)
    if tags:
        client.tag_log_group(logGroupName=name, tags=tags)


def _all_groups(aws: Aws) -> Iterable[Values]:
    listed = aws.pages("logs", "describe_log_groups", "logGroups")
    return ({"id": each["logGroupName"]} for each in listed)


KINDS: Final[dict[str, Kind]] = {
    "aws_cloudtrail": Kind(
        make=_make_trail,
        see=_see_trail,
        change=_change_trail,
        drop=lambda aws, values: aws.client("cloudtrail").delete_trail(Name=values["name"]),
        all=_all_trails,
        defaults={
            "enable_logging": True,
            "enable_log_file_validation": False,
            "include_global_service_events": True,
            "is_multi_region_trail": False,
            "is_organization_trail": False,
        },
    ),
    "aws_cloudwatch_log_group": Kind(
        make=_make_group,
        see=_see_group,
        change=_change_group,
        drop=lambda aws, values: aws.client("logs").delete_log_group(logGroupName=values["id"]),
        all=_all_groups,
        defaults={"retention_in_days": 0, "log_group_class": "STANDARD"},
    ),
}

"""Databases of RDS, their parameters and the subnets they stand in."""

from collections.abc import Callable, Iterable, Mapping
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
from tallystick.governance.adapters.live.aws.shapes import Many, Shape, from_api, to_api


def _retag(aws: Aws, prior: Values, values: Values) -> None:
    rds, tags = aws.client("rds"), tags_to_write(values, prior)
    gone = [name for name in prior.get("tags_all") or {} if name not in tags]
    if gone:
        rds.remove_tags_from_resource(ResourceName=values["arn"], TagKeys=gone)
    if tags:
        rds.add_tags_to_resource(ResourceName=values["arn"], Tags=pairs(tags))


def _tags(aws: Aws, values: Values, arn: str) -> Values:
    listed = aws.client("rds").list_tags_for_resource(ResourceName=arn)["TagList"]
    return tags_seen(values, from_pairs(listed))


def _lister(verb: str, member: str, key: str) -> Callable[[Aws], Iterable[Values]]:
    return lambda aws: ({"id": each[key]} for each in aws.pages("rds", verb, member))


def _all_parameter_groups(aws: Aws) -> Iterable[Values]:
    """Give all but the ones that RDS makes for whoever names none."""
    for each in aws.pages("rds", "describe_db_parameter_groups", "DBParameterGroups"):
        if not each["DBParameterGroupName"].startswith("default."):
            yield {"id": each["DBParameterGroupName"]}


def _make_subnet_group(aws: Aws, values: Values) -> Values:
    aws.client("rds").create_db_subnet_group(
        DBSubnetGroupName=values["name"],
        DBSubnetGroupDescription=values.get("description") or "Managed by Terraform",
        SubnetIds=values["subnet_ids"],
        Tags=pairs(tags_to_write(values)),
    )
    return {"id": values["name"]}


def _see_subnet_group(aws: Aws, values: Values) -> Values | None:
    asked = aws.client("rds").describe_db_subnet_groups(DBSubnetGroupName=values["id"])
    group = asked["DBSubnetGroups"][0]
    return {
        "id": group["DBSubnetGroupName"],
        "name": group["DBSubnetGroupName"],
        "arn": group["DBSubnetGroupArn"],
        "description": group["DBSubnetGroupDescription"],
        "subnet_ids": sorted(each["SubnetIdentifier"] for each in group["Subnets"]),
        "vpc_id": group.get("VpcId"),
        **_tags(aws, values, group["DBSubnetGroupArn"]),
    }


def _change_subnet_group(aws: Aws, prior: Values, values: Values) -> None:
    aws.client("rds").modify_db_subnet_group(
        DBSubnetGroupName=values["id"],
        SubnetIds=values["subnet_ids"],
        **given(DBSubnetGroupDescription=values.get("description")),
    )
    _retag(aws, prior, values)


_PARAMETER: Final[Shape] = {
    "name": "ParameterName",
    "value": "ParameterValue",
    "apply_method": "ApplyMethod",
}


def _make_parameter_group(aws: Aws, values: Values) -> Values:
    rds, name = aws.client("rds"), values["name"]
    rds.create_db_parameter_group(
        DBParameterGroupName=name,
        DBParameterGroupFamily=values["family"],
        Description=values.get("description") or "Managed by Terraform",
        Tags=pairs(tags_to_write(values)),
    )
    _put_parameters(rds, name, values)
    return {"id": name}


def _put_parameters(rds: Any, name: str, values: Values) -> None:
    parameters = [
        {"ApplyMethod": "immediate", **to_api(_PARAMETER, each)}
        for each in values.get("parameter") or ()
    ]
    for first in range(0, len(parameters), 20):  # RDS takes twenty at once
        rds.modify_db_parameter_group(
            DBParameterGroupName=name, Parameters=parameters[first : first + 20]
        )


def _see_parameter_group(aws: Aws, values: Values) -> Values | None:
    rds, name = aws.client("rds"), values["id"]
    group = rds.describe_db_parameter_groups(DBParameterGroupName=name)["DBParameterGroups"][0]
    listed = list(
        aws.pages("rds", "describe_db_parameters", "Parameters", DBParameterGroupName=name)
    )
    mine = [each for each in listed if each.get("Source", "user") == "user"]
    return {
        "id": name,
        "name": name,
        "arn": group["DBParameterGroupArn"],
        "family": group["DBParameterGroupFamily"],
        "description": group["Description"],
        "parameter": from_api({"parameter": Many("mine", _PARAMETER)}, {"mine": mine})["parameter"],
        **_tags(aws, values, group["DBParameterGroupArn"]),
    }


def _change_parameter_group(aws: Aws, prior: Values, values: Values) -> None:
    rds = aws.client("rds")
    kept = {each["name"] for each in values.get("parameter") or ()}
    gone = [each for each in prior.get("parameter") or () if each["name"] not in kept]
    if gone:
        rds.reset_db_parameter_group(
            DBParameterGroupName=values["id"],
            Parameters=[{"ApplyMethod": "immediate", **to_api(_PARAMETER, each)} for each in gone],
        )
    _put_parameters(rds, values["id"], values)
    _retag(aws, prior, values)


_MADE: Final[Shape] = {
    "identifier": "DBInstanceIdentifier",
    "engine": "Engine",
    "db_name": "DBName",
    "username": "MasterUsername",
    "storage_encrypted": "StorageEncrypted",
    "kms_key_id": "KmsKeyId",
    "availability_zone": "AvailabilityZone",
    "db_subnet_group_name": "DBSubnetGroupName",
    "port": "Port",
    "manage_master_user_password": "ManageMasterUserPassword",
    "master_user_secret_kms_key_id": "MasterUserSecretKmsKeyId",
}
_CHANGED: Final[Shape] = {
    "instance_class": "DBInstanceClass",
    "engine_version": "EngineVersion",
    "allocated_storage": "AllocatedStorage",
    "max_allocated_storage": "MaxAllocatedStorage",
    "backup_retention_period": "BackupRetentionPeriod",
    "backup_window": "PreferredBackupWindow",
    "maintenance_window": "PreferredMaintenanceWindow",
    "auto_minor_version_upgrade": "AutoMinorVersionUpgrade",
    "copy_tags_to_snapshot": "CopyTagsToSnapshot",
    "deletion_protection": "DeletionProtection",
    "multi_az": "MultiAZ",
    "publicly_accessible": "PubliclyAccessible",
    "storage_type": "StorageType",
    "iops": "Iops",
    "vpc_security_group_ids": "VpcSecurityGroupIds",
    "parameter_group_name": "DBParameterGroupName",
    "option_group_name": "OptionGroupName",
    "ca_cert_identifier": "CACertificateIdentifier",
    "iam_database_authentication_enabled": "EnableIAMDatabaseAuthentication",
    "monitoring_interval": "MonitoringInterval",
    "monitoring_role_arn": "MonitoringRoleArn",
    "performance_insights_enabled": "EnablePerformanceInsights",
    "performance_insights_kms_key_id": "PerformanceInsightsKMSKeyId",
    "password": "MasterUserPassword",
}
_NEVER_TOLD: Final = frozenset({"password", "manage_master_user_password"})
_OPTIONAL: Final = (
    "max_allocated_storage",
    "iops",
    "monitoring_role_arn",
    "performance_insights_enabled",
    "performance_insights_kms_key_id",
    "master_user_secret_kms_key_id",
)


def _make_instance(aws: Aws, values: Values) -> Values:
    rds, name = aws.client("rds"), values["identifier"]
    source = values.get("replicate_source_db")
    body = to_api({**_MADE, **_CHANGED}, values)
    body |= {"Tags": pairs(tags_to_write(values))}
    body |= given(EnableCloudwatchLogsExports=values.get("enabled_cloudwatch_logs_exports"))
    if not source:
        rds.create_db_instance(**body)
        return {"id": name, "identifier": name}
    inherited = ("Engine", "EngineVersion", "MasterUsername", "MasterUserPassword", "DBName")
    for each in (*inherited, "AllocatedStorage", "StorageEncrypted", "BackupRetentionPeriod"):
        body.pop(each, None)
    rds.create_db_instance_read_replica(SourceDBInstanceIdentifier=source, **body)
    return {"id": name, "identifier": name}


def _see_instance(aws: Aws, values: Values) -> Values | None:
    rds, name = aws.client("rds"), values.get("identifier") or values["id"]
    seen = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
    if seen["DBInstanceStatus"] == "deleting":
        return None
    flat = {
        **seen,
        "VpcSecurityGroupIds": [
            each["VpcSecurityGroupId"] for each in seen.get("VpcSecurityGroups", ())
        ],
        "DBSubnetGroupName": seen.get("DBSubnetGroup", {}).get("DBSubnetGroupName"),
        "EnableIAMDatabaseAuthentication": seen.get("IAMDatabaseAuthenticationEnabled", False),
        "EnablePerformanceInsights": seen.get("PerformanceInsightsEnabled"),
        "DBParameterGroupName": _first(seen.get("DBParameterGroups"), "DBParameterGroupName"),
        "OptionGroupName": _first(seen.get("OptionGroupMemberships"), "OptionGroupName"),
        "Port": seen.get("Endpoint", {}).get("Port"),
        "MasterUserSecretKmsKeyId": seen.get("MasterUserSecret", {}).get("KmsKeyId"),
    }
    told = {
        key: each
        for key, each in from_api({**_MADE, **_CHANGED}, flat).items()
        if key not in _NEVER_TOLD and not (key in _OPTIONAL and each is None)
    }
    return {
        **told,
        "id": seen["DBInstanceIdentifier"],
        "arn": seen["DBInstanceArn"],
        "address": seen.get("Endpoint", {}).get("Address"),
        "endpoint": _endpoint(seen.get("Endpoint")),
        "resource_id": seen.get("DbiResourceId"),
        "engine_version_actual": seen.get("EngineVersion"),
        "engine_version": _version(values.get("engine_version"), seen.get("EngineVersion")),
        "status": seen.get("DBInstanceStatus"),
        "replicate_source_db": seen.get("ReadReplicaSourceDBInstanceIdentifier"),
        "enabled_cloudwatch_logs_exports": seen.get("EnabledCloudwatchLogsExports") or [],
        **_tags(aws, values, seen["DBInstanceArn"]),
    }


def _first(members: list[Values] | None, key: str) -> Any:
    return members[0].get(key) if members else None


def _endpoint(endpoint: Mapping[str, Any] | None) -> str | None:
    return f"{endpoint['Address']}:{endpoint['Port']}" if endpoint else None


def _version(written: str | None, live: str | None) -> str | None:
    """Give what was written where it is the beginning of what runs: "16" asks for the newest 16."""
    return written if written and live and f"{live}.".startswith(f"{written}.") else live


def _change_instance(aws: Aws, prior: Values, values: Values) -> None:
    rds = aws.client("rds")
    shape = {key: to for key, to in _CHANGED.items() if values.get(key) != prior.get(key)}
    exports = set(values.get("enabled_cloudwatch_logs_exports") or ())
    before = set(prior.get("enabled_cloudwatch_logs_exports") or ())
    body = to_api(shape, values)
    if exports != before:
        body["CloudwatchLogsExportConfiguration"] = {
            "EnableLogTypes": sorted(exports - before),
            "DisableLogTypes": sorted(before - exports),
        }
    if body:
        rds.modify_db_instance(
            DBInstanceIdentifier=values["identifier"],
            ApplyImmediately=bool(values.get("apply_immediately")),
            **body,
        )
    _retag(aws, prior, values)


def _drop_instance(aws: Aws, values: Values) -> None:
    final = values.get("final_snapshot_identifier")
    skip = bool(values.get("skip_final_snapshot"))
    aws.client("rds").delete_db_instance(
        DBInstanceIdentifier=values["identifier"],
        SkipFinalSnapshot=skip,
        **given(FinalDBSnapshotIdentifier=None if skip else final),
    )


KINDS: Final[dict[str, Kind]] = {
    "aws_db_subnet_group": Kind(
        make=_make_subnet_group,
        see=_see_subnet_group,
        change=_change_subnet_group,
        drop=lambda aws, values: aws.client("rds").delete_db_subnet_group(
            DBSubnetGroupName=values["id"]
        ),
        all=_lister("describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"),
        defaults={"description": "Managed by Terraform"},
    ),
    "aws_db_parameter_group": Kind(
        make=_make_parameter_group,
        see=_see_parameter_group,
        change=_change_parameter_group,
        drop=lambda aws, values: aws.client("rds").delete_db_parameter_group(
            DBParameterGroupName=values["id"]
        ),
        all=_all_parameter_groups,
        defaults={"description": "Managed by Terraform", "parameter.apply_method": "immediate"},
    ),
    "aws_db_instance": Kind(
        make=_make_instance,
        see=_see_instance,
        change=_change_instance,
        drop=_drop_instance,
        all=_lister("describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
        defaults={
            "storage_encrypted": False,
            "multi_az": False,
            "publicly_accessible": False,
            "deletion_protection": False,
            "copy_tags_to_snapshot": False,
            "auto_minor_version_upgrade": True,
            "iam_database_authentication_enabled": False,
            "monitoring_interval": 0,
            "performance_insights_enabled": False,
            "backup_retention_period": 0,
        },
    ),
}

"""Networks of EC2: what may reach what."""

from collections.abc import Callable, Iterable
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


def _tagged(kind: str, values: Values) -> list[dict[str, Any]]:
    tags = tags_to_write(values)
    return [{"ResourceType": kind, "Tags": pairs(tags)}] if tags else []


def _retag(aws: Aws, prior: Values, values: Values) -> None:
    ec2, tags = aws.client("ec2"), tags_to_write(values, prior)
    gone = [{"Key": name} for name in prior.get("tags_all") or {} if name not in tags]
    if gone:
        ec2.delete_tags(Resources=[values["id"]], Tags=gone)
    if tags:
        ec2.create_tags(Resources=[values["id"]], Tags=pairs(tags))


def _arn(aws: Aws, kind: str, name: str) -> str:
    return f"arn:aws:ec2:{aws.region}:{aws.account}:{kind}/{name}"


def _lister(verb: str, member: str, key: str) -> Callable[[Aws], Iterable[Values]]:
    return lambda aws: ({"id": each[key]} for each in aws.pages("ec2", verb, member))


def _make_vpc(aws: Aws, values: Values) -> Values:
    ec2 = aws.client("ec2")
    made = ec2.create_vpc(
        TagSpecifications=_tagged("vpc", values),
        **given(
            CidrBlock=values["cidr_block"],
            InstanceTenancy=values.get("instance_tenancy"),
        ),
    )["Vpc"]["VpcId"]
    _dns(ec2, {**values, "id": made})
    return {"id": made}


def _dns(ec2: Any, values: Values) -> None:
    for attribute, member in (
        ("enable_dns_support", "EnableDnsSupport"),
        ("enable_dns_hostnames", "EnableDnsHostnames"),
    ):
        if values.get(attribute) is not None:
            wanted = {member: {"Value": values[attribute]}}
            ec2.modify_vpc_attribute(VpcId=values["id"], **wanted)


def _see_vpc(aws: Aws, values: Values) -> Values | None:
    ec2, name = aws.client("ec2"), values["id"]
    vpc = ec2.describe_vpcs(VpcIds=[name])["Vpcs"][0]
    support = ec2.describe_vpc_attribute(VpcId=name, Attribute="enableDnsSupport")
    names = ec2.describe_vpc_attribute(VpcId=name, Attribute="enableDnsHostnames")
    groups = ec2.describe_security_groups(
        Filters=[
            {"Name": "vpc-id", "Values": [name]},
            {"Name": "group-name", "Values": ["default"]},
        ]
    )["SecurityGroups"]
    return {
        "id": name,
        "arn": _arn(aws, "vpc", name),
        "cidr_block": vpc["CidrBlock"],
        "instance_tenancy": vpc.get("InstanceTenancy"),
        "enable_dns_support": support["EnableDnsSupport"]["Value"],
        "enable_dns_hostnames": names["EnableDnsHostnames"]["Value"],
        "owner_id": vpc.get("OwnerId"),
        "default_security_group_id": groups[0]["GroupId"] if groups else None,
        **tags_seen(values, from_pairs(vpc.get("Tags"))),
    }


def _change_vpc(aws: Aws, prior: Values, values: Values) -> None:
    _dns(aws.client("ec2"), values)
    _retag(aws, prior, values)


def _all_vpcs(aws: Aws) -> Iterable[Values]:
    for each in aws.pages("ec2", "describe_vpcs", "Vpcs"):
        if not each.get("IsDefault"):
            yield {"id": each["VpcId"]}


def _make_subnet(aws: Aws, values: Values) -> Values:
    ec2 = aws.client("ec2")
    made = ec2.create_subnet(
        VpcId=values["vpc_id"],
        CidrBlock=values["cidr_block"],
        TagSpecifications=_tagged("subnet", values),
        **given(AvailabilityZone=values.get("availability_zone")),
    )["Subnet"]["SubnetId"]
    _public_addresses(ec2, {**values, "id": made})
    return {"id": made}


def _public_addresses(ec2: Any, values: Values) -> None:
    wanted = {"Value": bool(values.get("map_public_ip_on_launch"))}
    ec2.modify_subnet_attribute(SubnetId=values["id"], MapPublicIpOnLaunch=wanted)


def _see_subnet(aws: Aws, values: Values) -> Values | None:
    subnet = aws.client("ec2").describe_subnets(SubnetIds=[values["id"]])["Subnets"][0]
    return {
        "id": subnet["SubnetId"],
        "arn": _arn(aws, "subnet", subnet["SubnetId"]),
        "vpc_id": subnet["VpcId"],
        "cidr_block": subnet["CidrBlock"],
        "availability_zone": subnet["AvailabilityZone"],
        "availability_zone_id": subnet.get("AvailabilityZoneId"),
        "map_public_ip_on_launch": subnet["MapPublicIpOnLaunch"],
        "owner_id": subnet.get("OwnerId"),
        **tags_seen(values, from_pairs(subnet.get("Tags"))),
    }


def _change_subnet(aws: Aws, prior: Values, values: Values) -> None:
    _public_addresses(aws.client("ec2"), values)
    _retag(aws, prior, values)


def _all_subnets(aws: Aws) -> Iterable[Values]:
    for each in aws.pages("ec2", "describe_subnets", "Subnets"):
        if not each.get("DefaultForAz"):
            yield {"id": each["SubnetId"]}


def _make_flow_log(aws: Aws, values: Values) -> Values:
    kinds = {"vpc_id": "VPC", "subnet_id": "Subnet", "eni_id": "NetworkInterface"}
    attribute = next(each for each in kinds if values.get(each))
    made = aws.client("ec2").create_flow_logs(
        ResourceIds=[values[attribute]],
        ResourceType=kinds[attribute],
        TagSpecifications=_tagged("vpc-flow-log", values),
        **given(
            TrafficType=values.get("traffic_type"),
            LogDestinationType=values.get("log_destination_type"),
            LogDestination=values.get("log_destination"),
            DeliverLogsPermissionArn=values.get("iam_role_arn"),
            MaxAggregationInterval=values.get("max_aggregation_interval"),
        ),
    )
    if made.get("Unsuccessful"):
        raise LookupError(made["Unsuccessful"][0]["Error"]["Message"])
    return {"id": made["FlowLogIds"][0]}


def _see_flow_log(aws: Aws, values: Values) -> Values | None:
    logs = aws.client("ec2").describe_flow_logs(FlowLogIds=[values["id"]])["FlowLogs"]
    if not logs:
        return None
    log = logs[0]
    target = log["ResourceId"]
    return {
        "id": log["FlowLogId"],
        "arn": _arn(aws, "vpc-flow-log", log["FlowLogId"]),
        "vpc_id": target if target.startswith("vpc-") else None,
        "subnet_id": target if target.startswith("subnet-") else None,
        "eni_id": target if target.startswith("eni-") else None,
        "traffic_type": log.get("TrafficType"),
        "log_destination_type": log.get("LogDestinationType"),
        "log_destination": log.get("LogDestination") or _log_group(aws, log),
        "iam_role_arn": log.get("DeliverLogsPermissionArn"),
        "max_aggregation_interval": int(log["MaxAggregationInterval"])
        if log.get("MaxAggregationInterval")
        else None,
        **tags_seen(values, from_pairs(log.get("Tags"))),
    }


def _log_group(aws: Aws, log: Values) -> str | None:
    name = log.get("LogGroupName")
    return f"arn:aws:logs:{aws.region}:{aws.account}:log-group:{name}" if name else None


def _drop_flow_log(aws: Aws, values: Values) -> None:
    aws.client("ec2").delete_flow_logs(FlowLogIds=[values["id"]])


KINDS: Final[dict[str, Kind]] = {
    "aws_vpc": Kind(
        make=_make_vpc,
        see=_see_vpc,
        change=_change_vpc,
        drop=lambda aws, values: aws.client("ec2").delete_vpc(VpcId=values["id"]),
        all=_all_vpcs,
        defaults={
            "instance_tenancy": "default",
            "enable_dns_support": True,
            "enable_dns_hostnames": False,
        },
    ),
    "aws_subnet": Kind(
        make=_make_subnet,
        see=_see_subnet,
        change=_change_subnet,
        drop=lambda aws, values: aws.client("ec2").delete_subnet(SubnetId=values["id"]),
        all=_all_subnets,
        defaults={"map_public_ip_on_launch": False},
    ),
    "aws_flow_log": Kind(
        make=_make_flow_log,
        see=_see_flow_log,
        change=_retag,
        drop=_drop_flow_log,
        all=_lister("describe_flow_logs", "FlowLogs", "FlowLogId"),
        defaults={"log_destination_type": "cloud-watch-logs", "max_aggregation_interval": 600},
    ),
}

"""Count what stands in an account and has no kind of ours: by services' own lists, and by tags, region by region.

AWS has no list of everything. The services below are those that run code, hold data or let somebody in; of all others,
whatever bears a tag or ever bore one is told by the tagging service
(https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from botocore.exceptions import BotoCoreError, ClientError

from tallystick.governance.adapters.live.aws import ground_of
from tallystick.governance.adapters.live.aws.ground import Aws
from tallystick.governance.model.drift.strangers import Counted

ROWS_MAX: Final = 10_000
"""Objects of one list in one region; what comes after them is told as not seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _List:
    """One paged list of a service: its verb, and by a JMESPath expression `id` and what else is told of each object."""

    type: str
    service: str
    verb: str
    told: str
    asked: Mapping[str, Any] = field(default_factory=dict[str, Any])


def _list(type_: str, service: str, verb: str, told: str, **asked: Any) -> _List:
    return _List(type=type_, service=service, verb=verb, told=told, asked=asked)


_REGIONAL: Final = (
    _list("aws_instance", "ec2", "describe_instances",
          "Reservations[].Instances[?State.Name != 'terminated'][].{id: InstanceId, tags: Tags}"),
    _list("aws_ebs_volume", "ec2", "describe_volumes",
          "Volumes[].{id: VolumeId, tags: Tags, instance: Attachments[0].InstanceId}"),
    _list("aws_ebs_snapshot", "ec2", "describe_snapshots", "Snapshots[].{id: SnapshotId}", OwnerIds=["self"]),
    _list("aws_ami", "ec2", "describe_images", "Images[].{id: ImageId}", Owners=["self"]),
    _list("aws_launch_template", "ec2", "describe_launch_templates",
          "LaunchTemplates[].{id: LaunchTemplateId, tags: Tags}"),
    _list("aws_nat_gateway", "ec2", "describe_nat_gateways",
          "NatGateways[?State != 'deleted'].{id: NatGatewayId, vpc_id: VpcId}"),
    _list("aws_internet_gateway", "ec2", "describe_internet_gateways",
          "InternetGateways[].{id: InternetGatewayId, vpc_id: Attachments[0].VpcId}"),
    _list("aws_vpc_endpoint", "ec2", "describe_vpc_endpoints", "VpcEndpoints[].{id: VpcEndpointId, vpc_id: VpcId}"),
    _list("aws_vpc_peering_connection", "ec2", "describe_vpc_peering_connections",
          "VpcPeeringConnections[?Status.Code != 'deleted'].{id: VpcPeeringConnectionId}"),
    _list("aws_lambda_function", "lambda", "list_functions", "Functions[].{id: FunctionName, arn: FunctionArn}"),
    _list("aws_sqs_queue", "sqs", "list_queues", "QueueUrls[].{id: @}"),
    _list("aws_sns_topic", "sns", "list_topics", "Topics[].{id: TopicArn, arn: TopicArn}"),
    _list("aws_dynamodb_table", "dynamodb", "list_tables", "TableNames[].{id: @}"),
    _list("aws_ecr_repository", "ecr", "describe_repositories",
          "repositories[].{id: repositoryName, arn: repositoryArn}"),
    _list("aws_lb", "elbv2", "describe_load_balancers",
          "LoadBalancers[].{id: LoadBalancerArn, arn: LoadBalancerArn, vpc_id: VpcId}"),
    _list("aws_elb", "elb", "describe_load_balancers", "LoadBalancerDescriptions[].{id: LoadBalancerName}"),
    _list("aws_rds_cluster", "rds", "describe_db_clusters",
          "DBClusters[].{id: DBClusterIdentifier, arn: DBClusterArn}"),
    _list("aws_db_snapshot", "rds", "describe_db_snapshots",
          "DBSnapshots[].{id: DBSnapshotIdentifier, arn: DBSnapshotArn}", SnapshotType="manual"),
    _list("aws_ssm_parameter", "ssm", "describe_parameters", "Parameters[].{id: Name}"),
    _list("aws_ecs_cluster", "ecs", "list_clusters", "clusterArns[].{id: @, arn: @}"),
    _list("aws_autoscaling_group", "autoscaling", "describe_auto_scaling_groups",
          "AutoScalingGroups[].{id: AutoScalingGroupName, arn: AutoScalingGroupARN, tags: Tags}"),
    _list("aws_cloudformation_stack", "cloudformation", "describe_stacks", "Stacks[].{id: StackId, tags: Tags}"),
    _list("aws_elasticache_replication_group", "elasticache", "describe_replication_groups",
          "ReplicationGroups[].{id: ReplicationGroupId, arn: ARN}"),
    _list("aws_redshift_cluster", "redshift", "describe_clusters", "Clusters[].{id: ClusterIdentifier}"),
    _list("aws_sfn_state_machine", "stepfunctions", "list_state_machines",
          "stateMachines[].{id: stateMachineArn, arn: stateMachineArn}"),
    _list("aws_acm_certificate", "acm", "list_certificates",
          "CertificateSummaryList[].{id: CertificateArn, arn: CertificateArn}"),
)  # fmt: skip
_ONCE: Final = (
    _list("aws_iam_group", "iam", "list_groups", "Groups[].{id: GroupName, arn: Arn}"),
    _list("aws_iam_instance_profile", "iam", "list_instance_profiles",
          "InstanceProfiles[].{id: InstanceProfileName, arn: Arn}"),
    _list("aws_route53_zone", "route53", "list_hosted_zones", "HostedZones[].{id: Id, name: Name}"),
    _list("aws_cloudfront_distribution", "cloudfront", "list_distributions",
          "DistributionList.Items[].{id: Id, arn: ARN}"),
)  # fmt: skip
TYPES: Final = frozenset(
    {each.type for each in (*_REGIONAL, *_ONCE)}
    | {"aws_iam_access_key", "aws_iam_openid_connect_provider"}
)
"""Types that are counted by a list of their own; of all others only what bears a tag is told."""


def name(setting: str | Mapping[str, Any]) -> str:
    """Give the name that verdicts call the register by."""
    return "moto" if (setting if isinstance(setting, str) else setting.get("endpoint")) else "aws"


def counted(setting: str | Mapping[str, Any], unseen: list[str]) -> Iterator[Counted]:
    """Yield what stands in each region, and once what stands in none; into `unseen` goes what refuses to tell."""
    aws = ground_of(setting)
    told = _Told(unseen)
    yield from _of(aws, _ONCE, told)
    yield from told.of("aws_iam_access_key", aws, _access_keys(aws))
    yield from told.of("aws_iam_openid_connect_provider", aws, _outsiders(aws))
    for region in aws.regions:
        yield from _in_region(aws.at(region), told)


def _in_region(aws: Aws, told: "_Told") -> Iterator[Counted]:
    """Yield a region's objects; each that its own list told is not told again for its tags."""
    names: set[str] = set()
    for each in _of(aws, _REGIONAL, told):
        names |= each.names
        yield each
    for each in told.of("what bears tags", aws, _tagged(aws)):
        if not each.names & names:
            yield each


def _of(aws: Aws, lists: Sequence[_List], told: "_Told") -> Iterator[Counted]:
    default = None
    for each in lists:
        for found in told.of(each.type, aws, _paged(aws, each)):
            if default is None:
                default = _default_networks(aws) if lists is _REGIONAL else frozenset[str]()
            inside = found.values.get("vpc_id") in default
            yield Counted(
                type=found.type,
                values={**found.values, "in_default_vpc": True} if inside else found.values,
                names=found.names,
            )


def _paged(aws: Aws, each: _List) -> Iterator[Counted]:
    pages = aws.client(each.service).get_paginator(each.verb)
    asked = {**each.asked, "PaginationConfig": {"MaxItems": ROWS_MAX}}
    place = {} if each in _ONCE else {"region": aws.region}
    for row in pages.paginate(**asked).search(each.told):
        if row:
            yield _counted(each.type, {**cast("Mapping[str, Any]", row), **place})


def _counted(type_: str, row: Mapping[str, Any]) -> Counted:
    tags = {str(each["Key"]): str(each["Value"]) for each in row.get("tags") or ()}
    values = {key: value for key, value in row.items() if value is not None} | {"tags": tags}
    names = (str(row[key]).casefold() for key in ("id", "arn") if row.get(key))
    return Counted(type=type_, values=values, names=frozenset(names))


def _default_networks(aws: Aws) -> frozenset[str]:
    """Give the networks that AWS makes in each region of an account."""
    asked = [{"Name": "is-default", "Values": ["true"]}]
    return frozenset(
        each["VpcId"] for each in aws.pages("ec2", "describe_vpcs", "Vpcs", Filters=asked)
    )


def _access_keys(aws: Aws) -> Iterator[Counted]:
    for user in aws.pages("iam", "list_users", "Users"):
        asked = {"UserName": user["UserName"]}
        for key in aws.pages("iam", "list_access_keys", "AccessKeyMetadata", **asked):
            told = {"id": key["AccessKeyId"], "user": user["UserName"], "status": key["Status"]}
            yield _counted("aws_iam_access_key", told)


def _outsiders(aws: Aws) -> Iterator[Counted]:
    """Yield whose word on who somebody is counts here: it lets outsiders take roles."""
    listed = aws.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]
    for each in listed:
        yield _counted("aws_iam_openid_connect_provider", {"id": each["Arn"], "arn": each["Arn"]})


def _tagged(aws: Aws) -> Iterator[Counted]:
    """Yield whatever bears a tag, by its service and sort: `sqs`, `ec2:volume`."""
    listed = aws.pages("resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList")
    for each in listed:
        arn = str(each["ResourceARN"])
        service, rest = arn.split(":", 5)[2], arn.split(":", 5)[5]
        sort, _, own = rest.replace(":", "/", 1).partition("/")
        row = {"id": arn, "arn": arn, "region": aws.region, "tags": each.get("Tags")}
        found = _counted(f"{service}:{sort}" if own else service, row)
        # Ids that EC2 gives are found nowhere else; a name of others may be another thing's.
        names = found.names | ({own.casefold()} if service == "ec2" else frozenset[str]())
        yield Counted(type=found.type, values=found.values, names=names)


class _Told:
    """Goes on where a list refuses, and says so once for each list, with the regions."""

    def __init__(self, unseen: list[str]) -> None:
        self._unseen = unseen
        self._said: dict[tuple[str, str], int] = {}

    def of(self, what: str, aws: Aws, found: Iterator[Counted]) -> Iterator[Counted]:
        """Yield what is found until it refuses."""
        number = 0
        try:
            for number, each in enumerate(found, 1):  # noqa: B007 - counted past the loop
                yield each
        except (ClientError, BotoCoreError) as refusal:
            self._say(what, aws.region, str(refusal).split(": ")[-1])
        if number >= ROWS_MAX:
            self._say(what, aws.region, f"over {ROWS_MAX} of them")

    def _say(self, what: str, region: str, why: str) -> None:
        lead, key = f"others that no code knows: {what} ({why}) in ", (what, why)
        if key in self._said:
            self._unseen[self._said[key]] += f", {region}"
        else:
            self._said[key] = len(self._unseen)
            self._unseen.append(lead + region)

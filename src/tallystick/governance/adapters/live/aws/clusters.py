"""Clusters of EKS and the groups of nodes that they run on."""

from collections.abc import Iterable
from typing import Final

from tallystick.governance.adapters.live.aws.ground import (
    Aws,
    Kind,
    Values,
    tags_seen,
    tags_to_write,
)
from tallystick.governance.adapters.live.aws.shapes import Many, One, Shape, from_api, to_api

_CLUSTER: Final[Shape] = {
    "name": "name",
    "role_arn": "roleArn",
    "version": "version",
    "vpc_config": One(
        "resourcesVpcConfig",
        {
            "subnet_ids": "subnetIds",
            "security_group_ids": "securityGroupIds",
            "endpoint_private_access": "endpointPrivateAccess",
            "endpoint_public_access": "endpointPublicAccess",
            "public_access_cidrs": "publicAccessCidrs",
        },
    ),
    "encryption_config": Many(
        "encryptionConfig",
        {"resources": "resources", "provider": One("provider", {"key_arn": "keyArn"})},
    ),
    "kubernetes_network_config": One(
        "kubernetesNetworkConfig",
        {"service_ipv4_cidr": "serviceIpv4Cidr", "ip_family": "ipFamily"},
    ),
}
_NODES: Final[Shape] = {
    "cluster_name": "clusterName",
    "node_group_name": "nodegroupName",
    "node_role_arn": "nodeRole",
    "subnet_ids": "subnets",
    "instance_types": "instanceTypes",
    "disk_size": "diskSize",
    "ami_type": "amiType",
    "capacity_type": "capacityType",
    "version": "version",
    "release_version": "releaseVersion",
    "labels": "labels",
    "scaling_config": One(
        "scalingConfig",
        {"min_size": "minSize", "max_size": "maxSize", "desired_size": "desiredSize"},
    ),
    "update_config": One(
        "updateConfig",
        {
            "max_unavailable": "maxUnavailable",
            "max_unavailable_percentage": "maxUnavailablePercentage",
        },
    ),
    "launch_template": One("launchTemplate", {"id": "id", "name": "name", "version": "version"}),
    "taint": Many("taints", {"key": "key", "value": "value", "effect": "effect"}),
}


def _logging(values: Values) -> Values:
    kinds = values.get("enabled_cluster_log_types") or []
    return {"clusterLogging": [{"types": list(kinds), "enabled": True}]} if kinds else {}


def _make(aws: Aws, values: Values) -> Values:
    body = to_api(_CLUSTER, values)
    logging = _logging(values)
    aws.client("eks").create_cluster(
        **body, **({"logging": logging} if logging else {}), tags=tags_to_write(values)
    )
    return {"id": values["name"]}


def _see(aws: Aws, values: Values) -> Values | None:
    seen = aws.client("eks").describe_cluster(name=values["id"])["cluster"]
    logging = seen.get("logging", {}).get("clusterLogging", [])
    told = from_api(_CLUSTER, seen)
    if not values.get("kubernetes_network_config"):  # AWS chooses the range where nobody did
        del told["kubernetes_network_config"]
    return {
        **told,
        "enabled_cluster_log_types": sorted(
            kind for each in logging if each.get("enabled") for kind in each["types"]
        ),
        "id": seen["name"],
        "arn": seen["arn"],
        "endpoint": seen.get("endpoint"),
        "platform_version": seen.get("platformVersion"),
        "status": seen.get("status"),
        "certificate_authority": from_api(
            {"certificate_authority": Many("all", {"data": "data"})},
            {"all": [seen.get("certificateAuthority") or {}]},
        )["certificate_authority"],
        **tags_seen(values, seen.get("tags") or {}),
    }


def _change(aws: Aws, prior: Values, values: Values) -> None:
    client, name = aws.client("eks"), values["id"]
    wanted, was = to_api(_CLUSTER, values), to_api(_CLUSTER, prior)
    if wanted.get("resourcesVpcConfig") != was.get("resourcesVpcConfig"):
        client.update_cluster_config(name=name, resourcesVpcConfig=wanted["resourcesVpcConfig"])
    if _logging(values) != _logging(prior):
        client.update_cluster_config(name=name, logging=_logging(values))
    if wanted.get("version") != was.get("version"):
        client.update_cluster_version(name=name, version=wanted["version"])
    tags = tags_to_write(values, prior)
    if tags:
        client.tag_resource(resourceArn=values["arn"], tags=tags)


def _all(aws: Aws) -> Iterable[Values]:
    return ({"id": name} for name in aws.pages("eks", "list_clusters", "clusters"))


def _make_nodes(aws: Aws, values: Values) -> Values:
    aws.client("eks").create_nodegroup(**to_api(_NODES, values), tags=tags_to_write(values))
    return {"id": f"{values['cluster_name']}:{values['node_group_name']}"}


def _see_nodes(aws: Aws, values: Values) -> Values | None:
    cluster, name = values["id"].split(":", 1)
    asked = aws.client("eks").describe_nodegroup(clusterName=cluster, nodegroupName=name)
    seen = asked["nodegroup"]
    return {
        **from_api(_NODES, seen),
        "id": values["id"],
        "arn": seen["nodegroupArn"],
        "status": seen.get("status"),
        **tags_seen(values, seen.get("tags") or {}),
    }


def _change_nodes(aws: Aws, prior: Values, values: Values) -> None:
    client = aws.client("eks")
    wanted, was = to_api(_NODES, values), to_api(_NODES, prior)
    if wanted.get("scalingConfig") != was.get("scalingConfig"):
        client.update_nodegroup_config(
            clusterName=values["cluster_name"],
            nodegroupName=values["node_group_name"],
            scalingConfig=wanted["scalingConfig"],
        )
    tags = tags_to_write(values, prior)
    if tags:
        client.tag_resource(resourceArn=values["arn"], tags=tags)


def _drop_nodes(aws: Aws, values: Values) -> None:
    aws.client("eks").delete_nodegroup(
        clusterName=values["cluster_name"], nodegroupName=values["node_group_name"]
    )


def _all_nodes(aws: Aws) -> Iterable[Values]:
    for cluster in _all(aws):
        name = cluster["id"]
        for each in aws.pages("eks", "list_nodegroups", "nodegroups", clusterName=name):
            yield {"id": f"{name}:{each}"}


KINDS: Final[dict[str, Kind]] = {
    "aws_eks_cluster": Kind(
        make=_make,
        see=_see,
        change=_change,
        drop=lambda aws, values: aws.client("eks").delete_cluster(name=values["id"]),
        all=_all,
        defaults={
            "vpc_config.endpoint_private_access": False,
            "vpc_config.endpoint_public_access": True,
            "vpc_config.public_access_cidrs": ["0.0.0.0/0"],
        },
    ),
    "aws_eks_node_group": Kind(
        make=_make_nodes,
        see=_see_nodes,
        change=_change_nodes,
        drop=_drop_nodes,
        all=_all_nodes,
        defaults={
            "disk_size": 20,
            "ami_type": "AL2_x86_64",
            "capacity_type": "ON_DEMAND",
            "instance_types": ["t3.medium"],
        },
    ),
}

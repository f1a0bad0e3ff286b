"""AWS: managed Kubernetes and its nodes."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tallystick.governance.model.controls.aws_keys import KEYS, is_customers
from tallystick.governance.model.predicates import (
    Finding,
    contains,
    control,
    either,
    every,
    exists,
    is_false,
    is_one_of,
    is_true,
    judged,
    refers_to,
    settings_of,
    values_at,
)
from tallystick.governance.model.values import UNKNOWN, Estate, Resource

_CLUSTER = "aws_eks_cluster"


@control("aws-cluster-private", _CLUSTER)
def cluster_private(cluster: Resource, estate: Estate) -> Finding | None:
    """Its interface is reached from inside the network alone."""
    return every(
        is_false(
            cluster,
            "vpc_config.0.endpoint_public_access",
            "its interface is on the internet",
            absent=True,
        ),
        is_true(
            cluster,
            "vpc_config.0.endpoint_private_access",
            "its interface is not in the network",
        ),
    )


@control("aws-cluster-audited", _CLUSTER)
def cluster_audited(cluster: Resource, estate: Estate) -> Finding | None:
    """Who asked for what, and how they signed in."""
    kinds = "enabled_cluster_log_types"
    return every(
        contains(cluster, kinds, ("audit",), "it does not log who did what"),
        contains(cluster, kinds, ("authenticator",), "it does not log how people signed in"),
        contains(cluster, kinds, ("api",), "it does not log what its interface did"),
    )


@control("aws-cluster-secrets", _CLUSTER)
def cluster_secrets(cluster: Resource, estate: Estate) -> Finding | None:
    """Secrets in its store are under a key of ours."""
    path = "encryption_config.0"
    return every(
        contains(cluster, f"{path}.resources", ("secrets",), "its secrets are not encrypted"),
        refers_to(
            cluster,
            f"{path}.provider.0.key_arn",
            "no key of ours encrypts its secrets",
            *KEYS,
            known=is_customers,
        ),
    )


@control("aws-cluster-access", _CLUSTER)
def cluster_access(cluster: Resource, estate: Estate) -> Finding | None:
    """Who may is said by entries that code declares, and who made it is no administrator for ever."""
    return every(
        is_one_of(
            cluster,
            "access_config.0.authentication_mode",
            ("API",),
            "who may stands in a map inside the cluster",
        ),
        is_false(
            cluster,
            "access_config.0.bootstrap_cluster_creator_admin_permissions",
            "whoever made it stays its administrator",
            absent=True,
        ),
    )


@control("aws-cluster-workloads", _CLUSTER)
def cluster_workloads(cluster: Resource, estate: Estate) -> Finding | None:
    """A workload has a role of its own, not its node's."""
    return every(
        either(
            "no workload has a role of its own",
            exists(
                settings_of(
                    cluster,
                    estate,
                    "aws_eks_pod_identity_association",
                    "cluster_name",
                    ("name", "id"),
                ),
                "",
            ),
            exists(
                settings_of(
                    cluster,
                    estate,
                    "aws_iam_openid_connect_provider",
                    "url",
                    ("identity.0.oidc.0.issuer",),
                ),
                "",
            ),
        ),
    )


@control("aws-cluster-upgrades", _CLUSTER)
def cluster_upgrades(cluster: Resource, estate: Estate) -> Finding | None:
    """It is on a version that is still mended, and cannot be deleted by a slip."""
    return every(
        is_one_of(
            cluster,
            "upgrade_policy.0.support_type",
            ("STANDARD",),
            "it may stay on a version that is past its standard support",
        ),
        is_true(cluster, "deletion_protection", "it can be deleted"),
    )


@control("aws-node-metadata", "aws_launch_template", "aws_instance")
def node_metadata(node: Resource, estate: Estate) -> Finding | None:
    """A request that a workload was tricked into gets no credentials of the node."""
    options = "metadata_options.0"
    return every(
        is_one_of(
            node,
            f"{options}.http_tokens",
            ("required",),
            "its credentials are given without a token",
        ),
        judged(
            node,
            f"{options}.http_put_response_hop_limit",
            lambda hops: hops in (None, 1, "1"),
            "its credentials are given over more than one hop",
        ),
    )


@control("aws-node-private", "aws_launch_template", "aws_instance")
def node_private(node: Resource, estate: Estate) -> Finding | None:
    """No machine has an address on the internet."""
    says = "it has an address on the internet"
    return every(
        is_false(node, "associate_public_ip_address", says),
        is_false(node, "network_interfaces.*.associate_public_ip_address", says),
    )


@control("aws-node-disk", "aws_launch_template")
def node_disk(node: Resource, estate: Estate) -> Finding | None:
    """The disks of nodes hold what workloads wrote."""
    disks = _disks(node)
    return every(
        is_true(disks, "block_device_mappings.*.ebs.0.encrypted", "its disk is not encrypted"),
        refers_to(
            disks,
            "block_device_mappings.*.ebs.0.kms_key_id",
            "no key of ours encrypts its disk",
            *KEYS,
            known=is_customers,
        ),
    )


def _disks(node: Resource) -> Resource:
    """The node without mappings that only take a device of the image away."""

    def kept(mapping: Any) -> Iterator[Any]:
        none = mapping if mapping is UNKNOWN else mapping.get("no_device")
        if none is UNKNOWN or none in (None, "", "false"):
            yield none if none is UNKNOWN else mapping

    found = [each for each in values_at(node, "block_device_mappings.*") if each is not None]
    disks = [one for each in found for one in kept(each)]
    return replace(node, values={**node.values, "block_device_mappings": disks})

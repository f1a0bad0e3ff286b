"""GCP: managed Kubernetes and its nodes."""

from tallystick.governance.model.controls.gcp_data import KEYS
from tallystick.governance.model.predicates import (
    Finding,
    contains,
    control,
    either,
    every,
    is_false,
    is_one_of,
    is_set,
    is_true,
    refers_to,
)
from tallystick.governance.model.values import Estate, Resource

_CLUSTER = "google_container_cluster"
_POOL = "google_container_node_pool"


@control("gcp-cluster-private", _CLUSTER)
def cluster_private(cluster: Resource, estate: Estate) -> Finding | None:
    """Nodes and interface are reached from inside the network alone."""
    path = "private_cluster_config.0"
    return every(
        is_true(cluster, f"{path}.enable_private_nodes", "its nodes are on the internet"),
        is_true(cluster, f"{path}.enable_private_endpoint", "its interface is on the internet"),
        is_false(
            cluster,
            "control_plane_endpoints_config.0.dns_endpoint_config.0.allow_external_traffic",
            "its interface has a name on the internet",
        ),
    )


@control("gcp-cluster-audited", _CLUSTER)
def cluster_audited(cluster: Resource, estate: Estate) -> Finding | None:
    """What its interface and its workloads did leaves the cluster."""
    kinds = "logging_config.0.enable_components"
    return every(
        contains(cluster, kinds, ("APISERVER",), "it does not log what its interface did"),
        contains(cluster, kinds, ("WORKLOADS",), "it does not log what its workloads did"),
    )


@control("gcp-cluster-secrets", _CLUSTER)
def cluster_secrets(cluster: Resource, estate: Estate) -> Finding | None:
    """Secrets in its store are under a key of ours."""
    path = "database_encryption.0"
    return every(
        is_one_of(cluster, f"{path}.state", ("ENCRYPTED",), "its secrets are not encrypted"),
        refers_to(cluster, f"{path}.key_name", "no key of ours encrypts its secrets", *KEYS),
    )


@control("gcp-cluster-workloads", _CLUSTER)
def cluster_workloads(cluster: Resource, estate: Estate) -> Finding | None:
    """A workload has an identity of its own, not its node's."""
    return every(
        is_set(cluster, "workload_identity_config.0.workload_pool", "workloads have no identity")
    )


@control("gcp-cluster-access", _CLUSTER)
def cluster_access(cluster: Resource, estate: Estate) -> Finding | None:
    """People sign in by identity and roles; there is no certificate that opens everything."""
    return every(
        is_false(cluster, "enable_legacy_abac", "old rights without roles are heeded"),
        is_false(
            cluster,
            "master_auth.0.client_certificate_config.0.issue_client_certificate",
            "it hands out a certificate that opens everything",
        ),
    )


@control("gcp-cluster-upgrades", _CLUSTER)
def cluster_upgrades(cluster: Resource, estate: Estate) -> Finding | None:
    """Versions come by themselves, and it cannot be deleted by a slip."""
    return every(
        is_one_of(
            cluster,
            "release_channel.0.channel",
            ("REGULAR", "STABLE", "EXTENDED"),
            "it stays on its version, or takes every new one",
        ),
        is_true(cluster, "deletion_protection", "this code can delete it", absent=True),
    )


@control("gcp-cluster-guarded", _CLUSTER)
def cluster_guarded(cluster: Resource, estate: Estate) -> Finding | None:
    """Images are judged before they start, workloads are kept apart, nodes prove what they booted."""
    return every(
        is_one_of(
            cluster,
            "binary_authorization.0.evaluation_mode",
            ("PROJECT_SINGLETON_POLICY_ENFORCE",),
            "nobody judges which images start",
        ),
        either(
            "network policies are not heeded",
            is_one_of(cluster, "datapath_provider", ("ADVANCED_DATAPATH",), ""),
            is_true(cluster, "network_policy.0.enabled", ""),
        ),
        is_true(
            cluster, "enable_shielded_nodes", "nodes do not prove what they booted", absent=True
        ),
    )


@control("gcp-node-least", _POOL)
def node_least(pool: Resource, estate: Estate) -> Finding | None:
    """A node has a role of its own with little in it, and hides it from workloads."""
    path = "node_config.0"
    return every(
        refers_to(
            pool,
            f"{path}.service_account",
            "its nodes take the project's default account",
            "google_service_account",
            known=lambda account: account not in ("", "default"),
        ),
        is_one_of(
            pool,
            f"{path}.workload_metadata_config.0.mode",
            ("GKE_METADATA",),
            "workloads can take the node's credentials",
        ),
        is_true(
            pool,
            f"{path}.shielded_instance_config.0.enable_secure_boot",
            "nodes boot what nobody signed",
        ),
    )


@control("gcp-node-mended", _POOL)
def node_mended(pool: Resource, estate: Estate) -> Finding | None:
    """Nodes are replaced by themselves when they are old or broken, and their disks are ours to lock."""
    return every(
        is_true(pool, "management.0.auto_upgrade", "its nodes stay on their version", absent=True),
        is_true(pool, "management.0.auto_repair", "broken nodes stay", absent=True),
        refers_to(
            pool, "node_config.0.boot_disk_kms_key", "no key of ours encrypts its disks", *KEYS
        ),
    )

"""Azure: managed Kubernetes and its nodes."""

from tallystick.governance.model.controls.azure_database import KEYS
from tallystick.governance.model.predicates import (
    Clause,
    Finding,
    Related,
    Truth,
    any_of,
    control,
    every,
    is_false,
    is_one_of,
    is_set,
    is_true,
    refers_to,
    settings_of,
    values_at,
)
from tallystick.governance.model.values import UNKNOWN, Estate, Resource

_CLUSTER = "azurerm_kubernetes_cluster"


def _logs(resource: Resource, estate: Estate) -> Related:
    return settings_of(resource, estate, "azurerm_monitor_diagnostic_setting", "target_resource_id")


@control("azure-cluster-private", _CLUSTER)
def cluster_private(cluster: Resource, estate: Estate) -> Finding | None:
    """Its interface is reached from inside the network alone."""
    return every(
        is_true(cluster, "private_cluster_enabled", "its interface is on the internet"),
        is_false(cluster, "run_command_enabled", "commands pass around the network", absent=True),
    )


@control("azure-cluster-audited", _CLUSTER)
def cluster_audited(cluster: Resource, estate: Estate) -> Finding | None:
    """Who asked for what leaves the cluster."""

    def audits(setting: Resource) -> Truth:
        kinds = (
            *values_at(setting, "enabled_log.*.category"),
            *values_at(setting, "enabled_log.*.category_group"),
        )
        wanted = ("kube-audit", "kube-audit-admin", "audit", "allLogs")
        return any_of(UNKNOWN if it is UNKNOWN else it in wanted for it in kinds)

    found = _logs(cluster, estate)
    truth = any_of(audits(each) for each in found.certain)
    if truth is False and any(audits(each) is not False for each in found.possible):
        truth = UNKNOWN
    return every(Clause(truth, "nobody keeps who did what"))


@control("azure-cluster-secrets", _CLUSTER)
def cluster_secrets(cluster: Resource, estate: Estate) -> Finding | None:
    """Secrets in its store are under a key of ours, which is reached from inside."""
    return every(
        refers_to(
            cluster,
            "key_management_service.0.key_vault_key_id",
            "no key of ours encrypts its secrets",
            *KEYS,
        )
    )


@control("azure-cluster-access", _CLUSTER)
def cluster_access(cluster: Resource, estate: Estate) -> Finding | None:
    """People sign in by Entra and roles; there is no account of the cluster's own."""
    return every(
        is_true(cluster, "local_account_disabled", "it has an administrator of its own"),
        is_true(
            cluster,
            "azure_active_directory_role_based_access_control.0.azure_rbac_enabled",
            "who may stands inside the cluster",
        ),
    )


@control("azure-cluster-workloads", _CLUSTER)
def cluster_workloads(cluster: Resource, estate: Estate) -> Finding | None:
    """A workload has an identity of its own, not its node's."""
    return every(
        is_true(cluster, "oidc_issuer_enabled", "nobody outside can know its workloads"),
        is_true(cluster, "workload_identity_enabled", "workloads have no identity"),
    )


@control("azure-cluster-upgrades", _CLUSTER)
def cluster_upgrades(cluster: Resource, estate: Estate) -> Finding | None:
    """Versions and images of nodes come by themselves, in the window."""
    return every(
        is_one_of(
            cluster,
            "automatic_upgrade_channel",
            ("patch", "stable"),
            "it stays on its version, or takes every new one",
        ),
        is_one_of(
            cluster,
            "node_os_upgrade_channel",
            ("NodeImage", "SecurityPatch"),
            "its nodes are not mended",
            absent="NodeImage",
        ),
    )


@control("azure-cluster-guarded", _CLUSTER)
def cluster_guarded(cluster: Resource, estate: Estate) -> Finding | None:
    """Rules of admission are heeded, and workloads are kept apart."""
    return every(
        is_true(cluster, "azure_policy_enabled", "nobody judges what is started"),
        is_set(cluster, "network_profile.0.network_policy", "network policies are not heeded"),
    )


@control("azure-node-disk", _CLUSTER, "azurerm_kubernetes_cluster_node_pool")
def node_disk(pool: Resource, estate: Estate) -> Finding | None:
    """The disks of nodes hold what workloads wrote; nodes have no address on the internet."""
    path = "default_node_pool.0." if pool.type == _CLUSTER else ""
    return every(
        is_true(pool, f"{path}host_encryption_enabled", "what its nodes write is not encrypted"),
        is_false(pool, f"{path}node_public_ip_enabled", "its nodes are on the internet"),
    )

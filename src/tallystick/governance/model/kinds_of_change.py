"""What each kind of cloud object is to us: its name, why a change of it matters, and what is lost with it.

The first entry whose beginning a type has is the one that counts, so that longer beginnings stand first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: `matters` is said of what is created or changed, `gone` of what is destroyed, `loses` of its data."""

    noun: str
    matters: str
    gone: str
    loses: str = ""


_DATABASE = Kind(
    "database",
    "Money and identities are in it: a change can restart it.",
    "Every service that keeps its data here stops.",
    "THE DATABASE AND ALL ROWS IN IT",
)
_BUCKET = Kind(
    "object storage",
    "Who may read it and how long it keeps things follow from this.",
    "Backups, the record's archive or files of customers may be in it.",
    "ALL OBJECTS IN IT, AND THEIR VERSIONS",
)
_BUCKET_RULE = Kind(
    "a rule of object storage",
    "It decides who reads the objects, how they are encrypted, or how long they are kept.",
    "The objects stay, without this protection.",
)
_KEY = Kind(
    "encryption key",
    "All that is encrypted with it is read through it.",
    "What is encrypted with it cannot be read without it.",
    "EVERYTHING THAT IS ENCRYPTED WITH THIS KEY ALONE",
)
_SECRET = Kind(
    "secret",
    "Services read it when they start.",
    "Services that read it fail at their next start.",
    "THE SECRET AND ITS VERSIONS",
)
_LOGS = Kind(
    "log archive",
    "It says who did what; auditors and investigators read it.",
    "What happened before cannot be shown any more.",
    "THE LOGS KEPT IN IT",
)
_TRAIL = Kind(
    "audit trail",
    "It is how we know who did what on the cloud.",
    "Nobody sees from then on who does what.",
)
_BACKUP = Kind(
    "backup",
    "It is what a lost database comes back from.",
    "There may be nothing to restore from.",
    "THE BACKUPS KEPT IN IT",
)
_DISK = Kind("disk", "Data are on it.", "What is on it is gone.", "THE DATA ON THE DISK")
_NETWORK = Kind(
    "network",
    "It decides what can reach what.",
    "What speaks through it is cut off.",
)
_RULE = Kind(
    "network rule",
    "It opens or closes a way between zones.",
    "A way is closed, or one that was closed is open.",
)
_CLUSTER = Kind(
    "Kubernetes",
    "Our services run on it: a change can move or restart them.",
    "Everything that runs on it stops.",
)
_IDENTITY = Kind(
    "identity and permission",
    "It decides who may do what on the cloud.",
    "Whoever acts by it cannot act any more.",
)
_EDGE = Kind(
    "edge",
    "Customers reach us through it; it holds off attacks.",
    "Customers may not reach us, or attacks may.",
)
_BUDGET = Kind("budget", "It tells us when costs run away.", "Nobody is told when costs run away.")
_OTHER = Kind("object", "It is part of this estate.", "What depends on it loses it.")

_KINDS: Final[tuple[tuple[str, Kind], ...]] = (
    ("aws_db_instance_automated_backups", _BACKUP), ("aws_db_snapshot", _BACKUP), ("aws_backup", _BACKUP),
    ("aws_db_subnet", _NETWORK), ("aws_db_parameter", Kind("database settings", _DATABASE.matters, _DATABASE.gone)),
    ("aws_db_instance", _DATABASE), ("aws_rds_cluster_parameter", _RULE), ("aws_rds", _DATABASE),
    ("aws_dynamodb_table", _DATABASE), ("aws_elasticache", _DATABASE), ("aws_efs_file_system", _DISK),
    ("aws_s3_bucket_", _BUCKET_RULE), ("aws_s3_bucket", _BUCKET), ("aws_kms_alias", _OTHER), ("aws_kms_", _KEY),
    ("aws_secretsmanager_secret_", Kind("secret's setting", _SECRET.matters, _SECRET.gone)),
    ("aws_secretsmanager_secret", _SECRET), ("aws_ssm_parameter", _SECRET),
    ("aws_cloudwatch_log_group", _LOGS), ("aws_cloudtrail", _TRAIL), ("aws_flow_log", _TRAIL), ("aws_config", _TRAIL),
    ("aws_ebs_volume", _DISK), ("aws_security_group", _RULE), ("aws_vpc_security_group", _RULE),
    ("aws_network_acl", _RULE), ("aws_vpc", _NETWORK), ("aws_subnet", _NETWORK), ("aws_route", _NETWORK),
    ("aws_nat", _NETWORK), ("aws_eks", _CLUSTER), ("aws_iam", _IDENTITY), ("aws_wafv2", _EDGE), ("aws_shield", _EDGE),
    ("aws_lb", _EDGE), ("aws_cloudfront", _EDGE), ("aws_budgets", _BUDGET),
    ("azurerm_postgresql_flexible_server_configuration", Kind("database settings", _DATABASE.matters, _DATABASE.gone)),
    ("azurerm_postgresql_flexible_server_firewall", _RULE), ("azurerm_postgresql_flexible_server_active", _IDENTITY),
    ("azurerm_postgresql", _DATABASE), ("azurerm_storage_account_", _BUCKET_RULE),
    ("azurerm_storage_container_", _BUCKET_RULE), ("azurerm_storage_management", _BUCKET_RULE),
    ("azurerm_storage", _BUCKET), ("azurerm_key_vault_secret", _SECRET), ("azurerm_key_vault_access", _IDENTITY),
    ("azurerm_key_vault", _KEY), ("azurerm_disk_encryption", _KEY), ("azurerm_managed_disk", _DISK),
    ("azurerm_log_analytics_workspace", _LOGS), ("azurerm_monitor_diagnostic", _TRAIL),
    ("azurerm_network_watcher_flow", _TRAIL), ("azurerm_data_protection", _BACKUP), ("azurerm_recovery", _BACKUP),
    ("azurerm_network_security", _RULE), ("azurerm_firewall", _RULE), ("azurerm_network_ddos", _EDGE),
    ("azurerm_virtual_network", _NETWORK), ("azurerm_subnet", _NETWORK), ("azurerm_private", _NETWORK),
    ("azurerm_kubernetes", _CLUSTER), ("azurerm_role", _IDENTITY), ("azurerm_user_assigned", _IDENTITY),
    ("azurerm_federated", _IDENTITY), ("azurerm_cdn_frontdoor", _EDGE), ("azurerm_web_application", _EDGE),
    ("azurerm_consumption", _BUDGET), ("azurerm_resource_group",
        Kind("resource group", "Everything of this estate is in it.", "Everything in it goes with it.",
             "EVERYTHING IN THE RESOURCE GROUP")),
    ("google_sql_user", _IDENTITY), ("google_sql", _DATABASE), ("google_alloydb", _DATABASE),
    ("google_bigquery_", _LOGS), ("google_storage_bucket_iam", _IDENTITY), ("google_storage_bucket_", _BUCKET_RULE),
    ("google_storage_bucket", _BUCKET), ("google_kms_crypto_key_iam", _IDENTITY),
    ("google_kms_key_ring_iam", _IDENTITY),
    ("google_kms", _KEY), ("google_secret_manager_secret_iam", _IDENTITY), ("google_secret_manager", _SECRET),
    ("google_logging_project_bucket", _LOGS), ("google_logging", _TRAIL), ("google_project_iam_audit", _TRAIL),
    ("google_backup_dr", _BACKUP), ("google_gke_backup", _BACKUP), ("google_compute_disk", _DISK),
    ("google_compute_firewall", _RULE), ("google_compute_security_policy", _EDGE),
    ("google_compute_network", _NETWORK), ("google_compute_subnetwork", _NETWORK), ("google_compute_router", _NETWORK),
    ("google_service_networking", _NETWORK), ("google_dns", _NETWORK), ("google_container", _CLUSTER),
    ("google_project_iam", _IDENTITY), ("google_service_account", _IDENTITY), ("google_iam", _IDENTITY),
    ("google_compute_global_forwarding", _EDGE), ("google_compute_backend", _EDGE), ("google_compute_url", _EDGE),
    ("google_billing_budget", _BUDGET),
)  # fmt: skip


def kind_of(name: str) -> Kind:
    """Give what a type is to us."""
    return next((kind for beginning, kind in _KINDS if name.startswith(beginning)), _OTHER)


# Attributes that a bill follows.
COSTS: Final = frozenset({
    "instance_class", "node_type", "sku_name", "sku", "tier", "vm_size", "machine_type", "instance_type",
    "instance_types", "allocated_storage", "max_allocated_storage", "storage_mb", "storage_tier", "disk_size",
    "disk_size_gb", "iops", "storage_throughput", "desired_size", "min_size", "max_size", "node_count", "min_count",
    "max_count", "min_node_count", "max_node_count", "multi_az", "availability_type", "account_replication_type",
    "retention_in_days", "retention_days", "storage_class", "backup_retention_period", "capacity", "replicas",
})  # fmt: skip
# Types that cost by being there.
COSTLY: Final[Mapping[str, str]] = {
    "aws_nat_gateway": "NAT gateway, by the hour and the gigabyte",
    "aws_db_instance": "database server, by the hour",
    "aws_rds_cluster_instance": "database server, by the hour",
    "aws_eks_cluster": "Kubernetes control plane, by the hour",
    "aws_eks_node_group": "nodes, by the hour",
    "aws_lb": "load balancer, by the hour",
    "aws_shield_subscription": "Shield Advanced, a year's contract at about 3000 USD a month",
    "aws_shield_protection": "needs Shield Advanced, a year's contract at about 3000 USD a month",
    "aws_guardduty_detector": "GuardDuty, by the event and the gigabyte",
    "aws_wafv2_web_acl": "web firewall, by the month, the rule and the request",
    "aws_cloudtrail": "trail, by the event",
    "aws_vpc_endpoint": "private endpoint, by the hour",
    "aws_kms_key": "key, by the month",
    "azurerm_nat_gateway": "NAT gateway, by the hour and the gigabyte",
    "azurerm_postgresql_flexible_server": "database server, by the hour",
    "azurerm_kubernetes_cluster": "Kubernetes and its first nodes, by the hour",
    "azurerm_kubernetes_cluster_node_pool": "nodes, by the hour",
    "azurerm_network_ddos_protection_plan": "DDoS protection plan, a high price by the month",
    "azurerm_key_vault_managed_hardware_security_module": "managed HSM, by the hour",
    "azurerm_cdn_frontdoor_profile": "Front Door, by the month",
    "azurerm_application_gateway": "Application Gateway with its firewall, by the hour and the capacity",
    "azurerm_private_endpoint": "private endpoint, by the hour and the gigabyte",
    "azurerm_log_analytics_workspace": "Log Analytics, by the gigabyte and the month kept",
    "azurerm_security_center_subscription_pricing": "Defender, by what it guards",
    "azurerm_container_registry": "registry, by the day",
    "azurerm_firewall": "firewall, by the hour",
    "google_sql_database_instance": "database server, by the hour",
    "google_container_cluster": "Kubernetes control plane, by the hour",
    "google_container_node_pool": "nodes, by the hour",
    "google_compute_router_nat": "NAT, by the hour and the gigabyte",
    "google_compute_global_forwarding_rule": "load balancer, by the hour",
    "google_network_connectivity_regional_endpoint": "private endpoint, by the hour",
    "google_compute_forwarding_rule": "private endpoint or balancer, by the hour",
    "google_compute_security_policy": "Cloud Armor, by the policy, the rule and the request",
    "google_logging_project_bucket_config": "logs, by the gigabyte and the month kept",
    "google_kms_crypto_key": "key, by the version and the month",
    "google_compute_project_cloud_armor_tier": "Cloud Armor Enterprise, by the month",
}

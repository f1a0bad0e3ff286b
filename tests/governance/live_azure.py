"""One of each of Azure's live kinds, in Terraform's shape: what is asked for, and one change of it in place."""

from typing import Any, Final

from tests.governance.azure_serving import ACCOUNT, SUBSCRIPTION, TENANT

Values = dict[str, Any]

GROUP: Final = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/group"
STORAGE: Final = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/{ACCOUNT}"
VAULT: Final = f"{GROUP}/providers/Microsoft.KeyVault/vaults/vault"
SERVER: Final = f"{GROUP}/providers/Microsoft.DBforPostgreSQL/flexibleServers/server"
IDENTITY: Final = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/identity"
PRINCIPAL: Final = "00000000-0000-0000-0000-0000000000cc"
IN: Final = {"resource_group_name": "group", "location": "West Europe"}
RULE: Final = {
    "description": None,
    "protocol": "Tcp",
    "source_port_range": "*",
    "destination_port_range": "443",
    "source_address_prefix": None,
    "source_address_prefixes": ["10.2.0.0/16", "10.1.0.0/16"],
    "destination_address_prefix": "*",
    "access": "Allow",
    "priority": 100,
    "direction": "Inbound",
}
_BLOBS: Final = {
    "versioning_enabled": True,
    "change_feed_enabled": None,
    "delete_retention_policy": [{"days": 30}],
    "container_delete_retention_policy": [],
    "restore_policy": [],
}
_POLICY: Final = {
    "expire_after": "P120D",
    "notify_before_expiry": "P30D",
    "automatic": [{"time_after_creation": "P90D", "time_before_expiry": None}],
}
_SIGN_IN: Final = {
    "active_directory_auth_enabled": True,
    "password_auth_enabled": False,
    "tenant_id": TENANT,
}

ASKED: Final[dict[str, Values]] = {
    "azurerm_resource_group": {"name": "group", "location": "West Europe", "tags": {"a": "b"}},
    "azurerm_virtual_network": {
        "name": "net",
        **IN,
        "address_space": ["10.0.0.0/16"],
        "dns_servers": None,
        "ddos_protection_plan": [],
        "encryption": [{"enforcement": "AllowUnencrypted"}],
    },
    "azurerm_subnet": {
        "name": "subnet",
        "resource_group_name": "group",
        "virtual_network_name": "net",
        "address_prefixes": ["10.0.1.0/24"],
        "service_endpoints": ["Microsoft.KeyVault"],
        "delegation": [
            {
                "name": "databases",
                "service_delegation": [
                    {"name": "Microsoft.DBforPostgreSQL/flexibleServers", "actions": ["join"]}
                ],
            }
        ],
        "private_endpoint_network_policies": None,
    },
    "azurerm_network_security_group": {"name": "wall", **IN, "security_rule": []},
    "azurerm_network_security_rule": {
        "name": "rule",
        "resource_group_name": "group",
        "network_security_group_name": "wall",
        **RULE,
    },
    "azurerm_route_table": {
        "name": "routes",
        **IN,
        "bgp_route_propagation_enabled": False,
        "route": [
            {
                "name": "none",
                "address_prefix": "0.0.0.0/0",
                "next_hop_type": "None",
                "next_hop_in_ip_address": None,
            }
        ],
    },
    "azurerm_user_assigned_identity": {"name": "identity", **IN, "tags": None},
    "azurerm_key_vault": {
        "name": "vault",
        **IN,
        "tenant_id": TENANT,
        "sku_name": "premium",
        "rbac_authorization_enabled": True,
        "purge_protection_enabled": True,
        "soft_delete_retention_days": None,
        "public_network_access_enabled": False,
        "network_acls": [
            {
                "default_action": "Deny",
                "bypass": "AzureServices",
                "ip_rules": None,
                "virtual_network_subnet_ids": None,
            }
        ],
        "access_policy": [],
    },
    "azurerm_key_vault_key": {
        "name": "key",
        "key_vault_id": VAULT,
        "key_type": "RSA-HSM",
        "key_size": 3072,
        "key_opts": ["wrapKey", "unwrapKey"],
        "curve": None,
        "expiration_date": "2030-01-01T00:00:00Z",
        "rotation_policy": [_POLICY],
    },
    "azurerm_key_vault_secret": {
        "name": "secret",
        "key_vault_id": VAULT,
        "value": "v",
        "content_type": "text/plain",
        "expiration_date": "2030-01-01T00:00:00+00:00",
        "tags": {"a": "b"},
    },
    "azurerm_storage_account": {
        "name": ACCOUNT,
        **IN,
        "account_tier": "Standard",
        "account_replication_type": "GZRS",
        "account_kind": None,
        "min_tls_version": "TLS1_2",
        "allow_nested_items_to_be_public": False,
        "shared_access_key_enabled": False,
        "public_network_access_enabled": False,
        "https_traffic_only_enabled": None,
        "infrastructure_encryption_enabled": True,
        "network_rules": [
            {
                "default_action": "Deny",
                "bypass": ["Logging", "AzureServices"],
                "ip_rules": ["203.0.113.7"],
                "virtual_network_subnet_ids": [],
            }
        ],
        "identity": [{"type": "UserAssigned", "identity_ids": [IDENTITY]}],
        "customer_managed_key": [
            {
                "key_vault_key_id": "https://vault.vault.azure.net/keys/key",
                "user_assigned_identity_id": IDENTITY,
            }
        ],
        "blob_properties": [_BLOBS],
        "sas_policy": [],
        "immutability_policy": [],
    },
    "azurerm_storage_container": {
        "name": "container",
        "storage_account_id": STORAGE,
        "storage_account_name": None,
        "container_access_type": None,
        "metadata": {"a": "b"},
    },
    "azurerm_private_endpoint": {
        "name": "endpoint",
        **IN,
        "subnet_id": f"{GROUP}/providers/Microsoft.Network/virtualNetworks/net/subnets/subnet",
        "private_service_connection": [
            {
                "name": "vault",
                "private_connection_resource_id": VAULT,
                "subresource_names": ["vault"],
                "is_manual_connection": False,
            }
        ],
    },
    "azurerm_postgresql_flexible_server": {
        "name": "server",
        **IN,
        "version": "17",
        "sku_name": "GP_Standard_D2s_v3",
        "administrator_login": "a",
        "administrator_password": "p",
        "storage_mb": 65_536,
        "backup_retention_days": 35,
        "geo_redundant_backup_enabled": True,
        "public_network_access_enabled": False,
        "high_availability": [{"mode": "ZoneRedundant", "standby_availability_zone": "2"}],
        "authentication": [_SIGN_IN],
        "maintenance_window": [{"day_of_week": 0, "start_hour": 2, "start_minute": 0}],
        "customer_managed_key": [],
        "identity": [],
    },
    "azurerm_postgresql_flexible_server_configuration": {
        "name": "require_secure_transport",
        "server_id": SERVER,
        "value": "on",
    },
    "azurerm_postgresql_flexible_server_database": {
        "name": "ledger",
        "server_id": SERVER,
        "charset": None,
        "collation": None,
    },
    "azurerm_postgresql_flexible_server_firewall_rule": {
        "name": "office",
        "server_id": SERVER,
        "start_ip_address": "203.0.113.7",
        "end_ip_address": "203.0.113.7",
    },
    "azurerm_role_assignment": {
        "scope": GROUP,
        "role_definition_name": "Reader",
        "principal_id": PRINCIPAL,
    },
    "azurerm_management_lock": {"name": "lock", "scope": GROUP, "lock_level": "CanNotDelete"},
    "azurerm_log_analytics_workspace": {
        "name": "workspace",
        **IN,
        "sku": None,
        "retention_in_days": 90,
        "daily_quota_gb": None,
    },
    "azurerm_monitor_diagnostic_setting": {
        "name": "audit",
        "target_resource_id": VAULT,
        "log_analytics_workspace_id": f"{GROUP}/workspace",
        "enabled_log": [{"category": "AuditEvent", "category_group": None}],
        "enabled_metric": [{"category": "AllMetrics"}],
    },
}
"""In the order in which they stand on each other."""

CHANGED: Final[dict[str, Values]] = {
    "azurerm_resource_group": {"tags": {"c": "d"}},
    "azurerm_virtual_network": {"address_space": ["10.0.0.0/15"]},
    "azurerm_subnet": {"service_endpoints": ["Microsoft.Storage"], "delegation": []},
    "azurerm_network_security_rule": {"source_address_prefixes": ["10.9.0.0/16"]},
    "azurerm_route_table": {"bgp_route_propagation_enabled": True},
    "azurerm_key_vault": {
        "public_network_access_enabled": True,
        "tags": {"a": "b"},
        "network_acls": [],
    },
    "azurerm_key_vault_key": {"key_opts": ["sign"], "expiration_date": None, "rotation_policy": []},
    "azurerm_key_vault_secret": {"value": "w"},
    "azurerm_storage_account": {
        "min_tls_version": "TLS1_0",
        "network_rules": [],
        "customer_managed_key": [],
        "blob_properties": [{**_BLOBS, "versioning_enabled": False}],
    },
    "azurerm_storage_container": {"container_access_type": "blob", "metadata": {"c": "d"}},
    "azurerm_postgresql_flexible_server": {
        "high_availability": [],
        "authentication": [{**_SIGN_IN, "password_auth_enabled": True}],
    },
    "azurerm_postgresql_flexible_server_configuration": {"value": "off"},
    "azurerm_management_lock": {"lock_level": "ReadOnly"},
    "azurerm_log_analytics_workspace": {"retention_in_days": None, "daily_quota_gb": 5},
    "azurerm_monitor_diagnostic_setting": {"enabled_metric": []},
}
"""What of them is changed in place."""

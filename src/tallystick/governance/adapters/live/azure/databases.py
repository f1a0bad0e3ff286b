"""PostgreSQL flexible servers (https://learn.microsoft.com/rest/api/postgresql/flexibleserver/servers)."""

from collections.abc import Mapping
from typing import Final

from tallystick.governance.adapters.live.azure.accounts import IDENTITY
from tallystick.governance.adapters.live.azure.kinds import GROUP, Json, Kind, everywhere, under
from tallystick.governance.adapters.live.azure.networks import LOCATION
from tallystick.governance.adapters.live.rest.shapes import (
    At,
    Block,
    Values,
    folded,
    switch,
    told,
)

VERSION: Final = "2024-08-01"
SERVER: Final = "Microsoft.DBforPostgreSQL/flexibleServers"
_TIERS: Final[Mapping[str, str]] = {
    "B": "Burstable",
    "GP": "GeneralPurpose",
    "MO": "MemoryOptimized",
}
_MEGABYTES: Final = 1024


def _said(body: Json) -> Json:
    """Take `GP_Standard_D2s_v3` apart to tier and size, and say who owns the key where there is one."""
    tier, _, size = str(body.pop("size", "") or "").partition("_")
    said = {**body, "sku": {"name": size, "tier": _TIERS.get(tier, tier)}} if size else body
    properties: Json = said.get("properties") or {}
    if key := properties.get("dataEncryption"):
        key["type"] = "AzureKeyVault"
    if window := properties.get("maintenanceWindow"):
        window["customWindow"] = "Enabled"
    return said


def _heard(body: Json) -> Json:
    sku: Json = body.get("sku") or {}
    short = {long: letters for letters, long in _TIERS.items()}.get(str(sku.get("tier")))
    properties: Json = dict(body.get("properties") or {})
    if (properties.get("dataEncryption") or {}).get("type") == "SystemManaged":
        properties.pop("dataEncryption")
    if (properties.get("highAvailability") or {}).get("mode") == "Disabled":
        properties.pop("highAvailability")
    heard = {**body, "properties": properties}
    return {**heard, "size": f"{short}_{sku['name']}"} if short else heard


def _reached(live: Values) -> Values:
    return {"fqdn": live.get("fqdn") or f"{live.get('name')}.postgres.database.azure.com"}


KINDS: Final[dict[str, Kind]] = {
    "azurerm_postgresql_flexible_server": Kind(
        id=f"{GROUP}/providers/{SERVER}/{{name}}",
        version=VERSION,
        collections=everywhere(SERVER),
        dress=_said,
        strip=_heard,
        also=_reached,
        shape={
            "location": LOCATION,
            "tags": "tags",
            "identity": IDENTITY,
            "sku_name": "size",
            "version": "properties.version",
            "zone": "properties.availabilityZone",
            "create_mode": At(place="properties.createMode", fixed=True),
            "source_server_id": At(
                place="properties.sourceServerResourceId", fixed=True, same=folded
            ),
            "administrator_login": At(place="properties.administratorLogin", fixed=True),
            "administrator_password": At(
                place="properties.administratorLoginPassword", hidden=True
            ),
            "storage_mb": At(
                place="properties.storage.storageSizeGB",
                out=lambda size: size // _MEGABYTES,
                back=lambda size: size * _MEGABYTES,
                default=32_768,
            ),
            "storage_tier": "properties.storage.tier",
            "auto_grow_enabled": switch("properties.storage.autoGrow", default=False, implied=True),
            "backup_retention_days": At(place="properties.backup.backupRetentionDays", default=7),
            "geo_redundant_backup_enabled": switch(
                "properties.backup.geoRedundantBackup", default=False, implied=True
            ),
            "delegated_subnet_id": At(
                place="properties.network.delegatedSubnetResourceId", same=folded
            ),
            "private_dns_zone_id": At(
                place="properties.network.privateDnsZoneArmResourceId", same=folded
            ),
            "public_network_access_enabled": switch(
                "properties.network.publicNetworkAccess", default=True, implied=True
            ),
            "high_availability": Block(
                place="properties.highAvailability",
                shape={
                    "mode": "mode",
                    "standby_availability_zone": "standbyAvailabilityZone",
                },
            ),
            "authentication": Block(
                place="properties.authConfig",
                shape={
                    "active_directory_auth_enabled": switch("activeDirectoryAuth", default=False),
                    "password_auth_enabled": switch("passwordAuth", default=True),
                    "tenant_id": "tenantId",
                },
                default={"password_auth_enabled": True},
            ),
            "customer_managed_key": Block(
                place="properties.dataEncryption",
                shape={
                    "key_vault_key_id": At(place="primaryKeyURI", same=folded),
                    "primary_user_assigned_identity_id": At(
                        place="primaryUserAssignedIdentityId", same=folded
                    ),
                    "geo_backup_key_vault_key_id": At(place="geoBackupKeyURI", same=folded),
                    "geo_backup_user_assigned_identity_id": At(
                        place="geoBackupUserAssignedIdentityId", same=folded
                    ),
                },
            ),
            "maintenance_window": Block(
                place="properties.maintenanceWindow",
                shape={
                    "day_of_week": At(place="dayOfWeek", default=0),
                    "start_hour": At(place="startHour", default=0),
                    "start_minute": At(place="startMinute", default=0),
                },
            ),
            "fqdn": told("properties.fullyQualifiedDomainName"),
        },
    ),
    "azurerm_postgresql_flexible_server_configuration": Kind(
        id="{server_id}/configurations/{name}",
        version=VERSION,
        collections=under(SERVER, VERSION, "configurations"),
        shape={"value": "properties.value"},
        dress=lambda body: {
            "properties": {**(body.get("properties") or {}), "source": "user-override"}
        },
    ),
    "azurerm_postgresql_flexible_server_database": Kind(
        id="{server_id}/databases/{name}",
        version=VERSION,
        collections=under(SERVER, VERSION, "databases"),
        shape={
            "charset": At(place="properties.charset", default="UTF8", implied=True, fixed=True),
            "collation": At(
                place="properties.collation", default="en_US.utf8", implied=True, fixed=True
            ),
        },
    ),
    "azurerm_postgresql_flexible_server_firewall_rule": Kind(
        id="{server_id}/firewallRules/{name}",
        version=VERSION,
        collections=under(SERVER, VERSION, "firewallRules"),
        shape={
            "start_ip_address": "properties.startIpAddress",
            "end_ip_address": "properties.endIpAddress",
        },
    ),
}

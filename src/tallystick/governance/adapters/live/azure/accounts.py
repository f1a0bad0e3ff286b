"""Storage accounts (https://learn.microsoft.com/rest/api/storagerp/storage-accounts) with what they say of blobs."""

from typing import Any, Final

from tallystick.governance.adapters.live.azure.kinds import GROUP, Json, Kind, Part, everywhere
from tallystick.governance.adapters.live.azure.networks import LOCATION
from tallystick.governance.adapters.live.rest.shapes import (
    At,
    Block,
    Shape,
    Values,
    folded,
    switch,
    told,
)

VERSION: Final = "2024-01-01"
ACCOUNT: Final = "Microsoft.Storage/storageAccounts"


def flag(place: str, *, default: bool) -> At:
    """Give an attribute that is true or false, and that Terraform writes where nobody wrote it."""
    return At(place=place, default=default, implied=True)


IDENTITY: Final = Block(
    place="identity",
    shape={
        "type": At(place="type", same=lambda one, other: _sorts(one) == _sorts(other)),
        "identity_ids": At(
            place="userAssignedIdentities",
            out=lambda found: {each: {} for each in found},
            back=list,
            same=folded,
        ),
        "principal_id": told("principalId"),
        "tenant_id": told("tenantId"),
    },
)


def _sorts(text: Any) -> set[str]:
    return {each.strip().casefold() for each in str(text).split(",")}


def _addresses(at: str) -> At:
    return At(
        place=at,
        out=lambda found: [{"value": each, "action": "Allow"} for each in found],
        back=lambda found: [each["value"] for each in found],
    )


def _subnets(at: str) -> At:
    return At(
        place=at,
        out=lambda found: [{"id": each, "action": "Allow"} for each in found],
        back=lambda found: [each["id"] for each in found],
        same=folded,
    )


_RULES: Final[Shape] = {
    "default_action": "defaultAction",
    "bypass": At(
        place="bypass",
        out=", ".join,
        back=lambda text: [each.strip() for each in str(text).split(",") if each.strip()],
        default=["AzureServices"],
    ),
    "ip_rules": _addresses("ipRules"),
    "virtual_network_subnet_ids": _subnets("virtualNetworkRules"),
}
_KEY: Final[Shape] = {
    "key_vault_key_id": At(place="keyvaultproperties.keyIdentifier", same=folded),
    "user_assigned_identity_id": At(place="identity.userAssignedIdentity", same=folded),
}
_BLOBS: Final[Shape] = {
    "versioning_enabled": At(place="isVersioningEnabled", default=False),
    "change_feed_enabled": At(place="changeFeed.enabled", default=False),
    "change_feed_retention_in_days": "changeFeed.retentionInDays",
    "last_access_time_enabled": At(place="lastAccessTimeTrackingPolicy.enable", default=False),
    "default_service_version": "defaultServiceVersion",
    "delete_retention_policy": Block(place="deleteRetentionPolicy", shape={"days": "days"}),
    "container_delete_retention_policy": Block(
        place="containerDeleteRetentionPolicy", shape={"days": "days"}
    ),
    "restore_policy": Block(place="restorePolicy", shape={"days": "days"}),
}


def _said(body: Json) -> Json:
    """Put tier and replication together to what Azure calls a SKU, and take a key apart to vault, name and version."""
    tier, replication = body.pop("tier", "Standard"), body.pop("replication", "LRS")
    said = {**body, "sku": {"name": f"{tier}_{replication}"}}
    properties: Json = said.get("properties") or {}
    encryption: Json = properties.get("encryption") or {}
    key = encryption.get("keyvaultproperties")
    if key:
        vault, _, rest = str(key.pop("keyIdentifier")).partition("/keys/")
        name, _, version = rest.partition("/")
        key |= {"keyvaulturi": vault, "keyname": name, "keyversion": version}
        encryption["keySource"] = "Microsoft.Keyvault"
    elif properties:
        properties["encryption"] = {**encryption, "keySource": "Microsoft.Storage"}
    return said


def _heard(body: Json) -> Json:
    tier, _, replication = str((body.get("sku") or {}).get("name") or "").partition("_")
    heard = {**body, "tier": tier, "replication": replication}
    properties: Json = dict(body.get("properties") or {})
    encryption: Json = dict(properties.get("encryption") or {})
    key: Json = encryption.get("keyvaultproperties") or {}
    if encryption.get("keySource") == "Microsoft.Keyvault" and key:
        named = [f"{str(key['keyvaulturi']).rstrip('/')}/keys/{key['keyname']}"]
        if key.get("keyversion"):
            named.append(str(key["keyversion"]))
        encryption["keyvaultproperties"] = {"keyIdentifier": "/".join(named)}
    else:
        encryption = {
            k: v for k, v in encryption.items() if k not in ("keyvaultproperties", "identity")
        }
    return {**heard, "properties": {**properties, "encryption": encryption}}


def _places(live: Values) -> Values:
    name = live.get("name")
    return {
        "primary_blob_endpoint": f"https://{name}.blob.core.windows.net/",
        "primary_blob_host": f"{name}.blob.core.windows.net",
        "primary_location": live.get("location"),
    }


KINDS: Final[dict[str, Kind]] = {
    "azurerm_storage_account": Kind(
        id=f"{GROUP}/providers/{ACCOUNT}/{{name}}",
        version=VERSION,
        collections=everywhere(ACCOUNT),
        dress=_said,
        strip=_heard,
        also=_places,
        parts=(
            Part(
                suffix="/blobServices/default",
                shape={"blob_properties": Block(place="properties", shape=_BLOBS)},
            ),
        ),
        shape={
            "location": LOCATION,
            "tags": "tags",
            "account_tier": At(place="tier", same=folded),
            "account_replication_type": At(place="replication", same=folded),
            "account_kind": At(place="kind", default="StorageV2", implied=True),
            "identity": IDENTITY,
            "access_tier": At(place="properties.accessTier", default="Hot"),
            "https_traffic_only_enabled": flag("properties.supportsHttpsTrafficOnly", default=True),
            "min_tls_version": At(
                place="properties.minimumTlsVersion", default="TLS1_2", implied=True
            ),
            "allow_nested_items_to_be_public": flag(
                "properties.allowBlobPublicAccess", default=True
            ),
            "shared_access_key_enabled": flag("properties.allowSharedKeyAccess", default=True),
            "public_network_access_enabled": switch(
                "properties.publicNetworkAccess", default=True, implied=True
            ),
            "cross_tenant_replication_enabled": flag(
                "properties.allowCrossTenantReplication", default=False
            ),
            "default_to_oauth_authentication": flag(
                "properties.defaultToOAuthAuthentication", default=False
            ),
            "local_user_enabled": flag("properties.isLocalUserEnabled", default=True),
            "is_hns_enabled": At(place="properties.isHnsEnabled", default=False, fixed=True),
            "sftp_enabled": At(place="properties.isSftpEnabled", default=False),
            "infrastructure_encryption_enabled": At(
                place="properties.encryption.requireInfrastructureEncryption",
                default=False,
                fixed=True,
            ),
            "allowed_copy_scope": "properties.allowedCopyScope",
            "network_rules": Block(
                place="properties.networkAcls",
                shape=_RULES,
                default={"default_action": "Allow", "bypass": ["AzureServices"]},
            ),
            "customer_managed_key": Block(place="properties.encryption", shape=_KEY),
            "sas_policy": Block(
                place="properties.sasPolicy",
                shape={
                    "expiration_period": "sasExpirationPeriod",
                    "expiration_action": At(place="expirationAction", default="Log", implied=True),
                },
            ),
            "immutability_policy": Block(
                place="properties.immutableStorageWithVersioning.immutabilityPolicy",
                shape={
                    "state": "state",
                    "period_since_creation_in_days": "immutabilityPeriodSinceCreationInDays",
                    "allow_protected_append_writes": "allowProtectedAppendWrites",
                },
            ),
        },
    ),
}

"""Key vaults (https://learn.microsoft.com/rest/api/keyvault/keyvault/vaults), not what lies in them."""

from typing import Any, Final

from tallystick.governance.adapters.live.azure.accounts import flag
from tallystick.governance.adapters.live.azure.ground import Azure
from tallystick.governance.adapters.live.azure.kinds import GROUP, Json, Kind, everywhere
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

VERSION: Final = "2023-07-01"
VAULT: Final = "Microsoft.KeyVault/vaults"

_RULES: Final[Shape] = {
    "default_action": "defaultAction",
    "bypass": At(place="bypass", same=folded),
    "ip_rules": At(
        place="ipRules",
        out=lambda found: [{"value": each} for each in found],
        back=lambda found: [each["value"] for each in found],
    ),
    "virtual_network_subnet_ids": At(
        place="virtualNetworkRules",
        out=lambda found: [{"id": each} for each in found],
        back=lambda found: [each["id"] for each in found],
        same=folded,
    ),
}
_POLICY: Final[Shape] = {
    "tenant_id": "tenantId",
    "object_id": "objectId",
    "application_id": "applicationId",
    "key_permissions": At(place="permissions.keys", same=folded),
    "secret_permissions": At(place="permissions.secrets", same=folded),
    "certificate_permissions": At(place="permissions.certificates", same=folded),
    "storage_permissions": At(place="permissions.storage", same=folded),
}


def _said(body: Json) -> Json:
    properties: Json = body.setdefault("properties", {})
    properties.setdefault("sku", {})["family"] = "A"
    properties.setdefault("accessPolicies", [])
    return body


def _tenant(azure: Azure, values: Values) -> Values:
    return {**values, "tenant_id": values.get("tenant_id") or azure.tenant or None}


def _either(live: Values) -> Values:
    """Give both names of one attribute: Terraform's provider renamed it and still takes both."""
    on: Any = live.get("rbac_authorization_enabled")
    said = live.get("enable_rbac_authorization")
    return {} if said is None else {"enable_rbac_authorization": on}


KINDS: Final[dict[str, Kind]] = {
    "azurerm_key_vault": Kind(
        id=f"{GROUP}/providers/{VAULT}/{{name}}",
        version=VERSION,
        collections=everywhere(VAULT),
        dress=_said,
        before=_tenant,
        also=_either,
        shape={
            "location": LOCATION,
            "tags": "tags",
            "tenant_id": "properties.tenantId",
            "sku_name": At(place="properties.sku.name", same=folded),
            "rbac_authorization_enabled": At(
                place="properties.enableRbacAuthorization", default=False
            ),
            "enabled_for_deployment": flag("properties.enabledForDeployment", default=False),
            "enabled_for_disk_encryption": flag(
                "properties.enabledForDiskEncryption", default=False
            ),
            "enabled_for_template_deployment": flag(
                "properties.enabledForTemplateDeployment", default=False
            ),
            "soft_delete_retention_days": At(
                place="properties.softDeleteRetentionInDays", default=90, implied=True
            ),
            "purge_protection_enabled": At(
                # Azure takes no "false" here: it is on for ever, or not said.
                place="properties.enablePurgeProtection",
                out=lambda on: True if on else None,
                default=False,
            ),
            "public_network_access_enabled": switch(
                "properties.publicNetworkAccess", default=True, implied=True
            ),
            "network_acls": Block(
                place="properties.networkAcls",
                shape=_RULES,
                default={"default_action": "Allow", "bypass": "AzureServices"},
            ),
            "access_policy": Block(
                place="properties.accessPolicies", many=True, shared=True, shape=_POLICY
            ),
            "vault_uri": told("properties.vaultUri"),
        },
    ),
}

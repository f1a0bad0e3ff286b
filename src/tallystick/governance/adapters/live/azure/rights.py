"""Who may what, what is locked, and where logs go: resources that hang on others.

Sources: https://learn.microsoft.com/rest/api/authorization/role-assignments, …/rest/api/resources/management-locks,
…/rest/api/monitor/diagnostic-settings and …/rest/api/loganalytics/workspaces.
"""

import hashlib
from collections.abc import Iterable
from typing import Any, Final

from tallystick.governance.adapters.live.azure.ground import Azure
from tallystick.governance.adapters.live.azure.kinds import GROUP, Json, Kind, everywhere
from tallystick.governance.adapters.live.azure.networks import LOCATION
from tallystick.governance.adapters.live.rest.shapes import (
    At,
    Block,
    Values,
    folded,
    switch,
    tailed,
    told,
)
from tallystick.governance.adapters.provider.targets import TargetRefused

ROLES: Final = "Microsoft.Authorization/roleAssignments"
LOCKS: Final = "Microsoft.Authorization/locks"
WATCHED: Final = (
    ("Microsoft.KeyVault/vaults", "2023-07-01"),
    ("Microsoft.Storage/storageAccounts", "2024-01-01"),
    ("Microsoft.DBforPostgreSQL/flexibleServers", "2024-08-01"),
    ("Microsoft.Network/networkSecurityGroups", "2024-05-01"),
)
"""Types whose diagnostic settings are looked for: they are listed one resource at a time."""

ROLES_VERSION: Final = "2022-04-01"


def _assigned(azure: Azure, values: Values) -> Values:
    """Give the role's id by its name, and a name made of who may what where: the same at a second try."""
    role: Any = values.get("role_definition_id")
    if not role:
        role = _role(azure, str(values["scope"]), str(values.get("role_definition_name")))
    parts = "|".join((str(values["scope"]), str(role), str(values["principal_id"])))
    name = values.get("name") or _guid(parts)
    return {**values, "role_definition_id": role, "name": name}


def _guid(text: str) -> str:
    """Give a text's own GUID: Azure wants that shape of an assignment's name."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))


def _role(azure: Azure, scope: str, name: str) -> str:
    path = f"{scope}/providers/Microsoft.Authorization/roleDefinitions"
    query = {"api-version": ROLES_VERSION, "$filter": f"roleName eq '{name}'"}
    for each in azure.pages(azure.management(), path, query):
        return str(each["id"])
    raise TargetRefused(f"{azure.target('management')} knows no role {name!r} at {scope}")


def _said(body: Json) -> Json:
    said: Json = {**body, "properties": dict(body.get("properties") or {})}
    for sort in ("logs", "metrics"):
        kept = said["properties"].get(sort)
        if kept:
            said["properties"][sort] = [{**each, "enabled": True} for each in kept]
    return said


def _heard(body: Json) -> Json:
    heard: Json = {**body, "properties": dict(body.get("properties") or {})}
    for sort in ("logs", "metrics"):
        kept = heard["properties"].get(sort) or []
        heard["properties"][sort] = [each for each in kept if each.get("enabled")]
    return heard


def _settings(azure: Azure) -> Iterable[str]:
    for kind, version in WATCHED:
        for path in everywhere(kind)(azure):
            for each in azure.pages(azure.management(), path, {"api-version": version}):
                yield f"{each['id']}/providers/Microsoft.Insights/diagnosticSettings"


KINDS: Final[dict[str, Kind]] = {
    "azurerm_role_assignment": Kind(
        id=f"{{scope}}/providers/{ROLES}/{{name}}",
        version=ROLES_VERSION,
        collections=everywhere(ROLES),
        before=_assigned,
        shape={
            "principal_id": At(place="properties.principalId", fixed=True, same=folded),
            "role_definition_id": At(place="properties.roleDefinitionId", fixed=True, same=tailed),
            "principal_type": "properties.principalType",
            "description": "properties.description",
            "condition": "properties.condition",
            "condition_version": "properties.conditionVersion",
        },
    ),
    "azurerm_management_lock": Kind(
        id=f"{{scope}}/providers/{LOCKS}/{{name}}",
        version="2020-05-01",
        collections=everywhere(LOCKS),
        shape={"lock_level": "properties.level", "notes": "properties.notes"},
    ),
    "azurerm_monitor_diagnostic_setting": Kind(
        id="{target_resource_id}/providers/Microsoft.Insights/diagnosticSettings/{name}",
        terraform="{target_resource_id}|{name}",
        version="2021-05-01-preview",
        collections=_settings,
        dress=_said,
        strip=_heard,
        shape={
            "log_analytics_workspace_id": At(place="properties.workspaceId", same=folded),
            "log_analytics_destination_type": "properties.logAnalyticsDestinationType",
            "storage_account_id": At(place="properties.storageAccountId", same=folded),
            "eventhub_name": "properties.eventHubName",
            "eventhub_authorization_rule_id": "properties.eventHubAuthorizationRuleId",
            "enabled_log": Block(
                place="properties.logs",
                many=True,
                shape={"category": "category", "category_group": "categoryGroup"},
            ),
            "enabled_metric": Block(
                place="properties.metrics", many=True, shape={"category": "category"}
            ),
        },
    ),
    "azurerm_log_analytics_workspace": Kind(
        id=f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/{{name}}",
        version="2023-09-01",
        collections=everywhere("Microsoft.OperationalInsights/workspaces"),
        shape={
            "location": LOCATION,
            "tags": "tags",
            "sku": At(place="properties.sku.name", default="PerGB2018", same=folded),
            "retention_in_days": At(place="properties.retentionInDays", default=30),
            "daily_quota_gb": At(place="properties.workspaceCapping.dailyQuotaGb", default=-1),
            "internet_ingestion_enabled": switch(
                "properties.publicNetworkAccessForIngestion", default=True, implied=True
            ),
            "internet_query_enabled": switch(
                "properties.publicNetworkAccessForQuery", default=True, implied=True
            ),
            "local_authentication_enabled": At(
                place="properties.features.disableLocalAuth",
                out=lambda on: not on,
                back=lambda off: not off,
                default=True,
            ),
            "workspace_id": told("properties.customerId"),
        },
    ),
    "azurerm_user_assigned_identity": Kind(
        id=f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{{name}}",
        version="2023-01-31",
        collections=everywhere("Microsoft.ManagedIdentity/userAssignedIdentities"),
        shape={
            "location": LOCATION,
            "tags": "tags",
            "client_id": told("properties.clientId"),
            "principal_id": told("properties.principalId"),
            "tenant_id": told("properties.tenantId"),
        },
    ),
}

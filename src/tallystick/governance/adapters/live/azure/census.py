"""Count everything of a subscription, of whatever type: Resource Manager tells all but what is within others.

Sources: https://learn.microsoft.com/rest/api/resources/resources/list,
…/rest/api/authorization/role-definitions/list, …/rest/api/policy/policy-exemptions/list and
…/rest/api/managedidentity/federated-identity-credentials/list.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tallystick.governance.adapters.live.azure.ground import Azure
from tallystick.governance.adapters.provider.targets import TargetRefused
from tallystick.governance.model.drift.strangers import Counted

VERSION: Final = "2021-04-01"
_IDENTITIES: Final = "Microsoft.ManagedIdentity/userAssignedIdentities"
_KNOWN: Final[Mapping[str, str]] = {
    "microsoft.authorization/roledefinitions": "azurerm_role_definition",
    "microsoft.cdn/profiles": "azurerm_cdn_frontdoor_profile",
    "microsoft.compute/disks": "azurerm_managed_disk",
    "microsoft.compute/diskencryptionsets": "azurerm_disk_encryption_set",
    "microsoft.containerregistry/registries": "azurerm_container_registry",
    "microsoft.containerservice/managedclusters": "azurerm_kubernetes_cluster",
    "microsoft.dataprotection/backupvaults": "azurerm_data_protection_backup_vault",
    "microsoft.dbforpostgresql/flexibleservers": "azurerm_postgresql_flexible_server",
    "microsoft.eventgrid/systemtopics": "azurerm_eventgrid_system_topic",
    "microsoft.eventhub/namespaces": "azurerm_eventhub_namespace",
    "microsoft.insights/actiongroups": "azurerm_monitor_action_group",
    "microsoft.insights/activitylogalerts": "azurerm_monitor_activity_log_alert",
    "microsoft.insights/metricalerts": "azurerm_monitor_metric_alert",
    "microsoft.insights/scheduledqueryrules": "azurerm_monitor_scheduled_query_rules_alert_v2",
    "microsoft.keyvault/managedhsms": "azurerm_key_vault_managed_hardware_security_module",
    "microsoft.keyvault/vaults": "azurerm_key_vault",
    "microsoft.managedidentity/userassignedidentities": "azurerm_user_assigned_identity",
    "microsoft.managedidentity/userassignedidentities/federatedidentitycredentials": (
        "azurerm_federated_identity_credential"
    ),
    "microsoft.network/applicationgateways": "azurerm_application_gateway",
    "microsoft.network/applicationgatewaywebapplicationfirewallpolicies": (
        "azurerm_web_application_firewall_policy"
    ),
    "microsoft.network/applicationsecuritygroups": "azurerm_application_security_group",
    "microsoft.network/azurefirewalls": "azurerm_firewall",
    "microsoft.network/bastionhosts": "azurerm_bastion_host",
    "microsoft.network/ddosprotectionplans": "azurerm_network_ddos_protection_plan",
    "microsoft.network/firewallpolicies": "azurerm_firewall_policy",
    "microsoft.network/loadbalancers": "azurerm_lb",
    "microsoft.network/natgateways": "azurerm_nat_gateway",
    "microsoft.network/networkinterfaces": "azurerm_network_interface",
    "microsoft.network/networksecuritygroups": "azurerm_network_security_group",
    "microsoft.network/networkwatchers": "azurerm_network_watcher",
    "microsoft.network/networkwatchers/flowlogs": "azurerm_network_watcher_flow_log",
    "microsoft.network/privatednszones": "azurerm_private_dns_zone",
    "microsoft.network/privatednszones/virtualnetworklinks": (
        "azurerm_private_dns_zone_virtual_network_link"
    ),
    "microsoft.network/privateendpoints": "azurerm_private_endpoint",
    "microsoft.network/publicipaddresses": "azurerm_public_ip",
    "microsoft.network/routetables": "azurerm_route_table",
    "microsoft.network/virtualnetworks": "azurerm_virtual_network",
    "microsoft.operationalinsights/workspaces": "azurerm_log_analytics_workspace",
    "microsoft.recoveryservices/vaults": "azurerm_recovery_services_vault",
    "microsoft.storage/storageaccounts": "azurerm_storage_account",
}
TYPES: Final = frozenset(_KNOWN.values())
"""Terraform's types that are counted; all others are told by Azure's own names."""


def name(setting: Mapping[str, Any]) -> str:
    """Give the name that verdicts call the register by."""
    return Azure.of(setting).target("management")


def counted(setting: Mapping[str, Any], unseen: list[str]) -> Iterator[Counted]:
    """Yield every resource of the subscription, and of what it leaves out what lets somebody in.

    That is roles of one's own, exemptions from policies, and outsiders that are trusted as an identity. Raises
    `TargetRefused`, after `PAGES_MAX` pages of each list too.
    """
    azure = Azure.of(setting)
    if not azure.speaks("management"):
        raise TargetRefused(
            "no endpoint of Resource Manager is set; name one under `azure.endpoints`"
        )
    for each in _everything(azure):
        yield each
        if each.type == "azurerm_user_assigned_identity":
            path = f"{each.values['id']}/federatedIdentityCredentials"
            yield from _listed(azure, path, {"api-version": "2023-01-31"})
    authority = f"/subscriptions/{azure.subscription}/providers/Microsoft.Authorization"
    asked = {"api-version": "2022-04-01", "$filter": "type eq 'CustomRole'"}
    yield from _listed(azure, f"{authority}/roleDefinitions", asked)
    asked = {"api-version": "2022-07-01-preview"}
    yield from _listed(azure, f"{authority}/policyExemptions", asked)


def _everything(azure: Azure) -> Iterator[Counted]:
    asked = {"api-version": VERSION, "$expand": "createdTime,changedTime"}
    path = f"/subscriptions/{azure.subscription}/resources"
    for each in azure.pages(azure.management(), path, asked):
        yield _counted(each)


def _listed(azure: Azure, path: str, asked: Mapping[str, str]) -> Iterator[Counted]:
    for each in azure.pages(azure.management(), path, asked):
        yield _counted(each)


def _counted(body: Mapping[str, Any]) -> Counted:
    kind, place = str(body["type"]), str(body["id"])
    values = {
        "id": place,
        "name": body.get("name"),
        "location": body.get("location"),
        "tags": body.get("tags"),
        "group": place.partition("/providers/")[0],
        "managed_by": body.get("managedBy"),
        "created_at": body.get("createdTime"),
        "changed_at": body.get("changedTime"),
    }
    return Counted(
        type=_KNOWN.get(kind.casefold(), kind),
        values={key: value for key, value in values.items() if value is not None},
        names=frozenset([place.casefold()]),
    )

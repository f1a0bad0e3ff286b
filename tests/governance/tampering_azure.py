"""What someone does to the example estate on Azure (`estates/azure.tf`), by plain REST and no live kind of ours."""

from collections.abc import Callable
from typing import Any, Final

from tests.governance.azure_serving import SUBSCRIPTION
from tests.governance.tampering import Kind, Tampering, Values
from tests.governance.tampering_gcp import done

Act = Callable[[Any, Values], Any]

GROUP: Final = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/tallystick"
STORAGE: Final = f"{GROUP}/providers/Microsoft.Storage/storageAccounts"
NETWORK: Final = f"{GROUP}/providers/Microsoft.Network"
SERVERS: Final = f"{GROUP}/providers/Microsoft.DBforPostgreSQL/flexibleServers"
ROLES: Final = "providers/Microsoft.Authorization/roleAssignments"
VAULT: Final = "/vaults/tallystick-calm"
QUERY: Final = {"api-version": "2024-01-01"}
OF_VAULT: Final = {"api-version": "7.4"}
WORLD: Final = {
    "properties": {
        "priority": 300,
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "*",
        "sourcePortRange": "*",
        "sourceAddressPrefix": "*",
        "destinationPortRange": "*",
        "destinationAddressPrefix": "*",
    }
}
OWNER: Final = {
    "properties": {
        "principalId": "00000000-0000-0000-0000-0000000000ee",
        "roleDefinitionId": f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization"
        "/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    }
}


def _row(name: str, kind: Kind, subject: str, act: Act, attribute: str = "") -> Tampering:
    return Tampering(
        name=name, cloud="azure", kind=kind, subject=subject, act=act, attribute=attribute
    )


def _change(suffix: str = "", **properties: Any) -> Act:
    """Change properties of the subject, or of what lies at a suffix under it."""
    return lambda hand, values: done(
        hand("management").patch(
            f"{values['id']}{suffix}", params=QUERY, json={"properties": properties}
        )
    )


def _put(place: str, body: dict[str, Any]) -> Act:
    return lambda hand, _values: done(hand("management").put(place, params=QUERY, json=body))


def _drop(hand: Any, values: Values) -> None:
    place = str(values["id"])
    if "|" in place:
        place = place.replace("|", "/providers/Microsoft.Insights/diagnosticSettings/")
    done(hand("management").delete(place, params=QUERY))


def _widen_inline(hand: Any, values: Values) -> None:
    place = f"{values['id']}/securityRules/database"
    rule = hand("management").get(place, params=QUERY).json()["properties"]
    body = {"properties": {**rule, "sourceAddressPrefix": "*"}}
    done(hand("management").put(place, params=QUERY, json=body))


def _in_vault(method: str, path: str, body: Any = None) -> Act:
    return lambda hand, _values: done(
        hand("vault").request(method, f"{VAULT}{path}", params=OF_VAULT, json=body)
    )


def _version(body: dict[str, Any]) -> Act:
    """Change the last version of a key or a secret."""

    def act(hand: Any, values: Values) -> None:
        sort = "keys" if "/keys/" in values["id"] else "secrets"
        path = f"{VAULT}/{sort}/{values['name']}/{values['version']}"
        done(hand("vault").patch(path, params=OF_VAULT, json=body))

    return act


def _container(method: str, name: str, **query: str) -> Act:
    asked = {"restype": "container", **query}
    public = {"x-ms-blob-public-access": "blob"} if query else {}
    return lambda hand, _values: done(
        hand("blob").request(method, f"/{name}", params=asked, headers=public)
    )


def _account(name: str) -> str:
    return f'azurerm_storage_account.main["{name}"]'


def _server(name: str) -> str:
    return f'azurerm_postgresql_flexible_server.main["{name}"]'


_ACCOUNTS: Final = (
    _row(
        "blobs may be public",
        "access",
        _account("shown"),
        _change(allowBlobPublicAccess=True),
        "allow_nested_items_to_be_public",
    ),
    _row(
        "plain HTTP",
        "encryption",
        _account("plain"),
        _change(supportsHttpsTrafficOnly=False),
        "https_traffic_only_enabled",
    ),
    _row(
        "old TLS",
        "encryption",
        _account("old"),
        _change(minimumTlsVersion="TLS1_0"),
        "min_tls_version",
    ),
    _row(
        "every network",
        "network",
        _account("wide"),
        _change(networkAcls={"defaultAction": "Allow"}),
        "network_rules.0.default_action",
    ),
    _row(
        "account keys again",
        "access",
        _account("shared"),
        _change(allowSharedKeyAccess=True),
        "shared_access_key_enabled",
    ),
    _row(
        "customer's key taken away",
        "encryption",
        _account("unkeyed"),
        _change(encryption={"keySource": "Microsoft.Storage", "keyvaultproperties": None}),
    ),
    _row(
        "account on the internet",
        "network",
        _account("public"),
        _change(publicNetworkAccess="Enabled"),
        "public_network_access_enabled",
    ),
    _row(
        "versions stopped",
        "other",
        _account("forgets"),
        _change("/blobServices/default", isVersioningEnabled=False),
        "blob_properties.0.versioning_enabled",
    ),
    _row("account deleted", "deleted", _account("deleted"), _drop),
    _row(
        "account made",
        "created",
        f"azurerm_storage_account:{STORAGE}/tallystickstranger",
        _put(
            f"{STORAGE}/tallystickstranger",
            {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}},
        ),
    ),
)
_CONTAINERS: Final = (
    _row(
        "container opened",
        "access",
        'azurerm_storage_container.main["opened"]',
        _container("PUT", "opened", comp="acl"),
        "container_access_type",
    ),
    _row(
        "container deleted",
        "deleted",
        'azurerm_storage_container.main["dropped"]',
        _container("DELETE", "dropped"),
    ),
    _row(
        "container made",
        "created",
        f"azurerm_storage_container:{STORAGE}/tallystickcalm/blobServices/default/containers/stranger",
        _container("PUT", "stranger"),
    ),
)
_NETWORKS: Final = (
    _row(
        "rule within opened",
        "network",
        'azurerm_network_security_group.inline["opened"]',
        _widen_inline,
        "security_rule.database.source_address_prefix",
    ),
    _row(
        "group deleted",
        "deleted",
        'azurerm_network_security_group.inline["deleted"]',
        _drop,
    ),
    _row(
        "rule opened",
        "network",
        'azurerm_network_security_rule.main["widened"]',
        _change(sourceAddressPrefix="Internet"),
        "source_address_prefix",
    ),
    _row("rule deleted", "deleted", 'azurerm_network_security_rule.main["gone"]', _drop),
    _row(
        "rule made",
        "created",
        f"azurerm_network_security_rule:{NETWORK}/networkSecurityGroups/apart/securityRules/world",
        _put(f"{NETWORK}/networkSecurityGroups/apart/securityRules/world", WORLD),
    ),
    _row(
        "subnet reaches out",
        "network",
        'azurerm_subnet.main["leaking"]',
        _change(defaultOutboundAccess=True),
        "default_outbound_access_enabled",
    ),
)
_VAULTS: Final = (
    _row(
        "vault by policies",
        "access",
        'azurerm_key_vault.main["open"]',
        _change(enableRbacAuthorization=False),
        "rbac_authorization_enabled",
    ),
    _row(
        "vault on the internet",
        "network",
        'azurerm_key_vault.main["public"]',
        _change(publicNetworkAccess="Enabled"),
        "public_network_access_enabled",
    ),
    _row(
        "vault lets an address in",
        "network",
        'azurerm_key_vault.main["listed"]',
        _change(networkAcls={"ipRules": [{"value": "203.0.113.7"}]}),
        "network_acls.0.ip_rules",
    ),
    _row(
        "rotation stopped",
        "encryption",
        'azurerm_key_vault_key.main["still"]',
        _in_vault("PUT", "/keys/still/rotationpolicy", {"lifetimeActions": []}),
    ),
    _row(
        "key switched off",
        "encryption",
        'azurerm_key_vault_key.main["off"]',
        _version({"attributes": {"enabled": False}}),
        "key_opts",
    ),
    _row(
        "key deleted",
        "deleted",
        'azurerm_key_vault_key.main["gone"]',
        _in_vault("DELETE", "/keys/gone"),
    ),
    _row(
        "secret replaced",
        "other",
        'azurerm_key_vault_secret.main["replaced"]',
        _in_vault(
            "PUT",
            "/secrets/replaced",
            {
                "value": "another",
                "contentType": "text/plain",
                "attributes": {"exp": 1_893_456_000},
            },
        ),
        "value",
    ),
    _row(
        "secret without an end",
        "other",
        'azurerm_key_vault_secret.main["endless"]',
        _version({"attributes": {"exp": None}}),
        "expiration_date",
    ),
    _row(
        "secret deleted",
        "deleted",
        'azurerm_key_vault_secret.main["gone"]',
        _in_vault("DELETE", "/secrets/gone"),
    ),
    _row(
        "secret made",
        "created",
        "azurerm_key_vault_secret:*/vaults/tallystick-calm/secrets/stranger/*",
        _in_vault("PUT", "/secrets/stranger", {"value": "x"}),
    ),
)
_OTHERS: Final = (
    _row(
        "database on the internet",
        "network",
        _server("public"),
        _change(network={"publicNetworkAccess": "Enabled"}),
        "public_network_access_enabled",
    ),
    _row(
        "passwords again",
        "access",
        _server("words"),
        _change(authConfig={"passwordAuth": "Enabled"}),
        "authentication.0.password_auth_enabled",
    ),
    _row(
        "standby taken away",
        "other",
        _server("alone"),
        _change(highAvailability={"mode": "Disabled"}),
    ),
    _row(
        "backups in one region",
        "other",
        _server("here"),
        _change(backup={"geoRedundantBackup": "Disabled"}),
        "geo_redundant_backup_enabled",
    ),
    _row("database deleted", "deleted", _server("deleted"), _drop),
    _row(
        "database's wall opened",
        "created",
        f"azurerm_postgresql_flexible_server_firewall_rule:{SERVERS}/tallystick-calm"
        "/firewallRules/world",
        _put(
            f"{SERVERS}/tallystick-calm/firewallRules/world",
            {"properties": {"startIpAddress": "0.0.0.0", "endIpAddress": "255.255.255.255"}},
        ),
    ),
    _row(
        "database without TLS",
        "other",
        "azurerm_postgresql_flexible_server_configuration.main",
        _change(value="off"),
        "value",
    ),
    _row(
        "owner made",
        "created",
        f"azurerm_role_assignment:{GROUP}/{ROLES}/00000000-0000-0000-0000-0000000000ff",
        _put(f"{GROUP}/{ROLES}/00000000-0000-0000-0000-0000000000ff", OWNER),
    ),
    _row("assignment removed", "deleted", 'azurerm_role_assignment.main["Reader"]', _drop),
    _row("lock taken off", "deleted", "azurerm_management_lock.main", _drop),
    _row(
        "logs kept for a month",
        "other",
        "azurerm_log_analytics_workspace.main",
        _change(retentionInDays=30),
        "retention_in_days",
    ),
    _row(
        "vault no longer heard",
        "deleted",
        'azurerm_monitor_diagnostic_setting.main["open"]',
        _drop,
    ),
)
TAMPERINGS: Final = (*_ACCOUNTS, *_CONTAINERS, *_NETWORKS, *_VAULTS, *_OTHERS)

UNHEARD: Final = ("azurerm_storage_container", "azurerm_key_vault_key", "azurerm_key_vault_secret")
"""Types whose changes the activity log does not tell: they are changed within a vault or an account."""

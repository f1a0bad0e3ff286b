"""Groups, networks, subnets and security groups (https://learn.microsoft.com/rest/api/virtualnetwork/)."""

from typing import Any, Final

from tallystick.governance.adapters.live.azure.kinds import (
    GROUP,
    Json,
    Kind,
    everywhere,
    under,
)
from tallystick.governance.adapters.live.rest.shapes import (
    At,
    Block,
    Shape,
    folded,
    switch,
    tailed,
    told,
)

VERSION: Final = "2024-05-01"
NETWORK: Final = "Microsoft.Network/virtualNetworks"
WALL: Final = "Microsoft.Network/networkSecurityGroups"


def place(text: Any) -> str:
    """Give a region's name as Azure writes it: without spaces or capitals."""
    return str(text).replace(" ", "").casefold()


LOCATION: Final = At(
    place="location", fixed=True, same=lambda one, other: place(one) == place(other)
)


def ids(at: str) -> At:
    """Give an attribute that is a list of ids: Azure has an object around each."""
    return At(
        place=at,
        out=lambda found: [{"id": each} for each in found],
        back=lambda found: [each.get("id") for each in found],
        same=folded,
    )


RULE: Final[Shape] = {
    "description": "properties.description",
    "protocol": At(place="properties.protocol", same=folded),
    "source_port_range": "properties.sourcePortRange",
    "source_port_ranges": "properties.sourcePortRanges",
    "destination_port_range": "properties.destinationPortRange",
    "destination_port_ranges": "properties.destinationPortRanges",
    "source_address_prefix": "properties.sourceAddressPrefix",
    "source_address_prefixes": "properties.sourceAddressPrefixes",
    "source_application_security_group_ids": ids("properties.sourceApplicationSecurityGroups"),
    "destination_address_prefix": "properties.destinationAddressPrefix",
    "destination_address_prefixes": "properties.destinationAddressPrefixes",
    "destination_application_security_group_ids": ids(
        "properties.destinationApplicationSecurityGroups"
    ),
    "access": At(place="properties.access", same=folded),
    "priority": "properties.priority",
    "direction": At(place="properties.direction", same=folded),
}
_DELEGATION: Final[Shape] = {
    "name": "name",
    "service_delegation": Block(
        place="properties", shape={"name": "serviceName", "actions": "actions"}
    ),
}


def _encrypted(body: Json) -> Json:
    """Say that traffic is encrypted where it is said what becomes of traffic that is not."""
    encryption = (body.get("properties") or {}).get("encryption")
    if encryption:
        encryption["enabled"] = True
    return body


KINDS: Final[dict[str, Kind]] = {
    "azurerm_resource_group": Kind(
        id="/subscriptions/{subscription}/resourceGroups/{name}",
        version="2024-11-01",
        collections=lambda azure: (f"/subscriptions/{azure.subscription}/resourceGroups",),
        shape={"location": LOCATION, "managed_by": "managedBy", "tags": "tags"},
    ),
    "azurerm_virtual_network": Kind(
        id=f"{GROUP}/providers/{NETWORK}/{{name}}",
        version=VERSION,
        collections=everywhere(NETWORK),
        dress=_encrypted,
        shape={
            "location": LOCATION,
            "tags": "tags",
            "address_space": "properties.addressSpace.addressPrefixes",
            "dns_servers": "properties.dhcpOptions.dnsServers",
            "flow_timeout_in_minutes": "properties.flowTimeoutInMinutes",
            "ddos_protection_plan": Block(
                place="properties",
                shape={
                    "id": At(place="ddosProtectionPlan.id", same=folded),
                    "enable": At(place="enableDdosProtection", default=False),
                },
                default={"enable": False},
            ),
            "encryption": Block(
                place="properties.encryption", shape={"enforcement": "enforcement"}
            ),
            "guid": told("properties.resourceGuid"),
        },
    ),
    "azurerm_subnet": Kind(
        id=f"{GROUP}/providers/{NETWORK}/{{virtual_network_name}}/subnets/{{name}}",
        version=VERSION,
        collections=under(NETWORK, VERSION, "subnets"),
        shape={
            "address_prefixes": "properties.addressPrefixes",
            "service_endpoints": At(
                place="properties.serviceEndpoints",
                out=lambda found: [{"service": each} for each in found],
                back=lambda found: [each["service"] for each in found],
            ),
            "private_endpoint_network_policies": At(
                place="properties.privateEndpointNetworkPolicies", default="Disabled", implied=True
            ),
            "private_link_service_network_policies_enabled": switch(
                "properties.privateLinkServiceNetworkPolicies", default=True, implied=True
            ),
            "default_outbound_access_enabled": At(
                place="properties.defaultOutboundAccess", default=True, implied=True
            ),
            "delegation": Block(place="properties.delegations", many=True, shape=_DELEGATION),
        },
    ),
    "azurerm_network_security_group": Kind(
        id=f"{GROUP}/providers/{WALL}/{{name}}",
        version=VERSION,
        collections=everywhere(WALL),
        shape={
            "location": LOCATION,
            "tags": "tags",
            "security_rule": Block(
                place="properties.securityRules",
                many=True,
                shared=True,
                shape={"name": "name", **RULE},
            ),
        },
    ),
    "azurerm_network_security_rule": Kind(
        id=f"{GROUP}/providers/{WALL}/{{network_security_group_name}}/securityRules/{{name}}",
        version=VERSION,
        collections=under(WALL, VERSION, "securityRules"),
        shape=RULE,
    ),
    "azurerm_route_table": Kind(
        id=f"{GROUP}/providers/Microsoft.Network/routeTables/{{name}}",
        version=VERSION,
        collections=everywhere("Microsoft.Network/routeTables"),
        shape={
            "location": LOCATION,
            "tags": "tags",
            "bgp_route_propagation_enabled": At(
                place="properties.disableBgpRoutePropagation",
                out=lambda on: not on,
                back=lambda off: not off,
                default=True,
                implied=True,
            ),
            "route": Block(
                place="properties.routes",
                many=True,
                shared=True,
                shape={
                    "name": "name",
                    "address_prefix": "properties.addressPrefix",
                    "next_hop_type": "properties.nextHopType",
                    "next_hop_in_ip_address": "properties.nextHopIpAddress",
                },
            ),
        },
    ),
    "azurerm_private_endpoint": Kind(
        id=f"{GROUP}/providers/Microsoft.Network/privateEndpoints/{{name}}",
        version=VERSION,
        collections=everywhere("Microsoft.Network/privateEndpoints"),
        shape={
            "location": LOCATION,
            "tags": "tags",
            "subnet_id": At(place="properties.subnet.id", same=tailed),
            "custom_network_interface_name": "properties.customNetworkInterfaceName",
            "private_service_connection": Block(
                place="properties.privateLinkServiceConnections",
                many=True,
                shape={
                    "name": "name",
                    "private_connection_resource_id": "properties.privateLinkServiceId",
                    "subresource_names": "properties.groupIds",
                },
            ),
        },
    ),
}

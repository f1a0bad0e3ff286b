"""Networks, subnetworks and firewalls (https://cloud.google.com/compute/docs/reference/rest/v1)."""

from typing import Final

from tallystick.governance.adapters.live.gcp.ground import Gcp
from tallystick.governance.adapters.live.gcp.kinds import Json, Kind, regional
from tallystick.governance.adapters.live.rest.shapes import At, Block, Shape, folded, tailed, told

PROJECT: Final = "/compute/v1/projects/{project}"
# Both log everything in five seconds where nothing else is said: …/rest/v1/subnetworks, logConfig.
_FLOWS: Final[Shape] = {
    "aggregation_interval": At(place="aggregationInterval", default="INTERVAL_5_SEC"),
    "flow_sampling": "flowSampling",
    "metadata": At(place="metadata", default="INCLUDE_ALL_METADATA"),
    "filter_expr": At(place="filterExpr", default="true"),
}
_RULE: Final[Shape] = {"protocol": At(place="IPProtocol", same=folded), "ports": "ports"}


def logs_said(gcp: Gcp, body: Json, first: bool) -> Json:
    """Say whether traffic is logged: a block that stands says yes, none says no."""
    logs = body.get("logConfig")
    return {**body, "logConfig": {"enable": logs is not None, **(logs or {})}}


def logs_heard(body: Json) -> Json:
    """Leave out how traffic would be logged where it is not."""
    logs = body.get("logConfig") or {}
    return body if logs.get("enable") else {**body, "logConfig": None}


KINDS: Final[dict[str, Kind]] = {
    "google_compute_network": Kind(
        service="compute",
        id="projects/{project}/global/networks/{name}",
        at=PROJECT + "/global/networks/{name}",
        within=PROJECT + "/global/networks",
        shape={
            "name": At(place="name", fixed=True),
            "description": At(place="description", fixed=True),
            "auto_create_subnetworks": At(place="autoCreateSubnetworks", default=True, fixed=True),
            "routing_mode": At(place="routingConfig.routingMode", default="REGIONAL"),
            "mtu": At(place="mtu", default=1460),
            "network_firewall_policy_enforcement_order": At(
                place="networkFirewallPolicyEnforcementOrder", default="AFTER_CLASSIC_FIREWALL"
            ),
            "self_link": told("selfLink"),
            "network_id": At(place="id", back=str, told=True),
        },
    ),
    "google_compute_subnetwork": Kind(
        service="compute",
        id="projects/{project}/regions/{region}/subnetworks/{name}",
        at=PROJECT + "/regions/{region}/subnetworks/{name}",
        within=PROJECT + "/regions/{region}/subnetworks",
        parents=regional,
        dress=logs_said,
        strip=logs_heard,
        shape={
            "name": At(place="name", fixed=True),
            "description": At(place="description", fixed=True),
            "network": At(place="network", same=tailed, fixed=True),
            "ip_cidr_range": At(place="ipCidrRange", fixed=True),
            "private_ip_google_access": At(place="privateIpGoogleAccess", default=False),
            "purpose": At(place="purpose", default="PRIVATE", fixed=True),
            "role": "role",
            "stack_type": At(place="stackType", default="IPV4_ONLY"),
            "log_config": Block(place="logConfig", shape=_FLOWS, bare=True),
            "secondary_ip_range": Block(
                place="secondaryIpRanges",
                many=True,
                shape={"range_name": "rangeName", "ip_cidr_range": "ipCidrRange"},
            ),
            "gateway_address": told("gatewayAddress"),
            "creation_timestamp": told("creationTimestamp"),
            "self_link": told("selfLink"),
        },
    ),
    "google_compute_firewall": Kind(
        service="compute",
        id="projects/{project}/global/firewalls/{name}",
        at=PROJECT + "/global/firewalls/{name}",
        within=PROJECT + "/global/firewalls",
        dress=logs_said,
        strip=logs_heard,
        shape={
            "name": At(place="name", fixed=True),
            "description": "description",
            "network": At(place="network", same=tailed, fixed=True),
            "direction": At(place="direction", default="INGRESS", fixed=True),
            "priority": At(place="priority", default=1000),
            "disabled": At(place="disabled", default=False),
            "source_ranges": "sourceRanges",
            "destination_ranges": "destinationRanges",
            "source_tags": "sourceTags",
            "target_tags": "targetTags",
            "source_service_accounts": "sourceServiceAccounts",
            "target_service_accounts": "targetServiceAccounts",
            "allow": Block(place="allowed", many=True, shape=_RULE),
            "deny": Block(place="denied", many=True, shape=_RULE),
            "log_config": Block(place="logConfig", shape={"metadata": "metadata"}, bare=True),
            "creation_timestamp": told("creationTimestamp"),
            "self_link": told("selfLink"),
        },
    ),
}

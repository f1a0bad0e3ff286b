"""AWS: networks, what they let in, and the edge."""

import re
from typing import Any

from tallystick.governance.model.controls.bearings import CALLS_MOST
from tallystick.governance.model.controls.reach import is_everywhere
from tallystick.governance.model.predicates import (
    Clause,
    Finding,
    Truth,
    all_of,
    any_of,
    at_most,
    control,
    every,
    exists,
    is_empty,
    is_false,
    is_one_of,
    is_set,
    judged,
    no,
    settings_of,
    values_at,
    when,
)
from tallystick.governance.model.values import UNKNOWN, Estate, Resource

_BALANCERS = ("aws_lb",)
# Policies from TLS 1.2 on; those called Ext take old ciphers too.
_STRONG = re.compile(r"ELBSecurityPolicy-TLS13-1-[23]-(?!Ext)")


def _from_anywhere(rule: Resource, *paths: str) -> Truth:
    return any_of(
        UNKNOWN if each is UNKNOWN else is_everywhere(each)
        for path in paths
        for value in values_at(rule, path)
        for each in (value if isinstance(value, list) else [value])  # pyright: ignore[reportUnknownVariableType]
    )


def _is_https(low: Any, high: Any, protocol: Any) -> Truth:
    return all_of(
        UNKNOWN if value is UNKNOWN else value in wanted
        for value, wanted in ((low, (443,)), (high, (443,)), (protocol, ("tcp", "6")))
    )


@control("aws-network-closed", "aws_vpc_security_group_ingress_rule", "aws_security_group_rule")
def network_closed(rule: Resource, estate: Estate) -> Finding | None:
    """The whole internet reaches port 443 and nothing else."""
    protocol = "ip_protocol" if rule.type == "aws_vpc_security_group_ingress_rule" else "protocol"
    incoming = (
        True if protocol == "ip_protocol" else is_one_of(rule, "type", ("ingress",), "").holds
    )
    open_to_all = _from_anywhere(rule, "cidr_ipv4", "cidr_ipv6", "cidr_blocks", "ipv6_cidr_blocks")
    https = _is_https(rule.at("from_port"), rule.at("to_port"), rule.at(protocol))
    return when(
        all_of((incoming, open_to_all)),
        Clause(https, "the whole internet reaches more than port 443"),
    )


@control("aws-network-groups-closed", "aws_security_group")
def groups_closed(group: Resource, estate: Estate) -> Finding | None:
    """Rules that stand in the group itself are held to the same."""
    rules = values_at(group, "ingress.*")
    truths: list[Truth] = []
    for each in rules:
        if each is None or each is UNKNOWN:
            truths.append(UNKNOWN if each is UNKNOWN else True)
            continue
        rule = Resource(address="", type="", name="", values=each)
        anywhere = _from_anywhere(rule, "cidr_blocks", "ipv6_cidr_blocks")
        https = _is_https(rule.at("from_port"), rule.at("to_port"), rule.at("protocol"))
        truths.append(any_of((no(anywhere), https)))
    return every(
        Clause(all_of(truths), "the whole internet reaches more than port 443"),
    )


@control("aws-network-default-closed", "aws_vpc")
def default_closed(network: Resource, estate: Estate) -> Finding | None:
    """What forgets to name a security group reaches nothing and is reached by nothing."""
    default = settings_of(network, estate, "aws_default_security_group", "vpc_id")
    return every(
        is_empty(default, "ingress", "its default security group lets in, or nobody governs it"),
        is_empty(default, "egress", "its default security group lets out, or nobody governs it"),
    )


@control("aws-network-logged", "aws_vpc")
def network_logged(network: Resource, estate: Estate) -> Finding | None:
    """Who spoke with whom, and who was refused."""
    flows = settings_of(network, estate, "aws_flow_log", "vpc_id")
    return every(
        is_one_of(flows, "traffic_type", ("ALL",), "nobody logs all of its flows"),
        is_set(flows, "log_destination", "its flows are logged nowhere"),
    )


@control("aws-subnet-private", "aws_subnet")
def subnet_private(subnet: Resource, estate: Estate) -> Finding | None:
    """Nothing gets an address on the internet by standing somewhere."""
    return every(
        is_false(
            subnet, "map_public_ip_on_launch", "what starts there gets an address on the internet"
        ),
        is_false(
            subnet,
            "assign_ipv6_address_on_creation",
            "what starts there gets an IPv6 address on the internet",
        ),
    )


@control("aws-edge-tls", "aws_lb_listener")
def edge_tls(listener: Resource, estate: Estate) -> Finding | None:
    """TLS from 1.2 on; whoever comes without is sent to where there is."""
    redirect = is_one_of(listener, "default_action.*.redirect.0.protocol", ("HTTPS",), "")
    return when(
        no(redirect.holds),
        is_one_of(listener, "protocol", ("HTTPS", "TLS"), "it speaks without TLS"),
        judged(
            listener,
            "ssl_policy",
            lambda policy: bool(_STRONG.match(str(policy))),
            "it takes a TLS under 1.2 or weak ciphers",
        ),
    )


@control("aws-edge-firewall", *_BALANCERS)
def edge_firewall(balancer: Resource, estate: Estate) -> Finding | None:
    """A web firewall reads what the internet sends before we do; one for connections takes none."""
    kind = is_one_of(balancer, "load_balancer_type", ("application",), "", absent="application")
    return when(
        all_of((kind.holds, is_false(balancer, "internal", "", absent=False).holds)),
        exists(
            settings_of(
                balancer, estate, "aws_wafv2_web_acl_association", "resource_arn", ("arn", "id")
            ),
            "no web firewall stands before it",
        ),
    )


@control("aws-edge-shield", *_BALANCERS)
def edge_shield(balancer: Resource, estate: Estate) -> Finding | None:
    """Floods are held off by the cloud, with people of its own."""
    return when(
        is_false(balancer, "internal", "", absent=False).holds,
        exists(
            settings_of(balancer, estate, "aws_shield_protection", "resource_arn", ("arn", "id")),
            "nothing holds floods off",
        ),
    )


@control("aws-edge-strict", *_BALANCERS)
def edge_strict(balancer: Resource, estate: Estate) -> Finding | None:
    """What is no proper HTTP is dropped, and who called is logged."""
    return when(
        is_one_of(balancer, "load_balancer_type", ("application",), "", absent="application").holds,
        is_one_of(balancer, "drop_invalid_header_fields", (True,), "it hands malformed headers on"),
        is_one_of(balancer, "access_logs.0.enabled", (True,), "it does not log who called"),
        is_one_of(
            balancer,
            "desync_mitigation_mode",
            ("defensive", "strictest"),
            "requests can be smuggled past it",
            absent="defensive",
        ),
    )


@control("aws-edge-counts", "aws_wafv2_web_acl")
def edge_counts(wall: Resource, estate: Estate) -> Finding | None:
    """The web firewall knows the usual attacks and a limit for one caller."""
    rules = values_at(wall, "rule.*")
    return every(
        Clause(any_of(map(_knows_attacks, rules)), "it has no list of the usual attacks"),
        Clause(any_of(map(_limits, rules)), "one caller can ask without end"),
    )


def _knows_attacks(rule: Any) -> Truth:
    """A list of the cloud's that is in force: its own actions are not replaced by counting."""
    if rule is None or rule is UNKNOWN:
        return False if rule is None else UNKNOWN
    said = Resource(address="", type="", name="", values=rule)
    return all_of(
        (
            is_set(said, "statement.0.managed_rule_group_statement.0.name", "").holds,
            is_empty(said, "override_action.0.count", "").holds,
        )
    )


def _limits(rule: Any) -> Truth:
    """A rule that stops one caller at a number that means something."""
    if rule is None or rule is UNKNOWN:
        return False if rule is None else UNKNOWN
    said = Resource(address="", type="", name="", values=rule)
    return all_of(
        (
            at_most(said, "statement.0.rate_based_statement.0.limit", CALLS_MOST, "").holds,
            is_empty(said, "action.0.count", "").holds,
        )
    )

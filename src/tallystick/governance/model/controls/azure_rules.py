"""Azure: networks, the edge, logs, who may, where it lives and what it costs."""

from typing import Any, cast

from tallystick.governance.model.controls.bearings import CALLS_MOST, TAGS_NEEDED, places, tag
from tallystick.governance.model.controls.reach import is_everywhere
from tallystick.governance.model.predicates import (
    Clause,
    Finding,
    Related,
    Truth,
    all_of,
    any_of,
    at_least,
    at_most,
    control,
    either,
    every,
    exists,
    holds,
    is_false,
    is_none_of,
    is_one_of,
    is_set,
    is_true,
    judged,
    no,
    refers_to,
    settings_of,
    values_at,
    when,
)
from tallystick.governance.model.values import UNKNOWN, Estate, Resource

# The only names of sources that are inside: every other, AzureCloud too, is of strangers.
_INSIDE = ("virtualnetwork", "azureloadbalancer", "gatewaymanager")
# A bare address of nobody is no host: Azure's benchmarks read it as the range of all.
_NOBODY = ("0.0.0.0", "::")  # noqa: S104 - nothing is bound here
_PLACED = (
    "azurerm_resource_group",
    "azurerm_storage_account",
    "azurerm_postgresql_flexible_server",
    "azurerm_kubernetes_cluster",
    "azurerm_key_vault",
    "azurerm_virtual_network",
    "azurerm_log_analytics_workspace",
)
# Subnets of the cloud's own services, which take no security group.
_CLOUDS_OWN = ("AzureFirewallSubnet", "AzureBastionSubnet", "GatewaySubnet", "RouteServerSubnet")


def _is_open(rule: Resource) -> Truth:
    """An inbound rule that lets the whole internet in."""
    sources = [rule.at("source_address_prefix"), *values_at(rule, "source_address_prefixes.*")]
    groups = is_set(rule, "source_application_security_group_ids", "").holds
    said = [each for each in sources if each not in (None, "")]
    return all_of(
        (
            is_one_of(rule, "direction", ("Inbound",), "").holds,
            is_one_of(rule, "access", ("Allow",), "").holds,
            any_of(UNKNOWN if each is UNKNOWN else _is_outside(str(each)) for each in said)
            if said
            else no(groups),
        )
    )


def _is_outside(source: str) -> bool:
    """Say whether a source is the internet, or a name of the cloud's that strangers stand under."""
    if source[:1].isdigit() or ":" in source:
        return source in _NOBODY or is_everywhere(source)
    return source.lower() not in _INSIDE


def _is_https(rule: Resource) -> Truth:
    ports = [
        each
        for each in (
            rule.at("destination_port_range"),
            *values_at(rule, "destination_port_ranges.*"),
        )
        if each not in (None, "")
    ]
    return all_of(
        (
            all_of(UNKNOWN if each is UNKNOWN else each == "443" for each in ports or ["*"]),
            is_one_of(rule, "protocol", ("Tcp", "tcp"), "").holds,
        )
    )


@control("azure-network-closed", "azurerm_network_security_rule")
def network_closed(rule: Resource, estate: Estate) -> Finding | None:
    """The whole internet reaches port 443 and nothing else."""
    return when(
        _is_open(rule),
        Clause(_is_https(rule), "the whole internet reaches more than port 443"),
    )


@control("azure-network-groups-closed", "azurerm_network_security_group")
def groups_closed(group: Resource, estate: Estate) -> Finding | None:
    """Rules that stand in the group itself are held to the same."""
    truths: list[Truth] = []
    for each in values_at(group, "security_rule.*"):
        if each is None or each is UNKNOWN:
            truths.append(UNKNOWN if each is UNKNOWN else True)
            continue
        rule = Resource(address="", type="", name="", values=cast("dict[str, Any]", each))
        truths.append(any_of((no(_is_open(rule)), _is_https(rule))))
    return every(Clause(all_of(truths), "the whole internet reaches more than port 443"))


@control("azure-subnet-guarded", "azurerm_subnet")
def subnet_guarded(subnet: Resource, estate: Estate) -> Finding | None:
    """A security group stands before it, and nothing leaves it by a way that nobody made."""
    return when(
        is_none_of(subnet, "name", _CLOUDS_OWN, "").holds,
        exists(
            settings_of(
                subnet,
                estate,
                "azurerm_subnet_network_security_group_association",
                "subnet_id",
            ),
            "no security group stands before it",
        ),
        is_false(
            subnet,
            "default_outbound_access_enabled",
            "what stands there reaches the internet by itself",
            absent=True,
        ),
    )


@control("azure-network-logged", "azurerm_virtual_network")
def network_logged(network: Resource, estate: Estate) -> Finding | None:
    """Who spoke with whom, and who was refused."""
    flows = settings_of(network, estate, "azurerm_network_watcher_flow_log", "target_resource_id")
    return every(
        is_true(flows, "enabled", "nobody logs its flows"),
        holds(
            flows,
            lambda each: all_of(
                (
                    is_true(each, "retention_policy.0.enabled", "").holds,
                    at_least(each, "retention_policy.0.days", 90, "").holds,
                )
            ),
            "its flows are kept for under 90 days, or nothing keeps them",
        ),
    )


@control("azure-network-floods", "azurerm_virtual_network")
def network_floods(network: Resource, estate: Estate) -> Finding | None:
    """Floods are held off by the cloud, with people of its own."""
    return every(is_true(network, "ddos_protection_plan.0.enable", "nothing holds floods off"))


@control("azure-edge-firewall", "azurerm_application_gateway")
def edge_firewall(gateway: Resource, estate: Estate) -> Finding | None:
    """A web firewall reads what the internet sends before we do."""
    return every(
        is_one_of(gateway, "sku.0.tier", ("WAF_v2",), "it has no web firewall"),
        refers_to(
            gateway,
            "firewall_policy_id",
            "its web firewall has no rules",
            "azurerm_web_application_firewall_policy",
        ),
    )


@control("azure-edge-tls", "azurerm_application_gateway")
def edge_tls(gateway: Resource, estate: Estate) -> Finding | None:
    """TLS from 1.2 on; whoever comes without is sent to where there is."""
    policy = "ssl_policy.0"
    return every(
        either(
            "it takes a TLS under 1.2",
            is_one_of(gateway, f"{policy}.min_protocol_version", ("TLSv1_2", "TLSv1_3"), ""),
            is_one_of(
                gateway,
                f"{policy}.policy_name",
                ("AppGwSslPolicy20220101", "AppGwSslPolicy20220101S"),
                "",
            ),
        ),
        judged(
            gateway,
            f"{policy}.cipher_suites.*",
            lambda suite: suite is None or str(suite).startswith("TLS_ECDHE_"),
            "it takes weak ciphers",
        ),
        Clause(
            all_of(_is_guarded(each, gateway) for each in values_at(gateway, "http_listener.*")),
            "it speaks without TLS",
        ),
    )


def _is_guarded(listener: Any, gateway: Resource) -> Truth:
    """A listener with TLS, or one whose rule sends callers elsewhere."""
    if listener is None or listener is UNKNOWN:
        return True if listener is None else UNKNOWN
    said = Resource(address="", type="", name="", values=listener)
    sends = (
        UNKNOWN
        if rule is UNKNOWN
        else all_of(
            (
                _same(rule.get("http_listener_name"), said.at("name")),
                _is_given(rule.get("redirect_configuration_name")),
            )
        )
        for rule in values_at(gateway, "request_routing_rule.*")
        if rule is not None
    )
    return any_of((is_one_of(said, "protocol", ("Https",), "").holds, *sends))


def _same(one: Any, other: Any) -> Truth:
    return UNKNOWN if one is UNKNOWN or other is UNKNOWN else one == other


def _is_given(value: Any) -> Truth:
    return UNKNOWN if value is UNKNOWN else bool(value)


@control("azure-edge-counts", "azurerm_web_application_firewall_policy")
def edge_counts(wall: Resource, estate: Estate) -> Finding | None:
    """The web firewall refuses, and has a limit for one caller."""
    return every(
        is_one_of(
            wall,
            "policy_settings.0.mode",
            ("Prevention",),
            "it only watches",
            absent="Prevention",
        ),
        is_true(wall, "policy_settings.0.enabled", "it is switched off", absent=True),
        Clause(
            any_of(_limits(each) for each in values_at(wall, "custom_rules.*")),
            "one caller can ask without end",
        ),
    )


def _limits(rule: Any) -> Truth:
    """A rule that is in force and holds one caller to a number that means something."""
    if rule is None or rule is UNKNOWN:
        return False if rule is None else UNKNOWN
    said = Resource(address="", type="", name="", values=rule)
    return all_of(
        (
            is_one_of(said, "rule_type", ("RateLimitRule",), "").holds,
            is_one_of(said, "action", ("Block", "JSChallenge"), "").holds,
            is_true(said, "enabled", "", absent=True).holds,
            at_most(said, "rate_limit_threshold", CALLS_MOST, "").holds,
        )
    )


@control("azure-logs-kept", "azurerm_log_analytics_workspace")
def logs_kept(workspace: Resource, estate: Estate) -> Finding | None:
    """Long enough for an audit to ask, and written by identities."""
    return every(
        at_least(workspace, "retention_in_days", 90, "they are gone in under 90 days", absent=30),
        either(
            "a shared key writes into it",
            is_true(workspace, "local_authentication_disabled", ""),
            is_one_of(workspace, "local_authentication_enabled", (False,), ""),
        ),
    )


@control("azure-trail-present")
def trail_present(whole: Resource, estate: Estate) -> Finding | None:
    """The activity of the subscription is kept: who changed the estate."""

    def whole_trail(setting: Resource) -> Truth:
        at = setting.at("target_resource_id")
        kinds = values_at(setting, "enabled_log.*.category")
        subscription = UNKNOWN if at is UNKNOWN else str(at).count("/") <= 2
        wanted = (
            any_of(UNKNOWN if it is UNKNOWN else it == want for it in kinds)
            for want in ("Administrative", "Security", "Policy")
        )
        return all_of((subscription, *wanted))

    found = any_of(
        whole_trail(each) for each in estate.of_type("azurerm_monitor_diagnostic_setting")
    )
    return every(Clause(found, "nothing keeps who changed the subscription"))


@control("azure-region-allowed", *_PLACED)
def region_allowed(resource: Resource, estate: Estate) -> Finding | None:
    """Data live where the inventory lets them."""
    allowed = places(resource, estate)
    return every(
        judged(
            resource,
            "location",
            lambda place: str(place).replace(" ", "").lower() in allowed,
            "it is where it may not live",
        )
    )


@control("azure-tags-present", *_PLACED)
def tags_present(resource: Resource, estate: Estate) -> Finding | None:
    """Whose it is, who pays, what it holds."""
    found = {name: tag(resource, name) for name in TAGS_NEEDED}
    return every(
        *(
            Clause(UNKNOWN if value is UNKNOWN else bool(value), f"no tag says its {name}")
            for name, value in found.items()
        )
    )


@control(
    "azure-budget-watched",
    "azurerm_consumption_budget_subscription",
    "azurerm_consumption_budget_resource_group",
)
def budget_watched(budget: Resource, estate: Estate) -> Finding | None:
    """Somebody hears of it before the money is gone."""
    return every(
        Clause(
            any_of(
                UNKNOWN if it is UNKNOWN else it is not None and int(it) <= 100
                for it in values_at(budget, "notification.*.threshold")
            ),
            "they hear of it when it is spent",
        ),
        either(
            "nobody hears of it",
            is_set(budget, "notification.0.contact_emails", ""),
            is_set(budget, "notification.0.contact_groups", ""),
            is_set(budget, "notification.0.contact_roles", ""),
        ),
    )


@control("azure-budget-present")
def budget_present(whole: Resource, estate: Estate) -> Finding | None:
    """An estate without a budget has no bound."""
    budgets = Related(
        tuple(
            estate.of_type(
                "azurerm_consumption_budget_subscription",
                "azurerm_consumption_budget_resource_group",
            )
        )
    )
    return every(at_least(budgets, "amount", 1, "no budget bounds the estate"))

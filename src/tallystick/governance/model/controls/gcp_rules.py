"""GCP: networks, the edge, logs, who may, where it lives and what it costs."""

from typing import Any

from tallystick.governance.model.controls.bearings import CALLS_MOST, TAGS_NEEDED, places, tag
from tallystick.governance.model.controls.gcp_data import KEYS
from tallystick.governance.model.controls.reach import is_everywhere
from tallystick.governance.model.predicates import (
    Clause,
    Finding,
    Related,
    Test,
    Truth,
    all_of,
    any_of,
    at_least,
    at_most,
    control,
    either,
    every,
    has_all,
    holds,
    is_empty,
    is_false,
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

_NETWORK = "google_compute_network"
_PLACED = (
    "google_sql_database_instance",
    "google_storage_bucket",
    "google_container_cluster",
    "google_compute_subnetwork",
    "google_kms_key_ring",
)
_LABELLED = (
    "google_sql_database_instance",
    "google_storage_bucket",
    "google_container_cluster",
    "google_kms_crypto_key",
    "google_secret_manager_secret",
)


def _ports(rule: Resource) -> Truth:
    """Only port 443 of TCP is let in."""
    allowed = values_at(rule, "allow.*")
    if any(each is UNKNOWN for each in allowed):
        return UNKNOWN
    return all_of(_is_https(each) for each in allowed if each is not None)


def _is_https(allow: dict[str, Any]) -> Truth:
    ports = allow.get("ports")
    alone = UNKNOWN if ports is UNKNOWN else bool(ports) and len(ports) == 1
    return all_of(
        (
            alone,
            has_all(ports, ("443",)),
            UNKNOWN if allow.get("protocol") is UNKNOWN else allow.get("protocol") in ("tcp", "6"),
        )
    )


def _lets_in(rule: Resource) -> Truth:
    """GCP takes a rule that says no direction for one that lets in; a plan shows it as known after apply."""
    direction = rule.at("direction")
    if direction is UNKNOWN and rule.refers.get("direction"):
        return UNKNOWN
    return direction != "EGRESS"


@control("gcp-network-closed", "google_compute_firewall")
def network_closed(rule: Resource, estate: Estate) -> Finding | None:
    """The whole internet reaches port 443 and nothing else."""
    sources = values_at(rule, "source_ranges.*")
    named = any_of(
        is_set(rule, path, "").holds
        for path in ("source_ranges", "source_tags", "source_service_accounts")
    )
    # Without a source the cloud takes the whole internet.
    everywhere = any_of(
        (no(named), *(UNKNOWN if each is UNKNOWN else is_everywhere(each) for each in sources))
    )
    return when(
        all_of(
            (
                _lets_in(rule),
                is_set(rule, "allow", "").holds,
                is_false(rule, "disabled", "").holds,
                everywhere,
            )
        ),
        Clause(_ports(rule), "the whole internet reaches more than port 443"),
    )


@control("gcp-network-default-closed", _NETWORK)
def default_closed(network: Resource, estate: Estate) -> Finding | None:
    """Segments are made by us, and what no rule lets pass is refused in both directions."""
    rules = settings_of(
        network, estate, "google_compute_firewall", "network", ("name", "id", "self_link")
    )
    return every(
        is_false(
            network, "auto_create_subnetworks", "it has a segment in every region", absent=True
        ),
        holds(rules, _denies("INGRESS", "source_ranges"), "nothing refuses the rest that comes in"),
        holds(
            rules, _denies("EGRESS", "destination_ranges"), "nothing refuses the rest that goes out"
        ),
    )


def _denies(direction: str, ranges: str) -> Test:
    return lambda rule: all_of(
        (
            is_one_of(rule, "direction", (direction,), "", absent="INGRESS").holds,
            is_one_of(rule, "deny.0.protocol", ("all",), "").holds,
            has_all(rule.at(ranges), ("0.0.0.0/0",)),
            is_false(rule, "disabled", "").holds,
            is_empty(rule, "target_tags", "").holds,
            is_empty(rule, "target_service_accounts", "").holds,
            # The cloud's own rule that lets all out stands at the last priority.
            at_most(rule, "priority", 65_534, "", absent=1_000).holds,
        )
    )


@control("gcp-subnet-logged", "google_compute_subnetwork")
def subnet_logged(subnet: Resource, estate: Estate) -> Finding | None:
    """Who spoke with whom; the cloud's own services are reached without the internet."""
    return when(
        is_one_of(subnet, "purpose", ("PRIVATE", "PRIVATE_RFC_1918"), "", absent="PRIVATE").holds,
        is_set(subnet, "log_config", "nobody logs its flows"),
        is_true(subnet, "private_ip_google_access", "the cloud is reached over the internet"),
    )


@control("gcp-edge-firewall", "google_compute_backend_service")
def edge_firewall(backend: Resource, estate: Estate) -> Finding | None:
    """A web firewall reads what the internet sends before we do, and who called is logged."""
    return when(
        is_one_of(
            backend,
            "load_balancing_scheme",
            ("EXTERNAL", "EXTERNAL_MANAGED"),
            "",
            absent="EXTERNAL",
        ).holds,
        refers_to(
            backend,
            "security_policy",
            "no web firewall stands before it",
            "google_compute_security_policy",
        ),
        is_true(backend, "log_config.0.enable", "it does not log who called"),
    )


@control("gcp-edge-counts", "google_compute_security_policy")
def edge_counts(wall: Resource, estate: Estate) -> Finding | None:
    """The web firewall has a limit for one caller and learns of floods."""
    return every(
        Clause(
            any_of(_limits(each) for each in values_at(wall, "rule.*")),
            "one caller can ask without end",
        ),
        is_true(
            wall,
            "adaptive_protection_config.0.layer_7_ddos_defense_config.0.enable",
            "nothing holds floods off",
        ),
    )


def _limits(rule: Any) -> Truth:
    """A rule that is in force and holds one caller to a number that means something."""
    if rule is None or rule is UNKNOWN:
        return False if rule is None else UNKNOWN
    said = Resource(address="", type="", name="", values=rule)
    limit = "rate_limit_options.0.rate_limit_threshold.0.count"
    return all_of(
        (
            is_one_of(said, "action", ("throttle", "rate_based_ban"), "").holds,
            is_false(said, "preview", "").holds,
            at_most(said, limit, CALLS_MOST, "").holds,
        )
    )


@control("gcp-edge-tls", "google_compute_ssl_policy")
def edge_tls(policy: Resource, estate: Estate) -> Finding | None:
    """TLS from 1.2 on, and no weak ciphers."""
    return every(
        is_one_of(policy, "min_tls_version", ("TLS_1_2", "TLS_1_3"), "it takes a TLS under 1.2"),
        is_one_of(
            policy,
            "profile",
            ("MODERN", "RESTRICTED", "FIPS_202205"),
            "it takes weak ciphers",
        ),
    )


@control("gcp-edge-tls-set", "google_compute_target_https_proxy")
def edge_tls_set(proxy: Resource, estate: Estate) -> Finding | None:
    """Without a policy the cloud takes TLS 1.0."""
    return every(
        refers_to(proxy, "ssl_policy", "it takes a TLS under 1.2", "google_compute_ssl_policy")
    )


@control("gcp-logs-kept", "google_logging_project_bucket_config")
def logs_kept(bucket: Resource, estate: Estate) -> Finding | None:
    """Long enough for an audit to ask, under a key of ours."""
    return every(
        at_least(bucket, "retention_days", 90, "they are gone in under 90 days", absent=30),
        refers_to(bucket, "cmek_settings.0.kms_key_name", "no key of ours encrypts them", *KEYS),
    )


@control("gcp-trail-present")
def trail_present(whole: Resource, estate: Estate) -> Finding | None:
    """Calls that read and write data are audited for every service; those that manage always are."""
    audits = Related(tuple(estate.of_type("google_project_iam_audit_config")))
    return every(
        holds(audits, _audits("DATA_READ"), "nothing keeps who read data"),
        holds(audits, _audits("DATA_WRITE"), "nothing keeps who wrote data"),
    )


def _audits(kind: str) -> Test:
    return lambda one: all_of(
        (
            is_one_of(one, "service", ("allServices",), "").holds,
            has_all(values_at(one, "audit_log_config.*.log_type"), (kind,)),
            is_empty(one, "audit_log_config.*.exempted_members", "").holds,
        )
    )


@control("gcp-region-allowed", *_PLACED)
def region_allowed(resource: Resource, estate: Estate) -> Finding | None:
    """Data live where the inventory lets them; without a region a resource takes the provider's."""
    allowed = places(resource, estate)
    path = "region" if resource.type in (_PLACED[0], _PLACED[3]) else "location"
    return when(
        is_set(resource, path, "").holds,
        judged(
            resource,
            path,
            lambda place: _region(str(place).lower()) in allowed,
            "it is where it may not live",
        ),
    )


def _region(place: str) -> str:
    """A zone is its region and a letter."""
    return place[:-2] if place[-2:-1] == "-" and place[-1:].isalpha() else place


@control("gcp-labels-present", *_LABELLED)
def labels_present(resource: Resource, estate: Estate) -> Finding | None:
    """Whose it is, who pays, what it holds."""
    found = {name: tag(resource, name) for name in TAGS_NEEDED}
    return every(
        *(
            Clause(UNKNOWN if value is UNKNOWN else bool(value), f"no label says its {name}")
            for name, value in found.items()
        )
    )


@control("gcp-budget-watched", "google_billing_budget")
def budget_watched(budget: Resource, estate: Estate) -> Finding | None:
    """Somebody hears of it before the money is gone."""
    return every(
        Clause(
            any_of(
                UNKNOWN if it is UNKNOWN else it is not None and it <= 1
                for it in values_at(budget, "threshold_rules.*.threshold_percent")
            ),
            "they hear of it when it is spent",
        ),
        either(
            "nobody hears of it",
            is_set(budget, "all_updates_rule.0.monitoring_notification_channels", ""),
            is_set(budget, "all_updates_rule.0.pubsub_topic", ""),
        ),
    )


@control("gcp-budget-present")
def budget_present(whole: Resource, estate: Estate) -> Finding | None:
    """An estate without a budget has no bound."""
    budgets = Related(tuple(estate.of_type("google_billing_budget")))
    return every(is_set(budgets, "amount", "no budget bounds the estate"))

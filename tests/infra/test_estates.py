"""The nine planned estates: names, tags and places by rule, nothing public but the edge, no control failing."""

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tallystick.governance.adapters.policies import load_catalogue, load_inventory
from tallystick.governance.adapters.terraform import executable
from tallystick.governance.adapters.terraform.runner import Runner, RunRefused
from tallystick.governance.model.judging import verdicts_of
from tallystick.governance.model.plans import read_plan
from tallystick.governance.model.values import Cloud, Environment
from tests.governance import terraform
from tests.infra.planning import ESTATES, ROOT, TREE, planned, plans
from tests.infra.test_strictness import leaves
from tests.infra.test_terraform_code import environments

every_estate = pytest.mark.parametrize(("cloud", "environment"), ESTATES)
TAGS: Final = {"service", "environment", "owner", "cost_centre", "data_class", "managed_by"}
SHORT: Final = {"development": "dev", "staging": "stg", "production": "prd"}
# What the cloud names, or what is a setting with the name of what it sets.
NAMED_BY_OTHERS: Final = {
    "aws_eks_addon", "aws_iam_role_policy", "aws_route53_record", "aws_wafv2_web_acl",
    "azurerm_key_vault_key", "azurerm_key_vault_certificate", "azurerm_network_security_rule",
    "azurerm_postgresql_flexible_server_configuration", "azurerm_storage_container", "azurerm_private_dns_zone",
    "azurerm_monitor_diagnostic_setting", "azurerm_management_lock", "azurerm_security_center_contact",
    "azurerm_storage_queue", "azurerm_eventgrid_system_topic_event_subscription",
    "azurerm_kubernetes_cluster_node_pool", "azurerm_monitor_data_collection_rule_association",
    "google_dns_record_set", "google_storage_bucket_iam_member",
}  # fmt: skip
BORN: Final = "_Default"  # the sink that every project of Google Cloud has, taken over
PLACE: Final = re.compile(r"(^|[.])(region|location|availability_zone|zone)$")


def _tags(values: dict[str, Any]) -> dict[str, str] | None:
    """Give its tags or labels; None for what can have none."""
    for path in ("tags", "labels", "resource_labels", "user_labels"):
        if isinstance(values.get(path), dict):
            return values[path]
    settings = values.get("settings") or [{}]
    return settings[0].get("user_labels") if isinstance(settings[0], dict) else None


@every_estate
def test_every_name_is_by_rule(cloud: Cloud, environment: Environment) -> None:
    account = environments()["environments"][environment]["clouds"][cloud]["account"]
    begins = (
        f"tallystick-{environment}",
        f"tallystick-{SHORT[environment]}",
        f"tallystick{SHORT[environment]}",
        account,
    )
    for each in planned(cloud, environment):
        name = (
            each["values"].get("name")
            or each["values"].get("bucket")
            or each["values"].get("identifier")
        )
        if not name or name == BORN or each["type"] in NAMED_BY_OTHERS:
            continue
        plain = re.sub(
            r"^(alias/|/aws/\w+/(instance/)?|/|aws-waf-logs-)|^tallystick/(?=[a-z]+/)", "", name
        )
        inside = f"tallystick/{environment}/" in name
        assert plain.startswith(begins) or inside, f"{each['address']} is called {name}"


@every_estate
def test_everything_says_whose_it_is_and_what_it_keeps(
    cloud: Cloud, environment: Environment
) -> None:
    services = {
        it["name"]
        for it in tomllib.loads((ROOT / "policies/inventory/services.toml").read_text())["service"]
    }
    tagged = 0
    for each in planned(cloud, environment):
        tags = _tags(each["values"])
        if tags is None or each["type"] == "google_monitoring_notification_channel":
            continue
        tagged += 1
        assert set(tags) >= TAGS, each["address"]
        assert tags["environment"] == environment
        assert tags["managed_by"] == "terraform"
        assert tags["service"] in services
    assert tagged >= 20


@every_estate
def test_everything_that_can_be_tagged_is(cloud: Cloud, environment: Environment) -> None:
    named = ("labels", "resource_labels", "user_labels") if cloud == "gcp" else ("tags",)
    for each in planned(cloud, environment):
        for path in named:
            assert each["values"].get(path, {}) is not None, each["address"]


@every_estate
def test_everything_is_where_it_may_be(cloud: Cloud, environment: Environment) -> None:
    said = environments()
    allowed = tuple(said["residency"]["eu"][cloud])
    here = said["environments"][environment]["clouds"][cloud]
    assert {here["region"], here["recovery_region"]} <= set(allowed)
    for each in planned(cloud, environment):
        for path, place in leaves(each["values"]):
            if PLACE.search(path) and place and place not in ("1", "2", "3", "global"):
                assert str(place).startswith(allowed), f"{each['address']}: {path} is {place}"


def _public(cloud: Cloud, environment: Environment) -> Iterator[tuple[str, Any]]:
    """Yield what has an address on the internet or takes in all of it, with its segment where it has one."""
    for each in planned(cloud, environment):
        values, kind = each["values"], each["type"]
        segment = (_tags(values) or {}).get("segment")
        if kind in ("aws_eip", "azurerm_public_ip", "google_compute_global_address"):
            yield each["address"], segment
        if kind == "google_compute_address" and values["address_type"] == "EXTERNAL":
            yield each["address"], segment
        if kind == "aws_lb" and not values["internal"]:
            yield each["address"], "edge"
        if kind == "aws_vpc_security_group_ingress_rule" and values["cidr_ipv4"] == "0.0.0.0/0":
            yield (
                each["address"],
                "edge" if values["from_port"] == values["to_port"] == 443 else None,
            )
        if kind == "azurerm_network_security_rule" and values["source_address_prefix"] in (
            "*",
            "Internet",
        ):
            inward = values["direction"] == "Inbound" and values["access"] == "Allow"
            edge = (
                values["name"] == "edge-in-internet" and values["destination_port_range"] == "443"
            )
            if inward:
                yield each["address"], "edge" if edge else None
        if kind == "google_compute_firewall" and values["direction"] == "INGRESS":
            anywhere = values["allow"] and "0.0.0.0/0" in (values["source_ranges"] or ())
            yield from [(each["address"], None)] if anywhere else []


@every_estate
def test_nothing_but_the_edge_has_an_address_on_the_internet(
    cloud: Cloud, environment: Environment
) -> None:
    found = list(_public(cloud, environment))
    assert [address for address, segment in found if segment != "edge"] == []
    assert len(found) >= 2


@every_estate
def test_no_switch_opens_anything_to_the_internet(cloud: Cloud, environment: Environment) -> None:
    closed = {
        "publicly_accessible", "map_public_ip_on_launch", "endpoint_public_access", "public_network_access_enabled",
        "ipv4_enabled", "allow_nested_items_to_be_public", "node_public_ip_enabled", "anonymous_pull_enabled",
        "shared_access_key_enabled", "internet_query_enabled", "internet_ingestion_enabled", "enable_legacy_abac",
    }  # fmt: skip
    for each in planned(cloud, environment):
        for path, value in leaves(each["values"]):
            assert path.rpartition(".")[2] not in closed or value is False, (
                f"{each['address']}: {path}"
            )
            assert value not in ("allUsers", "allAuthenticatedUsers"), each["address"]


@every_estate
def test_who_changes_an_estate_is_lent_by_the_platform_alone(
    cloud: Cloud, environment: Environment
) -> None:
    issuer = environments()["issuer"]
    made = planned(cloud, environment)
    text = json.dumps([each for each in made if each["address"].startswith("module.access.")])
    assert issuer in text
    assert f"cloud/{environment}/{cloud}/apply" in text
    for other in set(SHORT) - {environment}:
        assert f"cloud/{other}/" not in text
    for each in made:
        assert each["type"] not in (
            "aws_iam_user",
            "aws_iam_access_key",
            "google_service_account_key",
        )
        if each["type"] == "aws_iam_role" and each["address"].startswith("module.access."):
            trust = json.loads(each["values"]["assume_role_policy"] or "{}")
            assert trust == {} or all(
                "StringEquals" in it["Condition"] for it in trust["Statement"]
            )


@every_estate
def test_no_control_fails(cloud: Cloud, environment: Environment) -> None:
    text = json.dumps(plans()[cloud, environment])
    estate = read_plan(
        text=text, cloud=cloud, environment=environment, inventory=load_inventory()
    ).estate
    mine = [each for each in load_catalogue().of_cloud(cloud) if environment in each.environments]
    found = [verdict for entry in mine for verdict in verdicts_of(entry=entry, estate=estate)]
    assert [(it.control, it.subject, it.reasons) for it in found if it.outcome == "fail"] == []
    assert sum(it.outcome == "pass" for it in found) >= 60


@pytest.mark.parametrize("environment", SHORT)
def test_databases_of_two_regions_on_azure_reach_each_other_and_no_others(
    environment: Environment,
) -> None:
    """Each way there is a rule at both ends; where no replica is, the networks are not joined."""
    made = planned("azure", environment)
    kinds = [it["type"] for it in made]
    two = kinds.count("azurerm_postgresql_flexible_server") == 2
    assert two is (environment != "development")
    assert kinds.count("azurerm_virtual_network_peering") == (2 if two else 0)
    data = {
        it["values"]["address_prefixes"][0]
        for it in made
        if it["type"] == "azurerm_subnet" and it["address"].endswith('["data"]')
    }
    rules = {
        (it["values"]["source_address_prefix"], it["values"]["destination_address_prefix"], way)
        for it in made
        for way in ("Inbound", "Outbound")
        if ".across[" in it["address"] and it["values"]["direction"] == way
    }
    between = {(one, other) for one in data for other in data if one != other}
    assert {(*pair, way) for pair in between for way in ("Inbound", "Outbound")} <= rules
    assert {end for _, end, _ in rules} == (data if two else set())
    assert len({start for start, _, _ in rules} - data) == (1 if two else 0)


def test_a_plain_apply_on_production_is_refused_for_want_of_a_state(tmp_path: Any) -> None:
    """Neither address nor password of the state stands in the code: they are lent to an approved run."""
    plain = Runner(
        command=executable.LIBRARY, tree=TREE, folder="estates/aws", work=tmp_path,
        configuration=terraform.configuration(), environ={},
    )  # fmt: skip
    plain.prepare()
    with pytest.raises(RunRefused):
        plain.init()
    ran = plain.run(["apply", "-input=false", "-auto-approve", "-var=environment=production"], 120)
    assert ran.code != 0
    assert "Backend initialization required" in ran.errors
    assert not list(tmp_path.rglob("*.tfstate"))

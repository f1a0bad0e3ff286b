"""The nine estates and the inventory agree, both ways: whose each thing is, where it stands, what must not be lost."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Final

import pytest

from tallystick.governance.adapters.policies import load_catalogue, load_inventory
from tallystick.governance.model.controls.bearings import tag
from tallystick.governance.model.judging import verdicts_of
from tallystick.governance.model.plans import read_plan
from tallystick.governance.model.values import UNKNOWN, Cloud, Environment, Estate, Resource
from tests.infra.planning import CLOUDS, ESTATES, TREE, plans
from tests.infra.test_terraform_code import environments

INVENTORY: Final = load_inventory()
SERVICES: Final[Mapping[str, Any]] = INVENTORY["services"]
BUCKETS: Final[Mapping[str, Any]] = INVENTORY["buckets"]
STRICT: Final[tuple[Environment, ...]] = ("staging", "production")
BUCKET: Final = {
    "aws": "aws_s3_bucket", "azure": "azurerm_storage_account", "gcp": "google_storage_bucket",
}  # fmt: skip
COPY: Final = {
    "aws": "aws_s3_bucket_replication_configuration",
    "azure": "azurerm_storage_object_replication",
    "gcp": "google_storage_transfer_job",
}
# What can have no tag, and is all that its service is made of.
UNTAGGED: Final = {
    "azurerm_consumption_budget_subscription": "budget",
    "google_billing_budget": "budget",
}
DATABASE: Final = {
    "aws": ("aws_db_instance", {"multi_az": False}),
    "azure": ("azurerm_postgresql_flexible_server", {"high_availability": []}),
    "gcp": ("google_sql_database_instance", {}),
}

every_estate = pytest.mark.parametrize(("cloud", "environment"), ESTATES)
every_strict_estate = pytest.mark.parametrize(
    ("cloud", "environment"), [each for each in ESTATES if each[1] in STRICT]
)


@cache
def estate(cloud: Cloud, environment: Environment) -> Estate:
    """Give a planned estate as controls see it."""
    text = json.dumps(plans()[cloud, environment])
    return read_plan(text=text, cloud=cloud, environment=environment, inventory=INVENTORY).estate


def buckets(cloud: Cloud, environment: Environment) -> dict[str, list[Resource]]:
    """Give the buckets of an estate by their purpose."""
    found: dict[str, list[Resource]] = {}
    for each in estate(cloud, environment).of_type(BUCKET[cloud]):
        found.setdefault(tag(each, "purpose"), []).append(each)
    return found


def place(resource: Resource) -> str:
    """Give the cloud's name of the region where it is."""
    return resource.at("region") or resource.at("location")


@every_estate
def test_whose_a_thing_is_the_inventory_knows(cloud: Cloud, environment: Environment) -> None:
    for each in estate(cloud, environment).resources:
        service = tag(each, "service")
        if service not in (None, UNKNOWN):
            assert service in SERVICES, f"{each.address} is of {service}"
            assert tag(each, "data_class") == SERVICES[service]["class"], each.address
            # What is lent to runs is the platform's own; the rest of a cloud is managed.
            own = service == "governance" and each.address.startswith("module.access.")
            assert own or SERVICES[service]["kind"] == "managed", each.address


@every_estate
def test_every_managed_service_is_in_every_estate(cloud: Cloud, environment: Environment) -> None:
    made = {
        UNTAGGED.get(each.type) or tag(each, "service")
        for each in estate(cloud, environment).resources
    }
    assert {name for name, row in SERVICES.items() if row["kind"] == "managed"} <= made


@every_estate
def test_the_buckets_are_those_of_the_inventory(cloud: Cloud, environment: Environment) -> None:
    found = buckets(cloud, environment)
    assert set(found) == {name for name, row in BUCKETS.items() if cloud in row["clouds"]}
    for purpose, made in found.items():
        row = BUCKETS[purpose]
        allowed = {
            name for region in row["regions"] for name in INVENTORY["regions"][cloud][region]
        }
        for each in made:
            assert place(each) in allowed, each.address
            assert tag(each, "service") == row["service"], each.address


def _lock(cloud: Cloud, of: Estate, bucket: Resource) -> tuple[bool, bool]:
    """Say whether what is in a bucket is locked, and whether that can be lifted by nobody."""
    if cloud == "gcp":
        return bool(bucket.at("retention_policy")), bucket.at(
            "retention_policy.0.is_locked"
        ) is True
    if cloud == "aws":
        (name,) = {bucket.at("bucket")}
        modes = [
            each.at("rule.0.default_retention.0.mode")
            for each in of.of_type("aws_s3_bucket_object_lock_configuration")
            if each.at("bucket") == name
        ]
        return bucket.at("object_lock_enabled") is True and len(modes) == 1, modes == ["COMPLIANCE"]
    inside = _naming(of, "azurerm_storage_container", "storage_account_id", {bucket.address})
    path = "storage_container_resource_manager_id"
    policies = _naming(of, "azurerm_storage_container_immutability_policy", path, set(inside))
    return bool(inside) and len(policies) == len(inside), all(
        each.at("locked") is True for each in policies.values()
    )


def _naming(of: Estate, type_: str, path: str, addresses: set[str]) -> dict[str, Resource]:
    """Give the resources of a type whose attribute names one of these, by address."""
    return {
        each.address: each for each in of.of_type(type_) if {*each.refers.get(path, ())} & addresses
    }


@every_estate
def test_what_must_be_locked_is_and_for_good_where_it_is_strict(
    cloud: Cloud, environment: Environment
) -> None:
    for purpose, made in buckets(cloud, environment).items():
        for each in made:
            locked, for_good = _lock(cloud, estate(cloud, environment), each)
            assert locked is BUCKETS[purpose]["locked"], each.address
            if locked:
                assert for_good is (environment in STRICT), each.address


@every_strict_estate
def test_what_must_be_copied_is_in_both_regions(cloud: Cloud, environment: Environment) -> None:
    here = environments()["environments"][environment]["clouds"][cloud]
    copied = {
        match[1]
        for each in estate(cloud, environment).of_type(COPY[cloud])
        if (match := re.search(r'\["(\w+)"\]$', each.address))
    }
    assert copied == {name for name, row in BUCKETS.items() if row["copies"]}
    for purpose in copied:
        places = {place(each) for each in buckets(cloud, environment)[purpose]}
        assert places == {here["region"], here["recovery_region"]}, purpose


def _standing(cloud: Cloud, environment: Environment) -> Iterator[tuple[str, str, str]]:
    """Yield each module that is given a segment to stand in: its promise, the variable, the segment."""
    calls = plans()[cloud, environment]["configuration"]["root_module"]["module_calls"]
    for promise, call in calls.items():
        for variable, said in call["expressions"].items():
            for named in said.get("references", ()) if isinstance(said, dict) else ():
                if match := re.search(r"\bsubnet_ids[.](\w+)$", named):
                    yield promise, variable, match[1].replace("masters", "services")


@every_estate
def test_the_segments_are_the_zones_of_the_services(cloud: Cloud, environment: Environment) -> None:
    named = {tag(each, "segment") for each in estate(cloud, environment).resources} - {None}
    named |= {
        each.at("name").rpartition("-")[2]
        for each in estate(cloud, environment).of_type("google_compute_subnetwork")
    } - {"recovery"}
    flows = json.loads((TREE / "modules" / "network" / "flows.json").read_text())
    assert named == {row["zone"] for row in SERVICES.values()}
    assert named == {flow[end] for flow in flows for end in ("from", "to")} - {"internet"}


@every_estate
def test_a_service_stands_in_the_segment_of_its_zone(
    cloud: Cloud, environment: Environment
) -> None:
    whose = json.loads((TREE / "modules" / "naming" / "services.json").read_text())
    standing = list(_standing(cloud, environment))
    for promise, variable, segment in standing:
        # Interfaces of what the cloud runs stand with the keys; GCP's edge stands before the network, its back in it.
        if (variable, segment) in (("endpoint", "keys"), ("recovery", "keys")):
            continue
        if (cloud, promise, segment) == ("gcp", "edge", "services"):
            continue
        assert segment == SERVICES[whose[promise]["service"]]["zone"], (promise, variable)
    assert {"database", "kubernetes", "edge"} <= {promise for promise, _, _ in standing}


def _synchronous(cloud: Cloud, of: Estate) -> dict[str, str]:
    """Give what the control of standbys says of each database."""
    entry = load_catalogue().entries[f"{cloud}-database-synchronous"]
    return {each.subject: each.outcome for each in verdicts_of(entry=entry, estate=of)}


def _first(cloud: Cloud, of: Estate) -> Resource:
    (found,) = (each for each in of.of_type(DATABASE[cloud][0]) if ".replica" not in each.address)
    return found


def _with(of: Estate, other: Resource) -> Estate:
    return replace(
        of, resources=tuple(other if it.address == other.address else it for it in of.resources)
    )


@every_strict_estate
def test_a_database_that_may_lose_nothing_has_a_synchronous_standby(
    cloud: Cloud, environment: Environment
) -> None:
    said, of = environments()["environments"][environment], estate(cloud, environment)
    database = _first(cloud, of)
    row = SERVICES[tag(database, "service")]
    assert (row["rpo_minutes"], row["rto_minutes"]) == (said["rpo_minutes"], said["rto_minutes"])
    assert row["rpo_minutes"] == 0
    assert said["database"]["synchronous"] is True
    assert _synchronous(cloud, of)[database.address] == "pass"


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_standby_is_asked_for_by_the_row_of_the_service(cloud: Cloud) -> None:
    of = estate(cloud, "production")
    database, said = _first(cloud, of), DATABASE[cloud][1]
    if cloud == "gcp":
        said = {"settings": [{**database.at("settings.0"), "availability_type": "ZONAL"}]}
    alone = replace(database, values={**database.values, **said})
    assert _synchronous(cloud, _with(of, alone))[database.address] == "fail"
    services = {**SERVICES, "database": {**SERVICES["database"], "rpo_minutes": 15}}
    looser = replace(of, inventory={**INVENTORY, "services": services})
    assert _synchronous(cloud, _with(looser, alone))[database.address] == "not_applicable"


@pytest.mark.parametrize("cloud", CLOUDS)
def test_development_says_that_it_may_lose_a_day_and_no_control_asks_for_more(cloud: Cloud) -> None:
    said = environments()["environments"]["development"]
    assert said["database"]["synchronous"] is False
    assert said["rpo_minutes"] == 24 * 60
    entry = load_catalogue().entries[f"{cloud}-database-synchronous"]
    assert set(entry.environments) == set(STRICT)
    assert set(_synchronous(cloud, estate(cloud, "development")).values()) == {"not_applicable"}

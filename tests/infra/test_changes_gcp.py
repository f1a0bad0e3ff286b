"""What a run may change on Google Cloud: every type that is planned, by its own role and those lent to it.

`changes_gcp.json` says for every type what its making, changing and unmaking asks for, and for every lent role which of
that it holds; a last `.*` stands for every verb. Deleting a database, a registry or a key is lent to nobody.
Source: cloud.google.com/iam/docs/roles-permissions, November 2026.
"""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

from tallystick.governance.model.values import ENVIRONMENTS, Environment
from tests.infra.planning import TREE, planned

SAID: Final[dict[str, Any]] = json.loads(Path(__file__).with_name("changes_gcp.json").read_text())
LENT: Final[dict[str, Any]] = json.loads((TREE / "modules/access/gcp/roles.json").read_text())
COUNTED: Final = re.compile(r'logging_googleapis_com:user_(\w+)\{monitored_resource="(\w+)"\}')
every_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)


def _holds(held: set[str], wanted: str) -> bool:
    return wanted in held or f"{wanted.rpartition('.')[0]}.*" in held


def _lent(environment: Environment, who: str) -> tuple[set[str], set[str]]:
    """Give the predefined roles and the permissions of the custom role that somebody holds in the project."""
    roles: set[str] = set()
    permissions: set[str] = set()
    for it in planned("gcp", environment):
        if it["address"].startswith(f'module.access.google_project_iam_member.held["{who}-'):
            roles.add(it["values"]["role"])
        if it["address"] == f'module.access.google_project_iam_custom_role.keeps["{who}"]':
            permissions = set(it["values"]["permissions"])
    return roles, permissions


def test_every_type_that_a_run_makes_says_what_changing_it_asks_for() -> None:
    made = {
        it["type"]
        for environment in ENVIRONMENTS
        for it in planned("gcp", environment)
        if not it["address"].startswith("module.access.")
    }
    assert set(SAID["types"]) == made


@every_environment
def test_a_run_may_change_every_type_that_it_plans(environment: Environment) -> None:
    roles, permissions = _lent(environment, "apply")
    given = {
        it["values"]["role"]
        for it in planned("gcp", environment)
        if it["address"].endswith(".gives")
    }
    beyond = {LENT["of_billing"]["apply"]}
    held = permissions.union(*(SAID["roles"][role] for role in roles | given | beyond))
    made = {it["type"] for it in planned("gcp", environment)} & set(SAID["types"])
    missing = {
        type_: lacking
        for type_ in made
        if (lacking := [each for each in SAID["types"][type_] if not _holds(held, each)])
    }
    assert missing == {}


@every_environment
def test_nothing_lent_for_a_run_hands_out_what_is_kept(environment: Environment) -> None:
    for who in ("plan", "apply"):
        roles, permissions = _lent(environment, who)
        assert roles, who
        assert roles & set(SAID["too_much"]) == set()
        assert permissions & set(SAID["too_much"].values()) == set()


@every_environment
def test_what_a_run_could_let_itself_in_to_is_refused_to_it(environment: Environment) -> None:
    """Whoever sets policies of what keeps data could give itself a way in; a refusal goes before what is given."""
    refused = next(
        it["values"]["rules"][0]["deny_rule"][0]
        for it in planned("gcp", environment)
        if it["type"] == "google_iam_deny_policy"
    )
    ways = {
        "artifactregistry.repositories.setIamPolicy": "artifactregistry.googleapis.com/repositories.uploadArtifacts",
        "cloudkms.cryptoKeys.setIamPolicy": "cloudkms.googleapis.com/cryptoKeyVersions.useToDecrypt",
        "secretmanager.secrets.setIamPolicy": "secretmanager.googleapis.com/versions.access",
        "storage.buckets.setIamPolicy": "storage.googleapis.com/objects.get",
    }
    _, permissions = _lent(environment, "apply")
    others = {"pubsub.topics.setIamPolicy"}  # a topic holds what rings, and no content
    assert {it for it in permissions if it.endswith(".setIamPolicy")} - others == set(ways)
    assert set(ways.values()) <= set(refused["denied_permissions"])
    assert "iam.googleapis.com/serviceAccounts.getAccessToken" in refused["denied_permissions"]
    assert len(refused["denied_principals"] or [None, None]) == 2


def test_no_role_is_lent_that_changes_nothing_of_ours() -> None:
    readers = {"roles/browser", "roles/iam.securityReviewer"}
    assert {role for role in LENT["apply"] if not SAID["roles"][role]} == readers


def test_what_is_counted_has_the_resource_that_the_alert_asks_for() -> None:
    """A count carries the resource of the entries it counts; an alert on another never rings."""
    for environment in ENVIRONMENTS:
        values = {it["address"]: it["values"] for it in planned("gcp", environment)}
        filters = {
            it["name"].replace("-", "_"): it["filter"]
            for address, it in values.items()
            if ".google_logging_metric." in address
        }
        counted: set[str] = set()
        for address, policy in values.items():
            if ".google_monitoring_alert_policy." not in address:
                continue
            for condition in policy["conditions"]:
                if condition["condition_matched_log"]:
                    assert policy["alert_strategy"][0]["notification_rate_limit"], address
                    continue
                asked = condition["condition_prometheus_query_language"][0]
                assert asked["disable_metric_validation"], address
                name, resource = COUNTED.findall(asked["query"])[0]
                assert f'"{resource}"' in filters[name].partition(") AND ")[0], address
                counted.add(name)
        assert counted == set(filters)


def test_a_name_of_the_region_leads_to_its_endpoint() -> None:
    """Without a record of its own the wider name would lead it to the addresses of the whole cloud."""
    for environment in ENVIRONMENTS:
        made = list(planned("gcp", environment))
        ends = {
            f"{it['values']['target_google_api']}."
            for it in made
            if it["type"] == "google_network_connectivity_regional_endpoint"
        }
        names = {
            it["values"]["name"]
            for it in made
            if it["type"] == "google_dns_record_set" and it["values"]["type"] == "A"
        }
        assert ends
        assert ends <= names


def test_every_service_that_is_given_a_key_may_use_it() -> None:
    agents = {
        "google_artifact_registry_repository": ("data", "gcp-sa-artifactregistry"),
        "google_sql_database_instance": ("data", "gcp-sa-cloud-sql"),
        "google_container_node_pool": ("data", "compute-system"),
        "google_container_cluster": ("secrets", "container-engine-robot"),
        "google_secret_manager_secret": ("secrets", "gcp-sa-secretmanager"),
        "google_pubsub_topic": ("logs", "gcp-sa-pubsub"),
        "google_storage_bucket": ("record", "gs-project-accounts"),
        "google_logging_project_bucket_config": ("logs", "cmek-p"),
    }
    made = list(planned("gcp", "production"))
    users = {
        it["address"].split('"')[1]: "\n".join(it["values"]["members"])
        for it in made
        if it["type"] == "google_kms_crypto_key_iam_binding"
    }
    assert set(agents) <= {it["type"] for it in made}
    for purpose, agent in agents.values():
        assert agent in users[f"{purpose}-here"], agent


def test_the_sink_that_a_project_is_born_with_keeps_nothing() -> None:
    for environment in ENVIRONMENTS:
        born = next(
            it["values"]
            for it in planned("gcp", environment)
            if it["type"] == "google_logging_project_sink" and it["values"]["name"] == "_Default"
        )
        assert born["disabled"]


def test_the_copier_may_look_whether_an_object_is_there_already() -> None:
    """Without it nothing is copied: the copier compares before it writes."""
    given: dict[str, set[str]] = {}
    for it in planned("gcp", "production"):
        if it["address"].startswith("module.objects.google_storage_bucket_iam_member.copier["):
            bucket = it["address"].split('"')[1].partition("-roles/")[0]
            given.setdefault(bucket, set()).add(it["values"]["role"])
    assert set(given) == {"record-here", "record-recovery", "backups-here", "backups-recovery"}
    assert all("roles/storage.objectViewer" in roles for roles in given.values())
    assert {place for place in given if "roles/storage.objectCreator" in given[place]} == {
        "record-recovery",
        "backups-recovery",
    }

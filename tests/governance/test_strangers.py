"""What no code knows is found whatever its type and region; what a cloud makes by itself is told apart by rule."""

from collections.abc import Mapping
from typing import Any

import boto3
import pytest

from tallystick.apps.cli.cloud_drift import itself
from tallystick.governance.adapters.drift.looking import Place, unknown
from tallystick.governance.adapters.drift.schemas import types_of
from tallystick.governance.adapters.policies import load_catalogue, load_inventory
from tallystick.governance.model.drift.finding import Found, Grounds, find
from tallystick.governance.model.drift.reading import Refreshed
from tallystick.governance.model.drift.rules import RulesRefused, read_rules
from tallystick.governance.model.drift.strangers import Counted, strangers
from tallystick.governance.model.judging import judge
from tallystick.governance.model.values import Cloud, Estate, Resource
from tests.doubles.serving import Answer, Fault
from tests.governance.azure_serving import CREDENTIALS, SUBSCRIPTION, serving_azure
from tests.governance.drifting import now, rules
from tests.governance.gcp_serving import PROJECT, serving_gcp
from tests.governance.moto_serving import REGION, TOOL, serving_moto
from tests.governance.targets import TOKEN

ELSEWHERE = "us-east-1"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/calm"


def _estate(cloud: Cloud, *known: tuple[str, Mapping[str, Any]]) -> Estate:
    return Estate(
        cloud=cloud,
        environment="staging",
        moment="live",
        resources=tuple(
            Resource(address=f"{type_}.main", type=type_, name="main", values=values)
            for type_, values in known
        ),
        inventory=load_inventory(),
    )


def _found(estate: Estate, found: tuple[Resource, ...]) -> Found:
    catalogue, at = load_catalogue(), now()
    grounds = Grounds(
        rules=rules(),
        judge=lambda each: judge(estate=each, catalogue=catalogue, at=at).verdicts,
        known_types=types_of(estate.cloud),
        at=at,
    )
    refreshed = Refreshed(known=estate, live=estate, heard=estate, moved=())
    return find(refreshed=refreshed, strangers=found, grounds=grounds)


def _look(cloud: Cloud, setting: Any, *known: tuple[str, Mapping[str, Any]]) -> Found:
    estate, unseen = _estate(cloud, *known), list[str]()
    place = Place(cloud=cloud, environment="staging", setting=setting)
    found = _found(estate, unknown(place=place, known=estate, unseen=unseen))
    assert unseen == []
    return found


@pytest.mark.timeout(300)
def test_on_aws_strangers_are_found_in_other_regions_and_of_types_without_a_kind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", TOOL)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with serving_moto() as moto:

        def hand(service: Any, region: str) -> Any:
            return boto3.client(service, region_name=region, endpoint_url=moto.url)

        for region in (REGION, ELSEWHERE):
            hand("logs", region).create_log_group(logGroupName="ours")
        group = {"id": "ours", "region": REGION}
        queue = hand("sqs", ELSEWHERE).create_queue(QueueName="away")["QueueUrl"]
        hand("iam", ELSEWHERE).create_user(UserName="mallory")
        key = hand("iam", ELSEWHERE).create_access_key(UserName="mallory")["AccessKey"]
        job = {"Name": "out", "Role": "r", "Command": {"Name": "x"}, "Tags": {"a": "b"}}
        hand("glue", ELSEWHERE).create_job(**job)
        networks = hand("ec2", ELSEWHERE)
        asked = [{"Name": "is-default", "Values": ["true"]}]
        default = networks.describe_vpcs(Filters=asked)["Vpcs"][0]["VpcId"]
        gate = networks.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        networks.attach_internet_gateway(InternetGatewayId=gate, VpcId=default)
        vpc = networks.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        setting = {"endpoint": moto.url, "region": REGION, "regions": [REGION, ELSEWHERE]}
        found = _look("aws", setting, ("aws_cloudwatch_log_group", group))
    told = {each.subject: each for each in found.differences}
    assert {
        "aws_cloudwatch_log_group:ours",
        f"aws_sqs_queue:{queue}",
        "aws_iam_user:mallory",
        f"aws_iam_access_key:{key['AccessKeyId']}",
        f"aws_vpc:{vpc}",
    } <= set(told)
    assert told[f"aws_sqs_queue:{queue}"].stranger == "a stranger of a known type"
    [job] = [each for each in told.values() if each.type == "glue:job"]
    assert (job.kind, job.sort, job.stranger) == (
        "created",
        "unexplained",
        "a stranger of an unknown type",
    )
    assert "aws-types-known" in {each.control for each in job.broke}
    away = {each.subject for each in found.verdicts if each.control == "aws-region-allowed"}
    assert f"aws_vpc:{vpc}" in away
    assert "aws-region-allowed" in {each.control for each in told[f"aws_vpc:{vpc}"].broke}
    assert [each.subjects for each in found.cloud_made] == [(f"aws_internet_gateway:{gate}",)]


def test_on_azure_everything_is_counted_at_once_page_by_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    machine = "providers/Microsoft.Compute/virtualMachines"
    watcher = "providers/Microsoft.Network/networkWatchers/NetworkWatcher_westeurope"
    trusted = "providers/Microsoft.ManagedIdentity/userAssignedIdentities/app"
    with serving_azure() as served, served.hand(TOKEN) as hand:

        def put(place: str, **properties: Any) -> None:
            asked = {"api-version": "2024-01-01"}
            body = {"location": "eastus", "properties": properties}
            hand("management").put(place, params=asked, json=body).raise_for_status()

        put(GROUP)
        put(GROUP.replace("calm", "NetworkWatcherRG"))
        put(f"{GROUP.replace('calm', 'NetworkWatcherRG')}/{watcher}")
        for number in range(60):
            put(f"{GROUP}/{machine}/miner-{number:02}")
        put(f"{GROUP}/{trusted}")
        put(f"{GROUP}/{trusted}/federatedIdentityCredentials/outsider", issuer="https://x.test")
        known = (
            ("azurerm_resource_group", {"id": GROUP}),
            ("azurerm_user_assigned_identity", {"id": f"{GROUP}/{trusted}"}),
        )
        found = _look("azure", served.setting, *known)
    told = {each.subject.rpartition("/")[2]: each for each in found.differences}
    assert {f"miner-{number:02}" for number in range(60)} <= set(told)
    assert told["miner-07"].stranger == "a stranger of an unknown type"
    assert told["miner-07"].type.casefold() == "microsoft.compute/virtualmachines"
    assert told["outsider"].type == "azurerm_federated_identity_credential"
    assert not any("NetworkWatcher" in each for each in told)
    assert sum(len(each.subjects) for each in found.cloud_made) == 2


def test_on_google_cloud_everything_and_everybody_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", TOKEN)
    machine = f"projects/{PROJECT}/zones/us-central1-a/instances/miner"
    topic = f"projects/{PROJECT}/topics/payments"
    with serving_gcp() as served:
        have = served.double.have
        have(
            "compute.googleapis.com/Instance",
            f"//compute.googleapis.com/{machine}",
            location="us-central1-a",
        )
        have(
            "spanner.googleapis.com/Instance",
            f"//spanner.googleapis.com/projects/{PROJECT}/instances/main",
        )
        have("pubsub.googleapis.com/Topic", f"//pubsub.googleapis.com/{topic}")
        for number in range(120):
            have(
                "run.googleapis.com/Service",
                f"//run.googleapis.com/projects/{PROJECT}/services/{number}",
            )
        served.double.asset_policies.append(
            {
                "resource": f"//pubsub.googleapis.com/{topic}",
                "assetType": "pubsub.googleapis.com/Topic",
                "policy": {"bindings": [{"role": "roles/pubsub.viewer", "members": ["allUsers"]}]},
            }
        )
        link = f"https://sqladmin.googleapis.com/sql/v1beta4/projects/{PROJECT}/instances/main"
        known = (
            ("google_sql_database_instance", {"id": "main", "self_link": link}),
            ("google_pubsub_topic", {"id": topic}),
        )
        found = _look("gcp", served.setting, *known)
    told = {each.subject: each for each in found.differences}
    assert told[f"google_compute_instance:{machine}"].stranger == "a stranger of a known type"
    assert f"spanner.googleapis.com/Instance:projects/{PROJECT}/instances/main" in told
    assert f"google_pubsub_topic_iam_member:{topic}/roles/pubsub.viewer/allUsers" in told
    assert sum(each.type == "run.googleapis.com/Service" for each in told.values()) == 120
    assert len(told) == 123


def test_a_register_that_refuses_is_told_and_hides_nothing_that_was_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", TOKEN)
    with serving_gcp() as served:
        for number in range(120):
            served.double.have(
                "run.googleapis.com/Service",
                f"//run.googleapis.com/projects/{PROJECT}/services/{number}",
            )
        refused = Answer(status=403, body={"error": {"message": "cloudasset.assets.search"}})
        served.double.spoil(Fault(answer=refused, times=9, path="searchAllIamPolicies"))
        unseen: list[str] = []
        place = Place(cloud="gcp", environment="staging", setting=served.setting)
        found = unknown(place=place, known=_estate("gcp"), unseen=unseen)
    assert len(found) == 120
    [told] = unseen
    assert "types that have no list of their own" in told
    assert "ask for the role" in told


def test_one_name_in_two_regions_is_two_objects() -> None:
    known = _estate("aws", ("aws_cloudwatch_log_group", {"id": "x", "region": "eu-west-1"}))
    listed = [{"id": "x", "region": each} for each in ("eu-west-1", "us-east-1", "us-west-2")]
    kind = "aws_cloudwatch_log_group"
    found = strangers(known=known, listed={kind: listed}, targets={kind: "moto"})
    assert [each.address for each in found] == [f"{kind}:x@us-east-1", f"{kind}:x@us-west-2"]


def test_an_object_that_is_listed_is_not_counted_again() -> None:
    thing = Counted(type="aws_sqs_queue", values={"id": "q"}, names=frozenset(["q"]))
    found = strangers(
        known=_estate("aws"),
        listed={"aws_sqs_queue": [{"id": "q"}]},
        targets={"aws_sqs_queue": "moto"},
        counted=[thing],
        register="moto",
    )
    assert len(found) == 1


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"type": "*", "reason": "all of it"}, "ids, where or belongs"),
        ({"type": "*", "ids": ["x"]}, "has no reason"),
    ],
)
def test_a_rule_of_what_clouds_make_says_of_which_objects(rule: Any, words: str) -> None:
    with pytest.raises(RulesRefused, match=words):
        read_rules({"cloud_made": [rule]})


def test_what_belongs_to_nothing_of_ours_is_not_the_clouds_own() -> None:
    ring = "projects/p/locations/l/keyRings/r/cryptoKeys"
    versions = tuple(
        Resource(
            address=f"v:{key}",
            type="google_kms_crypto_key_version",
            name=key,
            values={"id": f"{ring}/{key}/cryptoKeyVersions/1", "parent": f"{ring}/{key}"},
        )
        for key in ("ours", "theirs")
    )
    known = _estate("gcp", ("google_kms_crypto_key", {"id": f"{ring}/ours"}))
    found = _found(known, versions)
    assert [each.subject for each in found.differences] == ["v:theirs"]
    assert [each.subjects for each in found.cloud_made] == [("v:ours",)]


def test_the_clouds_themselves_are_reached_by_their_providers_variables() -> None:
    assert itself("aws", {}) == {}
    assert itself("azure", {}) is None
    assert itself("gcp", {}) is None
    azure = itself("azure", {"ARM_SUBSCRIPTION_ID": "s", "ARM_TENANT_ID": "t"})
    assert azure == {"subscription": "s", "tenant": "t"}
    gcp = itself("gcp", {"GOOGLE_CLOUD_PROJECT": "p"})
    assert gcp is not None
    assert gcp["project"] == "p"
    assert "europe-west1" in gcp["regions"]

"""What a run may: it can read back every type that is planned, and give every role that modules give, and no more."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tallystick.governance.model.values import ENVIRONMENTS, Cloud, Environment
from tests.infra.planning import CLOUDS, ESTATES, TREE, planned

every_estate = pytest.mark.parametrize(("cloud", "environment"), ESTATES)
every_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)
ACCESS: Final = TREE / "modules" / "access"
POLICY_MOST: Final = 6144  # characters in one policy: docs.aws.amazon.com/IAM, quotas
POLICIES_MOST: Final = 10  # policies at one role
# Actions that change nothing, but hand out what is kept.
SECRETS: Final = re.compile(
    r"GetSecretValue|GetObject($|Version)|GetParameter|kms:Decrypt|secretmanager[.]versions[.]access|objects[.]get"
    r"|listKeys|useToDecrypt|Secrets User|Data (Reader|Contributor|Owner)|Cluster Admin"
)


def _table(cloud: Cloud, name: str) -> Any:
    return json.loads((ACCESS / cloud / name).read_text())


def _inside(address: str) -> bool:
    """Say whether it is made by a run, not once by the owner of the account."""
    return not address.startswith("module.access.")


def _of(cloud: Cloud, environment: Environment, *types: str) -> Iterator[dict[str, Any]]:
    return (it for it in planned(cloud, environment) if it["type"] in types)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_planned_type_says_what_reading_it_back_needs(cloud: Cloud) -> None:
    types = {each["type"] for environment in ENVIRONMENTS for each in planned(cloud, environment)}
    assert set(_table(cloud, "reads.json")) == types


@pytest.mark.parametrize("cloud", CLOUDS)
def test_reading_back_hands_out_nothing_that_is_kept(cloud: Cloud) -> None:
    rights = [right for each in _table(cloud, "reads.json").values() for right in each]
    assert [right for right in rights if SECRETS.search(right)] == []


@every_estate
def test_plans_and_runs_may_read_back_every_type(cloud: Cloud, environment: Environment) -> None:
    wanted = {right for each in _table(cloud, "reads.json").values() for right in each}
    held = {"aws": _aws_reads, "azure": _azure_reads, "gcp": _gcp_reads}[cloud](environment)
    for who in ("plan", "apply"):
        assert wanted - held[who] == set(), who


def _aws_reads(environment: Environment) -> dict[str, set[str]]:
    made = list(_of("aws", environment, "aws_iam_policy", "aws_iam_role_policy_attachment"))
    policy = next(it for it in made if it["address"] == "module.access.aws_iam_policy.reads")
    rights = {it for each in _statements(policy) for it in each["Action"]}
    given = {it["address"] for it in made}
    return {
        who: rights
        for who in ("plan", "apply")
        if f'module.access.aws_iam_role_policy_attachment.reads["{who}"]' in given
    }


def _azure_reads(environment: Environment) -> dict[str, set[str]]:
    held: dict[str, set[str]] = {"plan": set(), "apply": set()}
    for each in _of("azure", environment, "azurerm_role_assignment"):
        if found := re.search(r'[.]reads\["(plan|apply)-', each["address"]):
            held[found[1]].add(each["values"]["role_definition_name"])
    return held


def _gcp_reads(environment: Environment) -> dict[str, set[str]]:
    beyond = _table("gcp", "roles.json")["of_billing"]
    held: dict[str, set[str]] = {}
    for each in _of("gcp", environment, "google_project_iam_custom_role"):
        who = each["values"]["role_id"].rpartition("_")[2]
        held[who] = set(each["values"]["permissions"])
        assert not any(it.startswith("billing.") for it in held[who]), (
            "no role of a project reads bills"
        )
        held[who] |= {"billing.budgets.get"} if who in beyond else set()
    return held


def _statements(policy: dict[str, Any]) -> list[dict[str, Any]]:
    return json.loads(policy["values"]["policy"])["Statement"]


@every_environment
def test_a_run_on_azure_may_give_the_roles_that_modules_give_and_no_others(
    environment: Environment,
) -> None:
    may = _table("azure", "actions.json")["roles"]
    gives = next(
        it
        for it in _of("azure", environment, "azurerm_role_assignment")
        if it["address"].endswith(".gives")
    )
    assert all(gives["values"]["condition"].count(role) == 2 for role in may.values())
    given = {
        it["values"]["role_definition_name"]
        for it in _of("azure", environment, "azurerm_role_assignment")
        if _inside(it["address"])
    }
    assert given <= set(may)
    assert set(may) <= given or environment == "development"
    masters = {role for role in may if re.search(r"Owner|Admin|Contributor", role)}
    assert masters == {
        "Network Contributor",
        "Key Vault Contributor",
        "Storage Blob Data Contributor",
    }


@every_environment
def test_a_run_on_gcp_may_give_the_roles_that_modules_give_and_no_others(
    environment: Environment,
) -> None:
    may = set(_table("gcp", "roles.json")["gives"])
    given = {
        it["values"]["role"]
        for it in _of("gcp", environment, "google_project_iam_member")
        if _inside(it["address"])
    }
    assert given == may
    expression = next(
        it["values"]["condition"][0]["expression"]
        for it in _of("gcp", environment, "google_project_iam_member")
        if it["address"].endswith(".gives")
    )
    assert json.dumps(sorted(may)) in expression


@every_environment
def test_a_run_on_aws_may_make_the_roles_that_modules_make_under_the_boundary(
    environment: Environment,
) -> None:
    statements = [
        each
        for it in _of("aws", environment, "aws_iam_policy")
        if it["address"].endswith('.apply["roles"]')
        for each in _statements(it)
    ]
    makes = next(each for each in statements if "iam:CreateRole" in each["Action"])
    boundary = makes["Condition"]["StringEquals"]["iam:PermissionsBoundary"]
    assert boundary.endswith(f":policy/tallystick-{environment}-boundary")
    names = [it.rpartition(":role/")[2].replace("*", ".+") for it in makes["Resource"]]
    for each in _of("aws", environment, "aws_iam_role"):
        mine = any(re.fullmatch(name, each["values"]["name"]) for name in names)
        assert mine is _inside(each["address"]), each["address"]


@every_environment
def test_policies_on_aws_are_no_longer_and_no_more_than_the_cloud_takes(
    environment: Environment,
) -> None:
    for each in _of("aws", environment, "aws_iam_policy"):
        assert len(each["values"]["policy"]) <= POLICY_MOST, each["address"]
    attached = [
        it["address"]
        for it in _of("aws", environment, "aws_iam_role_policy_attachment")
        if not _inside(it["address"])
    ]
    assert sum(".apply[" in it or "apply" in it for it in attached) <= POLICIES_MOST


@every_environment
def test_keys_secrets_and_ways_in_are_bounded_for_a_run_on_aws(environment: Environment) -> None:
    """Without a bound these would make a run a master of every key, secret or cluster of the account."""
    bounded = {
        "kms:PutKeyPolicy", "kms:CreateGrant", "kms:Decrypt", "secretsmanager:PutResourcePolicy",
        "eks:CreateAccessEntry", "eks:UpdateAccessEntry", "iam:CreateRole", "iam:PutRolePolicy",
    }  # fmt: skip
    seen: set[str] = set()
    for policy in _of("aws", environment, "aws_iam_policy"):
        if ".apply[" not in policy["address"]:
            continue
        for each in _statements(policy):
            assert "eks:AssociateAccessPolicy" not in each["Action"]
            found = bounded & set(each["Action"])
            assert not found or each["Condition"], policy["address"]
            assert not any(re.search(r"secret:[*]", it) for it in each["Resource"])
            seen |= found
    assert seen == bounded


@every_environment
def test_ways_into_the_cluster_on_aws_are_those_a_run_may_make(environment: Environment) -> None:
    statements = [
        each
        for it in _of("aws", environment, "aws_iam_policy")
        if it["address"].endswith('.apply["kubernetes"]')
        for each in _statements(it)
        if "eks:CreateAccessEntry" in each["Action"]
    ]
    may = {
        (
            each["Condition"]["ArnEquals"]["eks:principalArn"].rpartition("-")[2],
            tuple(each["Condition"]["ForAllValues:StringEquals"]["eks:kubernetesGroups"]),
        )
        for each in statements
    }
    made = {
        (it["address"].split('"')[1].rpartition("-")[2], tuple(it["values"]["kubernetes_groups"]))
        for it in _of("aws", environment, "aws_eks_access_entry")
    }
    assert made == may


@every_environment
def test_no_replica_on_aws_has_a_source_whose_password_the_cloud_keeps(
    environment: Environment,
) -> None:
    """The cloud refuses such a replica: "ManageMasterUserPassword is enabled is not supported"."""
    for each in _of("aws", environment, "aws_db_instance"):
        values = each["values"]
        assert not values["manage_master_user_password"]
        assert values["password"] is None
        assert bool(values["password_wo_version"]) is ("replica" not in each["address"])


def test_nodes_on_aws_do_not_wait_for_what_needs_nodes() -> None:
    text = (TREE / "modules/kubernetes/aws/main.tf").read_text()
    blocks = {
        found[1]: found[2]
        for found in re.finditer(r'^resource "(\w+" "\w+)" \{\n(.*?)^\}', text, re.M | re.S)
    }
    nodes, names = blocks['aws_eks_node_group" "this'], blocks['aws_eks_addon" "names']
    assert "aws_eks_addon.this" in nodes
    assert "aws_eks_addon.names" not in nodes
    assert "depends_on = [aws_eks_node_group.this, aws_eks_pod_identity_association.this]" in names
    for each in ("coredns", "aws-ebs-csi-driver"):
        assert each in names
        assert each not in blocks['aws_eks_addon" "this']


def test_pods_on_aws_may_become_who_they_are() -> None:
    """A boundary without it would take every workload its identity."""
    boundary = next(
        it
        for it in _of("aws", "production", "aws_iam_policy")
        if it["address"].endswith(".boundary")
    )
    assert "eks-auth:AssumeRoleForPodIdentity" in _statements(boundary)[0]["Action"]


@every_environment
def test_every_node_on_gcp_has_the_tag_that_lets_it_out(environment: Environment) -> None:
    for each in _of("gcp", environment, "google_container_cluster", "google_container_node_pool"):
        assert each["values"]["node_config"][0]["tags"] == ["services"], each["address"]


def test_the_replica_on_gcp_is_reached_in_its_own_region() -> None:
    ends = {
        it["values"]["name"]: it["values"]["region"]
        for it in _of("gcp", "production", "google_compute_forwarding_rule")
    }
    servers = {
        it["address"]: it["values"]["region"]
        for it in _of("gcp", "production", "google_sql_database_instance")
    }
    assert set(servers.values()) <= set(ends.values())
    assert len(set(servers.values())) == 2


def test_only_two_workloads_on_aws_reach_secrets_and_the_record() -> None:
    """A run that makes a role, or changes the trust of one, gains no reader by it."""
    boundary = next(
        it
        for it in _of("aws", "production", "aws_iam_policy")
        if it["address"].endswith(".boundary")
    )
    said = _statements(boundary)
    kept = {"s3:GetObject", "s3:PutObject", "secretsmanager:GetSecretValue"}
    holders = {
        action: each["Condition"]["ArnEquals"]["aws:PrincipalArn"].rpartition("-workload-")[2]
        for each in said
        for action in each["Action"]
        if action in kept
    }
    assert holders == {
        "s3:GetObject": "sequencer",
        "s3:PutObject": "sequencer",
        "secretsmanager:GetSecretValue": "external-secrets",
    }
    services = {
        action.partition(":")[0] for each in said for action in each["Action"] if "*" in action
    }
    assert services & {"iam", "kms", "s3", "secretsmanager", "sts"} == set()
    assert [
        it["address"]
        for it in _of("aws", "production", "aws_iam_role")
        if "workload" in it["address"]
    ] == [
        f'module.access.aws_iam_role.workload["{name}"]'
        for name in ("balancing", "disks", "external-secrets", "sequencer")
    ]


def test_the_cloud_starts_nodes_and_makes_disks_on_aws_under_the_key_for_data() -> None:
    keys = {it["address"]: it for it in _of("aws", "production", "aws_kms_key")}
    said = {each["Sid"]: each for each in _statements(keys['module.keys.aws_kms_key.this["data"]'])}
    starter = said["StartNodes"]["Principal"]["AWS"]
    assert starter.endswith(
        ":role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    )
    assert said["GrantToNodes"]["Principal"]["AWS"] == starter
    assert said["GrantToNodes"]["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    driver = next(
        it
        for it in _of("aws", "production", "aws_iam_role_policy")
        if it["address"] == 'module.access.aws_iam_role_policy.workload["disks"]'
    )
    for each in _statements(driver):
        assert each["Condition"]["ForAnyValue:StringEquals"] == {
            "kms:ResourceAliases": "alias/tallystick-production-data"
        }
        assert each["Condition"]["StringEquals"]["kms:ViaService"].startswith("ec2.")


def test_events_on_aws_ring_without_a_condition_that_they_cannot_meet() -> None:
    """The cloud takes no condition from whoever sends events to a topic, and none at the topic's key."""
    topic = next(iter(_of("aws", "production", "aws_sns_topic_policy")))
    key = next(
        it
        for it in _of("aws", "production", "aws_kms_key")
        if it["address"] == 'module.keys.aws_kms_key.this["logs"]'
    )
    for policy in (topic, key):
        mine = [
            each
            for each in _statements(policy)
            if "events.amazonaws.com" in str(each["Principal"].get("Service"))
        ]
        assert [(each["Sid"], "Condition" in each) for each in mine] == [("RingByEvents", False)]


def test_whatever_stands_in_the_recovery_region_of_aws_is_watched_there() -> None:
    types = (
        "aws_guardduty_detector",
        "aws_accessanalyzer_analyzer",
        "aws_ebs_encryption_by_default",
    )
    for kind in types:
        places = [it["values"]["region"] for it in _of("aws", "production", kind)]
        assert sorted(places) == ["eu-central-1", "eu-west-1"], kind
    groups = {
        it["values"]["name"]: it["values"]["region"]
        for it in _of("aws", "production", "aws_cloudwatch_log_group")
        if it["values"]["name"].startswith("/aws/rds/")
    }
    for server in _of("aws", "production", "aws_db_instance"):
        for log in server["values"]["enabled_cloudwatch_logs_exports"]:
            name = f"/aws/rds/instance/{server['values']['identifier']}/{log}"
            assert groups[name] == server["values"]["region"]

"""Kubernetes: what is committed is what the command writes, is valid, and opens no door that nobody needs."""

import re
import tomllib
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from tallystick.apps import manifests, pods
from tallystick.apps.parts import EDGE, NEEDS
from tallystick.apps.splitting import SPLITS
from tallystick.runtime.configuration import REQUEST_SECONDS_DEFAULT
from tests.infra.kustomize import KUBERNETES, OVERLAYS, containers_of, named, pod_of, read, rendered
from tests.tidy import tree

# As infra/terraform/environments.json says.
RELEASE = "1.35"
# Of the operators that a cluster of ours has: their own schemas are with them.
FOREIGN = {"Certificate", "ClusterIssuer", "ExternalSecret", "ClusterSecretStore"}
PUBLIC_URL, DATABASES = "https://api.bank.example", "10.0.64.0/18"
ZONES = ("edge", "services", "keys")


@pytest.fixture(scope="module", params=SPLITS)
def overlay(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    return rendered(OVERLAYS / request.param)


@pytest.mark.parametrize("split", SPLITS)
def test_the_overlays_are_as_the_command_writes_them(split: str, tmp_path: Path) -> None:
    folder = tmp_path / split
    manifests.write(split, folder, public_url=PUBLIC_URL, database_network=DATABASES)
    written = {path.name: path.read_text() for path in folder.iterdir()}
    committed = {path.name: path.read_text() for path in (OVERLAYS / split).iterdir()}
    assert written == committed


def test_every_manifest_is_valid(overlay: list[dict[str, Any]]) -> None:
    checked = 0
    for manifest in overlay:
        if manifest["kind"] not in FOREIGN:
            kubernetes_validate.validate(manifest, RELEASE, strict=True)
            checked += 1
    assert checked > 20


def test_the_check_refuses_what_kubernetes_would(overlay: list[dict[str, Any]]) -> None:
    deployment = next(one for one in overlay if one["kind"] == "Deployment")
    wrong = deployment | {"spec": {**deployment["spec"], "replica": 2}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, RELEASE, strict=True)


def test_no_two_manifests_are_the_same_object(overlay: list[dict[str, Any]]) -> None:
    keys = [
        (one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in overlay
    ]
    assert len(set(keys)) == len(keys)


def test_the_audit_policy_says_who_reads_secrets_and_never_what_they_are() -> None:
    policy = read(KUBERNETES / "audit-policy.yaml")[0]
    first = next(
        rule
        for rule in policy["rules"]
        if any("secrets" in one.get("resources", []) for one in rule.get("resources", []))
    )
    assert policy["rules"].index(first) == 0
    assert first["level"] == "Metadata"
    assert policy["rules"][-1] == {"level": "Metadata"}


def test_every_namespace_is_restricted_and_refuses_what_is_not_named(
    overlay: list[dict[str, Any]],
) -> None:
    namespaces = named(overlay, "Namespace")
    assert set(namespaces) == {f"tallystick-{zone}" for zone in ZONES}
    for name, namespace in namespaces.items():
        labels = namespace["metadata"]["labels"]
        assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
        denied = [
            one
            for one in overlay
            if one["kind"] == "NetworkPolicy"
            and one["metadata"]["namespace"] == name
            and one["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
        ]
        assert len(denied) == 1, name


@pytest.mark.parametrize("split", SPLITS)
def test_the_network_lets_through_what_parts_ask_and_nothing_else(split: str) -> None:
    policies = named(rendered(OVERLAYS / split), "NetworkPolicy")
    for name, parts in SPLITS[split].items():
        spec = policies[name]["spec"]
        asked = {one for part in parts for one in NEEDS[part]} - set(parts)
        wanted = {other for other, theirs in SPLITS[split].items() if asked & set(theirs)}
        assert set(_pods(spec["egress"], "to")) == wanted
        asking = {
            other
            for other, theirs in SPLITS[split].items()
            if other != name and {one for part in theirs for one in NEEDS[part]} & set(parts)
        }
        assert set(_pods(spec["ingress"], "from")) == (set() if EDGE in parts else asking)


def _pods(rules: list[dict[str, Any]], side: str) -> list[str]:
    return [
        peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"]
        for rule in rules
        for peer in rule[side]
        if "podSelector" in peer
    ]


def test_only_those_who_speak_to_strangers_reach_the_world(overlay: list[dict[str, Any]]) -> None:
    for manifest in overlay:
        if manifest["kind"] != "NetworkPolicy":
            continue
        for rule in manifest["spec"].get("egress", []):
            for peer in rule["to"]:
                block = peer.get("ipBlock", {})
                if block.get("cidr") == "0.0.0.0/0":
                    only = _settings(overlay, manifest)["TALLYSTICK_ONLY"].split(",")
                    assert set(only) & set(manifests.STRANGERS)
                    assert "169.254.0.0/16" in block["except"], "credentials of nodes are there"
                elif block:
                    assert (block["cidr"], rule["ports"][0]["port"]) == (DATABASES, 5432)


def _settings(overlay: list[dict[str, Any]], of: dict[str, Any]) -> dict[str, str]:
    return named(overlay, "ConfigMap")[of["metadata"]["name"]]["data"]


def test_between_processes_both_sides_show_a_certificate(overlay: list[dict[str, Any]]) -> None:
    for settings in (one["data"] for one in overlay if one["kind"] == "ConfigMap"):
        parts = settings.get("TALLYSTICK_ONLY", "").split(",")
        if parts == [""]:
            continue
        assert settings["TALLYSTICK_TLS_CERTIFICATE"]
        assert settings["TALLYSTICK_CLIENT_CERTIFICATE"]
        assert ("TALLYSTICK_TLS_CLIENT_CA" in settings) is (EDGE not in parts)
        assert "http://" not in settings.get("TALLYSTICK_DOOR_URLS", "")


def test_every_image_is_named_by_its_digest(overlay: list[dict[str, Any]]) -> None:
    images = [
        one["image"] for pod in filter(None, map(pod_of, overlay)) for one in containers_of(pod)
    ]
    assert images
    assert all(re.search(r"@sha256:[0-9a-f]{64}$", image) for image in images)


def test_nobody_is_an_administrator_but_under_break_glass(overlay: list[dict[str, Any]]) -> None:
    bound = [one for one in overlay if one["kind"] in {"RoleBinding", "ClusterRoleBinding"}]
    admins = [one for one in bound if one["roleRef"]["name"] in {"cluster-admin", "admin", "edit"}]
    assert [one["subjects"] for one in admins] == [
        [
            {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "Group",
                "name": "tallystick:break-glass",
            }
        ]
    ]
    for role in (one for one in overlay if one["kind"] in {"Role", "ClusterRole"}):
        for rule in role["rules"]:
            assert set(rule["verbs"]) <= {"get", "list", "watch"}
            assert not {"secrets", "pods/exec", "*"} & set(rule["resources"])


def test_no_secret_stands_in_a_manifest(overlay: list[dict[str, Any]]) -> None:
    assert not [one for one in overlay if one["kind"] == "Secret"]
    for external in (one for one in overlay if one["kind"] == "ExternalSecret"):
        assert all(
            one["remoteRef"]["key"].startswith("tallystick/") for one in external["spec"]["data"]
        )


def test_the_image_is_pinned_and_nobody_is_root_in_it() -> None:
    lines = (tree.ROOT / "infra" / "image" / "Containerfile").read_text().splitlines()
    bases = [line.split()[1] for line in lines if line.startswith("FROM ")]
    assert bases
    assert all(re.search(r"@sha256:[0-9a-f]{64}$", base) for base in bases)
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users == [f"{pods.USER}:{pods.USER}"]
    assert any("--require-hashes" in line for line in lines)


def _running(overlay: list[dict[str, Any]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Give each pod that runs the platform, with its container."""
    found = [pod for pod in map(pod_of, overlay) if pod]
    assert len(found) >= 4
    return [(pod, pod["containers"][0]) for pod in found]


def test_what_is_written_lies_where_it_may_be_written(overlay: list[dict[str, Any]]) -> None:
    written = ("TALLYSTICK_HOME", "TALLYSTICK_RECORD_MEMORY", "TALLYSTICK_RECORD_PULSE")
    seen = 0
    for _, container in _running(overlay):
        mounts = {each["mountPath"]: each for each in container["volumeMounts"]}
        settings = named(overlay, "ConfigMap")[container["envFrom"][0]["configMapRef"]["name"]]
        for path in filter(None, map(settings["data"].get, written)):
            (mount,) = [each for at, each in mounts.items() if Path(path).is_relative_to(at)]
            assert not mount.get("readOnly"), path
            seen += 1
    assert seen >= 5


def test_what_was_signed_is_remembered_by_each_sequencer_for_itself(
    overlay: list[dict[str, Any]],
) -> None:
    spec = named(overlay, "StatefulSet")["sequencer"]["spec"]
    (claim,) = spec["volumeClaimTemplates"]
    assert spec["replicas"] == 2
    assert claim["spec"]["accessModes"] == ["ReadWriteOncePod"]
    assert "persistentVolumeClaimRetentionPolicy" not in spec, "it stays, as it does by default"
    mounts = spec["template"]["spec"]["containers"][0]["volumeMounts"]
    assert {"name": claim["metadata"]["name"], "mountPath": pods.MEMORY} in mounts


def test_every_process_calls_the_record_by_one_name_of_ours(overlay: list[dict[str, Any]]) -> None:
    settings = [one["data"] for one in overlay if one["kind"] == "ConfigMap"]
    names = {one["TALLYSTICK_RECORD_ORIGIN"] for one in settings if "TALLYSTICK_ONLY" in one}
    names.add(named(overlay, "ConfigMap")["sequencer"]["data"]["TALLYSTICK_RECORD_ORIGIN"])
    assert names == {"api.bank.example/record"}


def test_pods_are_given_the_time_that_they_take_to_end(overlay: list[dict[str, Any]]) -> None:
    for pod, container in _running(overlay):
        name = container["envFrom"][0]["configMapRef"]["name"]
        drain = named(overlay, "ConfigMap")[name]["data"].get("TALLYSTICK_DRAIN_SECONDS", "0")
        least = int(drain) + REQUEST_SECONDS_DEFAULT + 15
        assert pod["terminationGracePeriodSeconds"] >= least, "docs/operating/upgrading.md says so"


def test_memory_is_had_from_the_start(overlay: list[dict[str, Any]]) -> None:
    for pod, _ in _running(overlay):
        for container in containers_of(pod):
            asked = container["resources"]
            assert asked["requests"]["memory"] == asked["limits"]["memory"]


def test_a_rollout_migrates_only_as_far_as_the_release_before_can_live_with(
    overlay: list[dict[str, Any]],
) -> None:
    jobs = named(overlay, "Job")
    commands = {
        name: (
            one["spec"]["suspend"],
            *one["spec"]["template"]["spec"]["containers"][0]["command"][1:],
        )
        for name, one in jobs.items()
    }
    assert commands == {
        "migrate": (False, "migrate", "--pre"),
        "migrate-rest": (True, "migrate"),
    }


def test_every_process_is_probed(overlay: list[dict[str, Any]]) -> None:
    lasting = [one for one in overlay if one["kind"] in {"Deployment", "StatefulSet"}]
    assert "sequencer" in {one["metadata"]["name"] for one in lasting}
    for one in lasting:
        (container,) = one["spec"]["template"]["spec"]["containers"]
        assert {"startupProbe", "readinessProbe", "livenessProbe"} <= container.keys()


def test_all_that_is_installed_is_copied_into_the_image_before() -> None:
    lines = (tree.ROOT / "infra" / "image" / "Containerfile").read_text().splitlines()
    install = next(number for number, line in enumerate(lines) if line.endswith("isolation ."))
    copied = {
        word for line in lines[:install] if line.startswith("COPY ") for word in line.split()[1:-1]
    }
    assert all((tree.ROOT / word).exists() for word in copied)
    told = tomllib.loads(tree.text(tree.ROOT / "pyproject.toml"))
    wheel = told["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert {*wheel["force-include"], "src", told["project"]["readme"]} <= copied
    assert {"LICENSE", "NOTICE", "pyproject.toml", "requirements.lock"} <= copied

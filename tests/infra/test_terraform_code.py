"""What the Terraform code is held to before anything is planned."""

import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tallystick.governance.adapters.terraform import executable
from tests.infra.planning import CLOUDS, ROOT, TREE

PROMISES = (
    "network", "database", "kubernetes", "keys", "secrets", "objects", "logs", "edge", "costs", "access",
)  # fmt: skip
SOURCES = {
    "aws": ("hashicorp/aws", "6.25.0"),
    "azure": ("hashicorp/azurerm", "4.55.0"),
    "gcp": ("hashicorp/google", "6.50.0"),
}
POLICIES = ROOT / "policies"


def _code() -> list[Path]:
    return sorted(TREE.rglob("*.tf"))


def _blocks(path: Path, kind: str) -> Iterator[tuple[str, str]]:
    """Yield name and body of every top block of a kind; formatted code closes one in the first column."""
    found = re.finditer(rf'^{kind} "(\w+)" \{{\n(.*?)^\}}', path.read_text(), re.M | re.S)
    return ((each[1], each[2]) for each in found)


def environments() -> dict[str, Any]:
    """Read the one file that says what differs."""
    return json.loads((TREE / "environments.json").read_text())


def _services() -> dict[str, dict[str, Any]]:
    read = tomllib.loads((POLICIES / "inventory" / "services.toml").read_text())
    return {each["name"]: each for each in read["service"]}


def test_the_code_is_formatted() -> None:
    ran = subprocess.run(
        [*executable.LIBRARY, "fmt", "-check", "-recursive", str(TREE)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (0, "")


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_promise_is_kept_on_every_cloud(cloud: str) -> None:
    called = (TREE / "estates" / cloud / "main.tf").read_text()
    for promise in PROMISES:
        folder = TREE / "modules" / promise / cloud
        assert {"main.tf", "variables.tf", "outputs.tf"} <= {each.name for each in folder.iterdir()}
        assert f'source = "../../modules/{promise}/{cloud}"' in called


@pytest.mark.parametrize("cloud", CLOUDS)
def test_an_estate_names_the_real_provider_and_a_backend_without_address(cloud: str) -> None:
    text = (TREE / "estates" / cloud / "versions.tf").read_text()
    source, version = SOURCES[cloud]
    assert f'source  = "{source}"' in text
    assert f'version = "{version}"' in text
    assert 'backend "http" {}' in text


def test_nothing_knows_of_the_mirror_or_of_a_test() -> None:
    strange = re.compile(
        r"mirror|localhost|127\.0\.0\.1|\bmoto\b|drongo|gcplocal|azurite|TALLYSTICK_CLOUD_",
        re.I,
    )
    for path in [*_code(), *TREE.rglob("*.json")]:
        assert not strange.search(path.read_text()), path


def test_no_secret_can_stand_in_code_or_state() -> None:
    written = re.compile(
        r"^\s*(password|administrator_password|root_password|secret_string|secret_data|private_key\w*|client_secret"
        r"|value_wo|account_key|random_password)\s*=",
        re.M,
    )
    for path in _code():
        assert not written.search(path.read_text()), path
        assert "azurerm_key_vault_secret" not in path.read_text()


def test_everything_taken_in_or_given_out_is_described() -> None:
    for path in _code():
        for name, body in _blocks(path, "variable"):
            assert "  description = " in body, f"{path}: {name}"
            assert "  type " in body, f"{path}: {name}"
        for name, body in _blocks(path, "output"):
            assert "  description = " in body, f"{path}: {name}"


def test_every_file_can_be_held_in_the_head() -> None:
    assert {path: lines for path in _code() if (lines := path.read_text().count("\n")) > 250} == {}


def test_environments_differ_in_one_file_alone() -> None:
    """No module asks for an environment's name to decide something."""
    asking = re.compile(r'environment\s*[=!]=|[=!]=\s*"(development|staging|production)"')
    for path in _code():
        assert not asking.search(path.read_text()), path
    shapes = [_shape(each) for each in environments()["environments"].values()]
    assert shapes[0] == shapes[1] == shapes[2]


def _shape(value: Any) -> Any:
    return (
        {key: _shape(each) for key, each in value.items()}
        if isinstance(value, dict)
        else type(value).__name__.replace("float", "int")
    )


def test_estates_share_no_account_and_no_address() -> None:
    clouds = [
        cloud
        for said in environments()["environments"].values()
        for cloud in said["clouds"].values()
    ]
    ranges = [cloud[key] for cloud in clouds for key in ("cidr", "recovery_cidr")]
    assert len({cloud["account"] for cloud in clouds}) == len(clouds)
    assert len(set(ranges)) == len(ranges)


def test_regions_are_those_of_the_policy() -> None:
    policy = tomllib.loads((POLICIES / "regions.toml").read_text())
    for home, clouds in environments()["residency"].items():
        for cloud, regions in clouds.items():
            assert set(regions) <= set(policy[cloud][home])


def test_tags_name_services_of_the_inventory_with_their_class() -> None:
    inventory = _services()
    for promise, said in json.loads((TREE / "modules/naming/services.json").read_text()).items():
        assert said["data_class"] == inventory[said["service"]]["class"], promise


def test_what_may_be_lost_and_when_it_is_back_follow_the_inventory() -> None:
    database = _services()["database"]
    for name in ("staging", "production"):
        said = environments()["environments"][name]
        assert said["rpo_minutes"] <= database["rpo_minutes"]
        assert said["rto_minutes"] <= database["rto_minutes"]
        assert said["database"]["synchronous"]
        assert said["database"]["replica"]


def test_homes_of_secrets_are_those_of_the_list() -> None:
    listed = tomllib.loads((POLICIES / "secrets.toml").read_text())["secret"]
    for name, said in environments()["environments"].items():
        for cloud in ("aws", "gcp"):
            wanted = sorted(it["name"] for it in listed if cloud in it["homes"][name])
            assert said["clouds"][cloud]["secrets"] == wanted, (name, cloud)


def test_workloads_with_a_role_are_accounts_of_the_manifests() -> None:
    accounts = {
        (each["metadata"]["namespace"], each["metadata"]["name"])
        for path in (ROOT / "infra/kubernetes").rglob("*.yaml")
        for each in yaml.safe_load_all(path.read_text())
        if each and each.get("kind") == "ServiceAccount"
    }
    for name, said in json.loads((TREE / "modules/kubernetes/workloads.json").read_text()).items():
        if name != "external-secrets":  # comes with its own manifests
            assert (said["namespace"], said["account"]) in accounts


def test_every_alert_rings_on_every_cloud() -> None:
    alerts = set(json.loads((TREE / "modules/logs/alerts.json").read_text()))
    for cloud in CLOUDS:
        text = (TREE / "modules/logs" / cloud / "alerts.tf").read_text()
        assert alerts == {alert for alert in alerts if re.search(rf"^    {alert} +=", text, re.M)}

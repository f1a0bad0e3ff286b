"""A cloud from the command line: planned, handed in, applied as it was handed in, and nothing left to do."""

import json
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tallystick.apps.compose import doors_of_identity_on
from tallystick.apps.parts import Urls
from tallystick.governance.adapters.terraform.alone import alone
from tallystick.identity.api.keys import CreateKey
from tallystick.kernel.callers import Caller
from tallystick.kernel.ids import tenant_id_of
from tallystick.runtime.configuration import read_settings
from tests.apps.houses import KEY
from tests.apps.platform import Running, Said, run
from tests.loops import to_end

HCL = """
terraform {
  required_providers {
    google = { source = "hashicorp/google", version = "6.50.0" }
  }
  backend "http" {}
}
provider "google" { project = "tallystick" }
variable "environment" { type = string }
resource "google_compute_network" "one" {
  name                    = "tallystick-${var.environment}"
  auto_create_subnetworks = false
}
resource "google_project_iam_audit_config" "all" {
  project = "tallystick"
  service = "allServices"
  audit_log_config { log_type = "ADMIN_READ" }
  audit_log_config { log_type = "DATA_READ" }
  audit_log_config { log_type = "DATA_WRITE" }
}
output "estate" { value = "${var.environment}-gcp" }
"""


def runner_of(up: Running) -> str:
    """Give a key of a tenant of its own that may plan and apply."""
    (first,) = KEY.findall(up.command("tenant", "create", "cloud bank").out)
    with up.client(first) as client:
        return to_end(_key(up, client.get("/v1/whoami").json()["tenant"]))


async def _key(up: Running, tenant: str) -> str:
    settings = read_settings(up.env | {"TALLYSTICK_DEVELOPMENT": "1"})
    async with doors_of_identity_on(Urls(up.database_url()), settings) as doors:
        made = await doors.identity.create_key(
            caller=Caller(tenant_id=tenant_id_of(tenant), actor="operator"),
            message=CreateKey(label="runner", roles=("cloud_runner",)),
        )
    return made.key


PLAN = re.compile(r"pln_\w+")


class Hands:
    """Somebody at a terminal, with a repository of HCL and a cloud that is a file."""

    def __init__(self, *, up: Running, folder: Path) -> None:
        self.infra, self.work, self.out = (
            folder / "repository" / "infra",
            folder / "work",
            folder / "plan",
        )
        self.store = folder / "store.json"
        estate = self.infra / "estates" / "gcp"
        estate.mkdir(parents=True)
        (estate / "main.tf").write_text(HCL)
        program = folder / "terraform"
        program.write_text(
            f'#!/bin/sh\nexec "{sys.executable}" -m tallystick.governance.adapters.terraform.library "$@"\n'
        )
        program.chmod(0o755)
        self.env = {
            **up.env,
            "TALLYSTICK_URL": up.url,
            "TALLYSTICK_API_KEY": runner_of(up),
            "TALLYSTICK_TERRAFORM": str(program),
            "TALLYSTICK_CLOUD_TARGETS": json.dumps({"store": str(self.store)}),
        }
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit()

    def git(self, *words: str) -> None:
        """Run git in the repository."""
        who = ("-c", "user.name=somebody", "-c", "user.email=somebody@tallystick.example")
        subprocess.run(["git", *who, *words], cwd=self.infra, check=True, timeout=30)

    def commit(self) -> None:
        """Commit all that is there."""
        self.git("add", ".")
        self.git("commit", "--quiet", "--message", "estate")

    def plan(self, *words: str) -> Said:
        """Plan development on GCP."""
        estate = ("--environment", "development", "--cloud", "gcp", "--infra", str(self.infra))
        places = ("--work", str(self.work), "--out", str(self.out))
        return run("cloud", "plan", *estate, *places, *words, env=self.env, timeout_s=300)

    def apply(self, plan: str) -> Said:
        """Apply a plan."""
        places = ("--infra", str(self.infra), "--work", str(self.work))
        return run("cloud", "apply", plan, *places, env=self.env, timeout_s=300)


@pytest.fixture(scope="module")
def hands(up: Running, tmp_path_factory: pytest.TempPathFactory) -> Hands:
    return Hands(up=up, folder=tmp_path_factory.mktemp("cloud"))


@pytest.mark.timeout(600)
def test_a_plan_is_handed_in_applied_once_as_it_was_and_leaves_nothing_to_do(hands: Hands) -> None:
    planned = hands.plan()
    assert planned.code == 0, planned.err
    assert "created: network" in planned.out
    assert {path.name for path in hands.out.iterdir()} == {
        "plan.json",
        "plan.bin",
        "plan.html",
        "plan.txt",
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in hands.out.iterdir()} == {0o600}
    plan = PLAN.findall(planned.out)[0]
    assert not hands.store.exists()

    shown = run("cloud", "show", plan, env=hands.env)
    assert shown.code == 0, shown.err
    assert "+ google_compute_network.one  (created: network." in shown.out
    assert json.loads(run("cloud", "show", plan, "--json", env=hands.env).out)["terraform_version"]

    astray = run("cloud", "apply", plan, "--infra", "/nowhere", env=hands.env)
    assert astray.code == 1
    assert "nothing was begun: There is no /nowhere/estates/gcp" in astray.err

    with alone(hands.work):
        beside = hands.apply(plan)
    assert beside.code == 1
    assert "nothing was begun: Another command works" in beside.err

    applied = hands.apply(plan)
    assert applied.code == 0, applied.err
    assert "Apply complete! Resources: 2 added" in applied.out
    assert "applied, state" in applied.out
    (network,) = json.loads(hands.store.read_text())["objects"]["google_compute_network"].values()
    assert network["name"] == "tallystick-development"
    assert not (hands.work / "lent.bin").exists()

    again = hands.apply(plan)
    assert (again.code, again.err.split(":")[1].strip()) == (1, "plan_not_open")
    assert "nothing changes" in hands.plan().out


def test_two_commands_do_not_work_in_one_folder(hands: Hands) -> None:
    with alone(hands.work):
        said = hands.plan()

    assert (said.code, said.out) == (1, "")
    assert f"Another command works in {hands.work}" in said.err
    assert "name another folder by --work" in said.err


@pytest.mark.timeout(300)
def test_what_is_not_committed_is_not_handed_in(hands: Hands) -> None:
    (hands.infra / "estates" / "gcp" / "more.tf").write_text("# more\n")

    said = hands.plan()

    assert (said.code, said.out) == (1, "")
    assert "more.tf" in said.err
    assert "commit it first" in said.err
    (hands.infra / "estates" / "gcp" / "more.tf").unlink()


@pytest.mark.timeout(300)
def test_what_git_was_told_to_ignore_is_not_planned(hands: Hands) -> None:
    stray = hands.infra / "estates" / "gcp" / "stray.tf"
    stray.write_text('resource "google_compute_network" "two" { name = "stray" }\n')
    (hands.infra.parent / "infra" / ".git" / "info" / "exclude").write_text("stray.tf\n")

    said = hands.plan()

    assert said.code == 0, said.err
    assert "google_compute_network.two" not in said.out
    stray.unlink()


def test_without_a_protected_branch_its_head_is_asked_for_before_anything_is_planned(
    hands: Hands,
) -> None:
    hands.git("branch", "--move", "main", "other")
    try:
        said = hands.plan()
    finally:
        hands.git("branch", "--move", "other", "main")
    assert (said.code, said.out) == (1, "")
    assert "name the head of the protected branch by --base" in said.err


def test_an_estate_that_there_is_not_is_refused(hands: Hands) -> None:
    said = run("cloud", "plan", "-e", "holiday", "-c", "gcp", env=hands.env)
    assert said.code == 1
    assert "development, staging or production" in said.err


@pytest.mark.timeout(300)
def test_a_lock_of_a_dead_process_is_named_with_the_way_on(hands: Hands, tmp_path: Path) -> None:
    said = hands.plan("--local", str(tmp_path), "--free-lock", "gone")

    assert said.code == 1
    assert "No lock gone is held here" in said.err

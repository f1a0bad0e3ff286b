"""Real Terraform over our provider: what is planned, applied, refused, and what is left behind when it is not done."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tallystick.governance.adapters.terraform import executable
from tallystick.governance.adapters.terraform.files import FileStates
from tallystick.governance.adapters.terraform.runner import Runner, RunRefused
from tallystick.governance.adapters.terraform.statekeeper import StateLocked, StateRefused, keeping
from tests.governance import terraform

HEAD = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "6.25.0" }
  }
  backend "http" {}
}
provider "aws" {
  region = "eu-central-1"
  default_tags { tags = { owner = "platform" } }
}
"""
BODY = """
data "aws_caller_identity" "me" {}
data "aws_iam_policy_document" "read" {
  statement {
    sid       = "Read"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = ["arn:aws:s3:::tally-record/*"]
    principals {
      type        = "AWS"
      identifiers = [data.aws_caller_identity.me.arn]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["true"]
    }
  }
}
resource "aws_kms_key" "one" {
  enable_key_rotation = true
  tags                = { zone = "data" }
}
resource "aws_s3_bucket" "one" {
  bucket = "NAME"
}
resource "aws_s3_bucket_policy" "one" {
  bucket = aws_s3_bucket.one.id
  policy = data.aws_iam_policy_document.read.json
}
resource "aws_s3_bucket_server_side_encryption_configuration" "one" {
  bucket = aws_s3_bucket.one.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.one.arn
    }
  }
}
resource "aws_security_group" "one" {
  name = "one"
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }
}
resource "aws_db_instance" "one" {
  identifier          = "one"
  instance_class      = "db.t4g.micro"
  engine              = "postgres"
  username            = "owner"
  password_wo         = "only-written"
  password_wo_version = 1
  allocated_storage   = SIZE
}
"""


def written(folder: Path, body: str) -> Path:
    """Write a root module."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "main.tf").write_text(body)
    return folder


def hcl(*, name: str = "tally-record", size: str = "20") -> str:
    """Give the estate that these tests run, with what they vary."""
    return HEAD + BODY.replace("NAME", name).replace("SIZE", size)


class Course:
    """One estate through its life, once for all tests here: each run of Terraform costs seconds."""

    def __init__(self, folder: Path):
        """Create it, look again, change it, and let somebody tamper with it."""
        self.estate = terraform.Estate(written(folder / "hcl", hcl()), work=folder / "work")
        self.created = self.estate.plan()
        self.state = self.estate.apply(planned=True)
        self.again = self.estate.plan()
        written(folder / "hcl", hcl(name="tally-other", size="40"))
        self.changed = self.estate.plan()
        self.store = folder / "work" / "store.json"
        kept = json.loads(self.store.read_text())
        (bucket,) = kept["objects"].pop("aws_s3_bucket_policy").values()
        (key,) = kept["objects"]["aws_kms_key"].values()
        key["enable_key_rotation"] = False
        self.store.write_text(json.dumps(kept))
        self.gone = bucket["bucket"]
        written(folder / "hcl", hcl())
        self.drifted = self.estate.plan(refresh_only=True)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Give the estate's life."""
    return Course(tmp_path_factory.mktemp("course"))


def of(plan: dict[str, Any], address: str, *, key: str = "resource_changes") -> dict[str, Any]:
    """Give the change of one address."""
    (found,) = (each["change"] for each in plan[key] if each["address"] == address)
    return found


def test_what_the_cloud_decides_is_unknown_and_what_the_author_wrote_is_known(
    course: Course,
) -> None:
    key = of(course.created, "aws_kms_key.one")

    assert key["after_unknown"]["arn"] is True
    assert key["after"]["enable_key_rotation"] is True
    assert key["after"]["tags_all"] == {"owner": "platform", "zone": "data"}
    assert key["after"]["region"] == "eu-central-1"
    database = of(course.created, "aws_db_instance.one")
    assert database["after_unknown"]["kms_key_id"] is True
    assert database["after"]["storage_encrypted"] is None


def test_a_policy_document_is_computed_truly(course: Course) -> None:
    policy = json.loads(of(course.created, "aws_s3_bucket_policy.one")["after"]["policy"])

    assert policy == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Read",
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:GetObjectVersion"],
                "Resource": "arn:aws:s3:::tally-record/*",
                "Principal": {"AWS": "arn:aws:iam::123456789012:user/nobody"},
                "Condition": {"Bool": {"aws:SecureTransport": "true"}},
            }
        ],
    }


def test_what_was_applied_is_kept_and_the_next_plan_changes_nothing(course: Course) -> None:
    values = {
        each["address"]: each["values"]
        for each in course.state["values"]["root_module"]["resources"]
    }

    assert values["aws_kms_key.one"]["arn"].startswith("arn:aws:kms:eu-central-1:123456789012:key/")
    rule = values["aws_s3_bucket_server_side_encryption_configuration.one"]["rule"][0]
    inner = rule["apply_server_side_encryption_by_default"][0]
    assert inner["kms_master_key_id"] == values["aws_kms_key.one"]["arn"]
    assert {tuple(each["change"]["actions"]) for each in course.again["resource_changes"]} == {
        ("no-op",)
    }
    assert not course.again.get("resource_drift")


def test_what_is_only_written_is_kept_nowhere(course: Course) -> None:
    kept = course.estate.states.read() or b""

    assert b"only-written" not in kept
    assert "only-written" not in json.dumps(course.state) + json.dumps(
        course.created["resource_changes"]
    )


def test_a_change_of_the_name_makes_a_new_bucket_and_one_of_the_size_does_not(
    course: Course,
) -> None:
    bucket = of(course.changed, "aws_s3_bucket.one")

    assert bucket["actions"] == ["delete", "create"]
    assert bucket["replace_paths"] == [["bucket"]]
    assert of(course.changed, "aws_db_instance.one")["actions"] == ["update"]


def test_what_somebody_did_behind_our_back_is_found(course: Course) -> None:
    drift = {
        each["address"]: each["change"]["actions"] for each in course.drifted["resource_drift"]
    }

    assert drift == {"aws_kms_key.one": ["update"], "aws_s3_bucket_policy.one": ["delete"]}
    assert (
        of(course.drifted, "aws_kms_key.one", key="resource_drift")["after"]["enable_key_rotation"]
        is False
    )


BAD = {
    "unclosed": ('resource "aws_vpc" "one" {\n  cidr_block = "10.0.0.0/16"\n', r"main\.tf:1[0-9]: Unclosed"),
    "unknown attribute": (
        'resource "aws_vpc" "one" {\n  cidr_blok = "10.0.0.0/16"\n}\n',
        r"main\.tf:13: Unsupported argument.*cidr_block",
    ),
    "wrong type": ('resource "aws_vpc" "one" {\n  tags = "none"\n}\n', r"main\.tf:13: .*map of string"),
    "foreign type": ('resource "aws_teapot" "one" {}\n', r'main\.tf:12: .*aws_teapot'),
}  # fmt: skip


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a work folder that several tests share, so that init runs once."""
    return tmp_path_factory.mktemp("warm")


@pytest.mark.parametrize("name", BAD)
def test_hcl_that_is_wrong_is_refused_with_file_and_line(
    name: str, tmp_path: Path, warm: Path
) -> None:
    body, words = BAD[name]
    estate = terraform.Estate(written(tmp_path / "hcl", HEAD + body), work=warm)

    with pytest.raises(RunRefused, match=words):
        estate.validate()
    assert estate.states.read() is None


def test_a_foreign_provider_is_refused_with_the_way_on(tmp_path: Path) -> None:
    foreign = HEAD.replace("hashicorp/aws", "somebody/aws")

    with pytest.raises(RunRefused, match=r"somebody/aws(?s:.*)not among ours"):
        terraform.Estate(written(tmp_path / "hcl", foreign), work=tmp_path / "work").validate()


def test_another_version_of_a_provider_is_refused(tmp_path: Path) -> None:
    other = HEAD.replace("6.25.0", "5.0.0")

    with pytest.raises(RunRefused, match="not among ours"):
        terraform.Estate(written(tmp_path / "hcl", other), work=tmp_path / "work").validate()


def test_a_plain_terraform_finds_no_state_and_no_password(course: Course, tmp_path: Path) -> None:
    """Who runs Terraform by hand has no address, so that nothing of the estate can be changed past the door."""
    environ = {
        "PATH": os.environ["PATH"],
        "TF_CLI_CONFIG_FILE": str(terraform.configuration()),
        "HOME": str(tmp_path),
    }
    folder = written(tmp_path / "hcl", hcl())

    ran = subprocess.run(
        [*executable.LIBRARY, "init", "-input=false", "-no-color"],
        cwd=folder, env=environ, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip

    assert ran.returncode != 0
    assert "address" in ran.stderr


def test_a_folder_kept_from_an_installation_before_is_made_anew(tmp_path: Path) -> None:
    estate = terraform.Estate(written(tmp_path / "hcl", HEAD), work=tmp_path / "work")
    estate.validate()
    (lock,) = (tmp_path / "work" / "tree").rglob(".terraform.lock.hcl")
    sound = lock.read_text()
    lock.write_text(sound.replace('"h1:', '"h1:0'))
    (tmp_path / "work" / "initialised").write_text("by a Python that is gone")

    estate.validate()

    assert lock.read_text() == sound


def test_a_tool_that_is_missing_is_refused_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(executable.ToolMissing, match="nowhere-to-be-found is not a program"):
        executable.find(named="nowhere-to-be-found", environ={"PATH": "/nowhere"})
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(executable.ToolMissing, match="Install OpenTofu"):
        executable.find(environ={"PATH": "/nowhere"})


def test_what_stands_on_the_path_is_taken_before_the_library(tmp_path: Path) -> None:
    program = tmp_path / "tofu"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)

    assert executable.find(environ={"PATH": str(tmp_path)}) == (str(program),)
    assert executable.find(environ={"PATH": "/nowhere"})[0] == sys.executable


def test_a_store_that_is_cut_short_stops_the_plan_and_stays_as_it_is(course: Course) -> None:
    whole = course.store.read_text()
    course.store.write_text(whole[: len(whole) // 2])
    try:
        with (
            keeping(course.estate.states) as keeper,
            pytest.raises(RunRefused, match=r"local store .* is damaged"),
        ):
            course.estate.runner(keeper.environ).plan(out=course.estate.planfile)
        assert course.store.read_text() == whole[: len(whole) // 2]
    finally:
        course.store.write_text(whole)


def test_a_state_that_is_cut_short_stops_the_plan_and_stays_as_it_is(course: Course) -> None:
    path = course.estate.work / "states" / "state.json"
    whole = path.read_bytes()
    path.write_bytes(whole[:300])
    try:
        with keeping(course.estate.states) as keeper, pytest.raises(RunRefused):
            course.estate.runner(keeper.environ).plan(out=course.estate.planfile)
        assert "cut short" in keeper.refusals[0]
        assert path.read_bytes() == whole[:300]
    finally:
        path.write_bytes(whole)


def test_a_lock_of_a_dead_process_is_named_and_freed_by_its_id_alone(tmp_path: Path) -> None:
    states = FileStates(tmp_path)
    states.lock(
        {"ID": "one", "Who": "somebody@host", "Operation": "OperationTypeApply", "Created": "today"}
    )
    with pytest.raises(StateLocked, match="Wait for the end of that run"):
        states.free(lock="one")
    dead = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    held = json.loads((tmp_path / "lock.json").read_text()) | {"Pid": int(dead.stdout)}
    (tmp_path / "lock.json").write_text(json.dumps(held))

    with pytest.raises(StateLocked, match=r"somebody@host.*is dead.*--free-lock one"):
        states.lock({"ID": "two"})
    with pytest.raises(StateRefused, match="No lock two"):
        states.free(lock="two")
    states.free(lock="one")
    states.lock({"ID": "two"})


def state(*, lineage: str, serial: int) -> bytes:
    """Give a state as Terraform writes it, as far as a keeper looks."""
    return json.dumps({"version": 4, "lineage": lineage, "serial": serial}).encode()


@pytest.mark.parametrize(
    ("second", "lock", "words"),
    [
        (state(lineage="b", serial=8), "one", "another estate"),
        (state(lineage="a", serial=6), "one", "newer state"),
        (state(lineage="a", serial=8), "two", "under its lock"),
        (state(lineage="a", serial=8)[:20], "one", "cut short"),
    ],
)
def test_a_state_of_another_estate_or_time_or_lock_is_not_kept(
    second: bytes, lock: str, words: str, tmp_path: Path
) -> None:
    states = FileStates(tmp_path)
    states.lock({"ID": "one"})
    states.write(state(lineage="a", serial=7), lock="one")

    with pytest.raises(StateRefused, match=words):
        states.write(second, lock=lock)
    assert states.read() == state(lineage="a", serial=7)


@pytest.mark.parametrize("is_watched", [True, False])
def test_a_run_that_takes_too_long_is_stopped(is_watched: bool, tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    slow = ("/bin/sh", "-c", "echo begun; exec sleep 60")
    runner = Runner(command=slow, tree=tmp_path, folder=".", work=tmp_path, environ={})
    lines: list[str] = []

    with pytest.raises(RunRefused, match="took longer than 1 seconds"):
        runner.run(["apply"], 1, watch=lines.append if is_watched else None)
    assert lines == (["begun"] if is_watched else [])

"""The page of opinions is what was compared and reviewed; nothing in it is unexplained. Checkov is not needed here."""

import hashlib
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tallystick.governance.adapters.policies import load_catalogue
from tests.governance.opinions import hcl
from tests.governance.opinions.joining import (
    FACTS,
    PUBLIC,
    Difference,
    Published,
    differences,
    facts,
    listed,
    reviewed,
    unexplained,
)
from tests.governance.opinions.page import PAGE, page
from tests.governance.opinions.public import text_of

BYTES_MAX = 400_000


def test_the_page_is_what_was_compared_and_reviewed() -> None:
    assert PAGE.read_text("utf-8") == page(facts(), reviewed(), listed()), "run make opinions"


def test_every_difference_is_explained_and_every_word_explains_one() -> None:
    assert unexplained(facts(), reviewed()) == []


def test_a_difference_without_words_is_refused() -> None:
    mapping = reviewed()
    bare = replace(mapping, differences=mapping.differences[1:])
    assert len(unexplained(facts(), bare)) == 1
    assert len(unexplained(facts(), replace(mapping, rego={}))) == 1


def test_an_opinion_that_turns_is_a_difference() -> None:
    said = facts()
    said["opinions"] = {
        "aws-bucket-versioned": {"plan/x": {"aws_s3_bucket.a": ["pass", "CKV_AWS_21-"]}}
    }
    found = Difference("aws-bucket-versioned", "checkov", "CKV_AWS_21", "aws_s3_bucket")
    assert list(differences(said)) == [found]


def test_every_control_has_a_counterpart_or_a_reason_and_never_both() -> None:
    mapping = reviewed()
    assert mapping.counterparts.keys() | mapping.alone.keys() == set(load_catalogue().entries)
    assert not mapping.counterparts.keys() & mapping.alone.keys()
    assert all(mapping.counterparts.values())
    assert all(mapping.alone.values())


def test_every_counterpart_was_compared_with() -> None:
    """A check that never judged a subject of ours would be a mapping that nobody tried."""
    said = facts()
    assert set(said["opinions"]) == set(reviewed().counterparts)


def test_every_well_known_misconfiguration_fails_by_ours() -> None:
    bad = facts()["bad"]
    assert len(bad) >= 20
    assert [name for name, each in bad.items() if not each["ours"]] == []


def test_the_facts_are_of_all_plans_and_overlays_and_stay_small() -> None:
    sources = {source for each in facts()["opinions"].values() for source in each}
    assert len([each for each in sources if each.startswith("plan/")]) == 9
    assert {"overlay/one", "overlay/three", "overlay/each"} <= sources
    assert FACTS.stat().st_size < BYTES_MAX


def test_more_than_a_hundred_public_resources_were_compared_and_their_code_is_not_here() -> None:
    public, files = facts()["public"], listed()
    assert len(public["bad"]) >= 100
    compared = {name.partition(" ")[0] for name in public["bad"]}
    assert compared | set(public["refused"]) <= {each.source for each in files}
    assert len(compared) >= 40
    assert len({each.sha256 for each in files}) == len(files)
    assert PUBLIC.stat().st_size < BYTES_MAX


def test_a_public_file_is_read_from_its_clone_and_must_be_the_one_that_is_listed(
    tmp_path: Path,
) -> None:
    text = 'resource "aws_vpc" "a" {}\n'
    home = tmp_path / "owner" / "name"
    (home / "x").mkdir(parents=True)
    (home / "x" / "main.tf").write_text(text)
    known = hashlib.sha256(text.encode()).hexdigest()
    commit = git(home, "init", "-q") or git(home, "add", ".") or git(home, "commit", "-qm", "a")
    commit = git(home, "rev-parse", "HEAD").strip()
    file = Published("c/aws/x", "owner/name", commit, "x/main.tf", known)
    (home / "x" / "main.tf").write_text("what stands in the clone now\n")
    assert text_of(file, tmp_path) == text
    with pytest.raises(SystemExit, match="is not the file that is listed"):
        text_of(replace(file, sha256="0" * 64), tmp_path)
    with pytest.raises(SystemExit, match="clone the repository there"):
        text_of(replace(file, commit="0" * 40), tmp_path)


def git(home: Path, *words: str) -> str:
    name = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    asked = ["git", "-C", str(home), *name, *words]
    return subprocess.run(asked, check=True, capture_output=True, text=True, timeout=60).stdout


def test_a_public_file_plans_by_itself_and_says_of_its_resources_what_it_said() -> None:
    text = (
        'provider "aws" {}\n\nvariable "bare" {}\n\nvariable "given" {\n  default = "a"\n}\n\n'
        'resource aws_vpc "mine" {\n  tags = { a = var.given, b = var.bare, c = local.none.value }\n}\n\n'
        'resource "aws_flow_log" "log" {\n  vpc_id = aws_vpc.mine.id\n  # }\n  role = "${aws_iam_role.else.arn}"\n'
        '  policy = <<EOF\n{ "a": [\n}\nEOF\n  subnets = module.vpc.subnets\n'
        '  depends_on = [\n    aws_vpc.gone,\n  ]\n}\n\noutput "x" {\n  value = 1\n}\n'
    )
    kept = hcl.standing(hcl.blocks(text))
    assert [each.address for each in kept] == ["var.given", "aws_vpc.mine", "aws_flow_log.log"]
    made = hcl.written(kept)
    assert "{ a = var.given, b = var.absent, c = var.absent }" in made
    assert 'vpc_id = aws_vpc.mine.id\n  # }\n  role = "${var.absent}"\n' in made
    assert '{ "a": [\n}\nEOF\n  subnets = [var.absent]\n' in made
    assert "depends_on" not in made
    assert "output" not in made

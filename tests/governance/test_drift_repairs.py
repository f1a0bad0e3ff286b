"""A repair goes past the door, so it asks there first: not beside an apply, not in a freeze, in production little."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tallystick.apps.cli import cloud_drift
from tallystick.governance.adapters.terraform.estates import Place
from tallystick.governance.model.drift.rules import of_environment, read_rules
from tallystick.runtime.client import Answer
from tests.tidy.tree import ROOT

RULES = read_rules(tomllib.loads((ROOT / "policies" / "drift.toml").read_text()))
PLACE = Place(
    infra=Path("infra"), cloud="aws", environment="staging", work=Path("work"), command=("tofu",)
)
FREEZE = """
[[freeze]]
id = "year-end"
environments = ["staging"]
from = 1970-01-01T00:00:00Z
until = 2100-01-01T00:00:00Z
reason = "the books are closed"
"""


def test_in_production_only_what_is_called_safe_there_is_repaired() -> None:
    def repaired(environment: str) -> set[str]:
        return {each.type for each in of_environment(RULES, environment) if each.part == "repair"}

    assert "aws_kms_key" in repaired("production")
    assert "aws_s3_bucket_public_access_block" in repaired("staging") - repaired("production")
    assert {each for each in RULES if each.part != "repair"} <= {
        *of_environment(RULES, "production")
    }


@pytest.mark.parametrize(
    ("stands", "words"),
    [
        ({"running": {"apply": "apl_one"}}, "apl_one of staging-aws is running"),
        ({"lock": "one"}, "the state of staging-aws is locked"),
        ({}, ""),
    ],
)
def test_nothing_is_put_back_beside_an_apply(
    stands: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = Answer(
        200, "application/json", json.dumps({"estate": "staging-aws"} | stands).encode()
    )
    asked: list[tuple[str, str]] = []
    monkeypatch.setattr(cloud_drift, "ask", lambda *said: (asked.append(said), answer)[1])

    said = cloud_drift.why_not(PLACE)

    assert said.startswith(words)
    assert bool(said) == bool(words)
    assert asked == [("GET", "/v1/cloud/estates/staging-aws")]


def test_nothing_is_put_back_in_a_freeze(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = Answer(200, "application/json", b"{}")
    monkeypatch.setattr(cloud_drift, "ask", lambda *said: answer)
    policies = tmp_path / "policies"
    policies.mkdir()
    for each in (ROOT / "policies").iterdir():
        (policies / each.name).symlink_to(each)
    (policies / "windows.toml").unlink()
    (policies / "windows.toml").write_text(FREEZE)
    monkeypatch.setattr(cloud_drift, "policies_folder", lambda: policies)

    assert "staging is frozen" in cloud_drift.why_not(PLACE)

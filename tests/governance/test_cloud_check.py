"""`tallystick cloud check` on files: what it prints, writes and ends with, and users' Rego that is never silent."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tallystick.apps.cli import cloud_checks
from tallystick.apps.cli.cloud_checks import app
from tallystick.governance.adapters.rego import judge_by_rego
from tallystick.governance.model.values import UNKNOWN, Estate, Resource

AWS = "registry.terraform.io/hashicorp/aws"
HCL = 'module "keys" {\n  source = "./keys"\n}\n'
KEYS = '# The keys.\n\nresource "aws_kms_key" "data" {\n  enable_key_rotation = false\n}\n'
DENY = """package tallystick.rotation

import rego.v1

deny contains found if {
    some key in input.resources
    key.type == "aws_kms_key"
    not key.values.enable_key_rotation
    found := {"subject": key.address, "message": "it never rotates"}
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "keys").mkdir()
    (tmp_path / "main.tf").write_text(HCL)
    (tmp_path / "keys" / "main.tf").write_text(KEYS)
    change = {
        "address": "module.keys.aws_kms_key.data", "module_address": "module.keys",
        "mode": "managed", "type": "aws_kms_key", "name": "data", "provider_name": AWS,
        "change": {
            "actions": ["create"], "before": None, "after": {"enable_key_rotation": False},
            "after_unknown": {"id": True},
        },
    }  # fmt: skip
    module = {"resources": [{"mode": "managed", "type": "aws_kms_key", "name": "data"}]}
    plan = {
        "format_version": "1.2", "resource_changes": [change],
        "variables": {"environment": {"value": "production"}},
        "configuration": {
            "root_module": {"module_calls": {"keys": {"source": "./keys", "module": module}}}
        },
    }  # fmt: skip
    (tmp_path / "plan.json").write_text(json.dumps({**plan, "complete": True}))
    return tmp_path


def run(*words: object) -> tuple[int, str]:
    ran = CliRunner().invoke(app, [str(word) for word in words])
    return ran.exit_code, ran.output


def test_what_fails_is_printed_first_and_ends_with_one(folder: Path) -> None:
    code, told = run("--plan", folder / "plan.json")
    assert code == 1
    assert told.startswith("fail")
    assert "rotation is off" in told
    assert "production-aws: " in told


def test_a_subject_is_shown_whole_under_its_control(folder: Path) -> None:
    plan = folder / "plan.json"
    name = f'module.keys.aws_kms_key.{"long" * 40}["data"]'
    said = json.loads(plan.read_text())
    said["resource_changes"].append({**said["resource_changes"][0], "address": name})
    plan.write_text(json.dumps(said))
    lines = run("--plan", plan)[1].splitlines()
    at = next(number for number, line in enumerate(lines) if "aws-key-rotates (2)" in line)
    assert lines[at + 1].startswith("    module.keys.aws_kms_key.data: ")
    assert lines[at + 2].startswith(f"    {name}: ")


def test_a_plan_that_does_not_say_it_is_whole_is_judged_with_a_warning(folder: Path) -> None:
    plan = folder / "plan.json"
    said = json.loads(plan.read_text())
    root = said["configuration"]["root_module"]
    root["resources"] = [{"mode": "managed", "type": "aws_kms_key", "name": "other"}]
    plan.write_text(json.dumps(said))
    assert "not certain" not in run("--plan", plan)[1]
    del said["complete"]
    plan.write_text(json.dumps(said))
    told = run("--plan", plan)[1]
    assert "not certain: the plan does not say whether it is whole" in told
    assert "it has nothing of aws_kms_key.other; plan the whole estate" in told
    plan.write_text(json.dumps({**said, "complete": False}))
    refused = CliRunner().invoke(app, ["--plan", str(plan)])
    assert "incomplete" in f"{refused.output}{refused.exception}"


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    code, told = run("--plan", tmp_path / "none.json")
    assert code == 1
    assert "none.json cannot be read (No such file or directory)" in told
    assert "Errno" not in told


def test_sarif_points_at_the_file_and_the_line(folder: Path) -> None:
    log = folder / "found.sarif"
    run("--plan", folder / "plan.json", "--infra", folder, "--sarif", log)
    results = json.loads(log.read_text())["runs"][0]["results"]
    told = next(each for each in results if each["ruleId"] == "aws-key-rotates")
    place = told["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"].endswith("keys/main.tf")
    assert place["region"]["startLine"] == KEYS[: KEYS.index("resource")].count("\n") + 1


def test_json_tells_every_verdict_and_what_is_owed(folder: Path) -> None:
    code, told = run("--plan", folder / "plan.json", "--json")
    found = json.loads(told)
    assert (code, found["stands"], found["estate"]) == (1, False, "production-aws")
    assert {"pass", "fail", "not_applicable"} <= {each["outcome"] for each in found["verdicts"]}
    assert sum(found["counts"].values()) == len(found["verdicts"])


def test_a_framework_says_what_is_untested_too(folder: Path) -> None:
    _, told = run("--plan", folder / "plan.json", "--framework", "dora")
    assert "fails: aws-key-rotates" in told
    assert "untested" in told
    assert "board" in told


def test_one_thing_is_judged_at_a_time(folder: Path) -> None:
    plan = folder / "plan.json"
    assert run()[0] == 1
    assert run("--plan", plan, "--state", plan)[0] == 1


def test_a_plan_of_nowhere_asks_for_its_environment(folder: Path) -> None:
    plan = folder / "plan.json"
    plan.write_text(plan.read_text().replace('"variables"', '"others"'))
    code, told = run("--plan", plan)
    assert (code, "aws-" in told) == (1, False)
    assert "production-aws" in run("--plan", plan, "--environment", "production")[1]


def test_manifests_are_judged_where_they_stand(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: [all.yaml]\n")
    pod = {"containers": [{"name": "a", "image": "a:latest"}]}
    deployment = {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "namespace": "n"},
        "spec": {"template": {"spec": pod}},
    }  # fmt: skip
    (tmp_path / "all.yaml").write_text(f"---\n---\n{json.dumps(deployment)}\n")
    log = tmp_path / "found.sarif"
    code, told = run("--manifests", tmp_path, "--sarif", log)
    assert code == 1
    assert "Deployment/n/a" in told
    results = json.loads(log.read_text())["runs"][0]["results"]
    lines = {
        each["locations"][0]["physicalLocation"]["region"]["startLine"]
        for each in results
        if "physicalLocation" in each["locations"][0]
    }
    assert lines == {3}


@pytest.mark.parametrize("text", ["kind: [", "a: 1\n", "- 1\n"])
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "all.yaml").write_text(text)
    ran = CliRunner().invoke(app, ["--manifests", str(tmp_path)])
    assert isinstance(ran.exception, ValueError)
    assert "all.yaml" in str(ran.exception)


def estate(**values: Any) -> Estate:
    key = Resource(address="aws_kms_key.data", type="aws_kms_key", name="data", values=values)
    return Estate(cloud="aws", environment="production", moment="planned", resources=(key,))


def rego(folder: Path, text: str, **values: Any) -> list[tuple[str, str, tuple[str, ...]]]:
    (folder / "own.rego").write_text(text)
    found = judge_by_rego(folder=folder, estate=estate(**values))
    return [(each.outcome, each.subject, each.reasons) for each in found]


def test_rego_of_users_denies_by_subject_and_message(tmp_path: Path) -> None:
    told = rego(tmp_path, DENY, enable_key_rotation=False)
    assert told == [("fail", "aws_kms_key.data", ("it never rotates",))]
    assert rego(tmp_path, DENY, enable_key_rotation=True) == [("pass", "production-aws", ())]


def test_rego_is_told_what_is_not_known_yet(tmp_path: Path) -> None:
    text = (
        "package tallystick.later\n\nimport rego.v1\n\n"
        'deny contains "later" if input.resources[0].unknown[_] == "policy"\n'
    )
    assert rego(tmp_path, text, policy=UNKNOWN)[0][2] == ("later",)
    assert rego(tmp_path, text, policy="{}")[0][0] == "pass"


@pytest.mark.parametrize(
    "text",
    [
        "package tallystick.broken\n\ndeny[ {\n",
        "package tallystick.silent\n\nallow := true\n",
        "package elsewhere\n\ndeny := set()\n",
        "",
    ],
)
def test_rego_that_cannot_be_judged_fails(tmp_path: Path, text: str) -> None:
    assert [outcome for outcome, _, _ in rego(tmp_path, text)] == ["fail"]


def test_rego_that_does_not_parse_says_where_and_why(tmp_path: Path) -> None:
    text = 'package tallystick.own\n\nimport rego.v1\n\ndeny contains "a" if {\n    input.x ==\n}\n'
    ((_, _, (said,)),) = rego(tmp_path, text)
    assert said == "own.rego:6 does not parse: Invalid boolean operator"


def test_a_folder_without_rego_fails(tmp_path: Path) -> None:
    found = judge_by_rego(folder=tmp_path / "nowhere", estate=estate())
    assert [each.outcome for each in found] == ["fail"]


def test_rego_beside_ours_counts(folder: Path) -> None:
    (folder / "rego").mkdir()
    (folder / "rego" / "own.rego").write_text(DENY)
    _, told = run("--plan", folder / "plan.json", "--rego", folder / "rego")
    assert "it never rotates" in told


class Page:
    """An answer of the platform."""

    def __init__(self, *outcomes: str, after: str | None = None) -> None:
        self._outcomes, self._after = outcomes, after

    def json(self) -> dict[str, Any]:
        items = [
            {"control": "aws-key-rotates", "subject": each, "outcome": each, "reasons": ["why"]}
            for each in self._outcomes
        ]
        return {"items": items, "after": self._after}


def test_what_the_platform_said_is_shown_to_its_last_page(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, dict[str, str]]] = []
    pages = [Page("unknown", after="x"), Page("fail")]

    def ask(method: str, path: str, *, query: dict[str, str]) -> Page:
        asked.append((f"{method} {path}", query))
        return pages[len(asked) - 1]

    monkeypatch.setattr(cloud_checks, "ask", ask)
    code, told = run("pln_1")
    path = "GET /v1/cloud/plans/pln_1/verdicts"
    assert asked == [(path, {}), (path, {"after": "x"})]
    assert code == 1
    assert told.splitlines() == [
        "fail high aws-key-rotates (1)",
        "    fail: why",
        "unknown high aws-key-rotates (1)",
        "    unknown: it may be that why",
    ]

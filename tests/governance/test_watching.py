"""A watcher of drift: no blip ends it, no alarm is forgotten, and wrong rules are told with their file."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
import typer
from typer.testing import CliRunner, Result

from tallystick.apps.cli import cloud_drift
from tallystick.apps.cli.cloud import app
from tallystick.governance.adapters.policies import policies_digest
from tallystick.governance.adapters.reports.drift import Report
from tallystick.governance.adapters.terraform.runner import RunRefused
from tallystick.governance.model.drift.finding import Found
from tallystick.governance.model.drift.rules import RulesRefused
from tallystick.governance.model.drift.values import Difference
from tallystick.governance.model.verdicts import Verdict
from tallystick.kernel.instants import SECOND
from tallystick.runtime.client import Answer
from tests.governance.drifting import POLICIES

AT = 1_800_000_000 * SECOND
KEPT = {"report": "rep_one", "met": 0, "broken": 1}
BROKE = Verdict(control="block-shut", subject="a", outcome="fail", reasons=(), target="moto")
OPENED = Difference(
    subject="a", type="t", kind="access", sort="unexplained", why="", changed=(), who="mallory",
    broke=(BROKE,),
)  # fmt: skip


def _made(number: int, *differences: Difference) -> Report:
    found = Found(differences=differences, verdicts=())
    return Report(
        estate="staging-aws", at=AT + number * SECOND, since=AT, targets=("moto",), found=found
    )


def _away() -> NoReturn:
    raise typer.Exit(1)


Look = Report | RunRefused | None


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    """Look as often as there are looks: a report, a refusal of Terraform's, or None for a platform that is away."""

    def watching(*looks: Look, answers: Iterator[bool] | None = None) -> Result:
        coming = iter(looks)

        def once(*_: Any, **__: Any) -> Report:
            look = next(coming)
            if isinstance(look, RunRefused):
                raise look
            return look if look is not None else _away()

        def ask(*_: Any, **__: Any) -> Answer:
            if answers is not None and not next(answers):
                _away()
            return Answer(201, "application/json", json.dumps(KEPT).encode())

        monkeypatch.setattr(cloud_drift, "_watched", lambda *_: None)
        monkeypatch.setattr(cloud_drift, "_once", once)
        monkeypatch.setattr(cloud_drift, "ask", ask)
        monkeypatch.setattr(cloud_drift.time, "sleep", lambda _: None)
        words = ["drift", "-e", "staging", "-c", "aws", "--out", str(tmp_path)]
        if len(looks) > 1:
            words += ["--every", "1", "--runs", str(len(looks))]
        return CliRunner().invoke(app, words)

    return watching


def test_an_alarm_is_not_forgotten_when_a_later_look_finds_nothing(
    watch: Callable[..., Result], tmp_path: Path
) -> None:
    said = watch(_made(1, OPENED), _made(2))
    assert said.exit_code == 1
    assert "ALARM: staging-aws: a: access by mallory" in said.stderr
    kept = sorted(tmp_path.glob("*.json"))
    assert [json.loads(each.read_text())["alarms"] for each in kept] == [1, 0]
    assert len({each.name for each in kept}) == 2
    assert len(list(tmp_path.glob("*.html"))) == 2


@pytest.mark.parametrize("blip", [RunRefused("the cloud is away"), None], ids=["cloud", "platform"])
def test_a_blip_ends_no_watcher_and_the_last_look_tells(
    watch: Callable[..., Result], blip: Look
) -> None:
    said = watch(blip, _made(2))
    assert said.exit_code == 0, said.output
    assert "rep_one: in the record" in said.output
    assert watch(_made(1), blip).exit_code == 1


def test_what_alarmed_and_could_not_be_handed_in_rings_and_is_in_the_file(
    watch: Callable[..., Result], tmp_path: Path
) -> None:
    said = watch(_made(1, OPENED), _made(2), answers=iter((False, True)))
    assert said.exit_code == 1
    assert "not handed in" in said.stderr
    assert len(list(tmp_path.glob("*.json"))) == 2


def test_one_look_alone_keeps_the_name_of_its_files(
    watch: Callable[..., Result], tmp_path: Path
) -> None:
    assert watch(_made(1)).exit_code == 0
    assert {each.name for each in tmp_path.iterdir()} == {"drift.json", "drift.html"}


def test_an_estate_that_there_is_not_is_refused_before_the_first_look() -> None:
    said = CliRunner().invoke(
        app, ["drift", "-e", "stage", "-c", "aws", "--every", "1", "--runs", "9"]
    )
    assert said.exit_code == 1
    assert "an estate is development" in said.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("noise = {type = 'x'}", r"begin each rule with \[\[noise\]\]"),
        ("noise = ['x']", r"begin each rule with \[\[noise\]\]"),
        ("noise = ", "Invalid value"),
        ("[[noise]]\ntype = 'x'", "no attributes"),
        (None, "No such file"),
    ],
)
def test_what_is_wrong_with_the_rules_is_told_with_the_file(
    tmp_path: Path, text: str | None, words: str
) -> None:
    file = tmp_path / "drift.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(RulesRefused, match=words) as refusal:
        cloud_drift._told(file)
    assert str(file) in str(refusal.value)


def test_the_digest_of_the_policies_tells_one_word_of_the_rules_of_drift(tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    shutil.copytree(POLICIES, folder)
    assert policies_digest(folder=folder) == policies_digest(folder=POLICIES)
    rules = folder / "drift.toml"
    rules.write_text(rules.read_text().replace('owner = "platform"', 'owner = "nobody"', 1))
    assert policies_digest(folder=folder) != policies_digest(folder=POLICIES)


def test_people_are_a_table_of_lists(tmp_path: Path) -> None:
    file = tmp_path / "drift.toml"
    file.write_text('[people]\nalice = "a"')
    with pytest.raises(RulesRefused, match="no table of lists"):
        cloud_drift._told(file)

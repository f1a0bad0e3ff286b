"""Users' Rego judged by the real OPA: its protocol, by a program in its place. `make opinions` asks OPA itself."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tallystick.governance.adapters import rego_engines
from tallystick.governance.adapters.rego import judge_by_rego
from tallystick.governance.adapters.rego_engines import NoEngineError, by_opa, engine_of
from tallystick.governance.model.values import Estate, Resource
from tests.governance.opinions import users
from tests.governance.opinions.joining import USERS, reviewed

PASSES = '{"result": [{"expressions": [{"value": []}]}]}'


def opa(folder: Path, body: str) -> Path:
    """Write a program that stands for `opa`; it has its arguments in `told`, and the input in `given`."""
    program = folder / "opa"
    program.write_text(
        f"#!{sys.executable} -S\nimport json, os, sys, time\ntold = sys.argv[1:]\n"
        f"given = json.load(open(told[told.index('--input') + 1]))\n{body}\n"
    )
    program.chmod(0o755)
    return program


def judged(folder: Path, body: str, seconds: int = 30) -> list[tuple[str, str, Sequence[str]]]:
    rules = folder / "rules"
    rules.mkdir()
    (rules / "own.rego").write_text("package tallystick.own.rules\n")
    key = Resource(address="aws_kms_key.data", type="aws_kms_key", name="data", values={"a": 1})
    estate = Estate(cloud="aws", environment="production", moment="planned", resources=(key,))
    engine = by_opa((str(opa(folder, body)),), seconds)
    found = judge_by_rego(folder=rules, estate=estate, engine=engine)
    return [(each.outcome, each.subject, each.reasons) for each in found]


def test_opa_is_asked_for_the_denials_of_the_package_over_the_estate(tmp_path: Path) -> None:
    body = (
        "assert told[:3] == ['eval', '--format', 'json'], told\n"
        "assert open(told[told.index('--data') + 1]).read().startswith('package')\n"
        "subject = given['resources'][0]['address'] + ' ' + told[-1]\n"
        "value = [{'subject': subject, 'message': sorted(os.environ)[0]}]\n"
        "print(json.dumps({'result': [{'expressions': [{'value': value}]}]}))"
    )
    ((outcome, subject, reasons),) = judged(tmp_path, body)
    assert (outcome, subject) == ("fail", "aws_kms_key.data data.tallystick.own.rules.deny")
    assert reasons != ("TALLYSTICK_HOME",)


def test_no_denial_is_a_pass(tmp_path: Path) -> None:
    assert judged(tmp_path, f"print('{PASSES}')") == [("pass", "production-aws", ())]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("{}", "`deny` has no value"),
        ("", "OPA answers no JSON of its own"),
        ("[]", "OPA answers no JSON of its own"),
        (
            '{"errors": [{"message": "unexpected }", "location": {"row": 7}}]}',
            "line 7: unexpected }",
        ),
    ],
)
def test_what_opa_cannot_judge_fails_and_says_why(tmp_path: Path, said: str, why: str) -> None:
    ((outcome, _, (told,)),) = judged(tmp_path, f"print({said!r})\nsys.exit(2)")
    assert (outcome, told) == ("fail", f"own.rego could not be judged: {why}")


def test_opa_has_its_time_and_no_more(tmp_path: Path) -> None:
    ((outcome, _, (told,)),) = judged(tmp_path, "time.sleep(600)", seconds=1)
    assert (outcome, told) == ("fail", "own.rego could not be judged in 1 s: make the rule smaller")


def test_opa_that_says_too_much_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rego_engines, "_BYTES_MAX", 1000)
    ((outcome, _, (told,)),) = judged(tmp_path, "while True: print('x' * 999)")
    assert (outcome, "said more than 1000 bytes" in told) == ("fail", True)


def test_the_program_on_the_path_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opa(tmp_path, f"print('{PASSES}')")
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "own.rego").write_text("package tallystick.own\n")
    assert engine_of("opa")(tmp_path / "own.rego", "{}", "data.tallystick.own.deny") == []


def test_no_opa_is_a_refusal_that_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoEngineError, match="put its program `opa` on the PATH"):
        engine_of("opa")
    with pytest.raises(NoEngineError, match="one of regopy, opa"):
        engine_of("cel")


def test_both_engines_said_of_our_examples_what_is_recorded() -> None:
    """OPA's half is compared anew by `make opinions`; ours here."""
    recorded = json.loads(USERS.read_text("utf-8"))["files"]
    assert {name: each["regopy"] for name, each in recorded.items()} == users.said_by(
        engine_of("regopy")
    )
    assert len(recorded) >= 6
    differ = {name for name, each in recorded.items() if each["regopy"] != each["opa"]}
    assert differ == set(reviewed().rego) == {"older"}

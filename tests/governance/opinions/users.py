"""Users' Rego by both engines: the interpreter that comes with us, and the real OPA, on the same small estate."""

import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from tallystick.governance.adapters import rego_binding
from tallystick.governance.adapters.rego import judge_by_rego
from tallystick.governance.adapters.rego_engines import Engine, by_opa, by_regopy
from tallystick.governance.model.values import UNKNOWN, Estate, Resource
from tests.tidy import tree

RULES: Final = Path(__file__).with_name("rego")
PYTHON: Final = tree.ROOT / ".venv" / "opinions" / "bin" / "python"

Said = dict[str, list[list[str]]]
"""By file, each verdict: its outcome, its subject and its reason."""


def _resource(type_: str, name: str, **values: Any) -> Resource:
    return Resource(address=f"{type_}.{name}", type=type_, name=name, values=values)


ESTATE: Final = Estate(
    cloud="aws", environment="production", moment="planned",
    resources=(
        _resource("aws_kms_key", "kept", enable_key_rotation=True, region="eu-central-1"),
        _resource("aws_kms_key", "old", enable_key_rotation=False, region="us-east-1"),
        _resource("aws_s3_bucket", "books", bucket="books", region="eu-west-1", tags={"a": UNKNOWN}),
        _resource("aws_s3_bucket", "logs", bucket=UNKNOWN, region="eu-west-1"),
    ),
)  # fmt: skip


def said_by(engine: Engine) -> Said:
    """Judge the estate by every file."""
    found: Said = {}
    for verdict in judge_by_rego(folder=RULES, estate=ESTATE, engine=engine):
        name = verdict.control.removeprefix("rego-")
        said = [verdict.outcome, verdict.subject, _first("".join(verdict.reasons))]
        found.setdefault(name, []).append(said)
    return {name: sorted(each) for name, each in found.items()}


def _first(reason: str) -> str:
    """Each engine has words of its own for what it cannot judge; that it cannot is the verdict."""
    return "cannot be judged" if "could not be" in reason or "not parse" in reason else reason


def compared() -> dict[str, Any]:
    """Ask both engines."""
    ours = said_by(by_regopy)
    theirs = said_by(by_opa((str(PYTHON), str(rego_binding.__file__))))
    installed = "import importlib.metadata as m; print(m.version('opa-golib-python-bindings'))"
    asked = [str(PYTHON), "-c", installed]
    opa = subprocess.run(asked, check=True, capture_output=True, text=True, timeout=60).stdout
    return {
        "regopy": version("regopy"), "opa": opa.strip(),
        "files": {name: {"regopy": ours[name], "opa": theirs[name]} for name in sorted(ours)},
    }  # fmt: skip

"""Users' own Rego beside our controls, by one of the engines of `rego_engines`.

Each `.rego` file is a package of its own below `tallystick` and defines `deny`: a set of texts, or of objects with
`subject` and `message`. Its input is the estate: `cloud`, `environment`, `moment` and `resources`, each with `address`,
`type`, `name` and `values`. Rego has no unknown: what is known after apply is null, and `unknown` lists its paths.
Whatever goes wrong with a rule is a failure, never silence.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tallystick.governance.adapters.rego_engines import Engine, NotJudgedError, by_regopy
from tallystick.governance.model.judging import estate_id, target_of
from tallystick.governance.model.values import UNKNOWN, Estate
from tallystick.governance.model.verdicts import Verdict

_FILES_MAX: Final = 500
_PACKAGE: Final = re.compile(r"^\s*package\s+(tallystick(?:\.[A-Za-z_]\w*)*)\s*$", re.MULTILINE)


def judge_by_rego(*, folder: Path, estate: Estate, engine: Engine = by_regopy) -> list[Verdict]:
    """Judge an estate by every file of a folder: a verdict for each denial, or one that nothing is denied."""
    files = sorted(folder.rglob("*.rego")) if folder.is_dir() else []
    if not files or len(files) > _FILES_MAX:
        return [_verdict(estate, folder.name, "fail", f"{folder} has no Rego, or too many files")]
    document = json.dumps(_document(estate))
    return [verdict for file in files for verdict in _of_file(file, document, estate, engine)]


def _of_file(file: Path, document: str, estate: Estate, engine: Engine) -> Iterator[Verdict]:
    text = file.read_text("utf-8", errors="replace")
    package = _PACKAGE.search(text)
    if package is None:
        yield _verdict(
            estate, file.stem, "fail", f"{file.name} is not of a package below `tallystick`"
        )
        return
    try:
        denials = engine(file, document, f"data.{package[1]}.deny")
    except NotJudgedError as error:
        yield _verdict(estate, file.stem, "fail", f"{file.name}{error}")
        return
    told = list(denials) if isinstance(denials, (list, dict)) else [denials]
    for each in told:
        yield _denied(each, file.stem, estate)
    if not told:
        yield _verdict(estate, file.stem, "pass", "")


def _denied(denial: Any, rule: str, estate: Estate) -> Verdict:
    said = _object(denial)
    subject = str(said.get("subject", estate_id(estate)))
    return Verdict(
        control=f"rego-{rule}",
        subject=subject,
        outcome="fail",
        reasons=(str(said.get("message", denial)),),
        target=target_of(estate),
    )


def _object(denial: Any) -> Mapping[str, Any]:
    """A set of objects comes back with each of them as a text."""
    try:
        read = json.loads(denial) if isinstance(denial, str) else denial
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _verdict(estate: Estate, rule: str, outcome: Any, reason: str) -> Verdict:
    return Verdict(
        control=f"rego-{rule}",
        subject=estate_id(estate),
        outcome=outcome,
        reasons=(reason,) if reason else (),
        target=target_of(estate),
    )


def _document(estate: Estate) -> dict[str, Any]:
    resources: list[dict[str, Any]] = []
    for each in estate.resources:
        unknown: list[str] = []
        values = _plain(each.values, "", unknown)
        resources.append(
            {
                "address": each.address,
                "type": each.type,
                "name": each.name,
                "values": values,
                "unknown": unknown,
            }
        )
    return {
        "cloud": estate.cloud,
        "environment": estate.environment,
        "moment": estate.moment,
        "resources": resources,
    }


def _plain(value: Any, path: str, unknown: list[str]) -> Any:
    if value is UNKNOWN:
        unknown.append(path)
        return None
    if isinstance(value, Mapping):
        return {key: _plain(each, _join(path, key), unknown) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each, _join(path, at), unknown) for at, each in enumerate(value)]
    return value


def _join(path: str, part: Any) -> str:
    return f"{path}.{part}" if path else str(part)

"""Verdicts in SARIF 2.1.0, for what reviews code: OASIS, "Static Analysis Results Interchange Format", 2020."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from tallystick.governance.model.catalogue import Catalogue, Entry
from tallystick.governance.model.verdicts import Verdict

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
# Section 3.27.10: what failed is an error or a warning by its severity; what is unknown or waived is a note.
_LEVELS: Final = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
_KINDS: Final = {"fail": "fail", "unknown": "open", "waived": "fail", "pass": "pass"}

Place = tuple[str, int]


def sarif(
    *,
    verdicts: Iterable[Verdict],
    catalogue: Catalogue,
    places: Mapping[str, Place],
    version: str,
) -> dict[str, Any]:
    """Give a log with one run; `places` say by subject which file and line it stands in.

    What passes or does not apply is left out: a review shows what there is to do.
    """
    told = [each for each in verdicts if each.outcome in ("fail", "unknown", "waived")]
    ours = [each for _, each in sorted(catalogue.entries.items())]
    index = {each.id: at for at, each in enumerate(ours)}
    tool = {
        "name": "tallystick cloud check",
        "version": version,
        "rules": [_rule(each) for each in ours],
    }
    results = [_result(each, catalogue, index, places) for each in told]
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": tool}, "results": results, "columnKind": "unicodeCodePoints"}],
    }


def _rule(entry: Entry) -> dict[str, Any]:
    tags = [f"{name} {each}" for name, ids in sorted(entry.maps.items()) for each in ids]
    return {
        "id": entry.id,
        "shortDescription": {"text": entry.title},
        "help": {"text": entry.remediation},
        "defaultConfiguration": {"level": _LEVELS[entry.severity]},
        "properties": {"tags": tags, "owner": entry.owner},
    }


def _result(
    verdict: Verdict,
    catalogue: Catalogue,
    index: Mapping[str, int],
    places: Mapping[str, Place],
) -> dict[str, Any]:
    entry = catalogue.entries.get(verdict.control)
    level = _LEVELS[entry.severity] if entry and verdict.outcome == "fail" else "note"
    if entry is None:
        level = "error"
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": verdict.subject}]}
    if verdict.subject in places:
        file, line = places[verdict.subject]
        location["physicalLocation"] = {
            "artifactLocation": {"uri": file},
            "region": {"startLine": line},
        }
    result: dict[str, Any] = {
        "ruleId": verdict.control,
        "kind": _KINDS[verdict.outcome],
        # Section 3.27.10: a level stands beside the kind "fail" alone.
        "level": level if verdict.outcome in ("fail", "waived") else "none",
        "message": {"text": f"{verdict.subject}: {verdict.said}"},
        "locations": [location],
    }
    if verdict.control in index:
        result["ruleIndex"] = index[verdict.control]
    if verdict.outcome == "waived":
        result["suppressions"] = [{"kind": "external", "status": "accepted"}]
    return result

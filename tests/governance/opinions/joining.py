"""Join both opinions by the reviewed mapping of `policies/opinions.toml`, and refuse what nobody explained. Pure."""

import json
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.tidy import tree

FACTS: Final = Path(__file__).with_name("opinions.json")
PUBLIC: Final = Path(__file__).with_name("public.json")
LISTED: Final = Path(__file__).with_name("public.toml")
USERS: Final = Path(__file__).with_name("users.json")
REVIEWED: Final = tree.ROOT / "policies" / "opinions.toml"
# What checkov asks of these and we do not is explained check by check; the examples are bare by intent.
OWN: Final = ("plan/", "overlay/")
BAD: Final = ("bad/", "public/")

Facts = Mapping[str, Any]


class Ours(NamedTuple):
    """One verdict of ours on one subject of one source."""

    source: str
    subject: str
    control: str
    outcome: str


Theirs = Mapping[tuple[str, str], Mapping[str, str]]
"""By source and subject, what each check says: `+` or `-`."""


@dataclass(frozen=True, order=True)
class Difference:
    """A group of subjects on which the opinions differ: who alone fails them, by which check, of which type."""

    control: str
    only: str
    check: str
    type: str


@dataclass(frozen=True)
class Reviewed:
    """The mapping, and the words for each difference."""

    counterparts: Mapping[str, list[str]]
    alone: Mapping[str, str]
    unasked: Mapping[str, str]
    rego: Mapping[str, str]
    differences: list[Mapping[str, str]] = field(default_factory=list)

    def why(self, group: Difference) -> str:
        """Say why the opinions of a group differ; "" where nobody explained it."""
        asked = {"control": group.control, "only": group.only, "check": group.check}
        for each in self.differences:
            wanted = {key: each[key] for key in ("control", "only", "check", "type") if key in each}
            if wanted.items() <= {**asked, "type": group.type}.items():
                return each["why"]
        return ""


@dataclass(frozen=True)
class Published:
    """One public file; `name` begins with its collection and its cloud."""

    name: str
    repository: str
    commit: str
    path: str
    sha256: str

    @property
    def source(self) -> str:
        """Name it among the sources of opinions."""
        return f"public/{self.name}"

    @property
    def cloud(self) -> str:
        """Give the cloud, or `kubernetes`."""
        return self.name.split("/")[1]


def listed() -> list[Published]:
    """Read which public files are compared."""
    return [Published(**each) for each in tomllib.loads(LISTED.read_text("utf-8"))["file"]]


def reviewed() -> Reviewed:
    """Read the mapping."""
    read = tomllib.loads(REVIEWED.read_text("utf-8"))
    return Reviewed(
        counterparts=read["counterparts"],
        alone=read["alone"],
        unasked=read["unasked"],
        rego=read["rego"],
        differences=read["difference"],
    )


def facts() -> dict[str, Any]:
    """Read what was compared last: on what is ours and on public examples (`public`: those alone), and by Rego."""
    read: dict[str, Any] = json.loads(FACTS.read_text("utf-8"))
    public: dict[str, Any] = json.loads(PUBLIC.read_text("utf-8"))
    opinions = {
        control: {**read["opinions"].get(control, {}), **public["opinions"].get(control, {})}
        for control in sorted({*read["opinions"], *public["opinions"]})
    }
    silent = Counter(read["silent"]) + Counter(public["silent"])
    rego = json.loads(USERS.read_text("utf-8"))
    return {**read, "opinions": opinions, "silent": silent, "public": public, "rego": rego}


def joined(ours: list[Ours], theirs: Theirs, version: str, mapping: Reviewed) -> dict[str, Any]:
    """Give both opinions of each subject: by control, source and subject, ours and what each check says."""
    opinions: dict[str, dict[str, dict[str, list[str]]]] = {}
    silent: Counter[str] = Counter()
    for each in sorted(ours):
        checks = mapping.counterparts.get(each.control, [])
        said = _said(theirs, each)
        found = [f"{check}{said[check]}" for check in checks if check in said]
        if each.outcome == "not_applicable" and not any(one.endswith("-") for one in found):
            continue
        if not found:
            silent[each.control] += 1
            continue
        by_source = opinions.setdefault(each.control, {}).setdefault(each.source, {})
        by_source[each.subject] = [each.outcome, *found]
    mapped = {check for checks in mapping.counterparts.values() for check in checks}
    unasked: Counter[tuple[str, str]] = Counter()
    for (source, subject), checks in theirs.items():
        for check, says in checks.items():
            if says == "-" and check not in mapped and source.startswith(OWN):
                unasked[check, type_of(subject)] += 1
    others: dict[str, dict[str, int]] = defaultdict(dict)
    for (check, kind), times in sorted(unasked.items()):
        others[check][kind] = times
    return {
        "checkov": version, "opinions": opinions, "silent": dict(sorted(silent.items())),
        "unasked": others, "bad": _bad(ours, theirs),
    }  # fmt: skip


def _said(theirs: Theirs, each: Ours) -> Mapping[str, str]:
    whole = theirs.get((each.source, each.subject))
    return whole or theirs.get((each.source, each.subject.partition("[")[0]), {})


def _bad(ours: list[Ours], theirs: Theirs) -> dict[str, dict[str, list[str]]]:
    """Give of each bad example which controls and which checks fail it."""
    found: dict[str, dict[str, list[str]]] = {}
    for each in sorted(ours):
        if each.source.startswith(BAD) and "." in each.subject:
            said = _said(theirs, each)
            mine = found.setdefault(
                f"{each.source} {each.subject}",
                {"ours": [], "checkov": sorted(check for check in said if said[check] == "-")},
            )
            if each.outcome == "fail":
                mine["ours"].append(each.control)
    return found


def type_of(subject: str) -> str:
    """Give the type of a resource by its address, or the kind of a manifest by its name."""
    parts = subject.partition("[")[0].split(".")
    if "[" in subject and subject.startswith("module."):
        parts = subject.rsplit("].", 1)[-1].partition("[")[0].split(".")
    return parts[0] if parts[0][0].isupper() or len(parts) < 2 else parts[-2]


def cell(outcome: str, checks: list[str]) -> str:
    """Say in which column of the table both opinions of one subject stand."""
    theirs = any(each.endswith("-") for each in checks)
    if outcome == "unknown":
        return "unknown"
    if outcome == "fail":
        return "both fail" if theirs else "only ours"
    return "only checkov" if theirs else "both pass"


def subjects(said: Facts) -> Iterator[tuple[str, str, str, str, list[str]]]:
    """Give control, source, subject, our outcome and checkov's, of each that was compared."""
    for control, sources in said["opinions"].items():
        for source, each in sources.items():
            for subject, (outcome, *checks) in each.items():
                yield control, source, subject, outcome, checks


def differences(said: Facts) -> Counter[Difference]:
    """Group the subjects on which the opinions differ; one that fails two checks is in two groups."""
    found: Counter[Difference] = Counter()
    for control, _, subject, outcome, checks in subjects(said):
        kind = type_of(subject)
        match cell(outcome, checks):
            case "only ours":
                found[Difference(control, "ours", "", kind)] += 1
            case "only checkov":
                failed = [each[:-1] for each in checks if each.endswith("-")]
                found.update(Difference(control, "checkov", check, kind) for check in failed)
            case _:
                pass
    return found


def unexplained(said: Facts, mapping: Reviewed) -> list[str]:
    """Say each difference that has no words, and each word that explains no difference."""
    found = differences(said)
    left = [f"nobody explained {each} ({found[each]})" for each in found if not mapping.why(each)]
    left += [f"nobody explained {each}" for each in said["unasked"] if each not in mapping.unasked]
    used = {mapping.why(each) for each in found}
    left += [f"{each} explains nothing" for each in mapping.differences if each["why"] not in used]
    left += [f"{each} explains nothing" for each in mapping.unasked if each not in said["unasked"]]
    engines = {
        name for name, each in said["rego"]["files"].items() if each["regopy"] != each["opa"]
    }
    left += [
        f"nobody explained why Rego's engines differ on {each}"
        for each in engines - mapping.rego.keys()
    ]
    left += [
        f"Rego's engines agree on {each}: its words explain nothing"
        for each in mapping.rego.keys() - engines
    ]
    return sorted(left)

"""Write the page of opinions from the facts and the reviewed words. Pure."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from tests.governance.opinions.joining import (
    Facts,
    Published,
    Reviewed,
    cell,
    differences,
    subjects,
)
from tests.tidy import tree

PAGE: Final = tree.ROOT / "docs" / "reference" / "opinions.md"
CELLS: Final = ("both pass", "both fail", "only ours", "only checkov", "unknown")
_CLOUDS: Final = {"aws": "AWS", "azure": "Azure", "gcp": "GCP", "kubernetes": "Kubernetes"}
_HEAD: Final = (
    "Our [controls](controls.md) beside the checks of checkov {version}, on the same subjects: our nine plans, our"
    " examples, our Kubernetes overlays, {bad} bad examples of well-known misconfigurations that we wrote, and"
    " [{public} that others published](#public-bad-examples). `make opinions` compares"
    " anew, and refuses a difference that nobody explained; the facts are in"
    " `tests/governance/opinions/*.json`, mapping and words in `policies/opinions.toml`."
)
_SUM: Final = (
    "{subjects} opinions were compared: {agree} agree ({both pass} pass, {both fail} fail), {only ours} fail by ours"
    " alone, {only checkov} by checkov's alone, {unknown} are unknown to ours until they are live. {mapped} controls"
    " have a counterpart, {alone} have none."
)
_ABOUT: Final = (
    "A control fails by checkov's opinion when one of its checks fails. *Silent*: subjects of ours on which checkov"
    " says nothing, most often since the check does not know their type or their plan. *Unknown* is no difference: the"
    " value is known only after apply, and our control owes a verdict then; checkov takes it for absent, or passes it."
)
_PUBLIC: Final = (
    "{subjects} resources of {files} files of [TerraGoat](https://github.com/bridgecrewio/terragoat) and of the"
    " examples in [KICS](https://github.com/Checkmarx/kics), both under Apache-2.0, compared with checkov {version}."
    " Of each file the repository, commit, path and SHA-256 are in `tests/governance/opinions/public.toml`; the files"
    " themselves are not here. To compare anew, clone both, with their whole history, to `DIR/bridgecrewio/terragoat`"
    " and `DIR/Checkmarx/kics`, and run `make opinions PUBLIC=DIR`, which refuses a file that has another SHA-256."
    " Without `PUBLIC` what was compared last stays."
)
_REGO: Final = (
    "Rego of users is judged by regopy {regopy}, which comes with Tallystick, or by the real OPA"
    " ([`--rego-engine`](commands.md#tallystick-cloud-check)). Both on the same estate, by the files in"
    " `tests/governance/opinions/rego`, with OPA as opa-golib-python-bindings {opa} has it."
)
_PUBLIC_HOW: Final = (
    "Checkov reads a file as it is published. Ours plans it with the schemas that ship with Tallystick: a reference to"
    " what stands in another file becomes the word `absent`, and {refused} resources that those schemas refuse are left"
    " out and named below; what no control of ours judges is in no count. {ours} of the {subjects} fail by a control of"
    " ours, {theirs} by a check of checkov's, {neither} by neither: not all that stands in a bad example is bad."
    " {opinions} have a counterpart: {agree} agree, {only ours} fail by ours alone, {only checkov} by checkov's"
    " alone, {unknown} are unknown to ours. They count in the other tables too."
)


def page(said: Facts, mapping: Reviewed, pinned: list[Published]) -> str:
    """Give the page as it must stand."""
    return "\n".join(_lines(said, mapping, pinned)) + "\n"


def _lines(said: Facts, mapping: Reviewed, pinned: list[Published]) -> Iterator[str]:
    cells = _cells(said)
    sums = _sums(cells)
    yield from ("# Opinions compared", "")
    public = len(said["public"]["bad"])
    yield _HEAD.format(version=said["checkov"], bad=len(said["bad"]), public=public)
    yield ""
    yield _SUM.format(
        subjects=sum(cells.values()), agree=sums["both pass"] + sums["both fail"],
        mapped=len(mapping.counterparts), alone=len(mapping.alone), **sums,
    )  # fmt: skip
    yield from ("", _ABOUT)
    for cloud, name in _CLOUDS.items():
        yield from ("", f"## {name}", "")
        yield f"| control | checks | {' | '.join(CELLS)} | silent |"
        yield "|---|---|---|---|---|---|---|---|"
        for control, checks in sorted(mapping.counterparts.items()):
            if control.startswith(f"{cloud}-"):
                counts = " | ".join(str(cells[control, each]) for each in CELLS)
                silent = said["silent"].get(control, 0)
                yield f"| {control} | {' '.join(checks)} | {counts} | {silent} |"
    yield from _differences(said, mapping)
    yield from _unasked(said, mapping)
    yield from _bad(said)
    yield from _public(said["public"], pinned)
    yield from _rego(said["rego"], mapping)
    yield from ("", "## Controls without a counterpart", "", "| control | why |", "|---|---|")
    yield from (f"| {control} | {why} |" for control, why in sorted(mapping.alone.items()))


def _cells(said: Facts) -> Counter[tuple[str, str]]:
    return Counter(
        (control, cell(outcome, checks)) for control, _, _, outcome, checks in subjects(said)
    )


def _sums(cells: Counter[tuple[str, str]]) -> dict[str, int]:
    return {each: sum(times for (_, at), times in cells.items() if at == each) for each in CELLS}


def _differences(said: Facts, mapping: Reviewed) -> Iterator[str]:
    yield from ("", "## Where opinions differ", "")
    yield "| control | fails by | check | type | subjects | why |"
    yield "|---|---|---|---|---|---|"
    for group, times in sorted(differences(said).items()):
        who = "ours" if group.only == "ours" else "checkov"
        check = group.check or "all its checks pass"
        yield f"| {group.control} | {who} | {check} | {group.type} | {times} | {mapping.why(group)} |"


def _unasked(said: Facts, mapping: Reviewed) -> Iterator[str]:
    yield from ("", "## What checkov alone asks of our plans and overlays", "")
    yield "Checks that fail on them and that no control of ours asks."
    yield from ("", "| check | types | subjects | why we do not |", "|---|---|---|---|")
    for check, types in sorted(said["unasked"].items()):
        why = mapping.unasked.get(check, "")
        yield f"| {check} | {', '.join(types)} | {sum(types.values())} | {why} |"


def _bad(said: Facts) -> Iterator[str]:
    yield from ("", "## Well-known misconfigurations", "")
    yield "| bad example | controls that fail it | checks that fail it |"
    yield "|---|---|---|"
    for name, each in sorted(said["bad"].items()):
        yield f"| {name} | {', '.join(each['ours'])} | {' '.join(each['checkov'])} |"


def _public(said: Facts, pinned: list[Published]) -> Iterator[str]:
    bad, refused = said["bad"], said["refused"]
    sums = _sums(_cells(said))
    yield from ("", "## Public bad examples", "")
    yield _PUBLIC.format(subjects=len(bad), files=len(pinned), version=said["checkov"])
    yield ""
    yield _PUBLIC_HOW.format(
        subjects=len(bad), refused=sum(map(len, refused.values())), opinions=sum(sums.values()),
        ours=len([each for each in bad.values() if each["ours"]]),
        theirs=len([each for each in bad.values() if each["checkov"]]),
        neither=len([each for each in bad.values() if not each["ours"] and not each["checkov"]]),
        agree=sums["both pass"] + sums["both fail"], **sums,
    )  # fmt: skip
    yield from (
        "",
        "| file | at commit | judged | fail by ours | by checkov | refused by our schemas |",
    )
    yield "|---|---|---|---|---|---|"
    for file in pinned:
        mine = [each for name, each in bad.items() if name.partition(" ")[0] == file.source]
        ours, theirs = (len([each for each in mine if each[who]]) for who in ("ours", "checkov"))
        left = ", ".join(f"{name}: {why}" for name, why in refused.get(file.source, {}).items())
        yield f"| {file.name} | {file.commit[:12]} | {len(mine)} | {ours} | {theirs} | {left} |"


def _rego(said: Facts, mapping: Reviewed) -> Iterator[str]:
    yield from ("", "## Users' Rego", "")
    yield _REGO.format(**said)
    yield from ("", "| file | verdicts of regopy | of OPA | why they differ |", "|---|---|---|---|")
    for name, each in sorted(said["files"].items()):
        ours, theirs = (
            ", ".join(sorted({f"{times} {outcome}" for outcome, times in _times(each[who])}))
            for who in ("regopy", "opa")
        )
        yield f"| {name} | {ours} | {theirs} | {mapping.rego.get(name, '')} |"


def _times(said: list[list[str]]) -> list[tuple[str, int]]:
    return sorted(
        Counter(
            "cannot be judged" if reason == "cannot be judged" else outcome
            for outcome, _, reason in said
        ).items()
    )

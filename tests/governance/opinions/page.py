"""Write the page of opinions from the facts and the reviewed words. Pure."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from tests.governance.opinions.joining import Facts, Reviewed, cell, differences, subjects
from tests.tidy import tree

PAGE: Final = tree.ROOT / "docs" / "reference" / "opinions.md"
CELLS: Final = ("both pass", "both fail", "only ours", "only checkov", "unknown")
_CLOUDS: Final = {"aws": "AWS", "azure": "Azure", "gcp": "GCP", "kubernetes": "Kubernetes"}
_HEAD: Final = (
    "Our [controls](controls.md) beside the checks of checkov {version}, on the same subjects: our nine plans, our"
    " examples, our Kubernetes overlays, and {bad} bad examples of well-known misconfigurations that we wrote"
    " (checkov's package ships none, and no public collection is copied here). `make opinions` compares"
    " anew, and refuses a difference that nobody explained; the facts are in"
    " `tests/governance/opinions/opinions.json`, mapping and words in `policies/opinions.toml`."
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


def page(said: Facts, mapping: Reviewed) -> str:
    """Give the page as it must stand."""
    return "\n".join(_lines(said, mapping)) + "\n"


def _lines(said: Facts, mapping: Reviewed) -> Iterator[str]:
    cells: Counter[tuple[str, str]] = Counter(
        (control, cell(outcome, checks)) for control, _, _, outcome, checks in subjects(said)
    )
    sums = {each: sum(times for (_, at), times in cells.items() if at == each) for each in CELLS}
    yield from ("# Opinions compared", "")
    yield _HEAD.format(version=said["checkov"], bad=len(said["bad"]))
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
    yield from ("", "## Controls without a counterpart", "", "| control | why |", "|---|---|")
    yield from (f"| {control} | {why} |" for control, why in sorted(mapping.alone.items()))


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

"""A plan as a person reads it: one page that needs nothing else, and the same as text for a terminal."""

from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from tallystick.governance.model.changes import VERBS, Meaning, Verb

TERMINAL_LINES: Final = 60
CODE: Final = {"destroyed": "-", "replaced": "±", "changed": "~", "created": "+", "forgotten": "."}


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands above a plan: which estate, of which commit, made by what, and when."""

    estate: str
    commit: str
    tool: str
    made_at: str
    hash: str = ""


def page(*, head: Head, meanings: tuple[Meaning, ...]) -> str:
    """Give the page as HTML: no script, nothing fetched, light or dark as the reader has it."""
    return (
        _pages()
        .get_template("plan.html")
        .render(
            head=head,
            counts=counts(meanings),
            lost=[each for each in meanings if each.loses],
            costs=[each for each in meanings if each.costs],
            groups=groups(meanings),
            code=CODE,
            lost_of=lost_of,
        )
    )


def counts(meanings: tuple[Meaning, ...]) -> dict[Verb, int]:
    """Count what happens, by verb; verbs that do not occur are left out."""
    found = Counter(each.verb for each in meanings)
    return {verb: found[verb] for verb in VERBS if found[verb]}


def groups(
    meanings: tuple[Meaning, ...],
) -> list[tuple[Verb, int, dict[tuple[str, str], list[Meaning]]]]:
    """Give for each verb that occurs how many objects it is about, and these by what they are and why that matters."""
    made: list[tuple[Verb, int, dict[tuple[str, str], list[Meaning]]]] = []
    for verb, number in counts(meanings).items():
        kinds: dict[tuple[str, str], list[Meaning]] = {}
        for each in meanings:
            if each.verb == verb:
                kinds.setdefault((each.noun, each.why), []).append(each)
        made.append((verb, number, kinds))
    return made


def text(*, head: Head, meanings: tuple[Meaning, ...]) -> str:
    """Give the whole plan as lines."""
    lines = _first_lines(head, meanings)
    for verb, _, kinds in groups(meanings):
        for (noun, why), found in kinds.items():
            lines += ["", f"{verb}: {noun}. {why}"]
            for each in found:
                lines += [f"  {CODE[verb]} {each.address}", *_differences(each)]
    return "\n".join([*lines, *_costs(meanings), ""])


def brief(*, head: Head, meanings: tuple[Meaning, ...]) -> str:
    """Give the plan for a terminal: whole where it is short, else what is lost, how many of what, and the bill."""
    whole = text(head=head, meanings=meanings)
    if whole.count("\n") <= TERMINAL_LINES:
        return whole
    lines = [*_first_lines(head, meanings), ""]
    for verb, _, kinds in groups(meanings):
        lines += [f"  {CODE[verb]} {len(found):>4} {noun}" for (noun, _), found in kinds.items()]
    return "\n".join([*lines, *_costs(meanings), ""])


def _first_lines(head: Head, meanings: tuple[Meaning, ...]) -> list[str]:
    """Say what was planned when, how many objects it touches, and what is lost."""
    lines = [
        f"{head.estate} at {head.commit[:12] or 'no commit'}, planned by {head.tool} at {head.made_at}"
    ]
    said = counts(meanings)
    lines.append(
        ", ".join(f"{number} {verb}" for verb, number in said.items()) or "nothing changes"
    )
    for each in meanings:
        if each.loses:
            lines += ["", f"!!! {each.address} IS {each.verb.upper()}: {lost_of(each)} !!!"]
    return lines


def _costs(meanings: tuple[Meaning, ...]) -> list[str]:
    costs = [f"    {each.address}  {cost}" for each in meanings for cost in each.costs]
    return ["", "what a bill follows:", *costs] if costs else []


def lost_of(meaning: Meaning) -> str:
    """Say what is lost: for good, or out of sight."""
    said = "ARE GOVERNED BY NOBODY" if meaning.verb == "forgotten" else "ARE LOST"
    return f"{meaning.loses} {said}"


def _differences(meaning: Meaning) -> list[str]:
    lines = [f"      {path}: {value}" for path, value in meaning.sets]
    lines += [
        f"      {each.path}: {each.before} → {each.after}{'  (makes a new one)' if each.replaces else ''}"
        for each in meaning.differences
    ]
    lines += [f"      … and {meaning.more} more"] if meaning.more else []
    return (
        [*lines, f"      known after apply: {', '.join(meaning.later)}"] if meaning.later else lines
    )


@cache
def _pages() -> Environment:
    return Environment(
        loader=PackageLoader("tallystick.governance.adapters.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

"""Verdicts at a terminal: a table of what there is to do, and what the rest comes to."""

import json
from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tallystick.governance.model.catalogue import Catalogue
from tallystick.governance.model.coverage import Answered, coverage
from tallystick.governance.model.judging import OUTCOMES, Judgement
from tallystick.governance.model.verdicts import Verdict
from tallystick.kernel import instants

_ORDER: Final = ("fail", "unknown", "waived")
_SEVERITIES: Final = ("critical", "high", "medium", "low", "")
_COLOURS: Final = {"fail": "red", "unknown": "yellow", "waived": "cyan"}
_WIDTH_MIN: Final = 100


def show(found: Judgement, catalogue: Catalogue) -> None:
    """Print what fails, what is owed and what is waived; then how many of each there are."""
    show_rows(found.verdicts, catalogue)
    for fault in found.faults:
        typer.secho(f"fail: {fault}", fg=typer.colors.RED)
    for each in found.obligations:
        typer.echo(
            f"owed until {instants.render(each.due)[:16]}Z: {each.control} on {each.subject}"
        )
    stands = "nothing fails" if found.stands else "it fails"
    typer.echo(f"{found.estate}: {_counted(found.verdicts)}; {stands}")


def show_rows(verdicts: Sequence[Verdict], catalogue: Catalogue) -> None:
    """Print by control what there is to do: failures first, the worst of them above, each subject whole on its line."""

    def severity(verdict: Verdict) -> str:
        entry = catalogue.entries.get(verdict.control)
        return entry.severity if entry else ""

    told = [each for each in verdicts if each.outcome in _ORDER]
    told.sort(
        key=lambda one: (
            _ORDER.index(one.outcome),
            _SEVERITIES.index(severity(one)),
            one.control,
            one.subject,
        )
    )
    for (outcome, control), found in groupby(told, key=lambda one: (one.outcome, one.control)):
        mine = [*found]
        said = " ".join(each for each in (outcome, severity(mine[0]), control) if each)
        typer.secho(f"{said} ({len(mine)})", fg=_COLOURS[outcome])
        for each in mine:
            typer.echo(f"    {each.subject}: {each.said}")


def show_coverage(found: Judgement, catalogue: Catalogue, framework: str) -> None:
    """Print how each requirement of a framework is answered, and by what."""
    answers = coverage(catalogue=catalogue, framework=framework, verdicts=found.verdicts)
    said = catalogue.frameworks[framework]
    typer.echo(f"{said.title} on {found.estate}. {said.source}")
    table = Table("requirement", "answer", "by", "in our words", box=None, pad_edge=False)
    for each in answers:
        table.add_row(each.requirement, each.answer, escape(_by(each)), escape(each.words))
    Console(width=max(Console().width, _WIDTH_MIN)).print(table)
    counts = Counter(each.answer for each in answers)
    typer.echo(", ".join(f"{counts[each]} {each}" for each in sorted(counts)))


def _by(answered: Answered) -> str:
    if answered.broken:
        return f"fails: {', '.join(answered.broken)}"
    if answered.waived:
        return f"waived: {', '.join(answered.waived)}"
    if answered.answer == "attested":
        return answered.attested_by
    return f"{len(answered.controls)} controls" if answered.controls else "nothing"


def _counted(verdicts: Sequence[Verdict]) -> str:
    counts = Counter(each.outcome for each in verdicts)
    return ", ".join(f"{counts[each]} {each.replace('_', ' ')}" for each in OUTCOMES)


def as_json(found: Judgement, catalogue: Catalogue) -> str:
    """Give all of it as JSON."""
    return json.dumps(
        {
            "estate": found.estate,
            "at": instants.render(found.at),
            "stands": found.stands,
            "counts": dict(Counter(each.outcome for each in found.verdicts)),
            "verdicts": [
                {
                    "control": each.control,
                    "subject": each.subject,
                    "outcome": each.outcome,
                    "severity": catalogue.entries[each.control].severity
                    if each.control in catalogue.entries
                    else "",
                    "reasons": each.reasons,
                    "target": each.target,
                }
                for each in found.verdicts
            ],
            "obligations": [
                {"control": each.control, "subject": each.subject, "due": instants.render(each.due)}
                for each in found.obligations
            ],
            "faults": found.faults,
        },
        indent=2,
    )

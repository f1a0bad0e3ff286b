"""Drift as a person reads it and as a machine does: one page that needs nothing else, JSON, and lines."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from typing import Any, Final

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from tallystick.governance.adapters.drift.repairing import Repaired
from tallystick.governance.model.drift.comparing import HIDDEN
from tallystick.governance.model.drift.finding import Found
from tallystick.governance.model.drift.values import SORTS, Difference, Kind, Sort
from tallystick.kernel.instants import Instant, render

TITLES: Final[Mapping[Sort, str]] = {
    "unexplained": "Nobody explains it",
    "break_glass": "Somebody broke the glass",
    "approved": "Approved for a while",
    "autoscaler": "The autoscaler's",
    "noise": "Noise",
}

ACTS: Final[Mapping[Kind, str]] = {
    "created": "Created",
    "deleted": "Deleted",
    "access": "Access changed",
    "encryption": "Encryption changed",
    "network": "Network changed",
    "other": "Changed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that one look found; `unseen` are sentences on what could not be looked at.

    `by_rules` is the SHA-256 of the policies that it was classed and judged by, `commit` that of the code, where known.
    """

    estate: str
    at: Instant
    since: Instant
    targets: tuple[str, ...]
    found: Found
    repaired: tuple[Repaired, ...] = ()
    unseen: tuple[str, ...] = ()
    by_rules: str = ""
    commit: str = ""

    @property
    def counts(self) -> dict[Sort, int]:
        """Count differences by sort; sorts that do not occur are left out."""
        counted = Counter(each.sort for each in self.found.differences)
        return {sort: counted[sort] for sort in SORTS if counted[sort]}


def document(report: Report) -> bytes:
    """Give the report as JSON; secrets are in it as digests only."""
    failing = [each for each in report.found.verdicts if each.outcome == "fail"]
    told: dict[str, Any] = {
        "estate": report.estate,
        "at": render(report.at),
        "trail_since": render(report.since),
        "targets": report.targets,
        "rules": report.by_rules,
        "commit": report.commit,
        "counts": report.counts,
        "alarms": len(report.found.alarms),
        "differences": [_difference(each) for each in report.found.differences],
        "failing": failing,
        "repaired": report.repaired,
        "unseen": report.unseen,
        "cloud_made": report.found.cloud_made,
    }
    return msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n"


def digest(difference: Difference) -> str:
    """Give the SHA-256 of a difference as the report tells it: all of it that goes into evidence.

    Of a secret it holds only that it changed: digests of secrets have another key in each look.
    """
    lasting = [
        replace(each, before=_lasting(each.before), after=_lasting(each.after))
        for each in difference.changed
    ]
    told = _difference(replace(difference, changed=tuple(lasting)))
    return sha256(msgspec.json.encode(told)).hexdigest()


def _lasting(text: str) -> str:
    return HIDDEN if text.startswith(HIDDEN) else text


def message(made: Report, *, files: Mapping[str, bytes]) -> bytes:
    """Give what goes to the platform: verdicts, and of each difference and each file a digest only."""
    differences = [
        {
            "subject": each.subject,
            "kind": each.kind,
            "sort": each.sort,
            "digest": digest(each),
            "by": each.who,
        }
        for each in made.found.differences
    ]
    differences += [
        {
            "subject": each.subject,
            "kind": "repaired" if each.is_done else "not_repaired",
            "sort": "repair",
            "digest": sha256(msgspec.json.encode(each)).hexdigest(),
            "by": "tallystick",
        }
        for each in made.repaired
    ]
    verdicts = [
        {
            "control": each.control,
            "subject": each.subject,
            "outcome": each.outcome,
            "target": each.target or "none",
        }
        for each in made.found.verdicts
    ]
    return msgspec.json.encode(
        {
            "estate": made.estate,
            "observed_at": render(made.at),
            "since": render(made.since),
            "unseen": len(made.unseen),
            "alarms": len(made.found.alarms),
            "rules": made.by_rules or None,
            "commit": made.commit or None,
            "verdicts": verdicts,
            "differences": differences,
            "digests": {name: sha256(content).hexdigest() for name, content in files.items()},
        }
    )


def _difference(each: Difference) -> dict[str, Any]:
    told = msgspec.to_builtins(each)
    return {**told, "at": None if each.at is None else render(each.at), "alarms": each.alarms}


def page(report: Report) -> str:
    """Give the page as HTML: no script, nothing fetched, light or dark as the reader has it."""
    groups = [
        (sort, TITLES[sort], [each for each in report.found.differences if each.sort == sort])
        for sort in report.counts
    ]
    return (
        _pages()
        .get_template("drift.html")
        .render(report=report, groups=groups, titles=TITLES, acts=ACTS, moment=_moment)
    )


def _moment(at: Instant) -> str:
    """Give an instant as a person reads it, to the second and in UTC."""
    return render(at)[:19].replace("T", " ") + " UTC"


def text(report: Report) -> str:
    """Give the report as lines for a terminal."""
    counted = ", ".join(f"{number} {sort}" for sort, number in report.counts.items())
    lines = [f"{report.estate} at {render(report.at)}: {counted or 'as planned'}"]
    for each in report.found.differences:
        lines += _lines(each)
    lines += [
        f"put back: {each.subject} ({each.reason})"
        if each.is_done
        else f"NOT put back: {each.subject}: {each.problem}"
        for each in report.repaired
    ]
    lines += [
        f"made by the cloud itself: {len(each.subjects)} ({each.reason})"
        for each in report.found.cloud_made
    ]
    lines += [f"not seen: {each}" for each in report.unseen]
    return "\n".join(lines)


def _lines(each: Difference) -> list[str]:
    by = f" by {each.who} ({each.act})" if each.who else ""
    when = f" at {render(each.at)}" if each.at is not None else ""
    broke = sorted({one.control for one in each.broke})
    what = f" ({each.stranger} that no code knows)" if each.stranger else ""
    return [
        f"{'!!! ' if each.alarms else ''}{each.sort}: {each.subject} {each.kind}{what}{by}{when}",
        *(
            f"      {one.path}: {one.before or 'nothing'} → {one.after or 'nothing'}"
            for one in each.changed
        ),
        *([f"      breaks {', '.join(broke)}"] if broke else []),
    ]


@cache
def _pages() -> Environment:
    return Environment(
        loader=PackageLoader("tallystick.governance.adapters.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

"""How much of a framework is answered, and by what: honestly.

A requirement is *tested* when a control gave a verdict of what is there, *obliged* when all that it got is still
unknown, *attested* when a person answers for it, and *untested* otherwise: also when its controls
had nothing to judge.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tallystick.governance.model.catalogue import Catalogue
from tallystick.governance.model.verdicts import Verdict

Answer = Literal["tested", "obliged", "attested", "untested"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """How one requirement is answered; `broken` are the controls of it that fail, `waived` those let stand."""

    requirement: str
    words: str
    answer: Answer
    controls: tuple[str, ...]
    broken: tuple[str, ...]
    waived: tuple[str, ...]
    attested_by: str


def coverage(
    *, catalogue: Catalogue, framework: str, verdicts: Iterable[Verdict]
) -> tuple[Answered, ...]:
    """Say for each requirement of a framework how these verdicts answer it. Raises ValueError for another framework."""
    if framework not in catalogue.frameworks:
        known = ", ".join(sorted(catalogue.frameworks))
        raise ValueError(f"there is no framework {framework}; there are {known}")
    outcomes: dict[str, set[str]] = {}
    for each in verdicts:
        outcomes.setdefault(each.control, set()).add(each.outcome)
    return tuple(
        _answered(catalogue, framework, requirement, outcomes)
        for requirement in catalogue.frameworks[framework].requirements
    )


def _answered(
    catalogue: Catalogue, framework: str, requirement: str, outcomes: dict[str, set[str]]
) -> Answered:
    said = catalogue.frameworks[framework].requirements[requirement]
    controls = tuple(
        sorted(
            each.id
            for each in catalogue.entries.values()
            if requirement in each.maps.get(framework, ())
        )
    )
    seen = {outcome for each in controls for outcome in outcomes.get(each, set())}
    if seen & {"pass", "fail", "waived"}:
        answer: Answer = "tested"
    elif "unknown" in seen:
        answer = "obliged"
    else:
        answer = "attested" if said.attested_by else "untested"
    return Answered(
        requirement=requirement,
        words=said.words,
        answer=answer,
        controls=controls,
        broken=tuple(each for each in controls if "fail" in outcomes.get(each, set())),
        waived=tuple(each for each in controls if "waived" in outcomes.get(each, set())),
        attested_by=said.attested_by,
    )

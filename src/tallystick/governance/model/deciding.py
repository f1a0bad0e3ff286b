"""Whether a plan may be applied now: every rule that says no, in the order in which they are told. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tallystick.governance.api import (
    GateFailed,
    HeadNotKnown,
    MainMoved,
    NotAppliedBefore,
    ObligationOverdue,
    PlanNotApproved,
    WindowClosed,
)
from tallystick.governance.model.rules import Rules
from tallystick.governance.model.values import ENVIRONMENTS
from tallystick.kernel.instants import SECOND, Instant, render
from tallystick.kernel.problems import Problem

_HOUR: Final = 3_600 * SECOND
LEAD: Final = 15 * 60 * SECOND
"""So long before a window closes or a freeze begins an apply begins at the latest: the length of a lease."""
_PRODUCTION: Final = ENVIRONMENTS[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that is known of a plan that is to be applied.

    ``head`` is that of the protected branch, None where it cannot be read; ``has_repository`` says whether one is set.
    ``before`` is the estate that comes before this one, None where none does. ``failing`` are the verdicts by severity
    and outcome, with how many; None where nothing has judged the plan. ``overdue`` are obligations of the estate.
    """

    environment: str
    commit: str
    base: str
    submitted_at: Instant
    approvals: int
    before: str | None
    was_applied_before: bool
    has_repository: bool
    head: str | None
    verdicts: Sequence[tuple[str, str, int]] | None
    overdue: int


def estate_before(environment: str, cloud: str) -> str | None:
    """The estate that a commit goes through before: development, then staging, then production, each of its cloud."""
    place = ENVIRONMENTS.index(environment)  # type: ignore[arg-type]
    return f"{ENVIRONMENTS[place - 1]}-{cloud}" if place else None


def refusals(case: Case, *, rules: Rules, at: Instant) -> Iterator[Problem]:
    """Give every rule that keeps a plan from being applied at an instant."""
    needed = rules.approvals[case.environment]
    if case.approvals < needed:
        yield PlanNotApproved(
            f"{case.approvals} of {needed} people have agreed to this plan",
            {"approvals": str(case.approvals), "needed": str(needed)},
        )
    if case.before is not None and not case.was_applied_before:
        yield NotAppliedBefore(
            f"the commit was not applied to {case.before}", {"estate": case.before}
        )
    yield from _of_branch(case)
    yield from _of_gates(case, rules, at)
    if case.overdue:
        yield ObligationOverdue(
            f"{case.overdue} obligations of this estate are overdue or broken",
            {"count": str(case.overdue)},
        )
    yield from _of_time(case, rules, at)


def _of_branch(case: Case) -> Iterator[Problem]:
    if case.head is None:
        if case.has_repository or case.environment == _PRODUCTION:
            yield HeadNotKnown("the head of the protected branch cannot be read now")
    elif case.head != case.base:
        yield MainMoved("the protected branch moved after the plan was made", {"head": case.head})
    elif case.environment == _PRODUCTION and case.head != case.commit:
        yield MainMoved(
            "production takes the head of the protected branch and no other commit",
            {"head": case.head},
        )


def _of_gates(case: Case, rules: Rules, at: Instant) -> Iterator[Problem]:
    if at - case.submitted_at >= rules.plan_hours_max * _HOUR:
        reason = f"the plan is older than {rules.plan_hours_max} hours"
        yield GateFailed(f"{reason}: plan again", {"plan": reason})
    for gate in rules.gates_of(case.environment):
        if case.verdicts is None:
            yield GateFailed("nothing has judged this plan", {gate.id: "not judged"})
            return
        count = sum(
            many
            for severity, outcome, many in case.verdicts
            if severity in gate.severities and outcome in gate.outcomes
        )
        if count:
            yield GateFailed(f"{gate.title}: {count} do", {gate.id: str(count)})


def _of_time(case: Case, rules: Rules, at: Instant) -> Iterator[Problem]:
    freeze = rules.freeze_of(case.environment, at)
    if freeze is not None:
        yield WindowClosed(
            f"{case.environment} is frozen: {freeze.reason}",
            {"freeze": freeze.id, "until": render(freeze.ends)},
        )
    elif not rules.is_open(case.environment, at):
        yield WindowClosed(f"{case.environment} is not changed at this time of the week")
    elif (end := rules.open_until(case.environment, at)) is not None and end - at < LEAD:
        yield WindowClosed(
            f"an apply of {case.environment} begins a quarter of an hour before its window ends or a freeze begins",
            {"closes": render(end)},
        )

"""Put back, without asking, only what a rule calls safe: a few objects in one run, each read again after."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tallystick.governance.adapters.provider.targets import Target, TargetRefused
from tallystick.governance.model.drift.comparing import same
from tallystick.governance.model.drift.reading import Refreshed
from tallystick.governance.model.drift.values import Difference

REPAIRS_MAX: Final = 10
"""Of one run. Whatever needs more hands than that is no slip but an attack, and people should look first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """What was put back, or why it could not be; `reason` is the rule's."""

    subject: str
    reason: str
    is_done: bool
    problem: str = ""


def repair(
    *,
    differences: Iterable[Difference],
    refreshed: Refreshed,
    targets: Mapping[str, Target],
    may: Callable[[], str],
    most: int = REPAIRS_MAX,
) -> tuple[Repaired, ...]:
    """Put back what the rules call safe, as the state knew it; leave everything else to people.

    `may` is asked right before each: what it says is why not, and nothing is when it may.
    """
    safe = [each for each in differences if each.repair and each.type in targets][:most]
    known = {each.address: each.values for each in refreshed.known.resources}
    live = {each.address: each.values for each in refreshed.live.resources}
    return tuple(
        _said(each, f"not touched: {why_not}")
        if (why_not := may())
        else _put_back(each, known[each.subject], live.get(each.subject), targets[each.type])
        for each in safe
    )


def _put_back(
    difference: Difference,
    wanted: Mapping[str, Any],
    live: Mapping[str, Any] | None,
    target: Target,
) -> Repaired:
    try:
        if live is None:
            now = target.create(difference.type, dict(wanted))
        else:
            now = target.update(difference.type, dict(live), dict(wanted))
    except TargetRefused as refusal:
        return _said(difference, str(refusal))
    parts = sorted({each.path.partition(".")[0] for each in difference.changed})
    left = [part for part in parts if not same(now.get(part), wanted.get(part))]
    return _said(difference, f"still not as planned: {', '.join(left)}" if left else "")


def _said(difference: Difference, problem: str) -> Repaired:
    return Repaired(
        subject=difference.subject,
        reason=difference.repair,
        is_done=not problem,
        problem=problem,
    )

"""Find drift: put together what moved, what nobody knows, the trail, the rules and the controls."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, cast

from tallystick.governance.model.drift.breaking import Judge, with_broken
from tallystick.governance.model.drift.kinds import kind_of
from tallystick.governance.model.drift.reading import Moved, Refreshed
from tallystick.governance.model.drift.rules import Rule
from tallystick.governance.model.drift.strangers import CloudMade, apart
from tallystick.governance.model.drift.trail import who_did, who_may_have
from tallystick.governance.model.drift.values import (
    SORTS,
    Changed,
    Difference,
    Event,
    Kind,
    Sort,
    Window,
)
from tallystick.governance.model.values import Resource
from tallystick.governance.model.verdicts import Verdict
from tallystick.kernel.instants import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What drift is classed by: the trail, the rules, who has broken the glass, how controls judge, and when.

    `known_types` are those of our schemas; of any other nobody knows more than that it is there.
    """

    events: tuple[Event, ...] = ()
    rules: tuple[Rule, ...] = ()
    windows: tuple[Window, ...] = ()
    judge: Judge = lambda _estate: ()
    known_types: frozenset[str] = frozenset()
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All drift of one estate: what differs, gravest first, and every verdict of what is live now.

    `cloud_made` is what no code knows and a rule says that the cloud made by itself: neither differs nor is judged.
    """

    differences: tuple[Difference, ...]
    verdicts: tuple[Verdict, ...]
    cloud_made: tuple[CloudMade, ...] = ()

    @property
    def alarms(self) -> tuple[Difference, ...]:
        """What nothing explains and what breaks a control."""
        return tuple(each for each in self.differences if each.alarms)


def find(*, refreshed: Refreshed, strangers: Iterable[Resource], grounds: Grounds) -> Found:
    """Class everything that moved and everything that no code knows; then judge what is live anew.

    `strangers` are live objects that are in no state; their address is `type:id`.
    """
    unknown, cloud_made = apart(found=strangers, known=refreshed.known, rules=grounds.rules)
    live = replace(refreshed.heard, resources=(*refreshed.heard.resources, *unknown))
    differences = [
        *(_of_moved(each, grounds) for each in refreshed.moved),
        *(_of_stranger(each, grounds) for each in unknown),
    ]
    after = tuple(grounds.judge(live))
    judged = with_broken(
        differences=differences, known=refreshed.known, live=live, after=after, judge=grounds.judge
    )
    return Found(
        differences=tuple(sorted(judged, key=_gravest_first)), verdicts=after, cloud_made=cloud_made
    )


def _gravest_first(each: Difference) -> tuple[bool, int, str]:
    return (not each.alarms, SORTS.index(each.sort), each.subject)


def _of_moved(moved: Moved, grounds: Grounds) -> Difference:
    resource = moved.resource
    paths = [each.path for each in moved.changed]
    kind: Kind = "deleted" if moved.gone else kind_of(type_=resource.type, paths=paths)
    values = {**resource.values, **moved.after}
    return _classed(resource, kind, moved.changed, values, grounds)


def _of_stranger(resource: Resource, grounds: Grounds) -> Difference:
    told = _classed(resource, "created", (), resource.values, grounds)
    is_known = not grounds.known_types or resource.type in grounds.known_types
    return replace(
        told,
        stranger="a stranger of a known type" if is_known else "a stranger of an unknown type",
    )


def _classed(
    resource: Resource,
    kind: Kind,
    changed: tuple[Changed, ...],
    values: Mapping[str, Any],
    grounds: Grounds,
) -> Difference:
    left = tuple(each for each in changed if not _rule(grounds.rules, "noise", resource, each))
    event = who_did(
        type_=resource.type,
        kind=kind,
        values=values,
        events=grounds.events,
        paths=[each.path for each in left],
    )
    told = Difference(
        subject=resource.address,
        type=resource.type,
        kind=kind,
        sort="noise",
        why="every change of it is one that a rule calls noise",
        changed=changed,
        who=event.shown if event else "",
        act=event.act if event else "",
        at=event.at if event else None,
        target=resource.target,
    )
    if changed and not left:
        return told
    kind = (
        kind
        if kind in ("created", "deleted")
        else kind_of(type_=resource.type, paths=[each.path for each in left])
    )
    sort, why = _sort(replace(resource, values=values), kind, left, event, grounds)
    repair = _repair(resource, kind, left, grounds.rules) if sort == "unexplained" else ""
    return replace(told, kind=kind, sort=sort, why=why, changed=left, repair=repair)


def _sort(
    live: Resource,
    kind: Kind,
    changed: tuple[Changed, ...],
    event: Event | None,
    grounds: Grounds,
) -> tuple[Sort, str]:
    for window in grounds.windows:
        if _is_all_of(window, live, kind, changed, grounds.events):
            return "break_glass", f"{window.who} broke the glass: {window.reason}"
    paths = {each.path for each in changed}
    for part in ("autoscaler", "approved"):
        reasons = [
            _explains(rule, live, each, event, grounds.at)
            if rule and (not rule.beside or rule.beside in paths)
            else ""
            for each in changed
            for rule in [_rule(grounds.rules, part, live, each)]
        ]
        if reasons and all(reasons):
            return cast("Sort", part), reasons[0]
    return "unexplained", "nobody planned it and no rule explains it"


def _is_all_of(
    window: Window,
    live: Resource,
    kind: Kind,
    changed: tuple[Changed, ...],
    events: tuple[Event, ...],
) -> bool:
    """Tell whether each attribute was changed by her alone: no act that may have done it is another's, or outside."""
    for path in [each.path for each in changed] or [""]:
        acts = who_may_have(
            type_=live.type, kind=kind, values=live.values, events=events, path=path
        )
        if not acts or not all(window.covers(each) for each in acts):
            return False
    return True


def _explains(
    rule: Rule, live: Resource, changed: Changed, event: Event | None, at: Instant
) -> str:
    if not rule.lets(event=event, at=at):
        return ""
    bounds = {path: str(live.at(path)) for path in rule.between or ()}
    return rule.reason if rule.within(changed=changed, values=bounds) else ""


def _rule(rules: tuple[Rule, ...], part: str, resource: Resource, changed: Changed) -> Rule | None:
    return next(
        (
            each
            for each in rules
            if each.part == part and each.covers(type_=resource.type, path=changed.path)
        ),
        None,
    )


def _repair(
    resource: Resource, kind: Kind, changed: tuple[Changed, ...], rules: tuple[Rule, ...]
) -> str:
    """Give the reason why putting it back is safe, when every change of it is; what is new is never removed."""
    if kind == "created":
        return ""
    if kind == "deleted":
        safe = (
            each.reason
            for each in rules
            if each.part == "repair" and each.deleted and fnmatchcase(resource.type, each.type)
        )
        return next(safe, "")
    found = [_rule(rules, "repair", resource, each) for each in changed]
    return found[0].reason if found and found[0] is not None and all(found) else ""

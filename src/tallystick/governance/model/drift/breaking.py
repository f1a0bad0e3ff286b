"""Say which controls each difference broke: judge the estate as it would be with that one difference alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from tallystick.governance.model.drift.relating import related
from tallystick.governance.model.drift.values import Difference
from tallystick.governance.model.values import Estate, Resource
from tallystick.governance.model.verdicts import Verdict

Judge = Callable[[Estate], Sequence[Verdict]]

JUDGED_MAX: Final = 200
"""Differences that are judged each alone; past that, a broken control is told of whatever belongs to its subject."""


def with_broken(
    *,
    differences: Sequence[Difference],
    known: Estate,
    live: Estate,
    after: Sequence[Verdict],
    judge: Judge,
) -> list[Difference]:
    """Give the differences with what each broke.

    What only several of them together broke is told of each that belongs to its subject.
    """
    before = judge(known)
    real = [each for each in differences if each.sort != "noise"]
    alone = {
        each.subject: _broken(before, judge(_with_one(known, live, each.subject)))
        for each in real[:JUDGED_MAX]
    }
    told = {(each.control, each.subject) for found in alone.values() for each in found}
    together = [each for each in _broken(before, after) if (each.control, each.subject) not in told]
    everything = {each.address: each for each in (*live.resources, *known.resources)}
    whole = f"{known.environment}-{known.cloud}"
    return [
        each
        if each.sort == "noise"
        else replace(
            each,
            broke=(*alone.get(each.subject, ()), *_near(each, together, everything, whole)),
        )
        for each in differences
    ]


def _with_one(known: Estate, live: Estate, subject: str) -> Estate:
    """Give the known estate with one object as it is live: changed, gone or new."""
    kept = [each for each in known.resources if each.address != subject]
    now = [each for each in live.resources if each.address == subject]
    return replace(known, resources=tuple(sorted((*kept, *now), key=lambda each: each.address)))


def _near(
    difference: Difference,
    together: Sequence[Verdict],
    everything: Mapping[str, Resource],
    whole: str,
) -> tuple[Verdict, ...]:
    if not together:
        return ()
    near = related(subject=everything[difference.subject], among=everything.values())
    return tuple(each for each in together if each.subject in near or each.subject == whole)


def _broken(before: Sequence[Verdict], after: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """Give verdicts that fail now and did not, and those that passed on what is there no more."""
    was = {(each.control, each.subject): each for each in before}
    now = {(each.control, each.subject): each for each in after}
    failing = [
        each
        for key, each in now.items()
        if each.outcome == "fail" and (key not in was or was[key].outcome != "fail")
    ]
    lost = [
        replace(each, outcome="fail", reasons=("what it passed on is there no more",))
        for key, each in was.items()
        if each.outcome == "pass" and key not in now
    ]
    return (*failing, *lost)

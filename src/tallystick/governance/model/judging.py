"""Judge an estate by the catalogue: verdicts, what is still owed, what is waived, and what is wrong with waivers."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Final, cast, get_args

from tallystick.governance.model.catalogue import Catalogue, Entry
from tallystick.governance.model.predicates import ESTATE
from tallystick.governance.model.values import Environment, Estate, Resource
from tallystick.governance.model.verdicts import Outcome, Verdict, weakest
from tallystick.kernel.instants import SECOND, Instant

_HOUR: Final = 3_600 * SECOND
OUTCOMES: Final = cast("tuple[Outcome, ...]", get_args(Outcome))


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A failing or unknown control that two people let stand for a while, on one subject of one estate."""

    control: str
    subject: str
    environment: Environment
    owner: str
    second: str
    reason: str
    ends: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """A verdict that is owed: what was unknown must pass live until it is due."""

    control: str
    subject: str
    reasons: tuple[str, ...]
    due: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """All verdicts of one estate at one instant. `faults` are what is wrong with waivers; each of them fails it."""

    estate: str
    at: Instant
    verdicts: tuple[Verdict, ...]
    obligations: tuple[Obligation, ...]
    faults: tuple[str, ...]

    @property
    def counts(self) -> Mapping[Outcome, int]:
        """How many verdicts of each outcome there are; a waived one counts as waived and never as passed."""
        found = Counter(each.outcome for each in self.verdicts)
        return {outcome: found[outcome] for outcome in OUTCOMES}

    @property
    def stands(self) -> bool:
        """Nothing fails; what is unknown is owed, not forgiven."""
        return not self.counts["fail"] and not self.faults


def judge(
    *, estate: Estate, catalogue: Catalogue, waivers: Iterable[Waiver] = (), at: Instant
) -> Judgement:
    """Judge every resource by every control of its cloud and environment."""
    entries = catalogue.of_cloud(estate.cloud)
    plain = [verdict for entry in entries for verdict in verdicts_of(entry=entry, estate=estate)]
    mine = [each for each in waivers if each.environment == estate.environment]
    verdicts, faults = _waived(plain, mine, at)
    return Judgement(
        estate=estate_id(estate),
        at=at,
        verdicts=tuple(verdicts),
        obligations=tuple(
            Obligation(
                control=each.control,
                subject=each.subject,
                reasons=each.reasons,
                due=at + catalogue.entries[each.control].deadline_hours * _HOUR,
            )
            for each in verdicts
            if each.outcome == "unknown"
        ),
        faults=tuple(faults),
    )


def estate_id(estate: Estate) -> str:
    """Name an estate: its environment and its cloud."""
    return f"{estate.environment}-{estate.cloud}"


def verdicts_of(*, entry: Entry, estate: Estate) -> Iterator[Verdict]:
    """Give the verdicts of one control; where it is about nothing here, one that says so."""
    name = estate_id(estate)
    whole = Resource(address=name, type=ESTATE, name=name, values={})
    subjects = (
        [whole] if entry.control.types == (ESTATE,) else [*estate.of_type(*entry.control.types)]
    )
    if estate.environment not in entry.environments or not subjects:
        yield Verdict(
            control=entry.id, subject=name, outcome="not_applicable", reasons=(), target=""
        )
        return
    for resource in subjects:
        watched = _Watched.of(estate)
        finding = entry.control.finds(resource, watched)
        own = () if resource is whole else (resource.target,)
        yield Verdict(
            control=entry.id,
            subject=resource.address,
            outcome="not_applicable" if finding is None else finding.outcome,
            reasons=() if finding is None else finding.reasons,
            target=weakest((*own, *watched.read)) if own or watched.read else target_of(estate),
        )


def target_of(estate: Estate) -> str:
    """Say where all of an estate was read: at the weakest of its targets."""
    return weakest([each.target for each in estate.resources] or [estate.target_of("")])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watched(Estate):
    """An estate that remembers at which targets a predicate has read; a type of which there is none, too."""

    read: set[str] = field(default_factory=set[str])

    @classmethod
    def of(cls, estate: Estate) -> "_Watched":
        return cls(**{each.name: getattr(estate, each.name) for each in fields(Estate)})

    def of_type(self, *types: str) -> Iterator[Resource]:
        found = [each for each in self.resources if each.type in types]
        there = {each.type for each in found}
        self.read.update(each.target for each in found)
        self.read.update(self.target_of(each) for each in types if each not in there)
        return iter(found)


def _waived(
    plain: list[Verdict], waivers: list[Waiver], at: Instant
) -> tuple[list[Verdict], list[str]]:
    by_subject = {(each.control, each.subject): each for each in plain}
    faults: list[str] = []
    open_ones: set[tuple[str, str]] = set()
    for waiver in waivers:
        key = (waiver.control, waiver.subject)
        verdict = by_subject.get(key)
        if fault := _fault(waiver, verdict, at):
            faults.append(f"the waiver of {waiver.control} on {waiver.subject} {fault}")
        else:
            open_ones.add(key)
    return [
        replace(each, outcome="waived") if (each.control, each.subject) in open_ones else each
        for each in plain
    ], faults


def _fault(waiver: Waiver, verdict: Verdict | None, at: Instant) -> str:
    if waiver.owner == waiver.second:
        return "has one person as owner and second; a second person must agree"
    if at >= waiver.ends:
        return "has expired: mend what it covers, or have it waived anew"
    if verdict is None:
        return "is used by nothing: no such control judged such a subject; remove it"
    if verdict.outcome not in ("fail", "unknown"):
        return f"has no effect: the verdict is {verdict.outcome}; remove it"
    return ""

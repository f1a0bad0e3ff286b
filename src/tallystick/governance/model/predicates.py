"""The language of controls: small, typed, three-valued.

A control is a function over one resource and its estate; it returns the conjunction of its clauses, or None where it
has nothing to say. Each clause is true, false or `UNKNOWN` (Kleene) and carries the sentence that a person reads when
it does not hold. Every path may go through lists with `*`: then all of them must hold, and there must be one.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, cast

from tallystick.governance.model.sources import types_at
from tallystick.governance.model.values import UNKNOWN, Estate, Resource, Unknown
from tallystick.governance.model.verdicts import Outcome

Truth = bool | Unknown
# The type of the one subject of a control that is about all of an estate.
ESTATE: Final = "estate"
_KEY: Final = re.compile(r"\[[^\]]*\]")
_WHOLE: Final = re.compile(r"(\d+)(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing that must hold, and what to say when it does not."""

    holds: Truth
    says: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a control found: all of its clauses must hold."""

    clauses: tuple[Clause, ...]

    @property
    def outcome(self) -> Outcome:
        """Fail wins over unknown, unknown over pass."""
        holds = all_of(clause.holds for clause in self.clauses)
        return "unknown" if holds is UNKNOWN else "pass" if holds else "fail"

    @property
    def reasons(self) -> tuple[str, ...]:
        """The sentences of what failed; where nothing did, of what is not known yet."""
        failed = tuple(each.says for each in self.clauses if each.holds is False)
        return failed or tuple(each.says for each in self.clauses if each.holds is UNKNOWN)


Predicate = Callable[[Resource, Estate], Finding | None]


@dataclass(frozen=True, slots=True)
class Control:
    """A predicate under its name, and the types of resources that it judges."""

    id: str
    types: tuple[str, ...]
    finds: Predicate


def control(id: str, *types: str) -> Callable[[Predicate], Control]:
    """Name a predicate and say what it is about; without a type it is about the estate."""
    return lambda finds: Control(id, types or (ESTATE,), finds)


def every(*clauses: Clause) -> Finding:
    """All of these must hold."""
    return Finding(clauses)


def when(applies: Truth, *clauses: Clause) -> Finding | None:
    """Where it applies, all of these must hold; where that is not known yet, none of them can fail."""
    if applies is UNKNOWN:
        return Finding(
            tuple(
                Clause(UNKNOWN if each.holds is False else each.holds, each.says)
                for each in clauses
            )
        )
    return Finding(clauses) if applies else None


def either(says: str, *clauses: Clause) -> Clause:
    """One of these must hold."""
    return Clause(any_of(clause.holds for clause in clauses), says)


def all_of(truths: Iterable[Truth]) -> Truth:
    """Kleene's and: false wins over unknown."""
    found = set(truths)
    return False if False in found else UNKNOWN if UNKNOWN in found else True


def any_of(truths: Iterable[Truth]) -> Truth:
    """Kleene's or: true wins over unknown."""
    found = set(truths)
    return True if True in found else UNKNOWN if UNKNOWN in found else False


def no(truth: Truth) -> Truth:
    """Kleene's not."""
    return truth if truth is UNKNOWN else not truth


@dataclass(frozen=True, slots=True)
class Related:
    """The resources that belong to another: for certain, and those of which it cannot be told yet."""

    certain: tuple[Resource, ...] = ()
    possible: tuple[Resource, ...] = ()


Subject = Resource | Related
Test = Callable[[Resource], Truth]


def holds(subject: Subject, test: Test, says: str) -> Clause:
    """Test the resource; of related ones, one must pass."""
    if isinstance(subject, Resource):
        return Clause(test(subject), says)
    truth = any_of(test(each) for each in subject.certain)
    if truth is False and any(test(each) is not False for each in subject.possible):
        truth = UNKNOWN
    return Clause(truth, says)


def exists(subject: Related, says: str) -> Clause:
    """There is one at all."""
    return holds(subject, lambda _: True, says)


def values_at(resource: Resource, path: str) -> list[Any]:
    """Give all values at a path with `*`, absent ones as None; what is past an unknown is `UNKNOWN`."""
    head, star, tail = path.partition("*")
    found = resource.at(head.strip(".")) if head else resource.values
    if not star or found is UNKNOWN:
        return [found]
    if not isinstance(found, (list, tuple)) or not found:
        return [None]
    below = tail.strip(".")
    given: list[Any] = []
    for each in cast("list[Any]", found):
        if not below or each is UNKNOWN:
            given.append(each)
        else:
            inner = Resource(address="", type="", name="", values={"_": each})
            given += values_at(inner, f"_.{below}")
    return given


def judged(subject: Subject, path: str, test: Callable[[Any], Truth], says: str) -> Clause:
    """Every value at the path passes the test; an unknown value is neither."""
    return holds(
        subject,
        lambda one: all_of(
            UNKNOWN if value is UNKNOWN else test(value) for value in values_at(one, path)
        ),
        says,
    )


def is_true(subject: Subject, path: str, says: str, *, absent: bool = False) -> Clause:
    """The switch is on; `absent` is what the cloud takes when it is left out."""
    return judged(subject, path, lambda it: absent if it is None else it in (True, "true"), says)


def is_false(subject: Subject, path: str, says: str, *, absent: bool = False) -> Clause:
    """The switch is off; `absent` is what the cloud takes when it is left out."""
    return judged(
        subject, path, lambda it: not absent if it is None else it in (False, "false"), says
    )


def is_set(subject: Subject, path: str, says: str) -> Clause:
    """There is something: no empty text, list or block."""
    return judged(subject, path, lambda it: it not in (None, "", [], {}, ()), says)


def is_empty(subject: Subject, path: str, says: str) -> Clause:
    """There is nothing: absent, or an empty text, list or block."""
    return judged(subject, path, lambda it: it in (None, "", [], {}, ()), says)


def is_one_of(
    subject: Subject, path: str, wanted: Collection[Any], says: str, *, absent: Any = None
) -> Clause:
    """The value is one of these."""
    return judged(subject, path, lambda it: (absent if it is None else it) in wanted, says)


def is_none_of(
    subject: Subject, path: str, refused: Collection[Any], says: str, *, absent: Any = None
) -> Clause:
    """The value is none of these."""
    return judged(subject, path, lambda it: (absent if it is None else it) not in refused, says)


def at_least(
    subject: Subject, path: str, least: int, says: str, *, absent: int | None = None
) -> Clause:
    """The number is not under `least`."""
    return judged(subject, path, lambda it: _number(it, absent, least - 1) >= least, says)


def at_most(
    subject: Subject, path: str, most: int, says: str, *, absent: int | None = None
) -> Clause:
    """The number is not over `most`."""
    return judged(subject, path, lambda it: _number(it, absent, most + 1) <= most, says)


def _number(value: Any, absent: int | None, otherwise: int) -> int:
    """Read a number, which some attributes hold as text (clouds give "1000" back as "1000.0"); what is none fails."""
    given = absent if value is None else value
    if isinstance(given, str) and (found := _WHOLE.fullmatch(given.strip())):
        return int(found[1])
    return given if isinstance(given, int) else otherwise


def contains(subject: Subject, path: str, wanted: Collection[str], says: str) -> Clause:
    """The list has all of these."""
    return holds(subject, lambda one: has_all(one.at(path), wanted), says)


def has_all(listed: Any, wanted: Collection[str]) -> Truth:
    """Say whether a list, part of which may be unknown, has all of these."""
    if listed is UNKNOWN:
        return UNKNOWN
    found = cast("list[Any]", listed) if isinstance(listed, (list, tuple)) else []
    if all(any(each == want for each in found) for want in wanted):
        return True
    return UNKNOWN if any(each is UNKNOWN for each in found) else False


def settings_of(
    owner: Resource,
    estate: Estate,
    type: str,
    attribute: str,
    by: tuple[str, ...] = ("id",),
) -> Related:
    """Give the resources of a type whose attribute names the owner, by equal values or by the plan's references."""
    certain: list[Resource] = []
    possible: list[Resource] = []
    for other in estate.of_type(type):
        truth = _names(other, attribute, owner, by, estate)
        if truth is not False:
            (possible if truth is UNKNOWN else certain).append(other)
    return Related(tuple(certain), tuple(possible))


def named_by(
    resource: Resource, attribute: str, estate: Estate, type: str, by: tuple[str, ...] = ("id",)
) -> Related:
    """Give the resources of a type that an attribute of this one names."""
    certain: list[Resource] = []
    possible: list[Resource] = []
    for other in estate.of_type(type):
        truth = _names(resource, attribute, other, by, estate)
        if truth is not False:
            (possible if truth is UNKNOWN else certain).append(other)
    value = resource.at(attribute)
    if value is UNKNOWN and not certain and not possible:
        # It may name what stands outside of this estate; of that nothing is known.
        return Related((), (Resource(address="", type=type, name="", values=_Anything()),))
    return Related(tuple(certain), tuple(possible))


def beyond(owners: Related, step: Callable[[Resource], Related]) -> Related:
    """Go one relation further: certain is what certain ones lead to for certain."""
    near, far = [step(each) for each in owners.certain], [step(each) for each in owners.possible]
    return Related(
        tuple(each for one in near for each in one.certain),
        tuple(each for one in near for each in one.possible)
        + tuple(each for one in far for each in (*one.certain, *one.possible)),
    )


class _Anything(dict[str, Any]):
    """The values of a resource of which nothing is known."""

    def get(self, key: str, default: Any = None) -> Any:
        return UNKNOWN


def _names(
    resource: Resource, attribute: str, owner: Resource, by: tuple[str, ...], estate: Estate
) -> Truth:
    values = [*_flat(values_at(resource, attribute))]
    keys = [owner.at(key) for key in by]
    if any(value == key for value in values for key in keys if _is_key(key) and _is_key(value)):
        return True
    if not any(value is UNKNOWN for value in values):
        told = any(_is_key(value) for value in values)
        return UNKNOWN if told and any(key is UNKNOWN for key in keys) else False
    of_type = [each for each in _referred(resource, attribute) if _type_of(each) == owner.type]
    if owner.address not in of_type:
        return False if of_type else UNKNOWN
    return True if len(of_type) == 1 or len(values) >= len(of_type) else UNKNOWN


def _referred(resource: Resource, attribute: str) -> tuple[str, ...]:
    return resource.refers.get(attribute.partition(".")[0], ())


def _type_of(address: str) -> str:
    """Give the type in an address: what stands before the last name, keys of instances aside."""
    return _KEY.sub("", address).rpartition(".")[0].rpartition(".")[2]


def _flat(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from _flat(cast("list[Any]", value))
        else:
            yield value


def _is_key(value: Any) -> bool:
    return isinstance(value, (str, int)) and value != ""


def refers_to(
    resource: Resource, path: str, says: str, *types: str, known: Callable[[Any], bool] = bool
) -> Clause:
    """Every value at the path is set and passes `known`; an unknown one comes from resources of these types alone."""
    values = values_at(resource, path)
    settled = True if comes_from(resource, path, *types) else UNKNOWN
    return Clause(
        all_of(
            settled if value is UNKNOWN else value is not None and known(value) for value in values
        ),
        says,
    )


def comes_from(resource: Resource, path: str, *types: str) -> bool:
    """Say whether all that is unknown at a path is known to come from resources of these types."""
    found = types_at(resource.values, resource.sources, path.split("."))
    return bool(found) and found <= {*types}

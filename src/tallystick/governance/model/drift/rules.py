"""The rules of drift: what is noise, the autoscaler's, approved or the cloud's own, and what may be put back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final, Literal, cast

from tallystick.governance.model.drift.values import Changed, Event
from tallystick.kernel import instants
from tallystick.kernel.instants import Instant

RULES_MAX: Final = 1_000
Part = Literal["noise", "autoscaler", "approved", "repair", "cloud_made"]
_PARTS: Final[tuple[Part, ...]] = ("noise", "autoscaler", "approved", "repair", "cloud_made")
_KEYS: Final = frozenset(
    {"type", "attributes", "reason", "by", "services", "between", "owner", "until", "beside"}
    | {"deleted", "production", "ids", "where", "belongs", "of"}
)


class RulesRefused(ValueError):
    """The rules of drift cannot be read; the text says which and what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of `policies/drift.toml`.

    `type` and `attributes` are patterns (`*`). `by` are the names of those who may do it, whole, as the cloud vouches
    for them; `services` are patterns of the cloud's own services that may. `between` are two attributes of the same
    object that the value must stay within. `until` is when an approval ends, `beside` an attribute that must have
    changed too. `deleted` says that a repair may also make anew what was deleted, `production` that it is safe there
    too. `ids`, `where` (patterns by attribute) and `belongs` (an attribute that must name something the code knows, or
    what an attribute `of` a type says there) say which objects a cloud makes by itself.
    """

    part: Part
    type: str
    attributes: tuple[str, ...]
    reason: str
    by: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    between: tuple[str, str] | None = None
    until: Instant | None = None
    beside: str = ""
    deleted: bool = False
    production: bool = False
    ids: tuple[str, ...] = ()
    where: tuple[tuple[str, str], ...] = ()
    belongs: str = ""
    of: str = ""

    def covers(self, *, type_: str, path: str) -> bool:
        """Tell whether an attribute of a type is this rule's matter."""
        return fnmatchcase(type_, self.type) and any(
            fnmatchcase(path, each) for each in self.attributes
        )

    def made(
        self, *, type_: str, values: Mapping[str, Any], known: Mapping[str, frozenset[str]]
    ) -> bool:
        """Tell whether a cloud made this object by itself; `known` are names that the code knows, by `of`."""
        return (
            fnmatchcase(type_, self.type)
            and (not self.ids or any(fnmatchcase(str(values.get("id")), one) for one in self.ids))
            and all(fnmatchcase(str(_at(values, key)), one) for key, one in self.where)
            and (not self.belongs or str(_at(values, self.belongs)).casefold() in known[self.of])
        )

    def lets(self, *, event: Event | None, at: Instant) -> bool:
        """Tell whether this act counts now; where the trail names nobody, a rule that names somebody does not."""
        if self.until is not None and at >= self.until:
            return False
        if not (self.by or self.services):
            return True
        if event is None:
            return False
        if event.is_service:
            return any(fnmatchcase(event.who, each) for each in self.services)
        return event.who in self.by

    def within(self, *, changed: Changed, values: Mapping[str, str]) -> bool:
        """Tell whether the changed value stays between the two attributes, where the rule names them."""
        if self.between is None:
            return True
        low, high = (values.get(each, "") for each in self.between)
        if not (changed.after.isdigit() and low.isdigit() and high.isdigit()):
            return False
        return int(low) <= int(changed.after) <= int(high)


def _at(values: Mapping[str, Any], key: str) -> Any:
    """Follow one step into a map: a tag's own name may have dots in it."""
    first, _, rest = key.partition(".")
    within = values.get(first)
    return (
        cast("Mapping[str, Any]", within).get(rest)
        if rest and isinstance(within, Mapping)
        else within
    )


def read_rules(told: Mapping[str, Any]) -> tuple[Rule, ...]:
    """Read the rules out of parsed TOML. Raises `RulesRefused`."""
    strange = sorted(set(told) - {*_PARTS, "people"})
    if strange:
        raise RulesRefused(
            f"drift.toml has {strange[0]}; only people, {', '.join(_PARTS)} may stand there"
        )
    rules = tuple(_rule(part, each) for part in _PARTS for each in _tables(told, part))
    if len(rules) > RULES_MAX:
        raise RulesRefused(f"drift.toml has over {RULES_MAX} rules; write patterns instead")
    return rules


def _tables(told: Mapping[str, Any], part: Part) -> list[Mapping[str, Any]]:
    tables: Any = told.get(part, [])
    if isinstance(tables, list):
        found = cast("list[Any]", tables)
        if all(isinstance(each, Mapping) for each in found):
            return cast("list[Mapping[str, Any]]", found)
    raise RulesRefused(f"{part} is no list of tables; begin each rule with [[{part}]]")


def of_environment(rules: Iterable[Rule], environment: str) -> tuple[Rule, ...]:
    """Give the rules that hold in an environment: in production only repairs that are called safe for it."""
    return tuple(
        each
        for each in rules
        if each.part != "repair" or environment != "production" or each.production
    )


def read_people(told: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """Read by which names each person of ours acts in a cloud; who is not named acts by their own.

    Raises `RulesRefused`.
    """
    people: Any = told.get("people", {})
    if not isinstance(people, Mapping) or not all(
        isinstance(each, list) for each in cast("Mapping[str, Any]", people).values()
    ):
        raise RulesRefused('people is no table of lists; write [people] and "theirs" = ["there"]')
    people = cast("Mapping[str, list[Any]]", people)
    return {name: tuple(str(one) for one in names) for name, names in people.items()}


def _rule(part: Part, told: Mapping[str, Any]) -> Rule:
    name = f"a rule of {part} for {told.get('type', 'no type')}"
    strange = sorted(set(told) - _KEYS)
    if strange:
        raise RulesRefused(f"{name} has {strange[0]}; it may have {', '.join(sorted(_KEYS))}")
    bare = part == "cloud_made" or (part == "repair" and told.get("deleted"))
    for key in ("type", "reason") if bare else ("type", "attributes", "reason"):
        if not told.get(key):
            raise RulesRefused(f"{name} has no {key}; say it")
    if (part == "cloud_made") != any(told.get(key) for key in ("ids", "where", "belongs")):
        raise RulesRefused(
            f"{name}: ids, where or belongs say which objects a cloud makes by itself, and only those"
        )
    for key in ("type", "attributes"):
        if part != "cloud_made" and any(
            not str(each).strip("*.") for each in _words(told.get(key))
        ):
            raise RulesRefused(
                f"{name} has {key} of * alone, which covers whatever happens; name what it is about"
            )
    if part == "approved" and not (told.get("owner") and told.get("until")):
        raise RulesRefused(f"{name} needs an owner and an end (until); approvals are not for ever")
    between = tuple(told.get("between", ()))
    if len(between) not in (0, 2):
        raise RulesRefused(f"{name} must name two attributes in between: the least, the greatest")
    by = tuple(str(each) for each in told.get("by", ()))
    if any("*" in each for each in by):
        raise RulesRefused(
            f"{name}: by names somebody whole, since names like theirs can be chosen; "
            "patterns are for services, those of the cloud"
        )
    return Rule(
        part=part,
        type=str(told["type"]),
        attributes=tuple(told.get("attributes", ())),
        reason=str(told["reason"]),
        by=by,
        services=tuple(told.get("services", ())),
        between=cast("tuple[str, str]", between) if between else None,
        until=_instant(name, told.get("until")),
        beside=str(told.get("beside", "")),
        deleted=bool(told.get("deleted", False)),
        production=bool(told.get("production", False)),
        ids=tuple(told.get("ids", ())),
        where=tuple((key, str(one)) for key, one in dict(told.get("where", {})).items()),
        belongs=str(told.get("belongs", "")),
        of=str(told.get("of", "")),
    )


def _words(told: Any) -> Iterable[Any]:
    return cast("list[Any]", told) if isinstance(told, list) else [] if told is None else [told]


def _instant(name: str, told: Any) -> Instant | None:
    if told is None:
        return None
    try:
        return instants.parse(f"{told}T00:00:00Z")
    except ValueError:
        raise RulesRefused(f"{name} ends at {told}; write a day such as 2027-06-30") from None

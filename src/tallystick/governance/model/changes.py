"""What a plan's changes mean for a person: what is created, changed, destroyed, why that matters, and what it costs.

Read from the same JSON that is judged. What Terraform calls sensitive is hidden here, before anything shows it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from tallystick.governance.model.kinds_of_change import COSTLY, COSTS, Kind, kind_of
from tallystick.governance.model.plans import items, merged, parsed
from tallystick.governance.model.secret_names import may_be_secret
from tallystick.governance.model.values import UNKNOWN

Verb = Literal["destroyed", "replaced", "changed", "created", "forgotten"]
VERBS: Final[tuple[Verb, ...]] = ("destroyed", "replaced", "changed", "created", "forgotten")
SHOWN_MAX: Final = 60  # differences of one object that are named; the rest are counted
WIDTH_MAX: Final = 4_000  # characters of one value
DEPTH_MAX: Final = 16  # of documents within attributes
# What repeats the object's own tags together with those of the whole estate.
_REPEATED: Final = ("tags_all", "effective_labels", "terraform_labels")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One attribute that differs, as a person may read it: hidden where sensitive, short where long."""

    path: str
    before: str
    after: str
    replaces: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What happens to one object, and why somebody should care.

    `loses` says what is lost for good, or by whoever forgets it, if anything. `sets` are the attributes of what is
    created, and `later` the names of those that nobody knows before.
    """

    address: str
    type: str
    verb: Verb
    noun: str
    why: str
    loses: str = ""
    costs: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()
    more: int = 0
    sets: tuple[tuple[str, str], ...] = ()
    later: tuple[str, ...] = ()


def meanings(text: str | bytes) -> tuple[Meaning, ...]:
    """Read what a plan's JSON changes: what is lost first, then by verb and address. Raises `PlanRefused`."""
    plan = parsed(text, what="plan")
    found = (
        _meaning(each) for each in items(plan, "resource_changes") if each.get("mode") != "data"
    )
    return tuple(
        sorted(
            (each for each in found if each),
            key=lambda each: (not each.loses, VERBS.index(each.verb), each.address),
        )
    )


def _meaning(said: Mapping[str, Any]) -> Meaning | None:
    change = cast("dict[str, Any]", said.get("change") or {})
    verb = _verb(tuple(change.get("actions") or ()))
    if verb is None:
        return None
    kind = kind_of(str(said["type"]))
    before = _hidden(change.get("before"), change.get("before_sensitive"))
    after = merged(
        _hidden(change.get("after"), change.get("after_sensitive")), change.get("after_unknown")
    )
    forcing = {".".join(str(step) for step in path) for path in change.get("replace_paths") or ()}
    differences = (
        tuple(_differences(before, after, forcing)) if verb in ("changed", "replaced") else ()
    )
    sets = tuple(_set(after)) if verb == "created" else ()
    return Meaning(
        address=str(said["address"]),
        type=str(said["type"]),
        verb=verb,
        noun=kind.noun,
        why=_why(kind, verb),
        loses=kind.loses if verb in _LOSING else "",
        costs=tuple(_costs(str(said["type"]), verb, before, after)),
        differences=differences[:SHOWN_MAX],
        more=max(0, len(differences) - SHOWN_MAX) + max(0, len(sets) - SHOWN_MAX),
        sets=sets[:SHOWN_MAX],
        later=tuple(_later(after)) if verb == "created" else (),
    )


def _set(after: Any) -> Iterator[tuple[str, str]]:
    for path, value in sorted(_leaves(after)):
        if value is not UNKNOWN and not path.startswith(_REPEATED):
            yield path, HIDDEN if may_be_secret(path, value) else _shown(value)


def _later(after: Any) -> Iterator[str]:
    for path, value in sorted(_leaves(after)):
        if value is UNKNOWN and not path.startswith(_REPEATED):
            yield path


_LOSING: Final[tuple[Verb, ...]] = ("destroyed", "replaced", "forgotten")


def _verb(actions: tuple[str, ...]) -> Verb | None:
    if "forget" in actions:
        return "forgotten"
    if "create" in actions and "delete" in actions:
        return "replaced"
    words: Mapping[str, Verb] = {
        "create": "created", "update": "changed", "delete": "destroyed", "forget": "forgotten",
    }  # fmt: skip
    return words.get(actions[0]) if actions else None


def _why(kind: Kind, verb: Verb) -> str:
    if verb == "forgotten":
        return "It stays where it is, and nothing here watches, backs up or judges it any more."
    return kind.gone if verb in ("destroyed", "replaced") else kind.matters


HIDDEN: Final = "(hidden)"


def _hidden(value: Any, sensitive: Any) -> Any:
    """Take out whatever Terraform calls sensitive; `sensitive` has the shape of the value."""
    if sensitive is True:
        return None if value is None else HIDDEN
    if isinstance(value, dict) and isinstance(sensitive, dict):
        marks = cast("dict[str, Any]", sensitive)
        return {
            name: _hidden(each, marks.get(name))
            for name, each in cast("dict[str, Any]", value).items()
        }
    if isinstance(value, list) and isinstance(sensitive, list):
        places = cast("list[Any]", sensitive)
        return [
            _hidden(each, places[at] if at < len(places) else None)
            for at, each in enumerate(cast("list[Any]", value))
        ]
    return cast("Any", value)


def _differences(before: Any, after: Any, forcing: set[str]) -> Iterator[Difference]:
    old, new = dict(_leaves(before)), dict(_leaves(after))
    for path in sorted({**old, **new}):
        was, will = old.get(path), new.get(path)
        if was != will:
            hides = may_be_secret(path, was) or may_be_secret(path, will)
            show = _veiled if hides else _shown
            yield Difference(
                path=path, before=show(was), after=show(will), replaces=path in forcing
            )


def _leaves(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Give every value that is no mapping and no list of mappings, by its dotted path; of documents of JSON too."""
    value = _opened(value) if depth < DEPTH_MAX else json.dumps(value, default=str)
    if isinstance(value, dict):
        for name, each in cast("dict[str, Any]", value).items():
            yield from _leaves(each, f"{path}.{name}" if path else name, depth + 1)
    elif isinstance(value, list) and any(
        isinstance(each, dict) for each in cast("list[Any]", value)
    ):
        for at, each in enumerate(cast("list[Any]", value)):
            yield from _leaves(each, f"{path}.{at}", depth + 1)
    elif value not in (None, [], {}):
        yield path, value


def _opened(value: Any) -> Any:
    """Read a document of JSON, so that no wildcard hides behind the end of a long line."""
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _veiled(value: Any) -> str:
    return HIDDEN if isinstance(value, (str, list, dict)) else _shown(value)


def _shown(value: Any) -> str:
    if value is None:
        return "not set"
    if value is UNKNOWN:
        return UNKNOWN.value
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= WIDTH_MAX else f"{text[:WIDTH_MAX]}… ({len(text)} characters)"


def _costs(kind: str, verb: Verb, before: Any, after: Any) -> Iterator[str]:
    words = COSTLY.get(kind)
    if words and verb == "created":
        yield f"new: {words}"
    if words and verb == "destroyed":
        yield f"no longer: {words}"
    if verb not in ("changed", "replaced"):
        return
    for each in _differences(before, after, set()):
        if each.path.rpartition(".")[2] in COSTS:
            yield f"{each.path}: {each.before} → {each.after}"

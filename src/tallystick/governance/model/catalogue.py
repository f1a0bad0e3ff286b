"""The catalogue: what is said about each control in `policies/controls/*.toml`, and what frameworks ask.

Strict: a control without its predicate, a predicate without its control, an unknown key or an id that no framework has
are refused, so that nothing is muted by a slip of the pen.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from tallystick.governance.model.predicates import Control
from tallystick.governance.model.values import ENVIRONMENTS, Cloud, Environment
from tallystick.governance.model.verdicts import Severity

_SEVERITIES: Final = ("low", "medium", "high", "critical")
_CONTROL_KEYS: Final = frozenset(
    "id title owner severity environments evidence_days deadline_hours remediation maps".split()
)
_NEEDED: Final = _CONTROL_KEYS - {"environments"}
_REQUIREMENT_KEYS: Final = frozenset({"id", "words", "attested_by"})


class CatalogueRefused(ValueError):
    """The policies cannot be read as they stand; the text says where and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One id of a framework in our own words; `attested_by` is the role that answers where no control can."""

    id: str
    words: str
    attested_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """The ids of a framework that are used here; `source` says whose text they number."""

    id: str
    title: str
    source: str
    requirements: Mapping[str, Requirement]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A control with what people say about it. `maps` are requirement ids by framework."""

    id: str
    title: str
    owner: str
    severity: Severity
    evidence_days: int
    deadline_hours: int
    remediation: str
    maps: Mapping[str, tuple[str, ...]]
    control: Control
    environments: tuple[Environment, ...] = ENVIRONMENTS

    @property
    def cloud(self) -> Cloud:
        """The cloud that the control is about: the first word of its id."""
        return cast("Cloud", self.id.partition("-")[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All controls, by id, and all frameworks."""

    entries: Mapping[str, Entry]
    frameworks: Mapping[str, Framework] = field(default_factory=dict[str, Framework])

    def of_cloud(self, cloud: Cloud) -> tuple[Entry, ...]:
        """Give the controls of a cloud, in the order of their ids."""
        return tuple(each for _, each in sorted(self.entries.items()) if each.cloud == cloud)


def read_catalogue(
    *,
    controls: Mapping[str, str],
    frameworks: Mapping[str, str],
    predicates: Mapping[str, Control],
) -> Catalogue:
    """Read both folders, each file's text by its name. Raises `CatalogueRefused`."""
    known = {each.id: each for each in (_framework(*file) for file in frameworks.items())}
    entries: dict[str, Entry] = {}
    for name, text in controls.items():
        for said in _tables(_toml(name, text), "control", name):
            entry = _entry(said, name, predicates, known)
            if entry.id in entries:
                raise CatalogueRefused(f"{name}: {entry.id} is there twice")
            entries[entry.id] = entry
    if silent := sorted(set(predicates) - set(entries)):
        raise CatalogueRefused(f"no file of the controls describes {', '.join(silent)}")
    return Catalogue(entries=entries, frameworks=known)


def _toml(name: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogueRefused(f"{name} is no TOML: {error}") from None


def _tables(read: Mapping[str, Any], key: str, name: str) -> list[dict[str, Any]]:
    found = read.get(key)
    if not isinstance(found, list):
        raise CatalogueRefused(f"{name} has no [[{key}]]")
    return cast("list[dict[str, Any]]", found)


def _framework(name: str, text: str) -> Framework:
    read = _toml(name, text)
    if strange := set(read) - {"id", "title", "source", "requirement"}:
        raise CatalogueRefused(f"{name}: nobody reads {', '.join(sorted(strange))}")
    found: dict[str, Requirement] = {}
    for each in _tables(read, "requirement", name):
        if strange := set(each) - _REQUIREMENT_KEYS:
            raise CatalogueRefused(f"{name}: nobody reads {', '.join(sorted(strange))}")
        if missing := {"id", "words"} - set(each):
            raise CatalogueRefused(f"{name}: a requirement does not say {', '.join(missing)}")
        found[str(each["id"])] = Requirement(**each)
    return Framework(
        id=str(read["id"]), title=str(read["title"]), source=str(read["source"]), requirements=found
    )


def _entry(
    said: Mapping[str, Any],
    name: str,
    predicates: Mapping[str, Control],
    frameworks: Mapping[str, Framework],
) -> Entry:
    at = f"{name}: {said.get('id')}"
    if strange := set(said) - _CONTROL_KEYS:
        raise CatalogueRefused(f"{at}: nobody reads {', '.join(sorted(strange))}")
    if missing := _NEEDED - set(said):
        raise CatalogueRefused(f"{at} does not say {', '.join(sorted(missing))}")
    if said["id"] not in predicates:
        raise CatalogueRefused(f"{at} has no predicate of that name")
    if said["severity"] not in _SEVERITIES:
        raise CatalogueRefused(f"{at}: a severity is one of {', '.join(_SEVERITIES)}")
    for key in ("evidence_days", "deadline_hours"):
        if not isinstance(said[key], int) or said[key] < 1:
            raise CatalogueRefused(f"{at}: {key} is a whole number from 1")
    environments = tuple(said.get("environments", ENVIRONMENTS))
    if not environments or set(environments) - set(ENVIRONMENTS):
        raise CatalogueRefused(f"{at}: environments are some of {', '.join(ENVIRONMENTS)}")
    if not said["maps"]:
        raise CatalogueRefused(f"{at} answers no framework")
    maps = {key: tuple(ids) for key, ids in said["maps"].items()}
    for framework, ids in maps.items():
        if framework not in frameworks:
            raise CatalogueRefused(f"{at}: there is no framework {framework}")
        for each in ids:
            if each not in frameworks[framework].requirements:
                raise CatalogueRefused(f"{at}: {framework} has no {each} here")
    made: dict[str, Any] = {**said, "environments": environments, "maps": maps}
    return Entry(**made, control=predicates[said["id"]])

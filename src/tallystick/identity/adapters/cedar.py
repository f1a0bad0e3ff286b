"""Cedar behind a wrapper: what is not plainly allowed is denied, an error of the engine too.

Cedar skips a ``forbid`` that errs, and would allow what it forbids; so any error in the diagnostics is a denial.
Policies and entities are parsed once; what changes comes in the context.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final, NamedTuple

import msgspec
from cedarpy import Entities, PolicySet, Schema, is_authorized, validate_policies

from tallystick.kernel.actions import Action

_FOLDER: Final = files("tallystick.identity").joinpath("policies")
ERRED: Final = "error"
_BECAUSE = re.compile(r'@id\("([^"]+)"\)\n@because\("([^"]+)"\)')
_SCHEMA: Final = """
entity Person; entity Machine; entity Service; entity Job; entity Operator; entity Tenant;
type Asked = {
    in_force: Bool, bundles: Set<String>, mfa: Bool, fresh: Bool, network_allowed: Bool, country_allowed: Bool,
    device_allowed: Bool, risk: Long, risk_max: Long, own: Bool, scoped: Bool, approvals: Long,
    delegation: {
        found: Bool, covers: Bool, within_each: Bool, within_hours: Bool, wants_step_up: Bool, approvers: Long
    }
};
"""


class Role(NamedTuple):
    """A role that comes with the platform: what it is in a sentence, and its bundles."""

    title: str
    bundles: tuple[str, ...]


class Catalogue(NamedTuple):
    """Bundles with their titles, groups of actions by name, and the roles of the platform."""

    titles: Mapping[str, str]
    groups: Mapping[str, tuple[str, ...]]
    roles: Mapping[str, Role]


class Verdict(NamedTuple):
    """What Cedar said: by which policies, by their ids. An erring one is a denial by ``error``."""

    allowed: bool
    reasons: tuple[str, ...]


@cache
def catalogue() -> Catalogue:
    """Read what belongs together (bundles.toml)."""
    read = tomllib.loads(_FOLDER.joinpath("bundles.toml").read_text("utf-8"))
    bundles, groups = read["bundles"], read["groups"]
    return Catalogue(
        titles={name: one["title"] for name, one in bundles.items()},
        groups={name: tuple(one["actions"]) for name, one in (bundles | groups).items()},
        roles={
            name: Role(one["title"], tuple(one["bundles"])) for name, one in read["roles"].items()
        },
    )


@cache
def policies_text() -> str:
    """The policies as they stand in the file."""
    return _FOLDER.joinpath("policies.cedar").read_text("utf-8")


@cache
def because() -> Mapping[str, str]:
    """What each policy says for itself, by its id."""
    return dict(_BECAUSE.findall(policies_text()))


class Engine:
    """One set of policies, ready to decide. ``version`` is the SHA-256 of all it decides by."""

    def __init__(self, policies: str, entities: str) -> None:
        self.policies, self.entities = policies, entities
        self.version = sha256(f"{policies}\n{entities}".encode()).hexdigest()
        self._policies = PolicySet.from_str(policies)
        self._entities = Entities.from_json_str(entities)

    def decide(
        self, *, principal: Mapping[str, str], action: str, tenant: str, context: Mapping[str, Any]
    ) -> Verdict:
        """Decide one request; the default, and the answer to any error, is no."""
        request = {
            "principal": principal,
            "action": {"type": "Action", "id": action},
            "resource": {"type": "Tenant", "id": tenant},
            "context": context,
        }
        try:
            found = is_authorized(request, self._policies, self._entities)
            errors, named = found.diagnostics.errors, found.diagnostics.id_annotations_by_reason
            reasons = tuple(sorted(named.get(one, one) for one in found.diagnostics.reasons))
        except Exception:
            return Verdict(allowed=False, reasons=(ERRED,))
        if errors:
            return Verdict(allowed=False, reasons=(*reasons, ERRED))
        return Verdict(allowed=found.allowed, reasons=reasons)


@cache
def engine() -> Engine:
    """The engine of this program's policies."""
    return Engine(policies_text(), entities_text(catalogue().groups))


def entities_text(groups: Mapping[str, Sequence[str]]) -> str:
    """The actions with the groups they are in, as entities of Cedar in JSON."""
    entities = [_entity(name, found) for name, found in sorted(_parents(groups).items())]
    entities += [_entity(group, []) for group in sorted(groups)]
    return msgspec.json.encode(entities).decode()


def _parents(groups: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The groups of each action. Raises KeyError for an action that there is none of."""
    parents: dict[str, list[str]] = {action.value: [] for action in Action}
    for group, actions in sorted(groups.items()):
        for action in actions:
            parents[action].append(group)
    return parents


def _entity(name: str, parents: Sequence[str]) -> dict[str, Any]:
    return {
        "uid": {"type": "Action", "id": name},
        "attrs": {},
        "parents": [{"type": "Action", "id": parent} for parent in parents],
    }


def schema_text(groups: Mapping[str, Sequence[str]]) -> str:
    """The schema that policies are checked against, in Cedar's own notation."""
    lines = [_SCHEMA, *(f'action "{group}";' for group in sorted(groups))]
    for action, found in sorted(_parents(groups).items()):
        within = ", ".join(f'"{group}"' for group in found)
        of = f" in [{within}]" if within else ""
        lines.append(
            f'action "{action}"{of} appliesTo {{ principal: [Person, Machine, Service, Job, Operator], '
            "resource: [Tenant], context: Asked };"
        )
    return "\n".join(lines)


def complaints(policies: str, groups: Mapping[str, Sequence[str]]) -> list[str]:
    """What is wrong with policies, by the schema; nothing when they are sound."""
    found = validate_policies(policies, Schema.from_str(schema_text(groups)))
    return [str(error) for error in found.errors]

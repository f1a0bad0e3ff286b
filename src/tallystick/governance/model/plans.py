"""Read what `terraform show -json` says of a plan: what will be, what changes, and what nobody knows yet.

Source: Terraform's "JSON Output Format", format version 1.x. A plan is refused rather than half understood.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from tallystick.governance.model.references import References, below, listed, written
from tallystick.governance.model.sources import Sources
from tallystick.governance.model.values import (
    ENVIRONMENTS,
    UNKNOWN,
    Cloud,
    Environment,
    Estate,
    Resource,
)

PLAN_BYTES_MAX: Final = 64 * 1024 * 1024
RESOURCES_MAX: Final = 20_000
# The providers that a cloud's code may name; each registry's address ends in these.
PROVIDERS: Final[Mapping[Cloud, frozenset[str]]] = {
    "aws": frozenset({"hashicorp/aws"}),
    "azure": frozenset({"hashicorp/azurerm"}),
    "gcp": frozenset({"hashicorp/google"}),
    "kubernetes": frozenset({"hashicorp/kubernetes"}),
}
_REGISTRIES: Final = ("registry.terraform.io/", "registry.opentofu.org/")
# What Terraform itself brings: `terraform_data`, and reading another estate's state.
_LEFT_MAX: Final = 20  # resources that a doubt names
_BUILT_IN: Final = "terraform.io/builtin/terraform"


class PlanRefused(ValueError):
    """What was handed in is no plan of ours; the text says what it is and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a plan does to one object; `actions` are Terraform's: create, update, delete, read, no-op, forget."""

    address: str
    type: str
    actions: tuple[str, ...]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    replaced_by: tuple[tuple[str | int, ...], ...] = ()

    @property
    def stays(self) -> bool:
        """Tell whether an object is there afterwards: what is replaced is, whichever of the two is done first."""
        return "create" in self.actions or not {"delete", "forget"} & {*self.actions}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One plan, understood. `doubts` are sentences on what the tool that made it does not tell."""

    estate: Estate
    changes: tuple[Change, ...]
    drifted: tuple[Change, ...]
    tool_version: str
    format_version: str
    providers: Mapping[str, str] = field(default_factory=dict[str, str])
    doubts: tuple[str, ...] = ()


def read_plan(
    *,
    text: str | bytes,
    cloud: Cloud,
    environment: Environment,
    inventory: Mapping[str, Any] | None = None,
    providers: frozenset[str] | None = None,
) -> Planned:
    """Read a plan's JSON as the estate that it would leave behind.

    `providers` are the addresses that may stand in it (`hashicorp/aws`), by default the cloud's own.
    Raises `PlanRefused`.
    """
    plan = _opened(text)
    allowed = PROVIDERS[cloud] if providers is None else providers
    found = _changes(plan, "resource_changes")
    _refuse_strangers(plan, allowed)
    _refuse_another_estate(plan, environment)
    estate = Estate(
        cloud=cloud,
        environment=environment,
        moment="planned",
        resources=_resources(plan, (inventory or {}).get("defaults", {})),
        inventory=inventory or {},
    )
    return Planned(
        estate=estate,
        changes=found,
        drifted=_changes(plan, "resource_drift"),
        tool_version=str(plan.get("terraform_version", "")),
        format_version=str(plan["format_version"]),
        providers=_versions(plan),
        doubts=tuple(_doubts(plan, estate)),
    )


def _doubts(plan: Mapping[str, Any], estate: Estate) -> Iterator[str]:
    """OpenTofu, and Terraform before 1.8, do not say whether a plan was of the whole estate."""
    if "complete" in plan:
        return
    there = {f"{each.type}.{each.name}" for each in estate.resources}
    there |= {f"{each.get('type')}.{each.get('name')}" for each in items(plan, "resource_changes")}
    left = [each for each in written(plan) if each not in there]
    said = f"; of the code it has nothing of {', '.join(left[:_LEFT_MAX])}" if left else ""
    yield f"the plan does not say whether it is whole, or of some targets only{said}"


def said_of(text: str | bytes) -> tuple[Cloud | None, Environment | None]:
    """Say of which cloud and environment a plan or state is, as far as it tells. Raises `PlanRefused`."""
    read = parsed(text, what="plan or state")
    each = [*items(read, "resource_changes"), *state_resources(read)]
    named = {short_provider(str(one.get("provider_name", ""))) for one in each}
    clouds: list[Cloud] = [cloud for cloud, allowed in PROVIDERS.items() if named & allowed]
    said = below(read, "variables", "environment").get("value")
    environments: list[Environment] = [each for each in ENVIRONMENTS if each == str(said)]
    return clouds[0] if len(clouds) == 1 else None, environments[0] if environments else None


def parsed(text: str | bytes, *, what: str) -> dict[str, Any]:
    """Parse Terraform's JSON within its bound; `what` names it in the refusal. Raises `PlanRefused`."""
    if len(text) > PLAN_BYTES_MAX:
        raise PlanRefused(f"the {what} is over {PLAN_BYTES_MAX} bytes; split the estate")
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        raise PlanRefused(
            f"this is no whole {what} as JSON; write it anew with `terraform show -json`"
        ) from None
    if not isinstance(read, dict) or "format_version" not in read:
        raise PlanRefused(f"this JSON is no {what}: `terraform show -json FILE` writes one")
    made = cast("dict[str, Any]", read)
    version = str(made["format_version"])
    if version.partition(".")[0] != "1":
        raise PlanRefused(f"format {version} of a {what} is not known here, only 1.x is")
    return made


def _opened(text: str | bytes) -> dict[str, Any]:
    plan = parsed(text, what="plan")
    if "resource_changes" not in plan and "planned_values" not in plan:
        raise PlanRefused("this JSON is no plan: `terraform show -json PLANFILE` writes one")
    if plan.get("errored"):
        raise PlanRefused("the plan ended in an error; mend that and plan again")
    if plan.get("complete") is False:
        raise PlanRefused("the plan is incomplete (targeted or deferred); plan the whole estate")
    if len(items(plan, "resource_changes")) > RESOURCES_MAX:
        raise PlanRefused(f"the plan has over {RESOURCES_MAX} resources; split the estate")
    return plan


def items(of: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Give the objects of a list in Terraform's JSON, none where it is absent. Raises `PlanRefused`."""
    found = cast("list[Any]", of.get(key) or [])
    if not all(isinstance(each, dict) for each in found):
        raise PlanRefused(f"{key} is not a list of objects; write the JSON anew")
    return cast("list[dict[str, Any]]", found)


def short_provider(name: str) -> str:
    """Leave the public registry's host out of a provider's address."""
    for registry in _REGISTRIES:
        if name.startswith(registry):
            return name.removeprefix(registry)
    return name


def refuse_provider(name: str, allowed: frozenset[str], *, at: str) -> None:
    """Raise `PlanRefused` when a provider is not one of those allowed."""
    if short_provider(name) not in allowed and name != _BUILT_IN:
        raise PlanRefused(
            f"{at} is of the provider {name}, and only {', '.join(sorted(allowed))} may stand here"
        )


def _refuse_strangers(plan: Mapping[str, Any], allowed: frozenset[str]) -> None:
    for each in items(plan, "resource_changes"):
        refuse_provider(str(each.get("provider_name", "")), allowed, at=str(each.get("address")))
    for key, each in _provider_config(plan).items():
        refuse_provider(str(each.get("full_name", "")), allowed, at=f"the configuration of {key}")


def _refuse_another_estate(plan: Mapping[str, Any], environment: Environment) -> None:
    said = below(plan, "variables", "environment").get("value")
    if said in ENVIRONMENTS and said != environment:
        raise PlanRefused(f"this is a plan of {said}, not of {environment}")


def _provider_config(plan: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return below(plan, "configuration", "provider_config")


def _versions(plan: Mapping[str, Any]) -> dict[str, str]:
    named = {str(each.get("provider_name", "")): "" for each in items(plan, "resource_changes")}
    for each in _provider_config(plan).values():
        named[str(each.get("full_name", ""))] = str(each.get("version_constraint", ""))
    return {short_provider(name): version for name, version in sorted(named.items()) if name}


def _changes(plan: Mapping[str, Any], key: str) -> tuple[Change, ...]:
    return tuple(
        _change(each) for each in items(plan, key) if each.get("mode", "managed") == "managed"
    )


def _change(each: Mapping[str, Any]) -> Change:
    change = each.get("change")
    if not isinstance(change, dict) or "actions" not in change:
        raise PlanRefused(f"{each.get('address')} has no change; write the JSON anew")
    said = cast("dict[str, Any]", change)
    after, unknown = said.get("after"), said.get("after_unknown")
    return Change(
        address=str(each["address"]),
        type=str(each["type"]),
        actions=tuple(said["actions"]),
        before=said.get("before"),
        after=None if after is None and not unknown else merged(after or {}, unknown),
        replaced_by=tuple(tuple(path) for path in listed(said, "replace_paths")),
    )


def merged(after: Any, unknown: Any) -> Any:
    """Put `UNKNOWN` wherever `after_unknown` says true; both have the same shape."""
    if unknown is True:
        return UNKNOWN
    if isinstance(unknown, dict):
        known = cast("dict[str, Any]", after if isinstance(after, dict) else {})
        hidden = cast("dict[str, Any]", unknown)
        return {key: merged(known.get(key), hidden.get(key)) for key in {**known, **hidden}}
    if isinstance(unknown, list) and unknown:
        shown = cast("list[Any]", after if isinstance(after, list) else [])
        marks = cast("list[Any]", unknown)
        width = max(len(shown), len(marks))
        return [merged(_nth(shown, index), _nth(marks, index)) for index in range(width)]
    return after


def _nth(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else None


def _resources(
    plan: Mapping[str, Any], defaults: Mapping[str, Mapping[str, Any]]
) -> tuple[Resource, ...]:
    """What the plan leaves behind: all that it names and keeps, and what the state before had untouched."""
    kept: dict[str, Mapping[str, Any]] = {}
    touched: set[str] = set()
    references = References.of(plan)
    sources = Sources(references)
    named: dict[str, Mapping[str, Any]] = {}
    for each in items(plan, "resource_changes"):
        address = str(each["address"])
        if each.get("mode", "managed") != "managed" or "deposed" in each:
            continue
        touched.add(address)
        change = _change(each)
        if change.stays:
            kept[address] = _defaulted(
                change, references.code_of(address), defaults.get(change.type, {})
            )
            named[address] = each
    for each in state_resources(below(plan, "prior_state")):
        address = str(each["address"])
        if address not in touched:
            kept[address] = each.get("values") or {}
            named[address] = each
    return tuple(
        Resource(
            address=address,
            type=str(named[address]["type"]),
            name=str(named[address]["name"]),
            values=kept[address],
            refers=references.from_resource(address),
            sources=sources.of_resource(address),
        )
        for address in sorted(kept)
    )


def _defaulted(
    change: Change, code: Mapping[str, Any], defaults: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Put in what the provider documents to take where code leaves an argument out of what it creates."""
    after = change.after or {}
    if not code or change.before is not None:
        return after
    written = below(code, "expressions")
    left = {
        name: said["value"]
        for name, said in defaults.items()
        if name not in written and after.get(name) is UNKNOWN
    }
    return {**after, **left} if left else after


def state_resources(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give the managed resources of a state, those of its modules too."""
    root = below(state, "values", "root_module")
    found: list[dict[str, Any]] = []
    waiting: list[dict[str, Any]] = [root]
    while waiting:
        module = waiting.pop()
        found += [
            each for each in items(module, "resources") if each.get("mode", "managed") == "managed"
        ]
        waiting += items(module, "child_modules")
        if len(found) > RESOURCES_MAX:
            raise PlanRefused(f"the state has over {RESOURCES_MAX} resources; split the estate")
    return found

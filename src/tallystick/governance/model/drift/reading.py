"""Read a refresh-only plan: which objects are no longer as the state knew them, and the estate before and after."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from tallystick.governance.model.drift.comparing import Manner, changed
from tallystick.governance.model.drift.values import Changed
from tallystick.governance.model.plans import items, parsed, read_plan, state_resources
from tallystick.governance.model.references import below
from tallystick.governance.model.values import Cloud, Environment, Estate, Resource

DRIFT_MAX: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One object of the state that is live no longer as it was: `after` is empty where it is gone."""

    resource: Resource
    after: Mapping[str, Any]
    changed: tuple[Changed, ...]

    @property
    def gone(self) -> bool:
        """Tell whether the object is there no more."""
        return not self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What a refresh found: the estate as the state knew it, as it is live, and what moved between.

    `heard` is what is judged as live: the same, but `UNKNOWN` where a target only gives back what the state knew.
    `left` is how many drifted objects were too many to read.
    """

    known: Estate
    live: Estate
    heard: Estate
    moved: tuple[Moved, ...]
    left: int = 0


def read_refresh(
    *,
    text: str | bytes,
    cloud: Cloud,
    environment: Environment,
    targets: Mapping[str, str] | None = None,
    otherwise: str = "store",
    inventory: Mapping[str, Any] | None = None,
    key: bytes,
    sets: Mapping[str, frozenset[str]] | None = None,
) -> Refreshed:
    """Read the JSON of `terraform plan -refresh-only`. Raises `PlanRefused`.

    `targets` says by type where values were read, `otherwise` where those of all other types were; `sets` by type which
    lists have no order; `key` goes into the digests of secrets.
    """
    read_plan(text=text, cloud=cloud, environment=environment)  # refuses what is no plan of ours
    plan = parsed(text, what="plan")
    where = defaultdict(lambda: otherwise, targets or {})
    live = {
        str(each["address"]): _resource(each, each.get("values") or {}, where)
        for each in state_resources(below(plan, "prior_state"))
    }
    drifted = items(plan, "resource_drift")
    moved = [
        _moved(each, where, key, (sets or {}).get(str(each["type"]), frozenset()))
        for each in drifted[:DRIFT_MAX]
        if each.get("mode", "managed") == "managed"
    ]
    before = dict(live)
    for each in moved:
        before[each.resource.address] = each.resource
        if each.gone:
            live.pop(each.resource.address, None)
    estate = Estate(
        cloud=cloud,
        environment=environment,
        moment="live",
        resources=(),
        inventory=inventory or {},
        looked=targets or {},
        otherwise=otherwise,
    )
    found = replace(estate, resources=_sorted(live))
    return Refreshed(
        known=replace(estate, resources=_sorted(before)),
        live=found,
        heard=found,
        moved=tuple(each for each in moved if each.changed or each.gone),
        left=max(0, len(drifted) - DRIFT_MAX),
    )


def _sorted(resources: Mapping[str, Resource]) -> tuple[Resource, ...]:
    return tuple(resources[address] for address in sorted(resources))


def _resource(
    each: Mapping[str, Any], values: Mapping[str, Any], where: Mapping[str, str]
) -> Resource:
    return Resource(
        address=str(each["address"]),
        type=str(each["type"]),
        name=str(each["name"]),
        values=values,
        target=where[str(each["type"])],
    )


def _moved(
    each: Mapping[str, Any], where: Mapping[str, str], key: bytes, sets: frozenset[str]
) -> Moved:
    change = below(each, "change")
    before, after = below(change, "before"), below(change, "after")
    marks = {**below(change, "before_sensitive"), **below(change, "after_sensitive")}
    address = str(each["address"])
    return Moved(
        resource=_resource(each, before, where),
        after=after,
        changed=changed(
            before=before,
            after=after,
            secret=marks,
            manner=Manner(key=key, about=address, sets=sets),
        )
        if after
        else (),
    )

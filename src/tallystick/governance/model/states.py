"""Read what `terraform show -json` says of a state: what is live, as far as the provider has read it."""

from collections.abc import Mapping
from typing import Any

from tallystick.governance.model.plans import (
    PROVIDERS,
    PlanRefused,
    parsed,
    refuse_provider,
    state_resources,
)
from tallystick.governance.model.values import Cloud, Environment, Estate, Resource


def read_state(
    *,
    text: str | bytes,
    cloud: Cloud,
    environment: Environment,
    inventory: Mapping[str, Any] | None = None,
    targets: Mapping[str, str] | None = None,
    providers: frozenset[str] | None = None,
) -> Estate:
    """Read a state's JSON as a live estate.

    `targets` says by resource type where its values were read ("moto", "aws"); what is not named there was read from
    nowhere but the local "store". Raises `PlanRefused`.
    """
    state = parsed(text, what="state")
    if "resource_changes" in state or "planned_values" in state:
        raise PlanRefused("this is a plan, not a state: `terraform show -json` without a file")
    allowed = PROVIDERS[cloud] if providers is None else providers
    found = state_resources(state)
    for each in found:
        refuse_provider(str(each.get("provider_name", "")), allowed, at=str(each["address"]))
    read_at = targets or {}
    resources = tuple(
        Resource(
            address=str(each["address"]),
            type=str(each["type"]),
            name=str(each["name"]),
            values=each.get("values") or {},
            target=read_at.get(str(each["type"]), "store"),
        )
        for each in sorted(found, key=lambda one: str(one["address"]))
    )
    return Estate(
        cloud=cloud,
        environment=environment,
        moment="live",
        resources=resources,
        inventory=inventory or {},
        looked=read_at,
    )

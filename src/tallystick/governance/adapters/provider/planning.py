"""What a plan says before anything is done: what stays, what is not known yet, what makes a new resource.

The rules are those of Terraform's resource-instance-change-lifecycle: what the author set is kept, what is computed and
unset is unknown on creation and as it was on update, and what the provider itself adds is said in the plan already.
"""

from collections.abc import Mapping
from typing import Any

from tallystick.governance.adapters.provider.pack import Block
from tallystick.governance.model.values import UNKNOWN

Path = tuple[str | int, ...]


def planned(
    block: Block, prior: Mapping[str, Any] | None, proposed: Mapping[str, Any]
) -> dict[str, Any]:
    """Give the planned value of a resource, from the state before and what Terraform proposes."""
    value = dict(proposed)
    if prior is None:
        for name, attribute in block.attributes.items():
            if attribute.computed and value[name] is None:
                value[name] = UNKNOWN
    value |= dict.fromkeys(
        block.written
    )  # taken from the configuration when it is applied, and kept nowhere
    for name, nested in block.blocks.items():
        before = (prior or {}).get(name)
        value[name] = _nested(nested.block, before, value[name])
    return value


def _nested(block: Block, before: Any, value: Any) -> Any:
    if isinstance(value, list):
        olds = before if isinstance(before, list) else []
        return [
            planned(block, olds[at] if at < len(olds) else None, each)
            if isinstance(each, dict)
            else each
            for at, each in enumerate(value)
        ]
    return planned(block, before, value) if isinstance(value, dict) else value


def replaces(block: Block, prior: Mapping[str, Any], value: Mapping[str, Any]) -> list[Path]:
    """Give the paths whose change cannot be made in place."""
    paths: list[Path] = [
        (name,)
        for name, attribute in block.attributes.items()
        if attribute.replaces and prior.get(name) != value.get(name)
    ]
    for name, nested in block.blocks.items():
        before, after = prior.get(name), value.get(name)
        if before == after:
            continue
        if nested.nesting == "list" and isinstance(before, list) and isinstance(after, list):
            for at, (old, new) in enumerate(zip(before, after, strict=False)):
                paths += [(name, at, *rest) for rest in replaces(nested.block, old, new)]
        elif isinstance(before, dict) and isinstance(after, dict) and nested.nesting == "single":
            paths += [(name, *rest) for rest in replaces(nested.block, before, after)]
    return paths


def known(value: Any) -> Any:
    """Give a value with None where something is unknown, as targets want it."""
    if value is UNKNOWN:
        return None
    if isinstance(value, dict):
        return {name: known(each) for name, each in value.items()}
    return [known(each) for each in value] if isinstance(value, list) else value


def settled(plan: Any, actual: Any) -> Any:
    """Give what was planned, with what the target said wherever the plan did not know.

    A target that says otherwise than the plan does not break the apply: the next reading shows it as drift.
    """
    if plan is UNKNOWN:
        return actual
    if isinstance(plan, dict) and isinstance(actual, dict):
        return {name: settled(each, actual.get(name)) for name, each in plan.items()}
    if isinstance(plan, list) and isinstance(actual, list) and len(plan) == len(actual):
        return [settled(each, other) for each, other in zip(plan, actual, strict=True)]
    return known(plan)

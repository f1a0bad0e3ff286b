"""A plan's JSON: whether it changes anything, and what of it a reader is shown."""

import json
from collections.abc import Iterator
from typing import Any, Final, cast

HIDDEN: Final = "(sensitive)"
_QUIET: Final = frozenset({"no-op", "read"})


def changes_something(plan: bytes) -> bool:
    """Whether applying it writes a state: some resource or output is more than read."""
    read = cast("dict[str, Any]", json.loads(plan))
    resources = cast("list[dict[str, Any]]", read.get("resource_changes") or [])
    outputs = cast("dict[str, dict[str, Any]]", read.get("output_changes") or {})
    return any(_acts(one.get("change")) for one in resources) or any(
        _acts(one) for one in outputs.values()
    )


def _acts(change: Any) -> bool:
    return isinstance(change, dict) and bool(
        set(cast("dict[str, Any]", change).get("actions") or ()) - _QUIET
    )


def shown(plan: bytes) -> bytes:
    """What a reader is shown of a plan: without the state that it was made from, and without sensitive values.

    Terraform's JSON has both in the clear, and says by its side which values are sensitive.
    """
    read = cast("dict[str, Any]", json.loads(plan))
    read.pop("prior_state", None)
    for change in _changes(read):
        for moment in ("before", "after"):
            if moment in change:
                change[moment] = _hidden(change[moment], change.get(f"{moment}_sensitive"))
    planned = _mapping(read.get("planned_values"))
    for output in _mapping(planned.get("outputs")).values():
        if _mapping(output).get("sensitive"):
            output["value"] = HIDDEN
    for module in _modules(_mapping(planned.get("root_module"))):
        for one in module.get("resources") or ():
            one["values"] = _hidden(one.get("values"), one.get("sensitive_values"))
    declared = _mapping(
        _mapping(_mapping(read.get("configuration")).get("root_module")).get("variables")
    )
    for name, variable in _mapping(read.get("variables")).items():
        if _mapping(declared.get(name)).get("sensitive"):
            variable["value"] = HIDDEN
    return json.dumps(read, ensure_ascii=False, separators=(",", ":")).encode()


def _changes(read: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for one in (*(read.get("resource_changes") or ()), *(read.get("resource_drift") or ())):
        yield _mapping(one.get("change"))
    for one in read.get("deferred_changes") or ():
        yield _mapping(_mapping(one.get("resource_change")).get("change"))
    yield from map(_mapping, _mapping(read.get("output_changes")).values())


def _modules(root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    waiting = [root]
    # A document is finite, so are its modules.
    while waiting:
        module = waiting.pop()
        yield module
        waiting += module.get("child_modules") or ()


def _hidden(value: Any, mask: Any) -> Any:
    """A value without what its mask calls sensitive: true hides all of it, objects and lists hide their parts."""
    if mask is True:
        return HIDDEN
    if isinstance(value, dict) and isinstance(mask, dict):
        masks = cast("dict[str, Any]", mask)
        return {
            name: _hidden(part, masks.get(name))
            for name, part in cast("dict[str, Any]", value).items()
        }
    if isinstance(value, list) and isinstance(mask, list):
        parts, masked = cast("list[Any]", value), cast("list[Any]", mask)
        padded = [*masked, *([None] * (len(parts) - len(masked)))]
        return [_hidden(part, each) for part, each in zip(parts, padded, strict=False)]
    return cast("Any", value)


def _mapping(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}

"""A plan's JSON: whether it changes anything, and what of it a reader is shown."""

import json
from typing import Any, Final, cast

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

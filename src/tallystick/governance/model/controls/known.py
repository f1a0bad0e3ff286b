"""Whether anything judges what is there: a type that no control knows must have been looked at by a person."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from tallystick.governance.model.predicates import Clause, Control, Finding, control, every
from tallystick.governance.model.values import Estate, Resource

_EVERY_CLOUD: Final = "every_cloud"


def types_known(cloud: str, judged: frozenset[str]) -> Control:
    """Make a cloud's control: every type is judged by some control or stands in `policies/harmless.toml`."""

    @control(f"{cloud}-types-known")
    def known(whole: Resource, estate: Estate) -> Finding | None:
        """What no control knows passes none, so it fails this one."""
        passed = judged | {*_harmless(estate.inventory)} | {*_harmless(estate.inventory, cloud)}
        strange = {each.type: each.address for each in estate.resources if each.type not in passed}
        return every(
            *(
                Clause(False, f"no control knows {kind}, as {address} is: write one, or list it")
                for kind, address in sorted(strange.items())
            )
        )

    return known


def _harmless(inventory: Mapping[str, Any], cloud: str = _EVERY_CLOUD) -> Iterable[str]:
    """Give the types that people found harmless, of all groups of a cloud."""
    groups = cast("Mapping[str, list[str]]", inventory.get("harmless", {}).get(cloud, {}))
    return (each for types in groups.values() for each in types)

"""The schemas that our provider serves: facts read out of published packages, pruned to the types in `types.toml`.

`pack.json.gz` says which packages it was made of. `tests/governance/packing` makes it.
"""

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from typing import Any, Final

PROVIDERS: Final = ("aws", "azurerm", "google")
WRITE_ONLY: Final = "_wo"  # the ending of every attribute that providers take but never keep


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute: its type in cty's JSON, and what Terraform must know of it."""

    type: Any
    flags: str

    @property
    def required(self) -> bool:
        """Say whether the author must set it."""
        return "r" in self.flags

    @property
    def optional(self) -> bool:
        """Say whether the author may set it."""
        return "o" in self.flags

    @property
    def computed(self) -> bool:
        """Say whether the cloud sets it where the author does not."""
        return "c" in self.flags

    @property
    def sensitive(self) -> bool:
        """Say whether its value is hidden from plans that people read."""
        return "s" in self.flags

    @property
    def replaces(self) -> bool:
        """Say whether a change of it makes a new resource."""
        return "f" in self.flags


@dataclass(frozen=True, slots=True)
class Nested:
    """A block within a block: "single", "list", "set" or "map", and how many there may be (0: no bound)."""

    nesting: str
    least: int
    most: int
    block: "Block"


class Block:
    """One schema: its attributes and blocks by name."""

    def __init__(self, raw: Mapping[str, Any]):
        """Hold the packed form; it is unfolded when somebody asks."""
        self._raw = raw

    @cached_property
    def attributes(self) -> Mapping[str, Attribute]:
        """Give the attributes by name."""
        return {name: Attribute(kind, flags) for name, (kind, flags) in self._raw["a"].items()}

    @cached_property
    def blocks(self) -> Mapping[str, Nested]:
        """Give the nested blocks by name."""
        return {
            name: Nested(nesting, least, most, Block(inner))
            for name, (nesting, least, most, inner) in self._raw["b"].items()
        }

    @cached_property
    def written(self) -> tuple[str, ...]:
        """Give the names of attributes that are taken and never kept."""
        return tuple(name for name in self.attributes if name.endswith(WRITE_ONLY))

    def empty(self) -> dict[str, Any]:
        """Give a value of this shape with nothing set."""
        value: dict[str, Any] = dict.fromkeys(self.attributes)
        for name, nested in self.blocks.items():
            value[name] = {"single": None, "map": {}}.get(nested.nesting, [])
        return value


@dataclass(frozen=True, slots=True)
class Pack:
    """All that one provider serves."""

    name: str
    version: str
    config: Block
    resources: Mapping[str, Block]
    data: Mapping[str, Block]


def load(name: str) -> Pack:
    """Give the pack of "aws", "azurerm" or "google"."""
    raw = _read()["providers"][name]
    return Pack(
        name=name,
        version=raw["version"],
        config=Block(raw["provider"]),
        resources={kind: Block(block) for kind, block in raw["resources"].items()},
        data={kind: Block(block) for kind, block in raw["data"].items()},
    )


def versions() -> dict[str, str]:
    """Give the version of each real provider whose schemas the pack has."""
    return {name: raw["version"] for name, raw in _read()["providers"].items()}


def source() -> list[dict[str, str]]:
    """Give the packages that the facts were read out of: name, version, licence."""
    return _read()["source"]


def _read() -> Any:
    return json.loads(
        gzip.decompress(
            (
                resources.files("tallystick.governance.adapters.provider") / "pack.json.gz"
            ).read_bytes()
        )
    )

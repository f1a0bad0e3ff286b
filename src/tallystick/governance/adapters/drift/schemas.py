"""What drift needs of the schemas that our provider serves: all types, their attributes, and which lists are sets."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from tallystick.governance.adapters.provider.pack import Block, load
from tallystick.governance.model.values import Cloud

_PACKS: Final[Mapping[str, str]] = {"aws": "aws", "azure": "azurerm", "gcp": "google"}


@cache
def sets_of(cloud: Cloud) -> Mapping[str, frozenset[str]]:
    """Give by type the dotted paths of its sets, without places: `ingress.cidr_blocks`."""
    pack = load(_PACKS[cloud])
    return {type_: frozenset(_sets(block, "")) for type_, block in pack.resources.items()}


@cache
def types_of(cloud: Cloud) -> frozenset[str]:
    """Give all types that the schemas of a cloud have."""
    return frozenset(load(_PACKS[cloud]).resources)


@cache
def names_of_type(cloud: Cloud, type_: str) -> frozenset[str]:
    """Give the names of all attributes and blocks of a type; none of one that the schemas do not have."""
    block = load(_PACKS[cloud]).resources.get(type_)
    return frozenset() if block is None else frozenset((*block.attributes, *block.blocks))


def _sets(block: Block, under: str) -> Iterator[str]:
    for name, attribute in block.attributes.items():
        yield from _in_type(attribute.type, f"{under}{name}")
    for name, nested in block.blocks.items():
        if nested.nesting == "set":
            yield f"{under}{name}"
        yield from _sets(nested.block, f"{under}{name}.")


def _in_type(told: Any, path: str) -> Iterator[str]:
    """Follow a type in cty's JSON: `["set", "string"]`, `["list", ["object", {…}]]`."""
    if not isinstance(told, list):
        return
    kind, inner = told[0], told[1]
    if kind == "set":
        yield path
    if kind == "object":
        for name, each in inner.items():
            yield from _in_type(each, f"{path}.{name}")
    else:
        yield from _in_type(inner, path)

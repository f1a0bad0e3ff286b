"""What a cloud is made of, in one shape: the attributes that Terraform's plans and states have.

A plan, a live cloud and a Kubernetes manifest all arrive as an `Estate` of `Resource`s, so that one predicate judges
them all. Where a plan knows a value only after apply, `UNKNOWN` stands in its place.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Literal, cast

Cloud = Literal["aws", "azure", "gcp", "kubernetes"]
Environment = Literal["development", "staging", "production"]
ENVIRONMENTS: Final[tuple[Environment, ...]] = ("development", "staging", "production")
Moment = Literal["planned", "live"]


class Unknown(Enum):
    """The one value that a plan does not know yet; it is neither true nor false."""

    UNKNOWN = "known after apply"

    def __bool__(self) -> bool:
        raise TypeError("a value known after apply is neither true nor false")


UNKNOWN: Final = Unknown.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One object of a cloud.

    `values` has Terraform's shape: blocks are sequences of mappings. `refers` says, by the path of an attribute's first
    part, which addresses of the estate its expression names: how an unknown id is followed. `sources` says in the
    shape of the values of which types all is that an unknown value comes from, where that can be told. `target` says
    where the values were read: "plan", or the name of a live target ("aws", "moto", "store").
    """

    address: str
    type: str
    name: str
    values: Mapping[str, Any]
    refers: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    sources: Mapping[str, Any] = field(default_factory=dict[str, Any])
    target: str = "plan"

    def at(self, path: str) -> Any:
        """Follow a dotted path (`rule.0.status`); what is absent is None, and what is past an unknown is UNKNOWN."""
        value: Any = self.values
        for part in path.split("."):
            if value is UNKNOWN or value is None:
                return value
            value = _step(value, part)
        return value


def _step(value: Any, part: str) -> Any:
    if isinstance(value, Mapping):
        return cast("Mapping[str, Any]", value).get(part)
    if isinstance(value, (list, tuple)) and part.isdigit():
        items = cast("list[Any]", value)
        return items[int(part)] if int(part) < len(items) else None
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """All resources of one environment on one cloud, at one moment, and the inventory that says what they must bear.

    `looked` says by type where a live estate was looked at, `otherwise` where all other types were: the absence of a
    type has a target too.
    """

    cloud: Cloud
    environment: Environment
    moment: Moment
    resources: tuple[Resource, ...]
    inventory: Mapping[str, Any] = field(default_factory=dict[str, Any])
    looked: Mapping[str, str] = field(default_factory=dict[str, str])
    otherwise: str = "store"

    def of_type(self, *types: str) -> Iterator[Resource]:
        """Yield the resources of these types, in the order of their addresses."""
        return (each for each in self.resources if each.type in types)

    def target_of(self, type_: str) -> str:
        """Say where resources of a type would have been read, had there been any."""
        return "plan" if self.moment == "planned" else self.looked.get(type_, self.otherwise)

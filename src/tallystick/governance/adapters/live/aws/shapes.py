"""Turn Terraform's attributes into members of AWS's API and back, by a table for each type."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class One:
    """A block that may stand once: in the API one structure, or the same structure where `member` is empty."""

    member: str
    shape: "Shape"


@dataclass(frozen=True, slots=True)
class Many:
    """A block that may stand many times: in the API a list of structures."""

    member: str
    shape: "Shape"


Shape = Mapping[str, str | One | Many]


def to_api(shape: Shape, values: Mapping[str, Any]) -> dict[str, Any]:
    """Give the API's structure; what has no value is left out."""
    answer: dict[str, Any] = {}
    for name, to in shape.items():
        value = values.get(name)
        if value is None or value == []:
            continue
        if isinstance(to, str):
            answer[to] = value
        elif isinstance(to, Many):
            answer[to.member] = [to_api(to.shape, each) for each in value]
        elif to.member:
            answer[to.member] = to_api(to.shape, value[0])
        else:
            answer.update(to_api(to.shape, value[0]))
    return answer


def from_api(shape: Shape, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Give the attributes; what the API left out is None, and a block that is not there an empty list."""
    return {name: _attribute(to, answer) for name, to in shape.items()}


def _attribute(to: str | One | Many, answer: Mapping[str, Any]) -> Any:
    if isinstance(to, str):
        return answer.get(to)
    if isinstance(to, Many):
        return [from_api(to.shape, each) for each in answer.get(to.member) or ()]
    if to.member:
        return [from_api(to.shape, answer[to.member])] if answer.get(to.member) is not None else []
    seen = from_api(to.shape, answer)
    return [seen] if any(value not in (None, []) for value in seen.values()) else []

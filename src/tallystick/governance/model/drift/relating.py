"""Say which objects belong together: one names the other's id, or both are parts of the same."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, cast

from tallystick.governance.model.values import Resource

_NAMES: Final = ("id", "arn", "self_link", "key_id")
_SHORTEST: Final = 3
_DEPTH_MAX: Final = 8


def related(*, subject: Resource, among: Iterable[Resource]) -> frozenset[str]:
    """Give the addresses of what a change of the subject can break: itself, what it names, what names it."""
    mine, named = _names(subject), frozenset(_texts(subject.values))
    return frozenset(
        each.address
        for each in among
        if each.address == subject.address
        or (theirs := _names(each)) & named
        or mine & frozenset(_texts(each.values))
        or theirs & mine
    )


def _names(resource: Resource) -> frozenset[str]:
    told = (resource.values.get(key) for key in _NAMES)
    return frozenset(each for each in told if isinstance(each, str) and len(each) >= _SHORTEST)


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    if depth > _DEPTH_MAX:
        return
    if isinstance(value, Mapping):
        for each in cast("Mapping[str, Any]", value).values():
            yield from _texts(each, depth + 1)
    elif isinstance(value, (list, tuple)):
        for each in cast("list[Any]", value):
            yield from _texts(each, depth + 1)
    elif isinstance(value, str) and len(value) >= _SHORTEST:
        yield value

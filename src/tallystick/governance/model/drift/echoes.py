"""Tell what a live target says from what it only gives back: an echo of the state is no evidence of what is live.

A list of objects is read with nothing known but where to look, so whatever it has no word for was never told: the
server drops it, or nobody asks for it. Where a live estate is judged, `UNKNOWN` stands in its place.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from tallystick.governance.model.values import UNKNOWN, Estate, Resource

Values = Mapping[str, Any]
Words = Mapping[str, "Words"]
"""The names that are told of objects of one type, with those that are told of their blocks."""


def without_echoes(*, live: Estate, listed: Mapping[str, Iterable[Values]]) -> Estate:
    """Give the estate with `UNKNOWN` for all that no listed object of the same type has a word for.

    A type of which nothing was listed is left as it is: nothing was read of it, or nothing is there.
    """
    told = {type_: _words(objects) for type_, objects in listed.items()}
    return replace(
        live, resources=tuple(_heard(each, told.get(each.type)) for each in live.resources)
    )


def _words(objects: Iterable[Values]) -> Words:
    found: dict[str, list[Values]] = {}
    for each in objects:
        for name, value in each.items():
            found.setdefault(name, []).extend(_blocks(value))
    return {name: _words(blocks) for name, blocks in found.items()}


def _blocks(value: Any) -> list[Values]:
    """Give the blocks in a value; the names in a map are its own, and no attributes."""
    items = cast("list[Any]", value) if isinstance(value, (list, tuple)) else []
    return [cast("Values", each) for each in items if isinstance(each, Mapping)]


def _heard(resource: Resource, words: Words | None) -> Resource:
    if not words:
        return resource
    values = {
        name: _inside(value, words[name]) if name in words else UNKNOWN
        for name, value in resource.values.items()
    }
    return replace(resource, values=values)


def _inside(value: Any, words: Words) -> Any:
    """Give a value with `UNKNOWN` in its blocks; there, what is not told and not set is told to be absent."""
    blocks = _blocks(value)
    if not words or not blocks:
        return value
    return [
        {
            name: _inside(each, words[name]) if name in words else each if each is None else UNKNOWN
            for name, each in block.items()
        }
        for block in blocks
    ]

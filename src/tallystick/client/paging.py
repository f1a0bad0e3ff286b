"""Lists that come in pages: what the next page is asked with, and where a list ends."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, TypeVar

from tallystick.client.calls import Call

Item = TypeVar("Item")

PAGES_MAX = 1_000_000


class ListTooLong(ValueError):
    """There is more than the caller said there would be at most; nothing was left out silently."""


class Walk:
    """One list from its start: how much of it was given, and what asks for the rest."""

    def __init__(self, call: Call[Any], *, most: int) -> None:
        if most < 1:
            raise ValueError("a list has at least one item, so most is at least 1")
        self._call, self._most, self._given = call, most, 0

    def give(self, items: tuple[Item, ...]) -> Iterator[Item]:
        """Give items of a page. Raises ListTooLong at the first beyond the bound."""
        for item in items:
            if self._given == self._most:
                raise ListTooLong(
                    f"{self._call.path} has more than {self._most} items: narrow the list, or raise most"
                )
            self._given += 1
            yield item

    def after(self, cursor: Any) -> Call[Any]:
        """The question for the page after a cursor."""
        return replace(self._call, query={**self._call.query, "after": cursor})

"""What every group of questions has: a way to ask, a way to walk a list, and what makes ids."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Protocol

from tallystick.client.calls import Answer, Call

Items = Callable[[Any], tuple[Any, ...]]
"""Takes the items out of a page."""


class Ask(Protocol):
    """Asks a question."""

    def __call__(self, call: Call[Answer]) -> Answer: ...


class Walk(Protocol):
    """Walks a list."""

    def __call__(self, call: Call[Any], items: Items, most: int) -> Iterator[Any]: ...


class AsyncAsk(Protocol):
    """Asks a question, and is awaited."""

    async def __call__(self, call: Call[Answer]) -> Answer: ...


class AsyncWalk(Protocol):
    """Walks a list, and is awaited."""

    def __call__(self, call: Call[Any], items: Items, most: int) -> AsyncIterator[Any]: ...


class Group:
    """Questions about one thing."""

    def __init__(self, ask: Ask, walk: Walk, new_key: Callable[[], str]) -> None:
        self._ask, self._walk, self._new_key = ask, walk, new_key


class AsyncGroup:
    """Questions about one thing, awaited."""

    def __init__(self, ask: AsyncAsk, walk: AsyncWalk, new_key: Callable[[], str]) -> None:
        self._ask, self._walk, self._new_key = ask, walk, new_key

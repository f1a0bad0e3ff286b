"""Parts of a page: each asks its own door, at the same time as the others, and is shown without them."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Generic, TypeVar

from tallystick.kernel.problems import Kind, Problem

Answer = TypeVar("Answer")
_NOT_FOR_THEM = (Kind.FORBIDDEN, Kind.NOT_FOUND)


@dataclass(frozen=True)
class Part(Generic[Answer]):
    """What a door answered for a part of a page: something, or nothing because it is ``away`` just now."""

    answer: Answer | None = None
    away: bool = False


async def part(asked: Awaitable[Answer]) -> Part[Answer]:
    """Ask a door for a part. What is not there, or not for the caller, is left out; who does not answer is away.

    Raises any other Problem.
    """
    try:
        return Part(await asked)
    except Problem as problem:
        if problem.kind == Kind.UNAVAILABLE:
            return Part(away=True)
        if problem.kind in _NOT_FOR_THEM:
            return Part()
        raise

"""Near doors: how one context calls another in the same process."""

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar, get_type_hints

import msgspec

from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import Problem
from tallystick.kernel.tags import Tag, notes_refusals, tags_of
from tallystick.runtime.database import open_transaction_role

Door = TypeVar("Door")


class TransactionOpen(AssertionError):
    """A door was called inside a transaction: a bug, since contexts never share one."""


class Refusals(Protocol):
    """Somebody who writes refusals into the record."""

    async def refuse(self, *, caller: Caller, tag: Tag, problem: Problem, message: Any) -> None:
        """Write down that what ``caller`` asked was refused."""
        ...


def near(
    door: type[Door], service: Door, *, refusals: Refusals | None = None, wire: bool = False
) -> Door:
    """Stand a service behind its door.

    A call while a transaction is open is a bug and raises TransactionOpen. With ``wire`` every message and
    answer also goes through its wire format, so that nothing passes here that could not pass a network. A refusal by a
    method that is on record is on record too, before it is answered.
    """
    gate: Any = type(f"Near{door.__name__}", (), {})()
    for name, method in inspect.getmembers(door, inspect.isfunction):
        if not name.startswith("_"):
            setattr(
                gate, name, _guard(method, getattr(service, name), refusals=refusals, wire=wire)
            )
    return gate


def _guard(
    method: Callable[..., Any],
    target: Callable[..., Awaitable[Any]],
    *,
    refusals: Refusals | None,
    wire: bool,
) -> Callable[..., Awaitable[Any]]:
    hints = get_type_hints(method)
    tags = tags_of(method)
    if refusals is not None and tags and not notes_refusals(method):
        target = _noting(target, tags[0], refusals)

    def stand_still() -> None:
        role = open_transaction_role()
        if role is not None:
            raise TransactionOpen(
                f"{method.__qualname__} was called inside a transaction of {role}"
            )

    # No coroutine of its own: this stands in the path of every request.
    @functools.wraps(method)
    def pass_on(*, caller: Caller, message: Any) -> Awaitable[Any]:
        stand_still()
        return target(caller=caller, message=message)

    @functools.wraps(method)
    async def send(*, caller: Caller, message: Any) -> Any:
        stand_still()
        caller = _through_wire(caller, Caller)
        answer = await target(caller=caller, message=_through_wire(message, hints["message"]))
        return _through_wire(answer, hints["return"])

    return send if wire else pass_on


def _noting(
    target: Callable[..., Awaitable[Any]], tag: Tag, refusals: Refusals
) -> Callable[..., Awaitable[Any]]:
    async def note(*, caller: Caller, message: Any) -> Any:
        try:
            return await target(caller=caller, message=message)
        except Problem as problem:
            await refusals.refuse(caller=caller, tag=tag, problem=problem, message=message)
            raise

    return note


def _through_wire(value: Any, kind: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value), type=kind)

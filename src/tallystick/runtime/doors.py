"""Near doors: how one context calls another in the same process."""

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar, get_type_hints

import msgspec
from msgspec import structs

from tallystick.kernel.actions import (
    NO_FACTS,
    Action,
    Facts,
    actions_of,
    openness_of,
    telling_of,
)
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


class Guard(Protocol):
    """Somebody who says whether a call may be made."""

    def admitted(self, caller: Caller, actions: tuple[Action, ...]) -> Caller | None:
        """The caller as it goes on, when that was decided lately for whatever the message says; else None."""
        ...

    async def admit(
        self,
        caller: Caller,
        *,
        wanted: tuple[Action, ...],
        actions: tuple[Action, ...],
        facts: Facts,
        message: Any,
    ) -> Caller:
        """The caller as it goes on, with the decision and what bounds it. Raises the problem that keeps it out.

        ``wanted`` are those of the method's ``actions`` that this message is.
        """
        ...

    async def foresee(
        self, caller: Caller, *, wanted: tuple[Action, ...], facts: Facts, message: Any
    ) -> Problem | None:
        """The problem that would keep a call out as things stand, None for one that would be let in.

        Nobody else is asked to agree to anything.
        """
        ...


def near(
    door: type[Door],
    service: Door,
    *,
    refusals: Refusals | None = None,
    guard: Guard | None = None,
    wire: bool = False,
) -> Door:
    """Stand a service behind its door.

    With a ``guard`` nobody gets in who may not: each method names its actions.

    A call while a transaction is open is a bug and raises TransactionOpen. With ``wire`` every message and
    answer also goes through its wire format, so that nothing passes here that could not pass a network. A refusal by a
    method that is on record is on record too, before it is answered.
    """
    gate: Any = type(f"Near{door.__name__}", (), {})()
    for name, method in inspect.getmembers(door, inspect.isfunction):
        if not name.startswith("_"):
            setattr(
                gate,
                name,
                _stand(method, getattr(service, name), refusals=refusals, guard=guard, wire=wire),
            )
    return gate


def stand_still(method: Callable[..., Any]) -> None:
    """Raise TransactionOpen when a method of a door is called inside a transaction."""
    role = open_transaction_role()
    if role is not None:
        raise TransactionOpen(f"{method.__qualname__} was called inside a transaction of {role}")


def behalf(door: type[Door], gate: Door, *, of: str) -> Door:
    """A door as another context knocks at it: each call says that it is made ``of`` that context, for its caller."""
    knocking: Any = type(f"{door.__name__}Behalf", (), {})()
    for name, method in inspect.getmembers(door, inspect.isfunction):
        if not name.startswith("_"):
            setattr(knocking, name, _for(method, getattr(gate, name), of))
    return knocking


def _for(
    method: Callable[..., Any], target: Callable[..., Awaitable[Any]], of: str
) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(method)
    def knock(*, caller: Caller, message: Any) -> Awaitable[Any]:
        return target(caller=structs.replace(caller, via=of), message=message)

    return knock


def _stand(
    method: Callable[..., Any],
    target: Callable[..., Awaitable[Any]],
    *,
    refusals: Refusals | None,
    guard: Guard | None,
    wire: bool,
) -> Callable[..., Awaitable[Any]]:
    hints = get_type_hints(method)
    tags = tags_of(method)
    if guard is not None and openness_of(method) is None:
        target = _guarded(method, target, guard)
    if refusals is not None and tags and not notes_refusals(method):
        target = _noting(target, tags[0], refusals)

    # No coroutine of its own: this stands in the path of every request.
    @functools.wraps(method)
    def pass_on(*, caller: Caller, message: Any) -> Awaitable[Any]:
        stand_still(method)
        return target(caller=caller, message=message)

    @functools.wraps(method)
    async def send(*, caller: Caller, message: Any) -> Any:
        stand_still(method)
        caller = _through_wire(caller, Caller)
        answer = await target(caller=caller, message=_through_wire(message, hints["message"]))
        return _through_wire(answer, hints["return"])

    return send if wire else pass_on


def _guarded(
    method: Callable[..., Any], target: Callable[..., Awaitable[Any]], guard: Guard
) -> Callable[..., Awaitable[Any]]:
    actions, telling = actions_of(method), telling_of(method)
    if not actions:
        raise ValueError(f"{method.__qualname__} names no action, so nobody may ask it")

    async def ask(caller: Caller, message: Any, wanted: tuple[Action, ...], facts: Facts) -> Any:
        admitted = await guard.admit(
            caller, wanted=wanted, actions=actions, facts=facts, message=message
        )
        return await target(caller=admitted, message=message)

    def enter(*, caller: Caller, message: Any) -> Awaitable[Any]:
        # Decided lately for any message: no coroutine of its own, since this stands in the path of every request.
        admitted = guard.admitted(caller, actions)
        if admitted is not None:
            return target(caller=admitted, message=message)
        facts = telling(message) if telling is not None else NO_FACTS
        return ask(caller, message, facts.actions or actions, facts)

    return enter


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

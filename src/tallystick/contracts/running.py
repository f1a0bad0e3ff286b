"""Running a contract: each promise tried once, in a bounded time, every answer held to its wire format."""

import asyncio
import functools
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, get_type_hints

import msgspec

from tallystick.contracts.promises import Broken, Contract, Outcome, Promise, World, is_weather
from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import Kind, Problem

PROMISE_S: Final = 20
"""A promise is tried for so long, and then it is broken."""
CONTRACT_S: Final = 120
FIRST_FAILED_MAX: Final = 10
"""So many broken promises are told of where there is little room."""
_REASON_MAX: Final = 500


async def reaches(contract: Contract, door: Any, world: World) -> bool:
    """Whether a door answers at all, and reaches what it needs itself; how it answers is for its promises."""
    if contract.reach is None:
        return True
    try:
        async with asyncio.timeout(PROMISE_S):
            await contract.reach(door, world)
    except Problem as problem:
        return problem.kind is not Kind.UNAVAILABLE
    except TimeoutError:
        return False
    except Exception:
        # Then it answers, and wrongly.
        return True
    return True


async def run(
    contract: Contract, door: Any, world: World, *, within_s: int = CONTRACT_S
) -> list[Outcome]:
    """Try every promise of a contract on a door; answers one outcome each, in order.

    Never raises for what the door does. When the time is over, the promises that are left are broken.
    """
    held = exactly(contract.door, door)
    until = time.monotonic_ns() + within_s * 1_000_000_000
    outcomes: list[Outcome] = []
    for promise in contract.promises:
        left_s = (until - time.monotonic_ns()) // 1_000_000_000
        if left_s < 1:
            broken = f"not tried: the {within_s} seconds for all promises were over"
            is_lost = True
        else:
            broken, is_lost = await _tried(promise, held, world, min(PROMISE_S, left_s))
        outcomes.append(
            Outcome(
                promise=promise.name,
                says=promise.says,
                broken=None if broken is None else broken[:_REASON_MAX],
                is_lost=is_lost,
            )
        )
    return outcomes


async def _tried(
    promise: Promise, door: Any, world: World, within_s: int
) -> tuple[str | None, bool]:
    """Try a promise; answers how it was broken, None when it was kept, and whether that is weather alone."""
    try:
        async with asyncio.timeout(within_s):
            await promise.keep(door, world)
    except Broken as broken:
        return str(broken), False
    except TimeoutError:
        return f"it took more than {within_s} seconds", True
    except Problem as problem:
        return f"it was refused: {problem}", is_weather(problem)
    except Exception as error:
        # Whatever somebody else's implementation raises is no refusal.
        return f"it failed with {type(error).__name__}: {error}", False
    return None, False


def exactly(door: type, target: Any) -> Any:
    """A door whose answers are held to the wire format: of the type it says, and nothing more."""
    held: Any = type(f"Exact{door.__name__}", (), {})()
    for name, method in inspect.getmembers(door, inspect.isfunction):
        if not name.startswith("_"):
            setattr(held, name, _exact(method, getattr(target, name)))
    return held


def _exact(
    method: Callable[..., Any], target: Callable[..., Awaitable[Any]]
) -> Callable[..., Awaitable[Any]]:
    kind = get_type_hints(method)["return"]

    @functools.wraps(method)
    async def ask(*, caller: Caller, message: Any) -> Any:
        answer = await target(caller=caller, message=message)
        try:
            return msgspec.json.decode(msgspec.json.encode(answer), type=kind)
        except (msgspec.MsgspecError, TypeError) as error:
            raise Broken(
                f"{method.__name__} answered in another format than {kind.__name__}: {error}"
            ) from None

    return ask

"""One seed, one world: whatever is repeated, raced for or killed, every law holds, and everybody was told the truth."""

import asyncio
import re
import time

import pytest

from tallystick.runtime.clock import SystemClock
from tests.simulation import laws
from tests.simulation.ground import Ground
from tests.simulation.plan import draw
from tests.simulation.world import World

FOUND_SHOWN_MAX = 20
EXPIRY_WAIT_S = 15
POLL_S = 0.05
# What the server logs when something happened that nobody provided for.
_DEFECT = re.compile(r'"event": ?"request_failed"|Task exception was never retrieved')


@pytest.mark.simulation
@pytest.mark.timeout(110)
async def test_every_law_holds_in_the_world_of(seed: int, ground: Ground) -> None:
    world = World(plan=draw(seed, now=SystemClock().now()), ground=ground)
    logged = ground.log_size()
    try:
        await world.prepare()
        await world.live(after_blow=lambda: _demand_laws(world))
        await world.settle()
        await world.repeat_everything()
        await _holds_have_expired(world)
        _refuse(await laws.of_the_end(world))
        _refuse(_defects(ground.logged_since(logged)))
    except BaseException as error:
        again = f"live it again alone:  .venv/bin/pytest tests/simulation --seed {seed}"
        print(f"seed {seed} failed; {again}", *_defects(ground.logged_since(logged)), sep="\n")
        error.add_note(again)
        raise
    print(_told(world))


async def _demand_laws(world: World) -> None:
    _refuse(await laws.of_this_moment(world))


async def _holds_have_expired(world: World) -> None:
    give_up_at = time.monotonic() + EXPIRY_WAIT_S
    while await laws.holds_due(world):
        assert time.monotonic() < give_up_at, "holds do not expire"
        await asyncio.sleep(POLL_S)


def _refuse(found: list[str]) -> None:
    shown = "\n".join(found[:FOUND_SHOWN_MAX])
    assert not found, f"{len(found)} laws broken, the first of them:\n{shown}"


def _defects(log: str) -> list[str]:
    return [line for line in log.splitlines() if _DEFECT.search(line)]


def _told(world: World) -> str:
    asked = world.memory.asked.values()
    done = sum(one.transaction is not None for one in asked)
    hits = " ".join("+".join(sorted(blow.hits)) for blow in world.plan.blows)
    return (
        f"seed {world.plan.seed}: {done} of {len(asked)} acts done, {len(world.memory.files)} files,"
        f" {world.repetitions} requests unanswered at first, killed: {hits}"
    )

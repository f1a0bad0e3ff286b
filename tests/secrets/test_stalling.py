"""An operator who stalls at any call while another takes the turn over, and then goes on, harms nothing."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from tallystick.governance.model import rotation as machine
from tallystick.governance.model.homes import Fence, HomeRefused, Sealed
from tallystick.governance.model.rotation import OutOfOrder
from tallystick.governance.model.secrets import SecretSpec
from tallystick.governance.service.secrets.knowing import LEASE_S
from tests.secrets.specs import PLACE
from tests.secrets.test_crashes import (
    CUTS_MAX,
    SPECS,
    all_acknowledge,
    prepared,
    rotate,
    rotate_on,
    value_in,
)
from tests.secrets.worlds import World


async def stalled(world: World, cut: int, doing: Any) -> asyncio.Task[Any] | None:
    """Start what an operator does, up to where it stalls; None when it ended before."""
    wire = world.wire
    wire.calls, wire.cut, wire.stalls, wire.is_on = 0, cut, True, True
    wire.stalled.clear()
    wire.goes_on.clear()
    task = asyncio.create_task(doing)
    waiting = asyncio.create_task(wire.stalled.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    wire.is_on = False
    waiting.cancel()
    if task.done():
        await task
        return None
    world.clock.pass_s(LEASE_S + 1)
    return task


async def goes_on(world: World, task: asyncio.Task[Any]) -> None:
    world.wire.goes_on.set()
    with suppress(HomeRefused, OutOfOrder):
        await task


async def demand_sound(world: World) -> None:
    """What is given out everywhere is one value, the issuer knows that and no other, and no old one can be read."""
    (value,) = set(await value_in(world))
    assert world.issuer.valid == {value}
    for home in world.homes():
        assert {one["value"] for one in home.kept[str(PLACE)] if one} == {value}


@pytest.mark.parametrize("kind", SPECS)
@pytest.mark.parametrize("comes_back", ["while consumers are waited for", "after the end"])
async def test_who_stalls_while_a_new_one_is_made(kind: str, comes_back: str) -> None:
    spec, cut = SPECS[kind], 0
    for cut in range(1, CUTS_MAX):
        world = await prepared(spec)
        task = await stalled(world, cut, rotate(world, spec))
        if task is None:
            break
        assert isinstance((await rotate(world, spec, holder="boris"))[1], machine.Await)
        if comes_back != "after the end":
            await goes_on(world, task)
        await all_acknowledge(world, spec)
        state, _ = await rotate_on(world, spec)
        assert state.step == "done"
        await goes_on(world, task)
        # Whoever stalled before the turn was taken wants another one.
        await all_acknowledge(world, spec)
        await rotate_on(world, spec)
        await demand_sound(world)
    assert 20 < cut < CUTS_MAX - 1


@pytest.mark.parametrize("kind", SPECS)
@pytest.mark.parametrize("comes_back", ["at once", "in the next rotation"])
async def test_who_stalls_while_the_old_one_is_ended(kind: str, comes_back: str) -> None:
    spec, cut = SPECS[kind], 0
    for cut in range(1, CUTS_MAX):
        world = await prepared(spec)
        await rotate(world, spec)
        await all_acknowledge(world, spec)
        task = await stalled(world, cut, rotate_on(world, spec))
        if task is None:
            break
        assert (await rotate_on(world, spec))[0].step == "done"
        if comes_back == "in the next rotation":
            await rotate(world, spec)
            await goes_on(world, task)
            await all_acknowledge(world, spec)
            assert (await rotate_on(world, spec))[0].step == "done"
        await goes_on(world, task)
        await demand_sound(world)
    assert 20 < cut < CUTS_MAX - 1


class OnePassword:
    """An issuer as PostgreSQL is: a role has one password, the last that was set; setting it stalls once."""

    settles_s = 0

    def __init__(self) -> None:
        self.passwords, self.made = {"a": "value-old"}, 0
        self.reached, self.goes_on = asyncio.Event(), asyncio.Event()

    async def make(
        self, *, spec: SecretSpec, old: Sealed | None, rotation: str, fence: Fence
    ) -> Sealed:
        self.made += 1
        return Sealed({"username": "b", "value": f"password-{self.made}"})

    async def install(self, *, spec: SecretSpec, value: Sealed, fence: Fence) -> None:
        await fence()
        if not self.reached.is_set():
            self.reached.set()
            await self.goes_on.wait()
        self.passwords["b"] = value.reveal()["value"]

    async def is_alive(self, *, spec: SecretSpec, value: Sealed) -> bool:
        fields = value.reveal()
        return self.passwords.get(fields.get("username", "a")) == fields["value"]

    async def revoke_others(self, *, spec: SecretSpec, keep: Sealed, fence: Fence) -> None:
        await fence()
        self.passwords.pop("a", None)


async def test_what_the_stalled_one_brings_into_force_is_what_the_home_gives_out() -> None:
    spec = SPECS["role"]
    world, issuer = await prepared(spec), OnePassword()
    world.ground = replace(world.ground, kinds={"postgres_role": issuer})
    ada = asyncio.create_task(rotate(world, spec, holder="ada"))
    await issuer.reached.wait()
    world.clock.pass_s(LEASE_S + 1)
    await rotate(world, spec, holder="boris")
    issuer.goes_on.set()
    with pytest.raises(HomeRefused, match="took this over"):
        await ada
    given_out = (await world.primary.read(place=PLACE)).value
    assert issuer.passwords == {"a": "value-old", "b": given_out.reveal()["value"]}
    await all_acknowledge(world, spec)
    assert (await rotate_on(world, spec))[0].step == "done"
    assert await issuer.is_alive(spec=spec, value=given_out)

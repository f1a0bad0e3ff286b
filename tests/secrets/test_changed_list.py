"""The list of secrets is changed: while a rotation is under way, and between two."""

import pytest

from tallystick.governance.model import rotation as machine
from tallystick.governance.model.homes import HomeRefused
from tallystick.governance.service.secrets.acknowledging import acknowledge
from tallystick.governance.service.secrets.knowing import look, turn
from tallystick.governance.service.secrets.opening import sync_one
from tests.secrets.specs import PLACE, random_spec, spec_of
from tests.secrets.test_crashes import OLD, all_acknowledge, prepared, rotate, rotate_on

FEWER = {"development": [], "staging": ["aws"], "production": ["aws"]}


@pytest.mark.parametrize("is_spread", [False, True])
async def test_a_home_that_leaves_the_list_under_way_stops_before_anything_is_called_dead(
    is_spread: bool,
) -> None:
    spec = random_spec()
    world = await prepared(spec)
    world.wire.down = set() if is_spread else {"gcp"}
    if is_spread:
        await rotate(world, spec)
        await all_acknowledge(world, spec)
    else:
        with pytest.raises(HomeRefused):
            await rotate(world, spec)
    with pytest.raises(HomeRefused, match="list was changed for gcp while a rotation"):
        await rotate_on(world, random_spec(homes=FEWER))
    assert OLD in [one["value"] for one in world.gcp.kept[str(PLACE)] if one]
    known, _ = await look(documents=world.primary, place=PLACE)
    assert "proven_dead" not in [one.step for one in known.outbox]


async def test_a_home_that_left_the_list_is_told_and_keeps_a_rotation_from_beginning() -> None:
    world = await prepared(random_spec())
    spec = random_spec(homes=FEWER)
    async with turn(documents=world.primary, clock=world.clock, place=PLACE, holder="ada") as mine:
        done = await sync_one(ground=world.ground, turn=mine, spec=spec, overwrites=False)
    assert [(one.home, one.did, one.is_good) for one in done] == [
        ("aws", "in_sync", True),
        ("gcp", "left_over", False),
    ]
    with pytest.raises(HomeRefused, match="gcp was given it and is not in the list any more"):
        await rotate(world, spec)
    assert len(world.primary.kept[str(PLACE)]) == 1
    # Once it was deleted there, a sync looks and takes note.
    await world.gcp.destroy(place=PLACE, version="1")
    async with turn(documents=world.primary, clock=world.clock, place=PLACE, holder="ada") as mine:
        done = await sync_one(ground=world.ground, turn=mine, spec=spec, overwrites=False)
    assert [(one.home, one.did) for one in done] == [("aws", "in_sync")]
    assert ("gcp", "home_left") in [(one.home, one.step) for one in mine.known.outbox]
    assert isinstance((await rotate(world, spec))[1], machine.Await)


async def test_consumers_are_those_of_the_list_as_it_is_now() -> None:
    before, now = spec_of(), spec_of(consumers=["ledger", "fraud"])
    world = await prepared(before)
    state, _ = await rotate(world, before)
    assert state.missing == ("ledger", "payments")
    state, action = await rotate_on(world, now)
    assert isinstance(action, machine.Await)
    assert state.missing == ("ledger", "fraud")
    for consumer in now.consumers:
        await acknowledge(
            documents=world.primary,
            place=PLACE,
            spec=now,
            consumer=consumer,
            rotation=state.rotation,
            at=world.clock.now(),
        )
    assert (await rotate_on(world, now))[0].step == "done"
    known, _ = await look(documents=world.primary, place=PLACE)
    changes = [(one.step, one.consumer) for one in known.outbox if "consumer_" in one.step]
    assert changes == [("consumer_left", "payments"), ("consumer_came", "fraud")]

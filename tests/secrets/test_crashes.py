"""A rotation that is cut off at any call, before or after the call did its work, goes on to the same end."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from tallystick.governance.model import rotation as machine
from tallystick.governance.model.homes import HomeRefused, Mark, OtherVersion, Sealed
from tallystick.governance.model.rotation import OutOfOrder, Rotation
from tallystick.governance.model.secrets import SecretSpec
from tallystick.governance.service.secrets.acknowledging import acknowledge
from tallystick.governance.service.secrets.knowing import LEASE_S, Busy, look, turn
from tallystick.governance.service.secrets.opening import put_on_record, sync_one
from tallystick.governance.service.secrets.rotating import NotInForce, Rotating
from tallystick.governance.service.secrets.syncing import Drifted
from tests.secrets.specs import PLACE, random_spec, spec_of
from tests.secrets.worlds import Crash, World

SPECS = {"role": spec_of(), "random": random_spec()}
CUTS_MAX = 300
OLD = "value-old"


async def prepared(spec: SecretSpec, *, cut: int = -1, is_after: bool = False) -> World:
    """A world whose secret has a first version, in every home."""
    world = World()
    await world.primary.write(place=PLACE, value=Sealed({"value": OLD}), mark=Mark(version="1"))
    world.issuer.valid.add(OLD)
    async with turn(documents=world.primary, clock=world.clock, place=PLACE, holder="ada") as mine:
        await sync_one(ground=world.ground, turn=mine, spec=spec, overwrites=False)
    world.wire.calls, world.wire.cut, world.wire.is_after = 0, cut, is_after
    return world


async def rotate(
    world: World, spec: SecretSpec, *, holder: str = "ada"
) -> tuple[Rotation, machine.Action]:
    async with turn(documents=world.primary, clock=world.clock, place=PLACE, holder=holder) as mine:
        rotating = Rotating(ground=world.ground, turn=mine, spec=spec)
        await rotating.begin()
        return await rotating.run()


async def back(world: World, spec: SecretSpec) -> tuple[Rotation, machine.Action]:
    async with turn(documents=world.primary, clock=world.clock, place=PLACE, holder="ada") as mine:
        rotating = Rotating(ground=world.ground, turn=mine, spec=spec)
        state = mine.known.rotation
        if state and not state.is_over and not state.restores:
            await rotating.turn_back()
        return await rotating.run()


async def all_acknowledge(world: World, spec: SecretSpec) -> None:
    newest = await world.primary.read(place=PLACE)
    for consumer in spec.consumers:
        await acknowledge(
            documents=world.primary,
            place=PLACE,
            spec=spec,
            consumer=consumer,
            rotation=newest.mark.rotation,
            at=world.clock.now(),
        )


async def survived(world: World, doing: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Do it; after a crash its lease passes, and it is done again."""
    world.wire.is_on = True
    try:
        return await doing()
    except Crash:
        world.wire.cut = 0
        world.clock.pass_s(LEASE_S + 1)
        return await doing()
    finally:
        world.wire.is_on = False


async def value_in(world: World) -> list[str]:
    return [(await home.read(place=PLACE)).value.reveal()["value"] for home in world.homes()]


def demand_one_living(world: World, value: str) -> None:
    """The old values are gone from every home, and the issuer knows one."""
    assert world.issuer.valid == {value}
    for home in world.homes():
        assert [one for one in home.kept[str(PLACE)] if one] == [{"value": value}]


@pytest.mark.parametrize("kind", SPECS)
@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
async def test_cut_off_anywhere_it_ends_the_same(kind: str, is_after: bool) -> None:
    spec, cut = SPECS[kind], 0
    while True:
        cut += 1
        world = await prepared(spec, cut=cut, is_after=is_after)
        state, action = await survived(world, lambda w=world: rotate(w, spec))
        assert isinstance(action, machine.Await)
        assert action.consumers == spec.consumers
        # Until all have acknowledged, both are valid and the old one can still be read.
        assert OLD in world.issuer.valid
        new = (await value_in(world))[0]
        assert new in world.issuer.valid
        assert await value_in(world) == [new] * 3
        assert (await world.primary.read(place=PLACE, version="1")).value == Sealed({"value": OLD})
        await all_acknowledge(world, spec)
        state, action = await survived(world, lambda w=world: rotate_on(w, spec))
        assert state.step == "done", (cut, state)
        demand_one_living(world, (await value_in(world))[0])
        if world.wire.cut:
            break
        assert cut < CUTS_MAX
    assert cut > 40


async def rotate_on(world: World, spec: SecretSpec) -> tuple[Rotation, machine.Action]:
    """Go on with what is under way; one that was done just before the crash is not begun again."""
    async with turn(documents=world.primary, clock=world.clock, place=PLACE, holder="ada") as mine:
        return await Rotating(ground=world.ground, turn=mine, spec=spec).run()


async def test_what_is_written_and_not_in_force_goes_to_no_home() -> None:
    spec, told = SPECS["role"], list[str]()
    for cut in range(1, CUTS_MAX):
        world = await prepared(spec, cut=cut)
        world.wire.is_on = True
        try:
            await rotate(world, spec)
            break
        except Crash:
            world.wire.cut, world.wire.is_on = 0, False
            world.clock.pass_s(LEASE_S + 1)
        async with turn(
            documents=world.primary, clock=world.clock, place=PLACE, holder="ada"
        ) as mine:
            try:
                await sync_one(ground=world.ground, turn=mine, spec=spec, overwrites=True)
            except HomeRefused as error:
                told.append(str(error))
        # Between the two runs the copies have what gets in.
        assert set((await value_in(world))[1:]) <= world.issuer.valid, cut
        assert isinstance((await rotate(world, spec))[1], machine.Await)
    assert told
    assert all("goes to no home" in one for one in told)


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
async def test_turned_back_and_cut_off_anywhere_the_old_one_is_back(is_after: bool) -> None:
    spec, cut = SPECS["role"], 0
    while True:
        cut += 1
        world = await prepared(spec)
        await rotate(world, spec)
        new = (await value_in(world))[0]
        world.wire.calls, world.wire.cut, world.wire.is_after = 0, cut, is_after
        _, action = await survived(world, lambda w=world: back(w, spec))
        assert isinstance(action, machine.Await)
        assert world.issuer.valid == {OLD, new}
        await all_acknowledge(world, spec)
        state, _ = await survived(world, lambda w=world: rotate_on(w, spec))
        assert state.step == "aborted"
        demand_one_living(world, OLD)
        if world.wire.cut:
            break
        assert cut < CUTS_MAX
    assert cut > 30


async def test_what_goes_on_working_after_it_was_revoked_is_revoked_again_and_rings() -> None:
    spec = SPECS["role"]
    world = await prepared(spec)
    await rotate(world, spec)
    await all_acknowledge(world, spec)
    world.issuer.undying = 2
    state, _ = await rotate_on(world, spec)
    assert state.step == "done"
    known, _ = await look(documents=world.primary, place=PLACE)
    words = [one.step for one in known.outbox]
    assert words.count("still_alive") == 2
    assert words.index("still_alive") < words.index("proven_dead")

    await rotate(world, spec)
    await all_acknowledge(world, spec)
    world.issuer.undying = 1_000
    state, action = await rotate_on(world, spec)
    assert isinstance(action, machine.Ring)
    assert (state.step, state.alive) == ("acknowledged", machine.ALIVE_MAX)
    world.issuer.undying = 0
    async with turn(documents=world.primary, clock=world.clock, place=PLACE, holder="ada") as mine:
        rotating = Rotating(ground=world.ground, turn=mine, spec=spec)
        with pytest.raises(OutOfOrder):
            await rotating.turn_back()
        await rotating.look_after()
        assert (await rotating.run())[0].step == "done"


async def test_at_an_issuer_that_refuses_the_new_one_too_nothing_is_ended_or_proven() -> None:
    spec = SPECS["role"]
    world = await prepared(spec)
    await rotate(world, spec)
    await all_acknowledge(world, spec)
    here, world.issuer.valid = world.issuer.valid, {"of another platform"}
    with pytest.raises(NotInForce, match="version 2, the new one, is refused"):
        await rotate_on(world, spec)
    assert world.issuer.valid == {"of another platform"}
    # Revoked where it was made, and tried elsewhere.
    world.issuer.valid, world.issuer.moves_after_revoking = here, True
    with pytest.raises(NotInForce):
        await rotate_on(world, spec)
    known, _ = await look(documents=world.primary, place=PLACE)
    assert known.rotation
    assert known.rotation.step == "revoked"
    assert "proven_dead" not in [one.step for one in known.outbox]


async def test_a_home_that_is_down_stops_the_rotation_with_both_valid_and_it_goes_on() -> None:
    spec = SPECS["role"]
    world = await prepared(spec)
    world.wire.down = {"gcp"}
    with pytest.raises(HomeRefused, match="gcp is down"):
        await rotate(world, spec)
    assert (await world.aws.read(place=PLACE)).mark.version == "2"
    assert OLD in world.issuer.valid
    world.wire.down = set()
    state, _ = await rotate(world, spec)
    assert state.step == "spread"
    assert len(world.primary.kept[str(PLACE)]) == 2, "it was made once"


async def test_two_operators_at_once_the_second_is_told_who_is_at_work() -> None:
    spec = SPECS["role"]
    world = await prepared(spec)
    async with turn(documents=world.primary, clock=world.clock, place=PLACE, holder="ada") as mine:
        with pytest.raises(Busy, match=r"ada .* is at work on it until"):
            await rotate(world, spec, holder="bob")
        # Whoever slept too long has lost the turn, and cannot write any more.
        world.clock.pass_s(LEASE_S + 1)
        assert isinstance((await rotate(world, spec, holder="bob"))[1], machine.Await)
        with pytest.raises(Busy, match="took this over"):
            await Rotating(ground=world.ground, turn=mine, spec=spec).begin()
    assert len(world.primary.kept[str(PLACE)]) == 2


async def test_what_a_hand_wrote_meanwhile_is_not_written_over() -> None:
    spec = SPECS["role"]
    world = await prepared(spec)
    world.wire.down = {"aws"}
    with pytest.raises(HomeRefused):
        await rotate(world, spec)
    world.wire.down = set()
    hand = Sealed({"value": "by hand"})
    await world.primary.write(place=PLACE, value=hand, mark=Mark(version="3"))
    with pytest.raises(HomeRefused, match="version 3 stands where version 2 was made"):
        await rotate(world, spec)
    _, action = await back(world, spec)
    assert isinstance(action, machine.Await)
    assert await value_in(world) == [OLD] * 3


@pytest.mark.parametrize("kind", SPECS)
async def test_a_copy_that_a_hand_changed_after_it_was_spread_stops_before_anything_is_ended(
    kind: str,
) -> None:
    spec = SPECS[kind]
    world = await prepared(spec)
    await rotate(world, spec)
    new = (await value_in(world))[0]
    await world.aws.write(place=PLACE, value=Sealed({"value": "by hand"}), mark=Mark(version="2"))
    await all_acknowledge(world, spec)
    with pytest.raises(Drifted, match=r"aws is not what we wrote there.*--overwrite"):
        await rotate_on(world, spec)
    assert world.issuer.valid == {OLD, new}
    assert Sealed({"value": new}) in [Sealed(one) for one in world.aws.kept[str(PLACE)] if one]
    assert OLD in [one["value"] for one in world.primary.kept[str(PLACE)] if one]
    async with turn(documents=world.primary, clock=world.clock, place=PLACE, holder="ada") as mine:
        await sync_one(ground=world.ground, turn=mine, spec=spec, overwrites=True)
    assert (await rotate_on(world, spec))[0].step == "done"
    demand_one_living(world, new)


async def test_a_copy_that_a_hand_changed_after_the_old_one_died_keeps_ours_beside_it() -> None:
    spec = SPECS["role"]
    world = await prepared(spec)
    await rotate(world, spec)
    await all_acknowledge(world, spec)
    new = (await value_in(world))[0]
    is_alive = world.issuer.is_alive

    async def tried(*, spec: SecretSpec, value: Sealed) -> bool:
        found = await is_alive(spec=spec, value=value)
        if not found:
            await world.gcp.write(place=PLACE, value=Sealed({"value": "x"}), mark=Mark(version=""))
        return found

    world.issuer.is_alive = tried
    with pytest.raises(Drifted, match="gcp is not what we wrote there"):
        await rotate_on(world, spec)
    assert {"value": new} in world.gcp.kept[str(PLACE)]


async def test_a_hand_that_writes_just_before_us_wins() -> None:
    spec = SPECS["role"]
    world = await prepared(spec)
    async with turn(documents=world.primary, clock=world.clock, place=PLACE, holder="ada") as mine:
        rotating = Rotating(ground=world.ground, turn=mine, spec=spec)
        await rotating.begin()
        hand = Sealed({"value": "by hand"})
        await world.primary.write(place=PLACE, value=hand, mark=Mark(version="2"))
        with pytest.raises(OtherVersion):
            await rotating.run()
        assert (await rotating.turn_back()).step == "aborted"
    assert (await value_in(world))[0] == "by hand"


async def test_an_old_version_destroyed_under_us_needs_somebody_who_answers_for_it() -> None:
    spec = SPECS["role"]
    world = await prepared(spec)
    await rotate(world, spec)
    await all_acknowledge(world, spec)
    await world.primary.destroy(place=PLACE, version="1")
    with pytest.raises(HomeRefused, match=r"version 1 is gone .*--unproven"):
        await rotate_on(world, spec)
    async with turn(documents=world.primary, clock=world.clock, place=PLACE, holder="ada") as mine:
        rotating = Rotating(ground=world.ground, turn=mine, spec=spec)
        await rotating.leave_unproven("destroyed by a script of ours; the role may not log in")
        state, _ = await rotating.run()
    assert state.step == "done"
    assert state.unproven
    assert [one.step for one in mine.known.outbox if not one.is_good] == ["left_unproven"]


async def test_steps_wait_for_the_record_and_have_no_value_in_them() -> None:
    spec = SPECS["role"]
    world = await prepared(spec)
    await rotate(world, spec)
    told = list[str]()

    async def record(step: Any) -> bool:
        told.append(f"{step}")
        return len(told) < 4

    async with turn(documents=world.primary, clock=world.clock, place=PLACE, holder="ada") as mine:
        waiting = len(mine.known.outbox)
        assert await put_on_record(mine, record) == waiting - 3
        assert len(told) == 4
    assert "value-" not in str(told)
    assert "value-" not in str(world.primary.documents)
    assert "digest='" in str(told)

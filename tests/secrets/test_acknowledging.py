"""What consumers say counts for one rotation, for themselves, and from when there is something to use."""

from pathlib import Path

import pytest

from tallystick.governance.model.homes import HomeDenied, Place, Sealed
from tallystick.governance.service.secrets.acknowledging import acknowledge
from tallystick.governance.service.secrets.knowing import look, turn
from tallystick.governance.service.secrets.opening import documents_of
from tallystick.governance.service.secrets.rotating import Rotating
from tests.secrets.bao import Bao
from tests.secrets.database_mount import INFRA
from tests.secrets.specs import PLACE, random_spec, spec_of
from tests.secrets.test_crashes import back, prepared, rotate, rotate_on
from tests.secrets.worlds import World

SPEC = spec_of(consumers=["ledger"])


async def said(world: World, rotation: str, *, value: Sealed | None = None, at: int = 0) -> bool:
    return await acknowledge(
        documents=world.primary,
        place=PLACE,
        spec=SPEC,
        consumer="ledger",
        rotation=rotation,
        at=at or world.clock.now(),
        value=value,
    )


async def heard(world: World) -> list[str]:
    """How the record tells what the consumer said."""
    known, _ = await look(documents=world.primary, place=PLACE)
    return [one.step for one in known.outbox if one.consumer == "ledger"]


async def test_what_was_said_before_there_is_a_new_one_does_not_count() -> None:
    world = await prepared(SPEC)
    async with turn(documents=world.primary, clock=world.clock, place=PLACE, holder="ada") as mine:
        state = await Rotating(ground=world.ground, turn=mine, spec=SPEC).begin()
    assert await said(world, state.rotation)
    world.clock.pass_s(1)
    state, _ = await rotate(world, SPEC)
    assert (state.step, state.missing) == ("spread", ("ledger",))
    # The same words again, now that it is there.
    assert not await said(world, state.rotation)
    assert (await rotate_on(world, SPEC))[0].step == "done"
    # Without a proof the record says whose word it is.
    assert await heard(world) == ["vouched"]


async def test_what_was_said_of_another_rotation_does_not_count() -> None:
    world = await prepared(SPEC)
    first, _ = await rotate(world, SPEC)
    await back(world, SPEC)
    await said(world, first.rotation)
    state, _ = await rotate_on(world, SPEC)
    assert (state.step, state.missing) == ("spread", ("ledger",))


async def test_a_proof_counts_whatever_the_clock_says_and_that_of_another_value_never() -> None:
    world = await prepared(SPEC)
    state, _ = await rotate(world, SPEC)
    old = (await world.primary.read(place=PLACE, version="1")).value
    await said(world, state.rotation, value=old)
    assert (await rotate_on(world, SPEC))[0].missing == ("ledger",)
    new = (await world.primary.read(place=PLACE)).value
    assert await said(world, state.rotation, value=new, at=1)
    assert (await rotate_on(world, SPEC))[0].step == "done"
    assert await heard(world) == ["acknowledged"]
    assert "value-" not in str(world.primary.documents)


async def test_words_that_cannot_be_read_do_not_count_and_can_be_said_again() -> None:
    world = await prepared(SPEC)
    state, _ = await rotate(world, SPEC)
    path = f"{PLACE}/acknowledged/ledger"
    await world.primary.put(path, {"version": "2", "at": world.clock.now()}, after=0)
    assert (await rotate_on(world, SPEC))[0].missing == ("ledger",)
    assert await said(world, state.rotation)
    assert (await rotate_on(world, SPEC))[0].step == "done"


@pytest.fixture
def alarms(bao: Bao, homes_file: Path) -> str:
    """The file of homes for a consumer named alarms, which has the policy of consumers."""
    text = homes_file.read_text()
    prefix = text.partition('prefix = "')[2].partition('"')[0]
    policy = (
        (INFRA / "consumers.policy.hcl").read_text().replace("data/tallystick", f"data/{prefix}")
    )
    bao.ask("PUT", f"sys/policies/acl/{prefix}", {"policy": policy})
    token = bao.token_file([prefix], entity="alarms")
    before = text.partition('token_file = "')[2].partition('"')[0]
    homes_file.write_text(text.replace(before, str(token)))
    return str(homes_file)


async def test_openbao_lets_a_consumer_speak_for_itself_alone(alarms: str) -> None:
    place = Place(environment="production", name="alarm-webhook")
    spec = random_spec(name=place.name, consumers=["alarms", "on-call"])
    async with documents_of(homes_file=alarms, environment="production") as documents:
        for consumer in spec.consumers:
            asked = acknowledge(
                documents=documents, place=place, spec=spec, consumer=consumer, rotation="r", at=1
            )
            if consumer == "alarms":
                assert await asked
            else:
                with pytest.raises(HomeDenied):
                    await asked

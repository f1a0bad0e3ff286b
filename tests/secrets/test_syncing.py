"""Syncing four homes: drift is told before anything is written over, and a home that is down keeps no other behind."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tallystick.governance.adapters.homes.configured import Opened
from tallystick.governance.model.homes import Home, HomeRefused, Mark, NotThere, Place, Sealed
from tallystick.governance.model.secrets import SecretSpec
from tallystick.governance.service.secrets.knowing import Known, look, turn
from tallystick.governance.service.secrets.opening import ground_of, sync_one
from tallystick.governance.service.secrets.rotating import Ground
from tallystick.governance.service.secrets.syncing import Source, Synced, demand_ours
from tests.doubles.key_vault import KeyVault
from tests.doubles.serving import Answer, Fault
from tests.secrets.specs import random_spec
from tests.secrets.worlds import Ticking

EVERYWHERE = {"development": [], "staging": [], "production": ["aws", "gcp", "azure"]}
CLOUDS = ("aws", "gcp", "azure")


@pytest.fixture
async def ground(homes_file: Path) -> AsyncIterator[Ground]:
    async with ground_of(
        homes_file=str(homes_file), environment="production", url="", key=""
    ) as opened:
        yield opened


@pytest.fixture
def place() -> Place:
    return Place(environment="production", name=f"token-{secrets.token_hex(4)}")


def spec_at(place: Place, on_drift: str = "stop") -> SecretSpec:
    return random_spec(name=place.name, homes=EVERYWHERE, on_drift=on_drift)


async def synced(
    ground: Ground, place: Place, *, overwrites: bool = False, on_drift: str = "stop"
) -> tuple[dict[str, Synced], Known]:
    async with turn(documents=ground.documents, clock=Ticking(), place=place, holder="ada") as mine:
        done = await sync_one(
            ground=ground, turn=mine, spec=spec_at(place, on_drift), overwrites=overwrites
        )
    return {str(one.home): one for one in done}, mine.known


async def written(ground: Ground, place: Place, text: str, version: str) -> None:
    """Write a version into the primary home, and take it up as one of ours."""
    await written_by_hand(ground, place, text, version)
    source = Source(
        copy=await ground.primary.read(place=place), home=ground.primary, key=ground.key
    )
    async with turn(documents=ground.documents, clock=Ticking(), place=place, holder="ada") as mine:
        await demand_ours(turn=mine, source=source, overwrites=True)


async def written_by_hand(ground: Ground, place: Place, text: str, version: str) -> None:
    mark = Mark(version=version)
    await ground.primary.write(place=place, value=Sealed({"value": text}), mark=mark)


async def test_what_a_hand_wrote_into_the_primary_home_goes_nowhere_without_a_persons_word(
    ground: Ground, place: Place
) -> None:
    await written(ground, place, "first", "1")
    await synced(ground, place, on_drift="overwrite")
    await written_by_hand(ground, place, "by hand", "2")
    done, known = await synced(ground, place, on_drift="overwrite")
    assert set(done) == {"openbao"}
    assert (done["openbao"].did, done["openbao"].drift) == ("drifted", "not_ours")
    assert [await value_at(home, place) for home in ground.copies.values()] == ["first"] * 3
    told = [(one.home, one.step, one.version) for one in known.outbox if not one.is_good]
    assert told == [("openbao", "drift_not_ours", 2)]
    done, _ = await synced(ground, place, overwrites=True)
    assert [done[name].did for name in CLOUDS] == ["written"] * 3
    assert [await value_at(home, place) for home in ground.copies.values()] == ["by hand"] * 3


async def value_at(home: Home, place: Place) -> str:
    return (await home.read(place=place)).value.reveal()["value"]


async def test_every_home_gets_it_and_a_second_sync_writes_nothing(
    ground: Ground, place: Place
) -> None:
    with pytest.raises(NotThere):
        await synced(ground, place)
    await written(ground, place, "first", "1")
    done, _ = await synced(ground, place)
    assert [done[name].did for name in CLOUDS] == ["written"] * 3
    done, _ = await synced(ground, place)
    assert [done[name].did for name in CLOUDS] == ["in_sync"] * 3
    await written(ground, place, "second", "2")
    done, known = await synced(ground, place)
    assert [(done[name].did, done[name].drift) for name in CLOUDS] == [("written", "")] * 3
    for name, home in ground.copies.items():
        assert await value_at(home, place) == "second"
        assert known.homes[home.name].of == "2", name
    assert len({held.digest for held in known.homes.values()}) == 1
    assert "second" not in str(known)


async def test_drift_is_reported_and_written_over_by_a_persons_word_alone(
    ground: Ground, place: Place
) -> None:
    await written(ground, place, "first", "1")
    await synced(ground, place)
    gcp = ground.copies["gcp"]
    await gcp.write(place=place, value=Sealed({"value": "mine now"}), mark=Mark(version="1"))
    done, known = await synced(ground, place)
    assert (done["gcp"].did, done["gcp"].drift) == ("drifted", "changed")
    assert "--overwrite" in done["gcp"].why
    assert [done[name].did for name in ("aws", "azure")] == ["in_sync"] * 2
    assert await value_at(gcp, place) == "mine now"
    assert [(one.home, one.step) for one in known.outbox if not one.is_good] == [
        ("gcp", "drift_changed")
    ]
    done, _ = await synced(ground, place, overwrites=True)
    assert done["gcp"].did == "overwritten"
    assert await value_at(gcp, place) == "first"


async def test_a_list_that_says_so_writes_over_drift_and_still_reports_it(
    ground: Ground, place: Place
) -> None:
    await written(ground, place, "first", "1")
    for home in ground.copies.values():
        stranger = Sealed({"value": "was here before"})
        await home.write(place=place, value=stranger, mark=Mark(version=""))
    done, _ = await synced(ground, place)
    assert [(done[name].did, done[name].drift) for name in CLOUDS] == [("drifted", "not_ours")] * 3
    done, known = await synced(ground, place, on_drift="overwrite")
    assert [(done[name].did, done[name].drift) for name in CLOUDS] == [
        ("overwritten", "not_ours")
    ] * 3
    assert [one.step for one in known.outbox if not one.is_good] == ["drift_not_ours"] * 6


async def test_a_home_that_is_down_half_way_is_told_and_the_next_run_goes_on(
    ground: Ground, place: Place, key_vault: KeyVault, pauses: list[int]
) -> None:
    await written(ground, place, "first", "1")
    key_vault.spoil(Fault(answer=Answer(status=503), times=3))
    done, known = await synced(ground, place)
    assert [done[name].did for name in CLOUDS] == ["written", "written", "not_reached"]
    assert "azure is down" in done["azure"].why
    assert pauses == [2, 4]
    assert set(known.homes) == {"openbao", "aws", "gcp"}
    key_vault.spoil(Fault(answer=Answer(status=403), times=1))
    done, _ = await synced(ground, place)
    assert "does not let our token" in done["azure"].why
    # It answered the read, and went down before the write was answered.
    key_vault.spoil(Fault(answer=Answer(status=500), times=1, method="PUT"))
    done, known = await synced(ground, place)
    assert done["azure"].did == "not_reached"
    assert "azure" not in known.homes
    done, _ = await synced(ground, place)
    assert [done[name].did for name in CLOUDS] == ["in_sync", "in_sync", "written"]


async def test_a_copy_that_we_wrote_and_could_not_write_down_is_no_drift(
    ground: Ground, place: Place
) -> None:
    await written(ground, place, "first", "1")
    await synced(ground, place)
    await written(ground, place, "second", "2")
    for home in ground.copies.values():
        await home.write(place=place, value=Sealed({"value": "second"}), mark=Mark(version="2"))
    await written(ground, place, "third", "3")
    done, _ = await synced(ground, place)
    assert [(done[name].did, done[name].drift) for name in CLOUDS] == [("written", "")] * 3


async def test_a_copy_that_was_destroyed_under_us_is_reported_and_written_again(
    ground: Ground, place: Place
) -> None:
    await written(ground, place, "first", "1")
    await synced(ground, place)
    for name in ("gcp", "azure"):
        home = ground.copies[name]
        newest = (await home.versions(place=place))[0]
        await home.destroy(place=place, version=newest.version)
    done, _ = await synced(ground, place)
    assert [(done[name].did, done[name].drift) for name in CLOUDS] == [
        ("in_sync", ""),
        ("overwritten", "deleted"),
        ("overwritten", "deleted"),
    ]


async def test_a_primary_whose_version_was_destroyed_changes_no_home(
    ground: Ground, opened: Opened, place: Place
) -> None:
    await written(ground, place, "first", "1")
    await synced(ground, place)
    await opened.primary.destroy(place=place, version="1")
    with pytest.raises(HomeRefused, match=r"version 1 of .* was deleted or destroyed"):
        await synced(ground, place)
    for home in ground.copies.values():
        assert await value_at(home, place) == "first"


async def test_what_is_known_and_is_not_ours_is_refused(
    ground: Ground, opened: Opened, place: Place
) -> None:
    await written_by_hand(ground, place, "first", "1")
    await opened.primary.put(f"{place}/known", {"lease": "a hand"}, after=0)
    with pytest.raises(HomeRefused, match="cannot be read"):
        await synced(ground, place)
    known, _ = await opened.primary.fetch(f"{place}/known")
    assert known == {"lease": "a hand"}
    with pytest.raises(HomeRefused, match="cannot be read"):
        await look(documents=opened.primary, place=place)

"""States: whole, of this estate, growing, written under the lease of a running apply and nothing else."""

import pytest

from tallystick.governance.api import (
    ApplyIsRunning,
    ApplyNotLost,
    EstateOf,
    ForceUnlock,
    HandInState,
    LeaseNotAccepted,
    ListEstates,
    ListEvidence,
    LockState,
    NothingToUnlock,
    ReadState,
    RestoreState,
    StateIsLocked,
    StateIsOfAnotherEstate,
    StateIsOld,
    StateNotFound,
    StateNotReadable,
    UnlockState,
)
from tests.governance.clouds import MINUTE, state_json

ESTATE = "development-aws"


@pytest.fixture
async def lent(house):
    """The lease of a running apply, with one state written."""
    made = await house.begin(await house.submit(ESTATE))
    await house.write(made, 3)
    return made


async def read(house, **words):
    return await house.door.read_state(
        caller=house.author, message=ReadState(**{"estate": ESTATE} | words)
    )


async def test_what_was_written_is_read_with_a_lease_and_without(house, lent):
    for words in ({}, {"token": lent.token}):
        state = await read(house, **words)
        assert (state.serial, state.content) == (3, state_json(ESTATE, 3))
    await house.finish(lent, serial=3)
    assert (await read(house)).serial == 3
    with pytest.raises(LeaseNotAccepted):
        await read(house, token=lent.token)


async def test_an_estate_without_a_state_has_none(house):
    with pytest.raises(StateNotFound):
        await read(house, estate="staging-gcp")


async def test_every_version_is_kept(house, lent):
    await house.write(lent, 4)
    async with house.database.transaction(tenant_id=house.author.tenant_id) as connection:
        rows = await connection.fetch("SELECT serial FROM governance.state ORDER BY 1")
    assert [row["serial"] for row in rows] == [3, 4]


async def test_the_same_state_again_changes_nothing(house, lent):
    before = await house._rows()
    assert (await house.write(lent, 3)).replayed
    assert await house._rows() == before


@pytest.mark.parametrize("serial", [2, 3], ids=["older", "same serial, other bytes"])
async def test_a_serial_that_does_not_grow_is_refused(house, lent, serial):
    content = state_json(ESTATE, serial, resources=[{"type": "other"}])
    refused = await house.left(lambda: house.write(lent, serial, content=content), StateIsOld)
    assert refused.fields == {"serial": "3"}


@pytest.mark.parametrize(
    "content",
    [
        state_json(ESTATE, 9)[:-20],
        b"",
        b"[]",
        b"[" * 10_000,
        state_json(ESTATE, 9, version=3),
        state_json(ESTATE, -1),
        state_json(ESTATE, True),
        state_json(ESTATE, 9, lineage=None),
        state_json(ESTATE, 9, resources=None),
        state_json(ESTATE, 9, outputs=[]),
    ],
    ids=[
        "cut short", "empty", "a list", "deep", "version 3", "negative", "no number", "no lineage", "no resources",
        "no outputs",
    ],
)  # fmt: skip
async def test_what_is_no_whole_state_is_refused(house, lent, content):
    await house.left(lambda: house.write(lent, 9, content=content), StateNotReadable)


async def test_a_state_that_is_too_large_is_refused(house, lent):
    content = state_json(ESTATE, 9, resources=["x" * (5 * 1024 * 1024)])
    await house.left(lambda: house.write(lent, 9, content=content), StateNotReadable)


async def test_a_state_of_another_estate_is_refused(house, lent):
    named = state_json("production-aws", 9, lineage=f"line-{ESTATE}")
    await house.left(lambda: house.write(lent, 9, content=named), StateIsOfAnotherEstate)
    other_line = state_json(ESTATE, 9, lineage="another-line")
    await house.left(lambda: house.write(lent, 9, content=other_line), StateIsOfAnotherEstate)


async def test_the_line_of_one_estate_never_becomes_anothers(house, lent):
    other = await house.begin(await house.submit("development-gcp"))
    stolen = state_json("development-gcp", 4, lineage=f"line-{ESTATE}", outputs={})
    await house.left(lambda: house.write(other, 4, content=stolen), StateIsOfAnotherEstate)


async def test_the_first_state_says_whose_it_is(house):
    lent = await house.begin(await house.submit(ESTATE))
    content = state_json(ESTATE, 1, outputs={})
    await house.left(lambda: house.write(lent, 1, content=content), StateIsOfAnotherEstate)
    await house.write(lent, 1)
    await house.write(lent, 2, content=state_json(ESTATE, 2, outputs={}))


@pytest.mark.parametrize("serial", [1_000_004, 2**53 - 1, 10**12 + 1])
async def test_a_serial_does_not_leap(house, lent, serial):
    await house.left(lambda: house.write(lent, serial), StateNotReadable)
    await house.write(lent, 1_000_003)


async def restored(house, serial: int, *, estate: str = ESTATE):
    message = RestoreState(estate=estate, serial=serial, reason="the last one is wrong")
    return await house.door.restore_state(caller=house.operator, message=message)


async def test_an_earlier_version_is_brought_back_as_the_newest(house, lent):
    await house.write(lent, 4, content=state_json(ESTATE, 4, resources=[{"serial": 3}]))
    await house.write(lent, 5)
    await house.left(lambda: restored(house, 4), ApplyIsRunning)
    await house.finish(lent, serial=5)
    assert (await restored(house, 4)).serial == 6
    state = await read(house)
    assert state.content == state_json(ESTATE, 6, resources=[{"serial": 3}])
    (entry,) = [one for one in await evidence(house) if one.tag == "governance.state.restore"]
    assert entry.content == {
        "estate": ESTATE, "serial": 6, "former": 4, "digest": state.digest,
    }  # fmt: skip
    next_one = await house.begin(await house.submit(ESTATE, more=True))
    await house.write(next_one, 7)


async def test_only_an_earlier_version_that_there_is_comes_back(house, lent):
    await house.finish(lent, serial=3)
    await house.left(lambda: restored(house, 3), StateIsOld)
    await house.left(lambda: restored(house, 2), StateNotFound)
    await house.left(lambda: restored(house, 1, estate="staging-gcp"), StateNotFound)


async def handed_in(house, content: bytes):
    message = HandInState(estate=ESTATE, content=content, reason="the runner kept it")
    return await house.door.hand_in_state(caller=house.operator, message=message)


async def lost(house):
    house.time.at += 16 * MINUTE
    message = ForceUnlock(estate=ESTATE, reason="the runner is gone")
    await house.door.force_unlock(caller=house.operator, message=message)


async def test_what_a_lost_apply_left_is_handed_in(house, lent):
    left = state_json(ESTATE, 4)
    await house.left(lambda: handed_in(house, left), ApplyIsRunning)
    await lost(house)
    for content, problem in (
        (state_json(ESTATE, 3, resources=[1]), StateIsOld),
        (state_json(ESTATE, 3), StateIsOld),
        (state_json(ESTATE, 4, lineage="other"), StateIsOfAnotherEstate),
        (state_json("staging-aws", 4), StateIsOfAnotherEstate),
        (state_json(ESTATE, 2_000_000), StateNotReadable),
        (left[:-9], StateNotReadable),
    ):
        await house.left(lambda content=content: handed_in(house, content), problem)
    assert (await handed_in(house, left)).serial == 4
    assert (await read(house)).content == left
    assert (await evidence(house))[-1].tag == "governance.state.hand"


async def test_an_apply_that_ended_well_left_nothing_to_hand_in(house, lent):
    await house.finish(lent, serial=3)
    await house.left(lambda: handed_in(house, state_json(ESTATE, 4)), ApplyNotLost)


async def evidence(house):
    page = await house.door.evidence(caller=house.author, message=ListEvidence(limit=200))
    return page.items


async def test_without_a_lease_nothing_is_written(house, lent):
    await house.left(lambda: house.write(lent, 9, token="0" * 64), LeaseNotAccepted)
    await house.finish(lent, serial=3)
    await house.left(lambda: house.write(lent, 9), LeaseNotAccepted)


async def test_a_lease_of_one_estate_opens_no_other(house, lent):
    await house.begin(await house.submit("development-gcp"))
    content = state_json("development-gcp", 1)
    await house.left(
        lambda: house.write(lent, 1, estate="development-gcp", content=content), LeaseNotAccepted
    )


async def test_an_apply_ends_with_the_serial_that_it_wrote(house, lent):
    for serial in (2, 4):
        await house.left(lambda serial=serial: house.finish(lent, serial=serial), StateIsOld)
    await house.finish(lent, serial=3)


def lock(token: str, name: str = "lock-1") -> LockState:
    return LockState(estate=ESTATE, token=token, lock=name)


async def test_a_lock_keeps_others_from_writing(house, lent):
    standing = await house.door.lock_state(caller=house.author, message=lock(lent.token))
    assert standing.lock == "lock-1"
    await house.left(lambda: house.write(lent, 4), StateIsLocked)
    await house.left(lambda: house.write(lent, 4, lock="lock-2"), StateIsLocked)
    await house.write(lent, 4, lock="lock-1")
    second = lock(lent.token, "lock-2")
    refused = await house.left(
        lambda: house.door.lock_state(caller=house.author, message=second), StateIsLocked
    )
    assert refused.fields["lock"] == "lock-1"


async def test_a_lock_is_taken_back_by_its_name(house, lent):
    await house.door.lock_state(caller=house.author, message=lock(lent.token))
    wrong = UnlockState(estate=ESTATE, token=lent.token, lock="lock-2")
    await house.left(
        lambda: house.door.unlock_state(caller=house.author, message=wrong), StateIsLocked
    )
    right = UnlockState(estate=ESTATE, token=lent.token, lock="lock-1")
    for _ in range(2):
        standing = await house.door.unlock_state(caller=house.author, message=right)
        assert standing.lock is None


async def test_a_lock_that_is_taken_twice_by_its_holder_is_one(house, lent):
    for _ in range(2):
        await house.door.lock_state(caller=house.author, message=lock(lent.token))
    assert (await house.tags()).count("state.lock") == 1


async def test_the_lock_of_a_dead_process_ends_with_its_lease(house, lent):
    await house.door.lock_state(caller=house.author, message=lock(lent.token))
    second = await house.submit(ESTATE, two=True)
    await house.left(lambda: house.begin(second), ApplyIsRunning)
    house.time.at += 16 * MINUTE
    taken = await house.begin(second)
    await house.write(taken, 4)
    await house.left(lambda: house.write(lent, 5, lock="lock-1"), LeaseNotAccepted)


async def test_an_operator_frees_what_is_dead_and_nothing_that_lives(house, lent):
    await house.door.lock_state(caller=house.author, message=lock(lent.token))
    message = ForceUnlock(estate=ESTATE, reason="the runner is gone")
    await house.left(
        lambda: house.door.force_unlock(caller=house.operator, message=message), ApplyIsRunning
    )
    house.time.at += 16 * MINUTE
    standing = await house.door.force_unlock(caller=house.operator, message=message)
    assert (standing.running, standing.lock) == (None, None)
    assert "state.free" in await house.tags()
    with pytest.raises(NothingToUnlock):
        await house.door.force_unlock(caller=house.operator, message=message)


async def test_how_estates_stand(house, lent):
    (one,) = (await house.door.estates(caller=house.author, message=ListEstates())).items
    assert (one.estate, one.serial, one.commit) == (ESTATE, 3, None)
    assert one.running is not None
    await house.finish(lent, serial=3)
    after = await house.door.estate(caller=house.author, message=EstateOf(estate=ESTATE))
    assert (after.commit, after.running) == ("a" * 40, None)

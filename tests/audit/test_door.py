"""The door of the record: what waits says when to come back, and damage is said to be damage."""

from collections.abc import AsyncIterator, Callable

import pytest

from tallystick.audit.api import (
    CheckpointOf,
    EntryNotFound,
    EntryOf,
    InclusionOf,
    ListEntries,
    LogState,
    NothingPublished,
    NotYetPublished,
    ReceiptOf,
    RecordIsDamaged,
)
from tallystick.audit.model.policy import Policy
from tallystick.audit.service.door import AuditService
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import SECOND
from tallystick.kernel.problems import Kind, Retry
from tallystick.runtime.clock import SystemClock
from tests.audit.sequencing import ORIGIN, House, deed, housed

CALLER = Caller(tenant_id=1, actor="test")


@pytest.fixture
async def house(make_database: Callable[[], str]) -> AsyncIterator[House]:
    async with housed(make_database) as made:
        yield made


async def door(house: House) -> AuditService:
    """The door over a house's database."""
    return AuditService(database=await house.database("audit"), origin=ORIGIN, policy=Policy.none())


async def sequenced(house: House) -> None:
    """Sequence and publish what waits, by somebody who keeps the lease."""
    sequencer = await house.sequencer(unrenewed_s=0)
    assert await sequencer.try_lease()
    await sequencer.turn()


async def test_an_act_without_a_place_yet_is_told_to_come_back(house: House) -> None:
    audit, now = await door(house), SystemClock().now()
    await house.write(deed(1, at=now))
    asked = ReceiptOf(context="ledger", on="test:1", at=now)
    with pytest.raises(NotYetPublished) as refused:
        await audit.receipt(caller=CALLER, message=asked)
    assert (refused.value.kind, refused.value.retry) == (Kind.UNAVAILABLE, Retry.LATER)
    with pytest.raises(NothingPublished):
        await audit.checkpoint(caller=CALLER, message=CheckpointOf())
    # It has its place, and no checkpoint covers it yet.
    sequencer = await house.sequencer()
    assert await sequencer.try_lease()
    await sequencer.round()
    for call in (
        audit.receipt(caller=CALLER, message=asked),
        audit.entry(caller=CALLER, message=EntryOf(index=0)),
        audit.inclusion(caller=CALLER, message=InclusionOf(index=0)),
    ):
        with pytest.raises(NotYetPublished):
            await call
    assert (await audit.entries(caller=CALLER, message=ListEntries())).items == ()
    await sequencer.turn()
    await sequencer.give_up()
    assert (await audit.receipt(caller=CALLER, message=asked)).content
    assert (await audit.inclusion(caller=CALLER, message=InclusionOf(index=0))).size == 1


async def test_an_old_act_without_an_entry_is_not_told_to_come_back(house: House) -> None:
    await house.write(deed(1))
    await sequenced(house)
    asked = ReceiptOf(context="ledger", on="test:2", at=SystemClock().now() - 3_600 * SECOND)
    with pytest.raises(EntryNotFound):
        await (await door(house)).receipt(caller=CALLER, message=asked)


async def test_one_act_among_many_of_one_time_is_found(house: House) -> None:
    now = SystemClock().now()
    for start in range(0, 700, 350):
        await house.write(*[deed(number, at=now) for number in range(start, start + 350)])
    await sequenced(house)
    audit = await door(house)
    for number in (0, 255, 256, 349, 350, 699):
        asked = ReceiptOf(context="ledger", on=f"test:{number}", at=now)
        proof = (await audit.receipt(caller=CALLER, message=asked)).content
        assert f"index {number}\n".encode() in proof


async def test_the_log_of_another_tenant_is_another_log(house: House) -> None:
    now = SystemClock().now()
    await house.write(deed(1, at=now))
    await sequenced(house)
    stranger, audit = Caller(tenant_id=2, actor="test"), await door(house)
    assert (await audit.log(caller=stranger, message=LogState())).size == 0
    with pytest.raises(EntryNotFound):
        await audit.entry(caller=stranger, message=EntryOf(index=0))
    with pytest.raises((EntryNotFound, NotYetPublished)):
        await audit.receipt(
            caller=stranger, message=ReceiptOf(context="ledger", on="test:1", at=now)
        )


async def test_nobody_sequencing_and_what_is_not_published_are_alarms(house: House) -> None:
    audit = await door(house)
    await house.write(deed(1))
    await sequenced(house)
    assert (await audit.log(caller=CALLER, message=LogState())).alarms == ()
    await house.rows("UPDATE audit.lease SET renewed_at = renewed_at - interval '1 minute'")
    assert (await audit.log(caller=CALLER, message=LogState())).alarms == ("nobody_sequences",)
    await house.rows("UPDATE audit.lease SET renewed_at = clock_timestamp(), lag_us = 99000000")
    assert (await audit.log(caller=CALLER, message=LogState())).alarms == ("record_lags",)
    await house.rows("UPDATE audit.lease SET lag_us = 0, skew_us = -600000")
    assert (await audit.log(caller=CALLER, message=LogState())).alarms == ("clock_is_off",)
    await house.rows("UPDATE audit.lease SET skew_us = 0")
    await house.write(deed(2, at=SystemClock().now() - 60 * SECOND))
    sequencer = await house.sequencer()
    await house.rows("UPDATE audit.lease SET renewed_at = '1970-01-01T00:00:00Z'")
    assert await sequencer.try_lease()
    await sequencer.round()
    assert (await audit.log(caller=CALLER, message=LogState())).alarms == ("not_published",)
    await sequencer.turn()
    await sequencer.give_up()


async def test_missing_rows_are_damage_and_no_defect(house: House) -> None:
    audit = await door(house)
    for number in range(3):
        await house.write(deed(number))
    await sequenced(house)
    await house.change("DELETE FROM audit.segment WHERE tenant_id = 1 AND first_index = 1")
    with pytest.raises(RecordIsDamaged, match="entry 1 is missing"):
        await audit.entry(caller=CALLER, message=EntryOf(index=1))
    with pytest.raises(RecordIsDamaged):
        await audit.inclusion(caller=CALLER, message=InclusionOf(index=0))
    await house.change("DELETE FROM audit.checkpoint WHERE tenant_id = 1")
    with pytest.raises(RecordIsDamaged, match="checkpoint of size 3"):
        await audit.checkpoint(caller=CALLER, message=CheckpointOf())
    assert "record_is_damaged" in (await audit.log(caller=CALLER, message=LogState())).alarms

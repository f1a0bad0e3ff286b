"""One writes at a time: whoever sleeps while another takes over finds the fence, and has written nothing."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from tallystick.audit.service import sequencer as limits
from tallystick.audit.service.sequencer import Sequencer
from tallystick.audit.store import writing
from tallystick.audit.store.writing import Fenced
from tests.audit.sequencing import (
    Child,
    House,
    audited,
    cosigned_by_all,
    deed,
    housed,
    sequence,
)

# The statements of a turn that hold the lease, in their order.
MEASURED, PLACED, CHOSEN, SIGNED, PUBLISHED = 1, 2, 3, 4, 5
TURN = [MEASURED, PLACED, CHOSEN, SIGNED, PUBLISHED]

Hook = Callable[[], Awaitable[Any]]


@pytest.fixture
async def house(make_database: Callable[[], str]) -> AsyncIterator[House]:
    async with housed(make_database) as made:
        yield made


async def leading(house: House) -> Sequencer:
    """The first one, with its lease, a tree that is published, and two entries to be placed."""
    first = await house.sequencer("first", **cosigned_by_all())
    assert await first.try_lease()
    await house.write(deed(1))
    await first.turn()
    assert await house.sizes() == (1, 1, 1)
    await house.write(deed(2), deed(3))
    return first


async def everything(house: House) -> list[Any]:
    """What a sequencer can have written."""
    return [
        await house.rows(f"SELECT * FROM audit.{table} ORDER BY 1, 2, 3")
        for table in ("tree", "segment", "subtree", "checkpoint", "place")
    ]


def hook(
    monkeypatch: pytest.MonkeyPatch,
    *,
    at: int,
    before: Hook | None = None,
    after: Hook | None = None,
) -> None:
    """Do something once where the first sequencer holds its lease for the ``at``-th time from now on."""
    hold, calls = writing.hold_lease, [0]

    async def hooked(connection: Any, *, epoch: int, **words: Any) -> None:
        calls[0] += epoch == 1
        is_there = epoch == 1 and calls[0] == at
        if is_there and before is not None:
            await before()
        await hold(connection, epoch=epoch, **words)
        if is_there and after is not None:
            await after()

    monkeypatch.setattr(writing, "hold_lease", hooked)


async def until(condition: Callable[[], Awaitable[Any]], *, within_s: float = 20) -> Any:
    """Give what a condition answers once it is true."""
    end = time.monotonic() + within_s
    while not (answer := await condition()):
        assert time.monotonic() < end, "it never becomes true"
        await asyncio.sleep(0.002)
    return answer


async def test_the_lease_is_taken_only_when_nobody_has_renewed_it_for_three_seconds(
    house: House,
) -> None:
    first, second = await house.sequencer("first"), await house.sequencer("second")
    assert await first.try_lease()
    assert not await second.try_lease()
    ago = "UPDATE audit.lease SET renewed_at = clock_timestamp() - make_interval(secs => $1)"
    await house.rows(ago, 2.0)
    assert not await second.try_lease()
    await first.turn()
    await house.rows(ago.replace("clock_timestamp()", "renewed_at"), 1.0)
    assert not await second.try_lease()
    await house.rows(ago, 3.1)
    assert await second.try_lease()
    assert (await house.lease())[:2] == ("second", 2)
    with pytest.raises(Fenced):
        await first.turn()


async def test_a_clock_that_was_ahead_keeps_nobody_out(house: House) -> None:
    assert await (await house.sequencer("first")).try_lease()
    await house.rows("UPDATE audit.lease SET renewed_at = clock_timestamp() + interval '1 year'")
    assert await (await house.sequencer("second")).try_lease()
    assert not await (await house.sequencer("third")).try_lease()


async def test_of_two_that_run_one_writes_and_the_other_follows_when_it_stops(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PAUSE_S", 0.01)
    stops = [asyncio.Event(), asyncio.Event()]
    made = [await house.sequencer(name) for name in ("first", "second")]
    runs = [asyncio.create_task(one.run(stop)) for one, stop in zip(made, stops, strict=True)]
    await house.write(deed(1))
    await until(lambda: _is_published(house, 1))
    assert sum(one.has_lease for one in made) == 1
    leader = int(made[1].has_lease)
    stops[leader].set()
    await runs[leader]
    # It gave the lease up, so nobody waits the three seconds.
    await until(lambda: _leads(made[1 - leader]), within_s=2)
    await house.write(deed(2))
    await until(lambda: _is_published(house, 2))
    stops[1 - leader].set()
    await runs[1 - leader]
    assert await house.numbers() == [1, 2]
    await audited(house)


async def _is_published(house: House, size: int) -> bool:
    return (await house.sizes())[2] == size


async def _leads(one: Sequencer) -> bool:
    return one.has_lease


@pytest.mark.parametrize("at", TURN)
async def test_whoever_slept_before_the_fence_writes_nothing_more(
    house: House, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    first = await leading(house)
    second = await house.sequencer("second", unrenewed_s=0)
    then: list[Any] = []

    async def takes_over() -> None:
        assert await second.try_lease()
        then.append(await everything(house))

    hook(monkeypatch, at=at, before=takes_over)
    with pytest.raises(Fenced):
        await first.turn()
    assert await everything(house) == then[0]
    await first._publisher.stop()
    await second.turn()
    with pytest.raises(Fenced):
        await first.turn()
    assert await house.numbers() == [1, 2, 3]
    await audited(house)


@pytest.mark.parametrize("at", TURN)
async def test_behind_the_fence_nobody_takes_over_before_the_commit(
    house: House, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    first = await leading(house)
    second = await house.sequencer("second", unrenewed_s=0)
    taking: list[asyncio.Task[bool]] = []

    async def waits() -> bool:
        sql = "SELECT FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')"
        return bool(await house.rows(sql))

    async def knocks() -> None:
        taking.append(asyncio.create_task(second.try_lease()))
        await until(waits)
        assert not taking[0].done()

    hook(monkeypatch, at=at, after=knocks)
    # The next time it comes to the fence is in its next turn, for what it did last was the last of this one.
    for _ in range(2):
        try:
            await first.turn()
        except Fenced:
            break
        await until(lambda: _is_done(taking))
    else:
        pytest.fail("it was never fenced out")
    assert await taking[0]
    await first._publisher.stop()
    await second.turn()
    assert await house.numbers() == [1, 2, 3]
    await audited(house)


async def _is_done(taking: list[asyncio.Task[bool]]) -> bool:
    return taking[0].done()


@pytest.mark.parametrize("at", TURN)
async def test_whoever_sleeps_behind_the_fence_is_thrown_out_by_the_database(
    house: House, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    first = await leading(house)
    await first._database.stop()
    sleepy = await house.database(
        "sequencer", settings={"idle_in_transaction_session_timeout": "200ms"}
    )
    first._database = first._publisher._database = sleepy
    second = await house.sequencer("second", unrenewed_s=0)
    then: list[Any] = []

    async def sleeps() -> None:
        # It returns when the database has ended the transaction of the first.
        assert await second.try_lease()
        then.append(await everything(house))

    hook(monkeypatch, at=at, after=sleeps)
    if at == PUBLISHED:
        await first.turn()
    else:
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError)):
            await first.turn()
    assert await everything(house) == then[0]
    await second.turn()
    with pytest.raises(Fenced):
        await first.turn()
    assert await house.numbers() == [1, 2, 3]
    await audited(house)


@pytest.mark.parametrize("is_inside", [False, True], ids=["anywhere", "inside a transaction"])
async def test_a_process_that_is_stopped_under_load_is_replaced_and_publishes_nothing_when_it_wakes(
    house: House, is_inside: bool
) -> None:
    load = asyncio.create_task(_load(house))
    first = Child(sequence, house.url, "first", 1.0)
    await until(lambda: _grows(house, "first", 100))
    if is_inside:
        await until(lambda: _stopped_inside(house, first))
    else:
        os.kill(first.pid, signal.SIGSTOP)
    stopped_at = time.monotonic()
    second = Child(sequence, house.url, "second", 1.0)
    before = (await house.sizes())[0]
    await until(lambda: _grows(house, "second", before + 100))
    assert time.monotonic() - stopped_at < 10
    os.kill(first.pid, signal.SIGCONT)
    woken = (await house.sizes())[0]
    # The second goes on: the first finds the fence, or the lease renewed.
    await until(lambda: _grows(house, "second", woken + 300))
    lease = await house.lease()
    assert (lease.holder, lease.epoch) == ("second", 2)
    load.cancel()
    await first.kill()
    await second.kill()
    await house.sequenced()
    assert (await audited(house)).entries > 500


async def test_a_process_that_is_killed_inside_a_transaction_leaves_nothing_of_it(
    house: House,
) -> None:
    load = asyncio.create_task(_load(house))
    for number in range(5):
        one = Child(sequence, house.url, f"life {number}", 0.0)
        before = (await house.sizes())[0]
        await until(lambda: _grows(house, f"life {number}", before + 20))  # noqa: B023
        await until(lambda: _stopped_inside(house, one))  # noqa: B023
        await one.kill()
    load.cancel()
    await house.sequenced()
    assert (await audited(house)).entries > 100


async def _load(house: House) -> None:
    """Acts without an end, a few hundred a second."""
    number = 0
    while True:
        await house.write(*[deed(number + at) for at in range(5)])
        number += 5
        await asyncio.sleep(0.005)


async def _grows(house: House, holder: str, size: int) -> bool:
    return (await house.lease()).holder == holder and (await house.sizes())[2] >= size


async def _stopped_inside(house: House, child: Child) -> bool:
    """Stop a process, and let it go on unless it stands in a transaction that has written."""
    os.kill(child.pid, signal.SIGSTOP)
    connection = await asyncpg.connect(house.url)
    try:
        # Its last statement ends within this time, if one was under way.
        for _ in range(50):
            active = await connection.fetchval(_IS, "active")
            if not active:
                break
        if await connection.fetchval(_IS, "idle in transaction"):
            return True
    finally:
        await connection.close()
    os.kill(child.pid, signal.SIGCONT)
    return False


_IS = (
    "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND state = $1 "
    "AND application_name = 'tallystick_sequencer' AND backend_xid IS NOT NULL)"
)

"""Killed with SIGKILL at any point: no effect without its entry, no entry without its effect, none lost or twice."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from typing import Any

import pytest

from tallystick.audit.model import tiles
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import Entry, read
from tallystick.ledger.api import Hold, Post, Posting, Side
from tallystick.ledger.service import LedgerService
from tallystick.runtime.clock import Mint, SystemClock
from tallystick.wallets.api import WalletOf
from tallystick.wallets.service import WalletsService
from tests.audit.sequencing import Child, House, audited, deed, housed, put, sequence
from tests.ledger.desk import Desk
from tests.wallets.conftest import order

CALLER = Caller(tenant_id=1, actor="test")
KILLS = 100


@pytest.fixture
async def house(make_database: Callable[[], str]) -> AsyncIterator[House]:
    async with housed(make_database) as made:
        yield made


async def _desk(house: House) -> Desk:
    database = await house.database("ledger")
    service = LedgerService(database=database, mint=Mint(SystemClock()))
    desk = Desk(service=service, database=database, caller=CALLER)
    await desk.open_ledger()
    await desk.open("bank", side=Side.DEBIT)
    await desk.open("ana", "max")
    return desk


async def _submit(desk: Desk, *, pause_s: float = 0) -> None:
    """Submit without an end: postings, holds, and what is refused."""
    there = Posting(debit="bank", credit="ana", amount=5, asset="EUR")
    nowhere = Posting(debit="bank", credit="nobody", amount=5, asset="EUR")
    while True:
        items = [
            *(Post(postings=(there,)) for _ in range(random.randint(1, 40))),
            Hold(postings=(there,)),
            Post(postings=(nowhere,)),
        ]
        await desk.submit(*items)
        await asyncio.sleep(pause_s)


async def _book(url: str) -> None:
    desk = await _desk(House(url))
    await asyncio.gather(*(_submit(desk) for _ in range(4)))


def book(url: str) -> None:
    """Keep the books busy; the work of a child."""
    asyncio.run(_book(url))


async def _keep_wallets(url: str, life: int) -> None:
    house = House(url)
    desk = await _desk(house)
    wallets = WalletsService(
        database=await house.database("wallets"),
        mint=Mint(SystemClock()),
        clock=SystemClock(),
        ledger=desk.service,
    )

    async def keep(part: int) -> None:
        number = 0
        while True:
            number += 1
            wallet = f"w{life}-{part}-{number}"
            from_iban = order(id=wallet).accounts[0]
            account = type(from_iban)(asset="EUR", exponent=2)
            await wallets.open(caller=CALLER, message=order(account, id=wallet))
            for move in (wallets.freeze, wallets.unfreeze, wallets.close, wallets.reopen):
                await move(caller=CALLER, message=WalletOf(wallet=wallet))

    await asyncio.gather(*(keep(part) for part in range(3)))


def keep_wallets(url: str, life: int) -> None:
    """Open wallets and move them about; the work of a child."""
    asyncio.run(_keep_wallets(url, life))


async def entries_of(house: House, context: str) -> list[Entry]:
    """Every entry in the leaves of a context."""
    return [
        read(entry)
        for row in await house.rows(f"SELECT entries FROM {context}.leaf")
        for entry in tiles.unpack(row["entries"])
    ]


async def lives(
    house: House, work: Callable[..., None], *, least: int, of: str, rounds: int
) -> None:
    """Have a child work and be killed at a random time after it has written something, some rounds."""
    for life in range(rounds):
        (before,) = await house.rows(f"SELECT count(1) FROM {of}")
        child = Child(work, house.url, *((life,) if work is keep_wallets else ()))
        for _ in range(2_000):
            (now,) = await house.rows(f"SELECT count(1) FROM {of}")
            if now["count"] >= before["count"] + least:
                break
            await asyncio.sleep(0.01)
        else:
            pytest.fail("the child does nothing")
        await asyncio.sleep(random.random() / 10)
        await child.kill()


async def _ended(house: House) -> None:
    """Return when the server has ended what the killed left open."""
    sql = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL"
    for _ in range(2_000):
        if not await house.rows(sql):
            return
        await asyncio.sleep(0.01)
    pytest.fail("a transaction of the killed stays open")


async def test_every_transaction_of_the_books_has_its_entry_and_no_entry_is_without_one(
    house: House,
) -> None:
    await lives(house, book, least=200, of="ledger.transaction", rounds=12)
    await _ended(house)
    rows = await house.rows(
        "SELECT format('ledger:%s:transaction:%s', ledger_id, (extract(epoch FROM recorded_at) * 1000000)::bigint)"
        " AS subject, kind, coalesce(refusal, 'done') AS outcome FROM ledger.transaction"
    )
    done = Counter(
        (row["subject"], f"ledger.transaction.{row['kind']}", row["outcome"]) for row in rows
    )
    told = Counter(
        (entry.on, entry.tag, entry.outcome)
        for entry in await entries_of(house, "ledger")
        if entry.tag.startswith("ledger.transaction.")
    )
    assert told == done
    assert set(done.values()) == {1}
    assert {outcome for _, _, outcome in done} > {"done"}
    assert len(done) > 12 * 200
    await house.sequenced()
    await audited(house)


async def test_every_move_of_a_wallet_has_its_entry_and_no_entry_is_without_one(
    house: House,
) -> None:
    await lives(house, keep_wallets, least=30, of="wallets.wallet_event", rounds=4)
    await _ended(house)
    rows = await house.rows(
        "SELECT wallet_number, number, event FROM wallets.wallet_event JOIN wallets.wallet USING (tenant_id, wallet_id)"
    )
    moves = Counter((f"wallets:wallet:{row[0]}", row[1], row[2]) for row in rows)
    told = Counter(
        (entry.on, entry.content["number"], entry.content["event"])
        for entry in await entries_of(house, "wallets")
        if entry.content is not None
    )
    assert told == moves
    assert set(moves.values()) == {1}


async def _act(house: House, number: int) -> None:
    """Act for several tenants in several contexts without an end; some transactions stay open for a while."""
    while True:
        number += 10
        context, tenant_id = random.choice(["ledger", "wallets", "payments"]), random.randint(1, 3)
        async with house.acting(context, tenant_id) as connection:
            deeds = [
                deed(number + at, tenant_id=tenant_id)
                for at in range(random.choice([1] * 9 + [300]))
            ]
            await put(connection, *deeds, context=context)
            await asyncio.sleep(random.choice([0, 0.001, 0.1]))
        await asyncio.sleep(0.05)


async def _until_stopped(stopping: asyncio.Event, *work: Coroutine[Any, Any, None]) -> None:
    tasks = [asyncio.create_task(one) for one in work]
    await stopping.wait()
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task


@pytest.mark.timeout(400)
async def test_a_sequencer_killed_100_times_under_load_loses_and_repeats_nothing(
    house: House,
) -> None:
    stopping = asyncio.Event()
    desk = await _desk(house)
    load = asyncio.create_task(
        _until_stopped(stopping, _submit(desk, pause_s=0.1), _act(house, 0), _act(house, 10**9))
    )
    last: Child | None = None
    for life in range(KILLS):
        assert not load.done(), load
        one = Child(sequence, house.url, f"life {life}", 0.0)
        await _taken(house, f"life {life}")
        if last is not None:
            await last.kill()
            last = None
        await asyncio.sleep(random.random() / 4)
        if life % 4 == 0:
            # It lives on until the next one has fenced it out.
            last = one
        else:
            await one.kill()
    stopping.set()
    await load
    await _ended(house)
    in_time = (await house.sizes())[0]
    assert (await house.lease()).epoch >= KILLS
    await house.sequenced()
    found = await audited(house)
    assert in_time > 1_000
    assert found.checkpoints > found.trees


async def _taken(house: House, holder: str) -> None:
    for _ in range(5_000):
        if (await house.lease()).holder == holder:
            return
        await asyncio.sleep(0.002)
    pytest.fail("nobody takes the lease")

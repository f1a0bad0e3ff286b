"""Bulk: transfers a second in full batches, beside the same statements with the arrays made beforehand."""

import asyncio
import random
import statistics
import time
from collections.abc import Sequence

from msgspec import structs

from tallystick.kernel.callers import Caller, Cap
from tallystick.ledger.api import Post, Submit
from tallystick.ledger.model import acts
from tallystick.ledger.model.deciding import Decider
from tallystick.ledger.service import LedgerService
from tallystick.ledger.store import reading, states, writing
from tallystick.runtime.database import Database
from tallystick.runtime.edge import settle_memory
from tests.bench.figures import median_ratio, say, show
from tests.bench.ground import ASSET, LEDGER, MINT, batches, ledger_database, new_books

ROUNDS = 5
TRANSFERS = 49_140
CLIENTS = 3
UNIFORM, HOT = 10_000, 4
Made = Sequence[tuple[Post, ...]]

CEILING_FLOOR, HOT_FLOOR, CAPPED_FLOOR = 0.6, 0.9, 0.4
# One cap for all of them, and never reached: what counting costs, at its most contended.
CAP = Cap(name="dlg_bench", asset=ASSET, slot="2026-11-28", most=10**20)


async def measure(url: str) -> None:
    """Measure both sizes, uniform and hot, each round beside its ceiling."""
    async with ledger_database(url) as database:
        for size in (1_000, 8_190):
            await _measure_size(database, size)


async def _measure_size(database: Database, size: int) -> None:
    service = LedgerService(database=database, mint=MINT, batch_items_max=size)
    say(f"bulk, batches of {size}: opening accounts")
    books = {
        (shape, role): await new_books(service, accounts=accounts)
        for shape, accounts in (("uniform", UNIFORM), ("hot", HOT))
        for role in ("ours", "ceiling")
    }
    capped = await new_books(service, accounts=UNIFORM)
    books["uniform", "capped"] = structs.replace(capped, caps=(CAP,))
    rates: dict[tuple[str, str], list[float]] = {key: [] for key in books}
    chance = random.Random(size)
    for number in range(ROUNDS + 1):
        for (shape, role), caller in books.items():
            accounts = UNIFORM if shape == "uniform" else HOT
            made = batches(
                chance, count=TRANSFERS // size, size=size, accounts=accounts, tag=f"{number}"
            )
            run = _ceiling if role == "ceiling" else ours
            rate = await run(database, service, caller, made)
            if number > 0:  # the first round warms caches and plans
                rates[shape, role].append(rate)
    for shape in ("uniform", "hot"):
        reached, ceiling = rates[shape, "ours"], rates[shape, "ceiling"]
        show(
            f"bulk_{size}_{shape}", statistics.median(reached), "transfers/s",
            against=f"ceiling {statistics.median(ceiling):.0f}/s",
            ratio=median_ratio(reached, ceiling), floor=CEILING_FLOOR,
        )  # fmt: skip
    show(
        f"bulk_{size}_hot_to_uniform", statistics.median(rates["hot", "ours"]), "transfers/s",
        against="uniform", ratio=median_ratio(rates["hot", "ours"], rates["uniform", "ours"]), floor=HOT_FLOOR,
    )  # fmt: skip
    under = rates["uniform", "capped"]
    show(
        f"bulk_{size}_under_a_cap", statistics.median(under), "transfers/s",
        against="without caps", ratio=median_ratio(under, rates["uniform", "ours"]), floor=CAPPED_FLOOR,
    )  # fmt: skip


async def ours(_: Database, service: LedgerService, caller: Caller, made: Made) -> float:
    """Transfers a second through the service."""
    waiting = iter(made)

    async def client() -> None:
        for items in waiting:
            verdicts = await service.submit(
                caller=caller, message=Submit(ledger=LEDGER, items=items)
            )
            assert all(verdict.transaction is not None for verdict in verdicts.items)

    settle_memory()  # what was made before the clock starts is not walked while it runs
    started = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return sum(map(len, made)) / (time.perf_counter() - started)


async def _ceiling(database: Database, _: LedgerService, caller: Caller, made: Made) -> float:
    """The same statements, one writer, arrays made before the clock starts; no reads, no decisions."""
    key, prepared = await _prepare(database, caller, made)
    settle_memory()
    started = time.perf_counter()
    for batch in prepared:
        async with database.transaction(tenant_id=caller.tenant_id) as connection:
            await writing.write(connection, key, batch)
    return sum(map(len, made)) / (time.perf_counter() - started)


async def _prepare(
    database: Database, caller: Caller, made: Made
) -> tuple[states.Key, list[writing.Batch]]:
    addresses = list(
        {
            side
            for items in made
            for item in items
            for side in (item.postings[0].debit, item.postings[0].credit)
        }
    )
    async with database.transaction(tenant_id=caller.tenant_id) as connection:
        number = await reading.ledger_id(connection, caller.tenant_id, LEDGER)
        assert number is not None
        key = (caller.tenant_id, number)
        found = await states.states_by_address(connection, key, addresses)
        now = await reading.clock(connection)
    accounts = {account.address: account for account in found}
    prepared: list[writing.Batch] = []
    for items in made:
        read = [acts.read(item, where="items", new_id=str, caller=caller) for item in items]
        decider = Decider(accounts=accounts, targets={}, named=set(), now=now)
        outcomes = [decider.decide(act, recorded_at=now + place) for place, act in enumerate(read)]
        now += len(read)
        prepared.append(writing.prepare(outcomes, (), key=key))
    return key, prepared

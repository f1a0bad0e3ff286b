"""Growth: what three million transfers cost that a hundred thousand did not, a fifth of them back-dated."""

import asyncio
import itertools
import random
import resource
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import asyncpg

from tallystick.kernel import instants
from tallystick.kernel.callers import Caller
from tallystick.ledger.api import BalanceAsOf, Post, Posting, Submit
from tallystick.ledger.service import LedgerService
from tallystick.ledger.store import reading
from tallystick.runtime.database import Database
from tests.bench.figures import median_ratio, say, show
from tests.bench.ground import ASSET, LEDGER, MINT, ledger_database, new_books, new_database

SMALL, LARGE = 100_000, 3_000_000
BATCH = 8_190
ACCOUNTS = 10_000
HOT = 0
ROUNDS = 5
BATCHES_A_ROUND = 4
READS_A_ROUND = 100
CHECKED = 25
THROUGHPUT_FLOOR, READS_FLOOR = 0.85, 0.7
SPAN = 365 * instants.DAY


@dataclass
class Books:
    """One database with its service, and the transfers that go into it."""

    name: str
    database: Database
    service: LedgerService
    caller: Caller
    transfers: Iterator[Post]
    started_at: int
    chance: random.Random


async def measure(url: str, *, large: int = LARGE) -> None:
    """Fill two databases, one large, one small, then measure both in turn."""
    urls = {name: await new_database(url, f"growth_{name}") for name in ("small", "large")}
    async with (
        ledger_database(urls["small"]) as small_base,
        ledger_database(urls["large"]) as large_base,
    ):
        small = await _books("small", small_base)
        grown = await _books("large", large_base)
        await _fill(small, SMALL)
        memory_small = _peak_memory_mb()
        await _fill(grown, large)
        memory_large = _peak_memory_mb()
        for filled in urls.values():
            await _settle(filled)
        await _measure_throughput(small, grown, large)
        await _measure_reads(small, grown, large)
        show(
            "growth_memory_peak", memory_large, "MB", against=f"{memory_small:.0f} MB at {SMALL}",
            ratio=memory_small / memory_large,
        )  # fmt: skip


async def _books(name: str, database: Database) -> Books:
    service = LedgerService(database=database, mint=MINT)
    caller = await new_books(service, accounts=ACCOUNTS)
    async with database.transaction(tenant_id=caller.tenant_id) as connection:
        now = await reading.clock(connection)
    chance = random.Random(name)
    return Books(name, database, service, caller, _transfers(chance, now), now, chance)


def _transfers(chance: random.Random, now: int) -> Iterator[Post]:
    """Transfers of which a fifth is back-dated, by up to a year, on one hot account."""
    for number in itertools.count():
        other = chance.randrange(1, ACCOUNTS)
        amount, effective_at = chance.randint(1, 10_000), None
        debit = chance.randrange(1, ACCOUNTS)
        if number % 5 == 0:
            debit = HOT
            effective_at = instants.render(now - chance.randrange(SPAN))
        if debit == other:
            debit = HOT
        posting = Posting(debit=f"a:{debit}", credit=f"a:{other}", amount=amount, asset=ASSET)
        yield Post(id=f"g{number}", postings=(posting,), effective_at=effective_at)


async def _settle(url: str) -> None:
    """Do now what autovacuum would do after so large a fill, beside the first rounds and on their cores."""
    owner = await asyncpg.connect(url)
    await owner.execute("SET ROLE tallystick_owner")
    await owner.execute("VACUUM (ANALYZE)")
    await owner.close()


async def _fill(books: Books, count: int) -> None:
    step, done = 50 * BATCH, 0
    while done < count:
        part = min(step, count - done)
        rate = await _submit(books, part)
        done += part
        say(f"growth, {books.name}: {done:,} of {count:,} transfers, {rate:,.0f}/s")


async def _submit(books: Books, count: int) -> float:
    sizes = iter([BATCH] * (count // BATCH) + ([count % BATCH] if count % BATCH else []))

    async def client() -> None:
        for size in sizes:
            items = tuple(itertools.islice(books.transfers, size))
            verdicts = await books.service.submit(
                caller=books.caller, message=Submit(ledger=LEDGER, items=items)
            )
            assert all(verdict.transaction is not None for verdict in verdicts.items)

    started = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(3)))
    return count / (time.perf_counter() - started)


async def _measure_throughput(small: Books, grown: Books, large: int) -> None:
    rates: dict[str, list[float]] = {"small": [], "large": []}
    for _ in range(ROUNDS):
        for books in (small, grown):
            rates[books.name].append(await _submit(books, BATCHES_A_ROUND * BATCH))
    show(
        f"growth_throughput_{large}", statistics.median(rates["large"]), "transfers/s",
        against=f"{statistics.median(rates['small']):.0f}/s at {SMALL}",
        ratio=median_ratio(rates["large"], rates["small"]), floor=THROUGHPUT_FLOOR,
    )  # fmt: skip


async def _measure_reads(small: Books, grown: Books, large: int) -> None:
    times: dict[str, list[float]] = {"small": [], "large": []}
    for _ in range(ROUNDS):
        questions = {
            books.name: [one async for one in _questions(books, READS_A_ROUND)]
            for books in (small, grown)
        }
        for books in (small, grown):
            started = time.perf_counter()
            for question in questions[books.name]:
                await books.service.balance(caller=books.caller, message=question)
            times[books.name].append((time.perf_counter() - started) / READS_A_ROUND)
    show(
        f"growth_as_of_reads_{large}", 1 / statistics.median(times["large"]), "reads/s",
        against=f"{1 / statistics.median(times['small']):.0f}/s at {SMALL}",
        ratio=median_ratio(times["small"], times["large"]), floor=READS_FLOOR,
    )  # fmt: skip
    wrong = [question for books in (small, grown) for question in [await _check(books)] if question]
    show(
        "growth_as_of_wrong_answers",
        len(wrong),
        "answers",
        against=f"brute-force SQL, {2 * CHECKED} asked",
    )
    assert not wrong, wrong


async def _questions(books: Books, count: int) -> AsyncIterator[BalanceAsOf]:
    async with books.database.transaction(tenant_id=books.caller.tenant_id) as connection:
        now = await reading.clock(connection)
    for _ in range(count):
        yield BalanceAsOf(
            ledger=LEDGER,
            address=f"a:{HOT}",
            effective_at=instants.render(now - books.chance.randrange(SPAN)),
            recorded_at=instants.render(books.chance.randrange(books.started_at, now)),
        )


async def _check(books: Books) -> BalanceAsOf | None:
    """Compare sampled answers with the sum over all entries; answers the first question answered wrongly."""
    async for question in _questions(books, CHECKED):
        answer = await books.service.balance(caller=books.caller, message=question)
        async with books.database.transaction(tenant_id=books.caller.tenant_id) as connection:
            summed = await connection.fetchval(
                """
                SELECT coalesce(sum(CASE WHEN entry.is_debit THEN -entry.amount ELSE entry.amount END), 0)
                FROM ledger.entry JOIN ledger.account USING (tenant_id, ledger_id, account_id)
                WHERE account.address = $1 AND entry.layer = 0
                  AND entry.effective_at <= $2 AND entry.recorded_at <= $3
                """,
                question.address,
                instants.parse(question.effective_at or ""),
                instants.parse(question.recorded_at or ""),
            )
        if int(answer.balances.posted) != summed:
            return question
    return None


def _peak_memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024

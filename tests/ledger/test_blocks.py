"""Lists go by an index: what a page costs is bounded by the rarest thing that is asked, not by the size of the books.

Measured in blocks that the very statements of the service fetch, planned once, both while the tables were empty
and after they had grown and were analysed.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from tallystick.apps.compose import PLANNING
from tallystick.kernel.callers import Caller
from tallystick.ledger.api import ListAccounts, ListEntries, ListTransactions
from tallystick.ledger.service import LedgerService
from tallystick.runtime.clock import Mint, SystemClock
from tallystick.runtime.database import Connection, Database
from tallystick.runtime.migrations import migrate
from tests.ledger.desk import LEDGER, Desk, capture, hold, post, reverse, void

ROWS = 20_000
RARE = 5
TILLS = 10
PAGE = 50
# A row that is found costs a few look-ups of a few blocks each; a walk costs a block or more for each of 20,000.
BLOCKS_A_ROW = 20
BLOCKS_BEFORE = 300
BLOCKS_AN_ACT = 50
METADATA_INDEXES = {
    "transactions": "transaction_metadata_pkey",
    "accounts": "account_metadata_pkey",
}

_FETCHED = """
    SELECT relname AS name, pg_stat_get_xact_blocks_fetched(oid) AS blocks FROM pg_class
    WHERE relnamespace = 'ledger'::regnamespace AND relkind IN ('r', 'i')
"""
_GROW_ACCOUNTS = """
    INSERT INTO ledger.account (tenant_id, ledger_id, address, asset, normal_side, metadata)
    SELECT tenant_id, ledger_id, 'shop:' || number, 'EUR', 'credit',
           CASE WHEN number % ($1 / $2) = 0 THEN '{"kind": "shop", "branch": "7"}' ELSE '{"kind": "shop"}' END::jsonb
    FROM ledger.ledger CROSS JOIN generate_series(1, $1::integer) AS number;
"""
_GROW_BALANCES = """
    INSERT INTO ledger.balance (tenant_id, ledger_id, account_id, recorded_at)
    SELECT tenant_id, ledger_id, account_id, opened_at FROM ledger.account WHERE address LIKE 'shop:%'
"""
_GROW_NOTES = """
    INSERT INTO ledger.account_metadata (tenant_id, ledger_id, key, value, address)
    SELECT tenant_id, ledger_id, pair.key, pair.value, address
    FROM ledger.account CROSS JOIN LATERAL jsonb_each_text(metadata) AS pair WHERE address LIKE 'shop:%'
"""

Filters = dict[str, Any]
# What is asked of the transactions, and how many answer it.
TRANSACTIONS: dict[str, tuple[Filters, int]] = {
    "nothing": ({}, PAGE),
    "a common reference": ({"reference": "SALE"}, PAGE),
    "a hot account": ({"account": "world"}, PAGE),
    "a common value": ({"metadata": {"kind": "sale"}}, PAGE),
    "a rare value": ({"metadata": {"order": "17"}}, RARE),
    "a value nobody has": ({"metadata": {"order": "18"}}, 0),
    "a common and a rare value": ({"metadata": {"kind": "sale", "order": "17"}}, RARE),
    "a rare value on a hot account": ({"metadata": {"order": "17"}, "account": "world"}, RARE),
    "a rare value on any till": ({"metadata": {"order": "17"}, "account": "till:..."}, RARE),
    "a rare value on another account": ({"metadata": {"order": "17"}, "account": "quiet"}, 0),
    "a rare value of a common reference": (
        {"metadata": {"order": "17"}, "reference": "SALE"},
        RARE,
    ),
    "a rare value of another reference": ({"metadata": {"order": "17"}, "reference": "INV 7"}, 0),
    "a common value on a quiet account": ({"metadata": {"kind": "sale"}, "account": "quiet"}, RARE),
    "a common value of a rare reference": (
        {"metadata": {"kind": "sale"}, "reference": "INV 7"},
        RARE,
    ),
    "a rare value in the last century": (
        {"metadata": {"order": "17"}, "until": "2000-01-01T00:00:00Z"},
        0,
    ),
}
ACCOUNTS: dict[str, tuple[Filters, int]] = {
    "nothing": ({}, PAGE),
    "a small branch of the addresses": ({"address": "bank:..."}, RARE),
    "a common value": ({"metadata": {"kind": "shop"}}, PAGE),
    "a rare value": ({"metadata": {"branch": "7"}}, RARE),
    "a value nobody has": ({"metadata": {"branch": "8"}}, 0),
    "a common and a rare value": ({"metadata": {"kind": "shop", "branch": "7"}}, RARE),
    "a rare value of an asset": ({"metadata": {"branch": "7"}, "asset": "EUR"}, RARE),
    "a rare value of another asset": ({"metadata": {"branch": "7"}, "asset": "USD"}, 0),
    "a rare value in a large branch": ({"metadata": {"branch": "7"}, "address": "shop:"}, RARE),
    "a common value in a small branch": (
        {"metadata": {"kind": "shop"}, "address": "bank:..."},
        RARE,
    ),
}
ENTRIES: dict[str, tuple[Filters, int]] = {
    "the newest of a hot account": ({"address": "world"}, PAGE),
    "the oldest of a hot account": ({"address": "world", "oldest_first": True}, PAGE),
    "those of a quiet account": ({"address": "quiet"}, RARE),
}
LISTS: dict[str, tuple[Callable[..., Any], dict[str, tuple[Filters, int]]]] = {
    "transactions": (ListTransactions, TRANSACTIONS),
    "accounts": (ListAccounts, ACCOUNTS),
    "entries": (ListEntries, ENTRIES),
}
CASES = [(listed, name) for listed, (_, asked) in LISTS.items() for name in asked]
Measured = dict[tuple[str, str, str], tuple[int, dict[str, int]]]
# What is done to one of many holds or transactions.
ACTS: dict[str, Callable[[str, str], Any]] = {
    "a capture": lambda hold_id, _: capture(hold_id, 1),
    "a void": lambda hold_id, _: void(hold_id),
    "a reversal": lambda _, post_id: reverse(post_id),
}


class Watched(Database):
    """The database as the service has it; it counts the blocks that a transaction fetches, by table and index."""

    fetched: dict[str, int]

    @asynccontextmanager
    async def transaction(
        self, *, tenant_id: int, read_only: bool = False
    ) -> AsyncIterator[Connection]:
        """One transaction, counted."""
        async with super().transaction(tenant_id=tenant_id, read_only=read_only) as connection:
            before = await self._counted(connection)
            yield connection
            self.fetched = dict(await self._counted(connection) - before)

    async def _counted(self, connection: Connection) -> Counter[str]:
        return Counter({row["name"]: row["blocks"] for row in await connection.fetch(_FETCHED)})


async def _measure(desk: Desk, database: Watched, measured: Measured, planned: str) -> None:
    """Ask every list, and note how many it answers and what that took."""
    for listed, name in CASES:
        make, asked = LISTS[listed]
        message = make(ledger=LEDGER, limit=PAGE, **asked[name][0])
        page = await getattr(desk.service, listed)(caller=desk.caller, message=message)
        measured[planned, listed, name] = len(page.items), database.fetched
    for name, act in ACTS.items():
        verdicts = await desk.submit(act(f"hold-{planned}", f"post-{planned}"))
        done = sum(verdict.transaction is not None for verdict in verdicts)
        measured[planned, "acts", name] = done, database.fetched


async def _fill(desk: Desk) -> None:
    await desk.submit(*[hold("world", "vault", 2) for _ in range(ROWS // 4)])
    for start in range(0, ROWS, 5_000):
        await desk.submit(
            *[
                post(
                    "world", f"till:{number % TILLS}", 1, reference="SALE", metadata=_noted(number)
                )
                for number in range(start, start + 5_000)
            ]
        )
    common = {"kind": "sale"}
    await desk.submit(
        *[post("world", "quiet", 1, reference="SALE", metadata=common) for _ in range(RARE)],
        *[post("world", "till:0", 1, reference="INV 7", metadata=common) for _ in range(RARE)],
    )
    async with desk.database.transaction(tenant_id=desk.caller.tenant_id) as connection:
        # Foreign keys are looked up by plans of a young table, each past half of what was added: that takes time.
        await connection.execute("SET LOCAL statement_timeout = '100s'")
        await connection.execute(_GROW_ACCOUNTS, ROWS, RARE)
        await connection.execute(_GROW_BALANCES, timeout=100)
        await connection.execute(_GROW_NOTES)


def _noted(number: int) -> dict[str, str]:
    order = {"order": "17"} if number % (ROWS // RARE) == 0 else {}
    return {"kind": "sale"} | order


async def _run(url: str, contexts: tuple[str, ...], measured: Measured) -> None:
    await migrate(url=url, contexts=contexts)
    database = Watched(url=url, role="tallystick_ledger", pool_size=1, settings=PLANNING)
    await database.start()
    try:
        mint = Mint(SystemClock())
        caller = Caller(tenant_id=mint.tenant_id(), actor="test")
        service = LedgerService(database=database, mint=mint)
        desk = Desk(service=service, database=database, caller=caller)
        await desk.open_ledger()
        await desk.open("world", "quiet", "vault", *[f"till:{n}" for n in range(TILLS)])
        await desk.open(*[f"bank:{n}" for n in range(RARE)], metadata={"kind": "shop"})
        for planned in ("first", "empty", "full"):
            await desk.submit(
                hold("world", "vault", 2, id=f"hold-{planned}"),
                post("world", "vault", 1, id=f"post-{planned}"),
            )
        await _measure(desk, database, {}, "first")
        await _fill(desk)
        await _measure(desk, database, measured, "empty")
        owner = await asyncpg.connect(url)
        await owner.execute("ANALYZE")
        await owner.close()
        await _measure(desk, database, measured, "full")
    finally:
        await database.stop()


@pytest.fixture(scope="module")
def measured(make_database: Callable[[], str], contexts: tuple[str, ...]) -> Measured:
    """What every list answers and fetches in large books, by when it was planned."""
    found: Measured = {}
    asyncio.run(_run(make_database(), contexts, found))
    return found


@pytest.mark.parametrize("planned", ["empty", "full"])
@pytest.mark.parametrize(("listed", "name"), CASES)
def test_a_page_costs_what_it_finds(
    measured: Measured, planned: str, listed: str, name: str
) -> None:
    filters, expected = LISTS[listed][1][name]
    found, fetched = measured[planned, listed, name]
    assert found == expected
    assert sum(fetched.values()) <= BLOCKS_BEFORE + BLOCKS_A_ROW * found, fetched
    assert (METADATA_INDEXES.get(listed) in fetched) == ("metadata" in filters)


@pytest.mark.parametrize("planned", ["empty", "full"])
@pytest.mark.parametrize("name", ACTS)
def test_an_act_finds_its_target_among_many(measured: Measured, planned: str, name: str) -> None:
    done, fetched = measured[planned, "acts", name]
    assert done == 1
    blocks = sum(count for table, count in fetched.items() if table.startswith("transaction"))
    assert blocks <= BLOCKS_AN_ACT, fetched

"""Every hot statement goes by its own index, whatever the statistics said when it was planned.

A plan is made once for each connection. On a young ledger it is made from the statistics of a table of one row, which
looks as quick to read by any index; a second later the table has thousands, and the plan is still there.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tallystick.apps.compose import PLANNING
from tallystick.apps.parts import CONTEXTS
from tallystick.kernel.callers import Caller
from tallystick.ledger.service import LedgerService
from tallystick.runtime.clock import Mint, SystemClock
from tallystick.runtime.database import Database
from tallystick.runtime.migrations import migrate
from tallystick.runtime.sql import queries, statement
from tests.ledger.desk import Desk, post
from tests.loops import to_end
from tests.plans import scans_of

_BY_ID = ("transaction", "transaction_id_is_used_once")
_BY_TIME = ("transaction", "transaction_pkey")
_HOLD = ("hold", "hold_pkey")
_REVERSAL = ("reversal", "reversal_pkey")
_BALANCE = ("balance", "balance_pkey")
_BY_ADDRESS = ("account", "account_address_is_used_once")
_ENTRY = ("entry", "entry_pkey")

EXPECTED: dict[str, set[tuple[str, str]]] = {
    "known": {_BY_ID},
    "lock_holds": {_BY_ID, _HOLD},
    "targets": {_BY_ID, _HOLD, _REVERSAL},
    "transactions_by_id": {_BY_ID, _HOLD, _REVERSAL, _BY_TIME},
    "states_by_address": {_BY_ADDRESS, _BALANCE},
    "states_by_id": {("account", "account_pkey"), _BALANCE},
    "addresses": {("account", "account_pkey")},
    "accounts": {_BY_ADDRESS, _BALANCE, ("asset", "asset_pkey")},
    "account_ids": {_BY_ADDRESS},
    "find_accounts": {_BY_ADDRESS},
    "seen_of_times": {_BY_TIME, ("account", "account_pkey")},
    "caps_of_holds": {("cap_use", "cap_use_pkey")},
    "lock_caps": {("cap", "cap_pkey")},
    "unchanged": {_BALANCE},
    "settle_holds": {_HOLD},
    "reverse_more": {_REVERSAL},
    "entries_newest_first": {_ENTRY, _BY_TIME},
    "entries_oldest_first": {_ENTRY, _BY_TIME},
    "write": {_BALANCE},
    "displace": {("displacement", "displacement_pkey")},
    "as_of": {_ENTRY, ("displacement", "displacement_pkey")},
}


@pytest.fixture(scope="module", params=["one row, analyzed", "some rows, never analyzed"])
def young(request: pytest.FixtureRequest, make_database: Callable[[], str]) -> tuple[str, Caller]:
    """A database of its own, since statistics are of a whole table."""
    is_analyzed = request.param == "one row, analyzed"
    url, mint = make_database(), Mint(SystemClock())
    caller = Caller(tenant_id=mint.tenant_id(), actor="test")

    async def grow() -> None:
        await migrate(url=url, contexts=CONTEXTS)
        async with _as_platform(url) as database:
            service = LedgerService(database=database, mint=mint)
            desk = Desk(service=service, database=database, caller=caller)
            await desk.open_ledger()
            await desk.open("a", "b")
            await desk.submit(*[post("a", "b", 1)] * (1 if is_analyzed else 3000))
        if is_analyzed:
            owner = await asyncpg.connect(url)
            await owner.execute("ANALYZE")
            await owner.close()

    to_end(grow())
    return url, caller


@asynccontextmanager
async def _as_platform(url: str) -> AsyncIterator[Database]:
    database = Database(url=url, role="tallystick_ledger", pool_size=2, settings=PLANNING)
    await database.start()
    try:
        yield database
    finally:
        await database.stop()


@pytest.mark.parametrize("name", EXPECTED)
async def test_a_plan_of_a_young_table_is_right_for_an_old_one(
    young: tuple[str, Caller], name: str
):
    url, caller = young
    named = queries("ledger")
    text = named[name] if name in named else statement("ledger", name)
    async with (
        _as_platform(url) as database,
        database.transaction(tenant_id=caller.tenant_id) as connection,
    ):
        scans = await scans_of(connection, text)
    seen = {(scan["Relation Name"], scan.get("Index Name", scan["Node Type"])) for scan in scans}
    assert seen == EXPECTED[name]
    # A look-up names the whole key; what reads an index from end to end names its first columns only. An update
    # cannot be told to look its rows up one by one: for the first minute it may read a young table whole.
    if name not in ("write", "settle_holds", "reverse_more"):
        assert all(scan.get("Index Cond", "").count("=") >= 3 for scan in scans), scans

"""Verify: books that hold are told to hold; whoever damages them as their owner is named the law and the place."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import DAY, SECOND, Instant, render
from tallystick.ledger.api import Damage, Hold, Post, Verification
from tallystick.ledger.model.accounts import DISPLACED_SCANNED_MAX
from tallystick.ledger.service import LedgerService
from tallystick.ledger.service.verifying import verify
from tallystick.runtime.clock import Mint, SystemClock
from tallystick.runtime.database import Database
from tests.ledger.desk import TABLES, Desk, capture, hold, post, posting, reverse, void

SUMS = "every balance is the sum of its entries"
LAST = "every balance knows its last entry and how many are displaced"
RUNNING = "every entry carries the counters after it"
PAIRED = "every transaction has its entries and every entry its transaction"
EQUAL = "debits equal credits in every asset"
RESERVED = "every hold reserves what was held less what was released"
PENDING = "open holds explain what is pending"
REVERSED = "no more was reversed than was posted"
INDEXED = "the index of displaced entries sums them all"
LAWS = (SUMS, LAST, RUNNING, PAIRED, EQUAL, RESERVED, PENDING, REVERSED, INDEXED)

# Every clause names the tenant, so that nobody else's rows are touched.
MINE = "tenant_id = current_setting('tallystick.tenant')::bigint"


def at(transaction_id: str) -> str:
    """The clause that finds the rows of a transaction, in whichever table."""
    return f"{MINE} AND recorded_at = (SELECT recorded_at FROM ledger.transaction WHERE {MINE} AND id = '{transaction_id}')"


def of(address: str) -> str:
    """The clause that finds the rows of an account."""
    return f"{MINE} AND account_id = (SELECT account_id FROM ledger.account WHERE {MINE} AND address = '{address}')"


@dataclass(frozen=True)
class Case:
    """What somebody does to the tables, and what verify must say: each law that it breaks, and where."""

    name: str
    sql: tuple[str, ...]
    named: tuple[tuple[str, str], ...]


def _counters() -> list[Case]:
    return [
        Case(
            f"a balance whose {counter} is one more",
            (f"UPDATE ledger.balance SET {counter} = {counter} + 1 WHERE {of('rich')}",),
            ((SUMS, "main: rich"),),
        )
        for counter in ("debits_posted", "credits_posted")
    ] + [
        Case(
            f"a balance whose {counter} is one more",
            (f"UPDATE ledger.balance SET {counter} = {counter} + 1 WHERE {of('rich')}",),
            ((SUMS, "main: rich"), (PENDING, "main: rich")),
        )
        for counter in ("debits_pending", "credits_pending")
    ] + [
        Case(
            "a balance whose counters of a side are both one more",
            ("UPDATE ledger.balance SET debits_pending = debits_pending + 1, debits_released = debits_released + 1"
             f" WHERE {of('rich')}",),
            ((SUMS, "main: rich"),),
        ),
        Case(
            "a counter that went backwards",
            (f"UPDATE ledger.balance SET credits_posted = credits_posted - 1 WHERE {of('rich')}",),
            ((SUMS, "main: rich"),),
        ),
        Case(
            "money moved from one balance to another, the sum as it was",
            (f"UPDATE ledger.balance SET credits_posted = credits_posted - 5 WHERE {of('rich')}",
             f"UPDATE ledger.balance SET credits_posted = credits_posted + 5 WHERE {of('poor')}"),
            ((SUMS, "main: rich"), (SUMS, "main: poor")),
        ),
        Case(
            "a balance deleted",
            (f"DELETE FROM ledger.balance WHERE {of('poor')}",),
            ((SUMS, "main: poor"), (PENDING, "main: poor")),
        ),
        Case(
            "the balance of an account that was never used deleted",
            (f"DELETE FROM ledger.balance WHERE {of('idle')}",),
            ((SUMS, "main: idle"),),
        ),
        Case(
            "a balance that does not know its last entry",
            (f"UPDATE ledger.balance SET recorded_at = recorded_at - interval '1 day' WHERE {of('rich')}",),
            ((LAST, "main: rich"),),
        ),
        Case(
            "a balance that miscounts its displaced entries",
            (f"UPDATE ledger.balance SET displaced = displaced - 1 WHERE {of('old')}",),
            ((LAST, "main: old"),),
        ),
    ]  # fmt: skip


_ONE_ENTRY = f"{at('salary')} AND is_debit = false"
_INSERTED = (
    "INSERT INTO ledger.entry SELECT tenant_id, ledger_id, account_id, recorded_at + interval '{later}', effective_at,"
    " layer, {line}, 0, is_debit, amount, debits, credits FROM ledger.entry WHERE " + _ONE_ENTRY
)

ENTRIES = [
    Case(
        "an entry's amount",
        (f"UPDATE ledger.entry SET amount = amount + 1 WHERE {_ONE_ENTRY}",),
        ((SUMS, "main: rich"), (RUNNING, "main: rich at "), (PAIRED, "main: transaction salary, line 1"), (EQUAL, "main: EUR, layer 0")),
    ),
    Case(
        "both amounts of a posting",
        (f"UPDATE ledger.entry SET amount = amount + 1 WHERE {at('salary')}",),
        ((SUMS, "main: rich"), (SUMS, "main: world"), (RUNNING, "main: rich at "), (PAIRED, "main: transaction salary, line 0")),
    ),
    Case(
        "both amounts of a posting, every running counter and both balances after it",
        (f"UPDATE ledger.entry SET amount = amount + 1 WHERE {at('last')}",
         f"UPDATE ledger.entry SET debits = debits + 1 WHERE {at('last')} AND is_debit",
         f"UPDATE ledger.entry SET credits = credits + 1 WHERE {at('last')} AND NOT is_debit",
         f"UPDATE ledger.balance SET debits_posted = debits_posted + 1 WHERE {of('world')}",
         f"UPDATE ledger.balance SET credits_posted = credits_posted + 1 WHERE {of('poor')}"),
        ((PAIRED, "main: transaction last, line 0"), (PAIRED, "main: transaction last, line 1")),
    ),
    Case(
        "a running counter",
        (f"UPDATE ledger.entry SET debits = debits + 1 WHERE {_ONE_ENTRY}",),
        ((RUNNING, "main: rich at "),),
    ),
    Case(
        "an entry deleted",
        (f"DELETE FROM ledger.entry WHERE {_ONE_ENTRY}",),
        ((SUMS, "main: rich"), (RUNNING, "main: rich at "), (PAIRED, "main: transaction salary, line 1"), (EQUAL, "main: EUR, layer 0")),
    ),
    Case(
        "an entry inserted into a transaction",
        (_INSERTED.format(later="0", line=7),),
        ((SUMS, "main: rich"), (RUNNING, "main: rich at "), (PAIRED, "main: transaction salary, line 7"), (EQUAL, "main: EUR, layer 0")),
    ),
    Case(
        "an entry inserted that has no transaction",
        (_INSERTED.format(later="1 day", line=1),),
        ((SUMS, "main: rich"), (RUNNING, "main: rich at "), (PAIRED, "main: transaction at "), (EQUAL, "main: EUR, layer 0")),
    ),
    Case(
        "an entry's effective time",
        (f"UPDATE ledger.entry SET effective_at = effective_at - interval '1 day' WHERE {_ONE_ENTRY}",),
        ((PAIRED, "main: transaction salary, line 1"),),
    ),
    Case(
        "an entry on the other side",
        (f"UPDATE ledger.entry SET is_debit = true WHERE {_ONE_ENTRY}",),
        ((SUMS, "main: rich"), (RUNNING, "main: rich at "), (PAIRED, "main: transaction salary, line 1"), (EQUAL, "main: EUR, layer 0")),
    ),
    Case(
        "an entry on another account",
        (f"UPDATE ledger.entry SET account_id = (SELECT account_id FROM ledger.account WHERE {MINE} AND address = 'poor')"
         f" WHERE {_ONE_ENTRY}",),
        ((SUMS, "main: rich"), (SUMS, "main: poor"), (PAIRED, "main: transaction salary, line 1")),
    ),
    Case(
        "a release of a capture deleted",
        (f"DELETE FROM ledger.entry WHERE {at('part')} AND layer = 2",),
        ((SUMS, "main: rich"), (RESERVED, "main: hold rent")),
    ),
    Case(
        "a release of a capture that is on other accounts",
        (f"UPDATE ledger.entry SET account_id = (SELECT account_id FROM ledger.account WHERE {MINE} AND address = 'second')"
         f" WHERE {at('part')} AND layer = 2 AND is_debit",),
        ((SUMS, "main: second"), (RESERVED, "main: hold rent")),
    ),
    Case(
        "only one side of a capture's release changed, and its balance and counter with it",
        (f"UPDATE ledger.entry SET amount = amount - 1, credits = credits - 1 WHERE {at('part')} AND layer = 2 AND NOT is_debit",
         f"UPDATE ledger.balance SET credits_released = credits_released - 1 WHERE {of('poor')}"),
        ((EQUAL, "main: EUR, layer 2"), (PENDING, "main: poor"), (PAIRED, "main: transaction part")),
    ),
    Case(
        "a release of a capture that took effect at another time",
        (f"UPDATE ledger.entry SET effective_at = effective_at - interval '1 day' WHERE {at('part')} AND layer = 2",),
        ((PAIRED, "main: transaction part, line 2"), (PAIRED, "main: transaction part, line 3")),
    ),
    Case(
        "a displaced entry that is said not to be",
        (f"UPDATE ledger.entry SET displaced = 0 WHERE {of('old')} AND displaced = 1",),
        ((INDEXED, "main: old, layer 0"),),
    ),
    Case(
        "an indexed entry that is said to be among the first",
        (f"UPDATE ledger.entry SET displaced = 1 WHERE {of('old')} AND displaced = 2",),
        ((INDEXED, "main: old, layer 0"),),
    ),
]  # fmt: skip

TRANSACTIONS = [
    Case(
        "a transaction's amounts",
        (f"UPDATE ledger.transaction SET amounts[1] = amounts[1] + 1 WHERE {at('salary')}",),
        ((PAIRED, "main: transaction salary, line 0"), (PAIRED, "main: transaction salary, line 1")),
    ),
    Case(
        "a transaction's accounts",
        (f"UPDATE ledger.transaction SET account_ids = ARRAY[account_ids[2], account_ids[1]] WHERE {at('salary')}",),
        ((PAIRED, "main: transaction salary, line 0"), (PAIRED, "main: transaction salary, line 1")),
    ),
    Case(
        "a transaction's effective time",
        (f"UPDATE ledger.transaction SET effective_at = effective_at - interval '1 day' WHERE {at('salary')}",),
        ((PAIRED, "main: transaction salary, line 0"),),
    ),
    Case(
        "a transaction's kind",
        (f"UPDATE ledger.transaction SET kind = 'void' WHERE {at('salary')}",),
        ((PAIRED, "main: transaction salary, line 0"),),
    ),
    Case(
        "a transaction deleted",
        (f"DELETE FROM ledger.transaction WHERE {at('salary')}",),
        ((PAIRED, "main: transaction at "),),
    ),
    Case(
        "a hold's transaction deleted",
        (f"DELETE FROM ledger.transaction WHERE {at('rent')}",),
        ((PAIRED, "main: transaction at "), (RESERVED, "main: hold at "), (PENDING, "main: rich")),
    ),
    Case(
        "a capture deleted",
        (f"DELETE FROM ledger.transaction WHERE {at('part')}",),
        ((PAIRED, "main: transaction at "), (RESERVED, "main: hold rent")),
    ),
    Case(
        "a capture that is of another hold",
        (f"UPDATE ledger.transaction SET target_at = (SELECT recorded_at FROM ledger.transaction WHERE {MINE} AND id = 'hold2')"
         f" WHERE {at('part')}",),
        ((RESERVED, "main: hold rent"), (RESERVED, "main: hold hold2")),
    ),
    Case(
        "a reversal deleted",
        (f"DELETE FROM ledger.transaction WHERE {at('back')}",),
        ((PAIRED, "main: transaction at "), (REVERSED, "main: transaction goods")),
    ),
    Case(
        "a transaction said to be refused",
        (f"UPDATE ledger.transaction SET refusal = 'nothing_to_move' WHERE {at('salary')}",),
        ((PAIRED, "main: transaction at "),),
    ),
    Case(
        "a refused act said to be done",
        (f"UPDATE ledger.transaction SET refusal = NULL WHERE {at('refused')}",),
        ((PAIRED, "main: transaction refused"),),
    ),
    Case(
        "a transaction invented",
        ("INSERT INTO ledger.transaction SELECT tenant_id, ledger_id, recorded_at + interval '1 day', effective_at, 'invented',"
         f" kind, fingerprint, account_ids, amounts FROM ledger.transaction WHERE {at('salary')}",),
        ((PAIRED, "main: transaction invented, line 0"),),
    ),
]  # fmt: skip

HOLDS = [
    Case(
        "what remains of a hold",
        (f"UPDATE ledger.hold SET remaining[1] = remaining[1] - 1 WHERE {at('rent')}",),
        ((RESERVED, "main: hold rent"), (PENDING, "main: rich"), (PENDING, "main: poor")),
    ),
    Case(
        "what remains of a hold, moved from one posting to another",
        (f"UPDATE ledger.hold SET remaining = ARRAY[remaining[1] - 1, remaining[2] + 1] WHERE {at('pair')}",),
        ((RESERVED, "main: hold pair"), (PENDING, "main: poor"), (PENDING, "main: second")),
    ),
    Case(
        "a hold that reserves less than nothing on one posting",
        (f"UPDATE ledger.hold SET remaining = ARRAY[remaining[1] + remaining[2] + 1, -1] WHERE {at('pair')}",),
        ((RESERVED, "main: hold pair"),),
    ),
    Case(
        "an open hold said to be captured",
        (f"UPDATE ledger.hold SET state = 'captured', remaining = '{{0}}' WHERE {at('rent')}",),
        ((RESERVED, "main: hold rent"), (PENDING, "main: rich")),
    ),
    Case(
        "a hold that ended said to be open",
        (f"UPDATE ledger.hold SET state = 'held' WHERE {at('hold2')}",),
        ((RESERVED, "main: hold hold2"),),
    ),
    Case(
        "a hold that was voided said to be captured",
        (f"UPDATE ledger.hold SET state = 'captured' WHERE {at('hold2')}",),
        ((RESERVED, "main: hold hold2"),),
    ),
    Case(
        "a hold that was captured said to have expired",
        (f"UPDATE ledger.hold SET state = 'expired' WHERE {at('hold3')}",),
        ((RESERVED, "main: hold hold3"),),
    ),
    Case(
        "a hold that is to expire at another time",
        (f"UPDATE ledger.hold SET expires_at = clock_timestamp() WHERE {at('rent')}",),
        ((RESERVED, "main: hold rent"),),
    ),
    Case(
        "a hold deleted",
        (f"DELETE FROM ledger.hold WHERE {at('rent')}",),
        ((RESERVED, "main: hold rent"), (PENDING, "main: rich")),
    ),
    Case(
        "a hold that ended deleted",
        (f"DELETE FROM ledger.hold WHERE {at('hold2')}",),
        ((RESERVED, "main: hold hold2"),),
    ),
]  # fmt: skip

REVERSALS = [
    Case(
        "what was reversed",
        (f"UPDATE ledger.reversal SET reversed[1] = reversed[1] + 1 WHERE {at('goods')}",),
        ((REVERSED, "main: transaction goods"),),
    ),
    Case(
        "what was reversed, moved from one posting to another",
        (f"UPDATE ledger.reversal SET reversed = ARRAY[reversed[1] - 1, reversed[2] + 1] WHERE {at('goods')}",),
        ((REVERSED, "main: transaction goods"),),
    ),
    Case(
        "a reversal's note deleted",
        (f"DELETE FROM ledger.reversal WHERE {at('goods')}",),
        ((REVERSED, "main: transaction goods"),),
    ),
    Case(
        "a reversal noted that never was",
        (f"INSERT INTO ledger.reversal SELECT tenant_id, ledger_id, recorded_at, amounts FROM ledger.transaction WHERE {at('salary')}",),
        ((REVERSED, "main: transaction salary"),),
    ),
    Case(
        "a reversal of another transaction",
        (f"UPDATE ledger.transaction SET target_at = (SELECT recorded_at FROM ledger.transaction WHERE {MINE} AND id = 'salary')"
         f" WHERE {at('back')}",),
        ((REVERSED, "main: transaction goods"), (REVERSED, "main: transaction salary")),
    ),
]  # fmt: skip


def _displacements() -> list[Case]:
    sides = (("debits", "world-of-old"), ("credits", "old"))
    whole = "level = -1 AND NOT exact"
    parts = {
        "the whole of time": whole,
        "a node of the top": "level = 16 AND NOT exact",
        "a node in between": "level = 12 AND NOT exact",
        "an exact node": "exact",
    }
    last = "recorded_at = (SELECT max(recorded_at) FROM ledger.displacement WHERE {mine} AND {part})"
    return [
        Case(
            f"the sum of {name}, {side}",
            (f"UPDATE ledger.displacement SET {side} = {side} + 1 WHERE {of(address)} AND {part}"
             f" AND {last.format(mine=of(address), part=part)}",),
            ((INDEXED, f"main: {address}, layer 0"),),
        )
        for name, part in parts.items()
        for side, address in sides
    ] + [
        Case(
            "a sum in the middle of the history of all time",
            (f"UPDATE ledger.displacement SET credits = credits + 1 WHERE {of('old')} AND {whole} AND recorded_at ="
             f" (SELECT min(recorded_at) FROM ledger.displacement WHERE {of('old')} AND {whole})",),
            ((INDEXED, "main: old, layer 0"),),
        ),
        Case(
            "a row of the index deleted",
            (f"DELETE FROM ledger.displacement WHERE {of('old')} AND {whole} AND recorded_at ="
             f" (SELECT min(recorded_at) FROM ledger.displacement WHERE {of('old')} AND {whole})",),
            ((INDEXED, "main: old, layer 0"),),
        ),
        Case(
            "the whole index of an account deleted",
            (f"DELETE FROM ledger.displacement WHERE {of('old')}",),
            ((INDEXED, "main: old, layer 0"),),
        ),
        Case(
            "a node moved in time",
            (f"UPDATE ledger.displacement SET node = node + 1 WHERE {of('old')} AND level = 12 AND NOT exact",),
            ((INDEXED, "main: old, layer 0"),),
        ),
        Case(
            "a row of the index invented",
            ("INSERT INTO ledger.displacement SELECT tenant_id, ledger_id, account_id, 1, -1, false, 0, opened_at, 1, 0"
             f" FROM ledger.account WHERE {MINE} AND address = 'poor'",),
            ((INDEXED, "main: poor, layer 1"),),
        ),
    ]  # fmt: skip


CASES = [*_counters(), *ENTRIES, *TRANSACTIONS, *HOLDS, *REVERSALS, *_displacements()]


async def _fill(desk: Desk) -> None:
    """Books with everything in them: 64 and more back-dated entries, holds of each fate, reversals, a group, refusals."""
    await desk.open_ledger()
    await desk.open("world", "world-of-old", "idle")
    await desk.open("rich", "poor", "second", "old", min_available=0)
    now = await desk.clock()
    await _submit_all(desk, [
        post("world", "rich", 900, id="salary"),
        Post(id="goods", postings=(posting("rich", "poor", 30), posting("rich", "second", 20))),
        reverse("goods", 10, 5, id="back"),
        reverse("goods", 1, 0, id="more-back"),
        hold("rich", "poor", 50, id="rent"), capture("rent", 20, id="part"),
        hold("rich", "poor", 40, id="hold2"), void("hold2", id="void2"),
        hold("rich", "poor", 30, id="hold3"), capture("hold3", 10, id="final", final=True),
        Hold(id="pair", postings=(posting("rich", "poor", 9), posting("rich", "second", 8))),
        capture("pair", 0, 3, id="half"),
        Hold(id="ended", postings=(posting("rich", "poor", 4), posting("rich", "second", 5))),
        capture("ended", 0, 5, id="one-of-two"), capture("ended", id="the-other"),
        reverse("final", 4, id="back-again"),
        post("rich", "poor", 1_000_000, id="balancing", balancing=True),
        post("poor", "rich", 100, id="sent", group="g"), post("poor", "second", 50, id="kept", group="g"),
        post("world", "nobody", 1, id="refused"),
    ])  # fmt: skip
    await _submit_all(desk, _back_dated(now))
    soon = await desk.clock() + SECOND // 4
    await desk.done(hold("rich", "poor", 1, id="brief", expires_at=render(soon)))
    await desk.wait_until(soon)
    assert await desk.service.expire(most=10) >= 1
    await desk.done(post("world", "poor", 7, id="last"))


def _back_dated(now: Instant) -> list[Any]:
    """Beyond what is scanned: whole days, hours, odd moments, and one to come."""
    today = now // DAY * DAY
    times = [today - place * DAY for place in range(DISPLACED_SCANNED_MAX + 20)]
    times += [today - place * DAY // 24 - place for place in range(1, 20)]
    times += [now + 30 * DAY, today - 4_000 * DAY]
    return [
        post("world-of-old", "old", 10 + place, id=f"old-{place}", effective_at=render(time))
        for place, time in enumerate(times)
    ]


async def _submit_all(desk: Desk, items: list[Any]) -> None:
    refused = {code for code in await desk.codes(*items) if code is not None}
    assert refused <= {"credit_account_not_found"}, refused


@pytest.fixture(scope="module")
def tenant_id(migrated_url: str) -> int:
    """A tenant with books in which everything happened; nobody changes them for good."""
    mint = Mint(SystemClock())
    caller = Caller(tenant_id=mint.tenant_id(), actor="test")

    async def fill() -> None:
        database = Database(url=migrated_url, role="tallystick_ledger", pool_size=4)
        await database.start()
        try:
            service = LedgerService(database=database, mint=mint)
            await _fill(Desk(service=service, database=database, caller=caller))
        finally:
            await database.stop()

    asyncio.run(fill())
    return caller.tenant_id


class Torn:
    """A database in the hands of its owner: what they do is verified as the operator, and then never happened."""

    def __init__(self, connection: Any, tenant_id: int) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def damage(self, *statements: str) -> None:
        """Damage the tables as their owner, whom no trigger and no constraint stops."""
        for statement in statements:
            assert re.fullmatch(r"(UPDATE|INSERT 0|DELETE) [1-9][0-9]*", await self._connection.execute(statement)), statement

    @asynccontextmanager
    async def transaction(self, *, tenant_id: int, read_only: bool) -> AsyncIterator[Any]:
        """What ``verify`` asks of a database, on the connection that holds the damage."""
        assert (tenant_id, read_only) == (self._tenant_id, True)
        await self._connection.execute("SET LOCAL ROLE tallystick_operator")
        yield self._connection


_UNGUARDED = """
    DO $$
    DECLARE
        guard record;
    BEGIN
        FOR guard IN SELECT conrelid::regclass AS held_by, conname FROM pg_constraint
                     WHERE connamespace = 'ledger'::regnamespace AND contype IN ('c', 'f')
        LOOP
            EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', guard.held_by, guard.conname);
        END LOOP;
        FOR guard IN SELECT tgrelid::regclass AS held_by, tgname FROM pg_trigger
                     JOIN pg_class ON pg_class.oid = tgrelid
                     WHERE relnamespace = 'ledger'::regnamespace AND NOT tgisinternal
        LOOP
            EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', guard.held_by, guard.tgname);
        END LOOP;
    END
    $$
"""


@pytest.fixture
async def torn(migrated_url: str, tenant_id: int) -> AsyncIterator[Torn]:
    """The books in a transaction of their owner that is rolled back."""
    connection = await asyncpg.connect(migrated_url)
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(f"SET LOCAL ROLE tallystick_owner; SET LOCAL tallystick.tenant = '{tenant_id}'")
        await connection.execute(_UNGUARDED)
        yield Torn(connection, tenant_id)
    finally:
        await transaction.rollback()
        await connection.close()


@pytest.fixture
async def operator(database_for: Callable[..., Awaitable[Database]]) -> Database:
    """The database as the operators' command line sees it."""
    return await database_for("operator")


def _is_named(law: str, where: str, damage: tuple[Damage, ...]) -> bool:
    return any(found.law == law and found.where.startswith(where) for found in damage)


async def test_undamaged_books_hold(operator: Database, tenant_id: int) -> None:
    found = await verify(operator, tenant_id=tenant_id)
    assert found.damage == ()
    assert found.laws == LAWS
    assert found.accounts == 7
    assert found.holds >= 5
    assert found.transactions > DISPLACED_SCANNED_MAX
    assert found.entries > 2 * found.transactions


async def test_the_books_under_test_have_everything_in_them(operator: Database, tenant_id: int) -> None:
    async with operator.transaction(tenant_id=tenant_id, read_only=True) as connection:
        for table in TABLES:
            assert await connection.fetchval(f"SELECT count(1) FROM ledger.{table} WHERE tenant_id = $1", tenant_id)
        kinds = await connection.fetch("SELECT DISTINCT kind FROM ledger.transaction WHERE tenant_id = $1", tenant_id)
        marks = await connection.fetch("SELECT DISTINCT displaced FROM ledger.entry WHERE tenant_id = $1", tenant_id)
    assert {row["kind"] for row in kinds} == {"post", "hold", "capture", "void", "reverse", "expire"}
    assert {row["displaced"] for row in marks} == {0, 1, 2}


async def test_books_without_guards_hold_as_long_as_nobody_damages_them(torn: Torn, tenant_id: int) -> None:
    assert (await _verified(torn, tenant_id)).damage == ()


async def test_a_tenant_without_books_has_no_damage(operator: Database) -> None:
    found = await verify(operator, tenant_id=1)
    assert (found.accounts, found.damage) == (0, ())


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
async def test_damage_is_named_with_its_law_and_its_place(torn: Torn, tenant_id: int, case: Case) -> None:
    await torn.damage(*case.sql)
    damage = (await _verified(torn, tenant_id)).damage
    missing = [named for named in case.named if not _is_named(*named, damage)]
    assert not missing, f"not named: {missing}; named: {damage}"
    assert all(found.expected != found.found for found in damage)


async def test_damage_is_named_in_its_own_ledger_only(torn: Torn, tenant_id: int) -> None:
    await torn.damage(f"UPDATE ledger.balance SET debits_posted = debits_posted + 1 WHERE {of('rich')}")
    damage = (await _verified(torn, tenant_id)).damage
    assert [(found.law, found.where) for found in damage] == [(SUMS, "main: rich")]


async def test_verify_asks_as_somebody_who_can_only_read(operator: Database, tenant_id: int) -> None:
    async with operator.transaction(tenant_id=tenant_id, read_only=True) as connection:
        assert await connection.fetchval("SELECT current_user") == "tallystick_operator"
        assert await connection.fetchval("SHOW transaction_read_only") == "on"
        for table in TABLES:
            grants = await connection.fetch(
                "SELECT privilege_type FROM information_schema.table_privileges"
                " WHERE table_schema = 'ledger' AND table_name = $1 AND grantee = current_user",
                table,
            )
            assert [row["privilege_type"] for row in grants] == ["SELECT"], table


async def test_verify_changes_nothing(operator: Database, tenant_id: int) -> None:
    before = await _counted(operator, tenant_id)
    asked: list[str] = []
    await verify(operator, tenant_id=tenant_id, progress=asked.append)
    assert asked == [f"main: {law}" for law in LAWS]
    assert await _counted(operator, tenant_id) == before


async def _verified(torn: Torn, tenant_id: int) -> Verification:
    database: Any = torn
    return await verify(database, tenant_id=tenant_id)


async def _counted(operator: Database, tenant_id: int) -> dict[str, str]:
    """The rows of each table with the transaction that wrote them last."""
    async with operator.transaction(tenant_id=tenant_id, read_only=True) as connection:
        return {
            table: await connection.fetchval(
                f"SELECT string_agg(concat_ws(' ', xmin, ctid), ',' ORDER BY ctid) FROM ledger.{table}"
            )
            for table in TABLES
        }

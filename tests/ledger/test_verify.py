"""Verify: books that hold are told to hold; whoever damages them as their owner is named the law and the place."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from tallystick.kernel.callers import Caller, Cap
from tallystick.kernel.instants import DAY, EARLIEST, SECOND, Instant, render
from tallystick.ledger.api import Damage, Hold, Post, Verification
from tallystick.ledger.service import LedgerService
from tallystick.ledger.service.verifying import verify
from tallystick.runtime.clock import Mint, SystemClock
from tallystick.runtime.database import Database
from tests.ledger.damages import CASES, LAWS, SUMS, Case, of
from tests.ledger.desk import TABLES, Desk, capture, hold, post, posting, reverse, void
from tests.ledger.nodes import ROOM


async def _fill(desk: Desk) -> None:
    """Books with everything in them: back-dated entries beyond 64, holds of each fate, reversals, a group, refusals."""
    await desk.open_ledger()
    await desk.open("world", "world-of-old")
    await desk.open("idle", metadata={"branch": "7"})
    await desk.open("rich", "poor", "second", "old", min_available=0)
    now = await desk.clock()
    await _submit_all(desk, [
        post("world", "rich", 900, id="salary", metadata={"month": "7", "by": "é\U0001f9fe"}),
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
        post("world", "nobody", 1, id="refused", metadata={"month": "7"}),
    ])  # fmt: skip
    await _submit_all(desk.under(Cap(name="dlg", asset="EUR", slot="2026", most=50)), [
        post("rich", "second", 3, id="capped"),
        hold("rich", "second", 6, id="capped-hold"), capture("capped-hold", 2, id="capped-part"),
        void("capped-hold", id="capped-void"), hold("rich", "second", 4, id="capped-open"),
    ])  # fmt: skip
    await _submit_all(desk, _back_dated(now))
    soon = await desk.clock() + SECOND // 4
    await desk.done(hold("rich", "poor", 1, id="brief", expires_at=render(soon)))
    await desk.wait_until(soon)
    assert await desk.service.expire(most=1_000) >= 1
    await desk.done(post("world", "poor", 7, id="last"))


def _back_dated(now: Instant) -> list[Any]:
    """Beyond what one node holds: whole days, hours, odd moments, and one to come."""
    today = now // DAY * DAY
    times = [today - place * DAY for place in range(ROOM + 200)]
    times += [today - place * DAY // 24 - place for place in range(1, 20)]
    times += [now + 30 * DAY, today - 4_000 * DAY]
    times += [EARLIEST + (today - EARLIEST) // (256 * DAY) * 256 * DAY] * (ROOM + 10)
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
            assert re.fullmatch(
                r"(UPDATE|INSERT 0|DELETE) [1-9][0-9]*", await self._connection.execute(statement)
            ), statement

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
        await connection.execute(
            f"SET LOCAL ROLE tallystick_owner; SET LOCAL tallystick.tenant = '{tenant_id}'"
        )
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
    assert found.transactions > ROOM
    assert found.entries > 2 * found.transactions


async def test_the_books_under_test_have_everything_in_them(
    operator: Database, tenant_id: int
) -> None:
    async with operator.transaction(tenant_id=tenant_id, read_only=True) as connection:
        for table in TABLES:
            assert await connection.fetchval(
                f"SELECT count(1) FROM ledger.{table} WHERE tenant_id = $1", tenant_id
            )
        kinds = await connection.fetch(
            "SELECT DISTINCT kind FROM ledger.transaction WHERE tenant_id = $1", tenant_id
        )
        nodes = await connection.fetch(
            "SELECT DISTINCT level, exact FROM ledger.displacement WHERE tenant_id = $1", tenant_id
        )
    assert {row["kind"] for row in kinds} == {
        "post",
        "hold",
        "capture",
        "void",
        "reverse",
        "expire",
    }
    assert {0, 1, 2} <= {row["level"] for row in nodes}
    assert {row["exact"] for row in nodes} == {True, False}


async def test_books_without_guards_hold_as_long_as_nobody_damages_them(
    torn: Torn, tenant_id: int
) -> None:
    assert (await _verified(torn, tenant_id)).damage == ()


async def test_a_tenant_without_books_has_no_damage(operator: Database) -> None:
    found = await verify(operator, tenant_id=1)
    assert (found.accounts, found.damage) == (0, ())


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
async def test_damage_is_named_with_its_law_and_its_place(
    torn: Torn, tenant_id: int, case: Case
) -> None:
    await torn.damage(*case.sql)
    damage = (await _verified(torn, tenant_id)).damage
    missing = [named for named in case.named if not _is_named(*named, damage)]
    assert not missing, f"not named: {missing}; named: {damage}"
    assert all(found.expected != found.found for found in damage)


async def test_damage_is_named_in_its_own_ledger_only(torn: Torn, tenant_id: int) -> None:
    await torn.damage(
        f"UPDATE ledger.balance SET debits_posted = debits_posted + 1 WHERE {of('rich')}"
    )
    damage = (await _verified(torn, tenant_id)).damage
    assert [(found.law, found.where) for found in damage] == [(SUMS, "main: rich")]


async def test_verify_asks_as_somebody_who_can_only_read(
    operator: Database, tenant_id: int
) -> None:
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

"""Transactions: of one tenant, whole or not at all, and honest about what ended them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest

from tallystick.runtime.database import (
    Database,
    NothingCommitted,
    ServerTooOld,
    demand_version,
    open_transaction_role,
)

HERE, ELSEWHERE = 5, 6
ROLE = "clerk_of_a_test"
SCHEMA = f"""
    CREATE ROLE {ROLE};
    GRANT {ROLE} TO CURRENT_USER;
    CREATE TABLE note (
        tenant_id bigint NOT NULL,
        number int NOT NULL,
        CONSTRAINT note_key PRIMARY KEY (tenant_id, number) DEFERRABLE INITIALLY DEFERRED
    );
    ALTER TABLE note ENABLE ROW LEVEL SECURITY;
    ALTER TABLE note FORCE ROW LEVEL SECURITY;
    CREATE POLICY of_tenant ON note USING (tenant_id = current_setting('tallystick.tenant')::bigint);
    GRANT SELECT, INSERT ON note TO {ROLE};
"""


@pytest.fixture(scope="module")
def url(make_database: Callable[[], str]) -> str:
    made = make_database()

    async def prepare() -> None:
        connection = await asyncpg.connect(made)
        try:
            # Roles outlive a database, so a server that was used before has it already.
            await connection.execute(f"DROP ROLE IF EXISTS {ROLE}; {SCHEMA}")
        finally:
            await connection.close()

    asyncio.run(prepare())
    return made


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """One connection only, so that whatever a transaction leaves behind meets the next."""
    opened = Database(url=url, role=ROLE, pool_size=1)
    await opened.start()
    yield opened
    await opened.stop()


async def insert(connection: Any, number: int, *, tenant_id: int = HERE) -> None:
    await connection.execute("INSERT INTO note VALUES ($1, $2)", tenant_id, number)


async def write(database: Database, *numbers: int, then: Exception | None = None) -> None:
    """Write rows in one transaction, which ends with an error if one is given."""
    async with database.transaction(tenant_id=HERE) as connection:
        for number in numbers:
            await insert(connection, number)
        if then is not None:
            raise then


async def numbers(database: Database, *, tenant_id: int = HERE) -> list[int]:
    async with database.transaction(tenant_id=tenant_id, read_only=True) as connection:
        return [row["number"] for row in await connection.fetch("SELECT number FROM note")]


async def test_a_transaction_sees_and_writes_its_own_tenant_only(url: str, database: Database):
    async with database.transaction(tenant_id=HERE) as connection:
        await insert(connection, 1)
    assert 1 in await numbers(database)
    assert await numbers(database, tenant_id=ELSEWHERE) == []
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(tenant_id=ELSEWHERE) as connection:
            await insert(connection, 2, tenant_id=HERE)


async def test_a_tenant_that_is_no_number_is_refused(database: Database):
    with pytest.raises(ValueError, match="format code"):
        async with database.transaction(tenant_id="5'; DROP TABLE note; --"):  # type: ignore[arg-type]
            pytest.fail("the transaction began")


async def test_without_a_tenant_no_row_can_be_asked_for(database: Database):
    # On a fresh connection the setting is unknown, after a transaction of a tenant it is empty.
    for _ in range(2):
        with pytest.raises((asyncpg.UndefinedObjectError, asyncpg.InvalidTextRepresentationError)):
            async with database.without_tenant() as connection:
                await connection.fetch("SELECT number FROM note")
        await numbers(database)


async def test_the_role_is_the_contexts_and_known_while_the_transaction_is_open(
    database: Database,
):
    assert open_transaction_role() is None
    async with database.transaction(tenant_id=HERE) as connection:
        assert await connection.fetchval("SELECT current_user") == ROLE
        assert open_transaction_role() == ROLE
    assert open_transaction_role() is None


async def test_reading_only_writes_nothing_and_sees_one_moment(url: str, database: Database):
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with database.transaction(tenant_id=HERE, read_only=True) as connection:
            await insert(connection, 3)
    another = Database(url=url, role=ROLE, pool_size=1)
    await another.start()
    async with database.transaction(tenant_id=HERE, read_only=True) as connection:
        before = await connection.fetchval("SELECT count(*) FROM note")
        async with another.transaction(tenant_id=HERE) as writing:
            await insert(writing, 4)
        assert await connection.fetchval("SELECT count(*) FROM note") == before
    await another.stop()
    assert 4 in await numbers(database)


async def test_an_error_inside_rolls_everything_back_and_passes_through(database: Database):
    with pytest.raises(KeyError, match="mine"):
        await write(database, 5, then=KeyError("mine"))
    assert 5 not in await numbers(database)
    assert open_transaction_role() is None


async def test_being_cancelled_rolls_back_and_leaves_a_usable_connection(database: Database):
    begun = asyncio.Event()

    async def linger() -> None:
        async with database.transaction(tenant_id=HERE) as connection:
            await insert(connection, 6)
            begun.set()
            await connection.execute("SELECT pg_sleep(60)")

    task = asyncio.create_task(linger())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert 6 not in await numbers(database)


async def test_a_refusal_of_the_commit_passes_through(database: Database):
    with pytest.raises(asyncpg.UniqueViolationError):
        await write(database, 7, 7)  # the constraint is checked at the commit
    assert 7 not in await numbers(database)


async def test_a_commit_that_keeps_nothing_is_an_error(database: Database):
    async def swallow() -> None:
        async with database.transaction(tenant_id=HERE) as connection:
            await insert(connection, 8)
            with pytest.raises(asyncpg.DivisionByZeroError):
                await connection.execute("SELECT 1 / 0")

    with pytest.raises(NothingCommitted):
        await swallow()
    assert 8 not in await numbers(database)


async def test_a_lost_connection_raises_what_happened_first_and_the_pool_mends(
    url: str, database: Database
):
    async def lose() -> None:
        async with database.transaction(tenant_id=HERE) as connection:
            process = await connection.fetchval("SELECT pg_backend_pid()")
            await _terminate(url, process)
            raise KeyError("first")

    with pytest.raises(KeyError, match="first"):
        await lose()
    assert isinstance(await numbers(database), list)


async def _terminate(url: str, process: int) -> None:
    another = await asyncpg.connect(url)
    try:
        # Given a timeout it answers only when the process is gone.
        assert await another.fetchval("SELECT pg_terminate_backend($1, 5000)", process)
    finally:
        await another.close()


@pytest.mark.parametrize("second", [OSError("gone"), asyncpg.InterfaceError("gone")])
async def test_a_rollback_that_fails_does_not_hide_the_first_error(
    monkeypatch: pytest.MonkeyPatch, database: Database, second: Exception
):
    async def fail(self: Any, query: str, *_: Any, **__: Any) -> str:
        if query == "ROLLBACK":
            raise second
        return await real(self, query, *_, **__)

    real = asyncpg.Connection.execute
    monkeypatch.setattr(asyncpg.Connection, "execute", fail)
    with pytest.raises(KeyError, match="first"):
        await write(database, 9, then=KeyError("first"))
    # The connection that could not roll back is not used again, else the row would be seen.
    assert 9 not in await numbers(database)


async def test_no_more_transactions_are_open_than_the_pool_has_connections(url: str):
    database = Database(url=url, role=ROLE, pool_size=2)
    await database.start()
    open_now, most, entered = 0, 0, asyncio.Event()

    async def occupy(leave: asyncio.Event) -> None:
        nonlocal open_now, most
        async with database.transaction(tenant_id=HERE):
            open_now += 1
            most = max(most, open_now)
            if open_now == database.pool_size:
                entered.set()
            await leave.wait()
            open_now -= 1

    leave = asyncio.Event()
    tasks = [asyncio.create_task(occupy(leave)) for _ in range(6)]
    await asyncio.wait_for(entered.wait(), 10)
    leave.set()
    await asyncio.gather(*tasks)
    assert most == database.pool_size
    await database.stop()
    await database.stop()


async def test_numbers_and_instants_are_whole(database: Database):
    async with database.transaction(tenant_id=HERE) as connection:
        row = await connection.fetchrow(
            "SELECT $1::numeric AS amount, $2::timestamptz AS moment, "
            "'2000-01-01T00:00:00.000001Z'::timestamptz AS written",
            10**37 + 1,
            1_772_357_400_000_001,
        )
    assert (row["amount"], row["moment"]) == (10**37 + 1, 1_772_357_400_000_001)
    assert row["written"] == 946_684_800_000_001


@pytest.mark.parametrize(("major", "is_welcome"), [(15, False), (16, True), (18, True)])
def test_a_server_that_is_too_old_is_refused_and_told_what_to_do(major: int, is_welcome: bool):
    old = SimpleNamespace(get_server_version=lambda: SimpleNamespace(major=major, minor=4))
    if is_welcome:
        demand_version(old)
        return
    with pytest.raises(ServerTooOld, match=r"PostgreSQL 15\.4 is too old.*TALLYSTICK_DATABASE_URL"):
        demand_version(old)


async def test_nobody_at_the_address_is_an_os_error():
    database = Database(url="postgresql://x:y@127.0.0.1:1/z", role=ROLE, pool_size=1)
    with pytest.raises(OSError, match=r"."):
        await database.start()

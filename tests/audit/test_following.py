"""The record over several databases: the log in one, the books in another, each numbering its own transactions."""

from collections.abc import AsyncIterator, Callable

import pytest

from tallystick.apps.compose import OPERATOR
from tallystick.audit.model.comparing import Comparison, DifferenceCode
from tallystick.audit.service.comparing import Reader, compare
from tallystick.audit.service.following import WrongCluster
from tallystick.kernel.instants import SECOND
from tallystick.runtime.clock import SystemClock
from tests.audit.sequencing import House, deed, housed, owning

NOTHING_BUT_LEAVES = Reader(tags=frozenset(), sources=())


@pytest.fixture
async def house(make_database: Callable[[], str]) -> AsyncIterator[House]:
    """Where the log is."""
    async with housed(make_database) as made:
        yield made


@pytest.fixture
async def books(make_database: Callable[[], str]) -> AsyncIterator[House]:
    """Where the books are."""
    async with housed(make_database) as made:
        yield made


async def sequenced(house: House, books: House, *, adopts: bool = False) -> None:
    """Let a sequencer follow both, and give up."""
    own = {"ledger": await books.database("sequencer")}
    made = await house.sequencer("over both", unrenewed_s=0, own=own, adopts=adopts)
    assert await made.try_lease()
    while await made.turn():
        continue
    await made.give_up()


async def test_contexts_are_followed_where_they_keep_their_leaves(
    house: House, books: House
) -> None:
    await house.write(deed(1), context="wallets")
    await books.write(deed(2), deed(3))
    # Nobody keeps leaves of the ledger here, and nobody looks for them.
    await house.write(deed(9))
    await sequenced(house, books)
    await books.write(deed(4))
    await sequenced(house, books)
    assert await house.numbers() == [2, 3, 4]
    assert await house.numbers(context="wallets") == [1]
    assert await house.sizes() == (4, 4, 4)
    rows = await house.rows("SELECT context, cluster FROM audit.place ORDER BY context")
    assert {row["context"]: row["cluster"] is not None for row in rows} == {
        "audit": False, "ledger": True, "wallets": False,
    }  # fmt: skip


async def test_between_databases_entries_are_placed_by_the_clock(
    house: House, books: House
) -> None:
    now = SystemClock().now()
    for number in range(6):
        where, context = (books, "ledger") if number % 2 else (house, "wallets")
        await where.write(deed(number, at=now + number * SECOND // 100), context=context)
    await sequenced(house, books)
    rows = await house.rows(
        "SELECT context FROM audit.segment WHERE tenant_id = 1 ORDER BY first_index"
    )
    assert [row["context"] for row in rows] == ["wallets", "ledger"] * 3


async def test_books_that_moved_to_another_cluster_are_followed_when_told_to(
    house: House, books: House
) -> None:
    await books.write(deed(1))
    await sequenced(house, books)
    await books.write(deed(2))
    await house.rows("UPDATE audit.place SET cluster = cluster + 1 WHERE context = 'ledger'")
    with pytest.raises(WrongCluster, match="says under Restoring"):
        await sequenced(house, books)
    assert await house.numbers() == [1]
    await sequenced(house, books, adopts=True)
    assert await house.numbers() == [1, 2]
    await sequenced(house, books)


async def test_books_that_were_numbered_anew_are_not_followed(house: House, books: House) -> None:
    await books.write(deed(1))
    await sequenced(house, books)
    await house.rows("UPDATE audit.place SET xid = xid + 1000000 WHERE context = 'ledger'")
    with pytest.raises(WrongCluster, match="numbered anew"):
        await sequenced(house, books, adopts=True)


async def compared(house: House, books: House) -> Comparison:
    log, own = await house.database("operator"), await books.database("operator")
    assert log.role == OPERATOR
    readers = {"ledger": NOTHING_BUT_LEAVES, "wallets": NOTHING_BUT_LEAVES}
    return await compare(log, tenant_id=1, readers=readers, settle_s=0, own={"ledger": own})


async def test_leaves_in_another_database_are_held_against_the_log(
    house: House, books: House
) -> None:
    await books.write(deed(1), deed(2))
    await sequenced(house, books)
    found = await compared(house, books)
    assert found.differences == ()
    async with owning(books.url) as connection:
        await connection.execute("ALTER TABLE ledger.leaf DISABLE TRIGGER USER")
        assert await connection.execute("DELETE FROM ledger.leaf") == "DELETE 1"
    found = await compared(house, books)
    assert not found.agrees
    assert [one.on.partition(":")[0] for one in found.differences] == ["ledger"]


async def test_what_waits_in_another_database_bounds_what_is_compared(
    house: House, books: House
) -> None:
    await books.write(deed(1))
    await sequenced(house, books)
    await books.write(deed(2, at=SystemClock().now() - 600 * SECOND))
    found = await compared(house, books)
    assert [one.code for one in found.differences] == [DifferenceCode.RECORD_IS_BEHIND]

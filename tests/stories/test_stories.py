"""Stories an accountant can read, told on the real books: balances before, what happened, balances after."""

from pathlib import Path

import pytest

from tallystick.ledger.api import Verify
from tests.doors.house import Doors, build
from tests.stories.telling import Teller

STORIES = {
    path.stem: path.read_text("utf-8") for path in sorted(Path(__file__).parent.glob("*.txt"))
}


@pytest.fixture
async def doors(database_for, mint, caller) -> Doors:
    return await build(database_for=database_for, mint=mint, caller=caller, wire=True)


@pytest.fixture
def teller(doors: Doors) -> Teller:
    async def clock() -> int:
        async with doors.database.transaction(tenant_id=doors.caller.tenant_id) as connection:
            return await connection.fetchval("SELECT clock_timestamp()")

    return Teller(doors, clock=clock)


@pytest.mark.parametrize("story", STORIES.values(), ids=list(STORIES))
async def test_the_story_goes_as_it_is_written(doors: Doors, teller: Teller, story: str) -> None:
    await teller.tell(story)
    found = await doors.ledger.verify(caller=doors.caller, message=Verify())
    assert found.damage == ()
    assert found.transactions > 0


async def test_a_story_that_goes_otherwise_is_told_so(teller: Teller) -> None:
    begun = (
        "A tale.\n\nAccounts\n  a EUR debit\n  b EUR credit\n\nPost p: words\n  a -> b 1.00 EUR\n"
    )
    for ending in ("Replayed\n", "\nBalances\n  a posted 9.99\n", "\nSing\n", "\nEntries of a\n"):
        with pytest.raises(AssertionError):
            await teller.tell(begun.replace(" p:", f" p{len(ending)}:") + ending)

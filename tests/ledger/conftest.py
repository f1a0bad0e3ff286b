"""Books of their own for each test: one tenant, one ledger, on the shared database."""

from collections.abc import Awaitable, Callable, Iterator

import pytest

from tallystick.kernel.callers import Caller
from tallystick.ledger.service import LedgerService
from tallystick.runtime.clock import Mint
from tallystick.runtime.database import Database
from tests.ledger.desk import Desk
from tests.ledger.nodes import node_room


@pytest.fixture
async def database(database_for: Callable[..., Awaitable[Database]]) -> Database:
    """The shared database, as the ledger's role."""
    return await database_for("ledger", pool_size=6)


@pytest.fixture
async def desk(database: Database, mint: Mint, caller: Caller) -> Desk:
    """A desk with an open ledger and no account."""
    service = LedgerService(database=database, mint=mint)
    made = Desk(service=service, database=database, caller=caller)
    await made.open_ledger()
    return made


@pytest.fixture
def small_nodes(migrated_url: str) -> Iterator[None]:
    """Nodes of effective time that are full after two entries, so that short histories reach every level of them."""
    with node_room(migrated_url, 2):
        yield

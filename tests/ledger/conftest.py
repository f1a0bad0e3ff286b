"""Books of their own for each test: one tenant, one ledger, on the shared database."""

from collections.abc import Awaitable, Callable

import pytest

from tallystick.kernel.callers import Caller
from tallystick.ledger.service import LedgerService
from tallystick.runtime.clock import Mint
from tallystick.runtime.database import Database
from tests.ledger.desk import Desk


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

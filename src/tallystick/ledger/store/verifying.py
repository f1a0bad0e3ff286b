"""The laws of the books, asked of the tables."""

from collections.abc import Sequence
from typing import Any

from tallystick.ledger.store.states import Key
from tallystick.runtime.database import Connection
from tallystick.runtime.sql import queries

_SQL = queries("ledger", "verify")
LAWS: Sequence[str] = [name for name in _SQL if name != "counts"]


async def counts(connection: Connection, key: Key) -> Any:
    """How many accounts, transactions, entries and holds a ledger has."""
    return await connection.fetchrow(_SQL["counts"], *key)


async def breaches(connection: Connection, key: Key, law: str, most: int) -> Sequence[Any]:
    """What breaks a law, at most ``most`` of it."""
    return await connection.fetch(_SQL[law], *key, most)

"""What is read to compare the record with the tables; the connection is an operator's, in one snapshot."""

from functools import cache

from tallystick.audit.store.writing import CONTEXT
from tallystick.kernel.instants import Instant
from tallystick.runtime.database import Connection
from tallystick.runtime.record import Place
from tallystick.runtime.sql import queries


@cache
def _sql(context: str) -> dict[str, str]:
    return {
        name: text.replace("{schema}", context)
        for name, text in queries(CONTEXT, "comparing").items()
    }


async def began(connection: Connection, *, context: str) -> Instant | None:
    """When a context got its part of the record; None for one that has none here."""
    return await connection.fetchval(_sql(context)["began"], context)


async def waits_since(
    connection: Connection, *, context: str, tenant_id: int, after: Place
) -> Instant | None:
    """When the first of a tenant's entries that have no place yet was written; None when none waits."""
    return await connection.fetchval(
        _sql(context)["waits_since"], tenant_id, str(after[0]), after[1]
    )

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


async def began(connection: Connection, *, context: str, tenant_id: int) -> Instant | None:
    """Since when a tenant's acts in a context have entries; None for a context that has no part of the record here."""
    return await connection.fetchval(_sql(context)["began"], tenant_id, context)


async def waits_since(
    connection: Connection, *, context: str, tenant_id: int, after: Place
) -> Instant | None:
    """When the first of a tenant's entries that have no place yet was written; None when none waits."""
    return await connection.fetchval(
        _sql(context)["waits_since"], tenant_id, str(after[0]), after[1]
    )

"""The replay cache: what may be shown once, for all processes together."""

from hashlib import sha256

from tallystick.kernel.instants import Instant
from tallystick.runtime.database import Connection
from tallystick.runtime.sql import queries

_SQL = queries("identity", "once")
FORGOTTEN_AT_ONCE_MAX = 10_000


async def spend(
    connection: Connection, *, tenant_id: int, kind: str, value: str, until: Instant
) -> bool:
    """Spend a value in the open transaction; answers whether this was the first time.

    ``kind`` keeps one use of values from another's. It is remembered until ``until``, by when the value itself must be
    refused for its age.
    """
    hashed = sha256(value.encode()).digest()
    return await connection.fetchval(_SQL["spend"], tenant_id, kind, hashed, until) is not None


async def forget(connection: Connection, *, tenant_id: int, now: Instant) -> None:
    """Forget what has passed, of this tenant, at most 10,000 at once."""
    await connection.execute(_SQL["forget"], tenant_id, now, FORGOTTEN_AT_ONCE_MAX)

"""What other processes signed and is good once: spent in the schema of the context whose door is asked."""

from functools import cache
from hashlib import sha256
from typing import Final

from tallystick.kernel.instants import Instant
from tallystick.runtime.clock import Clock
from tallystick.runtime.database import Database
from tallystick.runtime.sql import queries

# So often what has passed is forgotten, up to 10,000 at once.
FORGETS_EVERY: Final = 1_000
FORGOTTEN_AT_ONCE_MAX: Final = 10_000


class SpentNonces:
    """The nonces that were spent at the doors of a context, for all processes that have it."""

    def __init__(self, *, database: Database, context: str, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._sql = _sql(context)
        self._count = 0

    async def spend(self, value: str, until: Instant) -> bool:
        """Spend a value, remembered until an instant; answers whether this was the first time."""
        self._count += 1
        hashed = sha256(value.encode()).digest()
        async with self._database.without_tenant() as connection:
            if self._count % FORGETS_EVERY == 0:
                await connection.execute(
                    self._sql["forget"], self._clock.now(), FORGOTTEN_AT_ONCE_MAX
                )
            return await connection.fetchval(self._sql["spend"], hashed, until) is not None


@cache
def _sql(context: str) -> dict[str, str]:
    return {
        name: text.replace("{schema}", context)
        for name, text in queries("runtime", "nonces").items()
    }

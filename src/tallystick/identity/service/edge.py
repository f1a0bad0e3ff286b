"""What the edge of every process shares with all others, over the database of role ``tallystick_identity``."""

from collections.abc import Iterable
from typing import Final

from tallystick.identity.store import edge, once
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import Instant
from tallystick.runtime.clock import Clock
from tallystick.runtime.database import Database
from tallystick.runtime.limits import Drawn, Rate
from tallystick.runtime.repeats import Begun, Kept

PLATFORM: Final = 0
# So often what has passed is forgotten, up to 10,000 at once.
FORGETS_EVERY: Final = 1_000


class SharedBudgets:
    """Budgets of requests, drawn on by all processes."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def draw(self, tenant_id: int, subject: str, rate: Rate, wanted: int) -> Drawn:
        """Draw cells from a budget."""
        async with self._database.transaction(tenant_id=tenant_id) as connection:
            return await edge.draw(
                connection, tenant_id=tenant_id, subject=subject, rate=rate, wanted=wanted
            )

    async def forget(self, tenants: Iterable[int]) -> int:
        """Forget the budgets of these tenants that nobody drew on for a minute; answers 0."""
        for tenant_id in tenants:
            async with self._database.transaction(tenant_id=tenant_id) as connection:
                await edge.forget_budgets(connection, tenant_id=tenant_id)
        return 0


class KeptAnswers:
    """Answers to writes by their ``Idempotency-Key``, for all processes."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def begin(self, *, caller: Caller, key: str, fingerprint: bytes, for_good: bool) -> Begun:
        """Take a key for a request, or tell who has it."""
        tenant_id, actor = caller.tenant_id, _whose(caller)
        async with self._database.transaction(tenant_id=tenant_id) as connection:
            if await edge.begin(
                connection, tenant_id=tenant_id, actor=actor, key=key,
                fingerprint=fingerprint, for_good=for_good,
            ):  # fmt: skip
                return Begun(True)
            known = await edge.known(connection, tenant_id=tenant_id, actor=actor, key=key)
        # Let go in this very moment: whoever asks again gets it.
        return known or Begun(False, fingerprint)

    async def keep(self, *, caller: Caller, key: str, answer: Kept | None) -> None:
        """Keep the answer of a request that was done; with None, only that it was."""
        tenant_id, actor = caller.tenant_id, _whose(caller)
        async with self._database.transaction(tenant_id=tenant_id) as connection:
            await edge.keep(connection, tenant_id=tenant_id, actor=actor, key=key, answer=answer)

    async def let_go(self, *, caller: Caller, key: str) -> None:
        """Let a key be used again."""
        tenant_id, actor = caller.tenant_id, _whose(caller)
        async with self._database.transaction(tenant_id=tenant_id) as connection:
            await edge.let_go(connection, tenant_id=tenant_id, actor=actor, key=key)


def _whose(caller: Caller) -> str:
    """Whose a key is: the actor's, within what a token was narrowed to; a third party gets no answer of others."""
    if caller.scope is None:
        return caller.actor
    return f"{caller.actor} {' '.join(sorted(caller.scope))}"


class SpentNonces:
    """What other processes signed and is good once, for all processes; it is of no tenant, but of the platform."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._count = 0

    async def spend(self, value: str, until: Instant) -> bool:
        """Spend a value, remembered until an instant; answers whether this was the first time."""
        self._count += 1
        async with self._database.transaction(tenant_id=PLATFORM) as connection:
            if self._count % FORGETS_EVERY == 0:
                await once.forget(connection, tenant_id=PLATFORM, now=self._clock.now())
            return await once.spend(
                connection, tenant_id=PLATFORM, kind="door", value=value, until=until
            )

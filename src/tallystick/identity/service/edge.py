"""What every edge shares with all others, over the database of role ``tallystick_identity``."""

from typing import Final

from tallystick.identity.api.edge import (
    BudgetDrawn,
    Done,
    DrawBudget,
    KeepAnswer,
    KeyTaken,
    LetGo,
    TakeKey,
)
from tallystick.identity.store import edge
from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import malformed
from tallystick.runtime.database import Database

TENANTS_MAX: Final = 100_000
_SUBJECT_MAX: Final = 200
_KEY_MAX: Final = 64
_SHA256_BYTES: Final = 32
_BURST_NS_MAX: Final = 31 * 86_400 * 1_000_000_000


class EdgeService:
    """The door of what edges share."""

    def __init__(self, *, database: Database) -> None:
        self._database = database
        self._drawn: dict[int, None] = {}

    async def draw(self, *, caller: Caller, message: DrawBudget) -> BudgetDrawn:
        """Draw cells from a budget. Raises Malformed."""
        _demand_drawable(message)
        tenant_id = caller.tenant_id
        if len(self._drawn) >= TENANTS_MAX:
            self._drawn.clear()
        self._drawn[tenant_id] = None
        async with self._database.transaction(tenant_id=tenant_id) as connection:
            return await edge.draw(connection, tenant_id=tenant_id, wanted=message)

    async def forget_budgets(self) -> int:
        """Forget the budgets, of all that were drawn on here, that nobody drew on for a minute; answers 0."""
        for tenant_id in tuple(self._drawn):
            async with self._database.transaction(tenant_id=tenant_id) as connection:
                await edge.forget_budgets(connection, tenant_id=tenant_id)
        return 0

    async def take_key(self, *, caller: Caller, message: TakeKey) -> KeyTaken:
        """Take a key for a request, or tell who has it. Raises Malformed."""
        if not 1 <= len(message.key) <= _KEY_MAX or len(message.fingerprint) != _SHA256_BYTES:
            raise malformed("key", f"a key has 1 to {_KEY_MAX} characters, a fingerprint 32 bytes")
        tenant_id, actor = caller.tenant_id, _whose(caller)
        async with self._database.transaction(tenant_id=tenant_id) as connection:
            if await edge.begin(connection, tenant_id=tenant_id, actor=actor, taking=message):
                return KeyTaken(is_new=True)
            known = await edge.known(connection, tenant_id=tenant_id, actor=actor, key=message.key)
        # Let go in this very moment: whoever asks again gets it.
        return known or KeyTaken(is_new=False, fingerprint=message.fingerprint)

    async def keep(self, *, caller: Caller, message: KeepAnswer) -> Done:
        """Keep the answer of a request that was done."""
        tenant_id, actor = caller.tenant_id, _whose(caller)
        async with self._database.transaction(tenant_id=tenant_id) as connection:
            await edge.keep(connection, tenant_id=tenant_id, actor=actor, kept=message)
        return Done()

    async def let_go(self, *, caller: Caller, message: LetGo) -> Done:
        """Let a key be used again."""
        tenant_id, actor = caller.tenant_id, _whose(caller)
        async with self._database.transaction(tenant_id=tenant_id) as connection:
            await edge.let_go(connection, tenant_id=tenant_id, actor=actor, key=message.key)
        return Done()


def _demand_drawable(message: DrawBudget) -> None:
    if not 1 <= len(message.subject) <= _SUBJECT_MAX:
        raise malformed("subject", f"a budget's subject has 1 to {_SUBJECT_MAX} characters")
    if message.wanted < 1 or not 1 <= message.each_ns <= message.burst_ns <= _BURST_NS_MAX:
        raise malformed("wanted", "a budget is drawn on by cells, of nanoseconds within a month")


def _whose(caller: Caller) -> str:
    """Whose a key is: the actor's, within what a token was narrowed to; a third party gets no answer of others."""
    if caller.scope is None:
        return caller.actor
    return f"{caller.actor} {' '.join(sorted(caller.scope))}"

"""Standings remembered for five seconds: so long a right that was taken elsewhere may still be used here."""

from collections.abc import Callable
from typing import Final

from tallystick.identity.adapters.cedar import catalogue
from tallystick.identity.model.standing import Standing
from tallystick.identity.store import access as store
from tallystick.kernel import instants
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import Instant
from tallystick.runtime.clock import Clock
from tallystick.runtime.database import Database

KEPT: Final[Instant] = 5 * instants.SECOND
KEPT_MAX: Final = 10_000

Listener = Callable[[int, str], None]


def bundles_of(role: str) -> tuple[str, ...] | None:
    """The bundles of a role that comes with the platform, None for any other."""
    found = catalogue().roles.get(role)
    return found.bundles if found else None


class Standings:
    """How people, keys and clients stand, by tenant, holder and session."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._found: dict[tuple[int, str, str], Standing] = {}
        self.listeners: list[Listener] = []

    async def of(self, caller: Caller, *, holder: str = "") -> Standing | None:
        """How the caller stands, or another holder of its tenant; None for whom the tenant does not know."""
        if not holder:
            made = _of_ours(caller)
            if made is not None:
                return made
        whom = (caller.tenant_id, holder or caller.actor, "" if holder else caller.session)
        found = self._found.get(whom)
        now = self._clock.now()
        # A clock that was set back must not prolong anything.
        if found is not None and 0 <= now - found.loaded_at < KEPT:
            return found
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            read = await store.standing(
                connection,
                tenant_id=caller.tenant_id,
                holder=whom[1],
                session=whom[2],
                now=now,
                bundles_of=bundles_of,
            )
        self._found.pop(whom, None)
        if read is not None:
            if len(self._found) >= KEPT_MAX:
                del self._found[next(iter(self._found))]
            self._found[whom] = read
        return read

    def forget(self, tenant_id: int, holder: str) -> None:
        """Drop what is remembered of a holder, '' for all of a tenant: something changed here."""
        for whom in list(self._found):
            if whom[0] == tenant_id and holder in ("", whom[1]):
                del self._found[whom]
        for listener in self.listeners:
            listener(tenant_id, holder)


def _of_ours(caller: Caller) -> Standing | None:
    """The standing of what is no person and no key: a context that asks for somebody, a job, an operator."""
    if caller.via:
        return Standing(kind="Service", holder=caller.via, is_active=True)
    if caller.actor.startswith("job:"):
        return Standing(kind="Job", holder=caller.actor, is_active=True)
    if caller.actor == OPERATOR:
        return Standing(kind="Operator", holder=OPERATOR, is_active=True)
    return None


OPERATOR: Final = "operator"
"""Whoever reaches the database itself; no key and no person is called so."""

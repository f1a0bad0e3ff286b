"""States that no running apply writes: an earlier version brought back, and one that a lost apply left behind."""

from tallystick.governance.api import (
    ApplyIsRunning,
    ApplyNotLost,
    HandInState,
    RestoreState,
    StateIsOld,
    StateNotFound,
    StateWritten,
)
from tallystick.governance.model import wanted
from tallystick.governance.model.kept_state import KeptState, demand_next, read_state, renumbered
from tallystick.governance.service.ground import Ground
from tallystick.governance.service.states import is_newer
from tallystick.governance.store import applies as store
from tallystick.governance.store import plans
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import Instant, render
from tallystick.kernel.tags import Tag
from tallystick.runtime.database import Connection

_LEFT_BEHIND = ("lost", "failed")


class Restoring:
    """That a second person agreed to either, the decision says that let the caller in."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def restore(self, caller: Caller, message: RestoreState) -> StateWritten:
        """Let an earlier version be the newest, with a higher serial."""
        estate, at = wanted.estate(message.estate), self._ground.clock.now()
        reason, tenant_id = wanted.reason(message.reason), caller.tenant_id
        async with self._ground.database.transaction(tenant_id=tenant_id) as connection:
            await self._at_rest(connection, caller, estate)
            kept = await store.last_state(connection, tenant_id=tenant_id, estate=estate)
            version = await store.state_at(
                connection, tenant_id=tenant_id, estate=estate, serial=message.serial
            )
            if kept is None or version is None:
                raise StateNotFound(f"{estate} has no state of serial {message.serial}")
            if version.serial == kept.serial:
                raise StateIsOld(
                    "this is the newest version: name an earlier one", {"serial": str(kept.serial)}
                )
            state = renumbered(version, serial=kept.serial + 1)
            await self._keep(
                connection, caller, state, estate=estate, tag=Tag.GOVERNANCE_STATE_RESTORE, at=at,
                reason=reason, former=version.serial,
            )  # fmt: skip
        return _written(estate, state)

    async def hand_in(self, caller: Caller, message: HandInState) -> StateWritten:
        """Keep the state that an apply left when its lease or its way to us had ended."""
        estate, at = wanted.estate(message.estate), self._ground.clock.now()
        reason, tenant_id = wanted.reason(message.reason), caller.tenant_id
        state = read_state(message.content, estate=estate)
        async with self._ground.database.transaction(tenant_id=tenant_id) as connection:
            lineage = await self._at_rest(connection, caller, estate)
            ended = await store.last_end(connection, tenant_id=tenant_id, estate=estate)
            if ended not in _LEFT_BEHIND:
                raise ApplyNotLost("the last apply of this estate left no state behind")
            kept = await store.last_state(connection, tenant_id=tenant_id, estate=estate)
            former = kept.serial if kept else None
            demand_next(state, lineage=lineage, former=former)
            if not is_newer(state, kept):
                raise StateIsOld("this very state is kept already", {"serial": str(former)})
            await self._keep(
                connection, caller, state, estate=estate, tag=Tag.GOVERNANCE_STATE_HAND, at=at,
                reason=reason, former=former,
            )  # fmt: skip
        return _written(estate, state)

    async def _at_rest(self, connection: Connection, caller: Caller, estate: str) -> str | None:
        """Hold an estate that nothing is applied to, and answer its lineage. Raises ApplyIsRunning."""
        lineage = await plans.hold_estate(connection, tenant_id=caller.tenant_id, estate=estate)
        held = await store.running(connection, tenant_id=caller.tenant_id, estate=estate)
        if held is not None:
            raise ApplyIsRunning(
                "something is being applied to this estate, or died and holds it: wait, or free it",
                {"apply": held.apply_id, "until": render(held.until_at)},
            )
        return lineage

    async def _keep(
        self,
        connection: Connection,
        caller: Caller,
        state: KeptState,
        *,
        estate: str,
        tag: Tag,
        at: Instant,
        reason: str,
        former: int | None,
    ) -> None:
        is_restored = tag is Tag.GOVERNANCE_STATE_RESTORE
        await store.insert_state(
            connection,
            tenant_id=caller.tenant_id,
            estate=estate,
            state=state,
            apply_id=None,
            at=at,
            origin="restored" if is_restored else "handed_in",
        )
        told = {"serial": state.serial, "digest": state.digest.hex(), "former": former}
        await self._ground.note(
            connection, caller, tag, on=f"estate:{estate}", estate=estate, at=at,
            content={name: value for name, value in told.items() if value is not None},
            texts={"reason": reason},
        )  # fmt: skip


def _written(estate: str, state: KeptState) -> StateWritten:
    return StateWritten(estate=estate, serial=state.serial, digest=state.digest.hex())

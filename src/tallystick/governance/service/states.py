"""How estates stand, and their states: read to plan from, written and locked under the lease of a running apply."""

from dataclasses import replace
from typing import Any

from tallystick.governance.api import (
    EstateOf,
    EstateStanding,
    EstateStandings,
    ForceUnlock,
    LockState,
    NothingToUnlock,
    PoliciesNotReadable,
    ReadState,
    State,
    StateIsLocked,
    StateIsOld,
    StateNotFound,
    StateWritten,
    UnlockState,
    WriteState,
)
from tallystick.governance.model import wanted
from tallystick.governance.model.kept_state import KeptState, demand_next, read_state
from tallystick.governance.service import answers
from tallystick.governance.service.applying import Applying, demand_lease, longer
from tallystick.governance.service.ground import Ground
from tallystick.governance.store import applies as store
from tallystick.governance.store import evidence, glasses, plans
from tallystick.governance.store.rows import ApplyRow
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import Instant, render
from tallystick.kernel.tags import Tag
from tallystick.runtime.database import Connection

# Break-glasses that are shown with an estate.
GLASSES_SHOWN_MAX = 20


class States:
    """Estates and their states."""

    def __init__(self, ground: Ground, applying: Applying) -> None:
        self._ground = ground
        self._applying = applying

    async def estates(self, caller: Caller) -> EstateStandings:
        """Show every estate that something was done to."""
        tenant_id = caller.tenant_id
        async with self._ground.database.transaction(
            tenant_id=tenant_id, read_only=True
        ) as connection:
            names = await plans.estates(connection, tenant_id=tenant_id)
            items = [await self._standing(connection, tenant_id, name) for name in names]
        return EstateStandings(items=tuple(items))

    async def estate(self, caller: Caller, message: EstateOf) -> EstateStanding:
        """Show how an estate stands."""
        return await self._shown(caller, wanted.estate(message.estate))

    async def read(self, caller: Caller, message: ReadState) -> State:
        """Read the state of an estate."""
        estate, at = wanted.estate(message.estate), self._ground.clock.now()
        tenant_id = caller.tenant_id
        async with self._ground.database.transaction(
            tenant_id=tenant_id, read_only=True
        ) as connection:
            if message.token is not None:
                held = await store.running(connection, tenant_id=tenant_id, estate=estate)
                demand_lease(held, message.token, at, actor=caller.actor)
            kept = await store.whole_state(connection, tenant_id=tenant_id, estate=estate)
        if kept is None:
            raise StateNotFound(f"{estate} has no state yet")
        await self._ground.pen.note(
            caller=caller,
            tag=Tag.GOVERNANCE_STATE_READ,
            on=f"governance:estate:{estate}",
            content={"serial": kept.serial, "digest": kept.digest.hex()},
        )
        return State(
            estate=estate,
            serial=kept.serial,
            lineage=kept.lineage,
            digest=kept.digest.hex(),
            content=kept.content,
        )

    async def write(self, caller: Caller, message: WriteState) -> StateWritten:
        """Keep the next state of an estate."""
        estate, at = wanted.estate(message.estate), self._ground.clock.now()
        state = read_state(message.content, estate=estate)
        async with self._ground.database.transaction(tenant_id=caller.tenant_id) as connection:
            held, lineage = await self._held(connection, caller, estate, message.token, at)
            if held.lock_id is not None and message.lock != held.lock_id:
                raise _locked(held)
            kept = await store.last_state(connection, tenant_id=caller.tenant_id, estate=estate)
            demand_next(state, lineage=lineage, former=kept.serial if kept else None)
            is_new = is_newer(state, kept)
            if is_new:
                await self._keep(connection, caller, held, state, at)
        return StateWritten(
            estate=estate, serial=state.serial, digest=state.digest.hex(), replayed=not is_new
        )

    async def lock(self, caller: Caller, message: LockState) -> EstateStanding:
        """Lock a state for its running apply."""
        return await self._locked(
            caller, message, before=(None, message.lock), lock=wanted.lock(message.lock),
            tag=Tag.GOVERNANCE_STATE_LOCK,
        )  # fmt: skip

    async def unlock(self, caller: Caller, message: UnlockState) -> EstateStanding:
        """Take back a lock."""
        return await self._locked(
            caller, message, before=(None, wanted.lock(message.lock)), lock=None,
            tag=Tag.GOVERNANCE_STATE_UNLOCK,
        )  # fmt: skip

    async def force(self, caller: Caller, message: ForceUnlock) -> EstateStanding:
        """Free an estate from an apply whose lease has ended."""
        estate = wanted.estate(message.estate)
        row = await self._applying.lose(
            caller, estate, tag=Tag.GOVERNANCE_STATE_FREE, reason=wanted.reason(message.reason)
        )
        if row is None:
            raise NothingToUnlock(f"nothing is being applied to {estate}")
        return await self._shown(caller, estate)

    async def _locked(
        self,
        caller: Caller,
        message: LockState | UnlockState,
        *,
        before: tuple[str | None, str],
        lock: str | None,
        tag: Tag,
    ) -> EstateStanding:
        estate, at = wanted.estate(message.estate), self._ground.clock.now()
        tenant_id = caller.tenant_id
        async with self._ground.database.transaction(tenant_id=tenant_id) as connection:
            held, _ = await self._held(connection, caller, estate, message.token, at)
            if held.lock_id not in before:
                raise _locked(held)
            if held.lock_id != lock:
                held = replace(held, lock_id=lock, until_at=self._longer(held, at))
                await store.lock(
                    connection,
                    tenant_id=tenant_id,
                    apply_id=held.apply_id,
                    lock=lock,
                    until=held.until_at,
                )
                await self._note(connection, caller, tag, held, at, lock=message.lock)
            return await self._standing(connection, tenant_id, estate)

    def _longer(self, held: ApplyRow, at: Instant) -> Instant:
        """Until when the lease lasts now. While policies cannot be read a state is kept, and extends nothing."""
        try:
            return longer(held, at, rules=self._ground.policies.read().rules)
        except PoliciesNotReadable:
            return held.until_at

    async def _held(
        self, connection: Connection, caller: Caller, estate: str, token: str, at: Instant
    ) -> tuple[ApplyRow, str | None]:
        """Hold an estate for the apply whose lease this is; answers it, and the lineage. Raises LeaseNotAccepted."""
        tenant_id = caller.tenant_id
        lineage = await plans.hold_estate(connection, tenant_id=tenant_id, estate=estate)
        row = await store.running(connection, tenant_id=tenant_id, estate=estate)
        return demand_lease(row, token, at, actor=caller.actor), lineage

    async def _keep(
        self, connection: Connection, caller: Caller, held: ApplyRow, state: KeptState, at: Instant
    ) -> None:
        tenant_id = caller.tenant_id
        await store.insert_state(
            connection,
            tenant_id=tenant_id,
            estate=held.estate,
            state=state,
            apply_id=held.apply_id,
            at=at,
        )
        await store.extend(
            connection, tenant_id=tenant_id, apply_id=held.apply_id, until=self._longer(held, at)
        )
        await self._note(
            connection, caller, Tag.GOVERNANCE_STATE_WRITE, held, at,
            serial=state.serial, digest=state.digest.hex(),
        )  # fmt: skip

    async def _note(
        self,
        connection: Connection,
        caller: Caller,
        tag: Tag,
        held: ApplyRow,
        at: Instant,
        *,
        serial: int | None = None,
        digest: str | None = None,
        lock: str | None = None,
    ) -> None:
        told: dict[str, Any] = {"apply": held.apply_id, "serial": serial, "digest": digest}
        await self._ground.note(
            connection,
            caller,
            tag,
            on=f"estate:{held.estate}",
            estate=held.estate,
            at=at,
            content={name: value for name, value in told.items() if value is not None},
            texts={"lock": lock} if lock else None,
        )

    async def _shown(self, caller: Caller, estate: str) -> EstateStanding:
        tenant_id = caller.tenant_id
        async with self._ground.database.transaction(
            tenant_id=tenant_id, read_only=True
        ) as connection:
            return await self._standing(connection, tenant_id, estate)

    async def _standing(
        self, connection: Connection, tenant_id: int, estate: str
    ) -> EstateStanding:
        at = self._ground.clock.now()
        kept = await store.last_state(connection, tenant_id=tenant_id, estate=estate)
        running = await store.running(connection, tenant_id=tenant_id, estate=estate)
        broken = await glasses.glasses(
            connection,
            tenant_id=tenant_id,
            after="~",
            limit=GLASSES_SHOWN_MAX,
            estate=estate,
            unreviewed=True,
        )
        return EstateStanding(
            estate=estate,
            serial=kept.serial if kept else None,
            commit=await plans.last_applied(connection, tenant_id=tenant_id, estate=estate),
            running=answers.apply(running) if running else None,
            lock=running.lock_id if running else None,
            overdue=await evidence.overdue(connection, tenant_id=tenant_id, estate=estate, at=at),
            glasses=tuple(map(answers.glass, broken)),
        )


def is_newer(state: KeptState, kept: store.Kept | None) -> bool:
    """Whether a state comes after the one that is kept; False for the same again. Raises StateIsOld."""
    if kept is None or state.serial > kept.serial:
        return True
    if (state.serial, state.digest) == (kept.serial, kept.digest):
        return False
    raise StateIsOld(
        f"serial {state.serial} does not grow past {kept.serial}", {"serial": str(kept.serial)}
    )


def _locked(held: ApplyRow) -> StateIsLocked:
    return StateIsLocked(
        "the state is locked by another",
        {"lock": held.lock_id or "", "by": held.begun_by, "until": render(held.until_at)},
    )

"""Applies, with their leases and locks, and the states that they write."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import asyncpg

from tallystick.governance.api import StateIsOfAnotherEstate
from tallystick.governance.model.kept_state import KeptState
from tallystick.governance.store import SQL, broke
from tallystick.governance.store.rows import ApplyRow
from tallystick.kernel.instants import Instant
from tallystick.runtime.database import Connection


class Kept(NamedTuple):
    """The last state of an estate, without its bytes."""

    serial: int
    lineage: str
    digest: bytes
    apply_id: str | None


async def insert_apply(connection: Connection, *, tenant_id: int, apply: ApplyRow) -> None:
    """Write an apply that begins; the estate is held and has none that runs."""
    await connection.execute(
        SQL["insert_apply"],
        tenant_id,
        apply.apply_id,
        apply.plan_id,
        apply.estate,
        apply.token_hash,
        apply.begun_by,
        apply.begun_at,
        apply.until_at,
        apply.break_glass_id,
        list(apply.passed_over),
    )


async def apply(connection: Connection, *, tenant_id: int, apply_id: str) -> ApplyRow | None:
    """Read an apply."""
    return _apply(await connection.fetchrow(SQL["apply"], tenant_id, apply_id))


async def running(connection: Connection, *, tenant_id: int, estate: str) -> ApplyRow | None:
    """Read what is being applied to an estate."""
    return _apply(await connection.fetchrow(SQL["running_apply"], tenant_id, estate))


async def last_of_plan(connection: Connection, *, tenant_id: int, plan_id: str) -> ApplyRow | None:
    """Read the last apply of a plan."""
    return _apply(await connection.fetchrow(SQL["last_apply_of_plan"], tenant_id, plan_id))


async def extend(connection: Connection, *, tenant_id: int, apply_id: str, until: Instant) -> None:
    """Let a lease last longer."""
    await connection.execute(SQL["extend_apply"], tenant_id, apply_id, until)


async def keep_lease(
    connection: Connection, *, tenant_id: int, apply_id: str, lease: str, until: Instant
) -> bool:
    """Keep by which lease a running apply was lent credentials; False when it has ended."""
    arguments = (tenant_id, apply_id, lease, until)
    return await connection.fetchval(SQL["keep_lease"], *arguments) is not None


async def lock(
    connection: Connection, *, tenant_id: int, apply_id: str, lock: str | None, until: Instant
) -> None:
    """Lock the state for an apply, or unlock it with None; the lease lasts longer."""
    await connection.execute(SQL["lock_apply"], tenant_id, apply_id, lock, until)


async def end(
    connection: Connection,
    *,
    tenant_id: int,
    apply_id: str,
    status: str,
    at: Instant,
    serial: int | None = None,
    problem: str | None = None,
) -> bool:
    """End an apply; False when it had ended."""
    arguments = (tenant_id, apply_id, status, at, serial, problem)
    return await connection.fetchval(SQL["end_apply"], *arguments) is not None


async def expired(connection: Connection, *, tenant_id: int, at: Instant) -> Sequence[str]:
    """The estates whose running apply's lease has ended."""
    rows = await connection.fetch(SQL["expired_applies"], tenant_id, at)
    return [row["estate"] for row in rows]


async def insert_state(
    connection: Connection,
    *,
    tenant_id: int,
    estate: str,
    state: KeptState,
    apply_id: str | None,
    at: Instant,
    origin: str = "applied",
) -> None:
    """Keep a version of a state. Raises StateIsOfAnotherEstate for a lineage that is another's."""
    try:
        await connection.execute(SQL["set_lineage"], tenant_id, estate, state.lineage)
    except asyncpg.UniqueViolationError as error:
        if not broke(error, StateIsOfAnotherEstate):
            raise
        raise StateIsOfAnotherEstate("the state is of the line of another estate") from None
    await connection.execute(
        SQL["insert_state"],
        tenant_id,
        estate,
        state.serial,
        state.lineage,
        state.content,
        state.digest,
        apply_id,
        at,
        origin,
    )


async def last_state(connection: Connection, *, tenant_id: int, estate: str) -> Kept | None:
    """Read what is known of the last state of an estate."""
    row = await connection.fetchrow(SQL["last_state"], tenant_id, estate)
    return Kept(**dict(row)) if row else None


async def whole_state(connection: Connection, *, tenant_id: int, estate: str) -> KeptState | None:
    """Read the last state of an estate, whole."""
    row = await connection.fetchrow(SQL["last_state_whole"], tenant_id, estate)
    if row is None:
        return None
    return KeptState(serial=row["serial"], lineage=row["lineage"], content=row["content"])


async def state_at(
    connection: Connection, *, tenant_id: int, estate: str, serial: int
) -> KeptState | None:
    """Read a version of the state of an estate, whole."""
    row = await connection.fetchrow(SQL["state_at"], tenant_id, estate, serial)
    return KeptState(**dict(row)) if row else None


async def last_end(connection: Connection, *, tenant_id: int, estate: str) -> str | None:
    """How the last apply of an estate ended; None when there was none."""
    return await connection.fetchval(SQL["last_end"], tenant_id, estate)


def _apply(row: Any) -> ApplyRow | None:
    return ApplyRow(**{**dict(row), "passed_over": tuple(row["passed_over"])}) if row else None

"""What the edge keeps for all processes together: budgets of requests, and answers to writes by their key."""

from tallystick.runtime.database import Connection
from tallystick.runtime.limits import Drawn, Rate
from tallystick.runtime.repeats import KEPT_HOURS, LOST_AFTER_S, Begun, Kept
from tallystick.runtime.sql import queries

_SQL = queries("identity", "edge")
FORGOTTEN_AT_ONCE_MAX = 100
# Of an answer that is not kept only this is known.
_DONE = 200


async def draw(
    connection: Connection, *, tenant_id: int, subject: str, rate: Rate, wanted: int
) -> Drawn:
    """Draw cells from a budget, as ``runtime.limits.gcra`` does, by the clock of the database."""
    row = await connection.fetchrow(
        _SQL["draw"], tenant_id, subject, wanted, rate.each_ns, rate.burst_ns
    )
    wait_ns = row["spent_ns"] + rate.each_ns - rate.burst_ns - row["asked_ns"]
    return Drawn(row["cells"], row["spent_ns"], max(0, wait_ns))


async def forget_budgets(connection: Connection, *, tenant_id: int) -> None:
    """Forget the budgets of a tenant that nobody drew on for a minute."""
    await connection.execute(_SQL["forget_budgets"], tenant_id)


async def begin(
    connection: Connection,
    *,
    tenant_id: int,
    actor: str,
    key: str,
    fingerprint: bytes,
    for_good: bool,
) -> bool:
    """Take a key, if it is free; and forget some of the tenant's that have expired."""
    await connection.execute(_SQL["forget_answers"], tenant_id, FORGOTTEN_AT_ONCE_MAX)
    taken = await connection.fetchval(
        _SQL["begin"], tenant_id, actor, key, fingerprint, for_good, KEPT_HOURS, LOST_AFTER_S
    )
    return taken is not None


async def known(connection: Connection, *, tenant_id: int, actor: str, key: str) -> Begun | None:
    """What is known of a key that somebody has; None when nobody has it any more."""
    row = await connection.fetchrow(_SQL["known"], tenant_id, actor, key, LOST_AFTER_S)
    if row is None:
        return None
    kept = None
    if row["content"] is not None:
        told = {"content-type": row["media"], "location": row["location"]}
        headers = {name: text for name, text in told.items() if text is not None}
        kept = Kept(row["status"], headers, row["content"])
    return Begun(False, row["fingerprint"], row["is_over"], kept)


async def keep(
    connection: Connection, *, tenant_id: int, actor: str, key: str, answer: Kept | None
) -> None:
    """Keep an answer; with None, only that there was one."""
    status, headers, content = answer or (_DONE, {}, None)
    await connection.execute(
        _SQL["keep"],
        tenant_id,
        actor,
        key,
        status,
        headers.get("content-type"),
        headers.get("location"),
        content,
    )


async def let_go(connection: Connection, *, tenant_id: int, actor: str, key: str) -> None:
    """Let a key of a write that is under way be used again."""
    await connection.execute(_SQL["let_go"], tenant_id, actor, key)

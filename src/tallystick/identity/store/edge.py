"""What the edge keeps for all processes together: budgets of requests, and answers to writes by their key."""

from typing import Final

from tallystick.identity.api.edge import (
    BudgetDrawn,
    DrawBudget,
    KeepAnswer,
    KeptAnswer,
    KeyTaken,
    TakeKey,
)
from tallystick.runtime.database import Connection
from tallystick.runtime.repeats import KEPT_HOURS, LOST_AFTER_S
from tallystick.runtime.sql import queries

_SQL = queries("identity", "edge")
FORGOTTEN_AT_ONCE_MAX = 100
# Of an answer that is not kept only this is known.
_NOT_KEPT: Final = (200, None, None, None)


async def draw(connection: Connection, *, tenant_id: int, wanted: DrawBudget) -> BudgetDrawn:
    """Draw cells from a budget, as ``runtime.limits.gcra`` does, by the clock of the database."""
    row = await connection.fetchrow(
        _SQL["draw"], tenant_id, wanted.subject, wanted.wanted, wanted.each_ns, wanted.burst_ns
    )
    wait_ns = row["spent_ns"] + wanted.each_ns - wanted.burst_ns - row["asked_ns"]
    return BudgetDrawn(cells=row["cells"], spent_ns=row["spent_ns"], wait_ns=max(0, wait_ns))


async def forget_budgets(connection: Connection, *, tenant_id: int) -> None:
    """Forget the budgets of a tenant that nobody drew on for a minute."""
    await connection.execute(_SQL["forget_budgets"], tenant_id)


async def begin(connection: Connection, *, tenant_id: int, actor: str, taking: TakeKey) -> bool:
    """Take a key, if it is free; and forget some of the tenant's that have expired."""
    await connection.execute(_SQL["forget_answers"], tenant_id, FORGOTTEN_AT_ONCE_MAX)
    taken = await connection.fetchval(
        _SQL["begin"],
        tenant_id,
        actor,
        taking.key,
        taking.fingerprint,
        taking.for_good,
        KEPT_HOURS,
        LOST_AFTER_S,
    )
    return taken is not None


async def known(connection: Connection, *, tenant_id: int, actor: str, key: str) -> KeyTaken | None:
    """What is known of a key that somebody has; None when nobody has it any more."""
    row = await connection.fetchrow(_SQL["known"], tenant_id, actor, key, LOST_AFTER_S)
    if row is None:
        return None
    kept = None
    if row["content"] is not None:
        told = {"content-type": row["media"], "location": row["location"]}
        headers = {name: text for name, text in told.items() if text is not None}
        kept = KeptAnswer(status=row["status"], headers=headers, content=row["content"])
    return KeyTaken(is_new=False, fingerprint=row["fingerprint"], is_over=row["is_over"], kept=kept)


async def keep(connection: Connection, *, tenant_id: int, actor: str, kept: KeepAnswer) -> None:
    """Keep an answer; with None, only that there was one."""
    answer, told = kept.answer, _NOT_KEPT
    if answer is not None:
        headers = answer.headers
        told = (
            answer.status,
            headers.get("content-type"),
            headers.get("location"),
            answer.content,
        )
    await connection.execute(_SQL["keep"], tenant_id, actor, kept.key, *told)


async def let_go(connection: Connection, *, tenant_id: int, actor: str, key: str) -> None:
    """Let a key of a write that is under way be used again."""
    await connection.execute(_SQL["let_go"], tenant_id, actor, key)

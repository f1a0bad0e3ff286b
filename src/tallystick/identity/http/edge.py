"""What an edge asks of the door that all edges share: its budgets, and the answers that are kept."""

from tallystick.identity.api.edge import (
    DrawBudget,
    Edge,
    KeepAnswer,
    KeptAnswer,
    LetGo,
    TakeKey,
)
from tallystick.kernel.callers import Caller
from tallystick.runtime.limits import Drawn, Rate
from tallystick.runtime.repeats import Begun, Kept

_ACTOR = "edge"


class SharedBudgets:
    """Budgets of requests, drawn on by all edges."""

    def __init__(self, door: Edge) -> None:
        self._door = door

    async def draw(self, tenant_id: int, subject: str, rate: Rate, wanted: int) -> Drawn:
        """Draw cells from a budget."""
        drawn = await self._door.draw(
            caller=Caller(tenant_id=tenant_id, actor=_ACTOR),
            message=DrawBudget(
                subject=subject, wanted=wanted, each_ns=rate.each_ns, burst_ns=rate.burst_ns
            ),
        )
        return Drawn(drawn.cells, drawn.spent_ns, drawn.wait_ns)


class KeptAnswers:
    """Answers to writes by their ``Idempotency-Key``, for all edges."""

    def __init__(self, door: Edge) -> None:
        self._door = door

    async def begin(self, *, caller: Caller, key: str, fingerprint: bytes, for_good: bool) -> Begun:
        """Take a key for a request, or tell who has it."""
        message = TakeKey(key=key, fingerprint=fingerprint, for_good=for_good)
        taken = await self._door.take_key(caller=caller, message=message)
        kept = taken.kept
        return Begun(
            taken.is_new,
            taken.fingerprint,
            taken.is_over,
            None if kept is None else Kept(kept.status, kept.headers, kept.content),
        )

    async def keep(self, *, caller: Caller, key: str, answer: Kept | None) -> None:
        """Keep the answer of a request that was done; with None, only that it was."""
        kept = None
        if answer is not None:
            kept = KeptAnswer(
                status=answer.status, headers=dict(answer.headers), content=answer.content
            )
        await self._door.keep(caller=caller, message=KeepAnswer(key=key, answer=kept))

    async def let_go(self, *, caller: Caller, key: str) -> None:
        """Let a key be used again."""
        await self._door.let_go(caller=caller, message=LetGo(key=key))

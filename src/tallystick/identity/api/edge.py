"""The door of what every edge shares: budgets of requests, and answers to writes by their ``Idempotency-Key``."""

from typing import Protocol

from tallystick.kernel.actions import unguarded
from tallystick.kernel.callers import Caller
from tallystick.kernel.messages import Message
from tallystick.kernel.tags import unrecorded

_PROVEN = "an edge asks for whom it has proven, and no other process may knock"
_ANSWERED = "what was done is on record where it was done"


class DrawBudget(Message, frozen=True):
    """Draw cells from a budget. One costs ``each_ns`` nanoseconds, and ``burst_ns`` of them may be spent ahead."""

    subject: str
    wanted: int
    each_ns: int
    burst_ns: int


class BudgetDrawn(Message, frozen=True):
    """So many cells, until when the budget is spent now, and how long until there is one more; in nanoseconds."""

    cells: int
    spent_ns: int
    wait_ns: int


class TakeKey(Message, frozen=True):
    """Take a key for a request with this fingerprint, SHA-256. One taken ``for_good`` is never taken over."""

    key: str
    fingerprint: bytes
    for_good: bool


class KeptAnswer(Message, frozen=True):
    """An answer as it is kept: a status, a few headers, the body."""

    status: int
    headers: dict[str, str]
    content: bytes


class KeyTaken(Message, frozen=True):
    """What is known of a key: ``is_new`` when it is this request's from now on, ``is_over`` when another's has ended.

    ``fingerprint`` is that of the request which has it, and ``kept`` its answer, if any.
    """

    is_new: bool
    fingerprint: bytes = b""
    is_over: bool = False
    kept: KeptAnswer | None = None


class KeepAnswer(Message, frozen=True):
    """Keep the answer of a request that was done; without one, only that it was."""

    key: str
    answer: KeptAnswer | None = None


class LetGo(Message, frozen=True):
    """Let a key be used again."""

    key: str


class Done(Message, frozen=True):
    """It is done."""


class Edge(Protocol):
    """What all edges share. Each method works within ``caller.tenant_id``; keys are the actor's."""

    @unguarded("requests are counted before it is known who asks")
    @unrecorded("how often somebody asks is no act")
    async def draw(self, *, caller: Caller, message: DrawBudget) -> BudgetDrawn:
        """Draw cells: as many as wanted, or as there are. Raises Malformed."""
        ...

    @unguarded(_PROVEN)
    @unrecorded(_ANSWERED)
    async def take_key(self, *, caller: Caller, message: TakeKey) -> KeyTaken:
        """Take a key for a request, or tell who has it. Raises Malformed."""
        ...

    @unguarded(_PROVEN)
    @unrecorded(_ANSWERED)
    async def keep(self, *, caller: Caller, message: KeepAnswer) -> Done:
        """Keep the answer of a request that was done."""
        ...

    @unguarded(_PROVEN)
    @unrecorded(_ANSWERED)
    async def let_go(self, *, caller: Caller, message: LetGo) -> Done:
        """Let a key of a write that is under way be used again."""
        ...

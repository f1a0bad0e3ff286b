"""What every part of the door stands on."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tallystick.governance.model.lending import Credentials
from tallystick.governance.model.policies import Policies
from tallystick.governance.store import evidence
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import DONE, Deed
from tallystick.kernel.instants import Instant
from tallystick.kernel.tags import Tag
from tallystick.runtime.clock import Clock, Mint
from tallystick.runtime.database import Connection, Database
from tallystick.runtime.record import Pen


def _nobody(_: int) -> bool:
    return False


class PolicySource(Protocol):
    """Whoever has the platform's policies."""

    def read(self) -> Policies:
        """Read them. Raises PoliciesNotReadable."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Database, clock, and the strangers: the repository's ``head``, None where none is set, and credentials.

    Credentials are lent to those tenants alone that ``lends_to`` names, by their numbers. ``behind`` tells who made the
    key or client that an author is.
    """

    database: Database
    clock: Clock
    mint: Mint
    pen: Pen
    policies: PolicySource
    head: Callable[[], Awaitable[str | None]] | None = None
    credentials: Credentials | None = None
    lends_to: Callable[[int], bool] = _nobody
    behind: Callable[[Caller, str], Awaitable[Sequence[str]]] | None = None

    async def is_apart(self, caller: Caller, other: str) -> bool:
        """Whether the caller is neither somebody, nor behind their key, nor their key, nor a second key of one person.

        Identity is asked, which is a stranger: outside of every transaction.
        """
        if caller.actor == other:
            return False
        mine = await self.people(caller, caller.actor)
        return mine.isdisjoint(await self.people(caller, other))

    async def people(self, caller: Caller, holder: str) -> frozenset[str]:
        """Somebody, with all who are behind them when they are a key or client. Identity is asked, as above."""
        behind = () if self.behind is None else await self.behind(caller, holder)
        return frozenset({holder, *behind})

    async def note(
        self,
        connection: Connection,
        caller: Caller,
        tag: Tag,
        *,
        on: str,
        estate: str,
        at: Instant,
        outcome: str = DONE,
        content: dict[str, Any] | None = None,
        texts: dict[str, Any] | None = None,
    ) -> None:
        """Write down what the open transaction does: ``on`` is an id of ours, ``texts`` what people chose."""
        deed = Deed(
            tag=tag,
            caller=caller,
            on=f"governance:{on}",
            at=at,
            outcome=outcome,
            content={"estate": estate, **(content or {})} if estate else content,
            texts=texts,
        )
        await evidence.note(connection, tenant_id=caller.tenant_id, estate=estate, deed=deed)

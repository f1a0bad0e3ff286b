"""What the console stands on: the doors of every context, and what it is told about itself."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from tallystick.audit.api import Audit
from tallystick.governance.api import Governance
from tallystick.identity.api import Identity
from tallystick.identity.api.access import Access
from tallystick.identity.api.approvals import Approvals
from tallystick.identity.api.clients import Clients
from tallystick.identity.api.factors import Factors
from tallystick.identity.api.people import People
from tallystick.identity.api.providers import Providers
from tallystick.identity.api.rights import Rights
from tallystick.identity.api.sessions import Sessions, SignIn
from tallystick.ledger.api import Ledger
from tallystick.payments.api import Payments
from tallystick.runtime.clock import Clock, Mint
from tallystick.runtime.measures import Measures
from tallystick.wallets.api import Wallets


@dataclass(frozen=True, kw_only=True)
class Doors:
    """The doors of every context, near or far; the console knows no other way to anything."""

    ledger: Ledger
    wallets: Wallets
    payments: Payments
    audit: Audit
    governance: Governance
    identity: Identity
    access: Access
    people: People
    rights: Rights
    sign_in: SignIn
    sessions: Sessions
    factors: Factors
    approvals: Approvals
    clients: Clients
    providers: Providers


class PartState(NamedTuple):
    """How a context does: here (``where`` is empty) or at an address, and how long it took to answer."""

    name: str
    where: str
    answers: bool
    took_us: int = 0


class Overseen(Protocol):
    """What operators look at."""

    measures: Measures

    def shows(self, tenant_id: int) -> bool:
        """Whether people of this tenant may see what is not theirs alone."""
        ...

    @property
    def problems(self) -> Mapping[str, Mapping[str, Any]]:
        """Every code with its title, what it means, its status and whether to ask again."""
        ...

    async def health(self) -> list[PartState]:
        """How every context does."""
        ...


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Doors, the clock, chance, and how the platform is reached.

    ``url`` is its public address; over TLS cookies are bound to it. ``development`` says that the development issuer
    runs here. ``receipt`` answers the receipt of an act, as the API does.
    """

    doors: Doors
    clock: Clock
    mint: Mint
    url: str
    relying_party: str
    tenant: str = ""
    development: bool = False
    country_header: str = ""
    receipt: Callable[..., Awaitable[Any]] | None = None
    overseen: Overseen | None = None

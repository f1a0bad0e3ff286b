"""The four contexts on the real database, each behind its near door, with and without the wire format."""

from typing import Any, NamedTuple

from tallystick.identity.api import Identity
from tallystick.identity.service.keys import IdentityService
from tallystick.kernel.callers import Caller
from tallystick.ledger.api import Ledger
from tallystick.ledger.service import LedgerService
from tallystick.payments.api import Payments
from tallystick.payments.service import PaymentService
from tallystick.runtime.clock import Mint, SystemClock
from tallystick.runtime.database import Database
from tallystick.runtime.doors import near
from tallystick.wallets.api import Wallets
from tallystick.wallets.service import WalletsService


class Doors(NamedTuple):
    """Every door of the platform, and somebody to knock."""

    identity: Identity
    ledger: Ledger
    wallets: Wallets
    payments: Payments
    caller: Caller
    database: Database

    def of(self, protocol: type) -> Any:
        """The door with this protocol."""
        return getattr(self, protocol.__name__.lower())


async def build(*, database_for: Any, mint: Mint, caller: Caller, wire: bool) -> Doors:
    """Stand every context behind its near door."""
    clock = SystemClock()
    database = await database_for("ledger")
    ledger = near(Ledger, LedgerService(database=database, mint=mint), wire=wire)
    wallets = near(
        Wallets,
        WalletsService(
            database=await database_for("wallets"), ledger=ledger, mint=mint, clock=clock
        ),
        wire=wire,
    )
    payments = PaymentService(
        database=await database_for("payments", pool_size=4),
        mint=mint,
        clock=clock,
        ledger=ledger,
        wallets=wallets,
    )
    identity = IdentityService(database=await database_for("identity"), mint=mint, clock=clock)
    return Doors(
        near(Identity, identity, wire=wire),
        ledger,
        wallets,
        near(Payments, payments, wire=wire),
        caller,
        database,
    )

"""Doors of ours, near, and worlds of two fresh tenants."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from tallystick.contracts import World
from tallystick.kernel.callers import Caller
from tallystick.ledger.api import Ledger
from tallystick.ledger.service import LedgerService
from tallystick.payments.api import Payments
from tallystick.payments.service import PaymentService
from tallystick.runtime.clock import SystemClock
from tallystick.runtime.doors import near
from tallystick.wallets.api import Wallets
from tallystick.wallets.service import WalletsService


class House(NamedTuple):
    """The doors of ours by context, and what makes a fresh world."""

    ledger: Ledger
    wallets: Wallets
    payments: Payments
    world: Callable[[], World]


@pytest.fixture
async def house(database_for, mint) -> House:
    clock = SystemClock()
    ledger = near(Ledger, LedgerService(database=await database_for("ledger"), mint=mint))
    wallets = near(
        Wallets,
        WalletsService(
            database=await database_for("wallets"), ledger=ledger, mint=mint, clock=clock
        ),
    )
    payments = near(
        Payments,
        PaymentService(
            database=await database_for("payments", pool_size=4),
            mint=mint,
            clock=clock,
            ledger=ledger,
            wallets=wallets,
        ),
    )

    def world() -> World:
        callers = [Caller(tenant_id=mint.tenant_id(), actor="contract") for _ in range(2)]
        doors: dict[str, Any] = {"ledger": ledger, "wallets": wallets}
        return World(caller=callers[0], stranger=callers[1], doors=doors)

    return House(ledger, wallets, payments, world)

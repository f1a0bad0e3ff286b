"""Wallets on the real database, before the real ledger, every message through its wire format."""

from contextlib import suppress
from typing import Any

import pytest

from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import Problem
from tallystick.ledger.api import Ledger, OpenAccount, OpenLedger, Post, Posting, Side, Submit
from tallystick.ledger.service import LedgerService
from tallystick.runtime.clock import SystemClock
from tallystick.runtime.doors import near
from tallystick.wallets.api import LEDGER, AccountWanted, OpenWallet, Owner, OwnerKind, Wallets
from tallystick.wallets.service import WalletsService

SPANISH = "ES9121000418450200051332"
DUTCH = "NL91ABNA0417164300"
GERMAN = "DE89370400440532013000"
BANK = "nostro:eur"


class Wall:
    """The ledger's door with a wall in it: the call with this number does not get through, or its answer does not."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.breaks_at: int | None = None
        self.is_heard = False
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.ledger, name)

        async def call(*, caller: Caller, message: Any) -> Any:
            self.calls += 1
            if self.calls != self.breaks_at:
                return await method(caller=caller, message=message)
            if self.is_heard:
                with suppress(Problem):
                    await method(caller=caller, message=message)
            raise ConnectionResetError("the process died here")

        return call


@pytest.fixture
async def ledger(database_for, mint) -> Ledger:
    service = LedgerService(database=await database_for("ledger"), mint=mint)
    return near(Ledger, service, wire=True)


@pytest.fixture
def wall(ledger) -> Wall:
    return Wall(ledger)


@pytest.fixture
async def service(database_for, mint, wall) -> WalletsService:
    return WalletsService(
        database=await database_for("wallets"), ledger=wall, mint=mint, clock=SystemClock()
    )


@pytest.fixture
def wallets(service) -> Wallets:
    return near(Wallets, service, wire=True)


@pytest.fixture
def pay(ledger, caller):
    """Move minor units from the bank's own account to an address, or back when negative."""

    async def pay(address: str, amount: int, *, asset: str = "EUR", **words: Any):
        bank = f"nostro:{asset.lower()}"
        await ledger.open_ledger(caller=caller, message=OpenLedger(name=LEDGER))
        account = OpenAccount(
            ledger=LEDGER, address=bank, asset=asset, exponent=2, normal_side=Side.DEBIT
        )
        await ledger.open_account(caller=caller, message=account)
        debit, credit = (bank, address) if amount > 0 else (address, bank)
        posting = Posting(debit=debit, credit=credit, amount=abs(amount), asset=asset)
        message = Submit(ledger=LEDGER, items=(Post(postings=(posting,), **words),))
        return (await ledger.submit(caller=caller, message=message)).items[0]

    return pay


def eur(iban: str | None = SPANISH, **limits: Any) -> AccountWanted:
    """An account in euro."""
    return AccountWanted(asset="EUR", exponent=2, iban=iban, **limits)


def order(*accounts: AccountWanted, **words: Any) -> OpenWallet:
    """A wallet to open; with an account in euro unless others are given."""
    owner = Owner(kind=OwnerKind.PERSON, name="Ana López", reference="c-7")
    given = {"owner": owner, "name": "Household", "accounts": accounts or (eur(),), "id": "w1"}
    return OpenWallet(**given | words)

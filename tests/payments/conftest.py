"""Payments on the real database, before the real ledger and the real wallets, every message through its wire format."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from tallystick.kernel.callers import Caller
from tallystick.kernel.money import to_int
from tallystick.kernel.problems import Problem
from tallystick.ledger.api import Ledger, OpenAccount, Post, Posting, Side, Submit
from tallystick.ledger.service import LedgerService
from tallystick.payments import jobs
from tallystick.payments.api import (
    FileAnswer,
    FileDetail,
    FileOf,
    FilePage,
    FilePreview,
    ListFiles,
    ListPayments,
    PaymentDetail,
    PaymentOf,
    PaymentPage,
    Payments,
    PreviewFile,
    Report,
    ReportOf,
    SubmitFile,
)
from tallystick.payments.service import PaymentService
from tallystick.runtime.clock import SystemClock
from tallystick.runtime.doors import near
from tallystick.wallets.api import (
    LEDGER,
    AccountWanted,
    IbanOf,
    OpenWallet,
    Owner,
    OwnerKind,
    WalletOf,
    Wallets,
)
from tallystick.wallets.service import WalletsService
from tests.payments.orders import ELECTRICAL, FIETSEN, RAHMENBAU

NOSTRO = "nostro:eur"


class Wall:
    """The ledger's door with a wall in it: one submission does not get through, or its answer does not."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.breaks_at: int | None = None
        self.is_heard = False
        self.submissions = 0
        self.before: Callable[[], Awaitable[Any]] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    async def submit(self, *, caller: Caller, message: Submit) -> Any:
        self.submissions += 1
        if self.before is not None:
            await self.before()
        if self.submissions != self.breaks_at:
            return await self._ledger.submit(caller=caller, message=message)
        if self.is_heard:
            with suppress(Problem):
                await self._ledger.submit(caller=caller, message=message)
        raise ConnectionResetError("the process died here")


class Bank:
    """Short words for what the tests ask of wallets and books; every call goes through a door."""

    def __init__(self, *, ledger: Ledger, wallets: Wallets, caller: Caller) -> None:
        self.ledger, self.wallets, self.caller = ledger, wallets, caller

    async def opens(self, iban: str, name: str, *, funds: int = 0, **limits: Any) -> None:
        account = AccountWanted(asset="EUR", exponent=2, iban=iban, **limits)
        message = OpenWallet(
            id=iban,
            owner=Owner(kind=OwnerKind.COMPANY, name=name),
            name=name,
            accounts=(account,),
        )
        await self.wallets.open(caller=self.caller, message=message)
        nostro = OpenAccount(
            ledger=LEDGER, address=NOSTRO, asset="EUR", exponent=2, normal_side=Side.DEBIT
        )
        await self.ledger.open_account(caller=self.caller, message=nostro)
        if funds:
            await self.moves(NOSTRO, await self.address(iban), funds)

    async def moves(self, debit: str, credit: str, amount: int, **words: Any) -> None:
        posting = Posting(debit=debit, credit=credit, amount=amount, asset="EUR")
        message = Submit(ledger=LEDGER, items=(Post(postings=(posting,), **words),))
        (verdict,) = (await self.ledger.submit(caller=self.caller, message=message)).items
        assert verdict.refusal is None

    async def address(self, iban: str) -> str:
        message = IbanOf(iban=iban)
        return (await self.wallets.account_by_iban(caller=self.caller, message=message)).address

    async def freezes(self, iban: str) -> None:
        await self.wallets.freeze(caller=self.caller, message=WalletOf(wallet=iban))

    async def balance(self, iban: str) -> int:
        wallet = await self.wallets.wallet(caller=self.caller, message=WalletOf(wallet=iban))
        balances = wallet.accounts[0].balances
        assert balances is not None
        return to_int(balances.posted)


class Teller:
    """Short words for what the tests ask of payments; every call but the job's goes through the door."""

    def __init__(self, *, service: PaymentService, caller: Caller) -> None:
        self.service, self.caller = service, caller
        self.door = near(Payments, service, wire=True)

    async def submit(self, content: bytes) -> FileAnswer:
        return await self.door.submit_file(caller=self.caller, message=SubmitFile(content=content))

    async def preview(self, content: bytes, **words: Any) -> FilePreview:
        message = PreviewFile(content=content, **words)
        return await self.door.preview_file(caller=self.caller, message=message)

    async def file(self, file_id: str, **words: Any) -> FileDetail:
        message = FileOf(file_id=file_id, **words)
        return await self.door.file(caller=self.caller, message=message)

    async def files(self, **words: Any) -> FilePage:
        return await self.door.files(caller=self.caller, message=ListFiles(**words))

    async def report(self, file_id: str) -> Report:
        return await self.door.report(caller=self.caller, message=ReportOf(file_id=file_id))

    async def payment(self, payment_id: str | None) -> PaymentDetail:
        message = PaymentOf(payment_id=str(payment_id))
        return await self.door.payment(caller=self.caller, message=message)

    async def payments(self, **words: Any) -> PaymentPage:
        return await self.door.payments(caller=self.caller, message=ListPayments(**words))

    async def finished(self) -> Report:
        """Finish what is open, as the job does, and answer the report of the only file."""
        await jobs.finish_unfinished(self.service, waiting_s=0)
        (file,) = (await self.files()).items
        assert file.payments.accepted == 0
        return await self.report(file.file_id)


@pytest.fixture
async def ledger(database_for, mint) -> Ledger:
    return near(Ledger, LedgerService(database=await database_for("ledger"), mint=mint), wire=True)


@pytest.fixture
async def wallets(database_for, ledger, mint) -> Wallets:
    service = WalletsService(
        database=await database_for("wallets"), ledger=ledger, mint=mint, clock=SystemClock()
    )
    return near(Wallets, service, wire=True)


@pytest.fixture
def wall(ledger) -> Wall:
    return Wall(ledger)


@pytest.fixture
async def service(database_for, mint, wall, wallets) -> PaymentService:
    return PaymentService(
        database=await database_for("payments", pool_size=4),
        mint=mint,
        clock=SystemClock(),
        ledger=wall,
        wallets=wallets,
    )


@pytest.fixture
def teller(service, caller) -> Teller:
    return Teller(service=service, caller=caller)


@pytest.fixture
async def bank(ledger, wallets, caller) -> Bank:
    """Two companies with 10,000.00 each, and one with nothing."""
    bank = Bank(ledger=ledger, wallets=wallets, caller=caller)
    await bank.opens(FIETSEN, "De Vries Fietsen", funds=1_000_000)
    await bank.opens(ELECTRICAL, "Electrical", funds=1_000_000)
    await bank.opens(RAHMENBAU, "Müller Rahmenbau")
    return bank

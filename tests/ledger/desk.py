"""A desk in front of the books: the real service on a real database, with one ledger of a tenant of its own."""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from tallystick.kernel.callers import Caller, Cap
from tallystick.kernel.instants import Instant, render
from tallystick.kernel.money import Digits, to_int
from tallystick.ledger.api import (
    Account,
    AccountOf,
    AnyCommand,
    BalanceAsOf,
    Balances,
    Capture,
    Hold,
    OpenAccount,
    OpenLedger,
    Post,
    Posting,
    Reverse,
    SetLimits,
    SetStatus,
    Side,
    Status,
    Submit,
    Transaction,
    TransactionOf,
    Verdict,
    Void,
)
from tallystick.ledger.service import LedgerService
from tallystick.runtime.database import Database

LEDGER = "main"
COUNTERS = (
    "debits_posted",
    "credits_posted",
    "debits_pending",
    "credits_pending",
    "debits_released",
    "credits_released",
)
TABLES = (
    "ledger",
    "asset",
    "account",
    "account_metadata",
    "account_event",
    "balance",
    "transaction",
    "transaction_metadata",
    "entry",
    "displacement",
    "hold",
    "reversal",
    "cap",
    "cap_use",
)


class Desk:
    """Short words for what the tests ask of the books; every call goes through the door."""

    def __init__(self, *, service: LedgerService, database: Database, caller: Caller) -> None:
        self.service = service
        self.database = database
        self.caller = caller

    def beside(self, service: LedgerService) -> "Desk":
        """The same books, served by another process's worth of caches."""
        return Desk(service=service, database=self.database, caller=self.caller)

    def under(self, *caps: Cap) -> "Desk":
        """The same books, asked by somebody who may move only so much."""
        caller = msgspec.structs.replace(self.caller, actor="capped", caps=caps)
        return Desk(service=self.service, database=self.database, caller=caller)

    async def open_ledger(self) -> None:
        """Open the one ledger of this tenant."""
        await self.service.open_ledger(caller=self.caller, message=OpenLedger(name=LEDGER))

    async def open(self, *addresses: str, side: Side = Side.CREDIT, **content: Any) -> None:
        """Open accounts, in EUR and credit-normal unless said otherwise."""
        content = {"asset": "EUR", "exponent": 2} | content
        for address in addresses:
            message = OpenAccount(ledger=LEDGER, address=address, normal_side=side, **content)
            await self.service.open_account(caller=self.caller, message=message)

    async def submit(self, *items: AnyCommand) -> tuple[Verdict, ...]:
        """Submit one batch."""
        message = Submit(ledger=LEDGER, items=items)
        return (await self.service.submit(caller=self.caller, message=message)).items

    async def codes(self, *items: AnyCommand) -> list[str | None]:
        """Submit one batch and answer the codes of its refusals."""
        return [code_of(verdict) for verdict in await self.submit(*items)]

    async def done(self, item: AnyCommand) -> Transaction:
        """Submit one act that must succeed."""
        (verdict,) = await self.submit(item)
        assert verdict.transaction is not None, verdict.refusal
        return verdict.transaction

    async def refused(self, item: AnyCommand) -> str:
        """Submit one act that must be refused; answers the code."""
        (verdict,) = await self.submit(item)
        assert verdict.refusal is not None, verdict.transaction
        return verdict.refusal.code

    async def account(self, address: str) -> Account:
        """Show an account."""
        message = AccountOf(ledger=LEDGER, address=address)
        return await self.service.account(caller=self.caller, message=message)

    async def counters(self, address: str) -> tuple[int, ...]:
        """The six counters of an account as they are now."""
        return counters_of((await self.account(address)).balances)

    async def balances(self, address: str) -> tuple[int, int, int]:
        """Posted, pending and available of an account as they are now."""
        return balances_of((await self.account(address)).balances)

    async def as_of(
        self, address: str, *, effective: Instant | None, recorded: Instant | None
    ) -> tuple[int, ...]:
        """The six counters of an account as of both clocks."""
        message = BalanceAsOf(
            ledger=LEDGER,
            address=address,
            effective_at=None if effective is None else render(effective),
            recorded_at=None if recorded is None else render(recorded),
        )
        answer = await self.service.balance(caller=self.caller, message=message)
        return counters_of(answer.balances)

    async def shown(self, transaction_id: str) -> Transaction:
        """Show a transaction."""
        message = TransactionOf(ledger=LEDGER, id=transaction_id)
        return await self.service.transaction(caller=self.caller, message=message)

    async def status(self, address: str, status: Status) -> None:
        """Move an account to a state."""
        message = SetStatus(ledger=LEDGER, address=address, status=status)
        await self.service.set_status(caller=self.caller, message=message)

    async def limits(self, address: str, least: Digits | None, most: Digits | None) -> None:
        """Replace the limits of an account."""
        message = SetLimits(ledger=LEDGER, address=address, min_available=least, max_available=most)
        await self.service.set_limits(caller=self.caller, message=message)

    async def rows(self, sql: str, *arguments: Any) -> list[Mapping[str, Any]]:
        """Read by SQL, as this tenant."""
        async with self.database.transaction(tenant_id=self.caller.tenant_id) as connection:
            return await connection.fetch(sql, *arguments)

    async def row_counts(self) -> dict[str, int]:
        """How many rows each table of the books holds for this tenant."""
        parts = (
            f"SELECT '{table}' AS name, count(1) AS rows FROM ledger.{table}" for table in TABLES
        )
        return {row["name"]: row["rows"] for row in await self.rows(" UNION ALL ".join(parts))}

    async def clock(self) -> Instant:
        """The clock of the database."""
        return (await self.rows("SELECT clock_timestamp() AS now"))[0]["now"]

    async def wait_until(self, instant: Instant) -> None:
        """Return when the clock of the database has passed an instant at most a few seconds away."""
        for _ in range(5_000):
            if await self.clock() > instant:
                return
            await asyncio.sleep(0.001)
        raise AssertionError("the clock of the database did not come that far")


def post(debit: str, credit: str, amount: Digits, /, asset: str = "EUR", **more: Any) -> Post:
    """A transaction of one posting."""
    balancing = more.pop("balancing", False)
    return Post(postings=(posting(debit, credit, amount, asset, balancing=balancing),), **more)


def hold(debit: str, credit: str, amount: Digits, /, asset: str = "EUR", **more: Any) -> Hold:
    """A hold of one posting."""
    balancing = more.pop("balancing", False)
    return Hold(postings=(posting(debit, credit, amount, asset, balancing=balancing),), **more)


def posting(
    debit: str, credit: str, amount: Digits, asset: str = "EUR", *, balancing: bool = False
) -> Posting:
    """One posting."""
    return Posting(debit=debit, credit=credit, amount=amount, asset=asset, balancing=balancing)


def capture(target: str, *amounts: Digits, **more: Any) -> Capture:
    """Capture amounts of a hold, or all of it."""
    return Capture(target=target, amounts=amounts or None, **more)


def void(target: str, **more: Any) -> Void:
    """Release a hold."""
    return Void(target=target, **more)


def reverse(target: str, *amounts: Digits, **more: Any) -> Reverse:
    """Reverse amounts of a transaction, or all of it."""
    return Reverse(target=target, amounts=amounts or None, **more)


def code_of(verdict: Verdict) -> str | None:
    """The code of a verdict's refusal."""
    assert (verdict.transaction is None) != (verdict.refusal is None)
    return None if verdict.refusal is None else verdict.refusal.code


def counters_of(balances: Balances) -> tuple[int, ...]:
    """The six counters of an answer."""
    return tuple(to_int(getattr(balances, name)) for name in COUNTERS)


def balances_of(balances: Balances) -> tuple[int, int, int]:
    """Posted, pending and available of an answer."""
    return to_int(balances.posted), to_int(balances.pending), to_int(balances.available)

"""Statements, by the clock of recording: what a statement of a day that is over says never changes.

A line is booked on the UTC day it was recorded and of value on the day it took effect. The opening balance is all that
was recorded before the first day, whenever it took effect; so back-dated postings stand in the statement of the day on
which they were written, and earlier statements stay as they were sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b

from tallystick.kernel import ids, instants
from tallystick.kernel.callers import Caller
from tallystick.kernel.fields import PAGE_MAX
from tallystick.kernel.instants import Instant
from tallystick.kernel.money import to_int
from tallystick.kernel.problems import malformed
from tallystick.ledger.api import (
    AccountNotFound,
    BalanceAsOf,
    Balances,
    Entry,
    Ledger,
    LedgerNotFound,
    ListEntries,
    RecordedInFuture,
    Side,
)
from tallystick.runtime.clock import Clock, Mint
from tallystick.wallets.api import (
    LEDGER,
    STATEMENT_LINES_MAX,
    StatementTooLong,
    WalletAccountNotFound,
)
from tallystick.wallets.model import wanted
from tallystick.wallets.model.statement import (
    Direction,
    Line,
    Statement,
    adds_up,
    sequence_number,
)


@dataclass(frozen=True, slots=True)
class Subject:
    """The account a statement is of."""

    wallet_id: str
    asset: str
    ordinal: int
    exponent: int
    iban: str | None
    holder_name: str
    wallet_number: int

    @property
    def address(self) -> str:
        """Its place in the books."""
        return wanted.address(self.wallet_id, self.asset, self.ordinal)


class Statements:
    """Writes statements from the books. ``lines_max`` is lowered only by tests."""

    def __init__(
        self, *, ledger: Ledger, clock: Clock, mint: Mint, lines_max: int = STATEMENT_LINES_MAX
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._mint = mint
        self._lines_max = lines_max

    async def write(
        self, caller: Caller, subject: Subject, *, first: date, last: date
    ) -> Statement:
        """Write a statement. Raises Malformed, WalletAccountNotFound, StatementTooLong."""
        now = self._clock.now()
        start, end = wanted.period(first, last, now=now)
        try:
            opening = await self._recorded_before(caller, subject, start)
            # Asked before the lines: once the books have answered, no line of the period can come any more.
            closing = await self._closing(caller, subject, end, now=now)
            entries = await self._entries(caller, subject, start, end)
        except (AccountNotFound, LedgerNotFound):
            raise WalletAccountNotFound("the account is not open yet") from None
        except RecordedInFuture:
            raise malformed("first_day", "the first day must have begun, by UTC") from None
        statement = self._composed(
            caller, subject, (start, end), now=now, opening=opening, closing=closing, entries=entries
        )  # fmt: skip
        adds_up(statement)
        return statement

    async def _recorded_before(self, caller: Caller, subject: Subject, at: Instant) -> Balances:
        message = BalanceAsOf(
            ledger=LEDGER, address=subject.address, recorded_at=instants.render(at - 1)
        )
        return (await self._ledger.balance(caller=caller, message=message)).balances

    async def _closing(
        self, caller: Caller, subject: Subject, end: Instant, *, now: Instant
    ) -> Balances | None:
        """Answer the balances at the end of the period, None while it is not over."""
        if now < end:
            return None
        try:
            return await self._recorded_before(caller, subject, end)
        except RecordedInFuture:
            return None  # our clock is ahead of the database's

    async def _entries(
        self, caller: Caller, subject: Subject, start: Instant, end: Instant
    ) -> list[Entry]:
        entries: list[Entry] = []
        after: str | None = None
        while len(entries) <= self._lines_max:
            message = ListEntries(
                ledger=LEDGER,
                address=subject.address,
                since=instants.render(start),
                until=instants.render(end),
                oldest_first=True,
                after=after,
                limit=PAGE_MAX,
            )
            page = await self._ledger.entries(caller=caller, message=message)
            entries.extend(page.items)
            after = page.after
            if after is None and len(entries) <= self._lines_max:
                return entries
        raise StatementTooLong(
            f"the period has more than {self._lines_max} lines; ask for a shorter one",
            {"lines_max": str(self._lines_max)},
        )

    def _composed(
        self,
        caller: Caller,
        subject: Subject,
        period: tuple[Instant, Instant],
        *,
        now: Instant,
        opening: Balances,
        closing: Balances | None,
        entries: list[Entry],
    ) -> Statement:
        start, end = period
        reached = entries[-1].balance if entries else opening.posted
        return Statement(
            id=self._mint.id("stm") if closing is None else _lasting_id(caller, subject, period),
            message_id=self._mint.id("msg"),
            created_at=now,
            # Until the period is over there will be others of it.
            sequence_number=None if closing is None else sequence_number(start, end),
            account_id=subject.address,
            account_iban=subject.iban,
            owner_name=subject.holder_name,
            currency=subject.asset,
            exponent=subject.exponent,
            starts_at=start,
            ends_at=_end_so_far(end, now, entries) if closing is None else end,
            opening_minor=to_int(opening.posted),
            closing_minor=to_int(reached if closing is None else closing.posted),
            available_minor=None if closing is None else to_int(closing.available),
            lines=tuple(map(_line, entries)),
        )


def _lasting_id(caller: Caller, subject: Subject, period: tuple[Instant, Instant]) -> str:
    what = f"{caller.tenant_id}/{subject.address}/{period[0]}/{period[1]}"
    digest = blake2b(what.encode(), digest_size=16).digest()
    return f"stm_{ids.base32(int.from_bytes(digest, 'big'), width=26)}"


def _end_so_far(end: Instant, now: Instant, entries: list[Entry]) -> Instant:
    # The database's clock may be ahead of ours, and the last line lies in the period.
    last = instants.parse(entries[-1].recorded_at) + 1 if entries else now
    return min(end, max(now, last))


def _line(entry: Entry) -> Line:
    noted: Mapping[str, str] = entry.metadata or {}
    is_credit = entry.side is Side.CREDIT
    # On a credit the other side is who paid, on a debit who was paid.
    other = "debtor" if is_credit else "creditor"
    return Line(
        amount_minor=to_int(entry.amount),
        direction=Direction.CREDIT if is_credit else Direction.DEBIT,
        booked_on=instants.day_of(instants.parse(entry.recorded_at)),
        value_on=instants.day_of(instants.parse(entry.effective_at)),
        reference=entry.transaction,
        instruction_id=noted.get("instruction_id"),
        end_to_end_id=noted.get("end_to_end_id"),
        counterparty_name=noted.get(f"{other}_name"),
        counterparty_iban=noted.get(f"{other}_iban"),
        remittance=noted.get("remittance"),
    )

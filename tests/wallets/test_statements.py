"""Statements add up, by the clock of recording, and a day that is over never changes."""

from datetime import date, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from tallystick.kernel import instants
from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import Malformed
from tallystick.ledger.api import ListEntries
from tallystick.runtime.clock import SystemClock
from tallystick.runtime.doors import near
from tallystick.wallets.api import (
    LEDGER,
    Direction,
    IbanNotValid,
    StatementFormatNotSupported,
    StatementOf,
    StatementTooLong,
    WalletAccountNotFound,
    WalletNotFound,
    WalletOf,
    Wallets,
)
from tallystick.wallets.service import WalletsService
from tests.wallets.conftest import SPANISH, AccountWanted, eur, order

EUR = "wallets:w1:eur"
DAY = date(2026, 3, 2)
BEFORE = DAY - timedelta(days=1)
WORDS = {
    "end_to_end_id": "INV-1", "instruction_id": "I-1", "remittance": "Rent",
    "debtor_name": "Ana López", "debtor_iban": SPANISH,
    "creditor_name": "De Vries Fietsen", "creditor_iban": "NL91ABNA0417164300",
}  # fmt: skip


class Midnight:
    """The ledger's door and a clock, both moved so that the midnight before DAY falls on an instant of the test."""

    def __init__(self, ledger, at):
        self.ledger = ledger
        self.ahead = at - instants.day_start(DAY)

    def now(self):
        return SystemClock().now() - self.ahead

    def _later(self, text):
        return None if text is None else instants.render(instants.parse(text) + self.ahead)

    def _earlier(self, text):
        return instants.render(instants.parse(text) - self.ahead)

    async def account(self, *, caller, message):
        return await self.ledger.account(caller=caller, message=message)

    async def balance(self, *, caller, message):
        asked = replace(message, recorded_at=self._later(message.recorded_at))
        return await self.ledger.balance(caller=caller, message=asked)

    async def entries(self, *, caller, message):
        asked = replace(message, since=self._later(message.since), until=self._later(message.until))
        page = await self.ledger.entries(caller=caller, message=asked)
        moved = [
            replace(
                entry,
                recorded_at=self._earlier(entry.recorded_at),
                effective_at=self._earlier(entry.effective_at),
            )
            for entry in page.items
        ]
        return replace(page, items=tuple(moved))


@pytest.fixture
def after_midnight(ledger, caller, database_for, mint):
    """Stand wallets where a new day begins now; answers their door."""

    async def after_midnight(*, is_last_after=False, **words):
        entries = await ledger.entries(
            caller=caller, message=ListEntries(ledger=LEDGER, address=EUR, limit=1)
        )
        last = instants.parse(entries.items[0].recorded_at)
        midnight: Any = Midnight(ledger, last if is_last_after else last + 1)
        service = WalletsService(
            database=await database_for("wallets"), ledger=midnight, mint=mint, clock=midnight, **words
        )  # fmt: skip
        return near(Wallets, service, wire=True)

    return after_midnight


def of_days(first, last, **named):
    return StatementOf(first_day=first, last_day=last, **(named or {"iban": SPANISH}))


def today():
    return instants.day_of(SystemClock().now())


async def test_a_day_that_is_over_and_the_day_after_it_add_up(wallets, caller, pay, after_midnight):
    await wallets.open(caller=caller, message=order())
    await pay(EUR, 1_000, metadata=WORDS)
    await pay(EUR, -300, metadata=WORDS)
    later = await after_midnight()
    yesterday = await later.statement(caller=caller, message=of_days(BEFORE, BEFORE))
    assert (yesterday.opening, yesterday.closing, yesterday.available) == (0, 700, 700)
    await pay(EUR, 50)
    again = await later.statement(caller=caller, message=of_days(BEFORE, BEFORE))
    assert again == replace(yesterday, created_at=again.created_at)
    day = await later.statement(caller=caller, message=of_days(DAY, DAY))
    assert (day.opening, day.closing, day.available, len(day.lines)) == (700, 750, None, 1)
    both = await later.statement(caller=caller, message=of_days(BEFORE, DAY))
    assert (both.opening, both.closing, len(both.lines)) == (0, 750, 3)
    assert both.id != day.id != yesterday.id


async def test_what_is_recorded_at_midnight_is_of_the_day_that_begins(
    wallets, caller, pay, after_midnight
):
    await wallets.open(caller=caller, message=order())
    await pay(EUR, 10)
    await pay(EUR, 5)
    later = await after_midnight(is_last_after=True)
    yesterday = await later.statement(caller=caller, message=of_days(BEFORE, BEFORE))
    day = await later.statement(caller=caller, message=of_days(DAY, DAY))
    assert (yesterday.closing, day.opening, day.closing) == (10, 10, 15)


async def test_a_line_says_who_is_on_the_other_side(wallets, caller, pay):
    await wallets.open(caller=caller, message=order())
    paid_in = await pay(EUR, 1_000, metadata=WORDS)
    await pay(EUR, -300, metadata=WORDS)
    await pay(EUR, 1)
    statement = await wallets.statement(caller=caller, message=of_days(today(), today()))
    came, went, bare = statement.lines
    assert (came.direction, came.amount, came.transaction) == (
        Direction.CREDIT,
        1_000,
        paid_in.transaction.id,
    )
    assert (came.counterparty_name, came.counterparty_iban) == ("Ana López", SPANISH)
    assert (went.direction, went.counterparty_name) == (Direction.DEBIT, "De Vries Fietsen")
    assert (went.end_to_end_id, went.instruction_id, went.remittance) == ("INV-1", "I-1", "Rent")
    assert (bare.counterparty_name, bare.end_to_end_id) == (None, None)
    assert (statement.holder_name, statement.iban, statement.account) == (
        "Ana López",
        SPANISH,
        "EUR",
    )


async def test_a_back_dated_posting_stands_on_the_day_it_was_written(
    wallets, caller, pay, after_midnight
):
    await wallets.open(caller=caller, message=order())
    await pay(EUR, 1_000)
    later = await after_midnight()
    sent = await later.statement(caller=caller, message=of_days(BEFORE, BEFORE))
    await pay(EUR, 5, effective_at="2020-01-01T12:00:00Z")
    again = await later.statement(caller=caller, message=of_days(BEFORE, BEFORE))
    assert again == replace(sent, created_at=again.created_at)
    day = await later.statement(caller=caller, message=of_days(DAY, DAY))
    assert (day.opening, day.closing) == (1_000, 1_005)
    assert day.lines[0].booked_on == DAY
    assert day.lines[0].value_on < date(2020, 1, 2)


async def test_a_post_dated_posting_is_booked_when_it_is_written(wallets, caller, pay):
    await wallets.open(caller=caller, message=order())
    await pay(EUR, 5, effective_at="2199-01-01T00:00:00Z")
    statement = await wallets.statement(caller=caller, message=of_days(today(), today()))
    assert (statement.closing, statement.lines[0].value_on) == (5, date(2199, 1, 1))


async def test_a_long_statement_is_read_page_by_page_up_to_its_maximum(
    wallets, caller, pay, after_midnight
):
    await wallets.open(caller=caller, message=order())
    for _ in range(450):
        await pay(EUR, 1)
    later = await after_midnight(statement_lines_max=450)
    statement = await later.statement(caller=caller, message=of_days(BEFORE, BEFORE))
    assert (len(statement.lines), statement.closing) == (450, 450)
    await pay(EUR, 1)
    with pytest.raises(StatementTooLong):
        await later.statement(caller=caller, message=of_days(BEFORE, DAY))


async def test_a_statement_file_is_valid_camt(wallets, caller, pay):
    await wallets.open(caller=caller, message=order())
    await pay(EUR, 1_000, metadata=WORDS)
    # The writer checks each file against the schema of camt.053.001.08.
    file = await wallets.statement_file(caller=caller, message=of_days(today(), today()))
    found = {
        node.tag.partition("}")[2]: node.text
        for node in ElementTree.fromstring(file.content).iter()
    }
    assert (found["IBAN"], found["EndToEndId"], found["Sum"]) == (SPANISH, "INV-1", "0.00")


async def test_a_day_that_is_over_has_one_number_and_what_has_none_before_it_none(
    wallets, caller, pay, after_midnight
):
    await wallets.open(caller=caller, message=order())
    await pay(EUR, 1)
    later = await after_midnight()

    async def numbers(first, last):
        file = await later.statement_file(caller=caller, message=of_days(first, last))
        return [
            int(node.text or 0)
            for node in ElementTree.fromstring(file.content).iterfind(".//{*}ElctrncSeqNb")
        ]

    (number,) = await numbers(BEFORE, BEFORE)
    assert number == (BEFORE - date(1970, 1, 1)).days + 1
    assert await numbers(BEFORE, BEFORE) == [number]
    assert await numbers(DAY, DAY) == []
    assert await numbers(BEFORE, DAY) == []


async def test_an_asset_without_a_place_in_camt_is_refused_as_a_file_only(wallets, caller):
    coin = AccountWanted(asset="BTC.X", exponent=8)
    await wallets.open(caller=caller, message=order(coin))
    asked = of_days(today(), today(), wallet="w1", account="BTC.X")
    assert (await wallets.statement(caller=caller, message=asked)).closing == 0
    with pytest.raises(StatementFormatNotSupported):
        await wallets.statement_file(caller=caller, message=asked)


async def test_what_cannot_be_stated_is_refused(wallets, caller, mint):
    await wallets.open(caller=caller, message=order(eur(), AccountWanted(asset="USD", exponent=2)))
    day, tomorrow = today(), today() + timedelta(days=1)
    cases = [
        (of_days(day, day - timedelta(days=1)), Malformed),
        (of_days(tomorrow, tomorrow), Malformed),
        (of_days(date(1900, 1, 1), day), Malformed),
        (of_days(day, date(9999, 12, 31)), Malformed),
        (of_days(day, day, wallet="w1"), Malformed),
        (of_days(day, day, wallet="w1", account="USD", iban=SPANISH), Malformed),
        (of_days(day, day, wallet="w1", account="JPY"), WalletAccountNotFound),
        (of_days(day, day, wallet="w2", account="EUR"), WalletNotFound),
        (of_days(day, day, iban="NL91ABNA0417164300"), WalletAccountNotFound),
        (of_days(day, day, iban="NL92ABNA0417164300"), IbanNotValid),
    ]
    for message, refusal in cases:
        with pytest.raises(refusal):
            await wallets.statement(caller=caller, message=message)
    stranger = Caller(tenant_id=mint.tenant_id(), actor="test")
    with pytest.raises(WalletAccountNotFound):
        await wallets.statement(caller=stranger, message=of_days(day, day))
    empty = await wallets.statement(caller=caller, message=of_days(date(1950, 1, 1), tomorrow))
    assert (empty.opening, empty.closing, empty.lines) == (0, 0, ())
    assert instants.parse(empty.ends_at) <= SystemClock().now()


async def test_a_statement_of_what_the_books_do_not_have_yet_is_refused(wallets, wall, caller):
    wall.breaks_at = 1
    with pytest.raises(ConnectionResetError):
        await wallets.open(caller=caller, message=order())
    with pytest.raises(WalletAccountNotFound):
        await wallets.statement(caller=caller, message=of_days(today(), today()))
    assert (await wallets.wallet(caller=caller, message=WalletOf(wallet="w1"))).accounts[
        0
    ].balances is None

"""Promises about statements: they add up, never change once their days are over, and camt.053 follows its schema."""

import re
from datetime import date, timedelta
from typing import Any

from msgspec import structs

from tallystick.contracts.promises import World, refused, same, that
from tallystick.contracts.wallets.ground import CONTRACT, eur, opened, order, usd
from tallystick.kernel import instants
from tallystick.kernel.instants import DAY
from tallystick.kernel.money import to_int
from tallystick.kernel.problems import Malformed
from tallystick.runtime import iso20022
from tallystick.wallets.api import (
    AccountWanted,
    Direction,
    IbanNotValid,
    Statement,
    StatementFormatNotSupported,
    StatementOf,
    WalletAccountNotFound,
    WalletNotFound,
    Wallets,
)

CAMT = "camt.053.001.08"
_NOTED = {
    "end_to_end_id": "E-1",
    "debtor_name": "Müller Rahmenbau",
    "debtor_iban": "DE89370400440532013000",
    "remittance": "for frames",
}


async def _today(world: World, address: str) -> date:
    """The UTC day of the books: that of a payment that is made now."""
    verdict = await world.pay(address, 500, metadata=_NOTED)
    if verdict.transaction is None:
        raise AssertionError("the books refused a payment of the contract")
    return instants.day_of(instants.parse(verdict.transaction.recorded_at))


def _of(today: date, **named: Any) -> StatementOf:
    return StatementOf(first_day=today, last_day=today, **named)


def _sum(statement: Statement) -> int:
    return sum(
        to_int(line.amount) if line.direction is Direction.CREDIT else -to_int(line.amount)
        for line in statement.lines
    )


@CONTRACT.promise
async def statements_add_up(wallets: Wallets, world: World) -> None:
    """A statement has every posting of its days in the order of the books; opening and lines add up to closing."""
    iban = world.iban()
    await opened(wallets, world, "stated", eur(iban))
    address = "wallets:stated:eur"
    today = await _today(world, address)
    await world.pay(address, -120)
    await world.pay(address, 7)
    named = _of(today, wallet="stated", account="EUR")
    stated = await wallets.statement(caller=world.caller, message=named)
    amounts = [(to_int(line.amount), line.direction) for line in stated.lines]
    expected = [(500, Direction.CREDIT), (120, Direction.DEBIT), (7, Direction.CREDIT)]
    same(amounts, expected, "its lines")
    same((to_int(stated.opening), to_int(stated.closing)), (0, 387), "opening and closing")
    same(_sum(stated), 387, "the sum of its lines")
    same(
        (stated.wallet, stated.account, stated.address, stated.iban, stated.holder_name),
        ("stated", "EUR", address, iban, "Ana López"),
        "whose it is",
    )
    same((stated.asset, stated.exponent), ("EUR", 2), "its asset")
    line = stated.lines[0]
    same(
        (line.end_to_end_id, line.counterparty_name, line.counterparty_iban, line.remittance),
        tuple(_NOTED.values()),
        "what the books know of the first line",
    )
    same((line.booked_on, line.value_on), (today, today), "the days of the first line")
    by_iban = await wallets.statement(caller=world.caller, message=_of(today, iban=iban))
    same(by_iban.lines, stated.lines, "the lines of the same by IBAN")


@CONTRACT.promise
async def what_is_over_never_changes(wallets: Wallets, world: World) -> None:
    """The statement of days that are over is the same whenever it is asked for, its id too."""
    await opened(wallets, world, "lasting", eur(world.iban()))
    today = await _today(world, "wallets:lasting:eur")
    past = today - timedelta(days=2)
    message = StatementOf(first_day=past, last_day=past, wallet="lasting", account="EUR")
    first = await wallets.statement(caller=world.caller, message=message)
    again = await wallets.statement(caller=world.caller, message=message)
    same(
        structs.replace(again, created_at=""), structs.replace(first, created_at=""), "asked again"
    )
    same((to_int(first.opening), to_int(first.closing), first.lines), (0, 0, ()), "before it was")
    same(first.starts_at, instants.render(instants.day_start(past)), "where it starts")
    same(first.ends_at, instants.render(instants.day_start(past) + DAY), "where it ends")
    that(first.available is not None, "a period that is over says what could be spent at its end")


@CONTRACT.promise
async def days_that_are_none(wallets: Wallets, world: World) -> None:
    """Days that cross or lie ahead are refused, and so is an account that is named twice or not at all."""
    iban = world.iban()
    await opened(wallets, world, "dated", eur(iban))
    today = await _today(world, "wallets:dated:eur")
    ahead, before = today + timedelta(days=3), today - timedelta(days=1)
    for message in (
        StatementOf(first_day=today, last_day=before, iban=iban),
        StatementOf(first_day=ahead, last_day=ahead, iban=iban),
        _of(today),
        _of(today, iban=iban, wallet="dated", account="EUR"),
        _of(today, wallet="dated"),
    ):
        with refused(Malformed, f"{message!r}"):
            await wallets.statement(caller=world.caller, message=message)
    with refused(WalletNotFound, "a statement of no wallet"):
        await wallets.statement(
            caller=world.caller, message=_of(today, wallet="dated-not", account="EUR")
        )
    for label in ("USD", "EUR:2", "eur"):
        message = _of(today, wallet="dated", account=label)
        with refused(WalletAccountNotFound, f"a statement of an account {label!r}"):
            await wallets.statement(caller=world.caller, message=message)
    with refused(IbanNotValid, "a statement of what is no IBAN"):
        await wallets.statement(caller=world.caller, message=_of(today, iban="no iban"))
    with refused(WalletAccountNotFound, "a statement of an IBAN that nobody has"):
        await wallets.statement(caller=world.caller, message=_of(today, iban=world.iban()))


@CONTRACT.promise
async def statements_keep_tenants_apart(wallets: Wallets, world: World) -> None:
    """No statement is shown to another tenant."""
    iban = world.iban()
    await opened(wallets, world, "private", eur(iban))
    today = await _today(world, "wallets:private:eur")
    with refused(WalletAccountNotFound, "another tenant's IBAN"):
        await wallets.statement(caller=world.stranger, message=_of(today, iban=iban))
    with refused(WalletNotFound, "another tenant's wallet"):
        named = _of(today, wallet="private", account="EUR")
        await wallets.statement_file(caller=world.stranger, message=named)


@CONTRACT.promise
async def files_follow_their_schema(wallets: Wallets, world: World) -> None:
    """A statement file is camt.053.001.08, valid against its schema, and says what the statement says."""
    iban = world.iban()
    await wallets.open(caller=world.caller, message=order("filed", eur(iban), name="<&> Žižka"))
    today = await _today(world, "wallets:filed:eur")
    await world.pay("wallets:filed:eur", -120)
    file = await wallets.statement_file(caller=world.caller, message=_of(today, iban=iban))
    try:
        iso20022.validate(file.content, message=CAMT)
    except iso20022.SchemaViolation as problem:
        that(False, f"the file breaks the schema of {CAMT}: {problem} {problem.fields}")
    text = file.content.decode()
    same(re.findall(r"<IBAN>([A-Z0-9]+)</IBAN>", text)[:1], [iban], "the account in the file")
    lines = re.findall(r"<Ntry>\s*<Amt Ccy=\"EUR\">([0-9.]+)</Amt>\s*<CdtDbtInd>(\w+)<", text)
    same(lines, [("5.00", "CRDT"), ("1.20", "DBIT")], "the entries in the file")
    balances = re.findall(
        r"<Cd>(OPBD|CLBD)</Cd>.*?<Amt Ccy=\"EUR\">([0-9.]+)</Amt>\s*<CdtDbtInd>(\w+)<",
        text,
        re.DOTALL,
    )
    same(balances, [("OPBD", "0.00", "CRDT"), ("CLBD", "3.80", "CRDT")], "the balances in the file")


@CONTRACT.promise
async def files_of_what_camt_does_not_know(wallets: Wallets, world: World) -> None:
    """An asset that camt.053 has no place for is refused as a file, and stated all the same."""
    gold = AccountWanted(asset="GOLD.1", exponent=9)
    await opened(wallets, world, "golden", usd(), gold)
    today = await _today_of_the_books(wallets, world)
    message = _of(today, wallet="golden", account="GOLD.1")
    with refused(StatementFormatNotSupported, "a file in an asset without an ISO 4217 code"):
        await wallets.statement_file(caller=world.caller, message=message)
    stated = await wallets.statement(caller=world.caller, message=message)
    same((stated.asset, stated.exponent, stated.lines), ("GOLD.1", 9, ()), "the statement")


async def _today_of_the_books(wallets: Wallets, world: World) -> date:
    await opened(wallets, world, "clock", eur())
    return await _today(world, "wallets:clock:eur")

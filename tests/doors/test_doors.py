"""One suite for every door: what passes in hand passes over the wire, and nothing passes inside a transaction."""

import inspect
from datetime import date
from typing import Any, get_type_hints

import msgspec
import pytest

from tallystick.identity.api import (
    Authenticate,
    CreateKey,
    CreateTenant,
    Identity,
    ListKeys,
    RevokeKey,
    Unauthenticated,
    WhoAmI,
)
from tallystick.kernel.callers import Caller
from tallystick.kernel.ids import tenant_id_of
from tallystick.kernel.problems import Malformed
from tallystick.ledger import api as books
from tallystick.ledger.api import Ledger
from tallystick.payments.api import (
    FileOf,
    ListFiles,
    ListPayments,
    PaymentFileNotFound,
    PaymentOf,
    Payments,
    ReportOf,
    SubmitFile,
)
from tallystick.runtime.configuration import read_settings
from tallystick.runtime.doors import TransactionOpen
from tallystick.wallets import api as purses
from tallystick.wallets.api import Wallets
from tests.doors.house import Doors
from tests.payments.orders import ELECTRICAL, RAHMENBAU, Order, initiation, texts

PROTOCOLS = (Identity, Ledger, Wallets, Payments)
LARGEST = 10**38 - 1
EVERY_METHOD = [
    (protocol, name)
    for protocol in PROTOCOLS
    for name, _ in inspect.getmembers(protocol, inspect.isfunction)
    if not name.startswith("_")
]


def filled(kind: Any) -> Any:
    """A message of a type with the least in it; a call inside a transaction must not get as far as reading it."""
    blank = {str: "x", int: 1, bytes: b"x", date: date(2026, 1, 1), bool: False}
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        if field.required:
            is_struct = isinstance(field.type, type) and issubclass(field.type, msgspec.Struct)
            values[field.name] = filled(field.type) if is_struct else blank.get(field.type, ())
    return kind(**values)


@pytest.mark.parametrize(
    ("protocol", "name"),
    EVERY_METHOD,
    ids=[f"{door.__name__}.{name}" for door, name in EVERY_METHOD],
)
async def test_no_method_is_called_inside_a_transaction(
    doors: Doors, protocol: type, name: str
) -> None:
    message = filled(get_type_hints(getattr(protocol, name))["message"])
    async with doors.database.transaction(tenant_id=doors.caller.tenant_id, read_only=True):
        with pytest.raises(TransactionOpen, match=f"{name}.*tallystick_ledger"):
            await getattr(doors.of(protocol), name)(caller=doors.caller, message=message)


async def test_identity_keeps_keys(doors: Doors) -> None:
    door, operator = doors.identity, Caller(tenant_id=0, actor="operator")
    tenant = await door.create_tenant(caller=operator, message=CreateTenant(name="Door"))
    caller = Caller(tenant_id=tenant_id_of(tenant.tenant), actor="operator")
    key = await door.create_key(caller=caller, message=CreateKey(label="first"))
    proven = await door.authenticate(caller=operator, message=Authenticate(key=key.key))
    assert proven.tenant_id == caller.tenant_id
    assert (await door.who_am_i(caller=proven, message=WhoAmI())).name == "Door"
    page = await door.keys(caller=proven, message=ListKeys())
    assert [item.key_id for item in page.items] == [key.key_id]
    with pytest.raises(Malformed):
        await door.create_key(caller=caller, message=CreateKey(label=""))
    revoked = await door.revoke_key(caller=proven, message=RevokeKey(key_id=key.key_id))
    assert revoked.revoked_at is not None
    with pytest.raises(Unauthenticated):
        await door.authenticate(caller=operator, message=Authenticate(key=key.key))


async def opened(doors: Doors) -> None:
    await doors.ledger.open_ledger(caller=doors.caller, message=books.OpenLedger(name="main"))
    for address, side in (("bank", books.Side.DEBIT), ("ana", books.Side.CREDIT)):
        message = books.OpenAccount(
            ledger="main",
            address=address,
            asset="EUR",
            exponent=2,
            normal_side=side,
            metadata={"é": "✓"},
        )
        account = await doors.ledger.open_account(caller=doors.caller, message=message)
        assert (account.address, account.metadata) == (address, {"é": "✓"})


async def test_the_ledger_carries_the_largest_amount(doors: Doors) -> None:
    await opened(doors)
    posting = books.Posting(debit="bank", credit="ana", amount=str(LARGEST), asset="EUR")
    acts = (
        books.Hold(id="h", postings=(posting,)),
        books.Capture(id="c", target="h", amounts=(str(LARGEST - 1),), final=True),
        books.Reverse(id="r", target="c", amounts=(1,)),
        books.Void(id="v", target="h"),
        books.Post(id="p", postings=(msgspec.structs.replace(posting, amount=1),), group="g"),
    )
    message = books.Submit(ledger="main", items=acts)
    verdicts = (await doors.ledger.submit(caller=doors.caller, message=message)).items
    assert [one.refusal and one.refusal.code for one in verdicts] == [
        None, None, None, "hold_already_captured", None,
    ]  # fmt: skip
    replay = (await doors.ledger.submit(caller=doors.caller, message=message)).items
    assert all(one.replayed for one in replay)
    asked = books.AccountOf(ledger="main", address="ana")
    account = await doors.ledger.account(caller=doors.caller, message=asked)
    assert account.balances.posted == str(LARGEST - 1)
    entries = await doors.ledger.entries(
        caller=doors.caller, message=books.ListEntries(ledger="main", address="ana", limit=1)
    )
    assert entries.after is not None
    with pytest.raises(books.LedgerNotFound) as refused:
        await doors.ledger.accounts(caller=doors.caller, message=books.ListAccounts(ledger="none"))
    assert refused.value.code == "ledger_not_found"
    assert (await doors.ledger.verify(caller=doors.caller, message=books.Verify())).damage == ()


async def with_wallet(doors: Doors, wallet: str, iban: str) -> purses.Wallet:
    message = purses.OpenWallet(
        id=wallet,
        owner=purses.Owner(kind=purses.OwnerKind.COMPANY, name="Müller Rahmenbau"),
        name=wallet,
        accounts=(purses.AccountWanted(asset="EUR", exponent=2, iban=iban),),
    )
    return await doors.wallets.open(caller=doors.caller, message=message)


async def test_wallets_carry_days_and_bytes(doors: Doors) -> None:
    made = await with_wallet(doors, "shop", ELECTRICAL)
    assert made.accounts[0].iban == ELECTRICAL
    asked = purses.StatementOf(
        first_day=date(2026, 1, 1), last_day=date(2026, 1, 2), iban=ELECTRICAL
    )
    statement = await doors.wallets.statement(caller=doors.caller, message=asked)
    file = await doors.wallets.statement_file(caller=doors.caller, message=asked)
    assert (statement.opening, statement.closing, statement.lines) == (0, 0, ())
    assert b"camt.053.001.08" in file.content
    frozen = await doors.wallets.freeze(caller=doors.caller, message=purses.WalletOf(wallet="shop"))
    assert frozen.status is purses.WalletStatus.FROZEN
    with pytest.raises(purses.WalletNotFound):
        await doors.wallets.close(caller=doors.caller, message=purses.WalletOf(wallet="none"))
    with pytest.raises(purses.IbanNotValid):
        await with_wallet(doors, "other", "XX")


async def test_payments_carry_files(doors: Doors) -> None:
    for wallet, iban in (("shop", ELECTRICAL), ("payee", RAHMENBAU)):
        await with_wallet(doors, wallet, iban)
    file = initiation(Order(amount="1.00"), debtor=ELECTRICAL)
    message = SubmitFile(content=file)
    answer = await doors.payments.submit_file(caller=doors.caller, message=message)
    assert (answer.status, texts(answer.report, "Cd")) == ("RJCT", ["AM04"])
    again = await doors.payments.submit_file(caller=doors.caller, message=message)
    assert (again.replayed, again.report) == (True, answer.report)
    report = await doors.payments.report(
        caller=doors.caller, message=ReportOf(file_id=answer.file_id)
    )
    assert (report.final, report.content) == (True, answer.report)
    shown = await doors.payments.file(caller=doors.caller, message=FileOf(file_id=answer.file_id))
    listed = await doors.payments.files(caller=doors.caller, message=ListFiles())
    assert (shown.file, *listed.items) == (shown.file, shown.file)
    asked = PaymentOf(payment_id=shown.payments[0].payment_id)
    payment = await doors.payments.payment(caller=doors.caller, message=asked)
    assert payment.transitions[-1].reason_code == "AM04"
    page = await doors.payments.payments(caller=doors.caller, message=ListPayments())
    assert page.items == (payment.payment,)
    with pytest.raises(PaymentFileNotFound):
        await doors.payments.file(caller=doors.caller, message=FileOf(file_id="none"))


def test_a_setting_turns_the_wire_on() -> None:
    assert not read_settings({}).wire_doors
    assert read_settings({"TALLYSTICK_WIRE_DOORS": "1"}).wire_doors

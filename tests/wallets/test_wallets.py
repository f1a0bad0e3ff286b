"""Wallets open, freeze, close and reopen with their accounts in the books."""

import asyncio

import asyncpg
import pytest

from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import Malformed
from tallystick.ledger.api import (
    AccountOf,
    AssetExponentDiffers,
    Hold,
    OpenAccount,
    OpenLedger,
    Posting,
    RefusalCode,
    Side,
    Status,
    Submit,
)
from tallystick.wallets.api import (
    LEDGER,
    AccountStatus,
    AccountWanted,
    AddAccount,
    IbanIsTaken,
    IbanNotValid,
    IbanOf,
    IbansOf,
    ListWallets,
    Owner,
    OwnerKind,
    SetAccountLimits,
    WalletAccountExistsDifferent,
    WalletAccountNotFound,
    WalletBalances,
    WalletExistsDifferent,
    WalletHasTooManyAccounts,
    WalletNotEmpty,
    WalletNotFound,
    WalletOf,
    WalletStatus,
    WalletStatusNotReachable,
)
from tallystick.wallets.jobs import finish_unfinished
from tests.wallets.conftest import DUTCH, GERMAN, SPANISH, eur, order

W1 = WalletOf(wallet="w1")
USD = AccountWanted(asset="USD", exponent=2)
POINT = AccountWanted(asset="POINT", exponent=2)


async def status_in_books(ledger, caller, address="wallets:w1:eur"):
    account = await ledger.account(caller=caller, message=AccountOf(ledger=LEDGER, address=address))
    return account.status


async def test_an_opened_wallet_shows_its_accounts_and_balances(wallets, caller, pay):
    opened = await wallets.open(
        caller=caller, message=order(eur("ES91 2100 0418 4502 0005 1332"), USD)
    )
    assert (opened.status, opened.replayed) == (WalletStatus.OPEN, False)
    await pay("wallets:w1:eur", 700)
    shown = await wallets.wallet(caller=caller, message=W1)
    assert [account.account for account in shown.accounts] == ["EUR", "USD"]
    assert [account.iban for account in shown.accounts] == [SPANISH, None]
    assert shown.accounts[0].balances == WalletBalances(posted=700, pending=700, available=700)
    assert (shown.accounts[0].min_available, shown.accounts[0].max_available) == (0, None)


async def test_a_wallet_is_not_overdrawn(wallets, caller, pay):
    await wallets.open(caller=caller, message=order())
    await pay("wallets:w1:eur", 100)
    refusal = (await pay("wallets:w1:eur", -101)).refusal
    assert refusal.code == RefusalCode.EXCEEDS_AVAILABLE_BALANCE


async def test_opening_twice_is_opening_once_and_other_content_is_refused(wallets, caller):
    first = await wallets.open(caller=caller, message=order())
    again = await wallets.open(caller=caller, message=order())
    assert again.replayed
    assert again.accounts == first.accounts
    company = Owner(kind=OwnerKind.COMPANY, name="Ana López", reference="c-7")
    others = {
        "owner.kind": order(owner=company),
        "name": order(name="Savings"),
        "accounts": order(eur(DUTCH)),
    }
    for field, other in others.items():
        with pytest.raises(WalletExistsDifferent) as refused:
            await wallets.open(caller=caller, message=other)
        assert refused.value.fields == {"field": field}


async def test_opening_at_the_same_time_opens_once(wallets, caller):
    opened = await asyncio.gather(*(wallets.open(caller=caller, message=order()) for _ in range(4)))
    assert {one.status for one in opened} == {WalletStatus.OPEN}


async def test_an_iban_is_taken_once_in_a_tenant_and_leaves_nothing_behind(wallets, caller, mint):
    await wallets.open(caller=caller, message=order())
    with pytest.raises(IbanIsTaken):
        await wallets.open(caller=caller, message=order(id="w2"))
    with pytest.raises(IbanIsTaken):
        await wallets.open(caller=caller, message=order(eur(DUTCH), eur(DUTCH), id="w2"))
    with pytest.raises(WalletNotFound):
        await wallets.wallet(caller=caller, message=WalletOf(wallet="w2"))
    neighbour = Caller(tenant_id=mint.tenant_id(), actor="test")
    assert (await wallets.open(caller=neighbour, message=order())).status is WalletStatus.OPEN


async def test_what_the_books_refuse_holds_no_iban_and_may_be_tried_again(wallets, ledger, caller):
    await ledger.open_ledger(caller=caller, message=OpenLedger(name=LEDGER))
    odd = OpenAccount(
        ledger=LEDGER, address="fees", asset="POINT", exponent=4, normal_side=Side.CREDIT
    )
    await ledger.open_account(caller=caller, message=odd)
    for _ in range(2):
        with pytest.raises(AssetExponentDiffers):
            await wallets.open(caller=caller, message=order(eur(), POINT))
        assert await status_in_books(ledger, caller) is Status.CLOSED
    refused = await wallets.wallet(caller=caller, message=W1)
    assert (refused.status, refused.accounts) == (WalletStatus.REFUSED, ())
    await wallets.open(caller=caller, message=order(id="w2"))
    with pytest.raises(IbanIsTaken):
        await wallets.open(caller=caller, message=order(eur(), POINT))
    with pytest.raises(WalletStatusNotReachable):
        await wallets.freeze(caller=caller, message=W1)
    with pytest.raises(AssetExponentDiffers):
        await wallets.add_account(caller=caller, message=AddAccount(wallet="w2", account=POINT))
    assert len((await wallets.wallet(caller=caller, message=WalletOf(wallet="w2"))).accounts) == 1


async def test_money_of_a_frozen_wallet_does_not_move(wallets, caller, pay):
    await wallets.open(caller=caller, message=order())
    await pay("wallets:w1:eur", 100)
    for _ in range(2):
        assert (await wallets.freeze(caller=caller, message=W1)).status is WalletStatus.FROZEN
    assert (await pay("wallets:w1:eur", -1)).refusal.code == RefusalCode.DEBIT_ACCOUNT_IS_FROZEN
    assert (await wallets.unfreeze(caller=caller, message=W1)).status is WalletStatus.OPEN
    assert (await wallets.unfreeze(caller=caller, message=W1)).replayed
    assert (await pay("wallets:w1:eur", -1)).refusal is None


@pytest.mark.parametrize(("is_frozen", "former"), [(False, Status.OPEN), (True, Status.FROZEN)])
async def test_a_wallet_that_is_not_empty_stays_as_it_was(
    *, wallets, ledger, caller, pay, is_frozen, former
):
    await wallets.open(caller=caller, message=order(eur(), USD))
    await pay("wallets:w1:usd", 5, asset="USD")
    if is_frozen:
        await wallets.freeze(caller=caller, message=W1)
    with pytest.raises(WalletNotEmpty) as refused:
        await wallets.close(caller=caller, message=W1)
    assert refused.value.fields == {"accounts": "USD"}
    shown = await wallets.wallet(caller=caller, message=W1)
    assert shown.status is (WalletStatus.FROZEN if is_frozen else WalletStatus.OPEN)
    for address in ("wallets:w1:eur", "wallets:w1:usd"):
        assert await status_in_books(ledger, caller, address) is former


async def test_a_hold_keeps_a_wallet_from_closing(wallets, ledger, caller, pay):
    await wallets.open(caller=caller, message=order())
    await pay("wallets:w1:eur", 5)
    await pay("wallets:w1:eur", -5)
    posting = Posting(debit="nostro:eur", credit="wallets:w1:eur", amount=1, asset="EUR")
    hold = Submit(ledger=LEDGER, items=(Hold(postings=(posting,)),))
    await ledger.submit(caller=caller, message=hold)
    with pytest.raises(WalletNotEmpty):
        await wallets.close(caller=caller, message=W1)


class Late:
    """The ledger's door, and money that comes after the look, when the first account is frozen already."""

    def __init__(self, ledger, pay):
        self.ledger, self.pay = ledger, pay

    def __getattr__(self, name):
        return getattr(self.ledger, name)

    async def set_status(self, *, caller, message):
        if message.address == "wallets:w1:usd" and message.status is Status.FROZEN:
            await self.pay("wallets:w1:usd", 5, asset="USD")
        return await self.ledger.set_status(caller=caller, message=message)


async def test_money_that_arrives_while_closing_undoes_the_closing(
    *, wallets, wall, ledger, caller, pay
):
    await wallets.open(caller=caller, message=order(eur(), USD))
    wall.ledger = Late(ledger, pay)
    with pytest.raises(WalletNotEmpty):
        await wallets.close(caller=caller, message=W1)
    for address in ("wallets:w1:eur", "wallets:w1:usd"):
        assert await status_in_books(ledger, caller, address) is Status.OPEN


async def test_a_closed_wallet_keeps_its_iban_and_reopens(wallets, ledger, caller):
    await wallets.open(caller=caller, message=order())
    assert (await wallets.close(caller=caller, message=W1)).status is WalletStatus.CLOSED
    assert (await wallets.close(caller=caller, message=W1)).replayed
    assert await status_in_books(ledger, caller) is Status.CLOSED
    for refused in (wallets.freeze, wallets.unfreeze):
        with pytest.raises(WalletStatusNotReachable) as problem:
            await refused(caller=caller, message=W1)
        assert problem.value.fields == {"status": "closed"}
    held = await wallets.account_by_iban(caller=caller, message=IbanOf(iban=SPANISH))
    assert held.status is AccountStatus.CLOSED
    assert (await wallets.reopen(caller=caller, message=W1)).status is WalletStatus.OPEN
    assert await status_in_books(ledger, caller) is Status.OPEN


async def test_limits_bind_in_the_books_also_while_frozen(wallets, caller, pay):
    await wallets.open(caller=caller, message=order(eur(max_available=100)))
    assert (await pay("wallets:w1:eur", 101)).refusal.code == RefusalCode.EXCEEDS_MAXIMUM_BALANCE
    await wallets.freeze(caller=caller, message=W1)
    wider = SetAccountLimits(wallet="w1", account="EUR", min_available=-50, max_available=None)
    limited = await wallets.set_limits(caller=caller, message=wider)
    assert (limited.status, limited.replayed) == (WalletStatus.FROZEN, False)
    assert (await wallets.set_limits(caller=caller, message=wider)).replayed
    await wallets.unfreeze(caller=caller, message=W1)
    assert (await pay("wallets:w1:eur", -50)).refusal is None
    for wrong in ("USD", "eur", "EUR:2", ""):
        message = SetAccountLimits(wallet="w1", account=wrong)
        with pytest.raises(WalletAccountNotFound):
            await wallets.set_limits(caller=caller, message=message)


async def test_accounts_are_added_once_each(wallets, caller):
    await wallets.open(caller=caller, message=order())

    async def add(account):
        message = AddAccount(wallet="w1", account=account)
        return await wallets.add_account(caller=caller, message=message)

    assert not (await add(eur(DUTCH))).replayed
    assert (await add(eur(DUTCH))).replayed
    shown = await add(eur(None))
    assert [account.address for account in shown.accounts] == [
        "wallets:w1:eur", "wallets:w1:eur:2", "wallets:w1:eur:3",
    ]  # fmt: skip
    assert (await add(eur(None))).replayed
    await add(POINT)
    with pytest.raises(WalletAccountExistsDifferent):
        await add(AccountWanted(asset="POINT", exponent=3))
    with pytest.raises(IbanIsTaken):
        await add(AccountWanted(asset="USD", exponent=2, iban=DUTCH))
    for number in range(16):
        await add(AccountWanted(asset=f"A{number}", exponent=0))
    with pytest.raises(WalletHasTooManyAccounts):
        await add(USD)
    await wallets.freeze(caller=caller, message=W1)
    with pytest.raises(WalletStatusNotReachable):
        await add(USD)


async def test_accounts_are_found_by_iban(wallets, caller, mint):
    await wallets.open(caller=caller, message=order())
    await wallets.open(caller=caller, message=order(eur(DUTCH), id="w2"))
    await wallets.freeze(caller=caller, message=WalletOf(wallet="w2"))
    asked = IbansOf(ibans=("nl91 abna 0417 1643 00", SPANISH, GERMAN, "no iban", SPANISH))
    found = (await wallets.accounts_by_iban(caller=caller, message=asked)).items
    assert [(one.iban, one.wallet, one.status) for one in found] == [
        (SPANISH, "w1", AccountStatus.OPEN), (DUTCH, "w2", AccountStatus.FROZEN),
    ]  # fmt: skip
    assert (found[0].ledger, found[0].address) == (LEDGER, "wallets:w1:eur")
    assert (found[0].holder_name, found[0].asset, found[0].exponent) == ("Ana López", "EUR", 2)
    with pytest.raises(WalletAccountNotFound):
        await wallets.account_by_iban(caller=caller, message=IbanOf(iban=GERMAN))
    with pytest.raises(IbanNotValid):
        await wallets.account_by_iban(caller=caller, message=IbanOf(iban="no iban"))
    with pytest.raises(Malformed):
        await wallets.accounts_by_iban(caller=caller, message=IbansOf(ibans=(DUTCH,) * 10_001))
    stranger = Caller(tenant_id=mint.tenant_id(), actor="test")
    assert (await wallets.accounts_by_iban(caller=stranger, message=asked)).items == ()


async def test_wallets_are_listed_in_pages_and_by_filter(wallets, caller, mint):
    other = Owner(kind=OwnerKind.COMPANY, name="De Vries Fietsen", reference="c-8")
    for number in range(5):
        words = {"id": f"w{number}"} | ({"owner": other} if number == 3 else {})
        await wallets.open(caller=caller, message=order(eur(None), **words))
    await wallets.freeze(caller=caller, message=WalletOf(wallet="w2"))

    async def ids(**filters):
        seen, after = [], None
        while True:
            message = ListWallets(after=after, limit=2, **filters)
            page = await wallets.wallets(caller=caller, message=message)
            assert len(page.items) <= 2
            seen += [one.id for one in page.items]
            after = page.after
            if after is None:
                return seen

    assert await ids() == ["w0", "w1", "w2", "w3", "w4"]
    assert await ids(owner_reference="c-8") == ["w3"]
    assert await ids(status=WalletStatus.FROZEN) == ["w2"]
    assert await ids(status=WalletStatus.OPEN, owner_reference="c-7") == ["w0", "w1", "w4"]
    assert await ids(begins="w") == ["w0", "w1", "w2", "w3", "w4"]
    assert await ids(begins="w1") == ["w1"]
    assert await ids(begins="W") == await ids(begins="w:") == []
    assert await ids(begins="w", owner_reference="c-7", status=WalletStatus.OPEN) == [
        "w0",
        "w1",
        "w4",
    ]
    assert await ids(begins="w2", status=WalletStatus.FROZEN) == ["w2"]
    assert await ids(begins="w0", status=WalletStatus.FROZEN) == []
    for wrong in (
        ListWallets(limit=0), ListWallets(begins="w%"), ListWallets(limit=201), ListWallets(after="a b"),
        ListWallets(owner_reference="c" * 141), ListWallets(owner_reference=" "),
    ):  # fmt: skip
        with pytest.raises(Malformed):
            await wallets.wallets(caller=caller, message=wrong)
    stranger = Caller(tenant_id=mint.tenant_id(), actor="test")
    assert (await wallets.wallets(caller=stranger, message=ListWallets())).items == ()
    with pytest.raises(WalletNotFound):
        await wallets.wallet(caller=stranger, message=W1)


async def test_every_move_is_written_once_and_for_good(wallets, caller, database_for):
    await wallets.open(caller=caller, message=order())
    await wallets.freeze(caller=caller, message=W1)
    database = await database_for("wallets")
    async with database.transaction(tenant_id=caller.tenant_id) as connection:
        rows = await connection.fetch(
            "SELECT number, actor, event, state_before, state_after FROM wallets.wallet_event ORDER BY number"
        )
    assert [tuple(row) for row in rows] == [
        (1, "test", "open", None, "opening"),
        (2, "test", "done", "opening", "open"),
        (3, "test", "freeze", "open", "freezing"),
        (4, "test", "done", "freezing", "frozen"),
    ]
    for refused in ("UPDATE wallets.wallet_event SET actor = 'x'", "DELETE FROM wallets.wallet"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with database.transaction(tenant_id=caller.tenant_id) as connection:
                await connection.execute(refused)
    with pytest.raises(asyncpg.PostgresError):
        async with database.without_tenant() as connection:
            await connection.fetch("SELECT wallet_id FROM wallets.wallet")


async def test_the_job_has_nothing_to_do_when_all_is_settled(wallets, service, caller):
    await wallets.open(caller=caller, message=order())
    taken = await service.unfinished(waiting_s=0, most=100)
    assert caller.tenant_id not in {one.tenant_id for one, _ in taken}
    assert await finish_unfinished(service, most=0) == 0

"""Whatever call the process dies at, the job or the next caller brings wallet and books to the same end."""

import pytest

from tallystick.ledger.api import AccountOf, Status
from tallystick.wallets.api import (
    LEDGER,
    AccountWanted,
    AddAccount,
    SetAccountLimits,
    WalletNotEmpty,
    WalletOf,
    WalletStatus,
)
from tallystick.wallets.jobs import finish_unfinished
from tests.wallets.conftest import order

CALLS_MAX = 60
W1 = WalletOf(wallet="w1")
EUR, USD = (AccountWanted(asset=asset, exponent=2) for asset in ("EUR", "USD"))
OPEN = order(EUR, USD)
ADD = AddAccount(wallet="w1", account=AccountWanted(asset="JPY", exponent=0))
LIMIT = SetAccountLimits(wallet="w1", account="USD", min_available=-7)

CHANGES = [
    ([], ("open", OPEN), WalletStatus.OPEN, Status.OPEN),
    (["open"], ("add_account", ADD), WalletStatus.OPEN, Status.OPEN),
    (["open"], ("set_limits", LIMIT), WalletStatus.OPEN, Status.OPEN),
    (["open"], ("freeze", W1), WalletStatus.FROZEN, Status.FROZEN),
    (["open", "freeze"], ("set_limits", LIMIT), WalletStatus.FROZEN, Status.FROZEN),
    (["open", "freeze"], ("unfreeze", W1), WalletStatus.OPEN, Status.OPEN),
    (["open"], ("close", W1), WalletStatus.CLOSED, Status.CLOSED),
    (["open", "freeze"], ("close", W1), WalletStatus.CLOSED, Status.CLOSED),
    (["open", "close"], ("reopen", W1), WalletStatus.OPEN, Status.OPEN),
]


async def knock(wallets, caller, name, message):
    return await getattr(wallets, name)(caller=caller, message=message)


async def finish_ours(service, caller):
    """Finish what is unfinished, of this test's tenant: others may be at work in the same database."""
    for ours, wallet_id in await service.unfinished(waiting_s=0, most=1_000):
        if ours.tenant_id == caller.tenant_id:
            await service.finish(caller=ours, wallet_id=wallet_id)


async def in_books(ledger, caller, shown):
    for account in shown.accounts:
        message = AccountOf(ledger=LEDGER, address=account.address)
        found = await ledger.account(caller=caller, message=message)
        assert (found.min_available, found.max_available) == (
            account.min_available,
            account.max_available,
        )
        yield found.status


@pytest.mark.parametrize("repair", ["job", "caller"])
@pytest.mark.parametrize("is_heard", [False, True])
@pytest.mark.parametrize(("before", "change", "status", "of_accounts"), CHANGES)
async def test_a_crash_at_any_call_is_finished(
    *, wallets, service, wall, ledger, caller, mint, before, change, status, of_accounts, is_heard, repair
):  # fmt: skip
    wall.is_heard = is_heard
    for breaks_at in range(1, CALLS_MAX):
        caller = type(caller)(tenant_id=mint.tenant_id(), actor="test")
        wall.breaks_at = None
        for name in before:
            await knock(wallets, caller, name, OPEN if name == "open" else W1)
        wall.calls, wall.breaks_at = 0, breaks_at
        try:
            await knock(wallets, caller, *change)
        except ConnectionResetError:
            has_crashed = True
        else:
            has_crashed = False
        wall.breaks_at = None
        if has_crashed:
            await (
                finish_ours(service, caller) if repair == "job" else knock(wallets, caller, *change)
            )
        shown = await wallets.wallet(caller=caller, message=W1)
        assert shown.status is status
        assert {one async for one in in_books(ledger, caller, shown)} == {of_accounts}
        if change[0] == "set_limits":
            assert shown.accounts[1].min_available == -7
        if not has_crashed:
            assert breaks_at > 2
            return
    pytest.fail("it never ends")


@pytest.mark.parametrize("is_heard", [False, True])
async def test_a_crash_while_a_closing_is_undone_is_finished(
    *, wallets, service, wall, ledger, caller, pay, is_heard
):
    await wallets.open(caller=caller, message=OPEN)
    await pay("wallets:w1:usd", 5, asset="USD")
    wall.is_heard = is_heard
    for breaks_at in range(1, 7):
        wall.calls, wall.breaks_at = 0, breaks_at
        with pytest.raises((ConnectionResetError, WalletNotEmpty)):
            await wallets.close(caller=caller, message=W1)
        wall.breaks_at = None
        await finish_ours(service, caller)
        shown = await wallets.wallet(caller=caller, message=W1)
        assert shown.status is WalletStatus.OPEN
        assert {one async for one in in_books(ledger, caller, shown)} == {Status.OPEN}


async def test_one_that_cannot_be_finished_holds_up_no_other(wallets, service, wall, caller):
    await finish_unfinished(service, waiting_s=0)  # what other tests left in the same database
    await wallets.open(caller=caller, message=OPEN)
    await wallets.open(caller=caller, message=order(EUR, id="w2"))
    for wallet in ("w1", "w2"):
        wall.calls, wall.breaks_at = 0, 1
        with pytest.raises(ConnectionResetError):
            await wallets.freeze(caller=caller, message=WalletOf(wallet=wallet))
    # The first call the job makes is for the wallet that has waited longer; it fails once more.
    wall.calls, wall.breaks_at = 0, 1
    assert await finish_unfinished(service, waiting_s=0) >= 1
    page = [
        (await wallets.wallet(caller=caller, message=WalletOf(wallet=one))).status
        for one in ("w1", "w2")
    ]
    assert sorted(page) == [WalletStatus.FREEZING, WalletStatus.FROZEN]
    assert await finish_unfinished(service, waiting_s=600) == 0
    wall.breaks_at = None
    assert await finish_unfinished(service, waiting_s=0) == 1


class Slow:
    """The ledger's door for a worker that stands still before its first change there, while others go on."""

    def __init__(self, ledger, meanwhile):
        self.ledger, self.meanwhile = ledger, [meanwhile]

    def __getattr__(self, name):
        return getattr(self.ledger, name)

    async def set_status(self, *, caller, message):
        while self.meanwhile:
            await self.meanwhile.pop()()
        return await self.ledger.set_status(caller=caller, message=message)

    async def set_limits(self, *, caller, message):
        while self.meanwhile:
            await self.meanwhile.pop()()
        return await self.ledger.set_limits(caller=caller, message=message)


async def crash_in(wallets, wall, caller, name, message):
    """Leave an intent of which the books were told nothing."""
    wall.calls, wall.breaks_at = 0, 1
    with pytest.raises(ConnectionResetError):
        await knock(wallets, caller, name, message)
    wall.breaks_at = None


@pytest.mark.parametrize(
    ("before", "intent", "others", "status", "of_accounts"),
    [
        ([], "freeze", ["unfreeze"], WalletStatus.OPEN, Status.OPEN),
        (["freeze"], "close", ["reopen", "freeze"], WalletStatus.FROZEN, Status.FROZEN),
        (["freeze"], "unfreeze", ["close"], WalletStatus.CLOSED, Status.CLOSED),
    ],
)
async def test_a_worker_that_was_overtaken_leaves_the_books_as_the_wallet_says(
    *, wallets, service, wall, ledger, caller, before, intent, others, status, of_accounts
):
    await wallets.open(caller=caller, message=OPEN)
    for name in before:
        await knock(wallets, caller, name, W1)
    await crash_in(wallets, wall, caller, intent, W1)

    async def meanwhile():
        wall.ledger = ledger
        for name in (intent, *others):
            await knock(wallets, caller, name, W1)

    wall.ledger = Slow(ledger, meanwhile)
    await service.finish(caller=caller, wallet_id="w1")
    shown = await wallets.wallet(caller=caller, message=W1)
    assert shown.status is status
    assert {one async for one in in_books(ledger, caller, shown)} == {of_accounts}


async def test_a_worker_that_was_overtaken_does_not_end_an_intent_it_never_told(
    *, wallets, service, wall, ledger, caller
):
    await wallets.open(caller=caller, message=OPEN)
    await crash_in(wallets, wall, caller, "set_limits", LIMIT)

    async def meanwhile():
        wall.ledger = ledger
        await wallets.set_limits(caller=caller, message=LIMIT)
        other = SetAccountLimits(wallet="w1", account="EUR", min_available=-9)
        await crash_in(wallets, wall, caller, "set_limits", other)

    wall.ledger = Slow(ledger, meanwhile)
    await service.finish(caller=caller, wallet_id="w1")
    shown = await wallets.wallet(caller=caller, message=W1)
    assert [account.min_available for account in shown.accounts] == [-9, -7]
    assert {one async for one in in_books(ledger, caller, shown)} == {Status.OPEN}

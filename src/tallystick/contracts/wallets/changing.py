"""Promises about changing wallets: accounts that are added, freezing, closing, limits."""

from msgspec import structs

from tallystick.contracts.promises import BOOK, World, refused, same, that
from tallystick.contracts.wallets.ground import (
    CONTRACT,
    demand_books,
    eur,
    of,
    opened,
    shown,
    status_in_books,
    usd,
)
from tallystick.kernel.problems import Malformed
from tallystick.ledger.api import (
    AssetExponentDiffers,
    Hold,
    OpenAccount,
    Posting,
    RefusalCode,
    Side,
    Status,
    Submit,
    Verdict,
)
from tallystick.wallets.api import (
    ACCOUNTS_MAX,
    AccountStatus,
    AccountWanted,
    AddAccount,
    IbanIsTaken,
    IbanOf,
    SetAccountLimits,
    Wallet,
    WalletAccountExistsDifferent,
    WalletAccountNotFound,
    WalletHasTooManyAccounts,
    WalletNotEmpty,
    WalletNotFound,
    Wallets,
    WalletStatus,
    WalletStatusNotReachable,
)


async def _add(wallets: Wallets, world: World, wallet: str, account: AccountWanted) -> Wallet:
    message = AddAccount(wallet=wallet, account=account)
    return await wallets.add_account(caller=world.caller, message=message)


def _code(verdict: Verdict) -> str | None:
    return verdict.refusal.code if verdict.refusal else None


@CONTRACT.promise
async def accounts_are_added_once(wallets: Wallets, world: World) -> None:
    """An account is added once: the same asset and IBAN again is the same account."""
    iban = world.iban()
    await opened(wallets, world, "grows", eur(world.iban()))
    same((await _add(wallets, world, "grows", eur(iban))).replayed, False, "added first")
    same((await _add(wallets, world, "grows", eur(iban))).replayed, True, "added again")
    made = await _add(wallets, world, "grows", eur())
    same([one.account for one in made.accounts], ["EUR", "EUR:2", "EUR:3"], "the accounts then")
    same((await _add(wallets, world, "grows", eur())).replayed, True, "without IBAN added again")
    await demand_books(world, "wallets:grows:eur:3", Status.OPEN, "adding")
    # No currency: what the books count of it is up to them.
    gems = AccountWanted(asset="GEMS", exponent=2, iban=world.iban())
    await _add(wallets, world, "grows", gems)
    with refused(WalletAccountExistsDifferent, "the same with another exponent", exponent="2"):
        await _add(wallets, world, "grows", structs.replace(gems, exponent=3))
    with refused(IbanIsTaken, "an IBAN that another account has"):
        await _add(wallets, world, "grows", usd(iban))
    with refused(WalletNotFound, "an account of no wallet"):
        await _add(wallets, world, "grows-not", eur())
    same(len((await shown(wallets, world, "grows")).accounts), 4, "how many accounts it has then")


@CONTRACT.promise
async def accounts_have_an_end(wallets: Wallets, world: World) -> None:
    """A wallet has at most 20 accounts."""
    wanted = [AccountWanted(asset=f"A{number}", exponent=0) for number in range(ACCOUNTS_MAX)]
    await opened(wallets, world, "full", *wanted)
    with refused(WalletHasTooManyAccounts, "one account too many"):
        await _add(wallets, world, "full", usd())
    same(await status_in_books(world, "wallets:full:usd"), None, "the books of what was refused")


@CONTRACT.promise
async def what_the_books_refuse(wallets: Wallets, world: World) -> None:
    """Where the books refuse an account, so does the wallet, and it holds no IBAN of what was refused."""
    await world.pay("wallets:none", 1)  # the book is there then; the money goes nowhere
    odd = OpenAccount(
        ledger=BOOK, address="contract:odd", asset="ODD", exponent=4, normal_side=Side.CREDIT
    )
    await world.ledger.open_account(caller=world.caller, message=odd)
    iban = world.iban()
    wanted = AccountWanted(asset="ODD", exponent=2, iban=iban)
    for _ in range(2):
        with refused(AssetExponentDiffers, "an asset with another exponent than in the books"):
            await opened(wallets, world, "odd", eur(), wanted)
        that(
            await status_in_books(world, "wallets:odd:eur") in (None, Status.CLOSED),
            "an account of the refused wallet is open in the books",
        )
    await opened(wallets, world, "even", eur())
    with refused(AssetExponentDiffers, "the same added"):
        await _add(wallets, world, "even", wanted)
    same(len((await shown(wallets, world, "even")).accounts), 1, "how many accounts it has then")
    made = await opened(wallets, world, "odd-not", eur(iban))
    same(made.status, WalletStatus.OPEN, "another wallet with that IBAN")


@CONTRACT.promise
async def frozen_money_stays(wallets: Wallets, world: World) -> None:
    """Money of a frozen wallet does not move, and moves again when it is unfrozen; both may be repeated."""
    await opened(wallets, world, "frozen", eur(), usd())
    same(_code(await world.pay("wallets:frozen:eur", 100)), None, "paying in")
    first = await wallets.freeze(caller=world.caller, message=of("frozen"))
    again = await wallets.freeze(caller=world.caller, message=of("frozen"))
    same((first.status, again.status), (WalletStatus.FROZEN,) * 2, "the status, twice")
    same((first.replayed, again.replayed), (False, True), "replayed, first and again")
    same(
        _code(await world.pay("wallets:frozen:eur", -1)),
        RefusalCode.DEBIT_ACCOUNT_IS_FROZEN,
        "paying out of a frozen wallet",
    )
    await demand_books(world, "wallets:frozen:usd", Status.FROZEN, "freezing")
    thawed = await wallets.unfreeze(caller=world.caller, message=of("frozen"))
    again = await wallets.unfreeze(caller=world.caller, message=of("frozen"))
    same(thawed.status, WalletStatus.OPEN, "the status afterwards")
    same((thawed.replayed, again.replayed), (False, True), "replayed, first and again")
    same(_code(await world.pay("wallets:frozen:eur", -1)), None, "paying out afterwards")


@CONTRACT.promise
async def a_frozen_wallet_does_not_grow(wallets: Wallets, world: World) -> None:
    """No account is added to a frozen wallet, and it stays frozen."""
    await opened(wallets, world, "stiff", eur())
    await wallets.freeze(caller=world.caller, message=of("stiff"))
    with refused(WalletStatusNotReachable, "an account of a frozen wallet", status="frozen"):
        await _add(wallets, world, "stiff", usd())
    seen = await shown(wallets, world, "stiff")
    same((seen.status, len(seen.accounts)), (WalletStatus.FROZEN, 1), "the wallet afterwards")
    await demand_books(world, "wallets:stiff:eur", Status.FROZEN, "a refused adding")
    same(await status_in_books(world, "wallets:stiff:usd"), None, "the books of what was refused")


@CONTRACT.promise
async def only_what_is_empty_closes(wallets: Wallets, world: World) -> None:
    """Only an empty wallet closes, all of it or nothing; the refusal names the accounts that are not empty."""
    await opened(wallets, world, "rich", eur(), usd())
    await world.pay("wallets:rich:usd", 5, asset="USD")
    for status, left in ((WalletStatus.OPEN, Status.OPEN), (WalletStatus.FROZEN, Status.FROZEN)):
        if status is WalletStatus.FROZEN:
            await wallets.freeze(caller=world.caller, message=of("rich"))
        with refused(WalletNotEmpty, f"closing it full and {status}", accounts="USD"):
            await wallets.close(caller=world.caller, message=of("rich"))
        same((await shown(wallets, world, "rich")).status, status, "its status afterwards")
        for asset in ("eur", "usd"):
            await demand_books(world, f"wallets:rich:{asset}", left, "a refused closing")


@CONTRACT.promise
async def a_hold_keeps_it_open(wallets: Wallets, world: World) -> None:
    """A wallet with an open hold does not close."""
    await opened(wallets, world, "held", eur())
    await world.pay("wallets:held:eur", 5)
    await world.pay("wallets:held:eur", -5)
    posting = Posting(debit="nostro:eur", credit="wallets:held:eur", amount=1, asset="EUR")
    hold = Hold(id=f"contract-{world.count()}", postings=(posting,))
    await world.ledger.submit(caller=world.caller, message=Submit(ledger=BOOK, items=(hold,)))
    with refused(WalletNotEmpty, "closing it with an open hold"):
        await wallets.close(caller=world.caller, message=of("held"))


@CONTRACT.promise
async def closed_and_opened_again(wallets: Wallets, world: World) -> None:
    """A closed wallet keeps its IBAN and does nothing but reopen; being closed already changes nothing."""
    iban = world.iban()
    await opened(wallets, world, "shut", eur(iban))
    first = await wallets.close(caller=world.caller, message=of("shut"))
    again = await wallets.close(caller=world.caller, message=of("shut"))
    same((first.status, again.status), (WalletStatus.CLOSED,) * 2, "the status, twice")
    same((first.replayed, again.replayed), (False, True), "replayed, first and again")
    await demand_books(world, "wallets:shut:eur", Status.CLOSED, "closing")
    for change in (wallets.freeze, wallets.unfreeze):
        with refused(WalletStatusNotReachable, "a change of a closed wallet", status="closed"):
            await change(caller=world.caller, message=of("shut"))
    with refused(WalletStatusNotReachable, "an account of a closed wallet", status="closed"):
        await _add(wallets, world, "shut", usd())
    held = await wallets.account_by_iban(caller=world.caller, message=IbanOf(iban=iban))
    same((held.wallet, held.status), ("shut", AccountStatus.CLOSED), "what its IBAN finds")
    with refused(IbanIsTaken, "the IBAN of a closed wallet"):
        await opened(wallets, world, "shut-not", eur(iban))
    back = await wallets.reopen(caller=world.caller, message=of("shut"))
    again = await wallets.reopen(caller=world.caller, message=of("shut"))
    same(
        (back.status, back.replayed, again.replayed), (WalletStatus.OPEN, False, True), "reopening"
    )
    await demand_books(world, "wallets:shut:eur", Status.OPEN, "reopening")


@CONTRACT.promise
async def what_is_not_there_is_not_changed(wallets: Wallets, world: World) -> None:
    """A change of a wallet that is not there is refused, and makes none."""
    for change in (wallets.freeze, wallets.unfreeze, wallets.close, wallets.reopen, wallets.wallet):
        for wallet in ("nobodys", "no such id", ""):
            with refused(WalletNotFound, f"{wallet!r}, which is not there"):
                await change(caller=world.caller, message=of(wallet))
    await opened(wallets, world, "open", eur())
    same(
        (await wallets.reopen(caller=world.caller, message=of("open"))).replayed,
        True,
        "reopening an open wallet",
    )


@CONTRACT.promise
async def limits_bind(wallets: Wallets, world: World) -> None:
    """Limits bind in the books, also those set while the wallet is frozen; setting them again changes nothing."""
    await opened(wallets, world, "bound", eur(max_available=100))
    same(
        _code(await world.pay("wallets:bound:eur", 101)),
        RefusalCode.EXCEEDS_MAXIMUM_BALANCE,
        "paying in more than the maximum",
    )
    same(
        _code(await world.pay("wallets:bound:eur", -1)),
        RefusalCode.EXCEEDS_AVAILABLE_BALANCE,
        "paying out what is not there",
    )
    await wallets.freeze(caller=world.caller, message=of("bound"))
    wider = SetAccountLimits(wallet="bound", account="EUR", min_available=-50, max_available=None)
    first = await wallets.set_limits(caller=world.caller, message=wider)
    again = await wallets.set_limits(caller=world.caller, message=wider)
    same((first.status, first.replayed), (WalletStatus.FROZEN, False), "set while frozen")
    same(again.replayed, True, "set again")
    account = again.accounts[0]
    same((account.min_available, account.max_available), (-50, None), "the limits it shows")
    await wallets.unfreeze(caller=world.caller, message=of("bound"))
    same(_code(await world.pay("wallets:bound:eur", -50)), None, "paying out within the new limits")
    for label in ("USD", "eur", "EUR:2", ""):
        message = SetAccountLimits(wallet="bound", account=label)
        with refused(WalletAccountNotFound, f"limits of an account {label!r}"):
            await wallets.set_limits(caller=world.caller, message=message)
    crossed = SetAccountLimits(wallet="bound", account="EUR", min_available=2, max_available=1)
    with refused(Malformed, "limits that cross"):
        await wallets.set_limits(caller=world.caller, message=crossed)

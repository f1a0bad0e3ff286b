"""Promises about reading wallets: balances, pages, IBANs, and what a caller sees."""

from typing import Any

from msgspec import structs

from tallystick.contracts.promises import BOOK, World, pages, refused, same
from tallystick.contracts.wallets.ground import CONTRACT, eur, of, opened, order, shown, usd
from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import Malformed
from tallystick.ledger.api import Hold, Posting, Submit
from tallystick.wallets.api import (
    IBANS_MAX,
    AccountStatus,
    IbanOf,
    IbansOf,
    ListWallets,
    Owner,
    OwnerKind,
    SetAccountLimits,
    WalletAccountNotFound,
    WalletBalances,
    WalletNotFound,
    Wallets,
    WalletStatus,
)


@CONTRACT.promise
async def balances_are_those_of_the_books(wallets: Wallets, world: World) -> None:
    """A wallet shows the balances of the books, to the last minor unit, with what is held."""
    await opened(wallets, world, "counted", eur(), usd())
    large = 2**53 + 1
    await world.pay("wallets:counted:eur", 701)
    await world.pay("wallets:counted:usd", large, asset="USD")
    posting = Posting(debit="wallets:counted:eur", credit="nostro:eur", amount=1, asset="EUR")
    hold = Hold(id=f"contract-{world.count()}", postings=(posting,))
    await world.ledger.submit(caller=world.caller, message=Submit(ledger=BOOK, items=(hold,)))
    seen = await shown(wallets, world, "counted")
    exact = str(large)
    same(
        [one.balances for one in seen.accounts],
        [
            WalletBalances(posted=701, pending=700, available=700),
            WalletBalances(posted=exact, pending=exact, available=exact),
        ],
        "the balances",
    )


@CONTRACT.promise
async def lists_in_pages(wallets: Wallets, world: World) -> None:
    """Wallets are listed by id, each once, in pages whose cursors lead to the end, without balances."""
    owner = Owner(kind=OwnerKind.COMPANY, name="De Vries Fietsen", reference="listed")
    names = [f"listed-{number}" for number in range(5)]
    for name in reversed(names):
        await wallets.open(caller=world.caller, message=order(name, owner=owner))
    await wallets.freeze(caller=world.caller, message=of("listed-2"))

    async def ids(limit: int, **filters: Any) -> list[str]:
        async def ask(after: str | None) -> Any:
            message = ListWallets(after=after, limit=limit, **filters)
            return await wallets.wallets(caller=world.caller, message=message)

        found = await pages(ask, limit=limit)
        told = [one.balances for item in found for one in item.accounts if one.balances]
        same(told, [], "the balances that a list tells")
        return [one.id for one in found]

    for limit in (1, 2, 4, 5, 200):
        same(await ids(limit, owner_reference="listed"), names, f"in pages of {limit}")
    everything = await ids(7)
    same(everything, sorted(set(everything)), "all, by id and each once")
    same(set(names) - set(everything), set[str](), "what is missing of all")
    open_ones = {"owner_reference": "listed", "status": WalletStatus.OPEN}
    same(await ids(3, **open_ones), [*names[:2], *names[3:]], "only those that are open")
    same(await ids(3, owner_reference="nobody"), [], "those of nobody")
    same(await ids(2, begins="listed-"), names, "those that begin so")
    same(await ids(2, begins="listed-3"), names[3:4], "the one that begins so")


@CONTRACT.promise
async def pages_have_bounds(wallets: Wallets, world: World) -> None:
    """A page has 1 to 200 items; another limit, a cursor of nobody and a wrong filter are refused."""
    for message in (
        ListWallets(limit=0),
        ListWallets(limit=201),
        ListWallets(limit=-1),
        ListWallets(after="a b"),
        ListWallets(owner_reference="c" * 141),
        ListWallets(owner_reference=" "),
    ):
        with refused(Malformed, f"{message!r}"):
            await wallets.wallets(caller=world.caller, message=message)


@CONTRACT.promise
async def lists_keep_tenants_apart(wallets: Wallets, world: World) -> None:
    """A list has nothing of another tenant."""
    owner = Owner(kind=OwnerKind.COMPANY, name="Apart", reference="apart-listed")
    await wallets.open(caller=world.caller, message=order("apart-mine", owner=owner))
    await wallets.open(caller=world.stranger, message=order("apart-theirs", owner=owner))
    message = ListWallets(owner_reference="apart-listed", limit=200)
    for caller, own in ((world.caller, "apart-mine"), (world.stranger, "apart-theirs")):
        page = await wallets.wallets(caller=caller, message=message)
        same([one.id for one in page.items], [own], "what a tenant's own list has")


@CONTRACT.promise
async def found_by_iban(wallets: Wallets, world: World) -> None:
    """Accounts are found by IBAN, one or many, each once and in order; what is not held here is absent."""
    first, second = sorted((world.iban(), world.iban()))
    await opened(wallets, world, "iban-1", eur(first))
    await opened(wallets, world, "iban-2", eur(), eur(second))
    await wallets.freeze(caller=world.caller, message=of("iban-2"))
    spaced = f" {second[:4]} {second[4:]}".lower()
    asked = IbansOf(ibans=(spaced, first, world.iban(), "no iban", first))
    found = (await wallets.accounts_by_iban(caller=world.caller, message=asked)).items
    told = [(one.iban, one.wallet, one.account, one.address, one.status) for one in found]
    expected = [
        (first, "iban-1", "EUR", "wallets:iban-1:eur", AccountStatus.OPEN),
        (second, "iban-2", "EUR:2", "wallets:iban-2:eur:2", AccountStatus.FROZEN),
    ]
    same(told, expected, "what is found")
    held = await wallets.account_by_iban(caller=world.caller, message=IbanOf(iban=first))
    same(held, found[0], "the one that is looked for alone")
    same(
        (held.ledger, held.asset, held.exponent, held.holder_name),
        (BOOK, "EUR", 2, "Ana López"),
        "what payments need of it",
    )
    with refused(WalletAccountNotFound, "an IBAN that nobody has"):
        await wallets.account_by_iban(caller=world.caller, message=IbanOf(iban=world.iban()))
    with refused(Malformed, "more IBANs than can be asked for at once"):
        many = IbansOf(ibans=(first,) * (IBANS_MAX + 1))
        await wallets.accounts_by_iban(caller=world.caller, message=many)


def _seeing(world: World, *patterns: str) -> Caller:
    """A caller who sees only these accounts; a context asks for it, whose word about that is believed."""
    return structs.replace(world.caller, via="payments", sees=patterns)


@CONTRACT.promise
async def only_what_is_seen(wallets: Wallets, world: World) -> None:
    """A caller who sees only some accounts is shown these alone; a wallet without one of them is not found."""
    owner = Owner(kind=OwnerKind.PERSON, name="Seen", reference="seen")
    own, hidden = world.iban(), world.iban()
    seen_order = order("seen-1", eur(own), usd(hidden), owner=owner)
    await wallets.open(caller=world.caller, message=seen_order)
    await wallets.open(caller=world.caller, message=order("seen-2", owner=owner))
    caller = _seeing(world, "wallets:seen-1:eur:...")
    found = await wallets.wallet(caller=caller, message=of("seen-1"))
    same([one.account for one in found.accounts], ["EUR"], "the accounts that are shown")
    with refused(WalletNotFound, "a wallet of which nothing is seen"):
        await wallets.wallet(caller=caller, message=of("seen-2"))
    message = ListWallets(owner_reference="seen", limit=200)
    page = await wallets.wallets(caller=caller, message=message)
    same([one.id for one in page.items], ["seen-1"], "the wallets that are listed")
    same([one.account for one in page.items[0].accounts], ["EUR"], "the accounts that are listed")
    with refused(WalletAccountNotFound, "an IBAN of an account that is not seen"):
        await wallets.account_by_iban(caller=caller, message=IbanOf(iban=hidden))
    both = await wallets.accounts_by_iban(caller=caller, message=IbansOf(ibans=(own, hidden)))
    same([one.iban for one in both.items], [own], "the IBANs that are found")
    anyone = _seeing(world, "wallets::usd")
    page = await wallets.wallets(caller=anyone, message=message)
    same([one.id for one in page.items], ["seen-1"], "those with an account that any() fits")


@CONTRACT.promise
async def reading_changes_nothing(wallets: Wallets, world: World) -> None:
    """What was shown once is shown the same again, and after a change it shows the change."""
    await opened(wallets, world, "calm", eur())
    first, second = [await shown(wallets, world, "calm") for _ in range(2)]
    same(second, first, "shown twice")
    message = SetAccountLimits(wallet="calm", account="EUR", max_available=7)
    changed = await wallets.set_limits(caller=world.caller, message=message)
    same(await shown(wallets, world, "calm"), changed, "shown after a change")

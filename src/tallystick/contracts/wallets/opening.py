"""Promises about opening wallets: ids and repetitions, content, IBANs, and that a refusal leaves nothing behind."""

import asyncio
from collections.abc import Sequence

from tallystick.contracts.promises import World, refused, same, that
from tallystick.contracts.wallets.ground import (
    CONTRACT,
    demand_absent,
    demand_books,
    eur,
    of,
    opened,
    order,
    shown,
    status_in_books,
    usd,
)
from tallystick.kernel.problems import Malformed
from tallystick.ledger.api import Status
from tallystick.wallets.api import (
    ACCOUNTS_MAX,
    LEDGER,
    TEXT_MAX,
    WALLET_ID_MAX,
    AccountNeedsAnIban,
    AccountWanted,
    IbanIsTaken,
    IbanNotValid,
    IbanOf,
    OpenWallet,
    Owner,
    OwnerKind,
    WalletAccountNotFound,
    WalletBalances,
    WalletExistsDifferent,
    Wallets,
    WalletStatus,
)

PER_TIME = 4


@CONTRACT.reaching
async def answers(wallets: Wallets, world: World) -> None:
    """Open a wallet, for which the books are needed too."""
    await wallets.open(caller=world.caller, message=order(None))


@CONTRACT.promise
async def opened_as_asked(wallets: Wallets, world: World) -> None:
    """A wallet is opened as it was asked for, with its accounts in the books at `wallets:<id>:<asset>`."""
    iban = world.iban()
    written = " ".join(iban[start : start + 4] for start in range(0, len(iban), 4)).lower()
    made = await opened(wallets, world, "opened", eur(written, max_available=900), usd())
    same((made.id, made.status, made.replayed), ("opened", WalletStatus.OPEN, False), "opening")
    same((made.owner.name, made.owner.reference), ("Ana López", "c-7"), "its owner")
    same(made.name, "Household", "its name")
    told = [(one.account, one.asset, one.exponent, one.iban) for one in made.accounts]
    same(told, [("EUR", "EUR", 2, iban), ("USD", "USD", 2, None)], "its accounts")
    limits = [(one.min_available, one.max_available) for one in made.accounts]
    same(limits, [(0, 900), (0, None)], "their limits")
    places = [(one.ledger, one.address) for one in made.accounts]
    same(
        places,
        [(LEDGER, "wallets:opened:eur"), (LEDGER, "wallets:opened:usd")],
        "their places in the books",
    )
    for _, address in places:
        await demand_books(world, address, Status.OPEN, "opening")
    nothing = WalletBalances(posted=0, pending=0, available=0)
    same([one.balances for one in made.accounts], [nothing, nothing], "their balances")
    same(await shown(wallets, world, "opened"), made, "the wallet as it is shown")


@CONTRACT.promise
async def without_an_id(wallets: Wallets, world: World) -> None:
    """A wallet that is opened without an id gets one of its own."""
    made = [await wallets.open(caller=world.caller, message=order(None)) for _ in range(2)]
    that(made[0].id != made[1].id, f"two wallets have the same id {made[0].id!r}")
    for one in made:
        that(1 <= len(one.id) <= WALLET_ID_MAX, f"{one.id!r} is no id of a wallet")
        same((await shown(wallets, world, one.id)).id, one.id, "found by its id")


@CONTRACT.promise
async def the_same_id_again(wallets: Wallets, world: World) -> None:
    """The same id with the same content is the same wallet, and its answer says that it was there."""
    iban = world.iban()
    first = await opened(wallets, world, "again", eur(iban), usd())
    again = await opened(wallets, world, "again", eur(iban), usd())
    same((first.replayed, again.replayed), (False, True), "replayed, first and again")
    same(again.accounts, first.accounts, "the accounts of the repetition")
    same(again.opened_at, first.opened_at, "when it was opened")
    # Limits may have been set since, so they are no part of what is repeated.
    other = await opened(wallets, world, "again", eur(iban, max_available=5), usd())
    same((other.replayed, other.accounts), (True, first.accounts), "repeated with other limits")


@CONTRACT.promise
async def the_same_id_with_other_content(wallets: Wallets, world: World) -> None:
    """The same id with other content is refused, and the refusal names the field."""
    iban = world.iban()
    first = await opened(wallets, world, "taken", eur(iban))
    owner = first.owner
    others: Sequence[tuple[str, OpenWallet]] = (
        ("owner.kind", _owned("taken", iban, OwnerKind.COMPANY, owner.name, owner.reference)),
        ("owner.name", _owned("taken", iban, owner.kind, "Eva", owner.reference)),
        ("owner.reference", _owned("taken", iban, owner.kind, owner.name, None)),
        ("name", order("taken", eur(iban), name="Savings")),
        ("accounts", order("taken", eur(world.iban()))),
        ("accounts", order("taken", eur(iban), usd())),
    )
    for field, message in others:
        with refused(WalletExistsDifferent, f"another {field}", field=field):
            await wallets.open(caller=world.caller, message=message)
    same(await shown(wallets, world, "taken"), first, "the wallet after all that")


def _owned(wallet: str, iban: str, kind: OwnerKind, name: str, reference: str | None) -> OpenWallet:
    return order(wallet, eur(iban), owner=Owner(kind=kind, name=name, reference=reference))


@CONTRACT.promise
async def opened_at_the_same_time(wallets: Wallets, world: World) -> None:
    """The same wallet opened by several at the same time is opened once, and all learn the same."""
    iban = world.iban()
    made = await asyncio.gather(
        *(opened(wallets, world, "at-once", eur(iban), usd()) for _ in range(PER_TIME))
    )
    same({one.status for one in made}, {WalletStatus.OPEN}, "the status they learn")
    same({one.opened_at for one in made}, {made[0].opened_at}, "when it was opened")
    seen = await shown(wallets, world, "at-once")
    same([one.account for one in seen.accounts], ["EUR", "USD"], "the accounts it has then")


@CONTRACT.promise
async def two_accounts_of_an_asset(wallets: Wallets, world: World) -> None:
    """A wallet has several accounts of an asset when all but one have an IBAN."""
    made = await opened(wallets, world, "two", eur(world.iban()), eur(world.iban()), eur())
    same([one.account for one in made.accounts], ["EUR", "EUR:2", "EUR:3"], "their names")
    same(made.accounts[1].address, "wallets:two:eur:2", "the place of the second in the books")
    with refused(AccountNeedsAnIban, "two of an asset without an IBAN", asset="EUR"):
        await opened(wallets, world, "two-bare", eur(), eur())
    await demand_absent(wallets, world.caller, "two-bare", "what was refused")


@CONTRACT.promise
async def ibans_that_are_none(wallets: Wallets, world: World) -> None:
    """What is no IBAN by country, length, form or check digits is refused, and leaves nothing behind."""
    good = world.iban()
    wrong_digits = good[:2] + f"{(int(good[2:4]) + 1) % 97:02d}" + good[4:]
    for text in (wrong_digits, good[:-1], good + "0", "XX" + good[2:], "no iban", ""):
        with refused(IbanNotValid, f"an account with the IBAN {text!r}"):
            await opened(wallets, world, "no-iban", usd(), eur(text))
        with refused(IbanNotValid, f"the IBAN {text!r} looked for"):
            await wallets.account_by_iban(caller=world.caller, message=IbanOf(iban=text))
    await demand_absent(wallets, world.caller, "no-iban", "what was refused")
    same(await status_in_books(world, "wallets:no-iban:usd"), None, "the books of what was refused")


@CONTRACT.promise
async def an_iban_is_taken_once(wallets: Wallets, world: World) -> None:
    """An IBAN is taken once in a tenant; who is refused for it takes nothing and may try again with another."""
    iban, other = world.iban(), world.iban()
    await opened(wallets, world, "holder", eur(iban))
    with refused(IbanIsTaken, "an IBAN that another wallet has"):
        await opened(wallets, world, "late", eur(other), usd(iban))
    with refused(IbanIsTaken, "an IBAN twice in one message"):
        await opened(wallets, world, "late", eur(other), eur(other))
    await demand_absent(wallets, world.caller, "late", "what was refused")
    with refused(WalletAccountNotFound, "the other IBAN of what was refused"):
        await wallets.account_by_iban(caller=world.caller, message=IbanOf(iban=other))
    made = await opened(wallets, world, "late", eur(other))
    same((made.status, made.replayed), (WalletStatus.OPEN, False), "the same id with another IBAN")


@CONTRACT.promise
async def messages_that_are_none(wallets: Wallets, world: World) -> None:
    """A message that is malformed is refused, names the place, and leaves nothing behind."""
    person = Owner(kind=OwnerKind.PERSON, name="x" * (TEXT_MAX + 1))
    bare = OpenWallet(id="bad", owner=Owner(kind=OwnerKind.PERSON, name="A"), name="B", accounts=())
    many = tuple(
        AccountWanted(asset=f"A{number}", exponent=0) for number in range(ACCOUNTS_MAX + 1)
    )
    odd = AccountWanted(asset="eur", exponent=2)
    deep = AccountWanted(asset="EUR", exponent=19)
    wrong: Sequence[tuple[str, OpenWallet]] = (
        ("id", order("with space")),
        ("id", order("wal_ours")),
        ("id", order("x" * (WALLET_ID_MAX + 1))),
        ("accounts", bare),
        ("accounts", order("bad", *many)),
        ("accounts[1].asset", order("bad", usd(), odd)),
        ("accounts[0].exponent", order("bad", deep)),
        ("accounts[0].min_available", order("bad", eur(min_available=2, max_available=1))),
        ("accounts[0].max_available", order("bad", eur(max_available="1" * 39))),
        ("owner.name", order("bad", owner=person)),
        ("name", order("bad", name="  ")),
        ("name", order("bad", name="a\nb")),
        ("name", order("bad", name="")),
    )
    for place, message in wrong:
        with refused(Malformed, f"a message with a wrong {place}") as found:
            await wallets.open(caller=world.caller, message=message)
        same(list(found), [place], f"what the refusal of a wrong {place} names")
    await demand_absent(wallets, world.caller, "bad", "what was malformed")
    for address in ("wallets:bad:usd", "wallets:bad:eur"):
        same(await status_in_books(world, address), None, "the books of what was malformed")


@CONTRACT.promise
async def tenants_apart(wallets: Wallets, world: World) -> None:
    """Tenants are apart: the same id and IBAN are free in another, and nothing of one is found in the other."""
    iban = world.iban()
    mine = await opened(wallets, world, "apart", eur(iban))
    await demand_absent(wallets, world.stranger, "apart", "another tenant's wallet")
    with refused(WalletAccountNotFound, "another tenant's IBAN"):
        await wallets.account_by_iban(caller=world.stranger, message=IbanOf(iban=iban))
    theirs = await wallets.open(
        caller=world.stranger, message=order("apart", eur(iban), name="Theirs")
    )
    same(
        (theirs.name, theirs.replayed), ("Theirs", False), "the same id and IBAN in another tenant"
    )
    await wallets.freeze(caller=world.stranger, message=of("apart"))
    same(await shown(wallets, world, "apart"), mine, "ours after theirs was opened and frozen")
    await demand_books(world, "wallets:apart:eur", Status.OPEN, "ours after theirs was frozen")

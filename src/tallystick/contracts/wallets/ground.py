"""What the promises of wallets are tried with: a wallet to open, and a look at what the books have of it."""

from typing import Any, Final

from tallystick.contracts.promises import BOOK, Broken, Contract, World, same
from tallystick.kernel.callers import Caller
from tallystick.ledger.api import AccountNotFound, AccountOf, Status
from tallystick.wallets.api import (
    AccountWanted,
    OpenWallet,
    Owner,
    OwnerKind,
    Wallet,
    WalletNotFound,
    WalletOf,
    Wallets,
)

CONTRACT: Final = Contract(Wallets)
PERSON: Final = Owner(kind=OwnerKind.PERSON, name="Ana López", reference="c-7")


def eur(iban: str | None = None, **limits: Any) -> AccountWanted:
    """An account in euro."""
    return AccountWanted(asset="EUR", exponent=2, iban=iban, **limits)


def usd(iban: str | None = None) -> AccountWanted:
    """An account in dollars."""
    return AccountWanted(asset="USD", exponent=2, iban=iban)


def order(wallet: str | None, *accounts: AccountWanted, **words: Any) -> OpenWallet:
    """A wallet to open: of a person, with an account in euro unless others are given."""
    given = {"id": wallet, "owner": PERSON, "name": "Household", "accounts": accounts or (eur(),)}
    return OpenWallet(**given | words)


def of(wallet: str) -> WalletOf:
    """The message that names a wallet."""
    return WalletOf(wallet=wallet)


async def opened(wallets: Wallets, world: World, wallet: str, *accounts: AccountWanted) -> Wallet:
    """Open a wallet."""
    return await wallets.open(caller=world.caller, message=order(wallet, *accounts))


async def shown(wallets: Wallets, world: World, wallet: str) -> Wallet:
    """Look at a wallet."""
    return await wallets.wallet(caller=world.caller, message=of(wallet))


async def demand_absent(wallets: Wallets, caller: Caller, wallet: str, what: str) -> None:
    """Expect that there is no such wallet. Raises Broken."""
    try:
        found = await wallets.wallet(caller=caller, message=of(wallet))
    except WalletNotFound:
        return
    raise Broken(f"{what}: the wallet is there, {found.status}")


async def status_in_books(world: World, address: str) -> Status | None:
    """The status of an account in the books, None where they have none."""
    try:
        message = AccountOf(ledger=BOOK, address=address)
        return (await world.ledger.account(caller=world.caller, message=message)).status
    except AccountNotFound:
        return None


async def demand_books(world: World, address: str, status: Status, what: str) -> None:
    """Expect the books to have an account in this status. Raises Broken."""
    same(await status_in_books(world, address), status, f"{what}: {address} in the books")

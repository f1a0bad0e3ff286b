"""The demonstration: one tenant, two companies and their customers, with money to pay with."""

from typing import Final

from tallystick.apps import development
from tallystick.apps.compose import Platform
from tallystick.apps.identifying import NearIdentity
from tallystick.identity.api.people import AddPerson
from tallystick.identity.api.providers import ListProviders, SetOidcProvider
from tallystick.identity.api.rights import GiveDelegation, GiveRole, ListDelegations
from tallystick.identity.service.rights import RightsService
from tallystick.kernel.callers import Caller
from tallystick.ledger.api import OpenAccount, OpenLedger, Post, Posting, Side, Submit
from tallystick.runtime.clock import Mint, SystemClock
from tallystick.wallets.api import AccountWanted, OpenWallet, Owner, OwnerKind

LEDGER: Final = "main"
PROVIDER: Final = "development"
# How the development issuer calls them, and what they may do.
_PEOPLE: Final = {
    "owner": ("owner",),
    "clerk": ("payment_clerk",),
    "approver": ("approver", "cloud_approver"),
    "bookkeeper": ("bookkeeper",),
}
# A program that keeps books, moves money, and plans and applies clouds.
KEY_ROLES: Final = ("machine", "cloud_runner")
# id, kind, name, IBAN, currency, opening balance in minor units
_OWNERS: Final = (
    ("electrical", "company", "Electrical", "ES9121000418450200051332", "EUR", 250_000_00),
    ("de-vries-fietsen", "company", "De Vries Fietsen", "NL91ABNA0417164300", "EUR", 100_000_00),
    ("mueller-rahmenbau", "company", "Müller Rahmenbau", "DE89370400440532013000", "EUR", 0),
    ("claire-martin", "person", "Claire Martin", "FR1420041010050500013M02606", "EUR", 1_250_40),
    ("luca-rossi", "person", "Luca Rossi", "IT60X0542811101000000123456", "EUR", 310_00),
    ("emma-peeters", "person", "Emma Peeters", "BE68539007547034", "EUR", 87_15),
    ("jonas-gruber", "person", "Jonas Gruber", "AT611904300234573201", "EUR", 0),
    ("reto-meier", "person", "Reto Meier", "CH9300762011623852957", "CHF", 5_000_00),
)


async def prepare(platform: Platform, *, caller: Caller) -> None:
    """Open the demonstration's accounts and put opening balances on them. Doing it again changes nothing."""
    await platform.ledger.open_ledger(caller=caller, message=OpenLedger(name=LEDGER))
    for currency in ("EUR", "CHF"):
        await platform.ledger.open_account(
            caller=caller,
            message=OpenAccount(
                ledger=LEDGER,
                address=_nostro(currency),
                asset=currency,
                exponent=2,
                normal_side=Side.DEBIT,
            ),
        )
    for wallet, kind, name, iban, currency, _ in _OWNERS:
        await platform.wallets.open(
            caller=caller,
            message=OpenWallet(
                id=wallet,
                owner=Owner(kind=OwnerKind(kind), name=name, reference=wallet),
                name=f"{name}, current account",
                accounts=(AccountWanted(asset=currency, exponent=2, iban=iban),),
            ),
        )
    await _fund(platform, caller)


async def people(platform: Platform, *, caller: Caller, issuer: str, back: str) -> None:
    """Let the development issuer say who people are, and add those of the demonstration with their roles.

    ``caller`` is an operator of the tenant, ``back`` where the issuer sends browsers of the console back to. Doing it
    again changes nothing.
    """
    doors = platform.doors_of_identity
    known = (await doors.providers.providers(caller=caller, message=ListProviders())).items
    if not any(
        one.provider == PROVIDER and one.issuer == issuer and back in one.redirects for one in known
    ):
        await doors.providers.set_oidc(
            caller=caller,
            message=SetOidcProvider(
                provider=PROVIDER,
                issuer=issuer,
                client_id=development.CLIENT,
                algorithms=("ES256",),
                redirects=(back,),
                trusts_mfa=True,
            ),
        )
    for subject, roles in _PEOPLE.items():
        name = f"{subject.capitalize()} of the demonstration"
        person = await doors.people.add(
            caller=caller, message=AddPerson(name=name, issuer=issuer, subject=subject)
        )
        for role in roles:
            await doors.rights.give_role(
                caller=caller, message=GiveRole(holder=person.person, role=role)
            )
        if "payment_clerk" in roles:
            await _delegate(platform, caller, person.person)


async def _delegate(platform: Platform, caller: Caller, clerk: str) -> None:
    """Let the clerk pay from the two companies, alone as far as 1,000.00, and see their wallets."""
    doors, clock = platform.doors_of_identity, SystemClock()
    assert isinstance(doors, NearIdentity), "the demonstration has all parts in one process"
    # Operators give no delegations at the door; here nobody is there yet who could.
    rights = RightsService(
        database=platform.databases["identity"],
        mint=Mint(clock),
        clock=clock,
        standings=doors.standings,
    )
    held = await rights.delegations(caller=caller, message=ListDelegations(holder=clerk))
    if held.items:
        return
    await rights.give_delegation(
        caller=caller,
        message=GiveDelegation(
            holder=clerk,
            actions=("pay", "see"),
            accounts=("wallets:de-vries-fietsen:...", "wallets:electrical:..."),
            asset="EUR",
            cap_each=10_000_00,
            approvers=1,
            approve_above=1_000_00,
        ),
    )


async def _fund(platform: Platform, caller: Caller) -> None:
    items = tuple(
        Post(
            id=f"opening-balance-{wallet}",
            postings=(
                Posting(
                    debit=_nostro(currency),
                    credit=f"wallets:{wallet}:{currency.lower()}",
                    amount=amount,
                    asset=currency,
                ),
            ),
            reference="opening balance",
        )
        for wallet, _, _, _, currency, amount in _OWNERS
        if amount
    )
    verdicts = await platform.ledger.submit(
        caller=caller, message=Submit(ledger=LEDGER, items=items)
    )
    for verdict in verdicts.items:
        assert verdict.refusal is None, verdict.refusal


def _nostro(currency: str) -> str:
    """Our account with the central bank, where money of that currency came from."""
    return f"bank:nostro:{currency.lower()}"

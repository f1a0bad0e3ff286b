"""The overview: what a person owns, what waits for them, what happened lately, whether everything is well."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tallystick.audit.api import Act, ActPage, ListActs, Log, LogState
from tallystick.console.amounts import Sum, instructed
from tallystick.console.asking import part
from tallystick.console.pages.accounts import wallet_of
from tallystick.console.site import Site, Visit
from tallystick.identity.api.approvals import ListApprovals, Which
from tallystick.kernel.fields import PAGE_MAX
from tallystick.kernel.money import to_int
from tallystick.ledger.api import Account, AccountPage, ListAccounts
from tallystick.payments.api import ListPayments, Payment, PaymentPage
from tallystick.runtime.routes import Reply, Route
from tallystick.wallets.api import LEDGER, ListWallets, Wallet, WalletPage

ACCOUNTS_SHOWN: Final = 12
LATELY: Final = 6
# Of so many last acts, those are shown that were more than looking.
ACTS_LOOKED: Final = 100
READ: Final = ".read"
OWNED: Final = "wallets:..."


@dataclass(frozen=True, kw_only=True)
class Total:
    """All that accounts of one asset come to, in minor units."""

    asset: str
    exponent: int
    posted: int
    pending: int
    available: int


@dataclass(frozen=True, kw_only=True)
class Owned:
    """An account of a wallet, with the wallet's id and name."""

    account: Account
    wallet: str
    name: str


def routes(site: Site) -> list[Route]:
    """The route of the overview."""

    async def overview(visit: Visit) -> Reply:
        doors, caller = site.doors, visit.caller
        accounts, wallets, waiting, acts, payments, log = await asyncio.gather(
            part(doors.ledger.accounts(caller=caller, message=_all_owned())),
            part(doors.wallets.wallets(caller=caller, message=ListWallets(limit=ACCOUNTS_SHOWN))),
            part(doors.approvals.approvals(caller=caller, message=_waiting())),
            part(doors.audit.acts(caller=caller, message=ListActs(limit=ACTS_LOOKED))),
            part(doors.payments.payments(caller=caller, message=ListPayments(limit=LATELY))),
            part(doors.audit.log(caller=caller, message=LogState())),
        )
        away = {
            "ledger": accounts.away,
            "wallets": wallets.away,
            "identity": waiting.away,
            "payments": payments.away,
            "audit": log.away or acts.away,
        }
        return visit.page(
            "overview.html",
            totals=_totals(accounts.answer),
            has_more=accounts.answer is not None and accounts.answer.after is not None,
            is_of_several=len({one.owner.name for one in _wallets(wallets.answer)}) > 1,
            owned=_owned(accounts.answer, wallets.answer),
            is_all_shown=accounts.answer is not None
            and len(accounts.answer.items) <= ACCOUNTS_SHOWN,
            waiting=waiting.answer,
            acts=_done(acts.answer),
            payments=_paid(payments.answer),
            sees_payments=payments.answer is not None,
            log=log.answer,
            alarms=_alarms(visit, log.answer),
            away=[name for name, is_away in away.items() if is_away],
        )

    return [site.get("/", overview)]


def _all_owned() -> ListAccounts:
    return ListAccounts(ledger=LEDGER, address=OWNED, limit=PAGE_MAX)


def _waiting() -> ListApprovals:
    return ListApprovals(which=Which.WAITING, limit=LATELY)


def _totals(page: AccountPage | None) -> list[Total]:
    """What the accounts come to, by asset; none where there are more than a page of them."""
    if page is None or page.after is not None:
        return []
    found: dict[str, Total] = {}
    for one in page.items:
        before = found.get(one.asset)
        found[one.asset] = Total(
            asset=one.asset,
            exponent=one.exponent,
            posted=to_int(one.balances.posted) + (before.posted if before else 0),
            pending=to_int(one.balances.pending) + (before.pending if before else 0),
            available=to_int(one.balances.available) + (before.available if before else 0),
        )
    return [found[asset] for asset in sorted(found)]


def _owned(page: AccountPage | None, wallets: WalletPage | None) -> list[Owned]:
    names = {one.id: one.name for one in _wallets(wallets)}
    shown: list[Owned] = []
    for account in page.items[:ACCOUNTS_SHOWN] if page else ():
        wallet, _ = wallet_of(account) or (account.address, "")
        shown.append(Owned(account=account, wallet=wallet, name=names.get(wallet, wallet)))
    return shown


def _wallets(page: WalletPage | None) -> tuple[Wallet, ...]:
    return page.items if page else ()


def _paid(page: PaymentPage | None) -> Sequence[tuple[Payment, Sum]]:
    return [
        (one, instructed(one.instructed_amount, one.currency, one.amount))
        for one in (page.items if page else ())
    ]


def _done(page: ActPage | None) -> list[Act]:
    """The last acts that are more than looking: every page that is shown is an act too."""
    acts = page.items if page else ()
    return [one for one in acts if not one.tag.endswith(READ)][:LATELY]


def _alarms(visit: Visit, log: Log | None) -> list[str]:
    """What somebody should see to, in words; an alarm of a newer release by its name."""
    told: list[str] = []
    for name in log.alarms if log else ():
        try:
            told.append(visit.reader.text(f"overview.alarm_{name}"))
        except KeyError:
            told.append(name)
    return told

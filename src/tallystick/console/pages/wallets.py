"""Wallets: the list of them, one with its owner and accounts, and what is done to one."""

from collections.abc import Mapping
from typing import Annotated, Final
from urllib.parse import urlencode

from tallystick.console.paging import turning
from tallystick.console.site import Site, Visit
from tallystick.console.wallet_forms import account_of, limits_of, refused, wallet_of
from tallystick.kernel.fields import PAGE_MAX, told
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import Malformed, Problem
from tallystick.runtime.routes import Reply, Route
from tallystick.wallets.api import (
    AddAccount,
    ListWallets,
    SetAccountLimits,
    Wallet,
    WalletAccount,
    WalletAccountNotFound,
    WalletOf,
    WalletStatus,
)

PATH: Final = "/wallets"
OPEN: Final = "/open-wallet"
_SHOWN = told("As a person filled it in.")
_DONE: Final = ("opened", "added", "limited", "freeze", "unfreeze", "close", "reopen")
# What can be done to a wallet, by where it stands.
_NEXT: Final[Mapping[WalletStatus, tuple[str, ...]]] = {
    WalletStatus.OPEN: ("freeze", "close"),
    WalletStatus.FROZEN: ("unfreeze", "close"),
    WalletStatus.CLOSED: ("reopen",),
}


class Listed(Message, frozen=True):
    """Which wallets are listed."""

    begins: Annotated[str, _SHOWN] = ""
    reference: Annotated[str, _SHOWN] = ""
    status: Annotated[str, _SHOWN] = ""
    after: Annotated[str, told("The cursor.")] = ""


class Shown(Message, frozen=True):
    """What was just done to a wallet, to be said on its page."""

    done: Annotated[str, told("What was done.")] = ""


class Opening(Message, frozen=True):
    """The form of a new wallet: its id, so that a page that is shown again asks for the same wallet."""

    id: Annotated[str, told("The id it shall have.")] = ""


def routes(site: Site) -> list[Route]:
    """The routes of wallets."""
    return [*_seen(site), *_opened(site), *_changed(site), *_accounts(site)]


def _seen(site: Site) -> list[Route]:
    wallets = site.doors.wallets

    async def listed(visit: Visit) -> Reply:
        query: Listed = visit.asked.query
        wrong: dict[str, str] = {}
        page = None
        try:
            message = ListWallets(
                begins=query.begins.strip() or None,
                owner_reference=query.reference.strip() or None,
                status=WalletStatus(query.status) if query.status in set(WalletStatus) else None,
                after=query.after or None,
                limit=PAGE_MAX,
            )
            page = await wallets.wallets(caller=visit.caller, message=message)
        except Malformed as problem:
            wrong.update(problem.fields)
        kept = {"begins": query.begins, "reference": query.reference, "status": query.status}
        again = {name: value for name, value in kept.items() if value}
        return visit.page(
            "wallets.html",
            status=422 if wrong else 200,
            asked=query,
            wallets=page.items if page else (),
            statuses=(WalletStatus.OPEN, WalletStatus.FROZEN, WalletStatus.CLOSED),
            wrong=wrong,
            **turning(PATH, again, here=query.after, after=page.after if page else None),
        )

    async def one(visit: Visit) -> Reply:
        wallet = await _wallet(site, visit)
        done = visit.asked.query.done
        return visit.page("wallet.html", wallet=wallet, done=done if done in _DONE else "")

    async def change(visit: Visit) -> Reply:
        wallet = await _wallet(site, visit)
        return visit.page("wallet_change.html", wallet=wallet, ways=_NEXT.get(wallet.status, ()))

    return [
        site.get(PATH, listed, query=Listed),
        site.get(f"{PATH}/{{wallet}}", one, query=Shown),
        site.get(f"{PATH}/{{wallet}}/change", change),
    ]


async def _wallet(site: Site, visit: Visit) -> Wallet:
    message = WalletOf(wallet=visit.asked.path["wallet"])
    return await site.doors.wallets.wallet(caller=visit.caller, message=message)


def _opened(site: Site) -> list[Route]:
    async def show(visit: Visit) -> Reply:
        if not visit.asked.query.id:
            # The id is in the address: shown again, in another tab or by the back button, it is the same wallet.
            return visit.to(f"{OPEN}?{urlencode({'id': site.ground.mint.id('w')})}")
        return visit.page("wallet_open.html", given={"id": visit.asked.query.id}, wrong={})

    async def open_wallet(visit: Visit) -> Reply:
        try:
            made = await site.doors.wallets.open(caller=visit.caller, message=wallet_of(visit))
        except Problem as problem:
            given = {name: visit.form.text(name) for name in visit.form.fields}
            return visit.page("wallet_open.html", status=422, given=given, wrong=refused(problem))
        return visit.to(f"{PATH}/{made.id}?done=opened")

    return [site.get(OPEN, show, query=Opening), site.post(OPEN, open_wallet)]


def _changed(site: Site) -> list[Route]:
    doors = site.doors.wallets
    changes = {
        "freeze": doors.freeze,
        "unfreeze": doors.unfreeze,
        "close": doors.close,
        "reopen": doors.reopen,
    }

    def route(name: str) -> Route:
        async def change(visit: Visit) -> Reply:
            message = WalletOf(wallet=visit.asked.path["wallet"])
            changed = await changes[name](caller=visit.caller, message=message)
            return visit.to(f"{PATH}/{changed.id}?done={name}")

        return site.post(f"{PATH}/{{wallet}}/{name}", change)

    return [route(name) for name in changes]


def _accounts(site: Site) -> list[Route]:
    doors = site.doors.wallets

    async def adding(visit: Visit) -> Reply:
        wallet = await _wallet(site, visit)
        return visit.page("wallet_add.html", wallet=wallet, given={}, wrong={})

    async def add(visit: Visit) -> Reply:
        name = visit.asked.path["wallet"]
        try:
            message = AddAccount(wallet=name, account=account_of(visit))
            changed = await doors.add_account(caller=visit.caller, message=message)
        except Problem as problem:
            wrong = refused(problem)
            given = {name: visit.form.text(name) for name in visit.form.fields}
            wallet = await _wallet(site, visit)
            return visit.page(
                "wallet_add.html", status=422, wallet=wallet, given=given, wrong=wrong
            )
        return visit.to(f"{PATH}/{changed.id}?done=added")

    async def limiting(visit: Visit) -> Reply:
        wallet = await _wallet(site, visit)
        return visit.page(
            "wallet_limits.html", wallet=wallet, account=_account(visit, wallet), given={}, wrong={}
        )

    async def limit(visit: Visit) -> Reply:
        wallet = await _wallet(site, visit)
        account = _account(visit, wallet)
        try:
            least, most = limits_of(visit, account.exponent)
            message = SetAccountLimits(
                wallet=wallet.id, account=account.account, min_available=least, max_available=most
            )
            await doors.set_limits(caller=visit.caller, message=message)
        except Problem as problem:
            return visit.page(
                "wallet_limits.html",
                status=422,
                wallet=wallet,
                account=account,
                given={name: visit.form.text(name) for name in visit.form.fields},
                wrong=refused(problem),
            )
        return visit.to(f"{PATH}/{wallet.id}?done=limited")

    limits = f"{PATH}/{{wallet}}/accounts/{{account}}/limits"
    return [
        site.get(f"{PATH}/{{wallet}}/add-account", adding),
        site.post(f"{PATH}/{{wallet}}/add-account", add),
        site.get(limits, limiting),
        site.post(limits, limit),
    ]


def _account(visit: Visit, wallet: Wallet) -> WalletAccount:
    asked = visit.asked.path["account"]
    for one in wallet.accounts:
        if one.account == asked:
            return one
    raise WalletAccountNotFound(f"the wallet has no account {asked[:24]!r}")

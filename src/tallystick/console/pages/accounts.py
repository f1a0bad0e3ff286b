"""Accounts of the books: the list of them, and one with its balance over time and its entries."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Annotated, Final, NamedTuple, TypeVar

from tallystick.console import entries, history
from tallystick.console.asking import part
from tallystick.console.paging import turning
from tallystick.console.reader import Reader
from tallystick.console.site import Site, Visit
from tallystick.kernel.fields import PAGE_MAX, told
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import Malformed
from tallystick.ledger.api import (
    Account,
    AccountOf,
    AccountPage,
    ListAccounts,
    ListLedgers,
    RecordedInFuture,
)
from tallystick.runtime.routes import Reply, Route
from tallystick.wallets.api import LEDGER, WalletOf

PATH: Final = "/accounts"
WALLETS: Final = "wallets:"
Answer = TypeVar("Answer")
_SHOWN = told("As a person filled it in.")


class Row(NamedTuple):
    """An account of the list, with its figures written out: a page has hundreds."""

    path: str
    address: str
    status: str
    posted: str
    pending: str
    available: str
    asset: str


class Listed(Message, frozen=True):
    """Which accounts are listed."""

    ledger: Annotated[str, _SHOWN] = LEDGER
    begins: Annotated[str, _SHOWN] = ""
    asset: Annotated[str, _SHOWN] = ""
    after: Annotated[str, told("The cursor.")] = ""


def routes(site: Site) -> list[Route]:
    """The routes of accounts."""
    ledger = site.doors.ledger

    async def listed(visit: Visit) -> Reply:
        query: Listed = visit.asked.query
        message = ListAccounts(
            ledger=query.ledger,
            begins=query.begins.strip() or None,
            asset=query.asset.strip().upper() or None,
            after=query.after or None,
            limit=PAGE_MAX,
        )
        books, found = await asyncio.gather(
            part(ledger.ledgers(caller=visit.caller, message=ListLedgers(limit=PAGE_MAX))),
            _found(site, visit, message),
        )
        page, wrong = found
        kept = {"ledger": query.ledger, "begins": query.begins, "asset": query.asset}
        again = {name: value for name, value in kept.items() if value}
        return visit.page(
            "accounts.html",
            status=422 if wrong else 200,
            asked=query,
            books=[one.name for one in books.answer.items] if books.answer else [query.ledger],
            rows=_rows(page.items, visit.reader) if page else (),
            wrong=wrong,
            **turning(PATH, again, here=query.after, after=page.after if page else None),
        )

    async def one(visit: Visit) -> Reply:
        query: entries.Looked = visit.asked.query
        name, address = visit.asked.path["ledger"], visit.asked.path["address"]
        account = await ledger.account(
            caller=visit.caller, message=AccountOf(ledger=name, address=address)
        )
        wrong: dict[str, str] = {}
        held, chart, found = await asyncio.gather(
            _held(visit, account),
            _refusable(history.read(site, visit, account), wrong),
            _refusable(entries.read(site, visit, account), wrong),
        )
        return visit.page(
            "account.html",
            status=422 if wrong else 200,
            asked=query,
            account=account,
            wallet=wallet_of(account),
            holder=held.holder,
            iban=held.iban,
            chart=chart,
            found=found,
            wrong=wrong,
        )

    return [
        site.get(PATH, listed, query=Listed),
        site.get(f"{PATH}/{{ledger}}/{{address}}", one, query=entries.Looked),
    ]


def _rows(accounts: Sequence[Account], reader: Reader) -> list[Row]:
    return [
        Row(
            f"{PATH}/{one.ledger}/{one.address}",
            one.address,
            one.status,
            reader.figures(one.balances.posted, one.exponent),
            reader.figures(one.balances.pending, one.exponent),
            reader.figures(one.balances.available, one.exponent),
            one.asset,
        )
        for one in accounts
    ]


async def _found(
    site: Site, visit: Visit, message: ListAccounts
) -> tuple[AccountPage | None, dict[str, str]]:
    try:
        return await site.doors.ledger.accounts(caller=visit.caller, message=message), {}
    except Malformed as problem:
        return None, dict(problem.fields)


async def _refusable(asked: Awaitable[Answer], wrong: dict[str, str]) -> Answer | None:
    """Ask for a part of the page that a field of a form can spoil: then there is none, and the field is told."""
    try:
        return await asked
    except Malformed as problem:
        wrong.update(problem.fields)
    except RecordedInFuture as problem:
        wrong["known"] = problem.detail
    return None


class Held(NamedTuple):
    """Whose an account is, and its IBAN; both empty where no wallet holds it, or the wallet is not shown."""

    holder: str = ""
    iban: str = ""


async def _held(visit: Visit, account: Account) -> Held:
    named = wallet_of(account)
    if named is None:
        return Held()
    message = WalletOf(wallet=named[0])
    found = await part(visit.site.doors.wallets.wallet(caller=visit.caller, message=message))
    if found.answer is None:
        return Held()
    ibans = (one.iban or "" for one in found.answer.accounts if one.address == account.address)
    return Held(found.answer.name, next(ibans, ""))


def wallet_of(account: Account) -> tuple[str, str] | None:
    """The wallet that an account of the books belongs to, and its name there; None for any other account."""
    segments = account.address.split(":")
    is_ours = account.ledger == LEDGER and account.address.startswith(WALLETS)
    if not is_ours or len(segments) not in (3, 4):
        return None
    return segments[1], ":".join(segments[2:]).upper()

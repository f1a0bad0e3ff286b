"""Wallets over HTTP."""

from collections.abc import Awaitable, Callable
from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec

from tallystick.kernel.fields import Limit, told
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import Malformed, moved
from tallystick.ledger.api import AccountExistsDifferent, AssetExponentDiffers
from tallystick.runtime.routes import JSON, REPLAYED, XML, XML_IN_UTF_8, Asked, Reply, Route
from tallystick.wallets.api import (
    AccountNeedsAnIban,
    AccountWanted,
    AddAccount,
    FileFormat,
    IbanIsTaken,
    IbanNotValid,
    ListWallets,
    OpenWallet,
    SetAccountLimits,
    Statement,
    StatementBusy,
    StatementFormatNotSupported,
    StatementOf,
    StatementTooLong,
    Wallet,
    WalletAccountExistsDifferent,
    WalletAccountNotFound,
    WalletBusy,
    WalletExistsDifferent,
    WalletHasTooManyAccounts,
    WalletNotEmpty,
    WalletNotFound,
    WalletOf,
    WalletPage,
    Wallets,
    WalletStatusNotReachable,
)

_BOOKS = (AssetExponentDiffers, AccountExistsDifferent)
_CHANGE = (WalletNotFound, WalletStatusNotReachable, WalletBusy)
_STATEMENT = (WalletAccountNotFound, StatementTooLong, StatementFormatNotSupported, StatementBusy)
PDF = "application/pdf"
CSV = "text/csv"

Change = Callable[..., Awaitable[Wallet]]


class Limits(Message, frozen=True, kw_only=True):
    """Both limits of an account's available balance; null lifts one."""

    min_available: Limit | None = 0
    max_available: Limit | None = None


class Format(StrEnum):
    """How a statement is written."""

    CAMT053 = "camt053"
    JSON = "json"
    PDF = "pdf"
    CSV = "csv"


_FORMATS = {XML: Format.CAMT053, JSON: Format.JSON, PDF: Format.PDF, CSV: Format.CSV}
_MEDIA = {
    Format.CAMT053: XML_IN_UTF_8,
    Format.PDF: PDF,
    Format.CSV: f"{CSV}; charset=utf-8; header=present",
}


class Period(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"first_day": "from", "last_day": "to"},
):
    """The days of a statement, both included, in UTC. Without ``format`` the header ``Accept`` says how to write it."""

    first_day: Annotated[date, told("The first day, included.")]
    last_day: Annotated[date, told("The last day, included.")]
    format: Annotated[
        Format | None, told("How to write it; without it the header ``Accept`` says so.")
    ] = None


def routes(wallets: Wallets) -> list[Route]:
    """The routes of wallets."""
    return [
        *_opening(wallets),
        *_reading(wallets),
        *(_change_route(name, change) for name, change in _changes(wallets).items()),
        *_statements(wallets),
    ]


def _opening(wallets: Wallets) -> list[Route]:
    async def open_wallet(asked: Asked) -> Reply:
        message: OpenWallet = asked.body
        if message.id is None and asked.idempotency_key is not None:
            message = msgspec.structs.replace(message, id=asked.idempotency_key)
        return _made(await wallets.open(caller=asked.caller, message=message))

    async def add_account(asked: Asked) -> Reply:
        message = AddAccount(wallet=asked.path["wallet"], account=asked.body)
        try:
            return _made(await wallets.add_account(caller=asked.caller, message=message))
        except Malformed as problem:
            raise moved(problem, {"account.": ""}) from None

    return [
        Route(
            method="POST",
            path="/v1/wallets",
            summary="Open a wallet",
            handle=open_wallet,
            body=OpenWallet,
            answer=Wallet,
            keyed=True,
            status=201,
            replays=True,
            problems=(
                *(IbanNotValid, WalletExistsDifferent, AccountNeedsAnIban, IbanIsTaken),
                *(WalletBusy, *_BOOKS),
            ),
        ),
        Route(
            method="POST",
            path="/v1/wallets/{wallet}/accounts",
            summary="Add an account to a wallet",
            handle=add_account,
            body=AccountWanted,
            answer=Wallet,
            status=201,
            replays=True,
            problems=(
                *(IbanNotValid, WalletAccountExistsDifferent, WalletHasTooManyAccounts),
                *(IbanIsTaken, *_CHANGE, *_BOOKS),
            ),
        ),
    ]


def _made(wallet: Wallet) -> Reply:
    return (
        Reply(value=wallet, status=200, headers=REPLAYED)
        if wallet.replayed
        else Reply(value=wallet)
    )


def _reading(wallets: Wallets) -> list[Route]:
    async def list_wallets(asked: Asked) -> WalletPage:
        return await wallets.wallets(caller=asked.caller, message=asked.query)

    async def show_wallet(asked: Asked) -> Wallet:
        message = WalletOf(wallet=asked.path["wallet"])
        return await wallets.wallet(caller=asked.caller, message=message)

    return [
        Route(
            method="GET",
            path="/v1/wallets",
            summary="List wallets",
            handle=list_wallets,
            query=ListWallets,
            answer=WalletPage,
        ),
        Route(
            method="GET",
            path="/v1/wallets/{wallet}",
            summary="Show a wallet with its balances",
            handle=show_wallet,
            answer=Wallet,
            problems=(WalletNotFound,),
        ),
    ]


def _changes(wallets: Wallets) -> dict[str, Change]:
    return {
        "freeze": wallets.freeze,
        "unfreeze": wallets.unfreeze,
        "close": wallets.close,
        "reopen": wallets.reopen,
    }


def _change_route(name: str, change: Change) -> Route:
    async def change_wallet(asked: Asked) -> Wallet:
        return await change(caller=asked.caller, message=WalletOf(wallet=asked.path["wallet"]))

    return Route(
        method="POST",
        path=f"/v1/wallets/{{wallet}}/{name}",
        summary=f"{name.capitalize()} a wallet",
        handle=change_wallet,
        answer=Wallet,
        problems=(*_CHANGE, WalletNotEmpty) if name == "close" else _CHANGE,
    )


def _statements(wallets: Wallets) -> list[Route]:
    async def set_limits(asked: Asked) -> Wallet:
        message = SetAccountLimits(
            wallet=asked.path["wallet"],
            account=asked.path["asset"],
            min_available=asked.body.min_available,
            max_available=asked.body.max_available,
        )
        return await wallets.set_limits(caller=asked.caller, message=message)

    async def of_account(asked: Asked) -> Reply:
        return await _statement(
            wallets, asked, wallet=asked.path["wallet"], account=asked.path["asset"]
        )

    async def of_iban(asked: Asked) -> Reply:
        return await _statement(wallets, asked, iban=asked.path["iban"])

    return [
        Route(
            method="PUT",
            path="/v1/wallets/{wallet}/accounts/{asset}/limits",
            summary="Replace the limits of an account",
            handle=set_limits,
            body=Limits,
            answer=Wallet,
            problems=(WalletAccountNotFound, *_CHANGE),
        ),
        Route(
            method="GET",
            path="/v1/wallets/{wallet}/accounts/{asset}/statement",
            summary="Write a statement of an account",
            handle=of_account,
            query=Period,
            answer=Statement,
            answer_media=XML,
            other_media=(JSON, PDF, CSV),
            problems=(WalletNotFound, *_STATEMENT),
        ),
        Route(
            method="GET",
            path="/v1/accounts/{iban}/statement",
            summary="Write a statement of the account with an IBAN",
            handle=of_iban,
            query=Period,
            answer=Statement,
            answer_media=XML,
            other_media=(JSON, PDF, CSV),
            problems=(IbanNotValid, *_STATEMENT),
        ),
    ]


async def _statement(
    wallets: Wallets,
    asked: Asked,
    *,
    iban: str | None = None,
    wallet: str | None = None,
    account: str | None = None,
) -> Reply:
    period: Period = asked.query
    message = StatementOf(
        first_day=period.first_day,
        last_day=period.last_day,
        iban=iban,
        wallet=wallet,
        account=account,
    )
    try:
        return await _written(wallets, asked, message)
    except Malformed as problem:
        raise moved(problem, {"first_day": "from", "last_day": "to"}) from None


async def _written(wallets: Wallets, asked: Asked, message: StatementOf) -> Reply:
    wanted = asked.query.format or _FORMATS[asked.media]
    if wanted is Format.JSON:
        statement = await wallets.statement(caller=asked.caller, message=message)
        return Reply(value=msgspec.json.encode(statement), media=JSON)
    message = msgspec.structs.replace(message, format=FileFormat(wanted.value))
    file = await wallets.statement_file(caller=asked.caller, message=message)
    return Reply(value=file.content, media=_MEDIA[wanted])

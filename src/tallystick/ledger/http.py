"""The books over HTTP."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from tallystick.kernel.fields import Asset, Cursor, Exponent, Limit, PageLimit, Time, told
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import Malformed, malformed, moved
from tallystick.ledger.api import (
    BATCH_ITEMS_MAX,
    PATTERN_ACCOUNTS_MAX,
    Account,
    AccountExistsDifferent,
    AccountNotEmpty,
    AccountNotFound,
    AccountOf,
    AccountPage,
    AddressReserved,
    AnyCommand,
    AssetExponentDiffers,
    BalanceAnswer,
    BalanceAsOf,
    EntryPage,
    Ledger,
    LedgerBusy,
    LedgerNotFound,
    LedgerOpened,
    LedgerPage,
    ListAccounts,
    ListEntries,
    ListLedgers,
    ListTransactions,
    Metadata,
    OpenAccount,
    OpenLedger,
    RecordedInFuture,
    Refused,
    SetLimits,
    SetStatus,
    Side,
    Status,
    StatusNotReachable,
    Submit,
    Transaction,
    TransactionNotFound,
    TransactionOf,
    TransactionPage,
    Verdict,
    Verdicts,
    Verification,
    Verify,
)
from tallystick.ledger.api.words import Address, AddressPattern, Reference
from tallystick.runtime.routes import REPLAYED, Asked, Reply, Route

Reserved = Sequence[tuple[str, str]]

_LEDGER = "/v1/ledgers/{ledger}"
# An act sent alone is the whole body; the door knows it as the first of its batch.
_ALONE = {"items[0].": ""}
_ACCOUNT = _LEDGER + "/accounts/{address}"


class NewAccount(Message, frozen=True, kw_only=True):
    """An account to open. No act takes its available balance out of what its limits allow."""

    address: Address
    asset: Asset
    exponent: Exponent
    normal_side: Side
    min_available: Limit | None = None
    max_available: Limit | None = None
    metadata: Metadata | None = None


class NewLimits(Message, frozen=True, kw_only=True):
    """Both limits of an account; an absent one is lifted."""

    min_available: Limit | None = None
    max_available: Limit | None = None


class NewStatus(Message, frozen=True, kw_only=True):
    """The state an account is to have."""

    status: Status


class Batch(Message, frozen=True, kw_only=True):
    """Up to 8,190 acts, decided in order, each with its own verdict."""

    items: Annotated[
        tuple[AnyCommand, ...],
        Meta(
            description="Decided in order.",
            extra_json_schema={"minItems": 1, "maxItems": BATCH_ITEMS_MAX},
        ),
    ]


_Noted = Annotated[
    Metadata, told("Only what carries this, as ``metadata[order]=17``; several times for several.")
]


class AccountQuery(Message, frozen=True, kw_only=True):
    """Filters and page of a list of accounts."""

    address: AddressPattern | None = None
    asset: Asset | None = None
    metadata: _Noted | None = None
    after: Cursor | None = None
    limit: PageLimit = 50


class TransactionQuery(Message, frozen=True, kw_only=True):
    """Filters and page of a list of transactions."""

    account: Annotated[
        AddressPattern | None,
        told(f"Of one account, or of those of a pattern, at most {PATTERN_ACCOUNTS_MAX} of them."),
    ] = None
    reference: Reference | None = None
    metadata: _Noted | None = None
    since: Annotated[Time | None, told("Only what was recorded then or later.")] = None
    until: Annotated[Time | None, told("Only what was recorded before.")] = None
    after: Cursor | None = None
    limit: PageLimit = 50


class EntryQuery(Message, frozen=True, kw_only=True):
    """Bounds and page of a list of entries."""

    since: Annotated[Time | None, told("Only what was recorded then or later.")] = None
    until: Annotated[Time | None, told("Only what was recorded before.")] = None
    oldest_first: Annotated[bool, told("Whether to begin with the first entry, not the last.")] = (
        False
    )
    after: Cursor | None = None
    limit: PageLimit = 50


class BalanceQuery(Message, frozen=True, kw_only=True):
    """Both clocks of a balance."""

    effective_at: Annotated[
        Time | None, told("Only what is effective by then; without it, everything.")
    ] = None
    recorded_at: Annotated[
        Time | None,
        told("Only what was recorded by then, not in the future; without it, everything."),
    ] = None


class _Handlers:
    """One method per route: it turns what was asked into the door's message."""

    def __init__(self, ledger: Ledger, reserved: Reserved) -> None:
        self._ledger = ledger
        self._reserved = reserved

    def _demand_free(self, ledger: str, address: str) -> None:
        if any(ledger == name and address.startswith(start) for name, start in self._reserved):
            raise AddressReserved(
                "Change this account where it belongs; here it can be read and posted to."
            )

    async def open_ledger(self, asked: Asked) -> Any:
        answer = await self._ledger.open_ledger(caller=asked.caller, message=asked.body)
        return _made(answer, replayed=answer.replayed)

    async def ledgers(self, asked: Asked) -> LedgerPage:
        return await self._ledger.ledgers(caller=asked.caller, message=asked.query)

    async def open_account(self, asked: Asked) -> Any:
        self._demand_free(asked.path["ledger"], asked.body.address)
        answer = await self._ledger.open_account(
            caller=asked.caller, message=_joined(OpenAccount, asked.body, asked)
        )
        return _made(answer, replayed=answer.replayed)

    async def accounts(self, asked: Asked) -> AccountPage:
        message = _joined(ListAccounts, asked.query, asked)
        return await self._ledger.accounts(caller=asked.caller, message=message)

    async def account(self, asked: Asked) -> Account:
        return await self._ledger.account(caller=asked.caller, message=AccountOf(**asked.path))

    async def set_limits(self, asked: Asked) -> Account:
        self._demand_free(**asked.path)
        message = _joined(SetLimits, asked.body, asked)
        return await self._ledger.set_limits(caller=asked.caller, message=message)

    async def set_status(self, asked: Asked) -> Account:
        self._demand_free(**asked.path)
        message = _joined(SetStatus, asked.body, asked)
        return await self._ledger.set_status(caller=asked.caller, message=message)

    async def balance(self, asked: Asked) -> BalanceAnswer:
        message = _joined(BalanceAsOf, asked.query, asked)
        return await self._ledger.balance(caller=asked.caller, message=message)

    async def entries(self, asked: Asked) -> EntryPage:
        message = _joined(ListEntries, asked.query, asked)
        return await self._ledger.entries(caller=asked.caller, message=message)

    async def submit_one(self, asked: Asked) -> Any:
        command = _with_key(asked.body, asked.idempotency_key)
        message = Submit(ledger=asked.path["ledger"], items=(command,))
        try:
            verdicts = await self._ledger.submit(caller=asked.caller, message=message)
        except Malformed as problem:
            raise moved(problem, _ALONE) from None
        verdict = verdicts.items[0]
        if verdict.refusal is not None:
            raise _refused(verdict)
        return _made(verdict, replayed=verdict.replayed)

    async def submit_batch(self, asked: Asked) -> Verdicts:
        message = Submit(ledger=asked.path["ledger"], items=asked.body.items)
        return await self._ledger.submit(caller=asked.caller, message=message)

    async def transactions(self, asked: Asked) -> TransactionPage:
        message = _joined(ListTransactions, asked.query, asked)
        return await self._ledger.transactions(caller=asked.caller, message=message)

    async def transaction(self, asked: Asked) -> Transaction:
        message = TransactionOf(ledger=asked.path["ledger"], id=asked.path["id"])
        return await self._ledger.transaction(caller=asked.caller, message=message)

    async def verify(self, asked: Asked) -> Verification:
        return await self._ledger.verify(caller=asked.caller, message=Verify())


def _joined(kind: Any, part: Any, asked: Asked) -> Any:
    """Make a door's message of the fields of the path and those of the body or query."""
    return kind(**asked.path, **msgspec.structs.asdict(part))


def _has_no_id(command: Any) -> bool:
    return command.id is None


def _with_key(command: Any, key: str | None) -> Any:
    if key is None:
        return command
    if command.id is not None and command.id != key:
        raise malformed("id", "it differs from the header Idempotency-Key; send one of them")
    return msgspec.structs.replace(command, id=key)


def _made(answer: Any, *, replayed: bool) -> Any:
    return Reply(value=answer, status=200, headers=REPLAYED) if replayed else answer


def _refused(verdict: Verdict) -> Refused:
    refusal = verdict.refusal
    assert refusal is not None
    return Refused(refusal.detail, refusal.fields, code=refusal.code, replayed=verdict.replayed)


def routes(ledger: Ledger, *, reserved: Reserved = ()) -> list[Route]:
    """The routes of the books. ``reserved`` are pairs of a ledger and the start of addresses that others look after."""
    handlers = _Handlers(ledger, reserved)
    return [*_account_routes(handlers), *_transaction_routes(handlers)]


def _account_routes(handlers: _Handlers) -> list[Route]:
    missing = (LedgerNotFound, AccountNotFound)
    return [
        Route(
            method="POST", path="/v1/ledgers", summary="Open a ledger", handle=handlers.open_ledger,
            body=OpenLedger, answer=LedgerOpened, status=201, replays=True,
        ),
        Route(
            method="GET", path="/v1/ledgers", summary="List ledgers", handle=handlers.ledgers,
            query=ListLedgers, answer=LedgerPage,
        ),
        Route(
            method="POST", path=_LEDGER + "/accounts", summary="Open an account", handle=handlers.open_account,
            body=NewAccount, answer=Account, status=201, replays=True,
            problems=(LedgerNotFound, AssetExponentDiffers, AccountExistsDifferent, AddressReserved),
        ),
        Route(
            method="GET", path=_LEDGER + "/accounts", summary="List accounts", handle=handlers.accounts,
            query=AccountQuery, answer=AccountPage, problems=(LedgerNotFound,),
        ),
        Route(
            method="GET", path=_ACCOUNT, summary="Show an account", handle=handlers.account, answer=Account,
            problems=missing,
        ),
        Route(
            method="PUT", path=_ACCOUNT + "/limits", summary="Set both limits", handle=handlers.set_limits,
            body=NewLimits, answer=Account, problems=(*missing, AddressReserved),
        ),
        Route(
            method="PUT", path=_ACCOUNT + "/status", summary="Freeze, unfreeze, close or reopen",
            handle=handlers.set_status, body=NewStatus, answer=Account,
            problems=(*missing, StatusNotReachable, AccountNotEmpty, AddressReserved),
        ),
        Route(
            method="GET", path=_ACCOUNT + "/balance", summary="Show a balance as of both clocks",
            handle=handlers.balance, query=BalanceQuery, answer=BalanceAnswer,
            problems=(*missing, RecordedInFuture),
        ),
        Route(
            method="GET", path=_ACCOUNT + "/entries", summary="List posted entries", handle=handlers.entries,
            query=EntryQuery, answer=EntryPage, problems=missing,
        ),
    ]  # fmt: skip


def _transaction_routes(handlers: _Handlers) -> list[Route]:
    path = _LEDGER + "/transactions"
    return [
        Route(
            method="POST", path=path, summary="Post, hold, capture, void or reverse",
            handle=handlers.submit_one, body=AnyCommand, answer=Verdict, status=201, replays=True, keyed=True,
            needs_key=_has_no_id, problems=(LedgerNotFound, Refused, LedgerBusy),
        ),
        Route(
            method="POST", path=_LEDGER + "/batches", summary="Submit up to 8,190 acts", handle=handlers.submit_batch,
            body=Batch, answer=Verdicts, problems=(LedgerNotFound, LedgerBusy),
        ),
        Route(
            method="GET", path=path, summary="List transactions", handle=handlers.transactions,
            query=TransactionQuery, answer=TransactionPage, problems=(LedgerNotFound, AccountNotFound),
        ),
        Route(
            method="GET", path=path + "/{id}", summary="Show a transaction", handle=handlers.transaction,
            answer=Transaction, problems=(LedgerNotFound, TransactionNotFound),
        ),
        Route(
            method="GET", path="/v1/verification", summary="Prove the books again", handle=handlers.verify,
            answer=Verification,
        ),
    ]  # fmt: skip

"""Wallets as rows; the only room of wallets that speaks SQL."""

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import msgspec

from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import Deed
from tallystick.kernel.instants import Instant
from tallystick.kernel.limits import Limits
from tallystick.kernel.problems import Problem
from tallystick.runtime import record
from tallystick.runtime.database import Connection
from tallystick.runtime.sql import queries
from tallystick.wallets.api import AccountNeedsAnIban, IbanIsTaken
from tallystick.wallets.model import deeds, wanted
from tallystick.wallets.model.seeing import Patterns, is_seen
from tallystick.wallets.model.states import NEXT, Event, State
from tallystick.wallets.model.wanted import NewAccount, NewWallet

CONTEXT = "wallets"
RECORDED_TAGS = frozenset(deeds.TAGS.values())
ROWS_AT_ONCE_MAX = 5_000
_SQL = queries(CONTEXT)
_RECORDED = queries(CONTEXT, "recorded")

# What becomes of a wallet's accounts with the outcome of its intent: from these states to that one.
_ACCOUNTS_AFTER = {
    Event.DONE: (["opening", "limiting"], "open"),
    Event.REFUSE: (["opening"], "refused"),
}


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account of a wallet."""

    wallet_id: str
    asset: str
    ordinal: int
    exponent: int
    iban: str | None
    limits: Limits
    state: str

    @property
    def label(self) -> str:
        """Its name within the wallet."""
        return wanted.label(self.asset, self.ordinal)

    @property
    def address(self) -> str:
        """Its place in the books."""
        return wanted.address(self.wallet_id, self.asset, self.ordinal)


@dataclass(frozen=True, slots=True)
class WalletRow:
    """A wallet with its accounts, those that were refused left out."""

    wallet_id: str
    owner_kind: str
    owner_name: str
    owner_reference: str | None
    name: str
    fingerprint: bytes
    state: State
    version: int
    opened_at: Instant
    wallet_number: int
    accounts: tuple[AccountRow, ...]

    def seen(self, sees: Patterns) -> "WalletRow":
        """The wallet with those of its accounts that may be seen."""
        if sees is None:
            return self
        accounts = tuple(one for one in self.accounts if is_seen(one.address, sees))
        return replace(self, accounts=accounts)

    def account(self, label: str) -> AccountRow | None:
        """Find an account by its name."""
        parts = wanted.parts_of_label(label)
        named = (one for one in self.accounts if (one.asset, one.ordinal) == parts)
        return next(named, None)


@dataclass(frozen=True, slots=True)
class HeldRow:
    """An account that has an IBAN, with what payments must know of its wallet."""

    iban: str
    wallet_id: str
    asset: str
    ordinal: int
    exponent: int
    is_open: bool
    wallet_state: State
    owner_name: str
    wallet_number: int

    @property
    def address(self) -> str:
        """Its place in the books."""
        return wanted.address(self.wallet_id, self.asset, self.ordinal)


async def insert_wallet(
    connection: Connection, *, tenant_id: int, wallet: NewWallet, caller: Caller
) -> bool:
    """Write a wallet that is to be opened, its accounts and its first event; False when the id is taken.

    Raises IbanIsTaken, AccountNeedsAnIban.
    """
    made = await connection.fetchval(
        _SQL["insert_wallet"],
        tenant_id,
        wallet.wallet_id,
        wallet.owner_kind.value,
        wallet.owner_name,
        wallet.owner_reference,
        wallet.name,
        wallet.fingerprint,
    )
    if made is None:
        return False
    at = await connection.fetchval(_SQL["first_event"], tenant_id, wallet.wallet_id, caller.actor)
    deed = deeds.move(
        caller=caller,
        wallet_number=made,
        number=1,
        at=at,
        event=Event.OPEN,
        before=None,
        after=State.OPENING.value,
        content={},
        wallet=wallet,
    )
    await record.write_deeds(connection, context=CONTEXT, tenant_id=tenant_id, deeds=(deed,))
    for account in wallet.accounts:
        await begin_account(
            connection, tenant_id=tenant_id, wallet_id=wallet.wallet_id, account=account
        )
    return True


async def begin_account(
    connection: Connection, *, tenant_id: int, wallet_id: str, account: NewAccount
) -> bool:
    """Write an account that is to be opened, in the place of a refused one if there is; False when it is taken.

    Raises IbanIsTaken, AccountNeedsAnIban.
    """
    with _refusals(account):
        made = await connection.fetchval(
            _SQL["begin_account"],
            tenant_id,
            wallet_id,
            account.asset,
            account.ordinal,
            account.exponent,
            account.iban,
            account.limits.least,
            account.limits.most,
        )
    return made is not None


@contextmanager
def _refusals(account: NewAccount) -> Iterator[None]:
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        problem = _refusal_of(error, account)
        if problem is None:
            raise
        raise problem from None


def _refusal_of(error: Any, account: NewAccount) -> Problem | None:
    if error.constraint_name == IbanIsTaken.code:
        return IbanIsTaken("another account has this IBAN", {"iban": account.iban or ""})
    if error.constraint_name == AccountNeedsAnIban.code:
        return AccountNeedsAnIban(
            f"an account of {account.asset} without IBAN is there", {"asset": account.asset}
        )
    return None


async def move(
    connection: Connection,
    *,
    tenant_id: int,
    row: WalletRow,
    event: Event,
    caller: Caller,
    content: Mapping[str, str | None],
    account: NewAccount | None = None,
) -> bool:
    """Move a wallet by an event, and its accounts with an outcome; False when it has moved since it was read."""
    after = NEXT[row.state, event].value
    written = await connection.fetchrow(
        _SQL["move"],
        tenant_id,
        row.wallet_id,
        row.version,
        row.state.value,
        after,
        caller.actor,
        event.value,
        msgspec.json.encode(content).decode(),
    )
    if written is None:
        return False
    if event in _ACCOUNTS_AFTER:
        await connection.execute(
            _SQL["move_accounts"], tenant_id, row.wallet_id, *_ACCOUNTS_AFTER[event]
        )
    deed = deeds.move(
        caller=caller,
        wallet_number=written["wallet_number"],
        number=written["number"],
        at=written["recorded_at"],
        event=event,
        before=row.state.value,
        after=after,
        content=content,
        account=account,
    )
    await record.write_deeds(connection, context=CONTEXT, tenant_id=tenant_id, deeds=(deed,))
    return True


async def want_limits(
    connection: Connection, *, tenant_id: int, account: AccountRow, limits: Limits
) -> None:
    """Write the limits that the books are to be told."""
    place = (account.wallet_id, account.asset, account.ordinal)
    await connection.execute(_SQL["want_limits"], tenant_id, *place, limits.least, limits.most)


async def wallet(connection: Connection, *, tenant_id: int, wallet_id: str) -> WalletRow | None:
    """Read a wallet."""
    row = await connection.fetchrow(_SQL["wallet"], tenant_id, wallet_id)
    return (await _with_accounts(connection, tenant_id, [row]))[0] if row else None


async def wallets(
    connection: Connection,
    *,
    tenant_id: int,
    after: str,
    within: tuple[str, str],
    owner_reference: str | None,
    states: Sequence[State] | None,
    limit: int,
    only: Sequence[str] | None = None,
) -> list[WalletRow]:
    """Read a page of wallets in order of their ids, by the index of what is asked.

    Ids lie from the first of ``within`` to before the second; ``only`` are the ids it may have.
    """
    names = None if states is None else [state.value for state in states]
    name, filters = "wallets", ()
    if only is not None:
        name, filters = "wallets_named", (only, owner_reference, names)
    elif owner_reference is not None:
        name, filters = "wallets_by_owner", (owner_reference, names)
    elif names is not None:
        name, filters = "wallets_by_state", (names,)
    rows = await connection.fetch(_SQL[name], tenant_id, after, limit, *within, *filters)
    return await _with_accounts(connection, tenant_id, rows)


async def _with_accounts(
    connection: Connection, tenant_id: int, rows: Sequence[Any]
) -> list[WalletRow]:
    found: dict[str, list[AccountRow]] = {row["wallet_id"]: [] for row in rows}
    for row in await connection.fetch(_SQL["accounts"], tenant_id, list(found)):
        if row["state"] != "refused":
            found[row["wallet_id"]].append(_account(row))
    return [_wallet(row, found[row["wallet_id"]]) for row in rows]


def _wallet(row: Any, accounts: Sequence[AccountRow]) -> WalletRow:
    return WalletRow(
        wallet_id=row["wallet_id"],
        owner_kind=row["owner_kind"],
        owner_name=row["owner_name"],
        owner_reference=row["owner_reference"],
        name=row["name"],
        fingerprint=row["fingerprint"],
        state=State(row["state"]),
        version=row["version"],
        opened_at=row["opened_at"],
        wallet_number=row["wallet_number"],
        accounts=tuple(accounts),
    )


def _account(row: Any) -> AccountRow:
    return AccountRow(
        wallet_id=row["wallet_id"],
        asset=row["asset"],
        ordinal=row["ordinal"],
        exponent=row["exponent"],
        iban=row["iban"],
        limits=Limits(row["min_available"], row["max_available"]),
        state=row["state"],
    )


async def held(connection: Connection, *, tenant_id: int, ibans: Sequence[str]) -> list[HeldRow]:
    """Find accounts by IBAN, in order of it."""
    rows = await connection.fetch(_SQL["held"], tenant_id, list(ibans))
    return [
        HeldRow(
            iban=row["iban"],
            wallet_id=row["wallet_id"],
            asset=row["asset"],
            ordinal=row["ordinal"],
            exponent=row["exponent"],
            is_open=row["account_state"] != "opening",
            wallet_state=State(row["wallet_state"]),
            owner_name=row["owner_name"],
            wallet_number=row["wallet_number"],
        )
        for row in rows
    ]


async def unfinished_tenants(connection: Connection, *, waiting_s: int, most: int) -> list[int]:
    """The tenants that have wallets with an intent this old; the connection has no tenant."""
    rows = await connection.fetch(_SQL["unfinished_tenants"], waiting_s, most)
    return [row["tenant_id"] for row in rows]


async def take_unfinished(
    connection: Connection, *, tenant_id: int, waiting_s: int, most: int
) -> list[str]:
    """Take up a tenant's wallets with an intent this old: until as long again has passed nobody else does."""
    rows = await connection.fetch(_SQL["take_unfinished"], tenant_id, waiting_s, most)
    return [row["wallet_id"] for row in rows]


# Whose wallet opens and which IBAN is added is sealed, and an operator does not read it.
_SEALING = (Event.OPEN, Event.ADD)


async def recorded_moves(
    connection: Connection, *, tenant_id: int, since: Instant, until: Instant
) -> AsyncGenerator[list[tuple[Deed, bool]], None]:
    """Read every move as the record was told it; names and IBANs are not read. The connection is an operator's."""
    cursor = await connection.cursor(_RECORDED["moves"], tenant_id, since, until)
    while rows := await cursor.fetch(ROWS_AT_ONCE_MAX):
        yield [(_recorded(row), row["event"] not in _SEALING) for row in rows]


def _recorded(row: Any) -> Deed:
    return deeds.move(
        caller=Caller(tenant_id=0, actor=row["actor"]),
        wallet_number=row["wallet_number"],
        number=row["number"],
        at=row["recorded_at"],
        event=Event(row["event"]),
        before=row["state_before"],
        after=row["state_after"],
        content=msgspec.json.decode(row["content"]),
    )


async def wallets_unlike_moves(
    connection: Connection, *, tenant_id: int
) -> AsyncGenerator[list[tuple[str, Instant, str, str]], None]:
    """Read the wallets whose state is not the one that their last move led to; the connection is an operator's."""
    cursor = await connection.cursor(_RECORDED["wallets_unlike_moves"], tenant_id)
    while rows := await cursor.fetch(ROWS_AT_ONCE_MAX):
        yield [
            (
                f"wallets:wallet:{row['wallet_number']}",
                row["moved_at"],
                row["expected"],
                row["found"],
            )
            for row in rows
        ]

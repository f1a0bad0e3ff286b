"""Changes of a wallet: write the intent and commit, tell the books, write the outcome and commit.

A wallet has one intent at a time. Whoever finds one that is not finished finishes it first, and the job finishes what
nobody came back for; telling the books twice is telling them once.
"""

from collections.abc import Mapping

from tallystick.kernel.callers import Caller
from tallystick.kernel.limits import Limits
from tallystick.kernel.problems import Problem
from tallystick.ledger.api import AccountExistsDifferent, AssetExponentDiffers, Status
from tallystick.runtime.database import Connection, Database
from tallystick.wallets import store
from tallystick.wallets.api import (
    ACCOUNTS_MAX,
    WalletAccountExistsDifferent,
    WalletAccountNotFound,
    WalletBusy,
    WalletExistsDifferent,
    WalletHasTooManyAccounts,
    WalletNotEmpty,
    WalletNotFound,
    WalletStatusNotReachable,
)
from tallystick.wallets.model.states import NEXT, REACHED, SETTLED, Event, State, status_of
from tallystick.wallets.model.wanted import NewAccount, NewWallet
from tallystick.wallets.service.books import Books
from tallystick.wallets.store import AccountRow, WalletRow

# Each time somebody else moved the wallet in between; more than a few mean that they go on doing it.
ATTEMPTS_MAX = 5

_STATUS_OF_SETTLED = {
    State.OPEN: Status.OPEN,
    State.FROZEN: Status.FROZEN,
    State.CLOSED: Status.CLOSED,
}
_TARGETS = {
    State.FREEZING: Status.FROZEN,
    State.UNFREEZING: Status.OPEN,
    State.REOPENING: Status.OPEN,
}
_FORMER = {State.CLOSING: Status.OPEN, State.CLOSING_FROZEN: Status.FROZEN}


def no_wallet(wallet_id: str) -> WalletNotFound:
    """What is answered where there is no such wallet, or none that may be seen."""
    return WalletNotFound(f"there is no wallet {wallet_id[:64]!r}")


class Changes:
    """The changes of wallets, one intent at a time each."""

    def __init__(self, *, database: Database, books: Books) -> None:
        self._database = database
        self._books = books

    async def found(self, caller: Caller, wallet_id: str) -> WalletRow:
        """Read a wallet. Raises WalletNotFound."""
        # One snapshot: the accounts are those of the state that is read.
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            row = await store.wallet(connection, tenant_id=caller.tenant_id, wallet_id=wallet_id)
        if row is None:
            raise no_wallet(wallet_id)
        return row

    async def open(self, caller: Caller, wanted: NewWallet) -> tuple[WalletRow, bool]:
        """Open a wallet, or find the same one open; answers whether it was."""
        tenant_id = caller.tenant_id
        async with self._database.transaction(tenant_id=tenant_id) as connection:
            is_new = await store.insert_wallet(
                connection, tenant_id=tenant_id, wallet=wanted, caller=caller
            )
        was_open = False
        if not is_new:
            row = await self.found(caller, wanted.wallet_id)
            _demand_same(row, wanted)
            was_open = row.state not in (State.OPENING, State.REFUSED)
            if row.state is State.REFUSED:
                await self._open_again(caller, row, wanted)
        return await self._settled_or_refused(caller, wanted.wallet_id), was_open

    async def _open_again(self, caller: Caller, row: WalletRow, wanted: NewWallet) -> None:
        tenant_id = caller.tenant_id
        async with self._database.transaction(tenant_id=tenant_id) as connection:
            # When somebody else was faster, theirs is the same wallet.
            if await self._begin(connection, caller, row, Event.OPEN, {}):
                for account in wanted.accounts:
                    await store.begin_account(
                        connection, tenant_id=tenant_id, wallet_id=row.wallet_id, account=account
                    )

    async def add_account(
        self, caller: Caller, wallet_id: str, wanted: NewAccount
    ) -> tuple[WalletRow, bool]:
        """Add an account, or find the same one; answers whether it was there."""
        for _ in range(ATTEMPTS_MAX):
            row, _ = await self.settle(caller, wallet_id)
            known = _same_account(row, wanted)
            if known is not None:
                return row, True
            _demand(row, Event.ADD)
            if len(row.accounts) >= ACCOUNTS_MAX:
                raise WalletHasTooManyAccounts(f"a wallet has at most {ACCOUNTS_MAX} accounts")
            if await self._begin_adding(caller, row, wanted):
                return await self._settled_or_refused(caller, wallet_id), False
        raise _busy(wallet_id)

    async def _begin_adding(self, caller: Caller, row: WalletRow, wanted: NewAccount) -> bool:
        tenant_id, new = caller.tenant_id, _numbered(row, wanted)
        content = {"asset": new.asset, "ordinal": str(new.ordinal)}
        async with self._database.transaction(tenant_id=tenant_id) as connection:
            return await self._begin(
                connection, caller, row, Event.ADD, content, account=new
            ) and await store.begin_account(
                connection, tenant_id=tenant_id, wallet_id=row.wallet_id, account=new
            )

    async def set_limits(
        self, caller: Caller, wallet_id: str, label: str, limits: Limits
    ) -> tuple[WalletRow, bool]:
        """Replace an account's limits, or find them set; answers whether they were."""
        for _ in range(ATTEMPTS_MAX):
            row, _ = await self.settle(caller, wallet_id)
            account = row.account(label)
            if account is None:
                raise WalletAccountNotFound(f"the wallet has no account {label[:24]!r}")
            _demand(row, Event.LIMIT)
            if account.limits == limits:
                return row, True
            if await self._begin_limiting(caller, row, account, limits):
                return await self._settled_or_refused(caller, wallet_id), False
        raise _busy(wallet_id)

    async def _begin_limiting(
        self, caller: Caller, row: WalletRow, account: AccountRow, limits: Limits
    ) -> bool:
        content = {
            "account": account.label,
            "min_available": _text(limits.least),
            "max_available": _text(limits.most),
            "min_available_before": _text(account.limits.least),
            "max_available_before": _text(account.limits.most),
        }
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            has_begun = await self._begin(connection, caller, row, Event.LIMIT, content)
            if has_begun:
                await store.want_limits(
                    connection, tenant_id=caller.tenant_id, account=account, limits=limits
                )
        return has_begun

    async def change(self, caller: Caller, wallet_id: str, event: Event) -> tuple[WalletRow, bool]:
        """Freeze, unfreeze, close or reopen a wallet, or find it so; answers whether it was."""
        for _ in range(ATTEMPTS_MAX):
            row, _ = await self.settle(caller, wallet_id)
            if row.state is REACHED[event]:
                return row, True
            _demand(row, event)
            async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
                has_begun = await self._begin(connection, caller, row, event, {})
            if has_begun:
                row = await self._settled_or_refused(caller, wallet_id)
                if row.state is REACHED[event]:
                    return row, False
                # The job finished it, or somebody moved it on, while we were telling the books.
        raise _busy(wallet_id)

    async def _settled_or_refused(self, caller: Caller, wallet_id: str) -> WalletRow:
        row, problem = await self.settle(caller, wallet_id)
        if problem is not None:
            raise problem
        return row

    async def settle(self, caller: Caller, wallet_id: str) -> tuple[WalletRow, Problem | None]:
        """Finish a wallet's intent if it has one; answers the refusal of the books if that was the outcome.

        Raises WalletNotFound, WalletBusy.
        """
        overtaken = False
        for _ in range(ATTEMPTS_MAX):
            row = await self.found(caller, wallet_id)
            if row.state in SETTLED:
                if not overtaken or await self._is_repaired(caller, row):
                    return row, None
                continue
            problem = await self._tell_books(caller, row)
            if await self._finish(caller, row, problem):
                return await self.found(caller, wallet_id), problem
            # Another finished it first, so what we told the books last may be older than the wallet's state.
            overtaken = True
        raise _busy(wallet_id)

    async def _is_repaired(self, caller: Caller, row: WalletRow) -> bool:
        status = _STATUS_OF_SETTLED.get(row.state)
        if status is not None:
            await self._books.bring(caller, row.accounts, status)
        return (await self.found(caller, row.wallet_id)).version == row.version

    async def _finish(self, caller: Caller, row: WalletRow, problem: Problem | None) -> bool:
        event = Event.DONE if problem is None else Event.REFUSE
        content = {} if problem is None else {"problem": problem.code}
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            return await self._begin(connection, caller, row, event, content)

    async def _begin(
        self,
        connection: Connection,
        caller: Caller,
        row: WalletRow,
        event: Event,
        content: Mapping[str, str | None],
        *,
        account: NewAccount | None = None,
    ) -> bool:
        return await store.move(
            connection,
            tenant_id=caller.tenant_id,
            row=row,
            event=event,
            caller=caller,
            content=content,
            account=account,
        )

    async def _tell_books(self, caller: Caller, row: WalletRow) -> Problem | None:
        if row.state in (State.OPENING, State.ADDING):
            return await self._open_accounts(caller, row)
        if row.state in (State.LIMITING, State.LIMITING_FROZEN):
            for account in row.accounts:
                if account.state == "limiting":
                    await self._books.limit(caller, account)
            return None
        if row.state in _FORMER:
            full = await self._books.close(caller, row.accounts, former=_FORMER[row.state])
            accounts = {"accounts": ", ".join(full)}
            return WalletNotEmpty("move its money elsewhere first", accounts) if full else None
        await self._books.bring(caller, row.accounts, _TARGETS[row.state])
        return None

    async def _open_accounts(self, caller: Caller, row: WalletRow) -> Problem | None:
        opened: list[AccountRow] = []
        for account in row.accounts:
            if account.state == "opening":
                try:
                    await self._books.open_account(caller, account)
                except (AssetExponentDiffers, AccountExistsDifferent) as problem:
                    await self._books.discard(caller, opened)
                    return problem
                opened.append(account)
        return None


def _demand_same(row: WalletRow, wanted: NewWallet) -> None:
    if row.fingerprint == wanted.fingerprint:
        return
    pairs = {
        "owner.kind": (row.owner_kind, wanted.owner_kind.value),
        "owner.name": (row.owner_name, wanted.owner_name),
        "owner.reference": (row.owner_reference, wanted.owner_reference),
        "name": (row.name, wanted.name),
    }
    different = (field for field, (known, given) in pairs.items() if known != given)
    field = next(different, "accounts")
    raise WalletExistsDifferent(
        f"{row.wallet_id} was opened with a different {field}", {"field": field}
    )


def _demand(row: WalletRow, event: Event) -> None:
    if (row.state, event) not in NEXT:
        status = status_of(row.state).value
        raise WalletStatusNotReachable(f"the wallet is {status}", {"status": status})


def _same_account(row: WalletRow, wanted: NewAccount) -> AccountRow | None:
    of_asset = (one for one in row.accounts if one.asset == wanted.asset)
    known = next((one for one in of_asset if one.iban == wanted.iban), None)
    if known is not None and known.exponent != wanted.exponent:
        raise WalletAccountExistsDifferent(
            f"{known.label} has another exponent", {"exponent": str(known.exponent)}
        )
    return known


def _numbered(row: WalletRow, wanted: NewAccount) -> NewAccount:
    taken = {one.ordinal for one in row.accounts if one.asset == wanted.asset}
    ordinal = next(number for number in range(1, ACCOUNTS_MAX + 1) if number not in taken)
    return NewAccount(
        asset=wanted.asset,
        ordinal=ordinal,
        exponent=wanted.exponent,
        iban=wanted.iban,
        limits=wanted.limits,
    )


def _busy(wallet_id: str) -> WalletBusy:
    return WalletBusy(f"others keep changing {wallet_id}; ask again")


def _text(limit: int | None) -> str | None:
    return None if limit is None else str(limit)

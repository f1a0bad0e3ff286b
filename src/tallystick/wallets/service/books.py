"""The books told what a wallet wants. Every step may be repeated: what is there already is left as it is."""

from collections.abc import Sequence

from tallystick.kernel.callers import Caller
from tallystick.kernel.limits import Limits
from tallystick.kernel.money import Digits, to_digits, to_int
from tallystick.ledger.api import (
    Account,
    AccountNotEmpty,
    AccountNotFound,
    AccountOf,
    Ledger,
    LedgerNotFound,
    OpenAccount,
    OpenLedger,
    SetLimits,
    SetStatus,
    Side,
    Status,
)
from tallystick.wallets.api import LEDGER
from tallystick.wallets.store import AccountRow


class Books:
    """The accounts of wallets in the books: each is one account of the ledger ``main``, its normal side credit."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def open_account(self, caller: Caller, account: AccountRow) -> None:
        """Open an account with its limits, and the ledger with the first of a tenant.

        Raises AssetExponentDiffers, AccountExistsDifferent.
        """
        message = OpenAccount(
            ledger=LEDGER,
            address=account.address,
            asset=account.asset,
            exponent=account.exponent,
            normal_side=Side.CREDIT,
            min_available=_digits(account.limits.least),
            max_available=_digits(account.limits.most),
        )
        try:
            found = await self._ledger.open_account(caller=caller, message=message)
        except LedgerNotFound:
            await self._ledger.open_ledger(caller=caller, message=OpenLedger(name=LEDGER))
            found = await self._ledger.open_account(caller=caller, message=message)
        # A repetition finds the account as it was left; a refused opening left it closed.
        await self._limit(caller, found, account.limits)
        await self._bring(caller, found, Status.OPEN)

    async def limit(self, caller: Caller, account: AccountRow) -> None:
        """Set an account's limits."""
        await self._limit(caller, await self._shown(caller, account), account.limits)

    async def bring(self, caller: Caller, accounts: Sequence[AccountRow], status: Status) -> None:
        """Bring accounts to a status. Raises AccountNotEmpty."""
        for account in accounts:
            await self._bring(caller, await self._shown(caller, account), status)

    async def close(
        self, caller: Caller, accounts: Sequence[AccountRow], *, former: Status
    ) -> list[str]:
        """Close all accounts, or none: then they are as they were, and those that are not empty are named.

        They are frozen before the first is closed, so that none fills up while another closes.
        """
        shown = [await self._shown(caller, account) for account in accounts]
        full = [
            account.label
            for account, found in zip(accounts, shown, strict=True)
            if not _is_empty(found)
        ]
        if not full:
            for account, found in zip(accounts, shown, strict=True):
                if found.status is Status.OPEN:
                    await self._set_status(caller, account.address, Status.FROZEN)
            full = await self._close_frozen(caller, accounts)
        if full:
            await self.bring(caller, accounts, former)
        return full

    async def _close_frozen(self, caller: Caller, accounts: Sequence[AccountRow]) -> list[str]:
        for account in accounts:
            try:
                await self._set_status(caller, account.address, Status.CLOSED)
            except AccountNotEmpty:
                return [account.label]
        return []

    async def discard(self, caller: Caller, accounts: Sequence[AccountRow]) -> None:
        """Close what an opening that was refused had opened; what somebody else filled is left."""
        for account in accounts:
            try:
                await self._set_status(caller, account.address, Status.CLOSED)
            except AccountNotEmpty:
                continue

    async def account(self, caller: Caller, account: AccountRow) -> Account | None:
        """Show an account with its balances, None when the books do not have it yet."""
        try:
            return await self._shown(caller, account)
        except (AccountNotFound, LedgerNotFound):
            return None

    async def _shown(self, caller: Caller, account: AccountRow) -> Account:
        message = AccountOf(ledger=LEDGER, address=account.address)
        return await self._ledger.account(caller=caller, message=message)

    async def _limit(self, caller: Caller, found: Account, limits: Limits) -> None:
        if Limits(_int(found.min_available), _int(found.max_available)) == limits:
            return
        message = SetLimits(
            ledger=LEDGER,
            address=found.address,
            min_available=_digits(limits.least),
            max_available=_digits(limits.most),
        )
        await self._ledger.set_limits(caller=caller, message=message)

    async def _bring(self, caller: Caller, found: Account, status: Status) -> None:
        if found.status is Status.CLOSED and status is Status.FROZEN:
            await self._set_status(caller, found.address, Status.OPEN)
        if found.status is not status:
            await self._set_status(caller, found.address, status)

    async def _set_status(self, caller: Caller, address: str, status: Status) -> None:
        message = SetStatus(ledger=LEDGER, address=address, status=status)
        await self._ledger.set_status(caller=caller, message=message)


def _is_empty(account: Account) -> bool:
    # With all three zero no hold is open either: available lacks what holds may take, pending has what they may bring.
    balances = account.balances
    return not any(map(to_int, (balances.posted, balances.pending, balances.available)))


def _digits(limit: int | None) -> Digits | None:
    return None if limit is None else to_digits(limit)


def _int(digits: Digits | None) -> int | None:
    return None if digits is None else to_int(digits)

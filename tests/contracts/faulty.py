"""Substitutes that are faulty on purpose: our wallets behind a wrapper with one fault each."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from msgspec import structs

from tallystick.kernel.callers import Caller
from tallystick.kernel.money import to_int
from tallystick.kernel.problems import Problem
from tallystick.ledger.api import LedgerNotFound, OpenAccount, OpenLedger, Side
from tallystick.wallets.api import (
    LEDGER,
    IbanNotValid,
    IbanOf,
    Wallet,
    WalletAccountNotFound,
    WalletExistsDifferent,
    WalletNotEmpty,
    WalletNotFound,
    WalletOf,
    WalletPage,
    Wallets,
    WalletStatusNotReachable,
)


class Faulty:
    """Our wallets, passed on as they are; each subclass has one fault."""

    def __init__(self, wallets: Wallets, ledger: Any) -> None:
        self._ours, self._books = wallets, ledger

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ours, name)


class ForgetsReplays(Faulty):
    """Does not say that what was asked had been done before."""

    async def open(self, *, caller: Caller, message: Any) -> Wallet:
        answer = await self._ours.open(caller=caller, message=message)
        return structs.replace(answer, replayed=False)


class MixesTenants(Faulty):
    """Looks for what one tenant does not have with the last who asked before."""

    last: Caller | None = None

    async def wallet(self, *, caller: Caller, message: WalletOf) -> Wallet:
        try:
            return await self._ours.wallet(caller=caller, message=message)
        except WalletNotFound:
            if self.last is None or self.last.tenant_id == caller.tenant_id:
                raise
            return await self._ours.wallet(caller=self.last, message=message)
        finally:
            self.last = self.last or caller


class TakesOtherContent(Faulty):
    """Answers the same id with other content as if it were the same."""

    async def open(self, *, caller: Caller, message: Any) -> Wallet:
        try:
            return await self._ours.open(caller=caller, message=message)
        except WalletExistsDifferent:
            named = WalletOf(wallet=message.id)
            found = await self._ours.wallet(caller=caller, message=named)
            return structs.replace(found, replayed=True)


class UnfreezesOnAdd(Faulty):
    """Unfreezes a wallet to add an account to it."""

    async def add_account(self, *, caller: Caller, message: Any) -> Wallet:
        try:
            return await self._ours.add_account(caller=caller, message=message)
        except WalletStatusNotReachable:
            await self._ours.unfreeze(caller=caller, message=WalletOf(wallet=message.wallet))
            return await self._ours.add_account(caller=caller, message=message)


class LosesTheLast(Faulty):
    """Leaves out the last item of a page that has a next one."""

    async def wallets(self, *, caller: Caller, message: Any) -> WalletPage:
        page = await self._ours.wallets(caller=caller, message=message)
        return structs.replace(page, items=page.items[:-1]) if page.after else page


class IsOneOff(Faulty):
    """Shows balances that are one minor unit too high."""

    async def wallet(self, *, caller: Caller, message: WalletOf) -> Wallet:
        found = await self._ours.wallet(caller=caller, message=message)
        accounts = [
            structs.replace(one, balances=_one_more(one.balances)) if one.balances else one
            for one in found.accounts
        ]
        return structs.replace(found, accounts=tuple(accounts))


class UsesItsOwnCodes(Faulty):
    """Refuses what is not there with a problem of another kind."""

    async def account_by_iban(self, *, caller: Caller, message: IbanOf) -> Any:
        try:
            return await self._ours.account_by_iban(caller=caller, message=message)
        except WalletAccountNotFound as problem:
            raise WalletNotFound(problem.detail) from None


class _WalletWithMore(Wallet, frozen=True, kw_only=True):
    nickname: str


class AnswersMore(Faulty):
    """Answers with a field that the door does not have."""

    async def freeze(self, *, caller: Caller, message: WalletOf) -> Wallet:
        found = await self._ours.freeze(caller=caller, message=message)
        return _WalletWithMore(**structs.asdict(found), nickname="Ana's")


class TakesAnyIban(Faulty):
    """Opens what has no valid IBAN without one."""

    async def open(self, *, caller: Caller, message: Any) -> Wallet:
        try:
            return await self._ours.open(caller=caller, message=message)
        except IbanNotValid:
            accounts = tuple(structs.replace(one, iban=None) for one in message.accounts)
            return await self._ours.open(
                caller=caller, message=structs.replace(message, accounts=accounts)
            )


class WritesBeforeRefusing(Faulty):
    """Opens accounts in the books before it looks at what was asked."""

    async def open(self, *, caller: Caller, message: Any) -> Wallet:
        for wanted in message.accounts:
            account = OpenAccount(
                ledger=LEDGER,
                address=f"wallets:{message.id}:{wanted.asset.lower()}",
                asset=wanted.asset,
                exponent=wanted.exponent,
                normal_side=Side.CREDIT,
                min_available=wanted.min_available,
                max_available=wanted.max_available,
            )
            # What the books refuse, ours will say.
            with suppress(Problem):
                await self._write(caller, account)
        return await self._ours.open(caller=caller, message=message)

    async def _write(self, caller: Caller, account: OpenAccount) -> None:
        try:
            await self._books.open_account(caller=caller, message=account)
        except LedgerNotFound:
            await self._books.open_ledger(caller=caller, message=OpenLedger(name=LEDGER))
            await self._books.open_account(caller=caller, message=account)


class ClosesWhatIsFull(Faulty):
    """Says that a wallet is closed which is not empty."""

    async def close(self, *, caller: Caller, message: WalletOf) -> Wallet:
        try:
            return await self._ours.close(caller=caller, message=message)
        except WalletNotEmpty:
            return await self._ours.freeze(caller=caller, message=message)


class DoesNotAddUp(Faulty):
    """Loses a line of a statement, and keeps its closing balance."""

    async def statement(self, *, caller: Caller, message: Any) -> Any:
        found = await self._ours.statement(caller=caller, message=message)
        return structs.replace(found, lines=found.lines[:-1])


class ShowsEverything(Faulty):
    """Shows a caller what it may not see."""

    async def wallets(self, *, caller: Caller, message: Any) -> WalletPage:
        return await self._ours.wallets(caller=structs.replace(caller, sees=None), message=message)


class IsSlow(Faulty):
    """Answers after the time of a promise is over."""

    async def reopen(self, *, caller: Caller, message: WalletOf) -> Wallet:
        await asyncio.sleep(3_600)
        return await self._ours.reopen(caller=caller, message=message)


def _one_more(balances: Any) -> Any:
    return structs.replace(balances, posted=to_int(balances.posted) + 1)


# Each with the promise that must not be kept, and words of what is found.
FAULTS: dict[Callable[..., Faulty], tuple[str, str]] = {
    ForgetsReplays: ("the same id again", "replayed"),
    MixesTenants: ("tenants apart", "another tenant's wallet"),
    TakesOtherContent: ("the same id with other content", "expected wallet_exists_with_different"),
    UnfreezesOnAdd: ("a frozen wallet does not grow", "but it was done"),
    LosesTheLast: ("lists in pages", "in pages of"),
    IsOneOff: ("balances are those of the books", "the balances"),
    UsesItsOwnCodes: ("found by iban", "was refused with wallet_not_found"),
    AnswersMore: ("frozen money stays", "another format than Wallet"),
    TakesAnyIban: ("ibans that are none", "expected iban_not_valid"),
    WritesBeforeRefusing: ("ibans that are none", "the books of what was refused"),
    ClosesWhatIsFull: ("only what is empty closes", "expected wallet_not_empty"),
    DoesNotAddUp: ("statements add up", "its lines"),
    ShowsEverything: ("only what is seen", "the wallets that are listed"),
}

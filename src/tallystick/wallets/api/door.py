"""The door itself: what wallets promise to whoever knocks."""

from typing import Protocol

from tallystick.kernel.actions import Action, asks
from tallystick.kernel.callers import Caller
from tallystick.kernel.tags import Tag, records
from tallystick.wallets.api.answering import (
    HeldAccount,
    HeldAccounts,
    Statement,
    StatementFile,
    Wallet,
    WalletPage,
)
from tallystick.wallets.api.asking import (
    AddAccount,
    IbanOf,
    IbansOf,
    ListWallets,
    OpenWallet,
    SetAccountLimits,
    StatementOf,
    WalletOf,
)
from tallystick.wallets.api.facts import (
    facts_of_limits,
    facts_of_list,
    facts_of_open,
    facts_of_statement,
    facts_of_wallet,
)


class Wallets(Protocol):
    """The wallets of every tenant. Each method works within ``caller.tenant_id`` and nothing else.

    A change that was interrupted is finished first by the next change of the same wallet; every change may raise
    WalletBusy. Where the books refuse an
    account, ``open`` and ``add_account`` raise the problem of the ledger: AssetExponentDiffers, AccountExistsDifferent.
    """

    @asks(Action.WALLETS_WALLET_OPEN, about=facts_of_open)
    @records(Tag.WALLETS_WALLET_OPEN, Tag.WALLETS_WALLET_SETTLE)
    async def open(self, *, caller: Caller, message: OpenWallet) -> Wallet:
        """Open a wallet and its accounts in the books; what was refused may be tried again under the same id.

        Raises Malformed, IbanNotValid, WalletExistsDifferent, AccountNeedsAnIban, IbanIsTaken.
        """
        ...

    @asks(Action.WALLETS_ACCOUNT_ADD, about=facts_of_wallet)
    @records(Tag.WALLETS_ACCOUNT_ADD, Tag.WALLETS_WALLET_SETTLE)
    async def add_account(self, *, caller: Caller, message: AddAccount) -> Wallet:
        """Add an account.

        Raises Malformed, IbanNotValid, WalletNotFound, WalletAccountExistsDifferent, WalletStatusNotReachable,
        WalletHasTooManyAccounts, IbanIsTaken.
        """
        ...

    @asks(Action.WALLETS_WALLET_FREEZE, about=facts_of_wallet)
    @records(Tag.WALLETS_WALLET_FREEZE, Tag.WALLETS_WALLET_SETTLE)
    async def freeze(self, *, caller: Caller, message: WalletOf) -> Wallet:
        """Freeze every account in the books, so that nothing moves; being frozen already changes nothing.

        Raises WalletNotFound, WalletStatusNotReachable.
        """
        ...

    @asks(Action.WALLETS_WALLET_UNFREEZE, about=facts_of_wallet)
    @records(Tag.WALLETS_WALLET_UNFREEZE, Tag.WALLETS_WALLET_SETTLE)
    async def unfreeze(self, *, caller: Caller, message: WalletOf) -> Wallet:
        """Let money move again; being open already changes nothing. Raises WalletNotFound, WalletStatusNotReachable."""
        ...

    @asks(Action.WALLETS_WALLET_CLOSE, about=facts_of_wallet)
    @records(Tag.WALLETS_WALLET_CLOSE, Tag.WALLETS_WALLET_SETTLE)
    async def close(self, *, caller: Caller, message: WalletOf) -> Wallet:
        """Close every account, or none; being closed already changes nothing.

        Raises WalletNotFound, WalletStatusNotReachable, WalletNotEmpty.
        """
        ...

    @asks(Action.WALLETS_WALLET_REOPEN, about=facts_of_wallet)
    @records(Tag.WALLETS_WALLET_REOPEN, Tag.WALLETS_WALLET_SETTLE)
    async def reopen(self, *, caller: Caller, message: WalletOf) -> Wallet:
        """Reopen a closed wallet; being open already changes nothing.

        Raises WalletNotFound, WalletStatusNotReachable.
        """
        ...

    @asks(Action.WALLETS_ACCOUNT_LIMIT, about=facts_of_limits)
    @records(Tag.WALLETS_ACCOUNT_LIMIT, Tag.WALLETS_WALLET_SETTLE)
    async def set_limits(self, *, caller: Caller, message: SetAccountLimits) -> Wallet:
        """Replace an account's limits. They bind what comes next: a balance outside them stays.

        Raises Malformed, WalletNotFound, WalletAccountNotFound, WalletStatusNotReachable.
        """
        ...

    @asks(Action.WALLETS_WALLET_READ, about=facts_of_wallet)
    @records(Tag.WALLETS_WALLET_READ)
    async def wallet(self, *, caller: Caller, message: WalletOf) -> Wallet:
        """Show a wallet with its balances of now. Raises WalletNotFound."""
        ...

    @asks(Action.WALLETS_WALLET_READ, about=facts_of_list)
    @records(Tag.WALLETS_WALLET_READ)
    async def wallets(self, *, caller: Caller, message: ListWallets) -> WalletPage:
        """List wallets, without balances. Raises Malformed."""
        ...

    @asks(Action.WALLETS_WALLET_READ, about=facts_of_list)
    @records(Tag.WALLETS_WALLET_READ)
    async def account_by_iban(self, *, caller: Caller, message: IbanOf) -> HeldAccount:
        """Find an account by its IBAN. Raises IbanNotValid, WalletAccountNotFound."""
        ...

    @asks(Action.WALLETS_WALLET_READ, about=facts_of_list)
    @records(Tag.WALLETS_WALLET_READ)
    async def accounts_by_iban(self, *, caller: Caller, message: IbansOf) -> HeldAccounts:
        """Find accounts by IBAN; what is no IBAN or not held here is absent. Raises Malformed."""
        ...

    @asks(Action.WALLETS_STATEMENT_READ, about=facts_of_statement)
    @records(Tag.WALLETS_STATEMENT_READ)
    async def statement(self, *, caller: Caller, message: StatementOf) -> Statement:
        """Write a statement.

        Raises Malformed, IbanNotValid, WalletNotFound, WalletAccountNotFound, StatementTooLong.
        """
        ...

    @asks(Action.WALLETS_STATEMENT_EXPORT, about=facts_of_statement)
    @records(Tag.WALLETS_STATEMENT_EXPORT)
    async def statement_file(self, *, caller: Caller, message: StatementOf) -> StatementFile:
        """Write a statement as a file: camt.053.001.08, PDF or CSV.

        Raises what ``statement`` does, StatementTooLong also for a PDF of more than 2,000 lines, StatementBusy, and
        StatementFormatNotSupported for an asset or amount that the format has no place for.
        """
        ...

"""The door itself: what the books promise to whoever knocks."""

from typing import Protocol

from tallystick.kernel.actions import Action, asks
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import Recorded
from tallystick.kernel.tags import Tag, records, unrecorded
from tallystick.ledger.api.answering import (
    Account,
    AccountPage,
    BalanceAnswer,
    EntryPage,
    LedgerOpened,
    LedgerPage,
    Transaction,
    TransactionPage,
    Verdicts,
    Verification,
)
from tallystick.ledger.api.asking import (
    AccountOf,
    BalanceAsOf,
    ListAccounts,
    ListEntries,
    ListLedgers,
    ListTransactions,
    OpenAccount,
    OpenLedger,
    SetLimits,
    SetStatus,
    Submit,
    TransactionOf,
    Verify,
)
from tallystick.ledger.api.facts import (
    facts_of_account,
    facts_of_list,
    facts_of_submit,
    facts_of_transaction,
)


class Ledger(Protocol):
    """The books of every tenant. Each method works within ``caller.tenant_id`` and nothing else."""

    @asks(Action.LEDGER_LEDGER_OPEN)
    @records(Tag.LEDGER_LEDGER_OPEN)
    async def open_ledger(self, *, caller: Caller, message: OpenLedger) -> LedgerOpened:
        """Open a ledger. Raises Malformed."""
        ...

    @asks(Action.LEDGER_LEDGER_READ)
    @unrecorded("the books have numbers and addresses, not names")
    async def ledgers(self, *, caller: Caller, message: ListLedgers) -> LedgerPage:
        """List the caller's ledgers by name. Raises Malformed."""
        ...

    @asks(Action.LEDGER_ACCOUNT_OPEN, about=facts_of_account)
    @records(Tag.LEDGER_ACCOUNT_OPEN)
    async def open_account(self, *, caller: Caller, message: OpenAccount) -> Account:
        """Open an account. Raises Malformed, LedgerNotFound, AssetExponentDiffers, AccountExistsDifferent."""
        ...

    @asks(Action.LEDGER_ACCOUNT_LIMIT, about=facts_of_account)
    @records(Tag.LEDGER_ACCOUNT_LIMIT)
    async def set_limits(self, *, caller: Caller, message: SetLimits) -> Account:
        """Replace an account's limits. Raises Malformed, LedgerNotFound, AccountNotFound."""
        ...

    @asks(Action.LEDGER_ACCOUNT_STATUS, about=facts_of_account)
    @records(Tag.LEDGER_ACCOUNT_STATUS)
    async def set_status(self, *, caller: Caller, message: SetStatus) -> Account:
        """Move an account between open, frozen and closed; being there already changes nothing.

        Raises Malformed, LedgerNotFound, AccountNotFound, StatusNotReachable, AccountNotEmpty.
        """
        ...

    @asks(Action.LEDGER_ACCOUNT_READ, about=facts_of_account)
    @unrecorded("the books have numbers and addresses, not names")
    async def account(self, *, caller: Caller, message: AccountOf) -> Account:
        """Show an account. Raises Malformed, LedgerNotFound, AccountNotFound."""
        ...

    @asks(Action.LEDGER_ACCOUNT_READ, about=facts_of_list)
    @unrecorded("the books have numbers and addresses, not names")
    async def accounts(self, *, caller: Caller, message: ListAccounts) -> AccountPage:
        """List accounts. Raises Malformed, LedgerNotFound."""
        ...

    @asks(
        Action.LEDGER_TRANSACTION_POST,
        Action.LEDGER_TRANSACTION_HOLD,
        Action.LEDGER_TRANSACTION_CAPTURE,
        Action.LEDGER_TRANSACTION_VOID,
        Action.LEDGER_TRANSACTION_REVERSE,
        about=facts_of_submit,
    )
    @records(
        Tag.LEDGER_BATCH_SUBMIT,
        Tag.LEDGER_TRANSACTION_POST,
        Tag.LEDGER_TRANSACTION_HOLD,
        Tag.LEDGER_TRANSACTION_CAPTURE,
        Tag.LEDGER_TRANSACTION_VOID,
        Tag.LEDGER_TRANSACTION_REVERSE,
        Tag.LEDGER_TRANSACTION_EXPIRE,
        notes_refusals=True,
    )
    async def submit(self, *, caller: Caller, message: Submit) -> Verdicts:
        """Decide and write acts in order; when it returns, they are committed.

        Raises Malformed (then nothing of the batch was done), LedgerNotFound, LedgerBusy.
        """
        ...

    @asks(Action.LEDGER_TRANSACTION_READ, about=facts_of_transaction)
    @unrecorded("the books have numbers and addresses, not names")
    async def transaction(self, *, caller: Caller, message: TransactionOf) -> Transaction:
        """Show a transaction. Raises Malformed, LedgerNotFound, TransactionNotFound."""
        ...

    @asks(Action.LEDGER_TRANSACTION_READ, about=facts_of_transaction)
    @unrecorded("an act is told where its own entry is")
    async def recorded(self, *, caller: Caller, message: TransactionOf) -> Recorded:
        """Tell where a transaction, also a refused one, is found in the record.

        Raises Malformed, LedgerNotFound, TransactionNotFound.
        """
        ...

    @asks(Action.LEDGER_TRANSACTION_READ, about=facts_of_list)
    @unrecorded("the books have numbers and addresses, not names")
    async def transactions(self, *, caller: Caller, message: ListTransactions) -> TransactionPage:
        """List transactions. Raises Malformed, LedgerNotFound, AccountNotFound."""
        ...

    @asks(Action.LEDGER_ACCOUNT_READ, about=facts_of_account)
    @unrecorded("the books have numbers and addresses, not names")
    async def entries(self, *, caller: Caller, message: ListEntries) -> EntryPage:
        """List an account's posted entries. Raises Malformed, LedgerNotFound, AccountNotFound."""
        ...

    @asks(Action.LEDGER_ACCOUNT_READ, about=facts_of_account)
    @unrecorded("the books have numbers and addresses, not names")
    async def balance(self, *, caller: Caller, message: BalanceAsOf) -> BalanceAnswer:
        """Answer a balance as of both clocks, in logarithmic time.

        Raises Malformed, LedgerNotFound, AccountNotFound, RecordedInFuture.
        """
        ...

    @asks(Action.LEDGER_LEDGER_VERIFY)
    @unrecorded("it reads the books and answers whether they hold")
    async def verify(self, *, caller: Caller, message: Verify) -> Verification:
        """Prove the caller's books again, read-only, in one snapshot. Raises nothing of its own."""
        ...

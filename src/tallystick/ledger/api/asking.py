"""What can be asked of the books."""

from typing import Annotated

from msgspec import Meta

from tallystick.kernel.fields import Asset, CallerId, Cursor, Exponent, Limit, PageLimit, Time, told
from tallystick.kernel.messages import Message
from tallystick.ledger.api.words import (
    POSTINGS_MAX,
    Address,
    AddressPattern,
    Amount,
    LedgerName,
    Metadata,
    PartialAmount,
    Reference,
    Side,
    Status,
)


class OpenLedger(Message, frozen=True, kw_only=True):
    """Open a book of accounts. ``name`` is 1 to 64 of ``a-z 0-9 - _``, unique per tenant."""

    name: LedgerName


class ListLedgers(Message, frozen=True, kw_only=True):
    """List the tenant's ledgers by name; ``after`` is the cursor of the page before, ``limit`` 1 to 200."""

    after: Cursor | None = None
    limit: PageLimit = 50


class OpenAccount(Message, frozen=True, kw_only=True):
    """Open an account. Opening it again with the same content is the same act.

    ``address`` is segments of ``A-Z a-z 0-9 - _ .`` joined by colons, at most 200 characters.
    ``asset`` is 1 to 16 of ``A-Z 0-9 . _``, ``exponent`` 0 to 18 and the same for every account of that
    asset in the ledger. The available balance never leaves [``min_available``, ``max_available``].
    """

    ledger: LedgerName
    address: Address
    asset: Asset
    exponent: Exponent
    normal_side: Side
    min_available: Limit | None = None
    max_available: Limit | None = None
    metadata: Metadata | None = None


class SetLimits(Message, frozen=True, kw_only=True):
    """Replace both limits of an account; ``None`` lifts one."""

    ledger: LedgerName
    address: Address
    min_available: Limit | None = None
    max_available: Limit | None = None


class SetStatus(Message, frozen=True, kw_only=True):
    """Freeze, unfreeze, close (all balances must be zero) or reopen an account."""

    ledger: LedgerName
    address: Address
    status: Status


class Posting(Message, frozen=True, kw_only=True):
    """Move ``amount`` minor units of ``asset``: one debit, one credit.

    With ``balancing`` the amount is the most that may move: as much moves as both accounts' limits allow.
    """

    debit: Annotated[Address, told("The account to debit.")]
    credit: Annotated[Address, told("The account to credit.")]
    amount: Amount
    asset: Annotated[Asset, told("The asset of both accounts.")]
    balancing: Annotated[
        bool, told("Whether the amount is the most that may move, not exactly what moves.")
    ] = False


class Command(Message, frozen=True, kw_only=True, tag_field="kind"):
    """What every act carries.

    ``id`` is the caller's, 1 to 64 printable ASCII characters without space, unique in the ledger and not
    starting with ``txn_``; without one we make one. ``effective_at`` is RFC 3339 and defaults to the time of
    recording. Neighbouring items of a batch with the same ``group`` stand or fall together.
    """

    id: Annotated[
        CallerId | None,
        told(
            "Yours, not starting with ``txn_``: the same id is the same act. Without one we make one."
        ),
    ] = None
    effective_at: Annotated[
        Time | None, told("When it counts; without it, when it is recorded.")
    ] = None
    reference: Reference | None = None
    metadata: Metadata | None = None
    group: Annotated[
        str | None, told("Neighbours in a batch with the same word stand or fall together.")
    ] = None


_Postings = Annotated[
    tuple[Posting, ...],
    Meta(
        description="Done together or not at all.",
        extra_json_schema={"minItems": 1, "maxItems": POSTINGS_MAX},
    ),
]
_Amounts = Annotated[
    tuple[PartialAmount, ...] | None,
    Meta(
        description="One amount per posting of the target; absent is all that is left.",
        extra_json_schema={"minItems": 1, "maxItems": POSTINGS_MAX},
    ),
]


class Post(Command, frozen=True, kw_only=True, tag="post"):
    """Post a transaction: all its postings or none."""

    postings: _Postings


class Hold(Command, frozen=True, kw_only=True, tag="hold"):
    """Reserve the postings' amounts until they are captured, voided, or ``expires_at`` has passed."""

    postings: _Postings
    expires_at: Annotated[Time | None, told("When it ends by itself; without it, never.")] = None


class Capture(Command, frozen=True, kw_only=True, tag="capture"):
    """Post what hold ``target`` reserved: ``amounts`` per posting, or all that remains without them.

    With ``final`` the rest is released in the same act.
    """

    target: Annotated[CallerId, told("The id of the hold.")]
    amounts: _Amounts = None
    final: Annotated[bool, told("Whether the rest is released with it.")] = False


class Void(Command, frozen=True, kw_only=True, tag="void"):
    """Release all that remains of hold ``target``."""

    target: Annotated[CallerId, told("The id of the hold.")]


class Reverse(Command, frozen=True, kw_only=True, tag="reverse"):
    """Post transaction ``target`` backwards: ``amounts`` per posting, or all that is not reversed yet."""

    target: Annotated[CallerId, told("The id of the transaction.")]
    amounts: _Amounts = None


AnyCommand = Post | Hold | Capture | Void | Reverse


class Submit(Message, frozen=True, kw_only=True):
    """Up to 8,190 acts for one ledger, decided in order."""

    ledger: str
    items: tuple[AnyCommand, ...]


class AccountOf(Message, frozen=True, kw_only=True):
    """Name one account."""

    ledger: str
    address: str


class BalanceAsOf(Message, frozen=True, kw_only=True):
    """Ask for a balance as it was effective at one time, by what was recorded at another.

    Either is RFC 3339; absent means without bound (everything effective, everything recorded).
    """

    ledger: str
    address: str
    effective_at: Time | None = None
    recorded_at: Time | None = None


class ListAccounts(Message, frozen=True, kw_only=True):
    """List accounts by address. In ``address`` an empty segment stands for any (``customers::main``)
    and a last segment ``...`` for any number of them. ``begins`` need not end where a segment does."""

    ledger: str
    address: AddressPattern | None = None
    begins: Annotated[str | None, told("Only addresses that begin so.")] = None
    asset: Asset | None = None
    metadata: Metadata | None = None
    after: Cursor | None = None
    limit: PageLimit = 50


class TransactionOf(Message, frozen=True, kw_only=True):
    """Name one transaction by its id."""

    ledger: str
    id: str


class ListTransactions(Message, frozen=True, kw_only=True):
    """List transactions, newest first. Times bound ``recorded_at`` as [``since``, ``until``).

    ``account`` is an address, or a pattern of addresses that fits at most 200 accounts.
    """

    ledger: str
    account: AddressPattern | None = None
    reference: Reference | None = None
    metadata: Metadata | None = None
    since: Annotated[Time | None, told("Only what was recorded then or later.")] = None
    until: Annotated[Time | None, told("Only what was recorded before.")] = None
    after: Cursor | None = None
    limit: PageLimit = 50


class ListEntries(Message, frozen=True, kw_only=True):
    """List the posted entries of an account in recorded order, newest first or (``oldest_first``) oldest.

    ``since`` and ``until`` bound ``recorded_at`` as [since, until); the cursor ``after`` continues a page.
    """

    ledger: str
    address: Address
    since: Annotated[Time | None, told("Only what was recorded then or later.")] = None
    until: Annotated[Time | None, told("Only what was recorded before.")] = None
    oldest_first: Annotated[bool, told("Whether to begin with the first entry, not the last.")] = (
        False
    )
    after: Cursor | None = None
    limit: PageLimit = 50


class Verify(Message, frozen=True, kw_only=True):
    """Prove every ledger of the caller again from its entries."""

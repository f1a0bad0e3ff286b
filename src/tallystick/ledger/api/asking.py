"""What can be asked of the books."""

from tallystick.kernel.messages import Message
from tallystick.kernel.money import Digits
from tallystick.ledger.api.words import Metadata, Side, Status


class OpenLedger(Message, frozen=True, kw_only=True):
    """Open a book of accounts. ``name`` is 1 to 64 of ``a-z 0-9 - _``, unique per tenant."""

    name: str


class ListLedgers(Message, frozen=True, kw_only=True):
    """List the tenant's ledgers by name; ``after`` is the cursor of the page before, ``limit`` 1 to 200."""

    after: str | None = None
    limit: int = 50


class OpenAccount(Message, frozen=True, kw_only=True):
    """Open an account. Opening it again with the same content is the same act.

    ``address`` is segments of ``A-Z a-z 0-9 - _ .`` joined by colons, at most 200 characters.
    ``asset`` is 1 to 16 of ``A-Z 0-9 . _``, ``exponent`` 0 to 18 and the same for every account of that
    asset in the ledger. The available balance never leaves [``min_available``, ``max_available``].
    """

    ledger: str
    address: str
    asset: str
    exponent: int
    normal_side: Side
    min_available: Digits | None = None
    max_available: Digits | None = None
    metadata: Metadata | None = None


class SetLimits(Message, frozen=True, kw_only=True):
    """Replace both limits of an account; ``None`` lifts one."""

    ledger: str
    address: str
    min_available: Digits | None = None
    max_available: Digits | None = None


class SetStatus(Message, frozen=True, kw_only=True):
    """Freeze, unfreeze, close (all balances must be zero) or reopen an account."""

    ledger: str
    address: str
    status: Status


class Posting(Message, frozen=True, kw_only=True):
    """Move ``amount`` minor units of ``asset``: one debit, one credit.

    With ``balancing`` the amount is the most that may move: as much moves as both accounts' limits allow.
    """

    debit: str
    credit: str
    amount: Digits
    asset: str
    balancing: bool = False


class Command(Message, frozen=True, kw_only=True, tag_field="kind"):
    """What every act carries.

    ``id`` is the caller's, 1 to 64 printable ASCII characters without space, unique in the ledger and not
    starting with ``txn_``; without one we make one. ``effective_at`` is RFC 3339 and defaults to the time of
    recording. Neighbouring items of a batch with the same ``group`` stand or fall together.
    """

    id: str | None = None
    effective_at: str | None = None
    reference: str | None = None
    metadata: Metadata | None = None
    group: str | None = None


class Post(Command, frozen=True, kw_only=True, tag="post"):
    """Post a transaction: all its postings or none."""

    postings: tuple[Posting, ...]


class Hold(Command, frozen=True, kw_only=True, tag="hold"):
    """Reserve the postings' amounts until they are captured, voided, or ``expires_at`` has passed."""

    postings: tuple[Posting, ...]
    expires_at: str | None = None


class Capture(Command, frozen=True, kw_only=True, tag="capture"):
    """Post what hold ``target`` reserved: ``amounts`` per posting, or all that remains without them.

    With ``final`` the rest is released in the same act.
    """

    target: str
    amounts: tuple[Digits, ...] | None = None
    final: bool = False


class Void(Command, frozen=True, kw_only=True, tag="void"):
    """Release all that remains of hold ``target``."""

    target: str


class Reverse(Command, frozen=True, kw_only=True, tag="reverse"):
    """Post transaction ``target`` backwards: ``amounts`` per posting, or all that is not reversed yet."""

    target: str
    amounts: tuple[Digits, ...] | None = None


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
    effective_at: str | None = None
    recorded_at: str | None = None


class ListAccounts(Message, frozen=True, kw_only=True):
    """List accounts by address. In ``address`` an empty segment stands for any (``customers::main``)
    and a last segment ``...`` for any number of them."""

    ledger: str
    address: str | None = None
    asset: str | None = None
    metadata: Metadata | None = None
    after: str | None = None
    limit: int = 50


class TransactionOf(Message, frozen=True, kw_only=True):
    """Name one transaction by its id."""

    ledger: str
    id: str


class ListTransactions(Message, frozen=True, kw_only=True):
    """List transactions, newest first. Times bound ``recorded_at`` as [``since``, ``until``).

    ``account`` is an address, or a pattern of addresses that fits at most 200 accounts.
    """

    ledger: str
    account: str | None = None
    reference: str | None = None
    metadata: Metadata | None = None
    since: str | None = None
    until: str | None = None
    after: str | None = None
    limit: int = 50


class ListEntries(Message, frozen=True, kw_only=True):
    """List the posted entries of an account in recorded order, newest first or (``oldest_first``) oldest.

    ``since`` and ``until`` bound ``recorded_at`` as [since, until); the cursor ``after`` continues a page.
    """

    ledger: str
    address: str
    since: str | None = None
    until: str | None = None
    oldest_first: bool = False
    after: str | None = None
    limit: int = 50


class Verify(Message, frozen=True, kw_only=True):
    """Prove every ledger of the caller again from its entries."""

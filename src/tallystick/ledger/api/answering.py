"""What the books answer."""

from tallystick.kernel.messages import Message
from tallystick.kernel.money import Digits
from tallystick.kernel.problems import Retry
from tallystick.ledger.api.words import Metadata, Side, Status


class LedgerOpened(Message, frozen=True, kw_only=True):
    """An open ledger; ``replayed`` when it was there already."""

    name: str
    opened_at: str
    replayed: bool = False


class LedgerPage(Message, frozen=True, kw_only=True):
    """A page of ledgers; ``after`` is the cursor of the next, absent at the end."""

    items: tuple[LedgerOpened, ...]
    after: str | None = None


class Balances(Message, frozen=True, kw_only=True):
    """Counters that never decrease, and the balances they sum to, seen from the normal side.

    ``posted`` is what happened; ``pending`` is posted plus all open holds; ``available`` is posted less what
    open holds may still take away. ``debits_released`` and ``credits_released`` count what holds gave back
    or turned into postings.
    """

    posted: Digits
    pending: Digits
    available: Digits
    debits_posted: Digits
    credits_posted: Digits
    debits_pending: Digits
    credits_pending: Digits
    debits_released: Digits
    credits_released: Digits


class Account(Message, frozen=True, kw_only=True):
    """An account with its balances of now."""

    ledger: str
    address: str
    asset: str
    exponent: int
    normal_side: Side
    status: Status
    opened_at: str
    balances: Balances
    min_available: Digits | None = None
    max_available: Digits | None = None
    metadata: Metadata | None = None
    replayed: bool = False


class AccountBalances(Message, frozen=True, kw_only=True):
    """The balances of one account after a write."""

    address: str
    asset: str
    balances: Balances


class PostedPosting(Message, frozen=True, kw_only=True):
    """A posting as it stands in the books, with the amount that moved."""

    debit: str
    credit: str
    amount: Digits
    asset: str


class Transaction(Message, frozen=True, kw_only=True):
    """A transaction in the books.

    ``kind`` is post, hold, capture, void, reverse or expire. For a hold, ``remaining`` is what may still be captured,
    per posting, and ``state`` is held, captured, voided or expired.
    """

    id: str
    ledger: str
    kind: str
    recorded_at: str
    effective_at: str
    postings: tuple[PostedPosting, ...]
    target: str | None = None
    expires_at: str | None = None
    reference: str | None = None
    metadata: Metadata | None = None
    state: str | None = None
    remaining: tuple[Digits, ...] | None = None
    reversed: tuple[Digits, ...] | None = None


class Refusal(Message, frozen=True, kw_only=True):
    """Why an act was refused: a code of the closed list, a sentence, and what it was about."""

    code: str
    detail: str
    retry: Retry = Retry.NEVER
    fields: dict[str, str] = {}  # noqa: RUF012 - msgspec makes each instance its own


class Verdict(Message, frozen=True, kw_only=True):
    """What became of one item: a transaction or a refusal; ``replayed`` when it was decided before.

    ``balances`` are those of every account it touched, right after it; a replay carries none.
    """

    id: str
    transaction: Transaction | None = None
    refusal: Refusal | None = None
    replayed: bool = False
    balances: tuple[AccountBalances, ...] = ()


class Verdicts(Message, frozen=True, kw_only=True):
    """One verdict per item, in order."""

    items: tuple[Verdict, ...]


class BalanceAnswer(Message, frozen=True, kw_only=True):
    """A balance as of both clocks."""

    address: str
    asset: str
    balances: Balances
    effective_at: str | None = None
    recorded_at: str | None = None


class Entry(Message, frozen=True, kw_only=True):
    """One posted line of an account: the amount, its side, and the posted balance after it."""

    transaction: str
    kind: str
    side: Side
    amount: Digits
    balance: Digits
    counterparty: str
    recorded_at: str
    effective_at: str
    reference: str | None = None
    metadata: Metadata | None = None


class AccountPage(Message, frozen=True, kw_only=True):
    """A page of accounts; ``after`` is the cursor of the next, absent at the end."""

    items: tuple[Account, ...]
    after: str | None = None


class TransactionPage(Message, frozen=True, kw_only=True):
    """A page of transactions; ``after`` is the cursor of the next, absent at the end."""

    items: tuple[Transaction, ...]
    after: str | None = None


class EntryPage(Message, frozen=True, kw_only=True):
    """A page of entries; ``after`` is the cursor of the next, absent at the end."""

    items: tuple[Entry, ...]
    after: str | None = None


class Damage(Message, frozen=True, kw_only=True):
    """One thing that does not hold: which law, where, what was expected and what was found."""

    law: str
    where: str
    expected: str
    found: str


class Verification(Message, frozen=True, kw_only=True):
    """What ``verify`` walked through and what it found; no damage means the books hold."""

    accounts: int
    transactions: int
    entries: int
    holds: int
    laws: tuple[str, ...]
    damage: tuple[Damage, ...]

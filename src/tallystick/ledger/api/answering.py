"""What the books answer."""

from typing import Annotated

from tallystick.kernel.fields import (
    Asset,
    CallerId,
    Exponent,
    Limit,
    Minor,
    NextCursor,
    Replayed,
    Time,
    told,
)
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import Retry
from tallystick.ledger.api.words import Address, LedgerName, Metadata, Reference, Side, Status


class LedgerOpened(Message, frozen=True, kw_only=True):
    """An open ledger; ``replayed`` when it was there already."""

    name: LedgerName
    opened_at: Time
    replayed: Replayed = False


class LedgerPage(Message, frozen=True, kw_only=True):
    """A page of ledgers; ``after`` is the cursor of the next, absent at the end."""

    items: Annotated[tuple[LedgerOpened, ...], told("By name.")]
    after: NextCursor | None = None


class Balances(Message, frozen=True, kw_only=True):
    """Counters that never decrease, and the balances they sum to, seen from the normal side.

    ``posted`` is what happened; ``pending`` is posted plus all open holds; ``available`` is posted less what
    open holds may still take away. ``debits_released`` and ``credits_released`` count what holds gave back
    or turned into postings.
    """

    posted: Annotated[Minor, told("What happened.")]
    pending: Annotated[Minor, told("What happened and all open holds.")]
    available: Annotated[Minor, told("What happened, less what open holds may still take away.")]
    debits_posted: Annotated[Minor, told("All debits ever posted.")]
    credits_posted: Annotated[Minor, told("All credits ever posted.")]
    debits_pending: Annotated[Minor, told("All debits ever held.")]
    credits_pending: Annotated[Minor, told("All credits ever held.")]
    debits_released: Annotated[Minor, told("Of the held debits, those given back or posted.")]
    credits_released: Annotated[Minor, told("Of the held credits, those given back or posted.")]


class Account(Message, frozen=True, kw_only=True):
    """An account with its balances of now."""

    ledger: LedgerName
    address: Address
    asset: Asset
    exponent: Exponent
    normal_side: Side
    status: Status
    opened_at: Time
    balances: Balances
    min_available: Limit | None = None
    max_available: Limit | None = None
    metadata: Metadata | None = None
    replayed: Replayed = False


class AccountBalances(Message, frozen=True, kw_only=True):
    """The balances of one account after a write."""

    address: Address
    asset: Asset
    balances: Balances


class PostedPosting(Message, frozen=True, kw_only=True):
    """A posting as it stands in the books, with the amount that moved."""

    debit: Annotated[Address, told("The account debited.")]
    credit: Annotated[Address, told("The account credited.")]
    amount: Annotated[Minor, told("What moved.")]
    asset: Asset


class Transaction(Message, frozen=True, kw_only=True):
    """A transaction in the books.

    ``kind`` is post, hold, capture, void, reverse or expire. For a hold, ``remaining`` is what may still be captured,
    per posting, and ``state`` is held, captured, voided or expired.
    """

    id: Annotated[CallerId, told("Yours, or one of ours (``txn_…``).")]
    ledger: LedgerName
    kind: Annotated[str, told("post, hold, capture, void, reverse or expire.")]
    recorded_at: Annotated[Time, told("When we wrote it: its place in the order of the ledger.")]
    effective_at: Annotated[Time, told("When it counts.")]
    postings: Annotated[tuple[PostedPosting, ...], told("What moved, in its order.")]
    target: Annotated[CallerId | None, told("What it captured, voided or reversed.")] = None
    expires_at: Annotated[Time | None, told("When the hold ends by itself.")] = None
    reference: Reference | None = None
    metadata: Metadata | None = None
    state: Annotated[str | None, told("Of a hold: held, captured, voided or expired.")] = None
    remaining: Annotated[
        tuple[Minor, ...] | None, told("Of a hold: what may still be captured, per posting.")
    ] = None
    reversed: Annotated[
        tuple[Minor, ...] | None, told("What was reversed already, per posting.")
    ] = None


class Refusal(Message, frozen=True, kw_only=True):
    """Why an act was refused: a code of the closed list, a sentence, and what it was about."""

    code: Annotated[str, told("A code of the closed list.")]
    detail: Annotated[str, told("What is wrong, in a sentence.")]
    retry: Retry = Retry.NEVER
    fields: Annotated[dict[str, str], told("What it was about, by name.")] = {}  # noqa: RUF012 - msgspec makes each instance its own


class Verdict(Message, frozen=True, kw_only=True):
    """What became of one item: a transaction or a refusal; ``replayed`` when it was decided before.

    ``balances`` are those of every account it touched and the caller sees, right after it; a replay carries none.
    """

    id: Annotated[CallerId, told("Of the act.")]
    transaction: Annotated[Transaction | None, told("What was done.")] = None
    refusal: Annotated[Refusal | None, told("Why nothing was done.")] = None
    replayed: Replayed = False
    balances: Annotated[
        tuple[AccountBalances, ...],
        told("Of every account it touched, right after it; a replay has none."),
    ] = ()


class Verdicts(Message, frozen=True, kw_only=True):
    """One verdict per item, in order."""

    items: Annotated[tuple[Verdict, ...], told("One per act, in order.")]


class BalanceAnswer(Message, frozen=True, kw_only=True):
    """A balance as of both clocks."""

    address: Address
    asset: Asset
    balances: Balances
    effective_at: Time | None = None
    recorded_at: Time | None = None


class Entry(Message, frozen=True, kw_only=True):
    """One posted line of an account: the amount, its side, and the posted balance after it."""

    transaction: Annotated[CallerId, told("The id of its transaction.")]
    kind: Annotated[str, told("post, capture or reverse.")]
    side: Side
    amount: Minor
    balance: Annotated[Minor, told("The posted balance after it.")]
    counterparty: Annotated[Address, told("The other account of its posting.")]
    recorded_at: Time
    effective_at: Time
    reference: Reference | None = None
    metadata: Metadata | None = None


class AccountPage(Message, frozen=True, kw_only=True):
    """A page of accounts; ``after`` is the cursor of the next, absent at the end."""

    items: Annotated[tuple[Account, ...], told("By address.")]
    after: NextCursor | None = None


class TransactionPage(Message, frozen=True, kw_only=True):
    """A page of transactions; ``after`` is the cursor of the next, absent at the end."""

    items: Annotated[tuple[Transaction, ...], told("Newest first.")]
    after: NextCursor | None = None


class EntryPage(Message, frozen=True, kw_only=True):
    """A page of entries; ``after`` is the cursor of the next, absent at the end."""

    items: Annotated[tuple[Entry, ...], told("In the order that was asked for.")]
    after: NextCursor | None = None


class Damage(Message, frozen=True, kw_only=True):
    """One thing that does not hold: which law, where, what was expected and what was found."""

    law: Annotated[str, told("The law that does not hold.")]
    where: Annotated[str, told("The ledger, and the account or transaction.")]
    expected: Annotated[str, told("What the law gives.")]
    found: Annotated[str, told("What stands there.")]


class Verification(Message, frozen=True, kw_only=True):
    """What ``verify`` walked through and what it found; no damage means the books hold."""

    accounts: Annotated[int, told("How many were proven.")]
    transactions: Annotated[int, told("How many were proven.")]
    entries: Annotated[int, told("How many were summed.")]
    holds: Annotated[int, told("How many were proven.")]
    laws: Annotated[tuple[str, ...], told("Every law that was asked of each ledger.")]
    damage: Annotated[tuple[Damage, ...], told("What does not hold; empty when the books do.")]

"""A statement of one account over one period, and the law that it adds up."""

from datetime import date
from enum import StrEnum

import msgspec

from tallystick.kernel.instants import DAY, Instant, day_of


class StatementDoesNotAddUp(ValueError):
    """Opening balance and lines are not the closing balance: a bug, and never shown to anybody."""


class Direction(StrEnum):
    """How a line changes the balance of its owner, in the words of ISO 20022."""

    CREDIT = "CRDT"
    DEBIT = "DBIT"


class TransactionCode(msgspec.Struct, frozen=True):
    """A bank transaction code of ISO 20022: domain, family and sub-family."""

    domain: str
    family: str
    sub_family: str


# Issued and received credit transfers, booked inside one institution.
SENT = TransactionCode("PMNT", "ICDT", "BOOK")
RECEIVED = TransactionCode("PMNT", "RCDT", "BOOK")


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One entry. ``amount_minor`` has no sign, ``reference`` is our id of what was booked.

    ``code`` is None for a credit transfer inside the house, sent or received by its direction.
    """

    amount_minor: int
    direction: Direction
    booked_on: date
    value_on: date
    reference: str
    instruction_id: str | None = None
    end_to_end_id: str | None = None
    counterparty_name: str | None = None
    counterparty_iban: str | None = None
    remittance: str | None = None
    code: TransactionCode | None = None

    @property
    def change(self) -> int:
        """The change of the balance, in signed minor units."""
        return self.amount_minor if self.direction is Direction.CREDIT else -self.amount_minor

    @property
    def transaction_code(self) -> TransactionCode:
        """The code to print."""
        return self.code or (RECEIVED if self.direction is Direction.CREDIT else SENT)


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """An account's period ``[starts_at, ends_at)``. Balances are signed, negative is overdrawn.

    ``account_id`` stands in for an IBAN where ``account_iban`` is None. ``sequence_number`` is None where no statement
    is the one before this.
    """

    id: str
    message_id: str
    created_at: Instant
    sequence_number: int | None
    account_id: str
    account_iban: str | None
    owner_name: str | None
    currency: str
    exponent: int
    starts_at: Instant
    ends_at: Instant
    opening_minor: int
    closing_minor: int
    available_minor: int | None = None
    lines: tuple[Line, ...] = ()

    @property
    def opened_on(self) -> date:
        """The day of the opening balance."""
        return day_of(self.starts_at)

    @property
    def closed_on(self) -> date:
        """The day of the closing balance: the last one with an instant in the period."""
        return day_of(max(self.starts_at, self.ends_at - 1))


def sequence_number(starts_at: Instant, ends_at: Instant) -> int | None:
    """Number a period that has one before it: a UTC day by the days, a calendar month by the months, since 1970.

    So the next day or month has the next number, whenever and however often it is asked for. Any other period has none.
    """
    first, last = day_of(starts_at), day_of(ends_at - 1)
    if first == last:
        return _counted(starts_at // DAY + 1)
    is_month = (first.day, day_of(ends_at).day) == (1, 1) and first.month == last.month
    if is_month and first.year == last.year:
        return _counted(12 * (first.year - 1970) + first.month)
    return None


def _counted(number: int) -> int | None:
    return number if number > 0 else None


class Total(msgspec.Struct, frozen=True, kw_only=True):
    """How many lines of one direction there are, and their sum."""

    count: int
    sum_minor: int


def total(statement: Statement, direction: Direction) -> Total:
    """Add up the lines of one direction."""
    amounts = [line.amount_minor for line in statement.lines if line.direction is direction]
    return Total(count=len(amounts), sum_minor=sum(amounts))


def adds_up(statement: Statement) -> None:
    """Prove that the opening balance and the lines give the closing balance.

    Raises StatementDoesNotAddUp, also for a line with a negative amount.
    """
    if any(line.amount_minor < 0 for line in statement.lines):
        raise StatementDoesNotAddUp(f"{statement.id} has a line with a negative amount")
    reached = statement.opening_minor + sum(line.change for line in statement.lines)
    if reached != statement.closing_minor:
        raise StatementDoesNotAddUp(
            f"{statement.id} comes to {reached}, its closing balance is {statement.closing_minor}"
        )

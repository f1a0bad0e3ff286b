"""Words, bounds and kinds of field that every message of the door uses."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

LEDGER = "main"
"""The book in which every wallet account of a tenant stands."""

WALLET_ID_MAX = 64
TEXT_MAX = 140
ACCOUNTS_MAX = 20
IBANS_MAX = 10_000
STATEMENT_LINES_MAX = 100_000

WalletId = Annotated[
    str,
    Meta(
        description="The id of a wallet: 1 to 64 of ``A-Z a-z 0-9 - _ .``.",
        extra_json_schema={"pattern": f"^[A-Za-z0-9_.-]{{1,{WALLET_ID_MAX}}}$"},
    ),
]
AccountLabel = Annotated[
    str, Meta(description="Its name within the wallet: ``EUR``, the second ``EUR:2``.")
]
Text = Annotated[
    str,
    Meta(
        description=f"1 to {TEXT_MAX} characters.",
        extra_json_schema={"minLength": 1, "maxLength": TEXT_MAX},
    ),
]


class OwnerKind(StrEnum):
    """What an owner is."""

    PERSON = "person"
    COMPANY = "company"


class WalletStatus(StrEnum):
    """Where a wallet stands. Those ending in -ing are on their way; a job finishes what a crash left.

    A wallet is ``refused`` when the books would not open its accounts: it holds nothing and no IBAN.
    """

    OPENING = "opening"
    OPEN = "open"
    FREEZING = "freezing"
    FROZEN = "frozen"
    UNFREEZING = "unfreezing"
    CLOSING = "closing"
    CLOSED = "closed"
    REOPENING = "reopening"
    REFUSED = "refused"


class AccountStatus(StrEnum):
    """Whether an account takes part in payments. On its way from one to another it counts as frozen."""

    OPEN = "open"
    FROZEN = "frozen"
    CLOSED = "closed"


class FileFormat(StrEnum):
    """What a statement is written as: for banks and programs, for people to keep, for tables."""

    CAMT053 = "camt053"
    PDF = "pdf"
    CSV = "csv"


class Direction(StrEnum):
    """How a line of a statement changes the balance."""

    CREDIT = "credit"
    DEBIT = "debit"

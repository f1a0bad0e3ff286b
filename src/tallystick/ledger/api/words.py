"""Words and bounds that every message of the door uses."""

from enum import StrEnum

BATCH_ITEMS_MAX = 8_190
POSTINGS_MAX = 100
PAGE_MAX = 200
METADATA_KEYS_MAX = 20
METADATA_TEXT_MAX = 500
REFERENCE_MAX = 140
ADDRESS_MAX = 200

Metadata = dict[str, str]


class Side(StrEnum):
    """The side on which an account grows."""

    DEBIT = "debit"
    CREDIT = "credit"


class Status(StrEnum):
    """Whether an account takes part: frozen and closed accounts take no posting in either direction."""

    OPEN = "open"
    FROZEN = "frozen"
    CLOSED = "closed"

"""Words, bounds and kinds of field that every message of the door uses."""

import re
from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from tallystick.kernel.money import AMOUNT_DIGITS_MAX, AMOUNT_MAX, Digits
from tallystick.kernel.patterns import ADDRESS_MAX, SEGMENT

BATCH_ITEMS_MAX = 8_190
PATTERN_ACCOUNTS_MAX = 200
POSTINGS_MAX = 100
METADATA_KEYS_MAX = 20
METADATA_KEY_MAX = 64
METADATA_TEXT_MAX = 500
REFERENCE_MAX = 140

LedgerName = Annotated[
    str,
    Meta(
        description="The name of a ledger: 1 to 64 of ``a-z 0-9 - _``.",
        extra_json_schema={"pattern": "^[a-z0-9_-]{1,64}$"},
    ),
]
Address = Annotated[
    str,
    Meta(
        description="An account's address: segments of ``A-Z a-z 0-9 - _ .`` joined by colons.",
        extra_json_schema={
            "pattern": f"^{SEGMENT}+(:{SEGMENT}+)*$",
            "maxLength": ADDRESS_MAX,
        },
    ),
]
AddressPattern = Annotated[
    str,
    Meta(
        description="An address, or a pattern of addresses: an empty segment stands for any one (``customers::main``), "
        "``...`` at the end for any number of further ones.",
        extra_json_schema={
            "pattern": rf"^({SEGMENT}*:)*({SEGMENT}*|\.\.\.)$",
            "maxLength": ADDRESS_MAX,
        },
    ),
]
Amount = Annotated[
    Digits,
    Meta(
        description=f"Whole minor units, at least 1, at most {AMOUNT_DIGITS_MAX} digits; as a string above 2^53 - 1.",
        extra_json_schema={
            "minimum": 1,
            "pattern": f"^[1-9][0-9]{{0,{AMOUNT_DIGITS_MAX - 1}}}$",
        },
    ),
]
PartialAmount = Annotated[
    Digits,
    Meta(
        description="How much of a posting, in whole minor units; 0 leaves it out.",
        extra_json_schema={
            "minimum": 0,
            "pattern": f"^(0|[1-9][0-9]{{0,{AMOUNT_DIGITS_MAX - 1}}})$",
        },
    ),
]
Reference = Annotated[
    str,
    Meta(
        description=f"What the maker calls it, 1 to {REFERENCE_MAX} characters; lists find it by an index.",
        extra_json_schema={"minLength": 1, "maxLength": REFERENCE_MAX},
    ),
]
MetadataText = Annotated[str, Meta(extra_json_schema={"maxLength": METADATA_TEXT_MAX})]
Metadata = Annotated[
    dict[str, MetadataText],
    Meta(
        description=f"Texts of at most {METADATA_TEXT_MAX} characters by at most {METADATA_KEYS_MAX} names.",
        extra_json_schema={
            "maxProperties": METADATA_KEYS_MAX,
            "propertyNames": {"minLength": 1, "maxLength": METADATA_KEY_MAX},
        },
    ),
]


class Side(StrEnum):
    """The side on which an account grows."""

    DEBIT = "debit"
    CREDIT = "credit"


class Status(StrEnum):
    """Whether an account takes part: frozen and closed accounts take no posting in either direction."""

    OPEN = "open"
    FROZEN = "frozen"
    CLOSED = "closed"


_AMOUNT = re.compile(rf"[1-9][0-9]{{0,{AMOUNT_DIGITS_MAX - 1}}}")


def amount_of(digits: Digits) -> int | None:
    """Read the amount of a posting: 1 to 38 digits; None for zero, negative, longer, or not digits."""
    if isinstance(digits, int):
        return digits if 0 < digits <= AMOUNT_MAX else None
    return int(digits) if _AMOUNT.fullmatch(digits) else None

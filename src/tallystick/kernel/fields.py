"""Kinds of field that the messages of all contexts share, as the schema tells them.

A limit is told by ``extra_json_schema`` and never enforced by it: msgspec checks types, and the context checks the
rest, in its own order and with its own words. So no decoding gets slower, and no refusal changes.
"""

from typing import Annotated

from msgspec import Meta

from tallystick.kernel.money import AMOUNT_DIGITS_MAX, Digits

PAGE_MAX = 200
EXPONENT_MAX = 18


def told(description: str) -> Meta:
    """Tell what a field is, where its kind does not say it."""
    return Meta(description=description)


CallerId = Annotated[
    str,
    Meta(
        description="Chosen by the caller: 1 to 64 printable ASCII characters without space.",
        extra_json_schema={"pattern": "^[!-~]{1,64}$"},
    ),
]
Minor = Annotated[
    Digits,
    Meta(
        description="Whole minor units: an integer up to 2^53 - 1, a string of digits above.",
        extra_json_schema={"pattern": "^-?(0|[1-9][0-9]*)$"},
    ),
]
Limit = Annotated[
    Digits,
    Meta(
        description=f"A limit of the available balance in whole minor units, at most {AMOUNT_DIGITS_MAX} digits.",
        extra_json_schema={"pattern": f"^-?(0|[1-9][0-9]{{0,{AMOUNT_DIGITS_MAX - 1}}})$"},
    ),
]
Asset = Annotated[
    str,
    Meta(
        description="The code of an asset, such as EUR: 1 to 16 of ``A-Z 0-9 . _``.",
        extra_json_schema={"pattern": "^[A-Z0-9._]{1,16}$"},
    ),
]
Exponent = Annotated[
    int,
    Meta(
        description="How many digits of the asset stand after the point: 2 for EUR, 0 for JPY.",
        extra_json_schema={"minimum": 0, "maximum": EXPONENT_MAX},
    ),
]
Iban = Annotated[
    str, Meta(description="An IBAN, its checksum included; it may be written in groups.")
]
Time = Annotated[
    str,
    Meta(
        description="RFC 3339 with an offset, at most six digits after the point, from 1900 to 2200; answers are UTC.",
        extra_json_schema={"format": "date-time"},
    ),
]
PageLimit = Annotated[
    int,
    Meta(
        description="How many items a page has at most.",
        extra_json_schema={"minimum": 1, "maximum": PAGE_MAX},
    ),
]
Cursor = Annotated[str, Meta(description="``after`` of the page before, as it is.")]
NextCursor = Annotated[
    str, Meta(description="The cursor of the next page; absent at the end of the list.")
]
Replayed = Annotated[
    bool, Meta(description="Whether this had been done before, so that nothing was done now.")
]

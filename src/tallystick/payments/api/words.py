"""Words and bounds that every message of the door uses."""

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta

PAYMENTS_MAX = 100_000
"""More than fit into the largest file that is read: the shortest transfer takes over 100 bytes of 10 MiB."""


class PaymentState(StrEnum):
    """Where a payment stands. It begins as received, and settled and rejected are final."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    SETTLED = "settled"
    REJECTED = "rejected"


FileStatus = Annotated[
    Literal["ACCP", "ACSC", "PART", "RJCT"],
    Meta(description="The group status of pain.002: accepted, settled, partly accepted, rejected."),
]
"""The group status of pain.002: accepted, settled, partly accepted, rejected."""

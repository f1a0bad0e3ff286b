"""What a caller may see of payments: patterns of addresses in the books, None for everything.

A payment is seen by who sees the account that pays. A file and its report tell of all that it pays, so it is seen by
who sees every account that pays in it. What is not seen is not found, as if it were not there.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from tallystick.kernel.patterns import any_fits
from tallystick.payments.model.records import FileRecord, PaymentRecord

Patterns = Sequence[str] | None
Row = TypeVar("Row")


def sees_payment(payment: PaymentRecord, sees: Patterns) -> bool:
    """Tell whether a payment may be seen; one whose payer has no account here is seen only by who sees everything."""
    if sees is None:
        return True
    return payment.debit_address is not None and any_fits(sees, payment.debit_address)


def sees_file(file: FileRecord, sees: Patterns) -> bool:
    """Tell whether a file may be seen."""
    if sees is None:
        return True
    addresses = file.debit_addresses
    return bool(addresses) and all(any_fits(sees, address) for address in addresses)


def page(
    rows: Sequence[Row], *, limit: int, asked: int, is_seen: Callable[[Row], bool]
) -> tuple[list[Row], Row | None]:
    """Make a page of what may be seen of ``rows``, at most ``asked`` of which were read.

    Answers the row that the next page begins after, None at the end. A page may be short and have a next one still.
    """
    seen = [row for row in rows if is_seen(row)]
    if len(seen) > limit:
        return seen[:limit], seen[limit - 1]
    return seen, rows[-1] if len(rows) == asked else None

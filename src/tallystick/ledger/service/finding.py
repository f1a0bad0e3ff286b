"""Finding what is asked about, and no more of it than the caller may see.

What may be seen is patterns of addresses, None for everything. An account outside them is not found, as if it were not
there. A transaction is seen by who sees one of its accounts, and then whole, with the address of the other side: so an
account holder's statement names who paid.
"""

from collections.abc import Sequence
from typing import Any

from tallystick.kernel import patterns
from tallystick.kernel.instants import Instant
from tallystick.kernel.problems import malformed
from tallystick.ledger.api import PATTERN_ACCOUNTS_MAX, AccountNotFound, Transaction
from tallystick.ledger.model import acts
from tallystick.ledger.service import answers
from tallystick.ledger.store import reading
from tallystick.ledger.store.reading import Patterns
from tallystick.ledger.store.states import Key
from tallystick.runtime.database import Connection

# A page looks at so many transactions at most when what may be seen is more accounts than can be merged.
WALK_MAX = 2_000


async def account(
    connection: Connection,
    key: Key,
    address: str,
    *,
    sees: Patterns = None,
    field: str = "address",
) -> Any:
    """Find an account's row with its balance. Raises Malformed, AccountNotFound."""
    row = None
    asked = acts.address(address, field)
    if sees is None or patterns.any_fits(sees, asked):
        row = await reading.account(connection, key, asked)
    if row is None:
        raise AccountNotFound(f"there is no account {address!r}")
    return row


def is_seen(transaction: Transaction, sees: Patterns) -> bool:
    """Tell whether a transaction has an account that may be seen."""
    return sees is None or any(
        patterns.any_fits(sees, address)
        for posting in transaction.postings
        for address in (posting.debit, posting.credit)
    )


async def transaction_times(
    connection: Connection,
    key: Key,
    *,
    account: str | None,
    sees: Patterns,
    limit: int,
    **filters: Any,
) -> tuple[Sequence[Instant], Instant | None]:
    """Find a page of transactions, newest first; answers when they were recorded, and the cursor of the next page.

    Where more accounts may be seen than can be merged, a page looks at ``WALK_MAX`` transactions at most, and may then
    be short or empty and have a next one all the same. Raises Malformed, AccountNotFound.
    """
    chosen = await _chosen(connection, key, account, sees)
    is_walked = chosen is None and sees is not None
    most = WALK_MAX if is_walked else limit + 1
    times = await reading.transaction_times(connection, key, accounts=chosen, limit=most, **filters)
    end = times[-1] if is_walked and len(times) == most else None
    if is_walked:
        times = await reading.seen_of_times(connection, key, times, sees)
    return times[:limit], times[limit - 1] if len(times) > limit else end


async def _chosen(
    connection: Connection, key: Key, asked: str | None, sees: Patterns
) -> list[int] | None:
    """The accounts a list of transactions is about, as far as they may be seen: one by address, or those of a pattern.

    None is all, or more than can be merged of all that may be seen.
    """
    if asked is None and sees is None:
        return None
    if asked is not None and not patterns.is_pattern(asked):
        found = await account(connection, key, asked, sees=sees, field="account")
        return [found["account_id"]]
    many = await reading.account_ids(
        connection,
        key,
        addresses=patterns.range_of(asked, "account"),
        sees=sees,
        most=PATTERN_ACCOUNTS_MAX + 1,
    )
    if len(many) <= PATTERN_ACCOUNTS_MAX:
        return many
    if asked is None:
        return None
    raise malformed(
        "account", f"the pattern fits more than {PATTERN_ACCOUNTS_MAX} accounts; narrow it"
    )


async def written(
    connection: Connection, key: Key, ledger: str, rows: Sequence[Any]
) -> list[Transaction]:
    """Write rows of transactions as answers, with the addresses of their accounts."""
    numbers = {number for row in rows for number in row["account_ids"]}
    addresses = await reading.addresses(connection, key, list(numbers))
    return [answers.transaction_of_row(row, addresses, ledger=ledger) for row in rows]

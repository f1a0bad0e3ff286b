"""Reads and small writes of the books: ledgers, accounts, transactions, entries, past balances."""

from collections.abc import Mapping, Sequence
from typing import Any

from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import EARLIEST, Instant
from tallystick.kernel.patterns import ranges_of
from tallystick.ledger.store import recording
from tallystick.ledger.store.states import Key, json_if_any, json_of
from tallystick.runtime import record
from tallystick.runtime.database import Connection
from tallystick.runtime.sql import queries, statement

_SQL = queries("ledger")
_AS_OF = statement("ledger", "as_of")
Patterns = Sequence[str] | None
"""What a caller may see; None is everything."""
# What fewer than these carry is looked at one by one, whatever else is asked.
_FEW = 1_000


async def ledger_id(connection: Connection, tenant_id: int, name: str) -> int | None:
    """The number of a ledger, or None."""
    return await connection.fetchval(_SQL["ledger_by_name"], tenant_id, name)


async def open_ledger(
    connection: Connection, tenant_id: int, name: str, *, caller: Caller
) -> tuple[Instant, bool]:
    """Open a ledger; answers when it was opened, and whether it was there before."""
    made = await connection.fetchrow(_SQL["open_ledger"], tenant_id, name)
    if made is not None:
        deed = recording.ledger_deed(
            made["ledger_id"], name=name, at=made["opened_at"], caller=caller
        )
        await record.write_deeds(
            connection, context=recording.CONTEXT, tenant_id=tenant_id, deeds=(deed,)
        )
    found = made or await connection.fetchrow(_SQL["ledger_by_name"], tenant_id, name)
    return found["opened_at"], made is None


async def ledgers(connection: Connection, tenant_id: int) -> Sequence[Any]:
    """All ledgers of a tenant."""
    return await connection.fetch(_SQL["ledgers"], tenant_id)


async def ledger_page(
    connection: Connection, tenant_id: int, after: str, limit: int
) -> Sequence[Any]:
    """A page of a tenant's ledgers by name."""
    return await connection.fetch(_SQL["ledger_page"], tenant_id, after, limit)


async def clock(connection: Connection) -> Instant:
    """The database's clock."""
    return await connection.fetchval(_SQL["clock"])


async def recorded_at(connection: Connection, key: Key, act_id: str) -> Instant | None:
    """When an act was recorded, done or refused; None when it was not."""
    return await connection.fetchval(_SQL["recorded_at"], *key, act_id)


async def declare_asset(
    connection: Connection, key: Key, code: str, exponent: int
) -> tuple[int, bool]:
    """Declare an asset unless it is there; answers the exponent that stands, and whether it is new."""
    done = await connection.execute(_SQL["declare_asset"], *key, code, exponent)
    return await connection.fetchval(_SQL["exponent"], *key, code), done == "INSERT 0 1"


async def open_account(
    connection: Connection,
    key: Key,
    *,
    caller: Caller,
    content: Mapping[str, Any],
    metadata: Mapping[str, str] | None,
    event: Mapping[str, str | None],
) -> bool:
    """Insert an account with its zero balance and its first event; False when the address is taken."""
    made = await connection.fetchrow(
        _SQL["open_account"],
        *key,
        content["address"],
        content["asset"],
        content["normal_side"],
        content["min_available"],
        content["max_available"],
        json_if_any(metadata),
    )
    if made is None:
        return False
    await connection.execute(_SQL["open_balance"], *key, made["account_id"], made["opened_at"])
    await note_event(
        connection,
        key,
        made["account_id"],
        event="open",
        caller=caller,
        content=event,
        opened=recording.Opened(
            address=content["address"],
            asset=content["asset"],
            exponent=content["exponent"],
            normal_side=content["normal_side"],
            metadata=metadata,
        ),
    )
    return True


async def note_event(
    connection: Connection,
    key: Key,
    account_id: int,
    *,
    event: str,
    caller: Caller,
    content: Mapping[str, str | None],
    opened: recording.Opened | None = None,
) -> None:
    """Append to an account's history, and to the record. ``opened`` is what an account that opens is."""
    at = await connection.fetchval(
        _SQL["note_event"], *key, account_id, event, caller.actor, json_of(content)
    )
    deed = recording.account_deed(
        key, account_id, event=event, at=at, caller=caller, content=content, opened=opened
    )
    await record.write_deeds(connection, context=recording.CONTEXT, tenant_id=key[0], deeds=(deed,))


async def account(connection: Connection, key: Key, address: str) -> Any:
    """An account's row with its balance, or None."""
    return await connection.fetchrow(_SQL["accounts"], *key, [address])


async def lock_balance(connection: Connection, key: Key, account_id: int) -> None:
    """Lock an account's balance until the transaction ends: no act moves it meanwhile."""
    await connection.fetchval(_SQL["lock_balance"], *key, account_id)


async def set_limits(
    connection: Connection, key: Key, account_id: int, limits: tuple[int | None, int | None]
) -> None:
    """Replace an account's limits; whoever decided on the old ones is refused."""
    await connection.execute(_SQL["touch_balance"], *key, account_id)
    await connection.execute(_SQL["set_limits"], *key, account_id, *limits)


async def set_status(
    connection: Connection, key: Key, account_id: int, *, before: str, after: str
) -> bool:
    """Move an account from one state to another; False when it is not in the first."""
    await connection.execute(_SQL["touch_balance"], *key, account_id)
    return (
        await connection.fetchval(_SQL["set_status"], *key, account_id, after, before) is not None
    )


async def accounts(
    connection: Connection,
    key: Key,
    *,
    addresses: Sequence[Any],
    asset: str | None,
    metadata: str | None,
    sees: Patterns,
    limit: int,
) -> Sequence[Any]:
    """A page of accounts by address: ``addresses`` are a cursor, a range and an expression."""
    name, arguments = "find_accounts", (*key, *addresses, asset, *ranges_of(sees))
    if metadata is not None:
        name = "find_accounts_noted"
        rarest = await connection.fetchrow(
            _SQL["rarest_on_accounts"], *key, *addresses[:3], metadata, _FEW
        )
        arguments += (metadata, rarest["key"], rarest["value"])
    found = await connection.fetch(_SQL[name], *arguments, limit)
    return await connection.fetch(_SQL["accounts"], *key, [row["address"] for row in found])


async def transactions_by_id(connection: Connection, key: Key, ids: Sequence[str]) -> Sequence[Any]:
    """Transactions by id; refused acts are none."""
    return await connection.fetch(_SQL["transactions_by_id"], *key, ids)


async def account_ids(
    connection: Connection, key: Key, *, addresses: Sequence[Any], sees: Patterns, most: int
) -> list[int]:
    """The numbers of the accounts whose addresses lie in a range, match and may be seen, at most ``most``."""
    rows = await connection.fetch(_SQL["account_ids"], *key, *addresses, *ranges_of(sees), most)
    return [row["account_id"] for row in rows]


async def transaction_times(
    connection: Connection,
    key: Key,
    *,
    accounts: Sequence[int] | None,
    bounds: Sequence[Any],
    reference: str | None,
    metadata: str | None,
    limit: int,
) -> list[Instant]:
    """When the transactions of a page were recorded, newest first, of some accounts or of all."""
    # Each way has a statement of its own, so that it goes by the index made for it.
    name, filters = "find_transactions", ()
    if reference is not None:
        name, filters = "find_transactions_by_reference", (reference, metadata)
    if accounts is not None:
        name, filters = "find_transactions_of_accounts", (accounts, reference, metadata)
    if metadata is not None:
        rarest = await connection.fetchrow(
            _SQL["rarest_on_transactions"], *key, *bounds, metadata, _FEW
        )
        if rarest["carriers"] < _FEW or not filters:
            pair = (rarest["key"], rarest["value"])
            name = "find_transactions_noted"
            filters = (metadata, reference, accounts, *pair)
    found = await connection.fetch(_SQL[name], *key, *bounds, *filters, limit)
    return [row["recorded_at"] for row in found]


async def seen_of_times(
    connection: Connection, key: Key, times: Sequence[Instant], sees: Patterns
) -> list[Instant]:
    """Of these transactions, those with an account that may be seen, newest first."""
    rows = await connection.fetch(_SQL["seen_of_times"], *key, times, *ranges_of(sees))
    return [row["recorded_at"] for row in rows]


async def transactions(connection: Connection, key: Key, times: Sequence[Instant]) -> Sequence[Any]:
    """Transactions by the time they were recorded at, newest first."""
    return await connection.fetch(_SQL["transactions_by_time"], *key, times)


async def entries(
    connection: Connection,
    key: Key,
    account_id: int,
    *,
    oldest_first: bool,
    arguments: Sequence[Any],
) -> Sequence[Any]:
    """A page of an account's posted entries."""
    name = "entries_oldest_first" if oldest_first else "entries_newest_first"
    return await connection.fetch(_SQL[name], *key, account_id, *arguments)


async def addresses(
    connection: Connection, key: Key, account_ids: Sequence[int]
) -> dict[int, tuple[str, str]]:
    """Address and asset of accounts by number."""
    rows = await connection.fetch(_SQL["addresses"], *key, account_ids)
    return {row["account_id"]: (row["address"], row["asset"]) for row in rows}


async def counters_as_of(
    connection: Connection,
    key: Key,
    account_id: int,
    *,
    effective_at: Instant,
    recorded_at: Instant,
) -> list[int]:
    """An account's six counters as of both clocks."""
    rows = await connection.fetch(
        _AS_OF, *key, account_id, recorded_at, effective_at, effective_at - EARLIEST
    )
    return [counter for row in rows for counter in (row["debits"], row["credits"])]


async def expired_ledgers(connection: Connection, most: int) -> list[Key]:
    """Ledgers, of all tenants, with holds whose time has passed."""
    rows = await connection.fetch(_SQL["expired_ledgers"], most)
    return [(row["tenant_id"], row["ledger_id"]) for row in rows]


async def expired_holds(connection: Connection, key: Key, most: int) -> list[str]:
    """Ids of holds whose time has passed."""
    rows = await connection.fetch(_SQL["expired_holds"], *key, most)
    return [row["id"] for row in rows]

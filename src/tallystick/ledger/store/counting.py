"""Caps as rows: locked before an act under them is decided, and written in the transaction that moves the money."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tallystick.kernel.instants import Instant
from tallystick.ledger.model.caps import CAPS_MAX, Caps, Counter
from tallystick.ledger.model.outcomes import CapKey, Outcome
from tallystick.ledger.store.states import Key
from tallystick.runtime.database import Connection
from tallystick.runtime.sql import queries

_SQL = queries("ledger")


@dataclass(slots=True)
class Counted:
    """What a decided batch counted, as columns."""

    counters: list[list[Any]]
    uses: list[list[Any]]


async def caps_of_holds(
    connection: Connection, key: Key, times: Sequence[Instant]
) -> dict[Instant, list[CapKey]]:
    """Find the caps that counted holds, by the time the hold was recorded at."""
    found: dict[Instant, list[CapKey]] = {}
    for row in await connection.fetch(_SQL["caps_of_holds"], *key, times, CAPS_MAX):
        found.setdefault(row["recorded_at"], []).append(_key(row))
    return found


async def lock(connection: Connection, tenant_id: int, keys: Iterable[CapKey]) -> Caps:
    """Lock the counters of caps until the transaction ends, and read them; one that was never used begins at zero."""
    wanted = sorted(keys)
    if not wanted:
        return Caps({})
    columns = [list(column) for column in zip(*wanted, strict=True)]
    rows = await connection.fetch(_SQL["lock_caps"], tenant_id, *columns)
    if len(rows) < len(wanted):
        await connection.execute(_SQL["open_caps"], tenant_id, *columns)
        rows = await connection.fetch(_SQL["lock_caps"], tenant_id, *columns)
    return Caps({_key(row): Counter(row["moved"], row["released"]) for row in rows})


def prepare(outcomes: Sequence[Outcome], caps: Caps) -> Counted:
    """Make the columns of what a batch counted: the counters it leaves, and what each of its acts counted."""
    return Counted(
        counters=_turned([(*key, one.moved, one.released) for key, one in caps.changed()]),
        uses=_turned(
            [
                (outcome.recorded_at, *key, abs(amount), amount < 0)
                for outcome in outcomes
                for key, amount in outcome.uses
            ]
        ),
    )


async def write(connection: Connection, key: Key, counted: Counted) -> None:
    """Write what a batch counted. The counters are locked, so they are still as they were read."""
    if counted.counters:
        await connection.execute(_SQL["count_caps"], key[0], *counted.counters)
    if counted.uses:
        await connection.execute(_SQL["note_cap_uses"], *key, *counted.uses)


def _key(row: Any) -> CapKey:
    return CapKey(row["name"], row["asset"], row["slot"])


def _turned(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]

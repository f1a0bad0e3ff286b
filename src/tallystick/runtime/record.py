"""The pen of the record: an act's entry is written into the acting context's own tables, in the act's transaction.

A context never reads these tables. The sequencer follows them from outside, under a role of its own.
"""

import os
from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import sha256
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import DONE, SALT_BYTES, Deed, write
from tallystick.kernel.instants import SECOND, Instant
from tallystick.kernel.problems import Kind, Problem
from tallystick.kernel.tags import Tag
from tallystick.runtime.clock import Clock
from tallystick.runtime.database import Connection, Database
from tallystick.runtime.sql import queries

# So many entries a leaf row holds at the most: as many as a tile of the tree.
LEAF_ENTRIES_MAX = 256
# So many ids of at most 32 characters fit into an entry.
_NUMBERS_AT_ONCE_MAX = 1_500
# Whoever is not known must not be able to fill the record; what is left out is counted in the next entry.
_OF_NOBODY_A_SECOND_MAX = 10
# Read in this order by whoever follows: a place is a transaction's number and a leaf's.
Place = tuple[int, int]
BEGINNING: Place = (0, 0)

# Stands where a deed is read from a table that does not say whose it was.
SOMEBODY = Caller(tenant_id=0, actor="")

UNDECIDED = {Kind.MALFORMED, Kind.UNAVAILABLE, Kind.TOO_LARGE, Kind.UNSUPPORTED}
"""What is no decision leaves no entry: a request that could not be read, and weather."""


class Leaf(NamedTuple):
    """A row of leaves as the sequencer reads it; ``entries`` are length-prefixed as in a bundle of tlog-tiles."""

    tenant_id: int
    number: int
    xid: int
    first_at: Instant
    last_at: Instant
    length: int
    entries: bytes


def draw_salts(count: int) -> bytes:
    """Draw salts from the system's chance, 16 bytes each, all at once."""
    return os.urandom(SALT_BYTES * count)


def columns_of(
    entries: Sequence[bytes], *, salts: bytes, times: Sequence[Instant], origins: Sequence[str]
) -> list[Any]:
    """Pack entries into leaves, as the columns of the statement that writes them.

    Each has its salt among ``salts``, its time and where it came from, all in one order.
    """
    bounds = [*range(0, len(entries), LEAF_ENTRIES_MAX), len(entries)]
    leaves = [
        (
            min(times[start:end]),
            max(times[start:end]),
            end - start,
            b"".join([len(entry).to_bytes(2, "big") + entry for entry in entries[start:end]]),
            salts[SALT_BYTES * start : SALT_BYTES * end],
            "\n".join(origins[start:end]),
        )
        for start, end in pairwise(bounds)
    ]
    return [list(column) for column in zip(*leaves, strict=True)]


def columns_of_deeds(deeds: Sequence[Deed]) -> list[Any]:
    """Pack the entries of deeds, each under a salt of its own."""
    salts = draw_salts(len(deeds))
    return columns_of(
        [
            write(deed, salt=salts[SALT_BYTES * place : SALT_BYTES * (place + 1)])
            for place, deed in enumerate(deeds)
        ],
        salts=salts,
        times=[deed.at for deed in deeds],
        origins=[deed.caller.origin for deed in deeds],
    )


@cache
def _sql(context: str) -> dict[str, str]:
    return {
        name: text.replace("{schema}", context)
        for name, text in queries("runtime", "record").items()
    }


async def write_columns(
    connection: Connection, *, context: str, tenant_id: int, columns: Sequence[Any]
) -> None:
    """Write packed leaves in the open transaction."""
    if columns:
        await connection.execute(_sql(context)["write"], tenant_id, *columns)


async def write_deeds(
    connection: Connection, *, context: str, tenant_id: int, deeds: Sequence[Deed]
) -> None:
    """Write the entries of deeds in the transaction that does them: both are committed, or neither."""
    columns = columns_of_deeds(deeds)
    await write_columns(connection, context=context, tenant_id=tenant_id, columns=columns)


class Pen:
    """Writes down what has no transaction of its own: reads of personal data, and refusals."""

    def __init__(self, *, database: Database, context: str, clock: Clock) -> None:
        self._database = database
        self._context = context
        self._clock = clock
        self._second, self._noted, self._left_out = 0, 0, 0

    async def note(
        self,
        *,
        caller: Caller,
        tag: Tag,
        on: str,
        outcome: str = DONE,
        content: Any = None,
        texts: Any = None,
    ) -> None:
        """Write one entry and commit it; what it tells of may be answered then, not before."""
        deed = Deed(
            tag=tag,
            caller=caller,
            on=on,
            at=self._clock.now(),
            outcome=outcome,
            content=content,
            texts=texts,
        )
        await self._commit(deed)

    async def note_numbers(
        self, *, caller: Caller, tag: Tag, on: str, of: str, numbers: Sequence[int | str]
    ) -> None:
        """Write down that these were read, ``of`` what kind they are, in as many entries as they need."""
        at = self._clock.now()
        parts = [
            numbers[start : start + _NUMBERS_AT_ONCE_MAX]
            for start in range(0, len(numbers), _NUMBERS_AT_ONCE_MAX)
        ]
        deeds = [
            Deed(tag=tag, caller=caller, on=on, at=at, content={of: part}) for part in parts or [[]]
        ]
        await self._commit(*deeds)

    async def refuse(self, *, caller: Caller, tag: Tag, problem: Problem, message: Any) -> None:
        """Write down a refusal, unless it was no decision. Of what was asked a digest is sealed."""
        if problem.kind in UNDECIDED or problem.replayed or problem.noted_by == self._context:
            return
        content = None
        if caller.tenant_id == 0:
            if not self._may_note():
                return
            content, self._left_out = {"left_out_before": self._left_out}, 0
        deed = Deed(
            tag=tag,
            caller=caller,
            on=self._context,
            at=self._clock.now(),
            outcome=problem.code,
            content=content,
            texts={"asked": sha256(msgspec.json.encode(message)).hexdigest()},
        )
        await self._commit(deed)

    def _may_note(self) -> bool:
        """Whether a refusal of somebody unknown is written down: so many a second, and the rest are counted."""
        second = self._clock.now() // SECOND
        if second != self._second:
            self._second, self._noted = second, 0
        if self._noted >= _OF_NOBODY_A_SECOND_MAX:
            self._left_out += 1
            return False
        self._noted += 1
        return True

    async def _commit(self, *deeds: Deed) -> None:
        tenant_id = deeds[0].caller.tenant_id
        async with self._database.transaction(tenant_id=tenant_id) as connection:
            await write_deeds(connection, context=self._context, tenant_id=tenant_id, deeds=deeds)


async def follow(connection: Connection, *, context: str, after: Place, most: int) -> list[Leaf]:
    """Read the leaves of all tenants after a place, at most ``most``, in an order that nothing gets into later.

    The connection is the sequencer's, in one snapshot.
    """
    rows = await connection.fetch(_sql(context)["follow"], str(after[0]), after[1], most)
    return [Leaf(*row) for row in map(_leaf_row, rows)]


def _leaf_row(row: Any) -> tuple[Any, ...]:
    return tuple(row[name] for name in Leaf._fields)


async def waiting_since(connection: Connection, *, context: str, after: Place) -> Instant | None:
    """When the first leaf after a place was written; None when none waits."""
    return await connection.fetchval(_sql(context)["oldest"], str(after[0]), after[1])


async def kept_leaves(
    connection: Connection, *, context: str, tenant_id: int, numbers: Iterable[int]
) -> dict[int, bytes]:
    """Read leaves of a tenant as its context keeps them, by their numbers."""
    rows = await connection.fetch(_sql(context)["leaves"], tenant_id, list(numbers))
    return {row["number"]: row["entries"] for row in rows}


async def kept_secrets(
    connection: Connection, *, context: str, tenant_id: int, numbers: Iterable[int]
) -> dict[int, list[tuple[bytes, str]]]:
    """Read what leaves of a tenant were sealed with: salt and origin of each entry, by the leaf's number."""
    rows = await connection.fetch(_sql(context)["secrets"], tenant_id, list(numbers))
    return {row["number"]: _secrets_of(row) for row in rows}


def _secrets_of(row: Any) -> list[tuple[bytes, str]]:
    salted: bytes = row["salts"]
    starts = range(0, len(salted), SALT_BYTES)
    origins = row["origins"].split("\n")
    return [
        (salted[start : start + SALT_BYTES], origin)
        for start, origin in zip(starts, origins, strict=True)
    ]

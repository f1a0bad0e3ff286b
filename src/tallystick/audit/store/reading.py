"""What everybody reads of a tree: its state, tiles, bundles, checkpoints, and the entries of a time."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from tallystick.audit.model import tiles
from tallystick.audit.model.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    Range,
    folded,
    perfect_ranges,
    root_of,
)
from tallystick.audit.model.tiles import WIDTH, Tile
from tallystick.audit.store.writing import CONTEXT, TreeRow
from tallystick.kernel.instants import Instant
from tallystick.runtime.database import Connection
from tallystick.runtime.sql import queries

_SQL = queries(CONTEXT)
# Acts of one time stand in a few leaves; a payment file of 100,000 payments has the most.
_SEGMENTS_OF_A_TIME_MAX = 512
_NO_TREE = (0, 0, 0)
# Of 200 bytes or so each. A proof in a log of a million entries has twenty, most of them asked for by all.
_NODES_MAX = 100_000


class State(NamedTuple):
    """Who sequences, when it last did, how far behind the record was, how far apart the clocks."""

    holder: str
    renewed_at: Instant
    lag_us: int
    skew_us: int
    now: Instant


class CheckpointRow(NamedTuple):
    """A checkpoint as it is kept."""

    size: int
    root: bytes
    signed_at: Instant
    published_at: Instant | None
    note: bytes


class Damaged(Exception):
    """The rows of a tree do not fit each other, which only somebody above the sequencer can have done."""


async def state(connection: Connection) -> State:
    """Who sequences, and how it goes."""
    return State(*await connection.fetchrow(_SQL["state"]))


async def keys(connection: Connection) -> list[tuple[int, bytes]]:
    """The public keys that checkpoints are signed with: algorithm and bytes."""
    return [(row["algorithm"], row["public_key"]) for row in await connection.fetch(_SQL["keys"])]


async def tree(connection: Connection, *, tenant_id: int) -> TreeRow:
    """How far a tree is; one without entries has the size 0."""
    row = await connection.fetchrow(_SQL["tree"], tenant_id)
    return TreeRow(tenant_id, *(row or _NO_TREE))


async def unpublished_since(connection: Connection, tree: TreeRow) -> Instant | None:
    """When the first entry was written that no published checkpoint covers; None when all are covered."""
    return await connection.fetchval(_SQL["unpublished_since"], tree.tenant_id, tree.published_size)


async def trees(connection: Connection, *, after: int, most: int) -> list[tuple[int, int]]:
    """Trees by tenant, with the size that is published."""
    rows = await connection.fetch(_SQL["trees"], after, most)
    return [(row["tenant_id"], row["published_size"]) for row in rows]


async def tile(connection: Connection, *, tenant_id: int, of: Tile, width: int) -> bytes:
    """The hashes of a tile, or of a bundle its entries. Raises Damaged when some are not there."""
    if of.level < 0:
        return await bundle(connection, tenant_id=tenant_id, index=of.index, length=width)
    first = of.index * WIDTH
    if of.level == 0:
        rows = await connection.fetch(_SQL["hashes"], tenant_id, first, first + width)
        content = b"".join([row["hashes"] for row in rows])[: width * HASH_BYTES]
    else:
        rows = await connection.fetch(_SQL["subtrees"], tenant_id, of.level, first, first + width)
        content = b"".join([row["hash"] for row in rows])
    if len(content) != width * HASH_BYTES:
        raise Damaged(f"{tiles.path_of(of, width=width)} has {len(content)} bytes")
    return content


async def bundle(connection: Connection, *, tenant_id: int, index: int, length: int) -> bytes:
    """The first entries of a bundle, packed. Raises Damaged when some are not there."""
    first = index * WIDTH
    rows = await connection.fetch(_SQL["bundle"], tenant_id, first, first + length)
    content, place = [], first
    for row in rows:
        if row["first_index"] != place:
            raise Damaged(f"entry {place} is missing")
        place += row["length"]
        content.append(row["entries"])
    whole = b"".join(content)
    if place > first + length:
        # The last segment goes on behind what was asked for.
        whole = tiles.pack(tiles.unpack(whole)[:length])
    elif place < first + length:
        raise Damaged(f"entry {place} is missing")
    return whole


async def entries(connection: Connection, *, tenant_id: int, first: int, end: int) -> list[bytes]:
    """Entries of a tree by their places, [first, end), of one or several bundles."""
    found: list[bytes] = []
    for index in range(first // WIDTH, -(-end // WIDTH)):
        length = min(WIDTH, end - index * WIDTH)
        packed = await bundle(connection, tenant_id=tenant_id, index=index, length=length)
        skipped = max(0, first - index * WIDTH)
        found += tiles.unpack(packed)[skipped:]
    return found


class Nodes:
    """Hashes over perfect subtrees that were read before: those of a tree that grows never change."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[int, int, int], bytes] = OrderedDict()

    def get(self, tenant_id: int, part: Range) -> bytes | None:
        """The hash over a perfect subtree, if it is known."""
        key = (tenant_id, *part)
        found = self._known.get(key)
        if found is not None:
            self._known.move_to_end(key)
        return found

    def put(self, tenant_id: int, part: Range, found: bytes) -> None:
        """Remember one; of too many, those that were asked for longest ago are forgotten."""
        self._known[tenant_id, *part] = found
        if len(self._known) > _NODES_MAX:
            self._known.popitem(last=False)


async def hashes(
    connection: Connection,
    *,
    tenant_id: int,
    ranges: Sequence[Range],
    size: int,
    nodes: Nodes | None = None,
) -> list[bytes]:
    """The hashes over ranges of a tree of this size, as a proof has them; what ``nodes`` knows is not read again."""
    known = nodes or Nodes()
    cut = [perfect_ranges(*one) for one in ranges]
    parts = {part for one in cut for part in one}
    found = {part: one for part in parts if (one := known.get(tenant_id, part)) is not None}
    missing = parts - found.keys()
    contents: dict[Tile, bytes] = {}
    for one in sorted(tiles.tiles_for(missing, size=size)):
        width = tiles.width_of(one, size=size)
        contents[one] = await tile(connection, tenant_id=tenant_id, of=one, width=width)
    for part in missing:
        found[part] = tiles.hash_of(*part, contents)
        known.put(tenant_id, part, found[part])
    return [folded([found[part] for part in one]) if one else EMPTY_ROOT for one in cut]


async def root(connection: Connection, *, tenant_id: int, size: int) -> bytes:
    """The root of a tree as it was at this size, from its tiles."""
    if size == 0:
        return root_of(())
    return (await hashes(connection, tenant_id=tenant_id, ranges=[(0, size)], size=size))[0]


async def checkpoint(connection: Connection, *, tenant_id: int, size: int) -> CheckpointRow | None:
    """The checkpoint of a size, if there is one."""
    return _checkpoint(await connection.fetchrow(_SQL["checkpoint"], tenant_id, size))


async def checkpoint_at(
    connection: Connection, *, tenant_id: int, at: Instant
) -> CheckpointRow | None:
    """The last published checkpoint that was signed by then."""
    return _checkpoint(await connection.fetchrow(_SQL["checkpoint_at"], tenant_id, at))


async def checkpoint_since(
    connection: Connection, *, tenant_id: int, at: Instant
) -> CheckpointRow | None:
    """The first published checkpoint that was signed then or later."""
    return _checkpoint(await connection.fetchrow(_SQL["checkpoint_since"], tenant_id, at))


def _checkpoint(row: Any) -> CheckpointRow | None:
    return None if row is None else CheckpointRow(*row)


async def checkpoints(
    connection: Connection, *, tenant_id: int, after: int, until: int, most: int
) -> list[tuple[int, bytes]]:
    """Published checkpoints of sizes above ``after`` and up to ``until``, in order."""
    rows = await connection.fetch(_SQL["checkpoints"], tenant_id, after, until, most)
    return [(row["size"], row["note"]) for row in rows]


async def entries_of_time(
    connection: Connection, *, tenant_id: int, context: str, at: Instant
) -> Iterable[tuple[int, bytes]]:
    """The entries of a context in leaves that span a time, each with its place."""
    rows = await connection.fetch(
        _SQL["segments_by_time"], tenant_id, context, at, _SEGMENTS_OF_A_TIME_MAX
    )
    return (
        (row["first_index"] + offset, entry)
        for row in rows
        if row["first_at"] <= at
        for offset, entry in enumerate(tiles.unpack(row["entries"]))
    )


async def segments_of_actor(
    connection: Connection, *, tenant_id: int, actor: str, before: int, most: int
) -> list[tuple[int, list[bytes]]]:
    """The newest segments in which an actor acted that begin before a place: each its place and its entries."""
    rows = await connection.fetch(_SQL["segments_of_actor"], tenant_id, actor, before, most)
    return [(row["first_index"], tiles.unpack(row["entries"])) for row in rows]

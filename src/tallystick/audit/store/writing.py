"""What the sequencer writes: the lease and its fence, entries in their places, checkpoints."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from tallystick.audit.model.merkle import Subtree
from tallystick.audit.model.places import Acted, Segment
from tallystick.kernel.instants import Instant
from tallystick.runtime.database import Connection
from tallystick.runtime.record import Place
from tallystick.runtime.sql import queries

CONTEXT = "audit"
_SQL = queries(CONTEXT)


class Fenced(Exception):
    """Somebody else has the lease: whoever reads this may write nothing more."""


class Taken(NamedTuple):
    """The lease as it was taken: its epoch, and the cluster of PostgreSQL whose transactions were followed so far."""

    epoch: int
    cluster: int | None


class TreeRow(NamedTuple):
    """How far a tree is."""

    tenant_id: int
    size: int
    signed_size: int
    published_size: int


async def take_lease(connection: Connection, *, holder: str, unrenewed_s: float) -> Taken | None:
    """Take the lease when nobody has renewed it for so long; None when somebody has."""
    row = await connection.fetchrow(_SQL["take_lease"], holder, unrenewed_s)
    return None if row is None else Taken(row["epoch"], row["cluster"])


async def hold_lease(
    connection: Connection, *, epoch: int, lag_us: int | None = None, skew_us: int | None = None
) -> None:
    """Stand behind the fence for the rest of the transaction, and say what was measured, if anything. Raises Fenced."""
    if await connection.fetchval(_SQL["hold_lease"], epoch, lag_us, skew_us) is None:
        raise Fenced


async def give_up_lease(connection: Connection, *, epoch: int) -> None:
    """Let the next one in at once."""
    await connection.execute(_SQL["give_up_lease"], epoch)


async def cluster(connection: Connection) -> int:
    """Which cluster of PostgreSQL this is: a dump restored elsewhere is in another."""
    return await connection.fetchval(_SQL["cluster"])


async def bind_lease(connection: Connection, *, epoch: int, cluster: int) -> None:
    """Note whose transactions are followed from now on."""
    await connection.execute(_SQL["bind_lease"], epoch, cluster)


async def next_xid(connection: Connection) -> int:
    """The number that the next transaction gets."""
    return await connection.fetchval(_SQL["next_xid"])


async def commit_lazily(connection: Connection) -> None:
    """Let this transaction reach the disk with the next one that shows anything."""
    await connection.execute(_SQL["commit_lazily"])


async def clock(connection: Connection) -> Instant:
    """The database's clock."""
    return await connection.fetchval(_SQL["clock"])


async def places(connection: Connection) -> dict[str, Place]:
    """How far each context has been followed."""
    rows = await connection.fetch(_SQL["places"])
    return {row["context"]: (row["xid"], row["number"]) for row in rows}


async def clusters(connection: Connection) -> dict[str, int | None]:
    """Whose transactions those of each context are, where it was followed in a database of its own; else None."""
    rows = await connection.fetch(_SQL["clusters"])
    return {row["context"]: row["cluster"] for row in rows}


async def move_places(
    connection: Connection,
    moved: Mapping[str, Place],
    *,
    cluster_of: Callable[[str], int | None],
) -> None:
    """Note how far contexts have been followed, and in which cluster where that is not the lease's."""
    for context, (xid, number) in moved.items():
        await connection.execute(_SQL["move_place"], context, xid, number, cluster_of(context))


async def keep_key(connection: Connection, *, algorithm: int, public_key: bytes) -> None:
    """Keep a public key that signs from now on."""
    await connection.execute(_SQL["keep_key"], algorithm, public_key)


async def trees_to_sign(connection: Connection, *, after: int, most: int) -> list[TreeRow]:
    """The trees that have more entries than they have shown, by tenant."""
    return [TreeRow(*row) for row in await connection.fetch(_SQL["trees_to_sign"], after, most)]


async def resting_trees(
    connection: Connection, *, after: int, most: int
) -> list[tuple[TreeRow, bytes]]:
    """The trees that have shown all of their entries, by tenant, each with the checkpoint that it shows."""
    rows = await connection.fetch(_SQL["resting_trees"], after, most)
    return [(TreeRow(*[row[name] for name in TreeRow._fields]), row["note"]) for row in rows]


async def grow(
    connection: Connection,
    *,
    sizes: Mapping[int, int],
    segments: Sequence[Segment],
    subtrees: Sequence[tuple[int, Subtree]],
    acted: Sequence[Acted] = (),
) -> None:
    """Give entries their places, and note who acted where.

    The keys refuse a place that is taken, and an entry that has one.
    """
    await connection.execute(_SQL["grow"], list(sizes), list(sizes.values()))
    await connection.execute(_SQL["add_segments"], *_columns(segments))
    if acted:
        await connection.execute(_SQL["add_acts"], *_columns(acted))
    if subtrees:
        rows = [(tenant_id, *subtree) for tenant_id, subtree in subtrees]
        await connection.execute(_SQL["add_subtrees"], *_columns(rows))


def _columns(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


async def add_checkpoint(
    connection: Connection, *, tenant_id: int, size: int, root: bytes, at: Instant, note: bytes
) -> None:
    """Keep a signed checkpoint."""
    await connection.execute(_SQL["drop_unpublished"], tenant_id, size)
    await connection.execute(_SQL["add_checkpoint"], tenant_id, size, root, at, note)
    await connection.execute(_SQL["sign_tree"], tenant_id, size)


async def publish(connection: Connection, *, tenant_id: int, size: int, note: bytes) -> None:
    """Let a checkpoint count as published, with the cosignatures it has now."""
    if await connection.fetchval(_SQL["publish_checkpoint"], tenant_id, size, note) is not None:
        await connection.execute(_SQL["publish_tree"], tenant_id, size)
        await connection.execute(_SQL["thin_checkpoints"], tenant_id)


async def cosign(connection: Connection, *, tenant_id: int, size: int, note: bytes) -> None:
    """Let a published checkpoint have more cosignatures."""
    await connection.execute(_SQL["cosign_checkpoint"], tenant_id, size, note)

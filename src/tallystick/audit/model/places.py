"""Giving entries their places: what followed in the leaves becomes segments of trees."""

from collections.abc import Sequence
from typing import NamedTuple

from tallystick.audit.model import tiles
from tallystick.audit.model.merkle import Frontier, Subtree, leaf_hashes
from tallystick.audit.model.tiles import WIDTH
from tallystick.kernel import ids
from tallystick.kernel.instants import Instant

PLATFORM = 0


class Followed(NamedTuple):
    """A leaf as it came: entries of one transaction of one context, packed."""

    context: str
    number: int
    length: int
    first_at: Instant
    last_at: Instant
    entries: bytes


class Segment(NamedTuple):
    """Neighbouring entries of one leaf with their places; never over the end of a tile."""

    tenant_id: int
    first_index: int
    length: int
    context: str
    leaf_number: int
    leaf_start: int
    first_at: Instant
    last_at: Instant
    entries: bytes
    hashes: bytes


def tree_name(tenant_id: int) -> str:
    """How a tree is called in origins and folders: its tenant, or ``platform``."""
    return "platform" if tenant_id == PLATFORM else ids.tenant_name(tenant_id)


def placed(
    tenant_id: int, leaves: Sequence[Followed], edge: Frontier
) -> tuple[list[Segment], list[Subtree]]:
    """Give the entries of leaves the next places of a tree, whose edge grows; answers its new segments and subtrees.

    Raises ValueError for a leaf that is not what it says it is.
    """
    segments: list[Segment] = []
    grown: list[bytes] = []
    place = edge.size
    for leaf in leaves:
        entries = tiles.unpack(leaf.entries)
        if len(entries) != leaf.length:
            raise ValueError(f"leaf {leaf.number} of {leaf.context} has {len(entries)} entries")
        hashes = leaf_hashes(entries)
        start = 0
        while start < leaf.length:
            end = min(leaf.length, start + WIDTH - place % WIDTH)
            is_whole = end - start == leaf.length
            segments.append(
                Segment(
                    tenant_id=tenant_id,
                    first_index=place,
                    length=end - start,
                    context=leaf.context,
                    leaf_number=leaf.number,
                    leaf_start=start,
                    first_at=leaf.first_at,
                    last_at=leaf.last_at,
                    entries=leaf.entries if is_whole else tiles.pack(entries[start:end]),
                    hashes=b"".join(hashes[start:end]),
                )
            )
            place += end - start
            start = end
        grown += hashes
    return segments, edge.append(grown)

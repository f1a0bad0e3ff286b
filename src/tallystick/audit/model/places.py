"""Giving entries their places: what followed in the leaves becomes segments of trees."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from tallystick.audit.model import tiles
from tallystick.audit.model.merkle import Frontier, Subtree, leaf_hashes
from tallystick.audit.model.tiles import WIDTH
from tallystick.kernel import ids
from tallystick.kernel.entries import read
from tallystick.kernel.instants import EARLIEST, LATEST, Instant, parse

PLATFORM = 0
ACTOR_MAX = 200
_JOBS = "job:"
# As kernel.instants renders it: 2026-03-01T09:30:00.000000Z.
_TIME_LENGTH = 27


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


class Refused(NamedTuple):
    """A leaf that gets no place, and why: what is signed must be what its readers can read."""

    tenant_id: int
    leaf: Followed
    why: str


class Acted(NamedTuple):
    """Somebody acted in the segment that begins at a place."""

    tenant_id: int
    actor: str
    first_index: int


class Placed(NamedTuple):
    """What became of leaves: segments of their tree, the subtrees that they completed, and those without a place.

    ``acted`` is who did what is in the segments, without jobs.
    """

    segments: list[Segment]
    subtrees: list[Subtree]
    refused: list[Refused]
    acted: list[Acted]


def placed(tenant_id: int, leaves: Sequence[Followed], edge: Frontier) -> Placed:
    """Give the entries of leaves the next places of a tree, whose edge grows; a leaf that holds none gets none."""
    segments: list[Segment] = []
    grown: list[bytes] = []
    refused: list[Refused] = []
    acted: list[Acted] = []
    place = edge.size
    for leaf in leaves:
        try:
            entries, actors = entries_of(leaf)
        except ValueError as error:
            refused.append(Refused(tenant_id, leaf, str(error)))
            continue
        hashes = leaf_hashes(entries)
        for segment in _cut(tenant_id, leaf, entries, hashes, place):
            segments.append(segment)
            end = segment.leaf_start + segment.length
            acted += [
                Acted(tenant_id, actor, segment.first_index)
                for actor in set(actors[segment.leaf_start : end])
                if _is_listed(actor)
            ]
        place += leaf.length
        grown += hashes
    return Placed(segments, edge.append(grown), refused, acted)


def _is_listed(actor: str) -> bool:
    """Whether what an actor did is found by its name: jobs do what nobody looks for, and no name of ours is longer."""
    return (
        len(actor) <= ACTOR_MAX
        and actor.isascii()
        and actor.isprintable()
        and not actor.startswith(_JOBS)
    )


def _cut(
    tenant_id: int, leaf: Followed, entries: list[bytes], hashes: list[bytes], place: int
) -> Iterator[Segment]:
    """Cut a leaf where tiles end."""
    start = 0
    while start < leaf.length:
        end = min(leaf.length, start + WIDTH - place % WIDTH)
        is_whole = end - start == leaf.length
        yield Segment(
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
        place += end - start
        start = end


def entries_of(leaf: Followed) -> tuple[list[bytes], list[str]]:
    """The entries of a leaf, and who did what each tells.

    Raises ValueError where it does not hold what it says, and nothing else.
    """
    entries = tiles.unpack(leaf.entries)
    if not 0 < len(entries) == leaf.length:
        raise ValueError(f"it has {len(entries)} entries and says {leaf.length}")
    if not EARLIEST <= leaf.first_at <= leaf.last_at < LATEST:
        raise ValueError("its times are none")
    return entries, [_actor_of(entry) for entry in entries]


def _actor_of(entry: bytes) -> str:
    """Who did what an entry tells. Raises ValueError for what is no entry."""
    try:
        told = read(entry)
        at = told.at
        # What stands in a field that nobody knows is not decoded when it is read.
        if not entry.isascii():
            entry.decode()
    except RecursionError:
        raise ValueError("an entry is nested too deep") from None
    fraction = at[20:-1]
    if len(at) != _TIME_LENGTH or (at[19], at[-1]) != (".", "Z") or not fraction.isdecimal():
        raise ValueError(f"an entry is of no time: {at[:40]!r}")
    if not (fraction.isascii() and _is_second(at[:19])):
        raise ValueError(f"an entry is of no time: {at!r}")
    return told.by


# Neighbours share their second, and reading a time costs more than all the rest.
@lru_cache(maxsize=1_024)
def _is_second(text: str) -> bool:
    try:
        parse(f"{text}Z")
    except ValueError:
        return False
    return True

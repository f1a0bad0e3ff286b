"""The tree of hashes over the record: its root, its growing edge and its proofs (RFC 6962, SHA-256)."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
# A leaf and a node start with different bytes, or a node could be passed off as an entry.
_LEAF = sha256(b"\x00")
_NODE = sha256(b"\x01")
# One tile is eight levels of the tree; its root is a hash of the tile above.
_TILE_LEVELS = 8

Range = tuple[int, int]


class Subtree(NamedTuple):
    """The root of a full subtree of ``256**level`` leaves, the ``index``-th of them."""

    level: int
    # It hides tuple.index, which nobody asks of a subtree.
    index: int  # pyright: ignore[reportIncompatibleMethodOverride]
    hash: bytes


def leaf_hash(entry: bytes) -> bytes:
    """Hash one entry."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two neighbours into the node above them."""
    return sha256(b"\x01" + left + right).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """Hash many entries, in their order."""
    hashes: list[bytes] = []
    # A copy of a state that has its prefix costs a fifth less than a new one, measured.
    fresh, keep = _LEAF.copy, hashes.append
    for entry in entries:
        state = fresh()
        state.update(entry)
        keep(state.digest())
    return hashes


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Give the root over leaf hashes, or over the roots of equal full subtrees; of none, EMPTY_ROOT."""
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        # The one without a neighbour rises as it is: RFC 6962 cuts at the largest power of two.
        above = _paired(level)
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0]


def _paired(level: Sequence[bytes]) -> list[bytes]:
    above: list[bytes] = []
    fresh, keep = _NODE.copy, above.append
    turns = iter(level)
    for left, right in zip(turns, turns, strict=False):
        state = fresh()
        state.update(left + right)
        keep(state.digest())
    return above


class Frontier:
    """The right edge of a growing tree: the roots of its perfect subtrees, all that growing needs.

    ``hashes`` are those that the binary digits of ``size`` name, the largest first. Raises ValueError where they do not
    fit the size.
    """

    __slots__ = ("_edge", "_size")

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        if size < 0 or size.bit_count() != len(hashes):
            raise ValueError(f"a tree of {size} has other subtrees than these {len(hashes)}")
        if any(len(one) != HASH_BYTES for one in hashes):
            raise ValueError(f"a hash has {HASH_BYTES} bytes")
        self._size = size
        self._edge = list(hashes)

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self._size

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """The roots of the perfect subtrees, the largest first."""
        return tuple(self._edge)

    def root(self) -> bytes:
        """Give the root of the tree as it stands."""
        return folded(self._edge) if self._edge else EMPTY_ROOT

    def copy(self) -> "Frontier":
        """Give an edge that grows apart from this one."""
        return Frontier(self._size, self._edge)

    def append(self, leaf_hashes: Sequence[bytes]) -> list[Subtree]:
        """Grow by leaves; give the full subtrees of ``256**k`` leaves this completed, level by level from the left."""
        waiting, kept, done = self._edge, list[bytes](), list[Subtree]()
        fresh, height, first = list(leaf_hashes), 0, self._size
        while fresh:
            if height and height % _TILE_LEVELS == 0:
                level = height // _TILE_LEVELS
                done += [Subtree(level, first + at, one) for at, one in enumerate(fresh)]
            if first & 1:
                fresh.insert(0, waiting.pop())
            if len(fresh) & 1:
                kept.append(fresh[-1])
            # Where the left neighbour was waiting, the first new node above stands over both.
            fresh, height, first = _paired(fresh), height + 1, first >> 1
        self._size += len(leaf_hashes)
        self._edge = waiting + kept[::-1]
        return done


def folded(hashes: Sequence[bytes]) -> bytes:
    """Join the roots of neighbouring perfect subtrees, the largest first and at least one, into the root over all."""
    root = hashes[-1]
    for left in hashes[-2::-1]:
        root = node_hash(left, root)
    return root


def perfect_ranges(start: int, end: int) -> list[Range]:
    """Cut a range of a proof into perfect subtrees, the largest first. Raises ValueError for any other range."""
    if not 0 <= start <= end:
        raise ValueError(f"[{start}, {end}) is no range of a tree")
    cut: list[Range] = []
    at = start
    while at < end:
        width = 1 << (end - at).bit_length() - 1
        if at % width:
            raise ValueError(f"no hash of a proof stands over [{start}, {end})")
        cut.append((at, at + width))
        at += width
    return cut


def frontier_ranges(size: int) -> list[Range]:
    """Give the perfect subtrees of a tree as ``[start, end)``, the largest first."""
    return perfect_ranges(0, size)


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Give the ``[start, end)`` under each hash of the proof that a leaf is in a tree, the leaf's sibling first."""
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} has no leaf {index}")
    start, end, downwards = 0, size, list[Range]()
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            downwards.append((middle, end))
            end = middle
        else:
            downwards.append((start, middle))
            start = middle
    return downwards[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """Give the ``[start, end)`` under each hash of the proof that the tree of ``new`` begins with that of ``old``."""
    if not 0 < old <= new:
        raise ValueError(f"a tree of {new} is not one of {old} that grew")
    start, end, downwards = 0, new, list[Range]()
    while end > old:
        middle = start + _split(end - start)
        if old <= middle:
            downwards.append((middle, end))
            end = middle
        else:
            downwards.append((start, middle))
            start = middle
    # Where the old tree is one perfect subtree from the left, the verifier has its root already.
    known = [] if start == 0 else [(start, end)]
    return known + downwards[::-1]


def _split(width: int) -> int:
    """Give the largest power of two below ``width``."""
    return 1 << (width - 1).bit_length() - 1


def verify_inclusion(
    *, leaf: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]
) -> bool:
    """Tell whether the proof leads from this leaf hash at this index to the root of a tree of this size."""
    if not 0 <= index < size or not _are_hashes([leaf, *proof]):
        return False
    ranges = inclusion_ranges(index, size)
    if len(proof) != len(ranges):
        return False
    reached = leaf
    for (start, _), sibling in zip(ranges, proof, strict=True):
        is_left = start <= index
        reached = node_hash(sibling, reached) if is_left else node_hash(reached, sibling)
    return reached == root


def verify_consistency(
    *, old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Tell whether the proof shows that the new tree begins with all of the old one.

    From an empty tree everything grows, so nothing is proven: that is False, unless both are empty.
    """
    if not 0 <= old <= new or not _are_hashes(proof):
        return False
    if old == 0:
        return new == 0 and not proof and old_root == new_root == EMPTY_ROOT
    ranges = consistency_ranges(old, new)
    if len(proof) != len(ranges):
        return False
    # An old tree that is perfect from the left is where its own proof starts.
    starts_apart = bool(ranges) and ranges[0][1] == old
    reached_old = reached_new = proof[0] if starts_apart else old_root
    first = 1 if starts_apart else 0
    for (start, _), neighbour in zip(ranges[first:], proof[first:], strict=True):
        if start >= old:
            reached_new = node_hash(reached_new, neighbour)
        else:
            reached_old = node_hash(neighbour, reached_old)
            reached_new = node_hash(neighbour, reached_new)
    return reached_old == old_root and reached_new == new_root


def _are_hashes(hashes: Sequence[bytes]) -> bool:
    return all(len(one) == HASH_BYTES for one in hashes)

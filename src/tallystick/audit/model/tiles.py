"""Tiles and bundles: the files in which a record is published (C2SP tlog-tiles)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from tallystick.audit.model.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    Range,
    folded,
    perfect_ranges,
    root_of,
)
from tallystick.kernel.entries import ENTRY_BYTES_MAX

WIDTH = 256
LEVEL_MAX = 63
# The level that stands for the entries themselves.
ENTRIES = -1

_PATH = re.compile(
    r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?"
)


class Tile(NamedTuple):
    """Up to 256 neighbouring hashes of one level; at level -1 a bundle of up to 256 entries.

    A hash at level ``n`` stands over ``256**n`` entries.
    """

    level: int
    # It hides tuple.index, which nobody asks of a tile.
    index: int  # pyright: ignore[reportIncompatibleMethodOverride]


def path_of(tile: Tile, *, width: int = WIDTH) -> str:
    """Give the path of a tile, such as ``tile/0/x001/234`` or, not yet full, ``tile/entries/000.p/17``."""
    if not (ENTRIES <= tile.level <= LEVEL_MAX and tile.index >= 0 and 1 <= width <= WIDTH):
        raise ValueError(f"there is no {tile} of width {width}")
    digits = str(tile.index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    name = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    level = "entries" if tile.level == ENTRIES else str(tile.level)
    return f"tile/{level}/{name}" + (f".p/{width}" if width < WIDTH else "")


def parse_path(text: str) -> tuple[Tile, int]:
    """Read the path of a tile: which, and how wide. Raises ValueError for every spelling but the one right one."""
    match = _PATH.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not the path of a tile")
    level, name, width = match.groups()
    tile = Tile(
        ENTRIES if level == "entries" else int(level),
        int(name.replace("/", "").replace("x", "")),
    )
    found = tile, int(width or WIDTH)
    if tile.level > LEVEL_MAX or path_of(tile, width=found[1]) != text:
        raise ValueError(f"{text!r} is not the path of a tile")
    return found


def width_of(tile: Tile, *, size: int) -> int:
    """Give how many hashes, or entries, the tile has in a tree of this size: 0 to 256."""
    reached = size >> 8 * max(tile.level, 0)
    return max(0, min(WIDTH, reached - tile.index * WIDTH))


def tiles_of(size: int) -> Iterator[tuple[Tile, int]]:
    """Give every bundle and tile of a tree of this size with its width: the bundles, then level by level."""
    for level in range(ENTRIES, LEVEL_MAX + 1):
        reached = size >> 8 * max(level, 0)
        if not reached:
            return
        for index in range(-(-reached // WIDTH)):
            tile = Tile(level, index)
            yield tile, width_of(tile, size=size)


def tiles_for(ranges: Iterable[Range], *, size: int) -> set[Tile]:
    """Give the tiles of a tree of this size that ``hash_of`` needs for the ranges of a proof.

    Raises ValueError for a range that no proof has or that ends outside the tree.
    """
    needed = set[Tile]()
    for start, end in ranges:
        if end > size:
            raise ValueError(f"[{start}, {end}) is not in a tree of {size}")
        needed.update(_place(*part)[0] for part in perfect_ranges(start, end))
    return needed


def hash_of(start: int, end: int, tiles: Mapping[Tile, bytes]) -> bytes:
    """Compute the hash over ``[start, end)``, a range as proofs have it, from the contents of its tiles.

    Raises ValueError for another range, or a tile that is absent or too short.
    """
    parts = [_from_tile(*_place(*part), tiles) for part in perfect_ranges(start, end)]
    return folded(parts) if parts else EMPTY_ROOT


def _place(start: int, end: int) -> tuple[Tile, int, int]:
    """Give the tile that a perfect subtree lies in, as high as can be, and the first and last place in it."""
    level = ((end - start).bit_length() - 1) // 8
    first, last = start >> 8 * level, end >> 8 * level
    index = first // WIDTH
    return Tile(level, index), first - index * WIDTH, last - index * WIDTH


def _from_tile(tile: Tile, first: int, last: int, tiles: Mapping[Tile, bytes]) -> bytes:
    content = tiles.get(tile, b"")
    if len(content) < last * HASH_BYTES or len(content) % HASH_BYTES:
        raise ValueError(f"{path_of(tile)} has not the {last} hashes that are needed")
    return root_of(hashes_in(content[first * HASH_BYTES : last * HASH_BYTES]))


def hashes_in(content: bytes) -> list[bytes]:
    """Cut the content of a tile into its hashes. Raises ValueError where the last one is cut off."""
    if len(content) % HASH_BYTES:
        raise ValueError(f"{len(content)} bytes are no whole hashes")
    return [content[at : at + HASH_BYTES] for at in range(0, len(content), HASH_BYTES)]


def pack(entries: Iterable[bytes]) -> bytes:
    """Write entries of 1 to 65,535 bytes as a bundle. Raises ValueError for others, or for over 256."""
    bundle = bytearray()
    for count, entry in enumerate(entries, start=1):
        if not 0 < len(entry) <= ENTRY_BYTES_MAX or count > WIDTH:
            raise ValueError(f"entry {count} of {len(entry)} bytes does not go into a bundle")
        bundle += len(entry).to_bytes(2, "big")
        bundle += entry
    return bytes(bundle)


def unpack(bundle: bytes) -> list[bytes]:
    """Read the entries of a bundle. Raises ValueError for a broken one: cut off, an empty entry, over 256."""
    entries: list[bytes] = []
    at, end = 0, len(bundle)
    while at + 2 < end and len(entries) < WIDTH:
        start = at + 2
        at = start + (bundle[at] << 8 | bundle[at + 1])
        # An empty entry moves on by its two bytes only, and is the one that ends where it starts.
        if at == start:
            break
        entries.append(bundle[start:at])
    if at != end or (entries and not entries[-1]):
        raise ValueError(f"the bundle is broken after {len(entries)} entries")
    return entries

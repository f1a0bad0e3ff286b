"""Tiles and bundles: one spelling of each path, the widths of the specification, every hash of every proof."""

from collections import Counter
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tallystick.audit.model.merkle import (
    EMPTY_ROOT,
    Range,
    consistency_ranges,
    frontier_ranges,
    inclusion_ranges,
    leaf_hashes,
    root_of,
)
from tallystick.audit.model.tiles import (
    ENTRIES,
    ENTRY_BYTES_MAX,
    WIDTH,
    Tile,
    hash_of,
    hashes_in,
    pack,
    parse_path,
    path_of,
    tiles_for,
    tiles_of,
    unpack,
    width_of,
)

LEAVES = leaf_hashes(b"%d" % number for number in range(70_000))
SIZES = st.integers(1, len(LEAVES))


@cache
def over(start: int, end: int) -> bytes:
    return root_of(LEAVES[start:end])


def content(tile: Tile, *, size: int) -> bytes:
    """The tile as the specification defines it, hash by hash."""
    step = 256**tile.level
    first = tile.index * WIDTH
    places = range(first, first + width_of(tile, size=size))
    return b"".join(over(at * step, (at + 1) * step) for at in places)


def hashes(ranges: list[Range], *, size: int) -> list[bytes]:
    tiles = {tile: content(tile, size=size) for tile in tiles_for(ranges, size=size)}
    return [hash_of(start, end, tiles) for start, end in ranges]


def expected(ranges: list[Range]) -> list[bytes]:
    return [over(start, end) for start, end in ranges]


@pytest.mark.parametrize(
    ("path", "tile", "width"),
    [
        ("tile/0/000", Tile(0, 0), 256),
        ("tile/0/x001/234", Tile(0, 1_234), 256),
        ("tile/1/x001/x234/067", Tile(1, 1_234_067), 256),
        ("tile/63/999.p/1", Tile(63, 999), 1),
        ("tile/entries/000.p/17", Tile(ENTRIES, 0), 17),
        ("tile/entries/x001/000.p/255", Tile(ENTRIES, 1_000), 255),
    ],
)
def test_a_path_is_written_and_read(path: str, tile: Tile, width: int) -> None:
    assert path_of(tile, width=width) == path
    assert parse_path(path) == (tile, width)


@pytest.mark.parametrize(
    "path",
    [
        "tile/00/000", "tile/64/000", "tile/-1/000", "tile/01/000", "tile/0/0", "tile/0/0000",
        "tile/0/x000/001", "tile/0/001/002", "tile/0/x001", "tile/0/000.p/0", "tile/0/000.p/256",
        "tile/0/000.p/01", "tile/0/000.p", "tile/0/000/", "/tile/0/000", "tile/0/000\n",
        "tile/0/\u0660\u0660\u0660", "tile/entries/../000", "tile/data/000", "checkpoint", "",
    ],
)  # fmt: skip
def test_no_other_spelling_is_a_path(path: str) -> None:
    with pytest.raises(ValueError):
        parse_path(path)


@given(level=st.integers(-1, 63), index=st.integers(0, 10**18), width=st.integers(1, 256))
def test_a_written_path_reads_back(level: int, index: int, width: int) -> None:
    tile = Tile(level, index)
    assert parse_path(path_of(tile, width=width)) == (tile, width)


@pytest.mark.parametrize(
    ("tile", "width"),
    [(Tile(-2, 0), 1), (Tile(64, 0), 1), (Tile(0, -1), 1), (Tile(0, 0), 0), (Tile(0, 0), 257)],
)
def test_there_is_no_path_of_what_is_no_tile(tile: Tile, width: int) -> None:
    with pytest.raises(ValueError, match="there is no"):
        path_of(tile, width=width)


def test_a_tree_of_70_000_has_the_tiles_of_the_specification() -> None:
    found = dict(tiles_of(70_000))
    widths = Counter((tile.level, width) for tile, width in found.items())
    assert widths == {
        (-1, 256): 273, (-1, 112): 1, (0, 256): 273, (0, 112): 1, (1, 256): 1, (1, 17): 1, (2, 1): 1,
    }  # fmt: skip
    assert (found[Tile(0, 273)], found[Tile(1, 1)], found[Tile(2, 0)]) == (112, 17, 1)


def test_a_tree_of_256_has_a_full_tile_and_one_hash_above_it() -> None:
    assert list(tiles_of(256)) == [(Tile(-1, 0), 256), (Tile(0, 0), 256), (Tile(1, 0), 1)]
    assert list(tiles_of(0)) == []


@given(size=st.integers(0, 10**6), level=st.integers(-1, 4), index=st.integers(0, 5_000))
def test_a_tile_is_listed_where_it_has_a_width(size: int, level: int, index: int) -> None:
    # The specification's own words for the last tile: floor(s / 256**l) mod 256.
    tile, step = Tile(level, index), 256 ** max(level, 0)
    last, rest = divmod(size // step, WIDTH)
    expected_width = WIDTH if index < last else rest if index == last else 0
    assert width_of(tile, size=size) == expected_width


@settings(deadline=None)
@given(data=st.data(), size=SIZES)
@example(data=None, size=70_000)
@example(data=None, size=65_536)
def test_every_hash_of_every_proof_comes_from_the_tiles(
    data: st.DataObject | None, size: int
) -> None:
    index, old = (
        (data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size)))
        if data
        else (size // 3, size // 2)
    )
    for ranges in (
        inclusion_ranges(index, size),
        consistency_ranges(old, size),
        frontier_ranges(size),
        frontier_ranges(old),
        [(0, size)],
    ):
        assert hashes(ranges, size=size) == expected(ranges)


@given(size=SIZES)
def test_a_proof_needs_few_tiles_and_only_those_of_the_tree(size: int) -> None:
    needed = tiles_for(inclusion_ranges(size - 1, size), size=size)
    assert needed <= dict(tiles_of(size)).keys()
    assert len(needed) <= 3


def test_the_hash_over_nothing_is_that_of_the_empty_tree() -> None:
    assert hash_of(0, 0, {}) == EMPTY_ROOT
    assert tiles_for([], size=0) == set()


@pytest.mark.parametrize(("start", "end"), [(1, 3), (3, 8), (5, 4), (-1, 0)])
def test_a_range_that_no_proof_has_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError):
        tiles_for([(start, end)], size=8)


def test_a_range_outside_the_tree_is_refused() -> None:
    with pytest.raises(ValueError, match="not in a tree of 7"):
        tiles_for([(0, 8)], size=7)


def test_an_absent_or_short_tile_is_refused() -> None:
    whole = content(Tile(0, 0), size=256)
    for tiles in ({}, {Tile(0, 0): whole[: 127 * 32]}, {Tile(0, 0): whole + b"x"}):
        with pytest.raises(ValueError):
            hash_of(0, 128, tiles)


def test_a_cut_off_hash_is_refused() -> None:
    assert hashes_in(b"") == []
    with pytest.raises(ValueError, match="no whole hashes"):
        hashes_in(b"\x00" * 33)


@given(entries=st.lists(st.binary(min_size=1, max_size=400), max_size=256))
def test_a_bundle_gives_back_what_it_was_made_of(entries: list[bytes]) -> None:
    assert unpack(pack(entries)) == entries


def test_a_bundle_takes_the_largest_entry() -> None:
    largest = b"x" * ENTRY_BYTES_MAX
    assert pack([largest])[:2] == b"\xff\xff"
    assert unpack(pack([largest, b"y"])) == [largest, b"y"]


@pytest.mark.parametrize("entries", [[b""], [b"x" * 65_536], [b"x"] * 257])
def test_what_does_not_go_into_a_bundle_is_refused(entries: list[bytes]) -> None:
    with pytest.raises(ValueError, match="does not go into a bundle"):
        pack(entries)


@pytest.mark.parametrize(
    "bundle",
    [
        b"\x00", b"\x00\x00", b"\x00\x01", b"\x00\x02a", b"\x00\x01a\x00", b"\x00\x01a\x00\x00",
        b"\x00\x01a\x00\x01", b"\x00\x00\x00\x01a", b"\x00\x01a\xff\xffa", b"\x00\x01a" * 257,
    ],
)  # fmt: skip
def test_a_broken_bundle_is_refused(bundle: bytes) -> None:
    with pytest.raises(ValueError, match="broken after"):
        unpack(bundle)


@given(bundle=st.binary(max_size=60))
def test_a_bundle_has_one_spelling(bundle: bytes) -> None:
    try:
        entries = unpack(bundle)
    except ValueError:
        return
    assert pack(entries) == bundle

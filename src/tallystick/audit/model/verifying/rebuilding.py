"""The tree, rebuilt from its entries and held against every tile that claims to be part of it.

An entry forged together with its tile fits that tile, so no tile is believed: each is hashed into the one above and
the last into the signed root, and where two disagree the one above says which of them was changed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

from tallystick.audit.model.merkle import EMPTY_ROOT, HASH_BYTES, folded, perfect_ranges, root_of
from tallystick.audit.model.notes import to_base64
from tallystick.audit.model.tiles import ENTRIES, WIDTH, Tile, hashes_in, path_of, width_of
from tallystick.audit.model.verifying.verdicts import FailureCode, Findings, place_of


def reading_order(size: int) -> Iterator[tuple[Tile, int]]:
    """Give what a rebuild takes with its width: before each leaf tile those above that begin there, then its bundle."""
    for index in range(-(-size // WIDTH)):
        level, above = 1, index
        while above % WIDTH == 0:
            tile = Tile(level, above // WIDTH)
            width = width_of(tile, size=size)
            if not width:
                break
            yield tile, width
            level, above = level + 1, above // WIDTH
        width = width_of(Tile(0, index), size=size)
        yield Tile(0, index), width
        yield Tile(ENTRIES, index), width


def entries_under(tile: Tile, *, width: int) -> tuple[int, int]:
    """Give the entries that a tile or bundle of this width stands over, the end excluded."""
    step = 256 ** max(tile.level, 0)
    start = tile.index * WIDTH * step
    return start, start + width * step


@dataclass(slots=True)
class _Row:
    """The tile that is being rebuilt at one level: the hashes reached, and the tile as it was read, if it was."""

    tile: Tile
    stored: bytes | None = None
    reached: list[bytes] = field(default_factory=list[bytes])

    def kept(self) -> list[bytes]:
        """The hashes of the stored tile, as far as the rebuild got; the reached ones where there is none."""
        stored = self.stored
        return self.reached if stored is None else hashes_in(stored)[: len(self.reached)]

    def differs(self) -> bool:
        """Whether the tile says something else than was reached."""
        stored = self.stored
        return stored is not None and not stored.startswith(b"".join(self.reached))

    def ways(self) -> list[list[bytes]]:
        """The hashes that may be right: those reached, and those of the tile where it differs."""
        return [self.reached, self.kept()] if self.differs() else [self.reached]

    def claimed(self, place: int) -> bytes | None:
        """What the tile says at one place."""
        stored = self.stored
        return None if stored is None else stored[place * HASH_BYTES : (place + 1) * HASH_BYTES]


class Rebuild:
    """A tree that is rebuilt tile by tile, from the left, in the ``reading_order``.

    ``roots`` has, for each size of ``marks`` that was passed, the roots the tree may have there: first the one that its
    entries lead to, then those with a tile believed instead, where tiles at the edge say something else.
    """

    def __init__(self, *, size: int, marks: Iterable[int], findings: Findings) -> None:
        self._size = size
        self._marks = sorted({*marks, size}, reverse=True)
        self._findings = findings
        self._rows = [_Row(Tile(0, 0))]
        self.roots: dict[int, tuple[bytes, ...]] = {}
        self._pass_marks(0, 0)

    def stand_under(self, tile: Tile, stored: bytes | None) -> None:
        """Take a tile of level 1 or above, None where it is missing, before all that is under it."""
        if tile.level == len(self._rows):
            self._rows.append(_Row(tile))
        self._rows[tile.level] = _Row(tile, stored)

    def grow(self, index: int, *, reached: Sequence[bytes], stored: bytes | None) -> None:
        """Take the leaf hashes of the next tile, computed from its entries, and the tile, None where it is missing."""
        self._rows[0] = _Row(Tile(0, index), stored, list(reached))
        start = index * WIDTH
        full = len(reached) == WIDTH
        self._pass_marks(start, start + len(reached) - full)
        if full:
            self._close(0)
            self._pass_marks(start + WIDTH, start + WIDTH)

    def finish(self, root: bytes) -> None:
        """Name what differs in the tiles at the right edge; the signed root says whether they or what is under them."""
        rows = self._rows
        ways = product(*(row.ways() for row in rows))
        # Where no way leads to the root, nothing speaks for the entries against the tiles.
        right = next((way for way in ways if _edge_root(way) == root), [row.kept() for row in rows])
        for row, hashes in zip(rows, right, strict=True):
            if not row.differs():
                continue
            if hashes == row.kept():
                self._blame_below(row)
            else:
                self._blame(row.tile, expected=root_of(row.reached), found=root_of(row.kept()))

    def _close(self, level: int) -> None:
        """Hash a full tile into the one above."""
        row, above = self._rows[level], self._rows[level + 1]
        reached = root_of(row.reached)
        if row.differs():
            reached = self._judged(row, reached, above.claimed(len(above.reached)))
        above.reached.append(reached)
        self._rows[level] = _Row(row.tile)
        if len(above.reached) == WIDTH:
            self._close(level + 1)

    def _judged(self, row: _Row, reached: bytes, claimed: bytes | None) -> bytes:
        """Name who is wrong, a tile or what is under it, and give the hash to go on with: the one that the most fits.

        Going on with it keeps one forgery from being named again at every level above.
        """
        kept = root_of(row.kept())
        if reached == claimed:
            self._blame(row.tile, expected=reached, found=kept)
            return reached
        self._blame_below(row)
        return kept if kept == claimed else reached

    def _blame(self, tile: Tile, *, expected: bytes, found: bytes) -> None:
        width = width_of(tile, size=self._size)
        self._findings.note(
            FailureCode.TILE_DOES_NOT_FIT,
            path_of(tile, width=width),
            entries_under(tile, width=width),
            to_base64(expected),
            to_base64(found),
        )

    def _blame_below(self, row: _Row) -> None:
        first = row.tile.index * WIDTH
        for at, (expected, found) in enumerate(zip(row.kept(), row.reached, strict=True), first):
            if expected == found:
                continue
            if row.tile.level:
                self._blame(Tile(row.tile.level - 1, at), expected=expected, found=found)
            else:
                self._findings.note(
                    FailureCode.ENTRY_DOES_NOT_FIT,
                    place_of(at, at + 1),
                    (at, at + 1),
                    to_base64(expected),
                    to_base64(found),
                )

    def _pass_marks(self, start: int, end: int) -> None:
        """Keep the roots at the marks up to ``end``; the leaves from ``start`` on are in the row of level 0."""
        while self._marks and self._marks[-1] <= end:
            mark = self._marks.pop()
            ways = product(*(row.ways() for row in self._rows))
            self.roots[mark] = tuple(_edge_root(way, leaves=mark - start) for way in ways)


def _edge_root(rows: Sequence[list[bytes]], *, leaves: int = WIDTH) -> bytes:
    """Give the root over what is not yet hashed into a tile above, the first ``leaves`` of level 0 among it."""
    hashes: list[bytes] = []
    for row in (*rows[:0:-1], rows[0][:leaves]):
        hashes += [root_of(row[start:end]) for start, end in perfect_ranges(0, len(row))]
    return folded(hashes) if hashes else EMPTY_ROOT

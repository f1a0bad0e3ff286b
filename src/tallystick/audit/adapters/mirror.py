"""A folder that holds a log as C2SP tlog-tiles lays it out, for any web server, and for an auditor's own programs.

Tiles are written once and never over another content; the checkpoint comes last, and never goes back.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tallystick.audit.model import tiles
from tallystick.audit.model.merkle import HASH_BYTES
from tallystick.audit.model.notes import BadNote, Checkpoint, parse_checkpoint, parse_note
from tallystick.audit.model.tiles import WIDTH, Tile
from tallystick.runtime.holding import hold

_READ_ONLY = 0o444
_CHECKPOINT_BYTES_MAX = 512 * 1024


class MirrorRefuses(OSError):
    """The folder holds something else than it should: a fork, a larger log than ours, or what is none of ours."""


class Mirror:
    """One log's folder. It is made when it is first written to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def checkpoint(self) -> Checkpoint | None:
        """The checkpoint that the folder shows, unverified; None when there is none. Raises MirrorRefuses."""
        try:
            with (self._folder / "checkpoint").open("rb") as file:
                return parse_checkpoint(parse_note(file.read(_CHECKPOINT_BYTES_MAX)).text)
        except FileNotFoundError:
            return None
        except BadNote as error:
            raise MirrorRefuses(f"{self._folder}/checkpoint is none: {error}") from None

    def missing(self, *, size: int) -> Iterator[tuple[Tile, int]]:
        """The tiles and bundles that a log of this size has and the folder has not shown yet, with their widths."""
        shown = self.checkpoint()
        before = 0 if shown is None else shown.size
        for level in range(tiles.ENTRIES, tiles.LEVEL_MAX + 1):
            scale = 8 * max(level, 0)
            if not size >> scale:
                return
            for index in range((before >> scale) // WIDTH, -(-(size >> scale) // WIDTH)):
                tile = Tile(level, index)
                width = tiles.width_of(tile, size=size)
                if width and width != tiles.width_of(tile, size=before):
                    yield tile, width

    def write_tile(self, tile: Tile, *, width: int, content: bytes) -> None:
        """Write a tile or a bundle, and drop the narrower ones that a full one replaces.

        Raises MirrorRefuses when another content is there.
        """
        path = self._folder.joinpath(tiles.path_of(tile, width=width))
        self._write_once(path, content)
        if width == WIDTH:
            narrower = path.with_name(path.name + ".p")
            with suppress(FileNotFoundError):
                shutil.rmtree(narrower)

    def write_once(self, name: str, content: bytes) -> None:
        """Write a file of an auditor's package. Raises MirrorRefuses when another content is there."""
        self._write_once(self._folder.joinpath(name), content)

    def _write_once(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
        _write_whole(draft, content)
        try:
            # A link never replaces what is there, which a rename would.
            os.link(draft, path)
        except FileExistsError:
            if path.read_bytes() != content:
                raise MirrorRefuses(f"{path} is there with another content") from None
        finally:
            draft.unlink()

    def show(self, note: bytes) -> bool:
        """Show a checkpoint, after all its tiles are there; False when a larger one is shown already.

        Raises MirrorRefuses when its tiles do not lead to it and to the one that is shown, which is then a fork and
        stays, or when somebody else holds the folder.
        """
        ours = parse_checkpoint(parse_note(note).text)
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._held():
            shown = self.checkpoint()
            if shown is not None:
                if shown.origin != ours.origin:
                    raise MirrorRefuses(f"{self._folder} is the folder of {shown.origin}")
                if shown.size == ours.size and shown.root != ours.root:
                    raise MirrorRefuses(f"{self._folder} shows a fork of size {ours.size}")
                if shown.size > ours.size:
                    return False
                if self._root_at(shown.size, of=ours.size) != shown.root:
                    raise MirrorRefuses(f"{self._folder} shows a fork of size {shown.size}")
            if self._root_at(ours.size, of=ours.size) != ours.root:
                raise MirrorRefuses(f"the tiles in {self._folder} are not those of {ours.size}")
            draft = self._folder / f".checkpoint.{secrets.token_hex(6)}"
            _write_whole(draft, note)
            draft.replace(self._folder / "checkpoint")
        return True

    def _root_at(self, before: int, *, of: int) -> bytes:
        """The root that the log of a size had before, from its tiles here. Raises MirrorRefuses."""
        contents: dict[Tile, bytes] = {}
        try:
            for tile in tiles.tiles_for([(0, before)], size=of):
                name = tiles.path_of(tile, width=tiles.width_of(tile, size=of))
                with self._folder.joinpath(name).open("rb") as file:
                    contents[tile] = file.read(WIDTH * HASH_BYTES + 1)
            return tiles.hash_of(0, before, contents)
        except (FileNotFoundError, ValueError) as error:
            raise MirrorRefuses(f"a tile in {self._folder} does not fit: {error}") from None

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Hold the folder while its checkpoint is looked at and replaced: a moment; who holds it long is stuck."""
        try:
            descriptor = hold(self._folder)
        except BlockingIOError:
            raise MirrorRefuses(f"another process holds {self._folder}") from None
        try:
            yield
        finally:
            os.close(descriptor)


def _write_whole(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _READ_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())

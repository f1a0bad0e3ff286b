"""The auditor's package: a folder with everything that is needed to check a log without us."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from tallystick.audit.adapters.mirror import Mirror
from tallystick.audit.model import tiles
from tallystick.audit.model.notes import VerifierKey
from tallystick.audit.model.places import tree_name
from tallystick.audit.model.policy import LogEntry, Policy, render_policy
from tallystick.audit.model.tiles import WIDTH
from tallystick.audit.service.auditors_page import auditors_page
from tallystick.audit.store import reading
from tallystick.audit.store.reading import CheckpointRow
from tallystick.kernel.entries import read
from tallystick.kernel.instants import Instant, render
from tallystick.runtime.database import Connection, Database

CHECKPOINTS_AT_ONCE = 500
CHECKPOINT_PAGES_MAX = 10_000

Progress = Callable[[int, int], None]


class NothingToExport(ValueError):
    """The log has no published checkpoint in that time."""


@dataclass(frozen=True, slots=True)
class Package:
    """What was written: the log, the first entry whose text is in it, and the size that its checkpoint covers."""

    origin: str
    first: int
    size: int
    checkpoints: int
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whose log, and which time of it: [``since``, ``until``)."""

    tenant_id: int
    since: Instant
    until: Instant


async def export(
    database: Database,
    folder: Mirror,
    *,
    wanted: Wanted,
    origin: str,
    policy: Policy,
    progress: Progress,
) -> Package:
    """Write a package into a new folder, over the operator's database; ``progress`` hears tiles done, and of how many.

    Entries are given from the last checkpoint of before ``since``, and with them every hash of the log, so that what
    was checked last time and this time are one tree. Raises NothingToExport, and MirrorRefuses for a folder in use.
    """
    tenant_id = wanted.tenant_id
    async with database.transaction(tenant_id=tenant_id, read_only=True) as connection:
        start, end = await _bounds(connection, wanted)
        # Bundles are given whole.
        first = 0 if start is None else start.size // WIDTH * WIDTH
        await _write_tiles(
            connection, folder, tenant_id, first=first, size=end.size, progress=progress
        )
        kept = await _write_checkpoints(connection, folder, tenant_id, start, end)
        keys = [VerifierKey(origin, *key) for key in await reading.keys(connection)]
    log = Policy(
        logs=tuple(LogEntry(key) for key in keys),
        witnesses=policy.witnesses,
        groups=policy.groups,
        quorum=policy.quorum,
    )
    package = Package(origin, first, end.size, kept, tuple(key.render() for key in keys))
    _write_papers(folder, package, wanted, policy=render_policy(log))
    folder.show(end.note)
    return package


async def demand_published(database: Database, wanted: Wanted) -> None:
    """Raise NothingToExport unless something of that time is published."""
    async with database.transaction(tenant_id=wanted.tenant_id, read_only=True) as connection:
        await _bounds(connection, wanted)


async def _bounds(
    connection: Connection, wanted: Wanted
) -> tuple[CheckpointRow | None, CheckpointRow]:
    tenant_id = wanted.tenant_id
    start = await reading.checkpoint_at(connection, tenant_id=tenant_id, at=wanted.since)
    # The first one that covers all of the time; when there is none yet, the last one there is.
    end = await reading.checkpoint_since(
        connection, tenant_id=tenant_id, at=wanted.until
    ) or await reading.checkpoint_at(connection, tenant_id=tenant_id, at=wanted.until)
    if end is not None and start is None:
        (entry,) = await reading.entries(connection, tenant_id=tenant_id, first=0, end=1)
        if read(entry).at >= render(wanted.until):
            end = None
    if end is None:
        raise NothingToExport(
            f"the log {tree_name(tenant_id)} has nothing published of before {render(wanted.until)}: "
            "name later days, or look whether `tallystick sequence` runs"
        )
    return start, end


async def _write_tiles(
    connection: Connection,
    folder: Mirror,
    tenant_id: int,
    *,
    first: int,
    size: int,
    progress: Progress,
) -> None:
    wanted = [
        (tile, width)
        for tile, width in tiles.tiles_of(size)
        if tile.level >= 0 or tile.index >= first // WIDTH
    ]
    for done, (tile, width) in enumerate(wanted, 1):
        content = await reading.tile(connection, tenant_id=tenant_id, of=tile, width=width)
        folder.write_tile(tile, width=width, content=content)
        progress(done, len(wanted))


async def _write_checkpoints(
    connection: Connection,
    folder: Mirror,
    tenant_id: int,
    start: CheckpointRow | None,
    end: CheckpointRow,
) -> int:
    after, kept = 0 if start is None else start.size - 1, 0
    for _ in range(CHECKPOINT_PAGES_MAX):
        page = await reading.checkpoints(
            connection,
            tenant_id=tenant_id,
            after=after,
            until=end.size,
            most=CHECKPOINTS_AT_ONCE,
        )
        for size, note in page:
            folder.write_once(f"checkpoints/{size}", note)
        kept += len(page)
        if len(page) < CHECKPOINTS_AT_ONCE:
            break
        after = page[-1][0]
    return kept


def _write_papers(folder: Mirror, package: Package, wanted: Wanted, *, policy: str) -> None:
    manifest = {
        "origin": package.origin,
        "first": package.first,
        "size": package.size,
        "since": render(wanted.since),
        "until": render(wanted.until),
    }
    folder.write_once("manifest.json", msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
    folder.write_once("keys", "".join(f"{key}\n" for key in package.keys).encode())
    folder.write_once("policy", policy.encode())
    folder.write_once(
        "README.md", auditors_page(package.origin, package.first, package.size).encode()
    )

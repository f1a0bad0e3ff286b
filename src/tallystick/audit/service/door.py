"""The door of the record made real: everything is read from the trees, and nothing beyond what is published."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from tallystick.audit.api import (
    ENTRIES_SEEN_MAX,
    ActPage,
    CheckpointOf,
    Consistency,
    ConsistencyOf,
    Content,
    EntryNotFound,
    EntryOf,
    Inclusion,
    InclusionOf,
    ListActs,
    ListEntries,
    Log,
    LoggedEntry,
    LogPage,
    LogState,
    NothingPublished,
    NotYetPublished,
    ReceiptOf,
    RecordIsDamaged,
    SizeBeyondLog,
    TileNotFound,
    TileOf,
)
from tallystick.audit.model import tiles
from tallystick.audit.model.acts import title_of
from tallystick.audit.model.bounds import LAG_MAX_US, SKEW_MAX_US
from tallystick.audit.model.merkle import (
    Range,
    consistency_ranges,
    inclusion_ranges,
    leaf_hash,
)
from tallystick.audit.model.notes import VerifierKey, to_base64
from tallystick.audit.model.places import tree_name
from tallystick.audit.model.policy import Policy, render_policy
from tallystick.audit.model.proof_file import LogProof, render_proof
from tallystick.audit.model.seeking import sought
from tallystick.audit.model.tiles import WIDTH
from tallystick.audit.service.acts import acts_of
from tallystick.audit.store import reading
from tallystick.audit.store.reading import Damaged
from tallystick.audit.store.writing import TreeRow
from tallystick.kernel import entries as written
from tallystick.kernel.callers import Caller
from tallystick.kernel.fields import PAGE_MAX
from tallystick.kernel.instants import SECOND, Instant, render
from tallystick.kernel.problems import malformed
from tallystick.runtime.database import Connection, Database

# So long nobody has to have come by.
SILENT_MAX_US = 10 * SECOND
# And so long an entry may wait for a checkpoint that counts.
UNPUBLISHED_MAX_US = 30 * SECOND


class AuditService:
    """The logs over the database of role ``tallystick_audit``."""

    def __init__(self, *, database: Database, origin: str, policy: Policy) -> None:
        self._database = database
        self._origin = origin
        self._policy = policy
        self._nodes = reading.Nodes()

    @asynccontextmanager
    async def _reading(self, tenant_id: int) -> AsyncIterator[Connection]:
        try:
            async with self._database.transaction(
                tenant_id=tenant_id, read_only=True
            ) as connection:
                yield connection
        except Damaged as error:
            raise RecordIsDamaged(f"The log cannot be read: {error}.") from None

    async def log(self, *, caller: Caller, message: LogState) -> Log:
        """Tell how the log stands."""
        tenant_id = caller.tenant_id
        async with self._reading(tenant_id) as connection:
            tree = await reading.tree(connection, tenant_id=tenant_id)
            state = await reading.state(connection)
            keys = await reading.keys(connection)
            unpublished = await reading.unpublished_since(connection, tree)
            shown = await reading.checkpoint(
                connection, tenant_id=tenant_id, size=tree.published_size
            )
        origin = f"{self._origin}/{tree_name(tenant_id)}"
        return Log(
            origin=origin,
            size=tree.size,
            published_size=tree.published_size,
            keys=tuple(VerifierKey(origin, *key).render() for key in keys),
            witnesses=render_policy(self._policy),
            lag_ms=state.lag_us // 1_000,
            clock_skew_ms=state.skew_us // 1_000,
            sequenced_at=render(state.renewed_at),
            alarms=(
                *_alarms(state, unpublished),
                *(["record_is_damaged"] if tree.published_size and shown is None else []),
            ),
        )

    async def checkpoint(self, *, caller: Caller, message: CheckpointOf) -> Content:
        """Give the last published checkpoint."""
        tenant_id = caller.tenant_id
        async with self._reading(tenant_id) as connection:
            tree = await reading.tree(connection, tenant_id=tenant_id)
            return Content(content=await _published(connection, tree), is_final=False)

    async def tile(self, *, caller: Caller, message: TileOf) -> Content:
        """Give a tile or a bundle."""
        try:
            of, width = tiles.parse_path(message.path)
        except ValueError:
            raise TileNotFound(
                "A path is tile/LEVEL/PLACE or tile/entries/PLACE, with .p/WIDTH when it is not full."
            ) from None
        tenant_id = caller.tenant_id
        async with self._reading(tenant_id) as connection:
            tree = await reading.tree(connection, tenant_id=tenant_id)
            if width > tiles.width_of(of, size=tree.published_size):
                raise TileNotFound("The log does not reach so far: look at its checkpoint first.")
            content = await reading.tile(connection, tenant_id=tenant_id, of=of, width=width)
        return Content(content=content)

    async def entries(self, *, caller: Caller, message: ListEntries) -> LogPage:
        """List entries, newest first."""
        if not 1 <= message.limit <= PAGE_MAX:
            raise malformed("limit", f"a page has 1 to {PAGE_MAX} items")
        if message.after is not None and message.after < 0:
            raise malformed("after", "a cursor is taken from the page before as it is")
        tenant_id, found = caller.tenant_id, list[LoggedEntry]()
        fits = sought(message)
        async with self._reading(tenant_id) as connection:
            tree = await reading.tree(connection, tenant_id=tenant_id)
            end = tree.published_size
            end = end if message.after is None else min(end, message.after)
            stop = max(0, end - ENTRIES_SEEN_MAX)
            while end > stop:
                first = max(stop, (end - 1) // WIDTH * WIDTH)
                part = await reading.entries(connection, tenant_id=tenant_id, first=first, end=end)
                for index in range(end - 1, first - 1, -1):
                    entry = part[index - first]
                    if fits(entry):
                        found.append(_logged(index, entry))
                        if len(found) == message.limit:
                            after = str(index) if index else None
                            return LogPage(items=tuple(found), after=after)
                end = first
        return LogPage(items=tuple(found), after=str(end) if end else None)

    async def entry(self, *, caller: Caller, message: EntryOf) -> LoggedEntry:
        """Show an entry."""
        tenant_id = caller.tenant_id
        async with self._reading(tenant_id) as connection:
            tree = await reading.tree(connection, tenant_id=tenant_id)
            _demand_published(message.index, tree)
            entry = await _entry(connection, tenant_id, message.index)
        return _logged(message.index, entry)

    async def acts(self, *, caller: Caller, message: ListActs) -> ActPage:
        """List what the caller did, newest first."""
        async with self._reading(caller.tenant_id) as connection:
            return await acts_of(connection, caller=caller, message=message)

    async def inclusion(self, *, caller: Caller, message: InclusionOf) -> Inclusion:
        """Prove that an entry is in the log."""
        tenant_id, index = caller.tenant_id, message.index
        async with self._reading(tenant_id) as connection:
            tree = await reading.tree(connection, tenant_id=tenant_id)
            size = _published_size(message.size, tree, place="size")
            _demand_published(index, tree)
            if index >= size:
                raise EntryNotFound(f"A log of {size} entries has no entry {index}.")
            leaf, root, *hashes = await self._hashes(
                connection,
                tree,
                size,
                (index, index + 1),
                (0, size),
                *inclusion_ranges(index, size),
            )
        return Inclusion(
            index=index, size=size, leaf=leaf.hex(), root=root.hex(), hashes=_hexadecimal(hashes)
        )

    async def consistency(self, *, caller: Caller, message: ConsistencyOf) -> Consistency:
        """Prove that the log only grew."""
        tenant_id, old = caller.tenant_id, message.old
        async with self._reading(tenant_id) as connection:
            tree = await reading.tree(connection, tenant_id=tenant_id)
            new = _published_size(message.new, tree, place="new")
            if not 0 <= old <= new:
                raise malformed("old", f"from a size of 0 to {new}, which is the other one")
            ranges = consistency_ranges(old, new) if old else []
            old_root, new_root, *hashes = await self._hashes(
                connection, tree, new, (0, old), (0, new), *ranges
            )
        return Consistency(
            old=old,
            new=new,
            old_root=old_root.hex(),
            new_root=new_root.hex(),
            hashes=_hexadecimal(hashes),
        )

    async def receipt(self, *, caller: Caller, message: ReceiptOf) -> Content:
        """Give the receipt of an act."""
        tenant_id = caller.tenant_id
        async with self._reading(tenant_id) as connection:
            tree = await reading.tree(connection, tenant_id=tenant_id)
            candidates = await reading.entries_of_time(
                connection, tenant_id=tenant_id, context=message.context, at=message.at
            )
            found = next((one for one in candidates if _is_of(one[1], message)), None)
            if found is None:
                await _demand_old(connection, message)
                raise EntryNotFound("The log has no entry of this act; run `tallystick verify`.")
            index, entry = found
            _demand_published(index, tree)
            size = tree.published_size
            hashes = await self._hashes(connection, tree, size, *inclusion_ranges(index, size))
            checkpoint = await _published(connection, tree)
        proof = LogProof(index=index, hashes=tuple(hashes), checkpoint=checkpoint, extra=entry)
        return Content(content=render_proof(proof), is_final=False)

    async def _hashes(
        self, connection: Connection, tree: TreeRow, size: int, *ranges: Range
    ) -> list[bytes]:
        return await reading.hashes(
            connection, tenant_id=tree.tenant_id, ranges=ranges, size=size, nodes=self._nodes
        )


def _alarms(state: reading.State, unpublished: Instant | None) -> list[str]:
    silent = state.now - state.renewed_at > SILENT_MAX_US
    return [
        *(["nobody_sequences"] if silent else []),
        *(["record_lags"] if state.lag_us > LAG_MAX_US else []),
        *(["clock_is_off"] if abs(state.skew_us) > SKEW_MAX_US else []),
        # Its witnesses do not cosign, or it is damaged and no more signed: the sequencer's log says which.
        *(["not_published"] if state.now - (unpublished or state.now) > UNPUBLISHED_MAX_US else []),
    ]


async def _published(connection: Connection, tree: TreeRow) -> bytes:
    row = await reading.checkpoint(connection, tenant_id=tree.tenant_id, size=tree.published_size)
    if row is not None:
        return row.note
    if tree.published_size:
        raise Damaged(f"the checkpoint of size {tree.published_size} is missing")
    raise NothingPublished("The log begins with its first act; ask again in a moment.")


def _published_size(size: int | None, tree: TreeRow, *, place: str) -> int:
    if size is None:
        return tree.published_size
    if size < 0:
        raise malformed(place, "a size of the log is a whole number from 0 on")
    if size > tree.published_size:
        raise SizeBeyondLog(
            f"{tree.published_size} entries are published, not {size}.",
            {"published_size": str(tree.published_size)},
        )
    return size


def _demand_published(index: int, tree: TreeRow) -> None:
    if tree.published_size <= index < tree.size:
        raise NotYetPublished("The next checkpoint covers it; ask again in a moment.")
    if not 0 <= index < tree.size:
        raise EntryNotFound(f"The log has {tree.size} entries.", {"size": str(tree.size)})


async def _demand_old(connection: Connection, message: ReceiptOf) -> None:
    """Refuse for now what may still be on its way: an act of the last while, or any while the record lags."""
    state = await reading.state(connection)
    last_turn = min(state.now, state.renewed_at) - state.lag_us
    if message.at > last_turn - SILENT_MAX_US:
        raise NotYetPublished(
            "Its entry is written and waits for its place; ask again in a moment."
        )


async def _entry(connection: Connection, tenant_id: int, index: int) -> bytes:
    return (await reading.entries(connection, tenant_id=tenant_id, first=index, end=index + 1))[0]


def _logged(index: int, entry: bytes) -> LoggedEntry:
    try:
        read = written.read(entry)
        told: Any = msgspec.Raw(entry)
        title = title_of(read.tag, read.outcome)
    except ValueError:
        # What is no entry is given as it is, so that whoever looks for it sees it.
        told, title = {"malformed": to_base64(entry)}, ""
    return LoggedEntry(index=index, hash=leaf_hash(entry).hex(), title=title, entry=told)


def _is_of(entry: bytes, message: ReceiptOf) -> bool:
    # Most entries of a leaf are of other acts, and are not worth reading.
    if message.on.encode() not in entry:
        return False
    try:
        read = written.read(entry)
    except ValueError:
        return False
    return read.on == message.on and read.at == render(message.at)


def _hexadecimal(hashes: Sequence[bytes]) -> tuple[str, ...]:
    return tuple(one.hex() for one in hashes)

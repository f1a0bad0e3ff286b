"""What is published is copied into folders, tile by tile and the checkpoint last, by whoever has the lease."""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog

from tallystick.audit.adapters.mirror import Mirror, MirrorRefuses
from tallystick.audit.model.notes import Checkpoint
from tallystick.audit.model.places import tree_name
from tallystick.audit.store import reading
from tallystick.audit.store.reading import Damaged
from tallystick.runtime.database import Database

TREES_AT_ONCE_MAX = 1_000
PAGES_MAX = 10_000
PAUSE_S = 1.0
_FIRST = -1
_log: Any = structlog.get_logger("tallystick.record")


class Mirroring:
    """Keeps one folder per tree up to date, over the database of role ``tallystick_sequencer``."""

    def __init__(
        self,
        *,
        database: Database,
        mirror_of: Callable[[str], Mirror],
        has_lease: Callable[[], bool],
        cosigned_again: Callable[[], set[int]] = set,
    ) -> None:
        """``cosigned_again`` answers once of each tree whose published checkpoint got more cosignatures."""
        self._database = database
        self._mirror_of = mirror_of
        self._has_lease = has_lease
        self._cosigned_again = cosigned_again
        self._shown: dict[int, int] = {}

    async def run(self, stopping: asyncio.Event) -> None:
        """Copy what was published, again and again; what fails is logged and tried again."""
        while not stopping.is_set():
            if self._has_lease():
                try:
                    await self.catch_up()
                except Exception as error:
                    _log.error("mirroring_failed", error=repr(error)[:500])
            try:
                await asyncio.wait_for(stopping.wait(), PAUSE_S)
            except TimeoutError:
                continue

    async def catch_up(self) -> int:
        """Bring every folder to what is published; answers how many checkpoints were shown."""
        after, shown = _FIRST, 0
        for tenant_id in self._cosigned_again():
            self._shown.pop(tenant_id, None)
        for _ in range(PAGES_MAX):
            async with self._database.without_tenant() as connection:
                trees = await reading.trees(connection, after=after, most=TREES_AT_ONCE_MAX)
            for tenant_id, size in trees:
                if size > self._shown.get(tenant_id, 0):
                    shown += await self._try(tenant_id, size)
            if len(trees) < TREES_AT_ONCE_MAX:
                break
            after = trees[-1][0]
        return shown

    async def _try(self, tenant_id: int, size: int) -> bool:
        """Bring one folder there; one that refuses holds up no other."""
        try:
            shown = await self._catch_up(tenant_id, size)
        except (MirrorRefuses, Damaged) as error:
            _log.error("mirroring_failed", tree=tree_name(tenant_id), error=str(error)[:500])
            return False
        if shown:
            self._shown[tenant_id] = size
        return shown

    async def _catch_up(self, tenant_id: int, size: int) -> bool:
        mirror = self._mirror_of(tree_name(tenant_id))
        before = await asyncio.to_thread(mirror.checkpoint)
        if before is not None and before.size > size:
            # Theirs was published, so ours is what was rolled back.
            _log.error(
                "record_was_rolled_back",
                tree=tree_name(tenant_id),
                size=size,
                published=before.size,
            )
            return False
        if before is not None:
            await self._demand_continued(tenant_id, before)
        for tile, width in mirror.missing(size=size):
            async with self._database.without_tenant() as connection:
                content = await reading.tile(connection, tenant_id=tenant_id, of=tile, width=width)
            await asyncio.to_thread(mirror.write_tile, tile, width=width, content=content)
        async with self._database.without_tenant() as connection:
            row = await reading.checkpoint(connection, tenant_id=tenant_id, size=size)
        # It may have been thinned out meanwhile; then a larger one is published, and comes next.
        if row is None or not self._has_lease():
            return False
        return await asyncio.to_thread(mirror.show, row.note)

    async def _demand_continued(self, tenant_id: int, shown: Checkpoint) -> None:
        """Write nothing beside a checkpoint that is not of our history: full tiles would replace what proves it.

        Raises MirrorRefuses.
        """
        async with self._database.without_tenant() as connection:
            root = await reading.root(connection, tenant_id=tenant_id, size=shown.size)
        if root != shown.root:
            raise MirrorRefuses(f"the folder shows a fork of size {shown.size}, and keeps it")

"""Checkpoints: a tree that grew is signed, shown to its witnesses, and published once enough of them have cosigned."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

import structlog

from tallystick.audit.model.merkle import Frontier, consistency_ranges
from tallystick.audit.model.notes import (
    Checkpoint,
    Note,
    Signature,
    Signer,
    parse_note,
    render_checkpoint,
    render_note,
)
from tallystick.audit.model.places import tree_name
from tallystick.audit.model.policy import Policy, satisfied_by
from tallystick.audit.store import reading, writing
from tallystick.audit.store.writing import TreeRow
from tallystick.kernel.instants import SECOND, Instant
from tallystick.runtime.database import Connection, Database

# So many trees get a checkpoint in a turn, and so many are shown to witnesses at once.
TREES_MAX = 200
SHOWN_AT_ONCE_MAX = 8
WITNESSED_SIZES_MAX = 100_000
# While its witnesses are asked, a tree that goes on growing gets no other checkpoint for so long.
SHOWN_FOR: Instant = 10 * SECOND
_FIRST = -1

Prove = Callable[[int, int], Awaitable[Sequence[bytes]]]
Edges = Callable[[Connection, int], Awaitable[Frontier]]
_log: Any = structlog.get_logger("tallystick.record")


class AskedWitness(Protocol):
    """Somebody who may cosign a checkpoint."""

    async def add(self, *, note: bytes, old: int, prove: Prove) -> tuple[Signature, ...]:
        """Show a checkpoint, with the size last shown; answers its cosignatures, or raises."""
        ...


class Publisher:
    """Signs and publishes, over the database of role ``tallystick_sequencer``; the sequencer says when.

    ``signers`` answers the keys that sign a tree of this origin, ``witnesses`` are those whom the policy names, by name.
    """

    def __init__(
        self,
        *,
        database: Database,
        origin: str,
        signers: Callable[[str], Sequence[Signer]],
        policy: Policy,
        witnesses: Mapping[str, AskedWitness],
    ) -> None:
        self._database = database
        self._origin = origin
        self._signers = signers
        self._policy = policy
        self._witnesses = witnesses
        self._damaged: set[int] = set()
        self._shown: dict[tuple[str, int], int] = {}
        self._signed_at: dict[int, Instant] = {}
        self._after = _FIRST

    async def begin(self, *, epoch: int) -> None:
        """Keep the public keys that sign from now on; what was found wrong before is looked at again."""
        self._damaged.clear()
        async with self._database.without_tenant() as connection:
            await writing.hold_lease(connection, epoch=epoch, lag_us=0, skew_us=0)
            for signer in self._signers(self._origin):
                await writing.keep_key(
                    connection,
                    algorithm=signer.key.algorithm,
                    public_key=signer.key.public_key,
                )

    async def look_at(self, connection: Connection, tree: TreeRow) -> None:
        """Hold what is kept of a tree against its last checkpoint: one that does not fit is signed no more."""
        if tree.signed_size == 0:
            return
        signed = await reading.checkpoint(
            connection, tenant_id=tree.tenant_id, size=tree.signed_size
        )
        root = await reading.root(connection, tenant_id=tree.tenant_id, size=tree.signed_size)
        if signed is None or signed.root != root:
            self._damaged.add(tree.tenant_id)
            _log.error(
                "record_is_damaged",
                tree=tree_name(tree.tenant_id),
                size=tree.signed_size,
                signed=signed and signed.root.hex(),
                kept=root.hex(),
            )

    async def sign(self, *, epoch: int, edges: Edges, health: tuple[int, int]) -> None:
        """Sign a checkpoint of each tree that grew, and renew the lease. Raises Fenced."""
        async with self._database.without_tenant() as connection:
            await writing.hold_lease(connection, epoch=epoch, lag_us=health[0], skew_us=health[1])
            now = await writing.clock(connection)
            trees = await writing.trees_to_sign(connection, after=self._after, most=TREES_MAX)
            self._after = trees[-1].tenant_id if len(trees) == TREES_MAX else _FIRST
            for tree in trees:
                if tree.size == tree.signed_size or self._is_being_shown(tree, now):
                    continue
                edge = await edges(connection, tree.tenant_id)
                if tree.tenant_id in self._damaged:
                    continue
                self._signed_at[tree.tenant_id] = now
                checkpoint = Checkpoint(
                    origin=self.origin_of(tree.tenant_id), size=edge.size, root=edge.root()
                )
                note = self._signed(checkpoint, at_s=now // SECOND)
                await writing.add_checkpoint(
                    connection,
                    tenant_id=tree.tenant_id,
                    size=edge.size,
                    root=checkpoint.root,
                    at=now,
                    note=render_note(note),
                )
                if satisfied_by(self._policy, note):
                    await writing.publish(
                        connection,
                        tenant_id=tree.tenant_id,
                        size=edge.size,
                        note=render_note(note),
                    )

    def _is_being_shown(self, tree: TreeRow, now: Instant) -> bool:
        """Whether its last checkpoint may still be cosigned: until then or for a while no other one is signed."""
        if tree.signed_size == tree.published_size:
            return False
        return 0 <= now - self._signed_at.get(tree.tenant_id, 0) < SHOWN_FOR

    def origin_of(self, tenant_id: int) -> str:
        """The origin line of a tree's checkpoints."""
        return f"{self._origin}/{tree_name(tenant_id)}"

    def _signed(self, checkpoint: Checkpoint, *, at_s: int) -> Note:
        text = render_checkpoint(checkpoint)
        signers = self._signers(checkpoint.origin)
        return Note(text, tuple(signer.sign(text, at_s=at_s) for signer in signers))

    async def publish(self, *, epoch: int) -> None:
        """Show what was signed and is not published to the witnesses, and publish what enough of them cosign."""
        async with self._database.without_tenant() as connection:
            trees = await writing.trees_to_sign(connection, after=self._after, most=TREES_MAX)
        waiting = [tree for tree in trees if tree.signed_size > tree.published_size]
        for start in range(0, len(waiting), SHOWN_AT_ONCE_MAX):
            part = waiting[start : start + SHOWN_AT_ONCE_MAX]
            await asyncio.gather(*(self._show(tree, epoch=epoch) for tree in part))

    async def _show(self, tree: TreeRow, *, epoch: int) -> None:
        async with self._database.without_tenant() as connection:
            signed = await reading.checkpoint(
                connection, tenant_id=tree.tenant_id, size=tree.signed_size
            )
        assert signed is not None, "a size that is signed has its checkpoint"
        # No transaction is open while strangers are asked.
        asked = [self._cosign(name, tree, signed.note) for name in self._witnesses]
        more = [one for found in await asyncio.gather(*asked) for one in found]
        note = parse_note(signed.note)
        note = Note(note.text, (*note.signatures, *more))
        if not satisfied_by(self._policy, note):
            _log.warning(
                "not_published",
                tree=tree_name(tree.tenant_id),
                size=tree.signed_size,
                cosignatures=len(more),
            )
            return
        async with self._database.without_tenant() as connection:
            await writing.hold_lease(connection, epoch=epoch, lag_us=0, skew_us=0)
            await writing.publish(
                connection,
                tenant_id=tree.tenant_id,
                size=tree.signed_size,
                note=render_note(note),
            )

    async def _cosign(self, name: str, tree: TreeRow, note: bytes) -> tuple[Signature, ...]:
        who = (name, tree.tenant_id)

        async def prove(old: int, new: int) -> Sequence[bytes]:
            async with self._database.without_tenant() as connection:
                return await reading.hashes(
                    connection,
                    tenant_id=tree.tenant_id,
                    ranges=consistency_ranges(old, new),
                    size=new,
                )

        try:
            found = await self._witnesses[name].add(
                note=note, old=self._shown.get(who, tree.published_size), prove=prove
            )
        except Exception as error:
            _log.warning(
                "witness_did_not_cosign",
                witness=name,
                tree=tree_name(tree.tenant_id),
                error=repr(error)[:300],
            )
            return ()
        if len(self._shown) >= WITNESSED_SIZES_MAX:
            self._shown.clear()
        self._shown[who] = tree.signed_size
        return found

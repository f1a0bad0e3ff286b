"""Checkpoints: a tree that grew is signed, shown to its witnesses, and published once enough of them have cosigned."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

import structlog

from tallystick.audit.adapters.signed_memory import Advance, SignedMemory
from tallystick.audit.model.merkle import Frontier, consistency_ranges
from tallystick.audit.model.notes import (
    BadNote,
    Checkpoint,
    Note,
    Signature,
    Signer,
    parse_checkpoint,
    parse_note,
    render_checkpoint,
    render_note,
    signed_by,
)
from tallystick.audit.model.places import tree_name
from tallystick.audit.model.policy import Policy, satisfied_by
from tallystick.audit.model.witnessing import Seen
from tallystick.audit.store import reading, writing
from tallystick.audit.store.reading import Damaged
from tallystick.audit.store.writing import Fenced, TreeRow
from tallystick.kernel.instants import SECOND, Instant
from tallystick.runtime.database import Connection, Database

# So many trees get a checkpoint in a turn, and so many are shown to witnesses at once.
TREES_MAX = 200
SHOWN_AT_ONCE_MAX = 8
WITNESSED_SIZES_MAX = 100_000
# While its witnesses are asked, a tree that goes on growing gets no other checkpoint for so long.
SHOWN_FOR: Instant = 10 * SECOND
ASKED_S = 10.0
# So long one turn listens to witnesses: the lease has to be renewed meanwhile, and the next turn listens on.
LISTENED_S = 1.0
# So long the others are waited for when those who have answered are enough.
LATE_S = 0.2
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

    ``signers`` answers the keys that sign a tree of this origin; ``witnesses`` are those whom the policy names;
    ``memory`` has what was signed, where the owner of the database cannot change it.
    """

    def __init__(
        self,
        *,
        database: Database,
        origin: str,
        signers: Callable[[str], Sequence[Signer]],
        policy: Policy,
        witnesses: Mapping[str, AskedWitness],
        memory: SignedMemory,
    ) -> None:
        self._database = database
        self._origin = origin
        self._signers = signers
        self._policy = policy
        self._witnesses = witnesses
        self._memory = memory
        self._damaged: set[int] = set()
        self._seen: dict[int, Seen] = {}
        self._shown: dict[tuple[str, int], int] = {}
        self._showing: dict[int, asyncio.Task[None]] = {}
        self._signed_at: dict[int, Instant] = {}
        self._after = self._page = _FIRST
        # Trees that show too few cosignatures for the policy of now, and up to which tenant they were looked for.
        self._again: dict[int, TreeRow] = {}
        self._looked: int | None = _FIRST
        self._cosigned_again: set[int] = set()

    async def begin(self, *, epoch: int) -> None:
        """Keep the public keys that sign from now on; what was found wrong before is looked at again."""
        await self.stop()
        self._damaged.clear()
        self._again.clear()
        self._looked = _FIRST
        async with self._database.without_tenant() as connection:
            await writing.hold_lease(connection, epoch=epoch)
            for signer in self._signers(self._origin):
                await writing.keep_key(
                    connection,
                    algorithm=signer.key.algorithm,
                    public_key=signer.key.public_key,
                )

    async def stop(self) -> None:
        """Listen to witnesses no longer."""
        late, self._showing = list(self._showing.values()), {}
        for one in late:
            one.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def take_cosigned_again(self) -> set[int]:
        """The trees whose published checkpoint got more cosignatures since this was asked."""
        taken, self._cosigned_again = self._cosigned_again, set()
        return taken

    def is_damaged(self, tenant_id: int) -> bool:
        """Whether what is kept of a tree was found not to fit."""
        return tenant_id in self._damaged

    async def look_at(self, connection: Connection, tree: TreeRow) -> None:
        """Hold what is kept of a tree against what was signed last: one that does not fit is signed no more."""
        try:
            await self._demand_continued(connection, tree)
            await self._demand_checkpoint(connection, tree)
        except (BadNote, Damaged) as error:
            self.call_out(tree, str(error))

    async def _demand_continued(self, connection: Connection, tree: TreeRow) -> None:
        """Hold a tree against the last one that we signed. Raises Damaged."""
        seen = self._memory.seen(self.origin_of(tree.tenant_id))
        if seen is not None:
            self._seen[tree.tenant_id] = seen
        else:
            self._seen.pop(tree.tenant_id, None)
            if tree.signed_size:
                _log.warning("not_in_memory", tree=tree_name(tree.tenant_id), size=tree.signed_size)
            return
        if seen.size > tree.size:
            raise Damaged(f"we signed {seen.size} entries, and {tree.size} are kept")
        root = await reading.root(connection, tenant_id=tree.tenant_id, size=seen.size)
        if root != seen.root:
            raise Damaged(f"we signed {seen.root.hex()} of {seen.size}, kept {root.hex()}")

    async def _demand_checkpoint(self, connection: Connection, tree: TreeRow) -> None:
        """Hold a tree against its last checkpoint. Raises BadNote, Damaged."""
        if tree.signed_size == 0:
            return
        signed = await reading.checkpoint(
            connection, tenant_id=tree.tenant_id, size=tree.signed_size
        )
        if signed is None:
            raise Damaged("its last checkpoint is missing")
        told = self._root_in(signed.note, tree)
        root = await reading.root(connection, tenant_id=tree.tenant_id, size=tree.signed_size)
        # Rows and the root beside them can be changed to fit each other; what was signed cannot.
        if not told == signed.root == root:
            raise Damaged(f"signed {told.hex()}, noted {signed.root.hex()}, kept {root.hex()}")

    def _root_in(self, content: bytes, tree: TreeRow) -> bytes:
        """The root that a checkpoint of ours says. Raises BadNote for what none of our keys signed."""
        origin, note = self.origin_of(tree.tenant_id), parse_note(content)
        checkpoint = parse_checkpoint(note.text)
        if (checkpoint.origin, checkpoint.size) != (origin, tree.signed_size):
            raise BadNote("its last checkpoint is that of another tree")
        # The keys that the database names are no witness: whoever owns it can name more.
        if not any(signed_by(note, signer.key) for signer in self._signers(origin)):
            raise BadNote("none of our keys signed its last checkpoint")
        return checkpoint.root

    def call_out(self, tree: TreeRow, why: str) -> None:
        """Say that a tree is damaged, and sign it no more."""
        self._damaged.add(tree.tenant_id)
        _log.error(
            "record_is_damaged", tree=tree_name(tree.tenant_id), size=tree.signed_size, why=why
        )

    async def sign(self, *, epoch: int, edges: Edges) -> None:
        """Sign a checkpoint of each tree that grew, and renew the lease. Raises Fenced."""
        async with self._database.without_tenant() as connection:
            # This commit takes all places to the disk: what is signed now is not given another place by a power cut.
            await writing.hold_lease(connection, epoch=epoch)
            now = await writing.clock(connection)
            grown = await self._grown(connection, edges=edges, now=now)
        if not grown:
            return
        advances = [
            Advance(one.origin, self._seen.get(tenant_id), Seen(one.size, one.root))
            for tenant_id, one in grown
        ]
        # Nobody sees what is signed before it is remembered, so no owner of the database can make us forget it.
        if not await asyncio.to_thread(self._memory.advance, advances):
            # Another process signed meanwhile, so what was looked at here is looked at again.
            raise Fenced
        self._seen |= {tenant_id: Seen(one.size, one.root) for tenant_id, one in grown}
        async with self._database.without_tenant() as connection:
            await writing.hold_lease(connection, epoch=epoch)
            for tenant_id, checkpoint in grown:
                await self._keep(connection, tenant_id, checkpoint, now=now)

    async def _grown(
        self, connection: Connection, *, edges: Edges, now: Instant
    ) -> list[tuple[int, Checkpoint]]:
        """What is to be signed now."""
        trees = await writing.trees_to_sign(connection, after=self._after, most=TREES_MAX)
        # What is signed now is what is shown after it, and the next turn begins behind that.
        self._page = self._after
        self._after = trees[-1].tenant_id if len(trees) == TREES_MAX else _FIRST
        grown: list[tuple[int, Checkpoint]] = []
        for tree in trees:
            if tree.size == tree.signed_size or self._is_being_shown(tree, now):
                continue
            edge = await edges(connection, tree.tenant_id)
            if tree.tenant_id in self._damaged:
                continue
            checkpoint = Checkpoint(
                origin=self.origin_of(tree.tenant_id), size=edge.size, root=edge.root()
            )
            grown.append((tree.tenant_id, checkpoint))
        return grown

    async def _keep(
        self, connection: Connection, tenant_id: int, checkpoint: Checkpoint, *, now: Instant
    ) -> None:
        """Sign a checkpoint, and publish it where no witness is needed."""
        self._signed_at[tenant_id] = now
        self._again.pop(tenant_id, None)
        note = self._signed(checkpoint, at_s=now // SECOND)
        await writing.add_checkpoint(
            connection,
            tenant_id=tenant_id,
            size=checkpoint.size,
            root=checkpoint.root,
            at=now,
            note=render_note(note),
        )
        if satisfied_by(self._policy, note):
            await writing.publish(
                connection, tenant_id=tenant_id, size=checkpoint.size, note=render_note(note)
            )

    def _is_being_shown(self, tree: TreeRow, now: Instant) -> bool:
        """Whether its last checkpoint may still be cosigned: until then or for a while no other one is signed."""
        if tree.tenant_id in self._showing:
            return True
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
        """Show what was signed and is not published to the witnesses, and publish what enough of them cosign.

        Returns after a second at the latest; whoever has not answered by then is heard by the next call. Raises Fenced.
        """
        async with self._database.without_tenant() as connection:
            trees = await writing.trees_to_sign(connection, after=self._page, most=TREES_MAX)
            await self._look_for_uncosigned(connection)
        unpublished = [tree for tree in trees if tree.signed_size > tree.published_size]
        busy = self._damaged | self._showing.keys()
        waiting = [
            tree for tree in (*unpublished, *self._again.values()) if tree.tenant_id not in busy
        ]
        loop = asyncio.get_running_loop()
        until = loop.time() + LISTENED_S
        while (waiting or self._showing) and loop.time() < until:
            for tree in waiting[: SHOWN_AT_ONCE_MAX - len(self._showing)]:
                waiting.remove(tree)
                self._showing[tree.tenant_id] = loop.create_task(self._show(tree, epoch=epoch))
            await asyncio.wait(
                self._showing.values(),
                timeout=until - loop.time(),
                return_when=asyncio.FIRST_COMPLETED,
            )
            self._hear()

    async def _look_for_uncosigned(self, connection: Connection) -> None:
        """Go on looking for trees that do not grow and were published under a policy that wanted less."""
        if self._looked is None or len(self._again) >= TREES_MAX:
            return
        rows = await writing.resting_trees(connection, after=self._looked, most=TREES_MAX)
        for tree, note in rows:
            with suppress(BadNote):
                if not satisfied_by(self._policy, parse_note(note)):
                    self._again[tree.tenant_id] = tree
        self._looked = rows[-1][0].tenant_id if len(rows) == TREES_MAX else None

    def _hear(self) -> None:
        """Take note of the trees whose showing is over. Raises Fenced when one found another in its place."""
        over = {tenant_id: task for tenant_id, task in self._showing.items() if task.done()}
        errors: list[Exception] = []
        for tenant_id, task in over.items():
            del self._showing[tenant_id]
            try:
                task.result()
            except Fenced as error:
                errors.append(error)
            except Exception as error:
                # One tree that cannot be shown holds up no other.
                _log.error("not_shown", tree=tree_name(tenant_id), error=repr(error)[:300])
        if errors:
            raise errors[0]

    async def _show(self, tree: TreeRow, *, epoch: int) -> None:
        async with self._database.without_tenant() as connection:
            signed = await reading.checkpoint(
                connection, tenant_id=tree.tenant_id, size=tree.signed_size
            )
        if signed is None:
            self.call_out(tree, "its last checkpoint is missing")
            return
        note = await self._cosigned(tree, parse_note(signed.note), signed.note)
        if not satisfied_by(self._policy, note):
            _log.warning("not_published", tree=tree_name(tree.tenant_id), size=tree.signed_size)
            return
        async with self._database.without_tenant() as connection:
            await writing.hold_lease(connection, epoch=epoch)
            write = writing.cosign if tree.published_size == tree.signed_size else writing.publish
            await write(
                connection,
                tenant_id=tree.tenant_id,
                size=tree.signed_size,
                note=render_note(note),
            )
        if self._again.pop(tree.tenant_id, None):
            self._cosigned_again.add(tree.tenant_id)

    async def _cosigned(self, tree: TreeRow, note: Note, content: bytes) -> Note:
        """Ask every witness at once; when those who answered are enough, the others are soon not waited for."""
        # No transaction is open while strangers are asked.
        asked = {
            name: asyncio.create_task(self._cosign(name, tree, content)) for name in self._witnesses
        }
        late, is_enough = set(asked.values()), False
        try:
            while late:
                answered, late = await asyncio.wait(
                    late,
                    timeout=LATE_S if is_enough else None,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if not answered:
                    break
                found = _with(note, (task for task in asked.values() if task not in late))
                is_enough = satisfied_by(self._policy, found)
        finally:
            for one in late:
                one.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        return _with(note, (task for task in asked.values() if task not in late))

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
            async with asyncio.timeout(ASKED_S):
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


def _with(note: Note, answered: Iterable[asyncio.Task[tuple[Signature, ...]]]) -> Note:
    known = {(one.name, one.key_id) for one in note.signatures}
    more = [
        one for task in answered for one in task.result() if (one.name, one.key_id) not in known
    ]
    return Note(note.text, (*note.signatures, *more))

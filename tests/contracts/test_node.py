"""The example in Node keeps the whole contract, serves a tenant beside ours, is tried in shadow, and undone."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from tallystick.identity.api import CreateKey, CreateTenant
from tallystick.identity.api.substitutions import ListSubstitutes
from tallystick.identity.service.keys import IdentityService
from tallystick.identity.service.substitutions import SubstitutionsService
from tallystick.kernel.callers import Caller
from tallystick.kernel.ids import tenant_id_of
from tallystick.runtime.clock import Mint, SystemClock
from tallystick.runtime.database import Database
from tests.contracts.node import NODE, Pair
from tests.loops import to_end

# Two processes start, and one tries the other by its contract, before the first of these begins.
pytestmark = [
    pytest.mark.skipif(NODE is None, reason="the example needs Node 20"),
    pytest.mark.timeout(300),
]
WAIT_S = 100
# Five seconds, and the time it takes to ask.
SWITCHED_S = 15
OPERATOR = Caller(tenant_id=0, actor="operator")


def until(holds: Callable[[], Any], what: str, *, within_s: float = WAIT_S) -> Any:
    """Ask again and again until something holds."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        found = holds()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"it did not come to pass: {what}")


class Tenant(NamedTuple):
    """A tenant, and a client that holds a key of it."""

    name: str
    client: httpx.Client

    def open(self, wallet: str) -> None:
        """Open a wallet, or find it open."""
        body = {
            "id": wallet,
            "owner": {"kind": "person", "name": "Ana"},
            "name": "Household",
            "accounts": [{"asset": "EUR", "exponent": 2}],
        }
        answer = self.client.post("/v1/wallets", json=body)
        assert answer.is_success, answer.text

    def is_served_by_b(self, wallet: str) -> bool:
        """Whether the number of a statement is one of version B, which people can read."""
        path = f"/v1/wallets/{wallet}/accounts/EUR/statement"
        days = {"from": "2026-01-01", "to": "2026-01-31", "format": "json"}
        answer = self.client.get(path, params=days)
        assert answer.is_success, answer.text
        return answer.json()["id"] == f"stm_B-{wallet}.EUR.20260101-20260131"


@pytest.fixture(scope="module")
def pair(migrated_url: str) -> Iterator[Pair]:
    home = Path(tempfile.mkdtemp(prefix="tallystick-node-"))
    os.chmod(home, 0o711)
    made = Pair(home, migrated_url)
    yield made
    made.stop()
    shutil.rmtree(home, ignore_errors=True)


def _with_identity(url: str, work: Callable[[Database], Any]) -> Any:
    async def do() -> Any:
        database = Database(url=url, role="tallystick_identity", pool_size=1)
        await database.start()
        try:
            return await work(database)
        finally:
            await database.stop()

    return to_end(do())


@pytest.fixture(scope="module")
def proven(pair: Pair, migrated_url: str) -> Pair:
    """The pair when the platform has tried the example by its contract."""

    async def known(database: Database) -> Any:
        clock = SystemClock()
        keys = IdentityService(database=database, mint=Mint(clock), clock=clock)
        door = SubstitutionsService(database=database, clock=clock, keys=keys)
        found = await door.known(caller=OPERATOR, message=ListSubstitutes())
        return [one for one in found.items if one.substitute == "node-wallets"]

    [found] = until(lambda: _with_identity(migrated_url, known), "the example is tried")
    assert (found.broken, found.version) == ((), "B.1.0.0"), pair.node.said
    assert "substitute_proven" in pair.running.said
    return pair


@pytest.fixture
def tenant(pair: Pair, migrated_url: str) -> Iterator[Callable[[], Tenant]]:
    made: list[Tenant] = []

    def make() -> Tenant:
        async def work(database: Database) -> Tenant:
            clock = SystemClock()
            door = IdentityService(database=database, mint=Mint(clock), clock=clock)
            made = await door.create_tenant(caller=OPERATOR, message=CreateTenant(name="Node"))
            caller = Caller(tenant_id=tenant_id_of(made.tenant), actor="operator")
            key = await door.create_key(caller=caller, message=CreateKey(label="node"))
            return Tenant(made.tenant, pair.running.client(key.key))

        made.append(_with_identity(migrated_url, work))
        return made[-1]

    yield make
    for one in made:
        one.client.close()


def said(pair: Pair, *words: str) -> str:
    """Run a command that must be done; answers what it said."""
    answer = pair.running.command(*words)
    assert answer.code == 0, (words, answer)
    return answer.out


def test_the_example_keeps_the_contract_and_the_command_says_so(pair: Pair) -> None:
    out = said(pair, "contract", "wallets", "--at", pair.node.url)
    assert "node-wallets B.1.0.0" in out
    assert out.count("kept") > 25
    assert "broken" not in out


def opened_in_b(tenant: Tenant, wallet: str) -> bool:
    """Open a wallet and tell whether it is version B that has it."""
    tenant.open(wallet)
    return tenant.is_served_by_b(wallet)


def test_a_tenant_is_served_by_it_while_another_stays(
    proven: Pair, tenant: Callable[[], Tenant]
) -> None:
    switched, stays = tenant(), tenant()
    assert not opened_in_b(switched, "w1")
    words = ("--context", "wallets", "--tenant", switched.name)
    assert "is served by B.1.0.0" in said(proven, "substitute", "live", "node-wallets", *words)
    until(lambda: opened_in_b(switched, "w1"), "they are served by B", within_s=SWITCHED_S)
    assert not opened_in_b(stays, "w1")
    listed = switched.client.get("/v1/wallets").json()["items"]
    assert [one["id"] for one in listed] == ["w1"]
    # The books are ours, whoever keeps the wallets: it is one account.
    accounts = switched.client.get("/v1/ledgers/main/accounts", params={"address": "wallets:..."})
    assert [one["address"] for one in accounts.json()["items"]] == ["wallets:w1:eur"]
    assert "B.1.0.0" in said(proven, "substitute", "list", "--tenant", switched.name)
    assert "is served by A.1.0.0" in said(proven, "substitute", "undo", *words)
    until(lambda: not switched.is_served_by_b("w1"), "they are served by A", within_s=SWITCHED_S)


def test_it_is_tried_in_shadow_and_what_differs_is_counted(
    proven: Pair, tenant: Callable[[], Tenant]
) -> None:
    tried = tenant()
    wallet = "w1"
    tried.open(wallet)
    words = ("--context", "wallets", "--tenant", tried.name)
    out = said(proven, "substitute", "shadow", "node-wallets", "--share", "50", *words)
    assert "B.1.0.0 tried on 50 %" in out

    def differs() -> bool:
        assert tried.client.get(f"/v1/wallets/{wallet}").json()["id"] == wallet
        return "wallet_not_found" in said(proven, "substitute", "differences", *words)

    until(differs, "a difference is told", within_s=30)


def test_what_it_keeps_outlives_it(proven: Pair, tenant: Callable[[], Tenant]) -> None:
    switched = tenant()
    words = ("--context", "wallets", "--tenant", switched.name)
    said(proven, "substitute", "live", "node-wallets", *words)
    until(lambda: opened_in_b(switched, "w2"), "they are served by B", within_s=SWITCHED_S)
    proven.node.stop(signal.SIGKILL)
    answer = switched.client.get("/v1/wallets/w2")
    assert (answer.status_code, answer.json()["code"]) == (503, "temporarily_unavailable")
    with (proven.home / "wallets.jsonl").open("ab") as file:
        file.write(b'{"tenant":"1","wal')  # a line that a crash cut off
    proven.node.start()
    shown = until(
        lambda: (found := switched.client.get("/v1/wallets/w2")).is_success and found,
        "it serves again",
        within_s=30,
    )
    assert shown.json()["id"] == "w2"


def test_a_name_that_nobody_has_is_refused(pair: Pair, tenant: Callable[[], Tenant]) -> None:
    words = ("--context", "wallets", "--tenant", tenant().name)
    refused = pair.running.command("substitute", "live", "nobody", *words)
    assert refused.code == 1
    assert "substitute_not_proven" in refused.err


FORGETS = """
from msgspec import structs


class Forgets:
    def __init__(self, ours):
        self.ours = ours

    def __getattr__(self, name):
        return getattr(self.ours, name)

    async def open(self, *, caller, message):
        return structs.replace(await self.ours.open(caller=caller, message=message), replayed=False)


def build(ground):
    return Forgets(ground.ours)
"""


def test_the_command_tries_what_is_installed_and_says_what_failed(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    info = tmp_path / "forgetful-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: forgetful\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[tallystick.wallets]\nC = forgetful:build\n")
    (tmp_path / "forgetful.py").write_text(FORGETS)
    monkeypatch.syspath_prepend(str(tmp_path))
    words = ("contract", "wallets", "--entry-point")
    refused = pair.running.command(*words, "forgetful", COLUMNS="300")
    assert refused.code == 1
    assert "forgetful C.1.0 breaks 1 of the" in refused.err
    assert "expected (False, True), found (False, False)" in refused.out
    nobody = pair.running.command(*words, "nobody")
    assert "nobody has 0 entry points of tallystick.wallets" in nobody.err
    both = pair.running.command("contract", "wallets")
    assert (both.code, "--at URL or --entry-point" in both.err) == (1, True)
    none = pair.running.command("contract", "audit", "--at", "http://127.0.0.1:1")
    assert "no contract of 'audit'" in none.err

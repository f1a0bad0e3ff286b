"""A ledger in another process decides as the one here, counts as the one here, and hears nobody it does not know."""

import asyncio
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tallystick.apps.compose import Platform
from tallystick.apps.doors import Knocking, demand_doors
from tallystick.identity.api.access import NotAllowed
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import SECOND
from tallystick.kernel.problems import Problem
from tallystick.ledger import api as books
from tallystick.ledger.api import Ledger
from tallystick.runtime.clock import SystemClock
from tallystick.runtime.configuration import Settings, read_settings
from tallystick.runtime.far import wire
from tallystick.runtime.far.nonces import SpentNonces
from tallystick.runtime.refusals import (
    ProblemDocument,
    TemporarilyUnavailable,
    document_of,
)
from tallystick.runtime.signatures import Signer, private_key
from tallystick.wallets import api as purses
from tallystick.wallets.api import Wallets
from tests.apps.platform import PROGRAM, READY_WAIT_S, ROOT, STOP_WAIT_S
from tests.doors.house import FarProcess
from tests.identity.bank import Bank
from tests.ports import free_port
from tests.runtime.authority import Authority

READ = books.AccountOf(ledger="main", address="shop")
PATH = "/doors/ledger/Ledger/account"


@pytest.fixture
async def bank(database_for) -> Bank:
    clock: Any = SystemClock()
    made = Bank(await database_for("identity"), await database_for("ledger"), clock)
    await made.found()
    return made


@pytest.fixture
async def edge(process: FarProcess) -> AsyncIterator[Knocking]:
    knocking = process.knocking("edge")
    yield knocking
    await knocking.stop()


@pytest.fixture
async def wallets(process: FarProcess) -> AsyncIterator[Knocking]:
    knocking = process.knocking("wallets")
    yield knocking
    await knocking.stop()


@pytest.fixture
def ledger(process: FarProcess, edge: Knocking) -> Ledger:
    """The ledger of the other process, as its edge asks it."""
    return edge.at(Ledger, process.url)


def transfer(id: str, amount: int = 100) -> books.Submit:
    posting = books.Posting(debit="customers:ada", credit="shop", amount=amount, asset="EUR")
    return books.Submit(ledger="main", items=(books.Post(id=id, postings=(posting,)),))


# It decides as the one here.


async def test_a_bookkeeper_is_refused_far_as_near(bank: Bank, ledger: Ledger) -> None:
    ada = await bank.person("Ada", "bookkeeper")
    said: list[tuple[str, str]] = []
    for door in (bank.ledger, ledger):
        assert (await door.account(caller=ada, message=READ)).address == "shop"
        with pytest.raises(NotAllowed) as refused:
            await door.submit(caller=ada, message=transfer("t"))
        assert refused.value.fields["decision"].startswith("dec_")
        said.append((refused.value.code, refused.value.detail))
    assert said[0] == said[1]
    assert "no role of theirs (bookkeeper) includes it" in said[1][1]


async def test_what_was_decided_before_is_not_believed(bank: Bank, ledger: Ledger) -> None:
    ada = await bank.person("Ada", "bookkeeper")
    clerk = await bank.person("Carl", "payment_clerk")
    await bank.delegate(clerk)
    done = await bank.post(clerk)
    (row,) = await bank.rows(
        "SELECT decision_id FROM identity.decision WHERE actor = $1 AND allowed "
        "AND action LIKE 'ledger.transaction.post%'",
        clerk.actor,
    )
    assert done.refusal is None
    borrowed = msgspec.structs.replace(ada, decision=row["decision_id"], caps=(), sees=None)
    with pytest.raises(NotAllowed):
        await ledger.submit(caller=borrowed, message=transfer("t"))


async def test_one_cap_holds_in_two_processes(bank: Bank, ledger: Ledger) -> None:
    clerk = await bank.person("Carl", "payment_clerk")
    await bank.delegate(clerk, cap_slot=1_000, slot="day")
    verdicts = await asyncio.gather(
        *(
            door.submit(caller=clerk, message=transfer(f"{where}{number}"))
            for number in range(15)
            for where, door in (("near", bank.ledger), ("far", ledger))
        )
    )
    done = [verdict.items[0].refusal is None for verdict in verdicts]
    codes = {one.items[0].refusal.code for one in verdicts if one.items[0].refusal is not None}
    assert (sum(done), codes) == (10, {"spending_cap_reached"})


async def test_a_context_here_asks_the_ledger_there(
    bank: Bank, process: FarProcess, migrated_url: str
) -> None:
    settings = Settings(
        pool_size=2,
        only=("wallets", "identity"),
        door_urls={"ledger": process.url},
        door_key=str(process.home / "wallets.key"),
    )
    platform = Platform(url=migrated_url, settings=settings)
    await platform.start()
    try:
        account = purses.AccountWanted(asset="EUR", exponent=2)
        owner = purses.Owner(kind=purses.OwnerKind.PERSON, name="Ana")
        made = await platform.wallets.open(
            caller=bank.machine,
            message=purses.OpenWallet(id="ana", owner=owner, name="Ana", accounts=(account,)),
        )
    finally:
        await platform.stop()
    assert made.status is purses.WalletStatus.OPEN
    asked = books.ListAccounts(ledger=purses.LEDGER)
    page = await bank.ledger.accounts(caller=bank.machine, message=asked)
    assert "wallets:ana:eur" in [one.address for one in page.items]


# It hears nobody it does not know.


async def test_who_may_not_speak_for_others_invents_no_caller(
    bank: Bank, process: FarProcess, wallets: Knocking, edge: Knocking
) -> None:
    owner = await bank.person("Olga", "owner")
    ledger = wallets.at(Ledger, process.url)
    via = msgspec.structs.replace(owner, via="wallets")
    assert (await ledger.account(caller=via, message=READ)).address == "shop"
    for forged in (
        owner, bank.machine, bank.operator, msgspec.structs.replace(owner, via="payments"),
        Caller(tenant_id=bank.tenant_id, actor="job:ledger"),
    ):  # fmt: skip
        with pytest.raises(TemporarilyUnavailable):
            await ledger.account(caller=forged, message=READ)
    with pytest.raises(TemporarilyUnavailable):
        await edge.at(Ledger, process.url).account(caller=via, message=READ)
    with pytest.raises(TemporarilyUnavailable):
        await wallets.at(Wallets, process.url).wallet(
            caller=via, message=purses.WalletOf(wallet="none")
        )


class Raw:
    """Requests as anybody may send them, signed with the key of the edge."""

    def __init__(self, process: FarProcess, caller: Caller) -> None:
        self.url, self.path = process.url, PATH
        self.body = msgspec.json.encode({"caller": caller, "message": READ})
        self.at = 0
        key = private_key(str(process.home / "edge.key"), setting="key")
        self._signer = Signer(key=key, clock=self, chance=secrets.token_bytes)

    def now(self) -> int:
        return SystemClock().now() + self.at

    def headers(self) -> dict[str, str]:
        return self._signer.headers(
            method="POST", authority=httpx.URL(self.url).netloc.decode(), path=self.path,
            media="application/json", timeout_ms=5_000, body=self.body,
        )  # fmt: skip

    async def send(self, headers: dict[str, str], **changes: Any) -> tuple[int, str, str]:
        words = {"url": self.url + self.path, "content": self.body} | changes
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(headers=headers, **words)
        shown = answer.json()
        told = shown.get("fields", {}).get("signature", "") + shown.get("detail", "")
        # What helps the honest: the reason. What helps the dishonest: a name, a tenant, a key.
        assert "shop" not in told
        assert "edge" not in told
        return (
            answer.status_code,
            shown.get("code", ""),
            shown.get("fields", {}).get("signature", ""),
        )


async def test_what_is_not_signed_whole_fresh_and_once_is_refused(
    bank: Bank, process: FarProcess, database_for
) -> None:
    raw, code = Raw(process, bank.machine), "signature_not_accepted"
    headers = raw.headers()
    assert (await raw.send(headers))[0] == 200
    assert await raw.send(headers) == (401, code, "replayed")
    assert await raw.send({"content-type": "application/json"}) == (401, code, "missing")
    bearer = {"content-type": "application/json", "authorization": "Bearer tally_x"}
    assert await raw.send(bearer) == (401, code, "missing")
    other = raw.body.replace(b'"shop"', b'"bank"')
    assert await raw.send(raw.headers(), content=other) == (401, code, "of another body")
    elsewhere = process.url + "/doors/ledger/Ledger/accounts"
    assert await raw.send(raw.headers(), url=elsewhere) == (401, code, "wrong")
    longer = raw.headers() | {"tallystick-timeout": "90000"}
    assert await raw.send(longer) == (401, code, "wrong")
    raw.at = -66 * SECOND
    assert await raw.send(raw.headers()) == (401, code, "late")
    raw.at = 60 * SECOND
    assert await raw.send(raw.headers()) == (401, code, "early")


async def test_what_one_process_received_no_other_receives(database_for) -> None:
    clock, until = SystemClock(), SystemClock().now() + SECOND
    first = SpentNonces(database=await database_for("wallets"), context="wallets", clock=clock)
    second = SpentNonces(database=await database_for("wallets"), context="wallets", clock=clock)
    nonce = secrets.token_hex(16)
    answers = await asyncio.gather(*(one.spend(nonce, until) for one in (first, second) * 4))
    assert sorted(answers) == [False] * 7 + [True]


async def test_what_is_too_old_to_be_received_is_forgotten(
    database_for, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, database = SystemClock(), await database_for("ledger")
    spent, nonce = (
        SpentNonces(database=database, context="ledger", clock=clock),
        secrets.token_hex(16),
    )
    assert await spent.spend(nonce, clock.now() - SECOND)
    assert not await spent.spend(nonce, clock.now() - SECOND)
    monkeypatch.setattr("tallystick.runtime.far.nonces.FORGETS_EVERY", 1)
    assert await spent.spend(nonce, clock.now() + SECOND)
    assert not await spent.spend(nonce, clock.now() + SECOND)


def every_problem(kind: type[Problem] = Problem) -> Iterator[type[Problem]]:
    for one in kind.__subclasses__():
        if "code" in vars(one) and one.__module__.startswith("tallystick."):
            yield one
        yield from every_problem(one)


@pytest.mark.parametrize("kind", list(every_problem()), ids=lambda kind: kind.code)
def test_every_problem_is_raised_there_as_it_was_here(kind: type[Problem]) -> None:
    made = kind("It was refused.", {"place": "reason"})
    sent = msgspec.json.encode(document_of(made, request_id="req_1"))
    document = msgspec.json.decode(sent, type=ProblemDocument)
    raised = wire.problem_from(document, is_replayed=False)
    assert type(raised) is kind
    assert (raised.detail, raised.fields, raised.retry, raised.replayed) == (
        made.detail, made.fields, made.retry, False,
    )  # fmt: skip


# Mutual TLS.


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="tallystick-far-tls-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@contextmanager
def serving_tls(process: FarProcess, folder: Path, authority: Authority) -> Iterator[str]:
    """The same process once more, over TLS, for whom the authority knows alone; answers its address."""
    shown, port = authority.pair("server"), free_port()
    peers = (process.home / "peers.toml").read_text()
    was = httpx.URL(process.url).netloc.decode()
    (folder / "peers.toml").write_text(peers.replace(was, f"127.0.0.1:{port}"))
    env = process.running.env | {
        "TALLYSTICK_PORT": str(port), "TALLYSTICK_HOME": str(folder / "home"),
        "TALLYSTICK_DOOR_PEERS": str(folder / "peers.toml"),
        "TALLYSTICK_TLS_CERTIFICATE": str(shown.certificate), "TALLYSTICK_TLS_KEY": str(shown.key),
        "TALLYSTICK_TLS_CLIENT_CA": str(authority.file),
    }  # fmt: skip
    server = subprocess.Popen([*PROGRAM, "serve"], env=env, cwd=ROOT)
    try:
        until = time.monotonic() + READY_WAIT_S
        with socket.socket() as probe:
            while probe.connect_ex(("127.0.0.1", port)) != 0:
                assert time.monotonic() < until
                assert server.poll() is None
                time.sleep(0.1)
        yield f"https://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(STOP_WAIT_S)


async def test_over_mutual_tls_both_sides_are_proven(
    bank: Bank, process: FarProcess, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, stranger = Authority(folder), Authority(folder, "strangers")
    own, foreign = authority.pair("client"), stranger.pair("foreign")
    settings = Settings(door_key=str(process.home / "edge.key"))

    async def ask(url: str, ca: Path, pair: tuple[Path, Path] | None) -> str:
        monkeypatch.setenv("TALLYSTICK_CA", str(ca))
        for name, file in zip(("CERTIFICATE", "KEY"), pair or ("", ""), strict=True):
            monkeypatch.setenv(f"TALLYSTICK_CLIENT_{name}", str(file))
        knocking = Knocking(settings=settings, clock=SystemClock())
        try:
            account = await knocking.at(Ledger, url).account(caller=bank.machine, message=READ)
            return account.address
        finally:
            await knocking.stop()

    with serving_tls(process, folder, authority) as url:
        assert await ask(url, authority.file, own) == "shop"
        for ca, pair in ((authority.file, None), (authority.file, foreign), (stranger.file, own)):
            with pytest.raises(TemporarilyUnavailable):
                await ask(url, ca, pair)


# What is configured.


def test_what_is_configured_of_doors_is_looked_at_first(process: FarProcess, folder: Path) -> None:
    key, peers = process.home / "edge.key", process.home / "peers.toml"
    settings = read_settings({"TALLYSTICK_DOOR_KEY": str(key), "TALLYSTICK_DOOR_PEERS": str(peers)})
    demand_doors(settings)
    demand_doors(read_settings({}))
    loose = folder / "loose.key"
    loose.write_bytes(key.read_bytes())
    loose.chmod(0o644)
    for given, reason in (
        ({"TALLYSTICK_DOOR_KEY": str(loose)}, "TALLYSTICK_DOOR_KEY: everybody can read"),
        ({"TALLYSTICK_DOOR_KEY": str(peers)}, "TALLYSTICK_DOOR_KEY: .* (no Ed25519 key|can read)"),
        ({"TALLYSTICK_DOOR_PEERS": str(key)}, "TALLYSTICK_DOOR_PEERS: .*no file of peers"),
        ({"TALLYSTICK_DOOR_PEERS": "none"}, "TALLYSTICK_DOOR_PEERS: cannot read none"),
    ):
        with pytest.raises(ValueError, match=reason):
            demand_doors(read_settings(given))
    with pytest.raises(ValueError, match="set TALLYSTICK_DOOR_KEY"):
        Knocking(settings=Settings(), clock=SystemClock())


async def test_a_process_without_peers_has_no_doors(migrated_url: str) -> None:
    app = Platform(url=migrated_url, settings=Settings()).app()
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        assert (await client.post(PATH, json={})).status_code == 404

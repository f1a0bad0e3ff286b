"""Far doors: what is near is the same from afar, and what is not signed, not whole or not allowed never gets in."""

import asyncio
import secrets
import time
from typing import Any

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tallystick.kernel import ids
from tallystick.kernel.problems import Kind, Problem, Retry
from tallystick.runtime import deadlines
from tallystick.runtime.doors import TransactionOpen, behalf
from tallystick.runtime.edge import Manners
from tallystick.runtime.far import Client, far, read_peers, wire
from tallystick.runtime.refusals import BodyTooLarge, InternalError, TemporarilyUnavailable
from tallystick.runtime.signatures import SKEW_S, Signer
from tests.ports import free_port
from tests.runtime.far_ground import (
    CALLER,
    DOOR,
    PATH,
    Clerk,
    Count,
    Ground,
    TillEmpty,
    peers_file,
)


@pytest.fixture
def ground() -> Ground:
    return Ground()


def said(answer: httpx.Response) -> tuple[int, str, str]:
    problem = answer.json()
    return answer.status_code, problem["code"], problem.get("fields", {}).get("signature", "")


# What is asked and answered.


async def test_caller_and_message_travel_whole(ground: Ground) -> None:
    answer = await ground.door.count(caller=CALLER, message=Count(content=b"\0\xff"))
    assert (answer.caller, answer.content) == (CALLER, b"\0\xff")
    assert await ground.door.discard(caller=CALLER, message=Count()) is None
    assert [request.url.path for request in ground.client.sent] == [
        PATH,
        "/doors/runtime/Clerk/discard",
    ]
    assert ground.client.sent[0].headers["x-request-id"] == CALLER.request


async def test_a_refusal_is_the_very_problem(ground: Ground) -> None:
    with pytest.raises(TillEmpty) as refused:
        await ground.door.count(caller=CALLER, message=Count(how="refuse"))
    problem = refused.value
    assert (problem.detail, problem.fields) == ("There is nothing left.", {"till": "2"})
    assert (problem.code, problem.retry, problem.replayed) == ("till_is_empty", Retry.SAME, True)
    assert not TillEmpty.replayed


async def test_a_code_of_no_class_stays_that_code(ground: Ground) -> None:
    with pytest.raises(Problem) as refused:
        await ground.door.count(caller=CALLER, message=Count(how="refuse by list"))
    problem = refused.value
    assert (problem.code, problem.kind, problem.detail) == (
        "till_of_many", Kind.UNPROCESSABLE, "One of many.",
    )  # fmt: skip
    assert Problem.code == "problem"


async def test_a_defect_there_is_a_defect_here_and_tells_nothing(ground: Ground) -> None:
    with pytest.raises(InternalError) as failed:
        await ground.door.count(caller=CALLER, message=Count(how="fail"))
    assert "secret" not in str(failed.value)


async def test_weather_there_is_weather_here(ground: Ground) -> None:
    with pytest.raises(TemporarilyUnavailable) as lost:
        await ground.door.count(caller=CALLER, message=Count(how="be away"))
    assert "secret" not in str(lost.value)
    assert ground.clerk.asked == 1


async def test_a_large_answer_comes_and_one_without_bound_does_not(ground: Ground) -> None:
    answer = await ground.door.count(caller=CALLER, message=Count(how="much"))
    assert len(answer.content) == 40 * 1024 * 1024
    with pytest.raises(TemporarilyUnavailable):
        await ground.door.count(caller=CALLER, message=Count(how="too much"))


async def test_a_message_is_bounded_before_it_is_sent(ground: Ground) -> None:
    await ground.door.count(caller=CALLER, message=Count(content=bytes(10 * 1024 * 1024)))
    with pytest.raises(BodyTooLarge):
        await ground.door.count(caller=CALLER, message=Count(content=bytes(12 * 1024 * 1024)))
    assert len(ground.client.sent) == 1


async def test_no_door_is_knocked_at_inside_a_transaction(ground: Ground, database_for) -> None:
    database = await database_for("ledger")
    async with database.transaction(tenant_id=1, read_only=True):
        with pytest.raises(TransactionOpen, match=r"Clerk.count.*tallystick_ledger"):
            await ground.door.count(caller=CALLER, message=Count())
    assert ground.client.sent == []


# Time.


async def test_time_travels_and_bounds_the_other_side(ground: Ground) -> None:
    door, started = ground.knocking(timeout_ms=200), time.monotonic()
    with pytest.raises(TemporarilyUnavailable):
        await door.count(caller=CALLER, message=Count(how="sleep"))
    assert time.monotonic() - started < 5
    await asyncio.sleep(0.1)
    assert ground.clerk.was_cancelled


async def test_the_other_side_ends_by_itself(ground: Ground) -> None:
    ground.client.change = lambda request: None
    answers = await asyncio.gather(
        ground.knocking(timeout_ms=100).count(caller=CALLER, message=Count(how="sleep")),
        return_exceptions=True,
    )
    assert isinstance(answers[0], TemporarilyUnavailable)
    headers = ground.signer.headers(
        method="POST", authority="127.0.0.1:8480", path=PATH, media="application/json", timeout_ms=50,
        body=(body := msgspec.json.encode({"caller": CALLER, "message": Count(how="sleep")})),
    )  # fmt: skip
    answer = await ground.client.ask("POST", PATH, headers=headers, content=body)
    assert said(answer)[:2] == (503, "request_took_too_long")


async def test_what_is_left_of_a_request_is_what_a_call_has(ground: Ground) -> None:
    answer = await ground.door.count(caller=CALLER, message=Count())
    assert answer.left_ms is not None
    assert 25_000 < answer.left_ms <= 30_000
    with deadlines.due_in(3_000):
        answer = await ground.door.count(caller=CALLER, message=Count())
        assert answer.left_ms is not None
        assert answer.left_ms <= 3_000
    with deadlines.due_in(0), pytest.raises(TemporarilyUnavailable):
        await ground.door.count(caller=CALLER, message=Count())
    assert len(ground.client.sent) == 2


async def test_what_is_lost_is_sent_once() -> None:
    port = free_port()
    hits = 0

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal hits
        hits += 1
        writer.close()

    ground, client = Ground(), Client()
    door = far(Clerk, url=f"http://127.0.0.1:{port}", signer=ground.signer, client=client)
    with pytest.raises(TemporarilyUnavailable):
        await door.count(caller=CALLER, message=Count())
    async with await asyncio.start_server(hang_up, "127.0.0.1", port):
        with pytest.raises(TemporarilyUnavailable):
            await door.count(caller=CALLER, message=Count())
    await client.stop()
    assert hits == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.7:8480", "http://ledger.bank.example", "ftp://127.0.0.1", "127.0.0.1:8480", "",
        "https://ledger.bank.example/v1", "https://user:word@ledger.bank.example", "https://a.example?x=1",
    ],
)  # fmt: skip
def test_elsewhere_there_is_tls(ground: Ground, url: str) -> None:
    with pytest.raises(ValueError, match=r"a process|another process"):
        far(Clerk, url=url, signer=ground.signer, client=ground.client)


# Who gets in.


async def test_nobody_gets_in_unsigned(ground: Ground) -> None:
    for path in (PATH, "/doors/runtime/Clerk/none", "/doors/x/y/z"):
        answer = await ground.client.ask("POST", path, json={"caller": {}, "message": {}})
        assert said(answer) == (401, "signature_not_accepted", "missing")
        assert "@method" in answer.headers["accept-signature"]
    assert (await ground.client.ask("GET", PATH)).status_code == 405
    assert ground.clerk.asked == 0


async def test_no_byte_of_a_body_is_read_before_the_signature_is(ground: Ground) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        raise AssertionError("the body was asked for")

    async def send(event: Any) -> None:
        sent.append(event)

    scope = {
        "type": "http", "method": "POST", "path": PATH, "raw_path": PATH.encode(), "query_string": b"",
        "headers": [(b"host", b"127.0.0.1:8480"), (b"content-type", b"application/json")], "client": None,
    }  # fmt: skip
    await ground.app(scope, receive, send)
    assert sent[0]["status"] == 401


async def test_a_body_is_bounded_whoever_signed_it(ground: Ground) -> None:
    body = bytes(wire.REQUEST_BYTES_MAX + 1)
    headers = ground.signer.headers(
        method="POST", authority="127.0.0.1:8480", path=PATH, media="application/json",
        timeout_ms=1_000, body=body,
    )  # fmt: skip
    answer = await ground.client.ask("POST", PATH, headers=headers, content=body)
    assert said(answer)[:2] == (413, "body_too_large")


async def test_whoever_proves_nothing_draws_on_its_own_budget() -> None:
    spent: list[str] = []

    class Limits:
        def demand_open(self, address: str) -> None:
            spent.append(f"asked {address}")

        async def spend_of(self, address: str) -> None:
            spent.append(f"spent {address}")

    limits: Any = Limits()
    ground = Ground(manners=Manners(limits=limits))
    await ground.client.ask("POST", PATH, json={})
    assert spent == ["asked 127.0.0.1", "spent 127.0.0.1"]
    await ground.door.count(caller=CALLER, message=Count())
    assert spent[2:] == ["asked 127.0.0.1"]


async def test_what_was_received_once_is_not_received_again(ground: Ground) -> None:
    await ground.door.count(caller=CALLER, message=Count())
    assert said(await ground.client.send_again()) == (401, "signature_not_accepted", "replayed")
    assert ground.clerk.asked == 1


async def test_what_is_changed_on_the_way_is_refused(ground: Ground) -> None:
    def other_body(request: httpx.Request) -> None:
        body = request.content.replace(b"per_ana", b"per_bob")
        request.stream, request._content = httpx.ByteStream(body), body

    def other_path(request: httpx.Request) -> None:
        request.url = request.url.copy_with(path="/doors/runtime/Clerk/discard")

    def other_time(request: httpx.Request) -> None:
        request.headers["tallystick-timeout"] = "100000"

    for change in (other_body, other_path, other_time):
        ground.client.change = change
        with pytest.raises(TemporarilyUnavailable):
            await ground.door.count(caller=CALLER, message=Count())
    assert (ground.clerk.asked, ground.spent) == (0, set())


@pytest.mark.parametrize(("off_s", "reason"), [(-66, "late"), (SKEW_S + 2, "early")])
async def test_a_clock_that_is_far_off_is_refused(ground: Ground, off_s: int, reason: str) -> None:
    class Clock:
        def now(self) -> int:
            return ground.clock.now() + off_s * 1_000_000

    signer = Signer(key=ground.key, clock=Clock(), chance=secrets.token_bytes)
    with pytest.raises(TemporarilyUnavailable):
        await ground.knocking(signer=signer).count(caller=CALLER, message=Count())
    assert said(await ground.client.send_again()) == (401, "signature_not_accepted", reason)


async def test_a_key_that_is_not_known_is_refused(ground: Ground) -> None:
    signer = Signer(
        key=Ed25519PrivateKey.generate(), clock=ground.clock, chance=secrets.token_bytes
    )
    with pytest.raises(TemporarilyUnavailable):
        await ground.knocking(signer=signer).count(caller=CALLER, message=Count())
    assert said(await ground.client.send_again()) == (401, "signature_not_accepted", "wrong")


async def test_whoever_may_not_knock_here_is_told_nothing_more() -> None:
    ground = Ground(door="runtime.Other")
    with pytest.raises(TemporarilyUnavailable):
        await ground.door.count(caller=CALLER, message=Count())
    answer = await ground.client.send_again()
    assert said(answer)[:2] == (403, "door_not_open_to_process")
    assert ground.clerk.asked == 0


async def test_what_is_no_door_is_not_found(ground: Ground) -> None:
    def elsewhere(path: str) -> dict[str, str]:
        return ground.signer.headers(
            method="POST", authority="127.0.0.1:8480", path=path, media="application/json",
            timeout_ms=1_000, body=b"{}",
        )  # fmt: skip

    for path in ("/doors/runtime/Clerk/__init__", "/doors/runtime/Clerk/_sleep", "/doors/a/b/c"):
        answer = await ground.client.ask("POST", path, headers=elsewhere(path), content=b"{}")
        assert said(answer)[:2] == (404, "path_not_found")
    answer = await ground.client.ask("POST", PATH, headers=elsewhere(PATH), content=b"{}")
    assert said(answer)[:2] == (400, "malformed_request")


@pytest.mark.parametrize(
    ("speaks_for", "changes", "is_let_in"),
    [
        ("edge", {}, True),
        ("edge", {"via": "payments"}, False),
        ("edge", {"actor": "job:ledger"}, False),
        ("edge", {"actor": "operator"}, False),
        ("wallets", {"via": "wallets"}, True),
        ("wallets", {"via": "payments"}, False),
        ("wallets", {}, False),
        ("wallets", {"actor": "operator"}, False),
        ("jobs", {"actor": "job:ledger"}, True),
        ("jobs", {}, False),
        ("operator", {"actor": "operator"}, True),
        ("operator", {}, False),
    ],
)
async def test_a_process_speaks_for_whom_it_may_and_invents_nobody(
    speaks_for: str, changes: dict[str, str], is_let_in: bool
) -> None:
    ground, caller = Ground(speaks_for), msgspec.structs.replace(CALLER, **changes)
    if is_let_in:
        assert (await ground.door.count(caller=caller, message=Count())).caller == caller
        return
    with pytest.raises(TemporarilyUnavailable):
        await ground.door.count(caller=caller, message=Count())
    answer = await ground.client.send_again()
    assert said(answer)[:2] == (403, "door_not_open_to_process")
    # Refused before the nonce was spent, so twice with the same words.
    assert (ground.clerk.asked, ground.spent) == (0, set())


async def test_a_door_asked_on_behalf_says_so(ground: Ground) -> None:
    ground = Ground("wallets")
    door = behalf(Clerk, ground.door, of="wallets")
    assert (await door.count(caller=CALLER, message=Count())).caller.via == "wallets"


async def test_doors_between_processes_are_in_no_document(ground: Ground) -> None:
    document = (await ground.client.ask("GET", "/openapi.json")).text
    assert "doors" not in document
    assert "Question" not in document


async def test_a_process_that_is_bound_to_a_tenant_brings_nobody_of_another() -> None:
    trial = ids.make_trial_id(now_ms=1_800_000_000_000, chance=5)
    bound = Ground(tenants=(ids.tenant_name(CALLER.tenant_id),))
    trying = Ground(tenants=("trials",))
    for ground, tenant_id, is_let_in in (
        (bound, CALLER.tenant_id, True), (bound, CALLER.tenant_id + 1, False), (bound, 0, False),
        (bound, trial, False), (trying, trial, True), (trying, CALLER.tenant_id, False),
    ):  # fmt: skip
        caller, before = msgspec.structs.replace(CALLER, tenant_id=tenant_id), ground.clerk.asked
        if is_let_in:
            await ground.door.count(caller=caller, message=Count())
        else:
            with pytest.raises(TemporarilyUnavailable):
                await ground.door.count(caller=caller, message=Count())
            assert said(await ground.client.send_again())[:2] == (403, "door_not_open_to_process")
        assert ground.clerk.asked == before + is_let_in


@pytest.mark.parametrize("tenants", [[], ["tnt_1"], ["trial"], [""], ["trials"] * 1_001])
def test_tenants_of_a_peer_that_are_none_are_refused(tenants: list[str]) -> None:
    text = peers_file(("wallets", Ed25519PrivateKey.generate(), {DOOR: ["edge"]}))
    bound = f"tenants = {tenants}\n".replace("'", '"')
    with pytest.raises(ValueError, match="wallets"):
        read_peers((text + bound).encode())


# The file of peers.


@pytest.mark.parametrize(
    ("found", "instead", "reason"),
    [
        ("here = ", "hier = ", "no file of peers"),
        ('here = ["127.0.0.1:8480"]', "here = []", "where this process is reached"),
        ("[[peer]]", "[peer]", "no file of peers"),
        ("PUBLIC KEY", "PRIVATE KEY", "no Ed25519 key"),
        ("name = ", "naam = ", "no file of peers"),
        ('["edge"]', '"edge"', "no file of peers"),
    ],
)
def test_a_file_of_peers_is_read_strictly(found: str, instead: str, reason: str) -> None:
    text = peers_file(("wallets", Ed25519PrivateKey.generate(), {DOOR: ["edge"]}))
    assert found in text
    with pytest.raises(ValueError, match=reason):
        read_peers(text.replace(found, instead).encode())


def test_a_key_is_of_one_peer() -> None:
    key = Ed25519PrivateKey.generate()
    text = peers_file(("wallets", key, {DOOR: ["edge"]}), ("payments", key, {}))
    with pytest.raises(ValueError, match="payments has the key of wallets"):
        read_peers(text.encode())
    with pytest.raises(ValueError, match="at most 65536 bytes"):
        read_peers(b"#" * 65_537)
    with pytest.raises(ValueError, match="no file of peers"):
        read_peers(b"\xff")

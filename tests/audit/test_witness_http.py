"""A witness over HTTP: the client that logs have, the application, and the process."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tallystick.apps import witness as app
from tallystick.audit.adapters import witnesses
from tallystick.audit.adapters.witness_memory import WitnessMemory
from tallystick.audit.adapters.witnesses import (
    WitnessClient,
    WitnessKnowsMore,
    WitnessRefused,
    WitnessUnreachable,
    clients_of,
)
from tallystick.audit.model.notes import (
    BadNote,
    Ed25519Cosigner,
    Ed25519Signer,
    MlDsa44Cosigner,
    VerifierKey,
    parse_note,
    render_signature,
)
from tallystick.audit.model.policy import parse_policy
from tallystick.audit.model.witnessing import Answer, parse_watched_logs
from tallystick.audit.service.witness import Witness
from tallystick.runtime.clock import SystemClock
from tests.audit.logs import ORIGIN, Log

NAME = "witness.example/w1"
SIGNERS = [Ed25519Cosigner(NAME, b"W" * 32), MlDsa44Cosigner(NAME, b"P" * 32)]
KEYS = [one.key for one in SIGNERS]
URL = "http://witness.example/w1/"

Handler = Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]


class Served:
    """A witness behind the transport of a client; ``asked`` holds the first line of each request."""

    def __init__(self, folder: Path, *logs: Log) -> None:
        self.memory = WitnessMemory(folder / "memory")
        watched = parse_watched_logs("".join(f"{log.keys[0].render()}\n" for log in logs))
        self.witness = Witness(
            memory=self.memory, signers=SIGNERS, logs=lambda: watched, clock=SystemClock()
        )
        self.asked: list[str] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        assert (request.method, request.url.path) == ("POST", "/w1/add-checkpoint")
        body = await request.aread()
        self.asked.append(body.split(b"\n")[0].decode())
        return response(await self.witness.add_checkpoint(body))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    made = Served(tmp_path, Log())
    yield made
    made.memory.close()


def response(answer: Answer) -> httpx.Response:
    # Its body is a stream, as from a network: a client may stop reading.
    headers = {"content-type": answer.content_type}
    return httpx.Response(answer.status, headers=headers, content=_pieces(answer.body))


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 1_000):
        yield body[start : start + 1_000]


def client(handler: Handler, *, keys: list[VerifierKey] | None = None) -> WitnessClient:
    http = httpx.AsyncClient(transport=httpx.MockTransport(handler))
    return WitnessClient(url=URL, keys=KEYS if keys is None else keys, http=http)


def always(status: int, body: bytes, content_type: str = "text/plain") -> Handler:
    async def handle(_: httpx.Request) -> httpx.Response:
        return response(Answer(status, content_type, body))

    return handle


async def test_a_client_gives_the_verified_cosignatures(served: Served) -> None:
    log = Log()
    first = await client(served).add(note=log.note(5), old=0, prove=log.prove)
    assert [(one.name, one.key_id) for one in first] == [(NAME, key.id) for key in KEYS]
    assert await client(served).add(note=log.note(9), old=5, prove=log.prove)
    assert await client(served).add(note=log.note(9), old=9, prove=log.prove)
    assert served.asked == ["old 0", "old 5", "old 9"]


async def test_a_client_takes_the_keys_it_trusts_and_ignores_others(served: Served) -> None:
    log = Log()
    found = await client(served, keys=[KEYS[1]]).add(note=log.note(5), old=0, prove=log.prove)
    assert [one.key_id for one in found] == [KEYS[1].id]
    stranger = Ed25519Cosigner(NAME, b"X" * 32).key
    with pytest.raises(WitnessRefused, match="none of its keys"):
        await client(served, keys=[stranger]).add(note=log.note(5), old=5, prove=log.prove)


async def test_a_client_that_is_told_the_size_asks_again_from_there(served: Served) -> None:
    log = Log()
    await client(served).add(note=log.note(5), old=0, prove=log.prove)
    assert await client(served).add(note=log.note(9), old=0, prove=log.prove)
    assert await client(served).add(note=log.note(12), old=11, prove=log.prove)
    assert served.asked == ["old 0", "old 0", "old 5", "old 11", "old 9"]


async def test_a_client_understands_a_size_with_a_charset(served: Served) -> None:
    log = Log()
    await client(served).add(note=log.note(5), old=0, prove=log.prove)

    async def adorned(request: httpx.Request) -> httpx.Response:
        answer = await served(request)
        answer.headers["content-type"] += "; charset=utf-8"
        return answer

    assert await client(adorned).add(note=log.note(9), old=0, prove=log.prove)


async def test_a_client_gives_up_on_a_witness_that_changes_its_mind() -> None:
    log, told = Log(), [1, 2, 3, 4, 5]
    asked = 0

    async def handle(_: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        return response(Answer(409, "text/x.tlog.size", b"%d\n" % told[asked - 1]))

    with pytest.raises(WitnessRefused, match="changes its mind"):
        await client(handle).add(note=log.note(9), old=0, prove=log.prove)
    assert asked == witnesses.TRIES_MAX


async def test_a_witness_that_signed_more_than_we_have_is_an_alarm(served: Served) -> None:
    log = Log()
    await client(served).add(note=log.note(9), old=0, prove=log.prove)
    with pytest.raises(WitnessKnowsMore) as alarm:
        await client(served).add(note=log.note(5), old=0, prove=log.prove)
    assert alarm.value.size == 9


@pytest.mark.parametrize(("size", "status"), [(9, 409), (12, 422)])
async def test_a_forked_log_is_refused(served: Served, size: int, status: int) -> None:
    log, forked = Log(), Log(fork=3, salt="forked")
    await client(served).add(note=log.note(9), old=0, prove=log.prove)
    with pytest.raises(WitnessRefused) as refusal:
        await client(served).add(note=forked.note(size), old=9, prove=forked.prove)
    assert refusal.value.status == status
    assert served.memory.seen(ORIGIN) == log.seen(9)


def line(at_s: int, *, text: str, seed: bytes = b"W") -> bytes:
    signature = Ed25519Cosigner(NAME, seed * 32).sign(text, at_s=at_s)
    return render_signature(signature).encode()


TEXT = parse_note(Log().note(5)).text


@pytest.mark.parametrize(
    "handler",
    [
        always(200, b""),
        always(200, b"thank you\n"),
        always(200, line(5, text="another text\n")),
        always(200, line(5, text=TEXT)[:-1]),
        always(200, line(5, text=TEXT) + b"\n"),
        always(200, line(5, text=TEXT, seed=b"X")),
        always(200, line(5, text=TEXT) + line(6, text="another text\n")),
        # A witness may not leave the time out.
        always(200, line(0, text=TEXT)),
        always(200, line(5, text=TEXT) * 500),
        always(204, b""),
        always(302, b"", "text/html"),
        always(404, b"unknown\n"),
        always(409, b"3\n", "text/plain"),
        always(409, b"three\n", "text/x.tlog.size"),
        always(409, b"03\n", "text/x.tlog.size"),
        always(409, b"\xff\n", "text/x.tlog.size"),
        always(409, b"0\n", "text/x.tlog.size"),
        always(500, b"\xff" * 1_000),
        always(500, b"a" * 70_000),
    ],
)
async def test_an_answer_that_is_not_to_be_believed_is_no_cosignature(handler: Handler) -> None:
    log = Log()
    with pytest.raises(WitnessRefused):
        await client(handler).add(note=log.note(5), old=0, prove=log.prove)


async def test_a_client_waits_for_no_slow_witness(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witnesses, "CALL_S", 0.05)

    async def never(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async def nobody(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    for handler in (never, nobody):
        with pytest.raises(WitnessUnreachable):
            await client(handler).add(note=Log().note(5), old=0, prove=Log().prove)


async def test_a_client_shows_only_checkpoints() -> None:
    with pytest.raises(BadNote):
        await client(always(200, b"")).add(note=b"x", old=0, prove=Log().prove)


async def asked(scope: dict[str, Any], *pieces: bytes, add: Any = None) -> tuple[int, bytes, Any]:
    """Ask the application, whose witness answers with what it was given."""

    async def echo(body: bytes) -> Answer:
        return Answer(200, "text/plain", body)

    coming = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces] + [
        {"type": "http.request", "body": b"", "more_body": False}
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return coming.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await app.application(add=add or echo, keys=KEYS)({"type": "http"} | scope, receive, send)
    start, body = sent
    return start["status"], body["body"], dict(start["headers"])


POST = {"method": "POST", "path": "/add-checkpoint"}


async def test_the_application_hands_a_whole_body_to_its_witness() -> None:
    status, body, headers = await asked(POST, b"one ", b"two")
    assert (status, body, headers[b"content-length"]) == (200, b"one two", b"7")


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("POST", "/", 405),
        ("GET", "/add-checkpoint", 405),
        ("PUT", "/add-checkpoint", 405),
        ("GET", "/favicon.ico", 404),
        ("POST", "/add-checkpoint/", 404),
    ],
)
async def test_the_application_has_two_paths(method: str, path: str, expected: int) -> None:
    status, body, headers = await asked({"method": method, "path": path})
    assert status == expected
    assert (b"allow" in headers) == (expected == 405)
    listed = b"".join(key.render().encode() + b"\n" for key in KEYS)
    assert (body == listed) == (method == "GET" and path == "/")


async def test_the_application_reads_no_body_without_end() -> None:
    status, _, _ = await asked(POST, *[b"a" * 1_000] * 70)
    assert status == 413


async def test_the_application_waits_for_no_slow_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "BODY_S", 0.05)
    sent: list[Any] = []

    async def never() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    async def echo(body: bytes) -> Answer:
        raise AssertionError

    await app.application(add=echo, keys=KEYS)({"type": "http"} | POST, never, send)
    assert sent[0]["status"] == 408


async def test_a_memory_that_fails_is_said_to_fail() -> None:
    async def fails(body: bytes) -> Answer:
        raise OSError("the disk is full")

    status, body, _ = await asked(POST, b"x", add=fails)
    assert status == 503
    assert b"disk" not in body


def test_the_list_of_logs_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "logs"
    key = Log().keys[0]
    logs = app.LogList(path)
    assert logs().keys_of(ORIGIN) == ()
    path.write_text(f"{key.render()}\n")
    assert logs().keys_of(ORIGIN) == (key,)
    path.write_text("what is this\n")
    assert logs().keys_of(ORIGIN) == (key,)
    other = Ed25519Signer("other.example", bytes(32)).key
    path.write_text(f"{other.render()}\n")
    assert (logs().keys_of(ORIGIN), logs().keys_of("other.example")) == ((), (other,))
    path.unlink()
    assert logs().keys_of("other.example") == ()
    path.write_text("what is this\n")
    with pytest.raises(ValueError, match="line 1"):
        app.LogList(path)


def test_a_witness_starts_with_no_name_but_its_own(tmp_path: Path) -> None:
    keys = app._keys(tmp_path / "keys", NAME)
    assert app._keys(tmp_path / "keys", NAME) == keys
    with pytest.raises(ValueError, match="not of other"):
        app._keys(tmp_path / "keys", "other.example")


RUN = """
import sys
from pathlib import Path
from tallystick.apps.witness import run
run(home=Path(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2]), name=sys.argv[3])
"""


async def test_no_redirect_is_followed() -> None:
    asked: list[str] = []

    async def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        moved = response(Answer(307, "text/plain", b"moved"))
        moved.headers["location"] = "https://evil.example/add-checkpoint"
        return moved

    log = Log()
    with pytest.raises(WitnessRefused, match="answers 307"):
        await client(handle).add(note=log.note(3), old=0, prove=log.prove)
    assert asked == ["witness.example"]


@pytest.mark.parametrize(
    ("url", "is_asked"),
    [
        ("https://witness.example/w1", True),
        ("http://127.0.0.1:8581", True),
        ("http://localhost:8581", True),
        ("http://witness.example/w1", False),
        ("http://192.0.2.7:8581", False),
        ("http://127.0.0.1.evil.example", False),
        ("ftp://127.0.0.1", False),
        ("witness.example", False),
    ],
)
async def test_beyond_this_machine_a_witness_is_asked_over_tls(url: str, is_asked: bool) -> None:
    policy = parse_policy(
        f"log {Log().keys[0].render()}\nwitness w1 {KEYS[0].render()} {url}\nquorum w1\n"
    )
    if not is_asked:
        with pytest.raises(ValueError, match="over https"):
            async with clients_of(policy):
                pass
        return
    async with clients_of(policy) as found:
        assert set(found) == {"w1"}


class Process:
    """A witness in a process of its own, on the loopback."""

    def __init__(self, home: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._process = subprocess.Popen(
            [sys.executable, "-c", RUN, str(home), str(port), NAME],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.PIPE,
            text=True,
        )

    def keys(self) -> list[VerifierKey]:
        """Ask for its keys, once it answers."""
        for _ in range(400):
            try:
                page = httpx.get(f"{self.url}/").text
                return [VerifierKey.parse(one) for one in page.splitlines()]
            except httpx.TransportError:
                assert self._process.poll() is None
                time.sleep(0.05)
        raise AssertionError("it never answered")

    def end(self) -> tuple[int, str]:
        """Ask it to end, and give its exit code and what it printed."""
        self._process.send_signal(signal.SIGTERM)
        printed, _ = self._process.communicate(timeout=30)
        return self._process.returncode, printed


async def _cosign(url: str, keys: list[VerifierKey], log: Log, size: int) -> int:
    async with httpx.AsyncClient() as http:
        told = WitnessClient(url=url, keys=keys, http=http)
        return len(await told.add(note=log.note(size), old=0, prove=log.prove))


def test_a_witness_runs_as_a_process_and_knows_the_log_after_a_restart(tmp_path: Path) -> None:
    home, log = tmp_path / "witness", Log()
    first = Process(home)
    try:
        keys = first.keys()
        with pytest.raises(WitnessRefused) as unknown:
            asyncio.run(_cosign(first.url, keys, log, 5))
        assert unknown.value.status == 404
        prefix = Ed25519Signer("log.example", b"L" * 32).key
        (home / "logs").write_text(f"prefix {prefix.render()}\n")
        assert asyncio.run(_cosign(first.url, keys, log, 5)) == 2
        too_long = httpx.post(f"{first.url}/add-checkpoint", content=b"a" * 100_000)
        assert too_long.status_code == 413
    finally:
        code, printed = first.end()
    assert code == 0
    assert all(key.render() in printed for key in keys)
    assert str(home / "logs") in printed
    second = Process(home)
    try:
        assert second.keys() == keys
        with pytest.raises(WitnessKnowsMore):
            asyncio.run(_cosign(second.url, keys, log, 3))
        with pytest.raises(WitnessRefused):
            asyncio.run(_cosign(second.url, keys, Log(fork=3, salt="forked"), 9))
        assert asyncio.run(_cosign(second.url, keys, log, 9)) == 2
    finally:
        second.end()

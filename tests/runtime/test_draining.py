"""A process that is asked to stop: not ready at once, serving on for a while, and cutting nothing."""

import asyncio
import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tallystick.runtime.draining import Draining
from tallystick.runtime.edge import Manners, build_app
from tallystick.runtime.routes import Asked, Route
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
DRAIN_SECONDS = 3
READY_WAIT_S = 60
SERVER = """
from tallystick.apps import serve
import sys
serve.serve(database_url="", host="127.0.0.1", port=int(sys.argv[1]), target="tests.runtime.slow_app:build")
"""


class Slow:
    """A server with a slow route, in a process of its own."""

    def __init__(self) -> None:
        self.port = free_port()
        self._connections: list[socket.socket] = []
        environment = {
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
            "TALLYSTICK_DRAIN_SECONDS": str(DRAIN_SECONDS),
            "PATH": "",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(self.port)], cwd=ROOT, env=environment
        )

    def wait(self) -> None:
        deadline = time.monotonic() + READY_WAIT_S
        while self.ready() != 200:
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def ready(self) -> int:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"http://127.0.0.1:{self.port}/readyz").status_code
        return 0

    def ask(self, connection: socket.socket, path: str) -> bytes:
        connection.sendall(f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        connection.settimeout(20)
        found = b""
        while not found.endswith(b"}"):
            part = connection.recv(65_536)
            if not part:
                break
            found += part
        return found

    def connect(self) -> socket.socket:
        self._connections.append(socket.create_connection(("127.0.0.1", self.port)))
        return self._connections[-1]

    def end(self) -> None:
        for connection in self._connections:
            connection.close()
        self.process.kill()
        self.process.wait()


@pytest.fixture
def slow() -> Iterator[Slow]:
    made = Slow()
    try:
        made.wait()
        yield made
    finally:
        made.end()


def test_a_process_drains_before_it_stops(slow: Slow) -> None:
    kept, idle = slow.connect(), slow.connect()
    assert b"200 OK" in slow.ask(kept, "/quick")
    assert b"200 OK" in slow.ask(idle, "/quick")
    answers: list[bytes] = []
    under_way = slow.connect()
    thread = threading.Thread(target=lambda: answers.append(slow.ask(under_way, "/slow")))
    thread.start()
    slow.process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + DRAIN_SECONDS
    while (status := slow.ready()) == 200:
        assert time.monotonic() < deadline
    assert status == 503
    # It serves on, connections that are there and new ones, and says goodbye on each.
    said = slow.ask(kept, "/quick")
    assert b"200 OK" in said
    assert b"connection: close" in said.lower()
    assert kept.recv(1) == b""
    assert b"200 OK" in slow.ask(slow.connect(), "/quick")
    # Then it takes up nothing, and what was under way is finished.
    assert idle.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        slow.connect()
    thread.join()
    assert b"200 OK" in answers[0]
    assert slow.process.wait(10) == 0


async def test_being_asked_twice_is_being_asked_once() -> None:
    stops: asyncio.Queue[str] = asyncio.Queue()
    draining = Draining(seconds=0, stop=lambda: stops.put_nowait("stop"))
    draining.begin()
    draining.begin()
    assert draining.is_on
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(_app(draining)), base_url="http://x"
    ) as client:
        answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
    assert answer.headers["connection"] == "close"
    assert await asyncio.wait_for(stops.get(), 5) == "stop"
    assert stops.empty()


def _app(draining: Draining) -> Any:
    async def quick(asked: Asked) -> dict[str, str]:
        return {}

    async def nobody(*_: Any) -> Any:
        raise AssertionError("all is public here")

    route = Route(
        method="GET", path="/quick", summary="Q", handle=quick, answer=dict[str, str], public=True
    )
    return build_app(
        routes=[route],
        authenticate=nobody,
        title="T",
        version="1",
        manners=Manners(draining=draining),
    )

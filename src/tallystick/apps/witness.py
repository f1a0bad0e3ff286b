"""A witness as a process of its own: its keys, its memory, and no way to the platform's database."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from granian.constants import Interfaces, Loops
from granian.log import LogLevels
from granian.server import Server

from tallystick.audit.adapters.key_file import make_keys, read_signers
from tallystick.audit.adapters.witness_memory import WitnessMemory
from tallystick.audit.model.notes import COSIGNATURE_ED25519, ML_DSA_44, VerifierKey
from tallystick.audit.model.witnessing import (
    REQUEST_BYTES_MAX,
    TEXT_TYPE,
    Answer,
    WatchedLogs,
    parse_watched_logs,
    refused,
)
from tallystick.audit.service.witness import Witness
from tallystick.runtime.clock import SystemClock
from tallystick.runtime.orphans import end_worker_with_its_master
from tallystick.runtime.telemetry import configure_logging

ADD_CHECKPOINT = "/add-checkpoint"
BODY_S = 10.0
BACKLOG = 1_024
LOGS_BYTES_MAX = 8 * 1024 * 1024

_log: Any = structlog.get_logger("tallystick.witness")


def run(*, home: Path, host: str, port: int, name: str) -> None:
    """Serve a witness until SIGINT or SIGTERM, with all it keeps in the folder ``home``.

    At the first start the folder and the keys are made, and carry ``name``; later it must be the same. The folder
    holds ``keys``, ``memory`` and ``logs``, which is the operator's to write: see ``parse_watched_logs``. Raises
    ValueError or OSError when something of it is not in order.
    """
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys = _keys(_key_file(home), name)
    logs = LogList(_log_list(home))
    WitnessMemory(_memory(home)).close()
    asyncio.run(_listen_once(host, port))
    sys.stdout.write(_welcome(keys, logs.path, f"http://{host}:{port}"))
    sys.stdout.flush()
    Server(
        "tallystick.apps.witness:build",
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        websockets=False,
        workers=1,
        loop=Loops.uvloop,
        backlog=BACKLOG,
        log_access=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=False,
        workers_kill_timeout=15,
    ).serve(target_loader=partial(build, home), wrap_loader=False)


def build(home: Path) -> Any:
    """Make the application of this process; Granian calls it in the process that serves."""
    end_worker_with_its_master()
    configure_logging("info")
    signers = read_signers(_key_file(home))
    witness = Witness(
        memory=WitnessMemory(_memory(home)),
        signers=signers,
        logs=LogList(_log_list(home)),
        clock=SystemClock(),
    )
    return application(add=witness.add_checkpoint, keys=[one.key for one in signers])


class LogList:
    """The file of the logs that are watched, read again when it changes; none are watched while there is no file."""

    def __init__(self, path: Path) -> None:
        """Read the file. Raises ValueError, which names the line, and OSError."""
        self.path = path
        self._stamp: Any = None
        self._logs = parse_watched_logs("")
        self._refresh()

    def __call__(self) -> WatchedLogs:
        """Give what is watched now. A file that cannot be read changes nothing, and is complained about once."""
        try:
            self._refresh()
        except (OSError, ValueError) as error:
            _log.error("logs_not_read", path=str(self.path), reason=str(error))
        return self._logs

    def _refresh(self) -> None:
        stamp = self._look()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        if stamp is None:
            self._logs = parse_watched_logs("")
            return
        if stamp[-1] > LOGS_BYTES_MAX:
            raise ValueError(f"{self.path} has over {LOGS_BYTES_MAX} bytes")
        self._logs = parse_watched_logs(self.path.read_text("utf-8"))

    def _look(self) -> tuple[int, int, int] | None:
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size


def application(
    *, add: Callable[[bytes], Awaitable[Answer]], keys: Sequence[VerifierKey]
) -> Callable[[Any, Any, Any], Awaitable[None]]:
    """Make the ASGI application of a witness: POST /add-checkpoint, and its keys at GET /."""
    page = "".join(f"{key.render()}\n" for key in keys).encode()

    async def answer(scope: Any, receive: Any) -> Answer:
        method, path = scope["method"], scope["path"]
        if path not in (ADD_CHECKPOINT, "/"):
            return refused(404, f"there are {ADD_CHECKPOINT} and / here")
        if path == "/":
            return _page(page) if method in ("GET", "HEAD") else refused(405, "ask with GET")
        if method != "POST":
            return refused(405, "ask with POST")
        try:
            body = await _body(receive)
        except TimeoutError:
            return refused(408, f"the request did not come within {BODY_S:.0f} seconds")
        if body is None:
            return refused(413, f"a request has at most {REQUEST_BYTES_MAX} bytes")
        try:
            return await add(body)
        except OSError as error:
            _log.error("not_remembered", reason=str(error))
            return refused(503, "the memory of this witness cannot be written now: ask again")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await _send(send, scope, await answer(scope, receive))

    return app


async def _body(receive: Any) -> bytes | None:
    """The body of a request, or None when it is too long."""
    body = bytearray()
    async with asyncio.timeout(BODY_S):
        while True:
            piece = await receive()
            body += piece.get("body", b"")
            if len(body) > REQUEST_BYTES_MAX:
                return None
            if piece["type"] != "http.request" or not piece.get("more_body", False):
                return bytes(body)


async def _send(send: Any, scope: Any, answer: Answer) -> None:
    headers = [
        (b"content-type", answer.content_type.encode()),
        (b"content-length", str(len(answer.body)).encode()),
        (b"x-content-type-options", b"nosniff"),
    ]
    if answer.status == 405:
        headers.append((b"allow", b"GET, HEAD" if scope["path"] == "/" else b"POST"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    body = b"" if scope["method"] == "HEAD" else answer.body
    await send({"type": "http.response.body", "body": body})


def _page(page: bytes) -> Answer:
    return Answer(status=200, content_type=TEXT_TYPE, body=page)


def _keys(path: Path, name: str) -> list[VerifierKey]:
    if not path.exists():
        return make_keys(path, name=name, algorithms=(COSIGNATURE_ED25519, ML_DSA_44))
    keys = [one.key for one in read_signers(path)]
    # Whoever trusts the witness knows its keys by their name: another name would be another witness.
    if any(key.name != name for key in keys):
        raise ValueError(f"{path} holds the keys of {keys[0].name}, not of {name}")
    return keys


def _welcome(keys: Sequence[VerifierKey], logs: Path, url: str) -> str:
    listed = "".join(f"{key.render()}\n" for key in keys)
    return (
        f"A witness answers at {url}. Its keys, for whoever is to trust it:\n\n{listed}\n"
        f"The logs it watches stand in {logs}, one key a line, or: prefix <key>.\n"
    )


def _key_file(home: Path) -> Path:
    return home.joinpath("keys")


def _log_list(home: Path) -> Path:
    return home.joinpath("logs")


def _memory(home: Path) -> Path:
    return home.joinpath("memory")


async def _listen_once(host: str, port: int) -> None:
    async with await asyncio.start_server(lambda *_: None, host, port):
        return

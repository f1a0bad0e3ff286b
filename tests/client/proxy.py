"""A small proxy that loses what it is told to lose."""

import contextlib
import threading
import time
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import httpx

PASSED_ON = ("authorization", "content-type", "accept", "idempotency-key")
DRIP_S = 0.05
HOP = {"connection", "transfer-encoding", "content-length", "date", "server"}


class Fault(StrEnum):
    """What becomes of one request on its way."""

    LOSE_ANSWER = "the server did it, and nobody hears of it"
    LOSE_REQUEST = "the server never sees it"
    BREAK_ANSWER = "half of the answer comes"
    HOLD_BACK = "the answer comes a byte at a time, and never to its end"
    BAD_GATEWAY = "the server did it, and the proxy says 502 on a page of its own"


class Proxy:
    """Passes requests on; the next ones meet the ``faults``, in order. ``seen`` is every request with its key."""

    def __init__(self, target: str) -> None:
        self.faults: list[Fault] = []
        self.seen: list[tuple[str, str, str]] = []
        self._target = httpx.Client(base_url=target, timeout=30)
        self._lock = threading.Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline(65_537)
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                proxy.pass_on(self)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._target.close()

    def pass_on(self, request: BaseHTTPRequestHandler) -> None:
        """Pass one request on, or do to it what is next."""
        body = request.rfile.read(int(request.headers.get("content-length", 0)))
        with self._lock:
            self.seen.append(
                (request.command, request.path, request.headers.get("idempotency-key", ""))
            )
            fault = self.faults.pop(0) if self.faults else None
        if fault is Fault.LOSE_REQUEST:
            request.close_connection = True
            return
        headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        answer = self._target.request(
            request.command, request.path, headers=headers, content=body or None
        )
        if fault is Fault.LOSE_ANSWER:
            request.close_connection = True
            return
        page = fault is Fault.BAD_GATEWAY
        request.send_response_only(502 if page else answer.status_code)
        for name, text in [] if page else answer.headers.items():
            if name.lower() not in HOP:
                request.send_header(name, text)
        content = b"<h1>Bad gateway</h1>" if page else answer.content
        request.send_header("content-length", str(len(content)))
        request.end_headers()
        if fault is Fault.HOLD_BACK:
            self._drip(request, content)
            return
        if fault is Fault.BREAK_ANSWER:
            content = content[: len(content) // 2]
            request.close_connection = True
        request.wfile.write(content)
        request.wfile.flush()

    def _drip(self, request: BaseHTTPRequestHandler, content: bytes) -> None:
        """Write a byte now and then, until whoever waits for them has gone."""
        request.close_connection = True
        with contextlib.suppress(OSError):
            for byte in content[:-1]:
                request.wfile.write(bytes([byte]))
                request.wfile.flush()
                time.sleep(DRIP_S)

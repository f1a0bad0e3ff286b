"""A double of a stranger's HTTP interface: a small server of ours on loopback, whose answers a test can spoil.

A double answers from its own memory in this process. What it answers is verified against documentation by hand and
never against the cloud itself, so whatever is read from one names its target "double".
"""

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

BODY_MAX = 1_048_576
FAULTS_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request: who asks (by their token), and what."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    caller: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A status, a JSON body or none, and headers."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """An answer that is a refusal; a handler raises it wherever it finds the fault."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status}: {answer.body}")
        self.answer = answer


@dataclass(slots=True, kw_only=True)
class Fault:
    """The next `times` requests that match are answered with this instead of the truth."""

    answer: Answer
    times: int = 1
    method: str = ".*"
    path: str = ".*"

    def spoils(self, asked: Asked) -> bool:
        """Tell whether this fault takes the request, and count it."""
        if self.times < 1 or not re.fullmatch(self.method, asked.method):
            return False
        if not re.search(self.path, asked.path):
            return False
        self.times -= 1
        return True


Handler = Callable[..., Answer]
Route = tuple[str, str, Handler]


class Double:
    """Serve routes on a free port of loopback from `start` to `stop`.

    `tokens` says which bearer tokens are good, and whose they are; an empty mapping takes any token at its word.
    """

    def __init__(self, *, tokens: Mapping[str, str] | None = None) -> None:
        self.tokens = dict(tokens or {})
        self.faults: list[Fault] = []
        self.asked: list[Asked] = []
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Give the address without a slash at its end; the double must be running."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> str:
        """Listen at a free port, and give the address."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()
        return self.url

    def stop(self) -> None:
        """Stop listening; what the double knows stays."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join(timeout=10)
            self._server.server_close()
            self._server = None

    def routes(self) -> tuple[Route, ...]:
        """Give method, path and handler of all there is; named groups of the path become arguments."""
        raise NotImplementedError

    def admit(self, asked: Asked) -> None:
        """Refuse a request before it is looked at: no token, no version."""

    def spoil(self, fault: Fault) -> None:
        """Answer coming requests with a fault."""
        assert len(self.faults) < FAULTS_MAX
        self.faults.append(fault)

    def answer(self, asked: Asked) -> Answer:
        """Answer one request; requests are answered one after the other."""
        with self._lock:
            self.asked.append(asked)
            for fault in self.faults:
                if fault.spoils(asked):
                    return fault.answer
            try:
                self.admit(asked)
                return self._routed(asked)
            except Refused as refused:
                return refused.answer

    def _routed(self, asked: Asked) -> Answer:
        for method, pattern, handler in self.routes():
            match = re.fullmatch(pattern, asked.path)
            if match and asked.method == method:
                given = {k: unquote(v) for k, v in match.groupdict().items() if v is not None}
                return handler(asked, **given)
        return Answer(status=404, body={"error": {"code": "NotFound", "message": asked.path}})


def _handler(double: Double) -> type[BaseHTTPRequestHandler]:
    class Handling(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            answer = double.answer(self._asked())
            body = b"" if answer.body is None else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def _asked(self) -> Asked:
            length = min(int(self.headers.get("Content-Length") or 0), BODY_MAX)
            raw = self.rfile.read(length) if length else b""
            parts = urlsplit(self.path)
            token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
            caller = double.tokens.get(token, "") if double.tokens else token
            return Asked(
                method=self.command,
                path=parts.path.replace("//", "/"),
                query=dict(parse_qsl(parts.query, keep_blank_values=True)),
                body=json.loads(raw) if raw else None,
                caller=caller,
            )

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handling

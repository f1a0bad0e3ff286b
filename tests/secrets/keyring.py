"""A platform that knows API keys and nothing else, for what a real one would be slow to show."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

ADMIN = "tsk_admin"


@dataclass
class Keyring:
    """Its address, and the keys it made: what each is labelled and shown as, until it is revoked."""

    url: str = ""
    keys: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    made: int = 0

    def knows(self, key: str) -> bool:
        return key == ADMIN or any(one["key"] == key for one in self.keys.values())

    def make(self, label: str) -> dict[str, str]:
        self.made += 1
        key_id = f"key_{self.made}"
        self.keys[key_id] = {"label": label, "key": f"tsk_{self.url[-5:]}_{self.made}"}
        return {"key_id": key_id, "key": self.keys[key_id]["key"]}

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        if path == "/v1/whoami":
            return 200, {}
        if method == "POST":
            return 201, self.make(body["label"])
        if method == "DELETE":
            self.keys.pop(path.rpartition("/")[2], None)
            return 200, {}
        items = [{"key_id": name, "label": one["label"]} for name, one in self.keys.items()]
        return 200, {"items": items}


@contextmanager
def keyring() -> Iterator[Keyring]:
    """Serve one on the loopback."""
    found = Keyring()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            key = self.headers["authorization"].removeprefix("Bearer ")
            status, said = (
                found.answer(self.command, self.path, body) if found.knows(key) else (401, {})
            )
            content = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_DELETE = do_GET

        def log_message(self, *_: object) -> None:
            """Nothing is logged."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

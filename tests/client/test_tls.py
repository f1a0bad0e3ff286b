"""Over TLS the server is verified, or asked once and no more."""

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tallystick.client import AnswerLost, Client, trust
from tests.runtime.authority import Authority

WHO = b'{"tenant":"tnt_1","name":"Bakery","actor":"key_1"}'


class Server(HTTPServer):
    """Answers everything alike over TLS, and counts who comes."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.context, self.came = context, 0

    def get_request(self) -> Any:
        found, address = super().get_request()
        self.came += 1
        found.settimeout(5)
        return self.context.wrap_socket(found, server_side=True), address


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response_only(200)
        self.send_header("content-length", str(len(WHO)))
        self.end_headers()
        self.wfile.write(WHO)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def context(authority: Authority) -> ssl.SSLContext:
    pair = authority.pair("server")
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(pair.certificate, pair.key)
    return made


@pytest.fixture
def server(context: ssl.SSLContext) -> Iterator[Server]:
    made = Server(context)
    thread = threading.Thread(target=made.serve_forever, args=(0.05,))
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def url(server: Server) -> str:
    return f"https://127.0.0.1:{server.server_port}"


def test_a_server_of_an_authority_that_is_trusted_is_asked(
    server: Server, authority: Authority
) -> None:
    with Client(url(server), credential="tally_x", tls=trust(authority.file)) as client:
        assert client.keys.who_am_i().name == "Bakery"


def test_a_server_that_nobody_vouches_for_is_not_asked_again(server: Server) -> None:
    with Client(url(server), credential="tally_x") as client, pytest.raises(AnswerLost):
        client.keys.who_am_i()
    assert server.came == 1


def test_a_server_of_an_older_tls_is_not_asked(
    server: Server, context: ssl.SSLContext, authority: Authority
) -> None:
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with (
        Client(url(server), credential="tally_x", tls=trust(authority.file)) as client,
        pytest.raises(AnswerLost),
    ):
        client.keys.who_am_i()
    assert server.came == 1

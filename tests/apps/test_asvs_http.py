"""What a server of HTTP must not do, tried against the running platform (rows of docs/reference/asvs.md)."""

import re
import socket
from typing import Any

import httpx
import pytest

from tests.apps.houses import House, filled, operations
from tests.apps.platform import Running

# What would name a secret in an address; `request_uri` is RFC 9126's own, spent once, and `state` is the client's.
SECRET = re.compile(r"key|token|secret|password|session|authorization|credential|otp|pin", re.I)
IDS = {"key_id", "session_id"}


def told(up: Running, raw: bytes, *, wait_s: float = 2) -> bytes:
    """Send bytes on a connection of its own, and answer all that comes until the server is silent or leaves."""
    host, port = up.url.removeprefix("http://").split(":")
    answer = b""
    with socket.create_connection((host, int(port)), timeout=wait_s) as line:
        line.sendall(raw)
        try:
            while piece := line.recv(65_536):
                answer += piece
        except (TimeoutError, ConnectionResetError):
            pass
    return answer


def statuses(answer: bytes) -> list[int]:
    return [int(one) for one in re.findall(rb"HTTP/1\.1 (\d{3})", answer)]


HIDDEN = b"GET /docs/problems HTTP/1.1\r\nhost: hidden\r\n\r\n"


@pytest.mark.parametrize(
    "head",
    [
        b"transfer-encoding: chunked\r\ncontent-length: %d\r\n",
        b"content-length: %d\r\ntransfer-encoding: chunked\r\n",
    ],
)
def test_of_two_lengths_the_chunks_count_or_nothing_is_done(up: Running, head: bytes) -> None:
    body = b"0\r\n\r\n" + HIDDEN
    raw = b"GET /healthz HTTP/1.1\r\nhost: x\r\n" + head % len(body) + b"\r\n" + body
    found = statuses(told(up, raw))
    # A server that went by the length would take what follows for the body, and answer once and well.
    assert found, "it says something"
    assert found[0] == 400, found


@pytest.mark.parametrize(
    "head",
    [
        b"content-length: 0\r\ncontent-length: %d\r\n",
        b"content-length: +%d\r\n",
        b"content-length: %d, 0\r\n",
        b"transfer-encoding: xchunked\r\ncontent-length: %d\r\n",
        b"transfer-encoding: chunked, identity\r\ncontent-length: %d\r\n",
        b"transfer-encoding:\x0bchunked\r\ncontent-length: %d\r\n",
        b"transfer-encoding : chunked\r\ncontent-length: %d\r\n",
        b" folded: x\r\ncontent-length: %d\r\n",
    ],
)
def test_a_length_that_can_be_read_in_two_ways_is_refused(up: Running, head: bytes) -> None:
    raw = b"POST /v1/sign-in HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    found = statuses(told(up, raw + head % len(HIDDEN) + b"\r\n" + HIDDEN))
    assert found[:1] in ([400], [415], [501]), found
    assert 200 not in found


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "DEBUG"])
def test_no_method_gives_a_request_back(up: Running, method: str) -> None:
    target = "x:443" if method == "CONNECT" else "/v1/whoami"
    raw = f"{method} {target} HTTP/1.1\r\nhost: x\r\nx-mark: swordfish\r\n\r\n".encode()
    answer = told(up, raw)
    assert statuses(answer)[:1] in ([400], [404], [405], [501]), answer
    assert b"swordfish" not in answer


@pytest.mark.parametrize(
    "path",
    [
        "/.git/config", "/.git/HEAD", "/.svn/entries", "/.env", "/docs/", "/docs/../.git/config", "/src/", "/static/",
        "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/openapi.json.bak", "/debug", "/server-status",
    ],
)  # fmt: skip
def test_no_file_and_no_folder_is_served(up: Running, path: str) -> None:
    answer = told(up, f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
    assert statuses(answer)[:1] in ([404], [400]), answer


def test_no_connection_becomes_a_websocket(up: Running) -> None:
    for path in ("/", "/v1/whoami", "/docs"):
        raw = (
            f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
            "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        assert 101 not in statuses(told(up, raw.encode()))


def test_no_answer_sets_a_cookie(up: Running, document: dict[str, Any], house: House) -> None:
    for method, path in operations(document):
        # Writes name nothing that there is: the house is others' too.
        names = house.names if method == "GET" else {}
        answer = house.client.request(method, filled(path, names))
        assert "set-cookie" not in answer.headers, (method, path)


def test_no_address_has_a_field_for_a_secret(document: dict[str, Any]) -> None:
    named = {
        (path, one["name"])
        for path, methods in document["paths"].items()
        for operation in methods.values()
        for one in operation["parameters"]
        if one["in"] in ("path", "query")
    }
    assert ("/v1/keys/{key_id}", "key_id") in named
    assert [one for one in named if SECRET.search(one[1]) and one[1] not in IDS] == []


def test_who_reads_changes_nothing(up: Running, document: dict[str, Any], house: House) -> None:
    listed = [path for method, path in operations(document) if method == "GET"]
    paths = [filled(path, house.names) for path in listed]
    assert len(paths) > 20

    def read() -> None:
        for path in paths:
            assert house.client.get(path).status_code < 500, path

    # Once, so that the decisions of these questions are written.
    read()
    before = up.row_counts()
    read()
    assert up.row_counts() == before


@pytest.mark.parametrize("path", ["/", "/healthz", "/docs", "/v1/whoami"])
def test_nobody_is_sent_from_one_scheme_to_the_other(up: Running, path: str) -> None:
    answer = httpx.get(f"{up.url}{path}", headers={"host": "bank.example"})
    assert not answer.headers.get("location", "/").startswith("http")

"""TLS on every hop, against a real server and a real PostgreSQL: 1.3 works, and all that is less is refused."""

import asyncio
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from tallystick.runtime import client, database, tls
from tallystick.runtime.database import Database, NotTrusted, demand_reachable
from tallystick.runtime.migrations import migrate
from tests.ports import free_port
from tests.runtime.authority import Authority, Pair
from tests.runtime.doorman import context_of, doorman

ANSWER_S, READY_S = 10, 30
SERVE = (
    "import sys; from pathlib import Path; from tallystick.apps.serve import serve; "
    "from tallystick.runtime.tls import ServerFiles; port, *files = sys.argv[1:]; "
    "serve(database_url='', host='127.0.0.1', port=int(port), target='tests.runtime.test_tls:small',"
    " files=ServerFiles(*map(Path, files[:2]), Path(files[2]) if files[2:] else None))"
)


def small() -> Any:
    """An application that greets whoever comes."""

    async def greet(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            headers = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send(
                {
                    "type": "http.response.body",
                    "body": b'{"scheme":"%s"}' % scope["scheme"].encode(),
                }
            )

    return greet


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    # Not pytest's tmp_path: it is 0700 all the way up, so root's server account could not pass.
    top = Path(tempfile.mkdtemp(prefix="tallystick-tls-"))
    top.chmod(0o711)
    yield top
    shutil.rmtree(top)


@pytest.fixture(scope="module")
def authority(folder: Path) -> Authority:
    return Authority(folder)


@pytest.fixture(scope="module")
def stranger(folder: Path) -> Authority:
    return Authority(folder, "strangers")


@pytest.fixture(scope="module")
def shown(authority: Authority) -> Pair:
    return authority.pair("server")


@pytest.fixture(scope="module")
def own(authority: Authority) -> Pair:
    return authority.pair("client")


# The files a server is started with.


def _files(pair: Pair, host: str = "127.0.0.1", client_ca: str = "") -> tls.ServerFiles | None:
    return tls.server_files(
        host=host, certificate=str(pair.certificate), key=str(pair.key), client_ca=client_ca
    )


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::", "bank.example"])
def test_in_the_clear_nobody_listens_for_others(host: str) -> None:
    with pytest.raises(ValueError, match="over TLS only: set TALLYSTICK_TLS_CERTIFICATE"):
        tls.server_files(host=host, certificate="", key="", client_ca="")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "::1", "[::1]"])
def test_on_the_loopback_there_may_be_no_tls(host: str) -> None:
    assert tls.server_files(host=host, certificate="", key="", client_ca="") is None


def test_files_that_fit_are_taken(shown: Pair, authority: Authority) -> None:
    found = _files(shown, host="0.0.0.0", client_ca=str(authority.file))
    assert found == (shown.certificate, shown.key, authority.file)


def test_half_a_setting_is_refused(shown: Pair) -> None:
    with pytest.raises(ValueError, match="needs TALLYSTICK_TLS_KEY"):
        tls.server_files(host="::", certificate=str(shown.certificate), key="", client_ca="")
    with pytest.raises(ValueError, match="need TALLYSTICK_TLS_CERTIFICATE"):
        tls.server_files(host="::1", certificate="", key=str(shown.key), client_ca="")


def test_files_that_do_not_fit_are_told_apart(
    authority: Authority, shown: Pair, own: Pair, folder: Path
) -> None:
    nothing, words, large = (folder / name for name in ("nothing.pem", "words.pem", "large.pem"))
    words.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    large.write_bytes(shown.certificate.read_bytes() * 200)
    locked, loose = folder / "locked.key", folder / "loose.key"
    key = ec.generate_private_key(ec.SECP256R1())
    locked.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    )
    locked.chmod(0o600)
    loose.write_bytes(shown.key.read_bytes())
    loose.chmod(0o644)
    weak = rsa.generate_private_key(65_537, 1_024)
    ended = authority.pair("ended", lasts=timedelta(minutes=-1))
    early = authority.pair("early", begins=timedelta(hours=1))
    for pair, words_of_it in (
        (Pair(nothing, shown.key), "cannot read .*nothing.pem"),
        (Pair(folder, shown.key), "cannot read"),
        (Pair(words, shown.key), "is no certificate in PEM"),
        (Pair(shown.key, shown.key), "is no certificate in PEM"),
        (Pair(large, shown.key), "over 65536 bytes"),
        (ended, "ended on 20"),
        (early, "begins on 20"),
        (Pair(shown.certificate, own.key), "is not the key of the certificate"),
        (Pair(shown.certificate, words), "is no private key|everybody can read"),
        (Pair(shown.certificate, locked), "has a password"),
        (Pair(shown.certificate, loose), "everybody can read .*chmod o-rwx"),
        (authority.pair("weak", key=weak), "RSA key has 2048 to 8192 bits, not 1024"),
    ):
        with pytest.raises(ValueError, match=words_of_it):
            _files(pair)
    with pytest.raises(ValueError, match=r"TALLYSTICK_TLS_CLIENT_CA: .*ended"):
        _files(shown, client_ca=str(ended.certificate))


# The server.


@contextmanager
def _serving(*files: Path) -> Iterator[int]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(port), *map(str, files)])
    try:
        until = time.monotonic() + READY_S
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(READY_S)


@pytest.fixture(scope="module")
def port(shown: Pair) -> Iterator[int]:
    with _serving(*shown) as port:
        yield port


@pytest.fixture(scope="module")
def mutual_port(shown: Pair, authority: Authority) -> Iterator[int]:
    with _serving(*shown, authority.file) as port:
        yield port


def _context(
    ca: Path, pair: Pair | None = None, *, most: ssl.TLSVersion | None = None
) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca)
    if pair:
        context.load_cert_chain(*pair)
    if most:
        context.maximum_version = most
    return context


def _asked(port: int, context: ssl.SSLContext | None) -> tuple[str | None, bytes]:
    """Send a request; answers the version of TLS and the first line of the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_S) as plain:
        used = plain if context is None else context.wrap_socket(plain, server_hostname="127.0.0.1")
        with used:
            used.sendall(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            answer = used.recv(1_000)
            version = used.version() if isinstance(used, ssl.SSLSocket) else None
            return version, answer.partition(b"\r\n")[0]


def test_the_server_speaks_tls_1_3(port: int, authority: Authority) -> None:
    assert _asked(port, _context(authority.file)) == ("TLSv1.3", b"HTTP/1.1 200 OK")


def test_the_server_speaks_nothing_older(port: int, authority: Authority) -> None:
    with pytest.raises(ssl.SSLError, match=r"(?i)protocol.version|handshake"):
        _asked(port, _context(authority.file, most=ssl.TLSVersion.TLSv1_2))


def test_the_server_does_not_speak_in_the_clear(port: int) -> None:
    try:
        version, line = _asked(port, None)
    except ConnectionError:
        return
    assert (version, line.startswith(b"HTTP")) == (None, False)


def test_an_authority_that_is_not_ours_is_refused_by_the_client(
    port: int, stranger: Authority
) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        _asked(port, _context(stranger.file))


def test_without_a_certificate_of_the_authority_nobody_gets_in(
    mutual_port: int, authority: Authority, stranger: Authority, own: Pair
) -> None:
    assert _asked(mutual_port, _context(authority.file, own)) == ("TLSv1.3", b"HTTP/1.1 200 OK")
    for pair in (None, stranger.pair("foreign")):
        # In 1.3 the client hears of it with the first thing it reads.
        with pytest.raises((ssl.SSLError, ConnectionError)):
            _asked(mutual_port, _context(authority.file, pair))


def _trust(
    monkeypatch: pytest.MonkeyPatch, kind: str, authority: Authority, pair: Pair | None
) -> None:
    prefix = "TALLYSTICK_DATABASE_" if kind == "database" else "TALLYSTICK_CLIENT_"
    ca = "TALLYSTICK_DATABASE_CA" if kind == "database" else "TALLYSTICK_CA"
    monkeypatch.setenv(ca, str(authority.file))
    for name in ("certificate", "key"):
        if pair is None:
            monkeypatch.delenv(f"{prefix}{name.upper()}", raising=False)
        else:
            monkeypatch.setenv(f"{prefix}{name.upper()}", str(getattr(pair, name)))


def test_the_command_line_shows_what_it_is_told_to(
    monkeypatch: pytest.MonkeyPatch, mutual_port: int, authority: Authority, own: Pair
) -> None:
    _trust(monkeypatch, "client", authority, own)
    answer = client.request("GET", f"https://127.0.0.1:{mutual_port}/", key="k")
    assert answer.json() == {"scheme": "https"}
    _trust(monkeypatch, "client", authority, None)
    with pytest.raises((client.NotSafe, client.NothingAnswers)):
        client.request("GET", f"https://127.0.0.1:{mutual_port}/", key="k")


def test_the_command_line_verifies_the_server(
    monkeypatch: pytest.MonkeyPatch, port: int, authority: Authority, stranger: Authority
) -> None:
    _trust(monkeypatch, "client", authority, None)
    assert client.request("GET", f"https://127.0.0.1:{port}/", key="k").status == 200
    _trust(monkeypatch, "client", stranger, None)
    with pytest.raises(client.NotSafe, match="cannot be trusted"):
        client.request("GET", f"https://127.0.0.1:{port}/", key="k")


def test_a_key_is_not_sent_in_the_clear() -> None:
    with pytest.raises(client.NotSafe, match="in the clear"):
        client.request("GET", "http://192.0.2.1/v1/whoami", key="k")


# PostgreSQL.


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the loopback count as a network."""
    monkeypatch.setattr(tls, "is_loopback", lambda _: False)


async def _greet(url: str) -> None:
    """Open a pool as the platform does, and ask something."""
    opened = Database(url=url, role="tallystick_operator", pool_size=1)
    await opened.start()
    try:
        async with opened.without_tenant(read_only=True) as connection:
            assert await connection.fetchval("SELECT 1") == 1
    finally:
        await opened.stop()


async def _migrate(url: str) -> None:
    await migrate(url=url, contexts=("audit",))


# Every way in which the platform opens a connection.
WAYS = (_greet, demand_reachable, _migrate)


@pytest.mark.usefixtures("far")
async def test_postgresql_is_spoken_to_over_1_3(
    monkeypatch: pytest.MonkeyPatch, migrated_url: str, shown: Pair, authority: Authority
) -> None:
    _trust(monkeypatch, "database", authority, None)
    async with doorman(migrated_url, context_of(shown)) as (url, standing):
        for way in WAYS:
            await way(url)
            # Whoever asks for less gets no less.
            await way(f"{url}?sslmode=disable")
    assert set(standing.spoken) == {"TLSv1.3"}


@pytest.mark.usefixtures("far")
async def test_postgresql_that_offers_less_is_refused(
    monkeypatch: pytest.MonkeyPatch, migrated_url: str, shown: Pair, authority: Authority
) -> None:
    _trust(monkeypatch, "database", authority, None)
    for context in (None, context_of(shown, most=ssl.TLSVersion.TLSv1_2)):
        async with doorman(migrated_url, context) as (url, standing):
            for way in WAYS:
                # Of the handshake that fails only our own side is sure to hear why.
                with pytest.raises(OSError):
                    await way(url)
        assert standing.spoken == []
    with pytest.raises(NotTrusted, match=r"TLS 1\.3 .*TALLYSTICK_DATABASE_CA"):
        async with doorman(migrated_url, None) as (url, _):
            await demand_reachable(url)


@pytest.mark.usefixtures("far")
async def test_postgresql_that_is_somebody_else_is_refused(
    monkeypatch: pytest.MonkeyPatch, migrated_url: str, authority: Authority, stranger: Authority
) -> None:
    _trust(monkeypatch, "database", authority, None)
    for pair in (stranger.pair("impostor"), authority.pair("elsewhere", host="127.0.0.9")):
        async with doorman(migrated_url, context_of(pair)) as (url, standing):
            for way in WAYS:
                with pytest.raises(OSError, match=r"(?i)certificate"):
                    await way(url)
        assert standing.spoken == []


@pytest.mark.usefixtures("far")
async def test_postgresql_that_asks_for_a_certificate_gets_ours(
    monkeypatch: pytest.MonkeyPatch,
    migrated_url: str,
    shown: Pair,
    authority: Authority,
    own: Pair,
) -> None:
    context = context_of(shown, client_ca=authority.file)
    async with doorman(migrated_url, context) as (url, standing):
        _trust(monkeypatch, "database", authority, own)
        for way in WAYS:
            await way(url)
        greeted = len(standing.spoken)
        _trust(monkeypatch, "database", authority, None)
        for way in WAYS:
            with pytest.raises((OSError, asyncpg.PostgresError)):
                await way(url)
        assert len(standing.spoken) == greeted


@pytest.mark.parametrize(
    ("url", "is_far"),
    [
        ("postgresql://a:b@db.example/x", True),
        ("postgresql://a:b@10.0.0.5:5432/x?sslmode=disable", True),
        ("postgresql://a:b@127.0.0.1,db.example/x", True),
        ("postgresql:///x?host=db.example", True),
        ("postgresql:///x?service=far", True),
        ("postgresql://a:b@[2001:db8::1]:5432/x", True),
        ("postgresql://a:b@127.0.0.1:5432/x", False),
        ("postgresql://a:b@[::1]:5432/x", False),
        ("postgresql://a:b@%2Frun%2Fpostgresql/x", False),
        ("postgresql:///x", False),
    ],
)
def test_tls_is_asked_for_wherever_a_url_leaves_this_machine(url: str, is_far: bool) -> None:
    context = tls.database_context(url, {})
    assert (context is not None) is is_far
    if context is not None:
        assert context.minimum_version == ssl.TLSVersion.TLSv1_3
        assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_files_for_postgresql_that_cannot_be_used_are_named(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    missing = {"TALLYSTICK_DATABASE_CA": str(folder / "none.pem")}
    with pytest.raises(ValueError, match="TALLYSTICK_DATABASE_CA: cannot read"):
        tls.database_context("postgresql://a@db.example/x", missing)
    half = {"TALLYSTICK_DATABASE_CERTIFICATE": "x"}
    with pytest.raises(ValueError, match="are set together"):
        tls.database_context("postgresql://a@db.example/x", half)
    monkeypatch.setenv("TALLYSTICK_DATABASE_CA", str(folder / "none.pem"))
    with pytest.raises(database.BadFiles):
        asyncio.run(demand_reachable("postgresql://a@db.example/x"))

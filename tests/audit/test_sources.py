"""A record is read from a folder and from an address alike, within bounds, and says what cannot be read."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tallystick.audit.adapters import sources
from tallystick.audit.adapters.sources import ATTEMPTS_MAX, Address, Folder, Unreadable
from tallystick.audit.service.verifying import verify
from tests.audit.forgeries import entry, put, write_log

URL = "https://log.example/record"
Answer = Callable[[httpx.Request], httpx.Response]


def address(answer: Answer, *, url: str = URL, token: str | None = None) -> Address:
    return Address(url, token=token, transport=httpx.MockTransport(answer), wait_s=0)


def mirror(folder: Path) -> Answer:
    def answer(request: httpx.Request) -> httpx.Response:
        file = folder / request.url.path.removeprefix("/record/")
        if not file.is_file():
            return httpx.Response(404)
        squeezed = gzip.compress(file.read_bytes())
        return httpx.Response(200, content=squeezed, headers={"content-encoding": "gzip"})

    return answer


def test_a_record_under_an_address_holds_as_its_folder_does(tmp_path: Path) -> None:
    log = write_log(tmp_path, [entry(number) for number in range(9_000)])
    near = verify(Folder(tmp_path), trusted=[log.key])
    far = verify(address(mirror(tmp_path), url=f"{URL}/"), trusted=[log.key])
    assert near.holds
    assert (far.failures, far.root) == ((), near.root)
    # An address has no list of the older checkpoints.
    assert (near.checkpoints, far.checkpoints) == (4, 0)


def test_a_token_is_shown_and_never_sent_in_the_clear() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text=request.headers["authorization"])

    assert address(answer, token="secret").read("checkpoint") == b"Bearer secret"
    assert address(answer, url="http://localhost:8080", token="secret").read("checkpoint")
    with pytest.raises(ValueError, match="in the clear"):
        Address("http://log.example", token="secret")


@pytest.mark.parametrize(
    "url", ["log.example", "ftp://log.example", "https://", f"{URL}?a=b", "\x00", ""]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="URL"):
        Address(url)


def test_a_busy_log_is_asked_again() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if len(asked) == 1:
            raise httpx.ConnectError("refused")
        return httpx.Response(503 if len(asked) < ATTEMPTS_MAX else 200, text="here")

    assert address(answer).read("checkpoint") == b"here"
    assert asked == ["/record/checkpoint"] * ATTEMPTS_MAX


@pytest.mark.parametrize(("status", "times"), [(503, ATTEMPTS_MAX), (403, 1), (302, 1)])
def test_an_answer_that_is_no_file_is_told(status: int, times: int) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(status, headers={"location": "https://other.example"})

    with pytest.raises(Unreadable, match=f"the answer was {status}"):
        address(answer).read("checkpoint")
    assert len(asked) == times


def test_files_are_read_ahead_and_given_in_order() -> None:
    source = address(lambda request: httpx.Response(200, text=request.url.path))
    paths = [f"tile/0/{number:03d}" for number in range(100)]
    assert list(source.read_all(paths)) == [f"/record/{path}".encode() for path in paths]
    source.close()


def test_a_file_over_the_maximum_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "FILE_BYTES_MAX", 1_000)
    put(tmp_path / "checkpoint", b"x" * 1_001)
    # The bytes are counted as they unfold, not as they travel.
    for source in (Folder(tmp_path), address(mirror(tmp_path))):
        with pytest.raises(Unreadable, match="over 1000 bytes"):
            source.read("checkpoint")


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "checkpoint")
    (tmp_path / "checkpoints").mkdir()
    folder = Folder(tmp_path)
    assert folder.read("checkpoint") is None
    assert folder.read("checkpoints") is None
    assert folder.names("checkpoints") == []
    assert folder.names("nothing") == ()


def test_no_redirect_is_followed_with_the_token() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(302, headers={"location": "https://evil.example/checkpoint"})

    with pytest.raises(Unreadable):
        address(answer, token="secret").read("checkpoint")
    assert set(asked) == {"log.example"}

"""Where a record is read from: a folder, or an address under which one is published."""

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import httpx

# 256 entries of 65,535 bytes with their lengths are 16.8 million; nothing larger is part of a record.
FILE_BYTES_MAX = 17 * 1024 * 1024
TIMEOUT_S = 30.0
ATTEMPTS_MAX = 4
WAIT_S = 0.25
# Enough to hide a distant log's delay, few enough for it not to take us for an attack.
READERS = 8
AHEAD_MAX = 4 * READERS

_BUSY = {408, 425, 429, 500, 502, 503, 504}
_ABSENT = {404, 410}
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Unreadable(OSError):
    """A part of the record is there but cannot be read: too large, refused, or nothing answers."""


class Source(Protocol):
    """A record as its files, by their paths. No answer is to be believed before it is verified."""

    def read(self, path: str) -> bytes | None:
        """Give a file, None where there is none. Raises Unreadable."""
        ...

    def read_all(self, paths: Iterable[str]) -> Iterator[bytes | None]:
        """Give many files in their order, reading ahead where that is faster. Raises Unreadable."""
        ...

    def names(self, path: str) -> Sequence[str]:
        """Give the names of the files in a folder; none where there is none, or where nobody can tell."""
        ...


class Folder:
    """A record in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, path: str) -> bytes | None:
        """Give a file, None where there is none. Raises Unreadable."""
        file = self._folder.joinpath(path)
        try:
            # Whoever packed the folder may have put a pipe or a device where a file belongs.
            if not file.is_file():
                return None
            if file.stat().st_size > FILE_BYTES_MAX:
                raise Unreadable(f"{path} has over {FILE_BYTES_MAX} bytes")
            return file.read_bytes()
        except OSError as error:
            raise Unreadable(f"{path} cannot be read: {error}") from None

    def read_all(self, paths: Iterable[str]) -> Iterator[bytes | None]:
        """Give many files in their order. Raises Unreadable."""
        return map(self.read, paths)

    def names(self, path: str) -> Sequence[str]:
        """Give the names of the files in a folder, none where there is none."""
        folder = self._folder.joinpath(path)
        return sorted(file.name for file in folder.iterdir()) if folder.is_dir() else ()


class Address:
    """A record under a URL, such as ``https://log.example/record``. It is read with a few connections at once."""

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        transport: httpx.BaseTransport | None = None,
        wait_s: float = WAIT_S,
    ) -> None:
        """Take the bearer token to show, if one is needed, and for tests what stands in for the network.

        Raises ValueError for what is no http or https URL, and for a token that would cross a network in the clear.
        """
        try:
            address = httpx.URL(url)
        except httpx.InvalidURL:
            raise ValueError(f"{url!r} is not a URL") from None
        if address.scheme not in ("http", "https") or not address.host or address.query:
            raise ValueError(f"{url!r} is not an http or https URL of a folder")
        if token and address.scheme == "http" and address.host not in _LOOPBACK:
            raise ValueError(f"a token is not sent to {url} in the clear; use https")
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self._prefix = url.rstrip("/")
        self._wait_s = wait_s
        self._client = httpx.Client(
            headers=headers,
            timeout=TIMEOUT_S,
            transport=transport,
            limits=httpx.Limits(max_connections=READERS),
        )

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def read(self, path: str) -> bytes | None:
        """Give a file, None where there is none. Raises Unreadable."""
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                status, content = self._get(path)
            except httpx.RequestError as error:
                status, content = 0, b""
                complaint = f"nothing answers ({error})"
            else:
                complaint = f"the answer was {status}"
            if status == 200:
                return content
            if status in _ABSENT:
                return None
            if status and status not in _BUSY:
                break
            if attempt < ATTEMPTS_MAX:
                time.sleep(self._wait_s * 2**attempt)
        raise Unreadable(f"{self._prefix}/{path} cannot be read: {complaint}")

    def _get(self, path: str) -> tuple[int, bytes]:
        with self._client.stream("GET", f"{self._prefix}/{path}") as answer:
            if answer.status_code != 200:
                return answer.status_code, b""
            content = bytearray()
            # Counted as they unfold: a small compressed answer may be a very large file.
            for part in answer.iter_bytes():
                content += part
                if len(content) > FILE_BYTES_MAX:
                    raise Unreadable(f"{self._prefix}/{path} has over {FILE_BYTES_MAX} bytes")
        return 200, bytes(content)

    def read_all(self, paths: Iterable[str]) -> Iterator[bytes | None]:
        """Give many files in their order, at most 32 read ahead of the one given. Raises Unreadable."""
        readers = ThreadPoolExecutor(READERS, thread_name_prefix="record")
        ahead = deque[Future[bytes | None]]()
        try:
            for path in paths:
                ahead.append(readers.submit(self.read, path))
                if len(ahead) >= AHEAD_MAX:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            readers.shutdown(cancel_futures=True)

    def names(self, path: str) -> Sequence[str]:
        """Nobody can list what is under an address: none."""
        return ()

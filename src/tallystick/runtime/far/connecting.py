"""The connections of a process to the doors of another, and where that may be."""

import ssl
from typing import Final
from urllib.parse import urlsplit

import httpx

from tallystick.runtime.far import wire
from tallystick.runtime.tls import client_context, is_loopback

CONNECTIONS_MAX: Final = 64
# Shorter than any server keeps an idle connection, so that none is taken just as it is closed.
KEPT_OPEN_S: Final = 4
CONNECT_S: Final = 5


class Client:
    """The connections of a process to the doors of others, over TLS 1.3 with its certificate where it has one."""

    def __init__(self, *, context: ssl.SSLContext | None = None) -> None:
        """Trust and show what ``context`` says, what ``TALLYSTICK_CA`` and its neighbours say when it is None.

        Raises ValueError for files that cannot be used.
        """
        self._http = httpx.AsyncClient(
            verify=context or client_context(),
            trust_env=False,
            headers={
                "accept": wire.MEDIA,
                "accept-encoding": "identity",
                "user-agent": "tallystick",
            },
            timeout=httpx.Timeout(None, connect=CONNECT_S),
            limits=httpx.Limits(
                max_connections=CONNECTIONS_MAX,
                max_keepalive_connections=CONNECTIONS_MAX,
                keepalive_expiry=KEPT_OPEN_S,
            ),
        )

    async def post(
        self, url: httpx.URL, *, headers: dict[str, str], body: bytes
    ) -> tuple[int, httpx.Headers, bytes]:
        """Send a body; answers status, headers and body. Raises httpx.HTTPError, ValueError for too long an answer."""
        async with self._http.stream("POST", url, headers=headers, content=body) as answer:
            parts, size = list[bytes](), 0
            async for part in answer.aiter_raw():
                size += len(part)
                if size > wire.ANSWER_BYTES_MAX:
                    raise ValueError(f"the answer has over {wire.ANSWER_BYTES_MAX} bytes")
                parts.append(part)
            return answer.status_code, answer.headers, b"".join(parts)

    async def stop(self) -> None:
        """Close the connections."""
        await self._http.aclose()


def base_of(url: str) -> httpx.URL:
    """The address of a process. Raises ValueError for one elsewhere without TLS, and for more than host and port."""
    parts = urlsplit(url)
    is_private = parts.scheme == "http" and is_loopback(parts.hostname or "")
    if not parts.hostname or not (parts.scheme == "https" or is_private):
        raise ValueError(
            f"a door in another process is reached over https, or http on this machine, not at {url!r}"
        )
    if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(f"the address of a process is its host and port, not {url!r}")
    return httpx.URL(f"{parts.scheme}://{parts.netloc}")

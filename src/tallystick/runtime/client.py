"""A small HTTP client of the platform's own API, for the command line."""

from typing import Any
from urllib.parse import quote

import httpx
import msgspec

TIMEOUT_S = 120


class Answer(msgspec.Struct, frozen=True):
    """What came back: the status, the media type and the body."""

    status: int
    media: str
    body: bytes

    @property
    def is_good(self) -> bool:
        """Whether the server did what was asked."""
        return self.status < 400

    def json(self) -> Any:
        """The body, decoded."""
        return msgspec.json.decode(self.body)


class NothingAnswers(ConnectionError):
    """No server answers at the address."""


class NotAnAddress(ValueError):
    """The address is no URL of a server."""


def path_of(*parts: str) -> str:
    """A path under ``/v1``; what a user typed stays one segment, whatever is in it."""
    return "/v1/" + "/".join(quote(part, safe=":") for part in parts)


def request(
    method: str,
    url: str,
    *,
    key: str,
    body: bytes | None = None,
    media: str = "application/json",
    query: dict[str, str] | None = None,
) -> Answer:
    """Ask the platform at ``url`` as the holder of ``key``. Raises NothingAnswers, NotAnAddress."""
    headers = {"authorization": f"Bearer {key}"} | (
        {"content-type": media} if body is not None else {}
    )
    try:
        answer = httpx.request(
            method, url, content=body, headers=headers, params=query, timeout=TIMEOUT_S
        )
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise NotAnAddress(f"{url!r} is not the URL of a server") from None
    except httpx.RequestError as error:
        raise NothingAnswers(f"nothing answers at {url} ({error})") from None
    return Answer(answer.status_code, answer.headers.get("content-type", ""), answer.content)

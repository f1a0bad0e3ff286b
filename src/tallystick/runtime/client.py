"""A small HTTP client of the platform's own API, for the command line."""

import ssl
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from tallystick.runtime.tls import client_context, is_loopback

TIMEOUT_S = 120
_CAUSES_MAX = 10


class Answer(msgspec.Struct, frozen=True):
    """What came back: the status, the media type, the body, and where it sends to; no redirect is followed."""

    status: int
    media: str
    body: bytes
    location: str = ""

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


class NotSafe(ValueError):
    """A key is not sent there: in the clear, or to a server that is not trusted."""


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
    """Ask the platform at ``url`` as the holder of ``key``, or as nobody without one.

    Raises NothingAnswers, NotAnAddress, NotSafe.

    Over TLS 1.3 the server is verified by ``TALLYSTICK_CA``; in the clear only this machine is asked.
    """
    headers = {"authorization": f"Bearer {key}"} if key else {}
    headers |= {"content-type": media} if body is not None else {}
    try:
        answer = httpx.request(
            method,
            url,
            content=body,
            headers=headers,
            params=query,
            timeout=TIMEOUT_S,
            verify=_verifying(url),
        )
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise NotAnAddress(f"{url!r} is not the URL of a server") from None
    except httpx.RequestError as error:
        if _is_of_tls(error):
            raise NotSafe(
                f"the server at {url} cannot be trusted ({error}): TALLYSTICK_CA names the authority of its "
                "certificate, TALLYSTICK_CLIENT_CERTIFICATE and _KEY what to show where it asks for one"
            ) from None
        raise NothingAnswers(f"nothing answers at {url} ({error})") from None
    return Answer(
        answer.status_code,
        answer.headers.get("content-type", ""),
        answer.content,
        answer.headers.get("location", ""),
    )


def _verifying(url: str) -> ssl.SSLContext | bool:
    """What the server at a URL is verified with. Raises NotSafe where a key would cross a network in the clear."""
    address = httpx.URL(url)
    if address.scheme == "https":
        return client_context()
    if address.scheme == "http" and address.host and not is_loopback(address.host):
        raise NotSafe(f"a key is not sent to {url} in the clear; use https")
    return True


def _is_of_tls(error: BaseException | None) -> bool:
    for _ in range(_CAUSES_MAX):
        if error is None or isinstance(error, ssl.SSLError):
            break
        error = error.__cause__ or error.__context__
    return isinstance(error, ssl.SSLError)

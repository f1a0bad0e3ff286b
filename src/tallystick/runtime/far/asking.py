"""The side of a far door that asks: the door's own protocol, over HTTP, nothing retried."""

import asyncio
import functools
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, Final, NoReturn, TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec
import structlog

from tallystick.kernel.callers import Caller
from tallystick.runtime import deadlines, tracing
from tallystick.runtime.doors import stand_still
from tallystick.runtime.far import wire
from tallystick.runtime.reading import is_request_id
from tallystick.runtime.refusals import (
    BodyTooLarge,
    InternalError,
    ProblemDocument,
    TemporarilyUnavailable,
)
from tallystick.runtime.routes import REPLAYED
from tallystick.runtime.signatures import TIMEOUT_MS_MAX, Signer
from tallystick.runtime.tls import client_context, is_loopback

Door = TypeVar("Door")

CONNECTIONS_MAX: Final = 64
# Shorter than any server keeps an idle connection, so that none is taken just as it is closed.
KEPT_OPEN_S: Final = 4
CONNECT_S: Final = 5

_log: Any = structlog.get_logger("tallystick.far")
_encode = msgspec.json.Encoder().encode
_refusal = msgspec.json.Decoder(ProblemDocument).decode
_LOST = "Another part of the platform is out of reach; repeat the same request."


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


def far(
    door: type[Door],
    *,
    url: str,
    signer: Signer,
    client: Client,
    timeout_ms: int = wire.TIMEOUT_MS,
) -> Door:
    """A door that stands in another process, at ``url``. Raises ValueError for an address elsewhere without TLS.

    A call has ``timeout_ms`` milliseconds, or the fewer that are left of the request it is for; that travels along.
    What the door refuses is raised here as the very problem it was. What is lost on the way is TemporarilyUnavailable:
    then nobody knows whether it was done, and asking again is up to whoever knows an id that makes it safe.
    """
    base = _base(url)
    asking = _Asking(base, signer=signer, client=client, timeout_ms=timeout_ms)
    gate: Any = type(f"Far{door.__name__}", (), {})()
    for method in wire.methods_of(door):
        setattr(gate, method.function.__name__, asking.stand(method))
    return gate


def _base(url: str) -> httpx.URL:
    parts = urlsplit(url)
    is_private = parts.scheme == "http" and is_loopback(parts.hostname or "")
    if not parts.hostname or not (parts.scheme == "https" or is_private):
        raise ValueError(
            f"a door in another process is reached over https, or http on this machine, not at {url!r}"
        )
    if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(f"the address of a process is its host and port, not {url!r}")
    return httpx.URL(f"{parts.scheme}://{parts.netloc}")


class _Asking:
    def __init__(self, base: httpx.URL, *, signer: Signer, client: Client, timeout_ms: int) -> None:
        self._base, self._signer, self._client = base, signer, client
        self._timeout_ms = min(timeout_ms, TIMEOUT_MS_MAX)
        self._authority = base.netloc.decode().lower()

    def stand(self, method: wire.Method) -> Callable[..., Awaitable[Any]]:
        """A method of the door, as it is asked here."""
        url = self._base.copy_with(path=method.path)
        read = msgspec.json.Decoder(method.answer).decode

        @functools.wraps(method.function)
        async def ask(*, caller: Caller, message: Any) -> Any:
            stand_still(method.function)
            body = _encode({"caller": caller, "message": message})
            if len(body) > wire.REQUEST_BYTES_MAX:
                raise BodyTooLarge(
                    f"A message has at most {wire.REQUEST_BYTES_MAX} bytes.",
                    {"limit": str(wire.REQUEST_BYTES_MAX)},
                )
            left = deadlines.time_left_ms()
            timeout_ms = self._timeout_ms if left is None else min(left, self._timeout_ms)
            if timeout_ms < 1:
                _lose(method, "its time was over before it was sent")
            headers = self._signer.headers(
                method="POST", authority=self._authority, path=method.path, media=wire.MEDIA,
                timeout_ms=timeout_ms, body=body,
            ) | _of_request(caller)  # fmt: skip
            timeout_s = timeout_ms / 1_000
            try:
                async with asyncio.timeout(timeout_s):
                    status, shown, content = await self._client.post(
                        url, headers=headers, body=body
                    )
                outcome = shown.get(wire.OUTCOME)
                if outcome == wire.ANSWERED:
                    return read(content)
                document = _refusal(content)
            except (httpx.HTTPError, OSError, ValueError, msgspec.MsgspecError) as error:
                _lose(method, repr(error), error)
            if outcome == wire.REFUSED:
                is_replayed = all(shown.get(name) == text for name, text in REPLAYED.items())
                raise wire.problem_from(document, is_replayed=is_replayed)
            # The door never heard of it, or failed: what its server says is for the log, not for whoever asks here.
            if document.code == InternalError.code:
                raise InternalError(document.detail)
            _lose(method, f"{status} {document.code}: {document.detail}")

        return ask


def _of_request(caller: Caller) -> dict[str, str]:
    """What tells the other side's log which request this belongs to."""
    headers = {}
    if is_request_id(caller.request.encode("ascii", "replace")):
        headers["x-request-id"] = caller.request
    parent = tracing.parent()
    if parent is not None:
        headers["traceparent"] = parent
    return headers


def _lose(method: wire.Method, because: str, error: BaseException | None = None) -> NoReturn:
    name = f"{method.door}.{method.function.__name__}"
    _log.warning("far_door_lost", door=name, because=because[:500])
    raise TemporarilyUnavailable(_LOST) from error

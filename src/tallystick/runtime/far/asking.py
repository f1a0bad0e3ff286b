"""The side of a far door that asks: the door's own protocol, over HTTP, repeated once where that is safe."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any, Final, NoReturn, TypeVar

import httpx
import msgspec
import structlog

from tallystick.kernel.actions import actions_of
from tallystick.kernel.answers import reader
from tallystick.kernel.callers import Caller
from tallystick.runtime import deadlines, tracing
from tallystick.runtime.doors import stand_still
from tallystick.runtime.far import wire
from tallystick.runtime.far.circuits import Circuit
from tallystick.runtime.far.connecting import Client, base_of
from tallystick.runtime.reading import is_request_id
from tallystick.runtime.refusals import (
    BodyTooLarge,
    InternalError,
    ProblemDocument,
    TemporarilyUnavailable,
)
from tallystick.runtime.routes import REPLAYED
from tallystick.runtime.signatures import TIMEOUT_MS_MAX, Signer

Door = TypeVar("Door")

TRIES_MAX: Final = 2
# Whoever had less time than this and got no answer says nothing about the process.
JUDGED_FROM_MS: Final = 1_000

_log: Any = structlog.get_logger("tallystick.far")
_encode = msgspec.json.Encoder().encode
_refusal = msgspec.json.Decoder(ProblemDocument).decode
_LOST = "Another part of the platform is out of reach; repeat the same request."
# Of these nothing was sent.
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def far(
    door: type[Door],
    *,
    url: str,
    signer: Signer,
    client: Client,
    circuit: Circuit | None = None,
    timeout_ms: int = wire.TIMEOUT_MS,
) -> Door:
    """A door that stands in another process, at ``url``. Raises ValueError for an address elsewhere without TLS.

    A call has ``timeout_ms`` milliseconds, or the fewer that are left of the request it is for; that travels along.
    What the door refuses is raised here as the very problem it was. A call that is lost is sent once more where it only
    reads, or where nothing of it was sent. What is lost then is TemporarilyUnavailable: nobody knows whether it was
    done, and asking again is up to whoever knows an id that makes it safe. While ``circuit``, which all doors of a
    process share, is open, everything is lost at once.
    """
    asking = _Asking(
        base_of(url), signer=signer, client=client, circuit=circuit, timeout_ms=timeout_ms
    )
    gate: Any = type(f"Far{door.__name__}", (), {})()
    for method in wire.methods_of(door):
        setattr(gate, method.function.__name__, asking.stand(method))
    return gate


def only_reads(function: Callable[..., Any]) -> bool:
    """Whether a method of a door changes nothing, as far as its actions tell; then it may be asked twice."""
    actions = actions_of(function)
    return bool(actions) and all(action.endswith(".read") for action in actions)


class _Asking:
    def __init__(
        self,
        base: httpx.URL,
        *,
        signer: Signer,
        client: Client,
        circuit: Circuit | None,
        timeout_ms: int,
    ) -> None:
        self._base, self._signer, self._client = base, signer, client
        self._circuit, self._timeout_ms = circuit, min(timeout_ms, TIMEOUT_MS_MAX)
        self._authority = base.netloc.decode().lower()

    def stand(self, method: wire.Method) -> Callable[..., Awaitable[Any]]:
        """A method of the door, as it is asked here."""
        read, is_safe = reader(method.answer), only_reads(method.function)

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
            shown, content, status = await self._sent(
                method, _of_request(caller), body, until_ms=_now_ms() + timeout_ms, is_safe=is_safe
            )
            outcome = shown.get(wire.OUTCOME)
            try:
                if outcome == wire.ANSWERED:
                    return read(content)
                document = _refusal(content)
            except (ValueError, msgspec.MsgspecError) as error:
                _lose(method, repr(error), error)
            if outcome == wire.REFUSED:
                is_replayed = all(shown.get(name) == text for name, text in REPLAYED.items())
                raise wire.problem_from(document, is_replayed=is_replayed)
            # The door never heard of it, or failed: what its server says is for the log, not for whoever asks here.
            if document.code == InternalError.code:
                raise InternalError(document.detail)
            _lose(method, f"{status} {document.code}: {document.detail}")

        return ask

    async def _sent(
        self,
        method: wire.Method,
        told: dict[str, str],
        body: bytes,
        *,
        until_ms: int,
        is_safe: bool,
    ) -> tuple[httpx.Headers, bytes, int]:
        """Send a call, and once more where that is safe; each time under a signature of its own."""
        for _ in range(TRIES_MAX - 1):
            try:
                return await self._send(method, told, body, left_ms=until_ms - _now_ms())
            except (httpx.HTTPError, OSError, ValueError) as error:
                may_repeat = isinstance(error, _UNSENT if not is_safe else httpx.HTTPError)
                if not may_repeat:
                    _lose(method, repr(error), error)
        try:
            return await self._send(method, told, body, left_ms=until_ms - _now_ms())
        except (httpx.HTTPError, OSError, ValueError) as error:
            _lose(method, repr(error), error)

    async def _send(
        self, method: wire.Method, told: dict[str, str], body: bytes, *, left_ms: int
    ) -> tuple[httpx.Headers, bytes, int]:
        if left_ms < 1:
            _lose(method, "its time was over before it was sent")
        circuit = self._circuit
        if circuit is not None and not circuit.enter():
            _lose(method, "its process did not answer lately")
        headers = told | self._signer.headers(
            method="POST", authority=self._authority, path=method.path, media=wire.MEDIA,
            timeout_ms=left_ms, body=body,
        )  # fmt: skip
        is_judged = False
        left_s = left_ms / 1_000
        try:
            async with asyncio.timeout(left_s):
                status, shown, content = await self._client.post(
                    self._base.copy_with(path=method.path), headers=headers, body=body
                )
            is_judged = True
            if circuit is not None:
                circuit.answered()
            return shown, content, status
        except (httpx.HTTPError, OSError) as error:
            is_judged = not isinstance(error, TimeoutError) or left_ms >= JUDGED_FROM_MS
            if circuit is not None and is_judged:
                circuit.lost()
            raise
        finally:
            if circuit is not None and not is_judged:
                circuit.left()


def _now_ms() -> int:
    return int(asyncio.get_running_loop().time() * 1_000)


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

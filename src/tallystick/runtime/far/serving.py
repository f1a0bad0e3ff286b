"""The side of a far door that answers: one route for all doors, open to processes that sign what they ask."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from tallystick.kernel.instants import Instant
from tallystick.kernel.problems import Problem, malformed
from tallystick.runtime import deadlines, signatures
from tallystick.runtime.clock import Clock
from tallystick.runtime.far import wire
from tallystick.runtime.far.peers import DoorNotOpen, Peer, Peers
from tallystick.runtime.refusals import (
    PathNotFound,
    RequestTookTooLong,
    document_of,
    headers_of,
    status_of,
)
from tallystick.runtime.routes import Asked, Reply, Route, Shown
from tallystick.runtime.signatures import Proof, SignatureNotAccepted, Verifier

Spend = Callable[[str, Instant], Awaitable[bool]]
"""Spends a value that is good once, remembered until an instant; answers whether this was the first time."""

_encode = msgspec.json.Encoder().encode
_REASON_MAX = 200


class _Proven(NamedTuple):
    proof: Proof
    peer: Peer


class _Open(NamedTuple):
    """A method that may be asked from afar."""

    door: str
    read: Callable[[bytes], Any]
    ask: Callable[..., Awaitable[Any]]
    spend: Spend


def door_routes(
    gates: Iterable[tuple[type, Any]],
    *,
    peers: Peers,
    spends: Mapping[str, Spend],
    clock: Clock,
) -> list[Route]:
    """The route of these doors. A gate is what stands behind a door in this process, guard and all.

    Whoever asks proves its signature before its body is read; then come the digest of the body, whom the process may
    speak for, and the nonce, spent once for all processes: ``spends`` has what spends it, by the door's context.
    """
    serving = _Serving(gates, peers=peers, spends=spends, clock=clock)
    return [
        Route(
            method="POST",
            path=wire.PATH,
            summary="Ask a context for another process",
            handle=serving.handle,
            body=msgspec.Raw,
            body_bytes_max=wire.REQUEST_BYTES_MAX,
            prove=serving.prove,
            problems=(SignatureNotAccepted, DoorNotOpen, PathNotFound),
        )
    ]


class _Serving:
    def __init__(
        self,
        gates: Iterable[tuple[type, Any]],
        *,
        peers: Peers,
        spends: Mapping[str, Spend],
        clock: Clock,
    ) -> None:
        self._peers = peers
        self._verifier = Verifier(keys=peers.keys, here=peers.here, clock=clock)
        self._open = {
            method.path: _Open(
                method.door,
                msgspec.json.Decoder(method.question).decode,
                getattr(gate, method.function.__name__),
                spends[method.door.partition(".")[0]],
            )
            for door, gate in gates
            for method in wire.methods_of(door)
        }

    def prove(self, shown: Shown) -> _Proven:
        """Prove by the head of a request which process asks. Raises SignatureNotAccepted."""
        scope = shown.scope
        path = (scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0]
        proof = self._verifier.verify(
            method=scope["method"], path=path.decode("latin-1"), headers=shown.headers
        )
        return _Proven(proof, self._peers.by_key[proof.key_id])

    async def handle(self, asked: Asked) -> Reply:
        """Have a door answer. What the door itself refuses is marked as such, so that it is raised there again."""
        proof, peer = asked.proof
        method = self._open.get(wire.PATH.format(**asked.path))
        if method is None:
            raise PathNotFound("There is no such door in this process, or no such method.")
        peer.demand_open(method.door)
        signatures.demand_body(proof, asked.body)
        try:
            question = method.read(asked.body)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise malformed("message", str(error)[:_REASON_MAX]) from None
        peer.demand_may(method.door, question.caller)
        if not await method.spend(f"{proof.key_id} {proof.nonce}", proof.until):
            raise signatures.replayed()
        timeout_s = proof.timeout_ms / 1_000
        try:
            with deadlines.due_in(proof.timeout_ms):
                async with asyncio.timeout(timeout_s) as bound:
                    answer = await method.ask(caller=question.caller, message=question.message)
        except TimeoutError:
            if not bound.expired():
                raise
            raise RequestTookTooLong(
                f"It was not done within the {proof.timeout_ms} ms that were given."
            ) from None
        except Problem as problem:
            return _refused(problem, asked.request_id)
        return Reply(value=_encode(answer), media=wire.MEDIA, headers={wire.OUTCOME: wire.ANSWERED})


def _refused(problem: Problem, request_id: str) -> Reply:
    headers = headers_of(problem)
    return Reply(
        value=_encode(document_of(problem, request_id=request_id)),
        status=status_of(problem),
        media=headers.pop("content-type"),
        headers={**headers, wire.OUTCOME: wire.REFUSED},
    )

"""A witness: signs that a log only grew, once it has remembered so."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from tallystick.audit.model.notes import BadNote, Signer, render_signature
from tallystick.audit.model.witnessing import (
    NEVER,
    REQUEST_BYTES_MAX,
    TEXT_TYPE,
    AddCheckpoint,
    Answer,
    Seen,
    WatchedLogs,
    conflict,
    parse_request,
    refusal_of,
    refused,
)
from tallystick.runtime.clock import Clock


class Memory(Protocol):
    """Where the last tree of each log is remembered; see ``WitnessMemory``."""

    def seen(self, origin: str) -> Seen | None:
        """Give the last tree of a log."""
        ...

    def advance(
        self, *, origin: str, seen: Seen | None, to: Seen, checkpoint: bytes, now_s: int
    ) -> int | None:
        """Remember a tree in one step, if ``seen`` still is the last one."""
        ...


class Witness:
    """Answers logs. ``logs`` is asked at every request, so what is watched may change meanwhile."""

    def __init__(
        self,
        *,
        memory: Memory,
        signers: Sequence[Signer],
        logs: Callable[[], WatchedLogs],
        clock: Clock,
    ) -> None:
        """Sign with all of the signers, and with nothing that ``memory`` does not hold before."""
        self._memory, self._signers, self._logs, self._clock = memory, signers, logs, clock

    async def add_checkpoint(self, body: bytes) -> Answer:
        """Answer one add-checkpoint request: cosignatures, or why not.

        Raises OSError when the memory cannot be read or written; then nothing is signed.
        """
        if len(body) > REQUEST_BYTES_MAX:
            return refused(413, f"a request has at most {REQUEST_BYTES_MAX} bytes")
        try:
            request = parse_request(body)
        except BadNote as error:
            return refused(400, str(error))
        # It waits for the disk and computes signatures: not in the loop that serves the others.
        return await asyncio.to_thread(self._decide, request)

    def _decide(self, request: AddCheckpoint) -> Answer:
        checkpoint = request.checkpoint
        origin = checkpoint.origin
        seen = self._memory.seen(origin)
        refusal = refusal_of(request, keys=self._logs().keys_of(origin), seen=seen)
        if refusal is not None:
            return refusal
        signed_at_s = self._memory.advance(
            origin=origin,
            seen=seen,
            to=Seen(size=checkpoint.size, root=checkpoint.root),
            checkpoint=request.content,
            now_s=self._clock.now() // 1_000_000,
        )
        if signed_at_s is None:
            return conflict((self._memory.seen(origin) or NEVER).size)
        # From here on it is remembered: a signature that gets lost is given again when the log asks again.
        return self._sign(request.note.text, at_s=signed_at_s)

    def _sign(self, text: str, *, at_s: int) -> Answer:
        lines = [render_signature(one.sign(text, at_s=at_s)) for one in self._signers]
        return Answer(status=200, content_type=TEXT_TYPE, body="".join(lines).encode())

"""Draining: a process that is asked to stop says at once that it is not ready, and goes on serving for a while.

Whoever balances load among processes sees it and sends new requests elsewhere; then the process takes up nothing new,
and finishes what is under way.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from typing import Any

CLOSE = (b"connection", b"close")


def _stop_serving() -> None:
    """What the server itself stops at: no new connection, and no idle one; what is under way is finished."""
    os.kill(os.getpid(), signal.SIGINT)


class Draining:
    """Whether this process is about to stop. It is from SIGTERM on, and stops ``seconds`` later."""

    def __init__(self, *, seconds: int, stop: Callable[[], None] = _stop_serving) -> None:
        self._seconds, self._stop = seconds, stop
        self.is_on = False

    async def watch(self) -> None:
        """Hear SIGTERM from now on, instead of whoever heard it before."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.begin)

    def begin(self) -> None:
        """Begin to drain. Being asked again changes nothing: the process above and the system may both ask."""
        if not self.is_on:
            self.is_on = True
            asyncio.get_running_loop().call_later(self._seconds, self._stop)

    def ends_connection(self, scope: Mapping[str, Any]) -> bool:
        """Whether an answer is to be the last of its connection, so that its client opens the next one elsewhere."""
        # HTTP/2 has no such header; there the server says goodbye when it stops.
        return self.is_on and scope["http_version"] < "2"

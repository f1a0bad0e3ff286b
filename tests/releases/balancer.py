"""A load balancer of the tests: it passes connections on to whichever process says that it is ready."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from typing import Any

from tests.ports import free_port

PROBE_S = 0.1
PROBE = b"GET /readyz HTTP/1.1\r\nhost: balancer\r\nconnection: close\r\n\r\n"
WAIT_S = 30
PART_BYTES = 65_536


class Balancer:
    """Connections to ``port`` go to the last process that became ready. It looks at each ten times a second.

    One that ``is_blind`` sees of no process that it is not ready any more, and sends all to the oldest it knows.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self._ready: list[int] = []
        self.is_blind = False
        self._watched: dict[int, asyncio.Task[None]] = {}
        self._passing: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._take, "127.0.0.1", self.port))

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.port}"

    def add(self, port: int) -> None:
        """Send connections to a process too, once it is ready; answers when it is."""
        became = threading.Event()
        self._do(self._watch(port, became))
        assert became.wait(WAIT_S), f"port {port} does not become ready"

    def forget(self, port: int) -> None:
        """Look at a process no more: it has ended."""
        self._do(self._unwatch(port))

    def stop(self) -> None:
        """End everything."""
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WAIT_S)

    async def _watch(self, port: int, became: threading.Event) -> None:
        self._watched[port] = asyncio.create_task(self._look(port, became))

    async def _unwatch(self, port: int) -> None:
        self._watched.pop(port).cancel()
        if port in self._ready:
            self._ready.remove(port)

    async def _end(self) -> None:
        self._server.close()
        for task in (*self._watched.values(), *self._passing):
            task.cancel()
        await asyncio.gather(*self._watched.values(), *self._passing, return_exceptions=True)

    async def _look(self, port: int, became: threading.Event) -> None:
        while True:
            is_ready = await _is_ready(port)
            if is_ready and port not in self._ready:
                self._ready.append(port)
                became.set()
            elif not is_ready and port in self._ready and not self.is_blind:
                self._ready.remove(port)
            await asyncio.sleep(PROBE_S)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._passing.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                there, back = await self._reach()
                await asyncio.gather(_pump(reader, back), _pump(there, writer))
        finally:
            self._passing.discard(task)
            writer.close()

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to the newest that is ready, or the next where that has just closed its door."""
        for port in self._ready[:1] if self.is_blind else reversed(self._ready):
            with contextlib.suppress(ConnectionRefusedError):
                return await asyncio.open_connection("127.0.0.1", port)
        raise ConnectionRefusedError("none is ready")


async def _is_ready(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        writer.write(PROBE)
        return b" 200 " in await asyncio.wait_for(reader.readline(), WAIT_S)
    except (OSError, TimeoutError):
        return False
    finally:
        writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what one side says until it has said all; then the other side hears that."""
    try:
        while part := await reader.read(PART_BYTES):
            writer.write(part)
            await writer.drain()
    finally:
        writer.close()

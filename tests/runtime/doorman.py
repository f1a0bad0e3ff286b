"""A doorman before a PostgreSQL that was built without OpenSSL: he speaks TLS as a server does, and passes the rest on.

The embedded server listens on the loopback alone and has no TLS. What is under test is our side of the handshake, and
that is the same whoever ends the TLS.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from tests.runtime.authority import Pair

# The first message of a client that wants TLS (PostgreSQL 18, 54.7, SSLRequest).
SSL_REQUEST = (8).to_bytes(4, "big") + (80_877_103).to_bytes(4, "big")
PIECE = 65_536


def context_of(
    pair: Pair, *, client_ca: Path | None = None, most: ssl.TLSVersion | None = None
) -> ssl.SSLContext:
    """What a server shows, asks for, and speaks at the most."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    if client_ca is not None:
        context.load_verify_locations(cafile=client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    if most is not None:
        context.maximum_version = most
    return context


class Doorman:
    """Lets in over TLS with a context, or says that there is none; remembers what was spoken."""

    def __init__(self, *, behind: str, context: ssl.SSLContext | None) -> None:
        self._behind, self._context = urlsplit(behind), context
        self.spoken: list[str | None] = []

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Meet one client."""
        opened = [writer]
        try:
            await self._let_in(reader, writer, opened)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            # Whoever is refused goes without a word.
            pass
        finally:
            for one in opened:
                one.transport.abort()

    async def _let_in(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        opened: list[asyncio.StreamWriter],
    ) -> None:
        first = await reader.readexactly(8)
        if first == SSL_REQUEST:
            writer.write(b"S" if self._context else b"N")
            await writer.drain()
            if self._context is None:
                await reader.read(1)
                return
            await writer.start_tls(self._context)
            first = b""
        self.spoken.append(_version(writer))
        host, port = self._behind.hostname, self._behind.port
        inner_reader, inner_writer = await asyncio.open_connection(host, port)
        opened.append(inner_writer)
        inner_writer.write(first)
        await asyncio.gather(_pass(reader, inner_writer), _pass(inner_reader, writer))


def _version(writer: asyncio.StreamWriter) -> str | None:
    spoken = writer.get_extra_info("ssl_object")
    return spoken.version() if spoken else None


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def doorman(url: str, context: ssl.SSLContext | None) -> AsyncIterator[tuple[str, Doorman]]:
    """Stand before a PostgreSQL; gives the URL to knock at."""
    standing = Doorman(behind=url, context=context)
    server = await asyncio.start_server(standing.meet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    parts = urlsplit(url)
    login = parts.netloc.rpartition("@")[0]
    try:
        yield parts._replace(netloc=f"{login}@127.0.0.1:{port}").geturl(), standing
    finally:
        server.close()

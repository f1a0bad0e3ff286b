"""A server that speaks as much of PostgreSQL's protocol as to say that no rule of its lets anybody in."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_SSL_REQUEST = 80_877_103
_FIELDS = (b"SFATAL", b"VFATAL", b"C28000", b"Mno pg_hba.conf entry for host")


@asynccontextmanager
async def shut_server() -> AsyncIterator[str]:
    """Answer 28000 to every start of a session; answers the URL without a login."""
    server = await asyncio.start_server(_refuse, "127.0.0.1", 0)
    try:
        yield f"postgresql://admin:x@127.0.0.1:{server.sockets[0].getsockname()[1]}/x"
    finally:
        server.close()


async def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        length, code = struct.unpack("!ii", await reader.readexactly(8))
        if code == _SSL_REQUEST:
            writer.write(b"N")
            length, _ = struct.unpack("!ii", await reader.readexactly(8))
        await reader.readexactly(length - 8)
        said = b"\0".join(_FIELDS) + b"\0\0"
        writer.write(b"E" + struct.pack("!i", len(said) + 4) + said)
        await writer.drain()
    except asyncio.IncompleteReadError:
        pass
    finally:
        writer.close()

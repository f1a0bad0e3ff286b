"""Ports of 127.0.0.1: free ones, and whether a server answers on one."""

import contextlib
import secrets
import socket
import struct

from tallystick.runtime.embedded.errors import EmbeddedPostgresError

# Below Linux's ephemeral range (32768 up), so that no outgoing connection sits on a port we kept.
PORT_MIN, PORT_MAX = 20_000, 32_000
PORT_ATTEMPTS_MAX = 100

# The shortest question of PostgreSQL's protocol: "do you speak TLS?", answered with S or N.
_SSL_REQUEST = struct.pack("!ii", 8, 80_877_103)


def is_free(port: int) -> bool:
    """Say whether a server could listen on a port."""
    with socket.socket() as probe, contextlib.suppress(OSError):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as PostgreSQL does
        probe.bind(("127.0.0.1", port))
        return True
    return False


def free_port() -> int:
    """Find a port that is free."""
    for _ in range(PORT_ATTEMPTS_MAX):
        port = PORT_MIN + secrets.randbelow(PORT_MAX - PORT_MIN)
        if is_free(port):
            return port
    raise EmbeddedPostgresError(f"No free port between {PORT_MIN} and {PORT_MAX}: name another.")


def answers(port: int) -> bool:
    """Say whether a live server greets us: a dying one still lets the kernel accept."""
    address = ("127.0.0.1", port)
    with contextlib.suppress(OSError), socket.create_connection(address, timeout=1.0) as probe:
        probe.sendall(_SSL_REQUEST)
        return probe.recv(1) in (b"S", b"N")
    return False

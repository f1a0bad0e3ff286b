"""Ports for the servers that tests start."""

import itertools
import os
import secrets

from tallystick.runtime.embedded.ports import is_free

# Below those of our PostgreSQL servers, and a part of them for each process that tests run in.
PORT_MIN, PORTS, PORT_TRIES_MAX = 10_000, 1_250, 100
_turns = itertools.count(secrets.randbelow(PORTS))


def free_port() -> int:
    """A port nobody listens at now; neither the kernel nor another test gives it away before a server has it."""
    first = PORT_MIN + PORTS * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    for _ in range(PORT_TRIES_MAX):
        port = first + next(_turns) % PORTS
        if is_free(port):
            return port
    raise AssertionError(f"no port is free from {first} on")

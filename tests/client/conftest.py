"""One running platform for the tests of the client, a tenant of its own, and a proxy that loses answers."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tallystick.client import Client
from tests.apps.platform import Running, environment
from tests.client.proxy import Proxy
from tests.ports import free_port

KEY = re.compile(r"tally_\w+")


@pytest.fixture(scope="package")
def running() -> Iterator[Running]:
    """`tallystick up` on a fresh home."""
    home = Path(tempfile.mkdtemp(prefix="tallystick-client-"))
    os.chmod(home, 0o711)
    env = environment(home / "up", TALLYSTICK_PORT=str(free_port()))
    up = Running("up", env=env, log=home / "up.log")
    yield up
    up.stop()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="package")
def key(running: Running) -> str:
    """The key of a tenant that has nothing yet."""
    (found,) = KEY.findall(running.command("tenant", "create", "programs").out)
    return found


@pytest.fixture
def client(running: Running, key: str) -> Iterator[Client]:
    """A client that asks the platform directly."""
    with Client(running.url, credential=key) as made:
        yield made


@pytest.fixture
def proxy(running: Running) -> Iterator[Proxy]:
    """A way to the platform on which answers get lost."""
    with Proxy(running.url) as made:
        yield made

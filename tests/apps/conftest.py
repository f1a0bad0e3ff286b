"""One running platform for all tests of this folder."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.apps.houses import House, built
from tests.apps.neighbours import Neighbour, neighbours
from tests.apps.platform import Running, environment
from tests.ports import free_port


@pytest.fixture(scope="package")
def empty_home() -> Iterator[Path]:
    """A folder that an unprivileged server may pass through."""
    home = Path(tempfile.mkdtemp(prefix="tallystick-apps-"))
    os.chmod(home, 0o711)
    yield home
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="package")
def up(empty_home: Path) -> Iterator[Running]:
    """`tallystick up` on a fresh home."""
    home = empty_home / "shared"
    # Whoever proves nothing is asked about thousands of times in a minute here.
    budget = {"TALLYSTICK_LIMIT_ADDRESS": "100000"}
    env = environment(home, TALLYSTICK_PORT=str(free_port()), **budget)
    running = Running("up", env=env, log=empty_home / "shared.log")
    yield running
    running.stop()


@pytest.fixture(scope="package")
def house(up: Running) -> Iterator[House]:
    made = built(up, "first")
    yield made
    made.client.close()


@pytest.fixture(scope="package")
def stranger(up: Running) -> Iterator[House]:
    made = built(up, "second")
    yield made
    made.client.close()


@pytest.fixture(scope="package")
def two(up: Running) -> Iterator[tuple[Neighbour, Neighbour]]:
    """Two tenants with everything in them: whose walls are tried, and who tries them."""
    with neighbours(up) as made:
        yield made


@pytest.fixture(scope="package")
def document(up: Running) -> dict[str, Any]:
    return httpx.get(f"{up.url}/openapi.json").json()


@pytest.fixture
def nothing_stays(up: Running) -> Iterator[None]:
    """Every table of every context holds as many rows afterwards as before."""
    before = up.row_counts()
    yield
    assert up.row_counts() == before

"""Which seeds to live through, and the ground they share: a durable PostgreSQL, and a server process."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tallystick.apps.parts import CONTEXTS
from tallystick.runtime.migrations import migrate
from tests.loops import to_end
from tests.simulation.ground import Ground

SEEDS = 10


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take ``--seeds N`` (the seeds 1 to N) and ``--seed S`` (this one alone)."""
    parser.addoption("--seeds", type=int, default=SEEDS, help="simulate the seeds 1 to N")
    parser.addoption("--seed", type=int, default=None, help="simulate one seed alone")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give every test that lives in a world one world a seed."""
    if "seed" not in metafunc.fixturenames:
        return
    # Run as part of everything, pytest reads this file after its command line: then there is no option.
    alone = metafunc.config.getoption("--seed", None)
    count: int = metafunc.config.getoption("--seeds", SEEDS) or SEEDS
    metafunc.parametrize("seed", range(1, count + 1) if alone is None else [alone])


@pytest.fixture(scope="package")
def ground() -> Iterator[Ground]:
    """A durable PostgreSQL with the schema of now, and a server process on it."""
    # Not pytest's own folder: root's server account could not pass through it.
    home = Path(tempfile.mkdtemp(prefix="tallystick-simulation-"))
    home.chmod(0o711)
    made = Ground(home=home)
    try:
        url = made.start_database()
        to_end(migrate(url=url, contexts=CONTEXTS))
        yield made
    finally:
        made.end()
        shutil.rmtree(home, ignore_errors=True)

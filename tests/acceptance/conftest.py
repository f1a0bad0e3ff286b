"""One platform for each way it can be split, with a tenant in it that was made through what is open to its users."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tallystick.apps.parts import CONTEXTS
from tests.acceptance.split import Split
from tests.apps.neighbours import Neighbour


@pytest.fixture(scope="package")
def databases(make_database: Callable[[], str]) -> Callable[[str], dict[str, str]]:
    """Make the databases of a split: one for all contexts, or one for each where each has a process."""

    def make(split: str) -> dict[str, str]:
        if split == "each":
            return {context: make_database() for context in CONTEXTS}
        return dict.fromkeys(CONTEXTS, make_database())

    return make


@pytest.fixture(scope="package")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="tallystick-split-"))
    os.chmod(made, 0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


# The two ends are tested with everything else; `make splits` tests what is between them too.
SPLITS = ["one", "three", "each"] if os.environ.get("SPLITS") == "all" else ["one", "each"]


@pytest.fixture(scope="package", params=SPLITS)
def split(
    request: pytest.FixtureRequest, databases: Callable[[str], dict[str, str]], folder: Path
) -> Iterator[Split]:
    """The platform in one process, in three, and in one for each part with a database of its own."""
    made = Split(request.param, urls=databases(request.param), home=folder / request.param)
    yield made
    made.stop()


@pytest.fixture(scope="package")
def bank(split: Split) -> Iterator[Neighbour]:
    """A tenant of the split platform, with everything in it."""
    made = Neighbour(split, "zqsplit")
    yield made
    made.close()

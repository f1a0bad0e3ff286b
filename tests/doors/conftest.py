"""Every door three times: messages as they are, through their wire format, and to a process that guards them."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.doors.house import EVERY_DOOR, Doors, FarProcess, build, build_far


# It has jobs of its own, which would find the work of other tests: it ends with the tests that knock at it.
@pytest.fixture(scope="module")
def process(migrated_url: str) -> Iterator[FarProcess]:
    """A second process on the same database, and two that may knock there: an edge, and one that holds wallets."""
    home = Path(tempfile.mkdtemp(prefix="tallystick-far-"))
    os.chmod(home, 0o711)
    made = FarProcess(
        migrated_url,
        home / "far",
        edge={door: ["edge", "operator"] for door in EVERY_DOOR},
        wallets={"ledger.Ledger": ["wallets"]},
    )
    yield made
    made.running.stop()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(params=["in hand", "over the wire", "far"])
async def doors(request, database_for, mint, caller) -> AsyncIterator[Doors]:
    if request.param != "far":
        wire = request.param == "over the wire"
        yield await build(database_for=database_for, mint=mint, caller=caller, wire=wire)
        return
    process: FarProcess = request.getfixturevalue("process")
    knocking = process.knocking("edge")
    yield await build_far(database_for=database_for, mint=mint, process=process, knocking=knocking)
    await knocking.stop()

"""Every door twice: with messages handed over as they are, and through their wire format."""

import pytest

from tests.doors.house import Doors, build


@pytest.fixture(params=[False, True], ids=["in hand", "over the wire"])
async def doors(request, database_for, mint, caller) -> Doors:
    return await build(database_for=database_for, mint=mint, caller=caller, wire=request.param)

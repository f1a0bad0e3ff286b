"""The nodes of effective time: how wide they are, and how many entries they hold themselves."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from tallystick.kernel.instants import DAY, SECOND
from tests.loops import to_end

HOUR = 3_600 * SECOND
ROOM = 128
# Every width but that of all time, in microseconds: see ledger.time_levels_v1.
WIDTHS = (
    *(10**power for power in range(8)), 60 * SECOND, 600 * SECOND, 2 * HOUR, DAY, 16 * DAY, 256 * DAY, 4_096 * DAY,
)  # fmt: skip


@contextmanager
def node_room(url: str, room: int) -> Iterator[None]:
    """Let nodes hold so many entries themselves, as the owner of the database, for a while."""
    _replace(url, room)
    try:
        yield
    finally:
        _replace(url, ROOM)


def _replace(url: str, room: int) -> None:
    async def replace() -> None:
        owner = await asyncpg.connect(url)
        try:
            await owner.execute(
                "SET ROLE tallystick_owner; CREATE OR REPLACE FUNCTION ledger.node_room_v1() RETURNS bigint"
                f" LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT {room:d}::bigint $$"
            )
        finally:
            await owner.close()

    to_end(replace())

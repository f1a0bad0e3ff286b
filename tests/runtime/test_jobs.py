"""Jobs: work comes again after a pause, and one failure holds up no other."""

import asyncio

import pytest

from tallystick.kernel.callers import Caller
from tallystick.runtime.jobs import every, finish_each

CALLER = Caller(tenant_id=5, actor="job")


async def test_what_cannot_be_finished_is_logged_and_holds_up_no_other(
    capsys: pytest.CaptureFixture[str],
):
    tried: list[str] = []

    async def finish(caller: Caller, identifier: str) -> int:
        tried.append(identifier)
        if identifier == "file_2":
            raise ConnectionResetError("gone")
        return 2

    waiting = [(CALLER, f"file_{number}") for number in (1, 2, 3)]
    assert await finish_each(waiting, finish, kind="payment file") == 4
    assert tried == ["file_1", "file_2", "file_3"]
    logged = capsys.readouterr().out
    assert "not_finished" in logged
    assert "file_2" in logged
    assert "file_1" not in logged


async def test_work_comes_again_after_a_failure_until_the_process_stops():
    stopping, turns = asyncio.Event(), 0

    async def work() -> int:
        nonlocal turns
        turns += 1
        if turns == 1:
            raise ConnectionResetError("gone")
        stopping.set()
        return 1

    await asyncio.wait_for(every(0, work, name="test", stopping=stopping), 10)
    assert turns == 2

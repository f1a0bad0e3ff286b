"""Reading a body: how long it may take, and who may end it."""

import asyncio

import pytest

from tallystick.runtime import reading


async def test_a_body_that_never_comes_is_given_up(monkeypatch):
    monkeypatch.setattr(reading, "BODY_WAIT_S", 0.01)
    monkeypatch.setattr(reading, "SWEEP_EVERY_S", 0.01)
    deadlines = reading.Deadlines()

    async def never():
        await asyncio.Event().wait()

    with pytest.raises(reading.BodyTooSlow):
        await deadlines.read(never, None)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_cancelled_reader_stays_cancelled():
    deadlines = reading.Deadlines()

    async def never():
        await asyncio.Event().wait()

    task = asyncio.create_task(deadlines.read(never, None))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

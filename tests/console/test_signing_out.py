"""Signing out says that it did only when the session has ended."""

from typing import Any
from unittest.mock import AsyncMock, MagicMock

import pytest

from tallystick.console.ground import Ground
from tallystick.console.routes import console
from tallystick.identity.api.sessions import SessionNotAccepted, SessionNotFound
from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import Problem
from tallystick.kernel.refusals import TemporarilyUnavailable
from tallystick.runtime.clock import Mint, SystemClock
from tallystick.runtime.routes import NOBODY, Asked, Reply, Shown

CLERK = Caller(tenant_id=7, actor="per_clerk", session="ses_1")


async def sign_out(*, proven: Any = CLERK, ended: Problem | None = None) -> Reply:
    """Press the button in a browser with a session, over doors that answer so."""
    doors, clock = MagicMock(), SystemClock()
    doors.sessions.prove = AsyncMock(
        return_value=proven, side_effect=proven if isinstance(proven, Problem) else None
    )
    doors.sessions.end = AsyncMock(side_effect=ended)
    doors.people.me = doors.identity.who_am_i = AsyncMock(side_effect=SessionNotFound("none"))
    doors.access.decide = AsyncMock(side_effect=SessionNotFound("none"))
    ground = Ground(
        doors=doors, clock=clock, mint=Mint(clock), url="http://localhost:1", relying_party="here"
    )
    routes, _ = console(ground)
    [route] = [one for one in routes if one.path == "/sign-out"]
    headers = {
        b"cookie": b"tallystick=tses_1",
        b"content-type": b"application/x-www-form-urlencoded",
    }
    scope = {"method": "POST", "path": "/sign-out", "query_string": b""}
    shown = Shown(authorization="", scope=scope, headers=headers)
    return await route.handle(Asked(caller=NOBODY, path={}, body=b"", shown=shown))


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"ended": SessionNotFound("It has ended.")},
        {"proven": SessionNotAccepted("It has ended.")},
    ],
)
async def test_whoever_is_signed_out_is_asked_who_they_are(answers: dict[str, Any]) -> None:
    reply = await sign_out(**answers)
    assert (reply.status, (reply.headers or {})["location"]) == (303, "/sign-in")
    assert reply.cookies[0].startswith("tallystick=; ")


@pytest.mark.parametrize(
    "answers",
    [
        {"ended": TemporarilyUnavailable("It does not answer.")},
        {"proven": TemporarilyUnavailable("It does not answer.")},
    ],
)
async def test_an_end_that_never_came_is_not_claimed(answers: dict[str, Any]) -> None:
    reply = await sign_out(**answers)
    assert reply.status == 503
    assert b"still signed in" in reply.value
    assert b'action="/sign-out"' in reply.value
    # The browser keeps what a second press needs.
    assert reply.cookies == ()

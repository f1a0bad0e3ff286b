"""What is tried and refused is in the log: once a minute for each kind, with how many, and nothing that was sent."""

from typing import Any

import httpx
import pytest
import structlog

from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import Malformed, Problem
from tallystick.runtime import tries
from tallystick.runtime.edge import Asked, Route, Shown, build_app
from tallystick.runtime.refusals import BodyTooLarge, KeyMissing, RequestInFlight, TooManyRequests
from tallystick.runtime.tries import LINE_EVERY_S, Tries


class Hand:
    at: int | float = 100

    def __call__(self) -> int:
        return int(self.at * 1_000_000_000)


def noted(kept: Tries, *problems: Problem, route: str | None = "/v1/x") -> list[dict[str, Any]]:
    with structlog.testing.capture_logs() as logs:
        for number, problem in enumerate(problems):
            kept.note(problem, route=route, request_id=f"req_{number}")
    return [dict(line) for line in logs]


def test_a_flood_is_two_lines_and_the_second_says_how_many() -> None:
    hand = Hand()
    kept = Tries(now=hand)
    (first,) = noted(kept, *[Malformed("no")] * 1_000)
    assert first == {
        "event": "requests_refused",
        "log_level": "info",
        "route": "/v1/x",
        "code": "malformed_request",
        "count": 1,
        "request_id": "req_0",
    }
    hand.at += LINE_EVERY_S - 0.1
    assert noted(kept, Malformed("no")) == []
    hand.at += 0.1
    (second,) = noted(kept, Malformed("no"))
    assert second["count"] == 1_001


def test_each_route_and_each_code_has_its_line() -> None:
    kept = Tries(now=Hand())
    told = noted(kept, Malformed("no"), BodyTooLarge("no"), TooManyRequests("no"), KeyMissing("no"))
    assert len({line["code"] for line in told}) == len(told) == 4
    assert len(noted(kept, Malformed("no"), route=None)) == 1


def test_what_the_business_refuses_is_not_of_the_edge() -> None:
    assert noted(Tries(now=Hand()), RequestInFlight("no")) == []


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tries, "KINDS_MAX", 3)
    kept = Tries(now=Hand())
    for number in range(10):
        assert len(noted(kept, Malformed("no"), route=f"/v1/{number}")) == 1
    assert len(kept._kinds) <= 3


async def test_a_refused_request_is_logged_without_what_it_carried() -> None:
    async def authenticate(shown: Shown, _: Caller) -> Caller:
        return Caller(tenant_id=1, actor="per_1")

    async def see(asked: Asked) -> None:
        raise AssertionError("it is refused before")

    route = Route(method="GET", path="/v1/x/{name}", summary="x", handle=see, status=204)
    app = build_app(routes=[route], authenticate=authenticate, title="x", version="1")
    transport = httpx.ASGITransport(app=app, client=("198.51.100.9", 1))
    with structlog.testing.capture_logs() as logs:
        async with httpx.AsyncClient(transport=transport, base_url="http://edge") as client:
            for _ in range(3):
                answer = await client.get("/v1/x/swordfish?secret=swordfish")
                assert answer.status_code == 400
    (line,) = [one for one in logs if one["event"] == "requests_refused"]
    assert (line["route"], line["code"]) == ("/v1/x/{name}", "malformed_request")
    assert "swordfish" not in str(line)
    assert "198.51.100.9" not in str(line)

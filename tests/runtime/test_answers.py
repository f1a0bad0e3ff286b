"""Answers of the edge: in the media type the caller accepts, said again when it is a replay, named in logs by route."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import Problem
from tallystick.runtime.edge import JSON, XML, Asked, Reply, Route, Shown, build_app

IBAN = "NL91ABNA0417164300"


class Taken(Problem):
    """It was taken before."""

    code = "it_was_taken"


class Desk:
    """Answers in the media type it is asked for, or raises what it is told to."""

    def __init__(self) -> None:
        self.error: Exception | None = None

    async def report(self, asked: Asked) -> Reply:
        if self.error is not None:
            raise self.error
        return Reply(value=b"<a/>" if asked.media == XML else b"{}", media=asked.media)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async def authenticate(_: Shown, asking: Caller) -> Caller:
        return Caller(tenant_id=5, actor="key_1")

    report = Route(
        method="GET",
        path="/v1/accounts/{iban}/report",
        summary="Report",
        handle=desk.report,
        answer=bytes,
        answer_media=XML,
        other_media=(JSON,),
        problems=(Taken,),
    )
    app = build_app(routes=[report], authenticate=authenticate, title="Edge", version="1")
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://edge") as opened:
        opened.headers.pop("accept")  # httpx sends one of its own
        yield opened


async def ask(client: httpx.AsyncClient, **headers: str) -> httpx.Response:
    return await client.get(f"/v1/accounts/{IBAN}/report", headers=headers)


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("*/*", XML), ("application/*", XML), (XML, XML), (JSON, JSON), (f"{JSON}, {XML}", XML),
        (f"{JSON}, text/plain, */*", JSON), ("text/html, */*;q=0.1", XML), ("Application/JSON;q=0.5", JSON),
        ("application/problem+json", XML),
    ],
)  # fmt: skip
async def test_the_caller_chooses_among_the_media_of_a_route(
    client: httpx.AsyncClient, accept: str, media: str
):
    answer = await ask(client, accept=accept)
    assert (answer.status_code, answer.headers["content-type"]) == (200, media)


async def test_who_says_nothing_gets_the_usual_media_of_a_route(client: httpx.AsyncClient):
    assert (await ask(client)).headers["content-type"] == XML


async def test_media_that_a_route_has_not_are_refused_with_those_it_has(client: httpx.AsyncClient):
    answer = await ask(client, accept="text/html, text/*")
    assert (answer.status_code, answer.json()["code"]) == (406, "answer_type_not_acceptable")
    assert "application/xml or application/json" in answer.json()["detail"]


async def test_a_refusal_that_was_given_before_says_so(client: httpx.AsyncClient, desk: Desk):
    desk.error = Taken("It is gone.")
    assert "idempotent-replayed" not in (await ask(client)).headers
    desk.error.replayed = True
    assert (await ask(client)).headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize("error", [ValueError("broken"), ConnectionResetError("gone")])
async def test_logs_name_the_route_and_not_what_its_path_carries(
    client: httpx.AsyncClient, desk: Desk, capsys: pytest.CaptureFixture[str], error: Exception
):
    desk.error = error
    assert (await ask(client)).status_code in (500, 503)
    logged = capsys.readouterr().out
    assert "/v1/accounts/{iban}/report" in logged
    assert IBAN not in logged

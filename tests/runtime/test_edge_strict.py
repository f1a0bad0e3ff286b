"""The edge's manners: strict headers, closed origins, bounds of a request's head, its time, and its trace."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import structlog

from tallystick.kernel.callers import Caller
from tallystick.runtime import deadlines, reading
from tallystick.runtime.configuration import read_settings
from tallystick.runtime.edge import Asked, Manners, Route, Shown, build_app
from tallystick.runtime.telemetry import configure_logging
from tallystick.runtime.tracing import trace_of

CONSOLE = "https://console.bank.example"
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@asynccontextmanager
async def serving(**manners: Any) -> AsyncIterator[httpx.AsyncClient]:
    async def authenticate(shown: Shown, _: Caller) -> Caller:
        return Caller(tenant_id=1, actor="per_1")

    async def see(asked: Asked) -> None:
        structlog.get_logger("test").warning("seen")

    async def sleep(asked: Asked) -> None:
        await asyncio.Event().wait()

    routes = [
        Route(method="GET", path="/v1/x", summary="x", handle=see, status=204),
        Route(method="PUT", path="/v1/x", summary="x", handle=see, status=204),
        Route(method="GET", path="/v1/slow", summary="x", handle=sleep, status=204),
    ]
    app = build_app(
        routes=routes, authenticate=authenticate, title="x", version="1", manners=Manners(**manners)
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://edge"
    ) as client:
        yield client


# Headers of every answer.


@pytest.mark.parametrize("path", ["/v1/x", "/nowhere", "/healthz", "/docs", "/openapi.json"])
async def test_every_answer_is_strict(path: str) -> None:
    async with serving() as client:
        headers = (await client.get(path)).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    for directive in ("default-src", "base-uri", "frame-ancestors"):
        assert f"{directive} 'none'" in headers["content-security-policy"]
    assert "strict-transport-security" not in headers
    assert "server" not in headers
    assert "set-cookie" not in headers


@pytest.mark.parametrize("path", ["/docs", "/docs/problems"])
async def test_a_page_is_stricter_still(path: str) -> None:
    async with serving() as client:
        headers = (await client.get(path, headers={"accept": "text/html"})).headers
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-embedder-policy"] == "require-corp"
    assert "camera=()" in headers["permissions-policy"]


@pytest.mark.parametrize("path", ["/v1/x", "/nowhere", "/docs"])
async def test_over_tls_a_browser_is_told_to_stay_there(path: str) -> None:
    async with serving(is_tls=True) as client:
        headers = (await client.get(path)).headers
    assert headers["strict-transport-security"] == "max-age=63072000; includeSubDomains"


# Origins.


def preflight(origin: str, method: str = "PUT") -> dict[str, str]:
    return {"origin": origin, "access-control-request-method": method}


def opening(answer: httpx.Response) -> set[str]:
    return {name for name in answer.headers if name.startswith("access-control-")}


async def test_no_page_of_another_origin_reads_anything() -> None:
    async with serving() as client:
        for answer in (
            await client.get("/v1/x", headers={"origin": CONSOLE}),
            await client.options("/v1/x", headers=preflight(CONSOLE)),
        ):
            assert opening(answer) == set()
        assert answer.status_code == 405


async def test_an_origin_that_is_configured_may_ask_and_read() -> None:
    async with serving(origins=(CONSOLE,)) as client:
        asked = await client.options("/v1/x", headers=preflight(CONSOLE))
        assert asked.status_code == 204
        assert asked.headers["access-control-allow-origin"] == CONSOLE
        assert asked.headers["access-control-allow-methods"] == "GET, HEAD, PUT"
        assert "idempotency-key" in asked.headers["access-control-allow-headers"]
        assert asked.headers["access-control-max-age"] == "600"
        assert "access-control-allow-credentials" not in asked.headers
        for path in ("/v1/x", "/nowhere"):
            answer = await client.get(path, headers={"origin": CONSOLE})
            assert answer.headers["access-control-allow-origin"] == CONSOLE
            assert "retry-after" in answer.headers["access-control-expose-headers"]
            assert answer.headers["vary"] == "origin"


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", f"{CONSOLE}.evil.example", f"{CONSOLE}:444", "null", "*", ""],
)
async def test_another_origin_is_not_let_in_beside_it(origin: str) -> None:
    async with serving(origins=(CONSOLE,)) as client:
        asked = await client.options("/v1/x", headers=preflight(origin))
        answer = await client.get("/v1/x", headers={"origin": origin})
    assert (asked.status_code, opening(asked), opening(answer)) == (405, set(), set())
    assert answer.headers["vary"] == "origin"


async def test_options_that_ask_for_nothing_are_no_method_of_a_path() -> None:
    async with serving(origins=(CONSOLE,)) as client:
        assert (await client.options("/v1/x", headers={"origin": CONSOLE})).status_code == 405
        unknown = await client.options("/nowhere", headers=preflight(CONSOLE))
        assert unknown.status_code == 404


@pytest.mark.parametrize(
    "text",
    ["*", "console.bank.example", "http://console.bank.example", f"{CONSOLE}/", "null", "https://"],
)
def test_an_origin_that_is_none_is_refused_at_the_start(text: str) -> None:
    with pytest.raises(ValueError, match="TALLYSTICK_CORS_ORIGINS"):
        read_settings({"TALLYSTICK_CORS_ORIGINS": text})


def test_origins_are_read() -> None:
    text = f"{CONSOLE}, http://localhost:5173"
    found = read_settings({"TALLYSTICK_CORS_ORIGINS": text}).cors_origins
    assert found == (CONSOLE, "http://localhost:5173")


# Bounds.


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_the_head_of_a_request_is_bounded() -> None:
    async with serving() as client:
        many = [(f"x-{number}", "1") for number in range(reading.HEADERS_MAX + 1)]
        assert code(await client.get("/v1/x", headers=many)) == (431, "headers_too_large")
        large = {"x-large": "x" * (reading.HEADER_BYTES_MAX + 1)}
        assert code(await client.get("/v1/x", headers=large)) == (431, "headers_too_large")
        twice = [("x-a", "x" * (reading.HEADER_BYTES_MAX // 2 + 1))] * 2
        assert code(await client.get("/v1/x", headers=twice)) == (431, "headers_too_large")
        path = "/" + "x" * reading.PATH_BYTES_MAX
        assert code(await client.get(path)) == (414, "path_too_long")
        path = "/" + "x" * (reading.PATH_BYTES_MAX - 1)
        assert code(await client.get(path)) == (404, "path_not_found")
        some = [(f"x-{number}", "1") for number in range(reading.HEADERS_MAX - 10)]
        assert (await client.get("/v1/x", headers=some)).status_code == 204


async def test_a_request_ends_in_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "SWEEP_EVERY_S", 0.01)
    async with serving(request_s=0.05) as client:
        answer = await client.get("/v1/slow")
        assert code(answer) == (503, "request_took_too_long")
        assert answer.json()["retry"] == "same request"
        assert (await client.get("/v1/x")).status_code == 204


async def test_a_body_that_never_comes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BODY_WAIT_S", 0.02)
    monkeypatch.setattr(deadlines, "SWEEP_EVERY_S", 0.01)

    async def take(_: Asked) -> None:
        raise AssertionError("the body never came")

    async def authenticate(shown: Shown, asking: Caller) -> Caller:
        return asking

    route = Route(method="POST", path="/v1/x", summary="x", handle=take, body=bytes)
    app = build_app(routes=[route], authenticate=authenticate, title="x", version="1")
    sent: list[dict[str, Any]] = []

    async def never() -> Any:
        await asyncio.Event().wait()

    async def send(event: dict[str, Any]) -> None:
        sent.append(event)

    headers = [(b"content-type", b"application/xml"), (b"content-length", b"3")]
    scope = {
        "type": "http", "method": "POST", "path": "/v1/x", "raw_path": b"/v1/x", "query_string": b"",
        "headers": headers, "client": ("127.0.0.1", 1),
    }  # fmt: skip
    await app(scope, never, send)
    assert sent[0]["status"] == 408
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_request_that_is_ended_from_outside_stays_so() -> None:
    async with serving() as client:
        task = asyncio.create_task(client.get("/v1/slow"))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


# Traces.


@pytest.mark.parametrize(
    ("given", "trace", "flags"),
    [
        (PARENT, TRACE, "01"),
        (PARENT[:-2] + "00", TRACE, "00"),
        (PARENT[:-2] + "ff", TRACE, "01"),
        # A later version is understood by its beginning.
        ("cc" + PARENT[2:] + "-what-comes-later", TRACE, "01"),
        ("cc" + PARENT[2:], TRACE, "01"),
    ],
)
def test_a_trace_is_taken_over(given: str, trace: str, flags: str) -> None:
    found = trace_of("req_1", given.encode())
    assert (found.trace_id, found.flags) == (trace, flags)
    assert found.render().decode() == f"00-{trace}-{found.span_id}-{flags}"
    assert found.span_id != PARENT.split("-")[2]


@pytest.mark.parametrize(
    "given",
    [
        None, "", "00", PARENT + "-more", PARENT + "x", PARENT.upper(), "ff" + PARENT[2:], PARENT.replace("-", "_"),
        f"00-{'0' * 32}-b7ad6b7169203331-01", f"00-{TRACE}-{'0' * 16}-01", f"{PARENT}, {PARENT}", "0" * 10_000,
        "cc" + PARENT[2:] + "x",
    ],
)  # fmt: skip
def test_a_trace_that_is_none_is_made(given: str | None) -> None:
    found = trace_of("req_1", given.encode() if given is not None else None)
    assert found == trace_of("req_1", None)
    assert found.trace_id != TRACE
    assert found.trace_id != trace_of("req_2", None).trace_id
    assert (len(found.trace_id), len(found.span_id)) == (32, 16)


async def test_a_trace_is_answered_to_whoever_is_in_one() -> None:
    async with serving() as client:
        told = await client.get("/v1/x", headers={"traceparent": PARENT, "tracestate": "a=1"})
        refused = await client.get("/nowhere", headers={"traceparent": PARENT})
        alone = await client.get("/v1/x")
    for answer in (told, refused):
        assert answer.headers["traceresponse"].split("-")[1] == TRACE
    assert "traceresponse" not in alone.headers


async def test_every_line_of_the_log_has_its_request_and_its_trace(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging("info")
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=sys.stderr))
    async with serving() as client:
        answers = await asyncio.gather(
            client.get("/v1/x", headers={"traceparent": PARENT, "x-request-id": "mine"}),
            client.get("/v1/x", headers={"x-request-id": "yours"}),
        )
    assert [answer.status_code for answer in answers] == [204, 204]
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    by_request = {line["request_id"]: line["trace_id"] for line in lines}
    assert by_request == {"mine": TRACE, "yours": trace_of("yours", None).trace_id}

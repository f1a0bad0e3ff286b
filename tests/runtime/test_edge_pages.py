"""Pages at the edge: proven by whoever serves them, refused in pages, kept from other sites, in no document."""

from typing import Any

import httpx
import pytest

from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import Kind, Problem
from tallystick.runtime.edge import Asked, Manners, Reply, Route, Shown, build_app
from tallystick.runtime.routes import Pages

HTML = "text/html; charset=utf-8"
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Stranger(Problem):
    """Nobody of ours."""

    code = "stranger"
    kind = Kind.UNAUTHENTICATED


class Elsewhere(Problem):
    """Sent by somebody else's page."""

    code = "elsewhere"
    kind = Kind.FORBIDDEN


class House:
    """Pages for whoever has the cookie ``one=1``."""

    def demand_own(self, shown: Shown) -> None:
        if (
            shown.scope["method"] == "POST"
            and shown.headers.get(b"sec-fetch-site") != b"same-origin"
        ):
            raise Elsewhere("not ours")

    async def prove(self, shown: Shown, asking: Caller) -> Caller:
        if shown.headers.get(b"cookie") != b"one=1":
            raise Stranger("who?")
        return Caller(tenant_id=1, actor="per_1")

    def refused(self, problem: Problem, shown: Shown, request_id: str) -> Reply:
        assert request_id
        return Reply(
            value=f"<p>{problem.code} at {shown.scope['path']}".encode(),
            media=HTML,
            headers={"content-security-policy": "default-src 'self'"},
        )


def client(house: Pages, *, everywhere: bool = True) -> httpx.AsyncClient:
    async def authenticate(shown: Shown, _: Caller) -> Caller:
        if shown.authorization:
            return Caller(tenant_id=1, actor="key_1")
        raise Stranger("who?")

    async def show(asked: Asked) -> Reply:
        assert asked.shown is not None
        return Reply(value=asked.caller.actor.encode(), media=HTML, cookies=("a=1", "b=2"))

    async def take(asked: Asked) -> Reply:
        return Reply(value=asked.body, media=HTML)

    async def api(asked: Asked) -> None:
        return None

    def page(method: str, path: str, handle: Any, **more: Any) -> Route:
        return Route(
            method=method, path=path, summary="a page", handle=handle, answer=bytes,
            answer_media=HTML, pages=house, **more,
        )  # fmt: skip

    routes = [
        page("GET", "/", show),
        page("POST", "/form", take, body=bytes, form=True),
        page("POST", "/files", take, body=bytes, form=True, files=True),
        Route(method="GET", path="/v1/x", summary="x", handle=api, status=204),
        Route(method="POST", path="/v1/form", summary="x", handle=take, body=bytes, form=True),
    ]
    manners = Manners(pages=house if everywhere else None)
    app = build_app(
        routes=routes, authenticate=authenticate, title="x", version="1", manners=manners
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://edge")


@pytest.fixture
async def edge():
    async with client(House()) as one:
        yield one


async def test_a_page_is_for_whoever_its_own_proof_takes(edge):
    answer = await edge.get("/", headers={"cookie": "one=1"})
    assert answer.text == "per_1"
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert answer.headers["x-frame-options"] == "DENY"


async def test_what_proves_at_the_api_proves_nothing_at_a_page_nor_the_other_way_round(edge):
    assert (await edge.get("/", headers={"authorization": "Bearer x"})).status_code == 401
    assert (await edge.get("/v1/x", headers={"cookie": "one=1"})).status_code == 401


async def test_a_refusal_at_a_page_is_a_page_with_every_strict_header(edge):
    answer = await edge.get("/")
    assert (answer.status_code, answer.text) == (401, "<p>stranger at /")
    assert answer.headers["content-type"] == HTML
    assert answer.headers["content-security-policy"] == "default-src 'self'"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["x-request-id"]


async def test_where_there_is_nothing_a_browser_is_told_in_a_page_and_a_program_in_a_document(edge):
    page = await edge.get("/nowhere", headers={"accept": "text/html,*/*;q=0.8"})
    assert (page.status_code, page.text) == (404, "<p>path_not_found at /nowhere")
    document = await edge.get("/nowhere", headers={"accept": "*/*"})
    assert document.headers["content-type"] == "application/problem+json"


async def test_what_another_site_makes_a_browser_send_is_refused_before_it_is_read(edge):
    headers = {"cookie": "one=1", **FORM, "content-length": "999999999"}
    answer = await edge.post("/form", headers=headers, content=b"a=1")
    assert (answer.status_code, answer.text) == (403, "<p>elsewhere at /form")


async def test_a_form_with_files_is_taken_where_files_are(edge):
    headers = {"cookie": "one=1", "sec-fetch-site": "same-origin"}
    parts = {"content-type": "multipart/form-data; boundary=x"}
    assert (await edge.post("/files", headers=headers | parts, content=b"x")).text == "x"
    assert (await edge.post("/files", headers=headers | FORM, content=b"a=1")).text == "a=1"
    assert (await edge.post("/form", headers=headers | parts, content=b"x")).status_code == 415
    key = {"authorization": "Bearer x"}
    assert (await edge.post("/v1/form", headers=key | parts, content=b"x")).status_code == 415


async def test_pages_are_in_no_document(edge):
    paths = (await edge.get("/openapi.json")).json()["paths"]
    assert "/v1/x" in paths
    assert not {"/", "/form", "/files"} & set(paths)


async def test_without_a_first_page_the_address_leads_to_the_reference():
    app = build_app(
        routes=[], authenticate=House().prove, title="x", version="1"
    )  # fmt: skip
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://edge"
    ) as bare:
        assert (await bare.get("/")).headers["location"] == "/docs"

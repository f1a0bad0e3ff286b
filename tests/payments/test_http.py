"""Payments over HTTP: what is answered, with which status, in which media type."""

import httpx
import pytest

from tallystick.payments import http
from tallystick.runtime.edge import build_app
from tests.payments.orders import Order, initiation, texts

XML = {"content-type": "application/xml"}
KEYED = XML | {"idempotency-key": "k"}


@pytest.fixture
async def client(teller, bank, caller):
    async def authenticate(_, __):
        return caller

    app = build_app(
        routes=http.routes(teller.door), authenticate=authenticate, title="Payments", version="1"
    )
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_a_file_lives_over_http(client):
    content = initiation(Order(), Order(to="DE88370400440532013000"))
    made = await client.post("/v1/payment-files", content=content, headers=XML)
    assert (made.status_code, made.headers["content-type"]) == (
        201,
        "application/xml; charset=utf-8",
    )
    assert texts(made.content, "TxSts") == ["ACSC", "RJCT"]
    again = await client.post("/v1/payment-files?format=json", content=content, headers=XML)
    assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")
    answer = again.json()
    assert (answer["status"], answer["replayed"], "report" in answer) == ("PART", True, False)
    path = again.headers["location"]
    shown = (await client.get(path)).json()
    assert shown["file"]["payments"] == {"total": 2, "accepted": 0, "settled": 1, "rejected": 1}
    report = await client.get(f"{path}/report")
    assert (report.headers["content-type"], report.content) == (
        "application/xml; charset=utf-8",
        made.content,
    )
    assert len((await client.get("/v1/payment-files")).json()["items"]) == 1
    (rejected,) = (await client.get("/v1/payments?state=rejected")).json()["items"]
    assert rejected["reason"]["name"] == "InvalidCreditorAccountNumber"
    one = (await client.get(f"/v1/payments/{rejected['payment_id']}")).json()
    assert [move["event"] for move in one["transitions"]] == ["reject"]


async def test_the_answer_to_a_file_is_what_the_query_or_the_header_accept_asks_for(client):
    content = initiation(Order())
    for query, accept, media in (
        ("", "application/json", "application/json"),
        ("", "application/xml", "application/xml; charset=utf-8"),
        ("", "*/*", "application/xml; charset=utf-8"),
        ("?format=json", "application/json", "application/json"),
        ("?format=json", "*/*", "application/json"),
        ("?format=pain002", "application/json, application/xml", "application/xml; charset=utf-8"),
    ):
        answer = await client.post(
            f"/v1/payment-files{query}", content=content, headers=XML | {"accept": accept}
        )
        assert answer.status_code in (200, 201), answer.text
        assert answer.headers["content-type"] == media


@pytest.mark.parametrize(
    ("method", "path", "options", "expected"),
    [
        ("POST", "/v1/payment-files", {"content": b"<a/>", "headers": XML}, (415, "message_not_supported")),
        ("POST", "/v1/payment-files", {"json": {}}, (415, "media_type_not_supported")),
        ("POST", "/v1/payment-files", {"content": b"<a/>", "headers": KEYED}, (400, "malformed_request")),
        ("GET", "/v1/payment-files/none", {}, (404, "file_not_found")),
        ("GET", "/v1/payment-files/none/report", {}, (404, "file_not_found")),
        ("GET", "/v1/payments/none", {}, (404, "payment_not_found")),
        ("GET", "/v1/payments?state=lost", {}, (400, "malformed_request")),
        ("GET", "/v1/payments?colour=red", {}, (400, "malformed_request")),
    ],
)  # fmt: skip
async def test_what_cannot_be_done_is_told(client, method, path, options, expected):
    answer = await client.request(method, path, **options)
    assert (answer.status_code, answer.json()["code"]) == expected

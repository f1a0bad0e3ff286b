"""Wallets over HTTP: what is answered, with which status, in which media type."""

import httpx
import pytest

from tallystick.kernel import instants
from tallystick.runtime.clock import SystemClock
from tallystick.runtime.edge import build_app
from tallystick.wallets import http
from tests.wallets.conftest import SPANISH

WALLET = {
    "owner": {"kind": "company", "name": "De Vries Fietsen"},
    "name": "Shop",
    "accounts": [{"asset": "EUR", "exponent": 2, "iban": SPANISH}],
}


@pytest.fixture
async def client(wallets, caller):
    async def authenticate(_, __):
        return caller

    app = build_app(
        routes=http.routes(wallets), authenticate=authenticate, title="Wallets", version="1"
    )
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_a_wallet_lives_over_http(client):
    made = await client.post("/v1/wallets", json=WALLET, headers={"Idempotency-Key": "shop-1"})
    assert (made.status_code, made.json()["id"]) == (201, "shop-1")
    again = await client.post("/v1/wallets", json=WALLET, headers={"Idempotency-Key": "shop-1"})
    assert (again.status_code, again.json()["replayed"]) == (200, True)
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in made.headers
    account = {"asset": "EUR", "exponent": 2}
    added = await client.post("/v1/wallets/shop-1/accounts", json=account)
    assert (added.status_code, added.json()["accounts"][1]["account"]) == (201, "EUR:2")
    limits = {"min_available": "-90071992547409930", "max_available": None}
    limited = await client.put("/v1/wallets/shop-1/accounts/EUR:2/limits", json=limits)
    assert limited.json()["accounts"][1]["min_available"] == "-90071992547409930"
    for change, status in (
        ("freeze", "frozen"), ("unfreeze", "open"), ("close", "closed"), ("reopen", "open"),
    ):  # fmt: skip
        changed = await client.post(f"/v1/wallets/shop-1/{change}")
        assert (changed.status_code, changed.json()["status"]) == (200, status)
    listed = await client.get("/v1/wallets?status=open&limit=1")
    assert [one["id"] for one in listed.json()["items"]] == ["shop-1"]
    assert (await client.get("/v1/wallets/shop-1")).json()["accounts"][0]["iban"] == SPANISH


async def test_a_statement_is_camt_or_json(client):
    await client.post("/v1/wallets", json=WALLET | {"id": "shop"})
    day = instants.day_of(SystemClock().now()).isoformat()
    for path in ("/v1/wallets/shop/accounts/EUR", f"/v1/accounts/{SPANISH}"):
        file = await client.get(f"{path}/statement?from={day}&to={day}")
        assert (file.status_code, file.headers["content-type"]) == (
            200,
            "application/xml; charset=utf-8",
        )
        assert b"camt.053.001.08" in file.content
        read = await client.get(f"{path}/statement?from={day}&to={day}&format=json")
        assert read.headers["content-type"] == "application/json"
        assert (read.json()["iban"], read.json()["closing"]) == (SPANISH, 0)
        accepted = {"accept": "application/json"}
        for query in (f"from={day}&to={day}", f"from={day}&to={day}&format=json"):
            again = await client.get(f"{path}/statement?{query}", headers=accepted)
            assert (again.status_code, again.json()["closing"]) == (200, 0)
        refused = await client.get(
            f"{path}/statement?from={day}&to={day}", headers={"accept": "text/html"}
        )
        assert refused.json()["code"] == "answer_type_not_acceptable"


async def test_a_statement_is_for_people_and_tables_too(client):
    await client.post("/v1/wallets", json=WALLET | {"id": "shop"})
    day = instants.day_of(SystemClock().now()).isoformat()
    files = {
        "pdf": ("application/pdf", "application/pdf", b"%PDF-1.7"),
        "csv": ("text/csv", "text/csv; charset=utf-8; header=present", b"booked_on,value_on,"),
    }
    for path in ("/v1/wallets/shop/accounts/EUR", f"/v1/accounts/{SPANISH}"):
        for name, (accepted, media, start) in files.items():
            asked = f"{path}/statement?from={day}&to={day}"
            by_header = await client.get(asked, headers={"accept": accepted})
            by_query = await client.get(f"{asked}&format={name}")
            for answer in (by_header, by_query):
                assert (answer.status_code, answer.headers["content-type"]) == (200, media)
                assert answer.content.startswith(start)
    wrong = await client.get(f"/v1/accounts/{SPANISH}/statement?from={day}&to={day}&format=xls")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "malformed_request")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/v1/wallets/none", None, 404, "wallet_not_found"),
        ("POST", "/v1/wallets/none/freeze", None, 404, "wallet_not_found"),
        ("POST", "/v1/wallets", WALLET | {"colour": 1}, 400, "malformed_request"),
        ("POST", "/v1/wallets", WALLET | {"accounts": []}, 400, "malformed_request"),
        (
            "GET",
            "/v1/accounts/x/statement?from=2026-01-01&to=2026-01-01",
            None,
            422,
            "iban_not_valid",
        ),
        (
            "GET",
            f"/v1/accounts/{SPANISH}/statement?from=2026-01-01",
            None,
            400,
            "malformed_request",
        ),
        ("GET", "/v1/wallets?status=gone", None, 400, "malformed_request"),
    ],
)
async def test_a_refusal_has_its_status_and_code(client, *, method, path, body, status, code):
    answer = await client.request(method, path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_every_route_is_in_the_document(client):
    document = (await client.get("/openapi.json")).json()
    assert len([path for path in document["paths"] if path.startswith("/v1/")]) == 10
    for code in (
        "wallet_not_empty", "iban_is_taken", "statement_too_long", "statement_format_not_supported", "wallet_is_busy",
    ):  # fmt: skip
        assert code in document["x-problems"]

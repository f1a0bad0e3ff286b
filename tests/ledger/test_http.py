"""The books over HTTP: how a single act is answered, refused, and answered again."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tallystick.kernel.callers import Caller
from tallystick.ledger import http
from tallystick.ledger.api import Refused
from tallystick.runtime.edge import Shown, build_app
from tests.ledger.desk import LEDGER, Desk

PATH = f"/v1/ledgers/{LEDGER}"


@pytest.fixture
async def client(desk: Desk, caller: Caller) -> AsyncIterator[httpx.AsyncClient]:
    async def authenticate(_: Shown, asking: Caller) -> Caller:
        return caller

    app = build_app(
        routes=http.routes(desk.service), authenticate=authenticate, title="Books", version="1"
    )
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as opened:
        for address, least in (("bank", None), ("customer", 0)):
            account = {
                "address": address, "asset": "EUR", "exponent": 2, "normal_side": "credit", "min_available": least,
            }  # fmt: skip
            made = await opened.post(f"{PATH}/accounts", json=account)
            assert made.status_code == 201, made.text
        yield opened


async def pay(client: httpx.AsyncClient, *, debit: str, credit: str, key: str) -> httpx.Response:
    posting = {"debit": debit, "credit": credit, "amount": 5, "asset": "EUR"}
    return await client.post(
        f"{PATH}/transactions",
        json={"kind": "post", "postings": [posting]},
        headers={"Idempotency-Key": key},
    )


async def test_an_act_sent_again_is_answered_as_it_was_and_says_so(client: httpx.AsyncClient):
    first = await pay(client, debit="bank", credit="customer", key="a")
    again = await pay(client, debit="bank", credit="customer", key="a")
    assert (first.status_code, again.status_code) == (201, 200)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json()["transaction"] == first.json()["transaction"]


async def test_a_refusal_sent_again_is_refused_as_it_was_and_says_so(client: httpx.AsyncClient):
    first = await pay(client, debit="customer", credit="bank", key="b")
    again = await pay(client, debit="customer", credit="bank", key="b")
    for answer in (first, again):
        assert (answer.status_code, answer.json()["code"]) == (422, "exceeds_available_balance")
        assert answer.json()["type"] == "/docs/problems#exceeds_available_balance"
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"


async def test_ledgers_are_listed_by_name_and_the_cursor_continues(client: httpx.AsyncClient):
    for name in ("other", "zero"):
        made = await client.post("/v1/ledgers", json={"name": name})
        assert made.status_code == 201
    first = (await client.get("/v1/ledgers?limit=2")).json()
    assert [ledger["name"] for ledger in first["items"]] == [LEDGER, "other"]
    rest = (await client.get(f"/v1/ledgers?after={first['after']}")).json()
    assert rest == {"items": [made.json()]}


@pytest.mark.parametrize(
    "key",
    ["a[b]", "[", "]", "[]", "a][b", "a]=1&b[c", "a b", "ключ", "%5B", "a\nb", "a+b", "x" * 64],
)
async def test_what_was_noted_is_found_whatever_its_name(client: httpx.AsyncClient, key: str):
    account = {"asset": "EUR", "exponent": 2, "normal_side": "credit"}
    for address, name in (("noted", key), ("other", "a")):
        body = account | {"address": address, "metadata": {name: "1"}}
        assert (await client.post(f"{PATH}/accounts", json=body)).status_code == 201
    found = await client.get(f"{PATH}/accounts", params={f"metadata[{key}]": "1"})
    assert [one["address"] for one in found.json()["items"]] == ["noted"]
    none = await client.get(f"{PATH}/accounts", params={f"metadata[{key}]": "2"})
    assert none.json()["items"] == []


def test_each_refusal_carries_its_own_code():
    one, other = Refused("No.", code="already_reversed"), Refused("No.", code="nothing_to_move")
    assert (one.code, other.code) == ("already_reversed", "nothing_to_move")
    assert str(one) == "already_reversed: No."
    assert not one.replayed

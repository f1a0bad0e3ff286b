"""Doing it twice over HTTP, large numbers, pages."""

import json
import secrets
from typing import Any

import httpx
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from tests.apps.houses import ACCOUNT, ACTS, BOOK, WALLET, House, assert_problem
from tests.apps.platform import Running
from tests.payments.orders import ELECTRICAL, Order, initiation

LARGEST = 10**38 - 1
POSTING = {"debit": "bank", "credit": "ana", "amount": 7, "asset": "EUR"}


def new_key() -> str:
    return f"key-{secrets.token_hex(6)}"


def send(house: House, act: dict[str, Any], key: str | None = None) -> httpx.Response:
    # What moves money and has no id of its own is not taken without a key.
    headers = {"idempotency-key": key or new_key()} if key or "id" not in act else {}
    return house.client.post(ACTS, json=act, headers=headers)


def posted(answer: httpx.Response, address: str) -> Any:
    (found,) = (one for one in answer.json()["balances"] if one["address"] == address)
    return found["balances"]["posted"]


def test_a_write_answers_the_balances_after_it(house: House) -> None:
    before = house.client.get(f"{BOOK}/accounts/ana").json()["balances"]["posted"]
    answer = send(house, {"kind": "post", "postings": [POSTING]})
    assert answer.status_code == 201
    assert "idempotent-replayed" not in answer.headers
    assert posted(answer, "ana") == before + 7
    assert house.client.get(f"{BOOK}/accounts/ana").json()["balances"]["posted"] == before + 7


def test_the_same_key_is_the_same_act(house: House) -> None:
    key, act = new_key(), {"kind": "post", "postings": [POSTING]}
    first = send(house, act, key)
    assert (first.status_code, first.json()["id"]) == (201, key)
    for again in (
        send(house, act, key),
        send(house, act, f'"{key}"'),
        send(house, act | {"id": key}),
        send(house, {"kind": "post", "postings": [POSTING | {"amount": "7"}]}, key),
    ):
        assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")
        assert again.json()["replayed"] is True
        assert again.json()["transaction"] == first.json()["transaction"]
    for part, changed in (
        ("postings", {"postings": [POSTING | {"amount": 8}]}),
        ("reference", {"reference": "other"}),
        ("metadata", {"metadata": {"a": "b"}}),
        ("effective_at", {"effective_at": "2026-01-01T00:00:00Z"}),
        ("kind", {"kind": "hold"}),
    ):
        assert_problem(send(house, act | changed, key), 422, f"exists_with_different_{part}")
    entries = house.client.get(f"{BOOK}/accounts/ana/entries").json()["items"]
    assert sum(entry["transaction"] == key for entry in entries) == 1


def test_opening_twice_is_opening_once(house: House) -> None:
    account = ACCOUNT | {"address": new_key()}
    for path, body, key in (
        ("/v1/ledgers", {"name": new_key()}, None),
        (f"{BOOK}/accounts", account, None),
        ("/v1/wallets", {**WALLET, "id": None}, new_key()),
    ):
        content = {name: value for name, value in body.items() if value is not None}
        headers = {"idempotency-key": key} if key else {}
        first = house.client.post(path, json=content, headers=headers)
        again = house.client.post(path, json=content, headers=headers)
        assert (first.status_code, again.status_code) == (201, 200), (path, first.text, again.text)
        assert again.headers.get("idempotent-replayed") == "true", path
    other = house.client.post(f"{BOOK}/accounts", json=account | {"normal_side": "debit"})
    problem = assert_problem(other, 409, "account_exists_with_different_content")
    assert problem["fields"]["field"] == "normal_side"


def test_the_same_file_is_answered_with_the_same_report(house: House) -> None:
    file = initiation(Order(amount="1.50"), message_id=new_key(), debtor=ELECTRICAL)
    headers = {"content-type": "application/xml"}
    first, again = (
        house.client.post("/v1/payment-files", content=file, headers=headers) for _ in range(2)
    )
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["idempotent-replayed"] == "true"
    assert first.headers["location"] == again.headers["location"]
    assert first.content == again.content


@pytest.mark.parametrize("amount", [2**53 - 1, 2**53, 2**63, 2**64, 2**64 + 1, 10**30, LARGEST])
def test_a_large_amount_comes_back_exactly(house: House, amount: int) -> None:
    address = new_key()
    house.client.post(f"{BOOK}/accounts", json=ACCOUNT | {"address": address}).raise_for_status()
    expected = amount if amount < 2**53 else str(amount)
    for spelled in (amount, str(amount)):
        answer = send(house, {"kind": "hold", "postings": [POSTING | {"amount": spelled}]})
        assert answer.status_code == 201, answer.text
        assert answer.json()["transaction"]["postings"][0]["amount"] == expected
        send(house, {"kind": "void", "target": answer.json()["id"]}).raise_for_status()
    answer = send(
        house, {"kind": "post", "postings": [POSTING | {"credit": address, "amount": amount}]}
    )
    assert posted(answer, address) == expected
    shown = house.client.get(f"{BOOK}/accounts/{address}").json()["balances"]
    assert shown["available"] == expected


def test_pages_follow_each_other_without_gap_or_repetition(house: House) -> None:
    for number in range(7):
        send(
            house,
            {"kind": "post", "reference": "paged", "postings": [POSTING | {"amount": number + 1}]},
        )
    found: list[str] = []
    after = None
    for _ in range(10):
        query = {"reference": "paged", "limit": "3"} | ({"after": after} if after else {})
        page = house.client.get(ACTS, params=query).json()
        found += [item["postings"][0]["amount"] for item in page["items"]]
        # What comes in between is newer, so a page that goes back in time never sees it.
        send(house, {"kind": "post", "reference": "paged", "postings": [POSTING | {"amount": 99}]})
        after = page.get("after")
        if after is None:
            break
    assert found == [7, 6, 5, 4, 3, 2, 1]


def test_a_request_id_of_the_caller_is_kept(up: Running) -> None:
    answer = httpx.get(f"{up.url}/v1/whoami", headers={"x-request-id": "mine/1"})
    assert answer.headers["x-request-id"] == "mine/1"
    assert answer.json()["instance"] == "urn:tallystick:request:mine%2F1"
    strange = httpx.get(f"{up.url}/v1/whoami", headers={"x-request-id": "x" * 65})
    assert strange.headers["x-request-id"].startswith("req_")


def test_the_document_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    OPENAPI_31_VALIDATOR.validate(document)
    assert not [name for name in document["components"]["schemas"] if "." in name]
    # A tenant is told by what is shown, but where nobody is known yet: who asks how to sign in there, and a browser
    # that brings what somebody else says.
    assert [
        path
        for path, parts in document["paths"].items()
        if any("tenant" in json.dumps(part["parameters"]) for part in parts.values())
    ] == ["/v1/sign-in", "/v1/sign-in/saml/{tenant}"]

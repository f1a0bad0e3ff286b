"""A tenant with everything in it, and how its answers are read."""

import re
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx

from tallystick.runtime.embedded.waiting import eventually
from tests.apps.platform import Running
from tests.payments.orders import ELECTRICAL, RAHMENBAU, Order, initiation

BOOK = "/v1/ledgers/main"
ACTS = f"{BOOK}/transactions"
BATCHES = f"{BOOK}/batches"
KEY = re.compile(r"tally_\w+")
METHODS = ("get", "post", "put", "delete")
POST = {
    "kind": "post",
    "id": "never",
    "effective_at": "2026-01-01T00:00:00Z",
    "reference": "reference",
    "metadata": {"note": "text"},
    "group": "group",
    "postings": [{"debit": "bank", "credit": "ana", "amount": 5, "asset": "EUR"}],
}
ACCOUNT = {"asset": "EUR", "exponent": 2, "normal_side": "credit"}
WALLET = {
    "id": "never",
    "owner": {"kind": "person", "name": "Ana", "reference": "c-1"},
    "name": "Ana",
    "accounts": [{"asset": "EUR", "exponent": 2, "min_available": "0"}],
}


class House(NamedTuple):
    """A tenant with a ledger, accounts, wallets and a paid file."""

    client: httpx.Client
    tenant: str
    names: dict[str, str]


def built(up: Running, name: str) -> House:
    (key,) = KEY.findall(up.command("tenant", "create", name).out)
    client = up.client(key)
    names = {"ledger": "main", "address": "ana", "wallet": f"{name}-shop", "asset": "EUR"}

    def send(method: str, path: str, **words: Any) -> dict[str, Any]:
        answer = client.request(method, path, **words)
        assert answer.is_success, answer.text
        return answer.json()

    send("POST", "/v1/ledgers", json={"name": "main"})
    send("POST", f"{BOOK}/accounts", json=ACCOUNT | {"address": "bank", "normal_side": "debit"})
    send("POST", f"{BOOK}/accounts", json=ACCOUNT | {"address": "ana", "min_available": 0})
    send("POST", f"{BOOK}/accounts", json=ACCOUNT | {"address": "usd", "asset": "USD"})
    for iban, wallet in ((ELECTRICAL, "shop"), (RAHMENBAU, "payee")):
        account = {"asset": "EUR", "exponent": 2, "iban": iban}
        body = WALLET | {"id": f"{name}-{wallet}", "name": f"{name} secret", "accounts": [account]}
        send("POST", "/v1/wallets", json=body)
    posting = {
        "debit": "bank",
        "credit": f"wallets:{name}-shop:eur",
        "amount": 9_000,
        "asset": "EUR",
    }
    made = send("POST", ACTS, json={"kind": "post", "id": f"{name}-opening", "postings": [posting]})
    file = send(
        "POST",
        "/v1/payment-files?format=json",
        content=initiation(Order(amount="1.00"), message_id=f"{name}-M", debtor=ELECTRICAL),
        headers={"content-type": "application/xml"},
    )
    payments = send("GET", f"/v1/payment-files/{file['file_id']}")["payments"]
    key_id = send("GET", "/v1/keys")["items"][0]["key_id"]
    tenant = send("GET", "/v1/whoami")["tenant"]
    names |= {"id": made["id"], "file": file["file_id"], "payment": payments[0]["payment_id"]}
    names |= {"key_id": key_id, "iban": ELECTRICAL, "index": "0", "place": "0/000.p/1"}
    for path in (f"/v1/payments/{names['payment']}/receipt", f"{ACTS}/{names['id']}/receipt"):
        assert eventually(lambda path=path: client.get(path).is_success, timeout_s=30)
    return House(client, tenant, names)


def operations(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (method.upper(), path)
        for path, methods in document["paths"].items()
        for method in METHODS
        if method in methods and path.startswith("/v1/")
    ]


def filled(path: str, names: dict[str, str]) -> str:
    """The path with these names in it; what nobody has given a name is called none."""
    return re.sub(r"\{(\w+)\}", lambda found: quote(names.get(found[1], "none"), safe=""), path)


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), problem
    assert problem["status"] == status
    assert problem["type"] == f"/docs/problems#{code}"
    assert problem["detail"]
    assert problem["instance"] == f"urn:tallystick:request:{answer.headers['x-request-id']}"
    return problem

"""What is asked of the platform over HTTP, each with the contexts it needs: what an outage takes away follows."""

import secrets
from collections.abc import Callable
from typing import Final, NamedTuple

import httpx

from tallystick.console.cookies import SESSION
from tests.apps.neighbours import XML, Neighbour, iban_of
from tests.payments.orders import Order, initiation


class Verb(NamedTuple):
    """One thing that somebody asks for; ``needs`` are the contexts without which it is not to be had."""

    name: str
    needs: frozenset[str]
    ask: Callable[[Neighbour], httpx.Response]


def _get(path: str) -> Callable[[Neighbour], httpx.Response]:
    def ask(bank: Neighbour) -> httpx.Response:
        return bank.key.client.get(path.format(**bank.names))

    return ask


def _post(bank: Neighbour) -> httpx.Response:
    act = {"kind": "post", "id": secrets.token_hex(8), "postings": [bank.posting(1)]}
    path = f"/v1/ledgers/{bank.names['ledger']}/transactions"
    return bank.key.client.post(path, json=act)


def _open(bank: Neighbour) -> httpx.Response:
    name = secrets.token_hex(8)
    wallet = {
        "id": name, "name": name, "owner": {"kind": "person", "name": name, "reference": name},
        "accounts": [{"asset": "EUR", "exponent": 2, "iban": iban_of(name)}],
    }  # fmt: skip
    return bank.key.client.post("/v1/wallets", json=wallet)


def _freeze(bank: Neighbour) -> httpx.Response:
    return bank.key.client.post(f"/v1/wallets/{bank.names['wallet']}/unfreeze")


def hand_in(bank: Neighbour) -> httpx.Response:
    """Hand in a file of one payment; while the books are away it is taken, and paid when they are back."""
    order = Order(to=iban_of(f"{bank.word} payee"), amount="0.01")
    content = initiation(order, message_id=secrets.token_hex(8), debtor=bank.iban)
    return bank.key.client.post("/v1/payment-files?format=json", content=content, headers=XML)


def _preview(bank: Neighbour) -> httpx.Response:
    order = Order(to=iban_of(f"{bank.word} payee"), amount="0.01")
    content = initiation(order, message_id=secrets.token_hex(8), debtor=bank.iban)
    return bank.key.client.post("/v1/payment-files/preview", content=content, headers=XML)


def _sign_in(bank: Neighbour) -> httpx.Response:
    question = {
        "tenant": bank.tenant, "redirect": "http://127.0.0.1:9/back",
        "provider": f"{bank.word}_idp",
    }  # fmt: skip
    return bank.first.client.post("/v1/sign-in", json=question)


def _keyed(bank: Neighbour) -> httpx.Response:
    headers = {"idempotency-key": secrets.token_hex(8)}
    return bank.key.client.post("/v1/people", json={"name": "Somebody"}, headers=headers)


def _page(path: str) -> Callable[[Neighbour], httpx.Response]:
    def ask(bank: Neighbour) -> httpx.Response:
        there = str(bank.owner.client.base_url.join(path.format(**bank.names)))
        return httpx.get(there, cookies={SESSION: bank.owner.credential}, timeout=30)

    return ask


def _verb(name: str, needs: str, ask: Callable[[Neighbour], httpx.Response]) -> Verb:
    return Verb(name, frozenset(needs.split()), ask)


_RECEIPT = "/v1/ledgers/{ledger}/transactions/{id}/receipt"
_STATEMENT = "/v1/wallets/{wallet}/accounts/EUR/statement?from=2020-01-01&to=2030-12-31"
VERBS: Final = (
    _verb("read the documentation", "", _get("/openapi.json")),
    _verb("sign in", "identity", _sign_in),
    _verb("ask who one is", "identity", _get("/v1/whoami")),
    _verb("list people", "identity", _get("/v1/people")),
    _verb("list approvals", "identity", _get("/v1/approvals")),
    _verb("read a balance", "identity ledger", _get("/v1/ledgers/{ledger}/accounts/{address}/balance")),
    _verb("list transactions", "identity ledger", _get("/v1/ledgers/{ledger}/transactions")),
    _verb("post a transaction", "identity ledger", _post),
    _verb("list wallets", "identity wallets", _get("/v1/wallets")),
    _verb("show a wallet", "identity wallets ledger", _get("/v1/wallets/{wallet}")),
    _verb("open a wallet", "identity wallets ledger", _open),
    _verb("unfreeze a wallet", "identity wallets ledger", _freeze),
    _verb("take a statement", "identity wallets ledger", _get(_STATEMENT)),
    _verb("list payment files", "identity payments", _get("/v1/payment-files")),
    _verb("show a payment", "identity payments", _get("/v1/payments/{payment}")),
    _verb("take a report, pain.002", "identity payments", _get("/v1/payment-files/{file}/report")),
    _verb("preview a file", "identity payments wallets", _preview),
    _verb("hand in a file, pain.001", "identity payments wallets", hand_in),
    _verb("read the log", "identity audit", _get("/v1/log/entries")),
    _verb("list recent acts", "identity audit", _get("/v1/acts")),
    _verb("take a receipt of a transaction", "identity ledger audit", _get(_RECEIPT)),
    _verb("take a receipt of a payment", "identity payments audit", _get("/v1/payments/{payment}/receipt")),
    _verb("list plans of clouds", "identity governance", _get("/v1/cloud/plans")),
    _verb("see how estates stand", "identity governance", _get("/v1/cloud/estates")),
    # The overview shows the parts that answer, and says which does not.
    _verb("page: overview", "identity", _page("/")),
    _verb("page: who one is", "identity", _page("/me")),
    _verb("page: accounts", "identity ledger", _page("/accounts")),
    _verb("page: an account", "identity ledger", _page("/accounts/{ledger}/{address}")),
    _verb("page: wallets", "identity wallets", _page("/wallets")),
    _verb("page: a wallet", "identity wallets ledger", _page("/wallets/{wallet}")),
    _verb("page: a payment", "identity payments", _page("/payments/{payment}")),
    _verb("page: approvals", "identity", _page("/approvals")),
    _verb("page: people", "identity", _page("/people")),
    _verb("page: the record", "identity audit", _page("/record")),
    _verb("page: clouds", "identity governance", _page("/clouds")),
    _verb("page: operations", "identity", _page("/operator")),
    _verb("page: problems explained", "", _page("/docs/problems")),
)  # fmt: skip

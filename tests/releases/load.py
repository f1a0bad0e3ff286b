"""Load while processes are replaced: clients that repeat nothing, and what the books say of it afterwards."""

import threading
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self

import httpx

from tallystick.client import Client
from tallystick.kernel.money import to_int
from tests.payments.orders import FIETSEN, RAHMENBAU, Order, initiation

WORKERS = 3
PACE_S = 0.1
XML = {"content-type": "application/xml", "accept": "application/json"}
WALLETS = (("fietsen", FIETSEN), ("rahmenbau", RAHMENBAU))
AMOUNT = 25
FAILURE_WAIT_S = 30
OPENING = 1_000_000_00


def _posting(debit: str, credit: str, amount: int) -> dict[str, Any]:
    return {"debit": debit, "credit": credit, "amount": amount, "asset": "EUR"}


class Load:
    """Clients that ask from ``with`` to its end. Each asks once, and whatever is not as it should be is kept."""

    def __init__(self, url: str, key: str) -> None:
        self._url, self.headers = url, {"authorization": f"Bearer {key}"}
        self.acts: list[str] = []
        self.files: list[str] = []
        self.failures: list[str] = []
        self.counts: Counter[str] = Counter()
        self._ends, self._failed = threading.Event(), threading.Event()
        self._pool = ThreadPoolExecutor(WORKERS)
        self._working: list[Future[None]] = []

    def __enter__(self) -> Self:
        self._working = [self._pool.submit(self._work, number) for number in range(WORKERS)]
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        for one in self._working:
            one.result()
        self._pool.shutdown()

    def prepare(self) -> None:
        """Open what is needed."""
        with httpx.Client(base_url=self._url, headers=self.headers, timeout=30) as client:
            self._ask(client, "POST", "/v1/ledgers", json={"name": "main"})
            for address, side in (("cash", "debit"), ("ana", "credit")):
                account = {"address": address, "asset": "EUR", "exponent": 2, "normal_side": side}
                self._ask(client, "POST", "/v1/ledgers/main/accounts", json=account)
            for wallet, iban in WALLETS:
                account = {"asset": "EUR", "exponent": 2, "iban": iban}
                body = {"id": wallet, "name": wallet, "accounts": [account]}
                body["owner"] = {"kind": "company", "name": wallet}
                self._ask(client, "POST", "/v1/wallets", json=body)
            opening = _posting("cash", "wallets:fietsen:eur", OPENING)
            act = {"kind": "post", "id": "opening", "postings": [opening]}
            self._ask(client, "POST", "/v1/ledgers/main/transactions", json=act)
        assert not self.failures, self.failures

    def _work(self, number: int) -> None:
        with httpx.Client(base_url=self._url, headers=self.headers, timeout=30) as client:
            turn = 0
            while not self._ends.wait(PACE_S):
                turn += 1
                name = f"w{number}-{turn}"
                if turn % 4 == 0:
                    self._ask(client, "GET", "/v1/ledgers/main/accounts/ana")
                    self._ask(client, "GET", "/v1/ledgers")
                elif turn % 4 == 2:
                    self.files.append(name)
                    order = Order(amount="0.25", end_to_end_id=name)
                    content = initiation(order, message_id=name)
                    path = "/v1/payment-files"
                    self._ask(client, "POST", path, content=content, headers=XML)
                else:
                    self.acts.append(name)
                    act = {
                        "kind": "post",
                        "id": name,
                        "postings": [_posting("cash", "ana", AMOUNT)],
                    }
                    self._ask(client, "POST", "/v1/ledgers/main/transactions", json=act)

    def _ask(self, client: httpx.Client, method: str, path: str, **words: Any) -> None:
        try:
            answer = client.request(method, path, **words)
        except httpx.HTTPError as error:
            self._fail(f"{method} {path}: {error!r}")
            return
        self.counts[method] += 1
        is_new = answer.status_code == (201 if method == "POST" else 200)
        if not is_new or answer.headers.get("idempotent-replayed") == "true":
            self._fail(f"{method} {path}: {answer.status_code} {answer.text[:500]}")

    def _fail(self, what: str) -> None:
        self.failures.append(what)
        self._failed.set()

    def wait_for_failure(self) -> None:
        """Wait until something failed, which has to come soon."""
        assert self._failed.wait(FAILURE_WAIT_S), "nothing fails"

    def demand_once(self) -> None:
        """Look into the books: everything was done, and done once."""
        assert not self.failures, "\n".join(self.failures[:20])
        assert min(len(self.acts), len(self.files), self.counts["GET"]) > 20, self.counts
        key = self.headers["authorization"].removeprefix("Bearer ")
        most = len(self.acts) + len(self.files) + 10
        with Client(self._url, credential=key) as client:
            entries = list(client.ledger.each_entry(ledger="main", address="ana", most=most))
            assert sorted(one.transaction for one in entries) == sorted(self.acts)
            payments = list(client.payments.each_payment(most=most))
            assert sorted(one.end_to_end_id for one in payments) == sorted(self.files)
            assert {str(one.state) for one in payments} == {"settled"}
            arrived = client.ledger.each_entry(
                ledger="main", address="wallets:rahmenbau:eur", most=most
            )
            assert [to_int(one.amount) for one in arrived] == [AMOUNT] * len(self.files)
            for address, sum_ in (
                ("ana", len(self.acts)),
                ("wallets:rahmenbau:eur", len(self.files)),
            ):
                account = client.ledger.account(ledger="main", address=address)
                assert to_int(account.balances.posted) == sum_ * AMOUNT
            assert client.ledger.verify().damage == ()

"""Recent acts and repeated writes from the outside: what became of a request whose answer was lost."""

import secrets
from typing import Any

from tallystick.runtime.embedded.waiting import eventually
from tests.apps.houses import ACTS, House, assert_problem
from tests.apps.platform import Running

POST = {
    "kind": "post",
    "postings": [{"debit": "bank", "credit": "ana", "amount": 3, "asset": "EUR"}],
}


def key_of(house: House) -> str:
    return house.client.headers["authorization"].removeprefix("Bearer ")


def acts(house: House, tag: str) -> list[dict[str, Any]]:
    page = house.client.get("/v1/acts").json()
    return [act for act in page["items"] if act["tag"] == tag]


def test_whoever_lost_an_answer_finds_what_became_of_it(up: Running, house: House) -> None:
    key = f"lost-{secrets.token_hex(4)}"
    made = house.client.post(ACTS, json=POST, headers={"idempotency-key": key})
    request = made.headers["x-request-id"]
    assert eventually(
        lambda: any(act["request"] == request for act in acts(house, "ledger.transaction.post")),
        timeout_s=30,
    )
    found = [act for act in acts(house, "ledger.transaction.post") if act["request"] == request]
    assert [(act["outcome"], act["title"]) for act in found] == [("done", "Transaction posted")]
    assert found[0]["may_repeat"]
    again = house.client.post(ACTS, json=POST, headers={"idempotency-key": key})
    assert again.headers["idempotent-replayed"] == "true"
    said = up.command("acts", "--limit", "200", TALLYSTICK_API_KEY=key_of(house))
    assert (said.code, f"request {request}" in said.out) == (0, True)
    assert "safe to repeat: Send the same id or Idempotency-Key" in said.out


def test_nobody_finds_what_others_did(house: House, stranger: House) -> None:
    mine = {act["request"] for act in house.client.get("/v1/acts").json()["items"]}
    theirs = {act["request"] for act in stranger.client.get("/v1/acts").json()["items"]}
    assert not mine & theirs


def test_a_key_is_made_once_and_shown_once(house: House) -> None:
    sent: dict[str, Any] = {
        "json": {"label": "once"},
        "headers": {"idempotency-key": f"key-{secrets.token_hex(4)}"},
    }
    made = house.client.post("/v1/keys", **sent)
    assert made.status_code == 201
    again = house.client.post("/v1/keys", **sent)
    assert_problem(again, 409, "answer_is_not_kept")
    assert made.json()["key"] not in again.text

"""Who may ask over HTTP: a key on every route, and nothing of another tenant."""

import re
import socket
from typing import Any

import httpx
import pytest

from tests.apps.houses import ACTS, POST, House, assert_problem, filled, operations
from tests.apps.platform import Running

# ── Who may ask ──────────────────────────────────────────────────────────────────────────────────


def test_every_route_asks_for_a_key_before_it_reads_a_body(
    up: Running, document: dict[str, Any], house: House
) -> None:
    listed = operations(document)
    assert len(listed) > 30
    for method, path in listed:
        if document["paths"][path][method.lower()].get("security") == []:
            continue
        # The body is announced and never sent: an answer that waited for it would time out.
        host, port = up.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as line:
            head = f"{method} {filled(path, house.names)} HTTP/1.1\r\nhost: {host}\r\n"
            line.sendall(
                f"{head}content-type: application/json\r\ncontent-length: 999\r\n\r\n".encode()
            )
            answer = line.recv(65_536).decode()
        assert answer.startswith("HTTP/1.1 401"), (method, path, answer)
        assert "api_key_not_accepted" in answer
        assert "www-authenticate: bearer" in answer.lower()


@pytest.mark.parametrize(
    "header",
    ["", "tally_x", "Basic eDp5", "Bearer", "Bearer tally_", "Bearer {key}x", "Bearer {cut}"],
)
def test_what_is_not_a_key_in_force_is_refused_alike(up: Running, header: str) -> None:
    key = up.known["key"]
    header = header.replace("{key}", key).replace("{cut}", key[:-1])
    answer = httpx.get(f"{up.url}/v1/whoami", headers={"authorization": header} if header else {})
    problem = assert_problem(answer, 401, "api_key_not_accepted")
    assert key[:-4] not in problem["detail"]


def test_a_revoked_key_opens_nothing(up: Running, house: House) -> None:
    made = house.client.post("/v1/keys", json={"label": "short"}).json()
    with up.client(made["key"]) as client:
        assert client.get("/v1/whoami").status_code == 200
        assert house.client.delete(f"/v1/keys/{made['key_id']}").status_code == 200
        assert_problem(client.get("/v1/whoami"), 401, "api_key_not_accepted")


def test_no_header_and_no_query_names_a_tenant(house: House, stranger: House) -> None:
    other = stranger.tenant
    names = ("X-Tenant", "X-Tenant-Id", "Tenant", "Tallystick-Tenant", "X-Forwarded-User", "Cookie")
    answer = house.client.get("/v1/whoami", headers=dict.fromkeys(names, f"tenant={other}"))
    assert answer.json()["tenant"] == house.tenant
    assert_problem(house.client.get(f"/v1/whoami?tenant={other}"), 400, "malformed_request")
    body = {"name": "theirs", "tenant": other}
    assert_problem(house.client.post("/v1/ledgers", json=body), 400, "malformed_request")


def test_no_route_shows_anything_of_another_tenant(
    document: dict[str, Any], house: House, stranger: House
) -> None:
    marks = [house.tenant, "first-", "first secret", house.names["key_id"], house.names["file"]]
    marks.append(house.names["payment"])
    queries: dict[str, Any] = {
        "statement": {"from": "2026-01-01", "to": "2026-01-02"},
        "consistency": {"old": "1"},
    }
    for method, path in operations(document):
        if method != "GET":
            continue
        if set(re.findall(r"\{(\w+)\}", path)) - house.names.keys():
            continue
        query = queries.get(path.rpartition("/")[2])
        if path == "/v1/sign-in":
            # Anybody may ask how people sign in at a tenant that they name.
            continue
        own = house.client.get(filled(path, house.names), params=query)
        # What no key of a machine has or reads is walked as people in test_isolation_routes.
        if set(re.findall(r"\{(\w+)\}", path)) - house.names.keys() or own.status_code == 403:
            continue
        if own.status_code == 403:
            # A machine sees no people and no rights; as an owner they are walked in test_isolation_routes.
            continue
        if path == "/v1/me":
            # A machine is nobody who has a page of their own.
            assert own.status_code == 404
            continue
        assert own.status_code == 200, own.text
        theirs = stranger.client.get(filled(path, house.names), params=query)
        is_shared = set(re.findall(r"\{(\w+)\}", path)) <= {
            "ledger", "address", "iban", "asset", "index", "place",
        }  # fmt: skip
        assert theirs.status_code == (200 if is_shared else 404), (path, theirs.text)
        # A 404 may repeat the name that was asked for, and nothing else.
        asked = [name for name in house.names.values() if name in filled(path, house.names)]
        text = theirs.text
        for name in asked if theirs.status_code == 404 else ():
            text = text.replace(name, "")
        assert not [mark for mark in marks if mark in text], (path, theirs.text)


def test_one_tenant_changes_nothing_of_another(
    document: dict[str, Any], house: House, stranger: House
) -> None:
    for method, path in operations(document):
        named = set(re.findall(r"\{(\w+)\}", path))
        if method == "GET" or not named & {"wallet", "key_id", "id"}:
            continue
        body: Any = {"asset": "EUR", "exponent": 2} if path.endswith("/accounts") else {}
        words = {"json": body} if method == "PUT" or path.endswith("/accounts") else {}
        answer = stranger.client.request(method, filled(path, house.names), **words)
        assert answer.status_code == 404, (method, path, answer.text)
    assert house.client.get(f"/v1/wallets/{house.names['wallet']}").json()["status"] == "open"


def test_accounts_of_wallets_are_changed_through_wallets_alone(house: House) -> None:
    path = "/v1/ledgers/main/accounts"
    squat = {"address": "wallets:squat:eur", "asset": "EUR", "exponent": 2, "normal_side": "credit"}
    for method, where, body in (
        ("POST", path, squat),
        ("PUT", f"{path}/wallets:any:eur/limits", {}),
        ("PUT", f"{path}/wallets:any:eur/status", {"status": "frozen"}),
    ):
        answer = house.client.request(method, where, json=body)
        assert_problem(answer, 403, "address_is_reserved")


def test_the_type_of_a_problem_leads_to_where_it_is_explained(house: House) -> None:
    refused = [
        house.client.get("/v1/ledgers/none/accounts"),
        house.client.get("/nowhere"),
        house.client.get("/v1/keys", headers={"authorization": "Bearer x"}),
        house.client.post(ACTS, json=POST | {"id": "typed", "postings": [POST["postings"][0] | {"debit": "no"}]}),
    ]  # fmt: skip
    codes = {answer.json()["code"] for answer in refused}
    assert codes == {
        "ledger_not_found",
        "path_not_found",
        "api_key_not_accepted",
        "debit_account_not_found",
    }
    for answer in refused:
        explained = answer.url.join(answer.json()["type"])
        page = httpx.get(explained)
        assert page.status_code == 200
        assert f'id="{explained.fragment}"' in page.text

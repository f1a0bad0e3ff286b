"""What the platform promises holds in one process, in three, and in one for each part."""

import time
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from tallystick.apps.parts import CONTEXTS
from tallystick.runtime.embedded.waiting import eventually
from tests.acceptance.split import Split
from tests.apps.neighbours import Neighbour, Seat, code_of, iban_of
from tests.apps.platform import Said
from tests.loops import to_end
from tests.payments.orders import Order, initiation, texts

# It starts many processes.
pytestmark = pytest.mark.timeout(600)

# A right that was taken may be used for so long where that is not known yet.
KNOWN_S = 5
# What measuring that over HTTP may take besides.
MARGIN_S = 1


def command(bank: Neighbour, *words: str) -> Said:
    """A command as whoever has the tenant's key."""
    return bank.up.command(*words, TALLYSTICK_API_KEY=bank.key.credential)


def available(bank: Neighbour, address: str, ledger: str = "main") -> int:
    path = f"/v1/ledgers/{ledger}/accounts/{address}/balance"
    return int(bank.key.done("GET", path)["balances"]["available"])


def opened(bank: Neighbour, name: str, *, cents: int = 0) -> str:
    """A wallet of its own with this much in it; answers its IBAN."""
    iban = iban_of(f"{bank.word} {name}")
    wallet = {
        "id": name, "name": name, "owner": {"kind": "person", "name": name, "reference": name},
        "accounts": [{"asset": "EUR", "exponent": 2, "iban": iban}],
    }  # fmt: skip
    made = bank.key.done("POST", "/v1/wallets", wallet)
    assert made["status"] == "open"
    if cents:
        posting = bank.posting(cents) | {"credit": f"wallets:{name}:eur"}
        bank.key.done(
            "POST",
            "/v1/ledgers/main/transactions",
            {"kind": "post", "id": f"{name}-opening", "postings": [posting]},
        )
    return iban


def test_a_file_is_paid_reported_and_in_the_statement(bank: Neighbour, tmp_path: Path) -> None:
    payer, payee = opened(bank, "payer", cents=10_000), opened(bank, "landlord")
    file, report = tmp_path / "pain.001.xml", tmp_path / "pain.002.xml"
    order = Order(to=payee, amount="25.00", end_to_end_id="rent")
    file.write_bytes(initiation(order, message_id="split-1", debtor=payer))
    said = command(bank, "pay", str(file), "--out", str(report))
    assert said.code == 0, said
    assert texts(report.read_bytes(), "GrpSts") == ["ACSC"]
    assert (available(bank, "wallets:payer:eur"), available(bank, "wallets:landlord:eur")) == (
        7_500, 2_500,
    )  # fmt: skip
    again = command(bank, "pay", str(file), "--out", str(report))
    assert (again.code, "nothing was paid twice" in again.err) == (0, True), again
    assert available(bank, "wallets:landlord:eur") == 2_500
    days = ("--from", "2020-01-01", "--to", time.strftime("%Y-12-31", time.gmtime()))
    said = command(bank, "statement", payee, *days)
    assert said.code == 0, said
    assert texts(said.out.encode(), "EndToEndId") == ["rent"]
    assert "25.00" in texts(said.out.encode(), "Amt")


def test_a_delegation_caps_what_one_person_moves_in_a_day(bank: Neighbour) -> None:
    """The clerk may move 100,000 cents a day between accounts of the bank, and no role lets the clerk move more."""
    books = bank.names["ledger"]
    path, bob = f"/v1/ledgers/{books}/transactions", f"{bank.word}:bob"
    posting = {"debit": f"{bank.word}:ana", "credit": bob, "asset": "EUR", "amount": 60_000}
    before = available(bank, bob, books)
    sent = [
        bank.clerk.client.post(path, json={"kind": "post", "id": name, "postings": [posting]})
        for name in ("capped-1", "capped-2", "capped-1")
    ]
    assert [one.status_code for one in sent] == [201, 422, 200], [one.text for one in sent]
    assert code_of(sent[1]) == "spending_cap_reached"
    assert available(bank, bob, books) - before == 60_000


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/people", {"name": "Mallory"}),
        ("POST", "/v1/wallets/zqsplit-shop/freeze", None),
        ("POST", "/v1/ledgers", {"name": "mine"}),
        ("GET", "/v1/log/entries", None),
        ("PUT", "/v1/access-rule", {}),
    ],
)
def test_a_person_is_refused_what_is_not_theirs(
    bank: Neighbour, method: str, path: str, body: Any
) -> None:
    answer = bank.clerk.client.request(method, path, json=body)
    assert (answer.status_code, code_of(answer)) == (403, "not_allowed"), answer.text
    decision = answer.json()["fields"]["decision"]
    shown = bank.owner.done("GET", f"/v1/decisions/{decision}")
    assert (shown["allowed"], shown["again"], shown["actor"]) == (
        False, True, bank.people["clerk"],
    )  # fmt: skip


def test_what_two_must_agree_to_waits_for_the_second(bank: Neighbour) -> None:
    role = {"role": "split_role", "title": "A role", "bundles": ["read_books"]}
    bank.owner.done("POST", "/v1/roles", role)
    held = {"holder": bank.people["clerk"], "role": "split_role"}
    refused = bank.owner.client.post("/v1/memberships", json=held)
    assert code_of(refused) == "approval_needed", refused.text
    approval = refused.json()["fields"]["approval"]
    own = bank.owner.client.post(f"/v1/approvals/{approval}/approve", json={})
    assert not own.is_success
    bank.other.agree(approval)
    made = bank.owner.client.post("/v1/memberships", json=held)
    assert made.is_success, made.text


def test_repeats_are_done_once(bank: Neighbour) -> None:
    path = f"/v1/ledgers/{bank.names['ledger']}/transactions"
    headers = {"idempotency-key": "split-once"}
    body = {"kind": "post", "postings": [bank.posting(7)]}
    first = bank.key.client.post(path, json=body, headers=headers)
    again = bank.key.client.post(path, json=body, headers=headers)
    assert first.is_success, first.text
    assert again.json()["transaction"] == first.json()["transaction"]
    assert again.headers["idempotent-replayed"] == "true"
    other = bank.key.client.post(
        path, json={"kind": "post", "postings": [bank.posting(8)]}, headers=headers
    )
    assert other.status_code in (409, 422), other.text
    label = {"label": "once"}
    named = {"idempotency-key": "split-person"}
    kept = [bank.owner.ask("POST", "/v1/people", {"name": "Once"}, headers=named) for _ in range(2)]
    assert kept[0].json() == kept[1].json()
    assert kept[1].headers["idempotent-replayed"] == "true"
    secret = [
        bank.key.ask("POST", "/v1/keys", label, headers={"idempotency-key": "split-secret"})
        for _ in range(2)
    ]
    assert secret[0].is_success, secret[0].text
    assert code_of(secret[1]) == "answer_is_not_kept", secret[1].text


def test_recent_acts_tell_what_became_of_a_request(bank: Neighbour) -> None:
    path = f"/v1/ledgers/{bank.names['ledger']}/transactions"
    made = bank.key.client.post(
        path, json={"kind": "post", "id": "told", "postings": [bank.posting(3)]}
    )
    request = made.headers["x-request-id"]

    def told() -> list[dict[str, Any]]:
        items = bank.key.done("GET", "/v1/acts")["items"]
        return [one for one in items if one["request"] == request]

    assert eventually(lambda: bool(told()), timeout_s=30)
    tags = {(one["tag"], one["outcome"]) for one in told()}
    assert ("ledger.transaction.post", "done") in tags
    said = command(bank, "acts", "--limit", "50")
    assert (said.code, request in said.out) == (0, True), said


def test_a_receipt_is_proven_offline(bank: Neighbour, tmp_path: Path) -> None:
    receipt = tmp_path / "a.tlog-proof"
    said = command(bank, "audit", "receipt", bank.names["payment"], "--out", str(receipt))
    assert said.code == 0, said
    keys = bank.up.command("audit", "keys", "--tenant", bank.tenant).out.splitlines()
    words = [word for key in keys for word in ("--key", key)]
    nowhere = {"TALLYSTICK_URL": "http://127.0.0.1:9", "TALLYSTICK_DATABASE_URL": ""}
    said = bank.up.command("audit", "check-receipt", str(receipt), *words, **nowhere)
    assert (said.code, "proven" in said.out) == (0, True), said
    assert '"tag":"payments.' in said.out


def test_a_key_that_is_revoked_opens_nothing_five_seconds_later(bank: Neighbour) -> None:
    made = bank.key.done("POST", "/v1/keys", {"label": "short"})
    with bank.up.client(made["key"]) as client:
        paths = (
            f"/v1/ledgers/{bank.names['ledger']}/accounts", "/v1/wallets", "/v1/payment-files",
            "/v1/log", "/v1/keys",
        )  # fmt: skip
        assert [client.get(path).status_code for path in paths] == [200] * len(paths)
        bank.key.done("DELETE", f"/v1/keys/{made['key_id']}")
        revoked_at = time.monotonic()
        while time.monotonic() - revoked_at < KNOWN_S + MARGIN_S:
            if all(client.get(path).status_code in (401, 403) for path in paths):
                break
            time.sleep(0.1)
        assert {client.get(path).status_code for path in paths} <= {401, 403}


def test_a_session_that_ends_opens_nothing_five_seconds_later(bank: Neighbour) -> None:
    seat = _entered(bank)
    assert seat.client.get("/v1/whoami").is_success
    assert seat.client.delete("/v1/sessions").is_success
    assert eventually(
        lambda: seat.client.get("/v1/whoami").status_code == 401, timeout_s=KNOWN_S + MARGIN_S
    )
    seat.client.close()


def _entered(bank: Neighbour) -> Seat:
    """The clerk, in one more session."""
    redirect = "http://127.0.0.1:9/back"
    question = {"tenant": bank.tenant, "redirect": redirect, "provider": f"{bank.word}_idp"}
    begun = bank.first.done("POST", "/v1/sign-in", question)
    hint = {"login_hint": f"{bank.word}-clerk"}
    back = httpx.URL(
        httpx.get(httpx.URL(begun["url"]).copy_merge_params(hint)).headers["location"]
    ).params
    finish = {
        "tenant": bank.tenant, "flow": begun["flow"], "code": back["code"], "state": back["state"],
        "issuer": back["iss"], "device": "another-device-of-the-clerk-of-32-letters",
    }  # fmt: skip
    signed = bank.first.done("POST", "/v1/sign-in/finish", finish)
    return Seat(bank.up, signed["session"], name="clerk again")


def test_books_and_record_agree(bank: Neighbour) -> None:
    said = bank.up.command("verify", "--tenant", bank.tenant)
    assert (said.code, "DAMAGED" in said.out) == (0, False), said

    def agree() -> bool:
        found = bank.up.command("audit", "compare", "--tenant", bank.tenant, "--settle", "0")
        return found.code == 0 and "agree" in found.out

    assert eventually(agree, timeout_s=30), bank.up.command("audit", "compare")


# Who may touch what.


def test_a_process_holds_the_roles_of_its_own_contexts_alone(split: Split, bank: Neighbour) -> None:
    async def held() -> dict[str, set[str]]:
        connection = await asyncpg.connect(split.database_url())
        try:
            rows = await connection.fetch(
                "SELECT usename, application_name FROM pg_stat_activity WHERE usename LIKE 'login%'"
            )
        finally:
            await connection.close()
        found: dict[str, set[str]] = {}
        for row in rows:
            found.setdefault(row["usename"], set()).add(row["application_name"])
        return found

    found = to_end(held())
    for name, login in split.logins.items():
        contexts = split.contexts_of(name)
        assert found.get(login, set()) == {f"tallystick_{context}" for context in contexts}, name
    assert {one for process in split.parts for one in split.contexts_of(process)} == set(CONTEXTS)


def test_the_edge_alone_faces_people(split: Split) -> None:
    edge = split.process_of("edge")
    with httpx.Client() as client:
        for name, url in split.urls_of_processes.items():
            status = {
                path: client.get(url + path).status_code
                for path in ("/healthz", "/readyz", "/v1/whoami", "/oauth/authorize")
            }
            assert (status["/healthz"], status["/readyz"]) == (200, 200), name
            assert (status["/v1/whoami"] == 404) == (name != edge), name
            assert (status["/oauth/authorize"] == 404) == (name != edge), name
            # Who is asked by other processes hears those alone that sign; nobody asks the edge.
            unsigned = client.post(f"{url}/doors/ledger/Ledger/submit", json={})
            assert unsigned.status_code == (404 if name == edge else 401), (name, unsigned.text)

"""Clients as a tenant registers them, and third parties that people let act for them."""

import asyncio
import json
import secrets
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tallystick.identity.model import grants, jws
from tests.identity.machines_house import (
    ISSUER,
    LOOPBACK,
    REDIRECT,
    HandClock,
    House,
    Machine,
)
from tests.identity.signing import Signer

VERIFIER = "v" * 43


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def house(database_for, clock, tmp_path):
    made = House(
        database=await database_for("identity"),
        clock=clock,
        keys_path=tmp_path / "token-keys",
        proxies=LOOPBACK,
    )
    await made.settle()
    async with made.client:
        yield made


async def push(party: Machine, **fields):
    """Push a request, well-formed unless something is given."""
    return await party.ask("/oauth/par", **party.pushed(VERIFIER, **fields))


async def consented(party: Machine, who: tuple[str, str], *, allow: bool = True, **fields):
    """Push a request and let a person answer it: the parameters that come back to the third party."""
    pushed = await push(party, **fields)
    assert pushed.status_code == 201, pushed.text
    query = {"client_id": party.client_id, "request_uri": pushed.json()["request_uri"]}
    waiting = await party.house.client.get("/oauth/authorize", params=query)
    assert waiting.status_code == 200, waiting.text
    answer = await party.house.as_person(
        "POST", waiting.json()["consent"], who, json={"allow": allow}
    )
    assert answer.status_code == 200, answer.text
    back = urlsplit(answer.json()["redirect"])
    assert back._replace(query="").geturl() == REDIRECT.partition("?")[0]
    return {name: values[0] for name, values in parse_qs(back.query).items()}


def redeeming(code: str, /, **fields: Any) -> dict[str, Any]:
    """The fields that take up a code."""
    usual = {
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": VERIFIER,
        "redirect_uri": REDIRECT,
    }
    return usual | fields


async def test_a_client_is_kept_with_its_public_keys_alone(house):
    signer = Signer("ES256", kid="one")
    strange = signer.jwk | {"use": "sig", "alg": "ES256", "x5c": ["AAAA"], "note": "x"}
    made = await house.create({"name": "billing", "key_set": {"keys": [strange], "more": 1}})
    assert made.status_code == 201
    kept = made.json()
    assert kept["key_set"] == {"keys": [signer.jwk | {"use": "sig", "alg": "ES256"}]}
    assert kept["proven_by"] == "private_key_jwt"
    read = await house.as_person("GET", f"/v1/clients/{kept['client_id']}", ("test", "x"))
    assert read.json() == kept
    house.clock.pass_s(1)
    await house.machine()
    page = await house.as_person("GET", "/v1/clients?limit=1", ("test", "x"))
    assert page.json() == {"items": [kept], "after": kept["client_id"]}


async def test_what_is_no_client_is_refused_and_leaves_nothing(house):
    good = {"name": "billing", "key_set": {"keys": [Signer("ES256").jwk]}}
    third = {"redirect_uris": [REDIRECT], "scope": ["pay"]}
    key = Signer("ES256", kid="k")
    for body, place in (
        ({"name": ""}, "name"),
        ({"name": "n" * 101}, "name"),
        ({"key_set": None}, "key_set"),
        ({"certificate_subject": "CN=x"}, "key_set"),
        ({"key_set": {"keys": [key.private_jwk]}}, "key_set"),
        ({"key_set": {"keys": [{"kty": "oct", "k": "AAAA"}]}}, "key_set"),
        ({"key_set": {"keys": []}}, "key_set"),
        ({"key_set": {"keys": [Signer("ES256").jwk] * 11}}, "key_set"),
        ({"key_set": {"keys": [key.jwk, key.jwk]}}, "key_set"),
        ({"key_set": {"keys": [key.jwk | {"pad": "x" * 20_000}]}}, "key_set"),
        ({"key_set": {"keys": [Signer("PS256", bits=1024).jwk]}}, "key_set"),
        ({"key_set": {"keys": "x"}}, "key_set"),
        ({"key_set": None, "certificate_thumbprint": "00"}, "certificate_thumbprint"),
        ({"key_set": None, "certificate_subject": "CN=\n"}, "certificate_subject"),
        ({"scope": ["owner"]}, "scope[0]"),
        ({"scope": ["pay", "pay"]}, "scope"),
        ({"redirect_uris": [REDIRECT]}, "scope"),
        (third | {"redirect_uris": ["http://app.example/back"]}, "redirect_uris[0]"),
        (third | {"redirect_uris": [f"{REDIRECT}#part"]}, "redirect_uris[0]"),
        (third | {"redirect_uris": ["https://user@app.example/"]}, "redirect_uris[0]"),
        (third | {"redirect_uris": ["javascript:alert(1)"]}, "redirect_uris[0]"),
        (third | {"redirect_uris": ["https://"]}, "redirect_uris[0]"),
        (third | {"redirect_uris": ["https://a.example/\\x"]}, "redirect_uris[0]"),
        (third | {"redirect_uris": [REDIRECT, REDIRECT]}, "redirect_uris"),
        (third | {"redirect_uris": [f"https://a.example/{n}" for n in range(11)]}, "redirect_uris"),
    ):
        answer = await house.create(good | body)
        assert (answer.status_code, list(answer.json().get("fields", {}))) == (400, [place]), body
    page = await house.as_person("GET", "/v1/clients", ("test", "x"))
    assert page.json() == {"items": []}


async def test_a_client_ends_once(house):
    machine = await house.machine()
    path = f"/v1/clients/{machine.client_id}"
    first = await house.as_person("DELETE", path, ("test", "x"))
    again = await house.as_person("DELETE", path, ("test", "x"))
    assert first.json() == again.json()
    missing = await house.as_person("DELETE", "/v1/clients/cli_none", ("test", "x"))
    assert (missing.status_code, missing.json()["code"]) == (404, "client_not_found")


async def test_a_third_party_acts_for_a_person_who_agreed(house, clock):
    party, who = await house.third_party(), await house.person()
    back = await consented(party, who)
    assert (back["iss"], back["state"], back["kept"]) == (ISSUER, "their-state", "1")
    answer = await party.ask(**redeeming(back["code"]))
    assert answer.status_code == 200, answer.text
    given = answer.json()
    assert (given["token_type"], given["scope"]) == ("DPoP", "read_wallets")
    claims = jws.parse_jws(given["access_token"]).claims
    assert (claims["sub"], claims["client_id"]) == (who[0], party.client_id)
    shown = await party.show(given["access_token"])
    assert shown.json()["actor"] == who[0]

    listed = (await house.as_person("GET", "/v1/consents", who)).json()["items"]
    assert [(one["consent_id"], one["allowed"]) for one in listed] == [(claims["consent"], True)]
    ended = await house.as_person("DELETE", f"/v1/consents/{claims['consent']}", who)
    assert ended.json()["ended_at"]
    clock.pass_s(5)
    assert (await party.show(given["access_token"])).status_code == 401


async def test_the_token_of_a_consent_acts_in_a_session_without_a_fresh_proof(house):
    party, who = await house.third_party(), await house.person()
    back = await consented(party, who)
    token = (await party.ask(**redeeming(back["code"]))).json()["access_token"]
    consent = jws.parse_jws(token).claims["consent"]
    async with house.database.transaction(tenant_id=house.caller.tenant_id) as connection:
        row = await connection.fetchrow(
            "SELECT person_id, issuer, mfa_at, stepped_up_at, expires_at FROM identity.session"
            " WHERE session_id = $1",
            consent,
        )
    assert (row["person_id"], row["issuer"]) == (who[0], party.client_id)
    assert row["mfa_at"] is not None
    assert row["stepped_up_at"] is None
    assert row["expires_at"] == jws.parse_jws(token).claims["exp"] * 1_000_000


async def test_a_person_may_say_no(house):
    party, who = await house.third_party(), await house.person()
    back = await consented(party, who, allow=False)
    assert back == {
        "error": "access_denied",
        "iss": ISSUER,
        "state": "their-state",
        "kept": "1",
    }


async def test_a_request_is_answered_once_by_a_person_in_time(house, clock):
    party, who, other = await house.third_party(), await house.person(), await house.person()
    pushed = (await push(party)).json()
    assert pushed["expires_in"] < 600
    query = {"client_id": party.client_id, "request_uri": pushed["request_uri"]}
    path = (await house.client.get("/oauth/authorize", params=query)).json()["consent"]

    for machine in (("key_1", "key_1"), ("cli_1", "tok_1"), ("per_1", "")):
        answer = await house.as_person("POST", path, machine, json={"allow": True})
        assert (answer.status_code, answer.json()["code"]) == (403, "consent_is_for_people")
    answers = await asyncio.gather(
        *(house.as_person("POST", path, who, json={"allow": True}) for _ in range(3))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert (await house.as_person("GET", path, other)).status_code == 404
    assert (await house.as_person("DELETE", path, other)).status_code == 404
    assert (await house.as_person("POST", path, other, json={"allow": True})).status_code == 404
    again = await house.client.get("/oauth/authorize", params=query)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_request")

    late = (await push(party)).json()
    query = {"client_id": party.client_id, "request_uri": late["request_uri"]}
    path = (await house.client.get("/oauth/authorize", params=query)).json()["consent"]
    clock.pass_s(grants.REQUEST_SECONDS)
    assert (await house.client.get("/oauth/authorize", params=query)).status_code == 400
    answer = await house.as_person("POST", path, who, json={"allow": True})
    assert (answer.status_code, answer.json()["code"]) == (409, "consent_is_over")


async def test_a_pushed_request_opens_by_its_secret_alone(house):
    party, stranger = await house.third_party(), await house.third_party()
    uri = (await push(party)).json()["request_uri"]
    consent, _, secret = uri.removeprefix(grants.REQUEST_URI).partition(".")
    for client_id, wrong in (
        (stranger.client_id, uri),
        ("cli_" + "0" * 26, uri),
        (party.client_id, f"{grants.REQUEST_URI}{consent}.{secret[::-1]}"),
        (party.client_id, f"{grants.REQUEST_URI}{consent}"),
        (party.client_id, "https://evil.example/request"),
    ):
        query = {"client_id": client_id, "request_uri": wrong}
        answer = await house.client.get("/oauth/authorize", params=query)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_pushed_requests_that_fapi_refuses(house):
    party, machine = await house.third_party(), await house.machine()
    for fields, error in (
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"redirect_uri": "https://app.example/back"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"scope": "read_books"}, "invalid_scope"),
        ({"state": "s" * 513}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"request": "x.y.z"}, "invalid_request"),
        ({"request_uri": "urn:x"}, "invalid_request"),
        ({"dpop_jkt": "x" * 43}, "invalid_dpop_proof"),
    ):
        answer = await push(party, **fields)
        assert (answer.status_code, answer.json()["error"]) == (400, error), fields
    assert (await push(machine)).json()["error"] == "unauthorized_client"
    assert (await party.ask()).json()["error"] == "unauthorized_client"
    wrong = await push(party, client_assertion=party.assertion(by=Signer("ES256", kid="one")))
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")


async def test_codes_that_are_taken_up_wrongly(house, clock):
    party, stranger, who = (
        await house.third_party(),
        await house.third_party(),
        await house.person(),
    )
    code = (await consented(party, who))["code"]
    other_key = Signer("ES256")
    for fields, headers, error in (
        ({"code": code[:-1] + ("A" if code[-1] != "A" else "B")}, None, "invalid_grant"),
        ({"code": "code"}, None, "invalid_grant"),
        ({"code": None}, None, "invalid_request"),
        ({"code_verifier": "w" * 43}, None, "invalid_grant"),
        ({"code_verifier": "short"}, None, "invalid_grant"),
        ({"code_verifier": None}, None, "invalid_request"),
        ({"redirect_uri": "https://app.example/other"}, None, "invalid_grant"),
        ({"redirect_uri": None}, None, "invalid_grant"),
        ({}, {"dpop": party.proof(by=other_key)}, "invalid_dpop_proof"),
        ({}, {}, "invalid_request"),
    ):
        answer = await party.ask(headers=headers, **redeeming(code, **fields))
        assert (answer.status_code, answer.json()["error"]) == (400, error), fields
    foreign = await stranger.ask(**redeeming(code))
    assert foreign.json()["error"] == "invalid_grant"
    # None of that used it up.
    clock.pass_s(grants.CODE_SECONDS - 1)
    assert (await party.ask(**redeeming(code))).status_code == 200


async def test_a_code_is_good_for_a_minute(house, clock):
    party, who = await house.third_party(), await house.person()
    code = (await consented(party, who))["code"]
    clock.pass_s(grants.CODE_SECONDS)
    assert (await party.ask(**redeeming(code))).json()["error"] == "invalid_grant"


async def test_a_code_that_comes_twice_ends_what_it_gave(house, clock):
    party, who = await house.third_party(), await house.person()
    code = (await consented(party, who))["code"]
    answers = await asyncio.gather(*(party.ask(**redeeming(code)) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400]
    token = next(one.json()["access_token"] for one in answers if one.status_code == 200)
    clock.pass_s(5)
    assert (await party.show(token)).status_code == 401


async def test_a_code_of_a_session_that_ended_gives_nothing(house, clock):
    party, who = await house.third_party(), await house.person()
    code = (await consented(party, who))["code"]
    async with house.database.transaction(tenant_id=house.caller.tenant_id) as connection:
        await connection.execute(
            "UPDATE identity.session SET ended_at = $2 WHERE session_id = $1", who[1], clock.now()
        )
    assert (await party.ask(**redeeming(code))).json()["error"] == "invalid_grant"


async def test_people_of_another_tenant_see_nothing_of_it(house):
    party = await house.third_party()
    uri = (await push(party)).json()["request_uri"]
    path = f"/v1/consents/{uri.removeprefix(grants.REQUEST_URI).partition('.')[0]}"
    await house.settle()
    stranger = await house.person()
    for method, sent in (("GET", {}), ("POST", {"json": {"allow": True}}), ("DELETE", {})):
        answer = await house.as_person(method, path, stranger, **sent)
        assert (answer.status_code, answer.json()["code"]) == (404, "consent_not_found")


async def test_a_consent_never_gives_another(house):
    party, who = await house.third_party(), await house.person()
    token = (await party.ask(**redeeming((await consented(party, who))["code"]))).json()
    uri = (await push(party)).json()["request_uri"]
    path = f"/v1/consents/{uri.removeprefix(grants.REQUEST_URI).partition('.')[0]}"
    access = token["access_token"]
    answer = await house.client.post(
        path,
        json={"allow": True},
        headers={
            "authorization": f"DPoP {access}",
            "dpop": party.proof("POST", path, token=access),
        },
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "consent_is_for_people")


def test_codes_and_requests_are_read_as_they_are_written():
    text = grants.secret_text("con_" + "0" * 26, secrets.token_bytes(grants.SECRET_BYTES))
    found = grants.read_secret(text)
    assert found is not None
    assert found[0] == "con_" + "0" * 26
    assert grants.read_secret(text + "A") is None
    assert grants.read_secret(json.dumps(text)) is None

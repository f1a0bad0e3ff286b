"""The token endpoint: what clients get who ask as FAPI 2.0 says, and what everybody else gets."""

import asyncio
import json
import secrets

import pytest

from tallystick.identity.adapters.token_keys import make_token_key
from tallystick.identity.model import jws
from tallystick.identity.model.access_tokens import TOKEN_SECONDS
from tallystick.kernel import ids
from tests.identity.machines_house import ISSUER, LOOPBACK, HandClock, House
from tests.identity.signing import Signer, hmac_token, unsigned_token


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


async def entries(house: House, tag: str) -> list[dict]:
    """What the record was told under a tag, of this tenant."""
    async with house.database.transaction(tenant_id=house.caller.tenant_id) as connection:
        await connection.execute("SET LOCAL ROLE tallystick_operator")
        rows = await connection.fetch(
            "SELECT entries FROM identity.leaf WHERE tenant_id = $1 ORDER BY number",
            house.caller.tenant_id,
        )
    found = []
    for row in rows:
        rest = row["entries"]
        while rest:
            length = int.from_bytes(rest[:2], "big")
            found.append(json.loads(rest[2 : 2 + length]))
            rest = rest[2 + length :]
    return [entry for entry in found if entry["tag"] == tag]


@pytest.mark.parametrize("algorithm", ["ES256", "PS256", "EdDSA", "Ed25519"])
async def test_a_machine_gets_a_bound_token_and_is_known_by_it(house, algorithm):
    machine = await house.machine(algorithm=algorithm)
    answer = await machine.ask(scope="read_wallets read_books")
    assert answer.status_code == 200, answer.text
    given = answer.json()
    assert (given["token_type"], given["expires_in"]) == ("DPoP", TOKEN_SECONDS)
    assert given["scope"] == "read_books read_wallets"
    assert answer.headers["cache-control"] == "no-store"

    found = jws.parse_jws(given["access_token"])
    assert found.header["typ"] == "at+jwt"
    claims = found.claims
    assert (claims["iss"], claims["aud"]) == (ISSUER, ISSUER)
    assert claims["sub"] == claims["client_id"] == machine.client_id
    assert claims["exp"] - claims["iat"] == TOKEN_SECONDS
    assert claims["cnf"] == {"jkt": jws.read_key(machine.proof_signer.jwk).thumbprint}

    who = await machine.show(given["access_token"])
    assert (who.status_code, who.json()["actor"]) == (200, machine.client_id)


async def test_a_given_token_and_a_refusal_are_on_record(house):
    machine = await house.machine()
    token = await machine.token(scope="pay")
    refused = await machine.ask(scope="everything")
    assert refused.json()["error"] == "invalid_scope"
    issued, refusal = await entries(house, "identity.token.issue")
    claims = jws.parse_jws(token).claims
    assert (issued["by"], issued["on"], issued["outcome"]) == (
        machine.client_id,
        claims["jti"],
        "done",
    )
    assert issued["content"] == {
        "bound_to": "key",
        "client": machine.client_id,
        "for": machine.client_id,
        "scope": ["pay"],
    }
    assert (refusal["by"], refusal["outcome"]) == (machine.client_id, "token_not_given")


async def test_assertions_that_are_wrong_prove_nobody(house, clock):
    machine, other = await house.machine(), await house.machine()
    now = clock.seconds
    public = json.dumps(machine.signer.jwk).encode()
    claims = {"iss": machine.client_id, "sub": machine.client_id, "aud": ISSUER, "exp": now + 60}
    for bad in (
        machine.assertion(aud=f"{ISSUER}/oauth/token"),
        machine.assertion(aud=[ISSUER]),
        machine.assertion(aud=None),
        machine.assertion(iss=other.client_id),
        machine.assertion(sub=other.client_id),
        machine.assertion(iss="me"),
        machine.assertion(jti=None),
        machine.assertion(jti=""),
        machine.assertion(jti="j" * 201),
        machine.assertion(exp=None),
        machine.assertion(exp=now - jws.SKEW_S),
        machine.assertion(exp=now + 300 + jws.SKEW_S + 1),
        machine.assertion(nbf=now + jws.SKEW_S + 1),
        machine.assertion(iat=now + jws.SKEW_S + 1),
        machine.assertion(by=other.signer),
        machine.assertion(by=Signer("ES256", kid="one")),
        machine.assertion(header={"typ": "dpop+jwt"}),
        machine.assertion(header={"jwk": machine.signer.jwk}),
        machine.assertion(sub="cli_00000000000000000000000000", iss=None),
        machine.assertion() + "=",
        machine.assertion(pad="x" * 9_000),
        unsigned_token(claims | {"jti": "a"}),
        hmac_token(claims | {"jti": "b"}, secret=public),
        "not a token",
        "",
    ):
        answer = await machine.ask(client_assertion=bad)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), bad
    assert not await entries(house, "identity.token.issue")


async def test_nobody_learns_whether_a_client_exists(house):
    machine = await house.machine()
    unknown = "cli_" + "0" * 26
    answers = [
        await machine.ask(client_assertion=machine.assertion(by=Signer("ES256", kid="one"))),
        await machine.ask(client_assertion=machine.assertion(iss=unknown, sub=unknown)),
    ]
    assert answers[0].json() == answers[1].json()


async def test_an_assertion_is_good_once_also_when_it_comes_twice_at_once(house):
    machine = await house.machine()
    assertion = machine.assertion()
    answers = await asyncio.gather(*(machine.ask(client_assertion=assertion) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401, 401]
    again = await machine.ask(client_assertion=assertion)
    assert "before" in again.json()["error_description"]


async def test_a_proof_is_good_once_at_the_token_endpoint_too(house):
    machine = await house.machine()
    headers = {"dpop": machine.proof()}
    assert (await machine.ask(headers=headers)).status_code == 200
    again = await machine.ask(headers=headers)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_dpop_proof")


async def test_what_is_no_request_of_fapi_is_refused_in_words_of_oauth(house):
    machine = await house.machine()
    for fields, status, error in (
        ({"grant_type": None}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "authorization_code", "code": "x"}, 400, "unauthorized_client"),
        ({"client_secret": "shared"}, 401, "invalid_client"),
        ({"client_assertion_type": "urn:other"}, 401, "invalid_client"),
        ({"client_id": "cli_other"}, 401, "invalid_client"),
        ({"scope": "read_books read_books"}, 400, "invalid_scope"),
        ({"scope": "owner"}, 400, "invalid_scope"),
    ):
        answer = await machine.ask(**fields)
        assert (answer.status_code, answer.json()["error"]) == (status, error), fields
    bare = await machine.ask(headers={})
    assert (bare.status_code, bare.json()["error"]) == (400, "invalid_request")
    basic = await machine.ask(headers={"authorization": "Basic eDp5", "dpop": machine.proof()})
    assert (basic.status_code, basic.json()["error"]) == (401, "invalid_client")


async def test_forms_that_can_be_read_in_two_ways_are_refused(house):
    machine = await house.machine()
    for body in ("grant_type=a&grant_type=b", "grant_type=%ff", "a=%00", "x" * 10, "a=1&" * 60):
        answer = await house.client.post(
            "/oauth/token",
            content=body,
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request"), body
    as_json = await house.client.post("/oauth/token", json=machine.form())
    assert as_json.status_code == 415


async def test_a_client_asks_for_what_it_was_registered_with_and_no_more(house):
    machine = await house.machine(scope=["pay"])
    assert (await machine.ask()).json()["scope"] == "pay"
    assert (await machine.ask(scope="read_books")).json()["error"] == "invalid_scope"


async def test_an_ended_client_gets_nothing_and_its_tokens_end_within_five_seconds(house, clock):
    machine = await house.machine()
    token = await machine.token()
    assert (await machine.show(token)).status_code == 200
    ended = await house.as_person("DELETE", f"/v1/clients/{machine.client_id}", ("test", "x"))
    assert ended.json()["ended_at"]
    assert (await machine.ask()).status_code == 401
    clock.pass_s(5)
    assert (await machine.show(token)).status_code == 401


async def test_metadata_says_what_is_so(house):
    found = (await house.client.get("/.well-known/oauth-authorization-server")).json()
    assert found["issuer"] == ISSUER
    assert found["token_endpoint"] == f"{ISSUER}/oauth/token"
    assert found["require_pushed_authorization_requests"] is True
    assert "client_secret_basic" not in found["token_endpoint_auth_methods_supported"]
    assert not {"none", "RS256", "HS256"} & {*found["dpop_signing_alg_values_supported"]}


async def test_keys_are_published_and_rotate_without_losing_a_token(house, clock, tmp_path):
    machine = await house.machine()
    old = await machine.token()
    path = tmp_path / "token-keys"
    assert path.stat().st_mode & 0o777 == 0o600
    make_token_key(tmp_path / "next")
    path.write_text(path.read_text() + (tmp_path / "next").read_text())
    clock.pass_s(5)
    new = await machine.token()
    published = (await house.client.get("/oauth/jwks")).json()["keys"]
    assert len(published) == 2
    assert not any("d" in key for key in published)
    kids = [jws.parse_jws(token).header["kid"] for token in (old, new)]
    assert kids == [key["kid"] for key in published]
    assert jws.read_key_set(json.dumps({"keys": published}))
    for token in (old, new):
        assert (await machine.show(token)).status_code == 200


async def test_a_client_of_one_tenant_is_none_of_another(house, database_for, clock, tmp_path):
    machine = await house.machine()
    mine = house.caller
    await house.settle()
    assert house.caller.tenant_id != mine.tenant_id
    read = await house.as_person("GET", f"/v1/clients/{machine.client_id}", ("test", "x"))
    assert read.status_code == 404
    who = await machine.show(await machine.token())
    assert who.json()["actor"] == machine.client_id
    assert who.json()["tenant"] == ids.tenant_name(mine.tenant_id)


async def test_random_forms_never_break_the_endpoint(house):
    for _ in range(20):
        answer = await house.client.post(
            "/oauth/token",
            content=secrets.token_bytes(200),
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
        assert answer.status_code == 400

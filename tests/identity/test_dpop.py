"""Access tokens at the resources: shown by whom they are bound to, once per proof, and never otherwise."""

import asyncio
import hashlib
import json
import secrets

import pytest

from tallystick.identity.model import access_tokens, dpop, jws
from tallystick.identity.model.dpop import PROOF_SECONDS_MAX
from tallystick.identity.model.jws import BadToken
from tallystick.kernel.instants import SECOND
from tests.identity.machines_house import (
    ISSUER,
    LOOPBACK,
    HandClock,
    House,
    certificate,
    header_of,
)
from tests.identity.signing import Signer, hmac_token, unsigned_token

NOW_S = 1_800_000_000
URL = "https://bank.example/v1/whoami"


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


def test_addresses_are_one_place_as_rfc_3986_says():
    for one in (
        "https://bank.example/v1/whoami?a=b#c",
        "HTTPS://BANK.example:443/v1/whoami",
        "https://bank.example/v1/whoami?",
    ):
        assert dpop.place_of(one) == dpop.place_of(URL)
    for other in (
        "http://bank.example/v1/whoami",
        "https://bank.example:444/v1/whoami",
        "https://bank.example/v1/Whoami",
        "https://bank.example/v1/whoami/",
        "https://bank.example@evil.example/v1/whoami",
        "https://evil.example/v1/whoami",
        "/v1/whoami",
        "",
    ):
        assert dpop.place_of(other) != dpop.place_of(URL)
    with pytest.raises(BadToken):
        dpop.place_of("https://[bank/v1")


def test_the_proof_of_the_standard_is_read():
    # RFC 9449, section 4.2, figure 2: a proof of 2019, by a key on P-256.
    proof = (
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNo"
        "UklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWcl"
        "UwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI"
        "6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP"
        "0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
    )
    url = "https://server.example.com/token"
    found = dpop.read_proof(proof, method="POST", url=url, now=1_562_262_616 * SECOND)
    assert found.thumbprint == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"


async def test_wrong_proofs_are_refused_whoever_holds_the_token(house, clock):
    machine = await house.machine()
    token = await machine.token()
    other = Signer("ES256")
    ath = jws.encoded(hashlib.sha256(b"another").digest())

    def proof(**changed):
        method, path = changed.pop("method", "GET"), changed.pop("path", "/v1/whoami")
        return machine.proof(method, path, token=changed.pop("token", token), **changed)

    now = clock.seconds
    for bad in (
        proof(by=other),
        proof(method="POST"),
        proof(path="/v1/keys"),
        proof(htu="https://evil.example/v1/whoami"),
        proof(htu=None),
        proof(htm=None),
        proof(htm="get"),
        proof(ath=None),
        proof(ath=ath),
        proof(jti=None),
        proof(jti=""),
        proof(jti="j" * 201),
        proof(jti=7),
        proof(iat=None),
        proof(iat=now - PROOF_SECONDS_MAX - jws.SKEW_S - 1),
        proof(iat=now + jws.SKEW_S + 1),
        proof(iat=str(now)),
        proof(exp=now - jws.SKEW_S),
        proof(header={"typ": "jwt"}),
        proof(header={"typ": None}),
        proof(header={"jwk": None}),
        proof(header={"jwk": other.jwk}),
        proof(header={"jwk": machine.proof_signer.private_jwk}),
        proof(header={"alg": "RS256"}),
        proof(header={"crit": ["htm"]}),
        proof(by=Signer("RS256")),
        proof() + "=",
        f"{proof()}, {proof()}",
        unsigned_token({"htm": "GET"}, typ="dpop+jwt", jwk=machine.proof_signer.jwk),
        hmac_token({"htm": "GET"}, secret=b"x", typ="dpop+jwt", jwk={"kty": "oct", "k": "eA"}),
        "no proof",
    ):
        answer = await machine.show(token, proof=bad)
        assert answer.status_code == 401, bad
        assert answer.json()["code"] == "bound_token_not_accepted"
        assert answer.headers["www-authenticate"].startswith("DPoP error=")
    assert (await machine.show(token)).status_code == 200


async def test_a_proof_within_the_skew_is_taken(house, clock):
    machine = await house.machine()
    token = await machine.token()
    for iat in (clock.seconds + jws.SKEW_S, clock.seconds - PROOF_SECONDS_MAX - jws.SKEW_S):
        proof = machine.proof("GET", "/v1/whoami", token=token, iat=iat)
        assert (await machine.show(token, proof=proof)).status_code == 200


async def test_a_bound_token_is_no_bearer_token(house):
    machine = await house.machine()
    token = await machine.token()
    for scheme, proof in (("Bearer", ""), ("Bearer", None), ("DPoP", "")):
        assert (await machine.show(token, scheme=scheme, proof=proof)).status_code == 401


async def test_a_proof_is_good_once_in_all_processes(house, database_for, clock, tmp_path):
    machine = await house.machine()
    token = await machine.token()
    second = House(
        database=await database_for("identity"),
        clock=clock,
        keys_path=tmp_path / "token-keys",
        proxies=(),
    )
    proof = machine.proof("GET", "/v1/whoami", token=token)
    headers = {"authorization": f"DPoP {token}", "dpop": proof}
    async with second.client:
        answers = await asyncio.gather(
            *(
                one.client.get("/v1/whoami", headers=headers)
                for one in (house, second, house, second)
            )
        )
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]


async def test_what_may_be_forgotten_is_forgotten(house, clock):
    machine = await house.machine()
    token = await machine.token()
    await machine.show(token)
    clock.pass_s(400)
    await machine.token()
    async with house.database.transaction(tenant_id=house.caller.tenant_id) as connection:
        left = await connection.fetchval("SELECT count(*) FROM identity.once")
    assert left == 2


async def test_tokens_that_are_not_ours_or_not_now_are_refused(house, clock):
    machine = await house.machine()
    token = await machine.token()
    claims = dict(jws.parse_jws(token).claims)
    head, body, signature = token.split(".")
    own = house.keys.all()[-1]

    def signed(**changed):
        return access_tokens.sign(claims | changed, kid=own.public.kid, private=own.private)

    forged = Signer("ES256", kid=own.public.kid)
    public = json.dumps(own.public.key.as_dict(private=False)).encode()
    assert (await machine.show(signed())).status_code == 200
    for bad in (
        forged.token(claims, typ="at+jwt"),
        unsigned_token(claims, typ="at+jwt"),
        hmac_token(claims, secret=public, typ="at+jwt", kid=own.public.kid),
        f"{token}=",
        f"{head}.{body}.{signature[:-2]}AA",
        f"{head}.{jws.encoded(json.dumps(claims | {'sub': 'per_x'}).encode())}.{signature}",
        signed(aud="https://other.example"),
        signed(aud=[ISSUER]),
        signed(iss="https://other.example"),
        signed(exp=clock.seconds),
        signed(iat=clock.seconds + jws.SKEW_S + 1),
        signed(cnf={}),
        signed(cnf=None),
        signed(cnf={"jkt": "x", "x5t#S256": "y"}),
        signed(tenant="tnt_0000000000001"),
        signed(tenant=1),
        signed(client_id="cli_" + "0" * 26),
        signed(scope=1),
        machine.assertion(),
        "x" * (jws.TOKEN_BYTES_MAX + 1),
        "",
    ):
        answer = await machine.show(bad)
        assert answer.status_code == 401, bad
        assert answer.json()["code"] == "bound_token_not_accepted"


async def test_a_token_lasts_five_minutes_to_the_second(house, clock):
    machine = await house.machine()
    token = await machine.token()
    clock.pass_s(access_tokens.TOKEN_SECONDS - 1)
    assert (await machine.show(token)).status_code == 200
    clock.pass_s(1)
    answer = await machine.show(token)
    assert "expired" in answer.json()["detail"]


async def test_a_refusal_is_on_record_and_quotes_nothing(house, capfd):
    machine = await house.machine()
    token = await machine.token()
    answer = await machine.show(token, proof="")
    assert token not in answer.text
    assert token not in "".join(capfd.readouterr())


async def test_a_certificate_proves_a_client_and_binds_its_token(house, clock):
    shown = certificate(clock)
    body = {"certificate_thumbprint": hashlib.sha256(shown).hexdigest(), "key_set": None}
    machine = await house.machine(**body)
    answer = await house.client.post(
        "/oauth/token",
        data={"grant_type": "client_credentials", "client_id": machine.client_id},
        headers={"client-cert": header_of(shown)},
    )
    assert answer.status_code == 200, answer.text
    given = answer.json()
    assert given["token_type"] == "Bearer"
    token = given["access_token"]
    thumbprint = jws.encoded(hashlib.sha256(shown).digest())
    assert jws.parse_jws(token).claims["cnf"] == {"x5t#S256": thumbprint}

    good = {"client-cert": header_of(shown)}
    who = await machine.show(token, scheme="Bearer", proof="", **good)
    assert who.json()["actor"] == machine.client_id
    other = {"client-cert": header_of(certificate(clock))}
    for headers in (other, {}):
        answer = await machine.show(token, scheme="Bearer", proof="", **headers)
        assert answer.status_code == 401
    assert (await machine.show(token, **good)).status_code == 401


async def test_certificates_that_prove_nothing(house, clock):
    shown = certificate(clock)
    by_subject = await house.machine(key_set=None, certificate_subject="O=Bakery,CN=billing")

    async def ask(header):
        return await house.client.post(
            "/oauth/token",
            data={"grant_type": "client_credentials", "client_id": by_subject.client_id},
            headers={"client-cert": header},
        )

    assert (await ask(header_of(shown))).status_code == 200
    for header in (
        header_of(certificate(clock, name="another")),
        header_of(certificate(clock, padding=16_384)),
        header_of(shown)[1:-1],
        ":AAAA:",
        "::",
        f"{header_of(shown)}, {header_of(shown)}",
        header_of(secrets.token_bytes(500)),
        ":" + "A" * 30_000 + ":",
    ):
        answer = await ask(header)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    clock.pass_s(86_400 * 2)
    assert (await ask(header_of(shown))).status_code == 401


async def test_a_certificate_is_believed_from_the_proxy_alone(database_for, clock, tmp_path):
    house = House(
        database=await database_for("identity"),
        clock=clock,
        keys_path=tmp_path / "token-keys",
        proxies=(),
    )
    await house.settle()
    async with house.client:
        machine = await house.machine(key_set=None, certificate_subject="O=Bakery,CN=billing")
        answer = await house.client.post(
            "/oauth/token",
            data={"grant_type": "client_credentials", "client_id": machine.client_id},
            headers={"client-cert": header_of(certificate(clock))},
        )
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")

"""Signing in by OpenID Connect: the whole way, and every way in which an answer is wrong."""

import hashlib
import json
from typing import Any

import pytest

from tallystick.identity.api.providers import ProviderNotFound
from tallystick.identity.api.sessions import PersonNotKnown, ProviderOutOfReach, SignInNotAccepted
from tallystick.identity.model import session_texts
from tallystick.identity.model.jws import encoded
from tallystick.kernel.problems import Malformed
from tallystick.runtime.doors import TransactionOpen
from tests.identity.issuers import CLIENT, DEVICE, REDIRECT, House, at_hash
from tests.identity.signing import Signer, hmac_token, unsigned_token


@pytest.fixture
async def house(database_for) -> House:
    house = House(await database_for("identity"))
    await house.found()
    return house


async def test_a_person_signs_in_by_the_tenants_own_provider(house: House) -> None:
    person = await house.person()
    begun, asked = await house.start()
    assert begun.url.startswith(f"{house.issuer.name}/authorize?tenant=7&")
    assert (asked["response_type"], asked["client_id"], asked["redirect_uri"]) == (
        "code",
        CLIENT,
        REDIRECT,
    )
    assert (asked["scope"], asked["code_challenge_method"]) == ("openid", "S256")
    signed = await house.finish(begun, asked)
    assert (signed.person, signed.mfa) == (person, False)
    assert session_texts.is_session(signed.session)
    (form,) = house.issuer.forms
    challenge = encoded(hashlib.sha256(form["code_verifier"].encode()).digest())
    assert challenge == asked["code_challenge"]
    assert (form["grant_type"], form["client_id"], form["redirect_uri"]) == (
        "authorization_code", CLIENT, REDIRECT,
    )  # fmt: skip
    (row,) = await house.rows(
        "SELECT * FROM identity.session WHERE tenant_id = $1", house.tenant_id
    )
    assert row["hash"] == session_texts.hash_of(signed.session)
    assert (row["network"], row["country"], row["device_known"]) == ("203.0.113.7", "NL", False)
    assert DEVICE not in str(row)
    assert row["expires_at"] - row["started_at"] == 12 * 3600 * 1_000_000


@pytest.mark.parametrize("proof", ["mfa_at", "stepped_up_at"])
async def test_a_device_is_known_once_a_second_factor_was_proven_on_it(
    house: House, proof: str
) -> None:
    await house.person()
    known = "SELECT device_known FROM identity.session WHERE tenant_id = $1 AND session_id = $2"
    for _ in range(3):
        signed = await house.signed_in()
        # However often somebody signs in on it.
        assert not (await house.rows(known, house.tenant_id, signed.session_id))[0]["device_known"]
    await house.rows(
        f"UPDATE identity.session SET {proof} = started_at WHERE session_id = $1", signed.session_id
    )
    again = await house.signed_in()
    assert (await house.rows(known, house.tenant_id, again.session_id))[0]["device_known"]


async def test_nothing_of_a_sign_in_under_way_is_kept_that_finishes_it(house: House) -> None:
    begun, asked = await house.start()
    (row,) = await house.rows(
        "SELECT * FROM identity.sign_in WHERE tenant_id = $1", house.tenant_id
    )
    for secret in (
        begun.flow,
        asked["state"],
        asked["nonce"],
        session_texts.verifier_of(begun.flow),
    ):
        assert secret not in str(row)
    assert begun.flow not in begun.url
    assert session_texts.verifier_of(begun.flow) not in begun.url


@pytest.mark.parametrize(
    ("claims", "trusts", "mfa"),
    [
        ({"amr": ["pwd", "mfa"]}, True, True),
        ({"amr": ["pwd", "mfa"]}, False, False),
        ({"acr": "urn:mfa"}, True, True),
        ({"acr": "urn:other", "amr": ["pwd"]}, True, False),
        ({"acr": 7}, True, False),
    ],
)
async def test_a_second_factor_counts_where_the_tenant_trusts_the_providers_word(
    house: House, claims: dict[str, Any], trusts: bool, mfa: bool
) -> None:
    await house.person()
    await house.set_provider(trusts_mfa=trusts)
    house.issuer.changes = claims | {"auth_time": house.clock.second - 100}
    assert (await house.signed_in()).mfa is mfa
    (row,) = await house.rows(
        "SELECT mfa_at FROM identity.session WHERE tenant_id = $1", house.tenant_id
    )
    assert (row["mfa_at"] is not None) is mfa
    if mfa:
        assert row["mfa_at"] == house.issuer.changes["auth_time"] * 1_000_000


SECOND = object()
WRONG = {
    "another issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": ...},
    "another audience": {"aud": "somebody-else"},
    "one audience too many": {"aud": [CLIENT, "somebody-else"]},
    "no audience": {"aud": []},
    "an audience that is no text": {"aud": [7]},
    "issued to another client": {"azp": "somebody-else"},
    "another nonce": {"nonce": "other"},
    "no nonce": {"nonce": ...},
    "no subject": {"sub": ...},
    "a subject that is too long": {"sub": "x" * 256},
    "a subject with a line end": {"sub": "alice\n"},
    "no end": {"exp": ...},
    "no beginning": {"iat": ...},
    "an end with a fraction": {"exp": 9999999999.5},
    "an end as text": {"exp": "9999999999"},
    "a true end": {"exp": True},
    "an at_hash of another token": {"at_hash": at_hash("another")},
    "methods that are no list": {"amr": "mfa"},
    "methods without end": {"amr": ["x"] * 21},
}


@pytest.mark.parametrize("name", sorted(WRONG))
async def test_an_id_token_that_is_wrong_is_refused(house: House, name: str) -> None:
    await house.person()
    house.issuer.changes = WRONG[name]
    await refused(house)


@pytest.mark.parametrize(
    "moved",
    [
        {"exp": -61}, {"iat": 62}, {"nbf": 62}, {"auth_time": 62}, {"iat": -662}, {"exp": -100000},
    ],
    ids=str,
)  # fmt: skip
async def test_times_outside_the_skew_are_refused(house: House, moved: dict[str, int]) -> None:
    await house.person()
    house.issuer.changes = {name: house.clock.second + by for name, by in moved.items()}
    await refused(house)


@pytest.mark.parametrize("moved", [{"exp": -55}, {"iat": 55, "nbf": 55, "auth_time": 55}], ids=str)
async def test_times_within_the_skew_are_taken(house: House, moved: dict[str, int]) -> None:
    await house.person()
    house.issuer.changes = {name: house.clock.second + by for name, by in moved.items()}
    assert (await house.signed_in()).person


async def refused(house: House) -> None:
    """Demand that the sign-in is refused, without a word why, and leaves no session."""
    begun, asked = await house.start()
    with pytest.raises(SignInNotAccepted) as caught:
        await house.finish(begun, asked)
    assert caught.value.detail == "The sign-in was not accepted: begin again."
    assert not caught.value.fields
    assert not await house.rows(
        "SELECT 1 FROM identity.session WHERE tenant_id = $1", house.tenant_id
    )


async def signed_otherwise(house: House, kind: str) -> None:
    issuer, claims = house.issuer, house.issuer.claims()
    good = issuer.signer.token(claims, typ="JWT")
    head, body, signature = good.split(".")
    public = json.dumps(issuer.signer.jwk).encode()
    stranger = Signer("ES256", kid="k1")
    issuer.token = {
        "none": lambda: unsigned_token(claims, kid="k1"),
        "none with a signature": lambda: unsigned_token(claims, signature=signature, kid="k1"),
        "hmac with the public key": lambda: hmac_token(claims, secret=public, kid="k1"),
        "a stranger's key": lambda: stranger.token(claims, typ="JWT"),
        "a key it brings along": lambda: stranger.token(claims, typ="JWT", jwk=stranger.jwk),
        "an address of keys": lambda: issuer.signer.token(claims, jku="https://evil.example/jwks"),
        "crit": lambda: issuer.signer.token(claims, crit=["b64"], b64=True),
        "another type": lambda: issuer.signer.token(claims, typ="at+jwt"),
        "padding": lambda: f"{head}.{body}.{signature}=",
        "padding inside": lambda: f"{head}=.{body}.{signature}",
        "a line end": lambda: good + "\n",
        "four segments": lambda: good + ".x",
        "another signature": lambda: f"{head}.{body}.{encoded(b'x' * 64)}",
        "no signature": lambda: f"{head}.{body}.",
        "another algorithm": lambda: issuer.signer.token(claims, typ="JWT", alg="PS256"),
        "a name twice": lambda: issuer.signer.raw(
            json.dumps({"alg": "ES256", "kid": "k1"}),
            json.dumps(claims)[:-1] + ', "sub": "mallory"}',
        ),
        "a bomb of brackets": lambda: issuer.signer.raw('{"alg":"ES256"}', "[" * 4000 + "]" * 1),
        "a bomb in the header": lambda: issuer.signer.raw('{"alg":' + "[" * 3000, claims),
        "too long": lambda: issuer.signer.token(claims | {"x": "y" * 8_192}, typ="JWT"),
        "a number without end": lambda: issuer.signer.raw(
            '{"alg":"ES256"}', '{"exp":' + "9" * 5000 + "}"
        ),
    }[kind]()


KINDS = [
    "none", "none with a signature", "hmac with the public key", "a stranger's key", "a key it brings along",
    "an address of keys", "crit", "another type", "padding", "padding inside", "a line end", "four segments",
    "another signature", "no signature", "another algorithm", "a name twice", "a bomb of brackets",
    "a bomb in the header", "too long", "a number without end",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
async def test_a_token_that_is_signed_otherwise_is_refused(house: House, kind: str) -> None:
    await house.person()
    begun, asked = await house.start()
    await signed_otherwise(house, kind)
    with pytest.raises(SignInNotAccepted):
        await house.finish(begun, asked)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"])
async def test_each_algorithm_of_the_list_is_taken_and_no_other_of_the_row(
    house: House, algorithm: str
) -> None:
    await house.person()
    issuer = house.issuer
    issuer.signer = Signer(algorithm, kid="k1")
    issuer.keys = [issuer.signer.jwk]
    kind = hashlib.sha512 if algorithm in ("EdDSA", "Ed25519") else hashlib.sha256
    issuer.changes = {"at_hash": at_hash("opaque-access-token", kind)}
    assert (await house.signed_in()).person
    others = {"RS256", "PS256", "ES256"} - {algorithm}
    await house.set_provider(algorithms=tuple(others))
    begun, asked = await house.start()
    with pytest.raises(SignInNotAccepted):
        await house.finish(begun, asked)


async def test_a_token_without_at_hash_and_access_token_is_taken_and_a_hash_of_nothing_not(
    house: House,
) -> None:
    await house.person()
    house.issuer.with_access_token = False
    assert (await house.signed_in()).person
    house.issuer.changes = {"at_hash": at_hash("")}
    begun, asked = await house.start()
    with pytest.raises(SignInNotAccepted):
        await house.finish(begun, asked)


async def test_an_answer_is_used_once_and_by_whoever_began(house: House) -> None:
    await house.person()
    begun, asked = await house.start()
    assert await house.finish(begun, asked)
    with pytest.raises(SignInNotAccepted):
        await house.finish(begun, asked)
    mine, _ = await house.start()
    _, theirs = await house.start()
    with pytest.raises(SignInNotAccepted):
        # Somebody else's answer, put into my browser.
        await house.finish(mine, theirs)
    late, asked = await house.start()
    house.clock.ahead += 601
    with pytest.raises(SignInNotAccepted):
        await house.finish(late, asked)
    asked_before = len(house.issuer.forms)
    for flow in ("", "tsin_x", begun.flow[:-1] + "0", begun.flow.upper()):
        with pytest.raises(SignInNotAccepted):
            await house.finish(begun, asked, flow=flow)
    assert len(house.issuer.forms) == asked_before


async def test_a_sign_in_of_one_tenant_is_none_of_another(house: House) -> None:
    await house.person()
    begun, asked = await house.start()
    other = House(house.database)
    await other.found()
    with pytest.raises(SignInNotAccepted):
        await house.finish(begun, asked, tenant=other.tenant)
    with pytest.raises(Malformed):
        await house.finish(begun, asked, tenant="tnt_x")
    assert (await house.finish(begun, asked)).person


async def test_an_answer_of_another_issuer_is_refused(house: House) -> None:
    await house.person()
    begun, asked = await house.start()
    with pytest.raises(SignInNotAccepted):
        await house.finish(begun, asked, issuer="https://evil.example")
    begun, asked = await house.start()
    assert await house.finish(begun, asked, issuer=house.issuer.name)
    house.issuer.published = {"authorization_response_iss_parameter_supported": True}
    house.open_process()
    begun, asked = await house.start()
    with pytest.raises(SignInNotAccepted):
        await house.finish(begun, asked)


async def test_a_provider_that_was_changed_meanwhile_answers_nothing(house: House) -> None:
    await house.person()
    begun, asked = await house.start()
    await house.set_provider(client_id="another")
    with pytest.raises(SignInNotAccepted):
        await house.finish(begun, asked)


async def test_somebody_unknown_or_suspended_is_told_so_and_not_let_in(house: House) -> None:
    begun, asked = await house.start()
    with pytest.raises(PersonNotKnown):
        await house.finish(begun, asked)
    await house.person("bob", status="suspended")
    house.issuer.subject = "bob"
    begun, asked = await house.start()
    with pytest.raises(PersonNotKnown):
        await house.finish(begun, asked)


@pytest.mark.parametrize(
    "redirect",
    [
        "https://evil.example/callback", "http://localhost:5/callback", "http://127.0.0.1.evil.example/",
        "http://user@127.0.0.1/", "http://127.0.0.1:99999/", "javascript:alert(1)", "//127.0.0.1/", "",
        "http://127.0.0.1:5/?next=//evil.example", "https://127.0.0.1:5/", "http://127.0.0.1:5/#x",
        "https://console.bakery.example/back?x",
    ],
)  # fmt: skip
async def test_a_code_is_sent_nowhere_that_was_not_agreed(house: House, redirect: str) -> None:
    await house.set_provider(redirects=("https://console.bakery.example/back",))
    with pytest.raises(Malformed):
        await house.start(redirect=redirect)
    for good in ("https://console.bakery.example/back", "http://[::1]:5/cb", REDIRECT):
        assert (await house.start(redirect=good))[0].url


async def test_a_provider_is_named_when_there_are_several(house: House) -> None:
    with pytest.raises(ProviderNotFound):
        await house.start(provider="other")
    assert (await house.start(provider="main"))[0].url
    await house.set_provider(
        provider="second", issuer="https://login.example/second", audience=None
    )
    with pytest.raises(ProviderNotFound):
        await house.start()


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (500, b"", {}), (404, b"", {}), (302, b"", {"location": "https://evil.example"}),
        (200, b"x" * 70_000, {}), (200, b"[]", {}), (200, b'{"issuer": "https://evil.example"}', {}),
        (200, b"x", {"content-encoding": "gzip"}), (200, b'{"issuer":"a","issuer":"b"}', {}),
    ],
    ids=["500", "404", "redirect", "large", "no object", "another issuer", "compressed", "twice"],
)  # fmt: skip
async def test_a_provider_that_publishes_nonsense_is_out_of_reach(
    house: House, status: int, body: bytes, headers: dict[str, str]
) -> None:
    house.issuer.answer = (status, body, headers)
    with pytest.raises(ProviderOutOfReach):
        await house.start()


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("token_endpoint", "http://login.example/token"),
        ("jwks_uri", "http://127.0.0.1/jwks"),
        ("authorization_endpoint", "javascript:alert(1)"),
        ("token_endpoint", "https://user:pass@login.example/token"),
        ("jwks_uri", "file:///etc/passwd"),
        ("jwks_uri", 7),
    ],
)
async def test_a_provider_sends_us_nowhere_else(house: House, name: str, address: Any) -> None:
    house.issuer.published = {name: address}
    with pytest.raises(ProviderOutOfReach):
        await house.start()


async def test_what_is_published_is_remembered_and_a_new_key_found_once_a_minute(
    house: House,
) -> None:
    await house.person()
    assert await house.signed_in()
    read = len([path for path in house.issuer.asked if path.endswith("/jwks")])
    assert read == 1
    # A new key, before a minute is over: what is remembered counts.
    house.issuer.signer = Signer("ES256", kid="k2")
    house.issuer.keys = [house.issuer.signer.jwk]
    begun, asked = await house.start()
    with pytest.raises(SignInNotAccepted):
        await house.finish(begun, asked)
    house.clock.ahead += 61
    assert await house.signed_in()
    assert house.issuer.asked.count(house.issuer.asked[1]) == 2


async def test_what_is_remembered_carries_on_for_an_hour_while_a_provider_is_away(
    house: House,
) -> None:
    await house.start()
    house.issuer.answer = (503, b"", {})
    house.clock.ahead += 3_000
    assert (await house.start())[0].url
    house.clock.ahead += 601
    with pytest.raises(ProviderOutOfReach):
        await house.start()


async def test_no_provider_is_asked_inside_a_transaction(house: House) -> None:
    async with house.database.transaction(tenant_id=house.tenant_id):
        with pytest.raises(TransactionOpen):
            await house.issuers.endpoints(house.issuer.name)
    assert house.issuer.asked == []


async def test_an_address_of_loopback_is_asked_in_development_alone(house: House) -> None:
    for address in ("http://127.0.0.1:1/x", "http://localhost/x", "https://127.0.0.1/x"):
        with pytest.raises(ProviderOutOfReach):
            await house.issuers.endpoints(address)
    assert house.issuer.asked == []

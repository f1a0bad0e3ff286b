"""The strict reading of signed tokens: what everybody's token must be, and every way in which it is not."""

import json
from typing import Any

import pytest

from tallystick.identity.model import jws
from tallystick.identity.model.jws import BadToken
from tallystick.kernel.instants import SECOND
from tests.identity.signing import Signer, hmac_token, unsigned_token

NOW_S = 1_790_000_000
CLAIMS = {"iss": "them", "exp": NOW_S + 60, "iat": NOW_S}
ALGORITHMS = ("PS256", "ES256", "EdDSA", "Ed25519", "RS256")
SIGNERS = {name: Signer(name, kid="one") for name in ALGORITHMS}
SIGNER = SIGNERS["ES256"]


def read(token: str, *, by: Signer = SIGNER, **asked: Any) -> Any:
    """Read as a resource server would."""
    given: dict[str, Any] = {
        "keys": jws.read_key_set(by.key_set),
        "algorithms": jws.OIDC_ALGORITHMS,
        "types": (None, "jwt"),
        "now": NOW_S * SECOND,
    }
    return jws.read_jws(token, **(given | asked))


@pytest.mark.parametrize("name", ALGORITHMS)
def test_what_was_signed_is_read(name: str) -> None:
    signer = SIGNERS[name]
    header, claims = read(signer.token(CLAIMS, typ="JWT"), by=signer)
    assert (header["alg"], claims) == (name, CLAIMS)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_what_another_signed_is_refused(name: str) -> None:
    with pytest.raises(BadToken, match="no known key"):
        read(Signer(name, kid="one").token(CLAIMS), by=SIGNERS[name])


def test_rs256_is_for_those_who_ask_for_it() -> None:
    signer = SIGNERS["RS256"]
    with pytest.raises(BadToken, match="algorithm"):
        read(signer.token(CLAIMS), by=signer, algorithms=jws.FAPI_ALGORITHMS)


def test_no_key_and_no_secret_is_refused_whatever_is_allowed() -> None:
    every = {"none", "HS256", *jws.OIDC_ALGORITHMS}
    public = json.dumps(SIGNER.jwk).encode()
    for token in (
        unsigned_token(CLAIMS),
        unsigned_token(CLAIMS, signature="AA"),
        unsigned_token(CLAIMS, signature="AA", alg="None"),
        hmac_token(CLAIMS, secret=public),
        hmac_token(CLAIMS, secret=b""),
    ):
        with pytest.raises(BadToken):
            read(token, algorithms=every)


def test_padding_and_strangers_are_refused() -> None:
    token = SIGNER.token(CLAIMS)
    head, body, signature = token.split(".")
    for bad in (
        f"{token}=",
        f"{token}==",
        f"{head}=.{body}.{signature}",
        f"{head}.{body}==.{signature}",
        f"{head}.{body}.{signature}\n",
        f" {token}",
        f"{head}.{body}.{signature[:40]}+/{signature[42:]}",
        f"{head}.{body}",
        f"{token}.{signature}",
        f"{head}.{body}.",
        "",
        "..",
    ):
        with pytest.raises(BadToken):
            read(bad)


def test_another_spelling_of_the_same_bytes_is_refused() -> None:
    token = SIGNER.token(CLAIMS)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    # 64 bytes end in two characters of which the last carries two bits.
    assert alphabet.index(token[-1]) % 16 == 0
    with pytest.raises(BadToken, match="spelled"):
        read(token[:-1] + alphabet[alphabet.index(token[-1]) + 1])


def test_a_long_token_is_refused_before_it_is_read() -> None:
    with pytest.raises(BadToken, match="8192"):
        read(SIGNER.token(CLAIMS | {"long": "x" * jws.TOKEN_BYTES_MAX}))


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["exp"]},
        {"crit": []},
        {"b64": False},
        {"jku": "https://them.example/keys"},
        {"x5u": "https://them.example/certificate"},
        {"x5c": ["AA"]},
        {"jwk": SIGNER.jwk},
        {"typ": "dpop+jwt"},
        {"typ": 1},
        {"kid": "another"},
        {"kid": 1},
        {"kid": "k" * 201},
        {"alg": ["ES256"]},
        {"alg": None},
    ],
    # The key is another each time, which no name may be: tests in several processes are told by it.
    ids=lambda header: "jwk" if "jwk" in header else str(header),
)
def test_a_header_that_asks_for_more_is_refused(header: dict[str, Any]) -> None:
    with pytest.raises(BadToken):
        read(SIGNER.token(CLAIMS, **header))


def test_types_have_no_case_and_no_prefix() -> None:
    for kind in ("at+jwt", "application/at+jwt", "AT+JWT"):
        assert read(SIGNER.token(CLAIMS, typ=kind), types=("at+jwt",))
    with pytest.raises(BadToken, match="type"):
        read(SIGNER.token(CLAIMS), types=("at+jwt",))


def test_two_values_of_one_name_are_refused() -> None:
    claims = json.dumps(CLAIMS)
    head = json.dumps({"alg": "ES256"})
    for token in (
        SIGNER.raw(head, claims[:-1] + ', "iss": "me"}'),
        SIGNER.raw(head[:-1] + ', "alg": "none"}', claims),
        SIGNER.raw(head, claims[:-1] + ', "deep": {"a": 1, "a": 2}}'),
    ):
        with pytest.raises(BadToken, match="one way"):
            read(token)


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        "1",
        "null",
        '"x"',
        "{",
        '{"exp": NaN}',
        '{"a": "\\ud800"}',
        '{"a": "\\u0000"}',
        '{"a": ' + "[" * 4_000,
        '{"a": ' + "9" * 5_000 + "}",
    ],
)
def test_what_is_no_object_of_clean_json_is_refused(body: str) -> None:
    with pytest.raises(BadToken):
        read(SIGNER.raw('{"alg":"ES256"}', body))


def test_a_backslash_before_a_harmless_text_is_none() -> None:
    claims = '{"a": "\\\\u0000", "exp": ' + f"{NOW_S + 1}}}"
    assert read(SIGNER.raw('{"alg":"ES256"}', claims))


def test_times_hold_to_the_second_with_the_skew_that_is_written() -> None:
    skew = jws.SKEW_S
    for claims in (
        {"exp": NOW_S - skew + 1},
        {"exp": NOW_S + 1, "nbf": NOW_S + skew},
        {"exp": NOW_S + 1, "iat": NOW_S + skew},
    ):
        assert read(SIGNER.token(claims))
    for claims, reason in (
        ({"exp": NOW_S - skew}, "expired"),
        ({"exp": NOW_S + 1, "nbf": NOW_S + skew + 1}, "not of this time"),
        ({"exp": NOW_S + 1, "iat": NOW_S + skew + 1}, "not of this time"),
        ({"iat": NOW_S}, "no exp"),
        ({"exp": None}, "no whole number"),
        ({"exp": str(NOW_S + 1)}, "no whole number"),
        ({"exp": NOW_S + 1.5}, "no whole number"),
        ({"exp": True}, "no whole number"),
        ({"exp": -1}, "no whole number"),
        ({"exp": 2**60}, "no whole number"),
    ):
        with pytest.raises(BadToken, match=reason):
            read(SIGNER.token(claims))


def test_private_and_weak_keys_are_refused() -> None:
    for signer in SIGNERS.values():
        with pytest.raises(BadToken, match="private"):
            jws.read_key(signer.private_jwk)
    for bad in (
        {"kty": "oct", "k": "AAAA"},
        {"kty": "oct"},
        {"kty": ["EC"]},
        {"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"},
        {"kty": "OKP", "crv": "X25519", "x": "AA"},
        {"kty": "OKP", "crv": "Ed25519", "x": "AA"},
        SIGNER.jwk | {"y": SIGNER.jwk["x"]},
        SIGNER.jwk | {"x": SIGNER.jwk["x"] + "="},
        SIGNER.jwk | {"use": "enc"},
        SIGNER.jwk | {"alg": "HS256"},
        SIGNER.jwk | {"alg": 1},
        SIGNER.jwk | {"kid": ""},
        Signer("PS256", bits=1024).jwk,
        "key",
        None,
    ):
        with pytest.raises(BadToken):
            jws.read_key(bad)


def test_a_key_is_used_for_what_it_says() -> None:
    signer = SIGNERS["PS256"]
    keys = (jws.read_key(signer.jwk | {"alg": "RS256"}),)
    with pytest.raises(BadToken, match="no known key"):
        read(signer.token(CLAIMS), keys=keys)


def test_a_set_has_one_to_ten_keys_each_of_one_name() -> None:
    jwks = [SIGNER.jwk | {"kid": str(number)} for number in range(11)]
    assert len(jws.read_key_set(json.dumps({"keys": jwks[:10]}))) == 10
    for bad in ({"keys": jwks}, {"keys": []}, {"keys": [jwks[0], jwks[0]]}, {"keys": {}}, {}, []):
        with pytest.raises(BadToken):
            jws.read_key_set(json.dumps(bad))
    with pytest.raises(BadToken, match="16384"):
        jws.read_key_set(json.dumps({"keys": [SIGNER.jwk | {"pad": "x" * 20_000}]}))


def test_what_others_publish_is_read_as_far_as_it_can_be_used() -> None:
    published = {"keys": [{"kty": "oct", "k": "AA"}, SIGNER.jwk, {"kty": "EC", "crv": "P-521"}]}
    assert [key.kid for key in jws.usable_keys(json.dumps(published))] == ["one"]


def test_thumbprints_are_those_of_the_standard() -> None:
    # RFC 8037, appendix A.3.
    public = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert jws.read_key(public).thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"

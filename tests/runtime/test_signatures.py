"""Signed requests: the RFC's own example to the byte, and everything that is not our profile refused."""

import base64
import re
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from tallystick.kernel.instants import SECOND
from tallystick.runtime import signatures
from tallystick.runtime.signatures import (
    COVERED,
    LIVES_S,
    SKEW_S,
    SignatureNotAccepted,
    Signer,
    Verifier,
    base_of,
    demand_body,
    key_id_of,
    private_key,
)

# RFC 9421, appendix B.1.4 (the key) and B.2.6 (what it signs, and the signature).
RFC_KEY = b"""-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF
-----END PRIVATE KEY-----
"""
RFC_BASE = b"""\
"date": Tue, 20 Apr 2021 02:07:55 GMT
"@method": POST
"@path": /fo\x6f
"@authority": example.com
"content-type": application/json
"content-length": 18
"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length")\
;created=1618884473;keyid="test-key-ed25519\""""
RFC_SIGNATURE = (
    "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
)
# RFC 9530, appendix D: the digest of {"hello": "world"} and a newline.
RFC_BODY, RFC_DIGEST = b'{"hello": "world"}\n', "RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg="
# RFC 8037, appendix A.3: the thumbprint of a public key.
RFC_PUBLIC, RFC_THUMBPRINT = (
    "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
)

HERE = "ledger.bank.example:8480"
PATH = "/doors/ledger/Ledger/submit"
BODY = b'{"caller":{},"message":{}}'


class HandClock:
    def __init__(self) -> None:
        self.at = 1_800_000_000 * SECOND

    def now(self) -> int:
        return self.at


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def signer(clock: HandClock) -> Signer:
    chance = iter(range(256))
    return Signer(
        key=Ed25519PrivateKey.generate(),
        clock=clock,
        chance=lambda size: bytes([next(chance)]) * size,
    )


@pytest.fixture
def verifier(signer: Signer, clock: HandClock) -> Verifier:
    keys = {signer.key_id: signer._key.public_key()}
    return Verifier(keys=keys, here=frozenset({HERE}), clock=clock)


def signed(signer: Signer, **changes: Any) -> dict[str, str]:
    asked = {
        "method": "POST", "authority": HERE, "path": PATH, "media": "application/json",
        "timeout_ms": 2_500, "body": BODY,
    } | changes  # fmt: skip
    return {"host": asked["authority"]} | signer.headers(**asked)


def verify(
    verifier: Verifier, headers: dict[str, str], *, method: str = "POST", path: str = PATH
) -> signatures.Proof:
    shown = {name.encode(): text.encode("latin-1") for name, text in headers.items()}
    return verifier.verify(method=method, path=path, headers=shown)


def refusal(verifier: Verifier, headers: dict[str, str], **changes: Any) -> str:
    with pytest.raises(SignatureNotAccepted) as refused:
        verify(verifier, headers, **changes)
    assert "ledger" not in refused.value.detail
    return refused.value.fields["signature"]


def test_the_base_and_the_signature_are_those_of_the_rfc() -> None:
    *lines, last = RFC_BASE.decode().split("\n")
    components: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        components[name.strip('"')] = value
    params = last.removeprefix('"@signature-params": ')
    assert base_of(components, params) == RFC_BASE
    key = load_pem_private_key(RFC_KEY, password=None)
    assert isinstance(key, Ed25519PrivateKey)
    assert base64.b64encode(key.sign(base_of(components, params))).decode() == RFC_SIGNATURE


def test_the_digest_is_that_of_rfc_9530(signer: Signer) -> None:
    assert signed(signer, body=RFC_BODY)["content-digest"] == f"sha-256=:{RFC_DIGEST}:"


def test_a_key_is_named_by_its_thumbprint() -> None:
    public = signatures.Ed25519PublicKey.from_public_bytes(
        base64.urlsafe_b64decode(RFC_PUBLIC + "=")
    )
    assert key_id_of(public) == RFC_THUMBPRINT


def test_what_was_signed_is_proven(signer: Signer, verifier: Verifier, clock: HandClock) -> None:
    first, second = signed(signer), signed(signer)
    proof = verify(verifier, first)
    assert (proof.key_id, proof.timeout_ms) == (signer.key_id, 2_500)
    assert proof.until == clock.at + (3 + 2 * SKEW_S) * SECOND
    assert verify(verifier, second).nonce != proof.nonce
    demand_body(proof, BODY)
    with pytest.raises(SignatureNotAccepted) as refused:
        demand_body(proof, BODY + b" ")
    assert refused.value.fields == {"signature": "of another body"}


def test_the_refusal_says_what_to_send(verifier: Verifier) -> None:
    with pytest.raises(SignatureNotAccepted) as refused:
        verify(verifier, {"host": HERE, "authorization": "Bearer tally_x"})
    assert refused.value.fields == {"signature": "missing"}
    asked = refused.value.headers["accept-signature"]
    assert all(f'"{name}"' in asked for name in COVERED)


@pytest.mark.parametrize("name", COVERED)
def test_every_component_is_covered(signer: Signer, verifier: Verifier, name: str) -> None:
    headers = signed(signer)
    fewer = headers["signature-input"].replace(f'"{name}"', "", 1)
    for changed in (fewer, fewer.replace("  ", " "), fewer.replace("( ", "(").replace(" )", ")")):
        assert refusal(verifier, headers | {"signature-input": changed}) == "of another form"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"content-type": "application/xml"}, "wrong"),
        ({"content-digest": f"sha-256=:{RFC_DIGEST}:"}, "wrong"),
        ({"content-digest": "sha-512=:AAAA:"}, "of another form"),
        ({"content-digest": ""}, "of another form"),
        ({"tallystick-timeout": "2501"}, "wrong"),
        ({"tallystick-timeout": "-1"}, "of another form"),
        ({"tallystick-timeout": ""}, "of another form"),
        ({"host": "elsewhere:8480"}, "for another"),
        ({"host": ""}, "for another"),
        ({"signature": ""}, "missing"),
        ({"signature": "door=:AAAA:"}, "of another form"),
        ({"signature": f"door=:{'A' * 86}==:"}, "wrong"),
        ({"signature": f"other=:{'A' * 86}==:"}, "of another form"),
    ],
)  # fmt: skip
def test_what_is_changed_is_refused(
    signer: Signer, verifier: Verifier, change: dict[str, str], reason: str
) -> None:
    assert refusal(verifier, signed(signer) | change) == reason


def test_method_and_path_are_covered(signer: Signer, verifier: Verifier) -> None:
    assert refusal(verifier, signed(signer), method="PUT") == "wrong"
    assert refusal(verifier, signed(signer), path="/doors/ledger/Ledger/verify") == "wrong"
    assert refusal(verifier, signed(signer), path="/Doors/ledger/Ledger/submit") == "wrong"


@pytest.mark.parametrize(
    ("found", "instead"),
    [
        (r";tag=.*", ""),
        (r"tallystick-door", "other"),
        (r';nonce="[^"]*"', ""),
        (r';nonce="[^"]*"', ';nonce="x"'),
        (r";expires=[0-9]+", ""),
        (r";created=[0-9]+", ""),
        (r';keyid="[^"]*"', ""),
        (r"$", ';alg="hmac-sha256"'),
        (r"$", ', two=("@method");created=1'),
        (r"^door", "sig1"),
        (r"^door", " door"),
        (r'"@method"', '"@method";req'),
    ],
)
def test_no_other_form_is_read(
    signer: Signer, verifier: Verifier, found: str, instead: str
) -> None:
    headers = signed(signer)
    changed = re.sub(found, instead, headers["signature-input"], count=1)
    assert changed != headers["signature-input"]
    assert refusal(verifier, headers | {"signature-input": changed}) == "of another form"


def test_parameters_are_covered(signer: Signer, verifier: Verifier) -> None:
    headers = signed(signer)
    for found, instead in (
        (r'nonce="..', 'nonce="zz'),
        (r"created=18000000..", "created=1799999999"),
    ):
        changed = re.sub(found, instead, headers["signature-input"])
        expires = re.sub(r"expires=[0-9]+", "expires=1800000050", changed)
        assert refusal(verifier, headers | {"signature-input": expires}) == "wrong"


def test_an_unknown_key_and_a_wrong_signature_look_alike(
    signer: Signer, verifier: Verifier, clock: HandClock
) -> None:
    stranger = Signer(key=Ed25519PrivateKey.generate(), clock=clock, chance=bytes)
    said: set[str] = set()
    named = signed(stranger)["signature-input"].replace(stranger.key_id, signer.key_id)
    for headers in (signed(stranger), signed(stranger) | {"signature-input": named}):
        with pytest.raises(SignatureNotAccepted) as refused:
            verify(verifier, headers)
        said.add(str(refused.value))
    assert len(said) == 1


def test_a_signature_is_in_force_for_a_minute_and_clocks_may_differ(
    signer: Signer, verifier: Verifier, clock: HandClock
) -> None:
    headers, start = signed(signer, timeout_ms=150_000), clock.at
    for seconds, reason in (
        (-SKEW_S - 1, "early"), (-SKEW_S, None), (0, None), (LIVES_S, None),
        (LIVES_S + 1, "late"), (10 * LIVES_S, "late"),
    ):  # fmt: skip
        clock.at = start + seconds * SECOND
        if reason is None:
            assert clock.at < verify(verifier, headers).until
        else:
            assert refusal(verifier, headers) == reason


@pytest.mark.parametrize(
    ("timeout_ms", "seconds", "left_ms"),
    [
        (100, 0, 100), (100, SKEW_S, 100), (100, SKEW_S + 1, 1), (100, 10, None),
        (3_000, SKEW_S, 3_000), (3_000, SKEW_S + 2, 1_000), (3_000, SKEW_S + 4, None),
        (150_000, 60, 95_000), (150_000, 61, None),
    ],
)  # fmt: skip
def test_a_signature_is_good_while_its_answer_is_waited_for(
    clock: HandClock, timeout_ms: int, seconds: int, left_ms: int | None
) -> None:
    key = Ed25519PrivateKey.generate()
    signer = Signer(key=key, clock=clock, chance=bytes)
    verifier = Verifier(keys={signer.key_id: key.public_key()}, here=frozenset({HERE}), clock=clock)
    headers = signed(signer, timeout_ms=timeout_ms)
    clock.at += seconds * SECOND
    if left_ms is None:
        assert refusal(verifier, headers) == "late"
    else:
        assert verify(verifier, headers).timeout_ms == left_ms


@pytest.mark.parametrize("lives", [0, -1, LIVES_S + 1, 10**10])
def test_a_signature_lives_no_longer(
    signer: Signer, verifier: Verifier, clock: HandClock, lives: int
) -> None:
    headers, now = signed(signer, timeout_ms=150_000), clock.at // SECOND
    changed = headers["signature-input"].replace(f"={now + LIVES_S}", f"={now + lives}")
    assert refusal(verifier, headers | {"signature-input": changed}) == "too long"


def test_the_key_of_a_process_is_a_private_file_of_its_kind(tmp_path: Any) -> None:
    key, file = Ed25519PrivateKey.generate(), tmp_path / "door.key"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )
    file.chmod(0o600)
    assert private_key(str(file), setting="S").public_key() == key.public_key()
    file.chmod(0o604)
    with pytest.raises(ValueError, match="S: everybody can read"):
        private_key(str(file), setting="S")
    file.write_text("nonsense")
    file.chmod(0o600)
    with pytest.raises(ValueError, match="no Ed25519 key"):
        private_key(str(file), setting="S")
    with pytest.raises(ValueError, match="S: cannot read"):
        private_key(str(tmp_path / "none"), setting="S")

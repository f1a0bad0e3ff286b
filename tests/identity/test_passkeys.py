"""Passkeys of software against our wrapper: what is enrolled and proven, and each way in which an answer is refused."""

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from tallystick.identity.api.access import StepUpNeeded
from tallystick.identity.api.factors import (
    ChallengeFactors,
    ChallengeNotAccepted,
    EnrolPasskey,
    OfferPasskey,
    PasskeyIsKnown,
    PasskeyNotAccepted,
    ProveFactor,
    RemoveFactor,
)
from tallystick.identity.service.proofs import CHALLENGE_LASTS, CHALLENGES_MAX
from tallystick.kernel.problems import Malformed, Problem
from tests.identity.authenticator import PRESENT, VERIFIED, Passkey, to_text
from tests.identity.factors_house import HandClock, House


@pytest.fixture
async def house(database_for: Any) -> House:
    database, operator = await database_for("identity", pool_size=4), await database_for("operator")
    return await House(database, operator, HandClock()).open()


class RsaPasskey(Passkey):
    """One with RS256."""

    def __init__(self) -> None:
        super().__init__()
        self.key, self.algorithm = rsa.generate_private_key(65_537, 2_048), -257

    def _public_key(self) -> dict[int, Any]:
        modulus = self.key.public_key().public_numbers().n.to_bytes(256, "big")
        return {1: 3, 3: -257, -1: modulus, -2: b"\x01\x00\x01"}

    def _sign(self, content: bytes) -> bytes:
        return self.key.sign(content, padding.PKCS1v15(), SHA256())


@pytest.mark.parametrize("make", [Passkey, lambda: Passkey().with_ed25519(), RsaPasskey])
async def test_a_passkey_is_enrolled_and_proven(house: House, make: Callable[[], Passkey]) -> None:
    caller = await house.person()
    passkey = await house.passkey(caller, make())
    proven = await house.prove(caller, passkey)
    assert proven.method == "passkey"
    (row,) = await house.rows("SELECT sign_count, public_key FROM identity.factor")
    assert row["sign_count"] == 1
    assert [one.outcome for one in await house.told("identity.factor.prove")] == ["done", "done"]
    hashes = await house.rows("SELECT hash FROM identity.challenge")
    assert all(len(row["hash"]) == 32 for row in hashes)


async def test_the_options_ask_for_what_is_demanded(house: House) -> None:
    caller = await house.person("Ada Lovelace")
    offered = await house.factors.offer_passkey(caller=caller, message=OfferPasskey())
    options = offered.options
    assert [one["alg"] for one in options["pubKeyCredParams"]] == [-7, -8, -257]
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert (options["attestation"], options["rp"]["id"]) == ("none", "localhost")
    assert options["user"]["name"] == "Ada Lovelace"
    passkey = await house.passkey(caller)
    asked = await house.factors.challenge(caller=caller, message=ChallengeFactors())
    assert asked.options is not None
    assert asked.options["userVerification"] == "required"
    assert [one["id"] for one in asked.options["allowCredentials"]] == [
        to_text(passkey.credential_id)
    ]
    again = await house.factors.offer_passkey(caller=caller, message=OfferPasskey())
    assert again.options["excludeCredentials"]


def _elsewhere(passkey: Passkey) -> None:
    passkey.origin = "https://evil.example"


def _framed(passkey: Passkey) -> None:
    passkey.more = {"crossOrigin": True}


def _framed_in_words(passkey: Passkey) -> None:
    passkey.more = {"crossOrigin": "false"}


def _under_a_page(passkey: Passkey) -> None:
    passkey.more = {"crossOrigin": False, "topOrigin": "https://evil.example"}


def _for_another(passkey: Passkey) -> None:
    passkey.rp_id = "evil.example"


def _unverified(passkey: Passkey) -> None:
    passkey.flags = PRESENT


def _absent(passkey: Passkey) -> None:
    passkey.flags = VERIFIED


BENT = [_elsewhere, _framed, _framed_in_words, _under_a_page, _for_another, _unverified, _absent]


@pytest.mark.parametrize("bend", BENT)
async def test_a_bent_answer_enrols_and_proves_nothing(
    house: House, bend: Callable[[Passkey], None]
) -> None:
    caller = await house.person()
    bent = Passkey()
    bend(bent)
    with pytest.raises(PasskeyNotAccepted):
        await house.passkey(caller, bent)
    passkey = await house.passkey(caller)
    before = await house.rows("SELECT stepped_up_at FROM identity.session")
    bend(passkey)
    house.clock.at += 1
    with pytest.raises(PasskeyNotAccepted):
        await house.prove(caller, passkey)
    assert await house.rows("SELECT stepped_up_at FROM identity.session") == before
    assert (await house.told("identity.factor.prove"))[-1].outcome == "passkey_not_accepted"


async def test_a_passkey_without_cross_origin_told_is_taken(house: House) -> None:
    caller, passkey = await house.person(), Passkey()
    passkey.more = {}
    await house.passkey(caller, passkey)
    assert await house.prove(caller, passkey)


async def test_other_algorithms_and_attestations_are_refused(house: House) -> None:
    caller, passkey = await house.person(), Passkey()
    passkey.key, passkey.algorithm = ec.generate_private_key(ec.SECP256R1()), -36
    with pytest.raises(PasskeyNotAccepted):
        await house.passkey(caller, passkey)
    offered = await house.factors.offer_passkey(caller=caller, message=OfferPasskey())
    plain = Passkey()
    credential = plain.create(offered.options)
    told = cbor2.loads(_decoded(credential["response"]["attestationObject"]))
    signed = told["authData"] + b""
    told |= {
        "fmt": "packed",
        "attStmt": {"alg": -7, "sig": plain.key.sign(signed, ec.ECDSA(SHA256()))},
    }
    credential["response"]["attestationObject"] = to_text(cbor2.dumps(told))
    await _refused(house, caller, offered.challenge, credential)


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


async def _refused(house: House, caller: Any, challenge: str, credential: Any) -> None:
    with pytest.raises(PasskeyNotAccepted):
        await house.factors.enrol_passkey(
            caller=caller,
            message=EnrolPasskey(challenge=challenge, label="key", credential=credential),
        )


@pytest.mark.parametrize(
    "credential",
    [
        {},
        {"response": None},
        {"response": []},
        {"id": 1, "response": {"clientDataJSON": "e30"}},
        {"response": {"clientDataJSON": "bm90IGpzb24"}},
        {"response": {"clientDataJSON": "W10"}},
        {
            "id": "x",
            "rawId": "y",
            "type": "public-key",
            "response": {"clientDataJSON": "\N{SNOWMAN}"},
        },
    ],
)
async def test_what_is_no_answer_is_refused(house: House, credential: dict[str, Any]) -> None:
    caller = await house.person()
    offered = await house.factors.offer_passkey(caller=caller, message=OfferPasskey())
    await _refused(house, caller, offered.challenge, credential)
    await house.passkey(caller)
    asked = await house.factors.challenge(caller=caller, message=ChallengeFactors())
    with pytest.raises(PasskeyNotAccepted):
        await house.factors.prove(
            caller=caller, message=ProveFactor(challenge=asked.challenge, credential=credential)
        )


async def test_what_is_too_long_is_refused(house: House) -> None:
    caller = await house.person()
    offered = await house.factors.offer_passkey(caller=caller, message=OfferPasskey())
    message = EnrolPasskey(challenge=offered.challenge, label="k", credential={"x": "x" * 20_000})
    with pytest.raises(Malformed):
        await house.factors.enrol_passkey(caller=caller, message=message)


async def test_a_challenge_is_answered_once_in_its_session_in_time(house: House) -> None:
    caller = await house.person()
    passkey = await house.passkey(caller)

    async def asked() -> Any:
        return await house.factors.challenge(caller=caller, message=ChallengeFactors())

    first = await asked()
    message = ProveFactor(challenge=first.challenge, credential=passkey.get(first.options))
    elsewhere = await house.sign_in(caller.actor)
    with pytest.raises(ChallengeNotAccepted):
        await house.factors.prove(caller=elsewhere, message=message)
    tries = [house.factors.prove(caller=caller, message=message) for _ in range(3)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(isinstance(one, Problem) for one in answers) == [False, True, True]

    late = await asked()
    message = ProveFactor(challenge=late.challenge, credential=passkey.get(late.options))
    house.clock.at += CHALLENGE_LASTS
    with pytest.raises(ChallengeNotAccepted):
        await house.factors.prove(caller=caller, message=message)
    one, other = await asked(), await asked()
    crossed = ProveFactor(challenge=one.challenge, credential=passkey.get(other.options))
    with pytest.raises(ChallengeNotAccepted):
        await house.factors.prove(caller=caller, message=crossed)
    # A failure has spent it too.
    right = ProveFactor(challenge=one.challenge, credential=passkey.get(one.options))
    with pytest.raises(ChallengeNotAccepted):
        await house.factors.prove(caller=caller, message=right)


async def test_challenges_are_bounded_and_forgotten(house: House) -> None:
    caller = await house.person()
    await house.passkey(caller)
    # Enrolling had one too.
    for _ in range(CHALLENGES_MAX - 1):
        await house.factors.challenge(caller=caller, message=ChallengeFactors())
    with pytest.raises(ChallengeNotAccepted):
        await house.factors.challenge(caller=caller, message=ChallengeFactors())
    house.clock.at += CHALLENGE_LASTS
    await house.factors.challenge(caller=caller, message=ChallengeFactors())
    assert len(await house.rows("SELECT 1 FROM identity.challenge")) == 1


async def test_a_counter_that_falls_or_stands_is_refused(house: House) -> None:
    caller = await house.person()
    passkey = await house.passkey(caller)
    passkey.sign_count = 5
    await house.prove(caller, passkey)
    for count in (5, 1, -1):
        passkey.sign_count = count
        with pytest.raises(PasskeyNotAccepted, match="count"):
            await house.prove(caller, passkey)
    passkey.sign_count = 6
    assert await house.prove(caller, passkey)


async def test_a_passkey_is_one_persons_once(house: House) -> None:
    caller, other = await house.person(), await house.person("Bo")
    passkey = await house.passkey(caller)
    with pytest.raises(PasskeyIsKnown):
        await house.passkey(other, passkey)
    await house.passkey(other)
    asked = await house.factors.challenge(caller=other, message=ChallengeFactors())
    assert asked.options is not None
    theirs = ProveFactor(challenge=asked.challenge, credential=passkey.get(asked.options))
    with pytest.raises(PasskeyNotAccepted):
        await house.factors.prove(caller=other, message=theirs)


async def test_a_signature_by_another_key_and_another_handle_are_refused(house: House) -> None:
    caller = await house.person()
    passkey = await house.passkey(caller)
    good, passkey.key = passkey.key, ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(PasskeyNotAccepted):
        await house.prove(caller, passkey)
    passkey.key, passkey.handle = good, to_text(b"per_somebody")
    with pytest.raises(PasskeyNotAccepted, match="another person"):
        await house.prove(caller, passkey)


async def test_a_removed_passkey_proves_nothing_and_does_not_come_back(house: House) -> None:
    caller = await house.person()
    passkey = await house.passkey(caller)
    await house.app(caller)
    (row,) = await house.rows("SELECT factor_id FROM identity.factor WHERE kind = 'passkey'")
    asked = await house.factors.challenge(caller=caller, message=ChallengeFactors())
    assert asked.options is not None
    await house.factors.remove(caller=caller, message=RemoveFactor(factor=row["factor_id"]))
    message = ProveFactor(challenge=asked.challenge, credential=passkey.get(asked.options))
    with pytest.raises(PasskeyNotAccepted):
        await house.factors.prove(caller=caller, message=message)
    with pytest.raises(PasskeyIsKnown):
        await house.passkey(caller, passkey)
    house.clock.at += 6 * 60_000_000
    with pytest.raises(StepUpNeeded):
        await house.passkey(caller)


async def test_answers_of_another_tenant_are_refused(house: House, database_for: Any) -> None:
    caller = await house.person()
    passkey = await house.passkey(caller)
    other = await House(house.database, house.operator, house.clock).open()
    theirs = await other.person()
    await other.passkey(theirs)
    asked = await house.factors.challenge(caller=caller, message=ChallengeFactors())
    assert asked.options is not None
    answer = json.loads(json.dumps(passkey.get(asked.options)))
    with pytest.raises(ChallengeNotAccepted):
        await other.factors.prove(
            caller=theirs, message=ProveFactor(challenge=asked.challenge, credential=answer)
        )

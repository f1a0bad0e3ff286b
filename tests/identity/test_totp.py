"""Codes by time: the standard's vectors, replay, locks, secrets at rest, and when one may be enrolled."""

import asyncio
from typing import Any

import pytest

from tallystick.identity.api.access import StepUpNeeded
from tallystick.identity.api.factors import (
    CodeNotAccepted,
    ConfirmTotp,
    FactorNotFound,
    FactorsLocked,
    LastFactor,
    ListFactors,
    OfferTotp,
    OnlyPeople,
    ProveFactor,
    RemoveFactor,
    SignInAgain,
    TooManyFactors,
)
from tallystick.identity.model import totp
from tallystick.identity.service.enrolling import FRESH
from tallystick.identity.service.proofs import FAILURES_MAX, LOCKED
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import SECOND
from tallystick.kernel.problems import Malformed
from tests.identity.factors_house import KEY, MINUTE, HandClock, House, secret_of

STEP = totp.STEP_S * SECOND
# RFC 6238, appendix B, the rows of SHA-1, cut to the last six of their eight digits.
VECTORS = {
    59: "287082", 1_111_111_109: "081804", 1_111_111_111: "050471", 1_234_567_890: "005924",
    2_000_000_000: "279037", 20_000_000_000: "353130",
}  # fmt: skip


@pytest.fixture
async def house(database_for: Any) -> House:
    database, operator = await database_for("identity", pool_size=4), await database_for("operator")
    return await House(database, operator, HandClock()).open()


async def _prove(house: House, caller: Caller, code: str) -> Any:
    return await house.factors.prove(caller=caller, message=ProveFactor(code=code))


@pytest.mark.parametrize(("at", "code"), VECTORS.items())
def test_codes_are_those_of_the_standard(at: int, code: str) -> None:
    secret = b"12345678901234567890"
    assert totp.code_of(secret, totp.step_of(at * SECOND)) == code
    for drift, is_good in ((-60, False), (-30, True), (30, True), (60, False)):
        if at + drift < totp.STEP_S:
            continue
        step = totp.matching_step(secret, code, (at + drift) * SECOND)
        assert (step is not None) is is_good


async def test_a_first_code_confirms_and_each_further_one_proves_once(house: House) -> None:
    caller = await house.person()
    offered = await house.factors.offer_totp(caller=caller, message=OfferTotp(label="phone"))
    secret = secret_of(offered.secret)
    assert f"secret={offered.secret}" in offered.uri
    with pytest.raises(CodeNotAccepted):
        # What was not confirmed proves nothing.
        await _prove(house, caller, house.code(secret))
    confirm = ConfirmTotp(factor=offered.factor, code=house.code(secret))
    made = await house.factors.confirm_totp(caller=caller, message=confirm)
    assert made.confirmed_at
    with pytest.raises(FactorNotFound):
        await house.factors.confirm_totp(caller=caller, message=confirm)
    with pytest.raises(CodeNotAccepted):
        await _prove(house, caller, house.code(secret))
    house.clock.at += STEP
    proven = await _prove(house, caller, house.code(secret))
    assert (proven.method, proven.factor) == ("totp", offered.factor)
    assert proven.mfa_at < proven.stepped_up_at < proven.lapses_at
    (listed,) = (await house.factors.factors(caller=caller, message=ListFactors())).items
    assert listed == made
    assert house.changed[-1] == (house.tenant_id, caller.actor)


async def test_a_code_that_is_shown_by_many_at_once_is_good_once(house: House) -> None:
    caller = await house.person()
    _, secret = await house.app(caller)
    house.clock.at += STEP
    tries = [_prove(house, caller, house.code(secret)) for _ in range(4)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(not isinstance(answer, Exception) for answer in answers) == 1


async def test_a_code_is_good_once_also_with_two_apps_of_one_secret_window(house: House) -> None:
    caller = await house.person()
    _, secret = await house.app(caller)
    house.clock.at += 3 * STEP
    await _prove(house, caller, house.code(secret, steps=1))
    await _prove(house, caller, house.code(secret, steps=-1))
    with pytest.raises(CodeNotAccepted):
        await _prove(house, caller, house.code(secret, steps=1))
    with pytest.raises(CodeNotAccepted):
        await _prove(house, caller, house.code(secret, steps=2))


async def test_five_wrong_codes_lock_the_person_for_a_while(house: House) -> None:
    caller = await house.person()
    _, secret = await house.app(caller)
    house.clock.at += STEP
    wrong = "000000" if house.code(secret) != "000000" else "000001"
    for _ in range(FAILURES_MAX):
        with pytest.raises(CodeNotAccepted):
            await _prove(house, caller, wrong)
    for code in (wrong, house.code(secret)):
        with pytest.raises(FactorsLocked) as refused:
            await _prove(house, caller, code)
    assert refused.value.fields["until"]
    # Another session of the same person is locked too, another person is not.
    with pytest.raises(FactorsLocked):
        await _prove(house, await house.sign_in(caller.actor), house.code(secret))
    other = await house.person()
    await house.app(other)
    house.clock.at += LOCKED
    assert await _prove(house, caller, house.code(secret))

    failures = [one for one in await house.told("identity.factor.prove") if one.outcome != "done"]
    assert [one.outcome for one in failures] == ["code_not_accepted"] * 5 + ["factors_locked"] * 3
    (lock,) = await house.told("identity.factor.lock")
    assert lock.content is not None
    assert lock.content["failures"] == FAILURES_MAX


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "12345a", "\uff11\uff12\uff13\uff14\uff15\uff16", "-12345"]
)
async def test_what_is_no_code_is_refused_and_leaves_nothing(house: House, code: str) -> None:
    caller = await house.person()
    await house.app(caller)
    with pytest.raises(Malformed):
        await _prove(house, caller, code)
    assert not await house.rows(
        "SELECT 1 FROM identity.factor_failure WHERE person_id = $1", caller.actor
    )


async def test_a_message_says_one_way_to_prove(house: House) -> None:
    caller = await house.person()
    for message in (
        ProveFactor(),
        ProveFactor(challenge="chl_x"),
        ProveFactor(code="123456", challenge="chl_x", credential={}),
    ):
        with pytest.raises(Malformed):
            await house.factors.prove(caller=caller, message=message)


async def test_a_first_factor_is_enrolled_in_a_fresh_session_only(house: House) -> None:
    caller = await house.person()
    offered = await house.factors.offer_totp(caller=caller, message=OfferTotp(label="phone"))
    house.clock.at += FRESH + 1
    with pytest.raises(SignInAgain):
        await house.factors.offer_totp(caller=caller, message=OfferTotp(label="phone"))
    code = house.code(secret_of(offered.secret))
    confirm = ConfirmTotp(factor=offered.factor, code=code)
    with pytest.raises(SignInAgain):
        await house.factors.confirm_totp(caller=caller, message=confirm)
    again = await house.sign_in(caller.actor)
    with pytest.raises(FactorNotFound):
        await house.factors.confirm_totp(caller=again, message=confirm)
    await house.app(again)
    # The one that waited in vain is gone, with its secret.
    rows = await house.rows("SELECT secret FROM identity.factor WHERE ended_at IS NOT NULL")
    assert [row["secret"] for row in rows] == [None]


async def test_a_further_factor_and_a_removal_need_a_fresh_proof(house: House) -> None:
    caller = await house.person()
    factor, secret = await house.app(caller)
    house.clock.at += 6 * MINUTE
    for again in (caller, await house.sign_in(caller.actor)):
        with pytest.raises(StepUpNeeded):
            await house.factors.offer_totp(caller=again, message=OfferTotp(label="tablet"))
        with pytest.raises(StepUpNeeded):
            await house.factors.remove(caller=again, message=RemoveFactor(factor=factor))
    await _prove(house, caller, house.code(secret))
    house.clock.at += STEP
    second, _ = await house.app(caller)
    gone = await house.factors.remove(caller=caller, message=RemoveFactor(factor=factor))
    with pytest.raises(LastFactor):
        await house.factors.remove(caller=caller, message=RemoveFactor(factor=second))
    assert gone.ended_at
    house.clock.at += STEP
    with pytest.raises(CodeNotAccepted):
        await _prove(house, caller, house.code(secret))
    with pytest.raises(FactorNotFound):
        await house.factors.remove(caller=caller, message=RemoveFactor(factor=factor))
    kept = (await house.factors.factors(caller=caller, message=ListFactors())).items
    assert [one.factor for one in kept] == [second]


async def test_a_person_has_ten_factors_at_most(house: House) -> None:
    caller = await house.person()
    for _ in range(10):
        await house.app(caller)
        house.clock.at += STEP
    with pytest.raises(TooManyFactors):
        await house.factors.offer_totp(caller=caller, message=OfferTotp(label="more"))


@pytest.mark.parametrize("actor", ["key_x", "cli_x", "job:x", "operator"])
async def test_only_people_have_factors(house: House, actor: str) -> None:
    caller = Caller(tenant_id=house.tenant_id, actor=actor, session=actor)
    with pytest.raises(OnlyPeople):
        await house.factors.offer_totp(caller=caller, message=OfferTotp(label="phone"))
    with pytest.raises(OnlyPeople):
        await _prove(house, caller, "123456")


async def test_a_secret_is_sealed_for_its_place_and_keys_rotate(house: House) -> None:
    caller, other = await house.person(), await house.person()
    factor, secret = await house.app(caller)
    theirs, _ = await house.app(other)
    (row,) = await house.rows(
        "SELECT secret, key_name FROM identity.factor WHERE factor_id = $1", factor
    )
    assert secret not in row["secret"]
    newer = totp.KeyRing([bytes(32), KEY])
    house.factors = house.doors_with(newer)
    house.clock.at += STEP
    await _prove(house, caller, house.code(secret))
    (row,) = await house.rows(
        "SELECT key_name, secret FROM identity.factor WHERE factor_id = $1", factor
    )
    assert row["key_name"] == newer.first == totp.name_of(bytes(32))
    # What was moved to another row opens for nobody.
    await house.rows(
        "UPDATE identity.factor SET secret = $2, key_name = $3 WHERE factor_id = $1",
        theirs, row["secret"], row["key_name"],
    )  # fmt: skip
    house.clock.at += STEP
    with pytest.raises(totp.SecretUnreadable):
        await _prove(house, other, house.code(secret))


def test_a_ring_refuses_what_is_no_key() -> None:
    for keys in ([], [b"short"], [bytes(32)] * 21):
        with pytest.raises(ValueError, match="keys"):
            totp.KeyRing(keys)
    ring = totp.KeyRing([KEY])
    sealed, name = ring.seal(b"secret", nonce=bytes(12), place={"person": "a"})
    assert ring.open(sealed, key_name=name, place={"person": "a"}) == b"secret"
    for kept, key_name, place in (
        (sealed, name, {"person": "b"}),
        (sealed, "0" * 16, {"person": "a"}),
        (sealed[:-1] + bytes([sealed[-1] ^ 1]), name, {"person": "a"}),
        (b"", name, {"person": "a"}),
    ):
        with pytest.raises(ValueError):
            ring.open(kept, key_name=key_name, place=place)

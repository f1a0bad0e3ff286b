"""Step-up: when it was proven, until when that is fresh, and what a session keeps of it."""

from typing import Any

import pytest

from tallystick.identity.api.access import StepUpNeeded
from tallystick.identity.api.factors import (
    ChallengeFactors,
    CodeNotAccepted,
    OfferTotp,
    ProveFactor,
    RemoveFactor,
    SignInAgain,
)
from tallystick.kernel import instants
from tests.identity.factors_house import MINUTE, HandClock, House


@pytest.fixture
async def house(database_for: Any) -> House:
    database, operator = await database_for("identity", pool_size=4), await database_for("operator")
    return await House(database, operator, HandClock()).open()


async def _session(house: House, session_id: str) -> Any:
    (row,) = await house.rows(
        "SELECT mfa_at, stepped_up_at, methods FROM identity.session WHERE session_id = $1",
        session_id,
    )
    return row


async def test_the_first_proof_and_the_last_are_kept_in_this_session_alone(house: House) -> None:
    caller = await house.person()
    other = await house.sign_in(caller.actor)
    passkey = await house.passkey(caller)
    first = house.clock.at
    house.clock.at += MINUTE
    proven = await house.prove(caller, passkey)
    row = await _session(house, caller.session)
    assert (row["mfa_at"], row["stepped_up_at"]) == (first, first + MINUTE)
    assert row["methods"] == ["oidc", "passkey"]
    assert proven.mfa_at == instants.render(first)
    assert proven.lapses_at == instants.render(first + 6 * MINUTE)
    assert (await _session(house, other.session))["mfa_at"] is None


async def test_a_proof_is_fresh_for_as_long_as_the_tenant_says(house: House) -> None:
    caller = await house.person()
    passkey = await house.passkey(caller)
    await house.rows(
        "INSERT INTO identity.access_rule (tenant_id, number, networks, countries, known_devices, risk_max, "
        "step_up_minutes, set_by, set_at) VALUES ($1, 1, '{}', '{}', false, 100, 2, 'per_x', $2)",
        house.tenant_id, house.clock.at,
    )  # fmt: skip
    proven = await house.prove(caller, passkey)
    assert proven.lapses_at == instants.render(house.clock.at + 2 * MINUTE)
    house.clock.at += 2 * MINUTE - 1
    await house.factors.offer_totp(caller=caller, message=OfferTotp(label="phone"))
    house.clock.at += 1
    with pytest.raises(StepUpNeeded) as refused:
        await house.factors.offer_totp(caller=caller, message=OfferTotp(label="phone"))
    assert refused.value.fields["max_age"] == "120"
    await house.prove(caller, passkey)
    assert await house.factors.offer_totp(caller=caller, message=OfferTotp(label="phone"))


async def test_a_clock_that_was_set_back_makes_nothing_fresh(house: House) -> None:
    caller = await house.person()
    await house.passkey(caller)
    house.clock.at -= 1
    with pytest.raises(StepUpNeeded):
        await house.factors.offer_totp(caller=caller, message=OfferTotp(label="phone"))


async def test_no_proof_outlasts_its_session(house: House) -> None:
    caller = await house.person()
    passkey = await house.passkey(caller)
    house.clock.at += 479 * MINUTE
    proven = await house.prove(caller, passkey)
    assert proven.lapses_at == instants.render(house.clock.at + MINUTE)
    house.clock.at += MINUTE
    with pytest.raises(SignInAgain):
        await house.prove(caller, passkey)
    other = await house.sign_in(caller.actor)
    await house.rows(
        "UPDATE identity.session SET ended_at = $2 WHERE session_id = $1",
        other.session, house.clock.at,
    )  # fmt: skip
    with pytest.raises(SignInAgain):
        await house.prove(other, passkey)


async def test_what_is_asked_says_which_kinds_there_are(house: House) -> None:
    caller = await house.person()
    asked = await house.factors.challenge(caller=caller, message=ChallengeFactors())
    assert (asked.kinds, asked.challenge) == ((), None)
    factor, _ = await house.app(caller)
    asked = await house.factors.challenge(caller=caller, message=ChallengeFactors())
    assert (asked.kinds, asked.challenge) == (("totp",), None)
    await house.passkey(caller)
    asked = await house.factors.challenge(caller=caller, message=ChallengeFactors())
    assert asked.kinds == ("passkey", "totp")
    await house.factors.remove(caller=caller, message=RemoveFactor(factor=factor))
    with pytest.raises(CodeNotAccepted, match="No app"):
        await house.factors.prove(caller=caller, message=ProveFactor(code="123456"))

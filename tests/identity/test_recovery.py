"""Recovery of second factors: by another person, everything ends, and the person begins anew."""

from typing import Any

import pytest

from tallystick.identity.api.access import StepUpNeeded
from tallystick.identity.api.factors import (
    CodeNotAccepted,
    Factors,
    FactorsLocked,
    NotYourself,
    OnlyPeople,
    ProveFactor,
    Recovered,
    RecoverFactors,
    SignInAgain,
)
from tallystick.identity.api.people import PersonNotFound
from tallystick.kernel.actions import Action, actions_of, telling_of
from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import Malformed
from tests.identity.factors_house import MINUTE, HandClock, House


@pytest.fixture
async def house(database_for: Any) -> House:
    database, operator = await database_for("identity", pool_size=4), await database_for("operator")
    return await House(database, operator, HandClock()).open()


async def _recover(house: House, caller: Caller, person: str, reason: str = "seen") -> Recovered:
    message = RecoverFactors(person=person, reason=reason)
    return await house.factors.recover(caller=caller, message=message)


async def test_everything_ends_and_the_person_enrols_anew(house: House) -> None:
    admin, lost = await house.person("Ada"), await house.person("Bo")
    await house.passkey(admin)
    _, secret = await house.app(lost)
    await house.passkey(lost)
    await house.sign_in(lost.actor)
    done = await _recover(house, admin, lost.actor, "stood before me with a passport")
    assert (done.factors, done.sessions) == (2, 2)
    assert house.changed[-1] == (house.tenant_id, lost.actor)
    with pytest.raises(SignInAgain):
        await house.factors.prove(caller=lost, message=ProveFactor(code=house.code(secret)))
    again = await house.sign_in(lost.actor)
    with pytest.raises(CodeNotAccepted):
        await house.factors.prove(caller=again, message=ProveFactor(code=house.code(secret)))
    house.clock.at += MINUTE
    await house.app(again)

    (told,) = await house.told("identity.factor.recover")
    assert (told.on, told.by, told.content) == (
        lost.actor, admin.actor, {"factors": 2, "sessions": 2},
    )  # fmt: skip
    assert told.sealed
    assert len(await house.told("identity.factor.remove")) == 2
    # The administrator lost nothing.
    assert await house.rows(
        "SELECT 1 FROM identity.session WHERE person_id = $1 AND ended_at IS NULL", admin.actor
    )


async def test_recovery_unlocks(house: House) -> None:
    admin, lost = await house.person(), await house.person()
    await house.passkey(admin)
    _, secret = await house.app(lost)
    wrong = "000000" if house.code(secret) != "000000" else "000001"
    for _ in range(5):
        with pytest.raises(CodeNotAccepted):
            await house.factors.prove(caller=lost, message=ProveFactor(code=wrong))
    with pytest.raises(FactorsLocked):
        await house.factors.prove(caller=lost, message=ProveFactor(code=wrong))
    await _recover(house, admin, lost.actor)
    house.clock.at += MINUTE
    await house.app(await house.sign_in(lost.actor))


async def test_nobody_recovers_themself_and_nobody_without_a_fresh_proof(house: House) -> None:
    admin, lost = await house.person(), await house.person()
    with pytest.raises(StepUpNeeded):
        await _recover(house, admin, lost.actor)
    await house.passkey(admin)
    with pytest.raises(NotYourself):
        await _recover(house, admin, admin.actor)
    with pytest.raises(PersonNotFound):
        await _recover(house, admin, "per_nobody")
    for reason in ("", " ", "a\nb", "x" * 501):
        with pytest.raises(Malformed):
            await _recover(house, admin, lost.actor, reason)
    house.clock.at += 5 * MINUTE
    with pytest.raises(StepUpNeeded):
        await _recover(house, admin, lost.actor)
    key = Caller(tenant_id=house.tenant_id, actor="key_x", session="key_x")
    with pytest.raises(OnlyPeople):
        await _recover(house, key, lost.actor)
    refusals = [one.outcome for one in await house.told("identity.factor.recover")]
    assert refusals == [
        "step_up_needed", "not_yourself", "person_not_found", "step_up_needed", "only_people",
    ]  # fmt: skip


async def test_a_person_of_another_tenant_is_not_found(house: House) -> None:
    admin = await house.person()
    await house.passkey(admin)
    other = await House(house.database, house.operator, house.clock).open()
    theirs = await other.person()
    with pytest.raises(PersonNotFound):
        await _recover(house, admin, theirs.actor)


def test_the_guard_is_told_whose_rights_it_is_about() -> None:
    method = Factors.recover
    assert actions_of(method) == (Action.IDENTITY_FACTOR_RECOVER,)
    telling = telling_of(method)
    assert telling is not None
    assert telling(RecoverFactors(person="per_x", reason="y")).person == "per_x"

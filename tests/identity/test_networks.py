"""From where people and machines act: it is looked at with every request, not where a session began alone."""

import pytest
from msgspec import structs

from tallystick.identity.api.access import NotAllowed
from tallystick.identity.api.rights import SetRule
from tallystick.kernel.callers import Caller
from tests.identity.bank import Bank, HandClock

INSIDE, OUTSIDE = "10.9.8.7 req-1", "192.0.2.1 req-2"


@pytest.fixture
async def bank(database_for) -> Bank:
    clock = HandClock()
    made = Bank(await database_for("identity"), await database_for("ledger"), clock)
    await made.found()
    await made.doors.rights.set_rule(
        caller=made.operator, message=SetRule(networks=("10.0.0.0/8",))
    )
    return made


def at(caller: Caller, origin: str) -> Caller:
    return structs.replace(caller, origin=origin)


async def test_a_session_is_judged_by_where_it_is_used(bank: Bank) -> None:
    treasurer = await bank.person("Tom", "treasurer")
    assert (await bank.post(at(treasurer, INSIDE))).refusal is None
    # What was let in a moment ago from inside is not let in from elsewhere.
    with pytest.raises(NotAllowed, match="network"):
        await bank.post(at(treasurer, OUTSIDE))
    assert (await bank.post(at(treasurer, INSIDE))).refusal is None


async def test_a_session_that_began_elsewhere_is_good_where_the_tenant_lets_people_act(
    bank: Bank,
) -> None:
    treasurer = await bank.person("Tom", "treasurer")
    roaming = await bank.sit(treasurer.actor, network="192.0.2.1")
    assert (await bank.post(at(roaming, INSIDE))).refusal is None
    with pytest.raises(NotAllowed, match="network"):
        await bank.post(roaming)


async def test_a_machine_acts_from_the_networks_of_its_tenant(bank: Bank) -> None:
    assert (await bank.post(at(bank.machine, INSIDE))).refusal is None
    with pytest.raises(NotAllowed, match="network"):
        await bank.post(at(bank.machine, OUTSIDE))
    with pytest.raises(NotAllowed, match="network"):
        await bank.post(bank.machine)

"""Rights over time and the tenant's rule: who sets it, what is told of it, and roles that lapse and are given again."""

import msgspec
import pytest

from tallystick.identity.api.access import ApprovalNeeded, NotAllowed, StepUpNeeded
from tallystick.identity.api.people import AddPerson, SetPersonRisk
from tallystick.identity.api.rights import GiveRole, RoleIsHeldOtherwise, RuleNow, SetRule
from tallystick.kernel import instants
from tallystick.kernel.instants import SECOND
from tests.identity.bank import Bank, HandClock


@pytest.fixture
async def bank(database_for) -> Bank:
    made = Bank(await database_for("identity"), await database_for("ledger"), HandClock())
    await made.found()
    return made


async def test_a_rule_takes_a_second_person_who_sees_all_of_it(bank):
    owner, other = await bank.person("Olga", "owner"), await bank.person("Otto", "owner")
    await bank.step_up(owner)
    wanted = SetRule(networks=("192.0.2.1/32",))
    with pytest.raises(ApprovalNeeded) as refused:
        await bank.doors.rights.set_rule(caller=owner, message=wanted)
    (row,) = await bank.rows("SELECT asked FROM identity.approval")
    assert "networks: 192.0.2.1/32; countries: any; known_devices: no" in row["asked"]
    await bank.agree(refused.value.fields["approval"], other)
    await bank.doors.rights.set_rule(caller=owner, message=wanted)
    with pytest.raises(NotAllowed, match="network"):
        await bank.doors.rights.set_rule(caller=owner, message=SetRule())
    # Operators put the platform's own rule back.
    await bank.doors.rights.set_rule(caller=bank.operator, message=SetRule())
    assert (await bank.post(await bank.person("Tom", "treasurer"))).refusal is None


async def test_a_rule_that_nobody_set_is_told_whole(bank):
    owner = await bank.person("Olga", "owner")
    found = await bank.doors.rights.rule(caller=owner, message=RuleNow())
    assert msgspec.json.decode(msgspec.json.encode(found)) == {
        "networks": [], "countries": [], "known_devices": False, "risk_max": 100, "step_up_minutes": 5,
        "set_by": "",
    }  # fmt: skip


async def test_a_role_that_lapsed_is_given_again(bank, database_for):
    tom = await bank.person("Tom")
    first = await give(bank, tom.actor, until=60)
    bank.clock.at += 60 * SECOND
    with pytest.raises(NotAllowed):
        await bank.post(tom)
    again = await give(bank, tom.actor, until=60)
    assert again.membership != first.membership
    assert (await bank.post(tom)).refusal is None
    ends = await bank.rows(
        "SELECT membership_id, ended_at FROM identity.membership WHERE ended_at IS NOT NULL"
    )
    assert [tuple(row) for row in ends] == [(first.membership, bank.clock.now())]
    operator = await database_for("operator")
    async with operator.transaction(tenant_id=bank.tenant_id) as connection:
        rows = await connection.fetch("SELECT entries FROM identity.leaf")
    entries = b"".join(row["entries"] for row in rows)
    assert entries.count(b"identity.role.take") == 1


async def test_a_role_is_not_held_for_another_time_by_giving_it_again(bank):
    tom = await bank.person("Tom")
    held = await give(bank, tom.actor, until=60)
    bank.clock.at += 10 * SECOND
    assert await give(bank, tom.actor, until=50) == held
    for until in (51, None):
        with pytest.raises(RoleIsHeldOtherwise) as refused:
            await give(bank, tom.actor, until=until)
        assert refused.value.fields == {"membership": held.membership}
    with pytest.raises(RoleIsHeldOtherwise):
        await give(bank, tom.actor, start=1, until=50)


async def test_people_are_added_and_called_risky_after_a_fresh_proof(bank):
    owner, tom = await bank.person("Olga", "owner"), await bank.person("Tom", "treasurer")
    risky = SetPersonRisk(person=tom.actor, risk=41)
    with pytest.raises(StepUpNeeded):
        await bank.doors.people.add(caller=owner, message=AddPerson(name="Ada"))
    with pytest.raises(StepUpNeeded):
        await bank.doors.people.set_risk(caller=owner, message=risky)
    await bank.step_up(owner)
    assert (await bank.doors.people.set_risk(caller=owner, message=risky)).risk == 41
    assert (await bank.doors.people.add(caller=owner, message=AddPerson(name="Ada"))).name == "Ada"


async def give(bank, holder: str, *, start: int | None = None, until: int | None):
    """Give a treasurer's role, from and until so many seconds from now."""
    from_at, until_at = (
        None if one is None else instants.render(bank.clock.now() + one * SECOND)
        for one in (start, until)
    )
    message = GiveRole(holder=holder, role="treasurer", from_at=from_at, until_at=until_at)
    return await bank.doors.rights.give_role(caller=bank.operator, message=message)

"""Rights over time and the tenant's rule: who sets it, what is told of it, and roles that lapse and are given again."""

import msgspec
import pytest

from tallystick.identity.api.access import ApprovalNeeded, NotAllowed
from tallystick.identity.api.rights import RuleNow, SetRule
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

"""What the record says of clients and consents is what their tables say; what their owner changed is named."""

from tallystick.apps.comparing import compare
from tallystick.apps.compose import operator_database
from tallystick.apps.parts import CONTEXTS
from tallystick.runtime.clock import SystemClock
from tallystick.runtime.database import Database
from tallystick.runtime.migrations import migrate
from tests.audit.sequencing import House as Sequencing
from tests.audit.sequencing import owning
from tests.identity.machines_house import LOOPBACK, House
from tests.identity.test_clients import consented, redeeming


class Clock(SystemClock):
    """The machine's clock, as a house of machines asks it."""

    @property
    def seconds(self) -> int:
        """The present in seconds."""
        return self.now() // 1_000_000


async def differences(url: str, tenant_id: int) -> list[str]:
    """Give everything committed its place in the record, and compare."""
    sequencing = Sequencing(url)
    await sequencing.sequenced()
    await sequencing.stop()
    database = operator_database(url)
    await database.start()
    try:
        found = await compare(database, tenant_id=tenant_id, settle_s=0)
    finally:
        await database.stop()
    # The house puts its people in past every door.
    return [one.on for one in found.differences if not one.on.startswith("per_")]


async def test_clients_and_consents_are_compared(make_database, tmp_path):
    url = make_database()
    await migrate(url=url, contexts=CONTEXTS)
    database = Database(url=url, role="tallystick_identity", pool_size=2)
    await database.start()
    house = House(database=database, clock=Clock(), keys_path=tmp_path / "keys", proxies=LOOPBACK)
    try:
        async with house.client:
            await house.settle()
            party, who = await house.third_party(), await house.person()
            back = await consented(party, who)
            assert (await party.ask(**redeeming(back["code"]))).status_code == 200
            await consented(party, who, allow=False)
            listed = (await house.as_person("GET", "/v1/consents", who)).json()["items"]
            await house.as_person("DELETE", f"/v1/consents/{listed[0]['consent_id']}", who)
            machine = await house.machine()
            await house.as_person("DELETE", f"/v1/clients/{machine.client_id}", ("test", "x"))
    finally:
        await database.stop()
    tenant_id = house.caller.tenant_id
    assert await differences(url, tenant_id) == []
    async with owning(url) as connection:
        for statement in (
            "ALTER TABLE identity.client DISABLE TRIGGER USER, NO FORCE ROW LEVEL SECURITY",
            "UPDATE identity.client SET scope = '{move_any}' WHERE ended_at IS NULL",
            "UPDATE identity.client SET ended_at = NULL WHERE ended_at IS NOT NULL",
        ):
            await connection.execute(statement)
    assert sorted(await differences(url, tenant_id)) == sorted([party.client_id, machine.client_id])

"""A clerk pays by files as far as a delegation goes, in the whole platform: accounts, amounts, caps, who must agree."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tallystick.apps import demonstration
from tallystick.apps.compose import Platform
from tallystick.apps.identifying import NearIdentity
from tallystick.identity.api import CreateKey, CreateTenant
from tallystick.identity.api.access import ApprovalNeeded, NotAllowed, TooLongToAgreeTo
from tallystick.identity.api.approvals import ListApprovals, ShowApproval
from tallystick.identity.api.people import AddPerson
from tallystick.identity.api.rights import GiveDelegation, GiveRole
from tallystick.identity.service.rights import RightsService
from tallystick.identity.store import approvals
from tallystick.kernel import ids
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import SECOND
from tallystick.payments.api import ListPayments, PreviewFile, SubmitFile
from tallystick.runtime.clock import Mint, SystemClock
from tallystick.runtime.configuration import Settings
from tests.payments.orders import FIETSEN, RAHMENBAU, Order, initiation

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SUPPLIERS = (EXAMPLES / "pay-supplier.pain.001.001.09.xml").read_bytes()
OWN = ("wallets:de-vries-fietsen:...",)
OPERATOR = Caller(tenant_id=0, actor="operator")
CLOCK = SystemClock()


class Office:
    """The demonstration's tenant, with a clerk in it."""

    def __init__(self, platform: Platform) -> None:
        self.platform, self.doors = platform, platform.doors_of_identity
        self.mint = Mint(CLOCK)
        self.database = platform.databases["identity"]

    async def open(self) -> None:
        """Make the tenant, its money and its people."""
        tenant = await self.platform.identity.create_tenant(
            caller=OPERATOR, message=CreateTenant(name="Office")
        )
        self.operator = Caller(tenant_id=ids.tenant_id_of(tenant.tenant), actor=OPERATOR.actor)
        key = await self.platform.identity.create_key(
            caller=self.operator, message=CreateKey(label="office")
        )
        machine = Caller(tenant_id=self.operator.tenant_id, actor=key.key_id, session=key.key_id)
        await demonstration.prepare(self.platform, caller=machine)
        self.clerk = await self.person("Carl", "payment_clerk")
        self.boss = await self.person("Bea", "approver")

    async def person(self, name: str, role: str) -> Caller:
        """A person with a role, signed in, their second factor proven."""
        made = await self.doors.people.add(caller=self.operator, message=AddPerson(name=name))
        await self.doors.rights.give_role(
            caller=self.operator, message=GiveRole(holder=made.person, role=role)
        )
        session, now = self.mint.id("ses"), CLOCK.now()
        async with self.database.transaction(tenant_id=self.operator.tenant_id) as connection:
            await connection.execute(
                "INSERT INTO identity.session VALUES"
                " ($1, $2, $3, $4, 'x', '{pwd}', 'd', true, '10.0.0.1', 'FR', $5, $6, $5, NULL, NULL)",
                self.operator.tenant_id,
                session,
                made.person,
                hashlib.sha256(session.encode()).digest(),
                now,
                now + 3_600 * SECOND,
            )
        return Caller(tenant_id=self.operator.tenant_id, actor=made.person, session=session)

    async def delegate(self, **changes) -> None:
        """Give the clerk a delegation to pay suppliers."""
        assert isinstance(self.doors, NearIdentity)
        service = RightsService(
            database=self.database, mint=self.mint, clock=CLOCK, standings=self.doors.standings
        )
        values = {"holder": self.clerk.actor, "actions": ("pay",), "accounts": OWN, "asset": "EUR"}
        await service.give_delegation(
            caller=self.operator, message=GiveDelegation(**values | changes)
        )

    async def send(self, content: bytes = SUPPLIERS):
        """Send a file as the clerk."""
        return await self.platform.payments.submit_file(
            caller=self.clerk, message=SubmitFile(content=content)
        )

    async def payments(self) -> list:
        """What the clerk sees of payments."""
        page = await self.platform.payments.payments(caller=self.clerk, message=ListPayments())
        return list(page.items)


@pytest.fixture
async def office(migrated_url: str) -> AsyncIterator[Office]:
    platform = Platform(url=migrated_url, settings=Settings(pool_size=2, wire_doors=True))
    await platform.start()
    try:
        made = Office(platform)
        await made.open()
        yield made
    finally:
        await platform.stop()


async def test_a_clerk_without_a_delegation_pays_nothing_and_leaves_nothing(office: Office):
    with pytest.raises(NotAllowed):
        await office.send()
    assert await office.payments() == []


async def test_a_delegation_lets_a_file_through_on_its_accounts_alone(office: Office):
    await office.delegate(accounts=("wallets:electrical:...",))
    with pytest.raises(NotAllowed, match="does not cover"):
        await office.send()
    await office.delegate()
    answer = await office.send()
    assert answer.payments.settled == 2
    assert (await office.send()).replayed


async def test_a_single_payment_above_the_cap_of_one_act_keeps_the_whole_file_out(office: Office):
    await office.delegate(cap_each=100_00)
    with pytest.raises(NotAllowed, match="above what delegation"):
        await office.send()
    assert await office.payments() == []


async def test_what_goes_beyond_the_cap_of_a_slot_is_rejected_and_the_rest_is_paid(office: Office):
    await office.delegate(cap_slot=1_300_00, slot="day")
    answer = await office.send()
    assert (answer.payments.settled, answer.payments.rejected) == (1, 1)
    assert b"<Cd>" in answer.report


async def test_a_file_waits_for_others_and_is_paid_when_they_agreed(office: Office):
    await office.delegate(approvers=1, approve_above=1_000_00)
    with pytest.raises(ApprovalNeeded) as refused:
        await office.send()
    approval_id = refused.value.fields["approval"]
    async with office.database.transaction(tenant_id=office.operator.tenant_id) as connection:
        row = await approvals.approval(
            connection, tenant_id=office.operator.tenant_id, approval_id=approval_id
        )
        assert row is not None
        assert '"amount":"133990"' in row.asked
        assert '"payment":"FIETS-2026-0001"' in row.asked
        vote = approvals.VoteRow(
            approval_id=approval_id, person_id=office.boss.actor, name="", status="active",
            verdict="approved", at=CLOCK.now(), method="session",
        )  # fmt: skip
        await approvals.insert_vote(connection, caller=office.boss, approval=row, vote=vote)
    with pytest.raises(ApprovalNeeded):
        await office.send(SUPPLIERS.replace(b"1339.90", b"1339.91").replace(b"89.90", b"89.91"))
    assert (await office.send()).payments.settled == 2


def _long(lines: int) -> bytes:
    """A file of many small payments with one large one at its end."""
    small = [Order(amount="0.01", end_to_end_id=f"E-{number}") for number in range(1, lines)]
    return initiation(*small, Order(amount="1500.00", end_to_end_id="LARGE"), message_id="LONG")


async def test_all_of_a_long_file_is_kept_for_those_who_are_to_agree(office: Office):
    await office.delegate(approvers=1, approve_above=1_000_00)
    with pytest.raises(ApprovalNeeded) as refused:
        await office.send(_long(250))
    shown = await office.doors.approvals.approval(
        caller=office.boss, message=ShowApproval(approval=refused.value.fields["approval"])
    )
    assert len(shown.asked["payees"]) == 250
    assert shown.asked["payees"][-1] == f"{RAHMENBAU} Payee 150000 EUR"
    assert shown.asked["payers"] == [f"{FIETSEN} As the payer wrote it"]
    assert (shown.asked["amount"], '"LARGE"' in shown.asked["what"]) == ("150249", True)
    listed = await office.doors.approvals.approvals(caller=office.boss, message=ListApprovals())
    assert set(shown.asked) - set(listed.items[0].asked) == {"payees", "payers", "what"}


async def test_nobody_is_asked_to_agree_to_more_than_they_can_be_shown(office: Office):
    await office.delegate(approvers=1, approve_above=1_000_00)
    content = _long(1_000)
    with pytest.raises(TooLongToAgreeTo, match="Split it"):
        await office.send(content)
    listed = await office.doors.approvals.approvals(caller=office.boss, message=ListApprovals())
    assert listed.items == ()
    seen = await office.platform.payments.preview_file(
        caller=office.clerk, message=PreviewFile(content=content)
    )
    assert seen.obstacle is not None
    assert seen.obstacle.code == "too_long_to_agree_to"
    assert await office.payments() == []

"""A tenant with people of every role, a guarded ledger beside identity, and a clock that moves when told."""

import hashlib
from typing import Any

from tallystick.apps.identifying import NearIdentity
from tallystick.identity.api import CreateKey, CreateTenant
from tallystick.identity.api.people import AddPerson
from tallystick.identity.api.rights import GiveDelegation, GiveRole
from tallystick.identity.service.rights import RightsService
from tallystick.identity.store import approvals
from tallystick.kernel import ids
from tallystick.kernel.actions import Action
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import SECOND, parse
from tallystick.ledger.api import Ledger, OpenAccount, OpenLedger, Post, Posting, Side, Submit
from tallystick.ledger.service import LedgerService
from tallystick.runtime.clock import Mint
from tallystick.runtime.configuration import Settings
from tallystick.runtime.database import Database
from tallystick.runtime.doors import near
from tallystick.runtime.record import Pen

OPERATOR = Caller(tenant_id=0, actor="operator")
POST = Action.LEDGER_TRANSACTION_POST
OPEN = ("bank:cash", "customers:ada", "customers:bob", "shop")


class HandClock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.at = parse("2026-11-27T10:30:00Z")

    def now(self) -> int:
        return self.at


class Bank:
    """One tenant: its doors, and who knocks at them."""

    def __init__(self, identity: Database, ledger: Database, clock: HandClock) -> None:
        self.database, self.clock, self.mint = identity, clock, Mint(clock)
        self.doors = NearIdentity(
            database=identity, settings=Settings(wire_doors=True), mint=self.mint, clock=clock
        )
        pen = Pen(database=ledger, context="ledger", clock=clock)
        self.ledger = near(
            Ledger,
            LedgerService(database=ledger, mint=self.mint, pen=pen),
            refusals=pen,
            guard=self.doors.guard,
            wire=True,
        )
        # The service without its guard, for what is given with all that would be asked for.
        self.rights = RightsService(
            database=identity, mint=self.mint, clock=clock, standings=self.doors.standings
        )
        self.tenant_id = 0
        self.machine = OPERATOR

    @property
    def operator(self) -> Caller:
        """Whoever reaches the database itself, for this tenant."""
        return Caller(tenant_id=self.tenant_id, actor="operator")

    async def found(self) -> None:
        """Make the tenant with a machine's key, and accounts to move money between."""
        tenant = await self.doors.identity.create_tenant(
            caller=OPERATOR, message=CreateTenant(name="Bank")
        )
        self.tenant_id = ids.tenant_id_of(tenant.tenant)
        key = await self.doors.identity.create_key(
            caller=self.operator, message=CreateKey(label="first key")
        )
        self.machine = Caller(tenant_id=self.tenant_id, actor=key.key_id, session=key.key_id)
        await self.ledger.open_ledger(caller=self.machine, message=OpenLedger(name="main"))
        for address in OPEN:
            message = OpenAccount(
                ledger="main", address=address, asset="EUR", exponent=2, normal_side=Side.CREDIT
            )
            await self.ledger.open_account(caller=self.machine, message=message)

    async def person(self, name: str, *roles: str, mfa: bool = True) -> Caller:
        """Add a person with these roles, who has signed in, and proven a second factor when ``mfa``."""
        made = await self.doors.people.add(caller=self.operator, message=AddPerson(name=name))
        for role in roles:
            await self.doors.rights.give_role(
                caller=self.operator, message=GiveRole(holder=made.person, role=role)
            )
        return await self.sit(made.person, mfa=mfa)

    async def sit(self, person: str, *, mfa: bool = True, **changes: Any) -> Caller:
        """Let a person sign in."""
        session, now = self.mint.id("ses"), self.clock.now()
        values = {
            "tenant_id": self.tenant_id, "session_id": session, "person_id": person,
            "hash": hashlib.sha256(session.encode()).digest(), "issuer": "https://idp.example", "methods": ["pwd"],
            "device": "d", "device_known": True, "network": "10.1.2.3", "country": "FR", "started_at": now,
            "expires_at": now + 3_600 * SECOND, "mfa_at": now if mfa else None,
        } | changes  # fmt: skip
        names = ", ".join(values)
        places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
        await self.execute(
            f"INSERT INTO identity.session ({names}) VALUES ({places})", *values.values()
        )
        return Caller(tenant_id=self.tenant_id, actor=person, session=session)

    async def step_up(self, caller: Caller) -> None:
        """Let a person prove a second factor afresh."""
        await self.execute(
            "UPDATE identity.session SET stepped_up_at = $1 WHERE session_id = $2",
            self.clock.now(),
            caller.session,
        )
        self.doors.standings.forget(self.tenant_id, caller.actor)

    async def execute(self, statement: str, *arguments: Any) -> None:
        """Change the database as the service could."""
        async with self.database.transaction(tenant_id=self.tenant_id) as connection:
            await connection.execute(statement, *arguments)

    async def rows(self, statement: str, *arguments: Any) -> list[Any]:
        """Read rows as the service does."""
        async with self.database.transaction(tenant_id=self.tenant_id) as connection:
            return await connection.fetch(statement, *arguments)

    async def agree(self, approval_id: str, person: Caller) -> None:
        """Let a person agree, without asking whether they may."""
        async with self.database.transaction(tenant_id=self.tenant_id) as connection:
            row = await approvals.approval(
                connection, tenant_id=self.tenant_id, approval_id=approval_id
            )
            assert row is not None
            vote = approvals.VoteRow(
                approval_id=approval_id, person_id=person.actor, name="", status="active",
                verdict="approved", at=self.clock.now(), method="session",
            )  # fmt: skip
            await approvals.insert_vote(connection, caller=person, approval=row, vote=vote)

    async def delegate(self, holder: Caller, **changes: Any) -> str:
        """Write a delegation as if it had been given with all that is asked for; answers its id."""
        values: dict[str, Any] = {
            "holder": holder.actor, "actions": ("transfer",), "accounts": ("customers:...",), "asset": "EUR",
        }  # fmt: skip
        made = await self.rights.give_delegation(
            caller=self.operator, message=GiveDelegation(**values | changes)
        )
        return made.delegation

    async def post(
        self, caller: Caller, amount: int = 100, *, debit="customers:ada", id: str | None = None
    ) -> Any:
        """Post one transfer; answers its verdict."""
        posting = Posting(debit=debit, credit="shop", amount=amount, asset="EUR")
        message = Submit(ledger="main", items=(Post(id=id, postings=(posting,)),))
        return (await self.ledger.submit(caller=caller, message=message)).items[0]

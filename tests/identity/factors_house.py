"""A tenant with people who have signed in, its doors of factors and approvals, and a clock that moves when told."""

import base64
from typing import Any

import asyncpg

from tallystick.identity.api import CreateTenant
from tallystick.identity.api.approvals import Approvals
from tallystick.identity.api.factors import (
    ChallengeFactors,
    ConfirmTotp,
    EnrolPasskey,
    Factors,
    OfferPasskey,
    OfferTotp,
    ProveFactor,
)
from tallystick.identity.model import totp
from tallystick.identity.model.passkeys import Party
from tallystick.identity.service.approvals import ApprovalsService
from tallystick.identity.service.factors import FactorsService
from tallystick.identity.service.keys import IdentityService
from tallystick.identity.service.proofs import Proofs
from tallystick.kernel import ids
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import Entry, read
from tallystick.kernel.instants import SECOND
from tallystick.runtime.clock import Mint
from tallystick.runtime.database import Database
from tallystick.runtime.doors import near
from tallystick.runtime.record import Pen
from tests.identity.authenticator import Passkey

MINUTE = 60 * SECOND
PARTY = Party("localhost", ("http://localhost:8480",))
KEY = bytes(range(32))


class HandClock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.at = 1_800_000_000 * SECOND

    def now(self) -> int:
        return self.at


class House:
    """One tenant."""

    def __init__(self, database: Database, operator: Database, clock: HandClock) -> None:
        self.operator = operator
        self.database, self.clock, self.mint = database, clock, Mint(clock)
        self.changed: list[tuple[int, str]] = []
        self.tenant_id = 0
        self.factors = self.doors_with(totp.KeyRing([KEY]))
        self.approvals = self.approvals_with()

    def proofs_with(self, ring: totp.KeyRing) -> Proofs:
        return Proofs(mint=self.mint, ring=lambda: ring, party=PARTY)

    def doors_with(self, ring: totp.KeyRing) -> Factors:
        service = FactorsService(
            database=self.database,
            clock=self.clock,
            proofs=self.proofs_with(ring),
            changed=lambda tenant_id, person_id: self.changed.append((tenant_id, person_id)),
        )
        pen = Pen(database=self.database, context="identity", clock=self.clock)
        return near(Factors, service, refusals=pen, wire=True)

    def approvals_with(self, *, codes_are_enough: bool = False) -> Approvals:
        service = ApprovalsService(
            database=self.database,
            clock=self.clock,
            proofs=self.proofs_with(totp.KeyRing([KEY])),
            codes_are_enough=codes_are_enough,
        )
        pen = Pen(database=self.database, context="identity", clock=self.clock)
        return near(Approvals, service, refusals=pen, wire=True)

    async def open(self) -> "House":
        service = IdentityService(database=self.database, mint=self.mint, clock=self.clock)
        operator = Caller(tenant_id=0, actor="operator")
        made = await service.create_tenant(caller=operator, message=CreateTenant(name="Bakery"))
        self.tenant_id = ids.tenant_id_of(made.tenant)
        return self

    async def person(self, name: str = "Ada") -> Caller:
        """Add a person, and sign them in."""
        person_id = self.mint.id("per")
        await self.rows(
            "INSERT INTO identity.person (tenant_id, person_id, name, status, risk, created_at) "
            "VALUES ($1, $2, $3, 'active', 0, $4)",
            self.tenant_id, person_id, name, self.clock.at,
        )  # fmt: skip
        return await self.sign_in(person_id)

    async def sign_in(self, person_id: str) -> Caller:
        session_id = self.mint.id("ses")
        await self.rows(
            "INSERT INTO identity.session (tenant_id, session_id, person_id, hash, issuer, methods, device, "
            "device_known, network, country, started_at, expires_at) "
            "VALUES ($1, $2, $3, sha256($2::text::bytea), 'x', '{oidc}', '', true, '', '', $4, $5)",
            self.tenant_id, session_id, person_id, self.clock.at, self.clock.at + 480 * MINUTE,
        )  # fmt: skip
        return Caller(tenant_id=self.tenant_id, actor=person_id, session=session_id)

    async def rows(self, sql: str, *arguments: Any) -> list[Any]:
        async with self.database.transaction(tenant_id=self.tenant_id) as connection:
            return await connection.fetch(sql, *arguments)

    async def app(self, caller: Caller) -> tuple[str, bytes]:
        """Enrol an app that shows codes; answers the factor and its secret."""
        offered = await self.factors.offer_totp(caller=caller, message=OfferTotp(label="phone"))
        secret = secret_of(offered.secret)
        message = ConfirmTotp(factor=offered.factor, code=self.code(secret))
        await self.factors.confirm_totp(caller=caller, message=message)
        return offered.factor, secret

    async def passkey(self, caller: Caller, passkey: Passkey | None = None) -> Passkey:
        """Enrol a passkey."""
        made = passkey or Passkey()
        offered = await self.factors.offer_passkey(caller=caller, message=OfferPasskey())
        await self.factors.enrol_passkey(
            caller=caller,
            message=EnrolPasskey(
                challenge=offered.challenge,
                label="key",
                credential=made.create(offered.options),
            ),
        )
        return made

    async def prove(self, caller: Caller, passkey: Passkey) -> Any:
        asked = await self.factors.challenge(caller=caller, message=ChallengeFactors())
        assert asked.options is not None
        message = ProveFactor(challenge=asked.challenge, credential=passkey.get(asked.options))
        return await self.factors.prove(caller=caller, message=message)

    def code(self, secret: bytes, *, steps: int = 0) -> str:
        return totp.code_of(secret, totp.step_of(self.clock.at) + steps)

    async def told(self, tag: str) -> list[Entry]:
        """The entries of the record with this tag, in order."""
        async with self.operator.transaction(tenant_id=self.tenant_id) as connection:
            rows = await connection.fetch(
                "SELECT entries FROM identity.leaf WHERE tenant_id = $1 ORDER BY number",
                self.tenant_id,
            )
        return [one for row in rows for one in _entries(row["entries"]) if one.tag == tag]


def _entries(packed: bytes) -> list[Entry]:
    found = []
    while packed:
        length = int.from_bytes(packed[:2], "big")
        found.append(read(packed[2 : 2 + length]))
        packed = packed[2 + length :]
    return found


def secret_of(text: str) -> bytes:
    """The secret behind its spelling in base 32."""
    return base64.b32decode(text + "=" * (-len(text) % 8))


async def as_owner(url: str, tenant_id: int, statements: str) -> None:
    """Change rows as the owner of the database could, who is above every grant."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            f"BEGIN; SET LOCAL ROLE tallystick_owner; SET LOCAL tallystick.tenant = '{tenant_id}'; "
            "CREATE POLICY owner_for_a_test ON identity.approval TO tallystick_owner USING (true); "
            "CREATE POLICY owner_for_a_test ON identity.approval_vote TO tallystick_owner USING (true); "
            "CREATE POLICY owner_for_a_test ON identity.factor TO tallystick_owner USING (true); "
            f"{statements}; DROP POLICY owner_for_a_test ON identity.approval; "
            "DROP POLICY owner_for_a_test ON identity.approval_vote; "
            "DROP POLICY owner_for_a_test ON identity.factor; COMMIT"
        )
    finally:
        await connection.close()

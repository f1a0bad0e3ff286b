"""A tenant whose record is compared with its tables, and an owner of the database who changes them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tallystick.apps.comparing import compare
from tallystick.apps.compose import Platform, operator_database
from tallystick.audit.model.comparing import Comparison
from tallystick.identity.api import CreateKey, CreateTenant
from tallystick.kernel import ids
from tallystick.kernel.callers import Caller
from tallystick.ledger.api import (
    OpenAccount,
    OpenLedger,
    Side,
    Submit,
)
from tallystick.runtime.configuration import Settings
from tests.audit.sequencing import House, owning

ORIGIN = "192.0.2.7"
OPERATOR = Caller(tenant_id=0, actor="operator")


class Town:
    """A platform, a tenant of it, the sequencer, and the owner of the database who can do what nobody should."""

    def __init__(self, url: str, platform: Platform, caller: Caller) -> None:
        self.url, self.platform, self.caller = url, platform, caller
        self.tenant_id = caller.tenant_id

    async def submit(self, *items: Any) -> list[str | None]:
        """Submit one batch; answers the codes of its refusals."""
        message = Submit(ledger="main", items=items)
        verdicts = await self.platform.ledger.submit(caller=self.caller, message=message)
        return [None if one.refusal is None else one.refusal.code for one in verdicts.items]

    async def sequence(self) -> None:
        """Give all that was committed its place."""
        house = House(self.url)
        await house.sequenced()
        await house.stop()

    async def compare(self, **words: Any) -> Comparison:
        """Compare up to now."""
        database = operator_database(self.url)
        await database.start()
        try:
            words = {"tenant_id": self.tenant_id, "settle_s": 0} | words
            return await compare(database, **words)
        finally:
            await database.stop()

    async def rows(self, table: str, sql: str, *arguments: Any) -> list[Any]:
        """Read or change rows of this tenant as the owner of a table, past its triggers and its policy."""
        async with owning(self.url) as connection:
            away = f"ALTER TABLE {table} DISABLE TRIGGER USER, NO FORCE ROW LEVEL SECURITY"
            back = f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {{name}}"
            names = await connection.fetch(
                "SELECT tgname FROM pg_trigger WHERE tgrelid = $1::regclass AND NOT tgisinternal",
                table,
            )
            await connection.execute(away)
            found = await connection.fetch(sql, self.tenant_id, *arguments)
            for row in names:
                await connection.execute(back.format(name=row["tgname"]))
            await connection.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            return found

    async def tamper(self, table: str, sql: str, *arguments: Any) -> None:
        """Change one row or more."""
        assert await self.rows(table, f"{sql} RETURNING 1", *arguments)


@asynccontextmanager
async def founded(url: str, label: str) -> AsyncIterator[Town]:
    """A tenant with a ledger, two accounts and some transactions."""
    settings = Settings(pool_size=2, wire_doors=True)
    platform = Platform(url=url, settings=settings)
    await platform.start()
    try:
        made = await platform.identity.create_tenant(
            caller=OPERATOR, message=CreateTenant(name=f"Bäckerei {label}")
        )
        tenant_id = ids.tenant_id_of(made.tenant)
        operator = Caller(tenant_id=tenant_id, actor=OPERATOR.actor)
        key = await platform.identity.create_key(caller=operator, message=CreateKey(label="town"))
        caller = Caller(
            tenant_id=tenant_id,
            actor=key.key_id,
            session=key.key_id,
            request="req_1",
            origin=ORIGIN,
        )
        town = Town(url, platform, caller)
        await platform.ledger.open_ledger(caller=caller, message=OpenLedger(name="main"))
        for address, least in (("world", None), ("shop", 0)):
            await platform.ledger.open_account(
                caller=caller,
                message=OpenAccount(
                    ledger="main",
                    address=address,
                    asset="EUR",
                    exponent=2,
                    normal_side=Side.CREDIT,
                    min_available=least,
                    metadata={"ключ": "日本 🥨", "name": "é"},
                ),
            )
        yield town
    finally:
        await platform.stop()

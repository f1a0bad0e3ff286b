"""Requests to agree: asked once, shown whole, agreed to by others with a signature over what was asked."""

import asyncio
from hashlib import sha256

import pytest

from tallystick.identity.api import CreateTenant
from tallystick.identity.service.keys import IdentityService
from tallystick.identity.store import approvals as store
from tallystick.kernel import ids
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import canonical
from tallystick.runtime.clock import SystemClock

OPERATOR = Caller(tenant_id=0, actor="operator")


@pytest.fixture
async def database(database_for):
    return await database_for("identity", pool_size=4)


@pytest.fixture
async def tenant_id(database, mint) -> int:
    service = IdentityService(database=database, mint=mint, clock=SystemClock())
    made = await service.create_tenant(caller=OPERATOR, message=CreateTenant(name="Bakery"))
    return ids.tenant_id_of(made.tenant)


async def _open(database, mint, tenant_id, *, now, needed=1, amount="100"):
    asked = canonical({"action": "payments.payment.make", "amount": amount}).decode()
    async with database.transaction(tenant_id=tenant_id) as connection:
        return await store.open_or_find(
            connection,
            tenant_id=tenant_id,
            maker="per_maker",
            action="payments.payment.make",
            digest=sha256(asked.encode()).digest(),
            asked=asked,
            needed=needed,
            now=now,
            mint_id=mint.id,
        )


async def test_a_request_is_opened_once_also_by_many_at_once(database, mint, tenant_id):
    now = SystemClock().now()
    rows = await asyncio.gather(*(_open(database, mint, tenant_id, now=now + n) for n in range(8)))
    assert len({row.approval_id for row in rows}) == 1
    other = await _open(database, mint, tenant_id, now=now, amount="101")
    assert other.approval_id != rows[0].approval_id


async def test_an_expired_request_is_ended_and_another_opened(database, mint, tenant_id):
    now = SystemClock().now()
    first = await _open(database, mint, tenant_id, now=now)
    assert first.expires_at == now + store.LASTS
    again = await _open(database, mint, tenant_id, now=now + store.LASTS)
    assert again.approval_id != first.approval_id
    async with database.transaction(tenant_id=tenant_id) as connection:
        ended = await store.approval(connection, tenant_id=tenant_id, approval_id=first.approval_id)
    assert ended is not None
    assert ended.ending == "expired"
    stricter = await _open(database, mint, tenant_id, now=now + store.LASTS, needed=2)
    assert stricter.approval_id != again.approval_id

"""Comparing the record with every context's tables, over the operators' database."""

from collections.abc import Mapping
from types import MappingProxyType

from tallystick.audit.model.comparing import Comparison
from tallystick.audit.model.places import PLATFORM, tree_name
from tallystick.audit.service import comparing
from tallystick.audit.service.comparing import SETTLE_S, Progress, Reader
from tallystick.governance.store import evidence as governance
from tallystick.identity.store import keys as identity
from tallystick.identity.store import recorded
from tallystick.identity.store import recorded_clients as identity_clients
from tallystick.kernel import ids
from tallystick.kernel.instants import Instant
from tallystick.ledger.store import recorded as ledger
from tallystick.payments import store as payments
from tallystick.runtime.database import Database
from tallystick.wallets import store as wallets

_TENANTS_AT_ONCE_MAX = 1_000

# What audit notes is done to no table of its own: its leaves alone are compared.
READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "audit": Reader(tags=frozenset(), sources=()),
        "identity": Reader(
            tags=identity.RECORDED_TAGS | recorded.TAGS | identity_clients.TAGS,
            sources=(
                identity.recorded_tenant,
                identity.recorded_keys,
                identity.recorded_revocations,
                *recorded.SOURCES,
                *identity_clients.SOURCES,
            ),
        ),
        "ledger": Reader(
            tags=ledger.TAGS,
            sources=(ledger.ledgers, ledger.account_events, ledger.transactions),
            states=(ledger.accounts_unlike_events,),
        ),
        "wallets": Reader(
            tags=wallets.RECORDED_TAGS,
            sources=(wallets.recorded_moves,),
            states=(wallets.wallets_unlike_moves,),
        ),
        "payments": Reader(
            tags=payments.RECORDED_TAGS,
            sources=(payments.recorded_files, payments.recorded_moves),
        ),
        "governance": Reader(tags=governance.RECORDED_TAGS, sources=(governance.recorded,)),
    }
)


async def compare(
    database: Database,
    *,
    tenant_id: int,
    until: Instant | None = None,
    settle_s: int = SETTLE_S,
    progress: Progress | None = None,
    own: Mapping[str, Database] = MappingProxyType({}),
) -> Comparison:
    """Compare a tenant's log with all tables that tell of acts; ``database`` is as ``operator_database`` gives it.

    ``own`` has the databases of contexts that are not in that one. A log whose tenant is gone is compared too, and that
    it has none is a difference.
    """
    async with own.get("identity", database).transaction(
        tenant_id=tenant_id, read_only=True
    ) as connection:
        name = await identity.tenant_name(connection, tenant_id=tenant_id)
    return await comparing.compare(
        database,
        tenant_id=tenant_id,
        readers=READERS,
        until=until,
        settle_s=settle_s,
        progress=progress,
        has_tenant=tenant_id == PLATFORM or name is not None,
        own=own,
    )


async def logs(
    database: Database, *, own: Mapping[str, Database] = MappingProxyType({})
) -> list[str]:
    """Name all logs there are to compare: the platform's, each tenant's, and those whose tenant is gone."""
    names = {tree_name(tenant_id) for tenant_id in await comparing.trees(database)}
    after = 0
    tenants = own.get("identity", database)
    async with tenants.transaction(tenant_id=PLATFORM, read_only=True) as connection:
        while page := await identity.tenants(connection, after=after, limit=_TENANTS_AT_ONCE_MAX):
            names |= {one.tenant for one in page}
            after = ids.tenant_id_of(page[-1].tenant)
    platform = tree_name(PLATFORM)
    return [platform, *sorted(names - {platform}, key=ids.tenant_id_of)]

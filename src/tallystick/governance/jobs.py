"""What happens without being asked: leases that ended are let go, and what was missed is noted once, and rings."""

from tallystick.governance.service import GovernanceService
from tallystick.kernel.callers import Caller
from tallystick.runtime.jobs import finish_each

TENANTS_AT_ONCE_MAX = 1_000


async def note_overdue(service: GovernanceService, *, most: int = TENANTS_AT_ONCE_MAX) -> int:
    """Note for at most ``most`` tenants what they missed; answers how much it was.

    One tenant for whom it cannot be done now holds up no other.
    """

    async def note(caller: Caller, _: str) -> int:
        return await service.note_missed(tenant_id=caller.tenant_id)

    tenants = await service.late_tenants(most=most)
    waiting = [(Caller(tenant_id=one, actor="job"), str(one)) for one in tenants]
    return await finish_each(waiting, note, kind="missed")

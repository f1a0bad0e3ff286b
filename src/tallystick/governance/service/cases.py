"""All that is known of a plan that is to be applied, read in the transaction that would begin it."""

from tallystick.governance.model.deciding import Case, estate_before
from tallystick.governance.service.ground import Ground
from tallystick.governance.store import evidence
from tallystick.governance.store import plans as store
from tallystick.governance.store.rows import PlanRow
from tallystick.kernel.instants import Instant
from tallystick.runtime.database import Connection


async def head_of(ground: Ground) -> str | None:
    """Ask the repository, which is a stranger: outside of every transaction."""
    return await ground.head() if ground.head is not None else None


async def case_of(
    connection: Connection,
    *,
    ground: Ground,
    tenant_id: int,
    plan: PlanRow,
    head: str | None,
    at: Instant,
) -> Case:
    """Gather what the rules look at."""
    before = estate_before(plan.environment, plan.cloud)
    approvals = await store.approvals(connection, tenant_id=tenant_id, plan_ids=[plan.plan_id])
    return Case(
        environment=plan.environment,
        commit=plan.commit_id,
        base=plan.base,
        submitted_at=plan.submitted_at,
        approvals=len(approvals[plan.plan_id]),
        before=before,
        was_applied_before=before is not None
        and await store.was_applied(
            connection, tenant_id=tenant_id, estate=before, commit=plan.commit_id
        ),
        has_repository=ground.head is not None,
        head=head,
        verdicts=await store.tally(connection, tenant_id=tenant_id, plan_id=plan.plan_id, at=at)
        if plan.counts
        else None,
        overdue=await evidence.overdue(connection, tenant_id=tenant_id, estate=plan.estate, at=at),
    )

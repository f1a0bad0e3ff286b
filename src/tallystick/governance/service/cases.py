"""All that is known of a plan that is to be applied, read in the transaction that would begin it."""

from collections.abc import Iterable, Mapping

from tallystick.governance.model.deciding import Case, estate_before
from tallystick.governance.model.rules import Rules
from tallystick.governance.service.ground import Ground
from tallystick.governance.store import evidence
from tallystick.governance.store import plans as store
from tallystick.governance.store.rows import PlanRow
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import Instant
from tallystick.runtime.database import Connection


async def head_of(ground: Ground) -> str | None:
    """Ask the repository, which is a stranger: outside of every transaction."""
    return await ground.head() if ground.head is not None else None


Voices = Mapping[str, frozenset[str]]
"""Of everybody who has to do with a plan: themselves, with who is behind them."""


async def voices_of(ground: Ground, caller: Caller, plan_id: str) -> Voices:
    """Ask who is behind the author and the approvers of a plan: identity, outside of the transaction that decides."""
    async with ground.database.transaction(
        tenant_id=caller.tenant_id, read_only=True
    ) as connection:
        plan = await store.plan(connection, tenant_id=caller.tenant_id, plan_id=plan_id)
        said = await store.approvals(connection, tenant_id=caller.tenant_id, plan_ids=[plan_id])
    holders = {name for name, _ in said[plan_id]} | ({plan.author} if plan else set[str]())
    return {name: await ground.people(caller, name) for name in sorted(holders)}


def people_agreed(approvers: Iterable[str], *, author: str, voices: Voices) -> int:
    """Count the people who agreed: two keys of one person are one; the author's, and who was not asked of, none."""
    groups: list[frozenset[str]] = []
    own = voices.get(author, frozenset({author}))
    for name in approvers:
        mine = voices.get(name, own)
        touching = [group for group in groups if group & mine]
        groups = [group for group in groups if not group & mine]
        groups.append(mine.union(*touching))
    return sum(group.isdisjoint(own) for group in groups)


async def case_of(
    connection: Connection,
    *,
    has_repository: bool,
    rules: Rules,
    voices: Voices,
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
        approvals=people_agreed(
            (name for name, _ in approvals[plan.plan_id]), author=plan.author, voices=voices
        ),
        before=before,
        was_applied_before=before is not None
        and await store.was_applied(
            connection, tenant_id=tenant_id, estate=before, commit=plan.commit_id
        ),
        has_repository=has_repository,
        head=head,
        verdicts=await _verdicts(connection, rules=rules, tenant_id=tenant_id, plan=plan, at=at),
        overdue=await evidence.overdue(connection, tenant_id=tenant_id, estate=plan.estate, at=at),
    )


async def _verdicts(
    connection: Connection, *, rules: Rules, tenant_id: int, plan: PlanRow, at: Instant
) -> list[tuple[str, str, int]] | None:
    """Give the tally of a plan; what leaned on a declared waiver that was removed since, or ends sooner, fails."""
    if not plan.counts:
        return None
    found = await store.tally(connection, tenant_id=tenant_id, plan_id=plan.plan_id, at=at)
    declared = {
        (one.control, one.subject)
        for one in rules.waivers
        if one.environment == plan.environment and at < one.ends
    }
    leaning = await store.declared_waived(connection, tenant_id=tenant_id, plan_id=plan.plan_id)
    gone = [
        severity for control, subject, severity in leaning if (control, subject) not in declared
    ]
    return [*found, *((severity, "fail", 1) for severity in gone)]

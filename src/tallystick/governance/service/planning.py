"""Plans: handed in, judged, read, approved, withdrawn."""

import asyncio
from hashlib import sha256

from tallystick.governance.api import (
    ApprovePlan,
    AuthorMayNotApprove,
    ListPlans,
    Plan,
    PlanDocument,
    PlanHashDiffers,
    PlanNotFound,
    PlanNotOpen,
    PlanOf,
    PlanPage,
    SubmitPlan,
    VerdictPage,
    VerdictsOf,
)
from tallystick.governance.model import deciding, wanted
from tallystick.governance.model.changes import meanings
from tallystick.governance.model.judging import Obligation
from tallystick.governance.model.plan_document import shown
from tallystick.governance.service import answers
from tallystick.governance.service.cases import case_of, head_of, voices_of
from tallystick.governance.service.ground import Ground
from tallystick.governance.service.judged import Judged, read_and_judge
from tallystick.governance.store import applies, evidence, glasses
from tallystick.governance.store import plans as store
from tallystick.governance.store.rows import ObligationRow, PlanRow
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import SECOND, Instant
from tallystick.kernel.tags import Tag
from tallystick.runtime.database import Connection

SUBMITTED = "submitted"
# After every id of ours: where a list begins that begins with the newest.
NEWEST = "~"
WAIVERS_MAX = 1_000
# So long a plan that is sent again is the same plan.
AGAIN = 15 * 60 * SECOND


async def found(connection: Connection, caller: Caller, plan_id: str) -> PlanRow:
    """Read a plan. Raises PlanNotFound."""
    row = await store.plan(connection, tenant_id=caller.tenant_id, plan_id=plan_id)
    if row is None:
        raise PlanNotFound(f"there is no plan {plan_id[:64]!r}")
    return row


def demand_open(row: PlanRow) -> None:
    """Raise PlanNotOpen unless a plan may still be applied."""
    if row.status != SUBMITTED:
        raise PlanNotOpen(f"the plan is {row.status}: plan again", {"status": row.status})


class Planning:
    """What is done with plans before one is applied."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def submit(self, caller: Caller, message: SubmitPlan) -> Plan:
        """Keep and judge a plan, or find the same one open."""
        wanted.plan(message)
        at = self._ground.clock.now()
        judged = await self._judged(caller, message, at)
        row = self._row(caller, message, judged, at)
        tenant_id = caller.tenant_id
        async with self._ground.database.transaction(tenant_id=tenant_id) as connection:
            await store.hold_estate(connection, tenant_id=tenant_id, estate=row.estate)
            former = await store.submitted_plan(connection, tenant_id=tenant_id, estate=row.estate)
            if former is not None and _is_again(former, row):
                said = await store.approvals(
                    connection, tenant_id=tenant_id, plan_ids=[former.plan_id]
                )
                return answers.plan(former, said[former.plan_id], replayed=True)
            superseded = await store.supersede(connection, tenant_id=tenant_id, estate=row.estate)
            for plan_id in superseded:
                await evidence.drop_obligations(
                    connection, tenant_id=tenant_id, plan_id=plan_id, at=at
                )
            await self._keep(
                connection, caller, message, row=row, judged=judged, superseded=superseded
            )
        return answers.plan(row, ())

    async def plan(self, caller: Caller, message: PlanOf) -> Plan:
        """Show a plan, with what would keep it from being applied."""
        head, at = await head_of(self._ground), self._ground.clock.now()
        rules = self._ground.policies.read().rules
        tenant_id = caller.tenant_id
        voices = await voices_of(self._ground, caller, message.plan)
        async with self._ground.database.transaction(
            tenant_id=tenant_id, read_only=True
        ) as connection:
            row = await found(connection, caller, message.plan)
            said = await store.approvals(connection, tenant_id=tenant_id, plan_ids=[row.plan_id])
            last = await applies.last_of_plan(connection, tenant_id=tenant_id, plan_id=row.plan_id)
            case = await case_of(
                connection,
                has_repository=self._ground.head is not None,
                rules=rules,
                voices=voices,
                tenant_id=tenant_id,
                plan=row,
                head=head,
                at=at,
            )
        codes = [one.code for one in deciding.refusals(case, rules=rules, at=at)]
        told = codes if row.status == SUBMITTED else []
        return answers.plan(row, said[row.plan_id], refusals=told, last=last)

    async def plans(self, caller: Caller, message: ListPlans) -> PlanPage:
        """List plans."""
        limit = wanted.page_limit(message.limit)
        tenant_id = caller.tenant_id
        async with self._ground.database.transaction(
            tenant_id=tenant_id, read_only=True
        ) as connection:
            rows = await store.plans(
                connection,
                tenant_id=tenant_id,
                after=wanted.cursor(message.after, kind="pln", first=NEWEST),
                limit=limit + 1,
                estate=wanted.maybe_estate(message.estate),
                status=message.status,
            )
            said = await store.approvals(
                connection, tenant_id=tenant_id, plan_ids=[row.plan_id for row in rows]
            )
        items = tuple(answers.plan(row, said[row.plan_id]) for row in rows[:limit])
        return PlanPage(items=items, after=items[-1].plan if len(rows) > limit else None)

    async def verdicts(self, caller: Caller, message: VerdictsOf) -> VerdictPage:
        """List what the controls say of a plan."""
        limit = wanted.page_limit(message.limit)
        async with self._ground.database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            row = await found(connection, caller, message.plan)
            rows = await store.verdicts(
                connection,
                tenant_id=caller.tenant_id,
                plan_id=row.plan_id,
                after=wanted.number_cursor(message.after),
                limit=limit + 1,
                outcome=message.outcome,
            )
        after = str(rows[limit - 1].number) if len(rows) > limit else None
        return VerdictPage(items=tuple(map(answers.verdict, rows[:limit])), after=after)

    async def document(self, caller: Caller, message: PlanOf) -> PlanDocument:
        """Read a plan whole."""
        async with self._ground.database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            row = await found(connection, caller, message.plan)
            content = await store.document(
                connection, tenant_id=caller.tenant_id, plan_id=row.plan_id
            )
        await self._ground.pen.note(
            caller=caller,
            tag=Tag.GOVERNANCE_PLAN_READ,
            on=f"governance:plan:{row.plan_id}",
            content={"estate": row.estate, "hash": row.hash.hex()},
        )
        return PlanDocument(
            plan=row.plan_id,
            hash=row.hash.hex(),
            content=await asyncio.to_thread(shown, content),
            changes=answers.changes(await asyncio.to_thread(meanings, content)),
        )

    async def approve(self, caller: Caller, message: ApprovePlan) -> Plan:
        """Agree to a plan; to have agreed already changes nothing."""
        tenant_id, at = caller.tenant_id, self._ground.clock.now()
        await self._demand_apart(caller, message.plan)
        async with self._ground.database.transaction(tenant_id=tenant_id) as connection:
            row = await self._held(connection, caller, message.plan)
            if message.hash != row.hash.hex():
                raise PlanHashDiffers("this is another plan than the one that was read")
            demand_open(row)
            is_new = await store.approve(
                connection, tenant_id=tenant_id, plan=row, approver=caller.actor, at=at
            )
            if is_new:
                await self._ground.note(
                    connection,
                    caller,
                    Tag.GOVERNANCE_PLAN_APPROVE,
                    on=f"plan:{row.plan_id}",
                    estate=row.estate,
                    at=at,
                    content={"hash": row.hash.hex()},
                )
            said = await store.approvals(connection, tenant_id=tenant_id, plan_ids=[row.plan_id])
        return answers.plan(row, said[row.plan_id], replayed=not is_new)

    async def withdraw(self, caller: Caller, message: PlanOf) -> Plan:
        """Take back one's word."""
        tenant_id, at = caller.tenant_id, self._ground.clock.now()
        async with self._ground.database.transaction(tenant_id=tenant_id) as connection:
            row = await self._held(connection, caller, message.plan)
            demand_open(row)
            is_author = row.author == caller.actor
            if is_author:
                await store.move_plan(
                    connection,
                    tenant_id=tenant_id,
                    plan_id=row.plan_id,
                    before=SUBMITTED,
                    after="withdrawn",
                )
                await evidence.drop_obligations(
                    connection, tenant_id=tenant_id, plan_id=row.plan_id, at=at
                )
            elif not await store.withdraw_approval(
                connection, tenant_id=tenant_id, plan_id=row.plan_id, approver=caller.actor, at=at
            ):
                raise PlanNotOpen("you have not approved this plan", {"status": row.status})
            await self._ground.note(
                connection,
                caller,
                Tag.GOVERNANCE_PLAN_WITHDRAW,
                on=f"plan:{row.plan_id}",
                estate=row.estate,
                at=at,
                content={"hash": row.hash.hex(), "what": "plan" if is_author else "approval"},
            )
            now = await found(connection, caller, row.plan_id)
            said = await store.approvals(connection, tenant_id=tenant_id, plan_ids=[row.plan_id])
        return answers.plan(now, said[row.plan_id])

    async def _held(self, connection: Connection, caller: Caller, plan_id: str) -> PlanRow:
        """Hold a plan's estate and read the plan as it then stands. Raises PlanNotFound."""
        row = await found(connection, caller, plan_id)
        await store.hold_estate(connection, tenant_id=caller.tenant_id, estate=row.estate)
        return await found(connection, caller, plan_id)

    async def _demand_apart(self, caller: Caller, plan_id: str) -> None:
        """Raise AuthorMayNotApprove for the author by another name: who made their key, their key, a second key."""
        async with self._ground.database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            author = (await found(connection, caller, plan_id)).author
        if not await self._ground.is_apart(caller, author):
            raise AuthorMayNotApprove(
                "You, or your key, made this plan: somebody else approves it."
            )

    async def _judged(self, caller: Caller, message: SubmitPlan, at: Instant) -> Judged:
        policies = await asyncio.to_thread(self._ground.policies.read)
        async with self._ground.database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            waivers = await glasses.waivers_in_force(
                connection,
                tenant_id=caller.tenant_id,
                estate=message.estate,
                at=at,
                most=WAIVERS_MAX,
            )
        # Reading megabytes and judging them would hold up everybody else's requests.
        return await asyncio.to_thread(
            read_and_judge, message, policies=policies, waivers=waivers, at=at
        )

    def _row(self, caller: Caller, message: SubmitPlan, judged: Judged, at: Instant) -> PlanRow:
        return PlanRow(
            plan_id=self._ground.mint.id("pln"),
            estate=message.estate,
            commit_id=message.commit,
            base=message.base,
            hash=judged.hash,
            planfile_digest=sha256(message.planfile).digest(),
            tool=message.tool,
            providers=message.providers,
            counts=judged.counts,
            author=caller.actor,
            submitted_at=at,
            status=SUBMITTED,
        )

    async def _keep(
        self,
        connection: Connection,
        caller: Caller,
        message: SubmitPlan,
        *,
        row: PlanRow,
        judged: Judged,
        superseded: list[str],
    ) -> None:
        tenant_id = caller.tenant_id
        await store.insert_plan(
            connection,
            tenant_id=tenant_id,
            plan=row,
            document=message.plan,
            planfile=message.planfile,
            is_changing=judged.is_changing,
            addresses=judged.addresses,
        )
        await store.insert_verdicts(
            connection, tenant_id=tenant_id, plan_id=row.plan_id, verdicts=judged.verdicts
        )
        owed = [_owed(self._ground.mint.id("obl"), row, one) for one in judged.obligations]
        await evidence.insert_obligations(connection, tenant_id=tenant_id, obligations=owed)
        await self._ground.note(
            connection,
            caller,
            Tag.GOVERNANCE_PLAN_SUBMIT,
            on=f"plan:{row.plan_id}",
            estate=row.estate,
            at=row.submitted_at,
            content={
                "hash": row.hash.hex(),
                "planfile": row.planfile_digest.hex(),
                "commit": row.commit_id,
                "base": row.base,
                "verdicts": dict(row.counts),
                "verdicts_digest": judged.digest,
                "obligations": len(owed),
                "superseded": superseded,
            },
            texts={"tool": row.tool, "providers": dict(row.providers)},
        )


def _is_again(former: PlanRow, row: PlanRow) -> bool:
    """Whether somebody sends again what was kept lately; later the world may judge the same plan otherwise."""
    return row.submitted_at - former.submitted_at < AGAIN and (
        former.hash, former.planfile_digest, former.author, former.base, former.counts
    ) == (row.hash, row.planfile_digest, row.author, row.base, row.counts)  # fmt: skip


def _owed(obligation_id: str, row: PlanRow, one: Obligation) -> ObligationRow:
    return ObligationRow(
        obligation_id=obligation_id,
        plan_id=row.plan_id,
        hash=row.hash,
        estate=row.estate,
        control=one.control,
        subject=one.subject,
        due_at=one.due,
        ended_at=None,
        ending=None,
        report_id=None,
    )

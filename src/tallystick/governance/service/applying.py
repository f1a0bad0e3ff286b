"""Applies: one at a time for an estate, under a lease that ends by itself."""

import hmac
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Final

from tallystick.governance.api import (
    Apply,
    ApplyEnd,
    ApplyIsRunning,
    BeginApply,
    CredentialsNotAvailable,
    ExtendApply,
    FinishApply,
    GlassNeedsReview,
    GlassNotFound,
    GlassNotOpen,
    LeaseNotAccepted,
    LentApply,
    StateIsOld,
    StateNotWritten,
    WindowClosed,
)
from tallystick.governance.model import deciding, wanted
from tallystick.governance.model.rules import Rules
from tallystick.governance.service import answers
from tallystick.governance.service.cases import Voices, case_of, head_of, voices_of
from tallystick.governance.service.ground import Ground
from tallystick.governance.service.lending import LEASE, LEASE_MAX, Lending
from tallystick.governance.service.planning import SUBMITTED, demand_open, found
from tallystick.governance.store import applies as store
from tallystick.governance.store import evidence, glasses, plans
from tallystick.governance.store.rows import ApplyRow, PlanRow
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import Instant, render
from tallystick.kernel.tags import Tag
from tallystick.runtime.database import Connection

TOKEN_BYTES: Final = 32


def hash_of(token: str) -> bytes:
    """What is kept of a token."""
    return sha256(token.encode()).digest()


def longer(row: ApplyRow, at: Instant, *, rules: Rules) -> Instant:
    """Until when a lease lasts that is extended now: not past its window, nor into a freeze, unless under a glass."""
    wished = min(at + LEASE, row.begun_at + LEASE_MAX)
    if row.break_glass_id is None:
        end = rules.open_until(row.estate.partition("-")[0], at)
        wished = wished if end is None else min(wished, end)
    return max(row.until_at, wished)


def demand_lease(row: ApplyRow | None, token: str, at: Instant, *, actor: str) -> ApplyRow:
    """The apply whose lease this is, while it lasts, for whoever began it. Raises LeaseNotAccepted."""
    if (
        row is None
        or row.status != "running"
        or row.begun_by != actor
        or row.until_at < at
        or not hmac.compare_digest(row.token_hash, hash_of(token))
    ):
        raise LeaseNotAccepted("this lease is of no running apply: begin the apply again")
    return row


async def demand_glass(
    connection: Connection, caller: Caller, *, plan: PlanRow, named: str | None, at: Instant
) -> None:
    """Raise GlassNotFound, GlassNotOpen for a break-glass that opens nothing here, GlassNeedsReview for one unseen."""
    tenant_id = caller.tenant_id
    if named is not None:
        glass = await glasses.glass(connection, tenant_id=tenant_id, break_glass_id=named)
        if glass is None:
            raise GlassNotFound(f"there is no break-glass {named[:64]!r}")
        if glass.reviewed_at is not None:
            raise GlassNotOpen("its review has closed it: break another")
        if glass.broken_by != caller.actor:
            raise GlassNotOpen("only whoever broke it applies under it: break one yourself")
        if glass.estate != plan.estate or glass.until_at < at:
            raise GlassNotOpen(f"it was of {glass.estate}, until {render(glass.until_at)}")
    if await glasses.has_missed_review(connection, tenant_id=tenant_id, estate=plan.estate, at=at):
        raise GlassNeedsReview("a break-glass of this estate was not reviewed in time")


class Applying:
    """From the first rule that is looked at to the end of an apply."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._lending = Lending(ground)

    async def begin(self, caller: Caller, message: BeginApply) -> LentApply:
        """Begin an apply and lend what it needs."""
        rules = self._ground.policies.read().rules
        voices = await voices_of(self._ground, caller, message.plan)
        head, at = await head_of(self._ground), self._ground.clock.now()
        token = self._ground.mint.secret(TOKEN_BYTES).hex()
        tenant_id = caller.tenant_id
        async with self._ground.database.transaction(tenant_id=tenant_id) as connection:
            plan = await found(connection, caller, message.plan)
            await plans.hold_estate(connection, tenant_id=tenant_id, estate=plan.estate)
            plan = await found(connection, caller, message.plan)
            demand_open(plan)
            await demand_glass(connection, caller, plan=plan, named=message.break_glass, at=at)
            lost = await self._demand_free(connection, caller, plan.estate, at)
            passed = await self._decided(
                connection,
                caller,
                plan,
                rules=rules,
                voices=voices,
                head=head,
                at=at,
                is_broken=message.break_glass is not None,
            )
            row = self._row(caller, plan, token, passed, at, glass=message.break_glass)
            await self._write(connection, caller, plan, row)
            planfile = await plans.planfile(connection, tenant_id=tenant_id, plan_id=plan.plan_id)
        if lost is not None:
            await self._lending.take_back(lost)
        return LentApply(
            apply=answers.apply(row),
            token=token,
            hash=plan.hash.hex(),
            planfile=planfile,
            planfile_digest=plan.planfile_digest.hex(),
            credentials=dict(await self._lent(caller, row)),
        )

    async def extend(self, caller: Caller, message: ExtendApply) -> Apply:
        """Let a lease last longer."""
        rules = self._ground.policies.read().rules
        tenant_id, at = caller.tenant_id, self._ground.clock.now()
        async with self._ground.database.transaction(tenant_id=tenant_id) as connection:
            row = await self._held(connection, caller, message.apply, message.token, at)
            until = longer(row, at, rules=rules)
            if until == row.until_at < min(at + LEASE, row.begun_at + LEASE_MAX):
                raise WindowClosed(
                    "the lease ends with its window: let the apply come to its end",
                    {"until": render(until)},
                )
            row = replace(row, until_at=until)
            await store.extend(
                connection, tenant_id=tenant_id, apply_id=row.apply_id, until=row.until_at
            )
            await self._ground.note(
                connection,
                caller,
                Tag.GOVERNANCE_APPLY_EXTEND,
                on=f"apply:{row.apply_id}",
                estate=row.estate,
                at=at,
                content={"until": render(row.until_at)},
            )
        return answers.apply(row)

    async def finish(self, caller: Caller, message: FinishApply) -> Apply:
        """End an apply as its runner says."""
        wanted.problem(message.problem)
        tenant_id, at = caller.tenant_id, self._ground.clock.now()
        async with self._ground.database.transaction(tenant_id=tenant_id) as connection:
            row = await self._held(connection, caller, message.apply, message.token, at)
            await self._demand_serial(connection, caller, row, message)
            row = replace(row, status=message.end.value, ended_at=at, serial=message.serial)
            await self._end(connection, caller, row, Tag.GOVERNANCE_APPLY_FINISH, message.problem)
        await self._lending.take_back(row)
        return answers.apply(row)

    async def lose(
        self, caller: Caller, estate: str, *, tag: Tag, reason: str = ""
    ) -> ApplyRow | None:
        """End an apply whose lease has ended, if one holds the estate. Raises ApplyIsRunning while it lasts."""
        tenant_id, at = caller.tenant_id, self._ground.clock.now()
        async with self._ground.database.transaction(tenant_id=tenant_id) as connection:
            await plans.hold_estate(connection, tenant_id=tenant_id, estate=estate)
            row = await store.running(connection, tenant_id=tenant_id, estate=estate)
            if row is None:
                return None
            _demand_ended(row, at)
            row = replace(row, status="lost", ended_at=at)
            await self._end(connection, caller, row, tag, reason)
        await self._lending.take_back(row)
        return row

    async def _demand_free(
        self, connection: Connection, caller: Caller, estate: str, at: Instant
    ) -> ApplyRow | None:
        """End an apply whose lease has ended, if one holds the estate. Raises ApplyIsRunning while it lasts."""
        row = await store.running(connection, tenant_id=caller.tenant_id, estate=estate)
        if row is None:
            return None
        _demand_ended(row, at)
        lost = replace(row, status="lost", ended_at=at)
        await self._end(connection, caller, lost, Tag.GOVERNANCE_APPLY_LOSE, "")
        return lost

    async def _decided(
        self,
        connection: Connection,
        caller: Caller,
        plan: PlanRow,
        *,
        rules: Rules,
        voices: Voices,
        head: str | None,
        at: Instant,
        is_broken: bool,
    ) -> tuple[str, ...]:
        """The codes of what a broken glass passes over. Raises the first of them where none is broken."""
        case = await case_of(
            connection,
            has_repository=self._ground.head is not None,
            rules=rules,
            voices=voices,
            tenant_id=caller.tenant_id,
            plan=plan,
            head=head,
            at=at,
        )
        refusals = list(deciding.refusals(case, rules=rules, at=at))
        if refusals and not is_broken:
            raise refusals[0]
        return tuple(dict.fromkeys(one.code for one in refusals))

    def _row(
        self,
        caller: Caller,
        plan: PlanRow,
        token: str,
        passed: tuple[str, ...],
        at: Instant,
        *,
        glass: str | None,
    ) -> ApplyRow:
        return ApplyRow(
            apply_id=self._ground.mint.id("apl"),
            plan_id=plan.plan_id,
            estate=plan.estate,
            token_hash=hash_of(token),
            begun_by=caller.actor,
            begun_at=at,
            until_at=at + LEASE,
            passed_over=passed,
            status="running",
            lock_id=None,
            ended_at=None,
            serial=None,
            credential_lease=None,
            break_glass_id=glass,
        )

    async def _write(
        self,
        connection: Connection,
        caller: Caller,
        plan: PlanRow,
        row: ApplyRow,
    ) -> None:
        tenant_id = caller.tenant_id
        await plans.move_plan(
            connection,
            tenant_id=tenant_id,
            plan_id=plan.plan_id,
            before=SUBMITTED,
            after="applying",
        )
        await store.insert_apply(connection, tenant_id=tenant_id, apply=row)
        await self._ground.note(
            connection,
            caller,
            Tag.GOVERNANCE_APPLY_BEGIN,
            on=f"apply:{row.apply_id}",
            estate=row.estate,
            at=row.begun_at,
            content={
                "plan": plan.plan_id,
                "hash": plan.hash.hex(),
                "planfile": plan.planfile_digest.hex(),
                "commit": plan.commit_id,
                "until": render(row.until_at),
                "break_glass": row.break_glass_id,
                "passed_over": list(row.passed_over),
            },
        )

    async def _lent(self, caller: Caller, row: ApplyRow) -> Mapping[str, str]:
        """The credentials of one apply, asked for after it is written; without them it ends. Raises the problem."""
        try:
            return await self._lending.lend(caller, row)
        except CredentialsNotAvailable:
            await self._unlent(caller, row)
            raise

    async def _unlent(self, caller: Caller, row: ApplyRow) -> None:
        """End an apply that has no credentials; its plan may be applied again."""
        ended = replace(row, status=ApplyEnd.FAILED.value, ended_at=self._ground.clock.now())
        async with self._ground.database.transaction(tenant_id=caller.tenant_id) as connection:
            await plans.hold_estate(connection, tenant_id=caller.tenant_id, estate=row.estate)
            await self._end(
                connection, caller, ended, Tag.GOVERNANCE_APPLY_FINISH,
                CredentialsNotAvailable.code, plan_after=SUBMITTED,
            )  # fmt: skip

    async def _held(
        self, connection: Connection, caller: Caller, apply_id: str, token: str, at: Instant
    ) -> ApplyRow:
        row = await store.apply(connection, tenant_id=caller.tenant_id, apply_id=apply_id)
        row = demand_lease(row, token, at, actor=caller.actor)
        await plans.hold_estate(connection, tenant_id=caller.tenant_id, estate=row.estate)
        row = await store.apply(connection, tenant_id=caller.tenant_id, apply_id=apply_id)
        return demand_lease(row, token, at, actor=caller.actor)

    async def _demand_serial(
        self, connection: Connection, caller: Caller, row: ApplyRow, message: FinishApply
    ) -> None:
        """Raise StateNotWritten without a state of this apply, StateIsOld for another serial than that of its last.

        A plan that changes nothing writes none.
        """
        kept = await store.last_state(connection, tenant_id=caller.tenant_id, estate=row.estate)
        wrote = kept.serial if kept is not None and kept.apply_id == row.apply_id else None
        known = kept.serial if kept is not None else None
        if message.end is not ApplyEnd.APPLIED:
            return
        if wrote is None and await plans.is_changing(
            connection, tenant_id=caller.tenant_id, plan_id=row.plan_id
        ):
            raise StateNotWritten("this plan changes something: write the state that it left")
        if message.serial != wrote and (wrote is not None or message.serial != known):
            raise StateIsOld(
                "the state that is kept has another serial: write the last state first",
                {"serial": str(known)},
            )

    async def _end(
        self,
        connection: Connection,
        caller: Caller,
        row: ApplyRow,
        tag: Tag,
        problem: str,
        *,
        plan_after: str | None = None,
    ) -> None:
        tenant_id, at = caller.tenant_id, row.ended_at or self._ground.clock.now()
        await store.end(
            connection,
            tenant_id=tenant_id,
            apply_id=row.apply_id,
            status=row.status,
            at=at,
            serial=row.serial,
            problem=problem or None,
        )
        after = plan_after or ("applied" if row.status == "applied" else "failed")
        if after == SUBMITTED and await plans.submitted_plan(
            connection, tenant_id=tenant_id, estate=row.estate
        ):
            # A newer plan came while this one was being applied.
            after = "superseded"
            await evidence.drop_obligations(
                connection, tenant_id=tenant_id, plan_id=row.plan_id, at=at
            )
        await plans.move_plan(
            connection,
            tenant_id=tenant_id,
            plan_id=row.plan_id,
            before="applying",
            after=after,
        )
        await self._ground.note(
            connection,
            caller,
            tag,
            on=f"apply:{row.apply_id}",
            estate=row.estate,
            at=at,
            outcome="done" if row.status == "applied" else row.status,
            content={"plan": row.plan_id, "end": row.status, "serial": row.serial},
            texts={"problem": problem} if problem else None,
        )


def _demand_ended(row: ApplyRow, at: Instant) -> None:
    if row.until_at >= at:
        raise ApplyIsRunning(
            "something is being applied to this estate",
            {"apply": row.apply_id, "until": render(row.until_at)},
        )

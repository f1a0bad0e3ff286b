"""Rows as what the door answers."""

from collections.abc import Iterable, Sequence

from tallystick.governance.api import (
    Apply,
    ApplyStatus,
    Evidence,
    Glass,
    ObligationStatus,
    Obliged,
    Opinion,
    Outcome,
    Plan,
    PlanApproval,
    PlanChange,
    PlanDifference,
    PlanStatus,
    PlanVerdict,
    Waiver,
)
from tallystick.governance.model.changes import Meaning
from tallystick.governance.store.rows import (
    ApplyRow,
    EventRow,
    GlassRow,
    ObligationRow,
    PlanRow,
    VerdictRow,
    WaiverRow,
)
from tallystick.kernel.instants import Instant, render


def maybe(at: Instant | None) -> str | None:
    """A time, where there is one."""
    return None if at is None else render(at)


def plan(
    row: PlanRow,
    approvals: Sequence[tuple[str, Instant]],
    *,
    refusals: Sequence[str] = (),
    last: ApplyRow | None = None,
    replayed: bool = False,
) -> Plan:
    """A plan."""
    return Plan(
        plan=row.plan_id,
        estate=row.estate,
        commit=row.commit_id,
        base=row.base,
        hash=row.hash.hex(),
        planfile_digest=row.planfile_digest.hex(),
        status=PlanStatus(row.status),
        author=row.author,
        submitted_at=render(row.submitted_at),
        tool=row.tool,
        providers=dict(row.providers),
        counts=dict(row.counts),
        approvals=tuple(PlanApproval(by=by, at=render(at)) for by, at in approvals),
        refusals=tuple(refusals),
        apply=None if last is None else apply(last),
        replayed=replayed,
    )


def verdict(row: VerdictRow) -> PlanVerdict:
    """A verdict of a plan."""
    return PlanVerdict(
        control=row.control,
        subject=row.subject,
        outcome=Outcome(row.outcome),
        severity=row.severity,
        reasons=row.reasons,
        waiver=row.waiver,
    )


def apply(row: ApplyRow) -> Apply:
    """An apply, without what it was lent."""
    return Apply(
        apply=row.apply_id,
        plan=row.plan_id,
        estate=row.estate,
        status=ApplyStatus(row.status),
        by=row.begun_by,
        began_at=render(row.begun_at),
        until=render(row.until_at),
        ended_at=maybe(row.ended_at),
        serial=row.serial,
        passed_over=row.passed_over,
    )


def glass(row: GlassRow) -> Glass:
    """A break-glass."""
    return Glass(
        break_glass=row.break_glass_id,
        estate=row.estate,
        reason=row.reason,
        by=row.broken_by,
        at=render(row.broken_at),
        until=render(row.until_at),
        review_by=render(row.review_by),
        reviewed_by=row.reviewed_by,
        reviewed_at=maybe(row.reviewed_at),
        opinion=None if row.opinion is None else Opinion(row.opinion),
    )


def waiver(row: WaiverRow) -> Waiver:
    """A waiver."""
    return Waiver(
        waiver=row.waiver_id,
        estate=row.estate,
        control=row.control,
        subject=row.subject,
        reason=row.reason,
        by=row.given_by,
        at=render(row.given_at),
        until=render(row.until_at),
        ended_at=maybe(row.ended_at),
    )


def obliged(row: ObligationRow, at: Instant) -> Obliged:
    """An obligation, as it stands at an instant."""
    is_late = row.due_at < at
    open_as = ObligationStatus.OVERDUE if is_late else ObligationStatus.OPEN
    return Obliged(
        obligation=row.obligation_id,
        plan=row.plan_id,
        hash=row.hash.hex(),
        estate=row.estate,
        control=row.control,
        subject=row.subject,
        status=open_as if row.ending is None else ObligationStatus(row.ending),
        due_at=render(row.due_at),
        ended_at=maybe(row.ended_at),
        report=row.report_id,
    )


def evidence(row: EventRow) -> Evidence:
    """Something that was done."""
    return Evidence(
        number=row.number,
        at=render(row.recorded_at),
        by=row.actor,
        tag=row.tag,
        on=row.done_on,
        estate=row.estate,
        outcome=row.outcome,
        content=dict(row.content),
    )


def changes(found: Iterable[Meaning]) -> tuple[PlanChange, ...]:
    """What a plan does, object by object."""
    return tuple(
        PlanChange(
            address=one.address,
            verb=one.verb,
            noun=one.noun,
            why=one.why,
            loses=one.loses,
            costs=one.costs,
            differences=(
                *(
                    PlanDifference(
                        path=each.path, before=each.before, after=each.after, replaces=each.replaces
                    )
                    for each in one.differences
                ),
                *(PlanDifference(path=path, before="", after=value) for path, value in one.sets),
            ),
            more=one.more,
        )
        for one in found
    )

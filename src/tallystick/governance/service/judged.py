"""A plan, read and judged by the platform's own policies, outside of every transaction."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, cast

from tallystick.governance.api import PlanNotReadable, SubmitPlan
from tallystick.governance.model.judging import Judgement, Obligation, Waiver, judge
from tallystick.governance.model.plan_document import changes_something
from tallystick.governance.model.plan_hash import plan_hash
from tallystick.governance.model.plans import PlanRefused, read_plan
from tallystick.governance.model.policies import Policies
from tallystick.governance.model.values import Cloud, Environment
from tallystick.governance.store.rows import VerdictRow, WaiverRow
from tallystick.kernel.entries import canonical
from tallystick.kernel.instants import Instant

_ORDER: Final = ("fail", "unknown", "waived", "pass")
# What is wrong with a waiver fails the plan like a control that is as bad as this.
_FAULT: Final = ("waivers", "high")
# What the tool does not tell of its plan is read with the verdicts. Nothing live can answer it: it is not owed.
_DOUBT: Final = ("plan", "medium")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What came of it; ``digest`` is of all verdicts, so that none of them can be changed unseen."""

    hash: bytes
    counts: dict[str, int]
    verdicts: tuple[VerdictRow, ...]
    obligations: tuple[Obligation, ...]
    is_changing: bool
    addresses: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Hexadecimal SHA-256 of the verdicts."""
        told = [[one.control, one.subject, one.outcome, *one.reasons] for one in self.verdicts]
        return sha256(canonical(told)).hexdigest()


def read_and_judge(
    message: SubmitPlan, *, policies: Policies, waivers: Sequence[WaiverRow], at: Instant
) -> Judged:
    """Read a plan and judge it. Raises PlanNotReadable."""
    environment, _, cloud = message.estate.partition("-")
    try:
        planned = read_plan(
            text=message.plan,
            cloud=cast("Cloud", cloud),
            environment=cast("Environment", environment),
            inventory=policies.inventory,
        )
        hashed = plan_hash(plan=message.plan, estate=message.estate, commit=message.commit)
    except (PlanRefused, ValueError, RecursionError) as error:
        raise PlanNotReadable(str(error)[:500] or "this is no plan") from None
    declared = [one for one in policies.rules.waivers if one.control.startswith(f"{cloud}-")]
    given = [_waiver(one, cast("Environment", environment)) for one in waivers]
    found = judge(
        estate=planned.estate,
        catalogue=policies.catalogue,
        waivers=(*declared, *given),
        at=at,
    )
    return Judged(
        hash=bytes.fromhex(hashed),
        counts=dict(Counter(one.outcome for one in found.verdicts)),
        verdicts=tuple(_rows(found, policies, [*declared, *given], waivers, planned.doubts)),
        obligations=found.obligations,
        is_changing=changes_something(message.plan),
        addresses=tuple(sorted(one.address for one in planned.estate.resources)),
    )


def _waiver(row: WaiverRow, environment: Environment) -> Waiver:
    return Waiver(
        control=row.control,
        subject=row.subject,
        environment=environment,
        owner=row.given_by,
        second=f"decision {row.decision}",
        reason=row.reason,
        ends=row.until_at,
    )


def _rows(
    found: Judgement,
    policies: Policies,
    waived: Iterable[Waiver],
    given: Iterable[WaiverRow],
    doubts: Iterable[str],
) -> Iterable[VerdictRow]:
    own = dict((_FAULT, _DOUBT))
    until = {(one.control, one.subject): one.ends for one in waived}
    ids = {(one.control, one.subject): one.waiver_id for one in given}
    told = [
        (_ORDER.index(one.outcome), one.control, one.subject, one.outcome, one.reasons)
        for one in found.verdicts
        if one.outcome in _ORDER
    ]
    told += [(0, _FAULT[0], found.estate, "fail", (fault,)) for fault in found.faults]
    told += [(1, _DOUBT[0], found.estate, "unknown", (doubt,)) for doubt in doubts]
    for number, (_, name, subject, outcome, reasons) in enumerate(sorted(told), start=1):
        is_waived, key = outcome == "waived", (name, subject)
        yield VerdictRow(
            number=number,
            control=name,
            subject=subject,
            outcome=outcome,
            severity=own[name] if name in own else policies.catalogue.entries[name].severity,
            reasons=tuple(reasons),
            waiver=ids.get(key) if is_waived else None,
            until_at=until[key] if is_waived else None,
        )

"""What was seen live and what it answers, what is owed, steps of secrets, and the evidence of all of it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Final

import msgspec
import structlog

from tallystick.governance.api import (
    EvidencePage,
    ListEvidence,
    ListObligations,
    LiveReport,
    LiveVerdict,
    ObligationPage,
    Outcome,
    RecordSecretStep,
    SecretStep,
    SubmitReport,
)
from tallystick.governance.model import wanted
from tallystick.governance.model.rules import Rules
from tallystick.governance.service import answers
from tallystick.governance.service.applying import Applying
from tallystick.governance.service.ground import Ground
from tallystick.governance.store import applies, glasses, plans
from tallystick.governance.store import evidence as store
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import render
from tallystick.kernel.tags import Tag

JOB: Final = "job:note_overdue"
_ENDINGS: Final = {
    Outcome.PASS: "met",
    Outcome.FAIL: "broken",
    Outcome.NOT_APPLICABLE: "dropped",
}
_WORST: Final = ("broken", "met", "dropped")
_log = structlog.get_logger("tallystick.governance")


class Reporting:
    """Live reports, obligations, steps of secrets, evidence, and what was missed."""

    def __init__(self, ground: Ground, applying: Applying) -> None:
        self._ground = ground
        self._applying = applying

    async def report(self, caller: Caller, message: SubmitReport) -> LiveReport:
        """Keep a live report, and end the obligations that it answers."""
        at = self._ground.clock.now()
        observed = wanted.report(message, at=at)
        content = msgspec.json.encode(message)
        report_id, digest = self._ground.mint.id("rep"), sha256(content)
        tenant_id, environment = caller.tenant_id, message.estate.partition("-")[0]
        rules = self._ground.policies.read().rules
        endings = list(_endings(message.verdicts, rules=rules, environment=environment))
        apart = await self._apart(caller, message.estate, is_own=environment in rules.own_reports)
        async with self._ground.database.transaction(tenant_id=tenant_id) as connection:
            await plans.hold_estate(connection, tenant_id=tenant_id, estate=message.estate)
            await store.insert_report(
                connection,
                tenant_id=tenant_id,
                report_id=report_id,
                estate=message.estate,
                observed_at=observed,
                at=at,
                by=caller.actor,
                digest=digest.digest(),
                content=content,
            )
            ended = Counter(
                await store.end_obligations(
                    connection,
                    tenant_id=tenant_id,
                    estate=message.estate,
                    at=at,
                    report_id=report_id,
                    endings=endings,
                    observed_at=observed,
                    apart=apart,
                )
            )
            await self._ground.note(
                connection,
                caller,
                Tag.GOVERNANCE_REPORT_SUBMIT,
                on=f"report:{report_id}",
                estate=message.estate,
                at=at,
                content={
                    **_told(message),
                    "observed_at": render(observed),
                    "digest": digest.hexdigest(),
                    "obligations": dict(ended),
                },
            )
        if message.alarms:
            _log.error(
                "drift_alarms",
                estate=message.estate,
                on=f"report:{report_id}",
                alarms=message.alarms,
            )
        return LiveReport(
            report=report_id,
            estate=message.estate,
            observed_at=render(observed),
            at=render(at),
            digest=digest.hexdigest(),
            met=ended["met"],
            broken=ended["broken"],
        )

    async def _apart(self, caller: Caller, estate: str, *, is_own: bool) -> list[str]:
        """The plans that owe something and that the caller neither made nor applied, themselves or by a key."""
        async with self._ground.database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            owing = await store.owing(connection, tenant_id=caller.tenant_id, estate=estate)
        found = {plan for plan, _, _ in owing}
        if is_own:
            return sorted(found)
        for one in sorted({one for _, author, runner in owing for one in (author, runner)}):
            if not await self._ground.is_apart(caller, one):
                found -= {plan for plan, author, runner in owing if one in (author, runner)}
        return sorted(found)

    async def obligations(self, caller: Caller, message: ListObligations) -> ObligationPage:
        """List obligations."""
        limit, at = wanted.page_limit(message.limit), self._ground.clock.now()
        async with self._ground.database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            rows = await store.obligations(
                connection,
                tenant_id=caller.tenant_id,
                after=wanted.cursor(message.after, kind="obl", first=""),
                limit=limit + 1,
                estate=wanted.maybe_estate(message.estate),
                status=message.status,
                at=at,
            )
        items = tuple(answers.obliged(row, at) for row in rows[:limit])
        return ObligationPage(
            items=items, after=items[-1].obligation if len(rows) > limit else None
        )

    async def secret_step(self, caller: Caller, message: RecordSecretStep) -> SecretStep:
        """Put a step of a secret's rotation on record."""
        step = wanted.secret_step(message, secrets=self._ground.policies.read().secrets)
        at = self._ground.clock.now()
        async with self._ground.database.transaction(tenant_id=caller.tenant_id) as connection:
            await self._ground.note(
                connection,
                caller,
                Tag.GOVERNANCE_SECRET_RECORD,
                on=f"secret:{step.secret}",
                estate="",
                at=at,
                outcome="done" if step.is_good else "failed",
                content={
                    "home": step.home,
                    "step": step.step,
                    "version": step.version,
                    "digest": step.digest,
                    "consumer": step.consumer,
                },
            )
        return SecretStep(name=step.secret, step=step.step, version=step.version, at=render(at))

    async def evidence(self, caller: Caller, message: ListEvidence) -> EvidencePage:
        """List what was done."""
        limit = wanted.page_limit(message.limit)
        async with self._ground.database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            rows = await store.events(
                connection,
                tenant_id=caller.tenant_id,
                after=wanted.number_cursor(message.after),
                limit=limit + 1,
                estate=wanted.maybe_estate(message.estate),
            )
        after = str(rows[limit - 1].number) if len(rows) > limit else None
        return EvidencePage(items=tuple(map(answers.evidence, rows[:limit])), after=after)

    async def late_tenants(self, *, most: int) -> list[int]:
        """The tenants for whom something was not done in time. For the job."""
        async with self._ground.database.without_tenant() as connection:
            return await store.late_tenants(connection, at=self._ground.clock.now(), most=most)

    async def note_missed(self, *, tenant_id: int) -> int:
        """Note once what a tenant missed, ring, and let leases end that have. For the job; answers how much it was."""
        caller, at = Caller(tenant_id=tenant_id, actor=JOB), self._ground.clock.now()
        async with self._ground.database.transaction(tenant_id=tenant_id) as connection:
            expired = await applies.expired(connection, tenant_id=tenant_id, at=at)
            reviews = await glasses.miss_reviews(connection, tenant_id=tenant_id, at=at)
            owed = await store.miss_obligations(connection, tenant_id=tenant_id, at=at)
            missed = [
                *((Tag.GOVERNANCE_GLASS_MISS, f"break_glass:{one}", estate) for one, estate in reviews),
                *((Tag.GOVERNANCE_OBLIGATION_MISS, f"obligation:{one}", estate) for one, estate, _ in owed),
            ]  # fmt: skip
            for tag, on, estate in missed:
                await self._ground.note(
                    connection, caller, tag, on=on, estate=estate, at=at, outcome="missed"
                )
        for tag, on, estate in missed:
            _log.error("missed_in_time", what=tag.value, on=on, estate=estate)
        for estate in expired:
            await self._applying.lose(caller, estate, tag=Tag.GOVERNANCE_APPLY_LOSE)
        return len(missed) + len(expired)


def _told(message: SubmitReport) -> dict[str, object]:
    """What the entry says of a report as it was handed in."""
    return {
        "since": message.since,
        "rules": message.rules,
        "commit": message.commit,
        "unseen": message.unseen,
        "alarms": message.alarms,
        "verdicts": dict(Counter(one.outcome.value for one in message.verdicts)),
        "targets": sorted({one.target[:32] for one in message.verdicts})[:20],
        "differences": len(message.differences),
    }


def _endings(
    verdicts: Iterable[LiveVerdict], *, rules: Rules, environment: str
) -> Iterator[tuple[str, str, str]]:
    """How what was read live ends what is owed, once for each control and subject: the worst that was seen."""
    found: dict[tuple[str, str], str] = {}
    for one in verdicts:
        ending = _ENDINGS.get(one.outcome)
        if ending is None or not rules.is_live(environment, one.target):
            continue
        key = (one.control, one.subject)
        found[key] = min(ending, found.get(key, ending), key=_WORST.index)
    for (control, subject), ending in found.items():
        yield control, subject, ending

"""Break-glasses and waivers: what lets a rule be passed over, by whom, why, and until when."""

from dataclasses import replace
from typing import Final

import structlog

from tallystick.governance.api import (
    WAIVER_DAYS_MAX,
    ApplyIsRunning,
    BreakerMayNotReview,
    BreakGlass,
    ControlNotKnown,
    Glass,
    GlassIsReviewed,
    GlassNeedsReview,
    GlassNotFound,
    GlassPage,
    ListGlasses,
    ListWaivers,
    ReviewGlass,
    Waive,
    Waiver,
    WaiverNotFound,
    WaiverOf,
    WaiverPage,
)
from tallystick.governance.model import wanted
from tallystick.governance.service import answers
from tallystick.governance.service.ground import Ground
from tallystick.governance.service.planning import NEWEST
from tallystick.governance.store import glasses as store
from tallystick.governance.store import plans
from tallystick.governance.store.rows import GlassRow, WaiverRow
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import DAY, SECOND, render
from tallystick.kernel.problems import malformed
from tallystick.kernel.tags import Tag
from tallystick.runtime.database import Connection

_MINUTE: Final = 60 * SECOND
# Somebody else looks at a broken glass within a day.
REVIEW: Final = DAY
_log = structlog.get_logger("tallystick.governance")


class Glasses:
    """Break-glasses and waivers."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def break_glass(self, caller: Caller, message: BreakGlass) -> Glass:
        """Open an estate for some minutes, and ring."""
        at, minutes = self._ground.clock.now(), wanted.minutes(message.minutes)
        row = GlassRow(
            break_glass_id=self._ground.mint.id("brk"),
            estate=wanted.estate(message.estate),
            reason=wanted.reason(message.reason),
            broken_by=caller.actor,
            broken_at=at,
            until_at=at + minutes * _MINUTE,
            review_by=at + REVIEW,
            reviewed_by=None,
            reviewed_at=None,
            opinion=None,
        )
        tenant_id = caller.tenant_id
        async with self._ground.database.transaction(tenant_id=tenant_id) as connection:
            await plans.hold_estate(connection, tenant_id=tenant_id, estate=row.estate)
            if await store.has_unreviewed(connection, tenant_id=tenant_id, estate=row.estate):
                raise GlassNeedsReview(
                    "a break-glass of this estate waits for its review: somebody else reviews it first"
                )
            await store.insert_glass(connection, tenant_id=tenant_id, glass=row)
            await self._ground.note(
                connection,
                caller,
                Tag.GOVERNANCE_GLASS_BREAK,
                on=f"break_glass:{row.break_glass_id}",
                estate=row.estate,
                at=at,
                content={"until": render(row.until_at), "review_by": render(row.review_by)},
                texts={"reason": row.reason},
            )
        # What watches the log wakes somebody up; why it was broken stays in the database.
        _log.error("glass_broken", break_glass=row.break_glass_id, estate=row.estate)
        return answers.glass(row)

    async def review(self, caller: Caller, message: ReviewGlass) -> Glass:
        """Review a break-glass as somebody else, after all that was done under it: it is closed by it."""
        tenant_id, at = caller.tenant_id, self._ground.clock.now()
        reason = wanted.reason(message.reason)
        await self._demand_apart(caller, message.break_glass)
        async with self._ground.database.transaction(tenant_id=tenant_id) as connection:
            row = await store.glass(
                connection, tenant_id=tenant_id, break_glass_id=message.break_glass
            )
            if row is None:
                raise GlassNotFound(f"there is no break-glass {message.break_glass[:64]!r}")
            # Whoever begins under it holds the estate too, so nothing is begun between the look and the word.
            await plans.hold_estate(connection, tenant_id=tenant_id, estate=row.estate)
            await _demand_over(connection, tenant_id=tenant_id, row=row)
            if not await store.review(
                connection,
                tenant_id=tenant_id,
                break_glass_id=row.break_glass_id,
                by=caller.actor,
                at=at,
                opinion=message.opinion.value,
                reason=reason,
            ):
                raise GlassIsReviewed("somebody has reviewed it already")
            await self._ground.note(
                connection,
                caller,
                Tag.GOVERNANCE_GLASS_REVIEW,
                on=f"break_glass:{row.break_glass_id}",
                estate=row.estate,
                at=at,
                content={"opinion": message.opinion.value},
                texts={"reason": reason},
            )
        opinion = message.opinion.value
        return answers.glass(
            replace(row, reviewed_by=caller.actor, reviewed_at=at, opinion=opinion)
        )

    async def _demand_apart(self, caller: Caller, break_glass_id: str) -> None:
        """Raise BreakerMayNotReview for who broke it, who is behind their key, and a key that they made."""
        async with self._ground.database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            row = await store.glass(
                connection, tenant_id=caller.tenant_id, break_glass_id=break_glass_id
            )
        if row is not None and not await self._ground.is_apart(caller, row.broken_by):
            raise BreakerMayNotReview(
                "You, or your key, broke this glass: somebody else reviews it."
            )

    async def glasses(self, caller: Caller, message: ListGlasses) -> GlassPage:
        """List break-glasses."""
        limit = wanted.page_limit(message.limit)
        async with self._ground.database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            rows = await store.glasses(
                connection,
                tenant_id=caller.tenant_id,
                after=wanted.cursor(message.after, kind="brk", first=NEWEST),
                limit=limit + 1,
                estate=wanted.maybe_estate(message.estate),
                unreviewed=message.unreviewed,
            )
        items = tuple(map(answers.glass, rows[:limit]))
        return GlassPage(items=items, after=items[-1].break_glass if len(rows) > limit else None)

    async def waive(self, caller: Caller, message: Waive) -> Waiver:
        """Waive a control on one subject. That a second person agreed, the decision says that let the caller in."""
        at = self._ground.clock.now()
        until = wanted.instant(message.until, "until")
        if not at < until <= at + WAIVER_DAYS_MAX * DAY:
            raise malformed("until", f"lies within the next {WAIVER_DAYS_MAX} days")
        estate = wanted.estate(message.estate)
        known = self._ground.policies.read().catalogue.entries
        if message.control not in known:
            raise ControlNotKnown(f"there is no control {message.control[:64]!r}")
        row = WaiverRow(
            waiver_id=self._ground.mint.id("wvr"),
            estate=estate,
            control=message.control,
            subject=wanted.subject(message.subject),
            reason=wanted.reason(message.reason),
            decision=caller.decision,
            given_by=caller.actor,
            given_at=at,
            until_at=until,
        )
        async with self._ground.database.transaction(tenant_id=caller.tenant_id) as connection:
            await store.insert_waiver(connection, tenant_id=caller.tenant_id, waiver=row)
            await self._ground.note(
                connection,
                caller,
                Tag.GOVERNANCE_WAIVER_GIVE,
                on=f"waiver:{row.waiver_id}",
                estate=estate,
                at=at,
                content={"control": row.control, "until": render(until)},
                texts={"subject": row.subject, "reason": row.reason},
            )
        return answers.waiver(row)

    async def end_waiver(self, caller: Caller, message: WaiverOf) -> Waiver:
        """End a waiver now."""
        tenant_id, at = caller.tenant_id, self._ground.clock.now()
        async with self._ground.database.transaction(tenant_id=tenant_id) as connection:
            row = await store.waiver(connection, tenant_id=tenant_id, waiver_id=message.waiver)
            if row is None:
                raise WaiverNotFound(f"there is no waiver {message.waiver[:64]!r}")
            if await store.end_waiver(
                connection, tenant_id=tenant_id, waiver_id=row.waiver_id, at=at
            ):
                row = replace(row, ended_at=at)
                await self._ground.note(
                    connection,
                    caller,
                    Tag.GOVERNANCE_WAIVER_END,
                    on=f"waiver:{row.waiver_id}",
                    estate=row.estate,
                    at=at,
                    content={"control": row.control},
                )
        return answers.waiver(row)

    async def waivers(self, caller: Caller, message: ListWaivers) -> WaiverPage:
        """List waivers."""
        limit = wanted.page_limit(message.limit)
        async with self._ground.database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            rows = await store.waivers(
                connection,
                tenant_id=caller.tenant_id,
                after=wanted.cursor(message.after, kind="wvr", first=NEWEST),
                limit=limit + 1,
                estate=wanted.maybe_estate(message.estate),
            )
        items = tuple(map(answers.waiver, rows[:limit]))
        return WaiverPage(items=items, after=items[-1].waiver if len(rows) > limit else None)


async def _demand_over(connection: Connection, *, tenant_id: int, row: GlassRow) -> None:
    """Raise ApplyIsRunning while what was begun under a glass goes on: its review says what came of it."""
    until = await store.running_under(
        connection, tenant_id=tenant_id, break_glass_id=row.break_glass_id
    )
    if until is not None:
        raise ApplyIsRunning(
            "an apply that was begun under it goes on: review it after its end",
            {"until": render(until)},
        )

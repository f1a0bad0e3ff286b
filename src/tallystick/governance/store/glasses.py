"""Break-glasses and waivers."""

import asyncpg

from tallystick.governance.api import BreakerMayNotReview
from tallystick.governance.store import SQL, broke
from tallystick.governance.store.rows import GlassRow, WaiverRow
from tallystick.kernel.instants import Instant
from tallystick.runtime.database import Connection


async def insert_glass(connection: Connection, *, tenant_id: int, glass: GlassRow) -> None:
    """Write a break-glass."""
    await connection.execute(
        SQL["insert_glass"],
        tenant_id,
        glass.break_glass_id,
        glass.estate,
        glass.reason,
        glass.broken_by,
        glass.broken_at,
        glass.until_at,
        glass.review_by,
    )


async def glass(connection: Connection, *, tenant_id: int, break_glass_id: str) -> GlassRow | None:
    """Read a break-glass."""
    row = await connection.fetchrow(SQL["glass"], tenant_id, break_glass_id)
    return GlassRow(**dict(row)) if row else None


async def glasses(
    connection: Connection,
    *,
    tenant_id: int,
    after: str,
    limit: int,
    estate: str | None,
    unreviewed: bool,
) -> list[GlassRow]:
    """Read a page of break-glasses, newest first."""
    rows = await connection.fetch(SQL["glasses"], tenant_id, after, limit, estate, unreviewed)
    return [GlassRow(**dict(row)) for row in rows]


async def has_missed_review(
    connection: Connection, *, tenant_id: int, estate: str, at: Instant
) -> bool:
    """Whether a break-glass of an estate was not reviewed in time."""
    return await connection.fetchval(SQL["has_missed_review"], tenant_id, estate, at)


async def has_unreviewed(connection: Connection, *, tenant_id: int, estate: str) -> bool:
    """Whether a break-glass of an estate waits for its review."""
    return await connection.fetchval(SQL["has_unreviewed"], tenant_id, estate)


async def running_under(
    connection: Connection, *, tenant_id: int, break_glass_id: str
) -> Instant | None:
    """Until when an apply runs that was begun under a break-glass, if one does."""
    return await connection.fetchval(SQL["running_under"], tenant_id, break_glass_id)


async def review(
    connection: Connection,
    *,
    tenant_id: int,
    break_glass_id: str,
    by: str,
    at: Instant,
    opinion: str,
    reason: str,
) -> bool:
    """Write a review; False when there is one. Raises BreakerMayNotReview."""
    try:
        arguments = (tenant_id, break_glass_id, by, at, opinion, reason)
        return await connection.fetchval(SQL["review_glass"], *arguments) is not None
    except asyncpg.CheckViolationError as error:
        if not broke(error, BreakerMayNotReview):
            raise
        raise BreakerMayNotReview("You broke this glass: somebody else reviews it.") from None


async def miss_reviews(
    connection: Connection, *, tenant_id: int, at: Instant
) -> list[tuple[str, str]]:
    """Mark the reviews that were missed, once; answers break-glasses and estates."""
    rows = await connection.fetch(SQL["miss_reviews"], tenant_id, at)
    return [(row["break_glass_id"], row["estate"]) for row in rows]


async def insert_waiver(connection: Connection, *, tenant_id: int, waiver: WaiverRow) -> None:
    """Write a waiver."""
    await connection.execute(
        SQL["insert_waiver"],
        tenant_id,
        waiver.waiver_id,
        waiver.estate,
        waiver.control,
        waiver.subject,
        waiver.reason,
        waiver.decision,
        waiver.given_by,
        waiver.given_at,
        waiver.until_at,
    )


async def waiver(connection: Connection, *, tenant_id: int, waiver_id: str) -> WaiverRow | None:
    """Read a waiver."""
    row = await connection.fetchrow(SQL["waiver"], tenant_id, waiver_id)
    return WaiverRow(**dict(row)) if row else None


async def waivers(
    connection: Connection, *, tenant_id: int, after: str, limit: int, estate: str | None
) -> list[WaiverRow]:
    """Read a page of waivers, newest first."""
    rows = await connection.fetch(SQL["waivers"], tenant_id, after, limit, estate)
    return [WaiverRow(**dict(row)) for row in rows]


async def waivers_in_force(
    connection: Connection, *, tenant_id: int, estate: str, at: Instant, most: int
) -> list[WaiverRow]:
    """Read the waivers of an estate that have not ended."""
    rows = await connection.fetch(SQL["waivers_in_force"], tenant_id, estate, at, most)
    return [WaiverRow(**dict(row)) for row in rows]


async def end_waiver(
    connection: Connection, *, tenant_id: int, waiver_id: str, at: Instant
) -> bool:
    """End a waiver; False when it had ended."""
    return await connection.fetchval(SQL["end_waiver"], tenant_id, waiver_id, at) is not None

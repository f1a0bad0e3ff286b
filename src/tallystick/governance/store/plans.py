"""Estates, plans, their verdicts and approvals."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import asyncpg
import msgspec

from tallystick.governance.api import AuthorMayNotApprove
from tallystick.governance.store import SQL, broke
from tallystick.governance.store.rows import PlanRow, VerdictRow
from tallystick.kernel.instants import Instant
from tallystick.runtime.database import Connection


async def hold_estate(connection: Connection, *, tenant_id: int, estate: str) -> str | None:
    """Hold an estate until the transaction ends, and answer the lineage of its states."""
    await connection.execute(SQL["make_estate"], tenant_id, estate)
    return await connection.fetchval(SQL["hold_estate"], tenant_id, estate)


async def estates(connection: Connection, *, tenant_id: int) -> list[str]:
    """The estates that something was done to."""
    return [row["estate"] for row in await connection.fetch(SQL["estates"], tenant_id)]


async def insert_plan(
    connection: Connection,
    *,
    tenant_id: int,
    plan: PlanRow,
    document: bytes,
    planfile: bytes,
    is_changing: bool,
    addresses: Sequence[str],
) -> None:
    """Write a plan; the estate is held and has none that is submitted."""
    await connection.execute(
        SQL["insert_plan"],
        tenant_id,
        plan.plan_id,
        plan.estate,
        plan.commit_id,
        plan.base,
        plan.hash,
        document,
        planfile,
        plan.planfile_digest,
        plan.tool,
        _json(plan.providers),
        _json(plan.counts),
        plan.author,
        plan.submitted_at,
        is_changing,
        addresses,
    )


async def insert_verdicts(
    connection: Connection, *, tenant_id: int, plan_id: str, verdicts: Sequence[VerdictRow]
) -> None:
    """Write the verdicts of a plan."""
    columns = [
        [one.number for one in verdicts],
        [one.control for one in verdicts],
        [one.subject for one in verdicts],
        [one.outcome for one in verdicts],
        [one.severity for one in verdicts],
        [_json(one.reasons) for one in verdicts],
        [one.waiver for one in verdicts],
        [one.until_at for one in verdicts],
    ]
    await connection.execute(SQL["insert_verdicts"], tenant_id, plan_id, *columns)


async def supersede(connection: Connection, *, tenant_id: int, estate: str) -> list[str]:
    """Void the plan of an estate that could still be applied; answers its id."""
    rows = await connection.fetch(SQL["supersede"], tenant_id, estate)
    return [row["plan_id"] for row in rows]


async def move_plan(
    connection: Connection, *, tenant_id: int, plan_id: str, before: str, after: str
) -> bool:
    """Move a plan from one status to another; False when it does not stand there."""
    arguments = (tenant_id, plan_id, before, after)
    return await connection.fetchval(SQL["move_plan"], *arguments) is not None


async def plan(connection: Connection, *, tenant_id: int, plan_id: str) -> PlanRow | None:
    """Read a plan without its bytes."""
    row = await connection.fetchrow(SQL["plan"], tenant_id, plan_id)
    return _plan(row) if row else None


async def submitted_plan(connection: Connection, *, tenant_id: int, estate: str) -> PlanRow | None:
    """Read the plan of an estate that may still be applied."""
    row = await connection.fetchrow(SQL["submitted_plan"], tenant_id, estate)
    return _plan(row) if row else None


async def plans(
    connection: Connection,
    *,
    tenant_id: int,
    after: str,
    limit: int,
    estate: str | None,
    status: str | None,
) -> list[PlanRow]:
    """Read a page of plans, newest first."""
    rows = await connection.fetch(SQL["plans"], tenant_id, after, limit, estate, status)
    return [_plan(row) for row in rows]


async def document(connection: Connection, *, tenant_id: int, plan_id: str) -> bytes:
    """Read the JSON of a plan."""
    return await connection.fetchval(SQL["document"], tenant_id, plan_id)


async def planfile(connection: Connection, *, tenant_id: int, plan_id: str) -> bytes:
    """Read the file of a plan."""
    return await connection.fetchval(SQL["planfile"], tenant_id, plan_id)


async def is_changing(connection: Connection, *, tenant_id: int, plan_id: str) -> bool:
    """Whether applying a plan writes a state."""
    return await connection.fetchval(SQL["is_changing"], tenant_id, plan_id)


async def last_applied(connection: Connection, *, tenant_id: int, estate: str) -> str | None:
    """The commit that was last applied to an estate."""
    return await connection.fetchval(SQL["last_applied"], tenant_id, estate)


async def was_applied(connection: Connection, *, tenant_id: int, estate: str, commit: str) -> bool:
    """Whether a commit was applied to an estate, and no rule was passed over."""
    return await connection.fetchval(SQL["was_applied"], tenant_id, estate, commit)


async def verdicts(
    connection: Connection,
    *,
    tenant_id: int,
    plan_id: str,
    after: int,
    limit: int,
    outcome: str | None,
) -> list[VerdictRow]:
    """Read a page of a plan's verdicts."""
    rows = await connection.fetch(SQL["verdicts"], tenant_id, plan_id, after, limit, outcome)
    return [
        VerdictRow(**{**dict(row), "reasons": tuple(json.loads(row["reasons"]))}) for row in rows
    ]


async def tally(
    connection: Connection, *, tenant_id: int, plan_id: str, at: Instant
) -> list[tuple[str, str, int]]:
    """Count a plan's verdicts by severity and outcome, as waivers stand."""
    rows = await connection.fetch(SQL["tally"], tenant_id, plan_id, at)
    return [(row["severity"], row["outcome"], row["many"]) for row in rows]


async def declared_waived(
    connection: Connection, *, tenant_id: int, plan_id: str
) -> list[tuple[str, str, str]]:
    """Control, subject and severity of what a waiver that is declared with the code lets stand in a plan."""
    rows = await connection.fetch(SQL["declared_waived"], tenant_id, plan_id)
    return [(row["control"], row["subject"], row["severity"]) for row in rows]


async def approve(
    connection: Connection, *, tenant_id: int, plan: PlanRow, approver: str, at: Instant
) -> bool:
    """Write an approval of exactly this plan; False when it was there. Raises AuthorMayNotApprove."""
    try:
        made = await connection.fetchval(
            SQL["approve"], tenant_id, plan.plan_id, approver, plan.author, plan.hash, at
        )
    except asyncpg.CheckViolationError as error:
        if not broke(error, AuthorMayNotApprove):
            raise
        raise AuthorMayNotApprove("You made this plan: somebody else approves it.") from None
    return made is not None


async def withdraw_approval(
    connection: Connection, *, tenant_id: int, plan_id: str, approver: str, at: Instant
) -> bool:
    """Take back an approval; False when there is none."""
    arguments = (tenant_id, plan_id, approver, at)
    return await connection.fetchval(SQL["withdraw_approval"], *arguments) is not None


async def approvals(
    connection: Connection, *, tenant_id: int, plan_ids: Iterable[str]
) -> dict[str, list[tuple[str, Instant]]]:
    """Who has approved plans, and when, by the plan."""
    found: dict[str, list[tuple[str, Instant]]] = {plan_id: [] for plan_id in plan_ids}
    for row in await connection.fetch(SQL["approvals"], tenant_id, list(found)):
        found[row["plan_id"]].append((row["approver"], row["approved_at"]))
    return found


def _plan(row: Any) -> PlanRow:
    told = {"providers": json.loads(row["providers"]), "counts": json.loads(row["counts"])}
    return PlanRow(**{**dict(row), **told})


def _json(value: Mapping[str, Any] | Sequence[str]) -> str:
    return msgspec.json.encode(value).decode()

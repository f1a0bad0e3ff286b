"""Standings and decisions as rows."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from tallystick.identity.model import deeds_of_access as deeds
from tallystick.identity.model.standing import Delegation, Rule, Sitting, Standing
from tallystick.identity.store import makers
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import Deed
from tallystick.kernel.instants import Instant
from tallystick.runtime import record
from tallystick.runtime.database import Connection
from tallystick.runtime.sql import queries

CONTEXT = "identity"
_SQL = queries(CONTEXT, "access")
PERSON, KEY, CLIENT = "per_", "key_", "cli_"

BundlesOf = Callable[[str], tuple[str, ...] | None]
"""What answers the bundles of a role that comes with the platform, None for any other."""


async def standing(
    connection: Connection,
    *,
    tenant_id: int,
    holder: str,
    session: str,
    now: Instant,
    bundles_of: BundlesOf,
) -> Standing | None:
    """Read how somebody stands now, None for whom the tenant does not know."""
    found = await _held_by(connection, tenant_id=tenant_id, holder=holder, now=now)
    if found is None:
        return None
    is_active, risk, roles = found
    held = await connection.fetch(_SQL["held"], tenant_id, holder, now)
    roles = tuple(dict.fromkeys((*roles, *(row["role"] for row in held))))
    bundles = {bundle for role in roles for bundle in bundles_of(role) or ()}
    own = [role for role in roles if bundles_of(role) is None]
    if own:
        for row in await connection.fetch(_SQL["own_roles"], tenant_id, own):
            bundles.update(row["bundles"])
    sitting = None
    if holder.startswith(PERSON) and session:
        row = await connection.fetchrow(_SQL["session"], tenant_id, session, holder)
        sitting = None if row is None else msgspec.convert(dict(row), Sitting)
    delegations = await connection.fetch(_SQL["delegations_in_force"], tenant_id, holder, now)
    return Standing(
        kind="Person" if holder.startswith(PERSON) else "Machine",
        holder=holder,
        is_active=is_active,
        risk=risk,
        roles=roles,
        bundles=frozenset(bundles),
        delegations=tuple(map(delegation_of, delegations)),
        rule=(await rule(connection, tenant_id=tenant_id))[0],
        sitting=sitting,
        loaded_at=now,
    )


async def _held_by(
    connection: Connection, *, tenant_id: int, holder: str, now: Instant
) -> tuple[bool, int, tuple[str, ...]] | None:
    """Whether a holder is in force, its risk, and the roles that stand with it."""
    if holder.startswith(PERSON):
        row = await connection.fetchrow(_SQL["person"], tenant_id, holder)
        return None if row is None else (row["status"] == "active", row["risk"], ())
    if holder.startswith(KEY):
        key = await makers.key(connection, tenant_id=tenant_id, key_id=holder, now=now)
        return None if key is None else (key.is_active, 0, tuple(key.roles))
    if holder.startswith(CLIENT):
        is_active = await makers.client(connection, tenant_id=tenant_id, client_id=holder)
        return None if is_active is None else (is_active, 0, ())
    return None


async def rule(connection: Connection, *, tenant_id: int) -> tuple[Rule, int, str]:
    """The rule in force, its number, and who set it; the platform's own is number 0 and of nobody."""
    row = await connection.fetchrow(_SQL["rule"], tenant_id)
    if row is None:
        return Rule(), 0, ""
    values = dict(row)
    number, set_by = values.pop("number"), values.pop("set_by")
    return msgspec.convert(values, Rule), number, set_by


def delegation_of(row: Mapping[str, Any]) -> Delegation:
    """A delegation from its row."""
    return msgspec.convert(
        {name: row[name] for name in Delegation.__struct_fields__ if row[name] is not None},
        Delegation,
    )


class DecisionRow(NamedTuple):
    """A decision as it is kept; ``asked`` and ``answered`` are canonical JSON."""

    decision_id: str
    at: Instant
    actor: str
    session: str
    action: str
    allowed: bool
    version: str
    asked: str
    answered: str


def decided(row: DecisionRow, *, caller: Caller) -> Deed:
    """What the record is told of a decision."""
    return deeds.decision(
        row.decision_id,
        of=row.actor,
        action=row.action,
        allowed=row.allowed,
        policies=row.version,
        asked=row.asked,
        answered=row.answered,
        at=row.at,
        caller=caller,
    )


async def insert_decision(
    connection: Connection, *, caller: Caller, row: DecisionRow, policies: tuple[str, str] | None
) -> None:
    """Write a decision with its entry, and first the policies it was made by when they were not kept yet."""
    if policies is not None:
        await connection.execute(_SQL["keep_policies"], row.version, *policies, row.at)
    await connection.execute(_SQL["insert_decision"], caller.tenant_id, *row)
    deed = decided(row, caller=caller)
    await record.write_deeds(connection, context=CONTEXT, tenant_id=caller.tenant_id, deeds=(deed,))


async def decision(
    connection: Connection, *, tenant_id: int, decision_id: str
) -> DecisionRow | None:
    """Read a decision."""
    row = await connection.fetchrow(_SQL["decision"], tenant_id, decision_id)
    return None if row is None else DecisionRow(**dict(row))


async def policies(connection: Connection, *, version: str) -> tuple[str, str] | None:
    """Read policies and entities by the hash of both."""
    row = await connection.fetchrow(_SQL["policies"], version)
    return None if row is None else (row["policies"], row["entities"])


class Used(NamedTuple):
    """An approval that let an act through before."""

    approval_id: str
    ended_at: Instant
    expires_at: Instant


async def used_approval(
    connection: Connection, *, tenant_id: int, maker: str, action: str, digest: bytes
) -> Used | None:
    """The approval that the same act was let through by last."""
    row = await connection.fetchrow(_SQL["used_approval"], tenant_id, maker, action, digest)
    return None if row is None else Used(**dict(row))

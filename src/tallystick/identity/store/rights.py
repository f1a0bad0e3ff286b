"""People, roles, delegations and rules as rows; each change with its entry for the record."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import asyncpg

from tallystick.identity.api.keys import TenantNotFound
from tallystick.identity.model import deeds_of_access as deeds
from tallystick.identity.model.standing import Delegation, Rule
from tallystick.identity.store.access import CONTEXT, delegation_of
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import Deed
from tallystick.kernel.instants import Instant
from tallystick.kernel.tags import Tag
from tallystick.runtime import record
from tallystick.runtime.database import Connection
from tallystick.runtime.sql import queries

_SQL = queries(CONTEXT, "rights")
KEY: Final = "key_"


class PersonRow(NamedTuple):
    """A person as a row."""

    person_id: str
    name: str
    status: str
    risk: int
    created_at: Instant


class RoleRow(NamedTuple):
    """A role of a tenant as a row."""

    role: str
    title: str
    bundles: list[str]
    ended_at: Instant | None = None


class MembershipRow(NamedTuple):
    """A role as somebody holds it."""

    membership_id: str
    holder: str
    role: str
    from_at: Instant
    until_at: Instant | None
    given_by: str
    ended_at: Instant | None = None


class DelegationRow(NamedTuple):
    """A delegation with who gave it, and when it was taken."""

    value: Delegation
    given_by: str
    ended_at: Instant | None


async def _tell(connection: Connection, *told: Deed) -> None:
    await record.write_deeds(
        connection, context=CONTEXT, tenant_id=told[0].caller.tenant_id, deeds=told
    )


async def insert_person(
    connection: Connection, *, caller: Caller, person_id: str, name: str, now: Instant
) -> None:
    """Write a person, unless there is one of this id. Raises TenantNotFound."""
    try:
        made = await connection.fetchval(
            _SQL["insert_person"], caller.tenant_id, person_id, name, now
        )
    except asyncpg.ForeignKeyViolationError:
        raise TenantNotFound("There is no such tenant.") from None
    if made is not None:
        await _tell(connection, deeds.person(person_id, name=name, at=now, caller=caller))


async def person(connection: Connection, *, tenant_id: int, person_id: str) -> PersonRow | None:
    """Read a person."""
    row = await connection.fetchrow(_SQL["person"], tenant_id, person_id)
    return None if row is None else PersonRow(**dict(row))


async def people(
    connection: Connection, *, tenant_id: int, after: str, limit: int
) -> list[PersonRow]:
    """Read the people whose id is above ``after``, in order."""
    rows = await connection.fetch(_SQL["people"], tenant_id, after, limit)
    return [PersonRow(**dict(row)) for row in rows]


async def set_status(
    connection: Connection, *, caller: Caller, person_id: str, status: str, now: Instant
) -> None:
    """Change how a person stands, unless they stand so or have left; who is not active has no session left."""
    found = await connection.fetchval(_SQL["set_status"], caller.tenant_id, person_id, status)
    if found is None:
        return
    ended = 0
    if status != "active":
        ended = len(await connection.fetch(_SQL["end_sessions"], caller.tenant_id, person_id, now))
    told = {"status": status, "sessions_ended": ended}
    tag = Tag.IDENTITY_PERSON_STATUS
    await _tell(connection, deeds.change(tag, person_id, caller=caller, at=now, content=told))


async def set_risk(
    connection: Connection, *, caller: Caller, person_id: str, risk: int, now: Instant
) -> None:
    """Change a person's risk."""
    if await connection.fetchval(_SQL["set_risk"], caller.tenant_id, person_id, risk) is not None:
        told, tag = {"risk": risk}, Tag.IDENTITY_PERSON_RISK
        await _tell(connection, deeds.change(tag, person_id, caller=caller, at=now, content=told))


async def insert_role(
    connection: Connection, *, caller: Caller, role: RoleRow, now: Instant
) -> RoleRow | None:
    """Write a role of the tenant; answers the one that is there already, ended or not, or None when it is new."""
    made = await connection.fetchval(
        _SQL["insert_role"], caller.tenant_id, role.role, role.title, role.bundles, now
    )
    if made is None:
        return await own_role(connection, tenant_id=caller.tenant_id, role=role.role)
    made = deeds.role(role.role, title=role.title, bundles=role.bundles, at=now, caller=caller)
    await _tell(connection, made)
    return None


async def own_role(connection: Connection, *, tenant_id: int, role: str) -> RoleRow | None:
    """Read a role of the tenant's own."""
    row = await connection.fetchrow(_SQL["role"], tenant_id, role)
    return None if row is None else RoleRow(**dict(row))


async def own_roles(connection: Connection, *, tenant_id: int, limit: int) -> list[RoleRow]:
    """Read the roles of the tenant's own that are in force."""
    return [RoleRow(**dict(row)) for row in await connection.fetch(_SQL["roles"], tenant_id, limit)]


async def count_roles(connection: Connection, *, tenant_id: int) -> int:
    """Count the roles a tenant ever made."""
    return await connection.fetchval(_SQL["count_roles"], tenant_id)


async def end_role(connection: Connection, *, caller: Caller, role: str, now: Instant) -> None:
    """End a role of the tenant."""
    if await connection.fetchval(_SQL["end_role"], caller.tenant_id, role, now) is not None:
        await _tell(connection, deeds.change(Tag.IDENTITY_ROLE_END, role, caller=caller, at=now))


async def insert_membership(
    connection: Connection, *, caller: Caller, given: MembershipRow, now: Instant
) -> MembershipRow:
    """Give a role; answers how it is held, which is as before when it was held already.

    A giving of it that lapsed is ended first, with its entry: it ends now in the tables, though it was over before.
    """
    lapsed = await connection.fetch(
        _SQL["end_lapsed"], caller.tenant_id, given.holder, given.role, now
    )
    if lapsed:
        taken = (
            deeds.change(Tag.IDENTITY_ROLE_TAKE, row["membership_id"], caller=caller, at=now)
            for row in lapsed
        )
        await _tell(connection, *taken)
    made = await connection.fetchval(
        _SQL["insert_membership"],
        caller.tenant_id,
        given.membership_id,
        given.holder,
        given.role,
        given.from_at,
        given.until_at,
        given.given_by,
        now,
    )
    if made is None:
        row = await connection.fetchrow(
            _SQL["held_now"], caller.tenant_id, given.holder, given.role
        )
        if row is None:
            raise ConnectionError("a role was given and taken at this moment: ask again")
        return MembershipRow(**dict(row))
    deed = deeds.giving(
        given.membership_id,
        holder=given.holder,
        role=given.role,
        from_at=given.from_at,
        until_at=given.until_at,
        at=now,
        caller=caller,
    )
    await _tell(connection, deed)
    return given


async def membership(
    connection: Connection, *, tenant_id: int, membership_id: str
) -> MembershipRow | None:
    """Read a giving of a role."""
    row = await connection.fetchrow(_SQL["membership"], tenant_id, membership_id)
    return None if row is None else MembershipRow(**dict(row))


async def memberships(
    connection: Connection, *, tenant_id: int, holder: str | None, after: str, limit: int
) -> list[MembershipRow]:
    """Read givings of roles above ``after``, of one holder or all, in order."""
    rows = await connection.fetch(_SQL["memberships"], tenant_id, after, holder, limit)
    return [MembershipRow(**dict(row)) for row in rows]


async def end_membership(
    connection: Connection, *, caller: Caller, membership_id: str, now: Instant
) -> None:
    """Take a role."""
    ended = await connection.fetchval(_SQL["end_membership"], caller.tenant_id, membership_id, now)
    if ended is not None:
        taken = deeds.change(Tag.IDENTITY_ROLE_TAKE, membership_id, caller=caller, at=now)
        await _tell(connection, taken)


async def holder_is_key(connection: Connection, *, tenant_id: int, key_id: str) -> bool:
    """Whether a key of this id is in force."""
    return await connection.fetchval(_SQL["holder_is_key"], tenant_id, key_id) is not None


async def count_delegations(connection: Connection, *, tenant_id: int, holder: str) -> int:
    """Count the delegations a holder has that were not taken."""
    return await connection.fetchval(_SQL["count_delegations"], tenant_id, holder)


async def insert_delegation(
    connection: Connection, *, caller: Caller, given: Delegation, now: Instant
) -> None:
    """Write a delegation. What it says goes into the record sealed, since addresses are people's words."""
    values: dict[str, Any] = {name: getattr(given, name) for name in Delegation.__struct_fields__}
    await connection.execute(
        _SQL["insert_delegation"],
        caller.tenant_id,
        *(
            list(value) if isinstance(value, tuple) else value
            for value in (values[name] for name in _COLUMNS)
        ),
        caller.actor,
        now,
    )
    await _tell(connection, deeds.delegation(given, at=now, caller=caller))


# As the statement has them.
_COLUMNS: Final = (
    "delegation_id", "holder", "actions", "accounts", "credits", "asset", "cap_each", "cap_slot", "slot", "opens",
    "closes", "days", "time_zone", "from_at", "until_at", "step_up_above", "approvers", "approve_above",
)  # fmt: skip


async def delegation(
    connection: Connection, *, tenant_id: int, delegation_id: str
) -> DelegationRow | None:
    """Read a delegation."""
    row = await connection.fetchrow(_SQL["delegation"], tenant_id, delegation_id)
    return None if row is None else _delegation(row)


async def delegations(
    connection: Connection, *, tenant_id: int, holder: str | None, after: str, limit: int
) -> list[DelegationRow]:
    """Read delegations above ``after``, of one holder or all, in order."""
    rows = await connection.fetch(_SQL["delegations"], tenant_id, after, holder, limit)
    return [_delegation(row) for row in rows]


def _delegation(row: Mapping[str, Any]) -> DelegationRow:
    return DelegationRow(delegation_of(row), row["given_by"], row["ended_at"])


async def end_delegation(
    connection: Connection, *, caller: Caller, delegation_id: str, now: Instant
) -> None:
    """Take a delegation."""
    ended = await connection.fetchval(_SQL["end_delegation"], caller.tenant_id, delegation_id, now)
    if ended is not None:
        tag = Tag.IDENTITY_DELEGATION_TAKE
        await _tell(connection, deeds.change(tag, delegation_id, caller=caller, at=now))


async def insert_rule(
    connection: Connection, *, caller: Caller, number: int, rule: Rule, now: Instant
) -> None:
    """Write the rule that is in force from now. The one before it stays."""
    await connection.execute(
        _SQL["insert_rule"],
        caller.tenant_id,
        number,
        list(rule.networks),
        list(rule.countries),
        rule.known_devices,
        rule.risk_max,
        rule.step_up_minutes,
        caller.actor,
        now,
    )
    await _tell(connection, deeds.rule(number, rule, at=now, caller=caller))

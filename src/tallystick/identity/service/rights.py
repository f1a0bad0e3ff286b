"""Roles, delegations and rules made real. What the guard demands of whoever changes them is not asked again here."""

from typing import Final

import msgspec

from tallystick.identity.adapters.cedar import catalogue
from tallystick.identity.api.access import HolderNotFound
from tallystick.identity.api.rights import (
    Delegation,
    DelegationNotFound,
    DelegationPage,
    GiveDelegation,
    GiveRole,
    HeldRole,
    HeldRolePage,
    ListDelegations,
    ListHeldRoles,
    ListRoles,
    MakeRole,
    MembershipNotFound,
    NotForYourself,
    Role,
    RoleExistsDifferent,
    RoleIsHeldOtherwise,
    RoleNotFound,
    RoleOf,
    Roles,
    Rule,
    RuleNow,
    SetRule,
    TakeDelegation,
    TakeRole,
)
from tallystick.identity.model import explaining, rights
from tallystick.identity.model.rights import clock_text
from tallystick.identity.model.standing import Rule as RuleValue
from tallystick.identity.service.standings import Standings
from tallystick.identity.store import access
from tallystick.identity.store import rights as store
from tallystick.kernel import instants
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import Instant
from tallystick.kernel.money import to_digits
from tallystick.kernel.problems import malformed
from tallystick.runtime.clock import Clock, Mint
from tallystick.runtime.database import Connection, Database

_NO_HOLDER: Final = "There is no such person, key or client."


class RightsService:
    """The door of rights, over the database of role ``tallystick_identity``."""

    def __init__(
        self, *, database: Database, mint: Mint, clock: Clock, standings: Standings
    ) -> None:
        self._database = database
        self._mint = mint
        self._clock = clock
        self._standings = standings

    async def make_role(self, *, caller: Caller, message: MakeRole) -> Role:
        """Make a role; the same again is the same."""
        rights.checked_role(message, bundles=catalogue().titles)
        if message.role in catalogue().roles:
            raise RoleExistsDifferent("This role comes with the platform.", {"role": message.role})
        made = store.RoleRow(message.role, message.title, list(message.bundles))
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            if await store.count_roles(connection, tenant_id=caller.tenant_id) >= rights.ROLES_MAX:
                raise malformed("role", f"a tenant makes at most {rights.ROLES_MAX} roles")
            known = await store.insert_role(
                connection, caller=caller, role=made, now=self._clock.now()
            )
        if known is not None and (known.ended_at is not None or known.bundles != made.bundles):
            raise RoleExistsDifferent(
                "There is, or was, a role of this name with other bundles.", {"role": message.role}
            )
        return _role(known or made)

    async def end_role(self, *, caller: Caller, message: RoleOf) -> Role:
        """End a role of the tenant."""
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            row = await store.own_role(connection, tenant_id=caller.tenant_id, role=message.role)
            if row is None:
                raise RoleNotFound("The tenant has made no such role.")
            await store.end_role(
                connection, caller=caller, role=message.role, now=self._clock.now()
            )
        self._standings.forget(caller.tenant_id, "")
        return _role(row)

    async def roles(self, *, caller: Caller, message: ListRoles) -> Roles:
        """List all roles."""
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            own = await store.own_roles(
                connection, tenant_id=caller.tenant_id, limit=rights.ROLES_MAX
            )
        ours = [
            _role(store.RoleRow(name, role.title, list(role.bundles)), built_in=True)
            for name, role in catalogue().roles.items()
        ]
        return Roles(items=(*ours, *map(_role, own)))

    async def give_role(self, *, caller: Caller, message: GiveRole) -> HeldRole:
        """Give a role."""
        if message.holder == caller.actor:
            raise NotForYourself("Nobody gives themselves a role: ask somebody else to.")
        now = self._clock.now()
        from_at, until_at = rights.checked_period(message, now)
        given = store.MembershipRow(
            self._mint.id("mem"), message.holder, message.role, from_at, until_at, caller.actor
        )
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            await _demand_holder(connection, caller, message.holder)
            if message.role not in catalogue().roles:
                own = await store.own_role(
                    connection, tenant_id=caller.tenant_id, role=message.role
                )
                if own is None or own.ended_at is not None:
                    raise RoleNotFound("There is no such role.")
            held = await store.insert_membership(connection, caller=caller, given=given, now=now)
            _demand_same_period(held, given, is_from_now=message.from_at is None)
        self._standings.forget(caller.tenant_id, message.holder)
        return _held(held)

    async def take_role(self, *, caller: Caller, message: TakeRole) -> HeldRole:
        """Take a role."""
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            await store.end_membership(
                connection,
                caller=caller,
                membership_id=message.membership,
                now=self._clock.now(),
            )
            row = await store.membership(
                connection, tenant_id=caller.tenant_id, membership_id=message.membership
            )
        if row is None:
            raise MembershipNotFound("There is no such giving of a role.")
        self._standings.forget(caller.tenant_id, row.holder)
        return _held(row)

    async def held_roles(self, *, caller: Caller, message: ListHeldRoles) -> HeldRolePage:
        """List who holds which role."""
        limit = rights.checked_limit(message.limit)
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            rows = await store.memberships(
                connection,
                tenant_id=caller.tenant_id,
                holder=message.holder,
                after=message.after or "",
                limit=limit + 1,
            )
        after = rows[limit - 1].membership_id if len(rows) > limit else None
        return HeldRolePage(items=tuple(map(_held, rows[:limit])), after=after)

    async def give_delegation(self, *, caller: Caller, message: GiveDelegation) -> Delegation:
        """Give a delegation."""
        if message.holder == caller.actor:
            raise NotForYourself("Nobody delegates to themselves: ask somebody else to.")
        now = self._clock.now()
        given = rights.checked_delegation(
            message,
            delegation_id=self._mint.id("dlg"),
            now=now,
            groups=catalogue().groups,
        )
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            await _demand_holder(connection, caller, message.holder)
            held = await store.count_delegations(
                connection, tenant_id=caller.tenant_id, holder=message.holder
            )
            if held >= rights.HELD_MAX:
                raise malformed("holder", f"somebody has at most {rights.HELD_MAX} delegations")
            standing = await access.standing(
                connection,
                tenant_id=caller.tenant_id,
                holder=message.holder,
                session="",
                now=now,
                bundles_of=_no_bundles,
            )
            if standing is not None:
                rights.demand_few_patterns((*standing.delegations, given))
            await store.insert_delegation(connection, caller=caller, given=given, now=now)
        self._standings.forget(caller.tenant_id, message.holder)
        return _delegation(store.DelegationRow(given, caller.actor, None))

    async def take_delegation(self, *, caller: Caller, message: TakeDelegation) -> Delegation:
        """Take a delegation."""
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            await store.end_delegation(
                connection,
                caller=caller,
                delegation_id=message.delegation,
                now=self._clock.now(),
            )
            row = await store.delegation(
                connection, tenant_id=caller.tenant_id, delegation_id=message.delegation
            )
        if row is None:
            raise DelegationNotFound("There is no such delegation.")
        self._standings.forget(caller.tenant_id, row.value.holder)
        return _delegation(row)

    async def delegations(self, *, caller: Caller, message: ListDelegations) -> DelegationPage:
        """List delegations."""
        limit = rights.checked_limit(message.limit)
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            rows = await store.delegations(
                connection,
                tenant_id=caller.tenant_id,
                holder=message.holder,
                after=message.after or "",
                limit=limit + 1,
            )
        after = rows[limit - 1].value.delegation_id if len(rows) > limit else None
        return DelegationPage(items=tuple(map(_delegation, rows[:limit])), after=after)

    async def set_rule(self, *, caller: Caller, message: SetRule) -> Rule:
        """Replace the tenant's rule."""
        wanted = rights.checked_rule(message)
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            found, number, set_by = await access.rule(connection, tenant_id=caller.tenant_id)
            if found != wanted or number == 0:
                set_by = caller.actor
                await store.insert_rule(
                    connection,
                    caller=caller,
                    number=number + 1,
                    rule=wanted,
                    now=self._clock.now(),
                )
        self._standings.forget(caller.tenant_id, "")
        return _rule(wanted, set_by)

    async def rule(self, *, caller: Caller, message: RuleNow) -> Rule:
        """Show the rule in force."""
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            found, _, set_by = await access.rule(connection, tenant_id=caller.tenant_id)
        return _rule(found, set_by)


async def _demand_holder(connection: Connection, caller: Caller, holder: str) -> None:
    """Raise HolderNotFound unless the tenant has this person, key or client."""
    known = await access.standing(
        connection,
        tenant_id=caller.tenant_id,
        holder=holder,
        session="",
        now=0,
        bundles_of=_no_bundles,
    )
    if known is None:
        raise HolderNotFound(_NO_HOLDER)


def _demand_same_period(
    held: store.MembershipRow, given: store.MembershipRow, *, is_from_now: bool
) -> None:
    """Raise RoleIsHeldOtherwise unless a role is held as it is given; what began before is held from now too."""
    is_begun = held.from_at <= given.from_at if is_from_now else held.from_at == given.from_at
    if not is_begun or held.until_at != given.until_at:
        raise RoleIsHeldOtherwise(
            "They hold this role already, from or until another time: take it first.",
            {"membership": held.membership_id},
        )


def _no_bundles(_: str) -> tuple[str, ...]:
    return ()


def _role(row: store.RoleRow, *, built_in: bool = False) -> Role:
    titles = catalogue().titles
    return Role(
        role=row.role,
        title=row.title,
        bundles=tuple(row.bundles),
        acts=tuple(titles.get(bundle, bundle) for bundle in row.bundles),
        built_in=built_in,
    )


def _held(row: store.MembershipRow) -> HeldRole:
    return HeldRole(
        membership=row.membership_id,
        holder=row.holder,
        role=row.role,
        from_at=instants.render(row.from_at),
        until_at=_time(row.until_at),
        given_by=row.given_by,
        ended_at=_time(row.ended_at),
    )


def _time(instant: Instant | None) -> str | None:
    return None if instant is None else instants.render(instant)


def _delegation(row: store.DelegationRow) -> Delegation:
    value = row.value
    return Delegation(
        delegation=value.delegation_id,
        holder=value.holder,
        actions=value.actions,
        accounts=value.accounts,
        credits=value.credits,
        asset=value.asset,
        cap_each=None if value.cap_each is None else to_digits(value.cap_each),
        cap_slot=None if value.cap_slot is None else to_digits(value.cap_slot),
        slot=value.slot,
        opens=clock_text(value.opens),
        closes=clock_text(value.closes),
        days=value.days,
        time_zone=value.time_zone,
        from_at=instants.render(value.from_at),
        until_at=_time(value.until_at),
        step_up_above=None if value.step_up_above is None else to_digits(value.step_up_above),
        approvers=value.approvers,
        approve_above=None if value.approve_above is None else to_digits(value.approve_above),
        given_by=row.given_by,
        ended_at=_time(row.ended_at),
        sentence=f"{value.holder} may {explaining.delegation_words(value)}.",
    )


def _rule(value: RuleValue, set_by: str) -> Rule:
    return msgspec.convert(msgspec.to_builtins(value) | {"set_by": set_by}, Rule)

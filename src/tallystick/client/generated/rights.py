"""Questions about roles, delegations, rules and decisions. Written by ``make client`` from the routes."""

from collections.abc import Iterator

from tallystick.client.calls import Call, said, segment
from tallystick.client.groups import Group
from tallystick.identity.api.access import Explanation
from tallystick.identity.api.rights import (
    Delegation,
    DelegationPage,
    HeldRole,
    HeldRolePage,
    Role,
    Roles,
    Rule,
)
from tallystick.kernel.fields import PAGE_MAX


class Rights(Group):
    """What can be asked of roles, delegations, rules and decisions."""

    def roles(self, *, within_ms: int | None = None) -> Roles:
        """List roles, and what each lets somebody do."""
        return self._ask(Call("GET", "/v1/roles", Roles, within_ms=within_ms))

    def make_role(
        self,
        *,
        role: str,
        title: str,
        bundles: tuple[str, ...],
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> Role:
        """Make a role of bundles.

        Raises RoleExistsDifferent.
        """
        return self._ask(
            Call(
                "POST",
                "/v1/roles",
                Role,
                body={"role": role, "title": title, "bundles": bundles},
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def end_role(
        self, *, role: str, idempotency_key: str | None = None, within_ms: int | None = None
    ) -> Role:
        """End a role.

        Raises RoleNotFound.
        """
        return self._ask(
            Call(
                "DELETE",
                f"/v1/roles/{segment(role)}",
                Role,
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def rule(self, *, within_ms: int | None = None) -> Rule:
        """Show what the tenant asks of whoever acts."""
        return self._ask(Call("GET", "/v1/access-rule", Rule, within_ms=within_ms))

    def set_rule(
        self,
        *,
        networks: tuple[str, ...] = (),
        countries: tuple[str, ...] = (),
        known_devices: bool = False,
        risk_max: int = 100,
        step_up_minutes: int = 5,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> Rule:
        """Replace what the tenant asks of whoever acts."""
        return self._ask(
            Call(
                "PUT",
                "/v1/access-rule",
                Rule,
                body=said(
                    {
                        "networks": networks,
                        "countries": countries,
                        "known_devices": known_devices,
                        "risk_max": risk_max,
                        "step_up_minutes": step_up_minutes,
                    },
                    networks=(),
                    countries=(),
                    known_devices=False,
                    risk_max=100,
                    step_up_minutes=5,
                ),
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def held_roles(
        self,
        *,
        holder: str | None = None,
        after: int | str | None = None,
        limit: int = 50,
        within_ms: int | None = None,
    ) -> HeldRolePage:
        """List who holds which role."""
        return self._ask(
            Call(
                "GET",
                "/v1/memberships",
                HeldRolePage,
                query=said({"holder": holder, "after": after, "limit": limit}, limit=50),
                within_ms=within_ms,
            )
        )

    def each_held_role(
        self, *, most: int, holder: str | None = None, within_ms: int | None = None
    ) -> Iterator[HeldRole]:
        """List who holds which role: every one, page by page.

        Raises ListTooLong for more than ``most``.
        """
        return self._walk(
            Call(
                "GET",
                "/v1/memberships",
                HeldRolePage,
                query=said({"holder": holder, "limit": PAGE_MAX}),
                within_ms=within_ms,
            ),
            lambda page: page.items,
            most,
        )

    def give_role(
        self,
        *,
        holder: str,
        role: str,
        from_at: str | None = None,
        until_at: str | None = None,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> HeldRole:
        """Give a role.

        Raises RoleNotFound, HolderNotFound, NotForYourself, RoleIsHeldOtherwise.
        """
        return self._ask(
            Call(
                "POST",
                "/v1/memberships",
                HeldRole,
                body=said(
                    {"holder": holder, "role": role, "from_at": from_at, "until_at": until_at}
                ),
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def take_role(
        self, *, membership: str, idempotency_key: str | None = None, within_ms: int | None = None
    ) -> HeldRole:
        """Take a role.

        Raises MembershipNotFound.
        """
        return self._ask(
            Call(
                "DELETE",
                f"/v1/memberships/{segment(membership)}",
                HeldRole,
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def delegations(
        self,
        *,
        holder: str | None = None,
        after: int | str | None = None,
        limit: int = 50,
        within_ms: int | None = None,
    ) -> DelegationPage:
        """List delegations."""
        return self._ask(
            Call(
                "GET",
                "/v1/delegations",
                DelegationPage,
                query=said({"holder": holder, "after": after, "limit": limit}, limit=50),
                within_ms=within_ms,
            )
        )

    def each_delegation(
        self, *, most: int, holder: str | None = None, within_ms: int | None = None
    ) -> Iterator[Delegation]:
        """List delegations: every one, page by page.

        Raises ListTooLong for more than ``most``.
        """
        return self._walk(
            Call(
                "GET",
                "/v1/delegations",
                DelegationPage,
                query=said({"holder": holder, "limit": PAGE_MAX}),
                within_ms=within_ms,
            ),
            lambda page: page.items,
            most,
        )

    def give_delegation(
        self,
        *,
        holder: str,
        actions: tuple[str, ...],
        accounts: tuple[str, ...],
        credits: tuple[str, ...] = ("...",),
        asset: str | None = None,
        cap_each: int | str | None = None,
        cap_slot: int | str | None = None,
        slot: str | None = None,
        opens: str | None = None,
        closes: str | None = None,
        days: tuple[int, ...] = (),
        time_zone: str = "UTC",
        from_at: str | None = None,
        until_at: str | None = None,
        step_up_above: int | str | None = None,
        approvers: int = 0,
        approve_above: int | str | None = None,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> Delegation:
        """Give a delegation.

        Raises HolderNotFound, NotForYourself.
        """
        return self._ask(
            Call(
                "POST",
                "/v1/delegations",
                Delegation,
                body=said(
                    {
                        "holder": holder,
                        "actions": actions,
                        "accounts": accounts,
                        "credits": credits,
                        "asset": asset,
                        "cap_each": cap_each,
                        "cap_slot": cap_slot,
                        "slot": slot,
                        "opens": opens,
                        "closes": closes,
                        "days": days,
                        "time_zone": time_zone,
                        "from_at": from_at,
                        "until_at": until_at,
                        "step_up_above": step_up_above,
                        "approvers": approvers,
                        "approve_above": approve_above,
                    },
                    credits=("...",),
                    days=(),
                    time_zone="UTC",
                    approvers=0,
                ),
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def take_delegation(
        self, *, delegation: str, idempotency_key: str | None = None, within_ms: int | None = None
    ) -> Delegation:
        """Take a delegation.

        Raises DelegationNotFound.
        """
        return self._ask(
            Call(
                "DELETE",
                f"/v1/delegations/{segment(delegation)}",
                Delegation,
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def decision(self, *, decision: str, within_ms: int | None = None) -> Explanation:
        """Show a decision, why it was so, and whether it comes out the same again.

        Raises DecisionNotFound.
        """
        return self._ask(
            Call("GET", f"/v1/decisions/{segment(decision)}", Explanation, within_ms=within_ms)
        )

    def explain(
        self,
        *,
        holder: str,
        action: str,
        account: str | None = None,
        credit: str | None = None,
        amount: int | str | None = None,
        asset: str | None = None,
        on: str | None = None,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> Explanation:
        """Ask whether somebody could do something, and why.

        Raises HolderNotFound.
        """
        return self._ask(
            Call(
                "POST",
                "/v1/explanations",
                Explanation,
                body=said(
                    {
                        "holder": holder,
                        "action": action,
                        "account": account,
                        "credit": credit,
                        "amount": amount,
                        "asset": asset,
                        "on": on,
                    }
                ),
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

"""People, roles, delegations and rules over HTTP."""

from typing import Annotated

from tallystick.identity.api.access import HolderNotFound
from tallystick.identity.api.people import (
    AddPerson,
    ListPeople,
    LoginIsTaken,
    People,
    Person,
    PersonExistsDifferent,
    PersonHasLeft,
    PersonNotFound,
    PersonOf,
    PersonPage,
    SetPersonRisk,
    SetPersonStatus,
    ShowMe,
    Status,
)
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
    Rights,
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
from tallystick.kernel.fields import told
from tallystick.kernel.messages import Message
from tallystick.runtime.edge import Asked, Route


class StatusBody(Message, frozen=True):
    """How a person is to stand."""

    status: Status


class RiskBody(Message, frozen=True):
    """How risky a person is now, 0 to 100."""

    risk: Annotated[int, told("0 to 100.")]


def people_routes(people: People) -> list[Route]:
    """The routes of people."""

    async def add(asked: Asked) -> Person:
        return await people.add(caller=asked.caller, message=asked.body)

    async def list_people(asked: Asked) -> PersonPage:
        return await people.people(caller=asked.caller, message=asked.query)

    async def show(asked: Asked) -> Person:
        return await people.person(
            caller=asked.caller, message=PersonOf(person=asked.path["person"])
        )

    async def set_status(asked: Asked) -> Person:
        message = SetPersonStatus(person=asked.path["person"], status=asked.body.status)
        return await people.set_status(caller=asked.caller, message=message)

    async def set_risk(asked: Asked) -> Person:
        message = SetPersonRisk(person=asked.path["person"], risk=asked.body.risk)
        return await people.set_risk(caller=asked.caller, message=message)

    return [
        Route(
            method="POST",
            path="/v1/people",
            summary="Add a person",
            handle=add,
            body=AddPerson,
            answer=Person,
            status=201,
            problems=(LoginIsTaken, PersonExistsDifferent),
        ),
        Route(
            method="GET",
            path="/v1/people",
            summary="List people",
            handle=list_people,
            query=ListPeople,
            answer=PersonPage,
        ),
        _me_route(people),
        Route(
            method="GET",
            path="/v1/people/{person}",
            summary="Show a person, and what they may do in a sentence",
            handle=show,
            answer=Person,
            problems=(PersonNotFound,),
        ),
        Route(
            method="PUT",
            path="/v1/people/{person}/status",
            summary="Suspend a person, let them in again, or let them go",
            handle=set_status,
            body=StatusBody,
            answer=Person,
            problems=(PersonNotFound, PersonHasLeft),
        ),
        Route(
            method="PUT",
            path="/v1/people/{person}/risk",
            summary="Say how risky a person is now",
            handle=set_risk,
            body=RiskBody,
            answer=Person,
            problems=(PersonNotFound,),
        ),
    ]


def _me_route(people: People) -> Route:
    async def me(asked: Asked) -> Person:
        return await people.me(caller=asked.caller, message=ShowMe())

    return Route(
        method="GET",
        path="/v1/me",
        summary="Show yourself, and what you may do in a sentence",
        handle=me,
        answer=Person,
        problems=(PersonNotFound,),
    )


def rights_routes(rights: Rights) -> list[Route]:
    """The routes of roles, delegations and rules."""
    return [*_role_routes(rights), *_membership_routes(rights), *_delegation_routes(rights)]


def _role_routes(rights: Rights) -> list[Route]:
    async def list_roles(asked: Asked) -> Roles:
        return await rights.roles(caller=asked.caller, message=ListRoles())

    async def make_role(asked: Asked) -> Role:
        return await rights.make_role(caller=asked.caller, message=asked.body)

    async def end_role(asked: Asked) -> Role:
        return await rights.end_role(caller=asked.caller, message=RoleOf(role=asked.path["role"]))

    async def show_rule(asked: Asked) -> Rule:
        return await rights.rule(caller=asked.caller, message=RuleNow())

    async def set_rule(asked: Asked) -> Rule:
        return await rights.set_rule(caller=asked.caller, message=asked.body)

    return [
        Route(
            method="GET",
            path="/v1/roles",
            summary="List roles, and what each lets somebody do",
            handle=list_roles,
            answer=Roles,
        ),
        Route(
            method="POST",
            path="/v1/roles",
            summary="Make a role of bundles",
            handle=make_role,
            body=MakeRole,
            answer=Role,
            status=201,
            problems=(RoleExistsDifferent,),
        ),
        Route(
            method="DELETE",
            path="/v1/roles/{role}",
            summary="End a role",
            handle=end_role,
            answer=Role,
            problems=(RoleNotFound,),
        ),
        Route(
            method="GET",
            path="/v1/access-rule",
            summary="Show what the tenant asks of whoever acts",
            handle=show_rule,
            answer=Rule,
        ),
        Route(
            method="PUT",
            path="/v1/access-rule",
            summary="Replace what the tenant asks of whoever acts",
            handle=set_rule,
            body=SetRule,
            answer=Rule,
        ),
    ]


def _membership_routes(rights: Rights) -> list[Route]:
    async def held(asked: Asked) -> HeldRolePage:
        return await rights.held_roles(caller=asked.caller, message=asked.query)

    async def give(asked: Asked) -> HeldRole:
        return await rights.give_role(caller=asked.caller, message=asked.body)

    async def take(asked: Asked) -> HeldRole:
        message = TakeRole(membership=asked.path["membership"])
        return await rights.take_role(caller=asked.caller, message=message)

    return [
        Route(
            method="GET",
            path="/v1/memberships",
            summary="List who holds which role",
            handle=held,
            query=ListHeldRoles,
            answer=HeldRolePage,
        ),
        Route(
            method="POST",
            path="/v1/memberships",
            summary="Give a role",
            handle=give,
            body=GiveRole,
            answer=HeldRole,
            status=201,
            problems=(RoleNotFound, HolderNotFound, NotForYourself, RoleIsHeldOtherwise),
        ),
        Route(
            method="DELETE",
            path="/v1/memberships/{membership}",
            summary="Take a role",
            handle=take,
            answer=HeldRole,
            problems=(MembershipNotFound,),
        ),
    ]


def _delegation_routes(rights: Rights) -> list[Route]:
    async def list_delegations(asked: Asked) -> DelegationPage:
        return await rights.delegations(caller=asked.caller, message=asked.query)

    async def give(asked: Asked) -> Delegation:
        return await rights.give_delegation(caller=asked.caller, message=asked.body)

    async def take(asked: Asked) -> Delegation:
        message = TakeDelegation(delegation=asked.path["delegation"])
        return await rights.take_delegation(caller=asked.caller, message=message)

    return [
        Route(
            method="GET",
            path="/v1/delegations",
            summary="List delegations",
            handle=list_delegations,
            query=ListDelegations,
            answer=DelegationPage,
        ),
        Route(
            method="POST",
            path="/v1/delegations",
            summary="Give a delegation",
            handle=give,
            body=GiveDelegation,
            answer=Delegation,
            status=201,
            problems=(HolderNotFound, NotForYourself),
        ),
        Route(
            method="DELETE",
            path="/v1/delegations/{delegation}",
            summary="Take a delegation",
            handle=take,
            answer=Delegation,
            problems=(DelegationNotFound,),
        ),
    ]

"""People: what each may do in one sentence, what they hold, and changing both."""

import asyncio
from typing import Annotated, Final

from tallystick.console.asking import part
from tallystick.console.pages.naming import Texts, names_of, wrongs
from tallystick.console.site import Site, Visit
from tallystick.identity.api.factors import RecoverFactors
from tallystick.identity.api.people import (
    AddPerson,
    ListPeople,
    LoginIsTaken,
    PersonExistsDifferent,
    PersonOf,
    SetPersonRisk,
    SetPersonStatus,
)
from tallystick.identity.api.rights import (
    GiveRole,
    ListDelegations,
    ListHeldRoles,
    ListRoles,
    TakeDelegation,
    TakeRole,
)
from tallystick.kernel.fields import PAGE_MAX, told
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import Malformed, malformed
from tallystick.runtime.routes import Reply, Route

PAGE: Final = 50


class After(Message, frozen=True):
    """Where a list goes on."""

    after: Annotated[str, told("The cursor of the page before.")] = ""


class New(Message, frozen=True):
    """The id of who is to be added, made when the form was first shown."""

    person: Annotated[str, told("An id of ours.")] = ""


def routes(site: Site) -> list[Route]:
    """The routes of people."""
    people = site.doors.people

    async def every(visit: Visit) -> Reply:
        after = visit.asked.query.after
        message = ListPeople(after=after or None, limit=PAGE)
        page = await people.people(caller=visit.caller, message=message)
        return visit.page("people.html", people=page.items, first=bool(after), next=page.after)

    async def new(visit: Visit) -> Reply:
        person = visit.asked.query.person
        if not person:
            return visit.to(f"/people/new?person={site.ground.mint.id('per')}")
        return visit.page("people_new.html", filled=Texts(person=person), wrong=wrongs())

    async def add(visit: Visit) -> Reply:
        form = visit.form
        filled = {name: form.text(name) for name in ("person", "name", "issuer", "subject")}
        try:
            message = AddPerson(
                name=filled["name"],
                issuer=filled["issuer"] or None,
                subject=filled["subject"] or None,
                person=filled["person"],
            )
            made = await people.add(caller=visit.caller, message=message)
        except (Malformed, LoginIsTaken, PersonExistsDifferent) as problem:
            wrong = wrongs(problem, "name")
            return visit.page("people_new.html", status=422, filled=filled, wrong=wrong)
        return visit.to(f"/people/{made.person}")

    async def one(visit: Visit) -> Reply:
        return await _person(visit)

    return [
        site.get("/people", every, query=After),
        site.get("/people/new", new, query=New),
        site.post("/people/new", add),
        site.get("/people/{person}", one),
        *_changes(site),
    ]


async def _person(visit: Visit) -> Reply:
    """The page of a person, in as many parts as doors answer."""
    doors, caller, person = visit.site.doors, visit.caller, visit.asked.path["person"]
    found = await doors.people.person(caller=caller, message=PersonOf(person=person))
    held, delegations, roles = await asyncio.gather(
        part(
            doors.rights.held_roles(
                caller=caller, message=ListHeldRoles(holder=person, limit=PAGE_MAX)
            )
        ),
        part(
            doors.rights.delegations(
                caller=caller, message=ListDelegations(holder=person, limit=PAGE_MAX)
            )
        ),
        part(doors.rights.roles(caller=caller, message=ListRoles())),
    )
    memberships = held.answer.items if held.answer else ()
    delegated = delegations.answer.items if delegations.answer else ()
    names = await names_of(visit, (one.given_by for one in (*memberships, *delegated)))
    return visit.page(
        "people_one.html",
        person=found,
        held=[one for one in memberships if one.ended_at is None],
        delegations=[one for one in delegated if one.ended_at is None],
        is_away=held.away or delegations.away or roles.away,
        roles={one.role: one for one in roles.answer.items} if roles.answer else {},
        names=names,
        is_self=person == caller.actor,
    )


def _changes(site: Site) -> list[Route]:
    """What is done to a person; each form leads back to their page."""
    doors = site.doors

    def back(visit: Visit) -> Reply:
        return visit.to(f"/people/{visit.asked.path['person']}")

    async def status(visit: Visit) -> Reply:
        message = SetPersonStatus(
            person=visit.asked.path["person"], status=visit.form.text("status")
        )
        await doors.people.set_status(caller=visit.caller, message=message)
        return back(visit)

    async def risk(visit: Visit) -> Reply:
        text = visit.form.text("risk", most=3)
        if not (text.isascii() and text.isdecimal()):
            raise malformed("risk", "a risk is a whole number, 0 to 100")
        message = SetPersonRisk(person=visit.asked.path["person"], risk=int(text))
        await doors.people.set_risk(caller=visit.caller, message=message)
        return back(visit)

    async def give(visit: Visit) -> Reply:
        person, role = visit.asked.path["person"], visit.form.text("role")
        asked = ListHeldRoles(holder=person, limit=PAGE_MAX)
        held = await part(doors.rights.held_roles(caller=visit.caller, message=asked))
        # Pressed again, nobody is asked to agree again to what is done.
        if held.answer and any(
            one.role == role and one.ended_at is None and one.until_at is None
            for one in held.answer.items
        ):
            return back(visit)
        message = GiveRole(holder=person, role=role)
        await doors.rights.give_role(caller=visit.caller, message=message)
        return back(visit)

    async def take(visit: Visit) -> Reply:
        message = TakeRole(membership=visit.form.text("membership"))
        await doors.rights.take_role(caller=visit.caller, message=message)
        return back(visit)

    async def take_delegation(visit: Visit) -> Reply:
        message = TakeDelegation(delegation=visit.form.text("delegation"))
        await doors.rights.take_delegation(caller=visit.caller, message=message)
        return back(visit)

    async def recovery(visit: Visit) -> Reply:
        return await _recovery(visit, None)

    async def recover(visit: Visit) -> Reply:
        person = visit.asked.path["person"]
        message = RecoverFactors(person=person, reason=visit.form.text("reason"))
        try:
            await doors.factors.recover(caller=visit.caller, message=message)
        except Malformed as problem:
            return await _recovery(visit, problem)
        return back(visit)

    return [
        site.post("/people/{person}/status", status),
        site.post("/people/{person}/risk", risk),
        site.post("/people/{person}/roles", give),
        site.post("/people/{person}/roles/take", take),
        site.post("/people/{person}/delegations/take", take_delegation),
        site.get("/people/{person}/recover", recovery),
        site.post("/people/{person}/recover", recover),
    ]


async def _recovery(visit: Visit, problem: Malformed | None) -> Reply:
    message = PersonOf(person=visit.asked.path["person"])
    person = await visit.site.doors.people.person(caller=visit.caller, message=message)
    return visit.page(
        "people_recover.html",
        status=422 if problem else 200,
        person=person,
        reason=visit.form.text("reason"),
        wrong=wrongs(problem, "reason"),
    )

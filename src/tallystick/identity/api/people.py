"""The door of people: who belongs to a tenant, and how they stand."""

from typing import Annotated, Protocol

from msgspec import Meta

from tallystick.identity.api.access import Holder
from tallystick.identity.api.keys import Name
from tallystick.identity.api.rights import GiveDelegation, PersonId, RoleName
from tallystick.kernel.actions import Action, Facts, asks
from tallystick.kernel.callers import Caller
from tallystick.kernel.fields import Cursor, NextCursor, PageLimit, Time, told
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import Kind, Problem
from tallystick.kernel.tags import Tag, records, unrecorded

Status = Annotated[
    str,
    Meta(
        description="How a person stands.",
        extra_json_schema={"enum": ["active", "suspended", "left"]},
    ),
]


class AddPerson(Message, frozen=True):
    """Add a person, and how their provider names them, if it is known already."""

    name: Name
    issuer: Annotated[str | None, told("The provider they sign in with, by its issuer.")] = None
    subject: Annotated[str | None, told("How that provider names them.")] = None
    person: Annotated[
        str | None,
        told(
            "An id you made for them, ``per_`` and 26 of ``0-9 a-z``; the same again is the same person."
        ),
    ] = None


class PersonOf(Message, frozen=True):
    """Name a person."""

    person: PersonId


class ShowMe(Message, frozen=True):
    """Show the caller themself."""


class ListPeople(Message, frozen=True):
    """List people, oldest first; ``after`` is the cursor of the page before, ``limit`` 1 to 200."""

    after: Cursor | None = None
    limit: PageLimit = 50


class SetPersonStatus(Message, frozen=True):
    """Suspend a person, let them in again, or let them go: then their sessions end, and roles bring nothing."""

    person: PersonId
    status: Status


class SetPersonRisk(Message, frozen=True):
    """Say how risky a person is now, 0 to 100; above what the tenant allows they can do nothing."""

    person: PersonId
    risk: Annotated[
        int, Meta(description="0 to 100.", extra_json_schema={"minimum": 0, "maximum": 100})
    ]


class PreviewDelegation(GiveDelegation, frozen=True):
    """Ask what a delegation would say and change, before it is given. Nothing is written and nobody is asked."""

    instead_of: Annotated[
        str | None, told("A delegation of theirs, ``dlg_…``, that would be taken for it.")
    ] = None


class Preview(Message, frozen=True):
    """What a delegation would say, and what its holder may do before and after."""

    holder: Holder
    name: Annotated[str, told("Whom it would bind: what they are called.")]
    sentence: Annotated[str, told("What the delegation would let them do.")]
    before: Annotated[str, told("All that they may do now, in a sentence.")]
    after: Annotated[str, told("All that they could do with it, in a sentence.")]
    lacks: Annotated[
        str, told("What they would need besides to use it, in a sentence; empty for nothing.")
    ] = ""


class Person(Message, frozen=True):
    """A person of the tenant, with the roles in force and one plain sentence of what they may do."""

    person: PersonId
    name: Name
    status: Status
    risk: Annotated[int, told("0 to 100.")]
    created_at: Time
    roles: Annotated[tuple[RoleName, ...], told("Held now.")] = ()
    sentence: Annotated[str, told("What they may do.")] = ""


class PersonPage(Message, frozen=True):
    """A page of people; ``after`` is the cursor of the next, absent at the end."""

    items: Annotated[tuple[Person, ...], told("Oldest first.")]
    after: NextCursor | None = None


class PersonNotFound(Problem):
    """There is no such person."""

    code = "person_not_found"
    kind = Kind.NOT_FOUND


class PersonExistsDifferent(Problem):
    """There is a person of this id with another name."""

    code = "person_exists_different"
    kind = Kind.CONFLICT


class LoginIsTaken(Problem):
    """The provider's name for this person is somebody else's here."""

    code = "login_is_taken"
    kind = Kind.CONFLICT


class PersonHasLeft(Problem):
    """Who has left does not come back: add the person anew."""

    code = "person_has_left"
    kind = Kind.CONFLICT


def _of_person(message: SetPersonStatus | SetPersonRisk) -> Facts:
    return Facts(on=message.person, person=message.person)


class People(Protocol):
    """The people of a tenant. Each method works within ``caller.tenant_id`` and nothing else."""

    @asks(Action.IDENTITY_PERSON_ADD)
    @records(Tag.IDENTITY_PERSON_ADD)
    async def add(self, *, caller: Caller, message: AddPerson) -> Person:
        """Add a person; the same id or login again is the same person.

        Raises Malformed, LoginIsTaken, PersonExistsDifferent.
        """
        ...

    @asks(Action.IDENTITY_CALLER_READ)
    @unrecorded("a person is told about themself")
    async def me(self, *, caller: Caller, message: ShowMe) -> Person:
        """Show the caller, and what they may do in a sentence. Raises PersonNotFound for whoever is no person."""
        ...

    @asks(Action.IDENTITY_PERSON_READ)
    @records(Tag.IDENTITY_PERSON_READ)
    async def person(self, *, caller: Caller, message: PersonOf) -> Person:
        """Show a person. Raises PersonNotFound."""
        ...

    @asks(Action.IDENTITY_PERSON_READ)
    @records(Tag.IDENTITY_PERSON_READ)
    async def people(self, *, caller: Caller, message: ListPeople) -> PersonPage:
        """List people. Raises Malformed."""
        ...

    @asks(Action.IDENTITY_DELEGATION_READ)
    @records(Tag.IDENTITY_PERSON_READ)
    async def preview(self, *, caller: Caller, message: PreviewDelegation) -> Preview:
        """Say what a delegation would let its holder do, without giving it.

        Raises Malformed, HolderNotFound, DelegationNotFound for one that is not theirs or was taken.
        """
        ...

    @asks(Action.IDENTITY_PERSON_STATUS, about=_of_person)
    @records(Tag.IDENTITY_PERSON_STATUS)
    async def set_status(self, *, caller: Caller, message: SetPersonStatus) -> Person:
        """Suspend, let in again or let go; being so already changes nothing.

        Raises Malformed, PersonNotFound, PersonHasLeft.
        """
        ...

    @asks(Action.IDENTITY_PERSON_RISK, about=_of_person)
    @records(Tag.IDENTITY_PERSON_RISK)
    async def set_risk(self, *, caller: Caller, message: SetPersonRisk) -> Person:
        """Say how risky a person is. Raises Malformed, PersonNotFound."""
        ...

"""People made real: rows, and one plain sentence of what each may do."""

from collections.abc import Sequence
from functools import partial

from tallystick.identity.adapters.cedar import catalogue
from tallystick.identity.api.access import HolderNotFound
from tallystick.identity.api.people import (
    AddPerson,
    ListPeople,
    LoginIsTaken,
    Person,
    PersonExistsDifferent,
    PersonHasLeft,
    PersonNotFound,
    PersonOf,
    PersonPage,
    Preview,
    PreviewDelegation,
    SetPersonRisk,
    SetPersonStatus,
    ShowMe,
)
from tallystick.identity.api.rights import DelegationNotFound
from tallystick.identity.model import explaining, rights
from tallystick.identity.model.keys import checked_name
from tallystick.identity.model.standing import Delegation, Standing
from tallystick.identity.service.standings import Standings, bundles_of
from tallystick.identity.store import holdings, providers
from tallystick.identity.store import rights as store
from tallystick.identity.store.holdings import Holdings
from tallystick.kernel import ids, instants
from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import malformed
from tallystick.kernel.tags import Tag
from tallystick.runtime.clock import Clock, Mint
from tallystick.runtime.database import Database
from tallystick.runtime.record import Pen

_ISSUER_MAX, _SUBJECT_MAX = 500, 255


class PeopleService:
    """The door of people, over the database of role ``tallystick_identity``."""

    def __init__(
        self, *, database: Database, mint: Mint, clock: Clock, standings: Standings, pen: Pen
    ) -> None:
        self._database = database
        self._mint = mint
        self._clock = clock
        self._standings = standings
        self._pen = pen

    async def add(self, *, caller: Caller, message: AddPerson) -> Person:
        """Add a person; the same id or login again is the same person."""
        name = checked_name(message.name, field="name")
        login = _login(message)
        if message.person is not None and not ids.is_of_ours(message.person, "per"):
            raise malformed("person", "an id is per_ and 26 of 0-9 a-z, as we make them")
        person_id, now = message.person or self._mint.id("per"), self._clock.now()
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            known = None
            if login is not None:
                known = await providers.person_of_login(
                    connection, tenant_id=caller.tenant_id, issuer=login[0], subject=login[1]
                )
            if known is None:
                await store.insert_person(
                    connection, caller=caller, person_id=person_id, name=name, now=now
                )
                if login is not None:
                    await providers.bind_login(
                        connection,
                        tenant_id=caller.tenant_id,
                        issuer=login[0],
                        subject=login[1],
                        person_id=person_id,
                        now=now,
                    )
            else:
                person_id = known[0]
            row = await store.person(connection, tenant_id=caller.tenant_id, person_id=person_id)
        if row is None or row.name != name:
            if known is None:
                raise PersonExistsDifferent("There is a person of this id with another name.")
            raise LoginIsTaken(
                "This login is another person's here.", {"issuer": message.issuer or ""}
            )
        return await self._shown(caller, row)

    async def me(self, *, caller: Caller, message: ShowMe) -> Person:
        """Show the caller."""
        return await self._shown(caller, await self._found(caller, caller.actor))

    async def person(self, *, caller: Caller, message: PersonOf) -> Person:
        """Show a person."""
        row = await self._found(caller, message.person)
        await self._note(caller, [row.person_id])
        return await self._shown(caller, row)

    async def people(self, *, caller: Caller, message: ListPeople) -> PersonPage:
        """List people."""
        limit = rights.checked_limit(message.limit)
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            rows = await store.people(
                connection,
                tenant_id=caller.tenant_id,
                after=message.after or "",
                limit=limit + 1,
            )
        await self._note(caller, [row.person_id for row in rows[:limit]])
        items = await self._all_shown(caller, rows[:limit])
        return PersonPage(
            items=items, after=rows[limit - 1].person_id if len(rows) > limit else None
        )

    async def set_status(self, *, caller: Caller, message: SetPersonStatus) -> Person:
        """Suspend, let in again or let go."""
        status = rights.checked_status(message.status)
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            await store.set_status(
                connection,
                caller=caller,
                person_id=message.person,
                status=status,
                now=self._clock.now(),
            )
        self._standings.forget(caller.tenant_id, message.person)
        row = await self._found(caller, message.person)
        if row.status != status:
            raise PersonHasLeft("Who has left does not come back: add the person anew.")
        return await self._shown(caller, row)

    async def set_risk(self, *, caller: Caller, message: SetPersonRisk) -> Person:
        """Say how risky a person is."""
        risk = rights.checked_risk(message.risk)
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            await store.set_risk(
                connection,
                caller=caller,
                person_id=message.person,
                risk=risk,
                now=self._clock.now(),
            )
        self._standings.forget(caller.tenant_id, message.person)
        return await self._shown(caller, await self._found(caller, message.person))

    async def preview(self, *, caller: Caller, message: PreviewDelegation) -> Preview:
        """Say what a delegation would let its holder do, without giving it."""
        now, tenant_id, holder = self._clock.now(), caller.tenant_id, message.holder
        given = rights.checked_delegation(
            message, delegation_id="", now=now, groups=catalogue().groups
        )
        standing = await self._standings.of(caller, holder=holder)
        async with self._database.transaction(tenant_id=tenant_id, read_only=True) as connection:
            name = await holdings.name_of(connection, tenant_id=tenant_id, holder=holder)
            found = await holdings.of(
                connection, tenant_id=tenant_id, holders=[holder], now=now, bundles_of=bundles_of
            )
        if name is None or standing is None:
            raise HolderNotFound("There is no such person, key or client.")
        kept = [one for one in standing.delegations if one.delegation_id != message.instead_of]
        if message.instead_of is not None and len(kept) == len(standing.delegations):
            raise DelegationNotFound("They have no such delegation now.")
        rights.demand_few_patterns((*kept, given))
        await self._note(caller, [holder])
        named = found[holder].roles
        titles = [named.get(role) or _title(role) for role in {*named, *standing.roles}]
        words = partial(explaining.person_words, name, sorted(titles))
        most = holdings.SHOWN_MAX
        now_held = [one for one in standing.delegations if one.is_in_force(now)]
        with_it = [one for one in kept if one.is_in_force(now)]
        return Preview(
            holder=holder,
            name=name,
            sentence=f"{name} may {explaining.delegation_words(given)}.",
            before=words(now_held[:most], further=len(now_held[most:])),
            after=words((*with_it[: most - 1], given), further=len(with_it[most - 1 :])),
            lacks=_lacks(given, standing, name),
        )

    async def _found(self, caller: Caller, person_id: str) -> store.PersonRow:
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            row = await store.person(connection, tenant_id=caller.tenant_id, person_id=person_id)
        if row is None:
            raise PersonNotFound("There is no such person.")
        return row

    async def _note(self, caller: Caller, people: list[str]) -> None:
        await self._pen.note_numbers(
            caller=caller,
            tag=Tag.IDENTITY_PERSON_READ,
            on="identity",
            of="people",
            numbers=people,
        )

    async def _shown(self, caller: Caller, row: store.PersonRow) -> Person:
        (person,) = await self._all_shown(caller, [row])
        return person

    async def _all_shown(
        self, caller: Caller, rows: Sequence[store.PersonRow]
    ) -> tuple[Person, ...]:
        """People as they are told; what they all hold is read in two questions."""
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            held = await holdings.of(
                connection,
                tenant_id=caller.tenant_id,
                holders=[row.person_id for row in rows],
                now=self._clock.now(),
                bundles_of=bundles_of,
            )
        return tuple(_person(row, held[row.person_id]) for row in rows)


def _lacks(given: Delegation, standing: Standing, name: str) -> str:
    """What somebody needs besides a delegation that moves money: it counts for nothing without a role to use it."""
    groups = catalogue().groups
    moves = not set(groups["pay"]).isdisjoint(given.actions)
    if moves and standing.bundles.isdisjoint(("pay", "move_any")):
        return (
            f'{name} holds no role that lets them use it: they need one with "{catalogue().titles["pay"]}", '
            "such as payment_clerk."
        )
    return "" if standing.is_active else f"{name} is not active, and may do nothing until let in."


def _person(row: store.PersonRow, held: Holdings) -> Person:
    sentence = f"{row.name} is {row.status}, and may do nothing."
    if row.status == "left":
        sentence = f"{row.name} has left, and may do nothing."
    if row.status == "active":
        titles = [title or _title(role) for role, title in held.roles.items()]
        further = held.in_all - len(held.delegations)
        sentence = explaining.person_words(row.name, titles, held.delegations, further=further)
    return Person(
        person=row.person_id,
        name=row.name,
        status=row.status,
        risk=row.risk,
        created_at=instants.render(row.created_at),
        roles=tuple(held.roles),
        sentence=sentence,
    )


def _title(role: str) -> str:
    """What a role of the platform is; the name of any other."""
    known = catalogue().roles.get(role)
    return known.title if known else role


def _login(message: AddPerson) -> tuple[str, str] | None:
    """The issuer and subject of a login, when one is given. Raises Malformed."""
    if (message.issuer is None) != (message.subject is None):
        raise malformed("subject", "an issuer and how it names the person go together")
    if message.issuer is None or message.subject is None:
        return None
    if not 1 <= len(message.issuer) <= _ISSUER_MAX or not message.issuer.isprintable():
        raise malformed("issuer", f"an issuer is 1 to {_ISSUER_MAX} printable characters")
    if not 1 <= len(message.subject) <= _SUBJECT_MAX or not message.subject.isprintable():
        raise malformed("subject", f"a subject is 1 to {_SUBJECT_MAX} printable characters")
    return message.issuer, message.subject

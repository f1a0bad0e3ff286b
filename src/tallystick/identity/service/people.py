"""People made real: rows, and one plain sentence of what each may do."""

from tallystick.identity.adapters.cedar import catalogue
from tallystick.identity.api.people import (
    AddPerson,
    ListPeople,
    LoginIsTaken,
    Person,
    PersonHasLeft,
    PersonNotFound,
    PersonOf,
    PersonPage,
    SetPersonRisk,
    SetPersonStatus,
)
from tallystick.identity.model import explaining, rights
from tallystick.identity.model.keys import checked_name
from tallystick.identity.service.standings import Standings
from tallystick.identity.store import providers
from tallystick.identity.store import rights as store
from tallystick.kernel import instants
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
        """Add a person; the same login again is the same person."""
        name = checked_name(message.name, field="name")
        login = _login(message)
        person_id, now = self._mint.id("per"), self._clock.now()
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
            raise LoginIsTaken(
                "This login is another person's here.", {"issuer": message.issuer or ""}
            )
        return await self._shown(caller, row)

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
        items = [await self._shown(caller, row) for row in rows[:limit]]
        return PersonPage(
            items=tuple(items), after=rows[limit - 1].person_id if len(rows) > limit else None
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
        standing = await self._standings.of(caller, holder=row.person_id)
        roles = standing.roles if standing else ()
        titles = {name: role.title.partition(":")[0] for name, role in catalogue().roles.items()}
        sentence = f"{row.name} is {row.status}, and may do nothing."
        if standing is not None and standing.is_active:
            sentence = explaining.person_words(row.name, roles, titles, standing.delegations)
        return Person(
            person=row.person_id,
            name=row.name,
            status=row.status,
            risk=row.risk,
            created_at=instants.render(row.created_at),
            roles=roles,
            sentence=sentence,
        )


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

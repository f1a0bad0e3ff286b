"""Questions about people. Written by ``make client`` from the routes."""

from collections.abc import Iterator

from tallystick.client.calls import Call, said, segment
from tallystick.client.groups import Group
from tallystick.identity.api.factors import Recovered
from tallystick.identity.api.people import Person, PersonPage
from tallystick.kernel.fields import PAGE_MAX


class People(Group):
    """What can be asked of people."""

    def add(
        self,
        *,
        name: str,
        issuer: str | None = None,
        subject: str | None = None,
        person: str | None = None,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> Person:
        """Add a person.

        Raises LoginIsTaken, PersonExistsDifferent.
        """
        return self._ask(
            Call(
                "POST",
                "/v1/people",
                Person,
                body=said({"name": name, "issuer": issuer, "subject": subject, "person": person}),
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def people(
        self, *, after: int | str | None = None, limit: int = 50, within_ms: int | None = None
    ) -> PersonPage:
        """List people."""
        return self._ask(
            Call(
                "GET",
                "/v1/people",
                PersonPage,
                query=said({"after": after, "limit": limit}, limit=50),
                within_ms=within_ms,
            )
        )

    def each_person(self, *, most: int, within_ms: int | None = None) -> Iterator[Person]:
        """List people: every one, page by page.

        Raises ListTooLong for more than ``most``.
        """
        return self._walk(
            Call("GET", "/v1/people", PersonPage, query={"limit": PAGE_MAX}, within_ms=within_ms),
            lambda page: page.items,
            most,
        )

    def me(self, *, within_ms: int | None = None) -> Person:
        """Show yourself, and what you may do in a sentence.

        Raises PersonNotFound.
        """
        return self._ask(Call("GET", "/v1/me", Person, within_ms=within_ms))

    def person(self, *, person: str, within_ms: int | None = None) -> Person:
        """Show a person, and what they may do in a sentence.

        Raises PersonNotFound.
        """
        return self._ask(Call("GET", f"/v1/people/{segment(person)}", Person, within_ms=within_ms))

    def set_status(
        self,
        *,
        person: str,
        status: str,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> Person:
        """Suspend a person, let them in again, or let them go.

        Raises PersonNotFound, PersonHasLeft.
        """
        return self._ask(
            Call(
                "PUT",
                f"/v1/people/{segment(person)}/status",
                Person,
                body={"status": status},
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def set_risk(
        self,
        *,
        person: str,
        risk: int,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> Person:
        """Say how risky a person is now.

        Raises PersonNotFound.
        """
        return self._ask(
            Call(
                "PUT",
                f"/v1/people/{segment(person)}/risk",
                Person,
                body={"risk": risk},
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def recover(
        self,
        *,
        person: str,
        reason: str,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> Recovered:
        """End all factors and sessions of a person, who then begins anew.

        Raises OnlyPeople, SignInAgain, StepUpNeeded, NotYourself, PersonNotFound.
        """
        return self._ask(
            Call(
                "POST",
                f"/v1/people/{segment(person)}/recover",
                Recovered,
                body={"reason": reason},
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

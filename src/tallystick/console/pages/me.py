"""Oneself: who one is and what one may do, one's sessions and devices, and how they are ended."""

import asyncio
from typing import Annotated, Final

from tallystick.console.cookies import SESSION
from tallystick.console.signing import SIGN_IN
from tallystick.console.site import Site, Visit
from tallystick.identity.api.clients import Consent, ListConsents
from tallystick.identity.api.factors import Factor, ListFactors
from tallystick.identity.api.people import ShowMe
from tallystick.identity.api.sessions import EndSession, EndSessions, ListSessions, Session
from tallystick.kernel import instants
from tallystick.kernel.fields import told
from tallystick.kernel.ids import tenant_name
from tallystick.kernel.messages import Message
from tallystick.runtime.routes import Reply, Route

PER_PAGE: Final = 50
SHOWN_AT_ONCE: Final = 5


class Page(Message, frozen=True):
    """Which page of a list."""

    after: Annotated[str | None, told("The cursor of the page before.")] = None


def routes(site: Site) -> list[Route]:
    """The routes of oneself and one's sessions."""
    doors = site.doors

    async def me(visit: Visit) -> Reply:
        person, factors, sessions, consents = await asyncio.gather(
            doors.people.me(caller=visit.caller, message=ShowMe()),
            doors.factors.factors(caller=visit.caller, message=ListFactors()),
            doors.sessions.sessions(caller=visit.caller, message=ListSessions(limit=PER_PAGE)),
            doors.clients.consents(caller=visit.caller, message=ListConsents(limit=PER_PAGE)),
        )
        running = [one for one in sessions.items if _is_running(one, site)]
        return visit.page(
            "me.html",
            person=person,
            tenant=tenant_name(visit.caller.tenant_id),
            factors=[one for one in factors.items if _is_ready(one)],
            sessions=running[:SHOWN_AT_ONCE],
            more_sessions=len(running) > SHOWN_AT_ONCE,
            consents=[one for one in consents.items if _is_in_force(one)][:SHOWN_AT_ONCE],
        )

    async def show_sessions(visit: Visit) -> Reply:
        message = ListSessions(after=visit.asked.query.after, limit=PER_PAGE)
        found = await doors.sessions.sessions(caller=visit.caller, message=message)
        return visit.page(
            "me_sessions.html",
            running=[one for one in found.items if _is_running(one, site)],
            ended=[one for one in found.items if not _is_running(one, site)],
            is_first=message.after is None,
            after=found.after,
        )

    async def end(visit: Visit) -> Reply:
        session_id = visit.form.text("session")
        await doors.sessions.end(caller=visit.caller, message=EndSession(session_id=session_id))
        if session_id == visit.caller.session:
            return visit.to(SIGN_IN, cookies=(site.cookies.forgotten(SESSION),))
        return visit.to("/me/sessions")

    async def end_all(visit: Visit) -> Reply:
        await doors.sessions.end_all(caller=visit.caller, message=EndSessions())
        return visit.to(SIGN_IN, cookies=(site.cookies.forgotten(SESSION),))

    return [
        site.get("/me", me),
        site.get("/me/sessions", show_sessions, query=Page),
        site.post("/me/sessions/end", end),
        site.post("/me/sessions/end-all", end_all),
    ]


def _is_running(one: Session, site: Site) -> bool:
    return one.ended_at is None and one.expires_at > instants.render(site.ground.clock.now())


def _is_ready(one: Factor) -> bool:
    return one.confirmed_at is not None


def _is_in_force(one: Consent) -> bool:
    return bool(one.allowed) and one.ended_at is None

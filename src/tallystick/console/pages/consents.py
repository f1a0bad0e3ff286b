"""Third parties: what one is asked to let them do, the answer, and what one let them do before."""

from msgspec import structs

from tallystick.console.pages.me import PER_PAGE, Page
from tallystick.console.signing import CONSENTS
from tallystick.console.site import Site, Visit
from tallystick.identity.api.clients import Consent, DecideConsent, ListConsents, NameConsent
from tallystick.kernel import instants
from tallystick.runtime.routes import Reply, Route


def routes(site: Site) -> list[Route]:
    """The routes of consents; a third party sends people to the page of one."""
    clients = site.doors.clients

    async def show_all(visit: Visit) -> Reply:
        message = ListConsents(after=visit.asked.query.after, limit=PER_PAGE)
        found = await clients.consents(caller=visit.caller, message=message)
        return visit.page(
            "me_consents.html",
            consents=found.items,
            said=_said(visit, *found.items),
            is_first=message.after is None,
            after=found.after,
        )

    async def show(visit: Visit) -> Reply:
        message = NameConsent(consent_id=visit.asked.path["consent"])
        found = await clients.consent(caller=visit.caller, message=message)
        return visit.page(
            "me_consent.html",
            consent=found,
            said=_said(visit, found),
            is_open=_is_open(found, site),
        )

    async def decide(visit: Visit) -> Reply:
        message = DecideConsent(
            consent_id=visit.asked.path["consent"], allow=visit.form.text("answer") == "allow"
        )
        sent = await clients.decide_consent(caller=visit.caller, message=message)
        # A form may not lead to another site under our policy, so the way on is a page that goes on by itself.
        page = visit.page("me_consent_on.html", url=sent.redirect, allowed=message.allow)
        return structs.replace(
            page, headers={**(page.headers or {}), "refresh": f"0;url={sent.redirect}"}
        )

    async def end(visit: Visit) -> Reply:
        message = NameConsent(consent_id=visit.asked.path["consent"])
        await clients.end_consent(caller=visit.caller, message=message)
        return visit.to(CONSENTS)

    return [
        site.get(CONSENTS, show_all, query=Page),
        site.get(f"{CONSENTS}/{{consent}}", show),
        site.post(f"{CONSENTS}/{{consent}}", decide),
        site.post(f"{CONSENTS}/{{consent}}/end", end),
    ]


def _is_open(one: Consent, site: Site) -> bool:
    return one.decided_at is None and one.expires_at > instants.render(site.ground.clock.now())


def _said(visit: Visit, *consents: Consent) -> dict[str, str]:
    """Every bundle that is asked for, in words; one that has none by its name."""
    return {bundle: _words(visit, bundle) for one in consents for bundle in one.scope}


def _words(visit: Visit, bundle: str) -> str:
    try:
        return visit.reader.text(f"bundles.{bundle}")
    except KeyError:
        return bundle

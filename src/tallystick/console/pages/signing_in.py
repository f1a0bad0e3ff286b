"""Signing in and out: by the tenant's own provider, and back."""

import secrets
from typing import Annotated, Final
from urllib.parse import quote, unquote

from tallystick.console.cookies import DEVICE, DEVICE_LASTS_S, FLOW, SESSION
from tallystick.console.problems import SignInFirst
from tallystick.console.signing import BACK, SIGN_IN
from tallystick.console.site import HTML, Site, Visit, own_path
from tallystick.identity.api.sessions import EndSession, FinishSignIn, StartSignIn
from tallystick.kernel.fields import told
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import Problem
from tallystick.runtime.routes import Reply, Route

FLOW_LASTS_S: Final = 600


class Next(Message, frozen=True):
    """Where to go on to afterwards."""

    next: Annotated[str, told("A page of ours.")] = "/"


class Back(Message, frozen=True):
    """What a provider's answer brings (OpenID Connect Core 1.0, section 3.1.2.5)."""

    code: Annotated[str, told("The code.")] = ""
    state: Annotated[str, told("The state.")] = ""
    iss: Annotated[str | None, told("The issuer.")] = None
    error: Annotated[str, told("Why there is no code.")] = ""
    error_description: Annotated[str, told("The same in words.")] = ""
    session_state: Annotated[str, told("Of no effect.")] = ""
    scope: Annotated[str, told("Of no effect.")] = ""


def routes(site: Site) -> list[Route]:
    """The routes of signing in and out."""
    doors, cookies = site.doors, site.cookies

    async def show(visit: Visit) -> Reply:
        return visit.page(
            "sign_in.html", next=own_path(visit.asked.query.next), tenant=site.ground.tenant
        )

    async def begin(visit: Visit) -> Reply:
        tenant, there = visit.form.text("tenant"), own_path(visit.form.text("next"))
        message = StartSignIn(tenant=tenant, redirect=f"{site.ground.url}{BACK}")
        begun = await doors.sign_in.start(caller=visit.caller, message=message)
        # A form may not lead to another site under our policy, so the way on is a page that goes on by itself.
        page = visit.page("sign_in_on.html", url=begun.url)
        kept = quote(f"{tenant} {begun.flow} {there}", safe="")
        return Reply(
            value=page.value, media=HTML, headers={**(page.headers or {}), "refresh": f"0;url={begun.url}"},
            cookies=(cookies.kept(FLOW, kept, lasts_s=FLOW_LASTS_S),),
        )  # fmt: skip

    async def come_back(visit: Visit) -> Reply:
        query: Back = visit.asked.query
        kept = unquote(cookies.given(visit.shown.headers, FLOW)).split(" ", 2)
        if len(kept) != 3 or not query.code:
            raise SignInFirst(
                f"The sign-in did not come to its end ({query.error[:100] or 'it took too long'})."
            )
        device = cookies.given(visit.shown.headers, DEVICE) or secrets.token_urlsafe(32)
        message = FinishSignIn(
            tenant=kept[0],
            flow=kept[1],
            code=query.code,
            state=query.state,
            issuer=query.iss,
            device=device,
        )
        signed = await doors.sign_in.finish(caller=visit.caller, message=message)
        return visit.to(
            own_path(kept[2]),
            cookies=(
                cookies.kept(SESSION, signed.session),
                cookies.kept(DEVICE, device, lasts_s=DEVICE_LASTS_S),
                cookies.forgotten(FLOW),
            ),
        )

    async def leave(visit: Visit) -> Reply:
        try:
            caller = await site.prove(visit.shown, visit.caller)
            await doors.sessions.end(caller=caller, message=EndSession(session_id=caller.session))
        except Problem:
            # It had ended, or ends by itself: the browser forgets it all the same.
            pass
        return visit.to(SIGN_IN, cookies=(cookies.forgotten(SESSION),))

    return [
        site.get(SIGN_IN, show, query=Next, public=True),
        site.post(f"{SIGN_IN}/provider", begin, public=True),
        site.get(BACK, come_back, query=Back, public=True),
        site.post("/sign-out", leave, public=True),
    ]

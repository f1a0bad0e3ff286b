"""Signing in and out: by a passkey, or by the tenant's own provider and back."""

import secrets
from typing import Annotated, Any, Final
from urllib.parse import quote, unquote

from msgspec import structs

from tallystick.console.cookies import DEVICE, DEVICE_LASTS_S, FLOW, SESSION, TENANT
from tallystick.console.pages.proving import credential_of, names_no_tenant, options_text
from tallystick.console.signing import BACK, SIGN_IN
from tallystick.console.site import Site, Visit, own_path
from tallystick.identity.api.providers import ProviderNotFound
from tallystick.identity.api.sessions import (
    AskWays,
    EndSession,
    FinishPasskeySignIn,
    FinishSignIn,
    PersonNotKnown,
    ProviderOutOfReach,
    SignedIn,
    SignInNotAccepted,
    StartPasskeySignIn,
    StartSignIn,
)
from tallystick.kernel.fields import told
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import Kind, Malformed, Problem
from tallystick.runtime.proxies import country_of
from tallystick.runtime.routes import Reply, Route

FLOW_LASTS_S: Final = 600
TENANT_CHARS_MAX: Final = 64
_ENDED: Final = (Kind.UNAUTHENTICATED, Kind.NOT_FOUND)
_NOT_IN: Final = (Malformed, PersonNotKnown, ProviderOutOfReach, SignInNotAccepted)


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
    return [*_showing(site), *_by_provider(site), *_by_passkey(site)]


def _showing(site: Site) -> list[Route]:
    async def show(visit: Visit) -> Reply:
        if not site.cookies.given(visit.shown.headers, SESSION):
            return await _ask(visit, there=visit.asked.query.next)
        try:
            caller = await site.prove(visit.shown, visit.caller)
        except Problem:
            reply = await _ask(visit, there=visit.asked.query.next, ended=True)
            return structs.replace(reply, cookies=(site.cookies.forgotten(SESSION),))
        there = _there(visit.asked.query.next)
        return site.page(visit.shown, "sign_in_done.html", caller=caller, next=there)

    async def leave(visit: Visit) -> Reply:
        if not await _end(visit):
            # The browser keeps it, so that it can be ended when pressed again.
            return visit.page("sign_out.html", status=503)
        return visit.to(SIGN_IN, cookies=(site.cookies.forgotten(SESSION),))

    return [
        site.get(SIGN_IN, show, query=Next, public=True),
        site.post("/sign-out", leave, public=True),
    ]


def _by_provider(site: Site) -> list[Route]:
    doors, cookies = site.doors, site.cookies

    async def begin(visit: Visit) -> Reply:
        form = visit.form
        tenant, there = form.text("tenant"), _there(form.text("next"))
        redirect, provider = f"{site.ground.url}{BACK}", form.text("provider") or None
        try:
            message = StartSignIn(tenant=tenant, redirect=redirect, provider=provider)
            begun = await doors.sign_in.start(caller=visit.caller, message=message)
        except ProviderNotFound:
            return await _choose(visit, tenant, there)
        except Malformed:
            wrong = visit.reader.text("signing_in.tenant_wrong")
            return await _ask(visit, there=there, tenant=tenant, tenant_wrong=wrong, status=422)
        except ProviderOutOfReach as problem:
            return await _ask(visit, there=there, tenant=tenant, wrong=problem.detail, status=503)
        # A form may not lead to another site under our policy, so the way on is a page that goes on by itself.
        page = visit.page("sign_in_on.html", url=begun.url)
        kept = quote(f"{tenant} {begun.flow} {there}", safe="")
        return structs.replace(
            page,
            headers={**(page.headers or {}), "refresh": f"0;url={begun.url}"},
            cookies=(cookies.kept(FLOW, kept, lasts_s=FLOW_LASTS_S),),
        )

    async def come_back(visit: Visit) -> Reply:
        query: Back = visit.asked.query
        kept = unquote(cookies.given(visit.shown.headers, FLOW)).split(" ", 2)
        if len(kept) != 3 or not query.code:
            why = query.error[:100] or visit.reader.text("signing_in.too_late")
            there = kept[2] if len(kept) == 3 else "/"
            wrong = visit.reader.text("signing_in.not_finished", why=why)
            return await _ask(visit, there=there, wrong=wrong, status=422)
        tenant, flow, there = kept
        device = _device(visit)
        message = FinishSignIn(
            tenant=tenant,
            flow=flow,
            code=query.code,
            state=query.state,
            issuer=query.iss,
            device=device,
            country=_country(visit),
        )
        try:
            signed = await doors.sign_in.finish(caller=visit.caller, message=message)
        except _NOT_IN as problem:
            page = await _ask(visit, there=there, wrong=problem.detail, status=422)
            return structs.replace(page, cookies=(cookies.forgotten(FLOW),))
        remembered = cookies.kept(TENANT, tenant, lasts_s=DEVICE_LASTS_S)
        return await _come_in(visit, signed, device, there, remembered, cookies.forgotten(FLOW))

    return [
        site.post(f"{SIGN_IN}/provider", begin, public=True),
        site.get(BACK, come_back, query=Back, public=True),
    ]


def _by_passkey(site: Site) -> list[Route]:
    async def finish(visit: Visit) -> Reply:
        form, device = visit.form, _device(visit)
        there = _there(form.text("next"))
        try:
            credential = credential_of(form, "credential")
            tenant = _tenant(visit) if names_no_tenant(credential) else ""
            message = FinishPasskeySignIn(
                flow=form.text("flow"),
                credential=credential,
                tenant=tenant or None,
                device=device,
                country=_country(visit),
            )
            signed = await site.doors.sign_in.finish_passkey(caller=visit.caller, message=message)
        except SignInNotAccepted:
            wrong = visit.reader.text("signing_in.passkey_wrong")
            return await _ask(visit, there=there, passkey_wrong=wrong, status=422)
        except _NOT_IN as problem:
            return await _ask(visit, there=there, passkey_wrong=problem.detail, status=422)
        return await _come_in(visit, signed, device, there)

    return [site.post(f"{SIGN_IN}/passkey", finish, public=True)]


async def _ask(visit: Visit, *, there: str, status: int = 200, **more: Any) -> Reply:
    """The page that asks who somebody is."""
    asked = await visit.site.doors.sign_in.start_passkey(
        caller=visit.caller, message=StartPasskeySignIn()
    )
    said = {
        "tenant": _tenant(visit),
        "tenant_wrong": "",
        "wrong": "",
        "passkey_wrong": "",
        "ended": False,
        "providers": (),
    } | more
    return visit.page(
        "sign_in.html",
        status=status,
        next=_there(there),
        flow=asked.flow,
        options=options_text(asked.options),
        development=visit.site.ground.development,
        **said,
    )


async def _choose(visit: Visit, tenant: str, there: str) -> Reply:
    """Ask by which of several providers, or say that there is none."""
    ways = await visit.site.doors.sign_in.ways(caller=visit.caller, message=AskWays(tenant=tenant))
    wrong = "" if ways.providers else visit.reader.text("signing_in.no_provider")
    status = 200 if ways.providers else 422
    return await _ask(
        visit, there=there, status=status, tenant=tenant, tenant_wrong=wrong,
        providers=ways.providers,
    )  # fmt: skip


async def _end(visit: Visit) -> bool:
    """End the session that the browser has, and say whether it has ended."""
    site = visit.site
    try:
        caller = await site.prove(visit.shown, visit.caller)
        message = EndSession(session_id=caller.session)
        await site.doors.sessions.end(caller=caller, message=message)
    except Problem as problem:
        if problem.kind not in _ENDED:
            return False
    site.knowing.forget(site.cookies.given(visit.shown.headers, SESSION))
    return True


async def _come_in(visit: Visit, signed: SignedIn, device: str, there: str, *cookies: str) -> Reply:
    """Go on with the new session: whatever session the browser had before is none of this one, and ends.

    One that cannot be ended now ends by itself; the browser has forgotten it.
    """
    await _end(visit)
    made = visit.site.cookies
    return visit.to(
        _there(there),
        cookies=(
            made.kept(SESSION, signed.session),
            made.kept(DEVICE, device, lasts_s=DEVICE_LASTS_S),
            *cookies,
        ),
    )


def _there(text: str) -> str:
    """Where to go on to; not to a page of signing in again."""
    path = own_path(text)
    return "/" if path.partition("?")[0].startswith(SIGN_IN) else path


def _tenant(visit: Visit) -> str:
    """The organisation that signed in here last."""
    kept = visit.site.cookies.given(visit.shown.headers, TENANT)[:TENANT_CHARS_MAX]
    return kept or visit.site.ground.tenant


def _device(visit: Visit) -> str:
    return visit.site.cookies.given(visit.shown.headers, DEVICE) or secrets.token_urlsafe(32)


def _country(visit: Visit) -> str:
    return country_of(visit.shown.headers, visit.site.ground.country_header)

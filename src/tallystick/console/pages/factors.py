"""Second factors of one's own: passkeys and apps for codes, enrolled and removed."""

from typing import Final

import segno

from tallystick.console.pages.proving import credential_of, options_text
from tallystick.console.site import Site, Visit
from tallystick.identity.api.factors import (
    ChallengeNotAccepted,
    CodeNotAccepted,
    ConfirmTotp,
    EnrolPasskey,
    FactorsLocked,
    LastFactor,
    ListFactors,
    OfferPasskey,
    OfferTotp,
    PasskeyIsKnown,
    PasskeyNotAccepted,
    RemoveFactor,
    TotpOffered,
)
from tallystick.kernel.problems import Malformed
from tallystick.runtime.routes import Reply, Route

FACTORS: Final = "/me/factors"
# Light around the picture, as the standard asks for it, in modules.
_QUIET: Final = 4
_NOT_ENROLLED: Final = (ChallengeNotAccepted, Malformed, PasskeyIsKnown, PasskeyNotAccepted)


def routes(site: Site) -> list[Route]:
    """The routes of one's second factors."""
    return [*_listing(site), *_passkeys(site), *_apps(site)]


def _listing(site: Site) -> list[Route]:
    factors = site.doors.factors

    async def show(visit: Visit) -> Reply:
        return await _show(visit)

    async def remove(visit: Visit) -> Reply:
        message = RemoveFactor(factor=visit.form.text("factor"))
        try:
            await factors.remove(caller=visit.caller, message=message)
        except LastFactor as problem:
            return await _show(visit, status=422, wrong=problem.detail)
        return visit.to(FACTORS)

    return [site.get(FACTORS, show), site.post(f"{FACTORS}/remove", remove)]


def _passkeys(site: Site) -> list[Route]:
    factors = site.doors.factors

    async def show(visit: Visit) -> Reply:
        return await _offer(visit)

    async def enrol(visit: Visit) -> Reply:
        label = visit.form.text("label")
        try:
            message = EnrolPasskey(
                challenge=visit.form.text("challenge"),
                label=label,
                credential=credential_of(visit.form, "credential"),
            )
            await factors.enrol_passkey(caller=visit.caller, message=message)
        except _NOT_ENROLLED as problem:
            told = problem.fields.get("label", "") if isinstance(problem, Malformed) else ""
            return await _offer(
                visit, status=422, label=label, wrong=problem.detail, label_wrong=told
            )
        return visit.to(FACTORS)

    return [site.get(f"{FACTORS}/passkey", show), site.post(f"{FACTORS}/passkey", enrol)]


def _apps(site: Site) -> list[Route]:
    factors = site.doors.factors

    async def show(visit: Visit) -> Reply:
        return visit.page("me_app.html", label="", wrong="")

    async def offer(visit: Visit) -> Reply:
        label = visit.form.text("label")
        try:
            offered = await factors.offer_totp(caller=visit.caller, message=OfferTotp(label=label))
        except Malformed as problem:
            return visit.page("me_app.html", status=422, label=label, wrong=problem.detail)
        return _code(visit, offered)

    async def confirm(visit: Visit) -> Reply:
        form = visit.form
        offered = TotpOffered(
            factor=form.text("factor"), secret=form.text("secret"), uri=form.text("uri"), until=form.text("until")
        )  # fmt: skip
        message = ConfirmTotp(factor=offered.factor, code=form.text("code"))
        try:
            await factors.confirm_totp(caller=visit.caller, message=message)
        except (CodeNotAccepted, FactorsLocked, Malformed) as problem:
            return _code(visit, offered, status=422, wrong=problem.detail)
        return visit.to(FACTORS)

    return [
        site.get(f"{FACTORS}/app", show),
        site.post(f"{FACTORS}/app", offer),
        site.post(f"{FACTORS}/app/confirm", confirm),
    ]


async def _show(visit: Visit, *, status: int = 200, wrong: str = "") -> Reply:
    found = await visit.site.doors.factors.factors(caller=visit.caller, message=ListFactors())
    ready = [one for one in found.items if one.confirmed_at is not None]
    return visit.page("me_factors.html", status=status, factors=ready, wrong=wrong)


async def _offer(
    visit: Visit, *, status: int = 200, label: str = "", wrong: str = "", label_wrong: str = ""
) -> Reply:
    offered = await visit.site.doors.factors.offer_passkey(
        caller=visit.caller, message=OfferPasskey()
    )
    return visit.page(
        "me_passkey.html",
        status=status,
        challenge=offered.challenge,
        options=options_text(offered.options),
        label=label,
        wrong="" if label_wrong else wrong,
        label_wrong=label_wrong,
    )


def _code(visit: Visit, offered: TotpOffered, *, status: int = 200, wrong: str = "") -> Reply:
    return visit.page(
        "me_app_code.html",
        status=status,
        offered=offered,
        wrong=wrong,
        picture=_Picture(offered.uri),
    )


class _Picture:
    """A QR code as a path of SVG, in the colours of the page: ``line`` and how many units each side has."""

    def __init__(self, uri: str) -> None:
        code = segno.make_qr(uri, error="m")
        self.size = code.symbol_size(border=_QUIET)[0]
        self.line = "".join(
            f"M{x} {y}h1v1h-1z"
            for y, row in enumerate(code.matrix_iter(border=_QUIET))
            for x, module in enumerate(row)
            if module
        )

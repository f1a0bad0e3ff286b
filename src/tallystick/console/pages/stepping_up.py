"""Step-up: a fresh proof of a second factor in between, and what waits for others; the form goes on unchanged."""

from contextlib import suppress
from typing import Annotated, Any, Final

from tallystick.console.pages.proving import credential_of, options_text
from tallystick.console.signing import STEP_UP
from tallystick.console.site import HTML, Site, Visit, here, own_path, to_you
from tallystick.identity.api.access import ApprovalNeeded, StepUpNeeded
from tallystick.identity.api.approvals import Approval, ShowApproval
from tallystick.identity.api.factors import (
    ChallengeFactors,
    ChallengeNotAccepted,
    CodeNotAccepted,
    FactorsLocked,
    PasskeyNotAccepted,
    ProveFactor,
)
from tallystick.kernel.fields import told
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import Malformed, Problem
from tallystick.runtime.routes import Reply, Route

OURS: Final = "_"
"""What names of our own fields begin with; all others are those of the form that waits."""
_AGAIN: Final = (
    ChallengeNotAccepted,
    CodeNotAccepted,
    FactorsLocked,
    Malformed,
    PasskeyNotAccepted,
)


class Next(Message, frozen=True):
    """Where to go on to afterwards."""

    next: Annotated[str, told("A page of ours.")] = "/"


def routes(site: Site) -> list[Route]:
    """The routes of step-up; the site asks for a proof, and says who must agree, by them."""
    site.stepping_up, site.waiting = _interrupt, _wait

    async def show(visit: Visit) -> Reply:
        return await _ask(visit, there=own_path(visit.asked.query.next))

    async def prove(visit: Visit) -> Reply:
        form = visit.form
        there, with_files = own_path(form.text("_there")), bool(form.text("_files"))
        by_code = "_code" in form.fields
        try:
            message = (
                ProveFactor(code=form.text("_code"))
                if by_code
                else ProveFactor(
                    challenge=form.text("_challenge"), credential=credential_of(form, "_credential")
                )
            )
            await site.doors.factors.prove(caller=visit.caller, message=message)
        except _AGAIN as problem:
            wrong = {"code_wrong" if by_code else "passkey_wrong": problem.detail}
            return await _ask(
                visit, there=there, kept=_kept(visit), with_files=with_files, status=422, **wrong
            )
        if with_files:
            return visit.page("stepping_up.html", done=True, there=there)
        if _kept(visit):
            # The browser sends the very form again (RFC 9110, section 15.4.8): our own fields are none of its page's.
            return Reply(status=307, media=HTML, value=b"", headers={"location": there})
        return visit.to(there)

    return [site.get(STEP_UP, show, query=Next), site.post(STEP_UP, prove)]


async def _interrupt(visit: Visit, problem: StepUpNeeded) -> Reply:
    """Ask for a proof, and keep the form that needs it."""
    if visit.is_fragment:
        raise problem
    with_files = bool(visit.form.files)
    there = _page_of(visit) if with_files else here(visit.shown)
    return await _ask(
        visit, there=there, kept=_kept(visit), with_files=with_files, status=403,
        sentence=to_you(problem.detail, visit.caller, visit.reader),
    )  # fmt: skip


async def _ask(
    visit: Visit, *, there: str, kept: list[tuple[str, str]] | None = None,
    with_files: bool = False, status: int = 200, **more: Any,
) -> Reply:  # fmt: skip
    asked = await visit.site.doors.factors.challenge(
        caller=visit.caller, message=ChallengeFactors()
    )
    told = {"sentence": "", "code_wrong": "", "passkey_wrong": "", "done": False} | more
    return visit.page(
        "stepping_up.html",
        status=status,
        there=there,
        kept=[] if with_files else (kept or []),
        with_files=with_files,
        kinds=asked.kinds,
        challenge=asked.challenge,
        options=options_text(asked.options),
        **told,
    )


async def _wait(visit: Visit, problem: ApprovalNeeded) -> Reply:
    """Say who must agree, and keep the form to be sent again."""
    if visit.is_fragment:
        raise problem
    number = problem.fields.get("approval", "")
    found: Approval | None = None
    # It waits under its number, whether it can be shown now or not.
    with suppress(Problem):
        found = await visit.site.doors.approvals.approval(
            caller=visit.caller, message=ShowApproval(approval=number, mine=True)
        )
    return visit.page(
        "waiting.html",
        status=202,
        approval=found,
        number=number,
        sentence=to_you(problem.detail, visit.caller, visit.reader),
        there=here(visit.shown),
        kept=_kept(visit),
        with_files=bool(visit.form.files),
    )


def _kept(visit: Visit) -> list[tuple[str, str]]:
    """The fields of the form that waits, without our own."""
    return [(name, value) for name, value in visit.form.pairs() if not name.startswith(OURS)]


def _page_of(visit: Visit) -> str:
    """The page that a form was sent from, as the browser says; the form's own address where it does not."""
    referrer = visit.shown.headers.get(b"referer", b"").decode("latin-1")
    origin = visit.site.origin
    return own_path(referrer[len(origin) :]) if referrer.startswith(f"{origin}/") else "/"

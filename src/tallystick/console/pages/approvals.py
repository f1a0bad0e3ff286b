"""Approvals: what others ask to do, shown whole, agreed to by a passkey that signs exactly that."""

import base64
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from msgspec import structs

from tallystick.console import amounts
from tallystick.console.amounts import Sum
from tallystick.console.pages.proving import credential_of, options_text
from tallystick.console.paying import PREFIX, grouped
from tallystick.console.site import Site, Visit
from tallystick.console.texts import catalogue
from tallystick.identity.api.access import NotAllowed
from tallystick.identity.api.approvals import (
    Approval,
    ApprovalChallenge,
    ApprovalNotFound,
    ApprovalOf,
    Approve,
    ListApprovals,
    PasskeyNeeded,
    Reject,
    ShowApproval,
    Verified,
    Which,
)
from tallystick.identity.api.factors import ChallengeNotAccepted, PasskeyNotAccepted
from tallystick.kernel import ids
from tallystick.kernel.fields import PAGE_MAX, told
from tallystick.kernel.instants import DAY, Instant
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import Kind, Malformed, Problem
from tallystick.runtime.routes import Reply, Route

PATH: Final = "/approvals"
PAGE: Final = 50
LATELY: Final[Instant] = 30 * DAY
LOOKED_MAX: Final = 30
"""So often a page that waits looks again by itself: after 1, 2, 4 … seconds, at most 60. Each look is on record."""
REASON_MAX: Final = 500
_ACTION: Final = "approvals.action_"


class Asked(Message, frozen=True):
    """Which approvals are looked for."""

    which: Annotated[Which, told("``waiting`` for the reader, ``mine`` or ``all``.")] = (
        Which.WAITING
    )
    whole: Annotated[str, told("Not only those of the last 30 days.")] = ""
    after: Annotated[str, told("The cursor.")] = ""


class Lines(Message, frozen=True):
    """Which lines of a long approval are wanted."""

    first: Annotated[int, told("How many stand before them.")] = 0


class Looked(Message, frozen=True):
    """How often a page looked again."""

    looked: Annotated[int, told("How often so far.")] = 0


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An approval in words: who asks, for what, of how much, to whom."""

    approval: Approval
    who: str
    what: str
    sums: tuple[Sum, ...]
    whom: str


@dataclass(frozen=True, kw_only=True)
class Offer:
    """How the reader may agree: by a passkey over a challenge, by their session, or not at all and why."""

    challenge: ApprovalChallenge | None = None
    by_session: bool = False
    why_not: str = ""

    @property
    def options(self) -> str:
        """What the passkey is asked, as the form carries it."""
        return options_text(self.challenge.options if self.challenge else None)

    @property
    def digest(self) -> str:
        """What is signed, in hexadecimal."""
        if self.challenge is None:
            return ""
        text = str(self.challenge.options["challenge"])
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).hex()


def routes(site: Site) -> list[Route]:
    """The routes of approvals."""
    door = site.doors.approvals

    async def all_of_them(visit: Visit) -> Reply:
        return await _list(visit)

    async def one(visit: Visit) -> Reply:
        return await _one(visit)

    async def verify(visit: Visit) -> Reply:
        message = ApprovalOf(approval=visit.asked.path["approval"])
        return await _one(visit, await door.verify_vote(caller=visit.caller, message=message))

    async def agree(visit: Visit) -> Reply:
        name, is_signed = visit.asked.path["approval"], bool(visit.form.text("challenge"))
        try:
            message = Approve(
                approval=name,
                challenge=visit.form.text("challenge") if is_signed else None,
                credential=credential_of(visit.form, "credential") if is_signed else None,
            )
            await door.approve(caller=visit.caller, message=message)
        except (ChallengeNotAccepted, PasskeyNotAccepted, PasskeyNeeded, Malformed) as problem:
            return await _one(visit, status=422, wrong=problem.detail)
        return visit.to(f"{PATH}/{name}")

    async def reject(visit: Visit) -> Reply:
        name, reason = visit.asked.path["approval"], visit.form.text("reason", most=4_000)
        try:
            message = Reject(approval=name, reason=reason or None)
            await door.reject(caller=visit.caller, message=message)
        except Malformed as problem:
            wrong = problem.fields.get("reason", problem.detail)
            return await _one(visit, status=422, reason=reason, reason_wrong=wrong)
        return visit.to(f"{PATH}/{name}")

    async def withdraw(visit: Visit) -> Reply:
        name = visit.asked.path["approval"]
        await door.withdraw(caller=visit.caller, message=ApprovalOf(approval=name))
        return visit.to(f"{PATH}/{name}")

    async def state(visit: Visit) -> Reply:
        approval, looked = await _found(visit), visit.asked.query.looked
        poll = looked + 1 if 0 <= looked < LOOKED_MAX and approval.status == "waiting" else 0
        return visit.page("approval_state.html", approval=approval, poll=poll)

    there = f"{PATH}/{{approval}}"
    return [
        site.get(PATH, all_of_them, query=Asked),
        site.get(there, one, query=Lines),
        site.get(f"{there}/verification", verify, query=Lines),
        site.get(f"{there}/state", state, query=Looked),
        site.post(f"{there}/agree", agree),
        site.post(f"{there}/reject", reject),
        site.post(f"{there}/withdraw", withdraw),
    ]


async def _list(visit: Visit) -> Reply:
    query: Asked = visit.asked.query
    after = query.after
    if not after and not query.whole and query.which is not Which.WAITING:
        since_ms = max(0, visit.site.ground.clock.now() - LATELY) // 1_000
        # Ids sort by time, so a list that begins after this one has what was asked for since then.
        after = ids.make("apr", now_ms=since_ms, entropy=bytes(ids.ENTROPY_BYTES))
    message = ListApprovals(which=query.which, after=after or None, limit=PAGE)
    try:
        page = await visit.site.doors.approvals.approvals(caller=visit.caller, message=message)
    except NotAllowed:
        if query != Asked():
            raise
        # Whoever agrees to nothing still sees what they asked for.
        return visit.to(f"{PATH}?which={Which.MINE}")
    kept = {name: str(value) for name, value in structs.asdict(query).items() if value}
    return visit.page(
        "approvals.html",
        asked=query,
        items=[_shown(visit, one) for one in page.items],
        tabs=tuple(Which),
        older=f"?{urlencode(kept | {'after': page.after})}" if page.after else "",
        newest=f"?which={query.which}" if query.after else "",
    )


async def _one(
    visit: Visit,
    verified: Verified | None = None,
    *,
    status: int = 200,
    **told_wrong: Any,
) -> Reply:
    approval = await _found(visit)
    is_mine = approval.maker == visit.caller.actor
    offer = Offer()
    if approval.status == "waiting" and not is_mine:
        offer = await _offer(visit, approval)
    asked = approval.asked
    lines = amounts.lines(asked)
    first = min(max(0, visit.asked.query.first if visit.asked.query else 0), len(lines))
    wrong = {"wrong": "", "reason": "", "reason_wrong": ""} | told_wrong
    return visit.page(
        "approval.html",
        status=status,
        one=_shown(visit, approval),
        is_mine=is_mine,
        offer=offer,
        verified=verified,
        lines=lines[first : first + PAGE_MAX],
        total=len(lines),
        first=first,
        largest=amounts.largest(lines),
        payers=tuple(dict.fromkeys(line.payer for line in lines)),
        older=f"?first={first + PAGE_MAX}" if first + PAGE_MAX < len(lines) else "",
        newest="?first=0" if first else "",
        file=amounts.initiation(asked),
        everything=asked.items(),
        names={said.person: said.name for said in approval.said},
        resend=_resend(visit, approval) if is_mine and approval.status == "agreed" else None,
        grouped=grouped,
        development=visit.site.ground.development,
        **wrong,
    )


async def _found(visit: Visit) -> Approval:
    """The approval that the address names; one's own is shown to whoever may see no others, and asked for first."""
    door, name = visit.site.doors.approvals, visit.asked.path["approval"]
    try:
        message = ShowApproval(approval=name, mine=True)
        return await door.approval(caller=visit.caller, message=message)
    except (ApprovalNotFound, NotAllowed):
        return await door.approval(caller=visit.caller, message=ShowApproval(approval=name))


async def _offer(visit: Visit, approval: Approval) -> Offer:
    message = ApprovalOf(approval=approval.approval)
    try:
        made = await visit.site.doors.approvals.challenge(caller=visit.caller, message=message)
    except PasskeyNeeded as problem:
        if approval.wants_passkey:
            return Offer(why_not=problem.detail)
        return Offer(by_session=True)
    except Problem as problem:
        if problem.kind == Kind.UNAVAILABLE:
            raise
        return Offer(why_not=problem.detail)
    return Offer(challenge=made, by_session=not approval.wants_passkey)


def _shown(visit: Visit, approval: Approval) -> Shown:
    asked, text = approval.asked, visit.reader.text
    key = f"{_ACTION}{approval.action.replace('.', '_').replace(' ', '_')}"
    known = key in catalogue(visit.reader.language)
    about = str(asked.get("payee") or asked.get("on") or "")
    return Shown(
        approval=approval,
        who=approval.names.get(approval.maker, approval.maker),
        what=text(key) if known else approval.action,
        sums=amounts.asked(asked),
        whom=approval.names.get(about, about),
    )


def _resend(visit: Visit, approval: Approval) -> tuple[str, dict[str, str]] | None:
    """Where, and with which fields, a payment that was made of a form here is sent again; None for anything else."""
    file, sums = amounts.initiation(approval.asked), amounts.asked(approval.asked)
    if file is None or len(sums) != 1 or not file.message_id.startswith(f"{PREFIX}_"):
        return None
    if len(file.blocks) != 1 or len(file.blocks[0].transactions) != 1:
        return None
    (one,) = file.blocks[0].transactions
    fields = {
        "debtor": file.blocks[0].debtor_iban or "",
        "payee": one.creditor_name or "",
        "iban": one.creditor_iban or "",
        "amount": one.amount,
        "minor": str(sums[0].minor),
        "reference": " ".join(one.remittance_unstructured),
    }
    return f"/pay/{file.message_id}/send", fields

"""Clouds: how every estate stands, what is planned for it, what that means, and agreeing to exactly that."""

import asyncio
from typing import Annotated, Final

from msgspec import structs

from tallystick.console.asking import Part, part
from tallystick.console.paging import turning
from tallystick.console.site import Site, Visit
from tallystick.governance.api import (
    ApprovePlan,
    AuthorMayNotApprove,
    BreakerMayNotReview,
    GlassIsReviewed,
    ListEstates,
    ListGlasses,
    ListObligations,
    ListPlans,
    ObligationStatus,
    Opinion,
    Outcome,
    Plan,
    PlanDocument,
    PlanHashDiffers,
    PlanNotOpen,
    PlanOf,
    ReviewGlass,
    VerdictPage,
    VerdictsOf,
)
from tallystick.identity.api.access import Ask
from tallystick.kernel.actions import NO_FACTS, Action
from tallystick.kernel.fields import told
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import Malformed
from tallystick.runtime.routes import Reply, Route

PATH: Final = "/clouds"
PLANS: Final = 20
OWED: Final = 20
GLASSES: Final = 20
VERDICTS: Final = 100
CHANGES_MAX: Final = 500
"""A plan that changes more is not agreed to here: nobody reads so many."""
SEVERITIES: Final = ("critical", "high", "medium", "low")
_SHOWN: Final = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.WAIVED)
_SAID_ON_THE_PAGE: Final = (AuthorMayNotApprove, PlanHashDiffers, PlanNotOpen)


class Asked(Message, frozen=True):
    """Where the list of plans begins."""

    after: Annotated[str, told("The cursor.")] = ""


def routes(site: Site) -> list[Route]:
    """The routes of clouds."""
    door = site.doors.governance

    async def overview(visit: Visit) -> Reply:
        return await _overview(visit)

    async def one(visit: Visit) -> Reply:
        return await _one(visit)

    async def agree(visit: Visit) -> Reply:
        name = visit.asked.path["plan"]
        message = ApprovePlan(plan=name, hash=visit.form.text("hash"))
        try:
            await door.approve(caller=visit.caller, message=message)
        except _SAID_ON_THE_PAGE as problem:
            return await _one(visit, status=409, wrong=problem.detail)
        return visit.to(f"{PATH}/plans/{name}")

    async def withdraw(visit: Visit) -> Reply:
        name = visit.asked.path["plan"]
        try:
            await door.withdraw(caller=visit.caller, message=PlanOf(plan=name))
        except PlanNotOpen as problem:
            return await _one(visit, status=409, wrong=problem.detail)
        return visit.to(f"{PATH}/plans/{name}")

    async def review(visit: Visit) -> Reply:
        name = visit.asked.path["glass"]
        try:
            message = ReviewGlass(
                break_glass=name,
                opinion=Opinion(visit.form.text("opinion")),
                reason=visit.form.text("reason", most=4_000),
            )
            await door.review_glass(caller=visit.caller, message=message)
        except (BreakerMayNotReview, GlassIsReviewed, Malformed) as problem:
            return await _overview(visit, status=409, wrong=problem.detail)
        return visit.to(PATH)

    return [
        site.get(PATH, overview, query=Asked),
        site.get(f"{PATH}/plans/{{plan}}", one),
        site.post(f"{PATH}/plans/{{plan}}/agree", agree),
        site.post(f"{PATH}/plans/{{plan}}/withdraw", withdraw),
        site.post(f"{PATH}/glasses/{{glass}}/review", review),
    ]


async def _overview(visit: Visit, *, status: int = 200, wrong: str = "") -> Reply:
    door, caller = visit.site.doors.governance, visit.caller
    after = visit.asked.query.after if status == 200 else ""
    estates, plans, overdue, owed, glasses = await asyncio.gather(
        door.estates(caller=caller, message=ListEstates()),
        door.plans(caller=caller, message=ListPlans(after=after or None, limit=PLANS)),
        door.obligations(
            caller=caller, message=ListObligations(status=ObligationStatus.OVERDUE, limit=OWED)
        ),
        door.obligations(
            caller=caller, message=ListObligations(status=ObligationStatus.OPEN, limit=OWED)
        ),
        door.glasses(caller=caller, message=ListGlasses(limit=GLASSES)),
    )
    return visit.page(
        "clouds.html",
        status=status,
        estates=estates.items,
        plans=plans.items,
        owed=(*overdue.items, *owed.items),
        owed_more=bool(overdue.after or owed.after),
        glasses=glasses.items,
        opinions=tuple(Opinion),
        wrong=wrong,
        **turning(PATH, {}, here=after, after=plans.after),
    )


async def _one(visit: Visit, *, status: int = 200, wrong: str = "") -> Reply:
    door, caller = visit.site.doors.governance, visit.caller
    name = visit.asked.path["plan"]
    plan: Plan = await door.plan(caller=caller, message=PlanOf(plan=name))
    document, verdicts = await asyncio.gather(
        part(door.document(caller=caller, message=PlanOf(plan=name))),
        asyncio.gather(*(_verdicts(visit, name, outcome) for outcome in _SHOWN)),
    )
    whole = document.answer is not None and len(document.answer.changes) <= CHANGES_MAX
    return visit.page(
        "cloud_plan.html",
        status=status,
        plan=plan,
        document=document,
        changes=_counted(document),
        shown_max=CHANGES_MAX,
        verdicts=list(zip(_SHOWN, verdicts, strict=True)),
        is_mine=plan.author == caller.actor,
        agreed=any(one.by == caller.actor for one in plan.approvals),
        is_whole=whole,
        may_agree=await _may_agree(visit),
        wrong=wrong,
        refusals=[_meaning(visit, code) for code in dict.fromkeys(plan.refusals)],
    )


async def _may_agree(visit: Visit) -> bool:
    """Whether agreeing is for the reader at all, once they have proven what it asks for."""
    ask = Ask(actions=(Action.GOVERNANCE_PLAN_APPROVE,), facts=NO_FACTS)
    decision = await visit.site.doors.access.decide(caller=visit.caller, message=ask)
    return decision.allowed or bool(decision.missing)


async def _verdicts(visit: Visit, name: str, outcome: Outcome) -> VerdictPage:
    message = VerdictsOf(plan=name, outcome=outcome, limit=VERDICTS)
    page = await visit.site.doors.governance.verdicts(caller=visit.caller, message=message)
    worst_first = sorted(page.items, key=lambda one: SEVERITIES.index(one.severity))
    return structs.replace(page, items=tuple(worst_first))


def _counted(document: Part[PlanDocument]) -> dict[str, int]:
    """How many objects there are of each verb, in the order in which they are shown."""
    found: dict[str, int] = {}
    for one in document.answer.changes if document.answer else ():
        found[one.verb] = found.get(one.verb, 0) + 1
    return found


def _meaning(visit: Visit, code: str) -> tuple[str, str]:
    """A code of what keeps a plan from being applied, with what it means."""
    overseen = visit.site.ground.overseen
    entry = overseen.problems.get(code) if overseen is not None else None
    return code, str(entry["description"]) if entry else code.replace("_", " ")

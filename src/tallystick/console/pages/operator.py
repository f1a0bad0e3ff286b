"""The operator's page: how every part does, what waits, how fast and how often, and what every problem code means."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

from tallystick.audit.api import LogState
from tallystick.console.asking import part
from tallystick.console.site import Site, Visit
from tallystick.console.texts import catalogue
from tallystick.identity.api.access import Ask, NotAllowed
from tallystick.kernel.actions import NO_FACTS, Action
from tallystick.kernel.fields import told
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import Problem
from tallystick.runtime.routes import Reply, Route

REFRESH_S: Final = 5
# A page that nobody looks at any more stops asking after a quarter of an hour.
REFRESHED_MAX: Final = 180
REFUSALS_SHOWN: Final = 20
SOUGHT_MAX: Final = 100
CONTEXTS: Final = tuple("identity ledger wallets payments audit governance verdict common".split())
# What htmx takes as the end of asking again and again.
STOP_POLLING: Final = 286


class Turn(Message, frozen=True):
    """How often the page has asked again."""

    turn: Annotated[int, told("0 or more.")] = 0


class Sought(Message, frozen=True):
    """What is looked for among problems."""

    q: Annotated[str, told("Words of a code or of what it means.")] = ""


def routes(site: Site) -> list[Route]:
    """The routes of operators."""

    async def show(visit: Visit) -> Reply:
        return await _shown(visit)

    async def problems(visit: Visit) -> Reply:
        overseen, sought = site.ground.overseen, visit.asked.query.q.strip()[:SOUGHT_MAX]
        every = overseen.problems if overseen is not None else {}
        found = {code: one for code, one in every.items() if _is_sought(sought, code, one)}
        return visit.page(
            "operator_problems.html",
            sought=sought,
            groups=_by_context(found),
            found=len(found),
            count=len(every),
        )

    return [
        site.get("/operator", show, query=Turn),
        site.get("/operator/problems", problems, query=Sought),
    ]


async def _shown(visit: Visit) -> Reply:
    await _demand(visit)
    overseen, turn = visit.site.ground.overseen, visit.asked.query.turn
    log = await part(visit.site.doors.audit.log(caller=visit.caller, message=LogState()))
    values: dict[str, Any] = {
        "log": log, "health": [], "groups": [], "refusals": [], "gauges": {}, "seconds": 1,
        "is_shown": overseen is not None and overseen.shows(visit.caller.tenant_id),
        "known_texts": catalogue("en"), "next_turn": turn + 1, "every_s": REFRESH_S,
    }  # fmt: skip
    if overseen is not None and values["is_shown"]:
        measures = overseen.measures
        values["health"] = await overseen.health()
        values["groups"], values["seconds"] = measures.groups(), measures.seconds
        values["refusals"] = measures.refusals()[:REFUSALS_SHOWN]
        values["gauges"] = measures.gauges()
    if visit.is_fragment:
        is_over = turn >= REFRESHED_MAX
        status = STOP_POLLING if is_over else 200
        return visit.page("operator_figures.html", status=status, is_over=is_over, **values)
    return visit.page("operator.html", is_over=False, **values)


async def _demand(visit: Visit) -> None:
    """Raise NotAllowed unless the caller may see how the platform runs: no door stands before what is in memory."""
    ask = Ask(actions=(Action.AUDIT_PLATFORM_READ,), facts=NO_FACTS)
    decision = await visit.site.doors.access.decide(caller=visit.caller, message=ask)
    if not decision.allowed:
        raise NotAllowed(decision.sentence, {"decision": decision.decision})


def _by_context(found: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Problems by the context that raises them, in the order of ``CONTEXTS``; those of verdicts have no class."""
    context = {one.code: one.__module__.split(".")[1] for one in _every(Problem)}
    groups: dict[str, dict[str, Any]] = {name: {} for name in CONTEXTS}
    for code, one in found.items():
        name = context.get(code, "verdict")
        groups[name if name in groups else "common"][code] = one
    return {name: group for name, group in groups.items() if group}


def _every(kind: type[Problem]) -> Iterator[type[Problem]]:
    for one in kind.__subclasses__():
        yield one
        yield from _every(one)


def _is_sought(sought: str, code: str, entry: Any) -> bool:
    text = f"{code} {entry['title']} {entry['description']}".lower()
    return all(word in text for word in sought.lower().replace("_", " ").split()) or sought in code

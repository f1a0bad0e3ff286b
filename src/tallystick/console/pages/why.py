"""Why somebody may do something, or may not: asked of the decision itself, and shown decided again."""

from typing import Annotated, Any, Final

from msgspec import json

from tallystick.console.asking import part
from tallystick.console.locales import places_of
from tallystick.console.pages.naming import named, names_of, wrongs
from tallystick.console.site import Site, Visit
from tallystick.console.texts import catalogue
from tallystick.identity.api.access import DecisionOf, Explain, HolderNotFound
from tallystick.identity.api.people import ListPeople
from tallystick.kernel.actions import Action
from tallystick.kernel.fields import PAGE_MAX, told
from tallystick.kernel.messages import Message
from tallystick.kernel.money import Digits, to_digits
from tallystick.kernel.problems import Malformed, Problem, malformed
from tallystick.runtime.routes import Reply, Route

_FIELDS: Final = ("who", "act", "account", "credit", "amount", "asset", "on")
# What is not told of a decision is nothing: it is kept without what has its default.
_NOTHING: Final[dict[str, Any]] = dict.fromkeys(
    ("roles", "delegations", "accounts", "credits", "sums"), ()
)
# What nobody does who can be asked about.
UNASKED: Final = frozenset(
    {
        Action.LEDGER_HOLD_EXPIRE, Action.WALLETS_WALLET_FINISH, Action.PAYMENTS_FILE_FINISH,
        Action.IDENTITY_PASSED_FORGET, Action.IDENTITY_TENANT_CREATE,
    }
)  # fmt: skip


class Asking(Message, frozen=True):
    """Whom the form is to be about."""

    who: Annotated[str, told("A person, key or client.")] = ""
    act: Annotated[str, told("An action.")] = ""


def routes(site: Site) -> list[Route]:
    """The routes of questions and decisions."""
    access = site.doors.access

    async def show(visit: Visit) -> Reply:
        query: Asking = visit.asked.query
        filled = dict.fromkeys(_FIELDS, "") | {"who": query.who, "act": query.act}
        return await _shown(visit, filled)

    async def ask(visit: Visit) -> Reply:
        filled = {name: visit.form.text(name) for name in _FIELDS}
        try:
            message = Explain(
                holder=filled["who"],
                action=filled["act"],
                account=filled["account"] or None,
                credit=filled["credit"] or None,
                amount=_amount(visit, filled),
                asset=filled["asset"].upper() or None,
                on=filled["on"] or None,
            )
            found = await access.explain(caller=visit.caller, message=message)
        except (Malformed, HolderNotFound) as problem:
            return await _shown(visit, filled, problem)
        return visit.to(f"/decisions/{found.decision}")

    async def decision(visit: Visit) -> Reply:
        message = DecisionOf(decision=visit.asked.path["decision"])
        found = await access.decision(caller=visit.caller, message=message)
        names = await names_of(visit, [found.actor])
        return visit.page(
            "decision.html",
            decision=found,
            sentence=named(found.sentence, names),
            who=names.get(found.actor, ""),
            acts=", ".join(map(act_words, found.action.split())),
            standing=_NOTHING | found.asked["asked"].get("standing", {}),
            facts=_NOTHING | found.asked["asked"].get("facts", {}),
            raw=json.format(json.encode(found.asked), indent=2).decode(),
            places=places_of,
        )

    return [
        site.get("/why", show, query=Asking),
        site.post("/why", ask),
        site.get("/decisions/{decision}", decision),
    ]


def act_words(action: str) -> str:
    """An action in plain words; one that there are none for yet is told as it is."""
    return catalogue("en").get(f"acts.{action.replace('.', '_')}", action)


async def _shown(visit: Visit, filled: dict[str, str], problem: Problem | None = None) -> Reply:
    message = ListPeople(limit=PAGE_MAX)
    people = await part(visit.site.doors.people.people(caller=visit.caller, message=message))
    items = people.answer.items if people.answer else ()
    choices = [(one.person, one.name) for one in items]
    if filled["who"] and filled["who"] not in dict(choices):
        names = await names_of(visit, [filled["who"]])
        choices.append((filled["who"], names.get(filled["who"], filled["who"])))
    groups: dict[str, list[tuple[str, str]]] = {}
    for action in sorted(set(Action) - UNASKED):
        group = groups.setdefault(action.partition(".")[0], [])
        group.append((action, act_words(action)))
    return visit.page(
        "why.html",
        status=422 if problem else 200,
        filled=filled,
        wrong=wrongs(problem, "who"),
        people=choices,
        is_all=not (people.answer and people.answer.after),
        groups=groups,
    )


def _amount(visit: Visit, filled: dict[str, str]) -> Digits | None:
    if not filled["amount"]:
        return None
    try:
        exponent = places_of(filled["asset"].upper())
        return to_digits(visit.reader.minor(filled["amount"], exponent))
    except ValueError as error:
        raise malformed("amount", str(error)) from None

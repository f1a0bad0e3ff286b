"""Delegations: a form whose sentence is seen before it is given, and that takes the one it stands for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import msgspec

from tallystick.console.forms import Form
from tallystick.console.locales import places_of
from tallystick.console.pages.naming import Texts, wrongs
from tallystick.console.reader import Reader
from tallystick.console.site import Site, Visit
from tallystick.identity.api.access import HolderNotFound
from tallystick.identity.api.people import PersonOf, Preview, PreviewDelegation
from tallystick.identity.api.rights import (
    Delegation,
    DelegationNotFound,
    GiveDelegation,
    ListDelegations,
    TakeDelegation,
)
from tallystick.kernel import instants
from tallystick.kernel.fields import PAGE_MAX, told
from tallystick.kernel.messages import Message
from tallystick.kernel.money import Digits, to_digits
from tallystick.kernel.problems import Malformed, malformed
from tallystick.runtime.routes import Reply, Route

WORDS: Final[Mapping[str, frozenset[str]]] = {
    "pay": frozenset({"payments.file.submit", "payments.payment.make"}),
    "transfer": frozenset({"ledger.transaction.post", "ledger.transaction.hold"}),
    "see": frozenset(
        {
            "ledger.ledger.read", "ledger.account.read", "ledger.transaction.read", "wallets.wallet.read",
            "wallets.statement.read", "wallets.statement.export", "payments.payment.read", "payments.file.read",
            "payments.report.export",
        }
    ),
}  # fmt: skip
"""What the words of a delegation mean."""
_DELEGABLE: Final = frozenset().union(*WORDS.values()) | {
    "ledger.transaction.capture", "ledger.transaction.void", "ledger.transaction.reverse",
}  # fmt: skip
_AMOUNTS: Final = ("cap_each", "cap_slot", "step_up_above", "approve_above")
_TEXTS: Final = ("asset", "slot", "opens", "closes", "time_zone")
# Fields of a delegation that are not of what it says.
_GIVING: Final = frozenset({"delegation", "given_by", "sentence", "ended_at", "from_at"})


class Change(Message, frozen=True):
    """Which delegation the form is to stand for."""

    change: Annotated[str, told("A delegation, ``dlg_…``; empty for a new one.")] = ""


@dataclass
class Draft:
    """A form as it is filled in: what its fields show, and what is wrong with them."""

    change: str = ""
    actions: Sequence[str] = ("pay",)
    accounts: str = ""
    credits: str = "..."
    days: Sequence[str] = ()
    approvers: str = "0"
    begins: str = ""
    until: str = ""
    texts: Texts = field(default_factory=Texts)
    wrong: Texts = field(default_factory=wrongs)


def routes(site: Site) -> list[Route]:
    """The routes of delegations."""
    doors = site.doors
    path = "/people/{person}/delegations/new"

    async def show(visit: Visit) -> Reply:
        change = visit.asked.query.change
        draft = Draft(texts=Texts(time_zone=visit.reader.zone.key))
        if change:
            now = instants.render(site.ground.clock.now())
            draft = _draft_of(await _theirs(visit, change), visit.reader, now)
        return await _shown(visit, draft)

    async def preview(visit: Visit) -> Reply:
        draft = _draft(visit.form)
        seen = await _preview(visit, draft)
        if visit.is_fragment:
            return visit.page("delegation_preview.html", draft=draft, seen=seen)
        return await _shown(visit, draft, seen)

    async def give(visit: Visit) -> Reply:
        draft, person = _draft(visit.form), visit.asked.path["person"]
        if await _preview(visit, draft) is None:
            # Before anybody is asked to agree to what cannot be.
            return await _shown(visit, draft, status=422)
        try:
            message = _message(draft, person, visit.reader)
            held = await _held(visit)
            # Pressed again, nobody is asked to agree again to what is done.
            if not any(_says_the_same(one, message) for one in held):
                await doors.rights.give_delegation(caller=visit.caller, message=message)
        except Malformed as problem:
            draft.wrong = wrongs(problem)
            return await _shown(visit, draft, status=422)
        if any(one.delegation == draft.change and not _says_the_same(one, message) for one in held):
            # The new one holds first, so that they are never without either.
            taken = TakeDelegation(delegation=draft.change)
            await doors.rights.take_delegation(caller=visit.caller, message=taken)
        return visit.to(f"/people/{person}")

    return [
        site.get(path, show, query=Change),
        site.post(path, give),
        site.post("/people/{person}/delegations/preview", preview),
    ]


async def _held(visit: Visit) -> list[Delegation]:
    """What was delegated to the person and not taken."""
    message = ListDelegations(holder=visit.asked.path["person"], limit=PAGE_MAX)
    page = await visit.site.doors.rights.delegations(caller=visit.caller, message=message)
    return [one for one in page.items if one.ended_at is None]


async def _theirs(visit: Visit, delegation: str) -> Delegation:
    for one in await _held(visit):
        if one.delegation == delegation:
            return one
    raise DelegationNotFound("They have no such delegation now.")


async def _shown(
    visit: Visit, draft: Draft, seen: Preview | None = None, *, status: int = 200
) -> Reply:
    message = PersonOf(person=visit.asked.path["person"])
    person = await visit.site.doors.people.person(caller=visit.caller, message=message)
    if seen is None and draft.change and not draft.wrong:
        seen = await _preview(visit, draft)
    return visit.page(
        "delegation.html",
        status=status,
        person=person,
        draft=draft,
        seen=seen,
        words=WORDS,
        known=_DELEGABLE,
    )


async def _preview(visit: Visit, draft: Draft) -> Preview | None:
    """What the draft would say; where it cannot be said the draft tells what is wrong."""
    try:
        given = _message(draft, visit.asked.path["person"], visit.reader)
        asked = PreviewDelegation(**msgspec.structs.asdict(given), instead_of=draft.change or None)
        return await visit.site.doors.people.preview(caller=visit.caller, message=asked)
    except Malformed as problem:
        draft.wrong = wrongs(problem)
    except (DelegationNotFound, HolderNotFound) as problem:
        draft.wrong = wrongs(problem, "change")
    return None


def _says_the_same(one: Delegation, message: GiveDelegation) -> bool:
    """Whether a delegation says all that a message would give."""
    return _compared(one) == _compared(message)


def _compared(one: GiveDelegation) -> dict[str, Any]:
    """All that a delegation says, in one spelling."""
    said = {
        name: value for name, value in msgspec.structs.asdict(one).items() if name not in _GIVING
    }
    said["actions"] = {act for word in one.actions for act in WORDS.get(word, {word})}
    said["until_at"] = (one.until_at or "")[:16]
    for name in _AMOUNTS:
        said[name] = None if said[name] is None else str(said[name])
    return said


def _draft(form: Form) -> Draft:
    return Draft(
        change=form.text("change"),
        actions=form.many("actions"),
        accounts=form.text("accounts"),
        credits=form.text("credits"),
        days=form.many("days"),
        approvers=form.text("approvers") or "0",
        begins=form.text("begins"),
        until=form.text("until"),
        texts=Texts({name: form.text(name) for name in (*_AMOUNTS, *_TEXTS)}),
    )


def _draft_of(given: Delegation, reader: Reader, now: str) -> Draft:
    """The form filled in with what a delegation says."""
    acts, ticked = set(given.actions), list[str]()
    for word, meant in WORDS.items():
        if meant <= acts:
            ticked.append(word)
            acts -= meant
    exponent = places_of(given.asset or "")
    amounts = {
        name: "" if (value := getattr(given, name)) is None else reader.figures(value, exponent)
        for name in _AMOUNTS
    }
    texts = {name: getattr(given, name) or "" for name in _TEXTS}
    return Draft(
        change=given.delegation,
        actions=(*ticked, *sorted(acts)),
        accounts="\n".join(given.accounts),
        credits="\n".join(given.credits),
        days=tuple(map(str, given.days)),
        approvers=str(given.approvers),
        begins=(given.from_at or "")[:16] if (given.from_at or "") > now else "",
        until=(given.until_at or "")[:16],
        texts=Texts(texts | amounts),
    )


def _message(draft: Draft, person: str, reader: Reader) -> GiveDelegation:
    """What the form asks for. Raises Malformed."""
    if not draft.actions:
        raise malformed("actions", "say what they may do")
    texts, wanted = draft.texts, dict[str, Any]()
    if not (draft.approvers.isascii() and draft.approvers.isdecimal()):
        raise malformed("approvers", "0 to 5 others agree")
    for name in _AMOUNTS:
        wanted[name] = _amount(name, texts.get(name, ""), texts.get("asset", ""), reader)
    return GiveDelegation(
        holder=person,
        actions=tuple(draft.actions),
        accounts=_lines(draft.accounts),
        credits=_lines(draft.credits),
        asset=texts.get("asset", "").upper() or None,
        slot=texts.get("slot") or None,
        opens=texts.get("opens") or None,
        closes=texts.get("closes") or None,
        time_zone=texts.get("time_zone") or "UTC",
        days=tuple(int(day) for day in draft.days if day.isascii() and day.isdecimal()),
        from_at=_time(draft.begins),
        until_at=_time(draft.until),
        approvers=int(draft.approvers[:3]),
        **wanted,
    )


def _time(typed: str) -> str | None:
    """A time of a form, which has no zone and is in UTC."""
    return f"{typed[:16]}:00Z" if typed else None


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _amount(name: str, typed: str, asset: str, reader: Reader) -> Digits | None:
    if not typed:
        return None
    if name in ("step_up_above", "approve_above") and typed.strip("0.,") == "":
        return 0
    try:
        return to_digits(reader.minor(typed, places_of(asset.upper())))
    except ValueError as error:
        raise malformed(name, str(error)) from None

"""What a promise of a door is, the world it is tried in, and how one that is broken is told."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import msgspec

from tallystick.kernel.callers import Caller
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import Problem
from tallystick.kernel.refusals import NotReady, RequestTookTooLong, TemporarilyUnavailable
from tallystick.ledger.api import (
    Ledger,
    LedgerNotFound,
    OpenAccount,
    OpenLedger,
    Post,
    Posting,
    Side,
    Submit,
    Verdict,
)

BOOK = "main"
ASKING_MAX = 200
"""So many pages of a list are asked for at the most."""
_WORDS_MAX = 400
_WEATHER = frozenset({TemporarilyUnavailable.code, RequestTookTooLong.code, NotReady.code})


class Broken(AssertionError):
    """A promise was not kept; the text says what was expected and what was found."""


class World:
    """Where promises are tried: callers of two fresh tenants that nobody else uses, the books, a counter for names.

    ``caller`` and ``stranger`` are of different tenants. ``doors`` are those that a contract needs beside its own, by
    context; the ledger's is always there. What is tried stays in these tenants for good.
    """

    def __init__(self, *, caller: Caller, stranger: Caller, doors: dict[str, Any]) -> None:
        self.caller, self.stranger, self.doors = caller, stranger, doors
        self._counted = 0

    @property
    def ledger(self) -> Ledger:
        """The door of the books."""
        return self.doors["ledger"]

    def count(self) -> int:
        """The next number: no other promise has it."""
        self._counted += 1
        return self._counted

    def iban(self) -> str:
        """An IBAN that is valid, and that no other promise has."""
        bban = f"37040044{self.count():010d}"
        # ISO 13616: D is 13, E is 14, and two zeros stand for the check digits.
        return f"DE{98 - int(f'{bban}131400') % 97:02d}{bban}"

    async def pay(
        self,
        address: str,
        amount: int,
        *,
        asset: str = "EUR",
        metadata: dict[str, str] | None = None,
    ) -> Verdict:
        """Move minor units from the bank's own account to an address of the books, or back when negative."""
        bank = f"nostro:{asset.lower()}"
        account = OpenAccount(
            ledger=BOOK, address=bank, asset=asset, exponent=2, normal_side=Side.DEBIT
        )
        try:
            await self.ledger.open_account(caller=self.caller, message=account)
        except LedgerNotFound:
            await self.ledger.open_ledger(caller=self.caller, message=OpenLedger(name=BOOK))
            await self.ledger.open_account(caller=self.caller, message=account)
        debit, credit = (bank, address) if amount > 0 else (address, bank)
        posting = Posting(debit=debit, credit=credit, amount=abs(amount), asset=asset)
        post = Post(id=f"contract-{self.count()}", postings=(posting,), metadata=metadata)
        message = Submit(ledger=BOOK, items=(post,))
        return (await self.ledger.submit(caller=self.caller, message=message)).items[0]


Try = Callable[[Any, World], Awaitable[None]]
"""Tries a promise on a door, in a world. Raises Broken."""


class Promise(NamedTuple):
    """One promise: its name, what it says in a sentence, and how it is tried."""

    name: str
    says: str
    keep: Try


class Contract:
    """All promises of one door, in the order in which they are tried."""

    def __init__(self, door: type) -> None:
        self.door = door
        self.context = door.__module__.split(".")[1]
        self.promises: list[Promise] = []
        self.reach: Try | None = None

    def reaching(self, reach: Try) -> Try:
        """Set what is tried first, and may be tried again in the same world: whether anything answers."""
        self.reach = reach
        return reach

    def promise(self, keep: Try) -> Try:
        """Add a promise: its name is the function's, what it says the first line of its docstring."""
        name = getattr(keep, "__name__", "").replace("_", " ")
        says = (keep.__doc__ or "").strip().partition("\n")[0]
        if not says.endswith("."):
            raise ValueError(f"{name} says what it promises in one sentence")
        self.promises.append(Promise(name, says, keep))
        return keep


class Outcome(Message, frozen=True, kw_only=True):
    """What became of one promise: ``broken`` has what was found instead, None when it was kept.

    One that ``is_lost`` was not tried: a call was lost, or the time was over.
    """

    promise: str
    says: str
    broken: str | None = None
    is_lost: bool = False


def is_weather(problem: Problem) -> bool:
    """Whether a refusal says nothing of a door but that a call was lost on the way, or came too late."""
    return problem.code in _WEATHER


def same(found: Any, expected: Any, what: str) -> None:
    """Expect two values to be the same. Raises Broken."""
    if found != expected:
        raise Broken(f"{what}: expected {_short(expected)}, found {_short(found)}")


def that(holds: object, what: str) -> None:
    """Expect something to hold. Raises Broken."""
    if not holds:
        raise Broken(what)


@contextmanager
def refused(problem: type[Problem], what: str, **fields: str) -> Iterator[dict[str, str]]:
    """Expect a refusal with this code, and these fields among its own; gives all its fields. Raises Broken."""
    told: dict[str, str] = {}
    try:
        yield told
    except Problem as raised:
        if is_weather(raised):
            raise
        if raised.code != problem.code:
            raise Broken(
                f"{what}: expected {problem.code}, was refused with {raised.code} ({raised.detail})"
            ) from raised
        same(raised.kind, problem.kind, f"{what}: the kind of {problem.code}")
        for name, text in fields.items():
            same(raised.fields.get(name), text, f"{what}: fields.{name} of {problem.code}")
        that(raised.detail.strip(), f"{what}: {problem.code} says nothing to people")
        told.update(raised.fields)
    else:
        raise Broken(f"{what}: expected {problem.code}, but it was done")


async def pages(ask: Callable[[str | None], Awaitable[Any]], *, limit: int) -> list[Any]:
    """Walk a list to its end, page by page. Raises Broken for a page that is too long, or a list without an end."""
    items: list[Any] = []
    after: str | None = None
    for _ in range(ASKING_MAX):
        page = await ask(after)
        that(len(page.items) <= limit, f"a page of at most {limit} has {len(page.items)} items")
        items += page.items
        after = page.after
        if after is None:
            return items
    raise Broken(f"the list has no end after {ASKING_MAX} pages")


def _short(value: Any) -> str:
    text = repr(msgspec.to_builtins(value)) if isinstance(value, msgspec.Struct) else repr(value)
    return text if len(text) <= _WORDS_MAX else text[:_WORDS_MAX] + "…"

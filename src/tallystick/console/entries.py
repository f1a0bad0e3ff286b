"""Entries of an account as a person looks for them: by day at the door, by all else among those it answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import quote, urlencode

from msgspec import structs

from tallystick.console import periods
from tallystick.console.site import Site, Visit
from tallystick.kernel.fields import told
from tallystick.kernel.messages import Message
from tallystick.kernel.money import to_int
from tallystick.kernel.problems import malformed
from tallystick.ledger.api import Account, Entry, ListEntries

PAGE: Final = 50
PAGE_LOOKED: Final = 100
PAGES_LOOKED_MAX: Final = 10
"""A page that looks for something looks at 1,000 entries at most, and says so."""
WORDS_MAX: Final = 140
_SHOWN = told("As a person filled it in.")


def path_of(ledger: str, transaction: str) -> str:
    """The address of a transaction's page: its id may have any printable character."""
    return f"/transactions/{ledger}/{quote(transaction, safe='')}"


class Looked(Message, frozen=True):
    """What is asked of one account: days and clock of its chart, and which of its entries."""

    since: Annotated[str, _SHOWN] = ""
    until: Annotated[str, _SHOWN] = ""
    known: Annotated[str, _SHOWN] = ""
    first: Annotated[str, _SHOWN] = ""
    last: Annotated[str, _SHOWN] = ""
    way: Annotated[str, _SHOWN] = ""
    least: Annotated[str, _SHOWN] = ""
    most: Annotated[str, _SHOWN] = ""
    words: Annotated[str, _SHOWN] = ""
    after: Annotated[str, told("The cursor.")] = ""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An entry as it is shown: ``change`` is what it does to the balance, ``who`` and ``what`` are words of others."""

    entry: Entry
    path: str
    change: int
    who: str
    what: str

    @property
    def is_displaced(self) -> bool:
        """Whether it counts from another time than that of recording."""
        return self.entry.effective_at != self.entry.recorded_at


@dataclass(frozen=True, kw_only=True)
class Found:
    """A page of entries, how many were looked at where not every one is shown, and the addresses of other pages."""

    entries: tuple[Shown, ...]
    looked_at: int | None
    after: str | None
    newest: str
    older: str


@dataclass(frozen=True)
class _Wanted:
    way: str
    least: int | None
    most: int | None
    words: str

    @property
    def is_all(self) -> bool:
        return not (self.way or self.words) and self.least is None and self.most is None

    def has(self, shown: Shown) -> bool:
        size = abs(shown.change)
        return (
            self.way in ("", "in" if shown.change > 0 else "out")
            and (self.least is None or size >= self.least)
            and (self.most is None or size <= self.most)
            and (not self.words or self.words in _searched(shown))
        )


async def read(site: Site, visit: Visit, account: Account) -> Found:
    """Look for entries, newest first. Raises Malformed."""
    query: Looked = visit.asked.query
    zone = visit.reader.zone
    first = periods.day_of(query.first, "first")
    last = periods.day_of(query.last, "last")
    wanted = _wanted(visit, account)
    items: list[Shown] = []
    looked_at, after = 0, query.after or None
    for _ in range(PAGES_LOOKED_MAX):
        page = await site.doors.ledger.entries(
            caller=visit.caller,
            message=ListEntries(
                ledger=account.ledger,
                address=account.address,
                since=None if first is None else periods.rendered(periods.begins(first, zone)),
                until=None if last is None else periods.rendered(periods.ends(last, zone) + 1),
                after=after,
                limit=PAGE if wanted.is_all else PAGE_LOOKED,
            ),
        )
        shown = _shown(page.items, account)
        items += [one for one in shown if wanted.has(one)]
        looked_at, after = looked_at + len(page.items), page.after
        if after is None or len(items) >= PAGE:
            break
    kept = {name: value for name, value in structs.asdict(query).items() if value}
    newest = urlencode({**kept, "after": ""})
    return Found(
        entries=tuple(items),
        looked_at=None if wanted.is_all else looked_at,
        after=after,
        newest=f"?{newest}#entries" if query.after else "",
        older=f"?{urlencode({**kept, 'after': after})}#entries" if after else "",
    )


def _wanted(visit: Visit, account: Account) -> _Wanted:
    query: Looked = visit.asked.query
    if query.way not in ("", "in", "out"):
        raise malformed("way", "it is in or out")
    if len(query.words) > WORDS_MAX:
        raise malformed("words", f"it has at most {WORDS_MAX} characters")

    def amount(text: str, place: str) -> int | None:
        if not text:
            return None
        try:
            return visit.reader.minor(text, account.exponent)
        except ValueError:
            raise malformed(place, visit.reader.text("accounts.no_amount")) from None

    return _Wanted(
        query.way,
        amount(query.least, "least"),
        amount(query.most, "most"),
        query.words.strip().casefold(),
    )


def _shown(items: Sequence[Entry], account: Account) -> list[Shown]:
    shown: list[Shown] = []
    for entry in items:
        amount = to_int(entry.amount)
        noted = entry.metadata or {}
        change = amount if entry.side == account.normal_side else -amount
        # On what comes in the other side is who paid, on what goes out who was paid.
        name = noted.get("debtor_name" if change > 0 else "creditor_name", "")
        what = noted.get("remittance") or entry.reference or ""
        shown.append(
            Shown(
                entry=entry,
                path=path_of(account.ledger, entry.transaction),
                change=change,
                who=name or entry.counterparty,
                what=what,
            )
        )
    return shown


def _searched(shown: Shown) -> str:
    entry = shown.entry
    texts = (
        entry.transaction,
        entry.counterparty,
        entry.reference or "",
        *(entry.metadata or {}).values(),
    )
    return "\n".join(texts).casefold()

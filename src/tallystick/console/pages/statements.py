"""Statements of an account: a period that is chosen, shown as a page and handed out as a file."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Final
from urllib.parse import urlencode

from tallystick.console import periods
from tallystick.console.entries import path_of
from tallystick.console.site import Site, Visit
from tallystick.kernel import instants
from tallystick.kernel.fields import told
from tallystick.kernel.messages import Message
from tallystick.kernel.money import to_int
from tallystick.kernel.problems import Malformed, malformed
from tallystick.runtime.routes import Reply, Route
from tallystick.wallets.api import (
    LEDGER,
    Direction,
    FileFormat,
    Statement,
    StatementLine,
    StatementOf,
    StatementTooLong,
)

PATH: Final = "/wallets/{wallet}/accounts/{account}/statement"
LINES_SHOWN_MAX: Final = 200
"""A page shows so many lines of a statement at a time; its files have all of them."""
_MEDIA: Final = {
    FileFormat.CAMT053: ("application/xml; charset=utf-8", "xml"),
    FileFormat.PDF: ("application/pdf", "pdf"),
    FileFormat.CSV: ("text/csv; charset=utf-8; header=present", "csv"),
}
_SHOWN = told("As a person filled it in.")


class Period(Message, frozen=True):
    """The days of a statement, and which of its lines are shown first."""

    first: Annotated[str, _SHOWN] = ""
    last: Annotated[str, _SHOWN] = ""
    line: Annotated[int, told("The number of the first line shown, from 0.")] = 0


class Wanted(Message, frozen=True):
    """The days of a statement, and what it is written as."""

    first: Annotated[str, _SHOWN]
    last: Annotated[str, _SHOWN]
    format: Annotated[FileFormat, told("As what.")]


def routes(site: Site) -> list[Route]:
    """The routes of statements."""
    wallets = site.doors.wallets

    async def show(visit: Visit) -> Reply:
        query: Period = visit.asked.query
        wrong: dict[str, str] = {}
        statement = None
        first, last = _last_month(instants.day_of(site.ground.clock.now()))
        try:
            first = periods.day_of(query.first, "first") or first
            last = periods.day_of(query.last, "last") or (first if query.first else last)
            statement = await wallets.statement(
                caller=visit.caller, message=_asked(visit, first, last)
            )
        except Malformed as problem:
            wrong.update(_named(problem))
        except StatementTooLong as problem:
            wrong["last"] = problem.detail
        days = {"first": first.isoformat(), "last": last.isoformat()}
        return visit.page(
            "statement.html",
            status=422 if wrong else 200,
            path=visit.shown.scope["path"],
            wallet=visit.asked.path["wallet"],
            account=visit.asked.path["account"],
            first=query.first or days["first"],
            last=query.last or days["last"],
            quick=_quick(instants.day_of(site.ground.clock.now())),
            wrong=wrong,
            first_day=first,
            last_day=last,
            statement=statement,
            lines=None if statement is None else _lines(statement, max(query.line, 0), days),
            files=[(form, urlencode({**days, "format": form.value})) for form in _MEDIA],
        )

    async def file(visit: Visit) -> Reply:
        query: Wanted = visit.asked.query
        first, last = periods.day_of(query.first, "first"), periods.day_of(query.last, "last")
        if first is None or last is None:
            raise malformed("first", "a statement has a first and a last day")
        written = await wallets.statement_file(
            caller=visit.caller, message=_asked(visit, first, last, query.format)
        )
        media, ending = _MEDIA[query.format]
        named = f"statement-{visit.asked.path['wallet']}-{first}-{last}.{ending}"
        return Reply(
            value=written.content,
            media=media,
            headers={"content-disposition": f'attachment; filename="{named}"'},
        )

    media = tuple(media.partition(";")[0] for media, _ in _MEDIA.values())
    return [
        site.get(PATH, show, query=Period),
        site.download(f"{PATH}/file", file, media=media, query=Wanted),
    ]


def _asked(
    visit: Visit, first: date, last: date, form: FileFormat = FileFormat.CAMT053
) -> StatementOf:
    return StatementOf(
        wallet=visit.asked.path["wallet"],
        account=visit.asked.path["account"],
        first_day=first,
        last_day=last,
        format=form,
    )


def _named(problem: Malformed) -> dict[str, str]:
    names = {"first_day": "first", "last_day": "last"}
    return {names.get(place, place): words for place, words in problem.fields.items()}


def _last_month(today: date) -> tuple[date, date]:
    last = today.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def _quick(today: date) -> list[tuple[str, str]]:
    """Periods that are one press away: the text that names each, and its query."""
    since, until = _last_month(today)
    year = today.year
    found = (
        ("this_month", today.replace(day=1), today),
        ("last_month", since, until),
        ("this_year", date(year, 1, 1), today),
        ("last_year", date(year - 1, 1, 1), date(year - 1, 12, 31)),
    )
    return [(name, urlencode({"first": first, "last": last})) for name, first, last in found]


@dataclass(frozen=True, kw_only=True)
class Lines:
    """The lines of a page: each with what it changes, the balance after it and the page of its transaction.

    ``sent`` and ``received`` are sums of the whole statement, ``first`` and ``next`` the addresses of other pages.
    """

    rows: tuple[tuple[StatementLine, int, int, str], ...]
    sent: int
    received: int
    first: str
    next: str


def _lines(statement: Statement, start: int, days: dict[str, str]) -> Lines:
    balance = to_int(statement.opening)
    sums = {Direction.CREDIT: 0, Direction.DEBIT: 0}
    rows: list[tuple[StatementLine, int, int, str]] = []
    for number, line in enumerate(statement.lines):
        amount = to_int(line.amount)
        change = amount if line.direction is Direction.CREDIT else -amount
        balance += change
        sums[line.direction] += change
        if start <= number < start + LINES_SHOWN_MAX:
            rows.append((line, change, balance, path_of(LEDGER, line.transaction)))
    end = start + LINES_SHOWN_MAX
    more = f"?{urlencode({**days, 'line': end})}" if end < len(statement.lines) else ""
    return Lines(
        rows=tuple(rows),
        sent=sums[Direction.DEBIT],
        received=sums[Direction.CREDIT],
        first=f"?{urlencode(days)}" if start else "",
        next=more,
    )

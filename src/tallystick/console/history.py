"""An account's balance over time as of both clocks: what had happened until a day, as it was known at a moment."""

import asyncio
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from tallystick.console import periods
from tallystick.console.charts import Chart, drawn
from tallystick.console.entries import Looked
from tallystick.console.site import Site, Visit
from tallystick.kernel.instants import Instant
from tallystick.kernel.money import to_int
from tallystick.kernel.problems import malformed
from tallystick.ledger.api import Account, BalanceAsOf

POINTS_MAX: Final = 32
"""A chart asks for so many balances at most, twice that where it compares two times of knowing."""
DAYS_SHOWN: Final = 30
DAYS_MAX: Final = 36_600
# So many questions of one page are at the door at a time, that other pages get their turn.
_AT_ONCE: Final = 8


@dataclass(frozen=True, kw_only=True)
class Row:
    """A day, the balance at its end as it is known now, and as it was known then."""

    day: date
    now: int
    then: int | None = None


@dataclass(frozen=True, kw_only=True)
class History:
    """The balance at the ends of days. ``known`` is None where only what is known now is shown."""

    since: date
    until: date
    known: Instant | None
    rows: tuple[Row, ...]
    chart: Chart

    @property
    def last(self) -> int:
        """The balance at the end, as it was known then, or is now."""
        row = self.rows[-1]
        return row.now if row.then is None else row.then

    @property
    def differs(self) -> bool:
        """Whether more is known now than was known then."""
        return any(row.then is not None and row.then != row.now for row in self.rows)


async def read(site: Site, visit: Visit, account: Account) -> History:
    """Ask for the balances of a chart. Raises Malformed, RecordedInFuture."""
    query: Looked = visit.asked.query
    zone = visit.reader.zone
    today = periods.today(site.ground.clock.now(), zone)
    until = periods.day_of(query.until, "until") or today
    since = periods.day_of(query.since, "since") or until - timedelta(days=DAYS_SHOWN)
    if not 0 < (until - since).days <= DAYS_MAX:
        raise malformed("since", "it is a day before the last one, at most a hundred years earlier")
    known = periods.moment_of(query.known, zone, "known")
    turns = asyncio.Semaphore(_AT_ONCE)

    async def balance(day: date, known: Instant | None) -> int:
        message = BalanceAsOf(
            ledger=account.ledger,
            address=account.address,
            effective_at=periods.rendered(periods.ends(day, zone)),
            recorded_at=periods.rendered(known),
        )
        async with turns:
            found = await site.doors.ledger.balance(caller=visit.caller, message=message)
        return to_int(found.balances.posted)

    days = periods.spread(since, until, POINTS_MAX)
    asked = [balance(day, None) for day in days]
    if known is not None:
        asked += [balance(day, known) for day in days]
    found = await asyncio.gather(*asked)
    now, then = found[: len(days)], found[len(days) :]
    rows = (
        Row(day=day, now=one, then=then[number] if then else None)
        for number, (day, one) in enumerate(zip(days, now, strict=True))
    )
    return History(
        since=since,
        until=until,
        known=known,
        rows=tuple(rows),
        chart=drawn([then, now] if then else [now]),
    )

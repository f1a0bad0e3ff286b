"""Any balance as of both clocks, against a count of every entry: just before, at and just after each moment."""

import random
from collections.abc import Sequence
from typing import Any

import pytest

from tallystick.kernel.instants import DAY, EARLIEST, LATEST, SECOND, Instant, render
from tallystick.ledger.api import BalanceAsOf, RecordedInFuture
from tests.ledger.desk import LEDGER, Desk, capture, hold, post, reverse, void
from tests.ledger.nodes import HOUR, ROOM, WIDTHS
from tests.ledger.proofs import damage

FOREVER = LATEST - 1
# A moment around which many entries take effect, microseconds from each other.
CROWDED = EARLIEST + 77 * DAY + 12_345_678_901
BRUTE_FORCE = """
    SELECT asked.effective, asked.recorded, counted.*
    FROM unnest($1::timestamptz[], $2::timestamptz[]) AS asked (effective, recorded)
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(amount) FILTER (WHERE layer = 0 AND is_debit), 0) AS a,
               coalesce(sum(amount) FILTER (WHERE layer = 0 AND NOT is_debit), 0) AS b,
               coalesce(sum(amount) FILTER (WHERE layer = 1 AND is_debit), 0) AS c,
               coalesce(sum(amount) FILTER (WHERE layer = 1 AND NOT is_debit), 0) AS d,
               coalesce(sum(amount) FILTER (WHERE layer = 2 AND is_debit), 0) AS e,
               coalesce(sum(amount) FILTER (WHERE layer = 2 AND NOT is_debit), 0) AS f
        FROM ledger.entry JOIN ledger.account USING (tenant_id, ledger_id, account_id)
        WHERE address = $3 AND entry.effective_at <= asked.effective
          AND entry.recorded_at <= asked.recorded
    ) AS counted
"""


def _times(chance: random.Random, now: Instant) -> list[Instant | None]:
    """Moments of every sort: at the start of nodes of each width, beside them, before 1970 and to come."""
    found: list[Instant | None] = [EARLIEST, EARLIEST + 1, -1, 0, 1, FOREVER, now + DAY, None, None]
    for width in WIDTHS:
        node = chance.randrange((LATEST - EARLIEST) // width)
        start = EARLIEST + node * width
        found += [start, max(start - 1, EARLIEST), min(start + 1, FOREVER)]
        found.append(EARLIEST + (now - EARLIEST) // width * width)
    found += [chance.randrange(EARLIEST, LATEST) for _ in range(20)]
    found += [chance.randrange(now - 40 * DAY, now + 40 * DAY) // DAY * DAY for _ in range(30)]
    found += [CROWDED + chance.randrange(30) for _ in range(12)]
    chance.shuffle(found)
    return found


async def _fill(desk: Desk, seed: int) -> list[Instant]:
    """Book hundreds of acts, most of them displaced; answer the moments of the present they are spread over."""
    chance = random.Random(seed)
    moments: list[Instant] = []
    for turn in range(6):
        times = _times(chance, await desk.clock())
        items: list[Any] = []
        for place, time in enumerate(times):
            more = {"id": f"{turn}-{place}", "effective_at": None if time is None else render(time)}
            sides = ("world", "rich") if chance.random() < 0.7 else ("rich", "world")
            if place % 7 == 3:
                items.append(hold(*sides, chance.randint(1, 99), **more))
            elif place % 7 == 4 and items[-1].id.endswith("3"):
                items.append(capture(items[-1].id, 1, **more))
            elif place % 11 == 5:
                items.append(reverse(f"{turn}-{place - 1}", 1, **more))
            elif place % 13 == 6:
                items.append(void(f"{turn}-{chance.randrange(place)}", **more))
            else:
                items.append(post(*sides, chance.randint(1, 99), **more))
        size = chance.choice([1, 7, len(items)])
        for start in range(0, len(items), size):
            await desk.submit(*items[start : start + size])
        moments.append(await desk.clock())
    return moments


async def _demand_equal(desk: Desk, questions: Sequence[tuple[Instant, Instant]]) -> None:
    effective, recorded = zip(*questions, strict=True)
    for row in await desk.rows(BRUTE_FORCE, effective, recorded, "rich"):
        told = await desk.as_of("rich", effective=row["effective"], recorded=row["recorded"])
        assert told == tuple(row[name] for name in "abcdef"), (row["effective"], row["recorded"])


@pytest.fixture
async def books(desk: Desk) -> Desk:
    await desk.open("world", "rich")
    return desk


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_answer_is_the_count_of_all_entries(books: Desk, seed: int) -> None:
    await _every_answer_is_the_count(books, seed)


@pytest.mark.usefixtures("small_nodes")
@pytest.mark.parametrize("seed", [3, 4])
async def test_so_it_is_when_nodes_are_soon_full(books: Desk, seed: int) -> None:
    await _every_answer_is_the_count(books, seed)
    levels = await books.rows("SELECT DISTINCT level, exact FROM ledger.displacement")
    assert {row["level"] for row in levels} == set(range(len(WIDTHS) + 1))
    assert len({row["level"] for row in levels if row["exact"]}) > 4


async def _every_answer_is_the_count(books: Desk, seed: int) -> None:
    moments = await _fill(books, seed)
    rows = await books.rows(
        "SELECT DISTINCT recorded_at, effective_at FROM ledger.entry WHERE layer = 0"
    )
    assert sum(row["recorded_at"] != row["effective_at"] for row in rows) > 300
    chance = random.Random(seed)
    now = moments[-1]
    effective = {
        time + nudge for row in rows for time in (row["effective_at"],) for nudge in (-1, 0, 1)
    }
    for width in WIDTHS:
        start = EARLIEST + (chance.choice(rows)["effective_at"] - EARLIEST) // width * width
        effective |= {start - 1, start, start + 1, start + width - 1, start + width}
    recorded = [row["recorded_at"] + nudge for row in rows for nudge in (-1, 0, 1)]
    recorded += [*moments, EARLIEST, 0]
    asked = [min(max(time, EARLIEST), FOREVER) for time in sorted(effective)]
    questions = [(chance.choice(asked), min(chance.choice(recorded), now)) for _ in range(350)]
    questions += [(time, time) for time in chance.sample(recorded, 40) if EARLIEST <= time <= now]
    await _demand_equal(books, questions)
    assert await damage(books) == []


@pytest.mark.usefixtures("small_nodes")
async def test_each_start_of_a_node_of_each_width_is_found_exactly(books: Desk) -> None:
    starts = sorted({EARLIEST + many * width for width in WIDTHS for many in (0, 3, 40)})
    starts = [start for start in starts if start <= FOREVER]
    for _ in range(20):
        await books.submit(
            *[post("world", "rich", 1, effective_at=render(start)) for start in starts]
        )
    exact = await books.rows("SELECT DISTINCT level FROM ledger.displacement WHERE exact")
    assert {row["level"] for row in exact} >= set(range(1, len(WIDTHS) + 1))
    now = await books.clock()
    await _demand_equal(
        books,
        [
            (start + nudge, now)
            for start in starts
            for nudge in (-1, 0, 1)
            if EARLIEST <= start + nudge <= FOREVER
        ],
    )


async def test_a_node_holds_few_entries_itself_and_passes_later_ones_on(books: Desk) -> None:
    items = [post("world", "rich", 1, effective_at=render(n * DAY)) for n in range(ROOM + 1)]
    await books.submit(*items[:-1])
    of_rich = "SELECT level FROM ledger.displacement JOIN ledger.account USING (tenant_id, ledger_id, account_id)"
    of_rich += " WHERE address = 'rich' ORDER BY level"
    assert [row["level"] for row in await books.rows(of_rich)] == [0] * ROOM
    now = await books.clock()
    assert await books.as_of("rich", effective=DAY, recorded=now) == (0, 2, 0, 0, 0, 0)
    await books.submit(items[-1])
    assert [row["level"] for row in await books.rows(of_rich)] == [0] * (ROOM + 1) + [1]
    assert await books.as_of("rich", effective=0, recorded=None) == (0, 1, 0, 0, 0, 0)
    assert (await books.as_of("rich", effective=None, recorded=None))[1] == len(items)
    assert (await books.as_of("rich", effective=None, recorded=now))[1] == len(items) - 1


async def test_many_entries_of_one_day_need_few_rows_each(books: Desk) -> None:
    day = render(20_000 * DAY)
    for _ in range(5):
        await books.submit(*[post("world", "rich", 1, effective_at=day) for _ in range(200)])
    (row,) = await books.rows(
        "SELECT count(1) AS rows, max(level) AS deepest FROM ledger.displacement"
    )
    # In all of time, 4096, 256 and 16 days, the day, and at its very start: for two accounts.
    assert row["deepest"] == 4
    assert row["rows"] < 2 * 1_000 * 6
    assert (await books.as_of("rich", effective=20_000 * DAY, recorded=None))[1] == 1_000
    assert (await books.as_of("rich", effective=20_000 * DAY - 1, recorded=None))[1] == 0
    assert await damage(books) == []


async def test_what_takes_effect_later_is_not_there_yet(books: Desk) -> None:
    await books.done(post("world", "rich", 5, effective_at="2150-01-01T00:00:00Z"))
    now = await books.clock()
    assert await books.counters("rich") == (0, 5, 0, 0, 0, 0)
    assert (await books.as_of("rich", effective=now, recorded=now))[1] == 0
    assert (await books.as_of("rich", effective=now, recorded=None))[1] == 0
    assert (await books.as_of("rich", effective=None, recorded=now))[1] == 5


async def test_back_dating_changes_the_past_as_known_now_and_not_as_known_then(books: Desk) -> None:
    await books.done(post("world", "rich", 5))
    then = await books.clock()
    await books.done(post("world", "rich", 7, effective_at="2001-01-01T00:00:00Z"))
    day = 978_307_200 * SECOND
    assert (await books.as_of("rich", effective=day, recorded=None))[1] == 7
    assert (await books.as_of("rich", effective=day - 1, recorded=None))[1] == 0
    assert (await books.as_of("rich", effective=day, recorded=then))[1] == 0
    assert (await books.as_of("rich", effective=None, recorded=then))[1] == 5


async def test_back_dating_rewrites_no_row(books: Desk) -> None:
    await _fill(books, 3)
    before = await books.rows(
        "SELECT * FROM ledger.entry ORDER BY account_id, layer, recorded_at, line"
    )
    last = max(row["recorded_at"] for row in before)
    await _fill(books.beside(books.service), 3)
    await books.submit(post("world", "rich", 1, effective_at="1955-05-05T05:05:05.5Z"))
    after = await books.rows(
        "SELECT * FROM ledger.entry WHERE recorded_at <= $1 ORDER BY account_id, layer, recorded_at, line",
        last,
    )
    assert [tuple(row.values()) for row in after] == [tuple(row.values()) for row in before]


async def test_nothing_is_known_of_what_will_be_recorded(books: Desk) -> None:
    later = await books.clock() + HOUR
    with pytest.raises(RecordedInFuture):
        await books.as_of("rich", effective=None, recorded=later)


async def test_an_account_without_entries_was_always_empty(books: Desk) -> None:
    for effective in (None, EARLIEST, 0, FOREVER):
        assert await books.as_of("rich", effective=effective, recorded=None) == (0,) * 6


async def test_the_answer_repeats_the_times_it_was_asked_for(books: Desk) -> None:
    message = BalanceAsOf(
        ledger=LEDGER, address="rich", effective_at="2026-01-01T01:00:00+01:00", recorded_at=None
    )
    answer = await books.service.balance(caller=books.caller, message=message)
    assert (answer.effective_at, answer.recorded_at) == ("2026-01-01T00:00:00.000000Z", None)

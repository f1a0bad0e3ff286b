"""Batches: up to 8,190 acts in order, each with a verdict of its own, or groups that stand or fall together."""

import pytest

from tallystick.kernel.instants import parse
from tallystick.kernel.problems import Malformed
from tallystick.ledger.api import (
    BATCH_ITEMS_MAX,
    LedgerNotFound,
    OpenLedger,
    Post,
    Submit,
)
from tests.ledger.desk import (
    Desk,
    capture,
    code_of,
    counters_of,
    hold,
    post,
    posting,
    reverse,
    void,
)
from tests.ledger.proofs import damage


@pytest.fixture
async def books(desk: Desk) -> Desk:
    await desk.open("world", "rich")
    await desk.open("poor", min_available=0)
    return desk


async def test_8190_acts_are_one_batch(books: Desk) -> None:
    items = [post("world", "rich", 1, id=f"many-{n}") for n in range(BATCH_ITEMS_MAX)]
    told = await books.submit(*items)
    assert [verdict.id for verdict in told] == [item.id for item in items]
    assert all(verdict.transaction for verdict in told)
    assert await books.counters("rich") == (0, BATCH_ITEMS_MAX, 0, 0, 0, 0)
    (row,) = await books.rows(
        "SELECT count(1) AS rows, max(version) AS version FROM ledger.balance"
    )
    assert row["version"] == 1
    assert await damage(books) == []


async def test_8191_acts_are_refused_whole(books: Desk) -> None:
    counts = await books.row_counts()
    with pytest.raises(Malformed):
        await books.submit(*[post("world", "rich", 1)] * (BATCH_ITEMS_MAX + 1))
    assert await books.row_counts() == counts


async def test_an_empty_batch_is_malformed(books: Desk) -> None:
    with pytest.raises(Malformed):
        await books.submit()


async def test_a_batch_for_no_ledger_says_so(books: Desk) -> None:
    message = Submit(ledger="nothing", items=(post("world", "rich", 1),))
    with pytest.raises(LedgerNotFound):
        await books.service.submit(caller=books.caller, message=message)


async def test_each_act_is_decided_on_what_the_ones_before_it_left(books: Desk) -> None:
    told = await books.submit(
        post("poor", "rich", 1),
        post("world", "poor", 5),
        post("poor", "rich", 6),
        post("poor", "rich", 3, id="three"),
        post("poor", "rich", 3),
        reverse("three", 1),
        post("poor", "rich", 3),
    )
    short = "exceeds_available_balance"
    assert [code_of(verdict) for verdict in told] == [short, None, short, None, short, None, None]
    after = [
        next(one.balances.available for one in verdict.balances if one.address == "poor")
        for verdict in told
        if verdict.balances
    ]
    assert after == [5, 2, 3, 0]


async def test_a_verdict_carries_the_balances_right_after_its_act(books: Desk) -> None:
    first, second = await books.submit(post("world", "rich", 1), hold("rich", "world", 1))
    assert {one.address: counters_of(one.balances) for one in first.balances} == {
        "world": (1, 0, 0, 0, 0, 0),
        "rich": (0, 1, 0, 0, 0, 0),
    }
    assert {one.address: counters_of(one.balances) for one in second.balances} == {
        "rich": (0, 1, 1, 0, 0, 0),
        "world": (1, 0, 0, 1, 0, 0),
    }


async def test_recorded_times_follow_the_order_of_the_batch(books: Desk) -> None:
    first = await books.submit(*[post("world", "rich", 1) for _ in range(50)])
    second = await books.submit(*[post("world", "rich", 1) for _ in range(50)])
    times = [parse(one.transaction.recorded_at) for one in (*first, *second) if one.transaction]
    assert times == sorted(set(times))
    assert len(times) == 100


async def test_a_hold_and_its_end_may_share_a_batch(books: Desk) -> None:
    codes = await books.codes(
        hold("world", "rich", 10, id="h"),
        capture("h", 4),
        capture("h", 7),
        capture("h", 1),
        void("h"),
        void("h"),
        capture("h"),
    )
    assert codes == [None, None, "exceeds_held_amount", None, None, *["hold_already_voided"] * 2]
    assert await books.counters("rich") == (0, 5, 0, 10, 0, 10)
    assert (await books.shown("h")).state == "voided"


async def test_a_group_stands_together(books: Desk) -> None:
    codes = await books.codes(
        post("world", "poor", 5, group="g"),
        post("poor", "rich", 5, group="g"),
        post("world", "rich", 1),
    )
    assert codes == [None] * 3


async def test_a_group_falls_together_and_leaves_its_neighbours_alone(books: Desk) -> None:
    told = await books.submit(
        post("world", "poor", 1, id="before"),
        post("world", "poor", 5, group="g"),
        hold("poor", "rich", 5, group="g", id="held"),
        post("poor", "rich", 9, group="g", id="culprit"),
        post("world", "rich", 5, group="g"),
        post("poor", "rich", 1, id="after"),
        post("poor", "rich", 1),
    )
    linked = "linked_item_failed"
    short = "exceeds_available_balance"
    assert [code_of(verdict) for verdict in told] == [
        None,
        linked,
        linked,
        short,
        linked,
        None,
        short,
    ]
    assert told[1].refusal is not None
    assert told[1].refusal.fields == {"failed": "culprit"}
    assert await books.counters("poor") == (1, 1, 0, 0, 0, 0)
    assert await damage(books) == []


async def test_a_failed_group_gives_back_what_it_took_of_a_hold_and_of_a_payment(
    books: Desk,
) -> None:
    await books.submit(hold("world", "rich", 10, id="held"), post("world", "rich", 10, id="paid"))
    codes = await books.codes(
        capture("held", 4, group="g"),
        reverse("paid", 4, group="g"),
        void("held", group="g"),
        void("nothing", group="g"),
        capture("held", 6),
        reverse("paid", 6),
    )
    assert codes == [*["linked_item_failed"] * 3, "target_not_found", None, None]
    assert (await books.shown("held")).remaining == (4,)
    assert (await books.shown("paid")).reversed == (6,)
    assert await damage(books) == []


async def test_a_failed_group_of_back_dated_acts_leaves_the_index_of_the_past_right(
    books: Desk,
) -> None:
    old = {"effective_at": "2001-01-01T00:00:00Z"}
    for turn in range(40):
        await books.codes(
            post("world", "rich", 1, **old),
            post("world", "rich", 1, group="g", **old),
            post("nobody", "rich", 1, group="g", **old),
            post("world", "rich", 1, **old),
        )
        assert (await books.counters("rich"))[1] == 2 * turn + 2
    assert (await books.as_of("rich", effective=parse(old["effective_at"]), recorded=None))[1] == 80
    (row,) = await books.rows("SELECT max(entries) AS entries FROM ledger.displacement")
    assert row["entries"] == 80
    assert await damage(books) == []


@pytest.mark.parametrize(
    "groups",
    [("g", None, "g"), ("g", "h", "g"), ("g", "h", "h", "g")],
    ids=["apart", "divided", "around"],
)
async def test_a_group_in_two_places_is_malformed(
    books: Desk, groups: tuple[str | None, ...]
) -> None:
    counts = await books.row_counts()
    with pytest.raises(Malformed):
        await books.submit(*(post("world", "rich", 1, group=group) for group in groups))
    assert await books.row_counts() == counts


async def test_an_id_twice_in_a_group_is_malformed(books: Desk) -> None:
    with pytest.raises(Malformed):
        await books.submit(*[post("world", "rich", 1, id="twice", group="g")] * 2)


async def test_neighbouring_groups_are_two_groups(books: Desk) -> None:
    codes = await books.codes(
        post("world", "rich", 1, group="g"),
        post("world", "rich", 1, group="g"),
        post("world", "rich", 1, group="h"),
        post("world", "nobody", 1, group="h"),
    )
    assert codes == [None, None, "linked_item_failed", "credit_account_not_found"]


async def test_a_transaction_of_100_postings_is_all_or_nothing(books: Desk) -> None:
    postings = (posting("world", "poor", 1),) * 50 + (posting("poor", "rich", 1),) * 50
    await books.done(Post(postings=postings))
    assert await books.counters("poor") == (50, 50, 0, 0, 0, 0)
    assert await books.refused(Post(postings=(*postings[1:], posting("poor", "rich", 1)))) == (
        "exceeds_available_balance"
    )
    assert await books.counters("poor") == (50, 50, 0, 0, 0, 0)
    assert await damage(books) == []


async def test_several_assets_balance_each_by_itself(books: Desk) -> None:
    await books.open("bank:usd", "rich:usd", asset="USD")
    await books.done(
        Post(postings=(posting("rich", "world", 100), posting("bank:usd", "rich:usd", 109, "USD")))
    )
    assert await books.balances("rich") == (-100, -100, -100)
    assert await books.balances("rich:usd") == (109, 109, 109)
    assert await damage(books) == []


async def test_opening_a_ledger_again_finds_it_open(books: Desk) -> None:
    again = await books.service.open_ledger(caller=books.caller, message=OpenLedger(name="main"))
    assert again.replayed

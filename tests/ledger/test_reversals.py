"""Reversals: a transaction posted backwards, whole or in parts, never more than was posted."""

import pytest

from tallystick.ledger.api import Post, Status
from tests.ledger.desk import Desk, capture, hold, post, posting, reverse
from tests.ledger.proofs import damage


@pytest.fixture
async def books(desk: Desk) -> Desk:
    await desk.open("world", "rich", "shop", "fee")
    two = (posting("rich", "shop", 50), posting("rich", "fee", 5))
    await desk.submit(post("world", "rich", 100), Post(id="paid", postings=two))
    return desk


async def test_a_reversal_posts_all_of_it_backwards(books: Desk) -> None:
    done = await books.done(reverse("paid"))
    assert [(one.debit, one.credit, one.amount) for one in done.postings] == [
        ("shop", "rich", 50),
        ("fee", "rich", 5),
    ]
    assert (done.kind, done.target) == ("reverse", "paid")
    assert await books.counters("rich") == (55, 155, 0, 0, 0, 0)
    assert (await books.shown("paid")).reversed == (50, 5)
    assert await books.refused(reverse("paid")) == "already_reversed"


async def test_reversals_in_parts_never_exceed_what_was_posted(books: Desk) -> None:
    assert await books.codes(
        reverse("paid", 30, 0),
        reverse("paid", 21, 0),
        reverse("paid", 0, 6),
        reverse("paid", 0, 5),
        reverse("paid", 20, 1),
        reverse("paid", 20, 0),
        reverse("paid"),
    ) == [
        None,
        "exceeds_reversible_amount",
        "exceeds_reversible_amount",
        None,
        "exceeds_reversible_amount",
        None,
        "already_reversed",
    ]
    assert await books.balances("rich") == (100, 100, 100)
    assert await damage(books) == []


async def test_a_reversal_without_amounts_takes_what_is_left(books: Desk) -> None:
    await books.done(reverse("paid", 30, 0))
    done = await books.done(reverse("paid"))
    assert [one.amount for one in done.postings] == [20, 5]


async def test_a_capture_is_reversed_and_its_hold_stays_captured(books: Desk) -> None:
    await books.submit(hold("rich", "shop", 20, id="h"), capture("h", 8, id="c", final=True))
    await books.done(reverse("c", 3))
    assert await books.balances("rich") == (40, 40, 40)
    assert (await books.shown("h")).state == "captured"
    assert (await books.shown("c")).reversed == (3,)


async def test_amounts_of_a_reversed_capture_are_those_of_its_own_postings(books: Desk) -> None:
    from_both = Post(postings=(posting("world", "rich", 100),))
    await books.done(from_both)
    item = hold("rich", "shop", 20, id="one")
    await books.submit(item, capture("one", 5, id="c"))
    assert await books.refused(reverse("c", 5, 0)) == "amounts_do_not_match_postings"
    assert await books.codes(reverse("c", 5)) == [None]


async def test_what_a_balancing_posting_moved_is_what_is_reversed(books: Desk) -> None:
    await books.limits("rich", 0, None)
    done = await books.done(post("rich", "shop", 1_000, id="all", balancing=True))
    assert done.postings[0].amount == 45
    assert (await books.done(reverse("all"))).postings[0].amount == 45


async def test_a_reversal_may_not_overdraw(books: Desk) -> None:
    await books.limits("shop", 0, None)
    await books.done(post("shop", "world", 10))
    assert await books.refused(reverse("paid")) == "exceeds_available_balance"
    assert await books.codes(reverse("paid", 40, 5)) == [None]


async def test_a_reversal_of_a_closed_account_is_refused(books: Desk) -> None:
    await books.done(post("fee", "world", 5))
    await books.status("fee", Status.CLOSED)
    assert await books.refused(reverse("paid")) == "debit_account_is_closed"
    assert await books.codes(reverse("paid", 50, 0)) == [None]


async def test_a_back_dated_transaction_is_reversed_today_unless_said_otherwise(
    books: Desk,
) -> None:
    old = "2001-02-03T04:05:06.000007Z"
    await books.done(post("world", "rich", 9, id="old", effective_at=old))
    today = await books.done(reverse("old", 4))
    then = await books.done(reverse("old", effective_at=old))
    assert today.effective_at == today.recorded_at
    assert then.effective_at == old
    assert await damage(books) == []

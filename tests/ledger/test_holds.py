"""Holds: what they reserve, and the four ways they end."""

import pytest

from tallystick.kernel.instants import SECOND, render
from tallystick.ledger.api import AccountNotEmpty, Hold, Side, Status
from tests.ledger.desk import Desk, capture, code_of, hold, post, posting, void
from tests.ledger.proofs import damage


@pytest.fixture
async def books(desk: Desk) -> Desk:
    await desk.open("world")
    await desk.open("rich", min_available=0)
    await desk.done(post("world", "rich", 100))
    return desk


async def _lapsed(books: Desk, *names: str, amount: int = 10) -> None:
    """Make holds whose time has passed by the clock of the database."""
    due = await books.clock() + SECOND // 10
    for name in names:
        await books.done(hold("rich", "world", amount, id=name, expires_at=render(due)))
    await books.wait_until(due)


async def test_a_hold_takes_from_what_is_available_and_posts_nothing(books: Desk) -> None:
    held = await books.done(hold("rich", "world", 60, id="h"))
    assert (held.state, held.remaining) == ("held", (60,))
    assert await books.balances("rich") == (100, 40, 40)
    assert await books.balances("world") == (-100, -40, -100)
    assert await books.refused(post("rich", "world", 41)) == "exceeds_available_balance"
    assert await books.refused(hold("rich", "world", 41)) == "exceeds_available_balance"


async def test_what_a_hold_may_bring_counts_towards_the_maximum_and_not_as_available(
    books: Desk,
) -> None:
    await books.open("jar", min_available=0, max_available=50)
    await books.done(hold("rich", "jar", 40, id="h"))
    assert await books.balances("jar") == (0, 40, 0)
    assert await books.refused(post("world", "jar", 11)) == "exceeds_maximum_balance"
    assert await books.refused(post("jar", "world", 1)) == "exceeds_available_balance"
    await books.done(void("h"))
    assert await books.codes(post("world", "jar", 50)) == [None]


async def test_captures_in_parts_add_up_and_the_last_ends_the_hold(books: Desk) -> None:
    await books.done(hold("rich", "world", 60, id="h"))
    for amount, remaining in ((10, 50), (20, 30), (30, 0)):
        await books.done(capture("h", amount))
        shown = await books.shown("h")
        assert shown.remaining == (remaining,)
        assert shown.state == ("held" if remaining else "captured")
    assert await books.balances("rich") == (40, 40, 40)
    assert await books.refused(void("h")) == "hold_already_captured"


async def test_a_final_capture_releases_the_rest_in_the_same_act(books: Desk) -> None:
    await books.done(hold("rich", "world", 60, id="h"))
    done = await books.done(capture("h", 10, final=True))
    assert [one.amount for one in done.postings] == [10]
    assert await books.balances("rich") == (90, 90, 90)
    shown = await books.shown("h")
    assert (shown.state, shown.remaining) == ("captured", (0,))


async def test_a_capture_without_amounts_takes_all_that_remains(books: Desk) -> None:
    await books.submit(hold("rich", "world", 60, id="h"), capture("h", 15))
    assert [one.amount for one in (await books.done(capture("h"))).postings] == [45]
    assert await books.balances("rich") == (40, 40, 40)


async def test_a_capture_names_an_amount_for_each_posting_and_zero_for_none(books: Desk) -> None:
    await books.open("shop", "fee")
    both = Hold(id="h", postings=(posting("rich", "shop", 50), posting("rich", "fee", 5)))
    await books.done(both)
    done = await books.done(capture("h", 0, 5))
    assert [(one.credit, one.amount) for one in done.postings] == [("fee", 5)]
    assert (await books.shown("h")).remaining == (50, 0)
    await books.done(capture("h", 20, 0, final=True))
    assert await books.balances("rich") == (75, 75, 75)
    assert await books.refused(capture("h", 1, 1)) == "hold_already_captured"
    assert await damage(books) == []


async def test_a_refused_capture_names_the_posting_that_is_to_blame(books: Desk) -> None:
    await books.open("shop", "fee")
    await books.done(
        Hold(id="h", postings=(posting("rich", "shop", 50), posting("rich", "fee", 5)))
    )
    await books.status("fee", Status.FROZEN)
    (frozen,) = await books.submit(capture("h", 0, 5))
    assert frozen.refusal is not None
    assert (frozen.refusal.code, frozen.refusal.fields) == (
        "credit_account_is_frozen",
        {"posting": "1"},
    )
    (excess,) = await books.submit(capture("h", 50, 6))
    assert excess.refusal is not None
    assert excess.refusal.fields == {"posting": "1", "rest": "5"}
    assert await books.codes(capture("h", 50, 0)) == [None]


async def test_a_void_releases_all_that_remains(books: Desk) -> None:
    await books.submit(hold("rich", "world", 60, id="h"), capture("h", 15))
    done = await books.done(void("h"))
    assert [one.amount for one in done.postings] == [45]
    assert await books.balances("rich") == (85, 85, 85)


async def test_frozen_accounts_let_a_hold_go_but_not_through(books: Desk) -> None:
    await books.done(hold("rich", "world", 60, id="h"))
    await books.status("rich", Status.FROZEN)
    assert await books.refused(capture("h")) == "debit_account_is_frozen"
    assert await books.codes(void("h")) == [None]


async def test_an_account_with_an_open_hold_is_not_closed(books: Desk) -> None:
    await books.open("shop")
    await books.done(hold("rich", "shop", 60, id="h"))
    with pytest.raises(AccountNotEmpty):
        await books.status("shop", Status.CLOSED)
    await books.done(void("h"))
    await books.status("shop", Status.CLOSED)
    assert await books.refused(hold("rich", "shop", 1)) == "credit_account_is_closed"


async def test_a_balancing_hold_reserves_what_is_there(books: Desk) -> None:
    held = await books.done(hold("rich", "world", 1_000, balancing=True))
    assert held.remaining == (100,)
    assert await books.refused(hold("rich", "world", 1, balancing=True)) == "nothing_to_move"


async def test_holds_on_debit_normal_accounts_mirror_the_others(books: Desk) -> None:
    await books.open("vault", side=Side.DEBIT, min_available=0, max_available=50)
    await books.submit(post("vault", "world", 30), hold("world", "vault", 20, id="out"))
    assert await books.balances("vault") == (30, 10, 10)
    assert await books.codes(hold("vault", "world", 20), hold("vault", "world", 1)) == [
        None,
        "exceeds_maximum_balance",
    ]


async def test_a_hold_expires_when_its_time_has_passed(books: Desk) -> None:
    await books.done(hold("rich", "world", 5, id="keep"))
    await books.done(hold("rich", "world", 6, id="later", expires_at="2190-01-01T00:00:00Z"))
    await _lapsed(books, "h")
    await books.service.expire(most=100)
    shown = await books.shown("h")
    assert (shown.state, shown.remaining) == ("expired", (0,))
    assert [(await books.shown(name)).state for name in ("keep", "later")] == ["held", "held"]
    assert await books.balances("rich") == (100, 89, 89)
    assert await books.refused(capture("h")) == "hold_has_expired"
    assert await books.refused(void("h")) == "hold_has_expired"
    assert await damage(books) == []


async def test_a_hold_is_over_when_its_time_has_passed_even_before_the_job_came(
    books: Desk,
) -> None:
    await _lapsed(books, "h")
    assert (await books.shown("h")).state == "held"
    assert await books.refused(capture("h")) == "hold_has_expired"
    assert await books.balances("rich") == (100, 90, 90)
    await books.service.expire(most=100)
    assert await books.balances("rich") == (100, 100, 100)


async def test_what_was_captured_before_stays_when_the_rest_expires(books: Desk) -> None:
    due = await books.clock() + SECOND // 5
    item = hold("rich", "world", 10, id="h", expires_at=render(due))
    assert [code_of(one) for one in await books.submit(item, capture("h", 4))] == [None, None]
    await books.wait_until(due)
    await books.service.expire(most=100)
    assert (await books.shown("h")).state == "expired"
    assert await books.balances("rich") == (96, 96, 96)
    (row,) = await books.rows("SELECT amounts FROM ledger.transaction WHERE kind = 'expire'")
    assert row["amounts"] == [6]


async def test_expiring_again_changes_nothing(books: Desk) -> None:
    await _lapsed(books, "a", "b", "c")
    await books.service.expire(most=100)
    counts = await books.row_counts()
    await books.service.expire(most=100)
    assert await books.row_counts() == counts


async def test_the_job_takes_no_more_than_it_was_told(books: Desk) -> None:
    # Holds of other tests are gone first, so that the count is ours.
    await books.service.expire(most=1_000)
    await _lapsed(books, "a", "b", "c")
    assert [await books.service.expire(most=2) for _ in range(3)] == [2, 1, 0]


async def test_frozen_accounts_do_not_keep_a_hold_from_expiring(books: Desk) -> None:
    await _lapsed(books, "h")
    await books.status("rich", Status.FROZEN)
    await books.service.expire(most=100)
    assert (await books.shown("h")).state == "expired"

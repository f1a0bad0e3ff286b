"""Caps: what may be moved under a delegation within a slot is counted where the money moves."""

import asyncio
import signal
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tallystick.kernel.callers import Caller, Cap
from tallystick.kernel.instants import SECOND, render
from tallystick.ledger.api import LedgerBusy, OpenAccount, OpenLedger, Post, Side, Submit
from tallystick.ledger.service import LedgerService
from tallystick.ledger.service.verifying import verify
from tallystick.runtime.clock import Mint
from tallystick.runtime.database import Database
from tests.ledger import spender
from tests.ledger.desk import Desk, capture, code_of, hold, post, posting, reverse, void

CAP = Cap(name="dlg_1", asset="EUR", slot="2026-11-28", most=100)
WEEK = Cap(name="dlg_1", asset="EUR", slot="2026-W48", most=150)


@pytest.fixture
async def books(desk: Desk) -> Desk:
    await desk.open("world", "shop", "rich")
    await desk.open("poor", min_available=0)
    await desk.open("dollars", "bank", asset="USD")
    await desk.done(post("world", "rich", 10_000))
    return desk


async def used(desk: Desk) -> dict[tuple[str, str, str], tuple[int, int]]:
    rows = await desk.rows("SELECT name, asset, slot, moved, released FROM ledger.cap")
    return {(r["name"], r["asset"], r["slot"]): (r["moved"], r["released"]) for r in rows}


async def of(desk: Desk, cap: Cap = CAP) -> tuple[int, int]:
    return (await used(desk))[cap.name, cap.asset, cap.slot]


async def proven(desk: Desk) -> None:
    found = await verify(desk.database, tenant_id=desk.caller.tenant_id)
    assert found.damage == ()


async def test_acts_count_until_the_cap_and_no_further(books: Desk) -> None:
    clerk = books.under(CAP)
    assert await clerk.codes(
        post("rich", "shop", 60), post("rich", "shop", 41), hold("rich", "shop", 40)
    ) == [None, "spending_cap_reached", None]
    assert await of(books) == (100, 0)
    (verdict,) = await clerk.submit(post("rich", "shop", 1))
    assert verdict.refusal is not None
    assert verdict.refusal.fields == {
        "cap": "dlg_1", "slot": "2026-11-28", "asset": "EUR", "rest": "0",
    }  # fmt: skip
    assert await books.balances("shop") == (60, 100, 60)
    await proven(books)


async def test_an_act_counts_the_sum_of_its_postings_and_only_of_the_asset(books: Desk) -> None:
    clerk = books.under(CAP)
    many = Post(postings=(posting("rich", "shop", 60), posting("rich", "world", 41)))
    assert await clerk.refused(many) == "spending_cap_reached"
    mixed = Post(postings=(posting("rich", "shop", 100), posting("dollars", "bank", 900, "USD")))
    await clerk.done(mixed)
    assert await of(books) == (100, 0)
    await clerk.done(post("dollars", "bank", 5_000, "USD"))
    await proven(books)


async def test_a_balancing_posting_counts_what_really_moved(books: Desk) -> None:
    clerk = books.under(CAP)
    await books.done(post("rich", "poor", 30))
    await clerk.done(post("poor", "shop", 1_000, balancing=True))
    assert await of(books) == (30, 0)
    await proven(books)


async def test_every_cap_of_the_caller_holds_and_a_refusal_counts_under_none(books: Desk) -> None:
    clerk = books.under(CAP, WEEK)
    await clerk.done(post("rich", "shop", 90))
    next_day = msgspec.structs.replace(CAP, slot="2026-11-29")
    clerk = books.under(next_day, WEEK)
    (verdict,) = await clerk.submit(post("rich", "shop", 61))
    assert verdict.refusal is not None
    assert (verdict.refusal.fields["slot"], verdict.refusal.fields["rest"]) == ("2026-W48", "60")
    await clerk.done(post("rich", "shop", 60))
    assert (await of(books), await of(books, next_day), await of(books, WEEK)) == (
        (90, 0),
        (60, 0),
        (150, 0),
    )
    await proven(books)


async def test_a_cap_that_was_lowered_has_no_rest(books: Desk) -> None:
    await books.under(CAP).done(post("rich", "shop", 80))
    lowered = books.under(msgspec.structs.replace(CAP, most=50))
    (verdict,) = await lowered.submit(post("rich", "shop", 1))
    assert verdict.refusal is not None
    assert verdict.refusal.fields["rest"] == "0"
    await books.under(msgspec.structs.replace(CAP, most=200)).done(post("rich", "shop", 120))


async def test_the_same_cap_twice_counts_once_and_the_lesser_holds(books: Desk) -> None:
    clerk = books.under(CAP, msgspec.structs.replace(CAP, most=70))
    await clerk.done(post("rich", "shop", 70))
    assert await clerk.refused(post("rich", "shop", 1)) == "spending_cap_reached"
    assert await of(books) == (70, 0)


async def test_what_a_hold_does_not_move_comes_back(books: Desk) -> None:
    clerk = books.under(CAP)
    await clerk.submit(hold("rich", "shop", 40, id="a"), hold("rich", "shop", 60, id="b"))
    await clerk.done(capture("a", 30))
    assert await of(books) == (100, 0)
    # Whoever voids it need not be under the cap.
    await books.done(void("a"))
    assert await of(books) == (100, 10)
    await clerk.done(capture("b", 25, final=True))
    assert await of(books) == (100, 45)
    assert await clerk.refused(post("rich", "shop", 46)) == "spending_cap_reached"
    await clerk.done(post("rich", "shop", 45))
    await proven(books)


async def test_a_hold_that_expires_gives_back_in_its_own_slot(books: Desk) -> None:
    clerk = books.under(CAP)
    soon = await books.clock() + SECOND // 4
    await clerk.done(hold("rich", "shop", 70, expires_at=render(soon)))
    await books.wait_until(soon)
    assert await books.service.expire(most=1_000) >= 1
    assert await of(books) == (70, 70)
    await proven(books)


async def test_a_hold_made_and_voided_in_one_batch_gives_back(books: Desk) -> None:
    clerk = books.under(CAP)
    codes = await clerk.codes(
        hold("rich", "shop", 100, id="a"), post("rich", "shop", 1),
        void("a"), post("rich", "shop", 100), post("rich", "shop", 1),
    )  # fmt: skip
    assert codes == [None, "spending_cap_reached", None, None, "spending_cap_reached"]
    assert await of(books) == (200, 100)
    await proven(books)


async def test_a_reversal_counts_for_who_reverses_and_gives_nothing_back(books: Desk) -> None:
    clerk = books.under(CAP)
    await clerk.done(post("rich", "shop", 60, id="a"))
    assert await clerk.refused(reverse("a", 41)) == "spending_cap_reached"
    await clerk.done(reverse("a", 40))
    assert await of(books) == (100, 0)
    await proven(books)


async def test_groups_that_fall_put_the_counters_back(books: Desk) -> None:
    clerk = books.under(CAP)
    await clerk.done(hold("rich", "shop", 50, id="h"))
    codes = await clerk.codes(
        post("rich", "shop", 50, group="g"),
        void("h", group="g"),
        post("rich", "shop", 51, group="g"),
        post("rich", "shop", 50),
    )
    assert codes == ["linked_item_failed", "linked_item_failed", "spending_cap_reached", None]
    assert await of(books) == (100, 0)
    await proven(books)


async def test_a_known_act_counts_nothing_again(books: Desk) -> None:
    clerk = books.under(CAP)
    act = post("rich", "shop", 60, id="once")
    first, again = await clerk.submit(act, act)
    assert (first.replayed, again.replayed) == (False, True)
    assert (await clerk.submit(act))[0].replayed
    assert await of(books) == (60, 0)
    refused = post("rich", "shop", 41, id="refused")
    assert await clerk.refused(refused) == "spending_cap_reached"
    # A refusal is remembered like any other: more room later does not change it.
    more = books.under(msgspec.structs.replace(CAP, most=1_000))
    assert await more.refused(refused) == "spending_cap_reached"


async def test_a_refusal_by_the_books_comes_first(books: Desk) -> None:
    clerk = books.under(CAP)
    assert await clerk.refused(post("poor", "shop", 1_000)) == "exceeds_available_balance"
    assert await clerk.refused(post("rich", "nobody", 1_000)) == "credit_account_not_found"
    assert await of(books) == (0, 0)


async def test_batches_without_caps_leave_no_trace(books: Desk) -> None:
    await books.submit(post("rich", "shop", 5), hold("rich", "shop", 5, id="h"), void("h"))
    assert await used(books) == {}
    assert await books.rows("SELECT 1 FROM ledger.cap_use") == []


async def test_a_cap_is_of_the_tenant_whichever_ledger(books: Desk) -> None:
    await books.service.open_ledger(caller=books.caller, message=OpenLedger(name="other"))
    await asyncio.gather(*(_in_ledger(books, name) for name in ("main", "other")))
    assert await of(books) == (100, 0)
    await proven(books)


async def test_attempts_through_two_writers_stop_exactly_at_the_cap(
    books: Desk, mint: Mint
) -> None:
    second = books.beside(LedgerService(database=books.database, mint=mint))
    limit = msgspec.structs.replace(CAP, most=3_333)
    desks = [books.under(limit), second.under(limit)]
    # Accounts of their own, so that the cap is all that they contend for; and shared ones.
    await books.open(*(f"till:{n}" for n in range(4)))

    async def attempt(n: int) -> str | None:
        desk = desks[n % 2]
        credit = "shop" if n % 10 == 0 else f"till:{n % 4}"
        return code_of((await _sent(desk, post("world", credit, 1, id=f"n{n}")))[0])

    codes = await asyncio.gather(*(attempt(n) for n in range(10_000)))
    assert codes.count(None) == 3_333
    assert set(codes) == {None, "spending_cap_reached"}
    assert await of(books) == (3_333, 0)
    await proven(books)


async def test_batches_that_overlap_do_not_use_the_same_rest(
    database: Database, books: Desk, mint: Mint
) -> None:
    # Batches of a few acts, so that many are begun while another is being written.
    service = LedgerService(database=database, mint=mint, batch_items_max=7)
    clerk = books.beside(service).under(msgspec.structs.replace(CAP, most=150))
    free = books.beside(service)
    acts: list[Any] = [clerk.submit(post("world", "shop", 1)) for _ in range(300)]
    acts += [free.submit(post("world", "rich", 1)) for _ in range(300)]
    verdicts = [one for answer in await asyncio.gather(*acts) for one in answer]
    assert sum(one.refusal is not None for one in verdicts) == 150
    assert await of(books) == (150, 0)
    assert (await books.balances("shop"))[0] == 150
    await proven(books)


async def test_processes_stop_exactly_at_the_cap_though_one_is_killed(
    books: Desk, migrated_url: str
) -> None:
    tenant_id = books.caller.tenant_id
    killed = spender.child(migrated_url, tenant_id, "killed", 10_000)
    for _ in range(3_000):
        if (await books.balances("shop"))[0] > 300:
            break
        await asyncio.sleep(0.01)
    killed.kill()
    await asyncio.to_thread(killed.join)
    assert killed.exitcode == -signal.SIGKILL
    others = [spender.child(migrated_url, tenant_id, name, 5_000) for name in ("one", "two")]
    for other in others:
        await asyncio.to_thread(other.join, 120)
    assert [other.exitcode for other in others] == [0, 0]
    assert await of(books, spender.CAP) == (spender.CAP.most, 0)
    assert (await books.balances("shop"))[0] == spender.CAP.most
    await proven(books)


async def _sent(desk: Desk, act: Any) -> Any:
    """Send an act until the ledger is not busy."""
    for _ in range(50):
        try:
            return await desk.submit(act)
        except LedgerBusy:
            await asyncio.sleep(0.05)
    raise AssertionError("the ledger stayed busy")


async def _in_ledger(books: Desk, name: str) -> None:
    service, caller = books.service, books.under(CAP).caller
    for address in ("from", "to"):
        message = OpenAccount(
            ledger=name, address=address, asset="EUR", exponent=2, normal_side=Side.CREDIT
        )
        await service.open_account(caller=caller, message=message)
    for _ in range(80):
        message = Submit(ledger=name, items=(post("from", "to", 1),))
        await service.submit(caller=caller, message=message)


# A few acts on two accounts, in batches, told as what a plain model counts.
_AMOUNT = st.integers(1, 60)
_NAMES = st.sampled_from("abcd")
_ACTS = st.one_of(
    st.tuples(st.just("post"), _NAMES, _AMOUNT),
    st.tuples(st.just("hold"), _NAMES, _AMOUNT),
    st.tuples(st.just("capture"), _NAMES, _AMOUNT, st.booleans()),
    st.tuples(st.just("void"), _NAMES),
    st.tuples(st.just("reverse"), _NAMES, _AMOUNT),
)


class Plain:
    """What is counted, told without batches, locks or columns: one act after the other."""

    def __init__(self) -> None:
        self.moved = self.released = 0
        self.holds: dict[str, int] = {}
        self.posts: dict[str, int] = {}

    def _takes(self, amount: int, most: int) -> bool:
        if self.moved - self.released + amount > most:
            return False
        self.moved += amount
        return True

    def does(self, act: tuple[Any, ...], most: int) -> bool:
        kind, name, *rest = act
        if kind in ("post", "hold"):
            done = name not in (self.posts if kind == "post" else self.holds) and self._takes(
                rest[0], most
            )
            if done:
                (self.posts if kind == "post" else self.holds)[name] = rest[0]
            return done
        if kind == "reverse":
            done = self.posts.get(name, 0) >= rest[0] and self._takes(rest[0], most)
            if done:
                self.posts[name] -= rest[0]
            return done
        left = self.holds.get(name, 0)
        if kind == "void":
            if left:
                self.released += left
                self.holds[name] = 0
            return left > 0
        if not left or rest[0] > left:
            return False
        back = left - rest[0] if rest[1] else 0
        self.released += back
        self.holds[name] = left - rest[0] - back
        return True


def _told(act: tuple[Any, ...], number: int) -> Any:
    kind, name, *rest = act
    if kind == "post":
        return post("world", "shop", rest[0], id=f"post-{name}")
    if kind == "hold":
        return hold("world", "shop", rest[0], id=f"hold-{name}")
    if kind == "capture":
        return capture(f"hold-{name}", rest[0], id=f"n{number}", final=rest[1])
    if kind == "void":
        return void(f"hold-{name}", id=f"n{number}")
    return reverse(f"post-{name}", rest[0], id=f"n{number}")


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(batches=st.lists(st.lists(_ACTS, min_size=1, max_size=6), max_size=6))
async def test_counting_is_what_a_plain_model_counts(
    database: Database, mint: Mint, batches: list[list[tuple[Any, ...]]]
) -> None:
    caller = Caller(tenant_id=mint.tenant_id(), actor="test", caps=(CAP,))
    desk = Desk(
        service=LedgerService(database=database, mint=mint), database=database, caller=caller
    )
    await desk.open_ledger()
    await desk.open("world", "shop")
    plain, number, taken = Plain(), 0, set[str]()
    for acts in batches:
        items = []
        for act in acts:
            number += 1
            # Ids are used once: a refused one stays refused, which other tests are about.
            if act[0] in ("post", "hold") and f"{act[0]}-{act[1]}" in taken:
                continue
            taken |= {f"{act[0]}-{act[1]}"}
            items.append((_told(act, number), plain.does(act, CAP.most)))
        if items:
            codes = await desk.codes(*(item for item, _ in items))
            assert [code is None for code in codes] == [done for _, done in items], (codes, items)
    if (plain.moved, plain.released) != (0, 0):
        assert await of(desk) == (plain.moved, plain.released)
    await proven(desk)

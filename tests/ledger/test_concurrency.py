"""Two services, as of two processes, race on one database: nothing is done twice, no limit is broken."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from tallystick.kernel.instants import SECOND, render
from tallystick.ledger.api import AnyCommand, LedgerBusy, Post, Status, Verdict
from tallystick.ledger.service import LedgerService, writer
from tallystick.ledger.store import states
from tallystick.runtime.clock import Mint
from tallystick.runtime.database import Database
from tests.ledger.desk import Desk, capture, code_of, hold, post, posting, reverse, void
from tests.ledger.proofs import damage

ROUNDS = 12


@pytest.fixture
async def other(desk: Desk, database_for: Callable[..., Awaitable[Database]], mint: Mint) -> Desk:
    """The same books behind a second pool and a second memory."""
    database = await database_for("ledger", pool_size=6)
    return desk.beside(LedgerService(database=database, mint=mint))


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    # Two writers on the same few accounts lose many races; giving up has a test of its own.
    monkeypatch.setattr(writer, "ATTEMPTS_MAX", 60)


@pytest.fixture
async def bare(migrated_url: str) -> AsyncIterator[Any]:
    """A plain connection of the login, to hold locks and to see who waits for them."""
    connection = await asyncpg.connect(migrated_url)
    yield connection
    await connection.close()


@asynccontextmanager
async def standstill(bare: Any, lock: str) -> AsyncIterator[None]:
    """Hold a lock of the database, so that a writer stops where it is."""
    async with bare.transaction():
        await bare.execute("SET LOCAL ROLE tallystick_owner")
        await bare.execute(lock)
        await bare.execute("RESET ROLE")
        yield


async def _until_waiting(bare: Any) -> None:
    for _ in range(5_000):
        if await bare.fetchval(_WAITING):
            return
        await asyncio.sleep(0.001)
    raise AssertionError("nobody came to the lock")


_WAITING = """
    SELECT count(1) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
# Acts wait with everything read and decided, and nothing written; reads go on.
NO_ACT_IS_WRITTEN = "LOCK TABLE ledger.transaction IN SHARE MODE"


async def test_no_limit_breaks_when_two_services_spend_the_same_money(
    desk: Desk, other: Desk
) -> None:
    await desk.open("world")
    await desk.open("purse", "wallet", min_available=0)
    await desk.submit(post("world", "purse", 100), post("world", "wallet", 100))

    async def spend(at: Desk, name: str) -> list[Verdict]:
        chance = random.Random(name)
        told: list[Verdict] = []
        for turn in range(ROUNDS):
            debit, credit = chance.sample(["purse", "wallet", "world"], 2)
            items: list[AnyCommand] = [
                post("purse", "world", 7, id=f"{name}-{turn}"),
                post(debit, credit, 3, id=f"{name}-{turn}-any"),
                hold("wallet", "world", 5, id=f"{name}-{turn}-hold"),
            ]
            told += await at.submit(*items)
        return told

    told = [*await asyncio.gather(spend(desk, "a"), spend(other, "b"), spend(desk, "c"))]
    for address in ("purse", "wallet"):
        assert (await desk.balances(address))[2] >= 0
    assert await damage(desk) == []
    done = [verdict.id for verdicts in told for verdict in verdicts if code_of(verdict) is None]
    rows = await desk.rows(
        "SELECT id FROM ledger.transaction WHERE refusal IS NULL AND id NOT LIKE 'txn%'"
    )
    assert sorted(row["id"] for row in rows) == sorted(done)


async def test_one_id_is_done_once_whoever_asks_and_however_often(desk: Desk, other: Desk) -> None:
    await desk.open("world", "rich")
    for turn in range(ROUNDS):
        item = post("world", "rich", 1, id=f"once-{turn}")
        told = await asyncio.gather(*(at.submit(item) for at in (desk, other, desk, other)))
        assert sorted(verdicts[0].replayed for verdicts in told) == [False, True, True, True]
        assert len({verdicts[0].transaction for verdicts in told if verdicts[0].replayed}) <= 3
    assert (await desk.balances("rich"))[0] == ROUNDS
    assert await damage(desk) == []


async def test_one_id_with_two_contents_is_done_once(desk: Desk, other: Desk) -> None:
    await desk.open("world", "rich")
    for turn in range(ROUNDS):
        told = await asyncio.gather(
            desk.codes(post("world", "rich", 1, id=f"torn-{turn}")),
            other.codes(post("world", "rich", 2, id=f"torn-{turn}")),
        )
        assert sorted(map(str, (code for codes in told for code in codes))) == [
            "None",
            "exists_with_different_postings",
        ]


async def test_a_hold_is_settled_once(desk: Desk, other: Desk) -> None:
    await desk.open("world", "rich")
    for turn in range(ROUNDS):
        held = await desk.done(hold("world", "rich", 10))
        told = await asyncio.gather(
            desk.codes(capture(held.id)), other.codes(capture(held.id)), other.codes(void(held.id))
        )
        assert [code for codes in told for code in codes].count(None) == 1, turn
    assert await damage(desk) == []
    assert (await desk.balances("rich"))[1] == (await desk.balances("rich"))[0]


async def test_captures_of_one_hold_never_take_more_than_was_held(desk: Desk, other: Desk) -> None:
    await desk.open("world", "rich")
    await desk.done(hold("world", "rich", 100, id="held"))
    told = await asyncio.gather(
        *(at.codes(capture("held", 7)) for at in (desk, other) * 10), return_exceptions=False
    )
    codes = [code for one in told for code in one]
    assert codes.count(None) == 14
    assert codes.count("exceeds_held_amount") == 6
    assert (await desk.shown("held")).remaining == (2,)
    assert await damage(desk) == []


async def test_a_transaction_is_reversed_once(desk: Desk, other: Desk) -> None:
    await desk.open("world", "rich")
    for _ in range(ROUNDS):
        paid = await desk.done(post("world", "rich", 10))
        told = await asyncio.gather(
            desk.codes(reverse(paid.id, 6)), other.codes(reverse(paid.id, 6))
        )
        codes = sorted(str(code) for one in told for code in one)
        assert codes == ["None", "exceeds_reversible_amount"]
    assert await damage(desk) == []


async def test_a_reversal_between_two_reads_of_another_is_not_overlooked(
    desk: Desk, other: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.open("world", "rich")
    await desk.done(post("world", "rich", 10, id="paid"))
    read = states.states_by_id

    async def read_late(*arguments: Any) -> Any:
        # The other service has read what is reversed, and reads the accounts only now.
        monkeypatch.setattr(states, "states_by_id", read)
        await desk.done(reverse("paid", 6))
        return await read(*arguments)

    monkeypatch.setattr(states, "states_by_id", read_late)
    assert await other.codes(reverse("paid", 6)) == ["exceeds_reversible_amount"]
    assert (await desk.shown("paid")).reversed == (6,)
    assert await damage(desk) == []


async def test_two_parts_of_a_transaction_are_reversed_at_once_and_both_are_noted(
    desk: Desk, other: Desk, bare: Any
) -> None:
    # The two reversals touch no account in common, so only the note of what is reversed tells them apart.
    await desk.open("a", "b", "c", "d")
    pair = Post(postings=(posting("a", "b", 5), posting("c", "d", 7)), id="pair")
    await desk.done(pair)
    async with desk.database.transaction(tenant_id=desk.caller.tenant_id) as connection:
        await connection.fetch(
            "SELECT 1 FROM ledger.balance JOIN ledger.account USING (tenant_id, ledger_id, account_id) "
            "WHERE address = 'b' FOR UPDATE OF balance"
        )
        first = asyncio.create_task(desk.codes(reverse("pair", 5, 0)))
        await _until_waiting(bare)
        assert await other.codes(reverse("pair", 0, 7)) == [None]
    assert await first == [None]
    assert (await desk.shown("pair")).reversed == (5, 7)
    assert await desk.refused(reverse("pair", 0, 7)) == "already_reversed"
    assert await damage(desk) == []


@pytest.mark.parametrize("status", [Status.FROZEN, Status.CLOSED])
async def test_a_change_of_status_by_the_other_service_is_respected(
    desk: Desk, other: Desk, status: Status
) -> None:
    await desk.open("world", "rich", "empty")
    await desk.submit(
        post("world", "rich", 1), post("world", "empty", 1), post("empty", "world", 1)
    )
    await other.status("empty", status)
    word = "closed" if status is Status.CLOSED else "frozen"
    assert await desk.refused(post("world", "empty", 1)) == f"credit_account_is_{word}"
    assert await desk.refused(post("empty", "rich", 1, id="no")) == f"debit_account_is_{word}"
    await other.status("empty", Status.OPEN)
    # A refusal is remembered, so it must not rest on what this service believed before.
    assert await desk.codes(post("world", "empty", 1), post("empty", "rich", 1, id="no")) == [
        None,
        f"debit_account_is_{word}",
    ]


async def test_limits_set_by_the_other_service_are_respected(desk: Desk, other: Desk) -> None:
    await desk.open("world", "rich")
    await desk.submit(post("world", "rich", 10))
    await other.limits("rich", 0, 10)
    assert await desk.refused(post("rich", "world", 11)) == "exceeds_available_balance"
    assert await desk.refused(post("world", "rich", 1)) == "exceeds_maximum_balance"
    await other.limits("rich", None, None)
    assert await desk.codes(post("rich", "world", 11), post("world", "rich", 11)) == [None, None]


async def test_money_brought_by_the_other_service_can_be_spent(desk: Desk, other: Desk) -> None:
    await desk.open("world")
    await desk.open("purse", min_available=0)
    assert await desk.refused(post("purse", "world", 1)) == "exceeds_available_balance"
    await other.done(post("world", "purse", 1))
    assert await desk.codes(post("purse", "world", 1)) == [None]


async def test_a_group_refused_for_old_news_is_decided_again(desk: Desk, other: Desk) -> None:
    await desk.open("world", "rich")
    await desk.done(hold("world", "rich", 9, id="held"))
    await desk.status("rich", Status.FROZEN)
    assert await desk.refused(capture("held", 1)) == "credit_account_is_frozen"
    await other.status("rich", Status.OPEN)
    assert await desk.codes(capture("held", 1, group="g"), capture("held", 1, group="g")) == [
        None,
        None,
    ]


async def test_an_answer_as_recorded_at_a_time_never_changes(
    desk: Desk, other: Desk, bare: Any
) -> None:
    await desk.open("world", "rich")
    await desk.done(post("world", "rich", 1))
    async with standstill(bare, NO_ACT_IS_WRITTEN):
        late = asyncio.create_task(desk.done(post("world", "rich", 1)))
        await _until_waiting(bare)
        # The act above has read the clock already, and writes after we asked: the answer waits for it.
        asked_at = await other.clock()
        asking = asyncio.create_task(other.as_of("rich", effective=None, recorded=asked_at))
    answer, _ = await asking, await late
    assert await other.as_of("rich", effective=None, recorded=asked_at) == answer


async def test_a_change_of_status_meanwhile_makes_no_account_vanish(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.open("world", "rich", "cold")
    await desk.done(post("world", "rich", 1))
    read, reached, opened = states.states_by_address, asyncio.Event(), asyncio.Event()

    async def read_slowly(*arguments: Any) -> Any:
        found = await read(*arguments)
        reached.set()
        await opened.wait()
        return found

    monkeypatch.setattr(states, "states_by_address", read_slowly)
    # ``world`` and ``rich`` are remembered, ``cold`` is being read, and ``rich`` is forgotten meanwhile.
    told = asyncio.create_task(desk.codes(post("world", "rich", 1), post("world", "cold", 1)))
    await reached.wait()
    await desk.limits("rich", 0, None)
    opened.set()
    assert await told == [None, None]


async def test_groups_of_two_requests_never_become_one(desk: Desk, bare: Any) -> None:
    await desk.open("world", "rich")
    async with standstill(bare, NO_ACT_IS_WRITTEN):
        first = asyncio.create_task(desk.codes(post("world", "rich", 1)))
        await _until_waiting(bare)
        # Both wait for the batch before them, so they travel in one batch.
        good = asyncio.create_task(
            desk.codes(post("world", "rich", 1, group="g"), post("world", "rich", 2, group="g"))
        )
        bad = asyncio.create_task(
            desk.codes(post("world", "rich", 3, group="g"), post("world", "nobody", 1, group="g"))
        )
        await asyncio.sleep(0)
    assert await asyncio.gather(first, good, bad) == [
        [None],
        [None, None],
        ["linked_item_failed", "credit_account_not_found"],
    ]


async def test_a_group_sent_twice_at_once_is_done_once(desk: Desk, bare: Any) -> None:
    await desk.open("world", "rich")
    items = [post("world", "rich", n, id=f"g{n}", group="g") for n in (1, 2)]
    async with standstill(bare, NO_ACT_IS_WRITTEN):
        first = asyncio.create_task(desk.codes(post("world", "rich", 1)))
        await _until_waiting(bare)
        both = [asyncio.create_task(desk.submit(*items)) for _ in range(2)]
        await asyncio.sleep(0)
    await first
    told = await asyncio.gather(*both)
    assert [[verdict.replayed for verdict in verdicts] for verdicts in told] == [
        [False] * 2,
        [True] * 2,
    ]
    assert (await desk.balances("rich"))[0] == 4


async def test_losing_every_race_says_retry_later(
    desk: Desk, other: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.open("world", "rich")
    await desk.done(post("world", "rich", 1))
    await other.done(post("world", "rich", 1))
    # What the first service remembers is old now, and one attempt is not enough to learn it.
    monkeypatch.setattr(writer, "ATTEMPTS_MAX", 1)
    with pytest.raises(LedgerBusy):
        await desk.submit(post("world", "rich", 1))


async def test_a_full_queue_says_retry_later_and_leaves_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.open("world", "rich")
    monkeypatch.setattr(writer, "QUEUED_ITEMS_MAX", 3)
    told = await asyncio.gather(
        *(desk.codes(*[post("world", "rich", 1)] * 2) for _ in range(2)), return_exceptions=True
    )
    assert [None, None] in told
    assert [type(one) for one in told if one != [None, None]] == [LedgerBusy]
    assert (await desk.balances("rich"))[0] == 2


async def test_batches_decided_ahead_of_others_are_as_good_as_batches_in_turn(
    desk: Desk, other: Desk, mint: Mint
) -> None:
    # Small batches queue behind each other, and the other service makes many of them start over.
    small = desk.beside(LedgerService(database=desk.database, mint=mint, batch_items_max=6))
    await desk.open("world", "rich", *(f"cold:{n}" for n in range(60)))
    await desk.open("purse", min_available=0)
    await desk.done(post("world", "purse", 50))
    first = [
        small.codes(
            post("world", f"cold:{n}", 1, id=f"a{n}"), hold("purse", "world", 1, id=f"h{n}")
        )
        for n in range(60)
    ]
    second = [
        small.codes(
            post("world", "rich", 1, id=f"a{n}"), capture(f"h{n}"), post("rich", "world", 1)
        )
        for n in range(60)
    ]

    async def interfere() -> list[str | None]:
        for n in range(25):
            await other.codes(post("rich", "world", 1), post("world", f"cold:{n}", 1))
        return []

    told = await asyncio.gather(*first, *second, interfere())
    short = "exceeds_available_balance"
    assert {tuple(codes) for codes in told[:60]} <= {(None, None), (None, short)}
    assert sum(codes == [None, None] for codes in told[:60]) == 50
    captured = [codes[1] for codes in told[60:120]]
    assert set(captured) == {None, "target_was_refused"}
    assert {codes[0] for codes in told[60:120]} == {"exists_with_different_postings"}
    assert (await desk.balances("purse")) == (0, 0, 0)
    assert await damage(desk) == []


async def test_accounts_of_one_address_are_opened_once(desk: Desk, other: Desk) -> None:
    for turn in range(ROUNDS):
        await asyncio.gather(
            *(at.open(f"race:{turn}", asset=f"A{turn}") for at in (desk, other) * 2)
        )
    counts = await desk.row_counts()
    assert (counts["account"], counts["balance"], counts["account_event"]) == (ROUNDS,) * 3


async def test_closing_and_paying_in_never_leave_money_on_a_closed_account(
    desk: Desk, other: Desk
) -> None:
    await desk.open("world")
    for turn in range(ROUNDS):
        await desk.open(f"till:{turn}")
        await asyncio.gather(
            desk.codes(post("world", f"till:{turn}", 1)),
            other.status(f"till:{turn}", Status.CLOSED),
            return_exceptions=True,
        )
        account = await desk.account(f"till:{turn}")
        assert account.status is Status.OPEN or account.balances.posted == 0


async def test_two_jobs_expire_a_hold_once(desk: Desk, other: Desk) -> None:
    await desk.open("world", "rich")
    due = await desk.clock() + SECOND // 10
    await desk.submit(*(hold("world", "rich", 1, expires_at=render(due)) for _ in range(20)))
    await desk.wait_until(due)
    await asyncio.gather(desk.service.expire(most=1_000), other.service.expire(most=1_000))
    rows = await desk.rows("SELECT kind, refusal FROM ledger.transaction WHERE kind = 'expire'")
    assert [(row["kind"], row["refusal"]) for row in rows] == [("expire", None)] * 20
    assert await desk.balances("rich") == (0, 0, 0)
    assert await damage(desk) == []

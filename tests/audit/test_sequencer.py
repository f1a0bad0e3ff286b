"""What was committed gets its place once, in the order in which nothing can be overtaken."""

import asyncio
from collections.abc import AsyncIterator, Callable
from hashlib import sha256
from typing import Any

import asyncpg
import pytest
import structlog

from tallystick.apps.parts import CONTEXTS
from tallystick.audit.model import tiles
from tallystick.audit.service import following as limits
from tallystick.audit.service.following import WrongCluster
from tallystick.kernel.entries import read, write
from tallystick.kernel.instants import SECOND, Instant
from tallystick.runtime.clock import SystemClock
from tests.audit.sequencing import House, audited, deed, housed, owning, put


@pytest.fixture
async def house(make_database: Callable[[], str]) -> AsyncIterator[House]:
    async with housed(make_database) as made:
        yield made


async def test_entries_of_all_contexts_get_their_places_once_in_the_order_of_their_commits(
    house: House,
) -> None:
    for number in range(30):
        context = CONTEXTS[number % len(CONTEXTS)]
        tenant_id = 1 + number % 3
        deeds = [deed(1_000 * number + at, tenant_id=tenant_id) for at in range(1 + 29 * number)]
        await house.write(*deeds, context=context)
    first = await house.sequencer()
    assert await first.try_lease()
    # The check of the clock is the one more.
    assert await first.turn() == sum(1 + 29 * number for number in range(30)) + 1
    assert await first.turn() == 0
    found = await audited(house)
    assert (found.trees, found.checkpoints) == (4, 4)


async def test_a_transaction_that_commits_late_holds_back_what_came_after_it(house: House) -> None:
    first = await house.sequencer()
    await first.try_lease()
    async with house.acting("ledger") as early:
        await put(early, deed(1))
        await house.write(deed(2))
        await house.write(deed(3), context="wallets")
        await first.turn()
        assert await house.numbers() == []
        assert await house.numbers(context="wallets") == []
    await first.turn()
    assert await house.numbers() == [1, 2]
    assert await house.numbers(context="wallets") == [3]
    await audited(house)


async def test_a_transaction_that_numbers_its_leaf_before_an_earlier_one_is_not_skipped(
    house: House,
) -> None:
    # The one with the lower transaction number writes its leaf last, and commits last.
    first = await house.sequencer()
    await first.try_lease()
    async with house.acting("ledger") as early:
        await early.execute("SELECT pg_current_xact_id()")
        await house.write(deed(2))
        await first.turn()
        await put(early, deed(1))
        await first.turn()
        assert await house.numbers() == []
    await house.write(deed(3))
    await first.turn()
    assert await house.numbers() == [1, 2, 3]
    await audited(house)


async def test_what_was_rolled_back_leaves_nothing(house: House) -> None:
    await house.write(deed(1))
    async with house.acting("ledger") as connection:
        await put(connection, deed(2))
        await connection.execute("ROLLBACK; BEGIN")
    await house.write(deed(3))
    await house.sequenced()
    assert await house.numbers() == [1, 3]
    await audited(house)


async def test_many_writers_at_once_lose_and_repeat_nothing(house: House) -> None:
    first = await house.sequencer()
    await first.try_lease()

    async def act(writer: int) -> None:
        for number in range(40):
            context = CONTEXTS[(writer + number) % len(CONTEXTS)]
            async with house.acting(context, tenant_id=1 + writer % 2) as connection:
                one = deed(1_000 * writer + number, tenant_id=1 + writer % 2)
                await put(connection, one, context=context)
                await connection.execute("SELECT pg_sleep($1)", (writer * number % 7) / 1_000)

    writers = [asyncio.create_task(act(writer)) for writer in range(6)]
    while not all(writer.done() for writer in writers):
        await first.turn()
    await asyncio.gather(*writers)
    await first.turn()
    assert (await audited(house)).entries == 6 * 40 + 1


async def test_a_leaf_larger_than_a_round_takes_is_followed_to_its_end(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LEAVES_MAX", 2)
    await house.write(*[deed(number) for number in range(1_500)])
    await house.write(deed(1_500), context="wallets")
    first = await house.sequencer()
    await first.try_lease()
    await first.turn()
    assert await house.numbers() == list(range(1_500))
    await audited(house)


async def test_a_cluster_that_is_another_stops_it_and_nothing_is_written(house: House) -> None:
    await house.write(deed(1))
    await house.sequenced()
    await house.write(deed(2))
    await house.rows("UPDATE audit.lease SET cluster = cluster + 1")
    before = await house.rows("SELECT * FROM audit.lease, audit.tree, audit.place")
    other = await house.sequencer("other")
    with pytest.raises(WrongCluster, match=r"docs/operating/record\.md says under Restoring"):
        await asyncio.wait_for(other.run(asyncio.Event()), 10)
    assert not other.has_lease
    assert await house.rows("SELECT * FROM audit.lease, audit.tree, audit.place") == before


async def test_a_cluster_that_is_adopted_is_followed_and_that_is_on_record(house: House) -> None:
    await house.write(deed(1))
    await house.sequenced()
    await house.write(deed(2))
    await house.rows("UPDATE audit.lease SET cluster = cluster + 1")
    other = await house.sequencer("other", adopts=True)
    assert await other.try_lease()
    await other.turn()
    await other.turn()
    await other.give_up()
    assert await house.numbers() == [1, 2]
    told = await house.rows("SELECT entries FROM audit.segment WHERE tenant_id = 0")
    assert any(b"audit.record.adopt" in row["entries"] for row in told)
    # It is bound now, and the next one goes on without being told.
    assert await (await house.sequencer("third")).try_lease()


@pytest.mark.parametrize("is_bound", [True, False])
async def test_a_place_that_no_transaction_has_reached_stops_it(
    house: House, is_bound: bool
) -> None:
    await house.write(deed(1))
    await house.sequenced()
    await house.rows("UPDATE audit.place SET xid = xid + 1000000 WHERE context = 'ledger'")
    if not is_bound:
        await house.rows("UPDATE audit.lease SET cluster = NULL")
    before = await house.rows("SELECT * FROM audit.lease, audit.tree, audit.place")
    with pytest.raises(WrongCluster, match="numbered anew"):
        await (await house.sequencer("other")).try_lease()
    assert await house.rows("SELECT * FROM audit.lease, audit.tree, audit.place") == before


class Wrong:
    """A clock that is wrong by so much."""

    def __init__(self, by: Instant) -> None:
        self.by = by

    def now(self) -> Instant:
        return SystemClock().now() - self.by


async def test_lag_is_measured_kept_and_called_out(house: House) -> None:
    await house.write(deed(1, at=SystemClock().now() - 60 * SECOND))
    first = await house.sequencer()
    await first.try_lease()
    with structlog.testing.capture_logs() as logs:
        await first.turn()
    (told,) = [one for one in logs if one["event"] == "record_lags"]
    assert told["log_level"] == "error"
    assert 60 * SECOND <= told["lag_us"] < 90 * SECOND
    assert (await house.lease()).lag_us == told["lag_us"]
    with structlog.testing.capture_logs() as logs:
        await first.turn()
        await first.turn()
    assert logs == []
    assert (await house.lease()).lag_us == 0


async def test_what_an_open_transaction_holds_back_lags(house: House) -> None:
    first = await house.sequencer()
    await first.try_lease()
    await first.turn()
    await first.turn()
    async with house.acting("wallets") as early:
        await early.execute("SELECT pg_current_xact_id()")
        await house.write(deed(1, at=SystemClock().now() - 60 * SECOND))
        for _ in range(2):
            with structlog.testing.capture_logs() as logs:
                await first.turn()
            assert [one["event"] for one in logs] == ["record_lags"]
        assert (await house.lease()).lag_us >= 60 * SECOND


@pytest.mark.parametrize("by", [3_600 * SECOND, -3_600 * SECOND, 0])
async def test_the_clock_is_held_against_the_databases_and_the_skew_is_on_record(
    house: House, by: Instant
) -> None:
    first = await house.sequencer(clock=Wrong(by))
    await first.try_lease()
    with structlog.testing.capture_logs() as logs:
        await first.turn()
        await first.turn()
    off = [one for one in logs if one["event"] == "clock_is_off"]
    assert [one["log_level"] for one in off] == (["error"] * 2 if by else [])
    assert abs((await house.lease()).skew_us - by) < SECOND // 2
    (row,) = await house.rows("SELECT entries FROM audit.segment WHERE tenant_id = 0")
    entry = read(row["entries"][2:])
    assert (entry.tag, entry.by, entry.on) == ("audit.clock.check", "job:sequencer", "audit:clock")
    assert entry.content is not None
    assert entry.content["is_off"] is bool(by)
    assert abs(entry.content["skew_us"] - by) < SECOND // 2


async def test_a_clock_check_that_could_not_be_written_is_written_later(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await house.sequencer()
    await first.try_lease()
    with monkeypatch.context() as patch:
        patch.setattr(first._pen, "note", _unwritten)
        with pytest.raises(ConnectionResetError):
            await first.turn()
    await first.turn()
    await first.turn()
    assert await house.sizes(0) == (1, 1, 1)


async def _unwritten(**_: object) -> None:
    raise ConnectionResetError("the process died here")


@pytest.mark.parametrize("context", CONTEXTS)
async def test_no_context_says_of_which_transaction_its_leaf_is(house: House, context: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await leaf(house, context, xid="9000000000000000000")
    await leaf(house, context)
    (row,) = await house.rows(f"SELECT xid::text::bigint AS xid FROM {context}.leaf")
    assert row["xid"] < 9_000_000_000_000_000_000


ENTRY = tiles.pack([write(deed(1, at=1_800_000_000 * SECOND), salt=bytes(16))])
MALFORMED: dict[str, dict[str, Any]] = {
    "more entries than there are": {"length": 2},
    "fewer entries than there are": {"entries": ENTRY * 2},
    "cut off": {"entries": ENTRY[:-1]},
    "empty": {"entries": b""},
    "no JSON": {"entries": tiles.pack([b"{forged"])},
    "no entry": {"entries": tiles.pack([b'{"tag":"ledger.ledger.open"}'])},
    "no UTF-8": {"entries": tiles.pack([ENTRY[2:-1] + b',"x":"\xff"}'])},
    "nested": {"entries": tiles.pack([ENTRY[2:-1] + b',"content":{"a":' + b"[" * 60_000])},
    "no time": {"entries": ENTRY.replace(b".000000Z", b".00000xZ")},
    "no year": {"entries": ENTRY.replace(b'"at":"2027', b'"at":"2200')},
    "from before all times": {
        "first_at": -(2**63) + 946_684_800 * SECOND,
        "last_at": -(2**63) + 946_684_800 * SECOND,
    },
    "of no end": {"last_at": 2**63 - 1 + 946_684_800 * SECOND},
    "a number that is not exact in JSON": {"number": 2**62 + 1, "length": 2},
}


@pytest.mark.parametrize("what", MALFORMED)
async def test_a_leaf_that_holds_no_entries_is_set_aside_and_holds_up_nobody(
    house: House, what: str
) -> None:
    await house.write(deed(1))
    await leaf(house, "ledger", **MALFORMED[what])
    await house.write(deed(2))
    await house.write(deed(3, tenant_id=2))
    first = await house.sequencer()
    await first.try_lease()
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            await first.turn()
    (told,) = [one for one in logs if one["event"] == "leaf_set_aside"]
    assert (await house.numbers(), await house.numbers(2)) == ([1, 2], [3])
    assert await house.sizes() == (2, 2, 2)
    rows = await house.rows("SELECT entries FROM audit.segment WHERE tenant_id = 0")
    found = [read(entry) for row in rows for entry in tiles.unpack(row["entries"])]
    (entry,) = [one for one in found if one.tag == "audit.leaf.refuse"]
    assert entry.on == "audit:log:tnt_0000000000001"
    packed = await house.rows("SELECT entries FROM ledger.leaf WHERE number = $1", told["leaf"])
    digest = sha256(packed[0]["entries"]).hexdigest()
    assert entry.content == {"context": "ledger", "leaf": str(told["leaf"]), "sha256": digest}


async def leaf(house: House, context: str, **columns: Any) -> None:
    """Insert a leaf as a context can that does not do it as our code does; a good one but for these columns."""
    at = SystemClock().now()
    good = {"tenant_id": 1, "number": 1_000, "first_at": at, "last_at": at, "length": 1}
    row = good | {"entries": tiles.pack([write(deed(1, at=at), salt=bytes(16))])} | columns
    places = ", ".join(
        f"${at}::text::xid8" if name == "xid" else f"${at}" for at, name in enumerate(row, 1)
    )
    async with house.acting(context) as connection:
        await connection.execute(
            f"INSERT INTO {context}.leaf ({', '.join(row)}) VALUES ({places})", *row.values()
        )


async def test_after_each_turn_it_is_told_whether_the_record_is_kept(house: House) -> None:
    stopping, told = asyncio.Event(), list[bool]()

    def beat(is_kept: bool) -> None:
        told.append(is_kept)
        stopping.set()

    async def one_turn(holder: str) -> None:
        stopping.clear()
        await (await house.sequencer(holder, beat=beat)).run(stopping)

    await one_turn("first")
    other = await house.sequencer("other")
    assert await other.try_lease()
    # Whoever waits for another that has the lease does its part.
    await one_turn("second")
    await other.give_up()
    async with owning(house.url) as connection:
        await connection.execute("REVOKE SELECT ON audit.lease FROM tallystick_sequencer")
    await one_turn("third")
    assert told == [True, True, False]

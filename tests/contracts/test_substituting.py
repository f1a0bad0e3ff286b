"""A switch in a door: who serves, what is copied and compared, what is written down, and how fast it changes."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from msgspec import structs

from tallystick.identity.api.access import ApprovalNeeded, StepUpNeeded
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import read
from tallystick.kernel.problems import Problem
from tallystick.kernel.refusals import TemporarilyUnavailable
from tallystick.ledger.api import LedgerNotFound
from tallystick.runtime.clock import SystemClock
from tallystick.runtime.doors import near
from tallystick.runtime.record import Pen
from tallystick.runtime.shadowing import COPIES_MAX, Watch
from tallystick.runtime.substituting import (
    KEPT,
    Mode,
    Ready,
    Standing,
    Table,
    is_reading,
    substituted,
)
from tallystick.runtime.unlike import unlike
from tallystick.wallets.api import ListWallets, WalletNotFound, WalletOf, Wallets
from tests.wallets.conftest import order

W1 = WalletOf(wallet="w1")


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = 1_000_000_000_000

    def now(self) -> int:
        return self.at


class Named:
    """Our wallets under another name: a substitute that calls every wallet its own."""

    def __init__(self, ours: Wallets) -> None:
        self._ours = ours
        self.asked: list[str] = []
        self.waits: asyncio.Event | None = None

    def __getattr__(self, name: str) -> Any:
        async def ask(*, caller: Caller, message: Any) -> Any:
            self.asked.append(name)
            if self.waits is not None:
                await self.waits.wait()
            answer = await getattr(self._ours, name)(caller=caller, message=message)
            return structs.replace(answer, name="B") if hasattr(answer, "name") else answer

        return ask


class Switchboard:
    """Everything a substituted door is made of, and one tenant's standing."""

    def __init__(self, house: Any, pen: Pen, version: str = "B.1.0.0") -> None:
        self.clock, self.theirs = Hands(), Named(house.wallets)
        self.standing: dict[str, Standing] = {}
        self.asked = 0
        self.is_away = False
        self.readies: dict[str, Ready] = {"named": Ready(version, self.theirs)}
        self.table = Table(self._ask, clock=self.clock)
        self.watch = Watch(clock=SystemClock())
        self.wallets = substituted(
            Wallets, house.wallets, table=self.table, pool=self, pen=pen, watch=self.watch
        )

    async def _ask(self, tenant_id: int) -> Mapping[str, Standing]:
        self.asked += 1
        if self.is_away:
            raise TemporarilyUnavailable("identity is away")
        return dict(self.standing)

    def ready(self, context: str, name: str) -> Ready | None:
        return self.readies.get(name) if context == "wallets" else None

    def switch(self, mode: Mode, *, share: int = 100, number: int = 1) -> None:
        self.standing = {"wallets": Standing(mode, "named", "B.1.0.0", share, number)}


@pytest.fixture
async def board(house, database_for) -> Switchboard:
    database = await database_for("wallets")
    return Switchboard(house, Pen(database=database, context="wallets", clock=SystemClock()))


@pytest.fixture
def entries(database_for):
    """The entries of the wallets of a tenant, oldest first."""

    async def entries(tenant_id: int) -> list[Any]:
        found: list[Any] = []
        database = await database_for("operator")
        async with database.transaction(tenant_id=tenant_id, read_only=True) as connection:
            rows = await connection.fetch(
                "SELECT entries FROM wallets.leaf WHERE tenant_id = $1 ORDER BY number", tenant_id
            )
        for row in rows:
            rest = row["entries"]
            while rest:
                length = int.from_bytes(rest[:2], "big")
                found.append(read(rest[2 : 2 + length]))
                rest = rest[2 + length :]
        return found

    return entries


async def test_nobody_is_switched_by_default_and_that_is_asked_every_five_seconds(
    board, caller
) -> None:
    made = await board.wallets.open(caller=caller, message=order())
    assert (made.name, board.theirs.asked, board.asked) == ("Household", [], 1)
    await board.wallets.wallet(caller=caller, message=W1)
    assert board.asked == 1
    board.clock.at += KEPT
    await board.wallets.wallet(caller=caller, message=W1)
    assert board.asked == 2


async def test_live_serves_the_tenant_and_the_record_says_who_did_it(
    board, caller, entries
) -> None:
    board.switch(Mode.LIVE)
    made = await board.wallets.open(caller=caller, message=order())
    assert (made.name, board.theirs.asked) == ("B", ["open"])
    with pytest.raises(WalletNotFound):
        await board.wallets.wallet(caller=caller, message=WalletOf(wallet="none"))
    # Between them are those of ours, whom they ask.
    [asked, *_, last, refused] = await entries(caller.tenant_id)
    assert (refused.outcome, refused.content) == ("wallet_not_found", last.content)
    assert (last.tag, last.outcome, last.by, last.on) == (
        "wallets.wallet.open", "done", "test", "wallets",
    )  # fmt: skip
    assert last.content == {"substitute": "named", "version": "B.1.0.0"}
    assert last.sealed is not None
    assert (asked.tag, asked.outcome, asked.content) == (last.tag, "asked", last.content)
    await board.wallets.open(caller=caller, message=order())
    last = (await entries(caller.tenant_id))[-1]
    assert last.content == {"replayed": True, "substitute": "named", "version": "B.1.0.0"}


async def test_a_refusal_of_theirs_is_on_record_as_a_word_of_ours_or_not_at_all(
    board, caller, entries
) -> None:
    board.switch(Mode.LIVE)

    async def evil(*, caller: Caller, message: Any) -> Any:
        problem = Problem("no")
        problem.code = 'x","tag":"identity.key.create'
        raise problem

    async def again(*, caller: Caller, message: Any) -> Any:
        problem = WalletNotFound("there is none")
        problem.replayed = True
        problem.headers = {"set-cookie": "a=b"}  # type: ignore[attr-defined]
        raise problem

    def sly(kind: type[Problem]) -> Any:
        async def ask(*, caller: Caller, message: Any) -> Any:
            raise kind("go and prove who you are", {"max_age": "300"})

        return ask

    for theirs in (evil, sly(StepUpNeeded), sly(ApprovalNeeded), sly(LedgerNotFound)):
        board.theirs.freeze = theirs
        with pytest.raises(TemporarilyUnavailable) as lost:
            await board.wallets.freeze(caller=caller, message=W1)
        assert (lost.value.fields, getattr(lost.value, "headers", {})) == ({}, {})
    # That it was asked is on record, and that nobody knows what became of it.
    assert [one.outcome for one in await entries(caller.tenant_id)] == ["asked"] * 4
    board.theirs.freeze = again
    with pytest.raises(WalletNotFound) as refused:
        await board.wallets.freeze(caller=caller, message=W1)
    assert not refused.value.replayed
    assert not hasattr(refused.value, "headers")
    asked, last = (await entries(caller.tenant_id))[-2:]
    assert (asked.outcome, last.outcome) == ("asked", "wallet_not_found")
    assert last.content == {"substitute": "named", "version": "B.1.0.0"}


async def test_a_refusal_of_theirs_is_on_record_once_behind_a_door(
    board, caller, entries, database_for
) -> None:
    board.switch(Mode.LIVE)
    pen = Pen(database=await database_for("wallets"), context="wallets", clock=SystemClock())
    door = near(Wallets, board.wallets, refusals=pen)
    with pytest.raises(WalletNotFound):
        await door.freeze(caller=caller, message=WalletOf(wallet="none"))
    found = await entries(caller.tenant_id)
    assert [one.outcome for one in found] == ["asked", "wallet_not_found"]


async def test_what_was_asked_is_on_record_when_this_process_dies_before_the_answer(
    board, caller, entries
) -> None:
    board.switch(Mode.LIVE)

    async def die(*, caller: Caller, message: Any) -> Any:
        raise asyncio.CancelledError

    board.theirs.freeze = board.theirs.wallet = die
    for ask in (board.wallets.freeze, board.wallets.wallet):
        with pytest.raises(asyncio.CancelledError):
            await ask(caller=caller, message=W1)
    # What only reads does nothing that could be missing.
    [asked] = await entries(caller.tenant_id)
    assert (asked.tag, asked.outcome) == ("wallets.wallet.freeze", "asked")
    assert asked.content == {"substitute": "named", "version": "B.1.0.0"}


async def test_a_switch_is_known_at_once_here_and_in_five_seconds_elsewhere(board, caller) -> None:
    await board.wallets.open(caller=caller, message=order())
    board.switch(Mode.LIVE)
    assert (await board.wallets.wallet(caller=caller, message=W1)).name == "Household"
    board.table.forget(caller.tenant_id)
    assert (await board.wallets.wallet(caller=caller, message=W1)).name == "B"
    board.standing = {}
    board.clock.at += KEPT - 1
    assert (await board.wallets.wallet(caller=caller, message=W1)).name == "B"
    board.clock.at += 1
    assert (await board.wallets.wallet(caller=caller, message=W1)).name == "Household"


async def test_who_serves_is_never_guessed(board, caller) -> None:
    board.is_away = True
    with pytest.raises(TemporarilyUnavailable):
        await board.wallets.open(caller=caller, message=order())
    board.is_away = False
    board.switch(Mode.LIVE)
    for readies in ({}, {"named": Ready("B.1.0.1", board.theirs)}):
        board.readies = readies
        with pytest.raises(TemporarilyUnavailable, match="not ready"):
            await board.wallets.open(caller=caller, message=order())
    assert board.theirs.asked == []


async def test_a_switch_while_it_is_asked_is_not_forgotten(board, caller) -> None:
    gate = asyncio.Event()

    async def late(tenant_id: int) -> Mapping[str, Standing]:
        found = dict(board.standing)
        await gate.wait()
        return found

    table = Table(late, clock=board.clock)
    asking = asyncio.create_task(table.of(caller.tenant_id))
    await asyncio.sleep(0)
    table.forget(caller.tenant_id)
    gate.set()
    await asking
    assert table.known(caller.tenant_id) is None


async def test_it_is_asked_once_for_all_who_wait_and_not_given_up_with_the_first(
    board, caller
) -> None:
    gate, asked = asyncio.Event(), list[int]()

    async def late(tenant_id: int) -> Mapping[str, Standing]:
        asked.append(tenant_id)
        await gate.wait()
        return {}

    table = Table(late, clock=board.clock)
    waiting = [asyncio.create_task(table.of(caller.tenant_id)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(*waiting[1:]) == [{}, {}]
    assert asked == [caller.tenant_id]
    assert table.known(caller.tenant_id) == {}


async def test_shadow_copies_a_share_of_what_reads_and_counts_what_is_unlike(board, caller) -> None:
    board.switch(Mode.SHADOW, share=25)
    assert (await board.wallets.open(caller=caller, message=order())).name == "Household"
    for _ in range(8):
        assert (await board.wallets.wallet(caller=caller, message=W1)).name == "Household"
    await board.watch.settle()
    assert board.theirs.asked == ["wallet", "wallet"]
    [(key, seen)] = board.watch.take().items()
    assert key == (caller.tenant_id, "wallets", 1)
    assert (seen.compared, seen.different, seen.lost, seen.skipped) == (2, 2, 0, 0)
    first = seen.differences[0]
    assert (first.method, first.ours, first.theirs, first.fields) == (
        "wallet", "answered", "answered", ("name",),
    )  # fmt: skip
    assert board.watch.take() == {}


async def test_shadow_compares_refusals_and_never_affects_who_asks(board, caller) -> None:
    board.switch(Mode.SHADOW)

    async def fails(*, caller: Caller, message: Any) -> Any:
        raise RuntimeError("a bug of theirs")

    with pytest.raises(WalletNotFound):
        await board.wallets.wallet(caller=caller, message=W1)
    board.theirs.wallets = fails
    await board.wallets.wallets(caller=caller, message=ListWallets())
    board.readies = {}
    await board.wallets.wallets(caller=caller, message=ListWallets())
    await board.watch.settle()
    [seen] = board.watch.take().values()
    assert (seen.compared, seen.different, seen.lost) == (1, 0, 2)


async def test_copies_are_bounded_and_nobody_waits_for_them(board, caller) -> None:
    board.switch(Mode.SHADOW)
    board.theirs.waits = asyncio.Event()
    for _ in range(COPIES_MAX + 3):
        await board.wallets.wallets(caller=caller, message=ListWallets())
    [seen] = board.watch.take().values()
    assert (seen.compared, seen.skipped) == (0, 3)
    board.theirs.waits.set()
    await board.watch.settle()
    [seen] = board.watch.take().values()
    assert (seen.compared, seen.different) == (COPIES_MAX, 0)


def test_what_only_reads_is_known_by_its_action() -> None:
    reading = {
        name
        for name in vars(Wallets)
        if not name.startswith("_") and is_reading(vars(Wallets)[name])
    }
    assert reading == {
        "wallet", "wallets", "account_by_iban", "accounts_by_iban", "statement", "statement_file",
    }  # fmt: skip


def test_places_that_are_unlike_are_named_and_those_of_the_moment_passed_over() -> None:
    ours = {"items": [{"a": 1, "created_at": "x"}], "n": 1}
    assert unlike(ours, {"items": [{"a": 1, "created_at": "y"}], "n": 1}) is None
    assert unlike(ours, {"items": [{"a": 2}], "m": 1}) == ("items[0].a", "m", "n")
    assert unlike(ours, {"items": [], "n": 1}) == ("items",)
    assert unlike(WalletNotFound("a"), WalletNotFound("b")) is None
    assert unlike(WalletNotFound("a"), ours) == ()

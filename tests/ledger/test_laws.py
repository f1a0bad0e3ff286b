"""Any acts, in any order, any number of times: the books and the plain books never differ.

``LAWS_EXAMPLES`` in the environment asks for more than the 150 runs of ``make test``.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from os import environ
from typing import Any, ClassVar, TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import DAY, EARLIEST, LATEST, SECOND, parse, render
from tallystick.kernel.problems import Problem
from tallystick.ledger.api import (
    AnyCommand,
    Capture,
    Hold,
    ListAccounts,
    OpenAccount,
    Post,
    Posting,
    Reverse,
    Side,
    Status,
    Verdict,
    Void,
)
from tallystick.ledger.service import LedgerService
from tallystick.runtime.clock import Mint, SystemClock
from tallystick.runtime.database import Database
from tests.ledger.desk import LEDGER, Desk, code_of, counters_of, hold
from tests.ledger.plain_books import Answer, PlainBooks
from tests.ledger.proofs import damage

EXAMPLES = int(environ.get("LAWS_EXAMPLES", "150"))
STEPS = 25
PAST, FAR = "2001-01-01T00:00:00Z", "2190-01-01T00:00:00Z"
Answered = TypeVar("Answered")

# Address, normal side, minimum, maximum, asset.
OPENED: tuple[tuple[str, Side, int | None, int | None, str], ...] = (
    ("world", Side.CREDIT, None, None, "EUR"),
    ("vault", Side.DEBIT, 0, 900, "EUR"),
    ("customers:1:main", Side.CREDIT, 0, None, "EUR"),
    ("customers:2:main", Side.CREDIT, -100, 300, "EUR"),
    ("fees", Side.CREDIT, None, 120, "EUR"),
    ("dollars", Side.CREDIT, None, None, "USD"),
    ("dollars:1", Side.CREDIT, 0, None, "USD"),
)
ADDRESSES = [row[0] for row in OPENED]
EUROS = [row[0] for row in OPENED if row[4] == "EUR"]
DOLLARS = [row[0] for row in OPENED if row[4] == "USD"]
FOREVER = LATEST - 1

amounts = st.integers(1, 200)
addresses = st.sampled_from([*ADDRESSES, "nobody"])
effective_times = st.one_of(
    st.none(),
    st.none(),
    st.sampled_from([EARLIEST, -1, 0, 1, DAY, 20 * DAY + SECOND, LATEST - 1]),
    st.integers(-400, 47_000).map(lambda day: day * DAY),
    st.integers(EARLIEST, LATEST - 1),
)


@st.composite
def pairs(draw: st.DrawFn) -> Posting:
    """A posting: nearly always of two accounts that fit, sometimes of any."""
    book, asset = draw(
        st.sampled_from([(EUROS, "EUR")] * 8 + [(DOLLARS, "USD"), (ADDRESSES, "EUR")])
    )
    debit, credit = draw(st.lists(st.sampled_from(book), min_size=2, max_size=2, unique=True))
    if draw(st.integers(0, 29)) == 0:
        credit = "nobody"
    return Posting(
        debit=debit,
        credit=credit,
        amount=draw(amounts),
        asset=asset,
        balancing=draw(st.integers(0, 3)) == 0,
    )


@st.composite
def recipes(draw: st.DrawFn) -> dict[str, Any]:
    """What to do, with its target and its repetition still open: they depend on what was done before."""
    return {
        "kind": draw(
            st.sampled_from("post post post hold hold capture capture void reverse".split())
        ),
        "postings": tuple(draw(st.lists(pairs(), min_size=1, max_size=3))),
        "which": draw(st.integers(0, 1_000)),
        "share": draw(
            st.sampled_from(["all", "all", "part", "part", "uneven", "over", "too many"])
        ),
        "final": draw(st.booleans()),
        "expires_at": draw(st.sampled_from([None, None, None, FAR, PAST])),
        "effective": draw(effective_times),
        "again": draw(st.sampled_from(["", "", "", "", "", "", "same", "other"])),
        "group": draw(st.sampled_from([None, None, "a", "b"])),
        "note": draw(st.sampled_from([None, None, "invoice 7", "invoice 8"])),
        "metadata": draw(st.sampled_from([None, None, {"order": "7"}, {"order": "8"}])),
    }


class Books(RuleBasedStateMachine):
    """The real books and the plain ones, side by side."""

    desk_of: ClassVar[Mapping[str, Any]]

    def __init__(self) -> None:
        super().__init__()
        self.loop = self.desk_of["loop"]
        caller = Caller(tenant_id=self.desk_of["mint"].tenant_id(), actor="laws")
        service, database = self.desk_of["service"], self.desk_of["database"]
        self.desk = Desk(service=service, database=database, caller=caller)
        self.plain = PlainBooks()
        self.items: dict[str, AnyCommand] = {}
        self.made = 0
        self.run(self._begin())

    def run(self, work: Coroutine[Any, Any, Answered]) -> Answered:
        """Run on the one loop that the pool belongs to."""
        return self.loop.run_until_complete(work)

    async def _begin(self) -> None:
        await self.desk.open_ledger()
        for address, side, least, most, asset in OPENED:
            message = OpenAccount(
                ledger=LEDGER, address=address, asset=asset, exponent=2, normal_side=side,
                min_available=least, max_available=most,
            )  # fmt: skip
            await self.desk.service.open_account(caller=self.desk.caller, message=message)
            self.plain.open(message)
        await self._submit([Post(id="float", postings=(_of("world", "customers:1:main", 500),))])

    @rule(batch=st.lists(recipes(), min_size=1, max_size=6))
    def submit(self, batch: list[dict[str, Any]]) -> None:
        """Submit a batch and compare each verdict."""
        items = _well_formed([self._item(recipe) for recipe in batch])
        self.run(self._submit(items))

    @rule(recipe=recipes(), times=st.integers(2, 3))
    def submit_one_again_and_again(self, recipe: dict[str, Any], times: int) -> None:
        """Repeat one act, in a batch of its own each time."""
        item = self._item(recipe)
        for _ in range(times):
            self.run(self._submit([item]))

    @rule(address=st.sampled_from(ADDRESSES), status=st.sampled_from([*Status, Status.OPEN]))
    def change_status(self, address: str, status: Status) -> None:
        """Freeze, close or open an account, or be refused with the same code."""
        code = None
        try:
            self.run(self.desk.status(address, status))
        except Problem as problem:
            code = problem.code
        assert code == self.plain.move_to(address, status)

    @rule(
        address=st.sampled_from(ADDRESSES),
        least=st.none() | st.integers(-300, 100),
        more=st.none() | st.integers(0, 900),
    )
    def change_limits(self, address: str, least: int | None, more: int | None) -> None:
        """Replace limits, even by ones that the account breaks already."""
        most = None if more is None else (least or 0) + more
        self.plain.accounts[address].least = least
        self.plain.accounts[address].most = most
        self.run(self.desk.limits(address, least, most))

    @rule(first=st.sampled_from(EUROS), second=st.sampled_from(EUROS), amount=amounts)
    def let_a_hold_lapse(self, first: str, second: str, amount: int) -> None:
        """Make a hold whose time passes before anything else happens."""
        if first != second:
            self.run(self._lapse(first, second, amount))

    @rule()
    def let_lapsed_holds_expire(self) -> None:
        """Do what the job does; the holds of other tenants may go with it."""
        ended = self.plain.expire()
        self.run(self.desk.service.expire(most=1_000))
        self.run(self._learn_times_of_expiries(ended))

    @rule(
        address=st.sampled_from(ADDRESSES),
        effective=st.none() | st.integers(0, 1_000) | effective_times,
        recorded=st.none() | st.integers(0, 1_000),
        nudge=st.sampled_from([-1, 0, 1]),
    )
    def ask_as_of(
        self, address: str, effective: int | None, recorded: int | None, nudge: int
    ) -> None:
        """Ask for a balance as of both clocks: at, just before and just after what happened."""
        happened = sorted({time for pair in self.plain.times.values() for time in pair})
        known = sorted(pair[0] for pair in self.plain.times.values())
        if effective is not None and 0 < effective <= 1_000:
            effective = min(max(happened[effective % len(happened)] + nudge, EARLIEST), FOREVER)
        if recorded is not None:
            recorded = min(known[recorded % len(known)] + nudge, known[-1])
        asked = self.desk.as_of(address, effective=effective, recorded=recorded)
        assert self.run(asked) == self.plain.as_of(
            address,
            effective=FOREVER if effective is None else effective,
            recorded=FOREVER if recorded is None else recorded,
        )

    @invariant()
    def every_balance_is_the_same(self) -> None:
        """Compare counters, balances and states of all accounts."""
        page = self.run(
            self.desk.service.accounts(caller=self.desk.caller, message=ListAccounts(ledger=LEDGER))
        )
        assert [account.address for account in page.items] == sorted(ADDRESSES)
        for account in page.items:
            told = account.balances
            assert counters_of(told) == self.plain.counters(account.address), account.address
            assert (told.posted, told.pending, told.available) == self.plain.balances(
                account.address
            )
            assert account.status == self.plain.accounts[account.address].status

    def teardown(self) -> None:
        """Ask the tables themselves whether the laws hold, and each hold what is left of it."""
        assert self.run(damage(self.desk)) == []
        for name, held in self.plain.holds.items():
            shown = self.run(self.desk.shown(name))
            assert (shown.state, list(shown.remaining or ())) == (held.state, held.rest), name
        for name, gone in self.plain.reversed.items():
            shown = self.run(self.desk.shown(name))
            assert list(shown.reversed or [0] * len(gone)) == gone, name

    async def _submit(self, items: list[AnyCommand]) -> None:
        note(repr(items))
        expected = self.plain.submit(items, is_past=lambda time: time == PAST)
        told = await self.desk.submit(*items)
        for item, verdict, answer in zip(items, told, expected, strict=True):
            _compare(item, verdict, answer)
            self.items[item.id or ""] = item
            if verdict.transaction is not None:
                at = verdict.transaction
                self.plain.note_times(
                    at.id, recorded=parse(at.recorded_at), effective=parse(at.effective_at)
                )

    async def _lapse(self, debit: str, credit: str, amount: int) -> None:
        self.made += 1
        due = await self.desk.clock() + SECOND // 20
        item = hold(debit, credit, amount, id=f"brief{self.made}", expires_at=render(due))
        (told,) = await self.desk.submit(item)
        was_late = code_of(told) == "expires_at_has_passed"
        (expected,) = self.plain.submit([item], is_past=lambda _: was_late)
        _compare(item, told, expected)
        self.items[item.id or ""] = item
        if told.transaction is not None:
            at = parse(told.transaction.recorded_at)
            self.plain.note_times(item.id or "", recorded=at, effective=at)
            await self.desk.wait_until(due)
            self.plain.holds[item.id or ""].lapsed = True

    async def _learn_times_of_expiries(self, ended: list[str]) -> None:
        rows = await self.desk.rows(
            "SELECT target.id, expiry.recorded_at FROM ledger.transaction AS expiry "
            "JOIN ledger.transaction AS target ON target.recorded_at = expiry.target_at "
            "AND target.ledger_id = expiry.ledger_id WHERE expiry.kind = 'expire'"
        )
        at = {row["id"]: row["recorded_at"] for row in rows}
        for name in ended:
            self.plain.note_times(f"expiry of {name}", recorded=at[name], effective=at[name])

    def _item(self, recipe: dict[str, Any]) -> AnyCommand:
        names = list(self.items)
        name = names[recipe["which"] % len(names)]
        if recipe["again"] == "same":
            return msgspec.structs.replace(self.items[name], group=recipe["group"])
        self.made += recipe["again"] != "other"
        content: dict[str, Any] = {
            "id": name if recipe["again"] == "other" else f"act{self.made}",
            "effective_at": None if recipe["effective"] is None else render(recipe["effective"]),
            "reference": recipe["note"],
            "metadata": recipe["metadata"],
            "group": recipe["group"],
        }
        if recipe["kind"] == "post":
            return Post(postings=recipe["postings"], **content)
        if recipe["kind"] == "hold":
            return Hold(postings=recipe["postings"], expires_at=recipe["expires_at"], **content)
        return self._settling(recipe, names, content)

    def _settling(
        self, recipe: dict[str, Any], names: list[str], content: dict[str, Any]
    ) -> AnyCommand:
        fitting = self.plain.holds if recipe["kind"] != "reverse" else names
        likely = (
            list(fitting) if recipe["which"] % 10 else [*names, "nothing", f"act{self.made - 1}"]
        )
        likely = likely or names
        target = likely[-1 - recipe["which"] % min(len(likely), 6)]
        if recipe["kind"] == "void":
            return Void(target=target, **content)
        shared = self._shared(recipe["share"], target)
        if recipe["kind"] == "reverse":
            return Reverse(target=target, amounts=shared, **content)
        return Capture(target=target, amounts=shared, final=recipe["final"], **content)

    def _shared(self, share: str, target: str) -> tuple[int, ...] | None:
        known = self.plain.acts.get(target)
        moved = [amount for _, _, amount in known.answer.moved] if known else [1]
        if share == "all" or not moved:
            return None
        if share == "part":
            return tuple(max(amount // 3, 1) for amount in moved)
        if share == "uneven":
            return (0,) * (len(moved) - 1) + (1,)
        return (*moved[:-1], moved[-1] + 1) if share == "over" else (*moved, 1)


def _compare(item: AnyCommand, told: Verdict, expected: Answer) -> None:
    assert told.id == item.id
    assert code_of(told) == expected.code, (item, told, expected)
    assert told.replayed == expected.replayed, (item, told, expected)
    if told.transaction is None:
        return
    done = told.transaction
    assert [(one.debit, one.credit, one.amount) for one in done.postings] == expected.moved
    assert done.kind == type(item).__name__.lower()
    after = {one.address: counters_of(one.balances) for one in told.balances}
    assert after == expected.after


def _well_formed(items: list[AnyCommand]) -> list[AnyCommand]:
    """Ungroup what is malformed: a group in two places, or an id twice in one."""
    seen: set[tuple[str, str]] = set()
    ended: set[str] = set()
    fitting: list[AnyCommand] = []
    before: str | None = None
    for item in items:
        group = item.group
        if group in ended or (group or "", item.id or "") in seen:
            group = None
        if before is not None and before != group:
            ended.add(before)
        if group is not None:
            seen.add((group, item.id or ""))
        fitting.append(msgspec.structs.replace(item, group=group))
        before = group
    return fitting


def _of(debit: str, credit: str, amount: int) -> Posting:
    return Posting(debit=debit, credit=credit, amount=amount, asset="EUR")


@pytest.mark.usefixtures("small_nodes")
@pytest.mark.timeout(600 + 2 * EXAMPLES)
def test_the_books_agree_with_the_plain_books(migrated_url: str) -> None:
    loop = asyncio.new_event_loop()
    database = Database(url=migrated_url, role="tallystick_ledger", pool_size=4)
    mint = Mint(SystemClock())
    service = LedgerService(database=database, mint=mint)
    Books.desk_of = {"loop": loop, "database": database, "mint": mint, "service": service}
    loop.run_until_complete(database.start())
    try:
        run_state_machine_as_test(
            Books,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                print_blob=True,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
            ),
        )
    finally:
        loop.run_until_complete(database.stop())
        loop.close()

"""Limits: one budget for all processes, exactly; and what a request meets when it is spent."""

import asyncio
import multiprocessing
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.identity.http.edge import SharedBudgets
from tallystick.identity.service.edge import EdgeService
from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import Kind, Problem
from tallystick.runtime import limits
from tallystick.runtime.clock import Mint
from tallystick.runtime.database import Database
from tallystick.runtime.edge import Asked, Manners, Route, Shown, build_app
from tallystick.runtime.limits import Drawn, Limiter, Rate, Rates, gcra, network_of
from tallystick.runtime.refusals import TooManyRequests

LONG = Rate(1_000_000)
WIDE = Rates(tenant=LONG, client=LONG, address=LONG)
DatabaseFor = Callable[..., Awaitable[Database]]


class Slow(Rate):
    """A hundred at once, and then next to none: what is let through is counted exactly."""

    @property
    def each_ns(self) -> int:
        """An hour each."""
        return 3_600 * limits.SECOND_NS

    @property
    def burst_ns(self) -> int:
        """So many at once."""
        return self.each_ns * self.per_second


def rates(tenant: Rate = LONG, client: Rate = LONG, address: Rate = LONG) -> Rates:
    return Rates(tenant=tenant, client=client, address=address)


async def spent(limiter: Limiter, caller: Caller, most: int) -> int:
    """How many of so many requests at once are let through."""

    async def one() -> int:
        try:
            waiting = limiter.spend(caller)
            if waiting is not None:
                await waiting
        except TooManyRequests:
            return 0
        return 1

    return sum(await asyncio.gather(*(one() for _ in range(most))))


# The algorithm.


@given(
    spent_ns=st.integers(0, 2**40),
    now_ns=st.integers(0, 2**40),
    wanted=st.integers(1, 10_000),
    per_second=st.integers(1, 1_000_000),
)
def test_no_draw_spends_more_than_a_second_ahead(
    spent_ns: int, now_ns: int, wanted: int, per_second: int
) -> None:
    rate = Rate(per_second)
    drawn = gcra(spent_ns=spent_ns, now_ns=now_ns, wanted=wanted, rate=rate)
    assert 0 <= drawn.cells <= min(wanted, per_second)
    assert drawn.cells == 0 or drawn.spent_ns <= now_ns + rate.burst_ns
    later = gcra(spent_ns=drawn.spent_ns, now_ns=now_ns + drawn.wait_ns, wanted=1, rate=rate)
    assert later.cells == 1
    if drawn.wait_ns:
        early = now_ns + drawn.wait_ns - 1
        assert gcra(spent_ns=drawn.spent_ns, now_ns=early, wanted=1, rate=rate).cells == 0


@given(st.lists(st.tuples(st.integers(0, 10**8), st.integers(1, 50)), max_size=60))
def test_whatever_comes_when_the_sum_is_bounded(draws: list[tuple[int, int]]) -> None:
    rate, spent_ns, now_ns, total = Rate(100), 0, 10**12, 0
    began = now_ns
    for pause, wanted in draws:
        now_ns += pause
        drawn = gcra(spent_ns=spent_ns, now_ns=now_ns, wanted=wanted, rate=rate)
        spent_ns, total = drawn.spent_ns, total + drawn.cells
        assert total <= rate.per_second + (now_ns - began) // rate.each_ns + 1


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("x", "unknown"),
        ("", "unknown"),
    ],
)
def test_an_address_is_limited_as_its_network(address: str, network: str) -> None:
    assert network_of(address) == network


# The budget that all share.


async def test_the_database_draws_as_the_algorithm_does(
    database_for: DatabaseFor, caller: Caller
) -> None:
    budgets = SharedBudgets(EdgeService(database=await database_for("identity")))
    rate = Slow(50)
    got = [await budgets.draw(caller.tenant_id, "x", rate, wanted) for wanted in (7, 40, 40, 1)]
    assert [drawn.cells for drawn in got] == [7, 40, 3, 0]
    again = gcra(spent_ns=got[-1].spent_ns, now_ns=time.time_ns(), wanted=1, rate=rate)
    assert again.cells == 0
    assert abs(again.wait_ns - got[-1].wait_ns) < 60 * limits.SECOND_NS
    assert (await budgets.draw(caller.tenant_id, "y", rate, 60)).cells == 50


async def test_limiters_over_one_database_share_one_budget_exactly(
    database_for: DatabaseFor, caller: Caller
) -> None:
    database = await database_for("identity", pool_size=4)
    limiters = [
        Limiter(
            draw=SharedBudgets(EdgeService(database=database)).draw, rates=rates(tenant=Slow(137))
        )
        for _ in range(3)
    ]
    let = await asyncio.gather(*(spent(one, caller, 100) for one in limiters))
    for _ in range(5):
        let += await asyncio.gather(*(spent(one, caller, 20) for one in limiters))
    assert sum(let) == 137


def _spend_elsewhere(url: str, tenant_id: int, found: Any) -> None:
    async def run() -> int:
        database = Database(url=url, role="tallystick_identity", pool_size=2)
        await database.start()
        try:
            draw = SharedBudgets(EdgeService(database=database)).draw
            limiter = Limiter(draw=draw, rates=rates(client=Slow(300)))
            caller = Caller(tenant_id=tenant_id, actor="key_1")
            return sum([await spent(limiter, caller, 50) for _ in range(12)])
        finally:
            await database.stop()

    found.put(asyncio.run(run()))


async def test_processes_share_one_budget_exactly(migrated_url: str, mint: Mint) -> None:
    spawning = multiprocessing.get_context("spawn")
    found, tenant_id = spawning.Queue(), mint.tenant_id()
    arguments = (migrated_url, tenant_id, found)
    processes = [spawning.Process(target=_spend_elsewhere, args=arguments) for _ in range(2)]
    for process in processes:
        process.start()
    let = [await asyncio.to_thread(found.get, True, 60) for _ in processes]
    for process in processes:
        process.join(30)
    assert sum(let) == 300


async def test_a_tenant_has_one_budget_and_each_client_of_it_its_own(
    database_for: DatabaseFor, caller: Caller, mint: Mint
) -> None:
    draw = SharedBudgets(EdgeService(database=await database_for("identity"))).draw
    limiter = Limiter(draw=draw, rates=rates(tenant=Slow(100), client=Slow(60)))
    clients = [Caller(tenant_id=caller.tenant_id, actor=f"key_{n}") for n in range(3)]
    assert [await spent(limiter, one, 80) for one in clients] == [60, 40, 0]
    other = Caller(tenant_id=mint.tenant_id(), actor="key_0")
    assert await spent(limiter, other, 80) == 60


class Counted:
    """A budget that counts how often it is asked, and can be out of reach."""

    def __init__(self) -> None:
        self.asked = 0
        self.error: Exception | None = None

    async def draw(self, tenant_id: int, subject: str, rate: Rate, wanted: int) -> Drawn:
        self.asked += 1
        if self.error:
            raise self.error
        return Drawn(wanted, 0, 0)


async def test_a_request_costs_no_statement(caller: Caller) -> None:
    budget = Counted()
    limiter = Limiter(draw=budget.draw, rates=Rates(tenant=Rate(50_000), client=Rate(50_000)))
    for _ in range(200):
        assert await spent(limiter, caller, 100) == 100
    assert budget.asked < 60


async def test_what_is_spent_is_known_without_asking(caller: Caller) -> None:
    asked = 0

    async def nothing(*_: Any) -> Drawn:
        nonlocal asked
        asked += 1
        return Drawn(0, 0, limits.SECOND_NS)

    limiter = Limiter(draw=nothing, rates=WIDE)
    assert await spent(limiter, caller, 1) == 0
    assert await spent(limiter, caller, 500) == 0
    assert asked == 1


async def test_what_was_drawn_and_not_used_is_given_up(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LEASE_NS", 1)
    budget = Counted()
    limiter = Limiter(draw=budget.draw, rates=rates(tenant=Rate(10), client=Rate(10)))
    before = budget.asked
    assert await spent(limiter, caller, 1) == 0
    assert budget.asked > before


async def test_out_of_reach_each_process_has_the_budget_for_itself(caller: Caller) -> None:
    budget = Counted()
    budget.error = OSError("down")
    limiter = Limiter(draw=budget.draw, rates=rates(client=Slow(30)))
    assert await spent(limiter, caller, 100) == 30


# What a request meets.


class NotAccepted(Problem):
    """The key is not accepted."""

    code = "key_not_accepted"
    kind = Kind.UNAUTHENTICATED


def client_of(limiter: Limiter, caller: Caller) -> httpx.AsyncClient:
    async def authenticate(shown: Shown, _: Caller) -> Caller:
        if shown.authorization != "Bearer good":
            raise NotAccepted("No.")
        return caller

    async def see(asked: Asked) -> None:
        return None

    routes = [Route(method="GET", path="/v1/x", summary="x", handle=see)]
    app = build_app(
        routes=routes,
        authenticate=authenticate,
        title="x",
        version="1",
        manners=Manners(limits=limiter),
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://edge")


async def test_a_spent_budget_is_answered_with_when_to_come_back(
    database_for: DatabaseFor, caller: Caller
) -> None:
    draw = SharedBudgets(EdgeService(database=await database_for("identity"))).draw
    limiter = Limiter(draw=draw, rates=rates(client=Slow(3)))
    async with client_of(limiter, caller) as client:
        good = {"authorization": "Bearer good"}
        got = [await client.get("/v1/x", headers=good) for _ in range(5)]
    assert [answer.status_code for answer in got] == [200, 200, 200, 429, 429]
    refused = got[-1]
    assert refused.json()["code"] == "too_many_requests"
    assert refused.json()["retry"] == "later"
    wait = int(refused.headers["retry-after"])
    assert 3_500 < wait <= 3_600
    assert refused.headers["ratelimit-policy"] == '"client";q=3;w=1'
    assert refused.headers["ratelimit"] == f'"client";r=0;t={wait}'


async def test_an_address_that_proves_nobody_is_limited_and_then_not_even_heard(
    caller: Caller,
) -> None:
    budget = Counted()
    budget.error = OSError("each process by itself")
    limiter = Limiter(draw=budget.draw, rates=rates(address=Slow(4)))
    async with client_of(limiter, caller) as client:
        good = {"authorization": "Bearer good"}
        assert (await client.get("/v1/x", headers=good)).status_code == 200
        got = [(await client.get("/v1/x")).status_code for _ in range(3)]
        got += [(await client.get("/docs")).status_code for _ in range(2)]
        assert got == [401, 401, 401, 200, 429]
        refused = await client.get("/v1/x", headers=good)
        assert (refused.status_code, refused.json()["fields"]["budget"]) == (429, "address")
        # Whether the process lives is told to whoever asks.
        assert (await client.get("/healthz")).status_code == 200

"""Limits of requests: GCRA over one budget for all processes, of which each process leases a little at a time.

The shared state is one instant per budget: until when it is spent. A process draws up to a tenth of a second's worth
of it in one statement and spends that from memory, so that a request costs a look into a dictionary, and all processes
together never spend more than the budget. What was drawn and not used within a second is given up.
"""

import asyncio
import ipaddress
import time
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import structlog

from tallystick.kernel.callers import Caller
from tallystick.runtime.refusals import TooManyRequests

SECOND_NS = 1_000_000_000
LEASE_NS = SECOND_NS
DRAW_S = 1.0
# Where the shared budget did not answer it is left alone for so long.
ALONE_NS = 5 * SECOND_NS
CELLS_MIN = 10
# Requests that wait for one draw share what comes, and who gets nothing draws again; so often, then it is refused.
ROUNDS_MAX = 20
BUDGETS_MAX = 100_000
_NOBODY = 0

_log: Any = structlog.get_logger("tallystick.limits")


class Rate(NamedTuple):
    """So many requests a second, and at most one second's worth of them at once."""

    per_second: int

    @property
    def each_ns(self) -> int:
        """How long one request spends of the budget, in nanoseconds."""
        return SECOND_NS // self.per_second

    @property
    def burst_ns(self) -> int:
        """How far ahead of the clock the budget may be spent."""
        return self.each_ns * self.per_second


class Rates(NamedTuple):
    """The budgets of a tenant, of each of its clients, and of a network address that nobody is proven for."""

    tenant: Rate = Rate(50_000)
    client: Rate = Rate(50_000)
    address: Rate = Rate(1_000)


class Drawn(NamedTuple):
    """What came of a draw: so many cells, until when the budget is spent now, and how long until there is one more."""

    cells: int
    spent_ns: int
    wait_ns: int


def gcra(*, spent_ns: int, now_ns: int, wanted: int, rate: Rate) -> Drawn:
    """Draw cells from a budget (generic cell rate algorithm, ITU-T I.371): as many as wanted, or as there are."""
    start = max(spent_ns, now_ns)
    there = (now_ns + rate.burst_ns - start) // rate.each_ns
    cells = max(0, min(wanted, there))
    spent_ns = start + cells * rate.each_ns
    wait_ns = max(0, spent_ns + rate.each_ns - rate.burst_ns - now_ns)
    return Drawn(cells, spent_ns, wait_ns)


Draw = Callable[[int, str, Rate, int], Awaitable[Drawn]]
"""Draws from the shared budget of a tenant and a subject, at a rate, so many cells."""


class _Lease:
    """What this process has of one budget."""

    __slots__ = (
        "_alone_ns", "_draw", "_drawing", "_name", "_rate", "_spent_ns", "_subject", "_tenant_id", "_waiting",
        "cells", "closed_ns", "low", "until_ns",
    )  # fmt: skip

    def __init__(self, *, draw: Draw, tenant_id: int, subject: str, name: str, rate: Rate) -> None:
        self._draw, self._tenant_id, self._subject = draw, tenant_id, subject
        self._name, self._rate = name, rate
        self._drawing: asyncio.Task[None] | None = None
        self._spent_ns = self._waiting = self._alone_ns = 0
        # Cells in hand and until when they count; below ``low`` more are drawn; until ``closed_ns`` there are none.
        self.cells = self.until_ns = self.low = self.closed_ns = 0

    def is_empty(self, now_ns: int) -> bool:
        return self.cells <= 0 or now_ns >= self.until_ns

    async def fill(self) -> None:
        """Have a cell in hand. Raises TooManyRequests."""
        for _ in range(ROUNDS_MAX):
            now_ns = time.monotonic_ns()
            if not self.is_empty(now_ns):
                return
            self.demand_open(now_ns)
            self._waiting += 1
            try:
                await asyncio.shield(self.draw())
            finally:
                self._waiting -= 1
        raise self._refusal(self._rate.each_ns)

    def demand_open(self, now_ns: int) -> None:
        """Refuse at once while the budget is known to be spent. Raises TooManyRequests."""
        if now_ns < self.closed_ns:
            raise self._refusal(self.closed_ns - now_ns)

    def draw(self) -> asyncio.Task[None]:
        """Draw more, unless that is being done."""
        if self._drawing is None or self._drawing.done():
            self._drawing = asyncio.create_task(self._drawn())
        return self._drawing

    async def _drawn(self) -> None:
        most = max(1, self._rate.per_second // 10)
        # Twice what the last one was, for as long as they are used up; few, for who comes now and then.
        last = 0 if time.monotonic_ns() >= self.until_ns else 4 * self.low
        wanted = min(most, max(CELLS_MIN, self._waiting, last))
        drawn = await self._shared(wanted) or self._by_itself(wanted)
        now_ns = time.monotonic_ns()
        if not drawn.cells:
            self.closed_ns = now_ns + drawn.wait_ns
            return
        rest = 0 if self.is_empty(now_ns) else self.cells
        self.cells, self.until_ns = rest + drawn.cells, now_ns + LEASE_NS
        self.low = drawn.cells // 2

    async def _shared(self, wanted: int) -> Drawn | None:
        """Draw from the budget that all processes share; None while it is out of reach."""
        if time.monotonic_ns() < self._alone_ns:
            return None
        try:
            async with asyncio.timeout(DRAW_S):
                return await self._draw(self._tenant_id, self._subject, self._rate, wanted)
        except Exception as error:
            _log.warning("budget_out_of_reach", budget=self._name, error=repr(error)[:300])
            self._alone_ns = time.monotonic_ns() + ALONE_NS
            return None

    def _by_itself(self, wanted: int) -> Drawn:
        """While the shared budget is out of reach this process has all of it for itself, and no more."""
        drawn = gcra(
            spent_ns=self._spent_ns, now_ns=time.monotonic_ns(), wanted=wanted, rate=self._rate
        )
        self._spent_ns = drawn.spent_ns
        return drawn

    def _refusal(self, wait_ns: int) -> TooManyRequests:
        seconds = max(1, -(-wait_ns // SECOND_NS))
        most = self._rate.per_second
        problem = TooManyRequests(
            f"The budget of this {self._name} is {most} requests a second, and it is spent.",
            {"budget": self._name, "requests_a_second": str(most)},
        )
        # draft-ietf-httpapi-ratelimit-headers: the policy, and what remains of it for how long.
        problem.headers = {
            "retry-after": str(seconds),
            "ratelimit-policy": f'"{self._name}";q={most};w=1',
            "ratelimit": f'"{self._name}";r=0;t={seconds}',
        }
        return problem


class Limiter:
    """The budgets that requests of this process are counted against."""

    def __init__(self, *, draw: Draw, rates: Rates) -> None:
        self._draw, self._rates = draw, rates
        self._tenants: dict[int, _Lease] = {}
        self._clients: dict[tuple[int, str], tuple[_Lease, _Lease]] = {}
        self._networks: dict[str, _Lease] = {}
        self._addresses: dict[str, _Lease] = {}

    def spend(self, caller: Caller) -> Awaitable[None] | None:
        """Spend a request of a tenant and a client; None when that is done, else what is to be awaited.

        Awaiting raises TooManyRequests.
        """
        pair = self._clients.get((caller.tenant_id, caller.actor))
        if pair is None:
            return self._first(caller)
        # Spelled out: this stands in the path of every request.
        tenant, client = pair
        now_ns = time.monotonic_ns()
        if (
            tenant.cells > 0 < client.cells
            and now_ns < tenant.until_ns
            and now_ns < client.until_ns
        ):
            tenant.cells -= 1
            client.cells -= 1
            if tenant.cells == tenant.low:
                tenant.draw()
            if client.cells == client.low:
                client.draw()
            return None
        return self._refilled(tenant, client)

    async def _first(self, caller: Caller) -> None:
        if len(self._clients) >= BUDGETS_MAX:
            self._clients.clear()
            self._tenants.clear()
        tenant = self._tenants.get(caller.tenant_id)
        if tenant is None:
            tenant = self._lease(caller.tenant_id, "tenant", "tenant", self._rates.tenant)
            self._tenants[caller.tenant_id] = tenant
        key = (caller.tenant_id, caller.actor)
        client = self._lease(
            caller.tenant_id, f"client:{caller.actor}", "client", self._rates.client
        )
        pair = self._clients.setdefault(key, (tenant, client))
        await self._refilled(*pair)

    async def _refilled(self, tenant: _Lease, client: _Lease) -> None:
        for _ in range(ROUNDS_MAX):
            await client.fill()
            await tenant.fill()
            now_ns = time.monotonic_ns()
            # While the second was waited for, others may have spent the first.
            if not (tenant.is_empty(now_ns) or client.is_empty(now_ns)):
                _take(tenant)
                _take(client)
                return
        raise TooManyRequests("Too many requests wait for the same budget.")

    def spent(self) -> int:
        """How many budgets are known to be spent now."""
        now_ns = time.monotonic_ns()
        pairs = (lease for pair in self._clients.values() for lease in pair)
        leases = {*pairs, *self._networks.values()}
        return sum(now_ns < lease.closed_ns for lease in leases)

    def demand_open(self, address: str) -> None:
        """Refuse a network address at once while its budget is spent. Raises TooManyRequests."""
        lease = self._addresses.get(address)
        if lease is not None and lease.closed_ns:
            lease.demand_open(time.monotonic_ns())

    async def spend_of(self, address: str) -> None:
        """Spend a request of a network address that nobody is proven for. Raises TooManyRequests."""
        lease = self._addresses.get(address) or self._address(address)
        await lease.fill()
        _take(lease)

    def _address(self, address: str) -> _Lease:
        if len(self._addresses) >= BUDGETS_MAX:
            self._addresses.clear()
            self._networks.clear()
        network = network_of(address)
        lease = self._networks.get(network)
        if lease is None:
            lease = self._lease(_NOBODY, f"address:{network}", "address", self._rates.address)
            self._networks[network] = lease
        self._addresses[address] = lease
        return lease

    def _lease(self, tenant_id: int, subject: str, name: str, rate: Rate) -> _Lease:
        return _Lease(draw=self._draw, tenant_id=tenant_id, subject=subject, name=name, rate=rate)


def _take(lease: _Lease) -> None:
    lease.cells -= 1
    if lease.cells == lease.low:
        lease.draw()


def network_of(address: str) -> str:
    """The network that an address is limited as: itself, or the /64 of IPv6 that one customer has."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found) >> 64 << 64, 64)))

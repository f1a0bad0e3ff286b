"""The price of a far door: the same question to the ledger of this process and to that of another, in turn."""

import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tallystick.apps.compose import Platform, identity_on
from tallystick.apps.parts import Urls
from tallystick.identity.api import CreateKey, CreateTenant
from tallystick.kernel.callers import Caller
from tallystick.kernel.ids import tenant_id_of
from tallystick.ledger.api import AccountOf, Ledger, Post, Posting, Submit
from tallystick.ledger.service import LedgerService
from tallystick.runtime.configuration import Settings
from tests.bench.figures import say, show
from tests.bench.ground import ASSET, LEDGER, MINT, ledger_database, open_accounts
from tests.doors.house import FarProcess

ASKED = 300
WARM = 20
PERCENTS = (50, 99)


async def measure(url: str) -> None:
    """Measure reads and transfers, one after the other, near and far by turns."""
    caller = await _tenant(url)
    home = Path(tempfile.mkdtemp(prefix="tallystick-bench-far-"))
    process = FarProcess(url, home / "far", edge={"ledger.Ledger": ["edge"]})
    knocking = process.knocking("edge")
    platform = Platform(url=url, settings=Settings())
    await platform.start()
    try:
        say("a far door beside a near one")
        doors = (platform.ledger, knocking.at(Ledger, process.url))
        for name, ask in (("read", _read), ("transfer", _transfer)):
            times = await _by_turns([ask(door, caller) for door in doors])
            for percent in PERCENTS:
                near, far = (percentile(found, percent) for found in times)
                against = f"near {near:.2f} ms"
                show(f"far_door_{name}_p{percent}", far, "ms", against=against, ratio=near / far)
    finally:
        await knocking.stop()
        await platform.stop()
        process.running.stop()
        shutil.rmtree(home, ignore_errors=True)


async def _tenant(url: str) -> Caller:
    operator = Caller(tenant_id=0, actor="operator")
    async with identity_on(Urls(url)) as identity:
        made = await identity.create_tenant(caller=operator, message=CreateTenant(name="far"))
        tenant_id = tenant_id_of(made.tenant)
        key = await identity.create_key(
            caller=Caller(tenant_id=tenant_id, actor="operator"), message=CreateKey(label="far")
        )
    caller = Caller(tenant_id=tenant_id, actor=key.key_id, session=key.key_id)
    async with ledger_database(url) as database:
        await open_accounts(LedgerService(database=database, mint=MINT), caller, accounts=10)
    return caller


Ask = Callable[[], Awaitable[object]]


def _read(door: Ledger, caller: Caller) -> Ask:
    message = AccountOf(ledger=LEDGER, address="a:0")
    return lambda: door.account(caller=caller, message=message)


def _transfer(door: Ledger, caller: Caller) -> Ask:
    posting = Posting(debit="a:1", credit="a:2", amount=1, asset=ASSET)
    message = Submit(ledger=LEDGER, items=(Post(postings=(posting,)),))
    return lambda: door.submit(caller=caller, message=message)


def percentile(times: list[float], percent: int) -> float:
    """The time within which so many of a hundred were done."""
    return statistics.quantiles(times, n=100)[percent - 1]


async def _by_turns(asks: list[Ask]) -> list[list[float]]:
    """The times of each, in milliseconds."""
    times: list[list[float]] = [[] for _ in asks]
    for number in range(ASKED + WARM):
        for ask, found in zip(asks, times, strict=True):
            started = time.perf_counter_ns()
            await ask()
            if number >= WARM:
                found.append((time.perf_counter_ns() - started) / 1_000_000)
    return times

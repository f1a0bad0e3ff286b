"""Processes that move money under one cap, for as long as they may; each is killed, or ends when nothing is left."""

import asyncio
import multiprocessing
from typing import Any

from tallystick.kernel.callers import Caller, Cap
from tallystick.ledger.api import LedgerBusy
from tallystick.ledger.service import LedgerService
from tallystick.runtime.clock import Mint, SystemClock
from tallystick.runtime.database import Database
from tests.ledger.desk import Desk, code_of, post

CAP = Cap(name="dlg_1", asset="EUR", slot="2026-11-28", most=4_000)
AT_ONCE = 50
_CHILDREN = multiprocessing.get_context("spawn")


def spend(url: str, tenant_id: int, name: str, attempts: int) -> None:
    """Try so many times to move one cent under the cap, in a process of its own."""
    asyncio.run(_spend(url, tenant_id, name, attempts))


def child(url: str, tenant_id: int, name: str, attempts: int) -> Any:
    """Begin such a process."""
    process = _CHILDREN.Process(target=spend, args=(url, tenant_id, name, attempts), daemon=True)
    process.start()
    return process


async def _spend(url: str, tenant_id: int, name: str, attempts: int) -> None:
    database = Database(url=url, role="tallystick_ledger", pool_size=4)
    await database.start()
    service = LedgerService(database=database, mint=Mint(SystemClock()))
    caller = Caller(tenant_id=tenant_id, actor=name, caps=(CAP,))
    desk = Desk(service=service, database=database, caller=caller)
    lanes = (_lane(desk, f"{name}-{lane}", attempts // AT_ONCE) for lane in range(AT_ONCE))
    await asyncio.gather(*lanes)
    await database.stop()


async def _lane(desk: Desk, name: str, attempts: int) -> None:
    number = 0
    while number < attempts:
        try:
            (verdict,) = await desk.submit(post("world", "shop", 1, id=f"{name}-{number}"))
        except LedgerBusy:
            # Others were faster three times over: the same request again.
            await asyncio.sleep(0.01)
            continue
        assert code_of(verdict) in (None, "spending_cap_reached")
        number += 1

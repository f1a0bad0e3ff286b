import time, msgspec, httpx
from datetime import date
from tallystick.kernel import instants
from tallystick.runtime.clock import SystemClock
from tallystick.ledger.api import *
from tallystick.wallets.api import *
from tests.wallets.conftest import *
from tests.conftest import *
async def test_big(database_for, mint, caller, pay):
    ls = near(Ledger, LedgerService(database=await database_for("ledger"), mint=mint))
    ws = near(Wallets, WalletsService(database=await database_for("wallets"), ledger=ls, mint=mint, clock=SystemClock()))
    await ws.open(caller=caller, message=order())
    await pay("wallets:w1:eur", 1)
    p = Posting(debit="nostro:eur", credit="wallets:w1:eur", amount=1, asset="EUR")
    for _ in range(13):
        t=time.time()
        await ls.submit(caller=caller, message=Submit(ledger="main", items=tuple(Post(postings=(p,)) for _ in range(7690))))
        print("batch", round(time.time()-t,2), flush=True)
    d = instants.day_of(SystemClock().now())
    t=time.time(); s = await ws.statement(caller=caller, message=StatementOf(first_day=d,last_day=d,iban=SPANISH)); print("json", len(s.lines), time.time()-t)
    t=time.time(); f = await ws.statement_file(caller=caller, message=StatementOf(first_day=d,last_day=d,iban=SPANISH)); print("camt", len(f.content), time.time()-t)

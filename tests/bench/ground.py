"""The ground of a measurement: a durable PostgreSQL of its own, databases, ledgers and accounts."""

import asyncio
import random
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg

from tallystick.apps.compose import PLANNING
from tallystick.apps.parts import CONTEXTS
from tallystick.kernel.callers import Caller
from tallystick.ledger.api import OpenAccount, OpenLedger, Post, Posting, Side
from tallystick.ledger.service import LedgerService
from tallystick.runtime.clock import Mint, SystemClock
from tallystick.runtime.database import Database
from tallystick.runtime.embedded import EmbeddedPostgres
from tallystick.runtime.migrations import migrate

LEDGER = "main"
ASSET = "EUR"
MINT = Mint(SystemClock())


@contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL with the settings of ``make up``, synchronous commits and all, thrown away afterwards."""
    home = Path(tempfile.mkdtemp(prefix="tallystick-bench-"))
    home.chmod(0o711)  # as root the server runs as somebody else, who has to get through
    server = EmbeddedPostgres(home=home / "home")
    try:
        yield server.start()
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


async def new_database(url: str, name: str) -> str:
    """Make a database with every road walked; answers its URL."""
    connection = await asyncpg.connect(url)
    await connection.execute(f'CREATE DATABASE "{name}"')
    await connection.close()
    fresh = url.rsplit("/", 1)[0] + f"/{name}"
    await migrate(url=fresh, contexts=CONTEXTS)
    return fresh


@asynccontextmanager
async def ledger_database(url: str, *, pool_size: int = 8) -> AsyncIterator[Database]:
    """The database as the ledger's role sees it in the platform."""
    database = Database(url=url, role="tallystick_ledger", pool_size=pool_size, settings=PLANNING)
    await database.start()
    try:
        yield database
    finally:
        await database.stop()


async def new_books(service: LedgerService, *, accounts: int) -> Caller:
    """Open a ledger of a new tenant with accounts ``a:0`` and on, each with a minimum that is checked."""
    caller = Caller(tenant_id=MINT.tenant_id(), actor="bench")
    await open_accounts(service, caller, accounts=accounts)
    return caller


async def open_accounts(
    service: LedgerService, caller: Caller, *, accounts: int, opened_at_once: int = 8
) -> None:
    """Open the ledger and its accounts for a caller."""
    await service.open_ledger(caller=caller, message=OpenLedger(name=LEDGER))
    numbers = iter(range(accounts))

    async def open_some() -> None:
        for number in numbers:
            await service.open_account(
                caller=caller,
                message=OpenAccount(
                    ledger=LEDGER,
                    address=f"a:{number}",
                    asset=ASSET,
                    exponent=2,
                    normal_side=Side.CREDIT,
                    min_available=-(10**15),
                ),
            )

    await asyncio.gather(*(open_some() for _ in range(opened_at_once)))


def transfers(chance: random.Random, *, count: int, accounts: int, tag: str) -> tuple[Post, ...]:
    """Transfers between random accounts, each with an id of the caller's."""
    made: list[Post] = []
    for number in range(count):
        debit = chance.randrange(accounts)
        credit = (debit + chance.randrange(1, accounts)) % accounts
        posting = Posting(
            debit=f"a:{debit}", credit=f"a:{credit}", amount=chance.randint(1, 10_000), asset=ASSET
        )
        made.append(Post(id=f"{tag}-{number}", postings=(posting,)))
    return tuple(made)


def batches(
    chance: random.Random, *, count: int, size: int, accounts: int, tag: str
) -> Sequence[tuple[Post, ...]]:
    """So many batches of so many transfers."""
    return [
        transfers(chance, count=size, accounts=accounts, tag=f"{tag}-{number}")
        for number in range(count)
    ]

"""The console: the accounts page beside the bare question it asks, pages a second, and what a first visit weighs."""

import asyncio
import http.client
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

from tallystick.kernel.callers import Caller
from tallystick.kernel.ids import tenant_id_of
from tallystick.ledger.service import LedgerService
from tests.apps.platform import Running, environment
from tests.bench.figures import say, show
from tests.bench.ground import LEDGER, MINT, ledger_database, open_accounts
from tests.bench.http import wrk
from tests.browser.house import CHROMIUM, SESSION, House, come_in, session_of, traffic
from tests.ports import free_port

ACCOUNTS = 10_000
PAGE = 200
ASKED, WARM = 200, 30
CONNECTIONS = 8
# The bare question takes half as long as the page, or more.
FIRST_BYTE_FLOOR = 0.5
BYTES_MAX, REQUESTS_MAX = 150_000, 12
LIMITS = {f"TALLYSTICK_LIMIT_{who}": "1000000" for who in ("ADDRESS", "CLIENT", "TENANT")}


async def measure() -> None:
    """Measure pages of a platform of its own, as browsers get them."""
    home = Path(tempfile.mkdtemp(prefix="tallystick-bench-console-"))
    os.chmod(home, 0o711)
    env = environment(home / "platform", TALLYSTICK_PORT=str(free_port()), **LIMITS)
    running = await asyncio.to_thread(Running, "up", env=env, log=home / "up.log")
    try:
        say(f"{ACCOUNTS} accounts")
        caller = Caller(tenant_id=tenant_id_of(running.known["tenant"]), actor="operator")
        async with ledger_database(running.database_url()) as database:
            service = LedgerService(database=database, mint=MINT)
            await open_accounts(service, caller, accounts=ACCOUNTS)
        await asyncio.to_thread(_measure, running, home)
    finally:
        await asyncio.to_thread(running.stop)
        shutil.rmtree(home, ignore_errors=True)


def _measure(running: Running, home: Path) -> None:
    say("the first visit, and a session")
    session = _first_visit(running)
    cookie = f"{SESSION}={session}"
    page = f"/accounts?ledger={LEDGER}"
    bare = f"/v1/ledgers/{LEDGER}/accounts?limit={PAGE}"
    say(f"{PAGE} accounts, as a page and as the bare question, by turns")
    pages, questions = _by_turns(
        running.url,
        [(page, {"cookie": cookie}), (bare, {"authorization": f"Bearer {session}"})],
    )
    show(
        "console_accounts_first_byte", pages, "ms", against=f"the bare question {questions:.2f} ms",
        ratio=questions / pages, floor=FIRST_BYTE_FLOOR,
    )  # fmt: skip
    script = home / "page.lua"
    script.write_text(f'wrk.method, wrk.headers = "GET", {{["cookie"]="{cookie}"}}')
    show("console_accounts_pages", wrk(script, running.url + page, CONNECTIONS).rate, "pages/s")
    overview = wrk(script, f"{running.url}/", CONNECTIONS)
    show("console_overview_pages", overview.rate, "pages/s")


def _first_visit(running: Running) -> str:
    """Come with nothing, sign in and see the overview; answers the session."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        house = House(running, browser)
        page = house.page()
        with traffic(page) as counted:
            page.goto("/")
            come_in(page, "owner")
            page.wait_for_load_state("networkidle")
        ours = [url for url in counted.addresses if url.startswith(house.url)]
        session = session_of(page.context)
        browser.close()
    for name, value, unit, most in (
        ("requests", len(ours), "requests", REQUESTS_MAX),
        ("bytes", counted.size, "bytes", BYTES_MAX),
    ):
        show(
            f"console_first_visit_{name}",
            value,
            unit,
            against=str(most),
            ratio=most / value,
            floor=1,
        )
    return session


def _by_turns(url: str, asked: Sequence[tuple[str, dict[str, str]]]) -> list[float]:
    """The median time to the first byte of each answer, in milliseconds, on one connection that stays open."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    times: list[list[float]] = [[] for _ in asked]
    for number in range(WARM + ASKED):
        for (path, headers), found in zip(asked, times, strict=True):
            started = time.perf_counter_ns()
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            took = time.perf_counter_ns() - started
            answer.read()
            assert answer.status == 200, (path, answer.status)
            if number >= WARM:
                found.append(took / 1_000_000)
    connection.close()
    return [statistics.median(found) for found in times]

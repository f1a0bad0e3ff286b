"""Single transfers over HTTP, and what the edge costs: wrk against one server process, runs interleaved."""

import asyncio
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tallystick.apps.compose import identity_on
from tallystick.apps.parts import Urls
from tallystick.identity.api import CreateKey, CreateTenant
from tallystick.kernel.callers import Caller
from tallystick.kernel.ids import tenant_id_of
from tallystick.ledger.service import LedgerService
from tests.bench.figures import median_ratio, say, show
from tests.bench.ground import LEDGER, MINT, ledger_database, open_accounts

ROUNDS = 5
SECONDS = 3
ACCOUNTS = 1_000
CONNECTIONS = (1, 64, 256, 1_024)
EDGE_CONNECTIONS = 256
ECHO_FLOOR, ONE_BY_ONE_FLOOR, ALONE_FLOOR, EDGE_FLOOR, DECIDED_FLOOR = 0.4, 2.5, 0.95, 0.65, 0.5
READY_S = 30

_LUA = """
local n, tag = 0, ""
function init(args)
  math.randomseed(tonumber(args[1]))
  tag = args[1]
end
function request()
  n = n + 1
  local debit = math.random(0, ACCOUNTS - 1)
  local credit = (debit + math.random(1, ACCOUNTS - 1)) % ACCOUNTS
  local body = string.format('{"kind":"post","id":"%s-%d","postings":[{"debit":"a:%d","credit":"a:%d",' ..
    '"amount":%d,"asset":"EUR"}]}', tag, n, debit, credit, math.random(1, 10000))
  return wrk.format("POST", wrk.path, HEADERS, body)
end
"""


@dataclass(frozen=True)
class Run:
    """What wrk saw: requests a second, and two percentiles of the time of one, in milliseconds."""

    rate: float
    p50_ms: float
    p99_ms: float


async def measure(url: str) -> None:
    """Measure the edge, then single transfers, each beside its baselines."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed: apt-get install wrk (make bench does it as root)")
    key = await tenant_with_accounts(url)
    with (
        server("bare", url) as bare,
        server("platform", url) as ours,
        tempfile.TemporaryDirectory() as folder,
    ):
        script, small = Path(folder) / "transfer.lua", Path(folder) / "small.lua"
        script.write_text(transfer_script(key))
        small.write_text(_small_script(key))
        await asyncio.to_thread(_measure_edge, small, bare, ours)
        for connections in CONNECTIONS:
            await asyncio.to_thread(_measure_single, script, ours, connections)


async def tenant_with_accounts(url: str) -> str:
    """Make a tenant with a ledger of accounts; answers its key."""
    caller = Caller(tenant_id=0, actor="operator")
    async with identity_on(Urls(url)) as identity:
        tenant = await identity.create_tenant(caller=caller, message=CreateTenant(name="bench"))
        caller = Caller(tenant_id=tenant_id_of(tenant.tenant), actor="operator")
        key = await identity.create_key(caller=caller, message=CreateKey(label="bench"))
    async with ledger_database(url) as database:
        service = LedgerService(database=database, mint=MINT)
        await open_accounts(service, caller, accounts=ACCOUNTS)
    return key.key


def _headers(key: str) -> str:
    return f'{{["content-type"]="application/json",["authorization"]="Bearer {key}"}}'


def _small_script(key: str) -> str:
    return f"""wrk.method, wrk.body, wrk.headers = "POST", '{{"text":"a small body"}}', {_headers(key)}"""


def transfer_script(key: str) -> str:
    """The script of wrk that sends transfers, each with an id of its own."""
    return _LUA.replace("ACCOUNTS", str(ACCOUNTS)).replace("HEADERS", _headers(key))


def _measure_edge(small: Path, bare: str, ours: str) -> None:
    say("the edge: an authenticated echo, decided and not, beside bare ASGI")
    paths = {"small": EDGE_FLOOR, "decided": DECIDED_FLOOR, "undecided": None}
    rates: dict[str, list[float]] = {name: [] for name in ("bare", *paths)}
    for _ in range(ROUNDS):
        rates["bare"].append(wrk(small, bare + "/v1/small-echo", EDGE_CONNECTIONS).rate)
        for name in paths:
            rates[name].append(wrk(small, f"{ours}/v1/{name}-echo", EDGE_CONNECTIONS).rate)
    for name, floor in paths.items():
        show(
            f"edge_{name}_echo", statistics.median(rates[name]), "requests/s",
            against=f"bare ASGI {statistics.median(rates['bare']):.0f}/s",
            ratio=median_ratio(rates[name], rates["bare"]), floor=floor,
        )  # fmt: skip


def _measure_single(script: Path, ours: str, connections: int) -> None:
    say(f"single transfers, {connections} connections")
    paths = {
        "ours": f"/v1/ledgers/{LEDGER}/transactions",
        "one by one": f"/v1/ledgers/{LEDGER}/one-by-one",
        # Last, so that what the runs before left behind is over when they come again.
        "echo": "/v1/echo",
    }
    runs: dict[str, list[Run]] = {name: [] for name in paths}
    for _ in range(ROUNDS):
        for name, path in paths.items():
            runs[name].append(wrk(script, ours + path, connections))
    rates = {name: [run.rate for run in found] for name, found in runs.items()}
    floors = {"echo": ECHO_FLOOR, "one by one": ONE_BY_ONE_FLOOR} if connections == 256 else {}
    if connections == 1:
        floors = {"one by one": ALONE_FLOOR}
    for baseline in ("echo", "one by one"):
        show(
            f"single_{connections}", statistics.median(rates["ours"]), "transfers/s",
            against=f"{baseline} {statistics.median(rates[baseline]):.0f}/s",
            ratio=median_ratio(rates["ours"], rates[baseline]), floor=floors.get(baseline),
        )  # fmt: skip
    for percentile in ("p50_ms", "p99_ms"):
        values = {
            name: statistics.median(getattr(run, percentile) for run in found)
            for name, found in runs.items()
        }
        show(
            f"single_{connections}_{percentile}", values["ours"], "ms",
            against=f"echo {values['echo']:.2f} ms, one by one {values['one by one']:.2f} ms",
        )  # fmt: skip


def wrk(script: Path, url: str, connections: int) -> Run:
    """Have wrk run a script against a URL for a few seconds. Raises RuntimeError for an answer that is no success."""
    tag = str(time.time_ns() % 2**31)
    answer = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--timeout", "30s", "--latency", "-s", str(script),
         url, "--", tag],
        capture_output=True, text=True, check=True, timeout=60 + SECONDS,
    ).stdout  # fmt: skip
    if "Non-2xx" in answer or "Socket errors" in answer:
        raise RuntimeError(f"the server refused or dropped requests:\n{answer}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", answer)
    assert rate is not None, answer
    return Run(float(rate[1]), _milliseconds(answer, "50%"), _milliseconds(answer, "99%"))


def _milliseconds(answer: str, percentile: str) -> float:
    found = re.search(rf"{percentile}\s+([\d.]+)(us|ms|s)", answer)
    assert found is not None, answer
    return float(found[1]) * {"us": 0.001, "ms": 1, "s": 1_000}[found[2]]


@contextmanager
def server(name: str, url: str) -> Iterator[str]:
    """One of the servers under measurement as a process; answers where it listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"TALLYSTICK_DATABASE_URL": url}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.server", name, str(port)], env=environment
    )
    try:
        _await_port(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(READY_S)


def _await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    give_up_at = time.monotonic() + READY_S
    while time.monotonic() < give_up_at:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("the server did not open its port")

"""One world: clients that repeat, race and die, and a tormentor, on one tenant of its own."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import httpx

from tallystick.apps.compose import Platform, identity_on
from tallystick.apps.parts import Urls
from tallystick.identity.api import CreateKey, CreateTenant
from tallystick.kernel.callers import Caller
from tallystick.kernel.ids import tenant_id_of
from tallystick.runtime.configuration import Settings
from tests.simulation.ground import SERVER, Ground
from tests.simulation.memory import Memory, distinct
from tests.simulation.plan import (
    CUSTOMERS,
    FUNDS,
    IBANS,
    MAXIMUM,
    NOSTRO,
    WALLETS,
    Blow,
    Command,
    File,
    Plan,
    Step,
)

LEDGER = "main"
TRANSACTIONS = f"/v1/ledgers/{LEDGER}/transactions"
BATCHES = f"/v1/ledgers/{LEDGER}/batches"
ATTEMPTS_MAX = 500
ANSWER_WAIT_S = 15
BACK_UP_WAIT_S = 45
FINISHING_ROUNDS_MAX = 100
PAUSE_S = 0.02

Ask = Callable[[], Awaitable[httpx.Response]]


class World:
    """A tenant with its accounts, the plan of what happens to it, and the memory of what was told."""

    def __init__(self, *, plan: Plan, ground: Ground) -> None:
        self.plan = plan
        self.ground = ground
        self.memory = Memory()
        self.tenant_id = 0
        self.opening: list[Command] = []
        self.repetitions = 0
        self._key = ""
        self._sent = 0
        self._up = asyncio.Event()
        self._awaited: tuple[int, asyncio.Event] | None = None

    async def prepare(self) -> None:
        """Open the tenant's accounts and put money on them."""
        await asyncio.to_thread(self.ground.start)
        self._up.set()
        await self._make_tenant()
        async with self.client() as client:
            await _done(client, "POST", "/v1/ledgers", {"name": LEDGER})
            for path, content in [*_accounts(), *_wallets()]:
                await _done(client, "POST", path, content)
            self.opening = _opening()
            answer = await _done(client, "POST", BATCHES, {"items": self.opening})
            assert all("transaction" in verdict for verdict in answer.json()["items"]), answer.text

    async def live(self, after_blow: Callable[[], Awaitable[None]]) -> None:
        """Let all clients live their steps while the tormentor strikes; ``after_blow`` comes when all is up again."""
        async with asyncio.TaskGroup() as group:
            for steps in self.plan.clients:
                group.create_task(self._live(steps))
            group.create_task(self._torment(after_blow))

    async def settle(self) -> None:
        """Repeat what was never answered until it is, then let the jobs finish what crashes left."""
        async with self.client() as client:
            for items in self.memory.open_requests():
                await self._submit(client, Step(items=items))
            for file in self.memory.open_files():
                await self._send(client, file)
            await self._finish_files(client)

    async def repeat_everything(self) -> None:
        """Ask for everything once more, in another order; the memory compares the answers."""
        async with self.client() as client:
            requests = distinct(self.memory.requests)
            Random(self.plan.seed).shuffle(requests)
            for items in requests:
                await self._submit(client, Step(items=items))
            for sent in self.memory.files.values():
                await self._send(client, sent.file)

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        """An HTTP client with the tenant's key."""
        headers = {"authorization": f"Bearer {self._key}"}
        limits = httpx.Limits(max_connections=8)
        async with httpx.AsyncClient(
            base_url=self.ground.url, headers=headers, timeout=ANSWER_WAIT_S, limits=limits
        ) as client:
            yield client

    async def _make_tenant(self) -> None:
        operator = Caller(tenant_id=0, actor="operator")
        async with identity_on(Urls(self.ground.database_url)) as identity:
            message = CreateTenant(name=f"Seed {self.plan.seed}")
            made = await identity.create_tenant(caller=operator, message=message)
            self.tenant_id = tenant_id_of(made.tenant)
            caller = Caller(tenant_id=self.tenant_id, actor="operator")
            key = await identity.create_key(caller=caller, message=CreateKey(label="clients"))
        self._key = key.key

    async def _live(self, steps: Sequence[Step]) -> None:
        async with self.client() as client:
            for step in steps:
                if step.dies_after_s is not None:
                    await _die(self._do(client, step), after_s=step.dies_after_s)
                    continue
                await asyncio.gather(*(self._do(client, step) for _ in range(1 + step.twins)))
                if step.again:
                    await self._do(client, step)

    async def _do(self, client: httpx.AsyncClient, step: Step) -> None:
        if step.file is not None:
            await self._send(client, step.file)
        else:
            await self._submit(client, step)

    async def _submit(self, client: httpx.AsyncClient, step: Step) -> None:
        items = step.items
        self.memory.asks(items)
        if step.alone:
            answer = await self._insist(lambda: client.post(TRANSACTIONS, json=items[0]))
            verdicts = [_verdict_of_one(answer)]
        else:
            body = {"items": list(items)}
            answer = await self._insist(lambda: client.post(BATCHES, json=body))
            assert answer.status_code == 200, answer.text
            verdicts = answer.json()["items"]
        for item, verdict in zip(items, verdicts, strict=True):
            self.memory.hears(item, verdict)

    async def _send(self, client: httpx.AsyncClient, file: File) -> None:
        self.memory.sends(file)
        headers = {"content-type": "application/xml"}
        answer = await self._insist(
            lambda: client.post("/v1/payment-files", content=file.content, headers=headers)
        )
        assert answer.status_code in (200, 201), answer.text
        self.memory.hears_of_file(file, answer.headers["location"].rpartition("/")[2])

    async def _insist(self, ask: Ask) -> httpx.Response:
        """Ask until there is an answer: a lost connection and "retry later" tell nothing about what was done."""
        for _ in range(ATTEMPTS_MAX):
            async with asyncio.timeout(BACK_UP_WAIT_S):
                await self._up.wait()
            self._count()
            try:
                answer = await ask()
            except httpx.TransportError:
                self.repetitions += 1
                await asyncio.sleep(PAUSE_S)
                continue
            if answer.status_code != 503:
                assert answer.status_code < 500, answer.text
                return answer
            assert answer.json()["retry"] == "later", answer.text
            self.repetitions += 1
            await asyncio.sleep(PAUSE_S)
        raise AssertionError("the platform never answered")

    def _count(self) -> None:
        self._sent += 1
        if self._awaited is not None and self._sent >= self._awaited[0]:
            self._awaited[1].set()

    async def _torment(self, after_blow: Callable[[], Awaitable[None]]) -> None:
        for blow in self.plan.blows:
            if self._sent < blow.after:
                self._awaited = (blow.after, asyncio.Event())
                await self._awaited[1].wait()
            # Not to wait for anything: a request takes a few milliseconds, and the blow falls somewhere inside.
            await asyncio.sleep(blow.late_s)
            await self._strike(blow)
            await after_blow()

    async def _strike(self, blow: Blow) -> None:
        if SERVER in blow.hits:
            self._up.clear()
        await asyncio.to_thread(self.ground.kill, blow.hits)
        await asyncio.to_thread(self.ground.start)
        self._up.set()

    async def _finish_files(self, client: httpx.AsyncClient) -> None:
        """Let the job finish files, without the ten seconds it leaves to those who may still be at work."""
        platform = Platform(url=self.ground.database_url, settings=Settings(pool_size=4))
        await platform.start()
        try:
            for _ in range(FINISHING_ROUNDS_MAX):
                if not any(file["payments"]["accepted"] for file in await files(client)):
                    return
                await platform.finish_payments(waiting_s=0)
        finally:
            await platform.stop()
        raise AssertionError("the job does not finish these files")


async def files(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    """Every payment file of the tenant."""
    answer = await client.get("/v1/payment-files?limit=200")
    assert answer.status_code == 200, answer.text
    assert "after" not in answer.json(), "more files than one page"
    return answer.json()["items"]


async def _die(work: Any, *, after_s: float) -> None:
    task = asyncio.ensure_future(work)
    done, _ = await asyncio.wait({task}, timeout=after_s)
    if done:
        task.result()
        return
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _verdict_of_one(answer: httpx.Response) -> dict[str, Any]:
    body = answer.json()
    if answer.status_code == 422:
        return {"refusal": {"code": body["code"], "fields": body.get("fields", {})}}
    assert answer.status_code in (200, 201), answer.text
    return body


async def _done(client: httpx.AsyncClient, method: str, path: str, content: Any) -> httpx.Response:
    answer = await client.request(method, path, json=content)
    assert answer.status_code in (200, 201), answer.text
    return answer


def _accounts() -> list[tuple[str, Command]]:
    path = f"/v1/ledgers/{LEDGER}/accounts"
    nostros = [
        (path, {"address": address, "asset": asset, "exponent": 2, "normal_side": "debit"})
        for asset, address in NOSTRO.items()
    ]
    customers = [
        (path, {"address": address, "asset": asset, "exponent": 2, "normal_side": "credit", "min_available": 0}
               | ({"max_available": MAXIMUM} if address == "c:capped" else {}))
        for asset, addresses in CUSTOMERS.items()
        for address in addresses
    ]  # fmt: skip
    return nostros + customers


def _wallets() -> list[tuple[str, Command]]:
    return [
        ("/v1/wallets", {
            "id": wallet, "owner": {"kind": "company", "name": wallet}, "name": wallet,
            "accounts": [{"asset": "EUR", "exponent": 2, "iban": iban}],
        })
        for wallet, iban in IBANS.items()
    ]  # fmt: skip


def _opening() -> list[Command]:
    targets = [(asset, address) for asset, all_of in CUSTOMERS.items() for address in all_of]
    targets += [("EUR", address) for address in WALLETS]
    return [
        {"kind": "post", "id": f"opening-{address}", "postings": [
            {"debit": NOSTRO[asset], "credit": address, "amount": FUNDS, "asset": asset}
        ]}
        for asset, address in targets
    ]  # fmt: skip

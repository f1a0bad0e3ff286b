"""Writes by ``Idempotency-Key``: done once, answered again, and never with another's answer or a secret."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import msgspec
import pytest

from tallystick.identity.http.edge import KeptAnswers
from tallystick.identity.service.edge import EdgeService
from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import Kind, Problem
from tallystick.runtime import repeats
from tallystick.runtime.clock import Mint
from tallystick.runtime.database import Database
from tallystick.runtime.edge import Asked, Manners, Reply, Route, Shown, build_app
from tallystick.runtime.refusals import TemporarilyUnavailable

DatabaseFor = Callable[..., Awaitable[Database]]
KEYED = {"idempotency-key": "k-1"}


class Thing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something to be made."""

    name: str
    id: str | None = None


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What was made."""

    number: int
    name: str
    secret: str = ""


class NameTaken(Problem):
    """The name is taken."""

    code = "name_is_taken"
    kind = Kind.CONFLICT


class Works:
    """Makes things: counts them, and does what a test tells it to before or after."""

    def __init__(self) -> None:
        self.done = 0
        self.before: Callable[[], Awaitable[None]] | None = None
        self.after: Exception | None = None
        self.padding = ""

    async def make(self, asked: Asked) -> Any:
        if self.before is not None:
            await self.before()
        self.done += 1
        if self.after is not None:
            raise self.after
        made = Made(number=self.done, name=asked.body.name + self.padding)
        return Reply(value=made, status=201, headers={"Location": f"/v1/things/{self.done}"})

    async def change(self, asked: Asked) -> None:
        self.done += 1
        if self.after is not None:
            raise self.after

    async def secret(self, asked: Asked) -> Made:
        self.done += 1
        if self.after is not None:
            raise self.after
        return Made(number=self.done, name=asked.body.name, secret="swordfish")

    async def key(self, asked: Asked) -> Made:
        return Made(number=0, name=asked.idempotency_key or asked.body.id)

    def routes(self) -> list[Route]:
        path = "/v1/things/{thing}"
        return [
            Route(method="POST", path="/v1/things", summary="Make", handle=self.make, body=Thing, answer=Made,
                  status=201, problems=(NameTaken,)),
            Route(method="GET", path="/v1/things", summary="Count", handle=self.change, answer=Made),
            Route(method="PUT", path=path, summary="Change", handle=self.change, body=Thing, status=204),
            Route(method="PATCH", path=path, summary="Mend", handle=self.change, body=Thing, status=204),
            Route(method="DELETE", path=path, summary="Drop", handle=self.change, status=204),
            Route(method="POST", path="/v1/secrets", summary="Make", handle=self.secret, body=Thing, answer=Made,
                  shows_secret=True),
            Route(method="POST", path="/v1/moves", summary="Move", handle=self.key, body=Thing, answer=Made, keyed=True,
                  needs_key=lambda body: body.id is None),
        ]  # fmt: skip


@pytest.fixture
def works() -> Works:
    return Works()


@pytest.fixture
async def database(database_for: DatabaseFor) -> Database:
    return await database_for("identity", pool_size=4)


@pytest.fixture
async def client(
    works: Works, database: Database, caller: Caller
) -> AsyncIterator[httpx.AsyncClient]:
    async def authenticate(shown: Shown, _: Caller) -> Caller:
        return msgspec.structs.replace(caller, actor=shown.authorization or "per_1")

    app = build_app(
        routes=works.routes(), authenticate=authenticate, title="x", version="1",
        manners=Manners(answers=KeptAnswers(EdgeService(database=database))),
    )  # fmt: skip
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://edge"
    ) as opened:
        yield opened


def refused(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def make(client: httpx.AsyncClient, name: str = "a", **headers: str) -> httpx.Response:
    sent = KEYED | {name.replace("_", "-"): text for name, text in headers.items()}
    return await client.post("/v1/things", json={"name": name}, headers=sent)


async def test_the_same_request_is_done_once_and_answered_again(
    client: httpx.AsyncClient, works: Works
) -> None:
    first, again = await make(client), await make(client)
    assert (first.status_code, again.status_code, works.done) == (201, 201, 1)
    assert first.content == again.content
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["location"] == "/v1/things/1"
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["x-content-type-options"] == "nosniff"
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert (await make(client, idempotency_key='"k-1"')).headers["idempotent-replayed"] == "true"
    assert (await make(client, idempotency_key="k-2")).json()["number"] == 2


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_every_write_takes_a_key(
    client: httpx.AsyncClient, works: Works, method: str
) -> None:
    body: dict[str, Any] = {} if method == "DELETE" else {"json": {"name": "a"}}
    got = [await client.request(method, "/v1/things/1", headers=KEYED, **body) for _ in range(2)]
    assert ([answer.status_code for answer in got], works.done) == ([204, 204], 1)
    assert got[1].headers["idempotent-replayed"] == "true"
    # Without one it is done as often as it is asked.
    assert (await client.request(method, "/v1/things/1", **body)).status_code == 204
    assert works.done == 2


async def test_a_read_has_no_use_for_a_key(client: httpx.AsyncClient, works: Works) -> None:
    for _ in range(2):
        answer = await client.get("/v1/things", headers=KEYED)
        assert "idempotent-replayed" not in answer.headers
    assert works.done == 2


async def test_a_key_names_one_request(client: httpx.AsyncClient, works: Works) -> None:
    await make(client)
    refused(await make(client, "b"), 422, "idempotency_key_used_for_another_request")
    other = await client.put("/v1/things/1", json={"name": "a"}, headers=KEYED)
    refused(other, 422, "idempotency_key_used_for_another_request")
    assert works.done == 1


async def test_a_key_is_its_senders(client: httpx.AsyncClient, works: Works) -> None:
    first = await make(client, authorization="per_1")
    other = await make(client, "b", authorization="per_2")
    assert (first.json()["number"], other.json()["number"]) == (1, 2)


async def test_no_tenant_gets_the_answer_of_another(
    client: httpx.AsyncClient, database: Database, caller: Caller, mint: Mint
) -> None:
    await make(client)
    stranger = Caller(tenant_id=mint.tenant_id(), actor="per_1")
    begun = await KeptAnswers(EdgeService(database=database)).begin(
        caller=stranger, key="k-1", fingerprint=b"x" * 32, for_good=False
    )
    assert begun.is_new


async def test_in_flight_it_is_not_done_a_second_time(
    client: httpx.AsyncClient, works: Works
) -> None:
    going, let = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        going.set()
        await let.wait()

    works.before = wait
    first = asyncio.create_task(make(client))
    await going.wait()
    second = await make(client)
    refused(second, 409, "same_request_is_in_flight")
    assert second.headers["retry-after"] == "1"
    refused(await make(client, "b"), 422, "idempotency_key_used_for_another_request")
    let.set()
    assert (await first).status_code == 201
    assert (await make(client)).headers["idempotent-replayed"] == "true"
    assert works.done == 1


async def test_of_many_at_once_one_is_done(client: httpx.AsyncClient, works: Works) -> None:
    works.before = lambda: asyncio.sleep(0.05)
    got = await asyncio.gather(*(make(client) for _ in range(20)))
    assert {answer.status_code for answer in got} <= {201, 409}
    assert works.done == 1


async def test_a_refusal_lets_the_key_go(client: httpx.AsyncClient, works: Works) -> None:
    works.after = NameTaken("It is taken.")
    for _ in range(2):
        refused(await make(client), 409, "name_is_taken")
    works.after = None
    answer = await make(client)
    assert (answer.status_code, "idempotent-replayed" in answer.headers) == (201, False)


@pytest.mark.parametrize("error", [ConnectionResetError("gone"), ValueError("a defect")])
async def test_what_may_not_be_repeated_is_not_when_nobody_knows_whether_it_was_done(
    client: httpx.AsyncClient, works: Works, error: Exception
) -> None:
    works.after = error
    assert (await make(client)).status_code in (500, 503)
    works.after = None
    refused(await make(client), 409, "answer_is_not_kept")
    assert works.done == 1
    assert (await make(client, idempotency_key="k-2")).status_code == 201


async def test_what_may_be_repeated_is(client: httpx.AsyncClient, works: Works) -> None:
    works.after = TemporarilyUnavailable("down")
    sent: dict[str, Any] = {"json": {"name": "a"}, "headers": KEYED}
    refused(await client.put("/v1/things/1", **sent), 503, "temporarily_unavailable")
    works.after = None
    assert (await client.put("/v1/things/1", **sent)).status_code == 204
    assert works.done == 2


async def test_a_secret_is_not_kept(
    client: httpx.AsyncClient, works: Works, database: Database, caller: Caller
) -> None:
    sent: dict[str, Any] = {"json": {"name": "a"}, "headers": KEYED}
    assert (await client.post("/v1/secrets", **sent)).json()["secret"] == "swordfish"
    again = await client.post("/v1/secrets", **sent)
    refused(again, 409, "answer_is_not_kept")
    assert "swordfish" not in again.text
    assert works.done == 1
    async with database.transaction(tenant_id=caller.tenant_id) as connection:
        (row,) = await connection.fetch("SELECT content, status FROM identity.answer")
    assert (row["content"], row["status"]) == (None, 200)


async def test_an_answer_that_is_too_large_is_not_kept(
    client: httpx.AsyncClient, works: Works
) -> None:
    works.padding = "x" * repeats.ANSWER_BYTES_MAX
    assert (await make(client)).status_code == 201
    refused(await make(client), 409, "answer_is_not_kept")
    assert works.done == 1


async def _age(database: Database, caller: Caller, column: str, by: str) -> None:
    async with database.transaction(tenant_id=caller.tenant_id) as connection:
        await connection.execute(
            f"UPDATE identity.answer SET {column} = {column} - interval '{by}'"
        )


async def test_after_a_day_a_key_is_free_again(
    client: httpx.AsyncClient, works: Works, database: Database, caller: Caller
) -> None:
    await make(client)
    await _age(database, caller, "until_at", "23 hours 59 minutes")
    assert (await make(client)).headers["idempotent-replayed"] == "true"
    await _age(database, caller, "until_at", "1 minute")
    assert (await make(client, "b")).json()["number"] == 2
    async with database.transaction(tenant_id=caller.tenant_id) as connection:
        assert await connection.fetchval("SELECT count(1) FROM identity.answer") == 1


async def test_a_request_that_was_lost_is_taken_over_where_that_does_no_harm(
    database: Database, caller: Caller
) -> None:
    answers = KeptAnswers(EdgeService(database=database))

    async def begin(key: str, *, for_good: bool, of: bytes = b"x" * 32) -> repeats.Begun:
        return await answers.begin(caller=caller, key=key, fingerprint=of, for_good=for_good)

    for key, for_good in (("free", False), ("good", True)):
        assert (await begin(key, for_good=for_good)).is_new
        assert not (await begin(key, for_good=for_good)).is_over
    await _age(database, caller, "begun_at", f"{repeats.LOST_AFTER_S + 1} seconds")
    assert not (await begin("free", for_good=False, of=b"y" * 32)).is_new
    assert (await begin("free", for_good=False)).is_new
    lost = await begin("good", for_good=True)
    assert (lost.is_new, lost.is_over, lost.kept) == (False, True, None)


async def test_what_moves_money_without_an_id_needs_a_key(client: httpx.AsyncClient) -> None:
    missing = await client.post("/v1/moves", json={"name": "a"})
    refused(missing, 400, "idempotency_key_missing")
    assert (await client.post("/v1/moves", json={"name": "a", "id": "i"})).json()["name"] == "i"
    named = await client.post("/v1/moves", json={"name": "a"}, headers=KEYED)
    assert named.json()["name"] == "k-1"


@pytest.mark.parametrize("key", ["", "a b", "x" * 65, '""'])
async def test_a_key_that_is_none_is_malformed(client: httpx.AsyncClient, key: str) -> None:
    refused(await make(client, idempotency_key=key), 400, "malformed_request")


async def test_without_anybody_who_keeps_answers_a_key_is_refused(works: Works) -> None:
    async def authenticate(*_: object) -> Caller:
        return Caller(tenant_id=1, actor="per_1")

    app = build_app(routes=works.routes(), authenticate=authenticate, title="x", version="1")
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://edge"
    ) as client:
        refused(await make(client), 400, "malformed_request")

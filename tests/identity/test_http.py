"""Keys over HTTP: made, used, listed, revoked."""

import httpx
import pytest

from tallystick.identity.api import CreateKey, CreateTenant, Identity, Unauthenticated
from tallystick.identity.http.keys import prover, routes
from tallystick.identity.http.proving import authenticator
from tallystick.identity.service.keys import IdentityService
from tallystick.kernel import ids
from tallystick.kernel.callers import Caller
from tallystick.runtime.clock import SystemClock
from tallystick.runtime.doors import near
from tallystick.runtime.edge import build_app

OPERATOR = Caller(tenant_id=0, actor="operator")


@pytest.fixture
async def identity(database_for, mint) -> Identity:
    service = IdentityService(
        database=await database_for("identity"), mint=mint, clock=SystemClock()
    )
    return near(Identity, service, wire=True)


@pytest.fixture
async def client(identity):
    tenant = await identity.create_tenant(caller=OPERATOR, message=CreateTenant(name="Bakery"))
    caller = Caller(tenant_id=ids.tenant_id_of(tenant.tenant), actor="operator")
    first = await identity.create_key(caller=caller, message=CreateKey(label="first"))
    app = build_app(
        routes=routes(identity),
        authenticate=authenticator(prover(identity)),
        title="Identity",
        version="1",
        problems=(Unauthenticated,),
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://edge",
        headers={"authorization": f"Bearer {first.key}"},
    ) as opened:
        yield opened


async def test_a_key_makes_another_which_works_until_it_is_revoked(client):
    made = await client.post("/v1/keys", json={"label": "second"})
    assert made.status_code == 201
    second = {"authorization": f"Bearer {made.json()['key']}"}
    who = (await client.get("/v1/whoami", headers=second)).json()
    assert (who["name"], who["actor"]) == ("Bakery", made.json()["key_id"])

    listed = await client.get("/v1/keys?limit=1")
    assert made.json()["key"] not in listed.text
    page = await client.get(f"/v1/keys?after={listed.json()['after']}")
    assert [key["label"] for key in page.json()["items"]] == ["second"]

    revoked = await client.delete(f"/v1/keys/{made.json()['key_id']}")
    assert revoked.json()["revoked_at"]
    refused = await client.get("/v1/whoami", headers=second)
    assert (refused.status_code, refused.json()["code"]) == (401, "api_key_not_accepted")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic eDp5", "tally_x", "Bearer ä"])
async def test_a_header_that_proves_nothing_is_refused(client, header):
    sent = {"authorization": header.encode("latin-1")}
    answer = await client.get("/v1/keys", headers=sent)
    assert (answer.status_code, answer.json()["code"]) == (401, "api_key_not_accepted")


async def test_refusals_of_keys_are_problems(client):
    unknown = await client.delete("/v1/keys/key_unknown")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "api_key_not_found")
    repeated = await client.post("/v1/keys", json={"label": "x"}, headers={"idempotency-key": "a"})
    assert (repeated.status_code, repeated.json()["code"]) == (400, "malformed_request")
    assert (await client.post("/v1/keys", json={"label": ""})).status_code == 400
    assert (await client.get("/v1/keys?limit=0")).status_code == 400

"""Governance over HTTP: a plan's whole life, and what keeps words, secrets and statuses apart."""

import base64
import json

import httpx
import pytest

from tallystick.governance import http
from tallystick.runtime.edge import build_app
from tests.governance.clouds import FIRST, MINUTE, plan_json, state_json

ESTATE = "development-aws"


def based(content: bytes) -> str:
    """Bytes as JSON carries them."""
    return base64.b64encode(content).decode()


PLAN = {
    "estate": ESTATE, "commit": FIRST, "base": FIRST, "tool": "terraform 1.15.5",
    "plan": based(plan_json("development")), "planfile": based(b"planfile"),
}  # fmt: skip


@pytest.fixture
async def client(house):
    """Whoever asks names themselves, as the edge would have proven them."""

    async def authenticate(shown, _):
        return {"anna": house.approver, "boris": house.operator}.get(
            shown.authorization, house.author
        )

    app = build_app(
        routes=http.routes(house.door), authenticate=authenticate, title="Clouds", version="1"
    )
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test/v1/cloud") as client:
        yield client


ANNA, BORIS = {"authorization": "anna"}, {"authorization": "boris"}


async def test_a_plan_lives_over_http(client):
    made = await client.post("/plans", json=PLAN)
    assert (made.status_code, made.json()["counts"]) == (201, {"pass": 1})
    again = await client.post("/plans", json=PLAN)
    assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")
    plan = f"/plans/{made.json()['plan']}"
    read = (await client.get(f"{plan}/document")).json()
    assert json.loads(base64.b64decode(read["content"])) == json.loads(plan_json("development"))
    agreed = await client.post(f"{plan}/approve", json={"hash": read["hash"]}, headers=ANNA)
    assert [one["by"] for one in agreed.json()["approvals"]] == ["per_anna"]
    lent = await client.post(f"{plan}/apply", json={})
    assert (lent.status_code, base64.b64decode(lent.json()["planfile"])) == (201, b"planfile")
    token, apply = lent.json()["token"], lent.json()["apply"]["apply"]
    state, estate = based(state_json(ESTATE, 1)), f"/estates/{ESTATE}"
    for verb, lock in (("lock", "one"), ("unlock", "one")):
        held = await client.post(f"{estate}/{verb}", json={"token": token, "lock": lock})
        assert held.json().get("lock") == ("one" if verb == "lock" else None)
    for status in (200, 200):
        written = await client.put(f"{estate}/state", json={"token": token, "content": state})
        assert (written.status_code, written.json()["serial"]) == (status, 1)
    extended = await client.post(f"/applies/{apply}/extend", json={"token": token})
    assert extended.json()["status"] == "running"
    body = {"token": token, "end": "applied", "serial": 1}
    assert (await client.post(f"/applies/{apply}/finish", json=body)).json()["serial"] == 1
    kept = await client.post(f"{estate}/state/read", json={})
    assert base64.b64decode(kept.json()["content"]) == state_json(ESTATE, 1)
    shown = (await client.get(plan)).json()
    assert (shown["status"], shown["apply"]["status"]) == ("applied", "applied")
    assert (await client.get(estate)).json()["commit"] == FIRST
    tags = [one["tag"] for one in (await client.get("/evidence")).json()["items"]]
    assert tags[0] == "governance.plan.submit"
    assert tags[-1] == "governance.apply.finish"


async def test_a_lease_is_shown_once_and_kept_under_no_key(client):
    plan = (await client.post("/plans", json=PLAN)).json()["plan"]
    path, keyed = f"/plans/{plan}/apply", {"idempotency-key": "one"}
    refused = await client.post(path, json={}, headers=keyed)
    assert (refused.status_code, refused.json()["code"]) == (400, "malformed_request")
    lent = (await client.post(path, json={})).json()
    again = await client.post(path, json={})
    assert again.json()["code"] == "plan_not_open"
    assert lent["token"] not in again.text + (await client.get(f"/plans/{plan}")).text


async def test_a_broken_glass_goes_its_way_over_http(client):
    why = {"reason": "the database is down", "minutes": 30}
    glass = (await client.post(f"/estates/{ESTATE}/break-glass", json=why, headers=BORIS)).json()
    listed = await client.get("/break-glasses?unreviewed=true")
    assert [one["break_glass"] for one in listed.json()["items"]] == [glass["break_glass"]]
    path, word = f"/break-glasses/{glass['break_glass']}/review", {"opinion": "not_justified"}
    own = await client.post(path, json=word | {"reason": "mine"}, headers=BORIS)
    assert (own.status_code, own.json()["code"]) == (403, "breaker_may_not_review")
    done = await client.post(path, json=word | {"reason": "it was not"}, headers=ANNA)
    assert (done.json()["opinion"], done.json()["reviewed_by"]) == ("not_justified", "per_anna")


@pytest.mark.parametrize(
    ("how", "path", "body", "code"),
    [
        ("GET", "/plans/pln_none", None, "plan_not_found"),
        ("POST", "/plans/pln_none/apply", {}, "plan_not_found"),
        ("POST", "/applies/apl_none/finish", {"token": "", "end": "failed"}, "lease_not_accepted"),
        ("POST", f"/estates/{ESTATE}/state/read", {}, "state_not_found"),
        ("POST", f"/estates/{ESTATE}/free", {"reason": "gone"}, "nothing_to_unlock"),
        ("GET", "/estates/qa-aws", None, "malformed_request"),
        ("GET", "/plans?after=x", None, "malformed_request"),
        ("GET", "/evidence?limit=0", None, "malformed_request"),
        ("POST", "/plans", PLAN | {"plan": "no base64"}, "malformed_request"),
        ("POST", "/plans", PLAN | {"plan": based(b"{}")}, "plan_not_readable"),
        ("POST", "/waivers/wvr_none/end", None, "waiver_not_found"),
    ],
)  # fmt: skip
async def test_a_refusal_has_its_code(client, how, path, body, code):
    answer = await client.request(how, path, json=body)
    assert (answer.status_code // 100, answer.json()["code"]) == (4, code)


async def test_an_operator_frees_what_is_dead_over_http(client, house):
    plan = (await client.post("/plans", json=PLAN)).json()["plan"]
    lent = (await client.post(f"/plans/{plan}/apply", json={})).json()
    busy = await client.post(f"/estates/{ESTATE}/free", json={"reason": "gone"}, headers=BORIS)
    assert busy.json()["code"] == "apply_is_running"
    house.time.at += 16 * MINUTE
    freed = await client.post(f"/estates/{ESTATE}/free", json={"reason": "gone"}, headers=BORIS)
    assert "running" not in freed.json()
    late = await client.post(
        f"/applies/{lent['apply']['apply']}/extend", json={"token": lent["token"]}
    )
    assert late.json()["code"] == "lease_not_accepted"

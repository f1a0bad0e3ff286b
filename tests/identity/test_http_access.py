"""People, rights and decisions over HTTP, and AuthZEN 1.0 by its own words."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tallystick.identity.api import Unauthenticated
from tallystick.identity.api.rights import GiveDelegation
from tallystick.identity.http.access import EVALUATIONS_MAX, GUARDED
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import SECOND
from tallystick.kernel.problems import Malformed
from tallystick.runtime.edge import Shown, build_app
from tests.identity.bank import Bank, HandClock

POST = "ledger.transaction.post"


@pytest.fixture
async def bank(database_for) -> Bank:
    made = Bank(await database_for("identity"), await database_for("ledger"), HandClock())
    await made.found()
    return made


class Counter:
    """Who stands at it: the caller of every request."""

    def __init__(self) -> None:
        self.caller = Caller(tenant_id=0, actor="nobody")

    async def prove(self, _: Shown, asking: Caller) -> Caller:
        return self.caller


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture
async def client(bank: Bank, counter: Counter) -> AsyncIterator[httpx.AsyncClient]:
    app = build_app(
        routes=bank.doors.routes(),
        authenticate=counter.prove,
        title="Identity",
        version="1",
        problems=(Unauthenticated, *GUARDED),
    )
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_an_owner_adds_people_and_is_asked_for_a_proof_and_a_second_person(
    bank, counter, client
):
    counter.caller = await bank.person("Olga", "owner")
    other = await bank.person("Otto", "owner")
    first = await client.post("/v1/people", json={"name": "Ada"})
    assert (first.status_code, first.json()["code"]) == (401, "step_up_needed")
    assert first.json()["retry"] == "same request"
    await bank.step_up(counter.caller)
    added = await client.post("/v1/people", json={"name": "Ada"})
    assert added.status_code == 201
    bank.clock.at += 301 * SECOND
    ada = added.json()["person"]
    given = {"holder": ada, "role": "bookkeeper"}
    first = await client.post("/v1/memberships", json=given)
    assert (first.status_code, first.json()["code"]) == (401, "step_up_needed")
    challenge = first.headers["www-authenticate"]
    assert 'error="insufficient_user_authentication"' in challenge
    assert 'max_age="300"' in challenge
    await bank.step_up(counter.caller)
    second = await client.post("/v1/memberships", json=given)
    assert (second.status_code, second.json()["code"]) == (403, "approval_needed")
    assert second.json()["retry"] == "same request"
    await bank.agree(second.json()["fields"]["approval"], other)
    third = await client.post("/v1/memberships", json=given)
    assert third.status_code == 201
    shown = (await client.get(f"/v1/people/{ada}")).json()
    assert shown["roles"] == ["bookkeeper"]
    assert "Bookkeeper" in shown["sentence"]


async def test_a_delegation_is_one_plain_sentence(bank, counter, client):
    counter.caller = await bank.person("Olga", "owner")
    other, clerk = await bank.person("Otto", "owner"), await bank.person("Carl", "payment_clerk")
    await bank.step_up(counter.caller)
    wanted = {
        "holder": clerk.actor, "actions": ["transfer"], "accounts": ["customers:..."], "asset": "EUR",
        "cap_each": 500, "cap_slot": 2000, "slot": "day", "opens": "09:00", "closes": "17:00", "days": [1, 5],
        "time_zone": "Europe/Paris", "approvers": 1, "approve_above": 400,
    }  # fmt: skip
    refused = await client.post("/v1/delegations", json=wanted)
    await bank.agree(refused.json()["fields"]["approval"], other)
    made = (await client.post("/v1/delegations", json=wanted)).json()
    assert made["sentence"] == (
        f'{clerk.actor} may move and hold money in the books on "customers:...", up to 5.00 '
        "EUR at once, up to 20.00 EUR within each day, from 09:00 to 17:00 in Europe/Paris on Mon Fri, when another "
        "person agrees above 4.00 EUR."
    )
    listed = (await client.get("/v1/delegations", params={"holder": clerk.actor})).json()["items"]
    assert listed == [made]
    gone = (await client.delete(f"/v1/delegations/{made['delegation']}")).json()
    assert gone["ended_at"]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"actions": ["identity.role.give"]}, "actions"),
        ({"actions": []}, "actions"),
        ({"accounts": ["a b"]}, "accounts"),
        ({"accounts": ["x"] * 51}, "accounts"),
        ({"cap_each": 0}, "cap_each"),
        ({"cap_each": "1e3"}, "cap_each"),
        ({"cap_slot": 5}, "slot"),
        ({"cap_slot": 5, "slot": "year"}, "slot"),
        ({"cap_slot": 5, "slot": "opening"}, "slot"),
        ({"asset": None}, "asset"),
        ({"opens": "25:00", "closes": "26:00"}, "opens"),
        ({"opens": "10:00"}, "closes"),
        ({"opens": "10:00", "closes": "10:00"}, "closes"),
        ({"days": [0]}, "days"),
        ({"days": [1, 1]}, "days"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"until_at": "2001-01-01T00:00:00Z"}, "until_at"),
        ({"approvers": 6}, "approvers"),
    ],
)
async def test_a_delegation_that_says_nothing_sound_leaves_nothing(bank, changes, place):
    clerk = await bank.person("Carl", "payment_clerk")
    values: dict[str, Any] = {
        "holder": clerk.actor,
        "actions": ("transfer",),
        "accounts": ("x",),
        "asset": "EUR",
        "cap_each": 1,
    }
    changed: dict[str, Any] = {
        name: tuple(one) if isinstance(one, list) else one for name, one in changes.items()
    }
    with pytest.raises(Malformed) as refused:
        await bank.rights.give_delegation(
            caller=bank.operator, message=GiveDelegation(**values | changed)
        )
    assert place in refused.value.fields
    assert not await bank.rows("SELECT 1 FROM identity.delegation")


def evaluation(subject: str, amount: int = 500) -> dict:
    return {
        "subject": {"type": "person", "id": subject},
        "action": {
            "name": POST,
            "properties": {"amount": amount, "asset": "EUR", "credit": "shop"},
        },
        "resource": {"type": "account", "id": "customers:ada"},
    }


async def test_authzen_answers_yes_and_no_and_why(bank, counter, client):
    counter.caller = await bank.person("Aude", "auditor")
    clerk = await bank.person("Carl", "payment_clerk")
    await bank.delegate(clerk, cap_each=500)
    yes = await client.post("/access/v1/evaluation", json=evaluation(clerk.actor))
    no = await client.post("/access/v1/evaluation", json=evaluation(clerk.actor, 501))
    assert (yes.status_code, yes.json()["decision"]) == (200, True)
    assert no.json()["decision"] is False
    assert "above what delegation" in no.json()["context"]["reason_user"]["en"]
    shown = await client.get(f"/v1/decisions/{no.json()['context']['id']}")
    assert shown.json()["again"] is True


async def test_a_question_that_is_no_question_is_refused_and_not_kept(bank, counter, client):
    counter.caller = await bank.person("Aude", "auditor")
    clerk = await bank.person("Carl", "payment_clerk")
    await bank.delegate(clerk, cap_each=500)
    asked = {"holder": clerk.actor, "action": POST, "account": "customers:ada", "asset": "EUR"}
    negative = await client.post("/access/v1/evaluation", json=evaluation(clerk.actor, -5))
    assert (negative.status_code, negative.json()["code"]) == (400, "malformed_request")
    for changes in ({"amount": -5}, {"amount": 5, "on": "x" * 201}, {"credit": "a\u0000"}):
        answer = await client.post("/v1/explanations", json=asked | changes)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed_request")
    assert not await bank.rows(
        "SELECT 1 FROM identity.decision WHERE actor = $1 AND action = $2", clerk.actor, POST
    )


async def test_authzen_answers_no_for_whom_nobody_knows(bank, counter, client):
    counter.caller = await bank.person("Aude", "auditor")
    answer = await client.post("/access/v1/evaluation", json=evaluation("per_0"))
    assert answer.json()["decision"] is False


@pytest.mark.parametrize(
    ("semantic", "answers"),
    [
        ("execute_all", [True, False, True]),
        ("deny_on_first_deny", [True, False]),
        ("permit_on_first_permit", [True]),
    ],
)
async def test_authzen_answers_several_at_once(bank, counter, client, semantic, answers):
    counter.caller = await bank.person("Aude", "auditor")
    clerk = await bank.person("Carl", "payment_clerk")
    await bank.delegate(clerk, cap_each=500)
    whole = evaluation(clerk.actor)
    parts = [{"action": evaluation("", amount)["action"]} for amount in (1, 501, 2)]
    body = {**whole, "evaluations": parts, "options": {"evaluations_semantic": semantic}}
    answer = await client.post("/access/v1/evaluations", json=body)
    assert [one["decision"] for one in answer.json()["evaluations"]] == answers
    body["evaluations"] = parts * EVALUATIONS_MAX
    assert (await client.post("/access/v1/evaluations", json=body)).status_code == 400
    del body["evaluations"]
    assert (await client.post("/access/v1/evaluations", json=body)).json()["decision"] is True


async def test_authzen_says_where_it_is_asked(client):
    found = (await client.get("/.well-known/authzen-configuration")).json()
    assert found["access_evaluation_endpoint"].endswith("/access/v1/evaluation")


async def test_a_clerk_asks_for_no_decisions_about_others(bank, counter, client):
    counter.caller = await bank.person("Carl", "payment_clerk")
    answer = await client.post("/access/v1/evaluation", json=evaluation(counter.caller.actor))
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    for path in (
        "/v1/people",
        "/v1/roles",
        "/v1/memberships",
        "/v1/delegations",
        "/v1/access-rule",
    ):
        assert (await client.get(path)).status_code == 403


async def test_nobody_sees_by_more_patterns_than_a_list_takes(bank):
    ada = await bank.person("Ada")
    few = tuple(f"customers:{number}" for number in range(40))
    await bank.delegate(ada, actions=("see",), accounts=few, asset=None)
    more = tuple(f"shops:{number}" for number in range(11))
    with pytest.raises(Malformed) as refused:
        await bank.delegate(ada, actions=("see",), accounts=more, asset=None)
    assert "at most 50 patterns" in refused.value.detail
    await bank.delegate(ada, actions=("see",), accounts=more[:10], asset=None)

"""Factors and approvals behind the guard: what is let in before a second factor, and what takes a second person."""

import base64
from typing import Any

import httpx
import pytest

from tallystick.identity.api.access import ApprovalNeeded, NotAllowed, StepUpNeeded
from tallystick.identity.api.approvals import (
    ApprovalOf,
    Approve,
    ListApprovals,
    NotAboutYourself,
    ShowApproval,
    Which,
)
from tallystick.identity.api.factors import (
    ConfirmTotp,
    EnrolPasskey,
    ListFactors,
    OfferPasskey,
    OfferTotp,
    ProveFactor,
    RecoverFactors,
)
from tallystick.identity.api.people import ListPeople
from tallystick.identity.api.rights import GiveRole
from tallystick.identity.http import approvals as approvals_http
from tallystick.identity.http import factors as factors_http
from tallystick.identity.model import totp
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import SECOND
from tallystick.runtime.edge import build_app
from tests.identity.authenticator import Passkey
from tests.identity.bank import Bank, HandClock
from tests.identity.factors_house import as_owner


@pytest.fixture(autouse=True)
def keys_of_factors(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALLYSTICK_HOME", str(tmp_path / "home"))


@pytest.fixture
async def bank(database_for: Any) -> Bank:
    made = Bank(await database_for("identity"), await database_for("ledger"), HandClock())
    await made.found()
    return made


def code_now(bank: Bank, secret: str) -> str:
    raw = base64.b32decode(secret + "=" * (-len(secret) % 8))
    return totp.code_of(raw, totp.step_of(bank.clock.at))


async def app_of(bank: Bank, caller: Caller) -> str:
    """Enrol an app; answers its secret."""
    offered = await bank.doors.factors.offer_totp(caller=caller, message=OfferTotp(label="phone"))
    confirm = ConfirmTotp(factor=offered.factor, code=code_now(bank, offered.secret))
    await bank.doors.factors.confirm_totp(caller=caller, message=confirm)
    return offered.secret


async def passkey_of(bank: Bank, caller: Caller) -> Passkey:
    made = Passkey()
    offered = await bank.doors.factors.offer_passkey(caller=caller, message=OfferPasskey())
    credential = made.create(offered.options)
    message = EnrolPasskey(challenge=offered.challenge, label="key", credential=credential)
    await bank.doors.factors.enrol_passkey(caller=caller, message=message)
    return made


async def sign(bank: Bank, caller: Caller, passkey: Passkey, approval: str) -> Any:
    asked = await bank.doors.approvals.challenge(
        caller=caller, message=ApprovalOf(approval=approval)
    )
    return await bank.doors.approvals.approve(
        caller=caller,
        message=Approve(
            approval=approval, challenge=asked.challenge, credential=passkey.get(asked.options)
        ),
    )


async def test_a_first_factor_is_enrolled_before_any_and_opens_at_once(bank: Bank) -> None:
    manager = await bank.person("Mia", "bank_manager", mfa=False)
    with pytest.raises(StepUpNeeded):
        await bank.doors.people.people(caller=manager, message=ListPeople())
    assert not (await bank.doors.factors.factors(caller=manager, message=ListFactors())).items
    secret = await app_of(bank, manager)
    # What was remembered of her is forgotten here: she needs not wait five seconds.
    assert (await bank.doors.people.people(caller=manager, message=ListPeople())).items
    again = await bank.sit(manager.actor, mfa=False)
    with pytest.raises(StepUpNeeded):
        await bank.doors.people.people(caller=again, message=ListPeople())
    bank.clock.at += 30 * SECOND
    code = ProveFactor(code=code_now(bank, secret))
    await bank.doors.factors.prove(caller=again, message=code)
    assert (await bank.doors.people.people(caller=again, message=ListPeople())).items


async def test_recovery_takes_a_second_person(bank: Bank) -> None:
    owner, other = await bank.person("Olga", "owner"), await bank.person("Bea", "approver")
    lost = await bank.person("Lou", "payment_clerk", "approver")
    await app_of(bank, lost)
    wanted = RecoverFactors(person=lost.actor, reason="stood before me")
    with pytest.raises(StepUpNeeded):
        await bank.doors.factors.recover(caller=owner, message=wanted)
    await app_of(bank, owner)
    with pytest.raises(ApprovalNeeded) as refused:
        await bank.doors.factors.recover(caller=owner, message=wanted)
    approval = refused.value.fields["approval"]
    assert len((await bank.doors.factors.factors(caller=lost, message=ListFactors())).items) == 1
    await app_of(bank, other)
    await bank.doors.approvals.approve(caller=other, message=Approve(approval=approval))
    done = await bank.doors.factors.recover(caller=owner, message=wanted)
    assert (done.factors, done.sessions) == (1, 1)
    with pytest.raises(NotAllowed):
        await bank.doors.factors.factors(caller=lost, message=ListFactors())
    bank.clock.at += 30 * SECOND
    await app_of(bank, await bank.sit(lost.actor, mfa=False))


async def test_nobody_agrees_to_their_own_recovery_or_role(bank: Bank) -> None:
    owner = await bank.person("Olga", "owner")
    lou = await bank.person("Lou", "approver")
    for caller in (owner, lou):
        await app_of(bank, caller)
    message = RecoverFactors(person=lou.actor, reason="on the phone")
    with pytest.raises(ApprovalNeeded) as recovery:
        await bank.doors.factors.recover(caller=owner, message=message)
    with pytest.raises(ApprovalNeeded) as role:
        await bank.doors.rights.give_role(
            caller=owner, message=GiveRole(holder=lou.actor, role="treasurer")
        )
    for refused in (recovery, role):
        approval = refused.value.fields["approval"]
        with pytest.raises(NotAboutYourself):
            await bank.doors.approvals.approve(caller=lou, message=Approve(approval=approval))


async def test_a_payment_is_signed_by_another_and_then_made(bank: Bank) -> None:
    clerk, boss = await bank.person("Carl", "payment_clerk"), await bank.person("Bea", "approver")
    await bank.delegate(clerk, approvers=1)
    passkey = await passkey_of(bank, boss)
    with pytest.raises(ApprovalNeeded) as refused:
        await bank.post(clerk, 501, id="rent")
    approval = refused.value.fields["approval"]
    shown = await bank.doors.approvals.approval(
        caller=boss, message=ShowApproval(approval=approval)
    )
    assert (shown.asked["amount"], shown.asked["asset"]) == ("501", "EUR")
    assert (shown.asked["payment"], shown.wants_passkey) == ("rent", True)
    assert shown.asked["payee"]
    assert (await sign(bank, boss, passkey, approval)).status == "agreed"
    with pytest.raises(ApprovalNeeded):
        await bank.post(clerk, 502, id="rent")
    assert (await bank.post(clerk, 501, id="rent")).refusal is None
    mine = ListApprovals(which=Which.MINE)
    page = await bank.doors.approvals.approvals(caller=clerk, message=mine)
    assert sorted(one.status for one in page.items) == ["used", "waiting"]


async def test_a_row_that_was_changed_lets_nothing_in(bank: Bank, migrated_url: str) -> None:
    clerk, boss = await bank.person("Carl", "payment_clerk"), await bank.person("Bea", "approver")
    await bank.delegate(clerk, approvers=1)
    passkey = await passkey_of(bank, boss)
    with pytest.raises(ApprovalNeeded) as refused:
        await bank.post(clerk, 501, id="rent")
    approval = refused.value.fields["approval"]
    await sign(bank, boss, passkey, approval)
    await as_owner(
        migrated_url, bank.tenant_id,
        f"UPDATE identity.approval SET asked = replace(asked, '501', '999') WHERE approval_id = '{approval}'",
    )  # fmt: skip
    with pytest.raises(ApprovalNeeded):
        await bank.post(clerk, 501, id="rent")


async def test_who_may_not_agree_sees_only_their_own(bank: Bank) -> None:
    clerk, boss = await bank.person("Carl", "payment_clerk"), await bank.person("Bea", "approver")
    await bank.delegate(clerk, approvers=1)
    with pytest.raises(ApprovalNeeded) as refused:
        await bank.post(clerk, 501, id="rent")
    approval = refused.value.fields["approval"]
    doors = bank.doors.approvals
    other = await bank.person("Cora", "payment_clerk")
    for message in (ListApprovals(), ListApprovals(which=Which.ALL)):
        with pytest.raises(NotAllowed):
            await doors.approvals(caller=other, message=message)
        assert (await doors.approvals(caller=boss, message=message)).items
    with pytest.raises(NotAllowed):
        await doors.approval(caller=other, message=ShowApproval(approval=approval))
    with pytest.raises(NotAllowed):
        await doors.approve(caller=other, message=Approve(approval=approval))
    own = ShowApproval(approval=approval, mine=True)
    assert (await doors.approval(caller=clerk, message=own)).status == "waiting"
    assert (await doors.withdraw(caller=clerk, message=ApprovalOf(approval=approval))).status


async def test_it_all_goes_over_http(bank: Bank) -> None:
    clerk, boss = await bank.person("Carl", "payment_clerk"), await bank.person("Bea", "approver")
    await bank.delegate(clerk, approvers=1)
    with pytest.raises(ApprovalNeeded) as refused:
        await bank.post(clerk, 501, id="rent")
    approval = refused.value.fields["approval"]

    async def as_boss(shown: Any, asking: Caller) -> Caller:
        return boss

    app = build_app(
        routes=[
            *factors_http.routes(bank.doors.factors),
            *approvals_http.routes(bank.doors.approvals),
        ],
        authenticate=as_boss,
        title="Identity",
        version="1",
    )
    passkey = Passkey()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://edge"
    ) as client:
        offered = (await client.post("/v1/factors/passkey-offers")).json()
        body = {
            "challenge": offered["challenge"], "label": "key",
            "credential": passkey.create(offered["options"]),
        }  # fmt: skip
        made = await client.post("/v1/factors/passkeys", json=body)
        assert (made.status_code, made.json()["kind"]) == (201, "passkey")
        asked = (await client.post("/v1/factors/challenge")).json()
        body = {"challenge": asked["challenge"], "credential": passkey.get(asked["options"])}
        proven = await client.post("/v1/factors/prove", json=body)
        assert proven.json()["lapses_at"]
        again = await client.post("/v1/factors/prove", json=body)
        assert (again.status_code, again.json()["code"]) == (422, "challenge_not_accepted")
        assert (await client.post("/v1/factors/prove", json={"code": "x"})).status_code == 400

        waiting = (await client.get("/v1/approvals", params={"which": "waiting"})).json()
        assert [one["approval"] for one in waiting["items"]] == [approval]
        place = f"/v1/approvals/{approval}"
        assert (await client.get(place)).json()["status"] == "waiting"
        assert (await client.get(place, params={"mine": "true"})).status_code == 404
        plain = await client.post(f"{place}/approve", json={})
        assert (plain.status_code, plain.json()["code"]) == (403, "passkey_needed")
        asked = (await client.post(f"{place}/challenge")).json()
        body = {"challenge": asked["challenge"], "credential": passkey.get(asked["options"])}
        agreed = await client.post(f"{place}/approve", json=body)
        assert agreed.json()["status"] == "agreed"
        checked = (await client.get(f"{place}/verification")).json()
        assert (checked["is_good"], checked["votes"][0]["is_signed"]) == (True, True)
        ended = await client.post(f"{place}/withdraw")
        assert ended.json()["code"] == "only_the_maker_withdraws"
        place = f"/v1/factors/{made.json()['factor']}"
        assert (await client.delete(place)).json()["code"] == "last_factor"
        await passkey_of(bank, boss)
        assert (await client.delete(place)).json()["ended_at"]
        for path, body in (
            ("/v1/factors/prove", {"challenge": "\0", "credential": {}}),
            ("/v1/factors/passkeys", {"challenge": "\0", "label": "k", "credential": {}}),
            (f"/v1/approvals/{approval}/approve", {"challenge": "\0", "credential": {}}),
            ("/v1/approvals/%00/reject", None),
            ("/v1/people/%00/recover", {"reason": "x"}),
        ):
            refused_body = await client.post(path, json=body)
            assert 400 <= refused_body.status_code < 500, (path, refused_body.text)
        for query in ("action=%00", "after=%00", "which=none", "limit=x"):
            assert (await client.get(f"/v1/approvals?{query}")).status_code == 400
    assert (await bank.post(clerk, 501, id="rent")).refusal is None

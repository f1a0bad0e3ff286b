"""Decisions at the doors: what each role may do, what is missing, and what stands on record."""

import asyncio

import asyncpg
import msgspec
import pytest

from tallystick.identity.api.access import (
    ApprovalNeeded,
    ApprovalNeedsAnId,
    DecisionNotFound,
    DecisionOf,
    Explain,
    HolderNotFound,
    NotAllowed,
    StepUpNeeded,
)
from tallystick.identity.api.people import SetPersonRisk, SetPersonStatus
from tallystick.identity.api.rights import (
    GiveDelegation,
    GiveRole,
    MakeRole,
    NotForYourself,
    SetRule,
    TakeDelegation,
    TakeRole,
)
from tallystick.identity.service.standings import KEPT
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import SECOND
from tallystick.kernel.problems import Malformed
from tallystick.ledger.api import (
    Capture,
    ListAccounts,
    OpenLedger,
    Post,
    Posting,
    Submit,
    Void,
)
from tests.identity.bank import POST, Bank, HandClock


@pytest.fixture
async def bank(database_for) -> Bank:
    made = Bank(await database_for("identity"), await database_for("ledger"), HandClock())
    await made.found()
    return made


async def test_a_machine_moves_money_and_says_by_which_decision(bank):
    assert (await bank.post(bank.machine)).refusal is None
    (row,) = await bank.rows(
        "SELECT * FROM identity.decision WHERE actor = $1 AND action LIKE 'ledger.transaction.post%'",
        bank.machine.actor,
    )
    assert row["allowed"]


async def test_the_same_decision_is_written_once(bank):
    for _ in range(3):
        await bank.post(bank.machine)
        bank.clock.at += KEPT
    assert len(await bank.rows("SELECT 1 FROM identity.decision WHERE action LIKE '%post%'")) == 1


async def test_whoever_is_not_known_may_do_nothing(bank):
    stranger = Caller(tenant_id=bank.tenant_id, actor="key_0", session="key_0")
    with pytest.raises(NotAllowed) as refused:
        await bank.post(stranger)
    assert "not known" in refused.value.detail


async def test_a_key_of_another_tenant_may_do_nothing(bank, database_for):
    other = Bank(await database_for("identity"), await database_for("ledger"), bank.clock)
    await other.found()
    with pytest.raises(NotAllowed):
        await bank.post(msgspec.structs.replace(other.machine, tenant_id=bank.tenant_id))


async def test_a_bookkeeper_reads_and_moves_nothing(bank):
    ada = await bank.person("Ada", "bookkeeper")
    page = await bank.ledger.accounts(caller=ada, message=ListAccounts(ledger="main"))
    assert len(page.items) == 4
    with pytest.raises(NotAllowed) as refused:
        await bank.post(ada)
    assert "no role of theirs (bookkeeper) includes it" in refused.value.detail
    assert refused.value.fields["decision"].startswith("dec_")


async def test_a_person_proves_a_second_factor_before_anything_else(bank):
    ada = await bank.person("Ada", "bookkeeper", mfa=False)
    with pytest.raises(StepUpNeeded) as refused:
        await bank.ledger.accounts(caller=ada, message=ListAccounts(ledger="main"))
    assert 'error="insufficient_user_authentication"' in refused.value.headers["www-authenticate"]
    await bank.execute("UPDATE identity.session SET mfa_at = $1", bank.clock.now())
    bank.clock.at += KEPT
    await bank.ledger.accounts(caller=ada, message=ListAccounts(ledger="main"))


async def test_a_clerk_pays_as_far_as_a_delegation_goes(bank):
    clerk = await bank.person("Carl", "payment_clerk")
    with pytest.raises(NotAllowed, match="no delegation in force is for it"):
        await bank.post(clerk)
    await bank.delegate(clerk, cap_each=500)
    assert (await bank.post(clerk, 500)).refusal is None
    with pytest.raises(NotAllowed, match="above what delegation"):
        await bank.post(clerk, 501)
    with pytest.raises(NotAllowed, match="does not cover"):
        await bank.post(clerk, debit="bank:cash")


async def test_whoever_pays_learns_no_balance_that_they_may_not_see(bank):
    clerk = await bank.person("Carl", "payment_clerk")
    await bank.delegate(clerk)
    assert not (await bank.post(clerk)).balances
    await bank.delegate(clerk, actions=("see",), accounts=("customers:ada",), asset=None)
    shown = (await bank.post(clerk)).balances
    assert [one.address for one in shown] == ["customers:ada"]


async def test_a_delegation_without_the_role_to_use_it_lets_nobody_through(bank):
    ada = await bank.person("Ada", "bookkeeper")
    await bank.delegate(ada)
    with pytest.raises(NotAllowed, match="no role of theirs"):
        await bank.post(ada)


async def test_hours_are_kept(bank):
    clerk = await bank.person("Carl", "payment_clerk")
    await bank.delegate(clerk, opens="12:00", closes="13:00", time_zone="Europe/Paris")
    with pytest.raises(NotAllowed, match="outside the hours"):
        await bank.post(clerk)
    bank.clock.at += 3_599 * SECOND
    assert (await bank.post(clerk)).refusal is None


async def test_above_an_amount_a_fresh_proof_is_asked_for(bank):
    clerk = await bank.person("Carl", "payment_clerk")
    await bank.delegate(clerk, step_up_above=500)
    assert (await bank.post(clerk, 500)).refusal is None
    with pytest.raises(StepUpNeeded):
        await bank.post(clerk, 501)
    await bank.step_up(clerk)
    assert (await bank.post(clerk, 501)).refusal is None
    bank.clock.at += 5 * 60 * SECOND
    with pytest.raises(StepUpNeeded):
        await bank.post(clerk, 501)


async def test_above_an_amount_others_agree_to_that_very_act(bank):
    clerk, boss = await bank.person("Carl", "payment_clerk"), await bank.person("Bea", "approver")
    await bank.delegate(clerk, approvers=1, approve_above=500)
    with pytest.raises(ApprovalNeedsAnId):
        await bank.post(clerk, 501)
    with pytest.raises(ApprovalNeeded) as refused:
        await bank.post(clerk, 501, id="rent")
    approval = refused.value.fields["approval"]
    with pytest.raises(ApprovalNeeded) as again:
        await bank.post(clerk, 501, id="rent")
    assert again.value.fields["approval"] == approval
    await bank.agree(approval, boss)
    # One cent, or one letter, more is another act.
    for changed in ({"amount": 502, "id": "rent"}, {"amount": 501, "id": "rents"}):
        with pytest.raises(ApprovalNeeded) as other:
            await bank.post(clerk, **changed)
        assert other.value.fields["approval"] != approval
    assert (await bank.post(clerk, 501, id="rent")).refusal is None
    # Its answer may have been lost: again is the same act, and moves nothing.
    assert (await bank.post(clerk, 501, id="rent")).replayed


async def test_what_others_agreed_to_is_good_for_its_maker_alone(bank):
    carl, cora = (
        await bank.person("Carl", "payment_clerk"),
        await bank.person("Cora", "payment_clerk"),
    )
    boss = await bank.person("Bea", "approver")
    for clerk in (carl, cora):
        await bank.delegate(clerk, approvers=1)
    with pytest.raises(ApprovalNeeded) as refused:
        await bank.post(carl, id="rent")
    await bank.agree(refused.value.fields["approval"], boss)
    with pytest.raises(ApprovalNeeded):
        await bank.post(cora, id="rent")


async def test_two_must_agree_where_two_are_asked_for_and_nobody_counts_twice(bank):
    clerk = await bank.person("Carl", "payment_clerk")
    bea, ben = await bank.person("Bea", "approver"), await bank.person("Ben", "approver")
    await bank.delegate(clerk, approvers=2)
    with pytest.raises(ApprovalNeeded) as refused:
        await bank.post(clerk, id="rent")
    approval = refused.value.fields["approval"]
    await bank.agree(approval, bea)
    with pytest.raises(asyncpg.UniqueViolationError):
        await bank.agree(approval, bea)
    with pytest.raises(asyncpg.CheckViolationError):
        await bank.agree(approval, clerk)
    with pytest.raises(ApprovalNeeded):
        await bank.post(clerk, id="rent")
    await bank.agree(approval, ben)
    assert (await bank.post(clerk, id="rent")).refusal is None


async def test_giving_a_role_takes_a_fresh_proof_and_a_second_person(bank):
    owner, other = await bank.person("Olga", "owner"), await bank.person("Otto", "owner")
    ada = await bank.person("Ada")
    wanted = GiveRole(holder=ada.actor, role="treasurer")
    with pytest.raises(StepUpNeeded):
        await bank.doors.rights.give_role(caller=owner, message=wanted)
    await bank.step_up(owner)
    with pytest.raises(ApprovalNeeded) as refused:
        await bank.doors.rights.give_role(caller=owner, message=wanted)
    (asked,) = await bank.rows("SELECT asked FROM identity.approval")
    what = msgspec.json.decode(asked["asked"])["what"]
    assert what == f'{{"holder":"{ada.actor}","role":"treasurer"}}'
    await bank.agree(refused.value.fields["approval"], other)
    held = await bank.doors.rights.give_role(caller=owner, message=wanted)
    assert (await bank.post(ada)).refusal is None
    # What was agreed to was good for this once.
    await bank.doors.rights.take_role(caller=owner, message=TakeRole(membership=held.membership))
    with pytest.raises(ApprovalNeeded):
        await bank.doors.rights.give_role(caller=owner, message=wanted)


async def test_an_agreement_counts_while_whoever_gave_it_may_agree(bank):
    clerk, boss = await bank.person("Carl", "payment_clerk"), await bank.person("Bea", "approver")
    await bank.delegate(clerk, approvers=1)
    with pytest.raises(ApprovalNeeded) as refused:
        await bank.post(clerk, id="rent")
    await bank.agree(refused.value.fields["approval"], boss)
    await bank.execute(
        "UPDATE identity.membership SET ended_at = $1 WHERE holder = $2",
        bank.clock.now(),
        boss.actor,
    )
    with pytest.raises(ApprovalNeeded):
        await bank.post(clerk, id="rent")


async def test_a_batch_with_an_unbounded_act_is_no_way_around_where_money_may_go(bank):
    clerk = await bank.person("Carl", "payment_clerk")
    actions = ("ledger.transaction.post", "ledger.transaction.void")
    await bank.delegate(
        clerk, actions=actions, accounts=("...",), credits=("suppliers:...",), asset=None
    )
    away = Post(
        id="away",
        postings=(Posting(debit="customers:ada", credit="shop", amount=1, asset="EUR"),),
    )
    message = Submit(ledger="main", items=(away, Void(id="void", target="nothing")))
    with pytest.raises(NotAllowed):
        await bank.ledger.submit(caller=clerk, message=message)


async def test_what_cannot_be_shown_beforehand_is_nothing_that_others_agree_to(bank):
    clerk = await bank.person("Carl", "payment_clerk")
    await bank.delegate(
        clerk,
        actions=("ledger.transaction.capture",),
        accounts=("...",),
        asset=None,
        approvers=1,
    )
    message = Submit(ledger="main", items=(Capture(id="c", target="held"),))
    with pytest.raises(NotAllowed):
        await bank.ledger.submit(caller=clerk, message=message)


async def test_those_who_agree_are_shown_each_account_that_is_paid(bank):
    clerk = await bank.person("Carl", "payment_clerk")
    await bank.delegate(clerk, approvers=1)
    postings = tuple(
        Posting(debit="customers:ada", credit=credit, amount=amount, asset="EUR")
        for credit, amount in (("shop", 1), ("customers:bob", 9_000))
    )
    message = Submit(ledger="main", items=(Post(id="two", postings=postings),))
    with pytest.raises(ApprovalNeeded):
        await bank.ledger.submit(caller=clerk, message=message)
    (asked,) = await bank.rows("SELECT asked FROM identity.approval")
    shown = msgspec.json.decode(asked["asked"])
    assert shown["payees"] == ["shop 1 EUR", "customers:bob 9000 EUR"]
    assert (shown["amount"], shown["asset"]) == ("9001", "EUR")


async def test_money_that_goes_nowhere_is_not_covered(bank):
    auditor = await bank.person("Aude", "auditor")
    clerk = await bank.person("Carl", "payment_clerk")
    await bank.delegate(clerk, credits=("shop",))
    asked = {"holder": clerk.actor, "action": str(POST), "account": "customers:ada", "asset": "EUR"}
    explain = bank.doors.asking.explain
    nowhere = await explain(caller=auditor, message=Explain(**asked, amount=5))
    there = await explain(caller=auditor, message=Explain(**asked, amount=5, credit="shop"))
    assert (nowhere.allowed, there.allowed) == (False, True)


async def test_nobody_raises_their_own_rights(bank):
    owner = await bank.person("Olga", "owner")
    await bank.step_up(owner)
    for message, ask in (
        (GiveRole(holder=owner.actor, role="treasurer"), bank.doors.rights.give_role),
        (
            GiveDelegation(holder=owner.actor, actions=("transfer",), accounts=("...",)),
            bank.doors.rights.give_delegation,
        ),
        (SetPersonRisk(person=owner.actor, risk=0), bank.doors.people.set_risk),
    ):
        with pytest.raises(NotAllowed, match="nobody changes their own rights"):
            await ask(caller=owner, message=message)
    with pytest.raises(asyncpg.CheckViolationError):
        await bank.execute(
            "INSERT INTO identity.membership (tenant_id, membership_id, holder, role, from_at, given_by, given_at)"
            " VALUES ($1, 'mem_1', 'per_1', 'owner', now(), 'per_1', now())",
            bank.tenant_id,
        )
    with pytest.raises(NotForYourself):
        await bank.rights.give_role(
            caller=owner, message=GiveRole(holder=owner.actor, role="treasurer")
        )


async def test_machines_give_no_rights_whatever_they_hold(bank):
    with pytest.raises(NotAllowed):
        await bank.doors.rights.give_role(
            caller=bank.machine, message=GiveRole(holder=bank.machine.actor, role="owner")
        )
    ada = await bank.person("Ada")
    await bank.doors.rights.give_role(
        caller=bank.operator, message=GiveRole(holder=bank.machine.actor, role="owner")
    )
    with pytest.raises(NotAllowed):
        await bank.doors.rights.give_role(
            caller=bank.machine, message=GiveRole(holder=ada.actor, role="treasurer")
        )


@pytest.fixture
async def elsewhere(bank, database_for) -> Bank:
    """The same tenant as another process sees it."""
    other = Bank(await database_for("identity"), await database_for("ledger"), bank.clock)
    other.tenant_id = bank.tenant_id
    return other


async def test_what_is_taken_here_bites_at_once_and_elsewhere_within_five_seconds(bank, elsewhere):
    treasurer = await bank.person("Tom", "treasurer")
    for house in (bank, elsewhere):
        assert (await house.post(treasurer)).refusal is None
    (held,) = await bank.rows(
        "SELECT membership_id FROM identity.membership WHERE holder = $1", treasurer.actor
    )
    owner = await bank.person("Olga", "owner")
    await bank.step_up(owner)
    await bank.doors.rights.take_role(caller=owner, message=TakeRole(membership=held[0]))
    with pytest.raises(NotAllowed):
        await bank.post(treasurer)
    bank.clock.at += KEPT - 1
    assert (await elsewhere.post(treasurer)).refusal is None
    bank.clock.at += 1
    with pytest.raises(NotAllowed):
        await elsewhere.post(treasurer)


async def test_whoever_is_suspended_can_do_nothing_and_has_no_session_left(bank):
    treasurer = await bank.person("Tom", "treasurer")
    owner = await bank.person("Olga", "owner")
    await bank.step_up(owner)
    await bank.post(treasurer)
    await bank.doors.people.set_status(
        caller=owner, message=SetPersonStatus(person=treasurer.actor, status="suspended")
    )
    with pytest.raises(NotAllowed, match="suspended"):
        await bank.post(treasurer)
    assert not await bank.rows(
        "SELECT 1 FROM identity.session WHERE person_id = $1 AND ended_at IS NULL", treasurer.actor
    )


async def test_a_session_that_ends_takes_what_its_person_may_do_with_it(bank):
    treasurer = await bank.person("Tom", "treasurer")
    await bank.post(treasurer)
    await bank.execute("UPDATE identity.session SET ended_at = $1", bank.clock.now())
    bank.clock.at += KEPT
    with pytest.raises(NotAllowed):
        await bank.post(treasurer)


@pytest.mark.parametrize(
    ("rule", "seat", "why"),
    [
        ({"networks": ("10.0.0.0/8",)}, {"network": "192.0.2.1"}, "network"),
        ({"countries": ("FR", "NL")}, {"country": "KP"}, "country"),
        ({"known_devices": True}, {"device_known": False}, "devices"),
        ({"risk_max": 40}, {}, "risk"),
    ],
)
async def test_network_country_device_and_risk_are_facts_of_the_decision(bank, rule, seat, why):
    owner = await bank.person("Olga", "owner")
    treasurer = await bank.person("Tom", "treasurer")
    await bank.step_up(owner)
    await bank.rights.set_rule(caller=bank.operator, message=SetRule(**rule))
    assert (await bank.post(treasurer)).refusal is None
    if why == "risk":
        await bank.doors.people.set_risk(
            caller=owner, message=SetPersonRisk(person=treasurer.actor, risk=41)
        )
    treasurer = await bank.sit(treasurer.actor, **seat)
    with pytest.raises(NotAllowed, match=why):
        await bank.post(treasurer)


async def test_a_role_of_the_tenant_brings_its_bundles_until_it_ends(bank):
    owner = await bank.person("Olga", "owner")
    await bank.step_up(owner)
    made = MakeRole(role="night_shift", title="Night shift", bundles=("read_books", "move_any"))
    await bank.doors.rights.make_role(caller=owner, message=made)
    nora = await bank.person("Nora", "night_shift")
    assert (await bank.post(nora)).refusal is None
    from tallystick.identity.api.rights import RoleOf  # noqa: PLC0415

    await bank.doors.rights.end_role(caller=owner, message=RoleOf(role="night_shift"))
    with pytest.raises(NotAllowed):
        await bank.post(nora)


async def test_a_batch_with_one_act_too_many_is_refused_whole(bank):
    clerk = await bank.person("Carl", "payment_clerk")
    await bank.delegate(clerk, accounts=("customers:ada",))
    assert (await bank.post(clerk)).refusal is None
    with pytest.raises(NotAllowed):
        await bank.post(clerk, debit="customers:bob")
    with pytest.raises(NotAllowed):
        await bank.ledger.open_ledger(caller=clerk, message=OpenLedger(name="own"))


async def test_a_list_shows_only_what_a_delegation_lets_somebody_see(bank):
    ada = await bank.person("Ada")
    await bank.delegate(ada, actions=("see",), accounts=("customers:ada",), asset=None)
    page = await bank.ledger.accounts(caller=ada, message=ListAccounts(ledger="main"))
    assert [one.address for one in page.items] == ["customers:ada"]


async def test_a_delegation_that_is_taken_is_over(bank):
    clerk, owner = await bank.person("Carl", "payment_clerk"), await bank.person("Olga", "owner")
    await bank.step_up(owner)
    given = await bank.delegate(clerk)
    await bank.post(clerk)
    await bank.doors.rights.take_delegation(caller=owner, message=TakeDelegation(delegation=given))
    with pytest.raises(NotAllowed):
        await bank.post(clerk)


async def test_a_cap_stops_those_who_try_at_once_exactly_there(bank):
    clerk = await bank.person("Carl", "payment_clerk")
    await bank.delegate(clerk, cap_slot=1_000, slot="day")
    verdicts = await asyncio.gather(*(bank.post(clerk, 100, id=f"t{n}") for n in range(30)))
    assert sum(verdict.refusal is None for verdict in verdicts) == 10
    bank.clock.at += 86_400 * SECOND
    clerk = await bank.sit(clerk.actor)
    assert (await bank.post(clerk, 1_000)).refusal is None


async def test_a_decision_is_explained_and_comes_out_the_same_again(bank):
    clerk = await bank.person("Carl", "payment_clerk")
    auditor = await bank.person("Aude", "auditor")
    await bank.delegate(clerk, cap_each=500)
    with pytest.raises(NotAllowed) as refused:
        await bank.post(clerk, 501)
    wanted = DecisionOf(decision=refused.value.fields["decision"])
    shown = await bank.doors.asking.decision(caller=auditor, message=wanted)
    assert (shown.allowed, shown.actor, shown.again) == (False, clerk.actor, True)
    assert shown.sentence == refused.value.detail
    with pytest.raises(NotAllowed):
        await bank.doors.asking.decision(caller=clerk, message=wanted)
    with pytest.raises(DecisionNotFound):
        await bank.doors.asking.decision(caller=auditor, message=DecisionOf(decision="dec_0"))


async def test_why_may_she_is_answered_without_doing_anything(bank):
    auditor = await bank.person("Aude", "auditor")
    clerk = await bank.person("Carl", "payment_clerk")
    await bank.delegate(clerk, cap_each=500)
    asked = {
        "holder": clerk.actor, "action": str(POST), "account": "customers:ada", "asset": "EUR", "credit": "shop",
    }  # fmt: skip
    yes = await bank.doors.asking.explain(caller=auditor, message=Explain(**asked, amount=500))
    no = await bank.doors.asking.explain(caller=auditor, message=Explain(**asked, amount=501))
    assert (yes.allowed, no.allowed) == (True, False)
    assert "up to 5.00 EUR at once" in yes.sentence
    with pytest.raises(HolderNotFound):
        await bank.doors.asking.explain(
            caller=auditor, message=Explain(holder="per_0", action=str(POST))
        )
    with pytest.raises(Malformed):
        await bank.doors.asking.explain(
            caller=auditor, message=Explain(holder=clerk.actor, action="ledger.money.steal")
        )


@pytest.mark.parametrize("table", ["membership", "delegation"])
async def test_what_was_taken_stays_taken(bank, table):
    clerk = await bank.person("Carl", "payment_clerk")
    await bank.delegate(clerk)
    await bank.execute(f"UPDATE identity.{table} SET ended_at = $1", bank.clock.now())
    with pytest.raises(asyncpg.CheckViolationError):
        await bank.execute(f"UPDATE identity.{table} SET ended_at = NULL")

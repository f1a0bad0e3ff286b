"""How far a delegation goes: accounts, amounts, hours and slots, and which of several is chosen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.identity.model import standing
from tallystick.identity.model.standing import Delegation, Rule, Sitting, Standing
from tallystick.kernel.actions import Facts, Sum
from tallystick.kernel.instants import SECOND, parse
from tallystick.kernel.patterns import any_fits

POST = "ledger.transaction.post"
READ = "ledger.account.read"
NOW = parse("2026-11-27T10:30:00Z")  # a Friday


def delegation(**changes) -> Delegation:
    values = {
        "delegation_id": "dlg_1", "holder": "per_1", "actions": (POST,), "accounts": ("customers:...",),
        "credits": ("...",), "asset": "EUR",
    }  # fmt: skip
    return Delegation(**values | changes)


def facts(amount=100, *, debit="customers:ada", credit="shop", asset="EUR", **changes) -> Facts:
    sums = (Sum(asset=asset, largest=amount, total=amount),)
    return Facts(**{"accounts": (debit,), "credits": (credit,), "sums": sums} | changes)


def lets(one: Delegation, asked: Facts, now=NOW) -> bool:
    return standing.covering(one, asked, now).lets


def test_it_covers_the_accounts_it_names_and_no_others():
    assert lets(delegation(), facts())
    assert not lets(delegation(), facts(debit="bank:nostro"))
    assert not lets(delegation(accounts=("customers:bob",)), facts())
    assert not lets(delegation(credits=("shop:main",)), facts())
    assert lets(delegation(credits=("shop", "shop:...")), facts())


def test_every_account_of_an_act_must_be_covered():
    both = facts(accounts=("customers:ada", "bank:nostro"))
    assert not lets(delegation(), both)


def test_a_pattern_that_is_asked_for_must_lie_within_one_that_is_given():
    assert lets(delegation(accounts=("wallets:...",)), facts(debit="wallets:ada:..."))
    assert not lets(delegation(accounts=("wallets:ada:eur",)), facts(debit="wallets:ada:..."))


def test_it_is_for_one_asset_when_it_names_one():
    assert not lets(delegation(), facts(asset="USD"))
    assert lets(delegation(asset=None), facts(asset="USD"))


def test_what_cannot_be_told_beforehand_is_covered_by_what_bounds_nothing_only():
    unbounded = Facts(unbounded=True)
    assert not lets(delegation(), unbounded)
    assert not lets(delegation(accounts=("...",)), unbounded)
    assert lets(delegation(accounts=("...",), asset=None), unbounded)


@pytest.mark.parametrize(("amount", "within"), [(500, True), (501, False), (10**37, False)])
def test_the_cap_of_one_act_is_the_last_amount_that_is_let_through(amount, within):
    assert lets(delegation(cap_each=500), facts(amount)) is within


def test_the_cap_of_one_act_is_held_against_the_largest_of_a_batch():
    batch = facts(sums=(Sum(asset="EUR", largest=400, total=4_000),))
    assert lets(delegation(cap_each=500), batch)


HOURS = {"opens": 9 * 60, "closes": 17 * 60, "time_zone": "Europe/Paris"}


@pytest.mark.parametrize(
    ("at", "within"),
    [
        ("2026-11-27T07:59:59Z", False),
        ("2026-11-27T08:00:00Z", True),
        ("2026-11-27T15:59:59Z", True),
        ("2026-11-27T16:00:00Z", False),
        # In summer Paris is two hours ahead.
        ("2026-07-03T07:00:00Z", True),
        ("2026-07-03T06:59:59Z", False),
    ],
)
def test_hours_are_those_of_its_time_zone(at, within):
    assert lets(delegation(**HOURS), facts(), parse(at)) is within


def test_days_are_those_of_its_time_zone():
    weekdays = delegation(days=(1, 2, 3, 4, 5), time_zone="Pacific/Auckland")
    assert lets(weekdays, facts(), parse("2026-11-26T10:30:00Z"))
    # Friday afternoon in London is Saturday there.
    assert not lets(weekdays, facts(), parse("2026-11-27T15:00:00Z"))


@pytest.mark.parametrize(
    ("slot", "named"),
    [
        ("hour", "2026-11-27T11+0100"),
        ("day", "2026-11-27"),
        ("week", "2026-W48"),
        ("month", "2026-11"),
        ("opening", "2026-11-27/opening"),
    ],
)
def test_a_slot_is_named_in_its_time_zone(slot, named):
    capped = delegation(cap_slot=1, slot=slot, time_zone="Europe/Paris", opens=0, closes=1440)
    assert standing.slot_of(capped, NOW) == named
    cap = standing.cap_of(capped, NOW)
    assert cap is not None
    assert (cap.name, cap.asset, cap.slot, cap.most) == ("dlg_1", "EUR", named, 1)


def test_the_hour_that_comes_twice_is_two_slots():
    hourly = delegation(cap_slot=1, slot="hour", time_zone="Europe/Paris")
    first, second = (
        standing.slot_of(hourly, parse(at))
        for at in ("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z")
    )
    assert (first, second) == ("2026-10-25T02+0200", "2026-10-25T02+0100")


def test_the_first_days_of_january_may_be_of_the_last_week_of_the_year_before():
    weekly = delegation(cap_slot=1, slot="week")
    assert standing.slot_of(weekly, parse("2027-01-01T12:00:00Z")) == "2026-W53"


def test_others_must_agree_above_an_amount_and_a_fresh_proof_is_asked_for_above_another():
    asked = delegation(approvers=2, approve_above=1_000, step_up_above=500)
    told = [standing.covering(asked, facts(amount), NOW) for amount in (500, 501, 1_001)]
    assert [(one.wants_step_up, one.approvers) for one in told] == [
        (False, 0),
        (True, 0),
        (True, 2),
    ]


def test_of_several_the_one_that_lets_it_through_and_asks_least_is_chosen():
    strict = delegation(delegation_id="dlg_strict", approvers=1)
    narrow = delegation(delegation_id="dlg_narrow", accounts=("bank:...",))
    small = delegation(delegation_id="dlg_small", cap_each=1)
    over = delegation(delegation_id="dlg_over", until_at=NOW)
    found = standing.chosen((over, narrow, small, strict), POST, facts(), NOW)
    assert found is not None
    assert found.delegation is strict
    assert standing.chosen((over,), POST, facts(), NOW) is None
    assert standing.chosen((strict,), READ, facts(), NOW) is None


ADDRESS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3).map(":".join)
PATTERN = st.one_of(ADDRESS, ADDRESS.map(lambda one: f"{one}:..."), st.just("..."), st.just("a::c"))


@given(st.lists(st.lists(PATTERN, min_size=1, max_size=2), min_size=1, max_size=3), ADDRESS)
def test_what_a_list_shows_is_what_a_point_decision_allows(patterns, address):
    held = [delegation(actions=(READ,), accounts=tuple(one), asset=None) for one in patterns]
    allowed = any(lets(one, Facts(accounts=(address,))) for one in held)
    assert any_fits(standing.seen_by(held, READ, NOW), address) is allowed


def person(**changes) -> Standing:
    sitting = Sitting(session_id="ses_1", expires_at=NOW + SECOND, mfa_at=NOW, network="10.1.2.3")
    return Standing(
        **{"kind": "Person", "holder": "per_1", "is_active": True, "sitting": sitting} | changes
    )


def context(one: Standing, now=NOW, *, scope=None):
    return standing.context_of(one, None, facts(), now=now, approvals=0, scope=scope)


def test_a_person_is_in_force_in_a_session_that_lasts():
    assert context(person())["in_force"]
    assert not context(person(), now=NOW + SECOND)["in_force"]
    assert not context(person(sitting=None))["in_force"]
    assert not context(person(is_active=False))["in_force"]


@pytest.mark.parametrize(
    ("network", "allowed"),
    [("10.1.2.3", True), ("10.2.0.1", False), ("::1", False), ("", False), ("nonsense", False)],
)
def test_a_rule_names_the_networks_that_people_act_from(network, allowed):
    seated = Sitting(session_id="ses_1", expires_at=NOW + SECOND, network=network)
    asked = context(person(rule=Rule(networks=("10.1.0.0/16",)), sitting=seated))
    assert asked["network_allowed"] is allowed


def test_a_token_is_narrowed_to_its_scope_and_never_widened():
    held = person(bundles=frozenset({"pay", "approve"}))
    assert context(held, scope=("approve", "manage_rights"))["bundles"] == ["approve"]


def test_a_proof_is_fresh_for_as_long_as_the_tenant_says_and_not_before_it_was_given():
    seated = Sitting(session_id="ses_1", expires_at=NOW + SECOND, stepped_up_at=NOW - 60 * SECOND)
    one = person(rule=Rule(step_up_minutes=1), sitting=seated)
    assert not standing.is_fresh(one, NOW)
    assert standing.is_fresh(one, NOW - 1)
    assert not standing.is_fresh(one, NOW - 61 * SECOND)

"""The table of states: every intent ends, every state can be reached, the schema knows them all."""

import re
from pathlib import Path

import pytest

from tallystick.kernel.problems import Malformed
from tallystick.runtime.sql import statement
from tallystick.wallets.adapters import iban
from tallystick.wallets.api import (
    AccountNeedsAnIban,
    AccountStatus,
    AccountWanted,
    IbanNotValid,
    WalletStatus,
)
from tallystick.wallets.model import wanted
from tallystick.wallets.model.states import (
    NEXT,
    REACHED,
    SETTLED,
    Event,
    State,
    part_of,
    states_of,
    status_of,
)
from tests.wallets.conftest import DUTCH, eur, order

OUTCOMES = {Event.DONE, Event.REFUSE}


@pytest.mark.parametrize("state", State)
def test_an_intent_waits_for_an_outcome_and_a_settled_state_for_a_caller(state):
    events = {event for before, event in NEXT if before is state}
    if state in SETTLED:
        assert events
        assert not events & OUTCOMES
    else:
        assert Event.DONE in events
        assert events <= OUTCOMES
        assert {NEXT[state, event] for event in events} <= SETTLED


def test_every_state_can_be_reached():
    assert {*NEXT.values(), State.OPENING} == set(State)


def test_what_is_asked_leads_where_it_wants():
    for (_, event), intent in NEXT.items():
        if event in REACHED:
            assert NEXT[intent, Event.DONE] is REACHED[event]


def test_every_status_is_of_a_state():
    assert {status_of(state) for state in State} == set(WalletStatus)
    listed = [state for status in WalletStatus for state in states_of(status)]
    assert sorted(listed) == sorted(State)


def test_only_an_open_account_of_an_open_wallet_takes_part():
    parts = {state: part_of(state, account_is_open=True) for state in State}
    assert {state for state in State if parts[state] is AccountStatus.OPEN} == {
        State.OPEN, State.ADDING, State.LIMITING,
    }  # fmt: skip
    assert part_of(State.OPEN, account_is_open=False) is AccountStatus.FROZEN
    assert parts[State.CLOSED] is AccountStatus.CLOSED


def test_the_schema_knows_the_same_states():
    schema = statement("wallets", "schema")
    known = schema.partition("wallet_state_is_known")[2].partition("),")[0].partition(");")[0]
    assert set(re.findall(r"'(\w+)'", known)) == {state.value for state in State}
    for text in (schema, statement("wallets", "queries")):
        for listed in re.findall(r"NOT IN \(('open'[^)]*)\)", text):
            assert set(re.findall(r"\w+", listed)) == {state.value for state in SETTLED}
    assert known in statement("wallets", "migrations/0001_pre_begin")


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("ES91 2100 0418 4502 0005 1332", "ES9121000418450200051332"),
        ("nl91abna0417164300", "NL91ABNA0417164300"),
        ("FR1420041010050500013M02606", "FR1420041010050500013M02606"),
    ],
)
def test_an_iban_is_stored_without_spaces_in_capitals(text, stored):
    assert iban.read(text) == stored


@pytest.mark.parametrize(
    "text",
    [
        "", "X", "ES", "ES8201822200150201504058", "ES91210004184502000513", "XX9121000418450200051332",
        "ES91210004184502000513320", "ES91-2100-0418-4502-0005-1332", "ES91210004184502000513٣٢", "1" * 400,
        "LT007180000000000000", "NL91ABNA041716430O", "ES9121000418450200051332\n",
    ],
)  # fmt: skip
def test_what_is_no_iban_is_refused(text):
    with pytest.raises(IbanNotValid):
        iban.read(text)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"accounts": ()}, "accounts"),
        ({"accounts": (eur(),) * 21}, "accounts"),
        ({"accounts": (AccountWanted(asset="eur", exponent=2),)}, "accounts[0].asset"),
        ({"accounts": (AccountWanted(asset="EUR", exponent=19),)}, "accounts[0].exponent"),
        ({"accounts": (AccountWanted(asset="USD", exponent=0),)}, "accounts[0].exponent"),
        ({"accounts": (eur(min_available="01"),)}, "accounts[0].min_available"),
        ({"accounts": (eur(max_available=10**38),)}, "accounts[0].max_available"),
        ({"accounts": (eur(min_available=2, max_available=1),)}, "accounts[0].min_available"),
        ({"name": " "}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "x" * 141}, "name"),
        ({"id": "wal_1"}, "id"),
        ({"id": "a:b"}, "id"),
    ],
)
def test_a_malformed_wallet_names_its_field(change, field):
    with pytest.raises(Malformed) as refused:
        wanted.new_wallet(order(**change), own_id="wal_1", read_iban=iban.read)
    assert list(refused.value.fields) == [field]


def test_of_two_accounts_of_an_asset_one_needs_an_iban():
    with pytest.raises(AccountNeedsAnIban):
        wanted.new_wallet(order(eur(None), eur(None)), own_id="wal_1", read_iban=iban.read)
    new = wanted.new_wallet(order(eur(None), eur(DUTCH)), own_id="wal_1", read_iban=iban.read)
    assert [account.ordinal for account in new.accounts] == [1, 2]


def test_the_name_of_an_account_is_read_back():
    for parts in (("EUR", 1), ("EUR", 2), ("BTC.X", 20)):
        assert wanted.parts_of_label(wanted.label(*parts)) == parts
    assert [wanted.parts_of_label(text) for text in ("", "eur", "EUR:0", "EUR:x", "EUR:100")] == [
        None
    ] * 5
    assert wanted.address("w1", "EUR", 2) == "wallets:w1:eur:2"


def test_the_page_shows_the_table_as_it_is():
    page = (Path(__file__).parents[2] / "docs" / "contexts" / "wallets.md").read_text("utf-8")
    rows = [f"| {state} | {event} | {following} |" for (state, event), following in NEXT.items()]
    assert "\n".join(rows) in page

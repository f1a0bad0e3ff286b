"""What the messages of the books say that a permission depends on."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tallystick.kernel.actions import Action, Facts, Sum
from tallystick.ledger.api import AccountOf, ListTransactions, Post, Posting, Submit
from tallystick.ledger.api.facts import (
    facts_of_account,
    facts_of_list,
    facts_of_submit,
)
from tests.ledger.desk import capture, hold, post, posting, reverse, void


def facts(*items: Any) -> Facts:
    return facts_of_submit(Submit(ledger="main", items=items))


def test_one_act_tells_its_accounts_its_amount_and_its_name() -> None:
    assert facts(post("a:1", "b:2", 500, id="rent")) == Facts(
        actions=(Action.LEDGER_TRANSACTION_POST,),
        accounts=("a:1",),
        credits=("b:2",),
        sums=(Sum(asset="EUR", largest=500, total=500),),
        on="rent",
        payee="b:2",
        payees=("b:2 500 EUR",),
        payers=("a:1",),
    )


def test_the_largest_amount_is_that_of_one_act_with_all_its_postings() -> None:
    both = Post(
        postings=(posting("a", "b", 70), posting("a", "c", 60), posting("a", "d", 5, "USD"))
    )
    told = facts(both, hold("e", "b", "100"))
    assert told.sums == (
        Sum(asset="EUR", largest=130, total=230),
        Sum(asset="USD", largest=5, total=5),
    )
    assert told.actions == (Action.LEDGER_TRANSACTION_POST, Action.LEDGER_TRANSACTION_HOLD)
    assert (told.accounts, told.credits) == (("a", "e"), ("b", "c", "d"))
    assert not told.unbounded
    assert not told.on
    assert not told.payee


def test_a_balancing_posting_counts_with_the_most_it_may_move() -> None:
    told = facts(post("a", "b", 900, balancing=True))
    assert told.sums == (Sum(asset="EUR", largest=900, total=900),)
    assert not told.unbounded


def test_what_names_another_act_is_unbounded() -> None:
    for item in (capture("h"), void("h"), reverse("t", 5)):
        assert facts(item).unbounded
        assert facts(post("a", "b", 1), item).unbounded


def test_one_account_is_told() -> None:
    assert facts_of_account(AccountOf(ledger="main", address="a:1")).accounts == ("a:1",)
    assert facts_of_account(AccountOf(ledger="main", address="a b")) == Facts(unbounded=True)
    assert facts_of_list(ListTransactions(ledger="main", account="a:...")).accounts == ()


_TEXT = st.text(max_size=12) | st.sampled_from(["a", "b:c", "EUR"])
_DIGITS = st.integers() | st.text(max_size=45) | st.from_regex(r"[0-9]{1,45}", fullmatch=True)
_POSTINGS = st.builds(
    Posting, debit=_TEXT, credit=_TEXT, amount=_DIGITS, asset=_TEXT, balancing=st.booleans()
)


@given(st.lists(st.builds(Post, postings=st.lists(_POSTINGS, max_size=3).map(tuple)), max_size=3))
def test_malformed_messages_never_raise_and_are_unbounded(items: list[Post]) -> None:
    told = facts(*items)
    postings = [one for item in items for one in item.postings]
    read = sum(one.total for one in told.sums)
    if not told.unbounded:
        assert read == sum(int(one.amount) for one in postings)
        assert set(told.accounts) == {one.debit for one in postings}

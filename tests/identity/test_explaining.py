"""What is asked about others is bounded before it is decided, and told in plain sentences."""

import pytest

from tallystick.identity.adapters.cedar import catalogue
from tallystick.identity.api.access import Explain
from tallystick.identity.api.explaining_checks import ASKED_TEXT_MAX, checked_explain
from tallystick.identity.api.rights import GiveDelegation
from tallystick.identity.model.explaining import TOGETHER, delegation_words
from tallystick.identity.model.rights import checked_delegation
from tallystick.identity.model.standing import Delegation
from tallystick.kernel.money import AMOUNT_MAX
from tallystick.kernel.problems import Malformed

ASKED = {"holder": "per_1", "action": "ledger.transaction.post", "asset": "EUR"}


@pytest.mark.parametrize("name", ["holder", "action", "account", "credit", "asset", "on"])
def test_a_text_of_a_question_is_short_and_printable(name: str) -> None:
    checked_explain(Explain(**ASKED | {name: "x" * ASKED_TEXT_MAX}))
    for text in ("x" * (ASKED_TEXT_MAX + 1), "a\0b", "\ud800"):
        with pytest.raises(Malformed) as refused:
            checked_explain(Explain(**ASKED | {name: text}))
        assert name in refused.value.fields


@pytest.mark.parametrize("amount", [0, "0", 5, str(AMOUNT_MAX), None])
def test_an_amount_that_may_be_asked_about(amount: int | str | None) -> None:
    checked_explain(Explain(**ASKED, amount=amount))


@pytest.mark.parametrize("amount", [-5, "-1", str(AMOUNT_MAX + 1), 10**60, "1e3", "1.0", "9" * 300])
def test_an_amount_that_nobody_moves_is_not_asked_about(amount: int | str) -> None:
    with pytest.raises(Malformed) as refused:
        checked_explain(Explain(**ASKED, amount=amount))
    assert "amount" in refused.value.fields


def test_patterns_stand_in_quotes_in_a_sentence() -> None:
    given = Delegation(
        delegation_id="dlg_1",
        holder="per_1",
        actions=("ledger.transaction.post",),
        accounts=("shop", "customers:..."),
        credits=("suppliers:...",),
        from_at=0,
    )
    assert delegation_words(given) == (
        'post a transaction (ledger) on "shop" or "customers:...", to "suppliers:..."'
    )


@pytest.mark.parametrize(("word", "place"), [("pay", 0), ("transfer", 1), ("see", 2)])
def test_what_a_word_delegates_is_said_as_one(word: str, place: int) -> None:
    given = checked_delegation(
        GiveDelegation(holder="per_1", actions=(word,), accounts=("...",)),
        delegation_id="dlg_1", now=0, groups=catalogue().groups,
    )  # fmt: skip
    meant, words = TOGETHER[place]
    assert set(given.actions) == meant
    assert delegation_words(given) == f"{words} on any account"

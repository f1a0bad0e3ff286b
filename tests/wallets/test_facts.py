"""What the messages of wallets say that a permission depends on."""

import msgspec
import pytest

from tallystick.kernel.actions import Facts
from tallystick.kernel.patterns import covers, fits
from tallystick.wallets.api import AddAccount, ListWallets, SetAccountLimits, StatementOf, WalletOf
from tallystick.wallets.api.facts import (
    facts_of_limits,
    facts_of_list,
    facts_of_open,
    facts_of_statement,
    facts_of_wallet,
    pattern_of,
)
from tallystick.wallets.model import wanted
from tests.wallets.conftest import eur, order


def test_a_wallet_is_all_its_accounts() -> None:
    for told in (
        facts_of_open(order()),
        facts_of_wallet(WalletOf(wallet="w1")),
        facts_of_wallet(AddAccount(wallet="w1", account=eur())),
    ):
        assert told == Facts(accounts=("wallets:w1:...",), on="w1")
    assert facts_of_open(order(id=None)) == Facts(unbounded=True)
    assert covers("wallets:...", pattern_of("w1"))
    assert not covers("wallets:w1:eur", pattern_of("w1"))
    assert fits(pattern_of("w1"), wanted.address("w1", "EUR", 2))


@pytest.mark.parametrize(("label", "ordinal"), [("EUR", 1), ("EUR:1", 1), ("EUR:2", 2)])
def test_one_account_is_told_by_its_place_in_the_books(label: str, ordinal: int) -> None:
    address = wanted.address("w1", "EUR", ordinal)
    limits = SetAccountLimits(wallet="w1", account=label)
    assert facts_of_limits(limits).accounts == (address,)
    days = {"first_day": "2026-01-01", "last_day": "2026-01-02"}
    asked = msgspec.convert(days | {"wallet": "w1", "account": label}, StatementOf)
    assert facts_of_statement(asked).accounts == (address,)
    by_iban = msgspec.convert(days | {"iban": "ES9121000418450200051332"}, StatementOf)
    assert facts_of_statement(by_iban) == Facts()


@pytest.mark.parametrize("text", ["", "a b", "a:b", "w" * 65, "é", "\x00"])
def test_what_cannot_be_read_is_unbounded(text: str) -> None:
    assert facts_of_wallet(WalletOf(wallet=text)) == Facts(unbounded=True)
    assert facts_of_limits(SetAccountLimits(wallet="w1", account=text)).unbounded
    assert facts_of_list(ListWallets(owner_reference=text)) == Facts()

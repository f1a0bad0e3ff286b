"""Who may see only some accounts sees their wallets, with them, and of all others that they are not there."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.kernel.patterns import any_fits
from tallystick.wallets.api import (
    IbanOf,
    IbansOf,
    ListWallets,
    StatementOf,
    WalletAccountNotFound,
    WalletNotFound,
    WalletOf,
)
from tallystick.wallets.model import wanted
from tallystick.wallets.model.seeing import wallets_of
from tallystick.wallets.service import door
from tests.wallets.conftest import DUTCH, GERMAN, SPANISH, eur, order


@pytest.fixture
async def house(wallets, caller):
    """Three wallets: one of two accounts, two of one."""
    for message in (
        order(eur(), eur(DUTCH)),
        order(eur(GERMAN), id="w2"),
        order(eur(None), id="w3"),
    ):
        await wallets.open(caller=caller, message=message)
    return wallets


@pytest.fixture
def seer(caller):
    """The same caller, who may see only so much."""

    def seer(*patterns: str):
        return msgspec.structs.replace(caller, sees=patterns)

    return seer


async def listed(wallets, caller, **asked):
    found, after = {}, None
    for _ in range(20):
        page = await wallets.wallets(caller=caller, message=ListWallets(after=after, **asked))
        found |= {one.id: [account.address for account in one.accounts] for one in page.items}
        after = page.after
        if after is None:
            return found
    raise AssertionError("the list has no end")


@pytest.mark.parametrize(
    ("patterns", "shown"),
    [
        (["..."], {"w1": 2, "w2": 1, "w3": 1}),
        ([], {}),
        (["wallets:w1:..."], {"w1": 2}),
        (["wallets:w1:eur", "wallets:w3:"], {"w1": 1, "w3": 1}),
        (["wallets:w2"], {}),
        (["wallets::eur"], {"w1": 1, "w2": 1, "w3": 1}),
        ([":w1:eur:2", "customers:..."], {"w1": 1}),
        (["nostro:...", "wallets:...:..."], {}),
        (["wallets:..."], {"w1": 2, "w2": 1, "w3": 1}),
    ],
)
@pytest.mark.parametrize("walk_max", [500, 1])
async def test_a_list_shows_the_accounts_that_are_seen(
    house, seer, monkeypatch, *, patterns, shown, walk_max
):
    monkeypatch.setattr(door, "WALK_MAX", walk_max)
    found = await listed(house, seer(*patterns), limit=2)
    assert {wallet: len(accounts) for wallet, accounts in found.items()} == shown
    assert all(any_fits(patterns, one) for accounts in found.values() for one in accounts)
    assert await listed(house, seer(*patterns), owner_reference="c-7") == found
    assert await listed(house, seer(*patterns), status="closed") == {}


async def test_a_wallet_is_shown_with_what_is_seen_of_it_or_is_not_there(house, seer):
    one = await house.wallet(caller=seer("wallets:w1:eur:2"), message=WalletOf(wallet="w1"))
    assert [account.account for account in one.accounts] == ["EUR:2"]
    for sees in (["wallets:w2:..."], [], ["wallets:w1"]):
        with pytest.raises(WalletNotFound, match="there is no wallet 'w1'"):
            await house.wallet(caller=seer(*sees), message=WalletOf(wallet="w1"))


async def test_an_iban_is_found_by_who_sees_its_account(house, seer):
    caller = seer("wallets:w1:eur")
    found = await house.account_by_iban(caller=caller, message=IbanOf(iban=SPANISH))
    assert found.address == "wallets:w1:eur"
    for hidden in (DUTCH, GERMAN):
        with pytest.raises(WalletAccountNotFound):
            await house.account_by_iban(caller=caller, message=IbanOf(iban=hidden))
    message = IbansOf(ibans=(SPANISH, DUTCH, GERMAN))
    many = await house.accounts_by_iban(caller=caller, message=message)
    assert [one.iban for one in many.items] == [SPANISH]


async def test_a_statement_is_written_for_who_sees_its_account(house, seer):
    days = {"first_day": "2026-01-01", "last_day": "2026-01-02"}

    def asked(**words):
        return msgspec.convert(days | words, StatementOf)

    caller = seer("wallets:w1:eur")
    for words in ({"iban": SPANISH}, {"wallet": "w1", "account": "EUR"}):
        written = await house.statement(caller=caller, message=asked(**words))
        assert written.address == "wallets:w1:eur"
    for method in (house.statement, house.statement_file):
        for words in ({"iban": DUTCH}, {"wallet": "w1", "account": "EUR:2"}):
            with pytest.raises(WalletAccountNotFound):
                await method(caller=caller, message=asked(**words))
        with pytest.raises(WalletNotFound):
            await method(caller=caller, message=asked(wallet="w2", account="EUR"))


_SEGMENTS = st.sampled_from(["wallets", "w1", "w2", "eur", "2", "", "..."])


@given(st.lists(st.lists(_SEGMENTS, min_size=1, max_size=4).map(":".join), max_size=4))
def test_the_wallets_that_patterns_name_are_all_that_they_show(patterns):
    addresses = {
        wallet: [wanted.address(wallet, "EUR", 1), wanted.address(wallet, "EUR", 2)]
        for wallet in ("w1", "w2", "2", "eur", "wallets")
    }
    shown = {w for w, found in addresses.items() if any(any_fits(patterns, one) for one in found)}
    named = wallets_of(patterns)
    assert named is None or shown <= set(named)

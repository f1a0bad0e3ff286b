"""What may be seen: lists show it and nothing else, and every read says of the rest that it is not there."""

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tallystick.kernel.patterns import PATTERNS_MAX, any_fits
from tallystick.kernel.problems import Malformed
from tallystick.ledger.api import (
    AccountNotFound,
    AccountOf,
    BalanceAsOf,
    ListAccounts,
    ListEntries,
    ListTransactions,
    TransactionNotFound,
    TransactionOf,
)
from tallystick.ledger.service import finding
from tests.ledger.desk import LEDGER, Desk, hold, post, void

_WORDS = ("a", "b", "a.b", "a-b", "ab", "A")
ADDRESSES = sorted(
    {":".join(parts) for parts in (
        *((one,) for one in _WORDS),
        *((one, two) for one in _WORDS for two in _WORDS),
        *((one, two, three) for one in "ab" for two in ("a", "a.b") for three in _WORDS),
    )}
)  # fmt: skip
_SEGMENTS = st.sampled_from([*_WORDS, "", ""])
PATTERNS = st.lists(_SEGMENTS, min_size=1, max_size=4).flatmap(
    lambda parts: st.sampled_from([":".join(parts), ":".join([*parts, "..."])])
) | st.just("...")


def seeing(desk: Desk, *patterns: str) -> Desk:
    """The same books, read by somebody who may see only so much."""
    caller = msgspec.structs.replace(desk.caller, actor="seer", sees=patterns)
    return Desk(service=desk.service, database=desk.database, caller=caller)


async def accounts(desk: Desk, **asked: Any) -> list[str]:
    found: list[str] = []
    after = None
    for _ in range(100):
        message = ListAccounts(ledger=LEDGER, after=after, **asked)
        page = await desk.service.accounts(caller=desk.caller, message=message)
        found += [one.address for one in page.items]
        after = page.after
        if after is None:
            return found
    raise AssertionError("the list has no end")


async def transactions(desk: Desk, **asked: Any) -> list[str]:
    found: list[str] = []
    after = None
    for _ in range(200):
        message = ListTransactions(ledger=LEDGER, after=after, **asked)
        page = await desk.service.transactions(caller=desk.caller, message=message)
        assert len(page.items) <= asked.get("limit", 50)
        found += [one.id for one in page.items]
        after = page.after
        if after is None:
            return found
    raise AssertionError("the list has no end")


@pytest.fixture
async def books(desk: Desk) -> Desk:
    await desk.open("world", "bank:fees", "customers:1:main", "customers:1:savings")
    await desk.open("customers:2:main", metadata={"branch": "7"})
    await desk.submit(
        post("world", "customers:1:main", 10, id="one", reference="r", metadata={"k": "v"}),
        post("world", "customers:2:main", 10, id="two", reference="r", metadata={"k": "v"}),
        post("customers:1:main", "customers:2:main", 3, id="both"),
        hold("customers:2:main", "bank:fees", 1, id="fee"),
        void("fee", id="no-fee"),
        post("customers:1:main", "nobody", 1, id="refused"),
    )
    return desk


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    sees=st.lists(PATTERNS, max_size=5),
    asked=st.none() | PATTERNS,
    limit=st.integers(1, 30),
)
async def test_the_list_is_what_the_point_decision_says_of_every_account(
    many: Desk, sees: list[str], asked: str | None, limit: int
) -> None:
    seer = seeing(many, *sees)
    wanted = [
        one
        for one in ADDRESSES
        if any_fits(sees, one) and (asked is None or any_fits([asked], one))
    ]
    assert await accounts(seer, address=asked, limit=limit) == wanted
    for one in ADDRESSES[::7]:
        message = AccountOf(ledger=LEDGER, address=one)
        if any_fits(sees, one):
            await seer.service.account(caller=seer.caller, message=message)
        else:
            with pytest.raises(AccountNotFound):
                await seer.service.account(caller=seer.caller, message=message)


@pytest.fixture
async def many(desk: Desk) -> Desk:
    await desk.open(*ADDRESSES)
    return desk


async def test_each_read_of_what_may_not_be_seen_finds_nothing(books: Desk) -> None:
    seer = seeing(books, "customers:1:...")
    service, caller = seer.service, seer.caller
    assert (await seer.account("customers:1:main")).address == "customers:1:main"
    for address in ("customers:2:main", "customers:9:main", "world"):
        with pytest.raises(AccountNotFound, match=f"there is no account '{address}'"):
            await seer.account(address)
        with pytest.raises(AccountNotFound):
            await service.balance(
                caller=caller, message=BalanceAsOf(ledger=LEDGER, address=address)
            )
        with pytest.raises(AccountNotFound):
            await service.entries(
                caller=caller, message=ListEntries(ledger=LEDGER, address=address)
            )
        with pytest.raises(AccountNotFound):
            await transactions(seer, account=address)
    with pytest.raises(Malformed):
        await seer.account("no address")


async def test_a_transaction_is_seen_whole_by_who_sees_one_of_its_accounts(books: Desk) -> None:
    seer = seeing(books, "customers:1:...")
    (shown,) = (await seer.shown("both")).postings
    assert shown.credit == "customers:2:main"
    for hidden in ("two", "fee", "no-fee", "refused", "never"):
        with pytest.raises(TransactionNotFound):
            await seer.shown(hidden)
        with pytest.raises(TransactionNotFound):
            await seer.service.recorded(
                caller=seer.caller, message=TransactionOf(ledger=LEDGER, id=hidden)
            )
    message = TransactionOf(ledger=LEDGER, id="one")
    assert (await seer.service.recorded(caller=seer.caller, message=message)).on
    page = await seer.service.entries(
        caller=seer.caller, message=ListEntries(ledger=LEDGER, address="customers:1:main")
    )
    assert [one.counterparty for one in page.items] == ["customers:2:main", "world"]


async def test_whoever_moves_money_is_told_the_balances_that_they_see(books: Desk) -> None:
    await books.open("poor", min_available=0)
    mover, blind = seeing(books, "customers:1:..."), seeing(books)
    (moved,) = await mover.submit(post("customers:1:main", "customers:2:main", 1))
    assert [one.address for one in moved.balances] == ["customers:1:main"]
    (moved,) = await blind.submit(post("customers:1:main", "customers:2:main", 1))
    assert (moved.refusal, moved.balances) == (None, ())
    # Nor by how much it was too little, now and when it is asked again.
    too_much = post("poor", "customers:1:main", 7, id="too-much")
    for _ in range(2):
        (refused,) = await mover.submit(too_much)
        assert refused.refusal is not None
        assert (refused.refusal.code, refused.refusal.fields) == (
            "exceeds_available_balance", {"address": "poor"},
        )  # fmt: skip
    (told,) = await books.submit(too_much)
    assert told.refusal is not None
    assert told.refusal.fields == {"address": "poor", "short": "7"}


@pytest.mark.parametrize("walks", [False, True], ids=["merged by account", "walked by time"])
async def test_a_list_of_transactions_shows_those_with_an_account_that_is_seen(
    books: Desk, monkeypatch: pytest.MonkeyPatch, *, walks: bool
) -> None:
    if walks:
        monkeypatch.setattr(finding, "PATTERN_ACCOUNTS_MAX", 0)
        monkeypatch.setattr(finding, "WALK_MAX", 2)
    seer = seeing(books, "customers:1:...", "bank:...")
    assert await transactions(seer) == ["no-fee", "fee", "both", "one"]
    assert await transactions(seer, limit=1) == ["no-fee", "fee", "both", "one"]
    assert await transactions(seer, reference="r") == ["one"]
    assert await transactions(seer, metadata={"k": "v"}) == ["one"]
    assert await transactions(seeing(books)) == []
    assert await transactions(seeing(books, "...")) == ["no-fee", "fee", "both", "two", "one"]
    if not walks:
        assert await transactions(seer, account="customers::main") == ["both", "one"]


async def test_lists_by_metadata_show_what_is_seen(books: Desk) -> None:
    asked = {"metadata": {"branch": "7"}}
    assert await accounts(books, **asked) == ["customers:2:main"]
    assert await accounts(seeing(books, "customers:2:..."), **asked) == ["customers:2:main"]
    assert await accounts(seeing(books, "customers:1:..."), **asked) == []


async def test_patterns_beyond_the_bound_are_refused_and_covered_ones_count_not(
    books: Desk,
) -> None:
    some = [f"customers:{n}:..." for n in range(PATTERNS_MAX)]
    assert len(await accounts(seeing(books, *some))) == 3
    assert len(await accounts(seeing(books, *some, *some, "customers:3:main"))) == 3
    with pytest.raises(Malformed):
        await accounts(seeing(books, *some, "bank"))

"""Lists: cursors never repeat and never miss, patterns and filters find what they say and nothing else."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tallystick.kernel.instants import parse, render
from tallystick.kernel.problems import Malformed
from tallystick.ledger.api import (
    AccountNotFound,
    AccountOf,
    BalanceAsOf,
    LedgerNotFound,
    ListAccounts,
    ListEntries,
    ListTransactions,
    Post,
    TransactionNotFound,
    TransactionOf,
)
from tests.ledger.desk import LEDGER, Desk, capture, hold, post, posting, reverse

ADDRESSES = (
    "a", "a-b", "a.b", "a:b", "a:b:c", "a:c", "a:c:main", "a:d:main", "aa", "ab:main", "b", "b:main",
    "customers:1:main", "customers:10:main", "customers:1:savings", "customers:2:main", "Z", "z_9",
)  # fmt: skip
MAKERS: dict[str, Callable[..., Any]] = {
    "accounts": ListAccounts,
    "transactions": ListTransactions,
    "entries": ListEntries,
}


async def _pages(desk: Desk, name: str, limit: int, **asked: Any) -> list[list[Any]]:
    """Follow the cursor to the end."""
    pages: list[list[Any]] = []
    after = None
    for _ in range(500):
        message = MAKERS[name](ledger=LEDGER, limit=limit, after=after, **asked)
        page = await getattr(desk.service, name)(caller=desk.caller, message=message)
        pages.append(list(page.items))
        after = page.after
        if after is None:
            return pages
    raise AssertionError("the cursor leads nowhere")


async def _all(desk: Desk, name: str, **asked: Any) -> list[Any]:
    return [item for page in await _pages(desk, name, 200, **asked) for item in page]


@pytest.fixture
async def books(desk: Desk) -> Desk:
    await desk.open("world", "rich", "poor")
    return desk


@pytest.mark.parametrize("limit", [1, 2, 5, 18, 19, 200])
async def test_pages_of_accounts_are_the_whole_list(desk: Desk, limit: int) -> None:
    await desk.open(*ADDRESSES)
    pages = await _pages(desk, "accounts", limit)
    assert [account.address for page in pages for account in page] == sorted(ADDRESSES)
    assert all(len(page) == limit for page in pages[:-1])
    assert pages[-1]


def _expression(pattern: str) -> str:
    """What a pattern of addresses means, said once more."""
    segments = pattern.split(":")
    is_open = segments[-1] == "..."
    parts = [re.escape(one) if one else "[^:]+" for one in segments[: -1 if is_open else None]]
    if not is_open:
        return ":".join(parts)
    return ":".join(parts) + "(:[^:]+)*" if parts else ".*"


@pytest.mark.parametrize(
    "pattern",
    [
        "a", "a:b", "a:", ":main", ":", "::", "a:...", "a::main", "customers::main", "customers:1:",
        "customers:...", "...", "", ":b:...", "::main", "a.b", "A", "nothing", "customers:1:...", "a:b:c:...",
    ],
)  # fmt: skip
async def test_a_pattern_finds_its_addresses_page_by_page(desk: Desk, pattern: str) -> None:
    await desk.open(*ADDRESSES)
    expected = sorted(one for one in ADDRESSES if re.fullmatch(_expression(pattern), one))
    for limit in (1, 3, 200):
        pages = await _pages(desk, "accounts", limit, address=pattern)
        assert [account.address for page in pages for account in page] == expected


@pytest.mark.parametrize("pattern", ["a b", "a:%", "a'", "a:*", "x" * 201, "a\x00", "a:...x:é"])
async def test_a_pattern_of_other_characters_is_malformed(books: Desk, pattern: str) -> None:
    with pytest.raises(Malformed):
        await _all(books, "accounts", address=pattern)


async def test_accounts_are_found_by_asset_and_by_what_was_noted(desk: Desk) -> None:
    await desk.open("a", metadata={"branch": "7", "kind": "x"})
    await desk.open("b", metadata={"branch": "7"}, asset="USD")
    await desk.open("c", metadata={"branch": "77"})
    await desk.open("d")

    async def found(**asked: Any) -> list[str]:
        return [account.address for account in await _all(desk, "accounts", **asked)]

    assert await found(metadata={"branch": "7"}) == ["a", "b"]
    assert await found(metadata={"branch": "7", "kind": "x"}) == ["a"]
    assert await found(metadata={"branch": "7"}, asset="USD") == ["b"]
    assert await found(asset="EUR") == ["a", "c", "d"]
    assert await found(metadata={"branch": ""}) == []
    assert await found(metadata={}) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("limit", [1, 3, 7, 200])
@pytest.mark.parametrize("account", [None, "rich", "poor"])
async def test_pages_of_transactions_are_the_whole_list_newest_first(
    books: Desk, limit: int, account: str | None
) -> None:
    both = Post(postings=(posting("world", "rich", 1), posting("rich", "poor", 1)), id="both")
    await books.submit(*[post("world", "rich", 1, id=f"t{n}") for n in range(9)], both)
    await books.submit(
        hold("world", "rich", 5, id="h"), capture("h", 2, id="c"), reverse("both", id="r"),
        post("nobody", "rich", 1, id="no"), post("world", "poor", 1, id="last"),
    )  # fmt: skip
    expected = {
        None: ["last", "r", "c", "h", "both", *[f"t{n}" for n in reversed(range(9))]],
        "rich": ["r", "c", "h", "both", *[f"t{n}" for n in reversed(range(9))]],
        "poor": ["last", "r", "both"],
    }[account]
    pages = await _pages(books, "transactions", limit, account=account)
    assert [one.id for page in pages for one in page] == expected
    for page in pages:
        for one in page:
            assert one == await books.shown(one.id)


async def test_transactions_are_found_by_reference_metadata_and_time(books: Desk) -> None:
    await books.submit(
        post("world", "rich", 1, id="a", reference="INV 7", metadata={"order": "7"}),
        post("world", "poor", 1, id="b", reference="INV 7"),
        post("world", "rich", 1, id="c", reference="INV 77", metadata={"order": "7", "kind": "x"}),
        post("world", "rich", 1, id="d"),
    )

    async def found(**asked: Any) -> list[str]:
        pages = await _pages(books, "transactions", 1, **asked)
        return [one.id for page in pages for one in page]

    assert await found(reference="INV 7") == ["b", "a"]
    assert await found(reference="INV 7", account="rich") == ["a"]
    assert await found(metadata={"order": "7"}) == ["c", "a"]
    assert await found(metadata={"order": "7", "kind": "x"}, account="rich") == ["c"]
    assert await found(metadata={"order": "7"}, account="poor") == []
    at = {name: (await books.shown(name)).recorded_at for name in "abcd"}
    assert await found(since=at["b"], until=at["d"]) == ["c", "b"]
    assert await found(since=at["b"], until=at["d"], account="rich") == ["c"]
    assert await found(since=at["b"], until=at["b"]) == []
    assert await found(until=render(parse(at["a"]) + 1)) == ["a"]


@pytest.mark.parametrize("oldest_first", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 3, 200])
async def test_pages_of_entries_are_the_whole_list(
    books: Desk, limit: int, oldest_first: bool
) -> None:
    both = Post(
        postings=(
            posting("world", "rich", 5), posting("rich", "poor", 2), posting("rich", "world", 1),
        ),
        id="three",
    )  # fmt: skip
    await books.submit(
        post("world", "rich", 10, id="one", reference="A", metadata={"k": "v"}),
        both,
        hold("rich", "world", 5, id="h"),
        capture("h", 4, id="c"),
        post("nobody", "rich", 1),
        reverse("one", 3, id="r"),
    )
    expected = [
        ("one", "credit", 10, 10, "world"),
        ("three", "credit", 5, 15, "world"),
        ("three", "debit", 2, 13, "poor"),
        ("three", "debit", 1, 12, "world"),
        ("c", "debit", 4, 8, "world"),
        ("r", "debit", 3, 5, "world"),
    ]
    pages = await _pages(books, "entries", limit, address="rich", oldest_first=oldest_first)
    entries = [one for page in pages for one in page]
    if not oldest_first:
        entries.reverse()
    assert [
        (one.transaction, one.side, one.amount, one.balance, one.counterparty) for one in entries
    ] == expected
    assert (entries[0].reference, entries[0].metadata, entries[0].kind) == ("A", {"k": "v"}, "post")
    since, until = entries[1].recorded_at, entries[4].recorded_at
    within = await _pages(
        books, "entries", limit, address="rich", oldest_first=oldest_first, since=since, until=until
    )
    assert {one.transaction for page in within for one in page} == {"three"}


async def test_what_is_written_while_pages_are_turned_neither_repeats_nor_hides_the_rest(
    books: Desk,
) -> None:
    await books.submit(*[post("world", "rich", 1, id=f"t{n}") for n in range(10)])
    seen: list[str] = []
    after = None
    for turn in range(20):
        message = ListTransactions(ledger=LEDGER, limit=3, after=after)
        page = await books.service.transactions(caller=books.caller, message=message)
        seen += [one.id for one in page.items]
        after = page.after
        if after is None:
            break
        await books.submit(post("world", "rich", 1, id=f"new{turn}"))
    assert seen == [f"t{n}" for n in reversed(range(10))]


@pytest.mark.parametrize("limit", [0, -1, 201])
@pytest.mark.parametrize("name", MAKERS)
async def test_a_page_has_1_to_200_items(books: Desk, name: str, limit: int) -> None:
    asked = {"address": "rich"} if name == "entries" else {}
    with pytest.raises(Malformed):
        await _pages(books, name, limit, **asked)


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("transactions", {"after": "yesterday"}),
        ("transactions", {"since": "yesterday"}),
        ("transactions", {"until": "2026-01-01"}),
        ("transactions", {"metadata": {"": ""}}),
        ("transactions", {"account": "a b"}),
        ("transactions", {"reference": "\x00"}),
        ("entries", {"address": "rich", "after": "~"}),
        ("entries", {"address": "rich", "after": "2026-01-01T00:00:00Z"}),
        ("entries", {"address": "rich", "after": "2026-01-01T00:00:00Z~99999"}),
        ("entries", {"address": "rich", "after": "2026-01-01T00:00:00Z~9999"}),
        ("entries", {"address": "rich\x00"}),
        ("accounts", {"after": "\x00"}),
        ("accounts", {"asset": "\x00"}),
        ("accounts", {"metadata": {"a": "\x00"}}),
    ],
)
async def test_a_question_that_makes_no_sense_is_malformed_or_finds_nothing(
    books: Desk, name: str, asked: dict[str, Any]
) -> None:
    message = MAKERS[name](ledger=LEDGER, **asked)
    try:
        page = await getattr(books.service, name)(caller=books.caller, message=message)
    except Malformed:
        return
    assert page.items == ()


@pytest.mark.parametrize("name", ["nothing", "MAIN", "", "a\x00b", "x" * 10_000])
async def test_no_such_ledger_is_said_by_every_question(books: Desk, name: str) -> None:
    service, caller = books.service, books.caller
    for asked in (
        service.accounts(caller=caller, message=ListAccounts(ledger=name)),
        service.transactions(caller=caller, message=ListTransactions(ledger=name)),
        service.entries(caller=caller, message=ListEntries(ledger=name, address="rich")),
        service.account(caller=caller, message=AccountOf(ledger=name, address="rich")),
        service.balance(caller=caller, message=BalanceAsOf(ledger=name, address="rich")),
        service.transaction(caller=caller, message=TransactionOf(ledger=name, id="t")),
    ):
        with pytest.raises((LedgerNotFound, Malformed)):
            await asked


async def test_no_such_account_or_transaction_is_said(books: Desk) -> None:
    service, caller = books.service, books.caller
    for asked in (
        service.account(caller=caller, message=AccountOf(ledger=LEDGER, address="nobody")),
        service.entries(caller=caller, message=ListEntries(ledger=LEDGER, address="nobody")),
        service.balance(caller=caller, message=BalanceAsOf(ledger=LEDGER, address="nobody")),
        service.transactions(
            caller=caller, message=ListTransactions(ledger=LEDGER, account="nobody")
        ),
    ):
        with pytest.raises(AccountNotFound):
            await asked
    await books.refused(post("nobody", "rich", 1, id="no"))
    for name in ("nothing", "no", "", "\x00", "x" * 10_000):
        with pytest.raises((TransactionNotFound, Malformed)):
            await books.shown(name)

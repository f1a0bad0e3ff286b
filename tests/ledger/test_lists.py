"""Lists: cursors never repeat and never miss, patterns and filters find what they say and nothing else."""

import re
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import parse, render
from tallystick.kernel.problems import Malformed
from tallystick.ledger.api import (
    AccountNotFound,
    AccountOf,
    BalanceAsOf,
    Hold,
    LedgerNotFound,
    ListAccounts,
    ListEntries,
    ListLedgers,
    ListTransactions,
    OpenLedger,
    Post,
    RefusalCode,
    TransactionNotFound,
    TransactionOf,
)
from tallystick.ledger.model import acts
from tallystick.ledger.model.outcomes import Outcome
from tallystick.ledger.store import reading, writing
from tests.ledger.desk import LEDGER, Desk, capture, hold, post, posting, reverse

CALLER = Caller(tenant_id=1, actor="test")
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


@pytest.mark.parametrize("begins", ["", "a", "a:", "a:c", "customers:1", "Z", "z:", "c" * 200])
@pytest.mark.parametrize("pattern", [None, "a:...", "::main"])
async def test_accounts_are_found_by_the_beginning_of_their_address(
    desk: Desk, begins: str, pattern: str | None
) -> None:
    await desk.open(*ADDRESSES)
    every = [account.address for account in await _all(desk, "accounts", address=pattern)]
    found = await _all(desk, "accounts", address=pattern, begins=begins)
    assert [account.address for account in found] == [
        one for one in every if one.startswith(begins)
    ]
    paged = await _pages(desk, "accounts", 2, address=pattern, begins=begins)
    assert [account.address for page in paged for account in page] == [one.address for one in found]


@pytest.mark.parametrize("begins", ["a b", "é", "%", "c" * 201, "a\n"])
async def test_what_begins_no_address_is_refused(desk: Desk, begins: str) -> None:
    with pytest.raises(Malformed, match="begins"):
        await _all(desk, "accounts", begins=begins)


@pytest.mark.parametrize("limit", [1, 2, 4, 200])
async def test_pages_of_ledgers_are_the_tenants_whole_list(desk: Desk, limit: int) -> None:
    stranger = Caller(tenant_id=desk.caller.tenant_id + 1, actor="test")
    await desk.service.open_ledger(caller=stranger, message=OpenLedger(name="theirs"))
    for name in ("-", "2026", "main2"):
        await desk.service.open_ledger(caller=desk.caller, message=OpenLedger(name=name))
    seen: list[list[str]] = []
    after = None
    for _ in range(10):
        message = ListLedgers(limit=limit, after=after)
        page = await desk.service.ledgers(caller=desk.caller, message=message)
        seen.append([ledger.name for ledger in page.items])
        assert all(parse(ledger.opened_at) for ledger in page.items)
        after = page.after
        if after is None:
            break
    assert [name for names in seen for name in names] == ["-", "2026", LEDGER, "main2"]
    assert all(len(names) == limit for names in seen[:-1])
    assert seen[-1]


@pytest.mark.parametrize(
    "asked", [{"limit": 0}, {"limit": 201}, {"after": ""}, {"after": "A"}, {"after": "\x00"}]
)
async def test_a_wrong_page_of_ledgers_is_malformed(desk: Desk, asked: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        await desk.service.ledgers(caller=desk.caller, message=ListLedgers(**asked))


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


async def _fill_with_notes(books: Desk) -> None:
    both = (posting("world", "rich", 5), posting("world", "poor", 5))
    await books.submit(
        *[
            post(
                "world", ("rich", "poor")[n % 2], 1, id=f"t{n}",
                reference=("A", "B", None)[n % 3],
                metadata={"kind": "x", "order": str(n % 4)} if n % 5 else None,
            )
            for n in range(24)
        ],
        Hold(postings=both, id="h", reference="A", metadata={"kind": "x"}),
        # It moves nothing between world and rich, and yet touches both: what was held on them is released.
        capture("h", 0, 2, final=True, id="c", reference="A", metadata={"kind": "x", "order": "1"}),
        reverse("t2", id="r", metadata={"kind": "X", "order": "1"}),
        post("nobody", "rich", 1, id="no", reference="A", metadata={"kind": "x", "order": "1"}),
    )  # fmt: skip


@pytest.mark.parametrize("few", [1, 7, 1_000], ids="metadata leads below {}".format)
@pytest.mark.parametrize("limit", [1, 3, 200])
async def test_metadata_together_with_every_other_filter_finds_what_fits_all(
    books: Desk, limit: int, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_FEW", few)
    await _fill_with_notes(books)
    everything = await _all(books, "transactions")
    times = [one.recorded_at for one in everything]
    for metadata, account, reference, (since, until) in product(
        (
            {"kind": "x"},
            {"order": "1"},
            {"kind": "x", "order": "1"},
            {"order": "9"},
            {"kind": "x", "colour": "red"},
        ),
        (None, "world", "rich", ":", "nothing:..."),
        (None, "A", "nothing"),
        ((None, None), (times[20], times[1])),
    ):
        touching = (
            everything if account is None else await _all(books, "transactions", account=account)
        )
        expected = [
            one.id for one in touching
            if metadata.items() <= (one.metadata or {}).items()
            and reference in (None, one.reference)
            and (since is None or since <= one.recorded_at) and (until is None or one.recorded_at < until)
        ]  # fmt: skip
        pages = await _pages(
            books, "transactions", limit,
            metadata=metadata, account=account, reference=reference, since=since, until=until,
        )  # fmt: skip
        assert [one.id for page in pages for one in page] == expected


@pytest.mark.parametrize("limit", [1, 2, 200])
async def test_accounts_are_found_by_metadata_within_a_pattern_page_by_page(
    desk: Desk, limit: int
) -> None:
    for number, address in enumerate(ADDRESSES):
        await desk.open(address, metadata={"parity": str(number % 2), "all": "1"})
    for pattern in ("...", "a:...", "customers::main", ":", "b", "nothing:..."):
        fitting = [account.address for account in await _all(desk, "accounts", address=pattern)]
        odd = sorted({one for number, one in enumerate(ADDRESSES) if number % 2} & set(fitting))
        for metadata in ({"parity": "1"}, {"all": "1", "parity": "1"}):
            pages = await _pages(desk, "accounts", limit, address=pattern, metadata=metadata)
            assert [account.address for page in pages for account in page] == odd


async def test_the_longest_metadata_is_written_and_found(desk: Desk) -> None:
    # Characters of four bytes that do not repeat: what an index row can hold at most, and nothing to compress.
    letters = [chr(0x10000 + number * 97) for number in range(564)]
    longest = {"".join(letters[:64]): "".join(letters[64:])}
    address = "a" * 200
    await desk.open(address, "world", metadata=longest)
    made = await desk.done(post("world", address, 1, metadata=longest))
    assert [one.address for one in await _all(desk, "accounts", metadata=longest)] == [
        address, "world",
    ]  # fmt: skip
    assert [one.id for one in await _all(desk, "transactions", metadata=longest)] == [made.id]


async def test_metadata_is_compared_as_texts_to_the_letter(books: Desk) -> None:
    notes = ("7", "7 ", "07", "", '"7"', "null", "\\", "%", "Ä", "A\u0308", "ä", "\U0001f9fe")
    await books.submit(
        *[
            post("world", "rich", 1, id=f"t{n}", metadata={"k": note})
            for n, note in enumerate(notes)
        ]
    )
    for number, note in enumerate(notes):
        found = await _all(books, "transactions", metadata={"k": note})
        assert [one.id for one in found] == [f"t{number}"]


async def test_only_acts_that_carry_metadata_and_are_done_are_written_to_its_index(
    books: Desk,
) -> None:
    noted = {"k": "v", "w": ""}
    await books.submit(
        post("world", "rich", 1),
        post("nobody", "rich", 1, metadata=noted),
        post("world", "rich", 1, id="done", metadata=noted),
        post("world", "rich", 1, metadata=noted, group="g"), post("nobody", "rich", 1, group="g"),
        post("world", "rich", 1, id="done", metadata=noted),
    )  # fmt: skip
    await books.submit(post("world", "rich", 1, id="done", metadata=noted))
    rows = await books.rows(
        "SELECT id, key, value FROM ledger.transaction_metadata"
        " JOIN ledger.transaction USING (tenant_id, ledger_id, recorded_at) ORDER BY key"
    )
    assert [tuple(row.values()) for row in rows] == [("done", "k", "v"), ("done", "w", "")]


@pytest.mark.parametrize(
    ("metadata", "is_refused", "sent"),
    [(None, False, 0), ({"k": "v"}, True, 0), ({"k": "v"}, False, 2)],
)
def test_a_batch_without_anything_to_note_sends_no_statement_for_it(
    metadata: dict[str, str] | None, is_refused: bool, sent: int
) -> None:
    command = post("world", "rich", 1, id="t", metadata=metadata)
    outcome = Outcome(acts.read(command, where="item", new_id=str, caller=CALLER), recorded_at=1)
    if is_refused:
        outcome.refuse(RefusalCode.CREDIT_ACCOUNT_NOT_FOUND, {})
    assert len(writing.prepare([outcome], [], key=(1, 1)).noted) == sent


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

"""One id is one act: done once, answered the same way for ever, and never mistaken for another."""

import msgspec
import pytest

from tallystick.ledger.api import AnyCommand, OpenAccount, OpenLedger, Post, Side, Submit
from tests.ledger.desk import Desk, capture, hold, post, posting, reverse, void

FAR, FARTHER = "2190-01-01T00:00:00Z", "2191-01-01T00:00:00Z"

MADE: tuple[AnyCommand, ...] = (
    Post(id="post", postings=(posting("world", "rich", 7), posting("world", "poor", 8))),
    post("world", "rich", 9, id="dated", effective_at="1999-12-31T23:59:59.999999Z"),
    post("world", "rich", 9, id="noted", reference="INV 7", metadata={"b": "2", "a": "1"}),
    post("world", "rich", 9, id="balancing", balancing=True),
    hold("world", "rich", 9, id="hold", expires_at=FAR),
    capture("hold", 2, id="capture"),
    capture("hold", 3, id="final", final=True),
    hold("world", "rich", 9, id="hold2"),
    void("hold2", id="void"),
    reverse("post", 1, 2, id="reverse"),
)

# What was sent first under an id, what is sent now, and what of it differs.
DIFFERENT: tuple[tuple[AnyCommand, str], ...] = (
    (hold("world", "rich", 9, id="dated"), "kind"),
    (void("hold", id="capture"), "kind"),
    (capture("hold2", 2, id="capture"), "target"),
    (void("hold", id="void"), "target"),
    (
        Post(id="post", postings=(posting("world", "poor", 8), posting("world", "rich", 7))),
        "postings",
    ),
    (post("world", "rich", 9, id="balancing"), "postings"),
    (post("rich", "world", 9, id="dated", effective_at="1999-12-31T23:59:59.999999Z"), "postings"),
    (post("world", "rich", 9, "USD", id="noted"), "postings"),
    (reverse("post", 2, 1, id="reverse"), "amounts"),
    (reverse("post", id="reverse"), "amounts"),
    (capture("hold", 3, id="final"), "final"),
    (post("world", "rich", 9, id="dated"), "effective_at"),
    (post("world", "rich", 9, id="dated", effective_at="2000-01-01T00:00:00Z"), "effective_at"),
    (hold("world", "rich", 9, id="hold", expires_at=FARTHER), "expires_at"),
    (hold("world", "rich", 9, id="hold2", expires_at=FAR), "expires_at"),
    (
        post("world", "rich", 9, id="noted", reference="INV 8", metadata={"a": "1", "b": "2"}),
        "reference",
    ),
    (post("world", "rich", 9, id="noted", metadata={"a": "1", "b": "2"}), "reference"),
    (post("world", "rich", 9, id="noted", reference="INV 7", metadata={"a": "1"}), "metadata"),
    (post("world", "rich", 9, id="noted", reference="INV 7"), "metadata"),
    (void("hold2", id="void", metadata={"a": "1"}), "metadata"),
)


@pytest.fixture
async def books(desk: Desk) -> Desk:
    await desk.open("world", "rich", "poor")
    assert await desk.codes(*MADE) == [None] * len(MADE)
    return desk


async def test_a_repetition_changes_nothing_and_says_that_it_is_one(books: Desk) -> None:
    counts = await books.row_counts()
    before = [await books.counters(address) for address in ("world", "rich", "poor")]
    for items in [[item] for item in MADE] + [[*MADE], [*reversed(MADE)], [*MADE, *MADE]]:
        told = await books.submit(*items)
        assert all(verdict.replayed and verdict.balances == () for verdict in told)
        shown = [verdict.transaction for verdict in told]
        assert shown == [await books.shown(item.id or "") for item in items]
    assert await books.row_counts() == counts
    assert [await books.counters(address) for address in ("world", "rich", "poor")] == before


async def test_the_same_content_in_other_words_is_the_same_act(books: Desk) -> None:
    told = await books.submit(
        post("world", "rich", "9", id="dated", effective_at="2000-01-01T00:59:59.999999+01:00"),
        post("world", "rich", 9, id="noted", reference="INV 7", metadata={"a": "1", "b": "2"}),
        post("world", "rich", 9, id="balancing", balancing=True, metadata={}),
        capture("hold", "2", id="capture"),
        capture("hold", 2, id="capture", group="of its own"),
    )
    assert [verdict.replayed for verdict in told] == [True] * 5


@pytest.mark.parametrize(
    ("item", "part"), DIFFERENT, ids=[f"{n}-{row[1]}" for n, row in enumerate(DIFFERENT)]
)
async def test_other_content_is_refused_and_told_what_differs(
    books: Desk, item: AnyCommand, part: str
) -> None:
    counts = await books.row_counts()
    for _ in range(2):
        assert await books.refused(item) == f"exists_with_different_{part}"
    assert await books.row_counts() == counts


async def test_a_repetition_within_one_batch_is_one(books: Desk) -> None:
    item = post("world", "rich", 1, id="new")
    told = await books.submit(item, item, post("world", "rich", 2, id="new"), item)
    assert [verdict.replayed for verdict in told] == [False, True, False, True]
    assert [bool(verdict.refusal) for verdict in told] == [False, False, True, False]
    assert told[1].transaction == msgspec.structs.replace(told[0].transaction)  # type: ignore[type-var]


async def test_a_repeated_refusal_keeps_its_fields(books: Desk) -> None:
    await books.limits("poor", 0, None)
    first = (await books.submit(post("poor", "rich", 100, id="no")))[0].refusal
    (told,) = await books.submit(post("poor", "rich", 100, id="no"))
    assert first is not None
    assert first.fields["address"] == "poor"
    assert (told.refusal, told.replayed) == (first, True)


async def test_a_group_is_repeated_as_it_was(books: Desk) -> None:
    good = [post("world", "rich", n, id=f"good{n}", group="g") for n in (1, 2)]
    bad = [post("world", to, 1, id=f"bad-{to}", group="g") for to in ("rich", "nobody", "poor")]
    first = [*await books.submit(*good), *await books.submit(*bad)]
    again = [*await books.submit(*good), *await books.submit(*bad)]
    assert [verdict.replayed for verdict in again] == [True] * 5
    assert [verdict.refusal for verdict in again] == [verdict.refusal for verdict in first]
    codes = [verdict.refusal and verdict.refusal.code for verdict in again]
    assert codes == [
        None,
        None,
        "linked_item_failed",
        "credit_account_not_found",
        "linked_item_failed",
    ]


async def test_an_act_without_an_id_is_a_new_one_each_time(books: Desk) -> None:
    first, second = await books.submit(post("world", "rich", 1), post("world", "rich", 1))
    assert first.id != second.id
    assert first.id.startswith("txn_")
    assert not first.replayed
    assert not second.replayed


@pytest.mark.parametrize("name", ["!", "~" * 64, "a'b\"c\\d", "%s", "{}", "-"])
async def test_any_printable_id_is_taken_as_it_is(books: Desk, name: str) -> None:
    assert (await books.done(post("world", "rich", 1, id=name))).id == name
    assert (await books.shown(name)).id == name
    assert (await books.submit(post("world", "rich", 1, id=name)))[0].replayed


async def test_ids_of_other_ledgers_and_tenants_are_other_ids(books: Desk) -> None:

    caller, service = books.caller, books.service
    await service.open_ledger(caller=caller, message=OpenLedger(name="second"))
    for address in ("world", "rich"):
        message = OpenAccount(
            ledger="second", address=address, asset="EUR", exponent=2, normal_side=Side.CREDIT
        )
        await service.open_account(caller=caller, message=message)
    told = await service.submit(
        caller=caller, message=Submit(ledger="second", items=(post("world", "rich", 1, id="post"),))
    )
    assert told.items[0].transaction is not None
    assert not told.items[0].replayed


@pytest.mark.parametrize(
    ("first", "second"),
    [(("a>b", "c"), ("a", "b>c")), (("a 1 EUR 0;x>b", "c"), ("a 1 EUR 0;x", "b>c"))],
)
async def test_contents_of_impossible_addresses_are_told_apart(
    books: Desk, first: tuple[str, str], second: tuple[str, str]
) -> None:
    assert await books.refused(post(*first, 1, id="odd")) == "debit_account_not_found"
    assert await books.refused(post(*second, 1, id="odd")) == "exists_with_different_postings"

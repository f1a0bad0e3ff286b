"""Every refusal, one row each: the smallest act that gives it; and of two that apply, the earlier in the list."""

import msgspec
import pytest

from tallystick.kernel.instants import SECOND, render
from tallystick.kernel.problems import Malformed
from tallystick.ledger.api import AnyCommand, Hold, Post, RefusalCode, Side, Status
from tests.ledger.desk import Desk, capture, hold, post, posting, reverse, void

PAST, FAR, FARTHER = "2001-01-01T00:00:00Z", "2190-01-01T00:00:00Z", "2191-01-01T00:00:00Z"
# What its row waits for: the clock of the database has to pass.
BRIEF = "brief"

# Everything that was done before a row's act. ``cap`` and ``full`` have a maximum of 10, ``poor`` has nothing and may
# not go below; ``ice`` and ``ice2`` are frozen, ``gone`` and ``gone2`` closed, when the row is tried.
BEFORE: tuple[AnyCommand, ...] = (
    post("world", "rich", 1_000, id="float"),
    post("world", "rich", 10, id="paid", effective_at=FAR, reference="A", metadata={"k": "v"}),
    reverse("paid", id="paid-back"),
    post("world", "rich", 10, id="part"),
    reverse("part", 4, id="part-back"),
    post("rich", "nobody", 1, id="no"),
    hold("rich", "world", 10, id="open", expires_at=FAR),
    hold("rich", "world", 10, id="open2", expires_at=FAR),
    capture("open", 1, id="bit"),
    hold("rich", "world", 10, id="captured"),
    capture("captured", 4, id="last", final=True),
    hold("rich", "world", 10, id="voided"),
    void("voided", id="voiding"),
    post("world", "ice", 5, id="into-ice"),
    hold("ice", "world", 5, id="ice-hold"),
    post("world", "gone", 5, id="into-gone"),
    post("gone", "world", 5, id="out-of-gone"),
    post("gone2", "gone", 5, id="between"),
    post("gone", "gone2", 5, id="between-back"),
)


def _two(
    *postings: tuple[str, str, int], act: type[Post | Hold] = Post, **more: object
) -> Post | Hold:
    return act(postings=tuple(posting(*one) for one in postings), **more)  # type: ignore[arg-type]


# One row each: the code, and the act that gets it.
ROWS: tuple[tuple[str, AnyCommand], ...] = (
    ("exists_with_different_kind", hold("world", "rich", 1_000, id="float")),
    ("exists_with_different_target", capture("open2", 1, id="bit")),
    ("exists_with_different_postings", post("world", "rich", 1_001, id="float")),
    ("exists_with_different_amounts", capture("open", 2, id="bit")),
    ("exists_with_different_final", capture("open", 1, id="bit", final=True)),
    (
        "exists_with_different_effective_at",
        post("world", "rich", 1_000, id="float", effective_at=FAR),
    ),
    ("exists_with_different_expires_at", hold("rich", "world", 10, id="open")),
    ("exists_with_different_reference", post("world", "rich", 1_000, id="float", reference="A")),
    (
        "exists_with_different_metadata",
        post("world", "rich", 1_000, id="float", metadata={"a": "b"}),
    ),
    ("expires_at_has_passed", hold("rich", "world", 1, expires_at=PAST)),
    ("target_not_found", capture("nothing")),
    ("target_not_found", void("nothing")),
    ("target_not_found", reverse("nothing")),
    ("target_was_refused", capture("no")),
    ("target_was_refused", reverse("no")),
    ("target_is_not_a_hold", capture("float")),
    ("target_is_not_a_hold", void("bit")),
    ("target_is_not_reversible", reverse("open")),
    ("target_is_not_reversible", reverse("voiding")),
    ("target_is_not_reversible", reverse("part-back")),
    ("hold_already_captured", capture("captured")),
    ("hold_already_captured", void("captured")),
    ("hold_already_voided", capture("voided")),
    ("hold_already_voided", void("voided")),
    ("hold_has_expired", capture(BRIEF)),
    ("hold_has_expired", void(BRIEF)),
    ("already_reversed", reverse("paid")),
    ("amounts_do_not_match_postings", capture("open", 1, 1)),
    ("amounts_do_not_match_postings", reverse("part", 1, 1)),
    ("exceeds_held_amount", capture("open", 10)),
    ("exceeds_reversible_amount", reverse("part", 7)),
    ("debit_account_not_found", post("nobody", "rich", 1)),
    ("debit_account_not_found", post("no such address!", "rich", 1)),
    ("credit_account_not_found", post("rich", "nobody", 1)),
    ("credit_account_not_found", hold("rich", "nobody", 1)),
    ("debit_account_has_different_asset", post("dollars", "rich", 1)),
    ("credit_account_has_different_asset", post("rich", "dollars", 1)),
    ("debit_account_is_closed", post("gone", "rich", 1)),
    ("debit_account_is_closed", reverse("into-gone")),
    ("credit_account_is_closed", post("rich", "gone", 1)),
    ("debit_account_is_frozen", post("ice", "rich", 1)),
    ("debit_account_is_frozen", capture("ice-hold")),
    ("debit_account_is_frozen", reverse("into-ice")),
    ("credit_account_is_frozen", post("rich", "ice", 1)),
    ("nothing_to_move", post("poor", "rich", 1, balancing=True)),
    ("nothing_to_move", post("rich", "full", 1, balancing=True)),
    ("exceeds_available_balance", post("poor", "rich", 1)),
    ("exceeds_available_balance", hold("poor", "rich", 1)),
    ("exceeds_maximum_balance", post("rich", "full", 1)),
    ("exceeds_maximum_balance", hold("rich", "cap", 11)),
)

# Two reasons apply, and the earlier one in the list is given.
PAIRS: tuple[tuple[str, str, AnyCommand], ...] = (
    ("exists_with_different_kind", "exists_with_different_target", void("open2", id="bit")),
    (
        "exists_with_different_kind",
        "exists_with_different_postings",
        hold("rich", "world", 1, id="float"),
    ),
    (
        "exists_with_different_target",
        "exists_with_different_amounts",
        capture("open2", 2, id="bit"),
    ),
    ("exists_with_different_target", "target_not_found", capture("nothing", 1, id="bit")),
    (
        "exists_with_different_postings",
        "debit_account_not_found",
        post("nobody", "rich", 1, id="float"),
    ),
    (
        "exists_with_different_postings",
        "exists_with_different_effective_at",
        post("world", "rich", 1, id="float", effective_at=FAR),
    ),
    (
        "exists_with_different_amounts",
        "exists_with_different_final",
        capture("open", id="bit", final=True),
    ),
    (
        "exists_with_different_final",
        "exists_with_different_effective_at",
        capture("open", 1, id="bit", final=True, effective_at=FAR),
    ),
    (
        "exists_with_different_effective_at",
        "exists_with_different_expires_at",
        hold("rich", "world", 10, id="open", expires_at=FARTHER, effective_at=PAST),
    ),
    (
        "exists_with_different_effective_at",
        "exists_with_different_reference",
        post("world", "rich", 10, id="paid", metadata={"k": "v"}),
    ),
    (
        "exists_with_different_expires_at",
        "expires_at_has_passed",
        hold("rich", "world", 10, id="open", expires_at=PAST),
    ),
    (
        "exists_with_different_expires_at",
        "exists_with_different_reference",
        hold("rich", "world", 10, id="open", expires_at=FARTHER, reference="A"),
    ),
    (
        "exists_with_different_reference",
        "exists_with_different_metadata",
        post("world", "rich", 10, id="paid", effective_at=FAR),
    ),
    (
        "expires_at_has_passed",
        "debit_account_not_found",
        hold("nobody", "rich", 1, expires_at=PAST),
    ),
    (
        "expires_at_has_passed",
        "exceeds_available_balance",
        hold("poor", "rich", 1, expires_at=PAST),
    ),
    ("target_was_refused", "target_is_not_a_hold", capture("no")),
    ("target_is_not_a_hold", "amounts_do_not_match_postings", capture("float", 1, 1)),
    ("target_is_not_reversible", "amounts_do_not_match_postings", reverse("open", 1, 1)),
    ("hold_already_captured", "exceeds_held_amount", capture("captured", 1)),
    ("hold_already_captured", "hold_has_expired", capture("brief-captured")),
    ("hold_already_voided", "hold_has_expired", void("brief-voided")),
    ("hold_already_voided", "amounts_do_not_match_postings", capture("voided", 1, 1)),
    ("hold_has_expired", "exceeds_held_amount", capture(BRIEF, 11)),
    ("hold_has_expired", "amounts_do_not_match_postings", capture(BRIEF, 1, 1)),
    ("already_reversed", "amounts_do_not_match_postings", reverse("paid", 1, 1)),
    ("already_reversed", "exceeds_reversible_amount", reverse("paid", 1)),
    ("amounts_do_not_match_postings", "exceeds_held_amount", capture("open", 11, 11)),
    ("amounts_do_not_match_postings", "debit_account_is_frozen", capture("ice-hold", 1, 1)),
    ("exceeds_held_amount", "debit_account_is_frozen", capture("ice-hold", 6)),
    ("exceeds_reversible_amount", "debit_account_is_closed", reverse("into-gone", 6)),
    ("debit_account_not_found", "credit_account_not_found", post("nobody", "nothing", 1)),
    (
        "debit_account_not_found",
        "credit_account_not_found",
        _two(("rich", "nobody", 1), ("nobody", "rich", 1)),
    ),
    ("credit_account_not_found", "debit_account_has_different_asset", post("dollars", "nobody", 1)),
    (
        "debit_account_has_different_asset",
        "credit_account_has_different_asset",
        post("dollars", "dollars2", 1),
    ),
    ("credit_account_has_different_asset", "debit_account_is_closed", post("gone", "dollars", 1)),
    ("debit_account_is_closed", "credit_account_is_closed", post("gone", "gone2", 1)),
    ("debit_account_is_closed", "credit_account_is_closed", reverse("between-back")),
    ("credit_account_is_closed", "debit_account_is_frozen", post("ice", "gone", 1)),
    ("debit_account_is_frozen", "credit_account_is_frozen", post("ice", "ice2", 1)),
    ("credit_account_is_frozen", "nothing_to_move", post("poor", "ice", 1, balancing=True)),
    ("credit_account_is_frozen", "exceeds_available_balance", post("poor", "ice", 1)),
    (
        "nothing_to_move",
        "exceeds_available_balance",
        Post(postings=(posting("poor", "rich", 1), posting("poor", "rich", 1, balancing=True))),
    ),
    ("exceeds_available_balance", "exceeds_maximum_balance", post("poor", "full", 1)),
    ("exceeds_available_balance", "exceeds_maximum_balance", post("full-asset", "poor-asset", 1)),
    (
        "exceeds_available_balance",
        "exceeds_maximum_balance",
        _two(("rich", "full", 1), ("poor", "rich", 1)),
    ),
)


@pytest.fixture
async def world(desk: Desk) -> Desk:
    await desk.open("world", "rich", "ice", "ice2", "gone", "gone2")
    await desk.open("poor", min_available=0)
    await desk.open("full", "cap", max_available=10)
    await desk.open("poor-asset", side=Side.DEBIT, min_available=0)
    await desk.open("full-asset", side=Side.DEBIT, max_available=0)
    await desk.open("dollars", "dollars2", asset="USD")
    codes = await desk.codes(*BEFORE, post("world", "full", 10))
    assert [code for code in codes if code] == ["credit_account_not_found"]
    await desk.status("ice", Status.FROZEN)
    await desk.status("ice2", Status.FROZEN)
    await desk.status("gone", Status.CLOSED)
    await desk.status("gone2", Status.CLOSED)
    return desk


async def _with_brief_holds(desk: Desk) -> None:
    due = await desk.clock() + SECOND // 10
    names = (BRIEF, "brief-captured", "brief-voided")
    for name in names:
        await desk.done(hold("rich", "world", 10, id=name, expires_at=render(due)))
    await desk.submit(capture("brief-captured"), void("brief-voided"))
    await desk.wait_until(due)


async def _refused(desk: Desk, act: AnyCommand) -> str:
    if getattr(act, "target", "").startswith(BRIEF):
        await _with_brief_holds(desk)
    return await desk.refused(act)


@pytest.mark.parametrize(("code", "act"), ROWS, ids=[f"{n}-{row[0]}" for n, row in enumerate(ROWS)])
async def test_the_smallest_act_gets_the_refusal(world: Desk, code: str, act: AnyCommand) -> None:
    before = [await world.counters(address) for address in ("rich", "poor", "full", "ice")]
    assert await _refused(world, act) == code
    if BRIEF not in getattr(act, "target", ""):
        after = [await world.counters(address) for address in ("rich", "poor", "full", "ice")]
        assert after == before


@pytest.mark.parametrize(
    ("first", "second", "act"), PAIRS, ids=[f"{n}-{row[0]}" for n, row in enumerate(PAIRS)]
)
async def test_of_two_reasons_the_earlier_in_the_list_is_given(
    world: Desk, first: str, second: str, act: AnyCommand
) -> None:
    order = list(RefusalCode)
    assert order.index(RefusalCode(first)) < order.index(RefusalCode(second))
    assert await _refused(world, act) == first


def test_no_refusal_is_without_a_row() -> None:
    # A cap is the caller's, not the act's: test_caps is about it.
    shown = {code for code, _ in ROWS} | {"linked_item_failed", "spending_cap_reached"}
    assert shown == {str(code) for code in RefusalCode}


async def test_a_linked_item_is_refused_before_its_own_reasons_are_looked_at(world: Desk) -> None:
    codes = await world.codes(
        post("nobody", "rich", 1, group="g"),
        post("rich", "world", 1, group="g"),
        hold("rich", "world", 1, group="g", expires_at=PAST),
        post("poor", "rich", 1, group="g"),
    )
    assert codes == ["debit_account_not_found", *["linked_item_failed"] * 3]


async def test_a_known_id_with_other_content_fails_its_group(world: Desk) -> None:
    codes = await world.codes(
        post("poor", "rich", 1, group="g"), post("world", "rich", 1, id="float", group="g")
    )
    assert codes == ["linked_item_failed", "exists_with_different_postings"]


@pytest.mark.parametrize("act", [act for _, act in ROWS if act.id is None])
async def test_a_refused_act_is_remembered_under_its_id(world: Desk, act: AnyCommand) -> None:
    named = _named(act, "tried")
    code = await _refused(world, named)
    counts = await world.row_counts()
    # What made it impossible goes away, and it stays refused: the answer was given.
    for address in ("ice", "ice2", "gone", "gone2"):
        await world.status(address, Status.OPEN)
    for address in ("poor", "full", "cap"):
        await world.limits(address, None, None)
    await world.open("nobody")
    (again,) = await world.submit(named)
    assert again.refusal is not None
    assert (again.refusal.code, again.replayed) == (code, True)
    after = await world.row_counts()
    assert after["transaction"] == counts["transaction"]
    assert after["entry"] == counts["entry"]


def _named(act: AnyCommand, name: str) -> AnyCommand:
    return msgspec.structs.replace(act, id=name)


async def test_a_refused_act_in_the_same_batch_is_a_refused_target(desk: Desk) -> None:
    await desk.open("world", "rich")
    assert await desk.codes(
        post("nobody", "rich", 1, id="no"), reverse("no"), capture("no"), void("no")
    ) == ["debit_account_not_found", *["target_was_refused"] * 3]


async def test_an_act_of_a_failed_group_is_a_refused_target(desk: Desk) -> None:
    await desk.open("world", "rich")
    codes = await desk.codes(
        hold("world", "rich", 5, id="held", group="g"),
        capture("held", 2, group="g"),
        capture("held", 9, group="g"),
        void("held"),
    )
    assert codes == [
        "linked_item_failed",
        "linked_item_failed",
        "exceeds_held_amount",
        "target_was_refused",
    ]
    assert (await desk.row_counts())["hold"] == 0


async def test_an_act_linked_to_a_repeated_refusal_is_a_refused_target(desk: Desk) -> None:
    await desk.open("world", "rich")
    await desk.refused(post("nobody", "rich", 1, id="no"))
    codes = await desk.codes(
        post("nobody", "rich", 1, id="no", group="g"),
        post("world", "rich", 1, id="linked", group="g"),
        reverse("linked"),
    )
    assert codes == ["debit_account_not_found", "linked_item_failed", "target_was_refused"]


MALFORMED: dict[str, AnyCommand] = {
    "no posting": Post(postings=()),
    "too many postings": Post(postings=(posting("world", "rich", 1),) * 101),
    "an account with itself": post("rich", "rich", 1),
    "zero": post("world", "rich", 0),
    "zero as text": post("world", "rich", "0"),
    "negative": post("world", "rich", -1),
    "negative as text": post("world", "rich", "-1"),
    "39 digits": post("world", "rich", 10**38),
    "39 digits as text": post("world", "rich", "1" + "0" * 38),
    "a leading zero": post("world", "rich", "01"),
    "no digits": post("world", "rich", ""),
    "a point": post("world", "rich", "1.0"),
    "foreign digits": post("world", "rich", "\u0661"),
    "an id with a space": post("world", "rich", 1, id="a b"),
    "an empty id": post("world", "rich", 1, id=""),
    "a long id": post("world", "rich", 1, id="a" * 65),
    "an id of ours": post("world", "rich", 1, id="txn_1"),
    "a target with a space": void("a b"),
    "no offset": post("world", "rich", 1, effective_at="2026-01-01T00:00:00"),
    "no time": post("world", "rich", 1, effective_at="2026-01-01"),
    "too early": post("world", "rich", 1, effective_at="1899-12-31T23:59:59Z"),
    "too late": hold("world", "rich", 1, expires_at="2200-01-01T00:00:00Z"),
    "a long reference": post("world", "rich", 1, reference="a" * 141),
    "an empty reference": post("world", "rich", 1, reference=""),
    "a reference with a NUL": post("world", "rich", 1, reference="a\x00"),
    "many keys": post("world", "rich", 1, metadata={str(key): "" for key in range(21)}),
    "an empty key": post("world", "rich", 1, metadata={"": ""}),
    "a long text": post("world", "rich", 1, metadata={"a": "a" * 501}),
    "a NUL in metadata": post("world", "rich", 1, metadata={"a": "\x00"}),
    "captures of nothing": capture("open", 0),
    "a negative capture": capture("open", -1),
    "101 amounts": capture("open", *[1] * 101),
}


@pytest.mark.parametrize("act", MALFORMED.values(), ids=list(MALFORMED))
async def test_a_malformed_act_leaves_nothing_not_even_of_its_batch(
    desk: Desk, act: AnyCommand
) -> None:
    await desk.open("world", "rich")
    counts = await desk.row_counts()
    with pytest.raises(Malformed) as problem:
        await desk.submit(post("world", "rich", 1), act)
    (place,) = problem.value.fields
    assert place.startswith("items[1]")
    assert await desk.row_counts() == counts

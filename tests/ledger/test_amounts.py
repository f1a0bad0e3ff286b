"""Amounts of up to 38 digits go in and come out exactly, over the wire too."""

import msgspec
import pytest

from tallystick.kernel.money import AMOUNT_MAX, JSON_EXACT_MAX, exponent_of
from tallystick.kernel.problems import Malformed
from tallystick.ledger.api import AccountOf, Ledger, ListEntries, Submit
from tallystick.runtime.doors import near
from tests.ledger.desk import LEDGER, Desk, capture, counters_of, hold, post, reverse
from tests.ledger.proofs import damage

EDGES = (1, JSON_EXACT_MAX, JSON_EXACT_MAX + 1, 2**63 - 1, 2**63, 2**64, AMOUNT_MAX - 1, AMOUNT_MAX)


@pytest.fixture
async def wired(desk: Desk) -> Desk:
    """A desk whose every message and answer goes through JSON."""
    await desk.open("world", "rich")
    return desk.beside(near(Ledger, desk.service, wire=True))  # type: ignore[arg-type, type-abstract]


@pytest.mark.parametrize("amount", EDGES)
@pytest.mark.parametrize("spelling", [int, str])
async def test_an_amount_is_kept_exactly(wired: Desk, amount: int, spelling: type) -> None:
    told = await wired.done(post("world", "rich", spelling(amount)))
    expected = amount if amount <= JSON_EXACT_MAX else str(amount)
    assert told.postings[0].amount == expected
    assert (await wired.shown(told.id)).postings[0].amount == expected
    shown = await wired.account("rich")
    assert (shown.balances.posted, shown.balances.credits_posted) == (expected, expected)
    assert await wired.counters("world") == (amount, 0, 0, 0, 0, 0)
    page = await wired.service.entries(
        caller=wired.caller, message=ListEntries(ledger=LEDGER, address="world")
    )
    assert page.items[0].amount == expected
    assert await wired.as_of("rich", effective=None, recorded=None) == (0, amount, 0, 0, 0, 0)
    assert await damage(wired) == []


async def test_counters_hold_more_than_any_amount(wired: Desk) -> None:
    for _ in range(3):
        await wired.submit(*[post("world", "rich", str(AMOUNT_MAX)) for _ in range(40)])
    assert await wired.counters("rich") == (0, 120 * AMOUNT_MAX, 0, 0, 0, 0)
    assert (await wired.account("world")).balances.posted == str(-120 * AMOUNT_MAX)
    assert await damage(wired) == []


async def test_the_batch_that_crosses_63_bits_is_right_on_both_sides(wired: Desk) -> None:
    items = [post("world", "rich", 2**62, effective_at="2001-01-01T00:00:00Z") for _ in range(4)]
    await wired.submit(post("rich", "world", 1), *items)
    assert await wired.counters("rich") == (1, 2**64, 0, 0, 0, 0)
    assert await damage(wired) == []


async def test_holds_captures_and_reversals_of_38_digits(wired: Desk) -> None:
    await wired.submit(hold("world", "rich", str(AMOUNT_MAX), id="h"), capture("h", 1, id="one"))
    assert (await wired.shown("h")).remaining == (str(AMOUNT_MAX - 1),)
    await wired.done(capture("h", str(AMOUNT_MAX - 1), id="rest"))
    await wired.done(reverse("rest", str(AMOUNT_MAX - 2)))
    assert (await wired.shown("rest")).reversed == (str(AMOUNT_MAX - 2),)
    assert await wired.balances("rich") == (2, 2, 2)
    assert await damage(wired) == []


async def test_limits_of_38_digits_are_kept_and_held(wired: Desk) -> None:
    await wired.limits("rich", str(-AMOUNT_MAX), str(AMOUNT_MAX))
    account = await wired.account("rich")
    assert (account.min_available, account.max_available) == (str(-AMOUNT_MAX), str(AMOUNT_MAX))
    assert await wired.codes(
        post("world", "rich", str(AMOUNT_MAX)), post("world", "rich", 1), post("rich", "world", 1)
    ) == [None, "exceeds_maximum_balance", None]


@pytest.mark.parametrize("limit", [10**38, -(10**38), "1e3", "", "--1", "1.5"])
async def test_a_limit_that_is_no_number_of_38_digits_is_malformed(
    wired: Desk, limit: int | str
) -> None:
    with pytest.raises(Malformed):
        await wired.limits("rich", limit, None)
    with pytest.raises(Malformed):
        await wired.open("other", max_available=limit)


async def test_limits_that_cross_are_malformed(wired: Desk) -> None:
    with pytest.raises(Malformed):
        await wired.limits("rich", 1, 0)


@pytest.mark.parametrize(
    "amount", [b"1.0", b"1e3", b"true", b"null", b"[1]", b"{}", b"1.5", b"NaN"]
)
def test_the_wire_takes_no_amount_but_whole_numbers(amount: bytes) -> None:
    raw = (
        b'{"ledger": "main", "items": [{"kind": "post", "postings": '
        b'[{"debit": "a", "credit": "b", "asset": "EUR", "amount": ' + amount + b"}]}]}"
    )
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(raw, type=Submit)


async def test_balances_after_a_write_are_those_of_a_read(wired: Desk) -> None:
    (verdict,) = await wired.submit(post("world", "rich", str(2**60)))
    for one in verdict.balances:
        message = AccountOf(ledger=LEDGER, address=one.address)
        read = await wired.service.account(caller=wired.caller, message=message)
        assert counters_of(read.balances) == counters_of(one.balances)


@pytest.mark.parametrize(("asset", "exponent"), [("USD", 0), ("JPY", 2), ("EUR", 3)])
async def test_a_currency_of_iso_4217_has_no_other_digits(
    desk: Desk, asset: str, exponent: int
) -> None:
    with pytest.raises(Malformed) as refused:
        await desk.open("odd", asset=asset, exponent=exponent)
    assert set(refused.value.fields) == {"exponent"}
    await desk.open("right", asset=asset, exponent=exponent_of(asset))
    await desk.open("coin", asset="COIN", exponent=exponent)

"""A file is looked at before it is sent: what is told of it is what becomes of it, and nothing is paid by looking."""

from typing import Any

import pytest

from tallystick.kernel.actions import Facts
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import SECOND, render
from tallystick.kernel.problems import Malformed, Problem
from tallystick.payments.service import PaymentService
from tallystick.runtime.clock import SystemClock
from tallystick.runtime.iso20022 import SchemaViolation, XmlIsMalformed
from tests.payments.conftest import Teller
from tests.payments.orders import ELECTRICAL, ELSEWHERE, FIETSEN, RAHMENBAU, Order, initiation

MIXED = initiation(
    Order(end_to_end_id="a", amount="10.00"),
    Order(end_to_end_id="b", to=ELSEWHERE),
    Order(end_to_end_id="c", to=RAHMENBAU, amount="2.50"),
    Order(end_to_end_id="d", amount="1.001"),
)


async def test_what_is_foreseen_of_each_transfer_is_what_becomes_of_it(teller, bank):
    seen = await teller.preview(MIXED)
    assert (seen.total, seen.payable, seen.known, seen.reason) == (4, 2, None, None)
    (total,) = seen.sums
    assert (total.currency, total.exponent, total.payments, total.amount) == ("EUR", 2, 2, 1250)
    foreseen = [(one.end_to_end_id, one.amount, one.reason) for one in seen.transfers]
    assert (await teller.payments()).items == ()
    assert await bank.balance(RAHMENBAU) == 0

    done = await teller.submit(MIXED)
    payments = (await teller.file(done.file_id)).payments
    assert foreseen == [(one.end_to_end_id, one.amount, one.reason) for one in payments]
    assert [one.position for one in seen.transfers] == [1, 2, 3, 4]


async def test_a_file_that_came_before_is_told_as_known_and_a_used_message_id_as_rejected(
    teller, bank
):
    done = await teller.submit(MIXED)
    assert (await teller.preview(MIXED)).known == done.file_id
    other = initiation(Order(amount="99.00"))
    seen = await teller.preview(other)
    assert (seen.known, seen.payable, seen.reason and seen.reason.code) == (None, 0, "DU01")
    assert [one.reason and one.reason.code for one in seen.transfers] == ["DU01"]
    # Another account may use the same message id.
    seen = await teller.preview(initiation(Order(amount="99.00"), debtor=ELECTRICAL))
    assert (seen.payable, seen.reason) == (1, None)


async def test_pages_follow_the_file_and_their_bounds_are_kept(teller, bank):
    file = initiation(*(Order(end_to_end_id=str(number)) for number in range(5)))
    page = await teller.preview(file, limit=3)
    assert ([one.position for one in page.transfers], page.after) == ([1, 2, 3], 3)
    rest = await teller.preview(file, limit=3, after=3)
    assert ([one.position for one in rest.transfers], rest.after) == ([4, 5], None)
    assert (rest.total, rest.sums) == (5, page.sums)
    for wrong in ({"limit": 0}, {"limit": 201}, {"after": -1}, {"after": 10**6}):
        with pytest.raises(Malformed):
            await teller.preview(file, **wrong)


async def test_what_cannot_be_read_is_refused_as_when_it_is_sent(teller, bank):
    with pytest.raises(XmlIsMalformed):
        await teller.preview(b"{}")
    with pytest.raises(SchemaViolation):
        await teller.preview(MIXED.replace(b"<PmtMtd>TRF</PmtMtd>", b""))


class Refusing:
    """A guard that would let nobody make payments, and is asked of them once."""

    def __init__(self) -> None:
        self.asked: list[Facts] = []

    def admitted(self, caller: Caller, actions: Any) -> None:
        return None

    async def admit(self, caller: Caller, **_: Any) -> Caller:
        raise AssertionError("whoever only looks asks for nothing")

    async def foresee(self, caller: Caller, *, wanted: Any, facts: Facts, message: Any) -> Problem:
        self.asked.append(facts)
        return Problem("others must agree")


async def test_whoever_may_not_pay_it_is_told_so(
    database_for, mint, caller, *, wallets, wall, bank
):
    guard = Refusing()
    service = PaymentService(
        database=await database_for("payments"),
        mint=mint,
        clock=SystemClock(),
        ledger=wall,
        wallets=wallets,
        guard=guard,
    )
    seen = await Teller(service=service, caller=caller).preview(MIXED)
    assert seen.obstacle is not None
    assert (seen.obstacle.code, seen.obstacle.text) == ("problem", "others must agree")
    assert [(one.asset, one.total) for one in guard.asked[0].sums] == [("EUR", 1250)]


async def test_payments_of_one_debtor_are_found_by_payee_amount_and_time(teller, bank):
    begun = SystemClock().now()
    await teller.submit(MIXED)
    await teller.submit(initiation(Order(amount="10.00", end_to_end_id="x"), debtor=ELECTRICAL))
    fietsen = await bank.address(FIETSEN)

    async def found(**words: Any) -> list[str]:
        page = await teller.payments(**words)
        return sorted(one.end_to_end_id for one in page.items)

    grouped = f"{RAHMENBAU[:4].lower()} {RAHMENBAU[4:]}"
    assert await found(debtor=fietsen) == ["a", "b", "c", "d"]
    assert await found(debtor=fietsen, creditor_iban=grouped) == ["a", "c", "d"]
    assert await found(debtor=fietsen, creditor_iban=RAHMENBAU, amount=1000) == ["a"]
    assert await found(debtor="wallets:nobody:eur", amount=1000) == []
    before, later = render(begun - SECOND), render(begun + 3_600 * SECOND)
    assert await found(debtor=fietsen, amount=1000, since=before) == ["a", "b"]
    assert await found(debtor=fietsen, since=later) == await found(until=before) == []
    assert await found(since=before, until=later) == ["a", "b", "c", "d", "x"]
    for wrong in (
        {"amount": 1000},
        {"creditor_iban": RAHMENBAU},
        {"debtor": "x" * 65},
        {"since": "yesterday"},
        {"until": "2026-01-01"},
    ):
        with pytest.raises(Malformed):
            await found(**wrong)


async def test_nobody_finds_payments_of_an_account_they_do_not_see(teller, bank, caller):
    await teller.submit(MIXED)
    fietsen = await bank.address(FIETSEN)
    seeing = Caller(tenant_id=caller.tenant_id, actor="x", sees=("wallets:other:...",))
    blind = Teller(service=teller.service, caller=seeing)
    assert (await blind.payments(debtor=fietsen)).items == ()

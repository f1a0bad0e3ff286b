"""What bounds whoever asks: caps of the sender of a file, and what may be seen of payments."""

from typing import Any

import msgspec
import pytest

from tallystick.kernel.actions import Facts, Sum
from tallystick.kernel.callers import Caller, Cap
from tallystick.kernel.patterns import any_fits
from tallystick.ledger.service.verifying import verify
from tallystick.payments import jobs
from tallystick.payments.api import PaymentFileNotFound, PaymentNotFound, PaymentOf
from tallystick.payments.model import seeing
from tallystick.payments.service import PaymentService, booking, door
from tallystick.runtime.clock import SystemClock
from tests.payments.conftest import Teller
from tests.payments.orders import (
    ELECTRICAL,
    ELSEWHERE,
    FIETSEN,
    RAHMENBAU,
    Order,
    initiation,
    texts,
)

CAP = Cap(name="dlg_1", asset="EUR", slot="2026-11-28", most=3_500)
FILE = initiation(*(Order(end_to_end_id=str(number)) for number in range(5)))


@pytest.fixture
def asks(teller):
    """The same teller, asked by somebody who is bound."""

    def asks(**bounds) -> Teller:
        caller = msgspec.structs.replace(teller.caller, actor="clerk", **bounds)
        return Teller(service=teller.service, caller=caller)

    return asks


async def test_a_payment_beyond_the_cap_is_rejected_with_its_reason(asks, bank):
    answer = await asks(caps=(CAP,)).submit(FILE)
    assert (answer.status, answer.payments.settled, answer.payments.rejected) == ("PART", 3, 2)
    assert texts(answer.report, "TxSts") == ["ACSC"] * 3 + ["RJCT"] * 2
    assert set(texts(answer.report, "Cd")) == {"AM14"}
    assert await bank.balance(RAHMENBAU) == 3_000


class Bounding:
    """A guard that lets everybody make payments, under a cap."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def admitted(self, caller: Caller, actions: Any) -> None:
        return None

    async def foresee(self, caller: Caller, **_: Any) -> None:
        return None

    async def admit(self, caller: Caller, *, facts: Facts, **_: Any) -> Caller:
        self.asked.append(facts)
        return msgspec.structs.replace(caller, caps=(CAP,), decision="dec_2")


async def test_the_caps_of_who_may_make_the_payments_are_kept_with_the_file(
    database_for, mint, caller, *, wall, wallets, bank
):
    guard = Bounding()
    service = PaymentService(
        database=await database_for("payments"),
        mint=mint,
        clock=SystemClock(),
        ledger=wall,
        wallets=wallets,
        guard=guard,
    )
    teller = Teller(service=service, caller=caller)
    wall.breaks_at = 1
    with pytest.raises(ConnectionResetError):
        await teller.submit(FILE)
    assert guard.asked[0].sums == (Sum(asset="EUR", largest=1_000, total=5_000),)
    ((job, _),) = await service.unfinished(waiting_s=0, most=10)
    assert (job.caps, job.decision) == ((CAP,), "dec_2")
    assert texts((await teller.finished()).content, "TxSts") == ["ACSC"] * 3 + ["RJCT"] * 2


@pytest.mark.parametrize("is_heard", [False, True], ids=["unheard", "heard"])
@pytest.mark.parametrize("breaks_at", [1, 2, 3])
async def test_the_cap_holds_when_the_job_finishes_the_file_after_a_crash(
    asks, bank, wall, monkeypatch, database_for, *, breaks_at, is_heard
):
    monkeypatch.setattr(booking, "BATCH_MAX", 2)
    wall.breaks_at, wall.is_heard = breaks_at, is_heard
    clerk = asks(caps=(CAP,), decision="dec_1")
    with pytest.raises(ConnectionResetError):
        await clerk.submit(FILE)
    ((job, _),) = await clerk.service.unfinished(waiting_s=0, most=10)
    assert (job.actor, job.caps, job.decision) == ("job:payments", (CAP,), "dec_1")
    report = await clerk.finished()
    assert texts(report.content, "TxSts") == ["ACSC"] * 3 + ["RJCT"] * 2
    assert await bank.balance(RAHMENBAU) == 3_000
    operator = await database_for("operator")
    assert (await verify(operator, tenant_id=clerk.caller.tenant_id)).damage == ()


async def test_the_job_goes_on_without_bounds_where_the_sender_had_none(teller, bank, wall):
    wall.breaks_at = 1
    with pytest.raises(ConnectionResetError):
        await teller.submit(FILE)
    ((job, _),) = await teller.service.unfinished(waiting_s=0, most=10)
    assert (job.caps, job.decision, job.sees) == ((), "", None)
    await jobs.finish_unfinished(teller.service, waiting_s=0)
    assert await bank.balance(RAHMENBAU) == 5_000


@pytest.fixture
async def paid(teller, bank):
    """Files of two payers, one of which also has a rejected payment, and one of somebody who has no account here."""
    files = [
        initiation(Order(), Order(end_to_end_id="no", to=ELSEWHERE), message_id="a"),
        initiation(Order(end_to_end_id="E2"), message_id="b", debtor=ELECTRICAL),
        initiation(Order(end_to_end_id="E3"), message_id="c", debtor=ELSEWHERE),
    ]
    return [(await teller.submit(content)).file_id for content in files]


async def _listed(teller: Teller, what: str, **asked):
    found, after = [], None
    for _ in range(20):
        page = await getattr(teller, what)(after=after, **asked)
        found += page.items
        after = page.after
        if after is None:
            return found
    raise AssertionError("the list has no end")


@pytest.mark.parametrize("walks", [False, True], ids=["merged by account", "walked"])
async def test_lists_show_what_the_accounts_that_pay_allow(asks, paid, bank, monkeypatch, *, walks):
    if walks:
        monkeypatch.setattr(door, "DEBTORS_MAX", 0)
        monkeypatch.setattr(door, "WALK_MAX", 1)
    seer = asks(sees=(f"wallets:{FIETSEN}:...",))
    ids = [one.end_to_end_id for one in await _listed(seer, "payments", limit=1)]
    assert ids == ["no", "E"]
    for asked, wanted in (
        ({"state": "rejected"}, ["no"]),
        ({"end_to_end_id": "E"}, ["E"]),
        ({"end_to_end_id": "E2"}, []),
        ({"file_id": paid[0]}, ["no", "E"]),
        ({"file_id": paid[1]}, []),
    ):
        assert [one.end_to_end_id for one in await _listed(seer, "payments", **asked)] == wanted
    assert [one.file_id for one in await _listed(seer, "files", limit=1)] == [paid[0]]
    everybody = asks(sees=("...",))
    assert len(await _listed(everybody, "payments")) == 3
    assert len(await _listed(everybody, "files")) == 2
    assert await _listed(asks(sees=()), "payments") == []
    assert await _listed(asks(sees=("nostro:...",)), "files") == []


async def test_each_payment_is_shown_as_the_point_decision_says(asks, teller, paid, bank):
    seen = (f"wallets:{ELECTRICAL}:eur",)
    seer = asks(sees=seen)
    for one in (await teller.payments()).items:
        address = None if one.debtor_iban == ELSEWHERE else f"wallets:{one.debtor_iban}:eur"
        message = PaymentOf(payment_id=one.payment_id)
        if address is not None and any_fits(seen, address):
            assert (await seer.payment(one.payment_id)).payment == one
            assert (await seer.door.recorded(caller=seer.caller, message=message)).on
        else:
            with pytest.raises(PaymentNotFound):
                await seer.payment(one.payment_id)
            with pytest.raises(PaymentNotFound):
                await seer.door.recorded(caller=seer.caller, message=message)
    assert (await seer.file(paid[1])).file.file_id == paid[1]
    assert (await seer.report(paid[1])).final
    for hidden in (paid[0], paid[2]):
        with pytest.raises(PaymentFileNotFound):
            await seer.file(hidden)
        with pytest.raises(PaymentFileNotFound):
            await seer.report(hidden)


async def test_who_pays_need_not_see_whom(asks, bank):
    answer = await asks(sees=(f"wallets:{FIETSEN}:...",)).submit(FILE)
    assert answer.status == "ACSC"


def test_a_page_ends_where_nothing_was_left_to_read():
    def evens(row: int) -> bool:
        return row % 2 == 0

    assert seeing.page([0, 1, 2], limit=1, asked=3, is_seen=evens) == ([0], 0)
    assert seeing.page([1, 3, 5], limit=1, asked=3, is_seen=evens) == ([], 5)
    assert seeing.page([1, 2], limit=1, asked=3, is_seen=evens) == ([2], None)

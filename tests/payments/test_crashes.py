"""Wherever the process dies between two arrows, the job finishes the file and nothing is paid twice."""

import pytest

from tallystick.ledger.api import LedgerBusy
from tallystick.payments import jobs
from tallystick.payments.model.book_rail import REASONS
from tallystick.payments.service import booking
from tests.payments.orders import FIETSEN, RAHMENBAU, Order, initiation, texts

ORDERS = tuple(Order(end_to_end_id=str(number)) for number in range(5))
FILE = initiation(*ORDERS)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(booking, "BATCH_MAX", 2)


@pytest.mark.parametrize("is_heard", [False, True], ids=["unheard", "heard"])
@pytest.mark.parametrize("breaks_at", [1, 2, 3])
async def test_a_crash_around_any_call_to_the_books_is_finished_and_paid_once(
    teller, bank, wall, breaks_at, is_heard
):
    wall.breaks_at, wall.is_heard = breaks_at, is_heard
    with pytest.raises(ConnectionResetError):
        await teller.submit(FILE)
    interim = await teller.submit(FILE)
    assert (interim.replayed, interim.status) == (True, "ACCP")
    assert interim.payments.settled == 2 * (breaks_at - 1)
    final = await teller.finished()
    assert (final.final, texts(final.content, "TxSts")) == (True, ["ACSC"] * 5)
    assert await bank.balance(RAHMENBAU) == 5_000
    again = await teller.submit(FILE)
    assert again.report == final.content
    assert texts(again.report, "MsgId") != texts(interim.report, "MsgId")
    assert await jobs.finish_unfinished(teller.service, waiting_s=0) == 0
    moved = await teller.payments()
    for one in moved.items:
        detail = await teller.payment(one.payment_id)
        assert [move.event for move in detail.transitions] == ["accept", "settle"]


async def test_a_crash_while_the_outcome_is_written_is_finished_and_paid_once(
    teller, bank, monkeypatch
):
    async def dies(*_, **__):
        raise ConnectionResetError("the process died here")

    with monkeypatch.context() as patch:
        patch.setattr(booking.store, "decide", dies)
        with pytest.raises(ConnectionResetError):
            await teller.submit(FILE)
    assert await bank.balance(RAHMENBAU) == 2_000
    assert texts((await teller.finished()).content, "TxSts") == ["ACSC"] * 5
    assert await bank.balance(RAHMENBAU) == 5_000


async def test_a_crash_while_the_file_is_written_leaves_nothing_of_it(teller, bank, monkeypatch):
    async def dies(*_, **__):
        raise ConnectionResetError("the process died here")

    with monkeypatch.context() as patch:
        patch.setattr(booking.store, "insert_payments", dies)
        with pytest.raises(ConnectionResetError):
            await teller.submit(FILE)
    assert (await teller.files()).items == ()
    assert (await teller.submit(FILE)).replayed is False
    assert await bank.balance(RAHMENBAU) == 5_000


async def test_a_busy_ledger_is_answered_with_an_interim_report(teller, bank, wall):
    async def busy():
        if wall.submissions == 2:
            raise LedgerBusy("too much to do")

    wall.before = busy
    answer = await teller.submit(FILE)
    assert (answer.status, answer.payments.settled, answer.payments.accepted) == ("ACCP", 2, 3)
    assert texts(answer.report, "TxSts") == ["ACSC"] * 2 + ["ACCP"] * 3
    detail = await teller.file(answer.file_id)
    assert detail.file.finished_at is None
    await teller.finished()
    assert await bank.balance(RAHMENBAU) == 5_000


async def test_the_job_and_the_submission_may_work_on_one_file_at_once(teller, bank, wall):
    async def meddle():
        if wall.submissions == 2:
            await jobs.finish_unfinished(teller.service, waiting_s=0)

    wall.before = meddle
    answer = await teller.submit(FILE)
    assert (answer.status, answer.payments.settled) == ("ACSC", 5)
    assert await bank.balance(RAHMENBAU) == 5_000


async def test_the_job_leaves_files_alone_that_move_on(teller, bank, wall):
    wall.breaks_at = 2
    with pytest.raises(ConnectionResetError):
        await teller.submit(FILE)
    assert await teller.service.unfinished(waiting_s=60, most=10) == []
    taken = await teller.service.unfinished(waiting_s=0, most=10)
    assert len(taken) == 1
    assert await teller.service.unfinished(waiting_s=60, most=10) == []


async def test_a_refused_payment_stays_refused_when_funds_come_later(teller, bank, wall):
    content = initiation(Order(amount="10000.01"), message_id="dear")
    wall.breaks_at, wall.is_heard = 1, True
    with pytest.raises(ConnectionResetError):
        await teller.submit(content)
    await bank.moves("nostro:eur", await bank.address(FIETSEN), 1_000_000)
    assert texts((await teller.finished()).content, "Cd") == ["AM04"]
    assert await bank.balance(RAHMENBAU) == 0


@pytest.mark.parametrize("amount", [1_000, 999], ids=["the same money", "other money"])
async def test_a_payment_whose_id_is_known_in_other_words_is_settled_only_if_the_money_moved(
    teller, bank, wall, amount
):
    wall.breaks_at = 1
    with pytest.raises(ConnectionResetError):
        await teller.submit(initiation(Order()))
    page = await teller.payments()
    debit, credit = await bank.address(FIETSEN), await bank.address(RAHMENBAU)
    await bank.moves(debit, credit, amount, id=page.items[0].payment_id, reference="older words")
    report = await teller.finished()
    status = ["ACSC"] if amount == 1_000 else ["RJCT"]
    assert texts(report.content, "TxSts") == status
    assert texts(report.content, "Cd") == ([] if amount == 1_000 else ["MS03"])
    assert await bank.balance(RAHMENBAU) == amount


def test_every_refusal_the_books_can_give_a_payment_has_a_row_in_the_reference(request):
    page = (request.config.rootpath / "docs" / "reference" / "pain.md").read_text()
    for code, reason in REASONS.items():
        assert f"| `{code}` | `{reason.code}` |" in page

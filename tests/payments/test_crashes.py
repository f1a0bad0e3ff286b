"""Wherever the process dies between two arrows, the job finishes the file and nothing is paid twice."""

import pytest

from tallystick.ledger.api import LedgerBusy
from tallystick.payments import jobs
from tallystick.payments.api import FileOf, ListFiles, ListPayments, PaymentOf, ReportOf, SubmitFile
from tallystick.payments.model.book_rail import REASONS
from tallystick.payments.service import booking
from tests.payments.orders import FIETSEN, RAHMENBAU, Order, initiation, texts

ORDERS = tuple(Order(end_to_end_id=str(number)) for number in range(5))


@pytest.fixture
def submit(payments, caller):
    async def submit(content: bytes = initiation(*ORDERS)):
        return await payments.submit_file(caller=caller, message=SubmitFile(content=content))

    return submit


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(booking, "BATCH_MAX", 2)


async def finished(service, payments, caller):
    """Finish what is open, as the job does, and answer the report of the only file."""
    await jobs.finish_unfinished(service, waiting_s=0)
    (file,) = (await payments.files(caller=caller, message=ListFiles())).items
    assert file.payments.accepted == 0
    message = ReportOf(file_id=file.file_id)
    return await payments.report(caller=caller, message=message)


@pytest.mark.parametrize("is_heard", [False, True], ids=["unheard", "heard"])
@pytest.mark.parametrize("breaks_at", [1, 2, 3])
async def test_a_crash_around_any_call_to_the_books_is_finished_and_paid_once(
    submit, service, payments, bank, wall, caller, breaks_at, is_heard
):
    wall.breaks_at, wall.is_heard = breaks_at, is_heard
    with pytest.raises(ConnectionResetError):
        await submit()
    interim = await submit()
    assert (interim.replayed, interim.status) == (True, "ACCP")
    assert interim.payments.settled == 2 * (breaks_at - 1)
    final = await finished(service, payments, caller)
    assert (final.final, texts(final.content, "TxSts")) == (True, ["ACSC"] * 5)
    assert await bank.balance(RAHMENBAU) == 5_000
    again = await submit()
    assert again.report == final.content
    assert texts(again.report, "MsgId") != texts(interim.report, "MsgId")
    assert await jobs.finish_unfinished(service, waiting_s=0) == 0
    moved = await payments.payments(caller=caller, message=ListPayments())
    for one in moved.items:
        message = PaymentOf(payment_id=one.payment_id)
        detail = await payments.payment(caller=caller, message=message)
        assert [move.event for move in detail.transitions] == ["accept", "settle"]


async def test_a_crash_while_the_outcome_is_written_is_finished_and_paid_once(
    submit, service, payments, bank, caller, monkeypatch
):
    async def dies(*_, **__):
        raise ConnectionResetError("the process died here")

    with monkeypatch.context() as patch:
        patch.setattr(booking.store, "decide", dies)
        with pytest.raises(ConnectionResetError):
            await submit()
    assert await bank.balance(RAHMENBAU) == 2_000
    assert texts((await finished(service, payments, caller)).content, "TxSts") == ["ACSC"] * 5
    assert await bank.balance(RAHMENBAU) == 5_000


async def test_a_crash_while_the_file_is_written_leaves_nothing_of_it(
    submit, payments, bank, caller, monkeypatch
):
    async def dies(*_, **__):
        raise ConnectionResetError("the process died here")

    with monkeypatch.context() as patch:
        patch.setattr(booking.store, "insert_payments", dies)
        with pytest.raises(ConnectionResetError):
            await submit()
    assert (await payments.files(caller=caller, message=ListFiles())).items == ()
    assert (await submit()).replayed is False
    assert await bank.balance(RAHMENBAU) == 5_000


async def test_a_busy_ledger_is_answered_with_an_interim_report(
    submit, service, payments, bank, wall, caller
):
    async def busy():
        if wall.submissions == 2:
            raise LedgerBusy("too much to do")

    wall.before = busy
    answer = await submit()
    assert (answer.status, answer.payments.settled, answer.payments.accepted) == ("ACCP", 2, 3)
    assert texts(answer.report, "TxSts") == ["ACSC"] * 2 + ["ACCP"] * 3
    detail = await payments.file(caller=caller, message=FileOf(file_id=answer.file_id))
    assert detail.file.finished_at is None
    await finished(service, payments, caller)
    assert await bank.balance(RAHMENBAU) == 5_000


async def test_the_job_and_the_submission_may_work_on_one_file_at_once(
    submit, service, payments, bank, wall, caller
):
    async def meddle():
        if wall.submissions == 2:
            await jobs.finish_unfinished(service, waiting_s=0)

    wall.before = meddle
    answer = await submit()
    assert (answer.status, answer.payments.settled) == ("ACSC", 5)
    assert await bank.balance(RAHMENBAU) == 5_000


async def test_the_job_leaves_files_alone_that_move_on(submit, service, bank, wall):
    wall.breaks_at = 2
    with pytest.raises(ConnectionResetError):
        await submit()
    assert await service.unfinished(waiting_s=60, most=10) == []
    taken = await service.unfinished(waiting_s=0, most=10)
    assert len(taken) == 1
    assert await service.unfinished(waiting_s=60, most=10) == []


async def test_a_refused_payment_stays_refused_when_funds_come_later(
    submit, service, payments, bank, wall, caller
):
    content = initiation(Order(amount="10000.01"), message_id="dear")
    wall.breaks_at, wall.is_heard = 1, True
    with pytest.raises(ConnectionResetError):
        await submit(content)
    await bank.moves("nostro:eur", await bank.address(FIETSEN), 1_000_000)
    assert texts((await finished(service, payments, caller)).content, "Cd") == ["AM04"]
    assert await bank.balance(RAHMENBAU) == 0


@pytest.mark.parametrize("amount", [1_000, 999], ids=["the same money", "other money"])
async def test_a_payment_whose_id_is_known_in_other_words_is_settled_only_if_the_money_moved(
    submit, service, payments, bank, wall, caller, amount
):
    wall.breaks_at = 1
    with pytest.raises(ConnectionResetError):
        await submit(initiation(Order()))
    page = await payments.payments(caller=caller, message=ListPayments())
    debit, credit = await bank.address(FIETSEN), await bank.address(RAHMENBAU)
    await bank.moves(debit, credit, amount, id=page.items[0].payment_id, reference="older words")
    report = await finished(service, payments, caller)
    status = ["ACSC"] if amount == 1_000 else ["RJCT"]
    assert texts(report.content, "TxSts") == status
    assert texts(report.content, "Cd") == ([] if amount == 1_000 else ["MS03"])
    assert await bank.balance(RAHMENBAU) == amount


def test_every_refusal_the_books_can_give_a_payment_has_a_row_in_the_reference(request):
    page = (request.config.rootpath / "docs" / "reference" / "pain.md").read_text()
    for code, reason in REASONS.items():
        assert f"| `{code}` | `{reason.code}` |" in page

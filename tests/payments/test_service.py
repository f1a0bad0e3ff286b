"""Files are paid, in whole or in part, once, and reported on."""

import asyncio
from pathlib import Path

import pytest
from msgspec import structs

from tallystick.kernel import instants
from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import Malformed, Problem
from tallystick.ledger.api import TransactionOf
from tallystick.payments.api import (
    PaidLately,
    PaymentFileNotFound,
    PaymentNotFound,
    PaymentState,
    SubmitFile,
)
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

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
SAMPLES = ROOT.parent / "shared" / "data" / "iso20022" / "samples"
PERSONS = {
    "FR1420041010050500013M02606": "Claire Martin",
    "IT60X0542811101000000123456": "Luca Rossi",
    "BE68539007547034": "Emma Peeters",
    "AT611904300234573201": "Jonas Gruber",
}


async def test_a_file_is_paid_and_stands_in_the_books_with_its_parties(
    teller, bank, ledger, caller
):
    answer = await teller.submit(initiation(Order(amount="12.34", end_to_end_id="INV-1")))
    assert (answer.status, answer.replayed, answer.message_id) == ("ACSC", False, "M-1")
    assert (answer.payments.total, answer.payments.settled) == (1, 1)
    assert texts(answer.report, "TxSts") == texts(answer.report, "GrpSts") == ["ACSC"]
    assert await bank.balance(RAHMENBAU) == 1_234
    (payment_id,) = texts(answer.report, "AcctSvcrRef")
    message = TransactionOf(ledger="main", id=str(payment_id))
    booked = await ledger.transaction(caller=caller, message=message)
    assert booked.reference == "INV-1"
    # The payer is named as the account is held, whatever the file says.
    assert booked.metadata == {
        "end_to_end_id": "INV-1",
        "debtor_name": "De Vries Fietsen",
        "debtor_iban": FIETSEN,
        "creditor_name": "Payee",
        "creditor_iban": RAHMENBAU,
        "remittance": "For frames",
    }
    detail = await teller.payment(payment_id)
    moves = [(one.number, one.state_before, one.state_after) for one in detail.transitions]
    assert moves == [(1, "received", "accepted"), (2, "accepted", "settled")]
    assert (detail.payment.amount, detail.payment.instructed_amount) == (1_234, "12.34")


async def test_each_transfer_that_fails_has_its_own_reason_and_the_others_are_paid(teller, bank):
    await bank.opens("FR1420041010050500013M02606", "Claire Martin", max_available=5_00)
    orders = (
        Order(amount="9000.00", instruction_id="1"),
        Order(amount="1000.01", instruction_id="2"),
        Order(to=ELSEWHERE),
        Order(to="DE88370400440532013000"),
        Order(to="FR1420041010050500013M02606", amount="5.01"),
        Order(amount="9000.00", instruction_id="1"),
        Order(amount="1000.00", instruction_id="3"),
    )
    answer = await teller.submit(initiation(*orders))
    assert answer.status == "PART"
    assert texts(answer.report, "TxSts") == ["ACSC", *["RJCT"] * 5, "ACSC"]
    assert texts(answer.report, "Cd") == ["AM04", "AG03", "AC03", "AM02", "AM05"]
    assert await bank.balance(FIETSEN) == 0
    assert await bank.balance(RAHMENBAU) == 1_000_000


async def test_an_account_frozen_before_or_after_screening_is_told_as_blocked(teller, bank, wall):
    await bank.freezes(RAHMENBAU)
    before = await teller.submit(initiation(Order(), message_id="before"))
    assert texts(before.report, "Cd") == ["AC06"]

    async def freeze():
        await bank.freezes(ELECTRICAL)

    wall.before = freeze
    after = await teller.submit(initiation(Order(to=ELECTRICAL), message_id="after"))
    assert texts(after.report, "Cd") == ["AC06"]
    assert wall.submissions == 1
    assert await bank.balance(FIETSEN) == 1_000_000


async def test_a_rejected_block_and_a_rejected_message_leave_payments_with_the_reason(teller, bank):
    future = await teller.submit(initiation(Order(), message_id="later", day="2199-01-01"))
    assert texts(future.report, "PmtInfSts") == texts(future.report, "GrpSts") == ["RJCT"]
    assert texts(future.report, "TxSts") == []
    miscounted = await teller.submit(initiation(Order(), message_id="two", count=2))
    assert texts(miscounted.report, "Cd") == ["AM19"]
    assert texts(miscounted.report, "PmtInfSts") == []
    page = await teller.payments()
    assert [one.reason and one.reason.code for one in page.items] == ["AM19", "DT04"]
    assert page.items[0].amount is None
    assert await bank.balance(FIETSEN) == 1_000_000


async def test_the_same_file_pays_once_in_the_same_bytes_or_other_spelling(teller, bank):
    content = initiation(Order())
    first = await teller.submit(content)
    again = await teller.submit(content)
    respelled = await teller.submit(initiation(Order(), note="<!-- again -->"))
    assert [one.replayed for one in (first, again, respelled)] == [False, True, True]
    assert first.report == again.report == respelled.report
    assert await bank.balance(RAHMENBAU) == 1_000


async def test_a_used_message_id_with_other_content_is_rejected_every_time(teller, bank):
    await teller.submit(initiation(Order()))
    other = initiation(Order(amount="11.00"))
    for replayed in (False, True):
        answer = await teller.submit(other)
        assert (answer.status, answer.replayed) == ("RJCT", replayed)
        assert texts(answer.report, "Cd") == ["DU01"]
    assert await bank.balance(RAHMENBAU) == 1_000
    # Two payers may well count their messages alike.
    elsewhere = await teller.submit(initiation(Order(amount="11.00"), debtor=ELECTRICAL))
    assert elsewhere.status == "ACSC"


async def test_two_files_that_race_for_a_message_id_are_not_both_paid(teller, bank):
    files = [initiation(Order(amount=f"{amount}.00")) for amount in range(1, 5)]
    answers = await asyncio.gather(*map(teller.submit, files))
    assert sorted(answer.status for answer in answers) == ["ACSC", "RJCT", "RJCT", "RJCT"]
    paid = [int(str(one.payments.settled)) * place for place, one in enumerate(answers, start=1)]
    assert await bank.balance(RAHMENBAU) == 100 * sum(paid)


async def test_identical_submissions_at_once_pay_once(teller, bank):
    content = initiation(*(Order(end_to_end_id=str(number)) for number in range(20)))
    answers = await asyncio.gather(*(teller.submit(content) for _ in range(4)))
    assert sorted(answer.replayed for answer in answers) == [False, True, True, True]
    assert len({answer.file_id for answer in answers}) == 1
    assert await bank.balance(RAHMENBAU) == 20_000


async def test_what_cannot_be_read_leaves_nothing_behind(teller, bank):
    for content, code in (
        (b"no xml", "xml_is_malformed"),
        (b"<!DOCTYPE a []><a/>", "xml_has_forbidden_construct"),
        (b"<a/>", "message_not_supported"),
        (initiation(Order(amount="x")), "schema_violation"),
    ):
        with pytest.raises(Problem) as refused:
            await teller.submit(content)
        assert refused.value.code == code
    assert (await teller.files()).items == ()


async def test_another_tenant_sees_and_repeats_nothing(teller, bank, mint):
    answer = await teller.submit(initiation(Order()))
    stranger = Teller(
        service=teller.service, caller=Caller(tenant_id=mint.tenant_id(), actor="stranger")
    )
    with pytest.raises(PaymentFileNotFound):
        await stranger.file(answer.file_id)
    with pytest.raises(PaymentFileNotFound):
        await stranger.report(answer.file_id)
    (payment_id,) = texts(answer.report, "AcctSvcrRef")
    with pytest.raises(PaymentNotFound):
        await stranger.payment(payment_id)
    assert (await stranger.payments()).items == ()
    theirs = await stranger.submit(initiation(Order()))
    assert (theirs.replayed, texts(theirs.report, "Cd")) == (False, ["AC02"])


async def test_lists_go_page_by_page_and_by_filter(teller, bank):
    ids = [str(number) for number in range(5)]
    first = await teller.submit(initiation(*(Order(end_to_end_id=one) for one in ids)))
    second = await teller.submit(
        initiation(Order(to=ELSEWHERE, end_to_end_id="3"), message_id="M-2")
    )

    async def listed(**words):
        page = await teller.payments(**words)
        return [one.end_to_end_id for one in page.items], page.after

    assert (await listed())[0] == ["3", "4", "3", "2", "1", "0"]
    page, after = await listed(limit=4)
    assert (page, (await listed(limit=4, after=after))) == (
        ["3", "4", "3", "2"],
        (["1", "0"], None),
    )
    assert (await listed(end_to_end_id="3"))[0] == ["3", "3"]
    assert (await listed(end_to_end_id="3", state=PaymentState.SETTLED))[0] == ["3"]
    assert (await listed(state=PaymentState.REJECTED))[0] == ["3"]
    assert (await listed(file_id=first.file_id))[0] == ids[::-1]
    files = await teller.files(limit=1)
    assert ([one.file_id for one in files.items], files.after) == ([second.file_id], second.file_id)
    files = await teller.files(after=files.after)
    assert ([one.status for one in files.items], files.after) == (["ACSC"], None)
    detail = await teller.file(first.file_id, limit=3)
    assert [one.end_to_end_id for one in detail.payments] == ids[:3]
    rest = await teller.file(first.file_id, after=detail.after)
    assert ([one.end_to_end_id for one in rest.payments], rest.after) == (ids[3:], None)
    for wrong in (
        {"limit": 0},
        {"limit": 201},
        {"after": ""},
        {"after": "é"},
        {"after": "~"},
        {"after": first.file_id},
    ):
        with pytest.raises(Malformed):
            await listed(**wrong)


@pytest.mark.parametrize(
    ("name", "statuses", "codes"),
    [
        ("pay-supplier.pain.001.001.09.xml", ["ACSC"] * 2, []),
        (
            "pay-mixed.pain.001.001.11.xml",
            ["ACSC", "RJCT", "RJCT", "RJCT"],
            ["AM04", "AG03", "AC03"],
        ),
        ("salaries.pain.001.001.03.xml", ["ACSC"] * 5, []),
    ],
)
async def test_the_examples_do_what_they_say(teller, bank, name, statuses, codes):
    for iban, person in PERSONS.items():
        await bank.opens(iban, person)
    await bank.moves("nostro:eur", await bank.address(FIETSEN), 1_000_000)
    answer = await teller.submit((EXAMPLES / name).read_bytes())
    assert texts(answer.report, "TxSts") == statuses
    assert texts(answer.report, "Cd") == codes
    version = b"pain.002.001.03" if ".03." in name else b"pain.002.001.10"
    assert version in answer.report


@pytest.mark.skipif(not SAMPLES.exists(), reason="the public samples are not beside this checkout")
@pytest.mark.parametrize(
    "line",
    [
        line
        for line in (ROOT / "docs/reference/iso20022-samples.md").read_text().splitlines()
        if line.startswith("| `") and ".xml` |" in line
    ],
    ids=lambda line: line.split("`")[1][:40],
)
async def test_a_file_of_another_bank_has_the_verdict_of_the_reference(teller, bank, line, wall):
    _, name, _, verdict, _, _ = (cell.strip() for cell in line.split("|", 5))
    words = verdict.replace("`", "").split()
    content = (SAMPLES / name.strip("`")).read_bytes()
    if len(words) == 1:
        with pytest.raises(Problem) as refused:
            await teller.submit(content)
        assert refused.value.code == words[0]
        return
    answer = await teller.submit(content)
    assert [answer.status, *texts(answer.report, "Cd")] == words
    assert wall.submissions == 0


async def test_of_two_like_payments_at_once_one_is_refused_where_it_is_asked(teller, bank):
    now = SystemClock().now()
    first, second = (
        SubmitFile(
            content=initiation(Order(amount="7.77"), message_id=name),
            unless_paid_since=instants.render(now - instants.DAY),
        )
        for name in ("TAB-1", "TAB-2")
    )
    answers = await asyncio.gather(
        *(teller.door.submit_file(caller=teller.caller, message=one) for one in (first, second)),
        return_exceptions=True,
    )
    (refused,) = [one for one in answers if isinstance(one, PaidLately)]
    (paid,) = [one for one in answers if not isinstance(one, BaseException)]
    assert [refused.fields["payment"]] == texts(paid.report, "AcctSvcrRef")
    for message in (first, second):
        # Who does not ask is told nothing, and what was paid is a replay, asked or not.
        plain = structs.replace(message, unless_paid_since=None)
        assert (
            await teller.door.submit_file(caller=teller.caller, message=plain)
        ).payments.settled == 1
        assert (await teller.door.submit_file(caller=teller.caller, message=message)).replayed
    later = SubmitFile(
        content=initiation(Order(amount="7.77"), message_id="LATER"),
        unless_paid_since=instants.render(now + instants.DAY),
    )
    assert (
        await teller.door.submit_file(caller=teller.caller, message=later)
    ).payments.settled == 1

"""Statements as PDF and CSV: the same bytes for the same statement, texts of others as text alone, and bounds."""

import asyncio
import csv
import io
import re
import threading
from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from tallystick.wallets.adapters import csv_file, pdf_file
from tallystick.wallets.api import (
    FileFormat,
    StatementBusy,
    StatementFormatNotSupported,
    StatementTooLong,
)
from tallystick.wallets.model.statement import Statement, StatementDoesNotAddUp
from tallystick.wallets.service import files
from tests.wallets.test_camt053 import RECEIVED, STATEMENT

HOSTILE = (
    '#panic("x")', "#import \"x\"", "*b* _i_ $x$ `c` <l> @r \\ // /* */ ]", "#{while true {}}",
    "\u202e\u0000\ufffe\x1b[0m",
    "你好 😀 a\u0301\u0328", "W" * 140, "שלום عالم", "",
)  # fmt: skip


def with_texts(text: str) -> Statement:
    line = replace(
        RECEIVED, counterparty_name=text, remittance=text, end_to_end_id=text, reference=text
    )
    return replace(
        STATEMENT,
        owner_name=text,
        account_id=text,
        account_iban=None,
        lines=(line,),
        closing_minor=15_000,
    )


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_a_pdf_is_the_same_bytes_and_follows_its_standards():
    pdf = pdf_file.write(STATEMENT)
    assert pdf == pdf_file.write(
        replace(STATEMENT, message_id="msg_2", created_at=STATEMENT.created_at + 1)
    )
    assert pdf != pdf_file.write(replace(STATEMENT, owner_name="Somebody else"))
    assert pdf.startswith(b"%PDF-1.7")
    for standard in (b"<pdfaid:part>2<", b"<pdfaid:conformance>A<", b"<pdfuaid:part>1<"):
        assert standard in pdf
    fonts = set(re.findall(rb"/FontName/[A-Z]{6}\+([A-Za-z]+)", pdf))
    assert fonts, "fonts are in the file"
    assert all(name.startswith((b"LibertinusSerif", b"DejaVuSansMono")) for name in fonts)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_others_wrote_is_never_code_of_the_pdf(text: str):
    assert pdf_file.write(with_texts(text)).startswith(b"%PDF")


def test_the_fonts_have_every_letter_that_is_shown():
    letters = "".join(
        chr(code) for code in range(0x20, 0x2_1000) if pdf_file._shown(chr(code)) != "?"
    )
    assert {"a", "ß", "Ž", "Ω", "Ж", "ש", "ع", "€"} < set(letters)
    # A letter without a glyph is against both standards, so setting it would be refused.
    assert pdf_file.write(with_texts(" ".join(letters))).startswith(b"%PDF")


def test_a_pdf_is_bounded():
    line = replace(RECEIVED, amount_minor=0)
    most = replace(STATEMENT, lines=(line,) * (pdf_file.LINES_MAX + 1), closing_minor=10_000)
    with pytest.raises(StatementTooLong) as refused:
        pdf_file.write(most)
    assert refused.value.fields == {"lines_max": "2000"}
    large = replace(STATEMENT, lines=(), opening_minor=10**30, closing_minor=10**30)
    with pytest.raises(StatementFormatNotSupported):
        pdf_file.write(large)
    nothing = replace(
        STATEMENT, lines=(), opening_minor=1 - 10**30, closing_minor=1 - 10**30, exponent=18
    )
    assert pdf_file.write(nothing).startswith(b"%PDF")


@pytest.mark.parametrize("write", [pdf_file.write, csv_file.write])
def test_what_does_not_add_up_is_never_written(write):
    with pytest.raises(StatementDoesNotAddUp):
        write(replace(STATEMENT, closing_minor=0))


def test_a_csv_has_every_line_with_the_balance_after_it():
    first, second = rows(csv_file.write(STATEMENT))
    assert first == {
        "booked_on": "2026-03-01", "value_on": "2026-03-01", "amount": "50.00", "currency": "EUR", "balance": "150.00",
        "counterparty_name": "Müller & Söhne", "counterparty_iban": "DE89370400440532013000", "remittance": "Invoice 1",
        "end_to_end_id": "INV-1", "instruction_id": "", "transaction": "pay_1",
    }  # fmt: skip
    assert (second["amount"], second["balance"], second["instruction_id"]) == (
        "-175.50",
        "-25.50",
        "I-1",
    )


def test_a_csv_is_as_rfc_4180_has_it():
    text = 'a "quoted", one\r\nand another'
    content = csv_file.write(with_texts(text))
    assert [row["remittance"] for row in rows(content)] == [text]
    assert content.count(b"\r\n") == 2 + 4
    assert csv_file.write(replace(STATEMENT, lines=(), closing_minor=10_000)).count(b"\r\n") == 1


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\uff1d1", "\n+1"]
)
def test_no_text_of_a_csv_is_a_formula(text: str):
    (row,) = rows(csv_file.write(with_texts(text)))
    assert row["counterparty_name"] == row["remittance"] == row["transaction"] == f"'{text}"
    (plain,) = rows(csv_file.write(with_texts(f"a{text}")))
    assert plain["remittance"] == f"a{text}"


async def test_one_pdf_is_set_at_a_time_and_nobody_waits_for_ever(monkeypatch):
    running, seen = [], []

    def slow(statement: Statement) -> bytes:
        running.append(statement)
        seen.append(len(running))
        begun.set()
        released.wait(5)
        running.remove(statement)
        return statement.id.encode()

    begun, released = threading.Event(), threading.Event()
    monkeypatch.setattr(files.pdf_file, "write", slow)
    writing = files.Files(wait_max_s=5)
    asked = [asyncio.create_task(writing.write(STATEMENT, FileFormat.PDF)) for _ in range(3)]
    impatient = files.Files(wait_max_s=0)
    impatient._turns = writing._turns
    await asyncio.to_thread(begun.wait, 5)
    with pytest.raises(StatementBusy):
        await impatient.write(STATEMENT, FileFormat.PDF)
    # Whoever goes away leaves the turn taken until the thread is done.
    asked[0].cancel()
    assert await writing.write(STATEMENT, FileFormat.CSV) == csv_file.write(STATEMENT)
    assert len(running) == 1
    released.set()
    assert await asyncio.gather(*asked[1:]) == [b"stm_1", b"stm_1"]
    assert seen == [1, 1, 1]


def test_a_day_that_is_not_over_says_so():
    open_day = replace(STATEMENT, available_minor=None, sequence_number=None)
    told: Any = pdf_file._told(open_day)
    assert told["period"] == "1 March 2026, not over yet"
    assert [name for name, _ in told["sums"]] == [
        "Balance before 1 March 2026", "Out (1)", "In (1)", "Balance on 1 March 2026",
    ]  # fmt: skip
    told = pdf_file._told(STATEMENT)
    assert told["sums"][3:] == [
        ("Balance after 1 March 2026", "\N{MINUS SIGN}25.50"),
        ("Available then", "0.00"),
    ]
    march = replace(STATEMENT, ends_at=STATEMENT.starts_at + 31 * 86_400_000_000)
    assert pdf_file._told(march)["period"] == "1 March 2026 to 31 March 2026"
    assert STATEMENT.opened_on == date(2026, 3, 1)

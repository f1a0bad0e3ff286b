"""A statement adds up, follows its schema and grows with its lines."""

from datetime import date
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tallystick.kernel import instants
from tallystick.runtime import iso20022
from tallystick.wallets.adapters import camt053
from tallystick.wallets.api import StatementFormatNotSupported
from tallystick.wallets.model.statement import (
    Direction,
    Line,
    Statement,
    StatementDoesNotAddUp,
    TransactionCode,
    adds_up,
    sequence_number,
)

DAY = date(2026, 3, 1)
RECEIVED = Line(
    amount_minor=5_000,
    direction=Direction.CREDIT,
    booked_on=DAY,
    value_on=DAY,
    reference="pay_1",
    end_to_end_id="INV-1",
    counterparty_name="Müller & Söhne",
    counterparty_iban="DE89370400440532013000",
    remittance="Invoice 1",
)
SENT = replace(RECEIVED, amount_minor=17_550, direction=Direction.DEBIT, instruction_id="I-1")
STATEMENT = Statement(
    id="stm_1",
    message_id="msg_1",
    created_at=1_772_409_600_000_000,
    sequence_number=60,
    account_id="acc_1",
    account_iban="NL91ABNA0417164300",
    owner_name="De Vries Fietsen",
    currency="EUR",
    exponent=2,
    starts_at=1_772_323_200_000_000,
    ends_at=1_772_409_600_000_000,
    opening_minor=10_000,
    closing_minor=-2_550,
    available_minor=0,
    lines=(RECEIVED, SENT),
)


def texts(xml: bytes, path: str) -> list[str | None]:
    steps = "/".join(f"{{*}}{step}" for step in path.split("/"))
    return [element.text for element in ElementTree.fromstring(xml).iterfind(f".//{steps}")]


def day(year: int, month: int, number: int) -> int:
    return instants.day_start(date(year, month, number))


@pytest.mark.parametrize(
    ("first", "beyond", "number"),
    [
        (day(1970, 1, 1), day(1970, 1, 2), 1),
        (day(2026, 2, 28), day(2026, 3, 1), 20_513),
        (day(2026, 3, 1), day(2026, 3, 2), 20_514),
        (day(1970, 1, 1), day(1970, 2, 1), 1),
        (day(2025, 12, 1), day(2026, 1, 1), 672),
        (day(2026, 1, 1), day(2026, 2, 1), 673),
        (day(2026, 2, 1), day(2026, 3, 1), 674),
        (day(2026, 2, 1), day(2026, 2, 28), None),
        (day(2026, 2, 2), day(2026, 3, 1), None),
        (day(2026, 2, 2), day(2026, 3, 2), None),
        (day(2026, 1, 1), day(2026, 3, 1), None),
        (day(2025, 2, 1), day(2026, 3, 1), None),
        (day(2026, 1, 1), day(2027, 1, 1), None),
        (day(1969, 12, 31), day(1970, 1, 1), None),
        (day(1969, 12, 1), day(1970, 1, 1), None),
    ],
)
def test_a_day_and_a_month_are_numbered_one_after_the_other(
    first: int, beyond: int, number: int | None
):
    assert sequence_number(first, beyond) == number


def test_a_statement_without_a_number_leaves_it_out():
    assert texts(camt053.write(STATEMENT), "ElctrncSeqNb") == ["60"]
    unnumbered = camt053.write(replace(STATEMENT, sequence_number=None))
    assert texts(unnumbered, "ElctrncSeqNb") == []


def test_a_statement_says_its_balances_totals_and_lines():
    xml = camt053.write(STATEMENT)
    assert texts(xml, "Bal/Tp/CdOrPrtry/Cd") == ["OPBD", "CLBD", "CLAV"]
    assert texts(xml, "Bal/Amt") == ["100.00", "25.50", "0.00"]
    assert texts(xml, "Bal/CdtDbtInd") == ["CRDT", "DBIT", "CRDT"]
    assert texts(xml, "Bal/Dt/Dt") == ["2026-03-01"] * 3
    assert texts(xml, "FrToDt/ToDtTm") == ["2026-03-01T23:59:59.999999Z"]
    assert texts(xml, "TtlNtries/NbOfNtries") == ["2"]
    assert texts(xml, "TtlNetNtry/Amt") == ["125.50"]
    assert texts(xml, "TtlNetNtry/CdtDbtInd") == ["DBIT"]
    assert texts(xml, "TtlCdtNtries/Sum") == ["50.00"]
    assert texts(xml, "TtlDbtNtries/Sum") == ["175.50"]
    assert texts(xml, "Ntry/Amt") == ["50.00", "175.50"]
    assert texts(xml, "Ntry/BkTxCd/Domn/Fmly/Cd") == ["RCDT", "ICDT"]
    assert texts(xml, "RltdPties/Dbtr/Pty/Nm") == ["Müller & Söhne"]
    assert texts(xml, "RltdPties/CdtrAcct/Id/IBAN") == ["DE89370400440532013000"]
    assert texts(xml, "Refs/InstrId") == ["I-1"]


def test_an_empty_statement_of_an_account_without_iban_or_code_is_written():
    empty = replace(
        STATEMENT,
        account_iban=None,
        owner_name=None,
        available_minor=None,
        lines=(),
        closing_minor=10_000,
        ends_at=STATEMENT.starts_at,
    )
    xml = camt053.write(empty)
    assert texts(xml, "Acct/Id/Othr/Id") == ["acc_1"]
    assert texts(xml, "Ntry") == []


def test_another_transaction_code_is_printed_as_given():
    fee = replace(SENT, code=TransactionCode("ACMT", "MDOP", "CHRG"))
    xml = camt053.write(replace(STATEMENT, lines=(RECEIVED, fee)))
    assert texts(xml, "Ntry/BkTxCd/Domn/Cd") == ["PMNT", "ACMT"]


def test_a_statement_that_does_not_add_up_is_never_written():
    for wrong in (
        replace(STATEMENT, closing_minor=-2_549),
        replace(STATEMENT, lines=(RECEIVED,)),
        replace(STATEMENT, lines=(replace(RECEIVED, amount_minor=-12_550),)),
    ):
        with pytest.raises(StatementDoesNotAddUp):
            camt053.write(wrong)
    adds_up(STATEMENT)


@pytest.mark.parametrize(
    "changes",
    [
        {"currency": "BTC.X"},
        {"exponent": 8},
        {"opening_minor": 10**18, "closing_minor": 10**18, "lines": ()},
        {"available_minor": -(10**18)},
    ],
)
def test_what_the_format_has_no_place_for_is_refused(changes: dict[str, object]):
    with pytest.raises(StatementFormatNotSupported):
        camt053.write(replace(STATEMENT, **changes))


ODD = st.none() | st.text(alphabet=st.characters(), max_size=160)
LINE = st.builds(
    Line,
    amount_minor=st.integers(0, 10**16),
    direction=st.sampled_from(Direction),
    booked_on=st.dates(),
    value_on=st.dates(),
    reference=st.text(alphabet=st.characters(), max_size=60),
    instruction_id=ODD,
    end_to_end_id=ODD,
    counterparty_name=ODD,
    counterparty_iban=ODD | st.just("NL91ABNA0417164300"),
    remittance=ODD,
)


@given(
    lines=st.lists(LINE, max_size=5).map(tuple),
    opening=st.integers(-(10**17), 10**17),
    exponent=st.integers(0, 5),
    odd=st.text(alphabet=st.characters(), max_size=160),
)
@settings(max_examples=80, deadline=None)
def test_a_statement_follows_its_schema_whatever_the_texts(
    lines: tuple[Line, ...], opening: int, exponent: int, odd: str
):
    statement = replace(
        STATEMENT,
        id=odd,
        message_id=odd,
        account_id=odd,
        account_iban=odd,
        owner_name=odd,
        opening_minor=opening,
        exponent=exponent,
        lines=lines,
        closing_minor=opening + sum(line.change for line in lines),
    )
    xml = camt053.write(statement)
    assert texts(xml, "Ntry/CdtDbtInd") == [line.direction for line in lines]


def test_a_long_statement_is_written_whole():
    lines = (RECEIVED, replace(SENT, amount_minor=5_000)) * 10_000
    xml = camt053.write(replace(STATEMENT, lines=lines, closing_minor=10_000))
    assert len(xml) > iso20022.BYTES_MAX
    assert xml.count(b"<Ntry>") == 20_000

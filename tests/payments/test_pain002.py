"""Status reports sum up rightly, and follow their schema whatever was in the original."""

from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.payments.adapters import pain001, pain002
from tallystick.payments.model import screening
from tallystick.payments.model.reasons import NAMES, Reason
from tallystick.payments.model.screening import AccountFacts, Condition, Screening
from tallystick.payments.model.status_report import (
    BlockReport,
    GroupStatus,
    StatusReport,
    TransactionReport,
    TransactionStatus,
    overall,
)
from tests.payments.reports import report_on

DATA = Path(__file__).parent / "data"
FACTS = AccountFacts(currency="EUR", exponent=2, condition=Condition.OPEN)
OWN = {"NL91ABNA0417164300": FACTS, "DE89370400440532013000": FACTS}


def screened(version: str) -> Screening:
    initiation = pain001.read((DATA / f"pain.001.001.{version}.xml").read_bytes())
    return screening.check(initiation, own_accounts=OWN, today=date(2026, 3, 1))


def texts(xml: bytes, name: str) -> list[str | None]:
    return [element.text for element in ElementTree.fromstring(xml).iterfind(f".//{{*}}{name}")]


@pytest.mark.parametrize("version", ["09", "11"])
def test_a_report_echoes_the_original_and_says_what_became_of_each_transfer(version: str):
    xml = pain002.write(report_on(screened(version), settled=["pay_1"]))
    assert b'"urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"' in xml
    assert texts(xml, "OrgnlMsgNmId") == [f"pain.001.001.{version}"]
    assert texts(xml, "CreDtTm") == ["2026-03-01T09:30:00.000000Z"]
    assert texts(xml, "GrpSts") == texts(xml, "PmtInfSts") == ["PART"]
    assert texts(xml, "TxSts") == ["ACSC", "RJCT"]
    assert texts(xml, "Cd") == ["AG03"]
    assert texts(xml, "OrgnlUETR")[0] == "8a562c67-ca16-48ba-b074-65581be6f001"
    assert texts(xml, "AcctSvcrRef") == ["pay_1", "pay_2"]


def test_an_accepted_transfer_that_is_not_booked_yet_is_not_called_settled():
    report = report_on(screened("09"))
    (block,) = report.blocks
    assert block.transactions[0].status == TransactionStatus.ACCEPTED
    # An interim report has another id than the final one, so that neither is taken for the other.
    assert report.message_id != report_on(screened("09"), settled=["pay_1"]).message_id == "rep_1"


def test_a_refusal_of_the_books_is_reported_with_its_reason():
    report = report_on(screened("09"), refused={"pay_1": Reason("AM04", "Not enough money")})
    assert report.status == GroupStatus.REJECTED
    assert texts(pain002.write(report), "Cd") == ["AM04", "AG03"]


@pytest.mark.parametrize(
    ("statuses", "summed"),
    [
        ("", "RCVD"),
        ("ACSC ACSC", "ACSC"),
        ("RJCT RJCT", "RJCT"),
        ("RJCT ACSC", "PART"),
        ("PDNG ACSC", "PART"),
        ("PART ACSC", "PART"),
        ("ACSC ACCP ACSP", "ACCP"),
        ("ACSC ACSP", "ACSP"),
    ],
)
def test_a_group_has_the_common_status_or_part_or_the_least_advanced(statuses: str, summed: str):
    assert overall(statuses.split()) == summed


# Half of the time long enough to be cut; surrogates and control characters included.
ODD = st.text(alphabet=st.characters(), max_size=50)
REASON = st.none() | st.builds(
    Reason, st.sampled_from(sorted(NAMES)), st.text(alphabet=st.characters(), max_size=600)
)
TRANSACTION = st.builds(
    TransactionReport,
    instruction_id=st.none() | ODD,
    end_to_end_id=ODD,
    uetr=st.none() | st.uuids(version=4).map(str),
    status=st.sampled_from(TransactionStatus),
    reason=REASON,
    reference=st.none() | ODD,
)
BLOCK = st.builds(
    BlockReport,
    payment_information_id=ODD,
    transaction_count=st.none() | st.integers(0, 10**15 - 1).map(str),
    control_sum=st.none() | st.integers(-(10**17), 10**18 - 1).map(str),
    status=st.sampled_from(GroupStatus),
    reason=REASON,
    transactions=st.lists(TRANSACTION, max_size=2).map(tuple),
)
REPORT = st.builds(
    StatusReport,
    message_id=ODD,
    created_at=st.integers(0, 4_102_444_800_000_000),
    original_message=st.sampled_from(sorted(pain002.REPORTS)),
    original_message_id=ODD,
    original_created_at=st.datetimes().map(lambda moment: moment.isoformat()),
    original_transaction_count=st.just("1"),
    original_control_sum=st.just("0.1"),
    status=st.sampled_from(GroupStatus),
    reason=REASON,
    blocks=st.lists(BLOCK, max_size=2).map(tuple),
)


@given(report=REPORT)
@settings(max_examples=80, deadline=None)
def test_a_report_follows_its_schema_whatever_the_texts(report: StatusReport):
    xml = pain002.write(report)
    statuses = [one.status for block in report.blocks for one in block.transactions]
    assert texts(xml, "TxSts") == statuses
    assert all(line and len(line) <= 105 for line in texts(xml, "AddtlInf"))


def test_a_short_legal_id_comes_back_as_it_was():
    report = StatusReport(
        message_id="rep_1",
        created_at=0,
        original_message="pain.001.001.03",
        original_message_id=" <é&\U0001f600> ",
        original_created_at="2026-03-01T09:30:00",
        original_transaction_count="1",
        original_control_sum=None,
        status=GroupStatus.RECEIVED,
    )
    xml = pain002.write(report)
    assert b'"urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"' in xml
    assert texts(xml, "OrgnlMsgId") == [" <é&\U0001f600> "]

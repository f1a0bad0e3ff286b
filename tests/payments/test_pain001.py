"""Initiations are read in three versions, and what others sent is judged by the standard."""

from datetime import date
from pathlib import Path

import pytest

from tallystick.kernel.problems import Problem
from tallystick.payments.adapters import pain001, pain002
from tallystick.payments.model import screening
from tallystick.payments.model.screening import AccountFacts, Condition
from tests.payments.reports import report_on

DATA = Path(__file__).parent / "data"
SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "data" / "iso20022" / "samples"
VERDICTS = Path(__file__).resolve().parents[2] / "docs" / "reference" / "iso20022-samples.md"

PAYER = "ES9121000418450200051332"


def verdict_of(xml: bytes) -> str:
    """Say in a word what we answer: a problem, or the reasons of the status report."""
    try:
        initiation = pain001.read(xml)
    except Problem as problem:
        return problem.code
    payer = AccountFacts(currency="EUR", exponent=2, condition=Condition.OPEN)
    screened = screening.check(initiation, own_accounts={PAYER: payer}, today=date(2026, 3, 1))
    report = report_on(screened)
    pain002.write(report)
    reasons = [report.reason, *(block.reason for block in report.blocks)]
    reasons += [one.reason for block in report.blocks for one in block.transactions]
    return " ".join([report.status, *(reason.code for reason in reasons if reason)])


def written_verdicts() -> dict[str, str]:
    lines = VERDICTS.read_text().splitlines()
    rows = [line.split("|") for line in lines if line.startswith("| `") and ".xml` |" in line]
    return {row[1].strip().strip("`"): row[3].strip().replace("`", "") for row in rows}


def test_every_sample_of_others_gets_the_verdict_that_is_written_down():
    if not SAMPLES.is_dir():
        pytest.skip("the samples of other banks (../shared/data) are not on this machine")
    verdicts = {file.name: verdict_of(file.read_bytes()) for file in SAMPLES.iterdir()}
    assert verdicts == written_verdicts()


@pytest.mark.parametrize("version", ["09", "11"])
def test_read_gives_every_field_of_the_newer_versions(version: str):
    initiation = pain001.read((DATA / f"pain.001.001.{version}.xml").read_bytes())
    assert initiation.message == f"pain.001.001.{version}"
    assert initiation.created_at == "2026-03-01T09:30:00+01:00"
    assert (initiation.transaction_count, initiation.control_sum) == ("2", "1250.50")
    assert initiation.initiating_party == "De Vries Fietsen"
    (block,) = initiation.blocks
    assert (block.position, block.method, block.batch_booking) == (1, "TRF", True)
    assert block.requested_execution_date == "2026-03-01"
    assert (block.debtor_iban, block.currency) == ("NL91ABNA0417164300", "EUR")
    assert block.debtor_agent_bic == "ABNANL2AXXX"
    first, second = block.transactions
    assert (first.position, second.position) == (1, 2)
    assert first.uetr == "8a562c67-ca16-48ba-b074-65581be6f001"
    assert (first.amount, first.currency) == ("1250.00", "EUR")
    assert (first.creditor_name, first.creditor_agent_bic) == ("Müller Rahmenbau", "COBADEFFXXX")
    assert first.remittance_unstructured == ("Invoice 2026-001", "second line")
    assert (second.remittance_unstructured, second.amount) == ((), "0.5")
    assert second.structured_reference == "RF18539007547034"


def test_read_gives_the_fields_of_the_old_version_with_its_bic_and_plain_date():
    initiation = pain001.read(old_version())
    (block,) = initiation.blocks
    (transfer,) = block.transactions
    assert (initiation.message, initiation.control_sum) == ("pain.001.001.03", None)
    assert block.requested_execution_date == "2026-03-01"
    assert (block.debtor_iban, block.debtor_account_other) == (None, "4711")
    assert (block.debtor_agent_bic, block.batch_booking) == ("ABNANL2A", None)
    assert (transfer.instruction_id, transfer.uetr, transfer.creditor_name) == (None, None, None)
    assert (transfer.creditor_iban, transfer.creditor_account_other) == (None, None)


@pytest.mark.parametrize(
    ("written", "amount"),
    [("10", "10"), (" +010.50 ", "10.50"), ("5.", "5"), (".5", "0.5"), ("-0.0", "0.0")],
)
def test_read_brings_every_spelling_of_a_decimal_to_one(written: str, amount: str):
    xml = old_version(amount=f'<InstdAmt Ccy="EUR">{written}</InstdAmt>')
    assert pain001.read(xml).blocks[0].transactions[0].amount == amount


def test_read_says_that_an_amount_is_the_equivalent_of_another():
    equivalent = '<EqvtAmt><Amt Ccy="EUR">10</Amt><CcyOfTrf>USD</CcyOfTrf></EqvtAmt>'
    transfer = pain001.read(old_version(amount=equivalent)).blocks[0].transactions[0]
    assert (transfer.amount, transfer.currency) == ("10", "EUR")
    assert transfer.is_equivalent_amount


def old_version(*, amount: str = '<InstdAmt Ccy="EUR">10</InstdAmt>') -> bytes:
    return f"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.03">
    <CstmrCdtTrfInitn><GrpHdr><MsgId>M</MsgId><CreDtTm>2026-03-01T09:30:00</CreDtTm>
    <NbOfTxs>1</NbOfTxs><InitgPty/></GrpHdr><PmtInf><PmtInfId>B</PmtInfId><PmtMtd>TRF</PmtMtd>
    <ReqdExctnDt>2026-03-01+01:00</ReqdExctnDt><Dbtr/><DbtrAcct><Id><Othr><Id>4711</Id></Othr></Id>
    </DbtrAcct><DbtrAgt><FinInstnId><BIC>ABNANL2A</BIC></FinInstnId></DbtrAgt><CdtTrfTxInf><PmtId>
    <EndToEndId>E</EndToEndId></PmtId><Amt>{amount}</Amt></CdtTrfTxInf></PmtInf>
    </CstmrCdtTrfInitn></Document>""".encode()

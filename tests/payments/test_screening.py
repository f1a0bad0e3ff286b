"""Each refusal before the books are asked has one reason, in a fixed order."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tallystick.payments.model import reasons, screening
from tallystick.payments.model.initiation import Block, CreditTransfer, Initiation
from tallystick.payments.model.screening import AccountFacts, Condition, Screening

TODAY = date(2026, 3, 1)
PAYER, PAYEE = "NL91ABNA0417164300", "DE89370400440532013000"
DOLLARS, CLOSED, FROZEN = (
    "GB29NWBK60161331926819",
    "FR1420041010050500013M02606",
    ("BE68539007547034"),
)
STRANGER = "ES9121000418450200051332"


def facts(currency: str = "EUR", condition: Condition = Condition.OPEN) -> AccountFacts:
    return AccountFacts(currency=currency, exponent=2, condition=condition)


OWN = {
    PAYER: facts(),
    PAYEE: facts(),
    DOLLARS: facts("USD"),
    CLOSED: facts(condition=Condition.CLOSED),
    FROZEN: facts(condition=Condition.FROZEN),
}

TRANSFER = CreditTransfer(
    position=1,
    instruction_id="I",
    end_to_end_id="E",
    uetr=None,
    amount="10.00",
    currency="EUR",
    is_equivalent_amount=False,
    creditor_name="Payee",
    creditor_iban=PAYEE,
    creditor_account_other=None,
    creditor_account_currency=None,
    creditor_agent_bic=None,
    remittance_unstructured=(),
    structured_reference=None,
)
BLOCK = Block(
    position=1,
    payment_information_id="B",
    method="TRF",
    batch_booking=None,
    requested_execution_date="2026-03-01",
    debtor_name="Payer",
    debtor_iban=PAYER,
    debtor_account_other=None,
    debtor_agent_bic=None,
    currency="EUR",
    transaction_count="1",
    control_sum="10",
    transactions=(TRANSFER,),
)
INITIATION = Initiation(
    message="pain.001.001.09",
    message_id="M",
    created_at="2026-03-01T09:30:00Z",
    transaction_count="1",
    control_sum="10.000",
    initiating_party=None,
    blocks=(BLOCK,),
)


def screened(initiation: Initiation) -> Screening:
    return screening.check(initiation, own_accounts=OWN, today=TODAY)


def code_of_message(**changes: Any) -> str | None:
    reason = screened(replace(INITIATION, **changes)).reason
    return reason and reason.code


def code_of_block(**changes: Any) -> str | None:
    (block,) = screened(replace(INITIATION, blocks=(replace(BLOCK, **changes),))).blocks
    return block.reason and block.reason.code


def codes_of_transfers(*transfers: CreditTransfer) -> list[str | None]:
    block = replace(BLOCK, transactions=transfers, transaction_count=None, control_sum=None)
    count = str(len(transfers))
    whole = replace(INITIATION, blocks=(block,), transaction_count=count, control_sum=None)
    (verdict,) = screened(whole).blocks
    return [one.reason and one.reason.code for one in verdict.transfers]


def code_of_transfer(**changes: Any) -> str | None:
    (code,) = codes_of_transfers(replace(TRANSFER, **changes))
    return code


def test_what_is_right_is_accepted_with_its_minor_units():
    ((block, transfer),) = screened(INITIATION).accepted()
    assert (block, transfer.transfer, transfer.amount_minor) == (BLOCK, TRANSFER, 1_000)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"transaction_count": "2", "control_sum": "99"}, "AM19"),
        ({"control_sum": "10.00000000000000001"}, "AM16"),
        ({"control_sum": "-10"}, "AM16"),
        ({"control_sum": None}, None),
    ],
)
def test_a_message_that_miscounts_is_rejected_whole(changes: dict[str, Any], code: str | None):
    assert code_of_message(**changes) == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"transaction_count": "2", "control_sum": "99"}, "AM20"),
        ({"control_sum": "9.99", "method": "CHK"}, "AM17"),
        ({"method": "CHK", "requested_execution_date": "2026-03-02"}, "AG03"),
        ({"method": "TRA"}, "AG03"),
        ({"requested_execution_date": "12026-03-0", "debtor_iban": None}, "DT01"),
        ({"requested_execution_date": "2026-03-02", "debtor_iban": None}, "DT04"),
        ({"requested_execution_date": "2017-08-23"}, None),
        ({"debtor_iban": None, "debtor_account_other": "4711"}, "AC02"),
        ({"debtor_iban": "NL92ABNA0417164300"}, "AC02"),
        ({"debtor_iban": STRANGER}, "AC02"),
        ({"debtor_iban": CLOSED, "currency": "USD"}, "AC04"),
        ({"debtor_iban": FROZEN, "currency": "USD"}, "AC06"),
        ({"currency": "USD"}, "AC10"),
        ({"currency": None}, None),
    ],
)
def test_a_block_is_rejected_by_the_first_reason(changes: dict[str, Any], code: str | None):
    assert code_of_block(**changes) == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"is_equivalent_amount": True, "currency": "USD"}, "CH17"),
        ({"currency": "USD", "amount": "0.001"}, "AM03"),
        ({"amount": "0.001", "creditor_iban": None}, "CH20"),
        ({"amount": "10.000"}, None),
        ({"amount": "0.00", "creditor_iban": None}, "AM01"),
        ({"creditor_iban": None}, "AC03"),
        ({"creditor_iban": None, "creditor_account_other": "4711"}, "AG03"),
        ({"creditor_iban": "DE88370400440532013000"}, "AC03"),
        ({"creditor_iban": "DE1234567890123456"}, "AC03"),
        ({"creditor_iban": "LT007400000000000000"}, "AC03"),
        ({"creditor_iban": STRANGER}, "AG03"),
        ({"creditor_iban": PAYER}, "AG01"),
        ({"creditor_iban": CLOSED}, "AC07"),
        ({"creditor_iban": FROZEN}, "AC06"),
        ({"creditor_account_currency": "USD"}, "AC11"),
        ({"creditor_iban": DOLLARS}, "AM03"),
        ({"creditor_iban": PAYEE.lower().replace("de", "DE")}, None),
    ],
)
def test_a_transfer_is_rejected_by_the_first_reason(changes: dict[str, Any], code: str | None):
    assert code_of_transfer(**changes) == code


def test_the_same_instruction_twice_is_a_duplicate_but_the_same_end_to_end_id_is_not():
    other_instruction = replace(TRANSFER, position=2, instruction_id="J")
    again = replace(TRANSFER, position=3, amount="10")
    unnamed = replace(TRANSFER, position=4, instruction_id=None)
    dearer = replace(TRANSFER, position=5, amount="11")
    codes = codes_of_transfers(TRANSFER, other_instruction, again, unnamed, unnamed, dearer)
    assert codes == [None, None, "AM05", None, None, None]


def test_a_repeated_block_id_is_rejected_and_the_first_one_is_not():
    whole = replace(
        INITIATION,
        blocks=(BLOCK, replace(BLOCK, position=2)),
        transaction_count="2",
        control_sum="20",
    )
    first, second = screened(whole).blocks
    assert first.reason is None
    assert second.reason is not None
    assert second.reason.code == "DU02"
    assert len(list(screened(whole).accepted())) == 1


@given(amounts=st.lists(st.integers(0, 10**18 - 1), max_size=20), digits=st.integers(0, 5))
def test_the_control_sum_is_exact_whatever_the_digits(amounts: list[int], digits: int):
    written = [str(amount).rjust(digits + 1, "0") for amount in amounts]
    texts = [f"{text[:-digits]}.{text[-digits:]}" if digits else text for text in written]
    transfers = [replace(TRANSFER, amount=text) for text in texts]
    assert screening.control_sum_of(transfers) == sum(amounts) * 10 ** (17 - digits)


def test_every_reason_has_a_row_in_the_reference():
    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "pain.md"
    rows = [line.split("|") for line in page.read_text().splitlines() if line.startswith("| `")]
    documented = {row[1].strip().strip("`"): row[2].strip() for row in rows if len(row) > 3}
    assert {code: documented.get(code) for code in reasons.NAMES} == dict(reasons.NAMES)


def test_a_reason_outside_the_list_is_a_bug():
    with pytest.raises(ValueError, match="XX99"):
        reasons.Reason("XX99", "nothing")

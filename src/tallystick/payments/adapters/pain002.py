"""Write a customer payment status report: pain.002.001.03 for an old initiation, .10 for a new."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from tallystick.kernel import instants
from tallystick.payments.model.reasons import Reason
from tallystick.payments.model.status_report import BlockReport, StatusReport, TransactionReport
from tallystick.runtime import iso20022

# The report is of the same generation as the initiation, so that its sender can read it.
REPORTS: Mapping[str, str] = MappingProxyType(
    {
        "pain.001.001.03": "pain.002.001.03",
        "pain.001.001.09": "pain.002.001.10",
        "pain.001.001.11": "pain.002.001.10",
    }
)
ADDITIONAL_INFORMATION_MAX = 105
# The schema sets no limit; a reason is a sentence, not a letter.
ADDITIONAL_INFORMATION_LINES_MAX = 4


def write(report: StatusReport) -> bytes:
    """Write a report, valid against its schema.

    Texts longer than the schema's maximum are cut, characters that XML forbids become ``?``. Raises
    KeyError for the report of an initiation that we do not read.
    """
    message = REPORTS[report.original_message]
    root = iso20022.document(message)
    body = iso20022.branch(root, "CstmrPmtStsRpt")
    header = iso20022.branch(body, "GrpHdr")
    iso20022.identifier(header, "MsgId", report.message_id)
    iso20022.leaf(header, "CreDtTm", instants.render(report.created_at))
    _original(body, report)
    for block in report.blocks:
        _block(body, block, has_uetr=message != "pain.002.001.03")
    xml = iso20022.serialised(root)
    iso20022.validate(xml, message=message)
    return xml


def _original(body: Any, report: StatusReport) -> None:
    original = iso20022.branch(body, "OrgnlGrpInfAndSts")
    iso20022.identifier(original, "OrgnlMsgId", report.original_message_id)
    iso20022.leaf(original, "OrgnlMsgNmId", report.original_message)
    iso20022.leaf(original, "OrgnlCreDtTm", report.original_created_at)
    iso20022.leaf(original, "OrgnlNbOfTxs", report.original_transaction_count)
    iso20022.leaf(original, "OrgnlCtrlSum", report.original_control_sum)
    iso20022.leaf(original, "GrpSts", report.status)
    _reason(original, report.reason)


def _block(body: Any, block: BlockReport, *, has_uetr: bool) -> None:
    information = iso20022.branch(body, "OrgnlPmtInfAndSts")
    iso20022.identifier(information, "OrgnlPmtInfId", block.payment_information_id)
    iso20022.leaf(information, "OrgnlNbOfTxs", block.transaction_count)
    iso20022.leaf(information, "OrgnlCtrlSum", block.control_sum)
    iso20022.leaf(information, "PmtInfSts", block.status)
    _reason(information, block.reason)
    for transaction in block.transactions:
        _transaction(information, transaction, has_uetr=has_uetr)


def _transaction(information: Any, transaction: TransactionReport, *, has_uetr: bool) -> None:
    status = iso20022.branch(information, "TxInfAndSts")
    iso20022.words(status, "OrgnlInstrId", transaction.instruction_id, length_max=iso20022.ID_MAX)
    iso20022.identifier(status, "OrgnlEndToEndId", transaction.end_to_end_id)
    if has_uetr:
        iso20022.leaf(status, "OrgnlUETR", transaction.uetr)
    iso20022.leaf(status, "TxSts", transaction.status)
    _reason(status, transaction.reason)
    iso20022.words(status, "AcctSvcrRef", transaction.reference, length_max=iso20022.ID_MAX)


def _reason(parent: Any, reason: Reason | None) -> None:
    if reason is None:
        return
    information = iso20022.branch(parent, "StsRsnInf")
    iso20022.leaf(iso20022.branch(information, "Rsn"), "Cd", reason.code)
    text = reason.text[: ADDITIONAL_INFORMATION_MAX * ADDITIONAL_INFORMATION_LINES_MAX]
    for start in range(0, len(text), ADDITIONAL_INFORMATION_MAX):
        line = text[start : start + ADDITIONAL_INFORMATION_MAX]
        iso20022.words(information, "AddtlInf", line, length_max=ADDITIONAL_INFORMATION_MAX)

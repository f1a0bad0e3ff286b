"""Why something was not done, in the codes of ISO 20022 (ExternalStatusReason1Code)."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

# Code to ISO name. Only these leave the house, and docs/reference/pain.md has a row for each.
NAMES: Mapping[str, str] = MappingProxyType(
    {
        "AC02": "InvalidDebtorAccountNumber",
        "AC03": "InvalidCreditorAccountNumber",
        "AC04": "ClosedAccountNumber",
        "AC06": "BlockedAccount",
        "AC07": "ClosedCreditorAccountNumber",
        "AC10": "InvalidDebtorAccountCurrency",
        "AC11": "InvalidCreditorAccountCurrency",
        "AG01": "TransactionForbidden",
        "AG03": "TransactionNotSupported",
        "AM01": "ZeroAmount",
        "AM02": "NotAllowedAmount",
        "AM03": "NotAllowedCurrency",
        "AM04": "InsufficientFunds",
        "AM05": "Duplication",
        "AM16": "InvalidGroupControlSum",
        "AM17": "InvalidPaymentInfoControlSum",
        "AM19": "InvalidGroupNumberOfTransactions",
        "AM20": "InvalidPaymentInfoNumberOfTransactions",
        "AM14": "AmountExceedsAgreedLimit",
        "CH17": "ElementNotAdmitted",
        "CH20": "DecimalPointsNotCompatibleWithCurrency",
        "DT01": "InvalidDate",
        "DT04": "FutureDateNotSupported",
        "DU01": "DuplicateMessageID",
        "DU02": "DuplicatePaymentInformationID",
        "MS03": "NotSpecifiedReasonAgentGenerated",
    }
)


class Reason(msgspec.Struct, frozen=True):
    """A code of ``NAMES`` and a sentence for the person who reads the report."""

    code: str
    text: str

    def __post_init__(self) -> None:
        if self.code not in NAMES:
            raise ValueError(f"{self.code} is not a reason we give")

"""The door of payments: messages, refusals, and the protocol."""

from tallystick.payments.api.answering import (
    File,
    FileAnswer,
    FileDetail,
    FilePage,
    Payment,
    PaymentCounts,
    PaymentDetail,
    PaymentPage,
    Report,
    StatedReason,
    Transition,
)
from tallystick.payments.api.asking import (
    FileOf,
    ListFiles,
    ListPayments,
    PaymentOf,
    ReportOf,
    SubmitFile,
)
from tallystick.payments.api.door import (
    Payments,
)
from tallystick.payments.api.refusing import (
    PaymentFileNotFound,
    PaymentNotFound,
)
from tallystick.payments.api.words import (
    PAYMENTS_MAX,
    FileStatus,
    PaymentState,
)

__all__ = [
    "PAYMENTS_MAX",
    "File",
    "FileAnswer",
    "FileDetail",
    "FileOf",
    "FilePage",
    "FileStatus",
    "ListFiles",
    "ListPayments",
    "Payment",
    "PaymentCounts",
    "PaymentDetail",
    "PaymentFileNotFound",
    "PaymentNotFound",
    "PaymentOf",
    "PaymentPage",
    "PaymentState",
    "Payments",
    "Report",
    "ReportOf",
    "StatedReason",
    "SubmitFile",
    "Transition",
]

"""The door of payments: messages, refusals, and the protocol."""

from tallystick.payments.api.answering import (
    File,
    FileAnswer,
    FileDetail,
    FilePage,
    FilePreview,
    Obstacle,
    Payment,
    PaymentCounts,
    PaymentDetail,
    PaymentPage,
    PreviewedSum,
    PreviewedTransfer,
    Report,
    StatedReason,
    Transition,
)
from tallystick.payments.api.asking import (
    FileOf,
    ListFiles,
    ListPayments,
    PaymentOf,
    PreviewFile,
    ReportOf,
    SubmitFile,
)
from tallystick.payments.api.door import (
    Payments,
)
from tallystick.payments.api.refusing import (
    PaidLately,
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
    "FilePreview",
    "FileStatus",
    "ListFiles",
    "ListPayments",
    "Obstacle",
    "PaidLately",
    "Payment",
    "PaymentCounts",
    "PaymentDetail",
    "PaymentFileNotFound",
    "PaymentNotFound",
    "PaymentOf",
    "PaymentPage",
    "PaymentState",
    "Payments",
    "PreviewFile",
    "PreviewedSum",
    "PreviewedTransfer",
    "Report",
    "ReportOf",
    "StatedReason",
    "SubmitFile",
    "Transition",
]

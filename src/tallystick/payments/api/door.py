"""The door itself: what payments promise to whoever knocks."""

from typing import Protocol

from tallystick.kernel.actions import Action, asks
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import Recorded
from tallystick.kernel.tags import Tag, records, unrecorded
from tallystick.payments.api.answering import (
    FileAnswer,
    FileDetail,
    FilePage,
    FilePreview,
    PaymentDetail,
    PaymentPage,
    Report,
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
from tallystick.payments.api.facts import (
    facts_of_file,
    facts_of_list,
    facts_of_payment,
    facts_of_preview,
    facts_of_submit_file,
)


class Payments(Protocol):
    """The payments of every tenant. Each method works within ``caller.tenant_id`` and nothing else."""

    @asks(Action.PAYMENTS_FILE_SUBMIT, about=facts_of_submit_file)
    @records(Tag.PAYMENTS_FILE_SUBMIT, Tag.PAYMENTS_PAYMENT_DECIDE)
    async def submit_file(self, *, caller: Caller, message: SubmitFile) -> FileAnswer:
        """Read a file, screen it, pay what is on-us and report on every transfer.

        The same file again pays nothing and answers as a replay; another file with a ``MsgId`` that its debtor account
        has used is stored and rejected with DU01. What cannot be read leaves nothing behind.

        Raises PaidLately, Malformed, XmlIsTooLarge, XmlIsMalformed, XmlHasForbiddenConstruct, MessageNotSupported,
        SchemaViolation.
        """
        ...

    @asks(Action.PAYMENTS_FILE_SUBMIT, about=facts_of_preview)
    @records(Tag.PAYMENTS_FILE_PREVIEW)
    async def preview_file(self, *, caller: Caller, message: PreviewFile) -> FilePreview:
        """Read and screen a file as ``submit_file`` does, and tell what it would do, without doing it.

        Raises Malformed, XmlIsTooLarge, XmlIsMalformed, XmlHasForbiddenConstruct, MessageNotSupported, SchemaViolation.
        """
        ...

    @asks(Action.PAYMENTS_FILE_READ, about=facts_of_file)
    @records(Tag.PAYMENTS_FILE_READ)
    async def file(self, *, caller: Caller, message: FileOf) -> FileDetail:
        """Show a file and a page of its payments. Raises Malformed, PaymentFileNotFound."""
        ...

    @asks(Action.PAYMENTS_FILE_READ, about=facts_of_list)
    @records(Tag.PAYMENTS_FILE_READ)
    async def files(self, *, caller: Caller, message: ListFiles) -> FilePage:
        """List files. Raises Malformed."""
        ...

    @asks(Action.PAYMENTS_REPORT_EXPORT, about=facts_of_file)
    @records(Tag.PAYMENTS_REPORT_EXPORT)
    async def report(self, *, caller: Caller, message: ReportOf) -> Report:
        """Write the pain.002 of a file. Raises PaymentFileNotFound."""
        ...

    @asks(Action.PAYMENTS_PAYMENT_READ, about=facts_of_payment)
    @records(Tag.PAYMENTS_PAYMENT_READ)
    async def payment(self, *, caller: Caller, message: PaymentOf) -> PaymentDetail:
        """Show a payment with its moves. Raises PaymentNotFound."""
        ...

    @asks(Action.PAYMENTS_PAYMENT_READ, about=facts_of_payment)
    @unrecorded("an act is told where its own entry is")
    async def recorded(self, *, caller: Caller, message: PaymentOf) -> Recorded:
        """Tell where the last move of a payment is found in the record. Raises PaymentNotFound."""
        ...

    @asks(Action.PAYMENTS_PAYMENT_READ, about=facts_of_list)
    @records(Tag.PAYMENTS_PAYMENT_READ)
    async def payments(self, *, caller: Caller, message: ListPayments) -> PaymentPage:
        """List payments. Raises Malformed."""
        ...

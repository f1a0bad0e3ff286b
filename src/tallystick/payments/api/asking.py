"""What can be asked of payments."""

from typing import Annotated

from tallystick.kernel.fields import Cursor, PageLimit, told
from tallystick.kernel.messages import Message
from tallystick.payments.api.words import PaymentState


class SubmitFile(Message, frozen=True, kw_only=True):
    """Pay what a customer credit transfer initiation asks for: pain.001.001.03, .09 or .11, at most 10 MiB."""

    content: bytes


class FileOf(Message, frozen=True, kw_only=True):
    """Name one file and a page of its payments, in the order of the file."""

    file_id: str
    after: str | None = None
    limit: int = 50


class ReportOf(Message, frozen=True, kw_only=True):
    """Name the file whose report is wanted."""

    file_id: str


class ListFiles(Message, frozen=True, kw_only=True):
    """List files, newest first; ``after`` is the cursor of the page before, ``limit`` 1 to 200."""

    after: Cursor | None = None
    limit: PageLimit = 50


class PaymentOf(Message, frozen=True, kw_only=True):
    """Name one payment."""

    payment_id: str


class ListPayments(Message, frozen=True, kw_only=True):
    """List payments, newest first, perhaps only those of a state, a file or an end-to-end id."""

    state: Annotated[PaymentState | None, told("Only those that stand there.")] = None
    file_id: Annotated[str | None, told("Only those of this file.")] = None
    end_to_end_id: Annotated[str | None, told("Only those with this end-to-end id.")] = None
    after: Cursor | None = None
    limit: PageLimit = 50

"""What can be asked of payments."""

from typing import Annotated

from tallystick.kernel.fields import PAGE_MAX, Cursor, Iban, Minor, PageLimit, Time, told
from tallystick.kernel.messages import Message
from tallystick.payments.api.words import PaymentState


class SubmitFile(Message, frozen=True, kw_only=True):
    """Pay what a customer credit transfer initiation asks for: pain.001.001.03, .09 or .11, at most 10 MiB.

    With ``unless_paid_since`` nothing is paid when the caller has paid a like payment then or later: from the same
    account, to the same IBAN, of the same amount, in another file, and not rejected.
    """

    content: bytes
    unless_paid_since: Time | None = None


class PreviewFile(Message, frozen=True, kw_only=True):
    """Ask what would become of a file, and of a page of its transfers in the order of the file; nothing is paid.

    ``after`` is how many transfers stand before the page.
    """

    content: bytes
    after: int = 0
    limit: PageLimit = PAGE_MAX


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
    """List payments, newest first, perhaps only those of a state, a file, an end-to-end id, an account, or a time.

    ``creditor_iban`` and ``amount`` narrow what one ``debtor`` pays, and come with it.
    """

    state: Annotated[PaymentState | None, told("Only those that stand there.")] = None
    file_id: Annotated[str | None, told("Only those of this file.")] = None
    end_to_end_id: Annotated[str | None, told("Only those with this end-to-end id.")] = None
    debtor: Annotated[
        str | None, told("Only those that this account pays, by its address in the books.")
    ] = None
    creditor_iban: Annotated[Iban | None, told("Of those, only what is paid to this account.")] = (
        None
    )
    amount: Annotated[Minor | None, told("Of those, only payments of this amount.")] = None
    since: Annotated[Time | None, told("Only those received then or later.")] = None
    until: Annotated[Time | None, told("Only those received before.")] = None
    after: Cursor | None = None
    limit: PageLimit = 50

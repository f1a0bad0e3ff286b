"""What the messages of payments say that a permission depends on. Pure, and never refusing.

The accounts and amounts of a file stand inside it, by IBAN, and what an IBAN is in the books only wallets know. So its
own door asks whether files may be sent at all; once it is read, the making of its payments is asked for, with accounts
and amounts.
"""

from tallystick.kernel.actions import Facts
from tallystick.kernel.ids import is_caller_id
from tallystick.payments.api.asking import (
    FileOf,
    ListFiles,
    ListPayments,
    PaymentOf,
    PreviewFile,
    ReportOf,
    SubmitFile,
)


def facts_of_submit_file(message: SubmitFile) -> Facts:
    """A file of payments: nothing is known of it until it is read."""
    return Facts()


def facts_of_preview(message: PreviewFile) -> Facts:
    """A file that is only looked at: nothing is known of it until it is read."""
    return Facts()


def facts_of_file(message: FileOf | ReportOf) -> Facts:
    """The file that a message names; it is shown to who ``sees`` every account that pays in it."""
    return _on(message.file_id)


def facts_of_payment(message: PaymentOf) -> Facts:
    """The payment that a message names; it is shown to who ``sees`` the account that pays."""
    return _on(message.payment_id)


def facts_of_list(message: ListFiles | ListPayments) -> Facts:
    """Nothing: a list shows what the caller ``sees``."""
    return Facts()


def _on(name: str) -> Facts:
    return Facts(on=name if is_caller_id(name) else "")

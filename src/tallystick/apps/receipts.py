"""Receipts of what the contexts did: how the act that a path names is called in the record."""

from collections.abc import Mapping

from tallystick.audit.api import EntryNotFound, ReceiptOf
from tallystick.audit.http import Receipts
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import Recorded
from tallystick.kernel.instants import parse
from tallystick.ledger.api import Ledger, LedgerNotFound, TransactionNotFound, TransactionOf
from tallystick.payments.api import PaymentNotFound, PaymentOf, Payments


def receipts(*, ledger: Ledger, payments: Payments) -> tuple[Receipts, ...]:
    """Every kind of act that a receipt is given for."""

    async def transaction(caller: Caller, path: Mapping[str, str]) -> ReceiptOf:
        message = TransactionOf(ledger=path["ledger"], id=path["id"])
        found = await ledger.recorded(caller=caller, message=message)
        return _receipt_of("ledger", found)

    async def payment(caller: Caller, path: Mapping[str, str]) -> ReceiptOf:
        message = PaymentOf(payment_id=path["payment"])
        found = await payments.recorded(caller=caller, message=message)
        return _receipt_of("payments", found)

    return (
        Receipts(
            path="/v1/ledgers/{ledger}/transactions/{id}/receipt",
            of="a transaction",
            find=transaction,
            problems=(LedgerNotFound, TransactionNotFound),
        ),
        Receipts(
            path="/v1/payments/{payment}/receipt",
            of="a payment's last move",
            find=payment,
            problems=(PaymentNotFound,),
        ),
    )


def _receipt_of(context: str, found: Recorded) -> ReceiptOf:
    try:
        return ReceiptOf(context=context, on=found.on, at=parse(found.at))
    except ValueError:
        # No act of ours is of a time that cannot be; somebody put the row there.
        raise EntryNotFound(
            f"The log has no entry of {found.at}; run `tallystick audit compare`."
        ) from None

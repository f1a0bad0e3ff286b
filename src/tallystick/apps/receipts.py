"""Receipts of what the contexts did: how the act that a path names is called in the record."""

from collections.abc import Mapping

from tallystick.audit.api import ReceiptOf
from tallystick.audit.http import Receipts
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import parse
from tallystick.ledger.api import Ledger, LedgerNotFound, TransactionNotFound, TransactionOf
from tallystick.payments.api import PaymentNotFound, PaymentOf, Payments


def receipts(*, ledger: Ledger, payments: Payments) -> tuple[Receipts, ...]:
    """Every kind of act that a receipt is given for."""

    async def transaction(caller: Caller, path: Mapping[str, str]) -> ReceiptOf:
        message = TransactionOf(ledger=path["ledger"], id=path["id"])
        found = await ledger.recorded(caller=caller, message=message)
        return ReceiptOf(context="ledger", on=found.on, at=parse(found.at))

    async def payment(caller: Caller, path: Mapping[str, str]) -> ReceiptOf:
        message = PaymentOf(payment_id=path["payment"])
        found = await payments.recorded(caller=caller, message=message)
        return ReceiptOf(context="payments", on=found.on, at=parse(found.at))

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

"""The book rail at work: the books are asked between two transactions, never inside one."""

from collections.abc import Sequence

from tallystick.kernel.callers import Caller
from tallystick.ledger.api import Ledger, Submit, TransactionNotFound, TransactionOf, Verdict
from tallystick.payments import store
from tallystick.payments.api import PAYMENTS_MAX
from tallystick.payments.model import book_rail
from tallystick.payments.model.book_rail import Decision
from tallystick.payments.model.records import PaymentRecord
from tallystick.runtime.database import Database

BATCH_MAX = 500


class Booking:
    """Brings the accepted payments of a file to their end. Repeating any part of it pays nothing twice."""

    def __init__(self, *, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger

    async def book(self, *, caller: Caller, file_id: str) -> int:
        """Ask the books for every accepted payment of a file and write what they answered; answers how many.

        Raises LedgerBusy, and whatever else keeps the books from answering; what was written until then stays.
        """
        after, decided = "", 0
        for _ in range(0, PAYMENTS_MAX, BATCH_MAX):
            async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
                payments = await store.open_payments(
                    connection,
                    tenant_id=caller.tenant_id,
                    file_id=file_id,
                    after=after,
                    limit=BATCH_MAX,
                )
            if not payments:
                break
            decisions = await self._ask(caller, payments)
            if decisions:
                decided += await self._write(caller, file_id, decisions)
            after = payments[-1].payment_id
        return decided

    async def _ask(self, caller: Caller, payments: Sequence[PaymentRecord]) -> list[Decision]:
        decisions: list[Decision | None] = []
        for ledger in sorted({payment.ledger or "" for payment in payments}):
            batch = [payment for payment in payments if payment.ledger == ledger]
            message = Submit(ledger=ledger, items=tuple(map(book_rail.post_of, batch)))
            verdicts = await self._ledger.submit(caller=caller, message=message)
            for payment, verdict in zip(batch, verdicts.items, strict=True):
                decisions.append(await self._decision(caller, payment, verdict))
        return [decision for decision in decisions if decision is not None]

    async def _decision(
        self, caller: Caller, payment: PaymentRecord, verdict: Verdict
    ) -> Decision | None:
        if not book_rail.is_known_differently(verdict):
            return book_rail.decision_of(verdict)
        message = TransactionOf(ledger=payment.ledger or "", id=payment.payment_id)
        try:
            found = await self._ledger.transaction(caller=caller, message=message)
        except TransactionNotFound:
            found = None
        return book_rail.decision_of_found(payment, found)

    async def _write(self, caller: Caller, file_id: str, decisions: Sequence[Decision]) -> int:
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            return await store.decide(
                connection,
                caller=caller,
                file_id=file_id,
                decisions=decisions,
            )

"""The door of payments: a file is kept, then booked, then reported on; each step can be repeated."""

import asyncio

from tallystick.kernel import ids
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import Recorded
from tallystick.kernel.fields import PAGE_MAX
from tallystick.kernel.instants import render
from tallystick.kernel.problems import Problem, Retry, malformed
from tallystick.kernel.tags import Tag
from tallystick.ledger.api import Ledger
from tallystick.payments import store
from tallystick.payments.adapters import pain002
from tallystick.payments.api import (
    PAYMENTS_MAX,
    FileAnswer,
    FileDetail,
    FileOf,
    FilePage,
    ListFiles,
    ListPayments,
    PaymentDetail,
    PaymentFileNotFound,
    PaymentNotFound,
    PaymentOf,
    PaymentPage,
    Report,
    ReportOf,
    SubmitFile,
)
from tallystick.payments.model.records import FileRecord, PaymentRecord
from tallystick.payments.model.reporting import report_of
from tallystick.payments.service import answers
from tallystick.payments.service.booking import Booking
from tallystick.payments.service.receiving import Receiving
from tallystick.runtime.clock import Clock, Mint
from tallystick.runtime.database import Connection, Database
from tallystick.runtime.record import Pen
from tallystick.wallets.api import Wallets

JOB = "job:payments"
_READ_AT_ONCE = 5_000
_TEXT_MAX = 64


class PaymentService:
    """Payments over the database of role ``tallystick_payments`` and the doors of ledger and wallets."""

    def __init__(
        self, *, database: Database, mint: Mint, clock: Clock, ledger: Ledger, wallets: Wallets
    ) -> None:
        self._database = database
        self._pen = Pen(database=database, context=store.CONTEXT, clock=clock)
        self._receiving = Receiving(database=database, mint=mint, clock=clock, wallets=wallets)
        self._booking = Booking(database=database, ledger=ledger)

    async def submit_file(self, *, caller: Caller, message: SubmitFile) -> FileAnswer:
        """Pay a file, or find it paid."""
        file_id, was_known = await self._receiving.receive(caller=caller, content=message.content)
        if not was_known:
            try:
                await self._booking.book(caller=caller, file_id=file_id)
            except Problem as problem:
                # The file is kept and the job goes on with it: so far its report says what it knows.
                if problem.retry is not Retry.LATER:
                    raise
        file, report = await self._reported(caller, file_id)
        return FileAnswer(
            file_id=file_id,
            message=file.message,
            message_id=file.message_id,
            status=answers.status(file),
            payments=answers.counts(file),
            replayed=was_known,
            report=report,
        )

    async def file(self, *, caller: Caller, message: FileOf) -> FileDetail:
        """Show a file and a page of its payments."""
        limit = _limit(message.limit)
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            file = await _found(connection, caller, message.file_id)
            rows = await store.payments_in_order(
                connection,
                tenant_id=caller.tenant_id,
                file_id=file.file_id,
                after=_cursor(message.after, of="pay_") or "",
                limit=limit + 1,
            )
        await self._pen.note(caller=caller, tag=Tag.PAYMENTS_FILE_READ, on=file.file_id)
        return FileDetail(
            file=answers.file(file),
            payments=tuple(map(answers.payment, rows[:limit])),
            after=rows[limit - 1].payment_id if len(rows) > limit else None,
        )

    async def files(self, *, caller: Caller, message: ListFiles) -> FilePage:
        """List files, newest first."""
        limit = _limit(message.limit)
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            rows = await store.files(
                connection,
                tenant_id=caller.tenant_id,
                after=_cursor(message.after, of="file_"),
                limit=limit + 1,
            )
        await self._pen.note_numbers(
            caller=caller,
            tag=Tag.PAYMENTS_FILE_READ,
            on=store.CONTEXT,
            of="files",
            numbers=[row.file_id for row in rows[:limit]],
        )
        after = rows[limit - 1].file_id if len(rows) > limit else None
        return FilePage(items=tuple(map(answers.file, rows[:limit])), after=after)

    async def report(self, *, caller: Caller, message: ReportOf) -> Report:
        """Write the report of a file."""
        file, content = await self._reported(caller, message.file_id)
        await self._pen.note(caller=caller, tag=Tag.PAYMENTS_REPORT_EXPORT, on=file.file_id)
        return Report(file_id=file.file_id, final=file.accepted == 0, content=content)

    async def payment(self, *, caller: Caller, message: PaymentOf) -> PaymentDetail:
        """Show a payment with its moves."""
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            found = await store.payment(
                connection, tenant_id=caller.tenant_id, payment_id=message.payment_id
            )
            if found is None:
                raise _no_payment(message)
            moves = await store.events(
                connection, tenant_id=caller.tenant_id, payment_id=found.payment_id
            )
        await self._pen.note(caller=caller, tag=Tag.PAYMENTS_PAYMENT_READ, on=found.payment_id)
        transitions = tuple(map(answers.transition, moves))
        return PaymentDetail(payment=answers.payment(found), transitions=transitions)

    async def recorded(self, *, caller: Caller, message: PaymentOf) -> Recorded:
        """Tell where the last move of a payment is found in the record."""
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            moves = await store.events(
                connection, tenant_id=caller.tenant_id, payment_id=message.payment_id
            )
        if not moves:
            raise _no_payment(message)
        return Recorded(on=message.payment_id, at=render(moves[-1].recorded_at))

    async def payments(self, *, caller: Caller, message: ListPayments) -> PaymentPage:
        """List payments, newest first."""
        limit = _limit(message.limit)
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            rows = await store.payments(
                connection,
                tenant_id=caller.tenant_id,
                after=_cursor(message.after, of="pay_"),
                file_id=message.file_id,
                end_to_end_id=message.end_to_end_id,
                state=message.state,
                limit=limit + 1,
            )
        await self._pen.note_numbers(
            caller=caller,
            tag=Tag.PAYMENTS_PAYMENT_READ,
            on=store.CONTEXT,
            of="payments",
            numbers=[row.payment_id for row in rows[:limit]],
        )
        after = rows[limit - 1].payment_id if len(rows) > limit else None
        return PaymentPage(items=tuple(map(answers.payment, rows[:limit])), after=after)

    async def unfinished(self, *, waiting_s: int, most: int) -> list[tuple[Caller, str]]:
        """Take files, of all tenants, that have not moved on for ``waiting_s``. For the job."""
        async with self._database.without_tenant() as connection:
            tenants = await store.unfinished_tenants(connection, waiting_s=waiting_s, most=most)
        taken: list[tuple[Caller, str]] = []
        for tenant_id in tenants:
            async with self._database.transaction(tenant_id=tenant_id) as connection:
                files = await store.take_unfinished(
                    connection,
                    tenant_id=tenant_id,
                    waiting_s=waiting_s,
                    most=most - len(taken),
                )
            caller = Caller(tenant_id=tenant_id, actor=JOB)
            taken += [(caller, file_id) for file_id in files]
            if len(taken) >= most:
                break
        return taken

    async def finish(self, *, caller: Caller, file_id: str) -> int:
        """Book what is open of a file; answers how many payments. For the job."""
        return await self._booking.book(caller=caller, file_id=file_id)

    async def _reported(self, caller: Caller, file_id: str) -> tuple[FileRecord, bytes]:
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            file = await _found(connection, caller, file_id)
            blocks = await store.blocks(connection, tenant_id=caller.tenant_id, file_id=file_id)
            payments = await _payments(connection, caller, file_id)
        report = report_of(file, blocks=blocks, payments=payments)
        return file, await asyncio.to_thread(pain002.write, report)


def _no_payment(message: PaymentOf) -> PaymentNotFound:
    return PaymentNotFound(
        "There is no such payment.", {"payment_id": message.payment_id[:_TEXT_MAX]}
    )


async def _found(connection: Connection, caller: Caller, file_id: str) -> FileRecord:
    file = await store.file(connection, tenant_id=caller.tenant_id, file_id=file_id)
    if file is None:
        raise PaymentFileNotFound(
            "There is no such payment file.", {"file_id": file_id[:_TEXT_MAX]}
        )
    return file


async def _payments(connection: Connection, caller: Caller, file_id: str) -> list[PaymentRecord]:
    found: list[PaymentRecord] = []
    for _ in range(0, PAYMENTS_MAX, _READ_AT_ONCE):
        rows = await store.payments_in_order(
            connection,
            tenant_id=caller.tenant_id,
            file_id=file_id,
            after=found[-1].payment_id if found else "",
            limit=_READ_AT_ONCE,
        )
        found += rows
        if len(rows) < _READ_AT_ONCE:
            break
    return found


def _limit(limit: int) -> int:
    if not 1 <= limit <= PAGE_MAX:
        raise malformed("limit", f"a page has 1 to {PAGE_MAX} items")
    return limit


def _cursor(after: str | None, *, of: str) -> str | None:
    if after is not None and not (ids.is_caller_id(after) and after.startswith(of)):
        raise malformed("after", "a cursor is taken from the page before as it is")
    return after

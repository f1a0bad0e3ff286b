"""The door of payments: a file is kept, then booked, then reported on; each step can be repeated."""

import asyncio
from functools import partial

from msgspec import structs

from tallystick.kernel import ids
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import Recorded
from tallystick.kernel.fields import PAGE_MAX
from tallystick.kernel.instants import render
from tallystick.kernel.patterns import any_fits
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
    FilePreview,
    ListFiles,
    ListPayments,
    PaymentDetail,
    PaymentFileNotFound,
    PaymentNotFound,
    PaymentOf,
    PaymentPage,
    PreviewFile,
    Report,
    ReportOf,
    SubmitFile,
)
from tallystick.payments.model import listing, seeing
from tallystick.payments.model.records import FileRecord, PaymentRecord
from tallystick.payments.model.reporting import report_of
from tallystick.payments.service import answers, previewing
from tallystick.payments.service.booking import Booking
from tallystick.payments.service.receiving import Receiving
from tallystick.runtime.clock import Clock, Mint
from tallystick.runtime.database import Connection, Database
from tallystick.runtime.doors import Guard
from tallystick.runtime.record import Pen
from tallystick.wallets.api import Wallets

JOB = "job:payments"
# Payments of so many accounts are merged; of more, a page looks at so many rows at most.
DEBTORS_MAX = 200
WALK_MAX = 2_000
_READ_AT_ONCE = 5_000
_TEXT_MAX = 64


class PaymentService:
    """Payments over the database of role ``tallystick_payments`` and the doors of ledger and wallets."""

    def __init__(
        self,
        *,
        database: Database,
        mint: Mint,
        clock: Clock,
        ledger: Ledger,
        wallets: Wallets,
        guard: Guard | None = None,
    ) -> None:
        self._database = database
        self._pen = Pen(database=database, context=store.CONTEXT, clock=clock)
        self._receiving = Receiving(
            database=database, mint=mint, clock=clock, wallets=wallets, guard=guard
        )
        self._booking = Booking(database=database, ledger=ledger)

    async def submit_file(self, *, caller: Caller, message: SubmitFile) -> FileAnswer:
        """Pay a file, or find it paid."""
        # Whoever pays need not see whom: what they see bounds what they read.
        caller = structs.replace(caller, sees=None)
        file_id, was_known, maker = await self._receiving.receive(
            caller=caller, content=message.content, since=listing.since(message)
        )
        if not was_known:
            try:
                await self._booking.book(caller=maker, file_id=file_id)
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

    async def preview_file(self, *, caller: Caller, message: PreviewFile) -> FilePreview:
        """Tell what a file would do."""
        limit = _limit(message.limit)
        if not 0 <= message.after <= PAYMENTS_MAX:
            raise malformed("after", f"0 to {PAYMENTS_MAX} transfers stand before a page")
        # What would be paid is told to who may pay it, as when it is paid.
        caller = structs.replace(caller, sees=None)
        foreseen = await self._receiving.foresee(caller=caller, content=message.content)
        found = previewing.preview(foreseen, after=message.after, limit=limit)
        await self._pen.note(
            caller=caller,
            tag=Tag.PAYMENTS_FILE_PREVIEW,
            on=store.CONTEXT,
            content={"payments": found.total},
        )
        return found

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
        asked = limit + 1 if caller.sees is None else WALK_MAX
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            rows = await store.files(
                connection,
                tenant_id=caller.tenant_id,
                after=_cursor(message.after, of="file_"),
                limit=asked,
            )
        is_seen = partial(seeing.sees_file, sees=caller.sees)
        rows, last = seeing.page(rows, limit=limit, asked=asked, is_seen=is_seen)
        await self._pen.note_numbers(
            caller=caller,
            tag=Tag.PAYMENTS_FILE_READ,
            on=store.CONTEXT,
            of="files",
            numbers=[row.file_id for row in rows],
        )
        after = None if last is None else last.file_id
        return FilePage(items=tuple(map(answers.file, rows)), after=after)

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
            if found is None or not seeing.sees_payment(found, caller.sees):
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
            found = await store.payment(
                connection, tenant_id=caller.tenant_id, payment_id=message.payment_id
            )
            if found is None or not seeing.sees_payment(found, caller.sees):
                raise _no_payment(message)
            moves = await store.events(
                connection, tenant_id=caller.tenant_id, payment_id=message.payment_id
            )
        return Recorded(on=message.payment_id, at=render(moves[-1].recorded_at))

    async def payments(self, *, caller: Caller, message: ListPayments) -> PaymentPage:
        """List payments, newest first."""
        limit = _limit(message.limit)
        wanted = listing.wanted(message)
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            debtors = await _debtors(connection, caller)
            if message.debtor is not None:
                is_seen = caller.sees is None or any_fits(caller.sees, message.debtor)
                debtors = [message.debtor] if is_seen else []
            asked = limit + 1 if caller.sees is None or debtors is not None else WALK_MAX
            rows = await store.payments(
                connection,
                tenant_id=caller.tenant_id,
                after=_cursor(message.after, of="pay_"),
                wanted=wanted,
                limit=asked,
                debtors=debtors,
            )
        is_seen = partial(seeing.sees_payment, sees=caller.sees)
        rows, last = seeing.page(rows, limit=limit, asked=asked, is_seen=is_seen)
        await self._pen.note_numbers(
            caller=caller,
            tag=Tag.PAYMENTS_PAYMENT_READ,
            on=store.CONTEXT,
            of="payments",
            numbers=[row.payment_id for row in rows],
        )
        after = None if last is None else last.payment_id
        return PaymentPage(items=tuple(map(answers.payment, rows)), after=after)

    async def unfinished(self, *, waiting_s: int, most: int) -> list[tuple[Caller, str]]:
        """Take files, of all tenants, that have not moved on for ``waiting_s``. For the job."""
        async with self._database.without_tenant() as connection:
            tenants = await store.unfinished_tenants(connection, waiting_s=waiting_s, most=most)
        taken: list[tuple[Caller, str]] = []
        for tenant_id in tenants:
            async with self._database.transaction(tenant_id=tenant_id) as connection:
                taken += await store.take_unfinished(
                    connection,
                    job=Caller(tenant_id=tenant_id, actor=JOB),
                    waiting_s=waiting_s,
                    most=most - len(taken),
                )
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
    if file is None or not seeing.sees_file(file, caller.sees):
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


async def _debtors(connection: Connection, caller: Caller) -> list[str] | None:
    """The accounts whose payments the caller sees; None for all, or for more than can be merged."""
    if caller.sees is None:
        return None
    found = await store.debtors(
        connection, tenant_id=caller.tenant_id, sees=caller.sees, most=DEBTORS_MAX + 1
    )
    if len(found) > DEBTORS_MAX:
        return None
    return sorted({address for address in found if any_fits(caller.sees, address)})


def _limit(limit: int) -> int:
    if not 1 <= limit <= PAGE_MAX:
        raise malformed("limit", f"a page has 1 to {PAGE_MAX} items")
    return limit


def _cursor(after: str | None, *, of: str) -> str | None:
    if after is not None and not (ids.is_caller_id(after) and after.startswith(of)):
        raise malformed("after", "a cursor is taken from the page before as it is")
    return after

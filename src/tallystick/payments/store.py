"""Payments as rows; the only room of payments that speaks SQL."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import Any

import msgspec

from tallystick.kernel.callers import Caller, Cap
from tallystick.kernel.entries import DONE, Deed
from tallystick.kernel.instants import Instant
from tallystick.kernel.patterns import ranges_of
from tallystick.kernel.tags import Tag
from tallystick.payments.model import deeds
from tallystick.payments.model.book_rail import Decision
from tallystick.payments.model.listing import Wanted
from tallystick.payments.model.records import (
    BlockRecord,
    EventRecord,
    FileRecord,
    NewFile,
    PaymentRecord,
)
from tallystick.payments.model.states import NEXT, State
from tallystick.runtime import record
from tallystick.runtime.database import Connection
from tallystick.runtime.sql import queries

CONTEXT = "payments"
RECORDED_TAGS = frozenset({Tag.PAYMENTS_FILE_SUBMIT, Tag.PAYMENTS_PAYMENT_DECIDE})
_SQL = queries(CONTEXT)
_RECORDED = queries(CONTEXT, "recorded")

ROWS_AT_ONCE_MAX = 5_000
# Lists go newest first, and every id of ours sorts before this.
_FIRST_PAGE = "~"

_PAYMENT_COLUMNS = (
    "payment_id",
    "block",
    "payment_information_id",
    "rail",
    "state",
    "end_to_end_id",
    "instruction_id",
    "uetr",
    "instructed_amount",
    "currency",
    "amount",
    "debtor_name",
    "debtor_iban",
    "creditor_name",
    "creditor_iban",
    "remittance",
    "ledger",
    "debit_address",
    "credit_address",
    "reason_code",
    "reason_text",
)
_EVENT_OF = {after: event for (before, event), after in NEXT.items() if before is State.RECEIVED}


async def insert_file(
    connection: Connection, *, caller: Caller, file: NewFile, payments: Sequence[PaymentRecord]
) -> bool:
    """Write a file with the counts of its payments and what bounds its sender.

    False when its bytes or its content are there already.
    """
    accepted = sum(payment.state is State.ACCEPTED for payment in payments)
    made = await connection.fetchval(
        _SQL["insert_file"], caller.tenant_id, file.file_id, file.report_id, file.sha256,
        file.fingerprint, file.message, file.message_id, file.initiating_party,
        file.original_created_at, file.stated_count, file.stated_sum, file.reason_code,
        file.reason_text, len(payments), accepted, len(payments) - accepted, caller.decision or None,
        msgspec.json.encode(caller.caps).decode(),
        sorted({one.debit_address for one in payments if one.debit_address is not None}),
    )  # fmt: skip
    if made is None:
        return False
    deed = deeds.file(caller=caller, file=file, at=made, payments=len(payments))
    await record.write_deeds(connection, context=CONTEXT, tenant_id=caller.tenant_id, deeds=(deed,))
    return True


async def use_message_id(connection: Connection, *, tenant_id: int, file: NewFile) -> bool:
    """Use a message id for each debtor account of a file; False when one has used it before."""
    used = await connection.fetch(
        _SQL["use_message_id"], tenant_id, file.message_id, file.file_id, file.debtors
    )
    return len(used) == len(file.debtors)


async def is_message_id_used(
    connection: Connection, *, tenant_id: int, message_id: str, debtors: Sequence[str]
) -> bool:
    """Whether a message id was used for one of these accounts."""
    return await connection.fetchval(_SQL["is_message_id_used"], tenant_id, message_id, debtors)


async def like_payment(
    connection: Connection, *, caller: Caller, since: str, payments: Sequence[PaymentRecord]
) -> str | None:
    """The newest payment of the caller's from the id ``since`` on that is like one of these, and not rejected.

    From now to the end of the transaction nobody else looks for what the caller pays from these accounts.
    """
    kept = [one for one in payments if one.state is State.ACCEPTED and one.debit_address]
    for address in sorted({one.debit_address or "" for one in kept}):
        await connection.execute(_SQL["lock_payer"], caller.tenant_id, f"{caller.actor} {address}")
    names = ("debit_address", "creditor_iban", "amount")
    columns = [[getattr(one, name) for one in kept] for name in names]
    return await connection.fetchval(
        _SQL["like_payment"], caller.tenant_id, since, caller.actor, *columns
    )


async def insert_blocks(
    connection: Connection, *, tenant_id: int, file_id: str, blocks: Sequence[BlockRecord]
) -> None:
    """Write the blocks of a file."""
    names = BlockRecord.__struct_fields__
    for rows in _portions(blocks):
        columns = [[getattr(row, name) for row in rows] for name in names]
        await connection.execute(_SQL["insert_blocks"], tenant_id, file_id, *columns)


async def insert_payments(
    connection: Connection,
    *,
    caller: Caller,
    file_id: str,
    payments: Sequence[PaymentRecord],
) -> None:
    """Write the payments of a file, each with its first move."""
    for rows in _portions(payments):
        columns = [[getattr(row, name) for row in rows] for name in _PAYMENT_COLUMNS]
        await connection.execute(_SQL["insert_payments"], caller.tenant_id, file_id, *columns)
        moved = await connection.fetch(
            _SQL["first_events"], caller.tenant_id, caller.actor, State.RECEIVED,
            [row.payment_id for row in rows], [_EVENT_OF[row.state] for row in rows],
            [row.state for row in rows], [row.reason_code for row in rows],
        )  # fmt: skip
        times = {row["payment_id"]: row["recorded_at"] for row in moved}
        await record.write_deeds(
            connection,
            context=CONTEXT,
            tenant_id=caller.tenant_id,
            deeds=[
                deeds.move(
                    caller=caller,
                    payment_id=row.payment_id,
                    number=1,
                    at=times[row.payment_id],
                    event=_EVENT_OF[row.state],
                    before=State.RECEIVED,
                    after=row.state,
                    reason_code=row.reason_code,
                    payment=row,
                )
                for row in rows
            ],
        )


async def decide(
    connection: Connection,
    *,
    caller: Caller,
    file_id: str,
    decisions: Sequence[Decision],
) -> int:
    """Move accepted payments of a file to where they end, and count them; those that are there already stay.

    Answers how many moved.
    """
    # Whoever else finishes this file waits here, so that no two hold some of its payments each.
    await connection.fetchval(_SQL["lock_file"], caller.tenant_id, file_id)
    ids = [decision.payment_id for decision in decisions]
    reasons = [decision.reason for decision in decisions]
    done = await connection.fetchrow(
        _SQL["decide"],
        caller.tenant_id,
        file_id,
        ids,
        [decision.event for decision in decisions],
        [decision.state for decision in decisions],
        [None if reason is None else reason.code for reason in reasons],
        [None if reason is None else reason.text for reason in reasons],
        min(ids),
        max(ids),
        caller.actor,
    )
    by_id = {decision.payment_id: decision for decision in decisions}
    moved = [
        _moved(caller, by_id[payment_id], at)
        for payment_id, at in zip(done["payment_ids"], done["recorded_at"], strict=True)
    ]
    await record.write_deeds(connection, context=CONTEXT, tenant_id=caller.tenant_id, deeds=moved)
    return done["moved"]


def _moved(caller: Caller, decision: Decision, at: Instant) -> Deed:
    return deeds.move(
        caller=caller,
        payment_id=decision.payment_id,
        number=2,
        at=at,
        event=decision.event,
        before=State.ACCEPTED,
        after=decision.state,
        reason_code=None if decision.reason is None else decision.reason.code,
    )


async def file(connection: Connection, *, tenant_id: int, file_id: str) -> FileRecord | None:
    """Read a file."""
    return _file(await connection.fetchrow(_SQL["file"], tenant_id, file_id))


async def file_by_bytes(
    connection: Connection, *, tenant_id: int, sha256: bytes
) -> FileRecord | None:
    """Find the file of these very bytes."""
    return _file(await connection.fetchrow(_SQL["file_by_bytes"], tenant_id, sha256))


async def file_by_content(
    connection: Connection, *, tenant_id: int, fingerprint: bytes
) -> FileRecord | None:
    """Find the file that says the same."""
    return _file(await connection.fetchrow(_SQL["file_by_content"], tenant_id, fingerprint))


async def files(
    connection: Connection, *, tenant_id: int, after: str | None, limit: int
) -> list[FileRecord]:
    """Read files, newest first."""
    rows = await connection.fetch(_SQL["files"], tenant_id, after or _FIRST_PAGE, limit)
    return [msgspec.convert(dict(row), FileRecord) for row in rows]


async def blocks(connection: Connection, *, tenant_id: int, file_id: str) -> list[BlockRecord]:
    """Read the blocks of a file in order."""
    rows = await connection.fetch(_SQL["blocks"], tenant_id, file_id)
    return [msgspec.convert(dict(row), BlockRecord) for row in rows]


async def payment(
    connection: Connection, *, tenant_id: int, payment_id: str
) -> PaymentRecord | None:
    """Read a payment."""
    row = await connection.fetchrow(_SQL["payment"], tenant_id, payment_id)
    return None if row is None else _payments([row])[0]


async def events(connection: Connection, *, tenant_id: int, payment_id: str) -> list[EventRecord]:
    """Read the moves of a payment in order."""
    rows = await connection.fetch(_SQL["events"], tenant_id, payment_id)
    return [msgspec.convert(dict(row), EventRecord) for row in rows]


async def open_payments(
    connection: Connection, *, tenant_id: int, file_id: str, after: str, limit: int
) -> list[PaymentRecord]:
    """Read payments of a file that the books have not answered for, in order."""
    rows = await connection.fetch(_SQL["open_payments"], tenant_id, file_id, after, limit)
    return _payments(rows)


async def payments_in_order(
    connection: Connection, *, tenant_id: int, file_id: str, after: str, limit: int
) -> list[PaymentRecord]:
    """Read payments of a file in its order."""
    rows = await connection.fetch(_SQL["payments_in_order"], tenant_id, file_id, after, limit)
    return _payments(rows)


async def payments(
    connection: Connection,
    *,
    tenant_id: int,
    after: str | None,
    wanted: Wanted,
    limit: int,
    debtors: Sequence[str] | None = None,
) -> list[PaymentRecord]:
    """Read payments, newest first, along the index of the narrowest filter that was given."""
    file_id, end_to_end_id, state = wanted.file_id, wanted.end_to_end_id, wanted.state
    if debtors is not None:
        narrowing = (file_id, end_to_end_id, state, wanted.creditor_iban, wanted.amount)
        name, given = "payments_of_debtors", (debtors, *narrowing)
    elif file_id is not None:
        name, given = "payments_of_file", (file_id, state, end_to_end_id)
    elif end_to_end_id is not None:
        name, given = "payments_by_end_to_end_id", (end_to_end_id, state)
    elif state is not None:
        name, given = "payments_by_state", (state,)
    else:
        name, given = "payments", ()
    before = min(after or _FIRST_PAGE, wanted.beyond)
    rows = await connection.fetch(_SQL[name], tenant_id, before, *given, limit, wanted.first)
    return _payments(rows)


async def debtors(
    connection: Connection, *, tenant_id: int, sees: Sequence[str], most: int
) -> list[str]:
    """Find the accounts that pay within the ranges of patterns, at most ``most``.

    Some may fit no pattern, and where ranges overlap one may come twice.
    """
    first, beyond, _ = ranges_of(sees)
    rows = await connection.fetch(_SQL["debtors"], tenant_id, first, beyond, most)
    return [row["debit_address"] for row in rows]


async def unfinished_tenants(connection: Connection, *, waiting_s: int, most: int) -> list[int]:
    """Find the tenants with files that have not moved on for so long; the one read that needs no tenant."""
    rows = await connection.fetch(_SQL["unfinished_tenants"], waiting_s, most)
    return [row["tenant_id"] for row in rows]


async def take_unfinished(
    connection: Connection, *, job: Caller, waiting_s: int, most: int
) -> list[tuple[Caller, str]]:
    """Take files that have not moved on for so long, so that nobody else takes them as soon.

    Answers each with the job as it goes on with it: bound by what bounds its sender.
    """
    rows = await connection.fetch(_SQL["take_unfinished"], job.tenant_id, waiting_s, most)
    return [
        (
            msgspec.structs.replace(
                job,
                decision=row["decision"] or "",
                caps=msgspec.json.decode(row["caps"], type=tuple[Cap, ...]),
            ),
            row["file_id"],
        )
        for row in rows
    ]


def _portions(rows: Sequence[Any]) -> Iterable[Sequence[Any]]:
    for start in range(0, len(rows), ROWS_AT_ONCE_MAX):
        yield rows[start : start + ROWS_AT_ONCE_MAX]


def _file(row: Any) -> FileRecord | None:
    return None if row is None else msgspec.convert(dict(row), FileRecord)


def _payments(rows: Iterable[Any]) -> list[PaymentRecord]:
    return [msgspec.convert(dict(row), PaymentRecord) for row in rows]


async def recorded_files(
    connection: Connection, *, tenant_id: int, since: Instant, until: Instant
) -> AsyncGenerator[list[tuple[Deed, bool]], None]:
    """Read every file as the record was told it, what people wrote in it left out. The connection is an operator's."""
    cursor = await connection.cursor(_RECORDED["files"], tenant_id, since, until)
    while rows := await cursor.fetch(ROWS_AT_ONCE_MAX):
        yield [(_recorded_file(row), False) for row in rows]


def _recorded_file(row: Any) -> Deed:
    return Deed(
        tag=Tag.PAYMENTS_FILE_SUBMIT,
        caller=record.SOMEBODY,
        on=row["file_id"],
        at=row["received_at"],
        outcome=row["reason_code"] or DONE,
        content={"message": row["message"], "payments": row["total"]},
    )


async def recorded_moves(
    connection: Connection, *, tenant_id: int, since: Instant, until: Instant
) -> AsyncGenerator[list[tuple[Deed, bool]], None]:
    """Read every move as the record was told it; of a first one, what was received is not read."""
    cursor = await connection.cursor(_RECORDED["moves"], tenant_id, since, until)
    while rows := await cursor.fetch(ROWS_AT_ONCE_MAX):
        yield [(_recorded_move(row), row["state_before"] != State.RECEIVED) for row in rows]


def _recorded_move(row: Any) -> Deed:
    return deeds.move(
        caller=Caller(tenant_id=0, actor=row["actor"]),
        payment_id=row["payment_id"],
        number=row["number"],
        at=row["recorded_at"],
        event=row["event"],
        before=row["state_before"],
        after=row["state_after"],
        reason_code=row["reason_code"],
    )

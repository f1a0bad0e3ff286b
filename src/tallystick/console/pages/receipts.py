"""Receipts: the page that checks one in the browser, and the files that the check asks for."""

import base64
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

import msgspec

from tallystick.audit.api import (
    CheckpointOf,
    ConsistencyOf,
    EntryNotFound,
    EntryOf,
    InclusionOf,
    LogState,
    ReceiptOf,
)
from tallystick.console.pages.record import check_words, number, told_of
from tallystick.console.site import Site, Visit
from tallystick.kernel.entries import DONE, Recorded, canonical
from tallystick.kernel.fields import told
from tallystick.kernel.instants import parse
from tallystick.kernel.messages import Message
from tallystick.kernel.tags import Tag
from tallystick.ledger.api import TransactionNotFound, TransactionOf
from tallystick.payments.api import PaymentOf
from tallystick.runtime.routes import Reply, Route

TEXT: Final = "text/plain; charset=utf-8"
JSON: Final = "application/json"
_KEPT: Final = {"content-disposition": 'attachment; filename="receipt.tlog-proof"'}

# The kinds whose entry tells the amounts that the books have for it.
_TELL_AMOUNTS: Final = ("post", "hold")
_SAFE_INTEGER_MAX: Final = 2**53 - 1


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What a page says of an act, which its entry must say too; and the text that says what is not compared."""

    found: Recorded
    entry: dict[str, Any] = {}
    content: dict[str, Any] = {}
    unproven: str


Find = Callable[[Visit], Awaitable[Recorded]]
Tell = Callable[[Visit], Awaitable[Shown]]


class Grown(Message, frozen=True, kw_only=True):
    """Between which sizes the log is to be shown to have grown."""

    old: Annotated[int, told("The earlier size.")]
    new: Annotated[int, told("The later one.")]


def routes(site: Site) -> list[Route]:
    """The routes of receipts."""

    async def of_payment(visit: Visit) -> Shown:
        message = PaymentOf(payment_id=visit.asked.path["payment"])
        detail = await site.doors.payments.payment(caller=visit.caller, message=message)
        last = detail.transitions[-1]
        return Shown(
            found=Recorded(on=detail.payment.payment_id, at=last.recorded_at),
            entry={"tag": Tag.PAYMENTS_PAYMENT_DECIDE, "outcome": last.reason_code or DONE},
            content={
                "number": last.number,
                "event": last.event,
                "state_before": last.state_before,
                "state_after": last.state_after,
            },
            unproven="unproven_payments",
        )

    async def of_transaction(visit: Visit) -> Shown:
        found = await transaction(visit)
        path = visit.asked.path
        message = TransactionOf(ledger=path["ledger"], id=path["id"])
        try:
            done = await site.doors.ledger.transaction(caller=visit.caller, message=message)
        except TransactionNotFound:
            # It was refused: the record has it, and the books have not.
            return Shown(found=found, unproven="unproven_refused")
        tells = done.kind in _TELL_AMOUNTS
        amounts = [_as_written(int(one.amount)) for one in done.postings]
        return Shown(
            found=found,
            entry={"tag": f"ledger.transaction.{done.kind}", "outcome": DONE},
            content={"amounts": amounts} if tells else {},
            unproven="unproven_ledger" if tells else "unproven_amounts",
        )

    async def payment(visit: Visit) -> Recorded:
        message = PaymentOf(payment_id=visit.asked.path["payment"])
        return await site.doors.payments.recorded(caller=visit.caller, message=message)

    async def transaction(visit: Visit) -> Recorded:
        path = visit.asked.path
        message = TransactionOf(ledger=path["ledger"], id=path["id"])
        return await site.doors.ledger.recorded(caller=visit.caller, message=message)

    return [
        *_of(site, "payments", "/receipts/payments/{payment}", payment, of_payment),
        *_of(site, "ledger", "/receipts/transactions/{ledger}/{id}", transaction, of_transaction),
        *_log(site),
    ]


def _as_written(amount: int) -> int | str:
    """An amount as an entry has it: one that other readers would round is a string."""
    return amount if amount <= _SAFE_INTEGER_MAX else str(amount)


def _of(site: Site, context: str, path: str, find: Find, tell: Tell) -> list[Route]:
    """The page of a receipt and its file, for one kind of act."""

    async def show(visit: Visit) -> Reply:
        shown = await tell(visit)
        of = dict(visit.asked.path)
        back = f"/payments/{of['payment']}" if context == "payments" else ""
        return visit.page(
            "receipt.html",
            context=context,
            of=of.get("payment") or of["id"],
            back=back,
            on=shown.found.on,
            at=shown.found.at,
            expects=canonical({"entry": shown.entry, "content": shown.content}).decode(),
            facts=[*shown.entry.items(), *shown.content.items()],
            unproven=visit.reader.text(f"receipt.{shown.unproven}"),
            check_words=check_words(),
            file=f"{visit.shown.scope['path']}/file",
        )

    async def file(visit: Visit) -> Reply:
        found = await find(visit)
        try:
            message = ReceiptOf(context=context, on=found.on, at=parse(found.at))
        except ValueError:
            # No act of ours is of a time that cannot be; somebody put the row there.
            raise EntryNotFound(f"The log has no entry of {found.at}.") from None
        content = await site.doors.audit.receipt(caller=visit.caller, message=message)
        return Reply(value=content.content, media=TEXT, headers=_KEPT)

    return [site.get(path, show), site.download(f"{path}/file", file, media=(TEXT,))]


def _log(site: Site) -> list[Route]:
    """What a check asks of the log itself, and the receipt of any entry."""
    audit = site.doors.audit

    async def log(visit: Visit) -> Reply:
        found = await audit.log(caller=visit.caller, message=LogState())
        value = {"origin": found.origin, "keys": list(found.keys)}
        return Reply(value=canonical(value), media=JSON, headers={"cache-control": "no-store"})

    async def grown(visit: Visit) -> Reply:
        query: Grown = visit.asked.query
        message = ConsistencyOf(old=query.old, new=query.new)
        found = await audit.consistency(caller=visit.caller, message=message)
        value = {"old": found.old, "new": found.new, "hashes": list(found.hashes)}
        return Reply(value=canonical(value), media=JSON, headers={"cache-control": "no-store"})

    async def receipt(visit: Visit) -> Reply:
        """The receipt of an entry by its place, on the checkpoint that is published now (C2SP tlog-proof)."""
        index, caller = number(visit.asked.path["index"], "index"), visit.caller
        checkpoint = (await audit.checkpoint(caller=caller, message=CheckpointOf())).content
        size = number(checkpoint.split(b"\n", 2)[1].decode(), "size")
        entry = told_of(await audit.entry(caller=caller, message=EntryOf(index=index)))
        proof = await audit.inclusion(caller=caller, message=InclusionOf(index=index, size=size))
        lines = [
            "c2sp.org/tlog-proof@v1",
            f"extra {base64.b64encode(canonical(entry)).decode()}",
            f"index {index}",
            *(base64.b64encode(bytes.fromhex(one)).decode() for one in proof.hashes),
            "\n",
        ]
        return Reply(value="\n".join(lines).encode() + checkpoint, media=TEXT, headers=_KEPT)

    return [
        site.download("/record/log", log, media=(JSON,)),
        site.download("/record/grown", grown, media=(JSON,), query=Grown),
        site.download("/record/{index}/receipt", receipt, media=(TEXT,)),
    ]

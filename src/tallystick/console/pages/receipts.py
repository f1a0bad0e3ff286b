"""Receipts: the page that checks one in the browser, and the files that the check asks for."""

import base64
from collections.abc import Awaitable, Callable
from typing import Annotated, Final

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
from tallystick.kernel.entries import Recorded, canonical
from tallystick.kernel.fields import told
from tallystick.kernel.instants import parse
from tallystick.kernel.messages import Message
from tallystick.ledger.api import TransactionOf
from tallystick.payments.api import PaymentOf
from tallystick.runtime.routes import Reply, Route

TEXT: Final = "text/plain; charset=utf-8"
JSON: Final = "application/json"
_KEPT: Final = {"content-disposition": 'attachment; filename="receipt.tlog-proof"'}

Find = Callable[[Visit], Awaitable[Recorded]]


class Grown(Message, frozen=True, kw_only=True):
    """Between which sizes the log is to be shown to have grown."""

    old: Annotated[int, told("The earlier size.")]
    new: Annotated[int, told("The later one.")]


def routes(site: Site) -> list[Route]:
    """The routes of receipts."""

    async def payment(visit: Visit) -> Recorded:
        message = PaymentOf(payment_id=visit.asked.path["payment"])
        return await site.doors.payments.recorded(caller=visit.caller, message=message)

    async def transaction(visit: Visit) -> Recorded:
        path = visit.asked.path
        message = TransactionOf(ledger=path["ledger"], id=path["id"])
        return await site.doors.ledger.recorded(caller=visit.caller, message=message)

    return [
        *_of(site, "payments", "/receipts/payments/{payment}", payment),
        *_of(site, "ledger", "/receipts/transactions/{ledger}/{id}", transaction),
        *_log(site),
    ]


def _of(site: Site, context: str, path: str, find: Find) -> list[Route]:
    """The page of a receipt and its file, for one kind of act."""

    async def show(visit: Visit) -> Reply:
        found = await find(visit)
        of = dict(visit.asked.path)
        back = f"/payments/{of['payment']}" if context == "payments" else ""
        return visit.page(
            "receipt.html",
            context=context,
            of=of.get("payment") or of["id"],
            back=back,
            on=found.on,
            at=found.at,
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

"""The record over HTTP: a tiled log as C2SP tlog-tiles has it, proofs, and receipts of what other contexts did."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

from tallystick.audit.api import (
    ActPage,
    Audit,
    CheckpointOf,
    Consistency,
    ConsistencyOf,
    Content,
    EntryNotFound,
    EntryOf,
    Inclusion,
    InclusionOf,
    ListActs,
    ListEntries,
    Log,
    LoggedEntry,
    LogPage,
    LogState,
    NothingPublished,
    NotYetPublished,
    ReceiptOf,
    RecordIsDamaged,
    SizeBeyondLog,
    TileNotFound,
    TileOf,
)
from tallystick.kernel.callers import Caller
from tallystick.kernel.fields import told
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import Problem, malformed
from tallystick.runtime.routes import Asked, Reply, Route

LOG, ACTS = "/v1/log", "/v1/acts"
TEXT = "text/plain; charset=utf-8"
OCTETS = "application/octet-stream"
# A tile never changes, so whoever has it may keep it; it is one tenant's.
_FOR_GOOD = {"cache-control": "private, max-age=31536000, immutable"}
_DIGITS_MAX = 15

Finder = Callable[[Caller, Mapping[str, str]], Awaitable[ReceiptOf]]
"""Finds the act that the fields of a path name, in the context that did it; raises that context's problems."""


@dataclass(frozen=True, kw_only=True)
class Receipts:
    """A kind of act that receipts are given for: where its path is, what finds it, and what that raises."""

    path: str
    of: str
    find: Finder
    problems: tuple[type[Problem], ...]


class IndexQuery(Message, frozen=True, kw_only=True):
    """Of which size of the log."""

    size: Annotated[int | None, told("A size of the log; without it, the published one.")] = None


def routes(audit: Audit, *, receipts: tuple[Receipts, ...] = ()) -> list[Route]:
    """The routes of the record. ``receipts`` are given for what other contexts do."""
    return [
        *_log_routes(audit),
        _acts_route(audit),
        *_tile_routes(audit),
        *_proof_routes(audit),
        *(_receipt_route(audit, one) for one in receipts),
    ]


def _log_routes(audit: Audit) -> list[Route]:
    async def log(asked: Asked) -> Log:
        return await audit.log(caller=asked.caller, message=LogState())

    async def checkpoint(asked: Asked) -> Reply:
        found = await audit.checkpoint(caller=asked.caller, message=CheckpointOf())
        return Reply(value=found.content, media=TEXT)

    async def entries(asked: Asked) -> LogPage:
        return await audit.entries(caller=asked.caller, message=asked.query)

    async def entry(asked: Asked) -> LoggedEntry:
        message = EntryOf(index=_number(asked, "index"))
        return await audit.entry(caller=asked.caller, message=message)

    return [
        Route(method="GET", path=LOG, summary="Tell how the record stands", handle=log, answer=Log),
        Route(
            method="GET", path=LOG + "/checkpoint", summary="Give the published checkpoint", handle=checkpoint,
            answer=bytes, answer_media=TEXT, problems=(NothingPublished, RecordIsDamaged),
        ),
        Route(
            method="GET", path=LOG + "/entries", summary="List entries, newest first", handle=entries,
            query=ListEntries, answer=LogPage, problems=(RecordIsDamaged,),
        ),
        Route(
            method="GET", path=LOG + "/entries/{index}", summary="Show an entry", handle=entry, answer=LoggedEntry,
            problems=(EntryNotFound, NotYetPublished, RecordIsDamaged),
        ),
    ]  # fmt: skip


def _acts_route(audit: Audit) -> Route:
    async def acts(asked: Asked) -> ActPage:
        return await audit.acts(caller=asked.caller, message=asked.query)

    return Route(
        method="GET", path=ACTS, summary="List what you did lately, and how it ended", handle=acts,
        query=ListActs, answer=ActPage, problems=(RecordIsDamaged,),
    )  # fmt: skip


def _tile_routes(audit: Audit) -> list[Route]:
    async def tile(asked: Asked) -> Reply:
        message = TileOf(path=f"tile/{asked.path['place']}")
        found = await audit.tile(caller=asked.caller, message=message)
        return Reply(value=found.content, media=OCTETS, headers=_FOR_GOOD)

    return [
        Route(
            method="GET", path=LOG + "/tile/{place}", summary="Give a tile of hashes, or of entries", handle=tile,
            answer=bytes, answer_media=OCTETS, takes_rest=True, problems=(TileNotFound, RecordIsDamaged),
        )
    ]  # fmt: skip


def _proof_routes(audit: Audit) -> list[Route]:
    async def inclusion(asked: Asked) -> Inclusion:
        message = InclusionOf(index=_number(asked, "index"), size=asked.query.size)
        return await audit.inclusion(caller=asked.caller, message=message)

    async def consistency(asked: Asked) -> Consistency:
        return await audit.consistency(caller=asked.caller, message=asked.query)

    return [
        Route(
            method="GET", path=LOG + "/entries/{index}/proof", summary="Prove that an entry is in the log",
            handle=inclusion, query=IndexQuery, answer=Inclusion,
            problems=(EntryNotFound, NotYetPublished, SizeBeyondLog, RecordIsDamaged),
        ),
        Route(
            method="GET", path=LOG + "/consistency", summary="Prove that the log only grew", handle=consistency,
            query=ConsistencyOf, answer=Consistency, problems=(SizeBeyondLog, RecordIsDamaged),
        ),
    ]  # fmt: skip


def _receipt_route(audit: Audit, receipts: Receipts) -> Route:
    async def receipt(asked: Asked) -> Reply:
        message = await receipts.find(asked.caller, asked.path)
        found: Content = await audit.receipt(caller=asked.caller, message=message)
        return Reply(
            value=found.content,
            media=TEXT,
            headers={"content-disposition": 'attachment; filename="receipt.tlog-proof"'},
        )

    return Route(
        method="GET", path=receipts.path, summary=f"Give the receipt of {receipts.of} (.tlog-proof)",
        handle=receipt, answer=bytes, answer_media=TEXT,
        problems=(*receipts.problems, EntryNotFound, NotYetPublished, RecordIsDamaged),
    )  # fmt: skip


def _number(asked: Asked, name: str) -> int:
    text = asked.path[name]
    if not (text.isascii() and text.isdecimal()) or len(text) > _DIGITS_MAX:
        raise malformed(name, "a place in the log is a whole number")
    return int(text)

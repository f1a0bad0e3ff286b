"""The door of the record: its state, tiles and entries, proofs and receipts. It writes nothing: the sequencer does."""

from typing import Annotated, Any, Protocol

from msgspec import Meta

from tallystick.kernel.actions import Action, asks
from tallystick.kernel.callers import Caller
from tallystick.kernel.fields import NextCursor, PageLimit, Time, told
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import Kind, Problem, Retry
from tallystick.kernel.tags import unrecorded

ENTRIES_SEEN_MAX = 20_000
"""So many entries a page of a filtered list looks at; it may have fewer than asked, and go on."""

Index = Annotated[
    int, Meta(description="A place in the log, counted from 0.", extra_json_schema={"minimum": 0})
]
Size = Annotated[
    int,
    Meta(description="How many entries a log has, or had.", extra_json_schema={"minimum": 0}),
]
Hash = Annotated[
    str,
    Meta(description="A SHA-256 in hexadecimal.", extra_json_schema={"pattern": "^[0-9a-f]{64}$"}),
]


class LogState(Message, frozen=True):
    """Ask how the caller's log stands."""


class CheckpointOf(Message, frozen=True, kw_only=True):
    """Ask for the last published checkpoint."""


class TileOf(Message, frozen=True, kw_only=True):
    """Name a tile or a bundle by its path in C2SP tlog-tiles: ``tile/0/x001/234``, ``tile/entries/000.p/7``."""

    path: str


class InclusionOf(Message, frozen=True, kw_only=True):
    """Ask for the proof that an entry is in the log of a size; without one, of the published size."""

    index: Index
    size: Size | None = None


class ConsistencyOf(Message, frozen=True, kw_only=True):
    """Ask for the proof that a log only grew between two sizes; without ``new``, up to the published size."""

    old: Size
    new: Size | None = None


class EntryOf(Message, frozen=True, kw_only=True):
    """Name an entry by its place."""

    index: Index


class ListEntries(Message, frozen=True, kw_only=True):
    """List published entries, newest first. A ``tag`` that ends in ``.`` is the beginning of those that are wanted.

    A filtered page looks at 20,000 entries at most; ``after`` goes on from there even when it is empty.
    """

    tag: Annotated[
        str | None, told("Only entries of this tag, or of those that begin so if it ends in a dot.")
    ] = None
    on: Annotated[str | None, told("Only entries about this.")] = None
    by: Annotated[str | None, told("Only entries by this key, person or job.")] = None
    mentions: Annotated[
        str | None,
        told("Only entries that name one of these ids anywhere: at most 20, with a space between."),
    ] = None
    since: Annotated[Time | None, told("Only entries of this time or later.")] = None
    until: Annotated[Time | None, told("Only entries of before this time.")] = None
    after: Annotated[Index | None, told("Only entries before this place.")] = None
    limit: PageLimit = 50


class ListActs(Message, frozen=True, kw_only=True):
    """List what the caller itself did, newest first."""

    after: Annotated[Index | None, told("Only acts before this place.")] = None
    limit: PageLimit = 50


class ReceiptOf(Message, frozen=True, kw_only=True):
    """Ask for the receipt of an act: the context that did it, what the record says it was done on, and when."""

    context: str
    on: str
    at: int


class Log(Message, frozen=True, kw_only=True):
    """How a log stands."""

    origin: Annotated[str, told("The name of the log in its checkpoints.")]
    size: Annotated[Size, told("Entries that have their place.")]
    published_size: Annotated[Size, told("Entries that the published checkpoint covers.")]
    keys: Annotated[
        tuple[str, ...],
        told(
            "The log's public keys (C2SP vkeys). Whoever verifies takes them from elsewhere than here."
        ),
    ]
    witnesses: Annotated[str, told("Who cosigns, and how many must (C2SP tlog-policy).")]
    lag_ms: Annotated[int, told("How long the oldest entry without a place had waited.")]
    clock_skew_ms: Annotated[int, told("How far the sequencer's clock was from the database's.")]
    sequenced_at: Annotated[Time, told("When a sequencer last took its turn.")]
    alarms: Annotated[
        tuple[str, ...],
        told(
            "What somebody should see to: nobody_sequences, record_lags, clock_is_off, not_published, "
            "record_is_damaged."
        ),
    ] = ()


class Content(Message, frozen=True, kw_only=True):
    """Bytes that are published as they are."""

    content: bytes
    is_final: bool = True


class LoggedEntry(Message, frozen=True, kw_only=True):
    """An entry with its place and its leaf hash."""

    index: Index
    hash: Hash
    title: Annotated[str, told("What was done, in words.")]
    entry: Annotated[
        Any, told("The entry: who did what, on what, when, from where, and how it ended.")
    ]


class LogPage(Message, frozen=True, kw_only=True):
    """A page of entries."""

    items: Annotated[tuple[LoggedEntry, ...], told("Newest first.")]
    after: NextCursor | None = None


class Act(Message, frozen=True, kw_only=True):
    """Something the caller did, or tried to."""

    index: Index
    at: Time
    tag: Annotated[str, told("What it was, as the record calls it.")]
    title: Annotated[str, told("The same in words.")]
    on: Annotated[str, told("What it was done on: an id of ours.")]
    outcome: Annotated[str, told("``done``, or the code of the refusal.")]
    request: Annotated[str, told("Our id of the request that asked for it.")]
    decision: Annotated[str | None, told("The decision that let it in, if one did.")] = None
    may_repeat: Annotated[bool, told("Whether asking for the same again does no harm.")]
    repeating: Annotated[str, told("What happens when it is asked for again, and how.")]


class ActPage(Message, frozen=True, kw_only=True):
    """A page of acts."""

    items: Annotated[tuple[Act, ...], told("Newest first.")]
    complete_until: Annotated[
        Time, told("Every act up to then is in the list; a later one may be on its way into it.")
    ]
    after: NextCursor | None = None


class Inclusion(Message, frozen=True, kw_only=True):
    """A proof that an entry is in a log (RFC 6962, section 2.1.1), the leaf's sibling first."""

    index: Index
    size: Size
    leaf: Hash
    root: Hash
    hashes: Annotated[tuple[Hash, ...], told("The proof, the leaf's sibling first.")]


class Consistency(Message, frozen=True, kw_only=True):
    """A proof that a log only grew (RFC 6962, section 2.1.2)."""

    old: Size
    new: Size
    old_root: Hash
    new_root: Hash
    hashes: Annotated[tuple[Hash, ...], told("The proof, as RFC 6962 orders it.")]


class NothingPublished(Problem):
    """The log has no published checkpoint yet."""

    code = "nothing_published_yet"
    kind = Kind.UNAVAILABLE
    retry = Retry.LATER


class NotYetPublished(Problem):
    """The act is done and its entry written, but no published checkpoint covers it yet: come back in a moment."""

    code = "not_yet_published"
    kind = Kind.UNAVAILABLE
    retry = Retry.LATER


class EntryNotFound(Problem):
    """The log has no such entry."""

    code = "entry_not_found"
    kind = Kind.NOT_FOUND


class SizeBeyondLog(Problem):
    """The size is larger than what is published of the log."""

    code = "size_beyond_the_log"
    kind = Kind.UNPROCESSABLE


class RecordIsDamaged(Problem):
    """Rows of the log are missing or do not fit each other: verify a copy kept elsewhere, and call somebody."""

    code = "record_is_damaged"
    kind = Kind.UNAVAILABLE


class TileNotFound(Problem):
    """There is no such tile: the path is none, or reaches beyond what is published."""

    code = "tile_not_found"
    kind = Kind.NOT_FOUND


_OPEN = "the record itself, which has no personal data"


class Audit(Protocol):
    """The logs of every tenant. Each method works within ``caller.tenant_id`` and nothing else."""

    @asks(Action.AUDIT_PROOF_READ)
    @unrecorded(_OPEN)
    async def log(self, *, caller: Caller, message: LogState) -> Log:
        """Tell how the log stands."""
        ...

    @asks(Action.AUDIT_PROOF_READ)
    @unrecorded(_OPEN)
    async def checkpoint(self, *, caller: Caller, message: CheckpointOf) -> Content:
        """Give the last published checkpoint, with its cosignatures. Raises NothingPublished."""
        ...

    @asks(Action.AUDIT_LOG_READ)
    @unrecorded(_OPEN)
    async def tile(self, *, caller: Caller, message: TileOf) -> Content:
        """Give a tile or a bundle. Raises TileNotFound."""
        ...

    @asks(Action.AUDIT_ENTRY_READ)
    @unrecorded(_OPEN)
    async def entries(self, *, caller: Caller, message: ListEntries) -> LogPage:
        """List entries, newest first. Raises Malformed."""
        ...

    @asks(Action.AUDIT_ENTRY_READ)
    @unrecorded(_OPEN)
    async def entry(self, *, caller: Caller, message: EntryOf) -> LoggedEntry:
        """Show an entry. Raises EntryNotFound, NotYetPublished."""
        ...

    @asks(Action.AUDIT_ACT_READ)
    @unrecorded("what the caller itself did, without personal data")
    async def acts(self, *, caller: Caller, message: ListActs) -> ActPage:
        """List what the caller did, newest first, with how it ended. Raises Malformed."""
        ...

    @asks(Action.AUDIT_PROOF_READ)
    @unrecorded(_OPEN)
    async def inclusion(self, *, caller: Caller, message: InclusionOf) -> Inclusion:
        """Prove that an entry is in the log. Raises SizeBeyondLog, EntryNotFound, NotYetPublished."""
        ...

    @asks(Action.AUDIT_PROOF_READ)
    @unrecorded(_OPEN)
    async def consistency(self, *, caller: Caller, message: ConsistencyOf) -> Consistency:
        """Prove that the log only grew. Raises Malformed, SizeBeyondLog."""
        ...

    @asks(Action.AUDIT_PROOF_READ)
    @unrecorded(_OPEN)
    async def receipt(self, *, caller: Caller, message: ReceiptOf) -> Content:
        """Give the receipt of an act: a proof that its entry is in the log, as one file (C2SP tlog-proof).

        Its extra data are the entry. Raises EntryNotFound, NotYetPublished.
        """
        ...

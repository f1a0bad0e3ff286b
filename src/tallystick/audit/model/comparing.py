"""Holding acts against entries: what the tables say was done, and what the record says, must be one and the same."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import zip_longest
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from tallystick.audit.model import tiles
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import Deed, Entry, canonical, compose, write
from tallystick.kernel.instants import EARLIEST, LATEST, Instant

DIFFERENCES_MAX = 100
TEXT_MAX = 500
# So many acts may wait for their entries at once; of more, those that waited longest are given up.
WAITING_MAX = 50_000
NOTHING = "nothing"

Act = tuple[Deed, bool]
"""What a row says was done (by nobody, where it does not say by whom), and whether it has all that its entry seals."""

Subject = tuple[str, Instant]


class DifferenceCode(StrEnum):
    """Everything that can be between the tables and the record."""

    ACT_WITHOUT_ENTRY = "act_without_entry"
    ENTRY_WITHOUT_ACT = "entry_without_act"
    ENTRY_DIFFERS_FROM_ACT = "entry_differs_from_act"
    LEAF_DIFFERS_FROM_RECORD = "leaf_differs_from_record"
    LEAF_IS_MISSING = "leaf_is_missing"
    LEAF_WITHOUT_ENTRIES = "leaf_without_entries"
    SECRET_IS_MISSING = "secret_is_missing"  # noqa: S105 - a code and no password
    STATE_DIFFERS_FROM_ACTS = "state_differs_from_acts"
    ACT_IN_THE_FUTURE = "act_in_the_future"
    LOG_IS_DAMAGED = "log_is_damaged"
    LOG_WITHOUT_TENANT = "log_without_tenant"
    RECORD_IS_BEHIND = "record_is_behind"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it should be: of which context, on what, of when.

    ``expected`` is what the record says, ``found`` what the tables say, as far as they differ; both are cut when long.
    """

    code: DifferenceCode
    context: str
    on: str
    at: Instant
    expected: str = ""
    found: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was compared, and what differs.

    Acts of a context from ``since`` on and before ``until`` were compared: earlier ones had no record, later ones may
    wait for theirs. ``unopened`` counts the entries whose seals cannot be opened: what they were made with is gone.
    ``counts`` are all differences, of which at most 100 are listed.
    """

    since: Mapping[str, Instant]
    until: Instant
    acts: int
    entries: int
    unopened: int
    differences: tuple[Difference, ...]
    counts: Mapping[DifferenceCode, int]

    @property
    def agrees(self) -> bool:
        """Whether tables and record say the same."""
        return not self.counts

    @property
    def unlisted(self) -> int:
        """How many differences there are beyond those listed."""
        return sum(self.counts.values()) - len(self.differences)


@dataclass(slots=True)
class Tally:
    """What was counted and found so far."""

    acts: int = 0
    entries: int = 0
    unopened: int = 0
    differences: list[Difference] = field(default_factory=list[Difference])
    counts: Counter[DifferenceCode] = field(default_factory=Counter[DifferenceCode])

    def note(
        self,
        code: DifferenceCode,
        context: str,
        subject: Subject,
        expected: str = "",
        found: str = "",
    ) -> None:
        """Add a difference."""
        on, at = subject
        # A row may be of a time that cannot even be written.
        at = within(at)
        self.counts[code] += 1
        if len(self.differences) < DIFFERENCES_MAX:
            self.differences.append(Difference(code, context, on, at, _cut(expected), _cut(found)))

    def comparison(self, *, since: Mapping[str, Instant], until: Instant) -> Comparison:
        """Give the answer."""
        return Comparison(
            since=MappingProxyType({name: within(at) for name, at in since.items()}),
            until=within(until),
            acts=self.acts,
            entries=self.entries,
            unopened=self.unopened,
            differences=tuple(self.differences),
            counts=MappingProxyType(dict(self.counts)),
        )


class Logged(NamedTuple):
    """An entry of the record. ``secret`` is what it was sealed with, salt and origin; None when that is gone."""

    written: bytes
    entry: Entry
    at: Instant
    secret: tuple[bytes, str] | None


class Matching:
    """Finds to each act its entry and to each entry its act, while both come roughly in the order of time."""

    def __init__(self, *, context: str, tally: Tally) -> None:
        self._context = context
        self._tally = tally
        self._acts: dict[Subject, list[Act]] = {}
        self._entries: dict[Subject, list[Logged]] = {}

    def take_acts(self, acts: Iterable[Act]) -> None:
        """Take acts as a table has them."""
        for act in acts:
            self._tally.acts += 1
            subject = (act[0].on, act[0].at)
            waiting = self._entries.get(subject)
            if waiting is None:
                self._acts.setdefault(subject, []).append(act)
                continue
            tags = [one.entry.tag for one in waiting]
            self._hold(act, _taken(self._entries, subject, tags, act[0].tag))

    def take_entries(self, entries: Iterable[Logged]) -> None:
        """Take entries that tell of acts."""
        for logged in entries:
            self._tally.entries += 1
            subject = (logged.entry.on, logged.at)
            waiting = self._acts.get(subject)
            if waiting is None:
                self._entries.setdefault(subject, []).append(logged)
                continue
            tags = [deed.tag for deed, _ in waiting]
            self._hold(_taken(self._acts, subject, tags, logged.entry.tag), logged)

    def settle(self, *, acts_until: Instant, is_last: bool = False) -> None:
        """Name what has no other half, where all acts before a time were taken, and at last all entries too."""
        if self._entries:
            for subject in [one for one in self._entries if one[1] < acts_until]:
                for logged in self._entries.pop(subject):
                    self._note(DifferenceCode.ENTRY_WITHOUT_ACT, subject, _text(logged.entry))
        if not is_last and len(self._acts) <= WAITING_MAX:
            return
        late = sorted(self._acts, key=lambda one: one[1])
        for subject in late if is_last else late[: len(late) - WAITING_MAX // 2]:
            for deed, _ in self._acts.pop(subject):
                self._note(DifferenceCode.ACT_WITHOUT_ENTRY, subject, found=told(deed))

    def _hold(self, act: Act, logged: Logged) -> None:
        """Write the act's entry anew, and hold it against the one that was logged."""
        deed, is_whole = act
        subject = (deed.on, deed.at)
        if is_whole and logged.secret is None and logged.entry.sealed is not None:
            self._tally.unopened += 1
        try:
            written = rewritten(deed, logged, is_whole=is_whole)
        except ValueError as error:
            # Nothing that was done ever read so.
            self._note(DifferenceCode.ENTRY_DIFFERS_FROM_ACT, subject, found=str(error))
            return
        if written != logged.written:
            pair = differing(_told(logged.written), _told(written))
            self._note(DifferenceCode.ENTRY_DIFFERS_FROM_ACT, subject, *map(_json, pair))

    def _note(
        self,
        code: DifferenceCode,
        subject: Subject,
        expected: str = NOTHING,
        found: str = NOTHING,
    ) -> None:
        self._tally.note(code, self._context, subject, expected, found)


def told(deed: Deed) -> str:
    """Say what a row says was done."""
    return _json({"tag": deed.tag, "outcome": deed.outcome, "content": deed.content})


def within(at: Instant) -> Instant:
    """Give the nearest time that can be written."""
    return max(EARLIEST, min(at, LATEST - 1))


def _taken(held: dict[Subject, list[Any]], subject: Subject, tags: Sequence[str], tag: str) -> Any:
    """Take one of those that wait under a subject: of several at one time, the one of this tag."""
    waiting = held[subject]
    taken = waiting.pop(tags.index(tag) if tag in tags else 0)
    if not waiting:
        del held[subject]
    return taken


def rewritten(deed: Deed, logged: Logged, *, is_whole: bool) -> bytes:
    """Write the entry of an act as it was written once, if it is as it was.

    What no row has is taken from what was logged: the request and its decision, the actor where the row has none, and
    the seal unless all that it hides is known.
    """
    entry, secret = logged.entry, logged.secret
    caller = Caller(
        tenant_id=0,
        actor=deed.caller.actor or entry.by,
        request=entry.from_,
        origin=secret[1] if secret else "",
        decision=entry.decision or "",
        via=entry.via or "",
    )
    if is_whole and secret is not None:
        return write(msgspec.structs.replace(deed, caller=caller), salt=secret[0])
    return compose(
        at=deed.at,
        caller=caller,
        content=canonical(deed.content).decode() if deed.content else "",
        on=deed.on,
        outcome=deed.outcome,
        sealed=entry.sealed or "",
        tag=deed.tag,
    )


def differing(expected: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[Any, Any]:
    """Give what differs between two mappings, within ``content`` too."""
    ours: dict[str, Any] = {}
    theirs: dict[str, Any] = {}
    for name in sorted(expected.keys() | found.keys()):
        one, other = expected.get(name), found.get(name)
        if one == other:
            continue
        if name == "content" and one and other:
            one, other = differing(one, other)
        ours[name], theirs[name] = one, other
    return ours, theirs


def told_apart(
    segment: Sequence[bytes], leaf: bytes, start: int, *, goes_on: bool
) -> tuple[str, str] | None:
    """Hold the entries of a segment against the leaf they came from; answers the first two that differ, or None.

    A leaf that ``goes_on`` may have more entries than these. Raises ValueError for a leaf that is none.
    """
    kept = tiles.unpack(leaf)[start : start + len(segment) if goes_on else None]
    for one, other in zip_longest(segment, kept, fillvalue=b""):
        if one != other:
            return _readable(one), _readable(other)
    return None


def _readable(entry: bytes) -> str:
    return entry.decode(errors="replace") or NOTHING


def _told(entry: bytes) -> Mapping[str, Any]:
    try:
        return msgspec.json.decode(entry, type=dict[str, Any])
    except msgspec.DecodeError:
        return {"entry": _readable(entry)}


def _text(entry: Entry) -> str:
    return msgspec.json.encode(entry).decode()


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_MAX else text[: TEXT_MAX - 1] + "…"

"""What the verification of a record says: whether it holds, or what does not fit, where, and what to do next."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

# An entry that was put in moves all that follow; their list would say no more than its beginning.
FAILURES_MAX = 64
SIZE_MAX = 2**63 - 1


class FailureCode(StrEnum):
    """Everything that can be wrong with a record, what concerns all of it first."""

    CHECKPOINT_MISSING = "checkpoint_missing"
    CHECKPOINT_MALFORMED = "checkpoint_malformed"
    WRONG_ORIGIN = "wrong_origin"
    SIGNATURE_MISSING = "signature_missing"
    SIGNATURE_WRONG = "signature_wrong"
    NOT_PUBLISHED = "not_published"
    MANIFEST_MALFORMED = "manifest_malformed"
    TAIL_CUT_OFF = "tail_cut_off"
    FORK = "fork"
    ROOT_DOES_NOT_MATCH = "root_does_not_match"
    TILE_MISSING = "tile_missing"
    TILE_MALFORMED = "tile_malformed"
    TILE_DOES_NOT_FIT = "tile_does_not_fit"
    BUNDLE_MISSING = "bundle_missing"
    BUNDLE_MALFORMED = "bundle_malformed"
    ENTRY_DOES_NOT_FIT = "entry_does_not_fit"
    ENTRY_MALFORMED = "entry_malformed"


_ASK_AGAIN = "Fetch it again, from the log itself or from another mirror, and verify once more."
_KEEP_BOTH = (
    "Keep this copy and both signed checkpoints: together they prove what the log did, to anybody."
)
_ADVICE: Mapping[FailureCode, str] = MappingProxyType(
    {
        FailureCode.CHECKPOINT_MISSING: "Check that this is the folder or URL of a record. "
        + _ASK_AGAIN,
        FailureCode.CHECKPOINT_MALFORMED: _ASK_AGAIN,
        FailureCode.WRONG_ORIGIN: "Check that the key is the one of this log; take it from a source apart from the "
        "package.",
        FailureCode.SIGNATURE_MISSING: "Nobody you trust signed this. Check the key you were given apart from the "
        "package; if it is right, the record was signed by somebody else.",
        FailureCode.SIGNATURE_WRONG: "It was changed after it was signed. " + _ASK_AGAIN,
        FailureCode.NOT_PUBLISHED: "Too few witnesses saw this checkpoint. Wait for the next one, or ask the operator "
        "which witnesses did not answer, and why.",
        FailureCode.MANIFEST_MALFORMED: _ASK_AGAIN,
        FailureCode.TAIL_CUT_OFF: "The log once signed more than it shows here. " + _KEEP_BOTH,
        FailureCode.FORK: "The log signed two histories. " + _KEEP_BOTH,
        FailureCode.ROOT_DOES_NOT_MATCH: "Compare this stretch with another copy: something in it is not what was "
        "signed.",
        FailureCode.TILE_MISSING: _ASK_AGAIN,
        FailureCode.TILE_MALFORMED: _ASK_AGAIN,
        FailureCode.TILE_DOES_NOT_FIT: "Compare this range with another copy: it was changed together with its hashes.",
        FailureCode.BUNDLE_MISSING: _ASK_AGAIN,
        FailureCode.BUNDLE_MALFORMED: _ASK_AGAIN,
        FailureCode.ENTRY_DOES_NOT_FIT: "Compare this entry with another copy: it is not the one that was signed.",
        FailureCode.ENTRY_MALFORMED: "The log took in something that is no entry. Ask the operator what it is.",
    }
)


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that does not fit. ``place`` is a path or names entries; ``entries`` are those concerned, end excluded.

    ``expected`` and ``found`` are base64 where they are hashes.
    """

    code: FailureCode
    place: str
    entries: tuple[int, int] | None = None
    expected: str = ""
    found: str = ""

    @property
    def advice(self) -> str:
        """What to do next."""
        return _ADVICE[self.code]


def place_of(start: int, end: int) -> str:
    """Name entries as people count them, the last one included."""
    return f"entry {start}" if end == start + 1 else f"entries {start} to {end - 1}"


@dataclass(slots=True)
class Findings:
    """The failures found so far, up to FAILURES_MAX of each code; the others are counted.

    Entries before ``untouched`` fit their tiles, and those fit the ones above.
    """

    failures: list[Failure] = field(default_factory=list[Failure])
    counts: Counter[FailureCode] = field(default_factory=Counter[FailureCode])
    untouched: int = SIZE_MAX

    def note(
        self,
        code: FailureCode,
        place: str,
        entries: tuple[int, int] | None = None,
        expected: str = "",
        found: str = "",
    ) -> None:
        """Add a failure."""
        self.counts[code] += 1
        # What was signed as no entry is still what was signed.
        if entries and code is not FailureCode.ENTRY_MALFORMED:
            self.untouched = min(self.untouched, entries[0])
        if self.counts[code] <= FAILURES_MAX:
            self.failures.append(Failure(code, place, entries, expected, found))

    @property
    def unlisted(self) -> int:
        """How many more there are than are listed."""
        return self.counts.total() - len(self.failures)

    def in_order(self) -> tuple[Failure, ...]:
        """Give the failures: those of the whole record first, then by the entry where they begin."""
        return tuple(sorted(self.failures, key=lambda one: one.entries[0] if one.entries else -1))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was verified and what did not fit.

    Entries from ``first`` to ``size`` were read; those before are there by their hashes only. ``checkpoints`` counts
    the older signed ones the record was held against. ``root`` is the signed one, base64.
    """

    origin: str = ""
    size: int = 0
    root: str = ""
    first: int = 0
    checkpoints: int = 0
    failures: tuple[Failure, ...] = ()
    unlisted: int = 0

    @property
    def holds(self) -> bool:
        """Whether everything fits."""
        return not self.failures

"""Trust policies of C2SP: which logs are known, which witnesses, and whose cosignatures are enough."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from tallystick.audit.model.notes import (
    COSIGNATURE_ED25519,
    ED25519,
    ML_DSA_44,
    BadNote,
    Note,
    VerifierKey,
    signed_by,
)

NONE = "none"
# The specification asks for 32 logs, 32 witnesses and 32 groups at least.
LINES_MAX = 1_024
TEXT_MAX = 1024 * 1024

_LOG_ALGORITHMS = {ED25519, ML_DSA_44}
_WITNESS_ALGORITHMS = {COSIGNATURE_ED25519, ML_DSA_44}
_CONTROL = re.compile(r"[^\t\n\x20-\x7e\x80-\U0010ffff]")
_SPACE = re.compile(r"[ \t]+")
_THRESHOLD = re.compile(r"[1-9][0-9]{0,3}")


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A log that is trusted to sign checkpoints; the name of its key is its origin."""

    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness. Its name means something inside the policy alone; signatures carry the name of its key."""

    name: str
    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Witnesses or groups, of which ``threshold`` are enough."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """``quorum`` names the witness or the group whose word is needed, or is "none".

    Only ``parse_policy`` and ``none`` promise that its names hang together.
    """

    logs: tuple[LogEntry, ...] = ()
    witnesses: tuple[Witness, ...] = ()
    groups: tuple[Group, ...] = ()
    quorum: str = NONE

    @classmethod
    def none(cls) -> "Policy":
        """The policy that knows nobody and asks for no cosignature."""
        return cls()


def satisfied_by(policy: Policy, note: Note) -> bool:
    """Say whether a note carries cosignatures of the quorum. Whether a log signed it is another question.

    A signature of a witness of the policy that does not verify spoils the note, unless the quorum is "none".
    """
    if policy.quorum == NONE:
        return True
    try:
        has = {one.name: signed_by(note, one.key) is not None for one in policy.witnesses}
    except BadNote:
        return False
    for group in policy.groups:
        has[group.name] = sum(has[member] for member in group.members) >= group.threshold
    return has[policy.quorum]


def render_policy(policy: Policy) -> str:
    """Write a policy as ``parse_policy`` reads it, its groups in their order."""
    lines = [
        *(_line("log", one.key.render(), one.url) for one in policy.logs),
        *(_line("witness", one.name, one.key.render(), one.url) for one in policy.witnesses),
        *(_line("group", one.name, str(one.threshold), *one.members) for one in policy.groups),
        _line("quorum", policy.quorum),
    ]
    return "".join(lines)


def _line(*words: str | None) -> str:
    return f"{' '.join(word for word in words if word is not None)}\n"


def parse_policy(text: str) -> Policy:
    """Read a policy of at most 1,024 lines and 1 MiB. Raises ValueError, which names the line."""
    lines = text.split("\n")
    if len(text) > TEXT_MAX or len(lines) > LINES_MAX + 1:
        raise ValueError(f"a policy has at most {LINES_MAX} lines and {TEXT_MAX} characters")
    draft = _Draft()
    for number, line in enumerate(lines, start=1):
        try:
            draft.read(line)
        except ValueError as error:
            raise ValueError(f"line {number} of the policy: {error}") from None
    if draft.quorum is None:
        raise ValueError(f"line {len(lines)} of the policy: it ends without a quorum")
    return Policy(
        logs=tuple(draft.logs),
        witnesses=tuple(draft.witnesses),
        groups=tuple(draft.groups),
        quorum=draft.quorum,
    )


@dataclass(slots=True)
class _Draft:
    """What the lines so far have said."""

    logs: list[LogEntry] = field(default_factory=list[LogEntry])
    witnesses: list[Witness] = field(default_factory=list[Witness])
    groups: list[Group] = field(default_factory=list[Group])
    members: set[str] = field(default_factory=set[str])
    quorum: str | None = None

    def read(self, line: str) -> None:
        if _CONTROL.search(line):
            raise ValueError("control characters are not allowed")
        # Only space and tab separate, so not split(): a name may hold a space of another script.
        word, *rest = _SPACE.split(line.strip(" \t"))
        if not word or word.startswith("#"):
            return
        if word not in _READERS:
            raise ValueError(f"{word[:40]!r} is none of {', '.join(_READERS)}")
        _READERS[word](self, rest)

    def read_log(self, words: Sequence[str]) -> None:
        if len(words) not in (1, 2):
            raise ValueError("a log is written as: log <vkey> [<url>]")
        key = _key(words[0], _LOG_ALGORITHMS, [one.key for one in self.logs])
        self.logs.append(LogEntry(key=key, url=_last(words, 1)))

    def read_witness(self, words: Sequence[str]) -> None:
        if len(words) not in (2, 3):
            raise ValueError("a witness is written as: witness <name> <vkey> [<url>]")
        name = self._new(words[0])
        key = _key(words[1], _WITNESS_ALGORITHMS, [one.key for one in self.witnesses])
        self.witnesses.append(Witness(name=name, key=key, url=_last(words, 2)))

    def read_group(self, words: Sequence[str]) -> None:
        if len(words) < 3:
            raise ValueError("a group is written as: group <name> any|all|<number> <name>...")
        name, wanted, *members = words
        self._new(name)
        for member in members:
            self._known(member)
            if member in self.members:
                raise ValueError(f"{member} is a member twice")
            self.members.add(member)
        threshold = _threshold(wanted, len(members))
        self.groups.append(Group(name=name, threshold=threshold, members=tuple(members)))

    def read_quorum(self, words: Sequence[str]) -> None:
        if len(words) != 1:
            raise ValueError("the quorum is written as: quorum <name>|none")
        if self.quorum is not None:
            raise ValueError("there is a quorum already")
        if words[0] != NONE:
            self._known(words[0])
        self.quorum = words[0]

    def _names(self) -> set[str]:
        return {one.name for one in (*self.witnesses, *self.groups)}

    def _new(self, name: str) -> str:
        if name == NONE or name in self._names():
            raise ValueError(f"{name} is taken")
        return name

    def _known(self, name: str) -> None:
        if name not in self._names():
            raise ValueError(f"no line before this one defines {name}")


_READERS: Mapping[str, Callable[[_Draft, Sequence[str]], None]] = MappingProxyType(
    {
        "log": _Draft.read_log,
        "witness": _Draft.read_witness,
        "group": _Draft.read_group,
        "quorum": _Draft.read_quorum,
    }
)


def _key(text: str, algorithms: set[int], known: Sequence[VerifierKey]) -> VerifierKey:
    key = VerifierKey.parse(text)
    if key.algorithm not in algorithms:
        raise ValueError(f"the algorithm {key.algorithm:#04x} of {key.name} does not belong here")
    # The same key under two names would count twice.
    if any(one.public_key == key.public_key for one in known):
        raise ValueError(f"the public key of {key.name} stands on a line before")
    return key


def _threshold(wanted: str, members: int) -> int:
    if wanted in ("any", "all"):
        return 1 if wanted == "any" else members
    if not _THRESHOLD.fullmatch(wanted) or int(wanted) > members:
        raise ValueError(f"{wanted[:40]!r} is not any, all or a number from 1 to {members}")
    return int(wanted)


def _last(words: Sequence[str], count: int) -> str | None:
    return words[count] if len(words) > count else None

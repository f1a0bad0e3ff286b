"""What deciding works on and what it leaves: targets, and the outcome of each act."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tallystick.kernel.instants import Instant
from tallystick.ledger.api import RefusalCode
from tallystick.ledger.model.accounts import POSTED, AccountState
from tallystick.ledger.model.acts import Act

Step = tuple[int, AccountState, AccountState, int]
"""One posting on one layer: layer, debit account, credit account, amount."""

Line = tuple[int, int, int, int, int, int, int, int, int, int, int]
"""One step as entered: debit account, credit account, layer, line of the debit (the credit's is the next), how each is
displaced, amount, then debits and credits after it: of the debited account, of the credited account."""


class Refusing(Exception):
    """Ends the deciding of one act."""

    def __init__(self, code: RefusalCode, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.fields = dict(fields or {})


@dataclass(slots=True, kw_only=True)
class Target:
    """A transaction that a capture, void or reversal names, as it stands in the batch.

    ``rest`` is what a hold still reserves, or what of a posted transaction is not reversed yet.
    """

    id: str
    kind: str
    recorded_at: Instant
    refused: bool
    accounts: Sequence[AccountState]
    amounts: Sequence[int]
    rest: list[int]
    state: str | None
    expires_at: Instant | None
    changed: bool = False


@dataclass(slots=True)
class Outcome:
    """What became of an act: its steps and lines, or the code that refuses it.

    ``after`` holds each touched account with a copy of its counters right after the act.
    """

    act: Act
    recorded_at: Instant
    effective_at: Instant
    refusal: RefusalCode | None = None
    fields: dict[str, str] = field(default_factory=dict)
    steps: Sequence[Step] = ()
    lines: list[Line] = field(default_factory=list)
    after: Sequence[tuple[AccountState, list[int]]] = ()
    target: Target | None = None
    rest: list[int] | None = None
    state: str | None = None

    def booked(self) -> Sequence[Step]:
        """The steps that say what the act did: what it posted, or for a hold or its end what it moved."""
        if self.act.kind != "capture":
            return self.steps
        return [step for step in self.steps if step[0] == POSTED]

    def refuse(self, code: RefusalCode, fields: dict[str, str]) -> None:
        """Make it a refusal that moved nothing."""
        self.refusal, self.fields = code, fields
        self.steps, self.lines, self.after = (), [], ()
        self.rest, self.state = None, None


def outcome_of(act: Act, recorded_at: Instant) -> Outcome:
    """An outcome to be filled: an absent effective time is the time of recording."""
    return Outcome(act, recorded_at, recorded_at if act.effective_at is None else act.effective_at)

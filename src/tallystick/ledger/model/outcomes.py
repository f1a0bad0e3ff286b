"""What deciding works on and what it leaves: targets, and the outcome of each act."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tallystick.kernel.instants import Instant
from tallystick.ledger.api import RefusalCode
from tallystick.ledger.model.accounts import POSTED, AccountState
from tallystick.ledger.model.acts import Act

Step = tuple[int, AccountState, AccountState, int]
"""One posting on one layer: layer, debit account, credit account, amount."""

Line = tuple[int, int, int, int, int, int, int, int, int]
"""One step as entered: debit account, credit account, layer, line of the debit (the credit's is the next), amount, then
debits and credits after it: of the debited account, of the credited account."""


class CapKey(NamedTuple):
    """What a cap is counted by, within its tenant: the delegation, the asset, the slot of time."""

    name: str
    asset: str
    slot: str


Use = tuple[CapKey, int]
"""What an act counted under a cap, in minor units; less than zero is what it gave back."""


class Refusing(Exception):
    """Ends the deciding of one act."""

    def __init__(self, code: RefusalCode, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.fields = dict(fields or {})


@dataclass(slots=True, kw_only=True)
class Target:
    """A transaction that a capture, void or reversal names, as it stands in the batch.

    ``rest`` is what a hold still reserves, or what of a posted transaction is not reversed yet; ``reversed`` is what
    the tables said of that, None when nothing was. ``caps`` are those that counted a hold.
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
    reversed: Sequence[int] | None = None
    changed: bool = False
    caps: Sequence[CapKey] = ()


class Outcome:
    """What became of an act: its steps and lines, or the code that refuses it.

    ``after`` holds each touched account with a copy of its counters right after the act. An absent effective
    time is the time of recording.
    """

    __slots__ = (
        "act",
        "after",
        "effective_at",
        "fields",
        "lines",
        "recorded_at",
        "refusal",
        "rest",
        "state",
        "steps",
        "target",
        "uses",
    )

    def __init__(self, act: Act, recorded_at: Instant) -> None:
        self.act = act
        self.recorded_at = recorded_at
        self.effective_at = recorded_at if act.effective_at is None else act.effective_at
        self.refusal: RefusalCode | None = None
        self.fields: Mapping[str, str] = _NO_FIELDS
        self.steps: Sequence[Step] = ()
        self.lines: Sequence[Line] = ()
        self.after: Sequence[tuple[AccountState, list[int]]] = ()
        self.target: Target | None = None
        self.rest: list[int] | None = None
        self.state: str | None = None
        self.uses: Sequence[Use] = ()

    def booked(self) -> Sequence[Step]:
        """The steps that say what the act did: what it posted, or for a hold or its end what it moved."""
        if self.act.kind != "capture":
            return self.steps
        return [step for step in self.steps if step[0] == POSTED]

    def refuse(self, code: RefusalCode, fields: Mapping[str, str]) -> None:
        """Make it a refusal that moved nothing. The target stays: the refusal may rest on it."""
        self.refusal, self.fields = code, fields
        self.steps, self.lines, self.after = (), (), ()
        self.rest, self.state = None, None
        self.uses = ()


_NO_FIELDS: Mapping[str, str] = {}

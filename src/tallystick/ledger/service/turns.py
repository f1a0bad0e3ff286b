"""One pass over a batch: what was known is answered again, what is new is decided and gets its time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from tallystick.kernel.instants import Instant
from tallystick.ledger.api import RefusalCode
from tallystick.ledger.model.acts import Act, difference
from tallystick.ledger.model.deciding import Decider
from tallystick.ledger.model.outcomes import Outcome
from tallystick.ledger.store import states


@dataclass(slots=True)
class Known:
    """An act whose id was decided before: as the same act (a replay), or as another (then refused)."""

    id: str
    refusal: str | None
    fields: Mapping[str, str]
    is_replay: bool


Decided = Outcome | Known


class Turn:
    """The pass over one batch."""

    def __init__(self, decider: Decider, rows: Mapping[str, Any], next_at: Instant) -> None:
        self.next_at = next_at
        self.decided: list[Decided] = []
        self.outcomes: list[Outcome] = []
        self._decider = decider
        self._rows = rows
        self._seen: dict[str, Outcome] = {}

    def take(self, act: Act) -> None:
        """Decide one act that stands alone, or answer it again."""
        known = self._repeated(act)
        if known is not None:
            self.decided.append(known)
            return
        outcome = self._decider.decide(act, recorded_at=self.next_at)
        self._add(outcome)
        self.decided.append(outcome)

    def take_together(self, unit: Sequence[Act]) -> None:
        """Decide several acts that stand or fall together; those that were decided before are answered again."""
        repeated = [self._repeated(act) for act in unit]
        fresh = [act for act, known in zip(unit, repeated, strict=True) if known is None]
        failed = next((known for known in repeated if known and known.refusal), None)
        if failed is None:
            made = self._decider.decide_together(fresh, first_recorded_at=self.next_at)
        else:
            made = [self._linked(act, self.next_at + n, failed) for n, act in enumerate(fresh)]
        for outcome in made:
            self._add(outcome)
        made_in_turn = iter(made)
        self.decided += [known or next(made_in_turn) for known in repeated]

    def _add(self, outcome: Outcome) -> None:
        self.next_at += 1
        self.outcomes.append(outcome)
        self._seen[outcome.act.id] = outcome

    def _linked(self, act: Act, recorded_at: Instant, failed: Known) -> Outcome:
        outcome = Outcome(act, recorded_at)
        outcome.refuse(RefusalCode.LINKED_ITEM_FAILED, {"failed": failed.id})
        self._decider.note(outcome)
        return outcome

    def _repeated(self, act: Act) -> Known | None:
        seen = self._seen.get(act.id)
        if seen is not None:
            return _known(act, seen.refusal, seen.fields, seen.act.fingerprint)
        row = self._rows.get(act.id)
        if row is not None:
            fields = states.mapping_of(row["refusal_fields"])
            return _known(act, row["refusal"], fields, row["fingerprint"])
        return None


def _known(act: Act, refusal: str | None, fields: Mapping[str, str], mark: bytes) -> Known:
    code = difference(mark, act.fingerprint)
    if code is not None:
        return Known(act.id, code, {}, is_replay=False)
    return Known(act.id, refusal, fields, is_replay=True)


def units(acts: Sequence[Act]) -> Iterable[Sequence[Act]]:
    """Acts of one request that stand or fall together: each alone, or neighbours of one group."""
    if all(act.group is None for act in acts):
        return ((act,) for act in acts)
    return _grouped(acts)


def _grouped(acts: Sequence[Act]) -> Iterable[Sequence[Act]]:
    for group, members in groupby(acts, key=_group):
        if group is None:
            yield from ((act,) for act in members)
        else:
            yield list(members)


def _group(act: Act) -> str | None:
    return act.group

"""Caps: the most that may be moved of an asset under one delegation within one slot, counted act by act."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tallystick.kernel.callers import Cap
from tallystick.ledger.api import RefusalCode as Code
from tallystick.ledger.model.accounts import POSTED, RELEASED
from tallystick.ledger.model.acts import Act
from tallystick.ledger.model.outcomes import CapKey, Outcome, Refusing, Step, Use

# One act counts under so many at most.
CAPS_MAX = 100
# What moves money, or reserves it. A capture counts nothing, since its hold did.
COUNTED = frozenset({"post", "hold", "reverse"})


@dataclass(slots=True)
class Counter:
    """What was moved under a cap, and what of that came back; neither ever decreases once written."""

    moved: int
    released: int
    changed: bool = False

    @property
    def used(self) -> int:
        """What counts against the most."""
        return self.moved - self.released


class Caps:
    """The counters of every cap that the acts of a batch may touch, as they stand in the batch."""

    def __init__(self, counters: Mapping[CapKey, Counter]) -> None:
        self._counters = counters

    def changed(self) -> Iterator[tuple[CapKey, Counter]]:
        """The counters that moved."""
        return ((key, one) for key, one in self._counters.items() if one.changed)

    def count(self, outcome: Outcome, steps: Sequence[Step]) -> Sequence[Use]:
        """Count what an act moved, or give back what its hold did not; answers what was counted.

        Raises Refusing, with every counter as it was, when a cap of the caller has too little rest.
        """
        act, target = outcome.act, outcome.target
        if act.kind in COUNTED:
            uses = self._moved(act.caller.caps, steps) if act.caller.caps else ()
        elif target is not None and target.caps:
            uses = _given_back(target.caps, steps)
        else:
            uses = ()
        self._add(uses, 1)
        return uses

    def undo(self, uses: Iterable[Use]) -> None:
        """Take back what was counted for an act that falls after all."""
        self._add(uses, -1)

    def _moved(self, caps: Sequence[Cap], steps: Sequence[Step]) -> Sequence[Use]:
        moved: dict[str, int] = {}
        for _, debit, _, amount in steps:
            moved[debit.asset] = moved.get(debit.asset, 0) + amount
        uses: dict[CapKey, int] = {}
        for cap in caps:
            amount = moved.get(cap.asset)
            if amount:
                key = CapKey(cap.name, cap.asset, cap.slot)
                rest = cap.most - self._counters[key].used
                if amount > rest:
                    raise _reached(cap, rest)
                uses[key] = amount
        return tuple(uses.items())

    def _add(self, uses: Iterable[Use], sign: int) -> None:
        for key, amount in uses:
            counter = self._counters[key]
            if amount > 0:
                counter.moved += sign * amount
            else:
                counter.released -= sign * amount
            counter.changed = True


def _given_back(keys: Sequence[CapKey], steps: Sequence[Step]) -> Sequence[Use]:
    """What a hold's end gives back: what it releases and does not post. It stands as a negative amount."""
    back: dict[str, int] = {}
    for layer, debit, _, amount in steps:
        if layer in (RELEASED, POSTED):
            sign = -1 if layer == RELEASED else 1
            back[debit.asset] = back.get(debit.asset, 0) + sign * amount
    return tuple((key, back[key.asset]) for key in keys if back.get(key.asset))


def _reached(cap: Cap, rest: int) -> Refusing:
    fields = {
        "cap": cap.name,
        "slot": cap.slot,
        "asset": cap.asset,
        # A cap that was lowered below what was moved already has nothing left.
        "rest": str(max(rest, 0)),
    }
    return Refusing(Code.SPENDING_CAP_REACHED, fields)


def keys_of(acts: Iterable[Act]) -> set[CapKey]:
    """The caps that acts may count under, going by who asks."""
    return {
        CapKey(cap.name, cap.asset, cap.slot)
        for act in acts
        if act.kind in COUNTED
        for cap in act.caller.caps
    }

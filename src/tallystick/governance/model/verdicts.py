"""What a control says of a resource."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

Outcome = Literal["pass", "fail", "unknown", "not_applicable", "waived"]
Severity = Literal["low", "medium", "high", "critical"]
# What is no live target at all, and the clouds themselves; what stands for a cloud is between them.
_NOT_LIVE: Final = frozenset({"", "plan", "store"})
_CLOUDS: Final = frozenset({"aws", "azure", "gcp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one control says of one resource, and why.

    `subject` is the address, or the estate where the control is about all of it; `target` is where the values
    were read that it rests on: the weakest of all that were read. `reasons` are sentences, one for each clause
    that did not pass.
    """

    control: str
    subject: str
    outcome: Outcome
    reasons: tuple[str, ...]
    target: str

    @property
    def said(self) -> str:
        """Why, in one line for a person; of what is not known yet it says what may be, not what is."""
        if not self.reasons:
            return self.outcome
        why = "; ".join(self.reasons)
        return f"it may be that {why}" if self.outcome == "unknown" else why


def weakest(targets: Iterable[str]) -> str:
    """Give the target that proves least: a plan or the local store, then what stands for a cloud, then a cloud."""
    return min(targets, key=lambda each: (each not in _NOT_LIVE, each in _CLOUDS, each))

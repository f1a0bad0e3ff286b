"""What a control says of a resource."""

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["pass", "fail", "unknown", "not_applicable", "waived"]
Severity = Literal["low", "medium", "high", "critical"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one control says of one resource, and why.

    `subject` is the address, or the estate where the control is about all of it; `target` is where its values
    were read. `reasons` are sentences, one for each clause that did not pass.
    """

    control: str
    subject: str
    outcome: Outcome
    reasons: tuple[str, ...]
    target: str

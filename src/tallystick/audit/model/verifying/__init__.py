"""What an auditor checks, apart from all reading: the tree is rebuilt, and what does not fit is named."""

from tallystick.audit.model.verifying.entries import first_malformed
from tallystick.audit.model.verifying.rebuilding import Rebuild, entries_under, reading_order
from tallystick.audit.model.verifying.stretches import Mark, judge_marks
from tallystick.audit.model.verifying.verdicts import (
    FAILURES_MAX,
    Failure,
    FailureCode,
    Findings,
    Verdict,
    place_of,
)

__all__ = [
    "FAILURES_MAX",
    "Failure",
    "FailureCode",
    "Findings",
    "Mark",
    "Rebuild",
    "Verdict",
    "entries_under",
    "first_malformed",
    "judge_marks",
    "place_of",
    "reading_order",
]

"""Signed checkpoints against a rebuilt tree: which fit, which forked, and between which two something was changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tallystick.audit.model.notes import to_base64
from tallystick.audit.model.verifying.verdicts import FailureCode, Findings, place_of


@dataclass(frozen=True, slots=True)
class Mark:
    """A checkpoint whose signature was checked; ``place`` is where it was read."""

    place: str
    size: int
    root: bytes


def judge_marks(
    marks: Sequence[Mark], roots: Mapping[int, Sequence[bytes]], findings: Findings
) -> None:
    """Hold marks against the roots that the tree may have at their sizes, the one by the entries first.

    Two roots of one size are a fork: the log signed both. So is a mark that does not fit where a later one does, unless
    something before it was damaged: then the damage is named and nobody accused. Above the last mark that fits, the
    first that does not bounds the stretch in which something was changed.
    """
    fitting = max((mark.size for mark in marks if mark.root in roots[mark.size]), default=0)
    is_bounded = False
    signed: dict[int, bytes] = {}
    for mark in sorted(marks, key=lambda mark: mark.size):
        told = to_base64(mark.root), to_base64(roots[mark.size][0])
        if signed.setdefault(mark.size, mark.root) != mark.root:
            other = to_base64(signed[mark.size])
            findings.note(FailureCode.FORK, mark.place, None, told[0], other)
        elif mark.root in roots[mark.size] or is_bounded:
            continue
        elif mark.size > fitting:
            stretch, is_bounded = (fitting, mark.size), True
            findings.note(FailureCode.ROOT_DOES_NOT_MATCH, place_of(*stretch), stretch, *told)
        elif findings.untouched >= mark.size:
            findings.note(FailureCode.FORK, mark.place, None, *told)

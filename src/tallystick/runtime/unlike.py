"""Where two answers to the same question are unlike."""

import re
from typing import Any, Final

import msgspec

from tallystick.kernel.problems import Problem

FIELDS_MAX: Final = 20
CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,99}")
"""The form of every code of a problem, which somebody else's implementation may not keep."""
# Of the moment it was asked, and so never the same twice; and files, which say when they were written.
_VARYING: Final = frozenset({"created_at", "ends_at", "content"})


def unlike(ours: Any, theirs: Any) -> tuple[str, ...] | None:
    """Where two outcomes differ, as places in the answer, at most 20; None when they are the same.

    What is of the moment it was asked, and files, are passed over.
    """
    if isinstance(ours, Problem) or isinstance(theirs, Problem):
        return None if outcome_of(ours) == outcome_of(theirs) else ()
    found: list[str] = []
    _walk(msgspec.to_builtins(ours), msgspec.to_builtins(theirs), "", found)
    return tuple(found[:FIELDS_MAX]) or None


def _walk(ours: Any, theirs: Any, place: str, found: list[str]) -> None:
    if len(found) >= FIELDS_MAX:
        return
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in sorted(ours.keys() | theirs.keys()):
            if name not in _VARYING:
                _walk(ours.get(name), theirs.get(name), f"{place}.{name}" if place else name, found)
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            _walk(one, other, f"{place}[{number}]", found)
    elif ours != theirs:
        found.append(place)


def outcome_of(value: Any) -> str:
    """How a call ended: ``answered``, or the code of its refusal; what is no code is not repeated."""
    if not isinstance(value, Problem):
        return "answered"
    return value.code if CODE.fullmatch(value.code) else "no_code"

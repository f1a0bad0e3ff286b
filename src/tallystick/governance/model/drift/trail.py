"""Find in a cloud's trail who did it: the act whose words fit the object best, and of those the last."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, cast

from tallystick.governance.model.drift.values import Event, Kind

# What an object is known by, and then what its parents are known by.
_OWN: Final = ("id", "arn", "name", "self_link", "key_id", "identifier", "bucket", "policy_arn")
_DEPTH_MAX: Final = 8
_WORD: Final = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_DELETING: Final = frozenset({"delete", "remove", "revoke", "detach", "destroy", "schedule"})
_CREATING: Final = frozenset({"create", "insert", "authorize", "attach", "put"})
_SHORTEST: Final = 3


def who_did(
    *, type_: str, kind: Kind, values: Mapping[str, Any], events: Iterable[Event]
) -> Event | None:
    """Give the event that made this difference, or None where the trail tells of none."""
    own = frozenset(_own(values))
    near = frozenset(_texts(values))
    words = frozenset(_words(type_))
    scored = [
        (score, event.at, event)
        for event in events
        if (score := _fits(event, kind, own, near, words))
    ]
    return max(scored, key=lambda each: each[:2])[2] if scored else None


def _fits(
    event: Event, kind: Kind, own: frozenset[str], near: frozenset[str], words: frozenset[str]
) -> int:
    """Score an event: nothing unless it touched the object or its parents; then words that both have."""
    if event.names & own:
        score = 10
    elif event.names & near:
        score = 4
    else:
        return 0
    act = frozenset(_words(event.act))
    deletes = bool(act & _DELETING)
    if deletes != (kind == "deleted"):
        score -= 3
    if kind == "created" and act & _CREATING:
        score += 1
    return score + len(act & words)


def _words(text: str) -> Iterator[str]:
    for each in _WORD.findall(text):
        word = each.lower()
        yield word[:-1] if word.endswith("s") and len(word) > _SHORTEST else word


def _own(values: Mapping[str, Any]) -> Iterator[str]:
    for key in _OWN:
        value = values.get(key)
        if isinstance(value, str) and len(value) >= _SHORTEST:
            yield value
            yield value.rpartition("/")[2]


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    if depth > _DEPTH_MAX:
        return
    if isinstance(value, Mapping):
        for each in cast("Mapping[str, Any]", value).values():
            yield from _texts(each, depth + 1)
    elif isinstance(value, (list, tuple)):
        for each in cast("list[Any]", value):
            yield from _texts(each, depth + 1)
    elif isinstance(value, str) and _SHORTEST < len(value) <= 200:
        yield value

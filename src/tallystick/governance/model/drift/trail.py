"""Find in a cloud's trail who did it: the act whose words fit the object best, and of those the last."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from tallystick.governance.model.drift.values import Event, Kind

# What an object is known by, and then what its parents are known by.
_OWN: Final = ("id", "arn", "name", "self_link", "key_id", "identifier", "bucket", "policy_arn")
_DEPTH_MAX: Final = 8
_WORD: Final = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_DELETING: Final = frozenset({"delete", "remove", "revoke", "detach", "destroy", "schedule"})
_CREATING: Final = frozenset({"create", "insert", "authorize", "attach", "put"})
_JOINING: Final = frozenset({"attach", "detach"})
_JOINED: Final = frozenset({"attachment", "association"})
_SHORTEST: Final = 3
# What acts are called by that tell nothing of their object.
_VERBS: Final = (
    _DELETING
    | _CREATING
    | {"update", "modify", "set", "add", "change", "tag", "untag", "resource", "config"}
)
_OWN_SCORE: Final = 20
_NEAR_BEST: Final = 2  # an act that has so many words less in common may still be the one


def who_did(
    *,
    type_: str,
    kind: Kind,
    values: Mapping[str, Any],
    events: Iterable[Event],
    paths: Iterable[str] = (),
) -> Event | None:
    """Give the event that made this difference, or None where the trail tells of none.

    `paths` are the attributes that changed.
    """
    scored = _scored(type_, kind, values, events, paths)
    return max(scored, key=lambda each: (each[0], each[1].at))[1] if scored else None


def who_may_have(
    *, type_: str, kind: Kind, values: Mapping[str, Any], events: Iterable[Event], path: str
) -> tuple[Event, ...]:
    """Give all events that may have changed this attribute: those that fit about as well as the best.

    What tells of something else than the best does, such as a part of the object, is left out.
    """
    scored = _scored(type_, kind, values, events, (path,) if path else ())
    if not scored:
        return ()
    ours = {*_words(type_), *_words(path), *_VERBS}
    best, act = max(((score, event.act) for score, event in scored), key=lambda each: each[0])
    others = len({*_words(act)} - ours)
    # Of acts that name only what is around it, no other than the best fits: its neighbours are in there too.
    near_best = _NEAR_BEST if best >= _OWN_SCORE else 0
    return tuple(
        event
        for score, event in scored
        if score >= best - near_best and len({*_words(event.act)} - ours) <= others
    )


def _scored(
    type_: str,
    kind: Kind,
    values: Mapping[str, Any],
    events: Iterable[Event],
    paths: Iterable[str],
) -> list[tuple[int, Event]]:
    sought = _Sought(
        kind=kind,
        own=frozenset(_own(values)),
        near=frozenset(_texts(values)),
        words=frozenset(_words(type_)),
        parts=frozenset(word for path in paths for word in _words(path)),
    )
    return [(score, event) for event in events if (score := _fits(event, sought))]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sought:
    kind: Kind
    own: frozenset[str]
    near: frozenset[str]
    words: frozenset[str]
    parts: frozenset[str]


def _fits(event: Event, sought: _Sought) -> int:
    """Score an event: nothing unless it touched the object or its parents; then words that both have."""
    if event.names & sought.own:
        score = _OWN_SCORE
    elif shared := event.names & sought.near:
        score = 10 + min(
            len(shared), 5
        )  # a cluster's name is in all its parts; a part's own name decides
    else:
        return 0
    act = frozenset(_words(event.act))
    if bool(act & _DELETING) != (sought.kind == "deleted"):
        score -= 3
    if sought.kind == "created":
        return score + len(act & sought.words) + bool(act & _CREATING)
    if act & _JOINING and not sought.words & _JOINED:
        score -= 4
    if "create" in act and act - {"create"} <= sought.words:
        score -= 5  # it made the object, long before somebody changed it
    return score + len(act & sought.words) + len(act & sought.parts)


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

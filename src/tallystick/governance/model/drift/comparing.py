"""Compare two states of one object, attribute by attribute, without ever telling a secret."""

import hmac
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from tallystick.governance.model.drift.values import Changed
from tallystick.governance.model.secret_names import may_be_secret

TEXT_MAX: Final = 2_000
HIDDEN: Final = "hmac-sha256:"
"""What the digest of a secret begins with."""

_NOTHING: Final[tuple[Any, ...]] = (None, "", [], {}, ())
# In documents of JSON lists are mostly sets; under these keys they are not.
_ORDERED: Final = frozenset({"command", "entryPoint", "args"})
_NO_SETS: Final[frozenset[str]] = frozenset()
_HMAC: Final = "sha256"
_PLACES: Final = re.compile(r"\.\d+(?=\.|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How two states of one object are compared.

    `key` goes into the digests of secrets, so that nobody finds a short one by trying. `about` goes into them too, so
    that equal secrets of two objects do not look equal. `sets` are the dotted paths, without places, of lists whose
    order means nothing.
    """

    key: bytes
    about: str = ""
    sets: frozenset[str] = _NO_SETS


def changed(
    *,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    manner: Manner,
    secret: Any = None,
) -> tuple[Changed, ...]:
    """Give each attribute that means something else than before.

    `secret` marks what Terraform calls sensitive, in the same shape (`before_sensitive`). Nothing, empty and absent
    mean the same; so do sets in another order and documents of JSON in another spelling.
    """
    paths = sorted({key for side in (before, after) for key in side})
    return tuple(
        found
        for path in paths
        for found in _between(path, before.get(path), after.get(path), _mark(secret, path), manner)
    )


def same(before: Any, after: Any) -> bool:
    """Tell whether two values of one attribute mean the same, all lists taken as sets."""
    return _canonical(before, "", None) == _canonical(after, "", None)


def _between(path: str, before: Any, after: Any, secret: Any, manner: Manner) -> Iterator[Changed]:
    place = _PLACES.sub("", path)
    if _canonical(before, place, manner.sets) == _canonical(after, place, manner.sets):
        return
    hidden = secret is True or may_be_secret(path, before) or may_be_secret(path, after)
    if not hidden and _is_tree(before) and _is_tree(after):
        inside = [*_inside(path, before, after, secret, manner)]
        yield from inside or [Changed(path=path, before=_text(before), after=_text(after))]
    elif hidden:
        yield Changed(
            path=path, before=_digest(before, path, manner), after=_digest(after, path, manner)
        )
    else:
        yield Changed(path=path, before=_text(before), after=_text(after))


def _inside(path: str, before: Any, after: Any, secret: Any, manner: Manner) -> Iterator[Changed]:
    old, new = _keyed(before), _keyed(after)
    for key in sorted({*old, *new}):
        yield from _between(f"{path}.{key}", old.get(key), new.get(key), _mark(secret, key), manner)


def _is_tree(value: Any) -> bool:
    """Tell whether it has parts worth comparing one by one: a mapping, a list of mappings (blocks), or nothing."""
    if value is None or isinstance(value, Mapping):
        return True
    if not isinstance(value, (list, tuple)):
        return False
    return all(isinstance(each, Mapping) for each in cast("list[Any]", value))


def _keyed(value: Any) -> Mapping[str, Any]:
    """Give the parts by their keys; blocks by their names where each has one, else by their place."""
    if value is None or isinstance(value, Mapping):
        return cast("Mapping[str, Any]", value or {})
    blocks = cast("list[Mapping[str, Any]]", value or [])
    named = {str(each["name"]): each for each in blocks if each.get("name")}
    if blocks and len(named) == len(blocks):
        return named
    return {str(index): each for index, each in enumerate(blocks)}


def _mark(secret: Any, key: str) -> Any:
    if isinstance(secret, Mapping):
        return cast("Mapping[str, Any]", secret).get(key)
    if isinstance(secret, list) and key.isdigit():
        marks = cast("list[Any]", secret)
        return marks[int(key)] if int(key) < len(marks) else None
    return secret is True or None


def _canonical(
    value: Any, path: str, sets: frozenset[str] | None, nothing: tuple[Any, ...] = _NOTHING
) -> str:
    """Give one text for all spellings of the same value; without `sets` no list has an order."""
    return json.dumps(_plain(value, path, sets, nothing), sort_keys=True, default=str)


def _plain(
    value: Any, path: str, sets: frozenset[str] | None, nothing: tuple[Any, ...] = _NOTHING
) -> Any:
    if value in nothing:
        return None
    if isinstance(value, Mapping):
        parts = cast("Mapping[str, Any]", value)
        told = {
            key: _plain(each, f"{path}.{key}", _NO_SETS if key in _ORDERED else sets, nothing)
            for key, each in parts.items()
            if each not in nothing
        }
        return None if told in nothing else told
    if isinstance(value, (list, tuple)):
        told = [_canonical(each, path, sets, nothing) for each in cast("list[Any]", value)]
        return sorted(told) if sets is None or path in sets else told
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return str(value)
    return _document(value) if isinstance(value, str) and value[:1] in ("{", "[") else value


def _document(text: str) -> Any:
    """Give a document's meaning: within it only null is nothing, since an empty selector or list may mean all."""
    try:
        told = json.loads(text)
        return None if told in _NOTHING else _plain(told, "", None, (None,))
    except (ValueError, RecursionError):
        return text


def _text(value: Any) -> str:
    if value in _NOTHING:
        return ""
    shown = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return shown if len(shown) <= TEXT_MAX else f"{shown[:TEXT_MAX]}… ({len(shown)} characters)"


def _digest(value: Any, path: str, manner: Manner) -> str:
    if value in _NOTHING:
        return ""
    told = "\n".join((manner.about, path, _canonical(value, path, None)))
    return f"{HIDDEN}{hmac.new(manner.key, told.encode(), _HMAC).hexdigest()}"

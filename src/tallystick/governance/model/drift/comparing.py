"""Compare two states of one object, attribute by attribute, without ever telling a secret."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from tallystick.governance.model.drift.values import Changed

TEXT_MAX: Final = 2_000
_SECRET: Final = (
    "password",
    "secret_string",
    "private_key",
    "token",
    "client_secret",
    "access_key",
)
_NOTHING: Final[tuple[Any, ...]] = (None, "", [], {}, ())


def changed(
    *,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    secret: Any = None,
    about: str = "",
) -> tuple[Changed, ...]:
    """Give each attribute that means something else than before.

    `secret` marks what Terraform calls sensitive, in the same shape (`before_sensitive`). `about` goes into digests, so
    that equal secrets of two objects do not look equal. Nothing, empty and absent mean the same; so do lists in another
    order and documents of JSON in another spelling.
    """
    paths = sorted({key for side in (before, after) for key in side})
    return tuple(
        found
        for path in paths
        for found in _between(path, before.get(path), after.get(path), _mark(secret, path), about)
    )


def same(before: Any, after: Any) -> bool:
    """Tell whether two values of one attribute mean the same."""
    return _canonical(before) == _canonical(after)


def _between(path: str, before: Any, after: Any, secret: Any, about: str) -> Iterator[Changed]:
    if same(before, after):
        return
    hidden = secret is True or any(word in path for word in _SECRET)
    if not hidden and _is_tree(before) and _is_tree(after):
        yield from _inside(path, _keyed(before), _keyed(after), secret, about)
        return
    shown = _digest if hidden else _text
    yield Changed(path=path, before=shown(before, about + path), after=shown(after, about + path))


def _inside(
    path: str, before: Mapping[str, Any], after: Mapping[str, Any], secret: Any, about: str
) -> Iterator[Changed]:
    for key in sorted({*before, *after}):
        yield from _between(
            f"{path}.{key}", before.get(key), after.get(key), _mark(secret, key), about
        )


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


def _canonical(value: Any) -> str:
    """Give one text for all spellings of the same value."""
    return json.dumps(_plain(value), sort_keys=True, default=str)


def _plain(value: Any) -> Any:
    if value in _NOTHING:
        return None
    if isinstance(value, Mapping):
        parts = cast("Mapping[str, Any]", value)
        return {key: _plain(each) for key, each in parts.items() if each not in _NOTHING} or None
    if isinstance(value, (list, tuple)):
        return sorted(_canonical(each) for each in cast("list[Any]", value))
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return str(value)
    return _document(value) if isinstance(value, str) and value[:1] in ("{", "[") else value


def _document(text: str) -> Any:
    try:
        return _plain(json.loads(text))
    except (ValueError, RecursionError):
        return text


def _text(value: Any, _about: str) -> str:
    if value in _NOTHING:
        return ""
    shown = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return shown if len(shown) <= TEXT_MAX else f"{shown[:TEXT_MAX]}… ({len(shown)} characters)"


def _digest(value: Any, about: str) -> str:
    if value in _NOTHING:
        return ""
    told = "\n".join((about, _canonical(value)))
    return f"sha256:{hashlib.sha256(told.encode()).hexdigest()}"

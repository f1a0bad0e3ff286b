"""What goes through the doors, as the last release had it: ``python -m tests.releases.messages`` writes it down anew.

That is done when a release is made, and where something changes that no release has had. Whatever else has changed has
to be what the release before can live beside.
"""

import enum
import importlib
import importlib.util
import inspect
import json
import re
import typing
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect as shapes

from tallystick.kernel.callers import Caller
from tallystick.runtime.far.wire import methods_of
from tests.tidy import tree

_NAME = re.compile(r"\w+\.\w+")
KEPT = Path(__file__).with_name("messages.json")
Messages = dict[str, dict[str, Any]]
# New words that this release reads in answers and writes nowhere yet, by the name of their enumeration.
READ_FIRST: dict[str, tuple[str, ...]] = {}
# Parts of a kind that tell it and bound nothing.
_TOLD = {"description", "examples", "title"}
_BOUNDS = ("gt", "ge", "lt", "le", "multiple_of", "pattern", "min_length", "max_length")


class Doors(msgspec.Struct, frozen=True):
    """The methods of all doors, as what they ask and answer, and every message by its name.

    A field is its kind as a text, with its bounds; or that and its default, where it has one.
    """

    methods: dict[str, list[str]]
    messages: Messages


def doors() -> Iterator[type]:
    """Every door of every context."""
    for context in tree.contexts():
        package = f"tallystick.{context}.api"
        if importlib.util.find_spec(package) is None:
            continue
        folder = tree.PACKAGE / context / "api"
        names = [path.stem for path in sorted(folder.glob("*.py"))] if folder.is_dir() else []
        for name in [package, *(f"{package}.{one}" for one in names if one != "__init__")]:
            module = importlib.import_module(name)
            for _, kind in inspect.getmembers(module, inspect.isclass):
                if kind.__module__ == name and getattr(kind, "_is_protocol", False):
                    yield kind


def told(kinds: Iterable[type]) -> Doors:
    """What goes through these doors."""
    methods: dict[str, list[str]] = {}
    messages: Messages = {}
    for door in kinds:
        for method in methods_of(door):
            asked = typing.get_type_hints(method.function)["message"]
            both = [_name(shapes.type_info(kind), messages) for kind in (asked, method.answer)]
            methods[f"{method.door}.{method.function.__name__}"] = both
    _name(shapes.type_info(Caller), messages)
    return Doors(dict(sorted(methods.items())), dict(sorted(messages.items())))


def breaks(
    before: Doors, now: Doors, *, read_first: Mapping[str, tuple[str, ...]] = READ_FIRST
) -> Iterator[str]:
    """What of a change a process of the release before could not live beside."""
    answered = _in_answers(before)
    for name, both in before.methods.items():
        if now.methods.get(name) != both:
            yield f"{name} asks and answers {now.methods.get(name)}, no longer {both}"
    for name, was in before.messages.items():
        is_now = now.messages.get(name)
        if is_now is None:
            yield f"{name} is gone"
            continue
        if ("words" in was) != ("words" in is_now):
            yield f"{name} is another kind of thing"
        elif "words" in was:
            known = read_first.get(name, ()) if name in answered else is_now["words"]
            yield from _breaks_of_words(name, was["words"], is_now["words"], known)
        else:
            yield from _breaks_of_fields(name, was, is_now)


def _breaks_of_words(
    name: str, was: list[str], is_now: list[str], known: Iterable[str]
) -> Iterator[str]:
    for word in was:
        if word not in is_now:
            yield f"{name} has no word {word!r} any more"
    for word in is_now:
        if word not in was and word not in known:
            yield f"{name} has a new word {word!r}, which an older reader of an answer does not know (READ_FIRST)"


def _breaks_of_fields(name: str, was: dict[str, Any], is_now: dict[str, Any]) -> Iterator[str]:
    if was.get("tag") != is_now.get("tag"):
        yield f"{name} is told by {is_now.get('tag')}, no longer by {was.get('tag')}"
    for field, kind in was["fields"].items():
        if is_now["fields"].get(field) != kind:
            yield f"{name}.{field} is {is_now['fields'].get(field)}, no longer {kind}"
    for field, kind in is_now["fields"].items():
        if field not in was["fields"] and isinstance(kind, str):
            yield f"{name}.{field} is new and has no default"


def _in_answers(told_: Doors) -> set[str]:
    """The names of whatever stands in an answer, at any depth."""
    found, left = set[str](), [answer for _, answer in told_.methods.values()]
    while left:
        for name in _NAME.findall(left.pop()):
            if name in told_.messages and name not in found:
                found.add(name)
                kinds = told_.messages[name].get("fields", {}).values()
                left += [kind if isinstance(kind, str) else kind[0] for kind in kinds]
    return found


def _name(kind: shapes.Type, messages: Messages) -> str:
    """A type as a text; what it is made of goes into ``messages``."""
    match kind:
        case shapes.Metadata():
            told_ = kind.extra_json_schema or {}
            bounds = {name: told_[name] for name in sorted(set(told_) - _TOLD)}
            return _name(kind.type, messages) + (f" {json.dumps(bounds)}" if bounds else "")
        case shapes.StructType():
            name = _of_module(kind.cls)
            if name not in messages:
                messages[name] = {}
                messages[name].update(_struct(kind, messages))
            return name
        case shapes.EnumType():
            words = [str(one.value) for one in typing.cast("type[enum.Enum]", kind.cls)]
            messages[_of_module(kind.cls)] = {"words": words}
            return _of_module(kind.cls)
        case shapes.UnionType():
            return " | ".join(sorted(_name(one, messages) for one in kind.types))
        case shapes.DictType():
            both = f"{_name(kind.key_type, messages)}: {_name(kind.value_type, messages)}"
            return f"{{{both}}}{_bounds(kind)}"
        case shapes.CollectionType() | shapes.VarTupleType():
            return f"[{_name(kind.item_type, messages)}]{_bounds(kind)}"
        case shapes.LiteralType():
            return f"one of {sorted(map(str, kind.values))}"
        case _:
            return type(kind).__name__.removesuffix("Type").lower() + _bounds(kind)


def _bounds(kind: shapes.Type) -> str:
    found = {name: getattr(kind, name, None) for name in _BOUNDS}
    said = {name: bound for name, bound in found.items() if bound is not None}
    return f" {json.dumps(said)}" if said else ""


def _struct(kind: shapes.StructType, messages: Messages) -> dict[str, Any]:
    fields = dict[str, Any]()
    for field in kind.fields:
        text = _name(field.type, messages)
        fields[field.encode_name] = text if field.required else [text, _default(field)]
    shape: dict[str, Any] = {"fields": fields}
    if kind.tag is not None:
        shape["tag"] = f"{kind.tag_field}={kind.tag}"
    return shape


def _default(field: shapes.Field) -> Any:
    made = field.default
    if made is msgspec.NODEFAULT:
        made = field.default_factory()
    return msgspec.json.decode(msgspec.json.encode(made))


def _of_module(kind: type) -> str:
    context = kind.__module__.removeprefix("tallystick.").partition(".")[0]
    name = f"{context}.{kind.__name__}"
    assert _seen.setdefault(name, kind) is kind, f"two messages are called {name}"
    return name


_seen: dict[str, type] = {}


def kept() -> Doors:
    """What the last release had."""
    return msgspec.json.decode(KEPT.read_bytes(), type=Doors)


if __name__ == "__main__":
    KEPT.write_text(
        json.dumps(msgspec.to_builtins(told(doors())), indent=1, ensure_ascii=False) + "\n"
    )

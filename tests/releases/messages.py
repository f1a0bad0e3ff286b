"""What goes through the doors, as the last release had it: ``python -m tests.releases.messages`` writes it down anew.

That is done when a release is made, and where something changes that no release has had. Whatever else has changed has
to be what the release before can live beside.
"""

import enum
import importlib
import importlib.util
import inspect
import json
import typing
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect as shapes

from tallystick.kernel.callers import Caller
from tallystick.runtime.far.wire import methods_of
from tests.tidy import tree

KEPT = Path(__file__).with_name("messages.json")
Messages = dict[str, dict[str, Any]]


class Doors(msgspec.Struct, frozen=True):
    """The methods of all doors, as what they ask and answer, and every message by its name."""

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


def breaks(before: Doors, now: Doors) -> Iterator[str]:
    """What of a change a process of the release before could not live beside."""
    for name, both in before.methods.items():
        if now.methods.get(name) != both:
            yield f"{name} asks and answers {now.methods.get(name)}, no longer {both}"
    for name, was in before.messages.items():
        is_now = now.messages.get(name)
        if is_now is None:
            yield f"{name} is gone"
            continue
        yield from _breaks_of(name, was, is_now)


def _breaks_of(name: str, was: dict[str, Any], is_now: dict[str, Any]) -> Iterator[str]:
    if set(was) != set(is_now) and ("words" in was) != ("words" in is_now):
        yield f"{name} is another kind of thing"
        return
    for word in was.get("words", ()):
        if word not in is_now["words"]:
            yield f"{name} has no word {word!r} any more"
    for field, kind in was.get("fields", {}).items():
        if is_now["fields"].get(field) != kind:
            yield f"{name}.{field} is {is_now['fields'].get(field)}, no longer {kind}"
    for field, kind in is_now.get("fields", {}).items():
        if field not in was["fields"] and not kind.endswith("?"):
            yield f"{name}.{field} is new and has no default"


def _name(kind: shapes.Type, messages: Messages) -> str:
    """A type as a text; what it is made of goes into ``messages``."""
    match kind:
        case shapes.Metadata():
            return _name(kind.type, messages)
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
            return f"{{{_name(kind.key_type, messages)}: {_name(kind.value_type, messages)}}}"
        case shapes.CollectionType() | shapes.VarTupleType():
            return f"[{_name(kind.item_type, messages)}]"
        case shapes.LiteralType():
            return f"one of {sorted(map(str, kind.values))}"
        case _:
            return type(kind).__name__.removesuffix("Type").lower()


def _struct(kind: shapes.StructType, messages: Messages) -> dict[str, Any]:
    fields = {
        field.encode_name: _name(field.type, messages) + ("" if field.required else "?")
        for field in kind.fields
    }
    shape: dict[str, Any] = {"fields": fields}
    if kind.tag is not None:
        shape["tag"] = f"{kind.tag_field}={kind.tag}"
    return shape


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

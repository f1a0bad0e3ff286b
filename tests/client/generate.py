"""Write the client library from the routes: ``python -m tests.client.generate`` (``make client``).

What is written is checked in, and a test writes it again and demands the same text.
"""

import re
import subprocess
import sys
import types
import typing
from collections.abc import Iterator
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tallystick.apps.compose import Platform
from tallystick.kernel.problems import Malformed, Problem
from tallystick.kernel.refusals import KeyMissing
from tallystick.runtime.configuration import read_settings
from tallystick.runtime.refusals import ALWAYS, OF_WRITES, WITH_BODY
from tallystick.runtime.routes import JSON, Route
from tests.client.names import GROUPS, NAMES, NOT_FOR_PROGRAMS

PACKAGE = Path(__file__).parents[2] / "src" / "tallystick" / "client"
FOLDER = PACKAGE / "generated"
WRITTEN = "Written by ``make client`` from the routes."
# Of a route that answers in several media the client's method says which, so it is not asked.
_MEDIA_CHOICE = "format"
_PARAMETER = re.compile(r"\{(\w+)\}")


class Field(NamedTuple):
    """A parameter of a method: its name, its name on the wire, its type and its usual value as text, '' for none."""

    name: str
    wire: str
    type: str
    usual: str


class Writer:
    """What one module needs of others, found out while its text is written."""

    def __init__(self) -> None:
        self._wanted: dict[str, set[str]] = {}

    def take(self, module: str, name: str) -> str:
        """A name of another module."""
        self._wanted.setdefault(module, set()).add(name)
        return name

    def imports(self) -> str:
        """The import statements of all that was taken."""
        return "\n".join(
            f"from {module} import {', '.join(sorted(names))}"
            for module, names in sorted(self._wanted.items())
        )

    def type_of(self, kind: Any) -> str:
        """A type as it is written in an annotation. Raises TypeError for what no client may import."""
        if kind is None or kind is type(None):
            return "None"
        if kind is Any:
            return self.take("typing", "Any")
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        if origin is typing.Annotated:
            return self.type_of(arguments[0])
        if origin in (typing.Union, types.UnionType):
            # Python keeps no order of its own here, and two writings are to be the same.
            names = sorted(
                (self.type_of(one) for one in arguments), key=lambda one: (one == "None", one)
            )
            return " | ".join(names)
        if origin is tuple:
            return f"tuple[{self.type_of(arguments[0])}, ...]"
        if origin is dict:
            return f"dict[{', '.join(self.type_of(one) for one in arguments)}]"
        if kind in (str, int, bool, bytes):
            return kind.__name__
        if kind is date:
            return self.take("datetime", "date")
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct | Enum):
            return self.take(home_of(kind), kind.__name__)
        raise TypeError(f"{kind!r} is no type of a message")

    def value_of(self, value: Any) -> str:
        """A usual value as it is written in a signature: nothing, for what is empty and could be changed."""
        if value == {}:
            return "None"
        if isinstance(value, Enum):
            return f"{self.take(home_of(type(value)), type(value).__name__)}.{value.name}"
        return repr(value)


def home_of(kind: type) -> str:
    """The module of an api, or of the kernel, that a type is taken from. Raises TypeError for any other."""
    module = kind.__module__
    if re.fullmatch(r"tallystick\.\w+\.api(\.\w+)?", module):
        package = module.partition(".api")[0] + ".api"
        is_of_package = kind.__name__ in vars(sys.modules[package])
        return package if is_of_package else module
    if module.startswith("tallystick.kernel."):
        return module
    raise TypeError(
        f"{module}.{kind.__name__} is of no api, so a client could not import it: move it to the api of its context"
    )


def composed_routes() -> list[Route]:
    """The routes of the composed platform that programs ask. Nothing is opened for it."""
    settings = read_settings({})
    platform = Platform(url="postgresql://nobody@127.0.0.1/nowhere", settings=settings)
    return [
        route
        for route in platform.edge_routes()
        if route.prove is None and not route.path.startswith(NOT_FOR_PROGRAMS)
    ]


class Method:
    """One route as a method of the client, in both of its faces."""

    def __init__(self, route: Route, writer: Writer, name: str, *, is_async: bool) -> None:
        self.route, self.writer, self.name, self.is_async = route, writer, name, is_async
        self.path = [Field(one, one, "str", "") for one in _PARAMETER.findall(route.path)]
        if route.path.endswith("/{index}") or "/{index}/" in route.path:
            self.path = [one._replace(type="int") for one in self.path]
        self.query, self.body = self._fields(route.query), self._fields(route.body)
        self.acts = route.body if typing.get_origin(route.body) is not None else None
        self.is_write = route.method != "GET" and not route.public
        self.sends_acts = any(
            one.name == "items" and route.path.endswith("/batches") for one in self.body
        )

    def _fields(self, kind: Any) -> list[Field]:
        if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
            return []
        hints = typing.get_type_hints(kind)
        found = []
        for field in msgspec.structs.fields(kind):
            if field.encode_name == _MEDIA_CHOICE and self.route.other_media:
                continue
            usual = "" if field.required else self.writer.value_of(_usual(field))
            is_cursor = field.encode_name == "after"
            said = "int | str | None" if is_cursor else self.writer.type_of(hints[field.name])
            if usual == "None" and said.removesuffix(" | None") == said:
                said += " | None"
            found.append(Field(field.name, field.encode_name, said, usual))
        return found

    def text(self) -> Iterator[str]:
        """The methods of this route: one, one more for an answer of another medium, one more for the pages."""
        route = self.route
        if route.other_media:
            yield self._method(self.name, answer=route.answer, media=JSON)
            yield self._method(f"{self.name}_xml", answer=bytes, media=route.answer_media)
        else:
            media = route.answer_media.partition(";")[0]
            yield self._method(self.name, answer=route.answer, media=media)

    def pages(self, name: str) -> str:
        """What walks the pages of this list."""
        hints = typing.get_type_hints(self.route.answer)
        lists = [one for one, kind in hints.items() if typing.get_origin(kind) is tuple]
        assert len(lists) == 1, f"{self.route.answer} has no one list"
        item = self.writer.type_of(typing.get_args(hints[lists[0]])[0])
        of = "AsyncIterator" if self.is_async else "Iterator"
        kind = self.writer.take("collections.abc", of)
        given = [one for one in self._parameters() if one.name not in ("after", "limit")]
        call = self._call(self.route.answer, JSON, is_walk=True)
        self.writer.take("tallystick.kernel.fields", "PAGE_MAX")
        most = [*(f"{one.name}: {one.type}" for one in given if not one.usual), "most: int"]
        usual = [f"{one.name}: {one.type} = {one.usual}" for one in given if one.usual]
        doc = f"{self.route.summary}: every one, page by page.\n\nRaises ListTooLong for more than ``most``"
        doc += "".join(f", {one}" for one in self._own_problems()) + "."
        return (
            f"def {name}(self, *, {', '.join([*most, *usual])}) -> {kind}[{item}]:\n"
            f"{_docstring(doc)}"
            f"    return self._walk({call}, lambda page: page.{lists[0]}, most)\n"
        )

    def _parameters(self) -> list[Field]:
        found = [*self.path]
        if self.acts is not None:
            found.append(Field("act", "", self.writer.type_of(self.acts), ""))
        if self.route.body is bytes:
            found.append(Field("content", "", "bytes", ""))
        found += [*self.body, *self.query]
        if self.is_write:
            found.append(Field("idempotency_key", "", "str | None", "None"))
        found.append(Field("within_ms", "", "int | None", "None"))
        names = [one.name for one in found]
        assert len(names) == len(set(names)), f"{self.route.path}: {names}"
        return sorted(found, key=lambda one: bool(one.usual))

    def _method(self, name: str, *, answer: Any, media: str) -> str:
        parameters = "".join(
            f", {one.name}: {one.type}" + (f" = {one.usual}" if one.usual else "")
            for one in self._parameters()
        )
        star = ", *" if parameters else ""
        start, wait = ("async def", "await ") if self.is_async else ("def", "")
        doc = self.route.summary + (", as it is written in XML" if name.endswith("_xml") else "")
        problems = self._own_problems()
        doc += f".\n\nRaises {', '.join(problems)}." if problems else "."
        named = "    key = idempotency_key or self._new_key()\n" if self.sends_acts else ""
        return (
            f"{start} {name}(self{star}{parameters}) -> {self.writer.type_of(answer)}:\n"
            f"{_docstring(doc)}{named}"
            f"    return {wait}self._ask({self._call(answer, media)})\n"
        )

    def _own_problems(self) -> list[str]:
        return [one.__name__ for one in self.route.problems]

    def _call(self, answer: Any, media: str, *, is_walk: bool = False) -> str:
        route, take = self.route, self.writer.take
        take("tallystick.client.calls", "Call")
        path = f'"{route.path}"'
        if self.path:
            take("tallystick.client.calls", "segment")
            path = "f" + _PARAMETER.sub(lambda found: f"{{segment({found[1]})}}", path)
            if route.takes_rest:
                path = path.replace("segment(place)", "place_of(place)")
                take("tallystick.client.calls", "place_of")
        parts = [f'"{route.method}"', path, self.writer.type_of(answer)]
        if media != JSON:
            parts.append(f'media="{media}"')
        query = self.query
        if is_walk:
            query = [one for one in query if one.wire not in ("after", "limit")]
            query.append(Field("PAGE_MAX", "limit", "int", ""))
        if query:
            parts.append(f"query={self._said(query)}")
        if self.acts is not None:
            parts.append("body=act")
        elif route.body is bytes:
            parts.append("body=content")
        elif self.sends_acts:
            take("tallystick.client.calls", "named")
            parts.append('body={"items": named(items, key)}')
        elif self.body:
            parts.append(f"body={self._said(self.body)}")
        parts += self._safety()
        return f"Call({', '.join(parts)})"

    def _safety(self) -> Iterator[str]:
        route = self.route
        if route.public:
            yield "public=True"
            if route.method != "GET":
                yield "is_repeatable=False"
        if self.sends_acts:
            # Each act is done once under its id, which is of this key: no header would say more.
            yield "key=key, sends_key=False"
        elif self.is_write:
            key = "idempotency_key or self._new_key()"
            # What has an id of its own needs no other.
            if route.keyed:
                own = "act.id" if self.acts is not None else "id"
                key = f'idempotency_key or ("" if {own} else self._new_key())'
            yield f"key={key}"
        for problem in route.problems:
            if problem.code == Problem.code:
                yield f"refused={self.writer.take(home_of(problem), problem.__name__)}"
        yield "within_ms=within_ms"

    def _said(self, fields: list[Field]) -> str:
        values = ", ".join(f'"{one.wire}": {one.name}' for one in fields)
        usual = [f"{one.wire}={one.usual}" for one in fields if one.usual not in ("", "None")]
        if not any(one.usual for one in fields):
            return f"{{{values}}}"
        self.writer.take("tallystick.client.calls", "said")
        return f"said({', '.join([f'{{{values}}}', *usual])})"


def _usual(field: Any) -> Any:
    return field.default if field.default is not msgspec.NODEFAULT else field.default_factory()


def _docstring(text: str) -> str:
    first, _, rest = text.partition("\n\n")
    if not rest:
        return f'    """{first}"""\n'
    folded, line = [], ""
    for word in rest.split():
        if len(line) + len(word) > 95:
            folded.append(line)
            line = ""
        line = f"{line} {word}".strip()
    lines = "".join(f"    {one}\n" for one in [*folded, line])
    return f'    """{first}.\n\n'.replace("..", ".") + f'{lines}    """\n'


def _class_name(group: str, *, is_async: bool) -> str:
    return ("Async" if is_async else "") + group.capitalize()


def group_module(group: str, routes: list[Route], *, is_async: bool) -> str:
    """The module of one group, in one of its faces."""
    writer, methods = Writer(), list[str]()
    for route in routes:
        name, _, each = NAMES[f"{route.method} {route.path}"].partition(".")[2].partition(" ")
        method = Method(route, writer, name, is_async=is_async)
        methods += method.text()
        if each:
            methods.append(method.pages(each))
    base = writer.take("tallystick.client.groups", "AsyncGroup" if is_async else "Group")
    body = "\n".join("    " + text.replace("\n", "\n    ").rstrip() + "\n" for text in methods)
    about = GROUPS[group]
    waited = ", awaited" if is_async else ""
    return (
        f'"""Questions about {about}{waited}. {WRITTEN}"""\n\n{writer.imports()}\n\n\n'
        f"class {_class_name(group, is_async=is_async)}({base}):\n"
        f'    """What can be asked of {about}."""\n\n{body}'
    )


def groups_module(*, is_async: bool) -> str:
    """The module that holds all groups together."""
    ask, walk = ("AsyncAsk", "AsyncWalk") if is_async else ("Ask", "Walk")
    prefix = "async_" if is_async else ""
    names = {group: _class_name(group, is_async=is_async) for group in GROUPS}
    imports = "\n".join(
        f"from tallystick.client.generated.{prefix}{group} import {name}"
        for group, name in names.items()
    )
    stood = "\n".join(
        f"        self.{group} = {name}(ask, walk, new_key)" for group, name in names.items()
    )
    return (
        f'"""Every group of questions{", awaited" if is_async else ""}. {WRITTEN}"""\n\n'
        f"from collections.abc import Callable\n\nfrom tallystick.client.groups import {ask}, {walk}\n{imports}\n\n\n"
        f"class {'AsyncGroups' if is_async else 'Groups'}:\n"
        f'    """Whatever can be asked, by what it is about."""\n\n'
        f"    def __init__(self, ask: {ask}, walk: {walk}, new_key: Callable[[], str]) -> None:\n{stood}\n"
    )


def problems_module(routes: list[Route]) -> str:
    """The module that has every class of problem under one roof."""
    writer = Writer()
    every = {Malformed, KeyMissing, Problem, *ALWAYS, *OF_WRITES, *WITH_BODY, *always_possible()}
    every |= {problem for route in routes for problem in route.problems}
    for problem in every:
        writer.take(home_of(problem), problem.__name__)
    names = "".join(f'    "{name}",\n' for name in sorted(problem.__name__ for problem in every))
    return (
        f'"""Every problem that a question may be refused with. {WRITTEN}"""\n\n'
        f"{writer.imports()}\n\n__all__ = [\n{names}]\n"
    )


def always_possible() -> tuple[type[Problem], ...]:
    """What any route with a credential may answer."""
    from tallystick.identity.api import Unauthenticated  # noqa: PLC0415
    from tallystick.identity.api.tokens import TokenNotAccepted  # noqa: PLC0415
    from tallystick.identity.http.access import GUARDED  # noqa: PLC0415
    from tallystick.identity.http.sessions import PROVEN  # noqa: PLC0415

    return (Unauthenticated, TokenNotAccepted, *PROVEN, *GUARDED)


def generated() -> dict[str, str]:
    """The text of every module, by its file's name under ``client``. Raises ValueError for a route without a name."""
    routes = composed_routes()
    here = {f"{route.method} {route.path}" for route in routes}
    if here != set(NAMES):
        raise ValueError(
            f"tests/client/names.py lacks {sorted(here - set(NAMES))} and has {sorted(set(NAMES) - here)} too many"
        )
    texts = {"problems.py": problems_module(routes)}
    texts["generated/__init__.py"] = f'"""The methods of the client. {WRITTEN}"""\n'
    for is_async in (False, True):
        prefix = "generated/async_" if is_async else "generated/"
        texts[f"{prefix}groups.py"] = groups_module(is_async=is_async)
        for group in GROUPS:
            own = [
                route
                for route in routes
                if NAMES[f"{route.method} {route.path}"].startswith(f"{group}.")
            ]
            texts[f"{prefix}{group}.py"] = group_module(group, own, is_async=is_async)
    return {name: _tidied(text) for name, text in texts.items()}


def _tidied(text: str) -> str:
    """As ruff writes it."""
    for step in (["check", "--select=I,F401", "--fix", "--quiet"], ["format"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *step, "--stdin-filename=src/tallystick/client/generated/module.py", "-"],
            input=text, capture_output=True, text=True, check=True, cwd=PACKAGE.parents[2],
        )  # fmt: skip
        text = done.stdout
    return text


def main() -> None:
    """Write the modules, and take away those that are none of them."""
    texts = generated()
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.py"):
        if f"generated/{path.name}" not in texts:
            path.unlink()
    for name, text in texts.items():
        (PACKAGE / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()

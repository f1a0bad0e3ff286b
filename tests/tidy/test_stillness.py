"""What decides asks no clock, no dice, no environment: the edge reads them and passes them in."""

import ast
from collections.abc import Iterator

import pytest

from tests.tidy import tree

MODULES = {
    "asyncio", "io", "os", "pathlib", "random", "secrets", "socket", "subprocess", "sys",
    "tempfile", "threading", "time", "uuid",
}  # fmt: skip
CALLS = {"open", "print", "input", "id", "hash", "__import__", "exec", "eval"}
CLOCKS = {"now", "utcnow", "today"}


def disturbances(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Give line and complaint of everything that could answer differently tomorrow."""
    for node in ast.walk(module):
        match node:
            case ast.Import(names=names):
                yield from _imports(node, [alias.name for alias in names])
            case ast.ImportFrom(module=str(name)):
                yield from _imports(node, [name])
            case ast.Call(func=ast.Name(id=name)) if name in CALLS:
                yield node.lineno, f"{name}() does not decide"
            case ast.Attribute(attr=name) if name in CLOCKS:
                yield node.lineno, f".{name} asks a clock"
            case _:
                pass


def _imports(node: ast.stmt, names: list[str]) -> Iterator[tuple[int, str]]:
    for name in names:
        if name.partition(".")[0] in MODULES:
            yield node.lineno, f"{name} is not still"


@pytest.mark.parametrize(
    "sample",
    [
        "import time",
        "from os import environ",
        "import os.path",
        "datetime.now(UTC)",
        "x = date.today()",
        "from uuid import uuid4",
        "open('x')",
    ],
)
def test_the_rule_sees_a_disturbance(sample: str) -> None:
    assert list(disturbances(ast.parse(sample)))


def test_kernel_api_and_model_are_still() -> None:
    judged = [path for path in tree.modules() if tree.is_still(path)]
    assert {tree.package_of(path) for path in judged} >= {"kernel", *tree.contexts()}
    tree.refuse(
        f"{tree.place(path, line)} {complaint}"
        for path in judged
        for line, complaint in disturbances(tree.parsed(path))
    )

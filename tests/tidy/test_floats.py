"""No floats near money: amounts and rates are whole, only a duration may have a fraction.

A float may stand where the name it is given to ends in ``_s`` (seconds). A division with a text in
it joins a path; every other ``/`` makes a float.
"""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.tidy import tree

SQL_FLOAT = re.compile(r"\b(double\s+precision|float[48]?|real|money)\b", re.IGNORECASE)
# They know folders and processes, and no amounts.
FREE_OF_MONEY = re.compile(r"runtime/(embedded/\w+|migrations)\.py")
DECIMAL_OWNER = tree.PACKAGE / "kernel" / "money.py"


def floats(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Give line and complaint of every float literal, ``float`` and true division."""
    durations = {id(part) for owner in ast.walk(module) for part in _duration(owner)}
    for node in ast.walk(module):
        if id(node) in durations:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            yield node.lineno, f"{node.value} is a float"
        if isinstance(node, ast.Name) and node.id == "float":
            yield node.lineno, "float is no type for an amount"
        if _divides(node) and not _joins_a_path(node):
            yield getattr(node, "lineno", 0), "/ makes a float; use // or Money.split"


def _duration(owner: ast.AST) -> Iterator[ast.AST]:
    """Give every node under a value or type that is named in seconds."""
    match owner:
        case ast.Assign(targets=[ast.Name(id=name) | ast.Attribute(attr=name)], value=value):
            parts = [value]
        case ast.AnnAssign(target=ast.Name(id=name) | ast.Attribute(attr=name)):
            parts = [owner.annotation, *([owner.value] if owner.value else [])]
        case ast.keyword(arg=str(name), value=value):
            parts = [value]
        case ast.arg(arg=name, annotation=ast.expr() as annotation):
            parts = [annotation]
        case _:
            return
    if name.lower().endswith("_s"):
        for part in parts:
            yield from ast.walk(part)


def _divides(node: ast.AST) -> bool:
    return isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)


def _joins_a_path(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp) and _divides(node):
        return _joins_a_path(node.left) or _joins_a_path(node.right)
    if isinstance(node, ast.AugAssign):
        return _joins_a_path(node.value)
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def decimals(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Give line and complaint of every import that brings other numbers than ``int``."""
    for node in ast.walk(module):
        match node:
            case ast.Import(names=aliases):
                names = [alias.name for alias in aliases]
            case ast.ImportFrom(module=str(name)):
                names = [name]
            case _:
                continue
        for name in {"decimal", "fractions", "numbers"}.intersection(names):
            yield node.lineno, f"{name} belongs to kernel.money alone"


@pytest.mark.parametrize(
    "sample",
    ["a = 0.5", "a = float(b)", "a = b / 2", "a /= b", "def fee(rate: float): ...", "a = 1j"],
)
def test_the_rule_sees_a_float(sample: str) -> None:
    assert list(floats(ast.parse(sample)))


@pytest.mark.parametrize(
    "sample",
    [
        "WAIT_S = 0.5",
        "f(wait_s=0.5)",
        "def f(wait_s: float): ...",
        'a = b / "sql" / c',
        "a = b // 2",
    ],
)
def test_the_rule_allows_durations_and_paths(sample: str) -> None:
    assert not list(floats(ast.parse(sample)))


def test_no_float_is_near_money() -> None:
    assert DECIMAL_OWNER in tree.modules()
    tree.refuse(
        f"{tree.place(path, line)} {complaint}"
        for path in tree.modules()
        if not FREE_OF_MONEY.fullmatch(path.relative_to(tree.PACKAGE).as_posix())
        for line, complaint in floats(tree.parsed(path))
    )


def test_one_module_owns_the_number() -> None:
    tree.refuse(
        f"{tree.place(path, line)} {complaint}"
        for path in tree.modules()
        if path != DECIMAL_OWNER
        for line, complaint in decimals(tree.parsed(path))
    )


def test_no_column_and_no_cast_is_a_float() -> None:
    assert SQL_FLOAT.search("amount double precision")
    tree.refuse(
        f"{tree.place(path, line)} {word} is not exact"
        for path in tree.files(".sql", under=tree.SOURCE)
        for line, word in tree.matches(SQL_FLOAT, tree.spoken_sql(tree.text(path)))
    )

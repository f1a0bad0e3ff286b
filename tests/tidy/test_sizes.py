"""Nothing is too long to be read in one go."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.tidy import tree

FUNCTION_LINES_MAX = 70
MODULE_LINES_MAX = 400
TEST_MODULE_LINES_MAX = 600


def long_functions(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Give line and complaint of every function over the maximum."""
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                yield node.lineno, f"{node.name} has {lines} lines, not {FUNCTION_LINES_MAX}"


def long_modules(paths: list[Path], *, lines_max: int) -> Iterator[str]:
    """Give a complaint for every module over the maximum."""
    for path in paths:
        lines = tree.text(path).count("\n")
        if lines > lines_max:
            yield f"{tree.place(path, 1)} has {lines} lines, {lines_max} are allowed"


def test_the_rule_sees_a_long_function() -> None:
    body = "    pass\n" * FUNCTION_LINES_MAX
    assert list(long_functions(ast.parse(f"def long():\n{body}")))
    assert not list(long_functions(ast.parse(f"def fits():\n{body[9:]}")))


def test_no_function_is_over_70_lines() -> None:
    tree.refuse(
        f"{tree.place(path, line)} {complaint}"
        for path in tree.modules()
        for line, complaint in long_functions(tree.parsed(path))
    )


def test_no_module_is_over_400_lines() -> None:
    # What a program writes is as long as the routes are many, and nobody reads it in one go.
    read = [path for path in tree.modules() if "generated" not in path.parts]
    tree.refuse(long_modules(read, lines_max=MODULE_LINES_MAX))


def test_no_test_module_is_over_600_lines() -> None:
    tests = tree.files(".py", under=tree.ROOT / "tests")
    tree.refuse(long_modules(tests, lines_max=TEST_MODULE_LINES_MAX))

"""Controls with one clause deleted: each of them must turn some example wrong."""

import ast
import copy
import inspect
from collections.abc import Iterator
from types import ModuleType

from tallystick.governance.model.predicates import Control

# Where the clauses of each begin: `when` takes a condition first, `either` a sentence.
_FIRST = {"every": 0, "when": 1, "either": 1}


def mutants(module: ModuleType) -> Iterator[tuple[str, int, Control]]:
    """Give each control of a module with each clause deleted, and the line that the clause stood in."""
    for function in ast.parse(inspect.getsource(module)).body:
        if isinstance(function, ast.FunctionDef) and _is_control(function):
            for at in range(len(_clauses(function))):
                mutant = copy.deepcopy(function)
                owner, index = _clauses(mutant)[at]
                line = owner.args.pop(index).lineno
                made = _made(mutant, module)
                yield made.id, line, made


def clauses(module: ModuleType) -> int:
    """Count the clauses of a module's controls."""
    return sum(1 for _ in mutants(module))


def _is_control(function: ast.FunctionDef) -> bool:
    return any(
        isinstance(each, ast.Call) and getattr(each.func, "id", "") == "control"
        for each in function.decorator_list
    )


def _clauses(function: ast.FunctionDef) -> list[tuple[ast.Call, int]]:
    return [
        (node, index)
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        for index in range(_FIRST.get(node.func.id, len(node.args)), len(node.args))
    ]


def _made(function: ast.FunctionDef, module: ModuleType) -> Control:
    tree = ast.Module(body=[function], type_ignores=[])
    names = dict(vars(module))
    exec(compile(ast.fix_missing_locations(tree), module.__name__, "exec"), names)
    made = names[function.name]
    assert isinstance(made, Control)
    return made

"""Governance as rows; the only room of governance that speaks SQL."""

from typing import Any

from tallystick.kernel.problems import Problem
from tallystick.runtime.sql import queries

CONTEXT = "governance"
SQL = queries(CONTEXT)


def broke(error: Any, problem: type[Problem]) -> bool:
    """Whether PostgreSQL refused by the constraint that has a problem's code as its name."""
    return error.constraint_name == problem.code

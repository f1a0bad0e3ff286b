"""The tree that the tidy tests read: its files, their syntax, their SQL, and how to report."""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"
PACKAGE = SOURCE / "tallystick"
# The packages that are not contexts.
GROUND = {"kernel", "runtime", "apps", "console", "contracts", "client"}
# What tools and builds leave behind; .ci is the one hidden folder that is ours.
_LEFTOVERS = re.compile(r"\.(?!ci$).*|__pycache__|build|dist|node_modules")
_SQL_SILENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


def files(*suffixes: str, under: Path = ROOT) -> list[Path]:
    """Give the files of the checkout with one of these suffixes, sorted."""
    return sorted(path for path in _walk(under) if path.suffix in suffixes)


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir():
            if not _LEFTOVERS.fullmatch(path.name):
                yield from _walk(path)
        # A worktree has a file where a checkout has the folder: it says where that is.
        elif path.name != ".git":
            yield path


def modules() -> list[Path]:
    """Give every Python module of the platform. There is always one."""
    found = files(".py", under=SOURCE)
    assert found, f"no module under {SOURCE}"
    return found


def contexts() -> list[str]:
    """Give the names of the bounded contexts that hold any Python."""
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    return sorted(packages - GROUND)


def package_of(path: Path) -> str:
    """Give the package right under ``tallystick`` that a file is in, or its name at the top."""
    return path.relative_to(PACKAGE).parts[0]


def room_of(path: Path) -> str:
    """Give the room a module stands in, a file or a folder: ``store`` for ``store/rows.py``."""
    _, *room = path.relative_to(PACKAGE).with_suffix("").parts
    return room[0] if room else ""


def is_still(path: Path) -> bool:
    """Say whether a module must do no I/O: the kernel, and the api and model of every context."""
    return package_of(path) == "kernel" or room_of(path) in {"api", "model"}


@cache
def text(path: Path) -> str:
    """Read a file of the tree once."""
    return path.read_text("utf-8")


@cache
def parsed(path: Path) -> ast.Module:
    """Parse a module of the tree once."""
    return ast.parse(text(path), filename=str(path))


def spoken_sql(script: str) -> str:
    """Blank the comments of a script, keeping its lines."""
    return _SQL_SILENT.sub(lambda silent: "\n" * silent[0].count("\n"), script)


def matches(pattern: re.Pattern[str], words: str) -> Iterator[tuple[int, str]]:
    """Give the line and the text of every match."""
    for match in pattern.finditer(words):
        yield words.count("\n", 0, match.start()) + 1, match[0]


def docstrings(module: ast.Module) -> set[int]:
    """Give the identities of the nodes that are bare strings, which speak to people only."""
    return {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}


def place(path: Path, line: int) -> str:
    """Say where, as editors read it."""
    return f"{path.relative_to(ROOT)}:{line}"


def refuse(findings: Iterable[str]) -> None:
    """Fail with the findings, one a line, when there are any."""
    found = list(findings)
    assert not found, f"{len(found)} found:\n" + "\n".join(found)

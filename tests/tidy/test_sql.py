"""SQL is a first-class language: it stays at home, names its columns and says what it is for."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tidy import tree

SCRIPTS = tree.files(".sql", under=tree.SOURCE)
STAR = re.compile(r"\b(?:SELECT|RETURNING)\s+\*|\w\s*\.\s*\*", re.IGNORECASE)
OFFSET = re.compile(r"\bOFFSET\b", re.IGNORECASE)
CREATES = re.compile(
    r"\s*CREATE\s+(OR\s+REPLACE\s+)?((UNIQUE|CONSTRAINT|UNLOGGED)\s+)?(?P<kind>TABLE|INDEX|TRIGGER)\b",
    re.IGNORECASE,
)
SENTENCE_ENDS = re.compile(r"\s*--.*[.!?)]\s*$")
IN_PYTHON = re.compile(
    r"\s*(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM|WITH\s+\w+\s+AS)\b",
    re.DOTALL,
)
LOADERS = {"statement", "queries", "files", "open_text", "read_text"}


def strangers(package: str) -> re.Pattern[str]:
    """Give the pattern of every name that belongs to another context's schema."""
    folders = {path.name for path in tree.PACKAGE.iterdir() if path.is_dir()}
    others = folders - {package, "__pycache__"}
    return re.compile(rf"\b({'|'.join(sorted(others))})\s*\.\s*\w+", re.IGNORECASE)


def unexplained(script: str) -> Iterator[tuple[int, str]]:
    """Give every CREATE TABLE, INDEX or TRIGGER without a comment sentence right above it.

    Triggers of one paragraph may share the sentence it begins with.
    """
    above = begins = ""
    for number, line in enumerate(script.splitlines(), start=1):
        begins = begins if above.strip() else line
        match = CREATES.match(line)
        is_shared = match and match["kind"].upper() == "TRIGGER" and begins.startswith("--")
        if match and not is_shared and not SENTENCE_ENDS.match(above):
            yield number, f"{line.strip()[:60]}: no sentence above says what it makes impossible"
        above = line


def scripts(*names: str) -> Iterator[tuple[Path, str]]:
    """Give every script without its comments; with ``names``, only the files called so."""
    for path in SCRIPTS:
        if not names or path.name in names:
            yield path, tree.spoken_sql(tree.text(path))


def test_every_context_with_a_store_has_its_schema() -> None:
    stored = {tree.package_of(path) for path in tree.modules() if tree.room_of(path) == "store"}
    tree.refuse(
        f"{context} has no sql/schema.sql"
        for context in sorted(stored)
        if not (tree.PACKAGE / context / "sql" / "schema.sql").exists()
    )


def test_no_script_names_another_schema() -> None:
    assert strangers("ledger").search("JOIN identity.tenant")
    tree.refuse(
        f"{tree.place(path, line)} {name}"
        for path, script in scripts()
        for line, name in tree.matches(strangers(tree.package_of(path)), script)
        # The road of migrations is the runtime's table, and every context's roles are its business.
        if not name.lower().startswith("runtime.")
    )


@pytest.mark.parametrize(
    ("rule", "sample"),
    [(STAR, "SELECT *"), (STAR, "a.*"), (OFFSET, "LIMIT 5 OFFSET 10")],
    ids=["select everything", "everything of a table", "skip rows"],
)
def test_no_script_selects_everything_or_skips_rows(rule: re.Pattern[str], sample: str) -> None:
    assert rule.search(sample)
    assert not rule.search("SELECT count(*) FROM entry")
    tree.refuse(
        f"{tree.place(path, line)} {words}"
        for path, script in scripts()
        for line, words in tree.matches(rule, script)
    )


def test_every_table_index_and_trigger_says_what_it_is_for() -> None:
    assert list(unexplained("CREATE TABLE a (\n"))
    assert not list(unexplained("-- One row a tenant.\nCREATE TABLE a (\n"))
    tree.refuse(
        f"{tree.place(path, line)} {complaint}"
        for path in SCRIPTS
        if path.name == "schema.sql"
        for line, complaint in unexplained(tree.text(path))
    )


def test_no_module_opens_the_sql_of_another_context() -> None:
    tree.refuse(
        f"{tree.place(path, line)} {name}"
        for path in tree.modules()
        if tree.package_of(path) in tree.contexts()
        for line, name in _foreign_sql(path)
    )


def _foreign_sql(path: Path) -> Iterator[tuple[int, str]]:
    """Give every text in a loader's call that names another context."""
    own = tree.package_of(path)
    others = set(tree.contexts()) - {own}
    for node in ast.walk(tree.parsed(path)):
        if isinstance(node, ast.Call) and _name(node.func) in LOADERS:
            yield from (
                (part.lineno, part.value)
                for part in ast.walk(node)
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
                if others.intersection(re.split(r"\W", part.value))
            )


def _name(function: ast.expr) -> str:
    return getattr(function, "id", getattr(function, "attr", ""))


def test_only_store_and_runtime_speak_sql() -> None:
    assert IN_PYTHON.match("INSERT INTO entry")
    silent = [
        path
        for path in tree.modules()
        if tree.room_of(path) != "store" and tree.package_of(path) != "runtime"
    ]
    assert silent
    tree.refuse(
        f"{tree.place(path, node.lineno)} {node.value[:60]!r}"
        for path in silent
        for node in ast.walk(tree.parsed(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if IN_PYTHON.match(node.value) and id(node) not in tree.docstrings(tree.parsed(path))
    )

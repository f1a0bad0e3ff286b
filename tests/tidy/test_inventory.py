"""Every table and file is in policies/inventory: its class, its readers, its recovery time."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from tests.tidy import tree

INVENTORY = tree.ROOT / "policies" / "inventory"
# From the least to the most private; a table is as private as its most private column.
CLASSES = ("public", "internal", "confidential", "personal", "secret")
ALWAYS = dict.fromkeys(("data", "class", "fails"), str)
ALWAYS |= {"reach": list, "rto_minutes": int, "rpo_minutes": int}
TABLE_KEYS = {*ALWAYS, "name", "columns"}
FILE_KEYS = {*ALWAYS, "path", "written_by"}

CREATE_TABLE = re.compile(
    r"CREATE\s+(?:UNLOGGED\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?([\w.]+)\s*\((.*?)^\)",
    re.IGNORECASE | re.DOTALL | re.MULTILINE,
)
MAKES_A_TABLE = re.compile(
    r"CREATE\s+(?:UNLOGGED\s+)?TABLE\b(?![^;(]*\bPARTITION\s+OF\b)", re.IGNORECASE
)
NO_COLUMN = {"constraint", "primary", "unique", "check", "foreign", "exclude", "like"}
# What the platform keeps in its home, as its modules spell it.
IN_HOME = re.compile(r'(?:_?home|default_home\(\))\s*/\s*f?"([^"{/]+)|_folder\("([^"]+)"\)')
WRITERS = {
    "write_text", "write_bytes", "mkdir", "mkdtemp", "mkstemp", "touch", "copytree", "copyfile",
}  # fmt: skip


@cache
def rows(kind: str) -> dict[str, list[dict[str, Any]]]:
    """Give the rows of one kind, by the context whose file they stand in."""
    return {
        path.stem: tomllib.loads(tree.text(path)).get(kind, [])
        for path in sorted(INVENTORY.glob("*.toml"))
    }


def columns_of(body: str) -> list[str]:
    """Give the names of the columns in the body of a CREATE TABLE."""
    flat = body
    while "(" in flat:
        inner = re.sub(r"\([^()]*\)", " ", flat)
        if inner == flat:
            break
        flat = inner
    words = [part.split() for part in re.sub(r"'[^']*'", "''", flat).split(",")]
    return [part[0].strip('"') for part in words if part and part[0].lower() not in NO_COLUMN]


def tables(script: str) -> dict[str, list[str]]:
    """Give the tables of a schema with their columns; partitions have none of their own."""
    made = CREATE_TABLE.finditer(tree.spoken_sql(script))
    return {match[1].rpartition(".")[2]: columns_of(match[2]) for match in made}


def written() -> Iterator[tuple[str, str, list[str]]]:
    """Give package, table and columns of every table the SQL of the platform makes for good."""
    for path in tree.files(".sql", under=tree.SOURCE):
        if path.parent.name != "migrations":
            for table, columns in tables(tree.text(path)).items():
                yield tree.package_of(path), table, sorted(columns)


def test_the_rule_reads_a_table() -> None:
    script = (
        "CREATE TABLE books.entry (\n"
        "    tenant_id bigint NOT NULL, -- the owner, always\n"
        "    amount numeric(38,0) NOT NULL CHECK (amount IN (1, 2)),\n"
        "    CONSTRAINT entry_key PRIMARY KEY (tenant_id, amount)\n"
        ");\n"
    )
    assert tables(script) == {"entry": ["tenant_id", "amount"]}


def test_every_table_and_column_is_in_the_inventory_and_no_other() -> None:
    listed = [
        (context, row["name"], sorted(chain.from_iterable(row["columns"].values())))
        for context, found in rows("table").items()
        for row in found
    ]
    assert sorted(listed) == sorted(written())


def test_every_create_table_is_one_the_rule_reads() -> None:
    for path in tree.files(".sql", under=tree.SOURCE):
        script = tree.spoken_sql(tree.text(path))
        assert len(MAKES_A_TABLE.findall(script)) == len(CREATE_TABLE.findall(script)), path


def test_every_row_is_complete() -> None:
    assert any(rows("file").values())
    for kind, keys in (("table", TABLE_KEYS), ("file", FILE_KEYS)):
        for context, found in rows(kind).items():
            tree.refuse(
                f"{context}: {row.get('name', row.get('path'))} {complaint}"
                for row in found
                for complaint in _complaints(row, keys)
            )


def _complaints(row: dict[str, Any], keys: set[str]) -> Iterator[str]:
    if row.keys() != keys:
        yield f"has other keys than {sorted(keys)}: {sorted(row.keys() ^ keys)}"
        return
    for key, kind in ALWAYS.items():
        if not _says(row[key], kind):
            yield f"{key} is empty or wrong"
    of_columns = row.get("columns", [row["class"]])
    if not {row["class"], *of_columns} <= set(CLASSES):
        yield f"knows other classes than {CLASSES}"
    elif row["class"] != max(of_columns, key=CLASSES.index):
        yield "is not as private as its most private column"


def _says(value: object, kind: type) -> bool:
    return type(value) is kind and (value == 0 or bool(value))


def test_every_file_of_the_home_is_in_the_inventory_and_no_other() -> None:
    spelled = {
        one or other for path in tree.modules() for one, other in IN_HOME.findall(tree.text(path))
    }
    assert spelled
    listed = {
        row["path"].removeprefix("$TALLYSTICK_HOME/").partition("/")[0].rstrip("*")
        for row in rows("file")["files"]
        if row["path"].startswith("$TALLYSTICK_HOME/")
    }
    assert listed == spelled


def test_every_module_that_writes_to_disk_is_in_the_inventory_and_no_other() -> None:
    listed = {row["written_by"] for row in rows("file")["files"]}
    writing = {
        str(path.relative_to(tree.PACKAGE)) for path in tree.modules() if writes(tree.parsed(path))
    }
    assert listed == writing


def writes(module: ast.Module) -> bool:
    """Say whether a module opens a file to write, or makes one."""
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call)]
    return any(_writes(call) for call in calls)


def _writes(call: ast.Call) -> bool:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    # Of an open file's mode and a flag of os.open, either tells; a path is longer than a mode.
    modes = [value.value for value in values if isinstance(value, ast.Constant)]
    flags = [flag for flag in map(ast.unparse, values) if re.search(r"O_(WRONLY|RDWR)", flag)]
    is_for_writing = any(re.fullmatch(r"[rbt]*[wax+][bt+]*", str(mode)) for mode in modes)
    return name in WRITERS or (name in {"open", "fdopen"} and (is_for_writing or bool(flags)))


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ("open(p, 'wb')", True),
        ("p.write_text(t)", True),
        ("os.open(p, os.O_WRONLY)", True),
        ("open(p)", False),
    ],
)
def test_the_rule_sees_a_writer(sample: str, expected: bool) -> None:
    assert writes(ast.parse(sample)) is expected


def test_every_inventory_is_of_a_package_that_exists() -> None:
    known = {path.name for path in Path(tree.PACKAGE).iterdir() if path.is_dir()}
    assert {context for context, found in rows("table").items() if found} <= known

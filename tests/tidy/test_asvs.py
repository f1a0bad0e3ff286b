"""Each requirement of ASVS 5.0.0, levels 1 and 2, stands once in docs/reference/asvs.md; what it names is there."""

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import pytest

from tests.tidy import tree

PAGE = tree.ROOT / "docs" / "reference" / "asvs.md"
NUMBERS = tree.ROOT / "policies" / "asvs.toml"
VERDICTS = ("proven", "written", "operator", "none", "open")
# As the standard counts them itself.
COUNTS = {1: 70, 2: 183}
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
LINK = re.compile(r"\]\(([^)#]+\.md)(#[^)]+)?\)")
HEADING = re.compile(r"^#{1,4} (.+)$", re.MULTILINE)
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| (\d) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$")
# Who could come in after a migration, if it made one.
INSERTED = re.compile(
    r"INSERT INTO (identity\.)?(tenant|api_key|person|login|session|client|membership)\b", re.I
)


class Row(NamedTuple):
    """A requirement, what it asks for in our words, and what answers it."""

    number: str
    level: int
    asked: str
    verdict: str
    by: str


def rows(page: str) -> list[Row]:
    """Read the rows of a page; a line that begins as one and is none is a mistake."""
    found: list[Row] = []
    for line in page.splitlines():
        if re.match(r"\| *\d+\.", line):
            read = ROW.match(line)
            assert read, f"it is no row: {line[:100]}"
            number, level, asked, verdict, by = (part.strip() for part in read.groups())
            found.append(Row(number, int(level), asked, verdict, by))
    return found


def levels() -> dict[str, int]:
    """The number of each requirement, and its level."""
    read = tomllib.loads(tree.text(NUMBERS))
    assert read["version"] == "5.0.0"
    listed = [(number, level) for level in COUNTS for number in read[f"level_{level}"]]
    assert len(dict(listed)) == len(listed)
    return dict(listed)


def complaints(row: Row) -> Iterator[str]:
    """What is wrong with a row, whatever stands in the others."""
    if row.verdict not in VERDICTS:
        yield f"{row.number}: {row.verdict!r} is none of {VERDICTS}"
    if len(row.asked) < 5:
        yield f"{row.number}: what is asked?"
    tests = TEST.findall(row.by)
    if row.by.count("::") != len(tests):
        yield f"{row.number}: a test is written `tests/….py::test_…`"
    if row.verdict == "proven" and not tests:
        yield f"{row.number}: proven by no test"
    if row.verdict in ("written", "operator") and not LINK.search(row.by):
        yield f"{row.number}: where is it written?"
    if row.verdict in ("none", "open") and len(re.split(r"<br>", row.by)[0]) < 12:
        yield f"{row.number}: no reason"
    if row.verdict == "none" and tests:
        yield f"{row.number}: a test of what there is not"
    for path, name in tests:
        if name not in named_in(path):
            yield f"{row.number}: {path} has no {name}"
    for path, anchor in LINK.findall(row.by):
        page = (PAGE.parent / path).resolve()
        if not page.exists() or (anchor and anchor[1:] not in anchors(tree.text(page))):
            yield f"{row.number}: {path}{anchor} leads nowhere"


@cache
def named_in(path: str) -> frozenset[str]:
    """The tests of a module, by their names."""
    file = tree.ROOT / path
    if not file.exists():
        return frozenset()
    return frozenset(
        node.name
        for node in tree.parsed(file).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def anchors(page: str) -> set[str]:
    """The anchors of the headings of a page, as GitHub makes them."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in HEADING.findall(page)
    }


@pytest.mark.parametrize(
    ("verdict", "by", "is_good"),
    [
        ("proven", "`tests/tidy/test_asvs.py::test_each_requirement_stands_once`", True),
        ("proven", "`tests/tidy/test_asvs.py::test_of_nobody`", False),
        ("proven", "`tests/tidy/test_nothing.py::test_of_nobody`", False),
        ("proven", "tests/tidy/test_asvs.py::test_each_requirement_stands_once", False),
        ("proven", "everything is fine", False),
        ("written", "[security](../operating/security.md#guessing)", True),
        ("written", "[security](../operating/security.md#nothing)", False),
        ("written", "somewhere", False),
        ("none", "there is no GraphQL", True),
        ("none", "no", False),
        ("open", "what is missing is said", True),
        ("done", "what is missing is said", False),
    ],
)
def test_the_rule_sees_what_a_row_claims(verdict: str, by: str, is_good: bool) -> None:
    row = Row("1.1.1", 2, "something", verdict, by)
    assert (not list(complaints(row))) is is_good


def test_the_list_is_as_long_as_the_standard_says() -> None:
    assert Counter(levels().values()) == COUNTS


def test_each_requirement_stands_once() -> None:
    found = [(row.number, row.level) for row in rows(tree.text(PAGE))]
    assert sorted(found) == sorted(levels().items())


def test_each_row_has_a_verdict_and_what_it_names_is_there() -> None:
    tree.refuse(complaint for row in rows(tree.text(PAGE)) for complaint in complaints(row))


def test_the_counts_at_the_top_are_those_of_the_rows() -> None:
    page = tree.text(PAGE)
    counted = Counter((row.verdict, row.level) for row in rows(page))
    told = re.findall(r"^\| (\w+) \| [^|]+ \| (\d+) \| (\d+) \|$", page, re.MULTILINE)
    assert [
        (verdict, str(counted[verdict, 1]), str(counted[verdict, 2])) for verdict in VERDICTS
    ] == told


def test_no_migration_makes_anybody_who_can_come_in() -> None:
    assert INSERTED.search("insert into identity.person (name) values ('admin')")
    folder = tree.PACKAGE / "identity" / "sql"
    scripts = [*sorted((folder / "migrations").glob("*.sql")), folder / "schema.sql"]
    assert len(scripts) > 3
    tree.refuse(
        f"{tree.place(path, line)} {words}"
        for path in scripts
        for line, words in tree.matches(INSERTED, tree.spoken_sql(tree.text(path)))
    )

"""Every method of every door says what it records or why not; tags, reference and leaf tables agree."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest

from tallystick.kernel.tags import Tag, reason_of, records, tags_of, unrecorded
from tests.tidy import tree

REFERENCE = tree.ROOT / "docs" / "reference" / "record.md"
TAGS = tree.PACKAGE / "kernel" / "tags.py"
DOORS = {"Identity", "TenantDirectory", "Ledger", "Wallets", "Payments", "Audit"}

_WORD = "[a-z]+(?:_[a-z]+)*"
GRAMMAR = re.compile(rf"({_WORD})\.{_WORD}\.{_WORD}")
ROW = re.compile(rf"^\| `({GRAMMAR.pattern})` \|", re.MULTILINE)
USED = re.compile(r"\bTag\.([A-Z_]+)\b")


def doors() -> Iterator[tuple[str, type]]:
    """Give every door with its context: the Protocols of every api."""
    for context in tree.contexts():
        package = importlib.import_module(f"tallystick.{context}.api")
        inner = pkgutil.iter_modules(getattr(package, "__path__", ()), f"{package.__name__}.")
        for module in (package, *(importlib.import_module(one.name) for one in inner)):
            for _, kind in inspect.getmembers(module, inspect.isclass):
                if getattr(kind, "_is_protocol", False) and kind.__module__ == module.__name__:
                    yield context, kind


def methods(door: type) -> Iterator[tuple[str, Any]]:
    """Give what can be asked at a door."""
    for name, method in inspect.getmembers(door, inspect.isfunction):
        if not name.startswith("_"):
            yield f"{door.__name__}.{name}", method


def silent(door: type) -> Iterator[str]:
    """Give the methods that do not say whether they record, or say both."""
    for name, method in methods(door):
        if bool(tags_of(method)) == bool(reason_of(method)):
            yield name


class _Sample:
    @records(Tag.LEDGER_LEDGER_OPEN)
    async def open(self) -> None: ...

    @unrecorded("it is only a sample")
    async def look(self) -> None: ...

    async def forgotten(self) -> None: ...

    @records(Tag.LEDGER_LEDGER_OPEN)
    @unrecorded("it is only a sample")
    async def undecided(self) -> None: ...


def test_the_rule_sees_a_method_that_says_nothing_or_both() -> None:
    assert list(silent(_Sample)) == ["_Sample.forgotten", "_Sample.undecided"]


def test_every_method_of_every_door_says_what_it_records_or_why_not() -> None:
    found = list(doors())
    assert {door.__name__ for _, door in found} >= DOORS
    tree.refuse(name for _, door in found for name in silent(door))


def test_every_door_records_under_its_own_context() -> None:
    tree.refuse(
        f"{name} {tag}"
        for context, door in doors()
        for name, method in methods(door)
        for tag in tags_of(method)
        if not tag.startswith(f"{context}.")
    )


def complaints(tag: str, contexts: Iterable[str]) -> Iterator[str]:
    """Say what is wrong with a tag."""
    match = GRAMMAR.fullmatch(tag)
    if match is None:
        yield f"{tag} is not context.noun.verb"
    elif match[1] not in contexts:
        yield f"{tag} begins with no context"


@pytest.mark.parametrize(
    "sample",
    [
        "ledger.open",
        "ledger.account.limit.set",
        "ledger.Account.open",
        "ledger.account.open_",
        "ledger.account-limit.set",
        "ledger..open",
        "books.account.open",
    ],
)
def test_the_grammar_refuses_what_is_no_tag(sample: str) -> None:
    assert list(complaints(sample, ["ledger"]))


def test_the_grammar_takes_a_tag() -> None:
    assert not list(complaints("identity.caller.sign_in", ["identity"]))


def test_every_tag_follows_the_grammar_and_begins_with_a_context() -> None:
    contexts = tree.contexts()
    tree.refuse(complaint for tag in Tag for complaint in complaints(tag, contexts))


def test_every_tag_is_called_as_it_reads() -> None:
    tree.refuse(tag.name for tag in Tag if tag.name != tag.upper().replace(".", "_"))


def dead(tags: Mapping[str, str], texts: Iterable[str]) -> set[str]:
    """Give the tags, by name, that no text uses, neither by name nor as it is spelled."""
    written = list(texts)
    used = {name for text in written for name in USED.findall(text)}
    spelled = {tag for tag in tags.values() if any(f'"{tag}"' in text for text in written)}
    return {tag for name, tag in tags.items() if name not in used and tag not in spelled}


def test_the_rule_sees_a_tag_that_nobody_uses() -> None:
    tags = {"A_B_C": "a.b.c", "A_B_D": "a.b.d", "A_B_E": "a.b.e"}
    assert dead(tags, ["tag=Tag.A_B_C,", 'tag="a.b.d",']) == {"a.b.e"}


def test_every_tag_is_used() -> None:
    # What a door names stands in its module as Tag.NAME too.
    texts = [tree.text(path) for path in tree.modules() if path != TAGS]
    assert dead({tag.name: tag.value for tag in Tag}, texts) == set()


def listed(page: str) -> list[str]:
    """Give the tags that stand first in a row of a table."""
    return [match[1] for match in ROW.finditer(page)]


def test_the_rule_reads_a_row_of_the_reference() -> None:
    page = "| `a.b.c` | what |\n| `a.b` | no tag |\n`a.b.d`\n| x | `a.b.e` |\n"
    assert listed(page) == ["a.b.c"]


def test_every_tag_stands_in_the_reference_and_no_other() -> None:
    assert sorted(listed(tree.text(REFERENCE))) == sorted(Tag)


def leaf_tables(script: str, context: str) -> list[str]:
    """Give the statements that make the record's part of a schema, without the context's name."""
    own = re.compile(
        rf"\b{context}\.leaf(?:_secret|_number)?\b|\bSCHEMA {context} TO \w+_sequencer"
    )
    name = re.compile(rf"\b{context}(?=\.)|(?<=SCHEMA ){context}\b|(?<=tallystick_){context}\b")
    statements = (" ".join(one.split()) for one in tree.spoken_sql(script).split(";"))
    return [name.sub("{context}", one) for one in statements if own.search(one)]


def test_the_rule_sees_leaf_tables_that_differ() -> None:
    one = "CREATE TABLE a.leaf (\n  x int -- why\n);\nGRANT INSERT ON a.leaf TO tallystick_a;\n"
    same = "CREATE TABLE b.leaf (x int);\nCREATE TABLE b.more (y int);\n"
    same += "GRANT INSERT ON b.leaf TO tallystick_b;\n"
    assert leaf_tables(one, "a")[1] == "GRANT INSERT ON {context}.leaf TO tallystick_{context}"
    assert leaf_tables(one, "a")[1:] == leaf_tables(same, "b")[1:]
    wider = same.replace("TO tallystick_b", "TO tallystick_b, tallystick_a")
    assert leaf_tables(one, "a")[1:] != leaf_tables(wider, "b")[1:]


def test_the_record_has_the_same_tables_in_every_context() -> None:
    found = {
        context: leaf_tables(tree.text(tree.PACKAGE / context / "sql" / "schema.sql"), context)
        for context in tree.contexts()
    }
    model = found["audit"]
    assert len(model) > 10
    for context, statements in found.items():
        assert statements == model, context

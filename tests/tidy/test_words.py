"""Words that do not belong here: nameless modules, promises without a date, machines' paths."""

import re
from pathlib import Path

import pytest

from tests.tidy import tree

NAMELESS = re.compile(r"_?(utils?|helpers?|common|misc|stuff)")
SUFFIXES = (".py", ".sql", ".md", ".toml", ".html", ".js", ".css", ".sh", ".lock", "")
BANNED = {
    "a promise without a date": re.compile(r"\b(TODO|FIXME|XXX)\b"),
    "no reader is helped by hearing so": re.compile(r"\bsimply\b", re.IGNORECASE),
    "a placeholder; take a word of the trade": re.compile(
        r"\b(foo|baz|qux|foobar|lorem|ipsum|john doe|jane doe|acme)\b", re.IGNORECASE
    ),
    "a path of somebody's machine": re.compile(r"(?<![\w.$}])/(work|root|home/\w+|Users/\w+)/"),
    "the address of a registry": re.compile(
        r"--(extra-)?index-url|--find-links|pythonhosted|pypi\.org/simple|registry\.npmjs|artifactory",
        re.IGNORECASE,
    ),
}


@pytest.mark.parametrize(
    "sample",
    [
        "# TODO later",
        "You simply call it",
        "foo = 1",
        'open("/root/key")',
        "pip install --index-url x",
    ],
)
def test_the_rules_see_what_they_ban(sample: str) -> None:
    assert any(pattern.search(sample) for pattern in BANNED.values())


@pytest.mark.parametrize(("reason", "pattern"), BANNED.items(), ids=list(BANNED))
def test_no_file_has_a_banned_word(reason: str, pattern: re.Pattern[str]) -> None:
    tree.refuse(
        f"{tree.place(path, line)} {word!r}: {reason}"
        for path in tree.files(*SUFFIXES)
        if path != Path(__file__).resolve() and path.name not in {"LICENSE", "NOTICE"}
        for line, word in tree.matches(pattern, tree.text(path))
    )


def test_every_module_has_a_name_of_its_own() -> None:
    named = [*tree.modules(), *tree.files(".py", under=tree.ROOT / "tests")]
    tree.refuse(
        f"{tree.place(path, 1)} {part!r} says nothing about what is inside"
        for path in named
        for part in path.relative_to(tree.ROOT).with_suffix("").parts
        if NAMELESS.fullmatch(part)
    )

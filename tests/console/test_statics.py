"""Files of the console: named by what is in them, and of others unchanged."""

import re
from pathlib import Path

import pytest

from tallystick.console.statics import Statics

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "src" / "tallystick" / "console" / "static"
STYLES = (STATIC / "console.css", STATIC.parents[1] / "runtime" / "reading_page.css")
PUBLISHED = ROOT / "tests" / "counterparties" / "node_modules" / "htmx.org"


def test_an_address_changes_with_what_is_in_the_file():
    paths = [Statics().path(name) for name in ("console.css", "console.js", "mark.svg")]
    assert len(set(paths)) == 3
    assert all(path.split("/")[2].isalnum() and len(path.split("/")[2]) == 16 for path in paths)


def test_a_file_that_is_not_there_is_a_bug():
    with pytest.raises(KeyError):
        Statics().path("nothing.css")


@pytest.mark.parametrize("style", STYLES, ids=lambda path: path.name)
def test_a_dark_scheme_changes_colours_and_nothing_else(style: Path):
    text = style.read_text()
    colours = re.compile(
        r"@media\s*\(prefers-color-scheme:\s*dark\)\s*\{\s*:root\s*\{"
        r"(\s*--[a-z-]+:\s*#[0-9a-f]{3,6}\s*;?)+\s*\}\s*\}"
    )
    assert len(colours.findall(text)) == 1
    assert "color-scheme" not in colours.sub("", text).replace("color-scheme:light dark", "")


def test_htmx_is_as_it_was_published():
    if not PUBLISHED.is_dir():
        pytest.fail("run `make test`, which takes htmx as npm has it")
    [ours] = STATIC.glob("htmx-*.min.js")
    assert ours.read_bytes() == (PUBLISHED / "dist" / "htmx.min.js").read_bytes()
    assert (
        f'"version": "{ours.name.removeprefix("htmx-").removesuffix(".min.js")}"'
        in (PUBLISHED / "package.json").read_text()
    )

"""Every text that a page shows is in the catalogue, and none is there that nothing shows."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

from tallystick.console.pages.record import check_words
from tallystick.console.pages.why import act_words
from tallystick.console.texts import LANGUAGES, catalogue, text
from tallystick.kernel.actions import Action

CONSOLE = Path(__file__).resolve().parents[2] / "src" / "tallystick" / "console"
_CALLED = re.compile(r"""\bt\(\s*["']([a-z_]+\.[A-Za-z0-9_]+)["']\s*[,)]""")
_JOINED = re.compile(r"""\bt\(\s*["']([a-z_]+\.[A-Za-z0-9_]*)["']\s*~""")
_NAMED = re.compile(r"""["']([a-z_]+\.[a-z0-9_]+)["']""")


def _sources(suffix: str) -> str:
    return "\n".join(path.read_text() for path in sorted(CONSOLE.rglob(f"*{suffix}")))


def test_every_text_that_a_template_shows_is_there():
    known = catalogue("en")
    shown = set(_CALLED.findall(_sources(".html")))
    assert shown
    assert shown <= set(known), sorted(shown - set(known))


def test_what_is_joined_from_two_parts_has_at_least_one_text():
    known = catalogue("en")
    for start in _JOINED.findall(_sources(".html")):
        assert any(key.startswith(start) for key in known), start


def test_no_text_is_there_that_nothing_shows():
    templates, code = _sources(".html"), _sources(".py")
    called = (
        set(_CALLED.findall(templates)) | set(_NAMED.findall(code)) | set(_NAMED.findall(templates))
    )
    starts = tuple(set(_JOINED.findall(templates)) | set(_started(code + templates)))
    idle = [key for key in catalogue("en") if key not in called and not key.startswith(starts)]
    assert idle == []


def _started(code: str) -> list[str]:
    """The beginnings that a text's key is made from, with what follows elsewhere."""
    found = re.findall(r"""f["']([a-z_]+\.[a-z0-9_]*)\{|["']([a-z_]+\.[a-z0-9_]*_)["']""", code)
    return [start for pair in found for start in pair if start]


def test_every_language_says_the_same_things():
    first, *others = map(catalogue, LANGUAGES)
    for one in others:
        assert set(one) == set(first)


def test_a_value_that_is_missing_is_a_bug_and_not_a_hole_in_a_page():
    with pytest.raises(KeyError):
        text("en", "frame.no_such_text", {})


def test_no_template_marks_a_text_as_safe():
    assert not re.search(
        r"\|\s*safe\b|autoescape\s+false|Markup\(", _sources(".html") + _sources(".py")
    )


def test_no_template_has_a_script_or_a_style_of_its_own():
    for path in CONSOLE.rglob("*.html"):
        words = path.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)", words), path.name
        assert not re.search(r"\bstyle\s*=|<style\b|\bon[a-z]+\s*=\s*[\"']|javascript:", words), (
            path.name
        )


def test_every_action_has_its_words() -> None:
    assert not [action for action in Action if act_words(action) == action]
    assert act_words("ledger.nothing.done") == "ledger.nothing.done"


def test_the_check_in_the_browser_has_a_text_for_all_it_says() -> None:
    script = files("tallystick.console").joinpath("static/checking.js").read_text("utf-8")
    said = set(re.findall(r"""(?:say|Wrong)\("([a-z_]+)\"""", script))
    said |= set(re.findall(r"""(?:step|verdict)\("[a-z]*", (?:isFirst \? )?"([a-z_]+)\"""", script))
    said |= set(re.findall(r"""demand\(.*, "([a-z_]+)\"[,)]""", script))
    assert {"proof", "forked", "shrunk", "key_changed", "verdict_good"} <= said
    assert said <= set(check_words())

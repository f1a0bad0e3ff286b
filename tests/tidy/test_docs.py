"""Every problem, setting and command has its heading in the reference, and every link a file."""

import importlib
import importlib.util
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

from typer.main import get_command

import tallystick
from tallystick.kernel.problems import Problem
from tests.tidy import tree

REFERENCE = tree.ROOT / "docs" / "reference"
SETTING = re.compile(r"\bTALLYSTICK_[A-Z][A-Z0-9_]*[A-Z0-9]\b")
LINK = re.compile(r"\[[^\]]*\]\(<?(?!\w+:|#)([^)#>\s]+)")
CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def headings(page: str) -> list[str]:
    """Give the headings of a page of the reference that are code; a missing page has none."""
    path = REFERENCE / page
    written = tree.text(path) if path.exists() else ""
    return re.findall(r"^#{2,4} `([^`]+)`", CODE_BLOCK.sub("", written), re.MULTILINE)


def test_every_problem_has_its_heading_and_every_heading_its_problem() -> None:
    assert sorted(headings("problems.md")) == sorted(_codes())


def test_every_problem_has_a_code_of_its_own() -> None:
    codes = [kind.__dict__["code"] for kind in _problems() if "code" in kind.__dict__]
    assert codes
    assert len(codes) == len(set(codes)), sorted(code for code in codes if codes.count(code) > 1)


def _codes() -> set[str]:
    named = {kind.__dict__["code"] for kind in _problems() if "code" in kind.__dict__}
    return named | {str(code) for code in _refusals()}


def _problems() -> list[type[Problem]]:
    for module in pkgutil.walk_packages(tallystick.__path__, "tallystick."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found, waiting = [], [*Problem.__subclasses__()]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        # A test may raise a problem of its own; only those of the platform are documented.
        found += [kind] if kind.__module__.startswith("tallystick.") else []
    return found


def _refusals() -> Iterator[str]:
    for context in tree.contexts():
        name = f"tallystick.{context}.api"
        if importlib.util.find_spec(name):
            yield from getattr(importlib.import_module(name), "RefusalCode", ())


def test_every_setting_has_its_heading_and_every_heading_its_setting() -> None:
    readers = [*tree.files(".py"), *tree.files(".sh", under=tree.ROOT), tree.ROOT / "Makefile"]
    read = {name for path in readers for name in SETTING.findall(tree.text(path))}
    assert read
    assert set(headings("settings.md")) == read


def test_every_command_has_help_and_its_heading() -> None:
    commands = dict(_commands())
    tree.refuse(f"{name} has no help" for name, command in commands.items() if not command.help)
    assert sorted(headings("commands.md")) == sorted(commands)


def test_every_option_has_help() -> None:
    tree.refuse(
        f"{name} {option.name}"
        for name, command in _commands()
        for option in command.params
        if not getattr(option, "help", None)
    )


def _commands() -> Iterator[tuple[str, Any]]:
    if not (tree.PACKAGE / "apps" / "cli" / "__init__.py").exists():
        return
    root = get_command(importlib.import_module("tallystick.apps.cli").build())
    yield from _leaves("tallystick", root)


def _leaves(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield name, command
        return
    for child, below in inner.items():
        yield from _leaves(f"{name} {child}", below)


def test_every_link_leads_to_a_file() -> None:
    assert LINK.findall("[a](b.md#c) [d](https://e) [f](#g)") == ["b.md"]
    pages = tree.files(".md")
    assert pages
    tree.refuse(
        f"{tree.place(page, line)} {link}"
        for page in pages
        for line, link in _links(CODE_BLOCK.sub("", tree.text(page)))
        if not (page.parent / link).exists()
    )


def _links(written: str) -> Iterator[tuple[int, str]]:
    for match in LINK.finditer(written):
        yield written.count("\n", 0, match.start()) + 1, match[1]

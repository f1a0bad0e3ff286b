"""The transcript in the README is what the program prints, on a home where nothing was done before."""

import re
import shlex
from pathlib import Path

import pytest

from tests.apps.platform import ROOT, Running, environment
from tests.ports import free_port

MARK = "<!-- transcript -->"
PROMPT = "$ .venv/bin/tallystick "
TENANT = re.compile(r"tnt_[0-9a-z]{13}")


def transcript() -> list[tuple[str, str]]:
    """Each command of the README with what it says was printed."""
    _, shown, _ = (ROOT / "README.md").read_text().split(MARK)
    typed = shown.strip().removeprefix("```\n").removesuffix("\n```").split(PROMPT)
    assert typed[0] == ""
    return [(words, printed) for words, _, printed in (one.partition("\n") for one in typed[1:])]


def plain(printed: str) -> str:
    """What was printed, with one name for every tenant and no space at the end of a line."""
    lines = TENANT.sub("tnt_0000000000000", printed).strip().splitlines()
    return "\n".join(line.rstrip() for line in lines)


def test_the_transcript_of_the_readme_is_what_is_printed(
    empty_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = environment(empty_home / "readme", TALLYSTICK_PORT=str(free_port()))
    running = Running("up", env=env, log=empty_home / "readme.log")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    try:
        commands = transcript()
        assert {"pay", "wallet", "verify"} <= {shlex.split(words)[0] for words, _ in commands}
        for words, printed in commands:
            said = running.command(*shlex.split(words))
            assert plain(said.err + said.out) == plain(printed), words
        assert (tmp_path / "report.xml").read_bytes().startswith(b"<?xml")
    finally:
        running.stop()

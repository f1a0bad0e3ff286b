"""Ruff has nothing to mend and nothing to format; ``make fmt`` does both."""

import subprocess
import sys

import pytest

from tests.tidy import tree


@pytest.mark.parametrize("task", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff_is_content(task: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *task, "--no-cache", "src", "tests"],
        cwd=tree.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-12_000:] + done.stderr[-2_000:]

"""Pyright finds nothing to say: strict on kernel, api and model, basic elsewhere."""

import subprocess
import sys

import pytest

from tests.tidy import tree


@pytest.mark.timeout(300)
def test_the_types_hold() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--pythonpath", sys.executable],
        cwd=tree.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-12_000:] + done.stderr[-2_000:]

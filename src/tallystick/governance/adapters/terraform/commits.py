"""Which commit a folder is of, whether it is as committed, and the folder exactly as that commit has it."""

import io
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Final

from tallystick.governance.adapters.terraform.refusing import RunRefused

GIT: Final = 30  # seconds


def head(folder: Path, revision: str = "HEAD") -> str:
    """Give the commit that a revision names in the repository of a folder; empty where there is none."""
    ran = _git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    return ran.stdout.decode().strip() if ran.returncode == 0 else ""


def uncommitted(folder: Path) -> str:
    """Name the first file under a folder that is not as committed; empty when all are. Raises `RunRefused`."""
    return _said(folder, "status", "--porcelain", "--", ".").decode().partition("\n")[0].strip()


def export(folder: Path, *, commit: str, into: Path) -> Path:
    """Write a folder as a commit has it: what git was told to ignore or to look away from is not in it.

    Raises:
        RunRefused: git does not give it.
    """
    packed = _said(folder, "archive", "--format=tar", commit, ".")
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(mode=0o700, parents=True)
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        tar.extractall(into, filter="data")
    return into


def _said(folder: Path, *arguments: str) -> bytes:
    ran = _git(folder, *arguments)
    if ran.returncode != 0:
        words = " ".join(ran.stderr.decode(errors="replace").split())[:500]
        raise RunRefused(f"git {arguments[0]} does not go in {folder}: {words}")
    return ran.stdout


def _git(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the operator's own git
            capture_output=True, timeout=GIT, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RunRefused(f"git does not run in {folder}: {error}") from None

"""The eight contracts hold, and every context stands under all of them."""

import subprocess
import sys
import tomllib
from pathlib import Path

from tests.tidy import tree

CONFIGURATION = tree.ROOT / "pyproject.toml"
LINT = """
import sys
sys.path.insert(0, "src")
from importlinter.cli import lint_imports
sys.exit(lint_imports(no_cache=True))
"""


def test_every_import_contract_is_kept() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LINT], cwd=tree.ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_there_are_eight_contracts_and_each_names_every_context() -> None:
    contracts = tomllib.loads(CONFIGURATION.read_text())["tool"]["importlinter"]["contracts"]
    assert len(contracts) == 8
    expected = [f"tallystick.{context}" for context in tree.contexts()]
    for contract in contracts:
        if "exhaustive" in contract and contract["containers"] != ["tallystick"]:
            assert sorted(contract["containers"]) == expected, contract["name"]
        if contract["type"] == "independence":
            assert sorted(contract["modules"]) == expected, contract["name"]


def test_every_folder_with_modules_is_a_package() -> None:
    # A folder without __init__.py is invisible to the contracts.
    folders = {path.parent for path in tree.modules()} - {tree.SOURCE}
    tree.refuse(str(folder) for folder in folders if not _is_package(folder))


def _is_package(folder: Path) -> bool:
    return (folder / "__init__.py").exists()

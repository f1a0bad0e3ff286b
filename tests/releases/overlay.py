"""The next release: a copy of the source with what is in ``next`` laid over it."""

import shutil
import tomllib
from pathlib import Path

from tests.apps.platform import ROOT

SOURCE = ROOT / "src"
NEXT = Path(__file__).with_name("next")
ROAD = "ledger/sql/migrations"


def make_next(folder: Path) -> Path:
    """Write the next release into a folder; answers what ``PYTHONPATH`` has to be for it.

    Raises ValueError where the source has changed so that an edit fits no more: mend ``next/edits.toml``.
    """
    shutil.copytree(SOURCE, folder)
    package = folder / "tallystick"
    for edit in tomllib.loads((NEXT / "edits.toml").read_text("utf-8"))["edit"]:
        path = package / edit["file"]
        text = path.read_text("utf-8")
        if text.count(edit["was"]) != 1:
            raise ValueError(f"{edit['file']} has {edit['was']!r} {text.count(edit['was'])} times")
        path.write_text(text.replace(edit["was"], edit["becomes"]), "utf-8")
    last = max(path.name for path in (package / ROAD).glob("*.sql"))
    number = int(last[:4]) + 1
    shutil.copy(NEXT / "purpose.sql", package / ROAD / f"{number:04}_pre_purpose.sql")
    return folder

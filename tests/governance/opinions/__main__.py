"""``make opinions``: compare, refuse what nobody explained, and write the facts and the page."""

import json
import sys
from pathlib import Path
from typing import Any

from tests.governance.opinions import public, users
from tests.governance.opinions.gathering import CHECKOV, gathered
from tests.governance.opinions.joining import (
    FACTS,
    PUBLIC,
    USERS,
    facts,
    joined,
    listed,
    reviewed,
    unexplained,
)
from tests.governance.opinions.page import PAGE, page


def main(clones: str = "") -> int:
    """Give 1 when a difference has no words; public examples are compared anew where their clones are given."""
    if not CHECKOV.exists():
        sys.exit("checkov is not installed: run `make opinions`")
    mapping = reviewed()
    if clones:
        _write(PUBLIC, public.compared(Path(clones), mapping))
    _write(USERS, users.compared())
    _write(FACTS, joined(*gathered(), mapping))
    said = facts()
    PAGE.write_text(page(said, mapping, listed()), "utf-8")
    left = unexplained(said, mapping)
    print(*left, sep="\n", file=sys.stderr)
    return bool(left)


def _write(path: Path, said: dict[str, Any]) -> None:
    path.write_text(json.dumps(said, indent=0, sort_keys=True) + "\n", "utf-8")


sys.exit(main(*sys.argv[1:]))
